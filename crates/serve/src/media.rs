//! Media types: which form of an answer a client accepts, and how bodies are read and written.

use api::{Accept, PatchType, Request, Status, Validation, Verb, WatchEvent};
use hyper::body::Bytes;
use value::{Value, yaml};

/// How an answer is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Media {
    #[default]
    Json,
    Yaml,
    Protobuf,
    /// The protobuf of OpenAPI v2, of that one document.
    OpenApi,
}

impl Media {
    pub fn name(self) -> &'static str {
        match self {
            Media::Json => "application/json",
            Media::Yaml => "application/yaml",
            Media::Protobuf => "application/vnd.kubernetes.protobuf",
            Media::OpenApi => "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
        }
    }
}

/// One entry of an Accept header.
struct Entry<'a> {
    mime: &'a str,
    kind: &'a str,
    group: &'a str,
    version: &'a str,
}

impl<'a> Entry<'a> {
    fn read(text: &'a str) -> Entry<'a> {
        let mut parts = text.split(';').map(str::trim);
        let mut entry = Entry { mime: parts.next().unwrap_or_default(), kind: "", group: "", version: "" };
        for (name, value) in parts.filter_map(|p| p.split_once('=')) {
            match name {
                "as" => entry.kind = value,
                "g" => entry.group = value,
                "v" => entry.version = value,
                _ => {}
            }
        }
        entry
    }
    fn media(&self) -> Option<Media> {
        match self.mime {
            "application/json" | "application/*" | "*/*" | "" => Some(Media::Json),
            "application/yaml" => Some(Media::Yaml),
            mime if mime.starts_with("application/com.github.proto-openapi.spec.v2") => Some(Media::OpenApi),
            _ => None,
        }
    }
    fn accept(&self) -> Option<Accept> {
        match (self.group, self.version, self.kind) {
            (_, _, "") => Some(Accept::Object),
            ("meta.k8s.io", "v1" | "v1beta1", "Table") => Some(Accept::Table),
            ("meta.k8s.io", "v1" | "v1beta1", "PartialObjectMetadata" | "PartialObjectMetadataList") => Some(Accept::Metadata),
            ("apidiscovery.k8s.io", "v2", "APIGroupDiscoveryList") => Some(Accept::Discovery),
            _ => None,
        }
    }
}

/// The first form of an Accept header that this server can write.
pub fn negotiate(header: &str) -> Result<(Media, Accept), Status> {
    let entries = || header.split(',').map(|part| Entry::read(part.trim()));
    let found = entries().find_map(|e| Some((e.media()?, e.accept()?)));
    let protobuf = || entries().find(|e| e.mime == Media::Protobuf.name() && e.kind.is_empty());
    found.or_else(|| protobuf().map(|_| (Media::Protobuf, Accept::Object))).ok_or_else(not_acceptable)
}

fn not_acceptable() -> Status {
    let message =
        "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf";
    Status::new(406, "NotAcceptable", message)
}

/// A body as the content type says it is written; sets the kind of a patch.
pub fn read(request: &mut Request, content: &str, bytes: &[u8]) -> Result<Value, Status> {
    let mime = content.split(';').next().unwrap_or_default().trim();
    if let Verb::Patch(kind) = &mut request.verb {
        *kind = patch_type(mime)?;
        return if mime.ends_with("+yaml") { from_yaml(request, bytes) } else { from_json(request, bytes) };
    }
    let optional = matches!(request.verb, Verb::Delete | Verb::DeleteCollection | Verb::Connect | Verb::Path);
    if bytes.is_empty() && optional {
        return Ok(Value::Null);
    }
    match mime {
        "" | "application/json" | "*/*" | "application/*" => from_json(request, bytes),
        "application/yaml" => from_yaml(request, bytes),
        "application/vnd.kubernetes.protobuf" => proto::decode(bytes).map_err(|why| apiserver::unreadable(request, &why, &[])),
        _ => Err(unsupported_media()),
    }
}

fn unsupported_media() -> Status {
    let message = "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf";
    Status::new(415, "UnsupportedMediaType", message)
}

fn patch_type(mime: &str) -> Result<PatchType, Status> {
    match mime {
        "application/json-patch+json" => Ok(PatchType::Json),
        "application/merge-patch+json" => Ok(PatchType::Merge),
        "application/strategic-merge-patch+json" => Ok(PatchType::Strategic),
        "application/apply-patch+yaml" => Ok(PatchType::Apply),
        _ => Err(Status::new(415, "UnsupportedMediaType", "415: Unsupported Media Type")),
    }
}

fn from_json(request: &mut Request, bytes: &[u8]) -> Result<Value, Status> {
    let refuse = |why: &str| Err(apiserver::unreadable(request, why, bytes));
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            let value = Value::from_json(text).or_else(|error| refuse(&error.message))?;
            if request.query.validation != Validation::Ignore {
                let told = value.repeated_fields(text).into_iter().map(|path| format!("duplicate field {path:?}").into());
                request.query.duplicates = told.collect();
            }
            Ok(value)
        }
        Err(_) => refuse("invalid UTF-8"),
    }
}

/// The first document of a YAML text.
fn from_yaml(request: &mut Request, bytes: &[u8]) -> Result<Value, Status> {
    let text = String::from_utf8_lossy(bytes);
    let document = yaml::documents(&text).into_iter().next();
    if let Some(document) = document.as_ref().filter(|_| request.query.validation != Validation::Ignore) {
        let told = |d: &yaml::Duplicate| format!("line {}: key {:?} already set in map", d.line, d.key.as_str()).into();
        request.query.duplicates = document.duplicates.iter().map(told).collect();
    }
    match document.map(|d| d.value) {
        None => Ok(Value::Null),
        Some(Ok(value)) => Ok(value),
        Some(Err(error)) => Err(apiserver::unreadable(request, &error.message, bytes)),
    }
}

/// A body in its bytes, and what they are. Texts are sent as they are; what has no protobuf form goes as JSON.
pub fn write(media: Media, pretty: bool, body: &Value) -> (&'static str, Bytes) {
    let json = || {
        let text = if pretty { body.to_json_indented("  ") } else { body.to_json_go() + "\n" };
        (Media::Json.name(), text.into())
    };
    match (media, body) {
        (_, Value::Str(text)) => ("text/plain; charset=utf-8", Bytes::copy_from_slice(text.as_bytes())),
        (Media::Yaml, body) => (media.name(), body.to_yaml().into()),
        (Media::Protobuf, body) => proto::encode(body).map_or_else(json, |bytes| (media.name(), bytes.into())),
        (Media::OpenApi, body) if !body["swagger"].is_null() => (media.name(), proto::encode_openapi(body).into()),
        (Media::Json | Media::OpenApi, _) => json(),
    }
}

/// One event of a watch.
pub fn write_event(media: Media, event: &WatchEvent) -> Bytes {
    let json = || (event.to_value().to_json_go() + "\n").into();
    match media {
        Media::Protobuf => proto::watch_frame(event.kind.as_str(), &event.object).map_or_else(json, Bytes::from),
        Media::Json | Media::Yaml | Media::OpenApi => json(),
    }
}
