//! Containers, volumes and pod templates as `kubectl describe` prints them. Models k8s.io/kubectl/pkg/describe.

use crate::page::{Page, moment, or_none, or_unset, truth};
use value::Value;

/// The text of a pod template, cells cut by tabs.
pub(crate) fn pod_template(template: &Value) -> String {
    let mut page = Page::default();
    template_lines(&mut page, template);
    page.text
}

pub(crate) fn template_lines(page: &mut Page, template: &Value) {
    let (meta, spec) = (&template["metadata"], &template["spec"]);
    page.line(0, "Pod Template:");
    page.labels("  Labels", &meta["labels"]);
    if !meta["annotations"].is_empty() {
        page.annotations("  Annotations", &meta["annotations"]);
    }
    if !spec["serviceAccountName"].s().is_empty() {
        page.field(1, "Service Account", spec["serviceAccountName"].s());
    }
    if !spec["initContainers"].is_empty() {
        containers(page, ("Init Containers", "  "), (&spec["initContainers"], &Value::Null), template);
    }
    containers(page, ("Containers", "  "), (&spec["containers"], &Value::Null), template);
    volumes(page, &spec["volumes"], "  ");
    spread(page, &spec["topologySpreadConstraints"], "  ");
    if !spec["priorityClassName"].s().is_empty() {
        page.field(1, "Priority Class Name", spec["priorityClassName"].s());
    }
    page.labels("  Node-Selectors", &spec["nodeSelector"]);
    page.tolerations("  Tolerations", &spec["tolerations"]);
}

/// Containers under a label, with their statuses where there are any; `pod` resolves fields in the environment.
pub(crate) fn containers(page: &mut Page, (label, space): (&str, &str), (list, statuses): (&Value, &Value), pod: &Value) {
    if list.items().is_empty() {
        page.line(0, &format!("{space}{label}: <none>"));
        return;
    }
    page.line(0, &format!("{space}{label}:"));
    for container in list.items() {
        let status = statuses.items().iter().find(|status| status["name"] == container["name"]);
        let indent = if space.is_empty() { "" } else { " " };
        page.line(1, &format!("{indent}{}:", container["name"].s()));
        basics(page, container, status);
        for (title, field) in [("Command", "command"), ("Args", "args")] {
            if !container[field].items().is_empty() {
                page.line(2, &format!("{title}:"));
                for word in container[field].items() {
                    word.s().split('\n').for_each(|part| page.line(3, part));
                }
            }
        }
        if let Some(status) = status {
            states(page, status);
        }
        resources(page, &container["resources"]);
        for (title, field) in [("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")] {
            if !container[field].is_null() {
                page.field(2, title, &probe(&container[field]));
            }
        }
        environment(page, container, pod);
        mounts(page, container);
    }
}

fn basics(page: &mut Page, container: &Value, status: Option<&Value>) {
    if let Some(status) = status {
        page.field(2, "Container ID", status["containerID"].s());
    }
    page.field(2, "Image", container["image"].s());
    if let Some(status) = status {
        page.field(2, "Image ID", status["imageID"].s());
    }
    for (title, field) in [("Port", "containerPort"), ("Host Port", "hostPort")] {
        let ports: Vec<String> = container["ports"].items().iter().map(|port| port_text(port, field)).collect();
        let plural = if ports.len() > 1 { "s" } else { "" };
        page.field(2, &format!("{title}{plural}"), or_none(&ports.join(", ")));
    }
}

/// `80/TCP`, `80/TCP (http)`
fn port_text(port: &Value, field: &str) -> String {
    let protocol = if port["protocol"].s().is_empty() { "TCP" } else { port["protocol"].s() };
    let name = if port["name"].s().is_empty() { String::new() } else { format!(" ({})", port["name"].s()) };
    format!("{}/{protocol}{name}", port[field].as_i64().unwrap_or(0))
}

fn states(page: &mut Page, status: &Value) {
    state(page, "State", &status["state"]);
    if !status["lastState"]["terminated"].is_null() {
        state(page, "Last State", &status["lastState"]);
    }
    page.field(2, "Ready", truth(status["ready"].is_true()));
    page.field(2, "Restart Count", &status["restartCount"].as_i64().unwrap_or(0).to_string());
}

fn state(page: &mut Page, title: &str, state: &Value) {
    let optional = |page: &mut Page, name: &str, text: &str| {
        if !text.is_empty() {
            page.field(3, name, text);
        }
    };
    if let Some(running) = state.get("running") {
        page.field(2, title, "Running");
        page.field(3, "Started", &moment(&running["startedAt"]));
    } else if let Some(terminated) = state.get("terminated") {
        page.field(2, title, "Terminated");
        optional(page, "Reason", terminated["reason"].s());
        optional(page, "Message", terminated["message"].s());
        page.field(3, "Exit Code", &terminated["exitCode"].as_i64().unwrap_or(0).to_string());
        if let Some(signal) = terminated["signal"].as_i64().filter(|s| *s > 0) {
            page.field(3, "Signal", &signal.to_string());
        }
        page.field(3, "Started", &epoch_or(&terminated["startedAt"]));
        page.field(3, "Finished", &epoch_or(&terminated["finishedAt"]));
    } else {
        page.field(2, title, "Waiting");
        optional(page, "Reason", state["waiting"]["reason"].s());
    }
}

