//! Rows of jobs and cron jobs. Models printJob and printCronJob.

use super::cells::{NONE, age, containers, name, number, selector, since, text, truth};
use base::Time;
use model::Condition;
use value::Value;

pub fn job(job: &Value, now: Time) -> Vec<Value> {
    let (spec, status) = (&job["spec"], &job["status"]);
    let done = number(&status["succeeded"]);
    let completions = match (spec["completions"].as_i64(), number(&spec["parallelism"])) {
        (Some(wanted), _) => format!("{done}/{wanted}"),
        (None, parallel) if parallel > 1 => format!("{done}/1 of {parallel}"),
        (None, _) => format!("{done}/1"),
    };
    let [names, images] = containers(&spec["template"]["spec"]);
    vec![
        name(job),
        text(state(job)),
        text(&completions),
        text(&duration(status, now)),
        age(job, now),
        names,
        images,
        selector(&spec["selector"]),
    ]
}

fn duration(status: &Value, now: Time) -> String {
    let (start, end) = (Time::parse(status["startTime"].s()), Time::parse(status["completionTime"].s()));
    match (start, end) {
        (None, _) => String::new(),
        (Some(start), end) => (end.unwrap_or(now) - start).human(),
    }
}

fn state(job: &Value) -> &'static str {
    let is = |kind: &str| Condition::is_true(&job["status"], kind);
    if is("Complete") {
        "Complete"
    } else if is("Failed") {
        "Failed"
    } else if !job["metadata"]["deletionTimestamp"].is_null() {
        "Terminating"
    } else if is("Suspended") || job["spec"]["suspend"].is_true() && job["status"]["conditions"].is_empty() {
        "Suspended"
    } else if is("FailureTarget") {
        "FailureTarget"
    } else if is("SuccessCriteriaMet") {
        "SuccessCriteriaMet"
    } else {
        "Running"
    }
}

pub fn cron_job(job: &Value, now: Time) -> Vec<Value> {
    let (spec, status) = (&job["spec"], &job["status"]);
    let last = &status["lastScheduleTime"];
    let zone = spec["timeZone"].as_str().unwrap_or(NONE);
    let [names, images] = containers(&spec["jobTemplate"]["spec"]["template"]["spec"]);
    vec![
        name(job),
        spec["schedule"].clone(),
        text(zone),
        truth(&spec["suspend"]),
        Value::Int(status["active"].items().len() as i64),
        if last.is_null() { text(NONE) } else { text(&since(last, now)) },
        age(job, now),
        names,
        images,
        selector(&spec["jobTemplate"]["spec"]["selector"]),
    ]
}
