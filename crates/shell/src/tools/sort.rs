//! sort and uniq.

use crate::filter::{Filter, Filtering, Flow, Wording};
use crate::kernel::{Access, Io};
use crate::tool::{Options, Tool, options};
use std::cmp::Ordering;

#[derive(Clone, Copy, Debug, Default)]
struct Order {
    numeric: bool,
    human: bool,
    version: bool,
    reverse: bool,
    fold: bool,
    blanks: bool,
}

#[derive(Clone, Debug)]
struct Key {
    from: (usize, usize),
    to: Option<(usize, usize)>,
    order: Order,
}

#[derive(Clone, Debug)]
struct Sort {
    keys: Vec<Key>,
    separator: Option<u8>,
    order: Order,
    unique: bool,
    stable: bool,
    check: bool,
    to_file: bool,
    lines: Vec<Vec<u8>>,
    bytes: usize,
    disorder: Option<String>,
}

pub(crate) fn sort(io: &mut Io) -> Result<Box<dyn Tool>, i32> {
    let long = [
        ("numeric-sort", 'n'),
        ("reverse", 'r'),
        ("unique", 'u'),
        ("key", 'k'),
        ("field-separator", 't'),
        ("version-sort", 'V'),
        ("human-numeric-sort", 'h'),
    ];
    let options = options(io, "nruk:t:fbdghsVco:MiRmz", &long)?;
    let order = order_of(|letter| options.has(letter));
    let mut keys = Vec::new();
    for text in options.values('k') {
        match key(text, order) {
            Some(key) => keys.push(key),
            None => {
                io.complain(&format!("bad field specification '{text}'"));
                return Err(2);
            }
        }
    }
    let separator = options.value('t').map(|text| if text == "\\t" { b'\t' } else { text.bytes().next().unwrap_or(b'\n') });
    let mut files = options.rest.clone();
    let to_file = open_output(io, &options, &mut files)?;
    let sort = Sort {
        keys,
        separator,
        order,
        unique: options.has('u'),
        stable: options.has('s'),
        check: options.has('c'),
        to_file,
        lines: Vec::new(),
        bytes: 0,
        disorder: None,
    };
    Ok(Filtering::failing(sort, files, Wording::Plain, 2))
}

/// `-o file`: standard output goes there; a source of the same name is read first.
fn open_output(io: &mut Io, options: &Options, files: &mut [base::Text]) -> Result<bool, i32> {
    let Some(name) = options.value('o') else { return Ok(false) };
    for (nth, file) in files.iter_mut().enumerate().filter(|(_, file)| *file == name).take(50) {
        if let Ok(fd) = io.open(name, Access::Read) {
            let number = 150 + nth as u8;
            io.core.fds.set(number, Some(fd));
            *file = base::Text::from(format!("/dev/fd/{number}"));
        }
    }
    match io.open(name, Access::Write) {
        Ok(fd) => {
            io.core.fds.set(1, Some(fd));
            Ok(true)
        }
        Err(error) => {
            io.complain(&format!("{name}: {}", error.words()));
            Err(2)
        }
    }
}

fn order_of(has: impl Fn(char) -> bool) -> Order {
    Order {
        numeric: has('n') || has('g'),
        human: has('h'),
        version: has('V'),
        reverse: has('r'),
        fold: has('f'),
        blanks: has('b'),
    }
}

/// `2,3n`, `1.2r`
fn key(text: &str, global: Order) -> Option<Key> {
    let place = |text: &str| -> Option<((usize, usize), String)> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (field, char) = text[..end].split_once('.').unwrap_or((&text[..end], "0"));
        Some(((field.parse().ok()?, char.parse().ok()?), text[end..].to_string()))
    };
    let (from, to) = text.split_once(',').map_or((text, None), |(from, to)| (from, Some(to)));
    let (from, mut letters) = place(from)?;
    if from.0 == 0 {
        return None;
    }
    let to = match to {
        Some(to) => {
            let (to, more) = place(to)?;
            letters += &more;
            Some(to)
        }
        None => None,
    };
    let order = if letters.is_empty() { global } else { order_of(|letter| letters.contains(letter)) };
    Some(Key { from, to, order })
}

