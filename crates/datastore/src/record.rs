//! A commit in bytes, with a sum over them. The form is exact (floats and all) and knows no limit of depth: what could be
//! written can be read.

use api::{Cause, Origin, WatchKind};
use base::{Text, Time};
use model::{Key, Object};
use std::sync::Arc;
use store::Commit;
use value::{Value, name};

/// The bytes of a commit.
pub fn write(commit: &Commit) -> Vec<u8> {
    let mut out = Writer(Vec::with_capacity(1024));
    out.number(kind_number(commit.kind));
    out.signed(commit.time.as_micros());
    out.text(&commit.cause.by);
    let (origin, number) = origin_numbers(commit.cause.from);
    out.number(origin);
    out.number(number);
    out.text(&commit.key.resource);
    out.text(&commit.key.namespace);
    out.text(&commit.key.name);
    out.value(&commit.object.value);
    let sum = sum(commit.rev, &out.0);
    out.0.extend_from_slice(&sum.to_le_bytes());
    out.0
}

/// The commit in bytes that were written at this revision; `None` if they are anything else.
pub fn read(rev: u64, bytes: &[u8]) -> Option<Commit> {
    let (body, told) = bytes.split_last_chunk::<8>()?;
    if sum(rev, body) != u64::from_le_bytes(*told) {
        return None;
    }
    let mut body = Reader(body);
    let kind = kind_of(body.number()?)?;
    let time = Time::from_micros(body.signed()?);
    let by = Text::from(body.text()?);
    let from = origin_of(body.number()?, body.number()?)?;
    let key = Key { resource: name(body.text()?), namespace: name(body.text()?), name: body.text()?.into() };
    let object = Arc::new(Object::new(&key.resource, body.value()?));
    Some(Commit { rev, time, cause: Cause { by, from }, kind, key, before: None, object })
}

