//! Pod failure policies and success policies. Models pkg/controller/job/{pod_failure_policy,success_policy}.go.

use super::indexes::Indexes;
use model::{Condition, Object};
use value::Value;

/// What a failure of a pod means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It counts towards the backoff limit.
    Count,
    Ignore,
    /// Its index is given up.
    FailIndex,
    /// The Job fails, for this reason.
    FailJob(String),
}

/// The verdict of the first rule that matches.
pub fn verdict(job: &Object, pod: &Object) -> Verdict {
    for (place, rule) in job.spec()["podFailurePolicy"]["rules"].items().iter().enumerate() {
        let Some(what) = matched(rule, pod) else { continue };
        let action = rule["action"].s();
        return match action {
            "Ignore" => Verdict::Ignore,
            "FailIndex" => Verdict::FailIndex,
            "FailJob" => Verdict::FailJob(format!("{what} matching {action} rule at index {place}")),
            _ => Verdict::Count,
        };
    }
    Verdict::Count
}

/// What in the pod the rule matches, in words.
fn matched(rule: &Value, pod: &Object) -> Option<String> {
    let path = pod.key().path();
    let on_exit = &rule["onExitCodes"];
    if !on_exit.is_null() {
        let statuses = ["containerStatuses", "initContainerStatuses"].iter().flat_map(|list| pod.status()[*list].items());
        let mut wanted = statuses.filter(|s| on_exit["containerName"].is_empty() || on_exit["containerName"] == s["name"]);
        let (name, code) = wanted.find_map(|status| {
            let code = status["state"]["terminated"]["exitCode"].as_i64()?;
            let listed = on_exit["values"].items().iter().any(|v| v.as_i64() == Some(code));
            (code != 0 && listed == (on_exit["operator"].s() == "In")).then(|| (status["name"].s(), code))
        })?;
        return Some(format!("Container {name} for pod {path} failed with exit code {code}"));
    }
    let found = rule["onPodConditions"].items().iter().find(|wanted| {
        let have = Condition::find(pod.status(), wanted["type"].s());
        !have.is_null() && have["status"] == wanted["status"]
    })?;
    Some(format!("Pod {path} has condition {}", found["type"].s()))
}

/// The message of the first success rule that the succeeded indexes meet.
pub fn success(job: &Object, completions: i64, succeeded: &Indexes) -> Option<String> {
    let rules = job.spec()["successPolicy"]["rules"].items();
    let met = |rule: &Value| {
        let count = rule["succeededCount"].as_i64();
        match rule["succeededIndexes"].as_str() {
            Some(text) => {
                let wanted = Indexes::parse(text, completions);
                let have = wanted.0.intersection(&succeeded.0).count() as i64;
                have >= count.unwrap_or(wanted.total())
            }
            None => count.is_some_and(|count| succeeded.total() >= count),
        }
    };
    let place = rules.iter().position(met)?;
    Some(format!("Matched rules at index {place}"))
}
