//! The rolling hash of a history (in the way of FNV-1a, by words of 64 bit): equal histories give equal hashes on every platform.

use crate::Commit;
use value::Value;

pub const SEED: u64 = 0xcbf2_9ce4_8422_2325;

/// The hash after one more commit.
pub fn roll(hash: u64, commit: &Commit) -> u64 {
    let hash = number(number(number(hash, commit.rev), commit.time.as_micros() as u64), commit.kind as u64);
    tree(hash, &commit.object.value)
}

fn bytes(hash: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let hash = words.iter().fold(hash, |hash, word| number(hash, u64::from_le_bytes(*word)));
    let rest = rest.iter().fold(bytes.len() as u64, |rest, byte| rest << 8 | u64::from(*byte));
    number(hash, rest)
}

fn number(hash: u64, n: u64) -> u64 {
    (hash ^ n).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
}

fn tree(hash: u64, value: &Value) -> u64 {
    match value {
        Value::Null => number(hash, 1),
        Value::Bool(b) => number(hash, 2 + u64::from(*b)),
        Value::Int(i) => number(number(hash, 4), *i as u64),
        Value::Float(f) => number(number(hash, 5), f.to_bits()),
        Value::Str(s) => bytes(number(hash, 6), s.as_bytes()),
        Value::List(items) => items.iter().fold(number(hash, 7), tree),
        Value::Map(fields) => fields.iter().fold(number(hash, 8), |hash, (key, field)| tree(bytes(hash, key.as_bytes()), field)),
    }
}
