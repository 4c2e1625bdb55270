//! sed: addresses, s, d, p, q, a, i, c, y, n, N, G, H, h, g, x, =, labels, `-n -e -E -i -f`.

use crate::filter::{Filter, Filtering, Flow, Wording};
use crate::kernel::Io;
use crate::regex::{Found, Regex};
use crate::tool::{On, Options, Step, Tool, options};
use base::Text;
use std::sync::Arc;

#[derive(Clone, Debug)]
enum Address {
    Line(u64),
    Step(u64, u64),
    Last,
    Match(Regex),
}

#[derive(Clone, Debug)]
struct Line {
    from: Option<Address>,
    to: Option<To>,
    negate: bool,
    action: Action,
}

#[derive(Clone, Debug)]
enum To {
    At(Address),
    /// `addr,+3`
    More(u64),
}

#[derive(Clone, Debug)]
enum Action {
    Substitute(Box<Substitute>),
    Translate(Vec<(char, char)>),
    Text(u8, Text),
    Label(Text),
    Branch(u8, Text),
    Quit(u8, i32),
    /// The line of the closing brace.
    Block(usize),
    Simple(u8),
}

#[derive(Clone, Debug)]
struct Substitute {
    regex: Regex,
    with: Vec<Piece>,
    all: bool,
    nth: usize,
    print: bool,
}

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Group(usize),
    Case(char),
}

#[derive(Clone, Debug)]
struct Sed {
    program: Arc<Vec<Line>>,
    quiet: bool,
    /// The line that waits to be known as the last one or not.
    next: Option<Vec<u8>>,
    space: Vec<u8>,
    hold: Vec<u8>,
    number: u64,
    /// Ranges that are open, by program line: until this line (or 0, until a match).
    open: Vec<Option<u64>>,
    appended: Vec<Text>,
    quit: Option<i32>,
    /// `n` or `N` wait for a line at this place of the program.
    resume: Option<(usize, bool)>,
    missing_newline: bool,
    separate: bool,
    spent: usize,
}

pub(crate) fn sed(io: &mut Io) -> Result<Box<dyn Tool>, i32> {
    let long = [
        ("quiet", 'n'),
        ("silent", 'n'),
        ("expression", 'e'),
        ("regexp-extended", 'E'),
        ("in-place", 'i'),
        ("file", 'f'),
        ("unbuffered", 'u'),
    ];
    // `-i.bak` is rare and would need an optional value: the suffix is cut off.
    let argv: Vec<Text> =
        io.core
            .argv
            .iter()
            .map(|word| {
                if word.starts_with("-i") && word.len() > 2 && !word.starts_with("-in") {
                    base::text!("-i")
                } else {
                    word.clone()
                }
            })
            .collect();
    io.core.argv = Arc::new(argv);
    let options = options(io, "ne:f:Erisuz", &long)?;
    let mut rest = options.rest.clone();
    let text = script(io, &options, &mut rest)?;
    let extended = options.has('E') || options.has('r');
    let program = match (Reader { chars: text.chars().collect(), at: 0, extended }).program() {
        Ok(program) => program,
        Err(words) => {
            io.complain(&if io.is_bash() { format!("-e expression #1, char {}: {words}", text.chars().count()) } else { words });
            return Err(1);
        }
    };
    let mut quiet = options.has('n');
    if text.starts_with("#n\n") {
        quiet = true;
    }
    let sed = Sed {
        open: vec![None; program.len()],
        program: Arc::new(program),
        quiet,
        next: None,
        space: Vec::new(),
        hold: Vec::new(),
        number: 0,
        appended: Vec::new(),
        quit: None,
        resume: None,
        missing_newline: false,
        separate: options.has('i') || options.has('s'),
        spent: 0,
    };
    if options.has('i') {
        return Ok(Box::new(InPlace { sed, files: rest, next: 0, code: 0 }));
    }
    Ok(Filtering::over(sed, rest, Wording::Plain))
}

