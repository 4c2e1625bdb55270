//! Warnings: what is allowed but will not do what its author hopes.
//! Models pkg/api/pod/warnings.go, pkg/api/service/warnings.go and the deprecated kinds.

use crate::kinds::Kind;
use base::{Text, base64_decode};
use value::Value;

/// The warning that every request to a deprecated kind carries.
pub fn deprecated_kind(kind: &Kind) -> Vec<Text> {
    let text = match kind.resource.as_str() {
        "endpoints" => "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
        "componentstatuses" => "v1 ComponentStatus is deprecated in v1.19+",
        _ => return Vec::new(),
    };
    vec![text.into()]
}

/// Warnings about a written object.
pub fn of(kind: &Kind, new: &Value, old: Option<&Value>) -> Vec<Text> {
    let mut warnings = Vec::new();
    match kind.resource.as_str() {
        "pods" if old.is_none() => {
            pod_name(new, "the Pod's hostname", &mut warnings);
            pod(new, &new["spec"], "", &mut warnings);
        }
        "deployments.apps" | "replicasets.apps" | "daemonsets.apps" | "statefulsets.apps"
            if old.is_none_or(|old| old["spec"]["template"] != new["spec"]["template"]) =>
        {
            if old.is_none() && kind.resource != "daemonsets.apps" {
                pod_name(new, "Pod names and hostnames", &mut warnings);
            }
            let template = &new["spec"]["template"];
            pod(template, &template["spec"], "spec.template.", &mut warnings);
        }
        "services" => service(&new["spec"], &mut warnings),
        "ingresses.networking.k8s.io" if old.is_none() => ingress(new, &mut warnings),
        "jobs.batch" if old.is_none() => {
            pod_name(new, "Pod names and hostnames", &mut warnings);
            job(&new["spec"], &mut warnings);
            pod(&new["spec"]["template"], &new["spec"]["template"]["spec"], "spec.template.", &mut warnings);
        }
        "secrets" if old.is_none() => secret(new, &mut warnings),
        _ => {}
    }
    if old.is_none() {
        warnings.extend(not_enforced(kind, new));
    }
    warnings
}

/// Kinds that are kept like any other but that nothing here acts on yet. Saying nothing would mislead.
fn not_enforced(kind: &Kind, new: &Value) -> Option<Text> {
    let what = match kind.resource.as_str() {
        "resourcequotas" => "ResourceQuota",
        "limitranges" => "LimitRange",
        "namespaces" if new["metadata"]["labels"].entries().iter().any(|(k, _)| k.starts_with("pod-security.kubernetes.io/")) => {
            "Pod Security"
        }
        resource if resource.ends_with(".admissionregistration.k8s.io") => kind.kind.as_ref(),
        "customresourcedefinitions.apiextensions.k8s.io" => {
            return Some("custom resources are not served by this cluster".into());
        }
        _ => return None,
    };
    Some(format!("{what} is not enforced by this cluster").into())
}

/// The terms of a pod affinity, each with its path.
fn affinity_terms(affinity: &Value) -> Vec<(&Value, String)> {
    let (required, preferred) =
        ("requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution");
    let must = affinity[required].items().iter().enumerate().map(|(i, term)| (term, format!("{required}[{i}]")));
    let may = affinity[preferred].items().iter().enumerate();
    must.chain(may.map(|(i, term)| (&term["podAffinityTerm"], format!("{preferred}[{i}].podAffinityTerm")))).collect()
}

/// A name that will be part of pods' names and host names.
fn pod_name(new: &Value, used: &str, warnings: &mut Vec<Text>) {
    if new["metadata"]["name"].s().contains('.') {
        let why = "which can result in surprising behavior; a DNS label is recommended: [must not contain dots]";
        warnings.push(format!("metadata.name: this is used in {used}, {why}").into());
    }
}

fn job(spec: &Value, warnings: &mut Vec<Text>) {
    let number = |field: &str| spec[field].as_i64().unwrap_or(0);
    if spec["completionMode"].s() == "Indexed" && number("completions") > 100_000 && number("parallelism") > 10_000 {
        let text = "spec: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail";
        warnings.push(text.into());
    }
}

fn ingress(new: &Value, warnings: &mut Vec<Text>) {
    let annotation = &new["metadata"]["annotations"]["kubernetes.io/ingress.class"];
    if !annotation.is_null() && new["spec"]["ingressClassName"].is_null() {
        warnings
            .push("annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead".into());
    }
}

fn secret(new: &Value, warnings: &mut Vec<Text>) {
    let certificate = base64_decode(new["data"]["tls.crt"].s()).unwrap_or_default();
    if new["type"].s() == "kubernetes.io/tls" && !certificate.starts_with(b"-----BEGIN") {
        warnings.push("tls: failed to find any PEM data in certificate input".into());
    }
}

