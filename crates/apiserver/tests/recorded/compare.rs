//! Comparing an answer with a recorded one: texts of the recording hold tokens for what differs between two runs
//! (`<uid>`, `<time>`, `<svcip>` …).

use value::Value;

/// The first difference, as text; `None` if there is none.
pub fn difference(want: &Value, got: &Value, at: &str) -> Option<String> {
    match (want, got) {
        (Value::Map(w), Value::Map(g)) => {
            for (key, value) in w.iter() {
                let have = g.get(key).unwrap_or(&Value::Null);
                if let Some(d) = difference(value, have, &format!("{at}.{key}")) {
                    return Some(d);
                }
            }
            let extra = g.iter().find(|(key, _)| !w.contains(key));
            extra.map(|(key, value)| format!("{at}.{key}: not wanted, got {}", short(value)))
        }
        (Value::List(w), Value::List(g)) => {
            if w.len() != g.len() {
                return Some(format!("{at}: {} items wanted, got {}: {} / {}", w.len(), g.len(), short(want), short(got)));
            }
            let mut pairs = w.iter().zip(g.iter()).enumerate();
            pairs.find_map(|(i, (w, g))| difference(w, g, &format!("{at}[{i}]")))
        }
        (Value::Str(w), Value::Str(g)) if matches(w, g) => None,
        (Value::Str(w), Value::Int(g)) if matches(w, &g.to_string()) && w.starts_with('<') => None,
        _ if want == got => None,
        _ => Some(format!("{at}: wanted {}\n      got    {}", short(want), short(got))),
    }
}

fn short(value: &Value) -> String {
    value.to_json().chars().take(600).collect()
}

/// Whether a text fits a recorded one with tokens.
pub fn matches(want: &str, got: &str) -> bool {
    let Some(start) = want.find('<') else { return want == got };
    let (head, rest) = want.split_at(start);
    let Some(got) = got.strip_prefix(head) else { return false };
    let token = rest.find('>').map(|end| &rest[..=end]).and_then(|token| Some((token, allowed(token)?)));
    let Some((token, (allowed, low, high))) = token else {
        return got.strip_prefix('<').is_some_and(|got| matches(&rest[1..], got));
    };
    let rest = &rest[token.len()..];
    let run = got.bytes().take_while(|b| allowed(*b)).count().min(high);
    (low..=run).rev().any(|n| got.is_char_boundary(n) && matches(rest, &got[n..]))
}

type Allowed = (fn(u8) -> bool, usize, usize);

fn allowed(token: &str) -> Option<Allowed> {
    let name = token.trim_matches(|c| c == '<' || c == '>').split(':').next().unwrap_or_default();
    Some(match name {
        "uid" => (|b| b.is_ascii_hexdigit() || b == b'-', 1, 36),
        "rv" | "nodeport" => (|b| b.is_ascii_digit(), 1, 20),
        "time" => (|b| b.is_ascii_digit() || matches!(b, b'-' | b':' | b'T' | b'Z' | b'.' | b'+'), 10, 40),
        "svcip" | "podip" => (|b| b.is_ascii_digit() || b == b'.', 7, 15),
        "rand" => (|b| b.is_ascii_alphanumeric(), 5, 5),
        "hash" => (|b| b.is_ascii_alphanumeric(), 8, 10),
        "age" => (|b| b.is_ascii_alphanumeric(), 2, 8),
        "continue" => (|_| true, 1, 2000),
        _ => return None,
    })
}

/// A copy without these keys at any depth.
pub fn without(value: &Value, keys: &[&str]) -> Value {
    match value {
        Value::Map(map) => {
            let mut map = map.clone();
            map.retain(|key, _| !keys.contains(&key));
            Value::Map(map.iter().map(|(k, v)| (k.clone(), without(v, keys))).collect())
        }
        Value::List(list) => Value::List(list.iter().map(|v| without(v, keys)).collect()),
        other => other.clone(),
    }
}

/// `status.conditions[type=Ready].status` of a value.
pub fn pick(value: &Value, path: &str) -> Value {
    let mut at = value.clone();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let (selector, after) = inner.split_once(']').unwrap_or((inner, ""));
            at = match selector.split_once('=') {
                Some((key, want)) => at.items().iter().find(|i| i[key].s() == want).cloned().unwrap_or_default(),
                None => selector.parse::<usize>().map(|i| at[i].clone()).unwrap_or_default(),
            };
            rest = after.strip_prefix('.').unwrap_or(after);
            continue;
        }
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        at = at[&rest[..end]].clone();
        rest = rest[end..].strip_prefix('.').unwrap_or(&rest[end..]);
    }
    at
}

#[test]
fn tokens_match() {
    assert!(matches("a <uid> b", "a 01234567-89ab-4def-8123-0123456789ab b"));
    assert!(matches("<svcip>-<nodeport>", "10.96.1.2-30000"));
    assert!(matches("x-<rand>", "x-bcdfg") && !matches("x-<rand>", "x-bc"));
    assert!(matches("<nil>: bad", "<nil>: bad") && !matches("<uid>", ""));
}
