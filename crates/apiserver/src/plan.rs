//! `Plan`: what the API server has decided about a request; the host carries it out.

use crate::connect::Connect;
use crate::forms::Form;
use crate::kinds::Kind;
use crate::view;
use crate::watch::WatchPlan;
use api::{Reply, Status, Write};
use base::{Text, Time};
use std::sync::Arc;
use store::Commit;
use value::Value;

/// The decision about one request.
#[derive(Clone, Debug)]
pub enum Plan {
    /// Reads, refusals and dry runs: answered at once.
    Reply(Reply),
    /// Commit these in order (stop at the first refusal and answer that Status), then answer [`finish`].
    Write(WritePlan),
    /// Stream events. See [`WatchPlan`].
    Watch(Box<WatchPlan>),
    /// A validated connection to a container; the kubelet of its node carries it out.
    Connect(Box<Connect>),
}

/// Writes, and what to answer when they are done.
#[derive(Clone, Debug)]
pub struct WritePlan {
    pub writes: Vec<Write>,
    pub answer: Answer,
}

/// How a write is answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub code: u16,
    pub warnings: Vec<Text>,
    pub(crate) body: Body,
    pub(crate) form: Form,
    pub(crate) kind: &'static Kind,
}

/// What a write is answered with.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// The object of the last commit.
    Written,
    /// The Scale of the object of the last commit.
    Scale,
    /// This very value.
    Value(Value),
}

impl From<Status> for Plan {
    fn from(status: Status) -> Plan {
        Plan::Reply(status.into())
    }
}

impl From<Reply> for Plan {
    fn from(reply: Reply) -> Plan {
        Plan::Reply(reply)
    }
}

/// The answer after the host committed the writes of a plan.
pub fn finish(answer: &Answer, commits: &[Arc<Commit>]) -> Reply {
    let body = match (&answer.body, commits.last()) {
        (Body::Written, Some(last)) => answer.form.one(answer.kind, view::show(answer.kind, &last.object.value), last.time),
        (Body::Scale, Some(last)) => crate::scale::of(answer.kind, &last.object.value),
        (Body::Written | Body::Scale, None) => Value::Null,
        (Body::Value(value), last) => answer.form.one(answer.kind, value.clone(), last.map_or(Time::EPOCH, |c| c.time)),
    };
    Reply { code: answer.code, body, warnings: answer.warnings.clone() }
}
