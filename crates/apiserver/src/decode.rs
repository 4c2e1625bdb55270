//! Decoding: from what a client sent to a clean object of the kind, with warnings for what the kind does not know.
//! Models the strict decoding of k8s.io/apimachinery/pkg/runtime/serializer and its error texts.

use crate::call::Call;
use crate::field::{Errors, Path};
use crate::kinds::Kind;
use crate::view;
use api::{PatchType, Status, Validation, Verb};
use base::Text;
use schema::{Schema, Words};
use value::Value;

/// A decoded object (in the stored version) and the warnings about fields that were dropped.
pub struct Decoded {
    pub object: Value,
    pub warnings: Vec<Text>,
}

/// Decodes a body as the kind of the call.
pub fn decode(call: &Call, body: &Value) -> Result<Decoded, Status> {
    let mut object = match body {
        Value::Null => Value::map(),
        Value::Map(_) => body.clone(),
        other => return Err(unrecognized(call.kind, other)),
    };
    check_version(call.kind, &mut object)?;
    let kind = object["kind"].text();
    let version = call.kind.version.as_ref();
    let refuse = |why: &str| {
        Status::bad_request(format!("{kind} in version \"{version}\" cannot be handled as a {}: {why}", call.kind.kind))
    };
    let (object, unknown) = typed(call.kind, (&object, current(call)), Words::Json).map_err(|why| refuse(&why))?;
    if let Some(why) = strictly(call, &unknown) {
        return Err(refuse(&why));
    }
    Ok(finish(call, object, unknown))
}

/// What strict decoding refuses: fields that are there twice, then those that the kind does not have.
fn strictly(call: &Call, unknown: &[String]) -> Option<String> {
    let query = &call.request.query;
    if query.validation != Validation::Strict || query.duplicates.is_empty() && unknown.is_empty() {
        return None;
    }
    let (lines, fields): (Vec<&str>, Vec<&str>) = query.duplicates.iter().map(Text::as_str).partition(|d| d.starts_with("line "));
    let yaml = (!lines.is_empty()).then(|| format!("yaml: unmarshal errors:\n  {}", lines.join("\n  ")));
    let all: Vec<&str> = yaml.as_deref().into_iter().chain(fields).chain(unknown.iter().map(String::as_str)).collect();
    Some(format!("strict decoding error: {}", all.join(", ")))
}

/// The stored object that an update was made of, if it is stored as the request speaks of it.
fn current<'a>(call: &Call<'a>) -> &'a Value {
    let replaces = call.request.verb == Verb::Update && call.kind.preferred;
    let stored = if replaces { call.current().ok() } else { None };
    stored.map_or(&Value::Null, |object| &object.value)
}

fn finish(call: &Call, object: Value, unknown: Vec<String>) -> Decoded {
    let quiet = call.request.query.validation == Validation::Ignore;
    let twice = call.request.query.duplicates.iter().cloned();
    let warnings = if quiet { Vec::new() } else { twice.chain(unknown.into_iter().map(Text::from)).collect() };
    Decoded { object: view::store(call.kind, object), warnings }
}

/// Decodes the result of a patch of the current object; its errors quote the whole object (or the patch, for strategic ones).
pub fn decode_patched(call: &Call, (merged, current): (&Value, &Value), kind: PatchType) -> Result<Decoded, Status> {
    let quoted = || match kind {
        PatchType::Strategic => go_map(&call.request.body),
        PatchType::Json | PatchType::Merge | PatchType::Apply => go_json(merged),
    };
    let refuse = |why: &str| {
        let mut errors = Errors::new();
        errors.invalid(&Path::root("patch"), quoted().as_str(), why);
        errors.into_status("", "", "")
    };
    if merged["kind"].s() != call.kind.kind || merged["apiVersion"].s() != call.kind.api_version.as_str() {
        let why = conversion_error(call.kind, merged["apiVersion"].s(), merged["kind"].s());
        return Err(if merged.is_null() || merged.is_empty() { nameless(call) } else { refuse(&why) });
    }
    let words = if kind == PatchType::Strategic { Words::Converter } else { Words::Json };
    let (object, unknown) = typed(call.kind, (merged, current), words).map_err(|why| refuse(&why))?;
    if let Some(why) = strictly(call, &unknown) {
        return Err(refuse(&why));
    }
    Ok(finish(call, object, unknown))
}

