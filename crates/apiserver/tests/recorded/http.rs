//! From a recorded HTTP request to a [`Request`], as a server of the HTTP API does it.

use api::{Accept, PatchType, Query, Request, User, Validation, Verb};
use base::Text;
use value::{Value, yaml};

/// What the request turned out to be; bodies that do not parse are not this crate's business.
pub fn request(step: &Value, vars: &dyn Fn(&str) -> String) -> Option<Request> {
    let (method, path) = (step["method"].s(), vars(step["path"].s()));
    let (path, query) = path.split_once('?').map_or((path.as_str(), ""), |(p, q)| (p, q));
    let pairs: Vec<(String, String)> = query.split('&').filter(|p| !p.is_empty()).map(pair).collect();
    let header =
        |name: &str| step["headers"].entries().iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map_or("", |(_, v)| v.s());
    if !header("Authorization").is_empty() {
        return None;
    }
    let mut request = Request::path(&User::master("kubernetes-admin"), path);
    request.query = self::query(&pairs)?;
    request.accept = match header("Accept") {
        a if a.contains("as=Table") => Accept::Table,
        a if a.contains("as=PartialObjectMetadata") => Accept::Metadata,
        a if a.contains("yaml") => return None,
        _ => Accept::Object,
    };
    request.body = body(&step["body"], header("Content-Type"), vars)?;
    if let Value::Str(text) = &step["body"] {
        request.query.duplicates = duplicates(&vars(text), header("Content-Type"));
    }
    resource(&mut request, path, method, &pairs);
    if request.verb == Verb::Path && method != "GET" {
        // Paths are read only: anything else counts as if it had brought something.
        request.body = Value::map();
    }
    if request.verb != Verb::Path && method == "PATCH" {
        request.verb = Verb::Patch(match header("Content-Type") {
            c if c.contains("apply") => PatchType::Apply,
            c if c.contains("strategic") => PatchType::Strategic,
            c if c.contains("json-patch") => PatchType::Json,
            _ => PatchType::Merge,
        });
    }
    if request.query.field_manager.is_empty() && request.verb != Verb::Patch(PatchType::Apply) {
        let program = header("User-Agent").split('/').next().unwrap_or_default();
        request.query.field_manager = if program.is_empty() { "unknown".into() } else { program.into() };
    }
    Some(request)
}

fn pair(text: &str) -> (String, String) {
    let (key, value) = text.split_once('=').unwrap_or((text, ""));
    (decode(key), decode(value))
}

fn decode(text: &str) -> String {
    let mut out = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten().and_then(|h| u8::from_str_radix(h, 16).ok());
        match hex {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn query(pairs: &[(String, String)]) -> Option<Query> {
    let mut query = Query::default();
    for (key, value) in pairs {
        let text: Text = value.as_str().into();
        match key.as_str() {
            "labelSelector" => query.label_selector = text,
            "fieldSelector" => query.field_selector = text,
            "limit" => query.limit = value.parse().ok()?,
            "continue" => query.continue_token = text,
            "resourceVersion" => query.resource_version = text,
            "resourceVersionMatch" => query.resource_version_match = text,
            "timeoutSeconds" => query.timeout_seconds = value.parse().ok()?,
            "sendInitialEvents" => query.send_initial_events = value == "true" || value == "1",
            "allowWatchBookmarks" => query.allow_bookmarks = value == "true" || value == "1",
            "dryRun" if value == "All" => query.dry_run = true,
            "dryRun" => return None,
            "force" => query.force = value == "true",
            "fieldManager" => query.field_manager = text,
            "propagationPolicy" => query.propagation_policy = text,
            "gracePeriodSeconds" => query.grace_period_seconds = value.parse().ok(),
            "fieldValidation" => {
                query.validation = match value.as_str() {
                    "Strict" => Validation::Strict,
                    "Ignore" => Validation::Ignore,
                    "Warn" => Validation::Warn,
                    _ => return None,
                }
            }
            _ => query.other.push((key.as_str().into(), text)),
        }
    }
    Some(query)
}

fn body(body: &Value, content: &str, vars: &dyn Fn(&str) -> String) -> Option<Value> {
    match body {
        Value::Str(text) if content.contains("yaml") => yaml::documents(&vars(text)).into_iter().next()?.value.ok(),
        Value::Str(text) => Value::from_json(&vars(text)).ok(),
        other => Value::from_json(&vars(&other.to_json())).ok(),
    }
}

/// What a text says twice, in the words of strict decoding.
fn duplicates(text: &str, content: &str) -> Vec<Text> {
    if content.contains("yaml") {
        let told = |d: &yaml::Duplicate| format!("line {}: key {:?} already set in map", d.line, d.key.as_str()).into();
        return yaml::documents(text).first().map_or(Vec::new(), |document| document.duplicates.iter().map(told).collect());
    }
    let value = Value::from_json(text).unwrap_or_default();
    value.repeated_fields(text).into_iter().map(|path| format!("duplicate field {path:?}").into()).collect()
}

/// Splits a path into group, version, namespace, resource, name and subresource.
fn resource(request: &mut Request, path: &str, method: &str, pairs: &[(String, String)]) {
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    let (group, version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] if !rest.is_empty() => ("", *version, rest),
        ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
        _ => return,
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() && !matches!(rest, ["finalize" | "status"]) => {
            (*namespace, rest)
        }
        rest => ("", rest),
    };
    let part = |at: usize| Text::from(rest.get(at).copied().unwrap_or_default());
    (request.group, request.version, request.namespace) = (group.into(), version.into(), namespace.into());
    (request.resource, request.name, request.subresource) = (part(0), part(1), part(2));
    let watch = pairs.iter().any(|(k, v)| k == "watch" && matches!(v.as_str(), "1" | "true"));
    let named = !request.name.is_empty();
    let connects = matches!(request.subresource.as_str(), "log" | "exec" | "attach" | "portforward" | "proxy");
    request.verb = match method {
        _ if connects => Verb::Connect,
        "GET" if named => Verb::Get,
        "GET" if watch => Verb::Watch,
        "GET" => Verb::List,
        "POST" => Verb::Create,
        "PUT" => Verb::Update,
        "PATCH" => Verb::Patch(PatchType::Merge),
        "DELETE" if named => Verb::Delete,
        _ => Verb::DeleteCollection,
    };
}
