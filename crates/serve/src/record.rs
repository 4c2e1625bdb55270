//! The record of one request: who asked what, what came of it and how long it took. For machines in the form of an event of
//! audit.k8s.io/v1 at level Metadata.

use crate::cluster::wall_clock;
use crate::log::LogFormat;
use api::{Request, User, Verb};
use base::Time;
use hyper::HeaderMap;
use hyper::header::USER_AGENT;
use std::fmt::Write;
use std::net::SocketAddr;
use std::time::Instant;
use value::{Value, list, obj};

/// What is known of a request so far.
pub struct Record {
    pub id: String,
    pub code: u16,
    pub user: User,
    /// On whose behalf, if not on their own.
    pub acts_for: Option<User>,
    /// `get`, `create` …
    pub verb: &'static str,
    pub about: About,
    /// A watch or a stream, which lasts as long as somebody listens.
    pub lasts: bool,
    uri: String,
    source: SocketAddr,
    agent: String,
    received: Time,
    begun: Instant,
}

/// What a request is about. Empty for paths that are no resources.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct About {
    pub group: String,
    pub version: String,
    pub resource: String,
    pub subresource: String,
    pub namespace: String,
    pub name: String,
    pub dry_run: bool,
}

/// Longer names are not taken from clients.
const LONGEST_ID: usize = 64;
const LONGEST_AGENT: usize = 1024;

impl Record {
    /// The record of a request that came just now. The client may name it (`Audit-ID`).
    pub fn new(uri: &hyper::Uri, headers: &HeaderMap, source: SocketAddr, fresh: impl FnOnce() -> String) -> Record {
        let text = |name: &str| headers.get(name).and_then(|h| h.to_str().ok()).unwrap_or_default();
        let named = Some(text("audit-id")).filter(|id| !id.is_empty() && id.len() <= LONGEST_ID);
        Record {
            id: named.map_or_else(fresh, str::to_string),
            code: 0,
            user: User::default(),
            acts_for: None,
            verb: "",
            about: About::default(),
            lasts: false,
            uri: uri.path_and_query().map_or("/", |path| path.as_str()).to_string(),
            source,
            agent: text(USER_AGENT.as_str()).chars().take(LONGEST_AGENT).collect(),
            received: wall_clock(),
            begun: Instant::now(),
        }
    }
    /// Notes what a URL led to.
    pub fn leads_to(&mut self, request: &Request, verb: &'static str) {
        self.verb = verb;
        self.lasts = matches!(request.verb, Verb::Watch | Verb::Connect);
        if request.verb != Verb::Path {
            self.about = About {
                group: request.group.to_string(),
                version: request.version.to_string(),
                resource: request.resource.to_string(),
                subresource: request.subresource.to_string(),
                namespace: request.namespace.to_string(),
                name: request.name.to_string(),
                dry_run: request.query.dry_run,
            };
        }
    }
    /// What is made is named by what was sent.
    pub fn makes(&mut self, body: &Value) {
        if self.about.name.is_empty() && self.verb == "create" {
            self.about.name = body["metadata"]["name"].s().to_string();
        }
    }
    pub fn elapsed(&self) -> std::time::Duration {
        self.begun.elapsed()
    }
    /// The line of the log, with its end.
    pub fn line(&self, format: LogFormat) -> String {
        match format {
            LogFormat::Text => self.text(),
            LogFormat::Json => self.event().to_json() + "\n",
        }
    }
    fn text(&self) -> String {
        let about = &self.about;
        let mut line = format!("{} {}", self.received.rfc3339_micro(), if self.verb.is_empty() { "-" } else { self.verb });
        if about.resource.is_empty() {
            line += &format!(" {}", plain(self.uri.split('?').next().unwrap_or_default()));
        } else {
            let group = if about.group.is_empty() { String::new() } else { format!(".{}", about.group) };
            let below = if about.subresource.is_empty() { String::new() } else { format!("/{}", about.subresource) };
            let space = if about.namespace.is_empty() { String::new() } else { format!("{}/", about.namespace) };
            line += &plain(&format!(" {}{group}{below} {space}{}", about.resource, about.name));
        }
        let name = if self.user.name.is_empty() { "-" } else { self.user.name.as_str() };
        // Formatting into a text does not fail.
        let _ = write!(line, " {} {:.1}ms user={}", self.code, self.elapsed().as_secs_f64() * 1000.0, plain(name));
        if let Some(other) = &self.acts_for {
            let _ = write!(line, " as={}", plain(&other.name));
        }
        line + &format!(" agent={:?} from={} audit={}\n", self.agent, self.source, plain(&self.id))
    }
    fn event(&self) -> Value {
        let mut event = obj! {
            "kind" => "Event", "apiVersion" => "audit.k8s.io/v1", "level" => "Metadata", "stage" => "ResponseComplete",
            "auditID" => self.id.as_str(), "requestURI" => self.uri.as_str(), "verb" => self.verb,
            "user" => user(&self.user), "sourceIPs" => list![self.source.ip().to_string()], "userAgent" => self.agent.as_str(),
            "responseStatus" => obj! { "metadata" => Value::map(), "code" => i64::from(self.code) },
            "requestReceivedTimestamp" => self.received.rfc3339_micro(), "stageTimestamp" => wall_clock().rfc3339_micro(),
            "annotations" => obj! { "apiserver.latency.k8s.io/total" => format!("{:.3}ms", self.elapsed().as_secs_f64() * 1000.0) },
        };
        if let Some(other) = &self.acts_for {
            event.set(&["impersonatedUser"], user(other));
        }
        let about = &self.about;
        let fields = [
            ("resource", &about.resource),
            ("namespace", &about.namespace),
            ("name", &about.name),
            ("apiGroup", &about.group),
            ("apiVersion", &about.version),
            ("subresource", &about.subresource),
        ];
        if !about.resource.is_empty() {
            for (field, text) in fields.into_iter().filter(|(_, text)| !text.is_empty()) {
                event.set(&["objectRef", field], text.as_str());
            }
        }
        event
    }
}