/// A missing time prints as Go's zero time.
fn epoch_or(time: &Value) -> String {
    if time.is_null() { "Mon, 01 Jan 0001 00:00:00 +0000".into() } else { moment(time) }
}

pub(crate) fn resources(page: &mut Page, resources: &Value) {
    for (title, field) in [("Limits", "limits"), ("Requests", "requests")] {
        if !resources[field].is_empty() {
            page.line(2, &format!("{title}:"));
            for (name, amount) in resources[field].entries() {
                page.field(3, name, &amount.to_go_text());
            }
        }
    }
}

fn probe(probe: &Value) -> String {
    let number = |field: &str, default: i64| probe[field].as_i64().unwrap_or(default);
    let attributes = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        number("initialDelaySeconds", 0),
        number("timeoutSeconds", 1),
        number("periodSeconds", 10),
        number("successThreshold", 1),
        number("failureThreshold", 3)
    );
    if let Some(exec) = probe.get("exec") {
        return format!("exec {} {attributes}", exec["command"].to_go_text());
    }
    if let Some(get) = probe.get("httpGet") {
        let scheme = if get["scheme"].s().is_empty() { "http".into() } else { get["scheme"].s().to_lowercase() };
        let path = get["path"].s();
        let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
        return format!("http-get {scheme}://{}:{}{slash}{path} {attributes}", get["host"].s(), get["port"].to_go_text());
    }
    if let Some(socket) = probe.get("tcpSocket") {
        return format!("tcp-socket {}:{} {attributes}", socket["host"].s(), socket["port"].to_go_text());
    }
    if let Some(grpc) = probe.get("grpc") {
        return format!("grpc <pod>:{} {} {attributes}", grpc["port"].to_go_text(), grpc["service"].s());
    }
    format!("unknown {attributes}")
}

fn environment(page: &mut Page, container: &Value, pod: &Value) {
    if !container["envFrom"].items().is_empty() {
        page.line(2, "Environment Variables from:");
        for source in container["envFrom"].items() {
            let (kind, reference) = if source["configMapRef"].is_null() {
                ("Secret", &source["secretRef"])
            } else {
                ("ConfigMap", &source["configMapRef"])
            };
            let prefix =
                if source["prefix"].s().is_empty() { String::new() } else { format!(" with prefix '{}'", source["prefix"].s()) };
            page.line(3, &format!("{}\t{kind}{prefix}\tOptional: {}", reference["name"].s(), reference["optional"].is_true()));
        }
    }
    let none = if container["env"].items().is_empty() { "\t<none>" } else { "" };
    page.line(2, &format!("Environment:{none}"));
    for variable in container["env"].items() {
        let (name, from) = (variable["name"].s(), &variable["valueFrom"]);
        if let Some(field) = from.get("fieldRef") {
            let (version, path) = (field["apiVersion"].s(), field["fieldPath"].s());
            let version = if version.is_empty() { "v1" } else { version };
            page.line(3, &format!("{name}:\t{} ({version}:{path})", field_of(pod, path)));
        } else if let Some(field) = from.get("resourceFieldRef") {
            page.line(3, &format!("{name}:\t{} ({})", resource_of(container, field), field["resource"].s()));
        } else if let Some(key) = from.get("secretKeyRef") {
            let (k, s) = (key["key"].s(), key["name"].s());
            page.line(3, &format!("{name}:\t<set to the key '{k}' in secret '{s}'>\tOptional: {}", key["optional"].is_true()));
        } else if let Some(key) = from.get("configMapKeyRef") {
            let (k, c) = (key["key"].s(), key["name"].s());
            page.line(
                3,
                &format!("{name}:\t<set to the key '{k}' of config map '{c}'>\tOptional: {}", key["optional"].is_true()),
            );
        } else {
            for (at, part) in variable["value"].s().split('\n').enumerate() {
                let head = if at == 0 { format!("{name}:") } else { String::new() };
                page.line(3, &format!("{head}\t{part}"));
            }
        }
    }
}

/// Only metadata is resolved here, as kubectl does.
fn field_of<'a>(pod: &'a Value, path: &str) -> &'a str {
    match path {
        "metadata.name" => pod["metadata"]["name"].s(),
        "metadata.namespace" => pod["metadata"]["namespace"].s(),
        "metadata.uid" => pod["metadata"]["uid"].s(),
        _ => "",
    }
}

fn resource_of(container: &Value, field: &Value) -> String {
    let (list, name) = field["resource"].s().split_once('.').unwrap_or(("", ""));
    let amount = container["resources"][list][name].s();
    let divisor = field["divisor"].s();
    let (Ok(amount), Ok(divisor)) =
        (base::Quantity::parse(amount), base::Quantity::parse(if matches!(divisor, "" | "0") { "1" } else { divisor }))
    else {
        return if list == "limits" { "node allocatable".into() } else { "0".into() };
    };
    let unit = divisor.as_milli().max(1);
    ((amount.as_milli() + unit - 1) / unit).to_string()
}

