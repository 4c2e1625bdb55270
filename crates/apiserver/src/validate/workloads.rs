//! Deployments, replica sets and the other kinds that make pods. Models pkg/apis/apps/validation and batch/validation.

use super::common::{self, immutable, label_selector, non_negative};
use super::pod;
use crate::field::{Bad, Errors, Path};
use base::names;
use model::{Object, Selector};
use value::Value;

const SPEC: Path<'static> = Path::root("spec");

/// A selector that must be there and say something; `kind` is how the refusal calls it.
fn selector(spec: &Value, kind: &str, required: bool, errors: &mut Errors) {
    let (selector, path) = (&spec["selector"], SPEC.child("selector"));
    if selector.is_null() {
        if required {
            errors.required(&path, "");
        }
        return;
    }
    label_selector(selector, &path, errors);
    if selector["matchLabels"].is_empty() && selector["matchExpressions"].is_empty() {
        errors.invalid(&path, &Value::map(), &format!("empty selector is invalid for {kind}"));
    }
}

/// A template that its own selector finds, and that runs for ever.
fn template(spec: &Value, selector: &Selector, errors: &mut Errors) {
    let path = SPEC.child("template");
    matches(spec, selector, errors);
    pod::template(&spec["template"], &path, errors);
    always(spec, errors);
}

fn matches(spec: &Value, selector: &Selector, errors: &mut Errors) {
    let labels = &spec["template"]["metadata"]["labels"];
    let have = labels.as_map().cloned().unwrap_or_default();
    if !selector.is_everything() && !selector.matches(&have) {
        let path = SPEC.child("template");
        let metadata = path.child("metadata");
        errors.invalid(&metadata.child("labels"), labels, "`selector` does not match template `labels`");
    }
}

fn always(spec: &Value, errors: &mut Errors) {
    let path = SPEC.child("template");
    let path = path.child("spec");
    let inner = &spec["template"]["spec"];
    let policy = inner["restartPolicy"].s();
    if policy != "Always" {
        errors.unsupported(&path.child("restartPolicy"), policy, &["Always"]);
    }
    if !inner["activeDeadlineSeconds"].is_null() {
        errors.forbidden(&path.child("activeDeadlineSeconds"), "activeDeadlineSeconds in ReplicaSet is not Supported");
    }
}

pub fn deployment(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    non_negative(spec, "replicas", &SPEC, errors);
    selector(spec, "deployment", true, errors);
    template(spec, &Selector::of(&spec["selector"]), errors);
    deployment_strategy(&spec["strategy"], errors);
    non_negative(spec, "minReadySeconds", &SPEC, errors);
    non_negative(spec, "revisionHistoryLimit", &SPEC, errors);
    if let Some(deadline) = spec["progressDeadlineSeconds"].as_i64() {
        let path = SPEC.child("progressDeadlineSeconds");
        errors.non_negative(&path, deadline);
        if deadline <= spec["minReadySeconds"].as_i64().unwrap_or(0) {
            errors.invalid(&path, deadline, "must be greater than minReadySeconds");
        }
    }
}

/// A strategy as Go prints it.
fn strategy_text(strategy: &Value) -> Bad<'static> {
    let rolling = if strategy["rollingUpdate"].is_null() { "null".to_string() } else { strategy["rollingUpdate"].to_json() };
    Bad::Raw(format!("{{\"Type\":{},\"RollingUpdate\":{rolling}}}", strategy["type"].to_json()))
}

fn deployment_strategy(strategy: &Value, errors: &mut Errors) {
    let path = SPEC.child("strategy");
    let rolling = &strategy["rollingUpdate"];
    match strategy["type"].s() {
        "Recreate" if !rolling.is_null() => {
            errors.forbidden(&path.child("rollingUpdate"), "may not be specified when strategy `type` is 'Recreate'");
        }
        "Recreate" => {}
        "RollingUpdate" => {
            let path = path.child("rollingUpdate");
            let (unavailable, surge) = (&rolling["maxUnavailable"], &rolling["maxSurge"]);
            common::number_or_percent(unavailable, &path.child("maxUnavailable"), errors);
            common::number_or_percent(surge, &path.child("maxSurge"), errors);
            if common::is_zero(unavailable) && common::is_zero(surge) {
                errors.invalid(&path.child("maxUnavailable"), unavailable, "may not be 0 when `maxSurge` is 0");
            }
            common::at_most_100_percent(unavailable, &path.child("maxUnavailable"), errors);
        }
        _ => errors.unsupported(&path, strategy_text(strategy), &["Recreate", "RollingUpdate"]),
    }
}

