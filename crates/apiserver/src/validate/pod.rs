//! Pods and pod templates. Models ValidatePodSpec, ValidatePodCreate and ValidatePodUpdate of pkg/apis/core/validation.

use super::container::{self, Pod};
use super::{common, meta, scheduling, volumes};
use crate::field::{Errors, Path};
use base::names;
use model::Object;
use value::Value;

/// A new pod, after its metadata.
pub fn pod(pod: &Value, errors: &mut Errors) {
    let spec = Path::root("spec");
    pod_spec(&pod["spec"], &spec, errors);
    if !pod["spec"]["ephemeralContainers"].is_empty() {
        errors.forbidden(&spec.child("ephemeralContainers"), "cannot be set on create");
    }
    if !pod["spec"]["nodeName"].is_empty() && !pod["spec"]["schedulingGates"].is_empty() {
        errors.forbidden(&spec.child("nodeName"), "cannot be set until all schedulingGates have been cleared");
    }
}

/// The spec of a changed pod.
pub fn spec_again(pod: &Value, errors: &mut Errors) {
    pod_spec(&pod["spec"], &Path::root("spec"), errors);
}

/// A change through `ephemeralcontainers` or `resize`.
pub fn part_update(new: &Value, old: &Object, errors: &mut Errors) {
    let (to, from, spec) = (&new["spec"], old.spec(), Path::root("spec"));
    spec_again(new, errors);
    ephemeral_containers(to, from, &spec.child("ephemeralContainers"), errors);
    let list = spec.child("containers");
    for (i, (after, before)) in to["containers"].items().iter().zip(from["containers"].items()).enumerate() {
        for field in ["limits", "requests"] {
            let gone = |(name, _): &(base::Text, Value)| after["resources"][field][name.as_str()].is_null();
            if before["resources"][field].entries().iter().any(gone) {
                let at = list.index(i);
                errors.forbidden(&at.child("resources").child(field), &format!("resource {field} cannot be removed"));
            }
        }
    }
    let (class, had) = (crate::strategy::qos_class(to), crate::strategy::qos_class(from));
    if errors.is_empty() && class != had {
        errors.invalid(&spec, had, "Pod QOS Class may not change as a result of resizing");
    }
}

/// Debug containers come one by one, never change, and have no ports, probes or limits.
fn ephemeral_containers(to: &Value, from: &Value, path: &Path, errors: &mut Errors) {
    let mut names: Vec<&str> =
        ["containers", "initContainers"].into_iter().flat_map(|l| to[l].items()).map(|c| c["name"].s()).collect();
    for (i, container) in to["ephemeralContainers"].items().iter().enumerate() {
        let at = path.index(i);
        let name = container["name"].s();
        unique(name, &mut names, &at, errors);
        for field in ["ports", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle"] {
            if !container[field].is_empty() {
                errors.forbidden(&at.child(field), "cannot be set for an Ephemeral Container");
            }
        }
    }
    for old in from["ephemeralContainers"].items() {
        let name = old["name"].s();
        match to["ephemeralContainers"].items().iter().find(|c| c["name"].s() == name) {
            None => errors.forbidden(path, &format!("existing ephemeral containers \"{name}\" may not be removed\n")),
            Some(new) if new != old => {
                let lines = super::diff::lines(old, new);
                errors.forbidden(path, &format!("existing ephemeral containers \"{name}\" may not be changed\n{lines}"));
            }
            Some(_) => {}
        }
    }
}

/// `metadata` and `spec` of a template.
pub fn template(template: &Value, path: &Path, errors: &mut Errors) {
    let metadata = path.child("metadata");
    meta::labels(&template["metadata"]["labels"], &metadata.child("labels"), errors);
    meta::annotations(&template["metadata"]["annotations"], &metadata.child("annotations"), errors);
    pod_spec(&template["spec"], &path.child("spec"), errors);
}

