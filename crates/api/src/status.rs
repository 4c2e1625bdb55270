//! `Status`: what went wrong, in Kubernetes' own reasons, codes and words.
//! Models k8s.io/apimachinery/pkg/api/errors.

use base::Text;
use value::{Value, obj};

/// A failure (or a plain success) as the API tells it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Status {
    pub code: u16,
    pub reason: Text,
    pub message: Text,
    pub details: Detail,
}

/// `status.details`: what it was about, and the causes one by one.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Detail {
    pub name: Text,
    pub group: Text,
    pub kind: Text,
    pub uid: Text,
    /// reason, message, field
    pub causes: Vec<(Text, Text, Text)>,
    pub retry_after_seconds: i64,
}

impl Status {
    pub fn new(code: u16, reason: &str, message: impl Into<Text>) -> Status {
        Status { code, reason: reason.into(), message: message.into(), details: Detail::default() }
    }
    /// `pods "x" not found`; `resource` is `pods` or `deployments.apps`.
    pub fn not_found(resource: &str, name: &str) -> Status {
        Status::new(404, "NotFound", format!("{resource} \"{name}\" not found")).about(resource, name)
    }
    /// `pods "x" already exists`.
    pub fn already_exists(resource: &str, name: &str) -> Status {
        Status::new(409, "AlreadyExists", format!("{resource} \"{name}\" already exists")).about(resource, name)
    }
    /// `Operation cannot be fulfilled on pods "x": why`.
    pub fn conflict(resource: &str, name: &str, why: &str) -> Status {
        Status::new(409, "Conflict", format!("Operation cannot be fulfilled on {resource} \"{name}\": {why}"))
            .about(resource, name)
    }
    /// The conflict of a stale resourceVersion.
    pub fn modified(resource: &str, name: &str) -> Status {
        Status::conflict(
            resource,
            name,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }
    pub fn bad_request(message: impl Into<Text>) -> Status {
        Status::new(400, "BadRequest", message)
    }
    /// `pods "x" is forbidden: why`.
    pub fn forbidden(resource: &str, name: &str, why: &str) -> Status {
        let what = if name.is_empty() {
            format!("{resource} is forbidden: {why}")
        } else {
            format!("{resource} \"{name}\" is forbidden: {why}")
        };
        Status::new(403, "Forbidden", what).about(resource, name)
    }
    pub fn method_not_allowed(message: impl Into<Text>) -> Status {
        Status::new(405, "MethodNotAllowed", message)
    }
    pub fn expired(message: impl Into<Text>) -> Status {
        Status::new(410, "Expired", message)
    }
    pub fn too_many_requests(message: impl Into<Text>) -> Status {
        Status::new(429, "TooManyRequests", message)
    }
    pub fn internal(message: impl Into<Text>) -> Status {
        Status::new(500, "InternalError", format!("Internal error occurred: {}", message.into()))
    }
    /// Something Kubernetes has and this project has not (yet): said clearly, never in silence.
    pub fn unsupported(what: &str) -> Status {
        Status::new(501, "NotImplemented", format!("{what} is not supported by this cluster"))
    }
    /// Fills in the details of a resource (`deployments.apps`) and name.
    pub fn about(mut self, resource: &str, name: &str) -> Status {
        let (plural, group) = model::resource::split(resource);
        self.details.kind = plural.into();
        self.details.group = group.into();
        self.details.name = name.into();
        self
    }
    /// Reads a Status object; anything else becomes an unknown failure.
    pub fn of(body: &Value) -> Status {
        let details = &body["details"];
        let cause = |c: &Value| (c["reason"].text(), c["message"].text(), c["field"].text());
        Status {
            code: body["code"].as_i64().and_then(|c| u16::try_from(c).ok()).unwrap_or(500),
            reason: body["reason"].text(),
            message: body["message"].text(),
            details: Detail {
                name: details["name"].text(),
                group: details["group"].text(),
                kind: details["kind"].text(),
                uid: details["uid"].text(),
                causes: details["causes"].items().iter().map(cause).collect(),
                retry_after_seconds: details["retryAfterSeconds"].as_i64().unwrap_or(0),
            },
        }
    }
    /// The Status object of the wire.
    pub fn to_value(&self) -> Value {
        let word = if self.code < 400 { "Success" } else { "Failure" };
        let mut out = obj! { "kind" => "Status", "apiVersion" => "v1", "metadata" => obj! {}, "status" => word, "code" => i64::from(self.code) };
        for (field, text) in [("message", &self.message), ("reason", &self.reason)] {
            if !text.is_empty() {
                out.set(&[field], text);
            }
        }
        let details = self.details.to_value();
        if !details.is_empty() {
            out.set(&["details"], details);
        }
        out
    }
}

impl Detail {
    fn to_value(&self) -> Value {
        let mut out = Value::map();
        for (field, text) in [("name", &self.name), ("group", &self.group), ("kind", &self.kind), ("uid", &self.uid)] {
            if !text.is_empty() {
                out.set(&[field], text);
            }
        }
        if !self.causes.is_empty() {
            let causes = self.causes.iter().map(|(reason, message, field)| {
                let mut cause = Value::map();
                for (key, text) in [("reason", reason), ("message", message), ("field", field)] {
                    if !text.is_empty() {
                        cause.set(&[key], text);
                    }
                }
                cause
            });
            out.set(&["causes"], causes.collect::<Vec<_>>());
        }
        if self.retry_after_seconds != 0 {
            out.set(&["retryAfterSeconds"], self.retry_after_seconds);
        }
        out
    }
}