fn service(spec: &Value, warnings: &mut Vec<Text>) {
    if !spec["externalName"].is_empty() && spec["type"].s() != "ExternalName" {
        warnings.push("spec.externalName is ignored when spec.type is not \"ExternalName\"".into());
    }
    if !spec["externalIPs"].is_empty() {
        warnings.push("spec.externalIPs is deprecated and may no longer be implemented in some clusters".into());
    }
    if spec["trafficDistribution"].s() == "PreferClose" {
        warnings.push("spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"".into());
    }
}

/// Labels of nodes that have newer names.
const OLD_LABELS: [(&str, &str, &str); 6] = [
    ("beta.kubernetes.io/arch", "v1.14", "kubernetes.io/arch"),
    ("beta.kubernetes.io/os", "v1.14", "kubernetes.io/os"),
    ("failure-domain.beta.kubernetes.io/region", "v1.17", "topology.kubernetes.io/region"),
    ("failure-domain.beta.kubernetes.io/zone", "v1.17", "topology.kubernetes.io/zone"),
    ("failure-domain.kubernetes.io/region", "v1.17", "topology.kubernetes.io/region"),
    ("failure-domain.kubernetes.io/zone", "v1.17", "topology.kubernetes.io/zone"),
];

fn pod(object: &Value, spec: &Value, at: &str, warnings: &mut Vec<Text>) {
    let mut say = |text: String| warnings.push(text.into());
    for (key, since, new) in OLD_LABELS {
        if !spec["nodeSelector"][key].is_null() {
            say(format!("{at}spec.nodeSelector[{key}]: deprecated since {since}; use \"{new}\" instead"));
        }
    }
    for (i, constraint) in spec["topologySpreadConstraints"].items().iter().enumerate() {
        let path = format!("{at}spec.topologySpreadConstraints[{i}]");
        if let Some((key, since, new)) = OLD_LABELS.iter().find(|row| row.0 == constraint["topologyKey"].s()) {
            say(format!("{path}.topologyKey: {key} is deprecated since {since}; use \"{new}\" instead"));
        }
        if constraint["labelSelector"].is_null() {
            say(format!("{path}.labelSelector: a null labelSelector results in matching no pod"));
        }
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        for (term, path) in affinity_terms(&spec["affinity"][kind]) {
            if term["labelSelector"].is_null() {
                say(format!("{at}spec.affinity.{kind}.{path}.labelSelector: a null labelSelector results in matching no pod"));
            }
        }
    }
    host_aliases(spec, at, &mut say);
    for (i, secret) in spec["imagePullSecrets"].items().iter().enumerate() {
        if secret["name"].is_empty() {
            say(format!("{at}spec.imagePullSecrets[{i}].name: invalid empty name \"\""));
        }
    }
    for (i, volume) in spec["volumes"].items().iter().enumerate() {
        for (field, text) in [
            ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
            ("gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
            ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
            ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
        ] {
            if !volume[field].is_null() {
                say(format!("{at}spec.volumes[{i}].{field}: {text}"));
            }
        }
    }
    for list in ["initContainers", "containers"] {
        for (i, container) in spec[list].items().iter().enumerate() {
            self::container(container, &format!("{at}spec.{list}[{i}]"), &mut say);
        }
    }
    ports(spec, at, &mut say);
    annotations(object, at, &mut say);
}

fn host_aliases(spec: &Value, at: &str, say: &mut impl FnMut(String)) {
    let aliases = spec["hostAliases"].items();
    for (i, alias) in aliases.iter().enumerate() {
        if aliases[..i].iter().any(|before| before["ip"] == alias["ip"]) {
            say(format!("{at}spec.hostAliases[{i}].ip: duplicate ip \"{}\"", alias["ip"].s()));
        }
    }
}

fn container(container: &Value, path: &str, say: &mut impl FnMut(String)) {
    let env = container["env"].items();
    for (i, variable) in env.iter().enumerate() {
        let Some(before) = env[..i].iter().position(|b| b["name"] == variable["name"]) else { continue };
        let name = variable["name"].s();
        let later = variable["value"].s();
        if !later.contains(&format!("$({name})")) || env[before + 1..i].iter().any(|b| b["name"] == variable["name"]) {
            say(format!("{path}.env[{i}]: hides previous definition of \"{name}\", which may be dropped when using apply"));
        }
    }
    for list in ["limits", "requests"] {
        for (name, quantity) in container["resources"][list].entries() {
            let milli = quantity.s().ends_with('m');
            if milli && matches!(name.as_str(), "memory" | "ephemeral-storage") {
                let text = quantity.s();
                say(format!("{path}.resources.{list}[{name}]: fractional byte value \"{text}\" is invalid, must be an integer"));
            }
        }
    }
}

/// The same port of the same protocol, in one container or in two.
fn ports(spec: &Value, at: &str, say: &mut impl FnMut(String)) {
    let mut seen: Vec<(i64, &str, &str, i64, String)> = Vec::new();
    for (c, container) in spec["containers"].items().iter().enumerate() {
        for (p, port) in container["ports"].items().iter().enumerate() {
            let path = format!("{at}spec.containers[{c}].ports[{p}]");
            let number = port["containerPort"].as_i64().unwrap_or(0);
            let host = port["hostPort"].as_i64().unwrap_or(0);
            let (protocol, ip) = (port["protocol"].s(), port["hostIP"].s());
            let same = |s: &&(i64, &str, &str, i64, String)| s.0 == number && s.1 == protocol && s.2 == ip && s.3 == host;
            if let Some(before) = seen.iter().find(same) {
                say(format!("{path}: duplicate port definition with {}", before.4));
            }
            seen.push((number, protocol, ip, host, path));
        }
    }
}

fn annotations(object: &Value, at: &str, say: &mut impl FnMut(String)) {
    for (key, _) in object["metadata"]["annotations"].entries() {
        let path = format!("{at}metadata.annotations[{key}]");
        if key == "seccomp.security.alpha.kubernetes.io/pod" || key.starts_with("container.seccomp.security.alpha.kubernetes.io/")
        {
            say(format!("{path}: non-functional in v1.27+; use the \"seccompProfile\" field instead"));
        } else if key.starts_with("container.apparmor.security.beta.kubernetes.io/") {
            say(format!("{path}: deprecated since v1.30; use the \"appArmorProfile\" field instead"));
        }
    }
}