/// `sed -i`: each file is read, changed and written back.
#[derive(Clone, Debug)]
struct InPlace {
    sed: Sed,
    files: Vec<Text>,
    next: usize,
    code: i32,
}

impl Tool for InPlace {
    fn step(&mut self, io: &mut Io) -> Step {
        if let Some(full) = io.output_full() {
            return Step::Wait(On::Write(full));
        }
        let Some(name) = self.files.get(self.next).cloned() else { return Step::Exit(self.code) };
        self.next += 1;
        let data = match io.read_file(&name) {
            Ok(data) => data,
            Err(error) => {
                io.complain(&format!("{name}: {}", error.words()));
                self.code = 1;
                return Step::More;
            }
        };
        let mut sed = self.sed.clone();
        let mut out = Vec::new();
        for line in data.bytes().split_inclusive(|byte| *byte == b'\n') {
            if sed.take(line, &mut out) != Flow::Go || out.len() > 16 << 20 {
                break;
            }
        }
        io.spend(data.bytes().len() / 16);
        sed.end(&mut out);
        let path = io.path(&name);
        if let Err(error) = io.as_user(|files, who, now| files.write(&path, &out, who, now)) {
            io.complain(&format!("couldn't open temporary file: {}", error.words()));
            self.code = 4;
        }
        Step::More
    }
    fn copy(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

/// The script of `-e`, `-f` or the first argument.
fn script(io: &mut Io, options: &Options, rest: &mut Vec<Text>) -> Result<String, i32> {
    let mut script: Vec<String> = options.values('e').map(|text| text.to_string()).collect();
    for file in options.values('f') {
        match io.read_file(file) {
            Ok(data) => script.push(String::from_utf8_lossy(data.bytes()).trim_end_matches('\n').into()),
            Err(error) => {
                io.complain(&format!("{file}: {}", error.words()));
                return Err(1);
            }
        }
    }
    if script.is_empty() {
        if rest.is_empty() {
            io.err("Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...\n");
            return Err(1);
        }
        script.push(rest.remove(0).to_string());
    }
    Ok(script.join("\n"))
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    extended: bool,
}

type Read<T> = Result<T, String>;

impl Reader {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }
    fn blank(&mut self) {
        while self.peek().is_some_and(|c| c == ' ' || c == '\t') {
            self.at += 1;
        }
    }

    fn program(mut self) -> Read<Vec<Line>> {
        let mut lines = Vec::new();
        let mut blocks = Vec::new();
        loop {
            while self.peek().is_some_and(|c| c.is_whitespace() || c == ';') {
                self.at += 1;
            }
            match self.peek() {
                None => break,
                Some('#') => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                    continue;
                }
                Some('}') => {
                    self.at += 1;
                    let open: usize = blocks.pop().ok_or("unexpected `}'")?;
                    let end = lines.len();
                    if let Some(Line { action: Action::Block(to), .. }) = lines.get_mut(open) {
                        *to = end;
                    }
                    continue;
                }
                Some(_) => {}
            }
            let line = self.line()?;
            if matches!(line.action, Action::Block(_)) {
                blocks.push(lines.len());
            }
            lines.push(line);
        }
        if blocks.is_empty() { Ok(lines) } else { Err("unmatched `{'".into()) }
    }

    fn line(&mut self) -> Read<Line> {
        let from = self.address()?;
        let mut to = None;
        if from.is_some() && self.peek() == Some(',') {
            self.at += 1;
            self.blank();
            to = Some(if self.peek() == Some('+') {
                self.at += 1;
                To::More(self.number())
            } else {
                To::At(self.address()?.ok_or("unexpected `,'")?)
            });
        }
        self.blank();
        let mut negate = false;
        while self.peek() == Some('!') {
            self.at += 1;
            negate = true;
            self.blank();
        }
        let command = self.peek().ok_or("missing command")?;
        self.at += 1;
        let action = self.action(command)?;
        Ok(Line { from, to, negate, action })
    }

