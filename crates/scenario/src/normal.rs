//! What may differ between two runs becomes a token: `<uid>`, `<rv>`, `<time>`, `<age>`, `<ago>`, `<hash>` (of a pod template),
//! `<rand>` (five random characters), `<podip>`, `<svcip>`, `<nodeport>`. Both sides of a comparison are normalized, so the
//! tokens of a recording stay as they are.

use crate::scan::{Cursor, age, digits, hex, is_word, rand, replace};
use std::collections::BTreeMap;
use value::Value;

/// What is known about one run: its namespace and working folder, and the values that got numbered tokens.
#[derive(Clone, Default)]
pub struct Tokens {
    /// Becomes `$NS`; empty: none.
    pub namespace: String,
    /// Becomes `$DIR`; empty: none.
    pub folder: String,
    /// Of a real machine: container ids, digests and durations become tokens too.
    pub real_node: bool,
    seen: BTreeMap<(&'static str, String), usize>,
}

impl Tokens {
    /// A stable token for each distinct value, in order of first sight.
    fn number(&mut self, kind: &'static str, text: &str) -> String {
        let count = self.seen.keys().filter(|(k, _)| *k == kind).count();
        let number = *self.seen.entry((kind, text.to_string())).or_insert(count + 1);
        format!("<{kind}:{number}>")
    }
    /// A text as people see it: ages are tokens too, runs of spaces become two.
    pub fn text(&self, text: &str) -> String {
        let text = ages(&self.plain(text));
        let lines: Vec<String> = text.split('\n').map(squeeze).collect();
        lines.join("\n")
    }
    /// A text inside an object.
    fn plain(&self, text: &str) -> String {
        let mut text = text.to_string();
        if !self.folder.is_empty() {
            text = text.replace(&self.folder, "$DIR");
        }
        text = replace(&text, klog);
        if !self.namespace.is_empty() {
            text = text.replace(&self.namespace, "$NS");
        }
        for rule in RULES {
            text = replace(&text, rule);
        }
        if self.real_node {
            for rule in MACHINE {
                text = replace(&text, rule);
            }
        }
        text
    }
    /// An object, at any depth.
    pub fn value(&mut self, value: &Value) -> Value {
        self.field(value, "")
    }
    fn field(&mut self, value: &Value, key: &str) -> Value {
        match value {
            Value::Map(map) => {
                let kept = map.iter().filter(|(k, _)| *k != "selfLink");
                Value::Map(kept.map(|(k, v)| (self.key(k).into(), self.field(v, k))).collect())
            }
            Value::List(list) => Value::List(list.iter().map(|v| self.field(v, key)).collect()),
            Value::Str(text) => Value::str(&self.word(text, key)),
            Value::Int(port) if matches!(key, "nodePort" | "healthCheckNodePort") && *port >= 30_000 => Value::str("<nodeport>"),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => value.clone(),
        }
    }
    fn key(&self, key: &str) -> String {
        let key = if self.namespace.is_empty() { key.to_string() } else { key.replace(&self.namespace, "$NS") };
        if key.starts_with("k:{") { self.plain(&key) } else { key }
    }
    fn word(&mut self, text: &str, key: &str) -> String {
        match key {
            "uid" => self.number("uid", text),
            "continue" if !text.is_empty() => self.number("continue", text),
            "cells" if age(text).contains(&text.len()) => "<age>".into(),
            "resourceVersion" if !matches!(text, "" | "0") => "<rv>".into(),
            "pod-template-hash" | "controller-revision-hash" | "controller.kubernetes.io/hash" => {
                let run = text.bytes().rev().take_while(|b| rand(*b)).count();
                if run < 8 { text.into() } else { format!("{}<hash>", &text[..text.len() - run.min(10)]) }
            }
            _ => self.plain(text),
        }
    }
}

type Rule = fn(&Cursor) -> Option<(usize, String)>;

/// In this order: earlier tokens are text for the later rules.
const RULES: [Rule; 16] = [
    uid,
    rfc3339,
    rfc1123,
    pod_name,
    template_hash,
    revision_hash,
    hash_name,
    rand_name,
    pod_ip,
    service_ip,
    node_port,
    resource_version,
    precondition,
    record,
    too_old,
    jwt,
];

const MACHINE: [Rule; 5] = [container_id, digest, hex64, pull_time, image_size];

/// `E0102 15:04:05.000000   123 memcache.go:265]`
fn klog(at: &Cursor) -> Option<(usize, String)> {
    let rest = at.rest();
    let letter = rest.chars().next().filter(|c| "EWIF".contains(*c) && at.line_start())?;
    let file = rest.find(".go:").filter(|_| shape(&rest[1..], "0000 00:00:00.000000 "))?;
    let start = rest[..file].rfind(' ')? + 1;
    let number = digits(&rest[file + 4..]);
    let end = file + 4 + number;
    let fine = number > 0 && rest[end..].starts_with(']') && !rest[..end].contains('\n');
    fine.then(|| (end + 1, format!("{letter}<klog> {}<line>]", &rest[start..file + 4])))
}

fn uid(at: &Cursor) -> Option<(usize, String)> {
    let rest = at.rest();
    let mut place = 0;
    for (index, length) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        if index > 0 {
            place += rest[place..].starts_with('-').then_some(1)?;
        }
        place += (hex(&rest[place..]) >= length).then_some(length)?;
    }
    Some((place, "<uid>".into()))
}