impl Sort {
    fn part<'a>(&self, line: &'a [u8], key: &Key) -> &'a [u8] {
        let starts = fields(line, self.separator);
        let end_of =
            |nth: usize| starts.get(nth).map_or(line.len(), |next| if self.separator.is_some() { next - 1 } else { *next });
        let Some(mut from) = starts.get(key.from.0 - 1).copied() else { return &[] };
        if key.order.blanks || key.order.numeric {
            while line.get(from).is_some_and(|byte| *byte == b' ' || *byte == b'\t') {
                from += 1;
            }
        }
        from = (from + key.from.1.saturating_sub(1)).min(line.len());
        let to = match key.to {
            None => line.len(),
            Some((field, 0)) => end_of(field),
            Some((field, char)) => starts.get(field.saturating_sub(1)).map_or(line.len(), |start| (start + char).min(line.len())),
        };
        &line[from..to.max(from)]
    }

    fn compare(&self, a: &[u8], b: &[u8]) -> Ordering {
        for key in &self.keys {
            let order = key.order.compare(self.part(a, key), self.part(b, key));
            if order != Ordering::Equal {
                return order;
            }
        }
        if self.keys.is_empty() {
            let order = self.order.compare(a, b);
            if order != Ordering::Equal {
                return order;
            }
        }
        if self.unique || self.stable {
            return Ordering::Equal;
        }
        let last = a.cmp(b);
        if self.order.reverse { last.reverse() } else { last }
    }
}

/// Where fields begin.
fn fields(line: &[u8], separator: Option<u8>) -> Vec<usize> {
    let mut out = vec![0];
    for at in 1..line.len() + usize::from(separator.is_some()) {
        let starts = match separator {
            Some(separator) => line[at - 1] == separator,
            None => {
                let blank = |byte: u8| byte == b' ' || byte == b'\t';
                blank(line[at]) && !blank(line[at - 1])
            }
        };
        if starts {
            out.push(at);
        }
    }
    out
}

impl Order {
    fn compare(self, a: &[u8], b: &[u8]) -> Ordering {
        let order = if self.numeric || self.human {
            number(a, self.human).total_cmp(&number(b, self.human))
        } else if self.version {
            version(a, b)
        } else if self.fold {
            a.to_ascii_uppercase().cmp(&b.to_ascii_uppercase())
        } else {
            a.cmp(b)
        };
        if self.reverse { order.reverse() } else { order }
    }
}

fn number(text: &[u8], human: bool) -> f64 {
    let text = String::from_utf8_lossy(text);
    let text = text.trim_start();
    let end = text
        .bytes()
        .enumerate()
        .position(|(at, c)| !(c.is_ascii_digit() || c == b'.' || at == 0 && c == b'-'))
        .unwrap_or(text.len());
    let value: f64 = text[..end].parse().unwrap_or(0.0);
    let scale = match text[end..].chars().next().filter(|_| human) {
        Some('k' | 'K') => 1024.0,
        Some('M') => 1_048_576.0,
        Some('G') => 1_073_741_824.0,
        Some('T') => 1_099_511_627_776.0,
        _ => 1.0,
    };
    // `-0` and `0` are equal.
    value * scale + 0.0
}

fn version(a: &[u8], b: &[u8]) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let digits = |text: &[u8]| text.iter().take_while(|c| c.is_ascii_digit()).count();
        let (da, db) = (digits(a), digits(b));
        if da > 0 && db > 0 {
            let trim = |text: &[u8]| text.iter().copied().skip_while(|c| *c == b'0').collect::<Vec<u8>>();
            let (na, nb) = (trim(&a[..da]), trim(&b[..db]));
            let order = na.len().cmp(&nb.len()).then_with(|| na.cmp(&nb));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (&a[da..], &b[db..]);
            continue;
        }
        match (a.split_first(), b.split_first()) {
            (Some((x, rest_a)), Some((y, rest_b))) if x == y => (a, b) = (rest_a, rest_b),
            (x, y) => return x.map(|pair| pair.0).cmp(&y.map(|pair| pair.0)),
        }
    }
}

