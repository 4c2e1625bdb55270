//! tr: translates, deletes and squeezes characters.

use crate::filter::{Filter, Filtering, Flow, Wording};
use crate::kernel::Io;
use crate::pattern::class;
use crate::tool::{Tool, options};

#[derive(Clone, Debug)]
struct Tr {
    from: Vec<u8>,
    complement: bool,
    to: Vec<u8>,
    delete: bool,
    squeeze: Option<Vec<u8>>,
    last: Option<u8>,
}

pub(crate) fn tr(io: &mut Io) -> Result<Box<dyn Tool>, i32> {
    let options = options(io, "+cCdst", &[("delete", 'd'), ("squeeze-repeats", 's'), ("complement", 'c')])?;
    let (delete, squeeze) = (options.has('d'), options.has('s'));
    let mut sets = options.rest.iter().map(|text| expand(text));
    let Some(from) = sets.next() else {
        io.complain_usage("missing operand");
        return Err(1);
    };
    let second = sets.next();
    if second.is_none() && !delete && !squeeze {
        io.complain(&format!("missing operand after '{}'", options.rest[0]));
        return Err(1);
    }
    let complement = options.has('c') || options.has('C');
    let squeeze = squeeze.then(|| second.clone().unwrap_or_else(|| from.clone()));
    let to = if delete { Vec::new() } else { second.unwrap_or_default() };
    Ok(Filtering::over(Tr { from, complement, to, delete, squeeze, last: None }, Vec::new(), Wording::Plain))
}

/// `a-z`, `[:space:]`, `\n`, `\0`.
fn expand(text: &str) -> Vec<u8> {
    let mut plain: Vec<(u8, bool)> = Vec::new();
    let mut rest = text;
    let mut out = Vec::new();
    while let Some(c) = rest.chars().next() {
        if let Some(end) = rest.find(":]").filter(|_| rest.starts_with("[:"))
            && let Some(ranges) = class(&rest[2..end])
        {
            flush(&mut plain, &mut out);
            for (low, high) in ranges {
                out.extend(*low as u8..=*high as u8);
            }
            rest = &rest[end + 2..];
            continue;
        }
        let mut len = c.len_utf8();
        if c == '\\' && rest.len() > 1 {
            let digits = rest[1..].bytes().take(3).take_while(|c| (b'0'..=b'7').contains(c)).count();
            len = 1 + if digits > 0 { digits } else { rest[1..].chars().next().map_or(1, char::len_utf8) };
            plain.extend(crate::escape::unescape(&rest[..len]).0.into_iter().map(|byte| (byte, true)));
        } else {
            plain.extend(rest[..len].bytes().map(|byte| (byte, false)));
        }
        rest = &rest[len..];
    }
    flush(&mut plain, &mut out);
    out
}

fn flush(plain: &mut Vec<(u8, bool)>, out: &mut Vec<u8>) {
    let mut at = 0;
    while at < plain.len() {
        match (plain.get(at + 1), plain.get(at + 2)) {
            (Some((b'-', false)), Some((high, _))) if *high >= plain[at].0 => {
                out.extend(plain[at].0..=*high);
                at += 3;
            }
            _ => {
                out.push(plain[at].0);
                at += 1;
            }
        }
    }
    plain.clear();
}

impl Filter for Tr {
    fn take(&mut self, data: &[u8], out: &mut Vec<u8>) -> Flow {
        for byte in data {
            let found = self.from.iter().rposition(|from| from == byte);
            let selected = found.is_some() != self.complement;
            if selected && self.delete {
                continue;
            }
            let place = if self.complement { usize::MAX } else { found.unwrap_or(0) };
            let new = if selected { self.to.get(place).or(self.to.last()).copied().unwrap_or(*byte) } else { *byte };
            let squeezed = self.squeeze.as_ref().is_some_and(|set| {
                let inside = if self.complement && self.to.is_empty() { !set.contains(&new) } else { set.contains(&new) };
                inside && self.last == Some(new)
            });
            if !squeezed {
                out.push(new);
            }
            self.last = Some(new);
        }
        Flow::Go
    }
    fn whole_lines(&self) -> bool {
        false
    }
    fn copy(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}