fn shape(text: &str, shape: &str) -> bool {
    text.len() >= shape.len()
        && text.bytes().zip(shape.bytes()).all(|(t, s)| match s {
            b'0' => t.is_ascii_digit(),
            b'a' => t.is_ascii_alphanumeric() || t == b'_',
            b'+' => t == b'+' || t == b'-',
            s => t == s,
        })
}

fn rfc3339(at: &Cursor) -> Option<(usize, String)> {
    let rest = at.rest();
    let mut end = shape(rest, "0000-00-00T00:00:00").then_some(19)?;
    if rest[end..].starts_with('.') && digits(&rest[end + 1..]) > 0 {
        end += 1 + digits(&rest[end + 1..]);
    }
    if rest[end..].starts_with('Z') {
        return Some((end + 1, "<time>".into()));
    }
    shape(&rest[end..], "+00:00").then(|| (end + 6, "<time>".into()))
}

fn rfc1123(at: &Cursor) -> Option<(usize, String)> {
    let rest = at.rest();
    let day = rest.get(..3).is_some_and(|d| ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].contains(&d));
    (day && shape(&rest[3..], ", 00 aaa 0000 00:00:00 +0000")).then(|| (31, "<time>".into()))
}

/// How many characters of a random name are here; the next one is no part of a word.
fn random(text: &str) -> Option<usize> {
    let run = text.bytes().take_while(|b| rand(*b)).count();
    (!text[run..].chars().next().is_some_and(is_word)).then_some(run)
}

fn after_name(at: &Cursor) -> bool {
    at.before().is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) && at.rest().starts_with('-')
}

fn pod_name(at: &Cursor) -> Option<(usize, String)> {
    if !after_name(at) {
        return None;
    }
    let rest = &at.rest()[1..];
    let hash = rest.bytes().take_while(|b| rand(*b)).count();
    let fine = (8..=10).contains(&hash) && rest[hash..].starts_with('-') && random(&rest[hash + 1..]) == Some(5);
    fine.then(|| (hash + 7, "-<hash>-<rand>".into()))
}

/// `KEY=VALUE`, `KEY: "VALUE"`: the length up to the value.
fn labelled(at: &Cursor, key: &str) -> Option<usize> {
    let rest = at.rest().strip_prefix(key)?;
    let rest = rest.strip_prefix(['=', ':'])?.trim_start();
    let rest = rest.strip_prefix('"').unwrap_or(rest);
    Some(at.rest().len() - rest.len())
}

fn template_hash(at: &Cursor) -> Option<(usize, String)> {
    let start = labelled(at, "pod-template-hash")?;
    let rest = at.rest();
    let run = random(&rest[start..]).filter(|run| (8..=10).contains(run))?;
    Some((start + run, format!("{}<hash>", &rest[..start])))
}