    fn number(&mut self) -> u64 {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        self.chars[start..self.at].iter().collect::<String>().parse().unwrap_or(u64::MAX)
    }

    fn address(&mut self) -> Read<Option<Address>> {
        let found = match self.peek() {
            Some(c) if c.is_ascii_digit() => {
                let first = self.number();
                if self.peek() == Some('~') {
                    self.at += 1;
                    Address::Step(first, self.number())
                } else {
                    Address::Line(first)
                }
            }
            Some('$') => {
                self.at += 1;
                Address::Last
            }
            Some(c @ ('/' | '\\')) => {
                self.at += 1;
                let mark = if c == '/' {
                    '/'
                } else {
                    let mark = self.peek().ok_or("unterminated address regex")?;
                    self.at += 1;
                    mark
                };
                let text = self.until(mark, "unterminated address regex")?;
                let ignore_case = self.peek() == Some('I');
                if ignore_case {
                    self.at += 1;
                }
                Address::Match(Regex::new(&text, self.extended, ignore_case)?)
            }
            _ => return Ok(None),
        };
        self.blank();
        Ok(Some(found))
    }

    /// The text up to an unescaped mark, which stands for itself after a backslash.
    fn until(&mut self, mark: char, error: &str) -> Read<String> {
        let mut out = String::new();
        loop {
            let c = self.peek().ok_or(error)?;
            self.at += 1;
            match c {
                '\\' => {
                    let next = self.peek().ok_or(error)?;
                    self.at += 1;
                    if next == mark && mark != '\\' {
                        out.push(next);
                    } else if next == '\n' {
                        out.push_str("\\\n");
                    } else {
                        out.extend(['\\', next]);
                    }
                }
                _ if c == mark => return Ok(out),
                _ => out.push(c),
            }
        }
    }

    fn action(&mut self, command: char) -> Read<Action> {
        Ok(match command {
            's' => self.substitute()?,
            'y' => {
                let mark = self.peek().ok_or("unterminated `y' command")?;
                self.at += 1;
                let from = self.until(mark, "unterminated `y' command")?;
                let to = self.until(mark, "unterminated `y' command")?;
                let plain =
                    |text: &str| text.replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\").chars().collect::<Vec<_>>();
                let (from, to) = (plain(&from), plain(&to));
                if from.len() != to.len() {
                    return Err("strings for `y' command are different lengths".into());
                }
                Action::Translate(from.into_iter().zip(to).collect())
            }
            'a' | 'i' | 'c' => {
                self.blank();
                if self.peek() == Some('\\') {
                    self.at += 1;
                    self.blank();
                    if self.peek() == Some('\n') {
                        self.at += 1;
                    }
                }
                let mut text = String::new();
                while let Some(c) = self.peek() {
                    self.at += 1;
                    match c {
                        '\n' => break,
                        '\\' => {
                            text.extend(self.peek());
                            self.at += 1;
                        }
                        _ => text.push(c),
                    }
                }
                Action::Text(command as u8, Text::from(text))
            }
            ':' | 'b' | 't' | 'T' => {
                self.blank();
                let start = self.at;
                while self.peek().is_some_and(|c| !c.is_whitespace() && c != ';' && c != '}') {
                    self.at += 1;
                }
                let label = Text::from(self.chars[start..self.at].iter().collect::<String>());
                if command == ':' { Action::Label(label) } else { Action::Branch(command as u8, label) }
            }
            'q' | 'Q' => {
                self.blank();
                let code = if self.peek().is_some_and(|c| c.is_ascii_digit()) { self.number() as i32 } else { 0 };
                Action::Quit(command as u8, code)
            }
            '{' => Action::Block(0),
            'd' | 'D' | 'p' | 'P' | 'n' | 'N' | 'g' | 'G' | 'h' | 'H' | 'x' | '=' | 'l' => Action::Simple(command as u8),
            other => return Err(format!("unsupported command {other}")),
        })
    }

