//! `PodFacts`: what schedulers, controllers and proxies ask of every pod again and again, read once per revision.

use crate::Condition;
use base::{Text, Time};
use value::Value;

/// The often asked fields of a Pod.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct PodFacts {
    pub phase: Text,
    pub node: Text,
    pub ip: Text,
    pub ready: bool,
    /// The transition time of the Ready condition.
    pub ready_since: Option<Time>,
}

impl PodFacts {
    pub fn of(pod: &Value) -> PodFacts {
        let status = &pod["status"];
        let ready = Condition::find(status, "Ready");
        PodFacts {
            phase: status["phase"].text(),
            node: pod["spec"]["nodeName"].text(),
            ip: status["podIP"].text(),
            ready: ready["status"].s() == "True",
            ready_since: Time::parse(ready["lastTransitionTime"].s()),
        }
    }
}
