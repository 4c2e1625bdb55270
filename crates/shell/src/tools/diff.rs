//! diff and cmp.

use crate::kernel::{Fd, Io, Read};
use crate::tool::{On, Step, Tool, options};
use base::Text;

#[derive(Clone, Debug)]
struct Diff {
    names: [Text; 2],
    brief: bool,
    unified: bool,
    /// What was read of standard input, if one of the files is `-`.
    input: Vec<u8>,
    reading: bool,
}

pub(crate) fn diff(io: &mut Io) -> Result<Box<dyn Tool>, i32> {
    let long = [("brief", 'q'), ("unified", 'u'), ("recursive", 'r'), ("color", 'a')];
    let options = options(io, "qurNbwBaU:", &long).map_err(|_| 2)?;
    let [first, second] = options.rest.as_slice() else {
        io.complain_usage("missing operand");
        return Err(2);
    };
    let reading = first == "-" || second == "-";
    let unified = options.has('u') || options.has('U') || !io.is_bash();
    let names = [first.clone(), second.clone()];
    Ok(Box::new(Diff { names, brief: options.has('q'), unified, input: Vec::new(), reading }))
}

impl Tool for Diff {
    fn step(&mut self, io: &mut Io) -> Step {
        if self.reading {
            match io.read(0, 16 << 10) {
                Read::Data(bytes) if self.input.len() < 4 << 20 => self.input.extend(bytes),
                Read::Wait => return Step::Wait(On::Read(io.core.fds.get(0).cloned().unwrap_or(Fd::Null))),
                Read::Data(_) | Read::End => self.reading = false,
            }
            return Step::More;
        }
        let mut texts = Vec::new();
        for name in &self.names {
            if name == "-" {
                texts.push(String::from_utf8_lossy(&self.input).into_owned());
                continue;
            }
            match io.read_file(name) {
                Ok(data) => texts.push(String::from_utf8_lossy(data.bytes()).into_owned()),
                Err(error) => {
                    io.complain(&format!("{name}: {}", error.words()));
                    return Step::Exit(2);
                }
            }
        }
        if texts[0] == texts[1] {
            return Step::Exit(0);
        }
        let [a, b] = &self.names;
        if self.brief {
            io.out(format!("Files {a} and {b} differ\n"));
        } else {
            let (left, right) = (lines(&texts[0]), lines(&texts[1]));
            let changes = changes(&left, &right);
            io.spend(left.len() + right.len());
            let shown = if self.unified { unified(&left, &right, &changes, [a, b]) } else { normal(&left, &right, &changes) };
            io.out(shown);
        }
        Step::Exit(1)
    }
    fn copy(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

/// A run of lines on the left that became a run of lines on the right.
struct Change {
    left: std::ops::Range<usize>,
    right: std::ops::Range<usize>,
}

/// The longest common subsequence by the classic table; long texts are compared only where they differ at all, and as
/// one change if that is still too much.
fn changes(left: &[&str], right: &[&str]) -> Vec<Change> {
    let start = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let tail = left[start..].iter().rev().zip(right[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&left[start..left.len() - tail], &right[start..right.len() - tail]);
    if a.len().saturating_mul(b.len()) > 4_000_000 {
        return vec![Change { left: start..left.len() - tail, right: start..right.len() - tail }];
    }
    let width = b.len() + 1;
    let mut table = vec![0_u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            table[i * width + j] = if a[i] == b[j] {
                table[(i + 1) * width + j + 1] + 1
            } else {
                table[(i + 1) * width + j].max(table[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut out: Vec<Change> = Vec::new();
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            (i, j) = (i + 1, j + 1);
            continue;
        }
        let (from_i, from_j) = (i, j);
        while i < a.len() && j < b.len() && a[i] != b[j] || (i < a.len()) != (j < b.len()) {
            let down = j >= b.len() || i < a.len() && table[(i + 1) * width + j] >= table[i * width + j + 1];
            if down { i += 1 } else { j += 1 }
        }
        out.push(Change { left: start + from_i..start + i, right: start + from_j..start + j });
    }
    out
}

fn normal(left: &[&str], right: &[&str], changes: &[Change]) -> String {
    let mut out = String::new();
    let place = |range: &std::ops::Range<usize>| match range.len() {
        0 => range.start.to_string(),
        1 => (range.start + 1).to_string(),
        _ => format!("{},{}", range.start + 1, range.end),
    };
    for change in changes {
        let letter = match (change.left.is_empty(), change.right.is_empty()) {
            (true, _) => 'a',
            (_, true) => 'd',
            _ => 'c',
        };
        out += &format!("{}{letter}{}\n", place(&change.left), place(&change.right));
        left[change.left.clone()].iter().for_each(|line| out += &format!("< {line}\n"));
        if letter == 'c' {
            out += "---\n";
        }
        right[change.right.clone()].iter().for_each(|line| out += &format!("> {line}\n"));
    }
    out
}

fn unified(left: &[&str], right: &[&str], changes: &[Change], names: [&Text; 2]) -> String {
    let mut out = format!("--- {}\n+++ {}\n", names[0], names[1]);
    let mut at = 0;
    while at < changes.len() {
        let mut last = at;
        while last + 1 < changes.len() && changes[last + 1].left.start - changes[last].left.end <= 6 {
            last += 1;
        }
        let before = changes[at].left.start.min(changes[at].right.start).min(3);
        let after = (left.len() - changes[last].left.end).min(3);
        let (from_l, to_l) = (changes[at].left.start - before, changes[last].left.end + after);
        let (from_r, to_r) = (changes[at].right.start - before, changes[last].right.end + after);
        let range = |from: usize, to: usize| match to - from {
            0 => format!("{from},0"),
            1 => (from + 1).to_string(),
            count => format!("{},{count}", from + 1),
        };
        out += &format!("@@ -{} +{} @@\n", range(from_l, to_l), range(from_r, to_r));
        let mut line = from_l;
        for change in &changes[at..=last] {
            left[line..change.left.start].iter().for_each(|text| out += &format!(" {text}\n"));
            left[change.left.clone()].iter().for_each(|text| out += &format!("-{text}\n"));
            right[change.right.clone()].iter().for_each(|text| out += &format!("+{text}\n"));
            line = change.left.end;
        }
        left[line..to_l].iter().for_each(|text| out += &format!(" {text}\n"));
        at = last + 1;
    }
    out
}

pub(crate) fn cmp(io: &mut Io) -> i32 {
    let options = match options(io, "sl", &[]) {
        Ok(options) => options,
        Err(_) => return 2,
    };
    let [a, b, ..] = options.rest.as_slice() else {
        io.complain_usage("missing operand");
        return 2;
    };
    let mut data = Vec::new();
    for name in [a, b] {
        match io.read_file(name) {
            Ok(found) => data.push(found),
            Err(error) => {
                io.complain(&format!("{name}: {}", error.words()));
                return 2;
            }
        }
    }
    let (x, y) = (data[0].bytes(), data[1].bytes());
    if x == y {
        return 0;
    }
    if !options.has('s') {
        match x.iter().zip(y).position(|(x, y)| x != y) {
            Some(at) => {
                let line = x[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
                io.out(format!("{a} {b} differ: char {}, line {line}\n", at + 1));
            }
            None => io.complain(&format!("EOF on {}", if x.len() < y.len() { a } else { b })),
        }
    }
    1
}
