//! Defaults of the kinds that make pods. Models pkg/apis/apps/v1, batch/v1 and autoscaling/v2 defaults.go.

use super::pod::template;
use super::{fill, fill_absent, inside};
use value::{Value, list, obj};

pub fn deployment(object: &mut Value) {
    let spec = object.at_mut(&["spec"]);
    template(spec.at_mut(&["template"]));
    fill_absent(spec, "replicas", 1);
    fill_absent(spec, "revisionHistoryLimit", 10);
    fill_absent(spec, "progressDeadlineSeconds", 600);
    let strategy = spec.at_mut(&["strategy"]);
    fill(strategy, "type", "RollingUpdate");
    if strategy["type"].s() == "RollingUpdate" {
        let rolling = strategy.at_mut(&["rollingUpdate"]);
        fill_absent(rolling, "maxUnavailable", "25%");
        fill_absent(rolling, "maxSurge", "25%");
    }
}

pub fn replica_set(object: &mut Value) {
    let spec = object.at_mut(&["spec"]);
    fill_absent(spec, "replicas", 1);
    template(spec.at_mut(&["template"]));
}

pub fn replication_controller(object: &mut Value) {
    let labels = object["spec"]["template"]["metadata"]["labels"].clone();
    if !labels.is_empty() {
        let spec = object.at_mut(&["spec"]);
        fill(spec, "selector", &labels);
        fill(object.at_mut(&["metadata"]), "labels", labels);
    }
    let spec = object.at_mut(&["spec"]);
    fill_absent(spec, "replicas", 1);
    if !spec["template"].is_null() {
        template(spec.at_mut(&["template"]));
    }
}

pub fn daemon_set(object: &mut Value) {
    let spec = object.at_mut(&["spec"]);
    template(spec.at_mut(&["template"]));
    fill_absent(spec, "revisionHistoryLimit", 10);
    let strategy = spec.at_mut(&["updateStrategy"]);
    fill(strategy, "type", "RollingUpdate");
    if strategy["type"].s() == "RollingUpdate" {
        let rolling = strategy.at_mut(&["rollingUpdate"]);
        fill_absent(rolling, "maxUnavailable", 1);
        fill_absent(rolling, "maxSurge", 0);
    }
}

pub fn stateful_set(object: &mut Value) {
    let spec = object.at_mut(&["spec"]);
    template(spec.at_mut(&["template"]));
    fill(spec, "podManagementPolicy", "OrderedReady");
    fill_absent(spec, "replicas", 1);
    fill_absent(spec, "revisionHistoryLimit", 10);
    let keep = spec.at_mut(&["persistentVolumeClaimRetentionPolicy"]);
    fill(keep, "whenDeleted", "Retain");
    fill(keep, "whenScaled", "Retain");
    let strategy = spec.at_mut(&["updateStrategy"]);
    fill(strategy, "type", "RollingUpdate");
    if strategy["type"].s() == "RollingUpdate" {
        fill_absent(strategy.at_mut(&["rollingUpdate"]), "partition", 0);
    }
    super::each(spec, "volumeClaimTemplates", |claim| {
        fill(claim, "apiVersion", "v1");
        fill(claim, "kind", "PersistentVolumeClaim");
        super::core::persistent_volume_claim(claim);
    });
}

pub fn job(object: &mut Value) {
    let spec = object.at_mut(&["spec"]);
    job_spec(spec);
    let labels = object["spec"]["template"]["metadata"]["labels"].clone();
    if !labels.is_empty() {
        fill(object.at_mut(&["metadata"]), "labels", labels);
    }
}

fn job_spec(spec: &mut Value) {
    template(spec.at_mut(&["template"]));
    if spec["completions"].is_null() && spec["parallelism"].is_null() {
        fill_absent(spec, "completions", 1);
    }
    fill_absent(spec, "parallelism", 1);
    let limit = if spec["backoffLimitPerIndex"].is_null() { 6 } else { i64::from(i32::MAX) };
    fill_absent(spec, "backoffLimit", limit);
    fill_absent(spec, "completionMode", "NonIndexed");
    fill_absent(spec, "suspend", false);
    let replacement = if spec["podFailurePolicy"].is_null() { "TerminatingOrFailed" } else { "Failed" };
    fill_absent(spec, "podReplacementPolicy", replacement);
    fill_absent(spec, "manualSelector", false);
    inside(spec, "podFailurePolicy", |policy| {
        super::each(policy, "rules", |rule| {
            super::each(rule, "onPodConditions", |condition| fill(condition, "status", "True"));
        });
    });
}

pub fn cron_job(object: &mut Value) {
    let spec = object.at_mut(&["spec"]);
    fill(spec, "concurrencyPolicy", "Allow");
    fill_absent(spec, "suspend", false);
    fill_absent(spec, "successfulJobsHistoryLimit", 3);
    fill_absent(spec, "failedJobsHistoryLimit", 1);
    let job = spec.at_mut(&["jobTemplate"]);
    job.as_map_mut().entry("metadata").as_map_mut();
    template(job.at_mut(&["spec", "template"]));
}

pub fn autoscaler(object: &mut Value) {
    let spec = object.at_mut(&["spec"]);
    fill_absent(spec, "minReplicas", 1);
    if spec["metrics"].is_empty() {
        let cpu = obj! { "name" => "cpu", "target" => obj! { "type" => "Utilization", "averageUtilization" => 80 } };
        spec.set(&["metrics"], list![obj! { "type" => "Resource", "resource" => cpu }]);
    }
    inside(spec, "behavior", |behavior| {
        let rule = |kind: &str, value: i64| obj! { "type" => kind, "value" => value, "periodSeconds" => 15 };
        let up = behavior.at_mut(&["scaleUp"]);
        fill_absent(up, "stabilizationWindowSeconds", 0);
        fill_absent(up, "selectPolicy", "Max");
        fill(up, "policies", list![rule("Pods", 4), rule("Percent", 100)]);
        let down = behavior.at_mut(&["scaleDown"]);
        fill_absent(down, "selectPolicy", "Max");
        fill(down, "policies", list![rule("Percent", 100)]);
    });
}