fn revision_hash(at: &Cursor) -> Option<(usize, String)> {
    let start = labelled(at, "controller-revision-hash")?;
    let rest = at.rest();
    let name = rest[start..].bytes().take_while(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-').count();
    let first = rest[start..start + name].rfind('-').map_or(start, |dash| start + dash + 1);
    let run = random(&rest[first..]).filter(|run| (8..=10).contains(run))?;
    Some((first + run, format!("{}<hash>", &rest[..first])))
}

fn hash_name(at: &Cursor) -> Option<(usize, String)> {
    let rest = after_name(at).then(|| &at.rest()[1..])?;
    let run = random(rest).filter(|run| (8..=10).contains(run))?;
    let digit = rest.bytes().find(|b| !b.is_ascii_lowercase()).is_some_and(|b| b.is_ascii_digit());
    digit.then(|| (run + 1, "-<hash>".into()))
}

fn rand_name(at: &Cursor) -> Option<(usize, String)> {
    let rest = after_name(at).then(|| &at.rest()[1..])?;
    (random(rest) == Some(5) && !rest[5..].starts_with('-')).then(|| (6, "-<rand>".into()))
}

/// An address whose first two numbers are these.
fn address(at: &Cursor, fits: fn(u32, u32) -> bool) -> Option<usize> {
    let rest = at.rest();
    if at.before().is_some_and(is_word) {
        return None;
    }
    let mut numbers = [0; 4];
    let mut place = 0;
    for (index, number) in numbers.iter_mut().enumerate() {
        if index > 0 {
            place += rest[place..].starts_with('.').then_some(1)?;
        }
        let run = digits(&rest[place..]);
        *number = rest[place..place + run].parse().ok()?;
        place += run;
    }
    (fits(numbers[0], numbers[1]) && !rest[place..].starts_with('/')).then_some(place)
}

fn pod_ip(at: &Cursor) -> Option<(usize, String)> {
    address(at, |a, b| a == 10 && b == 244).map(|end| (end, "<podip>".into()))
}

fn service_ip(at: &Cursor) -> Option<(usize, String)> {
    address(at, |a, b| a == 10 && (96..=119).contains(&b)).map(|end| (end, "<svcip>".into()))
}

fn node_port(at: &Cursor) -> Option<(usize, String)> {
    let rest = at.rest();
    let apart = |c: char| !is_word(c) && c != '.';
    let fine = rest.starts_with('3') && digits(rest) == 5 && matches!(rest.as_bytes()[1], b'0'..=b'2');
    let alone = at.before().is_none_or(apart) && rest.get(5..)?.chars().next().is_none_or(apart);
    (fine && alone).then(|| (5, "<nodeport>".into()))
}

/// A number, or what became a token before, after a text.
fn number_after(at: &Cursor, prefix: &str) -> Option<(usize, String)> {
    let rest = at.rest().strip_prefix(prefix)?;
    let run = if rest.starts_with("<nodeport>") { 10 } else { digits(rest) };
    (run > 0).then(|| (prefix.len() + run, format!("{prefix}<rv>")))
}

fn resource_version(at: &Cursor) -> Option<(usize, String)> {
    let quotes = |text: &str| text.bytes().take_while(|b| matches!(b, b'\\' | b'"' | b'\'')).count();
    let rest = at.rest();
    let mut end = rest.strip_prefix("resourceVersion").map(|_| 15)?;
    end += quotes(&rest[end..]);
    end += rest[end..].strip_prefix(':').map(|_| 1)?;
    end += usize::from(rest[end..].starts_with(' '));
    end += quotes(&rest[end..]);
    let run = if rest[end..].starts_with("<nodeport>") { 10 } else { digits(&rest[end..]) };
    (run > 0).then(|| (end + run, format!("{}<rv>", &rest[..end])))
}

fn precondition(at: &Cursor) -> Option<(usize, String)> {
    number_after(at, "ResourceVersion in precondition: ").or_else(|| number_after(at, "ResourceVersion in object meta: "))
}

fn record(at: &Cursor) -> Option<(usize, String)> {
    number_after(at, "ResourceVersion in record (")
}

fn too_old(at: &Cursor) -> Option<(usize, String)> {
    let rest = at.rest();
    if let Some(after) = rest.strip_prefix("too old resource version: ") {
        let start = 26 + digits(after);
        let open = rest[start..].strip_prefix(" (")?;
        let run = digits(open);
        return (run > 0).then(|| (start + 2 + run, format!("{} (<rv>", &rest[..start])));
    }
    let after = rest.strip_prefix("Too large resource version: ")?;
    let start = 28 + digits(after);
    let current = rest[start..].strip_prefix(", current: ")?;
    let run = digits(current);
    (run > 0).then(|| (start + 11 + run, format!("{}, current: <rv>", &rest[..start])))
}

fn jwt(at: &Cursor) -> Option<(usize, String)> {
    let rest = at.rest();
    if !rest.starts_with("eyJ") || at.before().is_some_and(is_word) {
        return None;
    }
    let part = |text: &str| text.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')).count();
    let first = part(rest);
    let second = part(rest.get(first + 1..).filter(|_| first >= 13 && rest[first..].starts_with('.'))?);
    let end = first + 1 + second;
    let third = part(rest.get(end + 1..).filter(|_| second >= 10 && rest[end..].starts_with('.'))?);
    (third > 0).then(|| (end + 1 + third, "<jwt>".into()))
}

fn container_id(at: &Cursor) -> Option<(usize, String)> {
    let start = at.rest().strip_prefix("containerd://")?;
    (hex(start) == 64).then(|| (77, "<cid>".into()))
}

fn digest(at: &Cursor) -> Option<(usize, String)> {
    let rest = at.rest().strip_prefix("sha256:")?;
    (hex(rest) == 64).then(|| (71, "sha256:<digest>".into()))
}

fn hex64(at: &Cursor) -> Option<(usize, String)> {
    let apart = at.before().is_none_or(|c| !is_word(c)) && hex(at.rest()) == 64;
    (apart && !at.rest()[64..].chars().next().is_some_and(is_word)).then(|| (64, "<hex64>".into()))
}

fn span(text: &str) -> Option<usize> {
    let number = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let unit = ["ns", "us", "µs", "ms", "s"].into_iter().find(|unit| text[number..].starts_with(unit))?;
    (number > 0).then_some(number + unit.len())
}

fn pull_time(at: &Cursor) -> Option<(usize, String)> {
    let rest = at.rest().strip_prefix("in ")?;
    let first = span(rest)?;
    let inner = rest[first..].strip_prefix(" (")?;
    let second = span(inner)?;
    let tail = " including waiting)";
    inner[second..].starts_with(tail).then(|| (3 + first + 2 + second + tail.len(), "in <dur> (<dur> including waiting)".into()))
}

fn image_size(at: &Cursor) -> Option<(usize, String)> {
    let rest = at.rest().strip_prefix("Image size: ")?;
    let run = digits(rest);
    (run > 0 && rest[run..].starts_with(" bytes")).then(|| (12 + run + 6, "Image size: <n> bytes".into()))
}

// Ages, in the columns of tables and in words.

fn ages(text: &str) -> String {
    let rules: [Rule; 5] = [age_column, last_seen, ago, repeated, over];
    rules.into_iter().fold(text.to_string(), |text, rule| replace(&text, rule))
}

fn age_column(at: &Cursor) -> Option<(usize, String)> {
    if !at.head().ends_with("  ") {
        return None;
    }
    let ends = |end: &usize| at.rest()[*end..].chars().next().is_none_or(char::is_whitespace);
    age(at.rest()).into_iter().find(ends).map(|end| (end, "<age>".into()))
}

fn last_seen(at: &Cursor) -> Option<(usize, String)> {
    if !at.line_start() {
        return None;
    }
    age(at.rest()).into_iter().find(|end| at.rest()[*end..].starts_with("  ")).map(|end| (end, "<age>".into()))
}

fn ago(at: &Cursor) -> Option<(usize, String)> {
    let rest = at.rest();
    let open = usize::from(rest.starts_with('('));
    if open == 0 && at.before().is_some_and(is_word) {
        return None;
    }
    let end = open + age(&rest[open..]).into_iter().find(|end| rest[open + end..].starts_with(" ago"))? + 4;
    Some((end + usize::from(rest[end..].starts_with(')')), "<ago>".into()))
}

fn repeated(at: &Cursor) -> Option<(usize, String)> {
    age(at.rest()).into_iter().find_map(|first| {
        let rest = at.rest()[first..].strip_prefix(" (x")?;
        let (count, length) = times(rest)?;
        Some((first + 3 + length, format!("<age> (x{count} over <age>)")))
    })
}

fn over(at: &Cursor) -> Option<(usize, String)> {
    let (count, length) = times(at.rest().strip_prefix("(x")?)?;
    Some((2 + length, format!("(x{count} over <age>)")))
}

/// `3 over 2m)`: the count, and the length of all.
fn times(text: &str) -> Option<(&str, usize)> {
    let count = digits(text);
    let rest = text[count..].strip_prefix(" over ").filter(|_| count > 0)?;
    let end = age(rest).into_iter().find(|end| rest[*end..].starts_with(')'))?;
    Some((&text[..count], count + 6 + end + 1))
}

/// Runs of spaces inside a line become two; none are left at its end.
pub fn squeeze(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut spaces = 0;
    for c in line.trim_end().chars() {
        if c == ' ' {
            spaces += 1;
            continue;
        }
        let indent = out.is_empty();
        let kept = if indent { spaces } else { spaces.min(2) };
        out.extend(std::iter::repeat_n(' ', kept));
        spaces = 0;
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wanted: &str) {
        let tokens = Tokens { namespace: "t0aaa".into(), real_node: true, ..Tokens::default() };
        assert_eq!(tokens.text(text), wanted, "{text}");
    }

    #[test]
    fn names_lose_their_dice() {
        check("web-54dc6c76f6-4qsv8   1/1", "web-<hash>-<rand>  1/1");
        check("replicaset.apps/web-54dc6c76f6 created", "replicaset.apps/web-<hash> created");
        check("job-4qsv8 and node-1", "job-<rand> and node-1");
        check("pod-template-hash=54dc6c76f6", "pod-template-hash=<hash>");
        check("pod-template-hash: 54dc6c76f6", "pod-template-hash: <hash>");
        check("controller-revision-hash=web-54dc6c76f6", "controller-revision-hash=web-<hash>");
        check("in t0aaa/x", "in $NS/x");
    }

    #[test]
    fn addresses_ports_and_versions() {
        check("10.244.1.15 10.244.0.0/16 10.96.0.1 10.120.0.1", "<podip> 10.244.0.0/16 <svcip> 10.120.0.1");
        check("80:31234/TCP 131234 31234.5", "80:<nodeport>/TCP 131234 31234.5");
        check("resourceVersion: \"1234\"", "resourceVersion: \"<rv>\"");
        check("resourceVersion: 31234", "resourceVersion: <rv>");
        check("0e6bcb5c-7cf6-4b5c-8ec2-56c7d5f47f0c", "<uid>");
    }

    #[test]
    fn times_and_ages() {
        check("at 2026-01-01T00:00:00.123Z or Thu, 01 Jan 2026 00:00:00 +0000", "at <time> or <time>");
        check("web   1/1   2 (5m ago)   2y80d", "web  1/1  2 <ago>  <age>");
        check("5m3s       Normal", "<age>  Normal");
        check("Normal  Pulled  5s (x3 over 2m)", "Normal  Pulled  <age> (x3 over <age>)");
        check(
            "in 1.5s (2s including waiting). Image size: 12 bytes.",
            "in <dur> (<dur> including waiting). Image size: <n> bytes.",
        );
    }

    #[test]
    fn log_lines_of_the_client() {
        check("E0102 15:04:05.123456     123 memcache.go:265] x", "E<klog> memcache.go:<line>] x");
    }

    #[test]
    fn objects() {
        let mut tokens = Tokens::default();
        let value =
            Value::from_json(r#"{"uid":"b","a":[{"uid":"b"}],"resourceVersion":"5","nodePort":31000,"cells":["5m","x"]}"#);
        let got = tokens.value(&value.expect("JSON")).to_json();
        let wanted =
            r#"{"a":[{"uid":"<uid:1>"}],"cells":["<age>","x"],"nodePort":"<nodeport>","resourceVersion":"<rv>","uid":"<uid:1>"}"#;
        assert_eq!(got, wanted);
    }
}