/// A sum over bytes and their place, by words of 64 bit: a record that was changed, cut or moved does not fit it.
pub fn sum(place: u64, bytes: &[u8]) -> u64 {
    let roll = |sum: u64, word: u64| (sum ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    let (words, rest) = bytes.as_chunks::<8>();
    let sum = words.iter().fold(roll(0xcbf2_9ce4_8422_2325, place), |sum, word| roll(sum, u64::from_le_bytes(*word)));
    rest.iter().fold(roll(sum, bytes.len() as u64), |sum, byte| roll(sum, u64::from(*byte)))
}

fn kind_number(kind: WatchKind) -> u64 {
    match kind {
        WatchKind::Added => 0,
        WatchKind::Modified => 1,
        WatchKind::Deleted => 2,
        // No commit has these.
        WatchKind::Bookmark => 3,
        WatchKind::Error => 4,
    }
}

fn kind_of(number: u64) -> Option<WatchKind> {
    [WatchKind::Added, WatchKind::Modified, WatchKind::Deleted].into_iter().find(|kind| kind_number(*kind) == number)
}

fn origin_numbers(origin: Origin) -> (u64, u64) {
    match origin {
        Origin::Start => (0, 0),
        Origin::Input(number) => (1, u64::from(number)),
        Origin::Revision(rev) => (2, rev),
        Origin::Timer(rev) => (3, rev),
    }
}

fn origin_of(origin: u64, number: u64) -> Option<Origin> {
    match origin {
        0 => Some(Origin::Start),
        1 => u32::try_from(number).ok().map(Origin::Input),
        2 => Some(Origin::Revision(number)),
        3 => Some(Origin::Timer(number)),
        _ => None,
    }
}

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INT: u8 = 3;
const FLOAT: u8 = 4;
const STR: u8 = 5;
const LIST: u8 = 6;
const MAP: u8 = 7;

struct Writer(Vec<u8>);

impl Writer {
    /// Seven bits a byte, the lowest first.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }
    fn signed(&mut self, number: i64) {
        self.number((number << 1 ^ number >> 63) as u64);
    }
    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }
    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.0.push(NULL),
            Value::Bool(flag) => self.0.push(if *flag { TRUE } else { FALSE }),
            Value::Int(number) => {
                self.0.push(INT);
                self.signed(*number);
            }
            Value::Float(number) => {
                self.0.push(FLOAT);
                self.0.extend_from_slice(&number.to_bits().to_le_bytes());
            }
            Value::Str(text) => {
                self.0.push(STR);
                self.text(text);
            }
            Value::List(items) => {
                self.0.push(LIST);
                self.number(items.len() as u64);
                items.iter().for_each(|item| self.value(item));
            }
            Value::Map(fields) => {
                self.0.push(MAP);
                self.number(fields.len() as u64);
                for (field, value) in fields.iter() {
                    self.text(field);
                    self.value(value);
                }
            }
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }
    fn text(&mut self) -> Option<&'a str> {
        let len = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }
    fn value(&mut self) -> Option<Value> {
        Some(match self.byte()? {
            NULL => Value::Null,
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            INT => Value::Int(self.signed()?),
            FLOAT => {
                let (bits, rest) = self.0.split_first_chunk::<8>()?;
                self.0 = rest;
                Value::Float(f64::from_bits(u64::from_le_bytes(*bits)))
            }
            STR => Value::str(self.text()?),
            LIST => {
                let len = self.number()?;
                Value::List((0..len).map(|_| self.value()).collect::<Option<Vec<Value>>>()?.into())
            }
            MAP => {
                let len = self.number()?;
                let fields = (0..len).map(|_| Some((name(self.text()?), self.value()?)));
                Value::Map(fields.collect::<Option<Vec<(Text, Value)>>>()?.into_iter().collect())
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use value::{list, obj};

    #[test]
    fn what_was_written_is_read() {
        let mut deep = Value::Int(-1);
        for _ in 0..100 {
            deep = obj! { "a" => list![deep] };
        }
        let value = obj! {
            "metadata" => obj! { "name" => "é", "resourceVersion" => "7" }, "int" => i64::MIN, "float" => Value::Float(1.0),
            "none" => Value::Null, "yes" => true, "no" => false, "list" => list![1, 2], "deep" => deep,
        };
        let key = Key::new(&"pods".into(), "ns", "é");
        let object = Arc::new(Object::new(&key.resource, value));
        for (kind, from) in [
            (WatchKind::Added, Origin::Start),
            (WatchKind::Modified, Origin::Input(3)),
            (WatchKind::Deleted, Origin::Revision(u64::MAX)),
            (WatchKind::Deleted, Origin::Timer(1)),
        ] {
            let cause = Cause::new("me", from);
            let time = Time::from_micros(-5);
            let commit = Commit { rev: 7, time, cause, kind, key: key.clone(), before: None, object: object.clone() };
            let bytes = write(&commit);
            let again = read(7, &bytes).expect("as it was written");
            assert_eq!((again.rev, again.time, &again.cause, again.kind), (7, time, &commit.cause, kind));
            assert_eq!((again.key, &again.object), (key.clone(), &commit.object));
            assert!(matches!(again.object.value["float"], Value::Float(_)));
            assert!(read(8, &bytes).is_none() && read(7, &bytes[..bytes.len() - 1]).is_none() && read(7, b"").is_none());
        }
    }

    #[test]
    fn a_flipped_bit_is_noticed() {
        let key = Key::new(&"pods".into(), "ns", "a");
        let object = Arc::new(Object::new(&key.resource, obj! { "metadata" => obj! { "name" => "a" } }));
        let cause = Cause::new("me", Origin::Start);
        let bytes = write(&Commit { rev: 1, time: Time::EPOCH, cause, kind: WatchKind::Added, key, before: None, object });
        for bit in 0..bytes.len() * 8 {
            let mut broken = bytes.clone();
            broken[bit / 8] ^= 1 << (bit % 8);
            assert!(read(1, &broken).is_none(), "bit {bit}");
        }
    }
}