fn mounts(page: &mut Page, container: &Value) {
    let mut mounts: Vec<&Value> = container["volumeMounts"].items().iter().collect();
    page.line(2, if mounts.is_empty() { "Mounts:\t<none>" } else { "Mounts:" });
    mounts.sort_by(|a, b| a["mountPath"].s().cmp(b["mountPath"].s()));
    for mount in mounts {
        let mut flags = if mount["readOnly"].is_true() { "ro".to_string() } else { "rw".to_string() };
        if !mount["subPath"].s().is_empty() {
            flags.push_str(&format!(",path={:?}", mount["subPath"].s()));
        }
        page.line(3, &format!("{} from {} ({flags})", mount["mountPath"].s(), mount["name"].s()));
    }
}

pub(crate) fn volumes(page: &mut Page, volumes: &Value, space: &str) {
    if volumes.items().is_empty() {
        page.line(0, &format!("{space}Volumes:\t<none>"));
        return;
    }
    page.line(0, &format!("{space}Volumes:"));
    for volume in volumes.items() {
        let indent = if space.is_empty() { "" } else { " " };
        page.line(1, &format!("{indent}{}:", volume["name"].s()));
        source(page, volume);
    }
}

fn source(page: &mut Page, volume: &Value) {
    let optional = |value: &Value| value["optional"].is_true().to_string();
    if let Some(path) = volume.get("hostPath") {
        page.field(2, "Type", "HostPath (bare host directory volume)");
        page.field(2, "Path", path["path"].s());
        page.field(2, "HostPathType", path["type"].s());
    } else if let Some(dir) = volume.get("emptyDir") {
        page.field(2, "Type", "EmptyDir (a temporary directory that shares a pod's lifetime)");
        page.field(2, "Medium", dir["medium"].s());
        page.field(2, "SizeLimit", &or_unset(&dir["sizeLimit"]));
    } else if let Some(secret) = volume.get("secret") {
        page.field(2, "Type", "Secret (a volume populated by a Secret)");
        page.field(2, "SecretName", secret["secretName"].s());
        page.field(2, "Optional", &optional(secret));
    } else if let Some(config) = volume.get("configMap") {
        page.field(2, "Type", "ConfigMap (a volume populated by a ConfigMap)");
        page.field(2, "Name", config["name"].s());
        page.field(2, "Optional", &optional(config));
    } else if let Some(claim) = volume.get("persistentVolumeClaim") {
        page.field(2, "Type", "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)");
        page.field(2, "ClaimName", claim["claimName"].s());
        page.field(2, "ReadOnly", &claim["readOnly"].is_true().to_string());
    } else if let Some(projected) = volume.get("projected") {
        page.field(2, "Type", "Projected (a volume that contains injected data from multiple sources)");
        projected["sources"].items().iter().for_each(|source| projection(page, source));
    } else if let Some(down) = volume.get("downwardAPI") {
        page.field(2, "Type", "DownwardAPI (a volume populated by information about the pod)");
        page.line(2, "Items:");
        for item in down["items"].items() {
            page.line(3, &format!("{} -> {}", item["fieldRef"]["fieldPath"].s(), item["path"].s()));
        }
    } else {
        page.line(2, "<unknown>");
    }
}

fn projection(page: &mut Page, source: &Value) {
    if let Some(secret) = source.get("secret") {
        page.field(2, "SecretName", secret["name"].s());
        page.field(2, "Optional", &secret["optional"].is_true().to_string());
    } else if source.get("downwardAPI").is_some() {
        page.field(2, "DownwardAPI", "true");
    } else if let Some(config) = source.get("configMap") {
        page.field(2, "ConfigMapName", config["name"].s());
        page.field(2, "Optional", &config["optional"].is_true().to_string());
    } else if let Some(token) = source.get("serviceAccountToken") {
        page.field(2, "TokenExpirationSeconds", &token["expirationSeconds"].as_i64().unwrap_or(3600).to_string());
    }
}

pub(crate) fn spread(page: &mut Page, constraints: &Value, space: &str) {
    let mut sorted: Vec<&Value> = constraints.items().iter().collect();
    sorted.sort_by(|a, b| a["topologyKey"].s().cmp(b["topologyKey"].s()));
    let items: Vec<String> = sorted
        .iter()
        .map(|c| {
            let selector = model::Selector::of(&c["labelSelector"]).to_string();
            format!(
                "{}:{} when max skew {} is exceeded for selector {}",
                c["topologyKey"].s(),
                c["whenUnsatisfiable"].s(),
                c["maxSkew"].as_i64().unwrap_or(0),
                or_none(&selector)
            )
        })
        .collect();
    if !items.is_empty() {
        page.list(&format!("{space}Topology Spread Constraints"), &items);
    }
}
