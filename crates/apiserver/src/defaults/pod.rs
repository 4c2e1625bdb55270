//! Defaults of pods and pod templates. Models SetDefaults_Pod, _PodSpec, _Container, _Probe and _Volume of
//! pkg/apis/core/v1/defaults.go.

use super::{each, fill, fill_absent, inside};
use value::{Value, obj};

/// A pod: what its spec gets anywhere, and what only a pod itself gets.
pub fn pod(pod: &mut Value) {
    let spec = pod.at_mut(&["spec"]);
    pod_spec(spec);
    fill_absent(spec, "enableServiceLinks", true);
    let host_network = spec["hostNetwork"].is_true();
    for list in ["initContainers", "containers"] {
        each(spec, list, |container| {
            requests_from_limits(container);
            if host_network {
                each(container, "ports", host_port);
            }
        });
    }
}

fn requests_from_limits(container: &mut Value) {
    if container["resources"]["limits"].entries().is_empty() {
        return;
    }
    let resources = container.as_map_mut().entry("resources");
    let limits = resources["limits"].clone();
    let requests = resources.as_map_mut().entry("requests").as_map_mut();
    for (name, limit) in limits.entries() {
        if !requests.contains(name) {
            requests.insert(name, limit);
        }
    }
}

fn host_port(port: &mut Value) {
    let number = port["containerPort"].clone();
    fill(port, "hostPort", number);
}

/// `template` of a PodTemplate object.
pub fn pod_template(object: &mut Value) {
    template(object.at_mut(&["template"]));
}

/// The pod template of a workload.
pub fn template(template: &mut Value) {
    template.as_map_mut().entry("metadata").as_map_mut();
    pod_spec(template.at_mut(&["spec"]));
}

/// What a pod's spec gets, in pods and in templates.
pub fn pod_spec(spec: &mut Value) {
    fill(spec, "dnsPolicy", "ClusterFirst");
    fill(spec, "restartPolicy", "Always");
    fill_absent(spec, "securityContext", obj! {});
    if spec["terminationGracePeriodSeconds"].as_i64().is_none_or(|seconds| seconds < 0) {
        let seconds = if spec["terminationGracePeriodSeconds"].is_null() { 30 } else { 1 };
        spec.set(&["terminationGracePeriodSeconds"], seconds);
    }
    fill(spec, "schedulerName", "default-scheduler");
    let account =
        if spec["serviceAccountName"].is_empty() { &spec["serviceAccount"] } else { &spec["serviceAccountName"] }.clone();
    if !account.is_empty() {
        let map = spec.as_map_mut();
        map.insert("serviceAccount", &account);
        map.insert("serviceAccountName", account);
    }
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        each(spec, list, container);
    }
    each(spec, "volumes", volume);
}

fn container(container: &mut Value) {
    if container["imagePullPolicy"].is_empty() {
        let policy = image_pull_policy(container["image"].s());
        container.as_map_mut().insert("imagePullPolicy", policy);
    }
    fill(container, "terminationMessagePath", "/dev/termination-log");
    fill(container, "terminationMessagePolicy", "File");
    fill_absent(container, "resources", obj! {});
    each(container, "ports", |port| fill(port, "protocol", "TCP"));
    each(container, "env", |env| inside(env, "valueFrom", field_ref));
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        inside(container, name, probe);
    }
    inside(container, "lifecycle", |lifecycle| {
        for hook in ["postStart", "preStop"] {
            inside(lifecycle, hook, |hook| inside(hook, "httpGet", http_get));
        }
    });
}

fn field_ref(from: &mut Value) {
    inside(from, "fieldRef", |field| fill(field, "apiVersion", "v1"));
    inside(from, "resourceFieldRef", |field| fill_absent(field, "divisor", "0"));
}

fn probe(probe: &mut Value) {
    for (field, number) in [("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)] {
        fill(probe, field, number);
    }
    inside(probe, "httpGet", http_get);
    inside(probe, "grpc", |grpc| fill_absent(grpc, "service", ""));
}

fn http_get(get: &mut Value) {
    fill(get, "path", "/");
    fill(get, "scheme", "HTTP");
}

/// `Always` for images without a tag or digest and for `:latest`, else `IfNotPresent`.
pub fn image_pull_policy(image: &str) -> &'static str {
    if image.contains('@') {
        return "IfNotPresent";
    }
    let last = image.rsplit('/').next().unwrap_or(image);
    match last.split_once(':') {
        Some((_, tag)) if tag != "latest" => "IfNotPresent",
        _ => "Always",
    }
}

/// Every source a volume may have; none at all means emptyDir.
fn volume(volume: &mut Value) {
    if volume.entries().iter().all(|(field, _)| field == "name") {
        volume.as_map_mut().insert("emptyDir", obj! {});
    }
    for source in ["secret", "configMap", "downwardAPI"] {
        inside(volume, source, |source| {
            fill_absent(source, "defaultMode", 0o644);
            each(source, "items", field_ref);
        });
    }
    inside(volume, "hostPath", |path| fill_absent(path, "type", ""));
    inside(volume, "projected", |projected| {
        fill_absent(projected, "defaultMode", 0o644);
        each(projected, "sources", |source| {
            inside(source, "serviceAccountToken", |token| fill_absent(token, "expirationSeconds", 3600));
            inside(source, "downwardAPI", |api| each(api, "items", field_ref));
        });
    });
    inside(volume, "ephemeral", |ephemeral| {
        inside(ephemeral, "volumeClaimTemplate", |claim| {
            fill_absent(claim.at_mut(&["spec"]), "volumeMode", "Filesystem");
        });
    });
    inside(volume, "image", |image| {
        let policy = image_pull_policy(image["reference"].s());
        fill(image, "pullPolicy", policy);
    });
    inside(volume, "iscsi", |iscsi| fill(iscsi, "iscsiInterface", "default"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pull_policy_follows_the_tag() {
        let cases = [
            ("nginx", "Always"),
            ("nginx:latest", "Always"),
            ("nginx:1.27", "IfNotPresent"),
            ("localhost:5000/nginx", "Always"),
            ("localhost:5000/nginx:1", "IfNotPresent"),
            ("nginx@sha256:abc", "IfNotPresent"),
        ];
        for (image, want) in cases {
            assert_eq!(image_pull_policy(image), want, "{image}");
        }
    }
}
