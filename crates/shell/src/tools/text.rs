//! cat, head, tail, wc, tee, tac, rev, nl, cut.

use crate::filter::{Filter, Filtering, Flow, Wording};
use crate::kernel::{Access, Fd, Io, Read};
use crate::tool::{On, Options, Step, Tool, options};
use base::{Duration, Text};
use std::collections::VecDeque;

type Made = Result<Box<dyn Tool>, i32>;

// === impl cat, tac, rev, nl ===

#[derive(Clone, Debug)]
struct Cat {
    numbers: bool,
    line: u64,
}

pub(crate) fn cat(io: &mut Io) -> Made {
    let options = options(io, "nbestvAETu", &[])?;
    let numbers = options.has('n') || options.has('b');
    Ok(Filtering::over(Cat { numbers, line: 0 }, options.rest, Wording::CantOpen))
}

impl Filter for Cat {
    fn take(&mut self, data: &[u8], out: &mut Vec<u8>) -> Flow {
        if self.numbers {
            self.line += 1;
            out.extend(format!("{:6}\t", self.line).as_bytes());
        }
        out.extend_from_slice(data);
        Flow::Go
    }
    fn whole_lines(&self) -> bool {
        self.numbers
    }
    fn copy(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

/// Tools that change each line, or their order.
#[derive(Clone, Debug)]
struct Lines {
    how: Order,
    kept: Vec<Vec<u8>>,
    bytes: usize,
    number: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Order {
    Reversed,
    Mirrored,
    Numbered { all: bool },
}

pub(crate) fn tac(io: &mut Io) -> Made {
    lines(io, "", Wording::Plain, |_| Order::Reversed)
}
pub(crate) fn rev(io: &mut Io) -> Made {
    lines(io, "", Wording::Plain, |_| Order::Mirrored)
}
pub(crate) fn nl(io: &mut Io) -> Made {
    let how = |options: &Options| Order::Numbered { all: options.value('b').is_some_and(|style| style == "a") };
    lines(io, "b:w:s:", Wording::Plain, how)
}

fn lines(io: &mut Io, known: &str, wording: Wording, how: fn(&Options) -> Order) -> Made {
    let options = options(io, known, &[])?;
    let how = how(&options);
    Ok(Filtering::over(Lines { how, kept: Vec::new(), bytes: 0, number: 0 }, options.rest, wording))
}

impl Filter for Lines {
    fn take(&mut self, data: &[u8], out: &mut Vec<u8>) -> Flow {
        match self.how {
            Order::Reversed => {
                self.bytes += data.len();
                if self.bytes > KEPT {
                    return Flow::Stop(1);
                }
                self.kept.push(data.to_vec());
            }
            Order::Mirrored => {
                let text = String::from_utf8_lossy(data);
                out.extend(text.trim_end_matches('\n').chars().rev().collect::<String>().as_bytes());
                out.push(b'\n');
            }
            Order::Numbered { all } => {
                if data == b"\n" && !all {
                    out.extend(b"       \n");
                } else {
                    self.number += 1;
                    out.extend(format!("{:6}\t", self.number).as_bytes());
                    out.extend_from_slice(data);
                }
            }
        }
        Flow::Go
    }
    fn end(&mut self, out: &mut Vec<u8>) -> i32 {
        for line in self.kept.iter().rev() {
            out.extend_from_slice(line);
            if line.last() != Some(&b'\n') {
                out.push(b'\n');
            }
        }
        0
    }
    fn copy(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

/// The most bytes that a tool keeps while it reads.
pub(crate) const KEPT: usize = 16 << 20;

// === impl head ===

#[derive(Clone, Debug)]
struct Head {
    bytes: bool,
    /// All but the last so many.
    but_last: bool,
    count: usize,
    left: usize,
    held: VecDeque<Vec<u8>>,
    headers: bool,
    first: bool,
}

pub(crate) fn head(io: &mut Io) -> Made {
    old_count(io);
    let options = options(io, "n:c:qv", &[("lines", 'n'), ("bytes", 'c'), ("quiet", 'q'), ("verbose", 'v')])?;
    let text = options.value('c').or(options.value('n')).cloned().unwrap_or_else(|| base::text!("10"));
    let but_last = text.starts_with('-');
    let count = count_of(text.trim_start_matches(['-', '+'])).ok_or_else(|| {
        io.complain(&format!("invalid number '{text}'"));
        1
    })?;
    let headers = (options.rest.len() > 1 || options.has('v')) && !options.has('q');
    let bytes = options.has('c');
    let head = Head { bytes, but_last, count, left: count, held: VecDeque::new(), headers, first: true };
    Ok(Filtering::over(head, options.rest, Wording::Plain))
}

/// `head -3` means `head -n 3`.
fn old_count(io: &mut Io) {
    let old = io.core.argv.clone();
    let rewrite = |(at, word): (usize, &Text)| {
        let value = at > 0 && matches!(old[at - 1].as_str(), "-n" | "-c");
        let digits = word.strip_prefix('-').filter(|rest| !value && !rest.is_empty() && rest.bytes().all(|c| c.is_ascii_digit()));
        digits.map_or_else(|| word.clone(), |digits| Text::from(format!("-n{digits}")))
    };
    let argv: Vec<Text> = old.iter().enumerate().map(rewrite).collect();
    io.core.argv = std::sync::Arc::new(argv);
}

/// `10`, `2k`, `1M`.
fn count_of(text: &str) -> Option<usize> {
    let digits = text.trim_end_matches(['k', 'K', 'm', 'M', 'b']);
    let scale = match &text[digits.len()..] {
        "" => 1,
        "b" => 512,
        "k" | "K" => 1024,
        "m" | "M" => 1 << 20,
        _ => return None,
    };
    usize::try_from(digits.parse::<u32>().ok()?).ok()?.checked_mul(scale)
}

fn header(name: Option<&Text>, first: bool, out: &mut Vec<u8>) {
    let name = name.map_or("standard input", Text::as_str);
    out.extend(format!("{}==> {name} <==\n", if first { "" } else { "\n" }).as_bytes());
}

impl Filter for Head {
    fn begin(&mut self, name: Option<&Text>, out: &mut Vec<u8>) -> Flow {
        self.left = self.count;
        self.held.clear();
        if self.headers {
            header(name, self.first, out);
        }
        self.first = false;
        if self.left == 0 && !self.but_last { Flow::NextFile } else { Flow::Go }
    }
    fn take(&mut self, data: &[u8], out: &mut Vec<u8>) -> Flow {
        if self.but_last {
            self.held.push_back(data.to_vec());
            while self.held.len() > self.count && !self.bytes {
                out.extend(self.held.pop_front().unwrap_or_default());
            }
            return Flow::Go;
        }
        let part = if self.bytes { &data[..data.len().min(self.left)] } else { data };
        out.extend_from_slice(part);
        self.left -= if self.bytes { part.len() } else { 1 };
        if self.left == 0 { Flow::NextFile } else { Flow::Go }
    }
    fn end_file(&mut self, out: &mut Vec<u8>) {
        if self.but_last && self.bytes {
            let all: Vec<u8> = self.held.drain(..).flatten().collect();
            out.extend(&all[..all.len().saturating_sub(self.count)]);
        }
    }
    fn whole_lines(&self) -> bool {
        !self.bytes
    }
    fn copy(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

// === impl tail ===

#[derive(Clone, Debug)]
struct Tail {
    bytes: bool,
    from_start: bool,
    count: usize,
    seen: usize,
    held: VecDeque<Vec<u8>>,
    headers: bool,
    first: bool,
}

pub(crate) fn tail(io: &mut Io) -> Made {
    old_count(io);
    let long = [("lines", 'n'), ("bytes", 'c'), ("follow", 'f'), ("retry", 'r'), ("quiet", 'q')];
    let options = options(io, "n:c:fFqvs:r", &long)?;
    let text = options.value('c').or(options.value('n')).cloned().unwrap_or_else(|| base::text!("10"));
    let count = count_of(text.trim_start_matches(['-', '+'])).ok_or_else(|| {
        io.complain(&format!("invalid number '{text}'"));
        1
    })?;
    let headers = (options.rest.len() > 1 || options.has('v')) && !options.has('q');
    let from_start = text.starts_with('+');
    let bytes = options.has('c');
    let tail = Tail { bytes, from_start, count, seen: 0, held: VecDeque::new(), headers, first: true };
    let follow = options.has('f') || options.has('F');
    let files = options.rest;
    let shown = Filtering::over(tail, files.clone(), Wording::CantOpen);
    Ok(if follow { Box::new(Follow { shown: Some(shown), files, sizes: Vec::new() }) } else { shown })
}

impl Filter for Tail {
    fn begin(&mut self, name: Option<&Text>, out: &mut Vec<u8>) -> Flow {
        self.seen = 0;
        if self.headers {
            header(name, self.first, out);
        }
        self.first = false;
        Flow::Go
    }
    fn take(&mut self, data: &[u8], out: &mut Vec<u8>) -> Flow {
        if self.from_start {
            let skip = self.count.saturating_sub(1).saturating_sub(self.seen);
            self.seen += if self.bytes { data.len() } else { 1 };
            let rest = if self.bytes { data.get(skip..).unwrap_or_default() } else { data };
            if self.bytes || skip == 0 {
                out.extend_from_slice(rest);
            }
            return Flow::Go;
        }
        self.held.push_back(data.to_vec());
        while !self.bytes && self.held.len() > self.count {
            self.held.pop_front();
        }
        while self.bytes && self.held.iter().skip(1).map(Vec::len).sum::<usize>() >= self.count && self.held.len() > 1 {
            self.held.pop_front();
        }
        Flow::Go
    }
    fn end_file(&mut self, out: &mut Vec<u8>) {
        let all: Vec<u8> = self.held.drain(..).flatten().collect();
        let from = if self.bytes { all.len().saturating_sub(self.count) } else { 0 };
        out.extend(&all[from..]);
    }
    fn whole_lines(&self) -> bool {
        !self.bytes
    }
    fn copy(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

/// `tail -f`: after the end, looks every second for more.
#[derive(Clone, Debug)]
struct Follow {
    shown: Option<Box<dyn Tool>>,
    files: Vec<Text>,
    sizes: Vec<usize>,
}

impl Tool for Follow {
    fn step(&mut self, io: &mut Io) -> Step {
        if let Some(shown) = &mut self.shown {
            // What is there now, before it is shown.
            if self.sizes.is_empty() {
                self.sizes = self.files.iter().map(|file| io.read_file(file).map_or(0, |data| data.bytes().len())).collect();
            }
            return match shown.step(io) {
                Step::Exit(137) => Step::Exit(137),
                Step::Exit(_) => {
                    self.shown = None;
                    let devices = self.files.iter().all(|file| file.starts_with("/dev/"));
                    let missing = self.files.iter().all(|file| io.files.stat(&io.path(file)).is_err());
                    match (self.files.is_empty(), missing) {
                        (true, _) => Step::Exit(0),
                        (false, true) => {
                            io.complain("no files");
                            Step::Exit(1)
                        }
                        (false, false) if devices => Step::Wait(On::Never),
                        (false, false) => Step::More,
                    }
                }
                step => step,
            };
        }
        if let Some(full) = io.output_full() {
            return Step::Wait(On::Write(full));
        }
        if self.files.iter().all(|file| file.starts_with("/dev/")) {
            return Step::Wait(On::Never);
        }
        for (file, size) in self.files.iter().zip(&mut self.sizes) {
            let Ok(data) = io.read_file(file) else { continue };
            let bytes = data.bytes();
            if bytes.len() < *size {
                *size = 0;
            }
            if bytes.len() > *size {
                io.out(&bytes[*size..]);
                *size = bytes.len();
            }
        }
        Step::Wait(On::Until(io.now + Duration::SECOND))
    }
    fn copy(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

// === impl wc ===

#[derive(Clone, Debug, Default)]
struct Count {
    lines: u64,
    words: u64,
    bytes: u64,
    chars: u64,
}

#[derive(Clone, Debug)]
struct Wc {
    show: Vec<char>,
    wide: bool,
    name: Option<Text>,
    now: Count,
    total: Count,
    files: u32,
    in_word: bool,
}

pub(crate) fn wc(io: &mut Io) -> Made {
    let options = options(io, "lwcmL", &[("lines", 'l'), ("words", 'w'), ("bytes", 'c'), ("chars", 'm')])?;
    let mut show: Vec<char> = "lwmc".chars().filter(|letter| options.has(*letter)).collect();
    if show.is_empty() {
        show = vec!['l', 'w', 'c'];
    }
    let wide = io.is_bash() && !(options.rest.is_empty() && show.len() == 1);
    let wc = Wc { show, wide, name: None, now: Count::default(), total: Count::default(), files: 0, in_word: false };
    Ok(Filtering::over(wc, options.rest, Wording::Plain))
}

impl Wc {
    fn row(&self, count: &Count, name: Option<&Text>) -> String {
        let pick = |letter: &char| match letter {
            'l' => count.lines,
            'w' => count.words,
            'm' => count.chars,
            _ => count.bytes,
        };
        let width = match (self.show.len(), self.wide) {
            (1, _) => 1,
            (_, true) if name.is_some() => count.bytes.to_string().len(),
            (_, true) => 7,
            (_, false) => 9,
        };
        let numbers: Vec<String> = self.show.iter().map(|letter| format!("{:width$}", pick(letter))).collect();
        let name = name.map(|name| format!(" {name}")).unwrap_or_default();
        format!("{}{name}\n", numbers.join(" "))
    }
}

impl Filter for Wc {
    fn begin(&mut self, name: Option<&Text>, _out: &mut Vec<u8>) -> Flow {
        self.name = name.cloned();
        self.now = Count::default();
        self.in_word = false;
        self.files += 1;
        Flow::Go
    }
    fn take(&mut self, data: &[u8], _out: &mut Vec<u8>) -> Flow {
        self.now.bytes += data.len() as u64;
        for byte in data {
            self.now.lines += u64::from(*byte == b'\n');
            self.now.chars += u64::from(byte & 0xc0 != 0x80);
            let blank = byte.is_ascii_whitespace();
            self.now.words += u64::from(!blank && !self.in_word);
            self.in_word = !blank;
        }
        Flow::Go
    }
    fn end_file(&mut self, out: &mut Vec<u8>) {
        out.extend(self.row(&self.now, self.name.as_ref()).as_bytes());
        self.total.lines += self.now.lines;
        self.total.words += self.now.words;
        self.total.bytes += self.now.bytes;
        self.total.chars += self.now.chars;
    }
    fn end(&mut self, out: &mut Vec<u8>) -> i32 {
        if self.files > 1 {
            out.extend(self.row(&self.total, Some(&base::text!("total"))).as_bytes());
        }
        0
    }
    fn whole_lines(&self) -> bool {
        false
    }
    fn copy(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

// === impl tee ===

#[derive(Clone, Debug)]
struct Tee {
    outputs: Vec<u8>,
}

pub(crate) fn tee(io: &mut Io) -> Made {
    let options = options(io, "ai", &[("append", 'a')])?;
    let access = if options.has('a') { Access::Append } else { Access::Write };
    let mut outputs = vec![1];
    for (nth, name) in options.rest.iter().enumerate().take(100) {
        match io.open(name, access) {
            Ok(fd) => {
                let number = 100 + nth as u8;
                io.core.fds.set(number, Some(fd));
                outputs.push(number);
            }
            Err(error) => io.complain(&format!("{name}: {}", error.words())),
        }
    }
    Ok(Box::new(Tee { outputs }))
}

impl Tool for Tee {
    fn step(&mut self, io: &mut Io) -> Step {
        if let Some(full) = io.output_full() {
            return Step::Wait(On::Write(full));
        }
        match io.read(0, 16 << 10) {
            Read::Data(data) => {
                self.outputs.iter().for_each(|number| io.write(*number, &data));
                Step::More
            }
            Read::Wait => Step::Wait(On::Read(io.core.fds.get(0).cloned().unwrap_or(Fd::Null))),
            Read::End => Step::Exit(0),
        }
    }
    fn copy(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

// === impl cut ===

#[derive(Clone, Debug)]
struct Cut {
    /// Ranges of places, from 1.
    ranges: Vec<(usize, usize)>,
    /// By fields with this delimiter, or by characters.
    delimiter: Option<u8>,
    between: Vec<u8>,
    only_delimited: bool,
    complement: bool,
}

pub(crate) fn cut(io: &mut Io) -> Made {
    let long = [
        ("delimiter", 'd'),
        ("fields", 'f'),
        ("characters", 'c'),
        ("bytes", 'b'),
        ("complement", 'C'),
        ("output-delimiter", 'O'),
    ];
    let options = options(io, "d:f:c:b:snCO:", &long)?;
    let fields = options.value('f');
    let Some(list) = fields.or(options.value('c')).or(options.value('b')) else {
        io.complain("expected a list of bytes, characters, or fields");
        return Err(1);
    };
    let Some(ranges) = ranges(list) else {
        io.complain(&format!("invalid range: {list}"));
        return Err(1);
    };
    let delimiter = options.value('d').map_or("\t", Text::as_str);
    let delimiter = fields.map(|_| delimiter.as_bytes().first().copied().unwrap_or(0));
    let between = match (options.value('O'), delimiter) {
        (Some(text), _) => text.as_bytes().to_vec(),
        (None, Some(byte)) => vec![byte],
        (None, None) => Vec::new(),
    };
    let cut = Cut { ranges, delimiter, between, only_delimited: options.has('s'), complement: options.has('C') };
    Ok(Filtering::over(cut, options.rest, Wording::Plain))
}

fn ranges(list: &str) -> Option<Vec<(usize, usize)>> {
    let one = |part: &str| match part.split_once('-') {
        None => part.parse().ok().map(|at: usize| (at, at)),
        Some(("", "")) => None,
        Some((from, to)) => {
            let from = if from.is_empty() { Some(1) } else { from.parse().ok() };
            let to = if to.is_empty() { Some(usize::MAX) } else { to.parse().ok() };
            Some((from?, to?))
        }
    };
    list.split(',').map(|part| one(part).filter(|range| range.0 > 0)).collect()
}

impl Filter for Cut {
    fn take(&mut self, data: &[u8], out: &mut Vec<u8>) -> Flow {
        let line = data.strip_suffix(b"\n").unwrap_or(data);
        let wanted = |at: usize| self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&at)) != self.complement;
        match self.delimiter {
            Some(delimiter) if !line.contains(&delimiter) => {
                if self.only_delimited {
                    return Flow::Go;
                }
                out.extend_from_slice(line);
            }
            Some(delimiter) => {
                let fields = line.split(|byte| *byte == delimiter).enumerate().filter(|(at, _)| wanted(at + 1));
                out.extend(fields.map(|(_, field)| field).collect::<Vec<_>>().join(self.between.as_slice()));
            }
            None => {
                let text = String::from_utf8_lossy(line);
                let chars = text.chars().enumerate().filter(|(at, _)| wanted(at + 1)).map(|(_, c)| c);
                out.extend(chars.collect::<String>().as_bytes());
            }
        }
        out.push(b'\n');
        Flow::Go
    }
    fn copy(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}