pub fn replica_set(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    non_negative(spec, "replicas", &SPEC, errors);
    non_negative(spec, "minReadySeconds", &SPEC, errors);
    selector(spec, "deployment", true, errors);
    template(spec, &Selector::of(&spec["selector"]), errors);
}

pub fn replication_controller(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    non_negative(spec, "minReadySeconds", &SPEC, errors);
    let path = SPEC.child("selector");
    if spec["selector"].is_empty() {
        errors.required(&path, "");
    }
    super::meta::labels(&spec["selector"], &path, errors);
    non_negative(spec, "replicas", &SPEC, errors);
    if spec["template"].is_null() {
        return errors.required(&SPEC.child("template"), "");
    }
    let labels = spec["selector"].as_map().cloned().unwrap_or_default();
    template(spec, &Selector::of_labels(&labels), errors);
}

pub fn daemon_set(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    label_selector(&spec["selector"], &SPEC.child("selector"), errors);
    matches(spec, &Selector::of(&spec["selector"]), errors);
    selector_says_something(spec, errors);
    pod::template(&spec["template"], &SPEC.child("template"), errors);
    always(spec, errors);
    non_negative(spec, "minReadySeconds", &SPEC, errors);
    let (strategy, path) = (&spec["updateStrategy"], SPEC.child("updateStrategy"));
    match strategy["type"].s() {
        "OnDelete" => {}
        "RollingUpdate" => daemon_rolling(&strategy["rollingUpdate"], &path.child("rollingUpdate"), errors),
        _ => errors.unsupported(&path, strategy_text(strategy), &["RollingUpdate", "OnDelete"]),
    }
    non_negative(spec, "revisionHistoryLimit", &SPEC, errors);
}

fn selector_says_something(spec: &Value, errors: &mut Errors) {
    let selector = &spec["selector"];
    if !selector.is_null() && selector["matchLabels"].is_empty() && selector["matchExpressions"].is_empty() {
        errors.invalid(&SPEC.child("selector"), &Value::map(), "empty selector is invalid for daemonset");
    }
}

fn daemon_rolling(rolling: &Value, path: &Path, errors: &mut Errors) {
    let (unavailable, surge) = (&rolling["maxUnavailable"], &rolling["maxSurge"]);
    common::number_or_percent(unavailable, &path.child("maxUnavailable"), errors);
    common::number_or_percent(surge, &path.child("maxSurge"), errors);
    common::at_most_100_percent(unavailable, &path.child("maxUnavailable"), errors);
    common::at_most_100_percent(surge, &path.child("maxSurge"), errors);
    match (common::is_zero(unavailable), common::is_zero(surge)) {
        (false, false) => errors.invalid(&path.child("maxSurge"), surge, "may not be set when maxUnavailable is non-zero"),
        (true, true) => errors.required(&path.child("maxUnavailable"), "cannot be 0 when maxSurge is 0"),
        _ => {}
    }
}

