//! Containers: names, ports, environment, mounts, resources. Models validateContainerCommon of
//! pkg/apis/core/validation.

use super::common::{self, port_number, word};
use super::resources;
use crate::field::{Errors, Path};
use base::names;
use value::Value;

/// What containers are checked against.
pub struct Pod<'a> {
    /// The volumes that are valid, by name.
    pub volumes: Vec<&'a str>,
    pub grace: i64,
}

pub fn container(container: &Value, pod: &Pod, path: &Path, errors: &mut Errors) {
    let name = container["name"].s();
    if name.is_empty() {
        errors.required(&path.child("name"), "");
    } else {
        errors.complaints(&path.child("name"), name, names::dns1123_label(name));
    }
    let image = container["image"].s();
    if image.is_empty() {
        errors.required(&path.child("image"), "");
    } else if image.trim() != image {
        errors.invalid(&path.child("image"), image, "must not have leading or trailing whitespace");
    }
    word(container, "terminationMessagePolicy", &["FallbackToLogsOnError", "File"], path, errors);
    ports(&container["ports"], &path.child("ports"), errors);
    env(&container["env"], &path.child("env"), errors);
    env_from(&container["envFrom"], &path.child("envFrom"), errors);
    mounts(container, pod, &path.child("volumeMounts"), errors);
    word(container, "imagePullPolicy", &["Always", "IfNotPresent", "Never"], path, errors);
    resources::container(&container["resources"], &path.child("resources"), errors);
    security(&container["securityContext"], &path.child("securityContext"), errors);
}

fn ports(ports: &Value, path: &Path, errors: &mut Errors) {
    let mut names: Vec<&str> = Vec::new();
    for (i, port) in ports.items().iter().enumerate() {
        let at = path.index(i);
        let name = port["name"].s();
        if !name.is_empty() {
            let complaints = base::names::port_name(name);
            if !complaints.is_empty() {
                errors.complaints(&at.child("name"), name, complaints);
            } else if names.contains(&name) {
                errors.duplicate(&at.child("name"), name);
            } else {
                names.push(name);
            }
        }
        match port["containerPort"].as_i64().unwrap_or(0) {
            0 => errors.required(&at.child("containerPort"), ""),
            number => port_number(number, &at.child("containerPort"), errors),
        }
        let host = port["hostPort"].as_i64().unwrap_or(0);
        if host != 0 {
            port_number(host, &at.child("hostPort"), errors);
        }
        word(port, "protocol", &["SCTP", "TCP", "UDP"], &at, errors);
    }
}

/// A host port may be used once in a pod.
pub fn host_ports(containers: &[Value], path: &Path, errors: &mut Errors) {
    let mut seen: Vec<String> = Vec::new();
    for (c, container) in containers.iter().enumerate() {
        let list = path.index(c);
        let list = list.child("ports");
        for (p, port) in container["ports"].items().iter().enumerate() {
            let host = port["hostPort"].as_i64().unwrap_or(0);
            if host == 0 {
                continue;
            }
            let key = format!("{}/{}/{host}", port["protocol"].s(), port["hostIP"].s());
            if seen.contains(&key) {
                errors.duplicate(&list.index(p).child("hostPort"), key.as_str());
            } else {
                seen.push(key);
            }
        }
    }
}

fn env(env: &Value, path: &Path, errors: &mut Errors) {
    for (i, variable) in env.items().iter().enumerate() {
        let at = path.index(i);
        let name = variable["name"].s();
        if name.is_empty() {
            errors.required(&at.child("name"), "");
        } else {
            errors.complaints(&at.child("name"), name, names::env_var_name(name));
        }
        if !variable["valueFrom"].is_null() {
            value_from(variable, &at.child("valueFrom"), errors);
        }
    }
}

fn value_from(variable: &Value, path: &Path, errors: &mut Errors) {
    let from = &variable["valueFrom"];
    let mut sources = 0;
    for field in ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"] {
        let source = &from[field];
        if source.is_null() {
            continue;
        }
        sources += 1;
        let at = path.child(field);
        match field {
            "fieldRef" => field_ref(source, &ENV_FIELDS, &at, errors),
            "resourceFieldRef" => resource_ref(source, &at, errors),
            "configMapKeyRef" | "secretKeyRef" => key_ref(source, &at, errors),
            _ => {}
        }
    }
    if sources == 0 {
        let words = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";
        errors.invalid(path, "", words);
    } else if !variable["value"].is_empty() {
        errors.invalid(path, "", "may not be specified when `value` is not empty");
    } else if sources > 1 {
        errors.invalid(path, "", "may not have more than one field specified at a time");
    }
}