    fn substitute(&mut self) -> Read<Action> {
        const ERROR: &str = "unterminated `s' command";
        let mark = self.peek().ok_or(ERROR)?;
        self.at += 1;
        let pattern = self.until(mark, ERROR)?;
        let with = self.until(mark, ERROR)?;
        let (mut all, mut nth, mut print, mut ignore_case) = (false, 1, false, false);
        while let Some(flag) = self.peek() {
            match flag {
                'g' => all = true,
                'p' => print = true,
                'i' | 'I' => ignore_case = true,
                '1'..='9' => {
                    nth = self.number() as usize;
                    continue;
                }
                ';' | '\n' | '}' | ' ' | '\t' | '\r' | '#' => break,
                _ => return Err("unknown option to `s'".into()),
            }
            self.at += 1;
        }
        let regex = Regex::new(&pattern, self.extended, ignore_case)?;
        Ok(Action::Substitute(Box::new(Substitute { regex, with: pieces(&with), all, nth, print })))
    }
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut literal = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let piece = match c {
            '&' => Piece::Group(0),
            '\\' => match chars.next() {
                Some(digit @ '0'..='9') => Piece::Group(digit as usize - '0' as usize),
                Some(case @ ('U' | 'L' | 'E' | 'u' | 'l')) => Piece::Case(case),
                Some('n') => {
                    literal.push('\n');
                    continue;
                }
                Some('t') => {
                    literal.push('\t');
                    continue;
                }
                Some(other) => {
                    literal.push(other);
                    continue;
                }
                None => break,
            },
            _ => {
                literal.push(c);
                continue;
            }
        };
        if !literal.is_empty() {
            out.push(Piece::Text(std::mem::take(&mut literal)));
        }
        out.push(piece);
    }
    if !literal.is_empty() {
        out.push(Piece::Text(literal));
    }
    out
}

impl Substitute {
    fn replacement(&self, text: &[u8], found: &Found) -> Vec<u8> {
        let mut out = Vec::new();
        let (mut case, mut once) = ('E', None);
        for piece in &self.with {
            let bytes = match piece {
                Piece::Text(text) => text.as_bytes(),
                Piece::Group(nth) => found.group(*nth).map_or(&b""[..], |(from, to)| &text[from..to]),
                Piece::Case(letter @ ('u' | 'l')) => {
                    once = Some(*letter);
                    continue;
                }
                Piece::Case(letter) => {
                    case = *letter;
                    continue;
                }
            };
            let mut bytes = bytes.to_vec();
            match case {
                'U' => bytes.make_ascii_uppercase(),
                'L' => bytes.make_ascii_lowercase(),
                _ => {}
            }
            if let (Some(first), Some(letter)) = (bytes.first_mut(), once) {
                *first = if letter == 'u' { first.to_ascii_uppercase() } else { first.to_ascii_lowercase() };
                once = None;
            }
            out.extend(bytes);
        }
        out
    }

    fn apply(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let (mut at, mut count, mut changed) = (0, 0, false);
        let mut last_end = None;
        while let Some(found) = self.regex.find(text, at) {
            out.extend(&text[at..found.start]);
            let empty_after_match = found.end == found.start && last_end == Some(found.start);
            if !empty_after_match {
                count += 1;
            }
            if !empty_after_match && (count == self.nth || self.all && count > self.nth) {
                out.extend(self.replacement(text, &found));
                changed = true;
            } else {
                out.extend(&text[found.start..found.end]);
            }
            last_end = Some(found.end);
            at = found.end;
            if found.end == found.start {
                out.extend(text.get(at));
                at += 1;
            }
            if at > text.len() || changed && !self.all || out.len() > 4 << 20 {
                break;
            }
        }
        out.extend(text.get(at..).unwrap_or_default());
        changed.then_some(out)
    }
}

