//! From a method and a URL to an [`api::Request`]. Models k8s.io/apiserver/pkg/endpoints/request/requestinfo.go.

use api::{PatchType, Query, Request, Status, User, Validation, Verb};
use base::Text;
use percent_encoding::percent_decode_str;

/// A request whose body is still to be read.
pub struct Route {
    pub request: Request,
    /// What the request is called where rights are told: `get`, `create`, or the method for paths that are no resources.
    pub verb: &'static str,
    pub pretty: bool,
}

/// Subresources that lead to a container or a machine.
const CONNECTS: [&str; 5] = ["log", "exec", "attach", "portforward", "proxy"];

/// Reads a URL. The body, user and accepted form of the request are filled in later.
pub fn route(method: &str, path: &str, query: &str) -> Result<Route, Status> {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let mut request = Request::path(&User::default(), path);
    request.query = options(&pairs)?;
    let watch = pairs.iter().any(|(name, value)| name == "watch" && is_true(value));
    let verb = if resource(&mut request, path) { verbs(&mut request, method, watch) } else { word(method) };
    let pretty = pairs.iter().any(|(name, value)| name == "pretty" && is_true(value));
    Ok(Route { request, verb, pretty })
}

fn is_true(value: &str) -> bool {
    matches!(value, "true" | "1")
}

/// Splits a path into group, version, namespace, resource, name and subresource; false if it is no path of a resource.
fn resource(request: &mut Request, path: &str) -> bool {
    let parts: Vec<Text> =
        path.split('/').filter(|p| !p.is_empty()).map(|p| percent_decode_str(p).decode_utf8_lossy().as_ref().into()).collect();
    let words: Vec<&str> = parts.iter().map(|p| p.as_str()).collect();
    let (group, version, rest) = match words.as_slice() {
        ["api", version, rest @ ..] if !rest.is_empty() => ("", *version, rest),
        ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
        _ => return false,
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() && !matches!(rest, ["finalize" | "status"]) => {
            (*namespace, rest)
        }
        rest => ("", rest),
    };
    (request.group, request.version, request.namespace) = (group.into(), version.into(), namespace.into());
    let part = |at: usize| Text::from(rest.get(at).copied().unwrap_or_default());
    (request.resource, request.name) = (part(0), part(1));
    let below = rest.get(2..).unwrap_or_default();
    request.subresource = match below {
        ["proxy", further @ ..] => {
            request.query.other.push(("path".into(), further.join("/").into()));
            "proxy".into()
        }
        below => below.join("/").into(),
    };
    true
}

/// Sets the verb; answers its name.
fn verbs(request: &mut Request, method: &str, watch: bool) -> &'static str {
    let named = !request.name.is_empty();
    let (verb, word) = match method {
        "GET" | "HEAD" if named => (Verb::Get, "get"),
        "GET" | "HEAD" if watch => (Verb::Watch, "watch"),
        "GET" | "HEAD" => (Verb::List, "list"),
        "PUT" => (Verb::Update, "update"),
        "PATCH" => (Verb::Patch(PatchType::Merge), "patch"),
        "DELETE" if named => (Verb::Delete, "delete"),
        "DELETE" => (Verb::DeleteCollection, "deletecollection"),
        "POST" => (Verb::Create, "create"),
        // No resource allows anything else.
        other => (Verb::Connect, word(other)),
    };
    request.verb = if CONNECTS.contains(&request.subresource.as_str()) { Verb::Connect } else { verb };
    word
}

fn word(method: &str) -> &'static str {
    match method {
        "GET" => "get",
        "HEAD" => "head",
        "POST" => "post",
        "PUT" => "put",
        "PATCH" => "patch",
        "DELETE" => "delete",
        "OPTIONS" => "options",
        _ => "connect",
    }
}

fn options(pairs: &[(String, String)]) -> Result<Query, Status> {
    let mut query = Query::default();
    let number = |name: &str, text: &str| match text {
        "" => Ok(0),
        text => text.parse::<i64>().map_err(|_| {
            Status::bad_request(format!(
                "converting ([]string)(0x0) to int64: strconv.ParseInt: parsing \"{text}\": invalid syntax: {name}"
            ))
        }),
    };
    for (name, value) in pairs {
        let text: Text = value.as_str().into();
        match name.as_str() {
            "labelSelector" => query.label_selector = text,
            "fieldSelector" => query.field_selector = text,
            "limit" => query.limit = number(name, value)?,
            "continue" => query.continue_token = text,
            "resourceVersion" => query.resource_version = text,
            "resourceVersionMatch" => query.resource_version_match = text,
            "timeoutSeconds" => query.timeout_seconds = number(name, value)?,
            "sendInitialEvents" => query.send_initial_events = is_true(value),
            "allowWatchBookmarks" => query.allow_bookmarks = is_true(value),
            "dryRun" if value == "All" => query.dry_run = true,
            "dryRun" => return Err(bad_option("dryRun", value, "\"All\"")),
            "force" => query.force = is_true(value),
            "fieldManager" => query.field_manager = text,
            "propagationPolicy" => query.propagation_policy = text,
            "gracePeriodSeconds" => query.grace_period_seconds = Some(number(name, value)?),
            "fieldValidation" => query.validation = validation(value)?,
            "watch" | "timeout" | "pretty" => {}
            _ => query.other.push((name.as_str().into(), text)),
        }
    }
    Ok(query)
}

fn validation(value: &str) -> Result<Validation, Status> {
    match value {
        "Strict" => Ok(Validation::Strict),
        "Ignore" => Ok(Validation::Ignore),
        "" | "Warn" => Ok(Validation::Warn),
        bad => Err(bad_option("fieldValidation", bad, "\"\", \"Ignore\", \"Strict\", \"Warn\"")),
    }
}

fn bad_option(name: &str, value: &str, supported: &str) -> Status {
    let why = format!("Unsupported value: \"{value}\": supported values: {supported}");
    let mut status = Status::new(422, "Invalid", format!(" \"\" is invalid: {name}: {why}"));
    status.details.causes.push(("FieldValueNotSupported".into(), why.into(), name.into()));
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: &str, url: &str, wanted: &str) {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let route = route(method, path, query).expect(url);
        let r = &route.request;
        let found = format!(
            "{} {:?} {}/{} {} {}/{} {}",
            route.verb, r.verb, r.group, r.version, r.namespace, r.resource, r.name, r.subresource
        );
        assert_eq!(found, wanted, "{method} {url}");
    }

    #[test]
    fn urls_become_requests() {
        check("GET", "/api/v1/pods", "list List /v1  pods/ ");
        check("GET", "/api/v1/pods?watch=1", "watch Watch /v1  pods/ ");
        check("GET", "/api/v1/namespaces/a", "get Get /v1  namespaces/a ");
        check("PUT", "/api/v1/namespaces/a/finalize", "update Update /v1  namespaces/a finalize");
        check("DELETE", "/apis/apps/v1/namespaces/a/deployments", "deletecollection DeleteCollection apps/v1 a deployments/ ");
        check("POST", "/api/v1/namespaces/a/pods/b/exec?command=ls", "create Connect /v1 a pods/b exec");
        check("GET", "/api/v1/nodes/n/proxy/metrics/x", "get Connect /v1  nodes/n proxy");
        check("GET", "/api/v1/nodes/system%3Aa", "get Get /v1  nodes/system:a ");
        check("POST", "/version", "post Path /  //version ");
        check("GET", "/apis/apps/v1", "get Path /  //apis/apps/v1 ");
    }
}
