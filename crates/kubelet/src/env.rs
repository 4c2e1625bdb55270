//! A container's environment: env, envFrom, valueFrom, `$(VAR)`, and the variables of services.
//! Models pkg/kubelet makeEnvironmentVariables, pkg/kubelet/envvars and third_party/forked/golang/expansion.

use crate::core::{Core, Want};
use crate::fields;
use crate::worker::Worker;
use base::{Text, base64_decode};
use model::{Key, Object, Resource, resource};
use std::collections::BTreeMap;
use value::Value;

/// The variables in order, and their values by name for expansion.
pub(crate) struct Env {
    pub list: Vec<(Text, Text)>,
    table: BTreeMap<Text, Text>,
}

impl Env {
    fn put(&mut self, name: Text, value: Text) {
        self.table.insert(name.clone(), value.clone());
        self.list.push((name, value));
    }
    /// Replaces `$(NAME)` by its value; unknown names stay, `$$` is a dollar.
    pub(crate) fn expand(&self, text: &str) -> Text {
        expand(text, &|name| self.table.get(name).cloned())
    }
}

/// The ConfigMaps and Secrets that a container's environment names.
pub(crate) fn wants(worker: &Worker, number: u32) -> Vec<Want> {
    let spec = &worker.at(number).spec;
    let mut wants = Vec::new();
    let mut add = |resource: &Resource, name: &Value| {
        if !name.s().is_empty() {
            let want = Want::Object(Key::new(resource, worker.pod.meta.namespace.clone(), name.text()));
            if !wants.contains(&want) {
                wants.push(want);
            }
        }
    };
    for from in spec["envFrom"].items() {
        add(&resource::CONFIG_MAPS, &from["configMapRef"]["name"]);
        add(&resource::SECRETS, &from["secretRef"]["name"]);
    }
    for variable in spec["env"].items() {
        add(&resource::CONFIG_MAPS, &variable["valueFrom"]["configMapKeyRef"]["name"]);
        add(&resource::SECRETS, &variable["valueFrom"]["secretKeyRef"]["name"]);
    }
    wants
}

/// The environment, or why the container cannot be made.
pub(crate) fn make(worker: &Worker, core: &Core, number: u32) -> Result<Env, String> {
    let spec = &worker.at(number).spec;
    let mut env = Env { list: Vec::new(), table: BTreeMap::new() };
    for from in spec["envFrom"].items() {
        all_of(worker, &mut env, from)?;
    }
    let services = service_variables(worker, core);
    for variable in spec["env"].items() {
        let from = &variable["valueFrom"];
        let value = if from.is_null() {
            let lookup = |name: &str| env.table.get(name).or_else(|| services.get(name)).cloned();
            Some(expand(variable["value"].s(), &lookup))
        } else {
            value_from(worker, core, spec, from)?
        };
        if let Some(value) = value {
            env.put(variable["name"].text(), value);
        }
    }
    for (name, value) in services {
        if !env.table.contains_key(&name) {
            env.put(name, value);
        }
    }
    Ok(env)
}

/// One `envFrom` source.
fn all_of(worker: &Worker, env: &mut Env, from: &Value) -> Result<(), String> {
    let prefix = from["prefix"].s();
    for (field, resource) in [("configMapRef", &resource::CONFIG_MAPS), ("secretRef", &resource::SECRETS)] {
        let reference = &from[field];
        if reference.is_null() {
            continue;
        }
        let Some(object) = object(worker, resource, reference)? else { continue };
        for (key, value) in object["data"].entries() {
            let value = if *resource == resource::SECRETS { decoded(value) } else { value.text() };
            env.put(format!("{prefix}{key}").into(), value);
        }
    }
    Ok(())
}

/// A fetched object; `None` where it is missing and may be.
pub(crate) fn object<'w>(worker: &'w Worker, resource: &Resource, reference: &Value) -> Result<Option<&'w Value>, String> {
    let name = if reference["name"].is_null() { reference["secretName"].text() } else { reference["name"].text() };
    let key = Key::new(resource, worker.pod.meta.namespace.clone(), name.clone());
    match worker.got.get(&Want::Object(key)) {
        Some(Ok(object)) => Ok(Some(object)),
        _ if reference["optional"].is_true() => Ok(None),
        Some(Err(status)) if status.code != 404 => Err(status.message.to_string()),
        _ => Err(format!("{} \"{name}\" not found", if *resource == resource::SECRETS { "secret" } else { "configmap" })),
    }
}

fn decoded(value: &Value) -> Text {
    let bytes = base64_decode(value.s()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).as_ref().into()
}

fn value_from(worker: &Worker, core: &Core, container: &Value, from: &Value) -> Result<Option<Text>, String> {
    if !from["fieldRef"].is_null() {
        return fields::field(worker, core, from["fieldRef"]["fieldPath"].s()).map(Some);
    }
    if !from["resourceFieldRef"].is_null() {
        return fields::resource(worker, core, container, &from["resourceFieldRef"]).map(Some);
    }
    for (field, resource, kind) in
        [("configMapKeyRef", &resource::CONFIG_MAPS, "ConfigMap"), ("secretKeyRef", &resource::SECRETS, "Secret")]
    {
        let reference = &from[field];
        if reference.is_null() {
            continue;
        }
        let Some(object) = object(worker, resource, reference)? else { return Ok(None) };
        let key = reference["key"].s();
        return match &object["data"][key] {
            Value::Null if reference["optional"].is_true() => Ok(None),
            Value::Null => {
                let namespace = &worker.pod.meta.namespace;
                Err(format!("couldn't find key {key} in {kind} {namespace}/{}", reference["name"].s()))
            }
            value if kind == "Secret" => Ok(Some(decoded(value))),
            value => Ok(Some(value.text())),
        };
    }
    Err("this source of an environment variable is not supported by this cluster".into())
}