fn user(user: &User) -> Value {
    let groups: Vec<Value> = user.groups.iter().map(|group| Value::Str(group.clone())).collect();
    if groups.is_empty() {
        return obj! { "username" => &user.name };
    }
    obj! { "username" => &user.name, "groups" => groups }
}

/// Text from outside cannot begin a line of its own.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn record(id: &str) -> Record {
        let mut headers = HeaderMap::new();
        headers.insert("user-agent", HeaderValue::from_static("kubectl/v1.36.2"));
        headers.insert("audit-id", HeaderValue::from_str(id).expect("a header"));
        let uri = "/apis/apps/v1/namespaces/a/deployments/web/scale?dryRun=All".parse().expect("a URI");
        let mut record = Record::new(&uri, &headers, ([127, 0, 0, 1], 4711).into(), || "fresh".into());
        let request = crate::url::route("PATCH", uri.path(), uri.query().unwrap_or("")).expect("a route");
        record.leads_to(&request.request, request.verb);
        record.user = crate::users::known("alice", ["dev".into()]);
        record.code = 200;
        record
    }

    #[test]
    fn a_request_is_told_in_full() {
        let event = record("mine").event();
        assert_eq!((event["auditID"].s(), event["verb"].s()), ("mine", "patch"));
        assert_eq!(
            event.at(&["objectRef"]).to_json(),
            r#"{"apiGroup":"apps","apiVersion":"v1","name":"web","namespace":"a","resource":"deployments","subresource":"scale"}"#
        );
        assert_eq!(event.at(&["user"]).to_json(), r#"{"groups":["dev","system:authenticated"],"username":"alice"}"#);
        assert_eq!(event["responseStatus"]["code"].as_i64(), Some(200));
        let text = record("mine").text();
        assert!(text.contains(" patch deployments.apps/scale a/web 200 "), "{text}");
        assert!(text.contains("user=alice agent=\"kubectl/v1.36.2\" from=127.0.0.1:4711 audit=mine\n"), "{text}");
    }

    #[test]
    fn long_names_are_not_taken() {
        assert_eq!(record(&"x".repeat(65)).id, "fresh");
        assert_eq!(plain("a\nb"), "a?b");
    }
}