/// Decodes what an apply has made of the current object.
pub fn decode_applied(call: &Call, (merged, current): (&Value, &Value)) -> Result<Value, String> {
    let (object, _) = typed(call.kind, (merged, current), Words::Json)?;
    Ok(view::store(call.kind, object))
}

fn nameless(call: &Call) -> Status {
    let name = call.name();
    Status::bad_request(format!("the name of the object ({name} based on URL) was undeterminable: name must be provided"))
}

/// A strategic merge patch applied to the current object.
pub fn strategic(kind: &Kind, current: &Value, patch: &Value) -> Result<Value, Status> {
    let merged = Schema::builtin().strategic(kind.type_id).apply(current, patch);
    merged.map_err(|wrong| match wrong.code {
        400 => Status::bad_request(wrong.message),
        code => Status::new(code, "", wrong.message),
    })
}

/// The object with known fields only, and the complaints about the others.
fn typed(kind: &Kind, (object, was): (&Value, &Value), words: Words) -> Result<(Value, Vec<String>), String> {
    let Some(id) = kind.type_id else { return Ok((object.clone(), Vec::new())) };
    let forgets = object["metadata"].get("managedFields").is_some_and(|list| list.items().is_empty() && !list.is_null());
    if forgets {
        // An empty list says more than none: it clears the managers, as a list of one empty entry does.
        let mut object = object.clone();
        object.set(&["metadata", "managedFields"], value::list![Value::map()]);
        return typed(kind, (&object, was), words);
    }
    let decoded = Schema::builtin().decode_changed(id, (object, was), words)?;
    Ok((decoded.value, decoded.unknown))
}

/// Writes `apiVersion` and `kind` where they are left out, and refuses other ones.
fn check_version(kind: &Kind, object: &mut Value) -> Result<(), Status> {
    let (version, name) = (object["apiVersion"].text(), object["kind"].text());
    if name == kind.kind.as_ref() && version == kind.api_version {
        return Ok(());
    }
    let map = object.as_map_mut();
    if name.is_empty() {
        map.insert("kind", kind.kind.as_ref());
    }
    if version.is_empty() {
        map.insert("apiVersion", &kind.api_version);
    }
    let (version, name) = (object["apiVersion"].text(), object["kind"].text());
    if name == kind.kind.as_ref() && version == kind.api_version {
        return Ok(());
    }
    let (group, short) = version.split_once('/').unwrap_or(("", version.as_str()));
    if group == kind.group && name == kind.kind.as_ref() && short != kind.version {
        let message =
            format!("the API version in the data ({version}) does not match the expected API version ({})", kind.api_version);
        return Err(Status::bad_request(message));
    }
    let why = conversion_error(kind, &version, &name);
    Err(Status::bad_request(format!("{name} in version \"{short}\" cannot be handled as a {}: {why}", kind.kind)))
}

fn conversion_error(kind: &Kind, version: &str, name: &str) -> String {
    let (group, short) = version.split_once('/').unwrap_or(("", version));
    if Schema::builtin().by_kind(group, short, name).is_some() {
        let package = if kind.group.is_empty() { "core" } else { kind.group.split('.').next().unwrap_or("") };
        return format!("converting ({short}.{name}) to ({package}.{}): unknown conversion", kind.kind);
    }
    format!("no kind \"{name}\" is registered for version \"{version}\" in scheme \"pkg/api/legacyscheme/scheme.go:30\"")
}