pub fn stateful_set(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    match spec["podManagementPolicy"].s() {
        "" => errors.required(&SPEC.child("podManagementPolicy"), ""),
        "OrderedReady" | "Parallel" => {}
        other => errors.invalid(&SPEC.child("podManagementPolicy"), other, "must be 'OrderedReady' or 'Parallel'"),
    }
    let (strategy, path) = (&spec["updateStrategy"], SPEC.child("updateStrategy"));
    match strategy["type"].s() {
        "" => errors.required(&path, ""),
        "OnDelete" if !strategy["rollingUpdate"].is_null() => {
            errors.invalid(
                &path.child("rollingUpdate"),
                &strategy["rollingUpdate"],
                "only allowed for updateStrategy 'RollingUpdate'",
            );
        }
        "OnDelete" => {}
        "RollingUpdate" => non_negative(&strategy["rollingUpdate"], "partition", &path.child("rollingUpdate"), errors),
        _ => errors.invalid(&path, strategy_text(strategy), "must be 'RollingUpdate' or 'OnDelete'"),
    }
    let (keep, path) = (&spec["persistentVolumeClaimRetentionPolicy"], SPEC.child("persistentVolumeClaimRetentionPolicy"));
    for field in ["whenDeleted", "whenScaled"] {
        common::optional_word(keep, field, &["Retain", "Delete"], &path, errors);
    }
    non_negative(spec, "replicas", &SPEC, errors);
    non_negative(spec, "minReadySeconds", &SPEC, errors);
    non_negative(&spec["ordinals"], "start", &SPEC.child("ordinals"), errors);
    selector(spec, "statefulset", true, errors);
    template(spec, &Selector::of(&spec["selector"]), errors);
    let service = spec["serviceName"].s();
    if !service.is_empty() {
        errors.complaints(&SPEC.child("serviceName"), service, names::dns1123_label(service));
    }
    let list = SPEC.child("volumeClaimTemplates");
    for (i, claim) in spec["volumeClaimTemplates"].items().iter().enumerate() {
        super::storage::claim_spec(&claim["spec"], &list.index(i).child("spec"), errors);
    }
}

pub fn job(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    job_numbers(spec, &SPEC, errors);
    job_modes(spec, &SPEC, errors);
    let path = SPEC.child("selector");
    if spec["selector"].is_null() {
        errors.required(&path, "");
    } else {
        label_selector(&spec["selector"], &path, errors);
    }
    generated_selector(object, errors);
    let selector = Selector::of(&spec["selector"]);
    let labels = &spec["template"]["metadata"]["labels"];
    if !selector.matches(&labels.as_map().cloned().unwrap_or_default()) {
        let template = SPEC.child("template");
        let metadata = template.child("metadata");
        errors.invalid(&metadata.child("labels"), labels, "`selector` does not match template `labels`");
    }
    job_template(spec, &SPEC, errors);
}

/// A job that does not choose its selector itself has exactly the generated one.
fn generated_selector(job: &Value, errors: &mut Errors) {
    let spec = &job["spec"];
    if spec["manualSelector"].is_true() {
        return;
    }
    let labels = &spec["selector"]["matchLabels"];
    let own = labels["batch.kubernetes.io/controller-uid"] == job["metadata"]["uid"];
    if !own || labels.entries().len() != 1 || !spec["selector"]["matchExpressions"].is_empty() {
        errors.invalid(&SPEC.child("selector"), &spec["selector"], "`selector` not auto-generated");
    }
}

fn job_numbers(spec: &Value, path: &Path, errors: &mut Errors) {
    for field in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ] {
        non_negative(spec, field, path, errors);
    }
}

fn job_modes(spec: &Value, path: &Path, errors: &mut Errors) {
    let mode = spec["completionMode"].s();
    if !matches!(mode, "NonIndexed" | "Indexed") {
        errors.unsupported(&path.child("completionMode"), mode, &["NonIndexed", "Indexed"]);
    }
    if mode == "Indexed" && spec["completions"].is_null() {
        errors.required(&path.child("completions"), "when completion mode is Indexed");
    }
    if mode != "Indexed" && !spec["backoffLimitPerIndex"].is_null() {
        errors.invalid(&path.child("backoffLimitPerIndex"), &spec["backoffLimitPerIndex"], "requires indexed completion mode");
    }
    let policy = spec["podReplacementPolicy"].s();
    if !policy.is_empty() && !matches!(policy, "Failed" | "TerminatingOrFailed") {
        errors.unsupported(&path.child("podReplacementPolicy"), policy, &["Failed", "TerminatingOrFailed"]);
    }
}

