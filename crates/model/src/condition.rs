//! Status conditions: finding one, and writing one the way controllers do (the transition time moves with the status).

use base::Time;
use value::{Value, obj};

/// One condition as a component wants it to be.
#[derive(Clone, PartialEq, Debug)]
pub struct Condition<'a> {
    pub kind: &'a str,
    /// `True`, `False` or `Unknown`.
    pub status: &'a str,
    pub reason: &'a str,
    pub message: &'a str,
}

impl Condition<'_> {
    /// The condition of a type in `status.conditions`; null if it is not there.
    pub fn find<'v>(status: &'v Value, kind: &str) -> &'v Value {
        status["conditions"].items().iter().find(|c| c["type"].s() == kind).unwrap_or(&Value::Null)
    }
    pub fn is_true(status: &Value, kind: &str) -> bool {
        Condition::find(status, kind)["status"].s() == "True"
    }
    /// Writes this condition into a status value: appended if new, in place otherwise;
    /// `lastTransitionTime` changes only when the status word does. Other fields (`lastUpdateTime`, …) stay.
    /// Answers whether anything changed.
    pub fn put(&self, status: &mut Value, now: Time) -> bool {
        let old = Condition::find(status, self.kind).clone();
        let mut new = if old.is_null() {
            obj! { "type" => self.kind }
        } else {
            old.clone()
        };
        if old["status"].s() != self.status {
            new.set(&["status"], self.status);
            new.set(&["lastTransitionTime"], now);
        }
        for (field, text) in [("reason", self.reason), ("message", self.message)] {
            if text.is_empty() {
                new.remove(&[field]);
            } else {
                new.set(&[field], text);
            }
        }
        if new == old {
            return false;
        }
        let list = status.at_mut(&["conditions"]).as_list_mut();
        match list.iter_mut().find(|c| c["type"].s() == self.kind) {
            Some(place) => *place = new,
            None => list.push(new),
        }
        true
    }
}
