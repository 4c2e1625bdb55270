//! grep, egrep, fgrep.

use crate::filter::{Filter, Filtering, Flow, Wording};
use crate::kernel::Io;
use crate::regex::Regex;
use crate::tool::{Options, Tool, options};
use base::Text;
use std::collections::VecDeque;

#[derive(Clone, Debug)]
struct Grep {
    regexes: Vec<Regex>,
    invert: bool,
    words: bool,
    lines: bool,
    quiet: bool,
    count: bool,
    names: bool,
    names_without: bool,
    numbers: bool,
    only: bool,
    prefix: bool,
    most: usize,
    after: usize,
    before: usize,
    // What was seen of this file.
    name: Text,
    line: u64,
    hits: usize,
    held: VecDeque<(u64, Vec<u8>)>,
    show_after: usize,
    shown: u64,
    any: bool,
    spent: usize,
}

const LONG: &[(&str, char)] = &[
    ("quiet", 'q'),
    ("silent", 'q'),
    ("invert-match", 'v'),
    ("ignore-case", 'i'),
    ("extended-regexp", 'E'),
    ("fixed-strings", 'F'),
    ("only-matching", 'o'),
    ("count", 'c'),
    ("line-number", 'n'),
    ("word-regexp", 'w'),
    ("line-regexp", 'x'),
    ("regexp", 'e'),
    ("max-count", 'm'),
    ("files-with-matches", 'l'),
    ("recursive", 'r'),
    ("color", 'u'),
    ("colour", 'u'),
    ("line-buffered", 'u'),
    ("no-messages", 's'),
    ("after-context", 'A'),
    ("before-context", 'B'),
    ("context", 'C'),
    ("no-filename", 'h'),
    ("with-filename", 'H'),
    ("text", 'a'),
];

pub(crate) fn grep(io: &mut Io) -> Result<Box<dyn Tool>, i32> {
    let own = options(io, "qviEFPGoclLnwxe:f:m:A:B:C:hHsrRzua", LONG).map_err(|_| 2)?;
    let mut rest = own.rest.clone();
    let regexes = patterns(io, &own, &mut rest)?;
    let number = |letter: char| own.value(letter).and_then(|text| text.parse::<usize>().ok());
    let files = files_of(io, &rest, own.has('r') || own.has('R'));
    let prefix = own.has('H') || (files.len() > 1 || own.has('r') || own.has('R')) && !own.has('h');
    let grep = Grep {
        regexes,
        invert: own.has('v'),
        words: own.has('w'),
        lines: own.has('x'),
        quiet: own.has('q'),
        count: own.has('c'),
        names: own.has('l'),
        names_without: own.has('L'),
        numbers: own.has('n'),
        only: own.has('o'),
        prefix,
        most: number('m').unwrap_or(usize::MAX),
        after: number('A').or(number('C')).unwrap_or(0),
        before: number('B').or(number('C')).unwrap_or(0).min(10_000),
        name: Text::default(),
        line: 0,
        hits: 0,
        held: VecDeque::new(),
        show_after: 0,
        shown: 0,
        any: false,
        spent: 0,
    };
    let wording = if own.has('s') { Wording::Silent } else { Wording::Plain };
    Ok(Filtering::failing(grep, files, wording, 2))
}

/// The expressions of `-e`, `-f` or the first argument.
fn patterns(io: &mut Io, own: &Options, rest: &mut Vec<Text>) -> Result<Vec<Regex>, i32> {
    let mut patterns: Vec<String> = own.values('e').flat_map(|text| text.split('\n')).map(String::from).collect();
    for file in own.values('f') {
        match io.read_file(file) {
            Ok(data) => patterns.extend(String::from_utf8_lossy(data.bytes()).lines().map(String::from)),
            Err(error) => {
                io.complain(&format!("{file}: {}", error.words()));
                return Err(2);
            }
        }
    }
    if !own.has('e') && !own.has('f') {
        if rest.is_empty() {
            io.err("Usage: grep [OPTION]... PATTERNS [FILE]...\n");
            return Err(2);
        }
        patterns = rest.remove(0).split('\n').map(String::from).collect();
    }
    let name = io.tool_name();
    let extended = own.has('E') || own.has('P') || name == "egrep";
    let fixed = own.has('F') || name == "fgrep";
    let mut regexes = Vec::new();
    for pattern in &patterns {
        let regex = if fixed { Ok(Regex::literal(pattern, own.has('i'))) } else { Regex::new(pattern, extended, own.has('i')) };
        match regex {
            Ok(regex) => regexes.push(regex),
            Err(words) => {
                io.complain(&if io.is_bash() { words.to_string() } else { format!("bad regex '{pattern}': {words}") });
                return Err(2);
            }
        }
    }
    Ok(regexes)
}