impl Sed {
    fn addressed(&mut self, at: usize, last: bool) -> bool {
        let program = self.program.clone();
        let line = &program[at];
        let is = |address: &Address, sed: &Sed| match address {
            Address::Line(number) => *number == sed.number,
            Address::Step(first, 0) => *first == sed.number,
            Address::Step(first, step) => sed.number >= *first && (sed.number - first).is_multiple_of(*step),
            Address::Last => last,
            Address::Match(regex) => regex.is_match(&sed.space),
        };
        let Some(from) = &line.from else { return !line.negate };
        let Some(to) = &line.to else { return is(from, self) != line.negate };
        let inside = if let Some(until) = self.open[at] {
            let ends = match to {
                To::At(Address::Line(_)) | To::More(_) => self.number >= until,
                To::At(address) => is(address, self),
            };
            if ends {
                self.open[at] = None;
            }
            // A range whose end is already past holds one line only.
            !matches!(to, To::At(Address::Line(_))) || self.number <= until
        } else if is(from, self) {
            let until = match to {
                To::At(Address::Line(number)) => *number,
                To::More(count) => self.number.saturating_add(*count),
                To::At(_) => 0,
            };
            let counted = matches!(to, To::At(Address::Line(_)) | To::More(_));
            let single = counted && until <= self.number || last && matches!(to, To::At(Address::Last));
            if !single {
                self.open[at] = Some(until);
            }
            true
        } else {
            false
        };
        inside != line.negate
    }

    fn label(&self, label: &Text) -> usize {
        let found = self.program.iter().position(|line| matches!(&line.action, Action::Label(name) if name == label));
        found.filter(|_| !label.is_empty()).unwrap_or(self.program.len())
    }

    fn print(&self, out: &mut Vec<u8>, last: bool) {
        out.extend(&self.space);
        if !(last && self.missing_newline) {
            out.push(b'\n');
        }
    }

    fn print_unless_quiet(&self, wanted: bool, out: &mut Vec<u8>) {
        if wanted && !self.quiet {
            self.print(out, false);
        }
    }

    /// Runs the program on the line in the pattern space.
    fn cycle(&mut self, last: bool, out: &mut Vec<u8>) {
        let (mut at, _) = self.resume.take().unwrap_or((0, false));
        let mut substituted = false;
        let mut deleted = false;
        let mut steps = 0;
        let program = self.program.clone();
        while let Some(line) = program.get(at) {
            steps += 1;
            self.spent += 1 + self.space.len() / 16;
            if steps > 20_000 || self.space.len() > 4 << 20 {
                break;
            }
            let selected = self.addressed(at, last);
            at += 1;
            if !selected {
                if let Action::Block(end) = line.action {
                    at = end;
                }
                continue;
            }
            match &line.action {
                Action::Text(b'c', text) => {
                    if line.to.is_none() || self.open[at - 1].is_none() || line.negate {
                        out.extend(format!("{text}\n").as_bytes());
                    }
                    deleted = true;
                    break;
                }
                Action::Branch(kind, label) => {
                    let was = *kind != b'b' && std::mem::take(&mut substituted);
                    if *kind == b'b' || was == (*kind == b't') {
                        at = self.label(label);
                    }
                }
                Action::Quit(kind, code) => {
                    self.quit = Some(*code);
                    deleted = *kind == b'Q';
                    break;
                }
                Action::Simple(b'd') => {
                    deleted = true;
                    break;
                }
                Action::Simple(b'D') => {
                    deleted = true;
                    if let Some(end) = self.space.iter().position(|byte| *byte == b'\n') {
                        self.space.drain(..=end);
                        deleted = false;
                        at = 0;
                        continue;
                    }
                    break;
                }
                Action::Simple(kind @ (b'n' | b'N')) => {
                    if last {
                        break;
                    }
                    self.print_unless_quiet(*kind == b'n', out);
                    self.resume = Some((at, *kind == b'N'));
                    return;
                }
                action => substituted |= self.edit(action, out),
            }
        }
        if !deleted && !self.quiet {
            self.print(out, last);
        }
        for text in std::mem::take(&mut self.appended) {
            out.extend(format!("{text}\n").as_bytes());
        }
    }