/// What an environment variable can tell of its pod.
const ENV_FIELDS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// What a downward API file can tell of its pod.
pub const FILE_FIELDS: [&str; 5] =
    ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

pub fn field_ref(source: &Value, allowed: &[&str], path: &Path, errors: &mut Errors) {
    let field = source["fieldPath"].s();
    let at = path.child("fieldPath");
    if source["apiVersion"].is_empty() {
        return errors.required(&path.child("apiVersion"), "");
    }
    if field.is_empty() {
        return errors.required(&at, "");
    }
    if let Some((map, key)) = field.strip_suffix("']").and_then(|f| f.split_once("['")) {
        return match map {
            "metadata.labels" => errors.complaints(path, key, names::qualified_name(key)),
            "metadata.annotations" => errors.complaints(path, key, names::qualified_name(&key.to_ascii_lowercase())),
            _ => errors.invalid(path, map, "does not support subscript"),
        };
    }
    let known = ENV_FIELDS.contains(&field)
        || FILE_FIELDS.contains(&field)
        || matches!(field, "spec.restartPolicy" | "spec.schedulerName" | "status.phase" | "spec.host");
    if !known {
        errors.invalid(&at, field, &format!("error converting fieldPath: field label not supported: {field}"));
    } else if !allowed.contains(&field) {
        errors.unsupported(&at, field, allowed);
    }
}

fn resource_ref(source: &Value, path: &Path, errors: &mut Errors) {
    const ALLOWED: [&str; 6] = [
        "limits.cpu",
        "limits.ephemeral-storage",
        "limits.memory",
        "requests.cpu",
        "requests.ephemeral-storage",
        "requests.memory",
    ];
    let resource = source["resource"].s();
    let huge =
        resource.strip_prefix("limits.").or(resource.strip_prefix("requests.")).is_some_and(|r| r.starts_with("hugepages-"));
    if resource.is_empty() {
        errors.required(&path.child("resource"), "");
    } else if !ALLOWED.contains(&resource) && !huge {
        errors.unsupported(&path.child("resource"), resource, &ALLOWED);
    }
}

fn key_ref(source: &Value, path: &Path, errors: &mut Errors) {
    errors.complaints(&path.child("name"), source["name"].s(), names::dns1123_subdomain(source["name"].s()));
    let key = source["key"].s();
    if key.is_empty() {
        errors.required(&path.child("key"), "");
    } else {
        errors.complaints(&path.child("key"), key, names::config_map_key(key));
    }
}