fn files_of(io: &mut Io, rest: &[Text], deep: bool) -> Vec<Text> {
    if !deep {
        return rest.to_vec();
    }
    let roots = if rest.is_empty() { vec![base::text!(".")] } else { rest.to_vec() };
    let mut out = Vec::new();
    for root in &roots {
        for path in crate::tools::entries::below(io, root, true) {
            let full = io.path(&path);
            if !io.files.is_dir(&full) {
                out.push(Text::from(path));
            }
        }
    }
    out
}

impl Grep {
    fn find(&self, line: &[u8], from: usize) -> Option<(usize, usize)> {
        let mut best: Option<(usize, usize)> = None;
        for regex in &self.regexes {
            let mut at = from;
            while let Some(found) = regex.find(line, at) {
                let (start, end) = (found.start, found.end);
                let is_word = |at: Option<&u8>| at.is_some_and(|c| c.is_ascii_alphanumeric() || *c == b'_');
                let whole_word = !is_word(start.checked_sub(1).and_then(|at| line.get(at))) && !is_word(line.get(end));
                let fits = (!self.words || whole_word) && (!self.lines || start == 0 && end == line.len());
                if fits {
                    if best.is_none_or(|best| (start, std::cmp::Reverse(end)) < (best.0, std::cmp::Reverse(best.1))) {
                        best = Some((start, end));
                    }
                    break;
                }
                at = start + 1;
                if at > line.len() {
                    break;
                }
            }
        }
        best
    }

    fn print(&mut self, number: u64, line: &[u8], mark: char, out: &mut Vec<u8>) {
        if self.after + self.before > 0 && self.shown > 0 && number > self.shown + 1 {
            out.extend(b"--\n");
        }
        self.shown = number;
        if self.prefix {
            out.extend(format!("{}{mark}", self.name).as_bytes());
        }
        if self.numbers {
            out.extend(format!("{number}{mark}").as_bytes());
        }
        out.extend_from_slice(line);
        out.push(b'\n');
    }

    fn hit(&mut self, line: &[u8], out: &mut Vec<u8>) -> Flow {
        self.any = true;
        self.hits += 1;
        if self.quiet {
            return Flow::Stop(0);
        }
        if self.names {
            out.extend(format!("{}\n", self.name).as_bytes());
            return Flow::NextFile;
        }
        if self.names_without {
            return Flow::NextFile;
        }
        if self.count {
            return if self.hits >= self.most { Flow::NextFile } else { Flow::Go };
        }
        if self.only {
            let mut at = 0;
            while let Some((start, end)) = self.find(line, at).filter(|_| !self.invert) {
                if end > start {
                    self.print(self.line, &line[start..end], ':', out);
                }
                at = end.max(start + 1);
                if at > line.len() {
                    break;
                }
            }
        } else {
            for (number, held) in std::mem::take(&mut self.held) {
                self.print(number, &held, '-', out);
            }
            self.print(self.line, line, ':', out);
        }
        self.show_after = self.after;
        if self.hits >= self.most && self.after == 0 { Flow::NextFile } else { Flow::Go }
    }
}

impl Filter for Grep {
    fn begin(&mut self, name: Option<&Text>, _out: &mut Vec<u8>) -> Flow {
        self.name = name.filter(|name| *name != "-").cloned().unwrap_or_else(|| base::text!("(standard input)"));
        (self.line, self.hits, self.show_after, self.shown) = (0, 0, 0, 0);
        self.held.clear();
        if self.most == 0 { Flow::NextFile } else { Flow::Go }
    }
    fn take(&mut self, data: &[u8], out: &mut Vec<u8>) -> Flow {
        let line = data.strip_suffix(b"\n").unwrap_or(data);
        self.line += 1;
        self.spent += line.len() / 4;
        let found = self.find(line, 0).is_some();
        if found != self.invert && self.hits < self.most {
            return self.hit(line, out);
        }
        if self.show_after > 0 {
            self.show_after -= 1;
            self.print(self.line, line, '-', out);
            if self.show_after == 0 && self.hits >= self.most {
                return Flow::NextFile;
            }
        } else if self.before > 0 {
            self.held.push_back((self.line, line.to_vec()));
            if self.held.len() > self.before {
                self.held.pop_front();
            }
        }
        Flow::Go
    }
    fn end_file(&mut self, out: &mut Vec<u8>) {
        if self.count && !self.quiet {
            let prefix = if self.prefix { format!("{}:", self.name) } else { String::new() };
            out.extend(format!("{prefix}{}\n", self.hits).as_bytes());
        }
        if self.names_without && self.hits == 0 {
            out.extend(format!("{}\n", self.name).as_bytes());
        }
    }
    fn end(&mut self, _out: &mut Vec<u8>) -> i32 {
        i32::from(!self.any)
    }
    fn cost(&mut self) -> usize {
        std::mem::take(&mut self.spent)
    }
    fn copy(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}