impl Filter for Sort {
    fn take(&mut self, data: &[u8], _out: &mut Vec<u8>) -> Flow {
        let line = data.strip_suffix(b"\n").unwrap_or(data).to_vec();
        if self.check {
            if let Some(last) = self.lines.pop()
                && self.compare(&last, &line) == Ordering::Greater
            {
                self.disorder = Some(format!("-: disorder: {}", String::from_utf8_lossy(&line)));
                return Flow::Stop(1);
            }
            self.lines.push(line);
            return Flow::Go;
        }
        self.bytes += line.len() + 24;
        if self.bytes > super::text::KEPT {
            self.disorder = Some("out of memory".into());
            return Flow::Stop(2);
        }
        self.lines.push(line);
        Flow::Go
    }
    fn end(&mut self, out: &mut Vec<u8>) -> i32 {
        if self.check {
            return 0;
        }
        let mut lines = std::mem::take(&mut self.lines);
        crate::table::sort_by(&mut lines, |a, b| self.compare(a, b));
        if self.unique {
            lines.dedup_by(|later, earlier| self.compare(earlier, later) == Ordering::Equal);
        }
        for line in lines {
            out.extend(line);
            out.push(b'\n');
        }
        0
    }
    fn complaint(&mut self) -> Option<String> {
        self.disorder.take()
    }
    fn cost(&mut self) -> usize {
        usize::from(self.to_file)
    }
    fn copy(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}

// === impl uniq ===

#[derive(Clone, Debug)]
struct Uniq {
    count: bool,
    repeated: bool,
    single: bool,
    fold: bool,
    skip_fields: usize,
    skip_chars: usize,
    gnu: bool,
    last: Option<Vec<u8>>,
    times: u64,
}

pub(crate) fn uniq(io: &mut Io) -> Result<Box<dyn Tool>, i32> {
    let options = options(io, "cduif:s:w:", &[("count", 'c'), ("repeated", 'd'), ("unique", 'u'), ("ignore-case", 'i')])?;
    let number = |letter: char| options.value(letter).and_then(|text| text.parse().ok()).unwrap_or(0);
    let uniq = Uniq {
        count: options.has('c'),
        repeated: options.has('d'),
        single: options.has('u'),
        fold: options.has('i'),
        skip_fields: number('f'),
        skip_chars: number('s'),
        gnu: true,
        last: None,
        times: 0,
    };
    Ok(Filtering::over(uniq, options.rest.into_iter().take(1).collect(), Wording::CantOpen))
}

impl Uniq {
    fn key(&self, line: &[u8]) -> Vec<u8> {
        let mut at = 0;
        for _ in 0..self.skip_fields {
            while line.get(at).is_some_and(u8::is_ascii_whitespace) {
                at += 1;
            }
            while line.get(at).is_some_and(|byte| !byte.is_ascii_whitespace()) {
                at += 1;
            }
        }
        let part = line.get(at + self.skip_chars..).unwrap_or_default();
        if self.fold { part.to_ascii_lowercase() } else { part.to_vec() }
    }

    fn flush(&mut self, out: &mut Vec<u8>) {
        let Some(line) = self.last.take() else { return };
        let shown = if self.repeated { self.times > 1 } else { !self.single || self.times == 1 };
        if !shown {
            return;
        }
        if self.count {
            let width = if self.gnu { 7 } else { 1 };
            out.extend(format!("{:width$} ", self.times).as_bytes());
        }
        out.extend(line);
        out.push(b'\n');
    }
}

impl Filter for Uniq {
    fn take(&mut self, data: &[u8], out: &mut Vec<u8>) -> Flow {
        let line = data.strip_suffix(b"\n").unwrap_or(data);
        if self.last.as_ref().is_some_and(|last| self.key(last) == self.key(line)) {
            self.times += 1;
            return Flow::Go;
        }
        self.flush(out);
        self.last = Some(line.to_vec());
        self.times = 1;
        Flow::Go
    }
    fn end(&mut self, out: &mut Vec<u8>) -> i32 {
        self.flush(out);
        0
    }
    fn copy(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}
