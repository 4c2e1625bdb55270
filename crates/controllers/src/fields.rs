//! Small readings and writings of values that several controllers share.

use base::{IntOrString, Round};
use model::Object;
use store::Commit;
use value::Value;

/// A whole number at a path; 0 where there is none.
pub fn int(value: &Value, path: &[&str]) -> i64 {
    value.at(path).as_i64().unwrap_or(0)
}

/// `spec.replicas`, which defaulting makes 1.
pub fn replicas(object: &Object) -> i64 {
    object.spec()["replicas"].as_i64().unwrap_or(1)
}

/// A count or percentage of `total`; 0 if it is neither.
pub fn scaled(value: &Value, total: i64, round: Round) -> i64 {
    let number = match value {
        Value::Int(n) => return *n,
        Value::Str(text) => IntOrString::Str(text.as_str().into()),
        _ => return 0,
    };
    number.scaled(total, round).unwrap_or(0)
}

/// Writes a count the way `omitempty` does.
pub fn set_count(status: &mut Value, field: &str, count: i64) {
    if count == 0 {
        status.remove(&[field]);
    } else {
        status.set(&[field], count);
    }
}

/// The states of a commit's object before and after it; both missing never happens.
pub fn sides(commit: &Commit) -> impl Iterator<Item = &Object> {
    let after = if commit.kind == api::WatchKind::Deleted && commit.before.is_some() { None } else { Some(&*commit.object) };
    commit.before.as_deref().into_iter().chain(after)
}

/// Adds a key once.
pub fn push(out: &mut Vec<model::Key>, key: model::Key) {
    if !out.contains(&key) {
        out.push(key);
    }
}