fn pod_spec(spec: &Value, path: &Path, errors: &mut Errors) {
    let volumes = volumes::volumes(&spec["volumes"], &path.child("volumes"), errors);
    let pod = Pod { volumes, grace: spec["terminationGracePeriodSeconds"].as_i64().unwrap_or(30) };
    containers(spec, &pod, &path.child("containers"), errors);
    init_containers(spec, &pod, &path.child("initContainers"), errors);
    common::word(spec, "restartPolicy", &["Always", "OnFailure", "Never"], path, errors);
    let policies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
    common::word(spec, "dnsPolicy", &policies, path, errors);
    meta::labels(&spec["nodeSelector"], &path.child("nodeSelector"), errors);
    if spec["hostNetwork"].is_true() {
        host_network(spec, path, errors);
    }
    security(&spec["securityContext"], &path.child("securityContext"), errors);
    scheduling::affinity(&spec["affinity"], &path.child("affinity"), errors);
    dns_config(spec, &path.child("dnsConfig"), errors);
    readiness_gates(&spec["readinessGates"], &path.child("readinessGates"), errors);
    scheduling::gates(&spec["schedulingGates"], &path.child("schedulingGates"), errors);
    scheduling::spread(&spec["topologySpreadConstraints"], &path.child("topologySpreadConstraints"), errors);
    for (field, rule) in
        [("serviceAccountName", names::dns1123_subdomain as fn(&str) -> Vec<String>), ("nodeName", names::dns1123_subdomain)]
    {
        if !spec[field].is_empty() {
            errors.complaints(&path.child(field), spec[field].s(), rule(spec[field].s()));
        }
    }
    if let Some(seconds) = spec["activeDeadlineSeconds"].as_i64()
        && !(1..=i64::from(i32::MAX)).contains(&seconds)
    {
        errors.invalid(&path.child("activeDeadlineSeconds"), seconds, &names::range_error(1, i32::MAX.into()));
    }
    for field in ["hostname", "subdomain"] {
        if !spec[field].is_empty() {
            errors.complaints(&path.child(field), spec[field].s(), names::dns1123_label(spec[field].s()));
        }
    }
    scheduling::tolerations(&spec["tolerations"], &path.child("tolerations"), errors);
    host_aliases(&spec["hostAliases"], &path.child("hostAliases"), errors);
    for field in ["priorityClassName", "runtimeClassName"] {
        if !spec[field].is_empty() {
            errors.complaints(&path.child(field), spec[field].s(), names::dns1123_subdomain(spec[field].s()));
        }
    }
    common::optional_word(spec, "preemptionPolicy", &["PreemptLowerPriority", "Never"], path, errors);
}

fn containers(spec: &Value, pod: &Pod, path: &Path, errors: &mut Errors) {
    let list = spec["containers"].items();
    if list.is_empty() {
        return errors.required(path, "");
    }
    let mut seen: Vec<&str> = Vec::new();
    for (i, container) in list.iter().enumerate() {
        let at = path.index(i);
        container::container(container, pod, &at, errors);
        unique(container["name"].s(), &mut seen, &at, errors);
        hooks_and_probes(container, pod, &at, errors);
    }
    container::host_ports(list, path, errors);
}

fn unique<'a>(name: &'a str, seen: &mut Vec<&'a str>, path: &Path, errors: &mut Errors) {
    if seen.contains(&name) {
        errors.duplicate(&path.child("name"), name);
    } else {
        seen.push(name);
    }
}

fn hooks_and_probes(container: &Value, pod: &Pod, path: &Path, errors: &mut Errors) {
    if !container["lifecycle"].is_null() {
        container::lifecycle(&container["lifecycle"], pod, &path.child("lifecycle"), errors);
    }
    for kind in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if !container[kind].is_null() {
            container::probe(&container[kind], kind, pod, &path.child(kind), errors);
        }
    }
}

fn init_containers(spec: &Value, pod: &Pod, path: &Path, errors: &mut Errors) {
    let mut seen: Vec<&str> = spec["containers"].items().iter().map(|c| c["name"].s()).collect();
    for (i, container) in spec["initContainers"].items().iter().enumerate() {
        let at = path.index(i);
        container::container(container, pod, &at, errors);
        unique(container["name"].s(), &mut seen, &at, errors);
        if container["restartPolicy"].s() == "Always" {
            hooks_and_probes(container, pod, &at, errors);
            continue;
        }
        for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
            if !container[field].is_null() {
                errors.forbidden(&at.child(field), "may not be set for init containers without restartPolicy=Always");
            }
        }
    }
}

fn host_network(spec: &Value, path: &Path, errors: &mut Errors) {
    for list in ["containers", "initContainers"] {
        let list_path = path.child(list);
        for (c, container) in spec[list].items().iter().enumerate() {
            let ports = list_path.index(c);
            let ports = ports.child("ports");
            for (p, port) in container["ports"].items().iter().enumerate() {
                let host = port["hostPort"].as_i64().unwrap_or(0);
                if host != 0 && host != port["containerPort"].as_i64().unwrap_or(0) {
                    let at = ports.index(p);
                    errors.invalid(
                        &at.child("hostPort"),
                        &port["hostPort"],
                        "must match `containerPort` when `hostNetwork` is true",
                    );
                }
            }
        }
    }
}

fn security(context: &Value, path: &Path, errors: &mut Errors) {
    for field in ["fsGroup", "runAsUser", "runAsGroup"] {
        if let Some(id) = context[field].as_i64() {
            for complaint in names::user_id(id) {
                errors.invalid(&path.child(field), id, &complaint);
            }
        }
    }
}

fn dns_config(spec: &Value, path: &Path, errors: &mut Errors) {
    let config = &spec["dnsConfig"];
    let list = config["nameservers"].items();
    if spec["dnsPolicy"].s() == "None" {
        if config.is_null() {
            return errors.required(path, "must provide `dnsConfig` when `dnsPolicy` is None");
        }
        if list.is_empty() {
            errors.required(&path.child("nameservers"), "must provide at least one DNS nameserver when `dnsPolicy` is None");
        }
    }
    let servers = path.child("nameservers");
    if list.len() > 3 {
        errors.invalid(&servers, &config["nameservers"], "must not have more than 3 nameservers");
    }
    for (i, server) in list.iter().enumerate() {
        common::address(server, &servers.index(i), errors);
    }
    let searches = path.child("searches");
    if config["searches"].items().len() > 32 {
        errors.invalid(&searches, &config["searches"], "must not have more than 32 search paths");
    }
    for (i, search) in config["searches"].items().iter().enumerate() {
        let name = search.s().strip_suffix('.').unwrap_or(search.s());
        if name.is_empty() {
            continue;
        }
        errors.complaints(&searches.index(i), name, names::dns1123_subdomain_with_underscore(name));
    }
    let options = path.child("options");
    for (i, option) in config["options"].items().iter().enumerate() {
        if option["name"].is_empty() {
            errors.required(&options.index(i), "must not be empty");
        }
    }
}