    /// An action that only changes texts; true if it substituted.
    fn edit(&mut self, action: &Action, out: &mut Vec<u8>) -> bool {
        match action {
            Action::Substitute(substitute) => {
                let Some(new) = substitute.apply(&self.space) else { return false };
                self.space = new;
                if substitute.print {
                    self.print(out, false);
                }
                return true;
            }
            Action::Translate(pairs) => {
                let text = String::from_utf8_lossy(&self.space).into_owned();
                let map = |c: char| pairs.iter().find(|pair| pair.0 == c).map_or(c, |pair| pair.1);
                self.space = text.chars().map(map).collect::<String>().into_bytes();
            }
            Action::Text(b'a', text) => self.appended.push(text.clone()),
            Action::Text(_, text) => out.extend(format!("{text}\n").as_bytes()),
            Action::Simple(kind) => self.simple(*kind, out),
            Action::Label(_) | Action::Branch(..) | Action::Quit(..) | Action::Block(_) => {}
        }
        false
    }

    fn simple(&mut self, kind: u8, out: &mut Vec<u8>) {
        match kind {
            b'p' => self.print(out, false),
            b'P' => {
                let end = self.space.iter().position(|byte| *byte == b'\n').unwrap_or(self.space.len());
                out.extend(&self.space[..end]);
                out.push(b'\n');
            }
            b'g' => self.space = self.hold.clone(),
            b'G' => {
                self.space.push(b'\n');
                self.space.extend(&self.hold);
            }
            b'h' => self.hold = self.space.clone(),
            b'H' if self.hold.len() < 4 << 20 => {
                self.hold.push(b'\n');
                self.hold.extend(&self.space);
            }
            b'x' => std::mem::swap(&mut self.space, &mut self.hold),
            b'=' => out.extend(format!("{}\n", self.number).as_bytes()),
            b'l' => out.extend(
                format!(
                    "{}$\n",
                    String::from_utf8_lossy(&self.space).replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n")
                )
                .as_bytes(),
            ),
            _ => {}
        }
    }

    fn feed(&mut self, line: &[u8], last: bool, out: &mut Vec<u8>) {
        self.missing_newline = line.last() != Some(&b'\n');
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        self.number += 1;
        if let Some((_, true)) = self.resume {
            self.space.push(b'\n');
            self.space.extend_from_slice(line);
        } else {
            self.space = line.to_vec();
        }
        self.cycle(last, out);
    }
}

impl Filter for Sed {
    fn take(&mut self, data: &[u8], out: &mut Vec<u8>) -> Flow {
        // Only a program that asks for the last line has to look ahead.
        let asks = self.program.iter().any(|line| {
            matches!(line.from, Some(Address::Last))
                || matches!(line.to, Some(To::At(Address::Last)))
                || matches!(line.action, Action::Simple(b'N' | b'n'))
        });
        if !asks {
            self.feed(data, false, out);
            if data.last() != Some(&b'\n') && out.last() == Some(&b'\n') && !self.quiet {
                out.pop();
            }
        } else if let Some(line) = self.next.replace(data.to_vec()) {
            self.feed(&line, false, out);
        }
        match self.quit {
            Some(code) => Flow::Stop(code),
            None => Flow::Go,
        }
    }
    fn end(&mut self, out: &mut Vec<u8>) -> i32 {
        if self.quit.is_none()
            && let Some(line) = self.next.take()
        {
            self.feed(&line, true, out);
        }
        if self.resume.take().is_some() && !self.quiet {
            self.print(out, true);
        }
        self.quit.unwrap_or(0)
    }
    fn end_file(&mut self, out: &mut Vec<u8>) {
        if self.separate {
            self.end(out);
        }
    }
    fn cost(&mut self) -> usize {
        std::mem::take(&mut self.spent)
    }
    fn copy(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}