/// Replaces `$(NAME)`; `$$` gives a dollar, and a name that `lookup` does not know stays as it is.
fn expand(text: &str, lookup: &dyn Fn(&str) -> Option<Text>) -> Text {
    if !text.contains('$') {
        return text.into();
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some((name, after)) = rest.strip_prefix('(').and_then(|r| r.split_once(')')) {
            match lookup(name) {
                Some(value) => out.push_str(&value),
                None => out.push_str(&format!("$({name})")),
            }
            rest = after;
        } else {
            out.push('$');
        }
    }
    out.push_str(rest);
    out.into()
}

// === services ===

/// The variables of the services a pod sees: `kubernetes` always, its namespace's where links are on.
fn service_variables(worker: &Worker, core: &Core) -> BTreeMap<Text, Text> {
    let mut out = BTreeMap::new();
    let kubernetes = (base::text!("default"), base::text!("kubernetes"));
    if let Some(service) = core.services.get(&kubernetes) {
        service_env(service, &mut out);
    }
    if worker.spec()["enableServiceLinks"].as_bool() == Some(false) {
        return out;
    }
    let namespace = &worker.pod.meta.namespace;
    for ((of, name), service) in core.services.range((namespace.clone(), Text::new())..) {
        if of != namespace {
            break;
        }
        if name == "kubernetes" && *of == kubernetes.0 {
            continue;
        }
        service_env(service, &mut out);
    }
    out
}

fn service_env(service: &Object, out: &mut BTreeMap<Text, Text>) {
    let view = service.service();
    let (ip, ports) = (view.cluster_ip(), view.ports());
    let Some(first) = ports.first().filter(|_| !ip.is_empty() && ip != "None") else { return };
    let name = shout(&service.meta.name);
    let mut put = |key: String, value: String| out.insert(key.into(), value.into());
    let number = |port: &Value| port["port"].as_i64().unwrap_or(0).to_string();
    put(format!("{name}_SERVICE_HOST"), ip.into());
    put(format!("{name}_SERVICE_PORT"), number(first));
    for port in ports.iter().filter(|p| !p["name"].s().is_empty()) {
        put(format!("{name}_SERVICE_PORT_{}", shout(port["name"].s())), number(port));
    }
    let host = if ip.contains(':') { format!("[{ip}]") } else { ip.to_string() };
    for (index, port) in ports.iter().enumerate() {
        let protocol = if port["protocol"].s().is_empty() { "TCP" } else { port["protocol"].s() };
        let (number, small) = (number(port), protocol.to_lowercase());
        let url = format!("{small}://{host}:{number}");
        if index == 0 {
            put(format!("{name}_PORT"), url.clone());
        }
        let prefix = format!("{name}_PORT_{number}_{protocol}");
        put(prefix.clone(), url);
        put(format!("{prefix}_PROTO"), small);
        put(format!("{prefix}_PORT"), number);
        put(format!("{prefix}_ADDR"), ip.into());
    }
}

fn shout(name: &str) -> String {
    name.replace('-', "_").to_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use value::{list, obj};

    #[test]
    fn expands() {
        let lookup = |name: &str| (name == "A").then(|| Text::from("one"));
        for (text, want) in [
            ("$(A)-two", "one-two"),
            ("$$(A)", "$(A)"),
            ("$(NOPE)/$A/${A}", "$(NOPE)/$A/${A}"),
            ("x$(A)y", "xoney"),
            ("$(A", "$(A"),
            ("$", "$"),
            ("$$$(A)", "$one"),
        ] {
            assert_eq!(expand(text, &lookup), want, "{text}");
        }
    }

    #[test]
    fn service_variables_are_docker_links() {
        let service = Object::new(
            &resource::SERVICES,
            obj! {
                "metadata" => obj! { "name" => "my-db", "namespace" => "x" },
                "spec" => obj! { "clusterIP" => "10.96.0.7", "ports" => list![obj! { "name" => "pg", "port" => 5432, "protocol" => "TCP" }] },
            },
        );
        let mut out = BTreeMap::new();
        service_env(&service, &mut out);
        let got: Vec<String> = out.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(
            got,
            [
                "MY_DB_PORT=tcp://10.96.0.7:5432",
                "MY_DB_PORT_5432_TCP=tcp://10.96.0.7:5432",
                "MY_DB_PORT_5432_TCP_ADDR=10.96.0.7",
                "MY_DB_PORT_5432_TCP_PORT=5432",
                "MY_DB_PORT_5432_TCP_PROTO=tcp",
                "MY_DB_SERVICE_HOST=10.96.0.7",
                "MY_DB_SERVICE_PORT=5432",
                "MY_DB_SERVICE_PORT_PG=5432",
            ]
        );
    }
}