fn env_from(list: &Value, path: &Path, errors: &mut Errors) {
    for (i, item) in list.items().iter().enumerate() {
        let at = path.index(i);
        let prefix = item["prefix"].s();
        if !prefix.is_empty() {
            errors.complaints(&at.child("prefix"), prefix, names::env_var_name(prefix));
        }
        let mut sources = 0;
        for field in ["configMapRef", "secretRef"] {
            if item[field].is_null() {
                continue;
            }
            sources += 1;
            let (name, at) = (item[field]["name"].s(), at.child(field));
            if name.is_empty() {
                errors.required(&at.child("name"), "");
            } else {
                errors.complaints(&at.child("name"), name, names::dns1123_subdomain(name));
            }
        }
        if sources == 0 {
            errors.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`");
        } else if sources > 1 {
            errors.invalid(path, "", "may not have more than one field specified at a time");
        }
    }
}

fn mounts(container: &Value, pod: &Pod, path: &Path, errors: &mut Errors) {
    let mut paths: Vec<&str> = Vec::new();
    for (i, mount) in container["volumeMounts"].items().iter().enumerate() {
        let at = path.index(i);
        let (name, mount_path) = (mount["name"].s(), mount["mountPath"].s());
        if name.is_empty() {
            errors.required(&at.child("name"), "");
        }
        if !pod.volumes.contains(&name) {
            errors.not_found(&at.child("name"), name);
        }
        if mount_path.is_empty() {
            errors.required(&at.child("mountPath"), "");
        }
        if paths.contains(&mount_path) {
            errors.invalid(&at.child("mountPath"), mount_path, "must be unique");
        }
        paths.push(mount_path);
        if container["volumeDevices"].items().iter().any(|d| d["name"].s() == name) {
            errors.invalid(&at.child("name"), name, "must not already exist in volumeDevices");
        }
        if !mount["subPath"].is_empty() {
            descending(mount["subPath"].s(), &path.child("subPath"), errors);
        }
        if !mount["subPathExpr"].is_empty() {
            if !mount["subPath"].is_empty() {
                errors.invalid(
                    &path.child("subPathExpr"),
                    &mount["subPathExpr"],
                    "subPathExpr and subPath are mutually exclusive",
                );
            }
            descending(mount["subPathExpr"].s(), &path.child("subPathExpr"), errors);
        }
    }
}

/// A relative path that never goes up.
pub fn descending(text: &str, path: &Path, errors: &mut Errors) {
    if text.starts_with('/') {
        errors.invalid(path, text, "must be a relative path");
    }
    no_way_up(text, path, errors);
}

pub fn no_way_up(text: &str, path: &Path, errors: &mut Errors) {
    if text.split('/').any(|part| part == "..") {
        errors.invalid(path, text, "must not contain '..'");
    }
}

fn security(context: &Value, path: &Path, errors: &mut Errors) {
    for field in ["runAsUser", "runAsGroup"] {
        if let Some(id) = context[field].as_i64() {
            for complaint in names::user_id(id) {
                errors.invalid(&path.child(field), id, &complaint);
            }
        }
    }
    common::optional_word(context, "procMount", &["Default", "Unmasked"], path, errors);
}

/// A probe of one of the three kinds.
pub fn probe(probe: &Value, kind: &str, pod: &Pod, path: &Path, errors: &mut Errors) {
    handler(probe, pod, path, errors);
    for field in ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] {
        common::non_negative(probe, field, path, errors);
    }
    let grace = probe["terminationGracePeriodSeconds"].as_i64();
    let at = path.child("terminationGracePeriodSeconds");
    match (kind, grace) {
        ("readinessProbe", Some(seconds)) => errors.invalid(&at, seconds, "must not be set for readinessProbes"),
        (_, Some(seconds)) if seconds <= 0 => errors.invalid(&at, seconds, "must be greater than 0"),
        _ => {}
    }
    let successes = probe["successThreshold"].as_i64().unwrap_or(1);
    if kind != "readinessProbe" && successes != 1 {
        errors.invalid(&path.child("successThreshold"), successes, "must be 1");
    }
}

/// Hooks at the start and the end.
pub fn lifecycle(lifecycle: &Value, pod: &Pod, path: &Path, errors: &mut Errors) {
    for hook in ["postStart", "preStop"] {
        if !lifecycle[hook].is_null() {
            handler(&lifecycle[hook], pod, &path.child(hook), errors);
        }
    }
}

fn handler(handler: &Value, pod: &Pod, path: &Path, errors: &mut Errors) {
    let mut have = false;
    for field in ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] {
        let action = &handler[field];
        if action.is_null() {
            continue;
        }
        let at = path.child(field);
        if have {
            errors.forbidden(&at, "may not specify more than 1 handler type");
            continue;
        }
        have = true;
        match field {
            "exec" if action["command"].is_empty() => errors.required(&at.child("command"), ""),
            "httpGet" => http_get(action, &at, errors),
            "tcpSocket" => common::port_or_name(&action["port"], &at.child("port"), errors),
            "grpc" => port_number(action["port"].as_i64().unwrap_or(0), &at.child("port"), errors),
            "sleep" => sleep(action["seconds"].as_i64().unwrap_or(0), pod.grace, &at, errors),
            _ => {}
        }
    }
    if !have {
        errors.required(path, "must specify a handler type");
    }
}

fn sleep(seconds: i64, grace: i64, path: &Path, errors: &mut Errors) {
    if seconds < 0 || seconds > grace {
        errors.invalid(path, seconds, &format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})"));
    }
}

fn http_get(get: &Value, path: &Path, errors: &mut Errors) {
    if get["path"].is_empty() {
        errors.required(&path.child("path"), "");
    }
    common::port_or_name(&get["port"], &path.child("port"), errors);
    let scheme = get["scheme"].s();
    if !matches!(scheme, "HTTP" | "HTTPS") {
        errors.unsupported(&path.child("scheme"), scheme, &["HTTP", "HTTPS"]);
    }
    for header in get["httpHeaders"].items() {
        errors.complaints(&path.child("httpHeaders"), header["name"].s(), names::http_header_name(header["name"].s()));
    }
}
