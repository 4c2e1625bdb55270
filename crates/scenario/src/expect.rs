//! `expect`: what must become true, and within how long.

use crate::parse::span;
use base::Duration;
use value::Value;

/// `deployment/web available within 60s`, `pods -l app=web = 3 Ready`, `service/web .spec.type = NodePort`.
#[derive(Clone, PartialEq, Debug)]
pub struct Expectation {
    /// The arguments of `kubectl get` that find the objects.
    pub of: String,
    pub wanted: Wanted,
    pub within: Duration,
}

/// What must be true of the objects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// The one object is in a state: a condition that is True, a phase, a reason; `gone`, `exists`, `complete`.
    State { word: String, not: bool },
    /// So many objects are in a state; without a word: so many are there.
    Count { count: usize, word: String },
    /// A field of the one object has a value.
    Field { path: String, value: String },
}

const FORMS: &str = "expect NAME WORD, expect KIND = COUNT [WORD], or expect NAME .field = VALUE";

impl Expectation {
    pub fn parse(text: &str) -> Result<Expectation, String> {
        let (text, within) = match text.rsplit_once(" within ") {
            Some((text, within)) => (text, span(within)?),
            None => (text, Duration::ZERO),
        };
        let parts = text.split_once(" = ").map(|(left, right)| (left.trim(), right.trim()));
        let (of, wanted) = match parts {
            Some((left, right)) => match left.rsplit_once(' ').filter(|(_, path)| path.starts_with('.')) {
                Some((of, path)) => (of, Wanted::Field { path: path[1..].into(), value: right.into() }),
                None => (left, count(right)?),
            },
            None => {
                let (of, word) = text.trim().rsplit_once(' ').ok_or(FORMS)?;
                let positive = of.trim_end().strip_suffix(" not");
                (positive.unwrap_or(of), Wanted::State { word: word.into(), not: positive.is_some() })
            }
        };
        Ok(Expectation { of: of.trim().into(), wanted, within })
    }
    /// Judges the answer of `kubectl get … -o json` (null if there is none). The error says how it is instead.
    pub fn judge(&self, answer: &Value) -> Result<(), String> {
        let objects = match answer["items"].as_list() {
            Some(items) => items.as_slice(),
            None if answer.is_null() => &[],
            None => std::slice::from_ref(answer),
        };
        match &self.wanted {
            Wanted::Count { count, word } => {
                let found = objects.iter().filter(|o| word.is_empty() || is(o, word)).count();
                verdict(found == *count, || {
                    format!("{found}{} of {}", if word.is_empty() { String::new() } else { format!(" {word}") }, objects.len())
                        + &tell(objects)
                })
            }
            Wanted::State { word, not } if word == "gone" || word == "exists" => {
                let there = !objects.is_empty();
                verdict(there == ((word == "exists") != *not), || {
                    if there { "it is there".into() } else { "it is not there".into() }
                })
            }
            Wanted::State { word, not } => {
                let object = objects.first().ok_or("it is not there")?;
                verdict(is(object, word) != *not, || tell(objects))
            }
            Wanted::Field { path, value } => {
                let object = objects.first().ok_or("it is not there")?;
                let found = pick(object, path);
                let text = found.as_str().map_or_else(|| found.to_json(), String::from);
                verdict(text == *value, || format!("it is {text}"))
            }
        }
    }
}

fn count(text: &str) -> Result<Wanted, String> {
    let (number, word) = text.split_once(' ').unwrap_or((text, ""));
    let count = number.parse().map_err(|_| format!("`{number}` is no count"))?;
    Ok(Wanted::Count { count, word: word.trim().into() })
}

fn verdict(fine: bool, instead: impl FnOnce() -> String) -> Result<(), String> {
    if fine { Ok(()) } else { Err(instead()) }
}

/// Whether an object is in a state.
fn is(object: &Value, word: &str) -> bool {
    if word == "complete" && object["kind"].s() == "Deployment" {
        return rolled_out(object);
    }
    let status = &object["status"];
    let condition = |c: &Value| c["type"].s().eq_ignore_ascii_case(word) && c["status"].s() == "True";
    status["conditions"].items().iter().any(condition)
        || status["phase"].s().eq_ignore_ascii_case(word)
        || status["reason"].s().eq_ignore_ascii_case(word)
        || reasons(object).any(|reason| reason.eq_ignore_ascii_case(word))
}

