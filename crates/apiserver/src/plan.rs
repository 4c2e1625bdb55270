//! `Plan`: what the API server has decided about a request; the host carries it out.

use crate::Connect;
use crate::WatchPlan;
use api::{Accept, Reply, Status, Write};
use base::Text;
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
    pub body: Body,
    pub accept: Accept,
    pub warnings: Vec<Text>,
}

/// What a write is answered with.
#[derive(Clone, Debug)]
pub enum Body {
    /// The object of the last commit, in the version that was asked for (`""`: as stored).
    Written { api_version: Text },
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
    let body = match &answer.body {
        Body::Written { .. } => commits.last().map(|c| c.object.value.clone()).unwrap_or_default(),
        Body::Value(value) => value.clone(),
    };
    Reply { code: answer.code, body, warnings: answer.warnings.clone() }
}