fn unrecognized(kind: &Kind, body: &Value) -> Status {
    let text = body.to_json();
    let mut hex: String = text.bytes().take(30).map(|b| format!("{b:02x}")).collect();
    if text.len() > 30 {
        hex += " ...";
    }
    Status::bad_request(format!(
        "the object provided is unrecognized (must be of type {}): couldn't get version/kind; json parse error: json: cannot unmarshal {} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }} ({hex})",
        kind.kind,
        go_type_word(body)
    ))
}

/// The 400 of a body that does not parse; `why` is the parser's word.
pub fn unreadable(request: &api::Request, why: &str, bytes: &[u8]) -> Status {
    let kind = crate::kinds::find(&request.group, &request.version, &request.resource).map_or("", |kind| kind.kind.as_ref());
    let start = &bytes[..bytes.len().min(30)];
    let mut quoted = match start.first() {
        None => "<empty>".to_string(),
        Some(b'{') => String::from_utf8_lossy(start).into_owned(),
        Some(_) => start.iter().map(|b| format!("{b:02x}")).collect(),
    };
    if bytes.len() > 30 {
        quoted += " ...";
    }
    match request.verb {
        Verb::Patch(PatchType::Apply) => {
            return Status::bad_request(format!("error decoding YAML: error converting YAML to JSON: {why}"));
        }
        Verb::Patch(PatchType::Json) => return Status::bad_request(format!("error decoding patch: {why}")),
        Verb::Patch(PatchType::Merge | PatchType::Strategic) => return Status::bad_request(why),
        _ => {}
    }
    let words = "couldn't get version/kind; json parse error";
    Status::bad_request(format!("the object provided is unrecognized (must be of type {kind}): {words}: {why} ({quoted})"))
}

/// What Go's JSON decoder calls a value.
pub fn go_type_word(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Float(_) => "number",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
}

/// `map[a:b]`, as Go prints an untyped value.
pub fn go_map(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".into(),
        Value::Str(text) => text.to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(go_map).collect::<Vec<_>>().join(" ")),
        Value::Map(fields) => {
            let fields: Vec<String> = fields.iter().map(|(key, field)| format!("{key}:{}", go_map(field))).collect();
            format!("map[{}]", fields.join(" "))
        }
        other => other.to_json(),
    }
}

/// JSON of an object with its metadata in the order of the Go type, as error texts quote it.
fn go_json(object: &Value) -> String {
    const ORDER: [&str; 15] = [
        "name",
        "generateName",
        "namespace",
        "selfLink",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "labels",
        "annotations",
        "ownerReferences",
        "finalizers",
        "managedFields",
    ];
    let meta = &object["metadata"];
    let text = |field: &str, value: &Value| if field == "managedFields" { go_managers(value) } else { value.to_json() };
    let known = ORDER.iter().filter_map(|f| meta.get(f).map(|v| format!("\"{f}\":{}", text(f, v))));
    let others =
        meta.entries().iter().filter(|(f, _)| !ORDER.contains(&f.as_str())).map(|(f, v)| format!("\"{f}\":{}", v.to_json()));
    let meta_text = format!("{{{}}}", known.chain(others).collect::<Vec<_>>().join(","));
    let fields = object.entries().iter().map(|(f, v)| {
        let text = if f == "metadata" { meta_text.clone() } else { v.to_json() };
        format!("\"{f}\":{text}")
    });
    format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
}

/// JSON of managedFields with the fields of an entry in the order of the Go type.
fn go_managers(list: &Value) -> String {
    const ORDER: [&str; 7] = ["manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1", "subresource"];
    let entry = |entry: &Value| {
        let fields = ORDER.iter().filter_map(|f| entry.get(f).map(|v| format!("\"{f}\":{}", v.to_json())));
        format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
    };
    format!("[{}]", list.items().iter().map(entry).collect::<Vec<_>>().join(","))
}