fn rolled_out(deployment: &Value) -> bool {
    let (wanted, status) = (deployment["spec"]["replicas"].as_i64(), &deployment["status"]);
    let count = |field: &str| Some(status[field].as_i64().unwrap_or(0));
    let all =
        ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"].into_iter().all(|field| count(field) == wanted);
    all && status["observedGeneration"] == deployment["metadata"]["generation"]
}

/// Why a pod's containers wait or ended.
fn reasons(object: &Value) -> impl Iterator<Item = &str> {
    let lists = ["initContainerStatuses", "containerStatuses"].into_iter().flat_map(|list| object["status"][list].items());
    lists.flat_map(|c| ["waiting", "terminated"].map(|state| c["state"][state]["reason"].s())).filter(|reason| !reason.is_empty())
}

/// The states of a few objects, for the message of a failure.
fn tell(objects: &[Value]) -> String {
    let mut out = String::new();
    for object in objects.iter().take(8) {
        let conditions = object["status"]["conditions"].items().iter();
        let mut words: Vec<String> = conditions.map(|c| format!("{}={}", c["type"].s(), c["status"].s())).collect();
        words.extend(Some(object["status"]["phase"].s()).filter(|p| !p.is_empty()).map(String::from));
        words.extend(reasons(object).map(String::from));
        out.push_str(&format!("\n    {}: {}", object["metadata"]["name"].s(), words.join(" ")));
    }
    out
}

/// A field: `status.conditions[type=Ready].status`, `spec.ports[0].port`; null where absent.
pub fn pick(object: &Value, path: &str) -> Value {
    let mut at = object.clone();
    for part in parts(path) {
        at = match part.strip_prefix('[').and_then(|p| p.strip_suffix(']')) {
            Some(index) => element(&at, index),
            None => at.get(&part).cloned().unwrap_or_default(),
        };
    }
    at
}

fn element(list: &Value, index: &str) -> Value {
    let found = match index.split_once('=') {
        Some((key, value)) => list.items().iter().find(|item| {
            let field = &item[key];
            field.as_str().map_or_else(|| field.to_json(), String::from) == value
        }),
        None => index.parse::<usize>().ok().and_then(|at| list.items().get(at)),
    };
    found.cloned().unwrap_or_default()
}

fn parts(path: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = path;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '.' => {
                rest = &rest[1..];
                continue;
            }
            '[' => rest.find(']').map_or(rest.len(), |at| at + 1),
            _ => rest.find(['.', '[']).unwrap_or(rest.len()),
        };
        out.push(rest[..end].to_string());
        rest = &rest[end..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, object: &str, fine: bool) {
        let object = Value::from_json(object).expect("JSON");
        let expectation = Expectation::parse(text).expect(text);
        assert_eq!(expectation.judge(&object).is_ok(), fine, "{text}: {:?}", expectation.judge(&object));
    }

    #[test]
    fn states_counts_and_fields() {
        let ready = r#"{"metadata":{"name":"a"},"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}"#;
        check("pod/a Ready", ready, true);
        check("pod/a running within 5s", ready, true);
        check("pod/a not ready", ready, false);
        check("pod/a gone", ready, false);
        check("pod/a gone", "null", true);
        check("pod/a ready", "null", false);
        check("pod/a .status.conditions[type=Ready].status = True", ready, true);
        check("pod/a .status.phase = Pending", ready, false);
        let list = format!("{{\"items\":[{ready},{{}}]}}");
        check("pods -l app=web = 1 Ready", &list, true);
        check("pods -l app=web = 2", &list, true);
        check("pods = 2 Ready", &list, false);
        let crash = r#"{"status":{"containerStatuses":[{"state":{"waiting":{"reason":"CrashLoopBackOff"}}}]}}"#;
        check("pod/a CrashLoopBackOff", crash, true);
    }

    #[test]
    fn what_it_is_instead() {
        let expectation = Expectation::parse("pods = 1 Ready within 1m").expect("an expectation");
        assert_eq!(expectation.within, Duration::from_secs(60));
        let list = Value::from_json(r#"{"items":[{"metadata":{"name":"a"},"status":{"phase":"Pending"}}]}"#).expect("JSON");
        assert_eq!(expectation.judge(&list), Err("0 Ready of 1\n    a: Pending".into()));
    }
}