fn job_template(spec: &Value, path: &Path, errors: &mut Errors) {
    let template = path.child("template");
    pod::template(&spec["template"], &template, errors);
    let inner = template.child("spec");
    match spec["template"]["spec"]["restartPolicy"].s() {
        "Always" => errors.required(&inner.child("restartPolicy"), "valid values: \"OnFailure\", \"Never\""),
        "OnFailure" | "Never" => {}
        other => errors.unsupported(&inner.child("restartPolicy"), other, &["OnFailure", "Never"]),
    }
}

pub fn cron_job(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    let schedule = spec["schedule"].s();
    if schedule.is_empty() {
        errors.required(&SPEC.child("schedule"), "");
    } else if let Some(complaint) = super::schedule::complaint(schedule) {
        errors.invalid(&SPEC.child("schedule"), schedule, &complaint);
    }
    time_zone(&spec["timeZone"], errors);
    non_negative(spec, "startingDeadlineSeconds", &SPEC, errors);
    let policy = spec["concurrencyPolicy"].s();
    if !matches!(policy, "Allow" | "Forbid" | "Replace") {
        errors.unsupported(&SPEC.child("concurrencyPolicy"), policy, &["Allow", "Forbid", "Replace"]);
    }
    let path = SPEC.child("jobTemplate");
    let path = path.child("spec");
    let job = &spec["jobTemplate"]["spec"];
    job_numbers(job, &path, errors);
    if !job["completionMode"].is_null() {
        job_modes(job, &path, errors);
    }
    job_template(job, &path, errors);
    if job["manualSelector"].is_true() {
        errors.unsupported(&path.child("manualSelector"), Bad::Raw("true".into()), &["nil", "false"]);
    }
    for field in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"] {
        non_negative(spec, field, &SPEC, errors);
    }
}

fn time_zone(zone: &Value, errors: &mut Errors) {
    let path = SPEC.child("timeZone");
    match zone.as_str() {
        None => {}
        Some("") => errors.invalid(&path, "", "timeZone must be nil or non-empty string"),
        Some(name) if name.eq_ignore_ascii_case("local") => {
            errors.invalid(&path, name, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones")
        }
        Some(name) if !is_zone(name) => errors.invalid(&path, name, &format!("unknown time zone {name}")),
        Some(_) => {}
    }
}

/// No time zone database is at hand: a name in one of its areas is taken for a zone.
fn is_zone(name: &str) -> bool {
    const AREAS: [&str; 12] = [
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
        "Etc",
        "US",
    ];
    match name.split_once('/') {
        Some((area, city)) => AREAS.contains(&area) && !city.is_empty(),
        None => matches!(
            name,
            "UTC" | "GMT" | "EST" | "MST" | "HST" | "CET" | "EET" | "WET" | "MET" | "Zulu" | "UCT" | "Japan" | "Singapore"
        ),
    }
}

/// The selector of a workload never changes.
pub fn selector_update(new: &Value, old: &Object, errors: &mut Errors) {
    immutable(&new["spec"]["selector"], &old.spec()["selector"], &SPEC.child("selector"), errors);
}

/// Of a stateful set's spec only a few fields may change.
pub fn stateful_set_update(new: &Value, old: &Object, errors: &mut Errors) {
    const FREE: [&str; 7] = [
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    ];
    let fixed = |spec: &Value| {
        let mut spec = spec.clone();
        FREE.iter().for_each(|field| _ = spec.remove(&[field]));
        spec
    };
    if fixed(&new["spec"]) != fixed(old.spec()) {
        errors.forbidden(
            &SPEC,
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
        );
    }
}

/// A job's pods are all of one template, and its end does not move.
pub fn job_update(new: &Value, old: &Object, errors: &mut Errors) {
    let (to, from) = (&new["spec"], old.spec());
    for field in ["selector", "completionMode", "podFailurePolicy", "backoffLimitPerIndex"] {
        immutable(&to[field], &from[field], &SPEC.child(field), errors);
    }
    if to["completionMode"].s() != "Indexed" {
        immutable(&to["completions"], &from["completions"], &SPEC.child("completions"), errors);
    }
    let suspended = from["suspend"].is_true() && old.status()["startTime"].is_null();
    if !suspended {
        immutable(&to["template"], &from["template"], &SPEC.child("template"), errors);
    }
}