fn readiness_gates(gates: &Value, path: &Path, errors: &mut Errors) {
    for (i, gate) in gates.items().iter().enumerate() {
        common::label_name(&gate["conditionType"], &path.index(i).child("conditionType"), errors);
    }
}

fn host_aliases(aliases: &Value, path: &Path, errors: &mut Errors) {
    for (i, alias) in aliases.items().iter().enumerate() {
        let at = path.index(i);
        common::address(&alias["ip"], &at.child("ip"), errors);
        let list = at.child("hostnames");
        for (h, host) in alias["hostnames"].items().iter().enumerate() {
            errors.complaints(&list.index(h), host.s(), names::dns1123_subdomain(host.s()));
        }
    }
}

const MAY_CHANGE: &str = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

/// A changed pod: almost nothing of its spec may change.
pub fn update(new: &Value, old: &Object, errors: &mut Errors) {
    let (to, from, spec) = (&new["spec"], old.spec(), Path::root("spec"));
    for list in ["containers", "initContainers"] {
        let names = |spec: &Value| spec[list].items().iter().map(|c| c["name"].text()).collect::<Vec<_>>();
        if to[list].items().len() != from[list].items().len() {
            // The whole comparison would only repeat it.
            return errors.forbidden(&spec.child(list), "pod updates may not add or remove containers");
        }
        if names(to) != names(from) {
            break;
        }
    }
    deadline(to, from, &spec, errors);
    tolerations(to, from, &spec.child("tolerations"), errors);
    let mut munged = to.clone();
    copy(&mut munged, from, "activeDeadlineSeconds");
    copy(&mut munged, from, "tolerations");
    let ended = from["terminationGracePeriodSeconds"].as_i64().is_some_and(|s| s < 0)
        && to["terminationGracePeriodSeconds"].as_i64() == Some(1);
    if ended {
        copy(&mut munged, from, "terminationGracePeriodSeconds");
    }
    gates(&mut munged, to, from, &spec.child("schedulingGates"), errors);
    for list in ["containers", "initContainers"] {
        for i in 0..munged[list].items().len() {
            let image = from[list][i]["image"].clone();
            munged.as_map_mut().entry(list).as_list_mut()[i].set(&["image"], image);
        }
    }
    if munged != *from {
        errors.forbidden(&spec, &format!("{MAY_CHANGE}\n{}", super::diff::lines(from, &munged)));
    }
}

fn copy(to: &mut Value, from: &Value, field: &str) {
    match from.get(field) {
        Some(have) => to.set(&[field], have),
        None => _ = to.remove(&[field]),
    }
}

fn deadline(to: &Value, from: &Value, spec: &Path, errors: &mut Errors) {
    let path = spec.child("activeDeadlineSeconds");
    match (to["activeDeadlineSeconds"].as_i64(), from["activeDeadlineSeconds"].as_i64()) {
        (None, Some(_)) => errors.invalid(&path, &Value::Null, "must not update from a positive integer to nil value"),
        (Some(new), Some(old)) if new > old => errors.invalid(&path, new, "must be less than or equal to previous value"),
        _ => {}
    }
}

/// Tolerations may be added; an old one may only get another number of seconds.
fn tolerations(to: &Value, from: &Value, path: &Path, errors: &mut Errors) {
    let bare = |t: &Value| {
        let mut t = t.clone();
        t.remove(&["tolerationSeconds"]);
        t
    };
    let kept = |old: &Value| to["tolerations"].items().iter().any(|new| bare(new) == bare(old));
    if !from["tolerations"].items().iter().all(kept) {
        errors.forbidden(path, "existing toleration can not be modified except its tolerationSeconds");
    }
}

/// Gates may be taken away, and a gated pod may be narrowed in where it runs.
fn gates(munged: &mut Value, to: &Value, from: &Value, path: &Path, errors: &mut Errors) {
    let had = |gate: &Value| from["schedulingGates"].items().contains(gate);
    if let Some((index, new)) = to["schedulingGates"].items().iter().enumerate().find(|(_, g)| !had(g)) {
        let gate = path.index(index);
        errors.forbidden(
            &gate.child("name"),
            &format!("only deletion is allowed, but found new scheduling gate '{}'", new["name"].s()),
        );
    }
    if !from["schedulingGates"].is_empty() {
        for field in ["nodeSelector", "affinity"] {
            copy(munged, from, field);
        }
    }
    copy(munged, from, "schedulingGates");
}
