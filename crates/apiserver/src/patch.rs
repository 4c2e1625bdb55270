//! Patch: the stored object with a patch applied goes the way of an update.
//! Models k8s.io/apiserver/pkg/endpoints/handlers/patch.go.

use crate::call::{Call, Ctx};
use crate::decode::{self, Decoded};
use crate::update::{self, Part, Revision};
use crate::{Plan, apply, create};
use api::{PatchType, Status};
use base::Text;
use model::Object;
use value::Value;

pub fn patch(call: Call, kind: PatchType, ctx: Ctx) -> Result<Plan, Status> {
    if kind == PatchType::Apply {
        return apply::apply(call, ctx);
    }
    check_shape(kind, &call.request.body)?;
    let old = call.current()?;
    let (mut new, warnings) = patched(call, kind, old)?;
    update::name_of_body(&new, call.name())?;
    create::namespace_of_body(&mut new, call)?;
    let part = Part::of(&call.request.subresource);
    Ok(create::warned(update::replace(call, Revision { old, new, part }, ctx), warnings))
}

/// A JSON patch is a list of operations, the others are objects.
fn check_shape(kind: PatchType, body: &Value) -> Result<(), Status> {
    let is_list = matches!(body, Value::List(_));
    let word = decode::go_type_word(body);
    match kind {
        PatchType::Json if !is_list && body.is_null() => {
            Err(Status::bad_request("error decoding patch: unexpected end of JSON input"))
        }
        PatchType::Json if !is_list => Err(Status::bad_request(format!(
            "error decoding patch: json: cannot unmarshal {word} into Go value of type []handlers.jsonPatchOp"
        ))),
        PatchType::Strategic | PatchType::Merge if !matches!(body, Value::Map(_)) => {
            Err(Status::bad_request(format!("json: cannot unmarshal {word} into Go value of type map[string]interface {{}}")))
        }
        PatchType::Json | PatchType::Merge | PatchType::Strategic | PatchType::Apply => Ok(()),
    }
}

/// The object as the patch wants it, decoded.
pub fn patched(call: Call, kind: PatchType, old: &Object) -> Result<(Value, Vec<Text>), Status> {
    let current = call.show(&old.value);
    let body = &call.request.body;
    let merged = match kind {
        PatchType::Json | PatchType::Merge => apply_untyped(kind, &current, body)?,
        PatchType::Strategic => decode::strategic(call.kind, &current, body)?,
        PatchType::Apply => return Err(Status::unsupported("server-side apply of this subresource")),
    };
    let Decoded { object, warnings } = decode::decode_patched(&call, (&merged, &current), kind)?;
    Ok((object, warnings))
}

/// A JSON or merge patch of a value; a strategic one merges like a merge patch here (Scale has no lists).
pub fn apply_untyped(kind: PatchType, current: &Value, body: &Value) -> Result<Value, Status> {
    match kind {
        PatchType::Json => {
            let rejected = || Status::new(422, "Invalid", "the server rejected our request due to an error in our request");
            value::patch::json(current, body).map_err(|_| rejected())
        }
        PatchType::Merge | PatchType::Strategic => Ok(value::patch::merge(current, body)),
        PatchType::Apply => Err(Status::unsupported("server-side apply of this subresource")),
    }
}
