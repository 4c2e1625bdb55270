//! `kubectl explain`: fields and their types from the table of kinds. The descriptions of the API documents are not in it (they would be
//! ten times as large as the rest).

use crate::ctx::Ctx;
use crate::fail::{Fail, Run, Stop, plain};
use schema::{Schema, Type, TypeId, TypeInfo};

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    let [word] = ctx.words() else {
        return if ctx.words().is_empty() {
            ctx.usage("You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list of supported resources.")
        } else {
            ctx.usage("We accept only this format: explain RESOURCE")
        };
    };
    let schema = Schema::builtin();
    let (word, path) = word.split_once('.').unwrap_or((word, ""));
    let version = ctx.flag("api-version");
    let named = schema.by_any_name(word);
    let info = named.and_then(|info| {
        let wanted = |r: &&schema::ResourceInfo| r.api_version() == version.as_str() && r.kind == info.kind;
        if version.is_empty() { Some(info) } else { schema.resources().find(wanted) }
    });
    let Some(info) = info else {
        return Err(Stop::Fail(Fail::Raw(format!("the server doesn't have a resource type {word:?}"))));
    };
    let Some(root) = info.type_id else { return plain(format!("couldn't find resource for {:?}", info.api_version())) };
    let mut text = String::new();
    if !info.group.is_empty() {
        text.push_str(&format!("GROUP:      {}\n", info.group));
    }
    text.push_str(&format!("KIND:       {}\nVERSION:    {}\n\n", info.kind, info.version));
    let mut current = Type::Struct(root);
    let mut steps: Vec<&str> = path.split('.').filter(|p| !p.is_empty()).collect();
    let last = steps.last().copied();
    while !steps.is_empty() {
        let step = steps.remove(0);
        let found = structure(schema, &current).and_then(|t| t.field(step)).map(|f| f.ty.clone());
        match found {
            Some(ty) => current = ty,
            None => return plain(format!("field {step:?} does not exist")),
        }
    }
    if let Some(field) = last {
        text.push_str(&format!("FIELD: {field} <{}>\n\n", type_name(schema, &current)));
    }
    text.push_str("DESCRIPTION:\n    Descriptions are not part of this cluster's table of kinds.\n\n");
    if let Some(info) = structure(schema, &current) {
        text.push_str("FIELDS:\n");
        fields(schema, info, (1, ctx.on("recursive")), &mut text);
        text.push('\n');
    }
    ctx.out(&text);
    Ok(())
}

/// The structure behind lists and maps.
fn structure<'a>(schema: &'a Schema, ty: &Type) -> Option<&'a TypeInfo> {
    match ty {
        Type::Struct(id) => Some(schema.type_info(*id)),
        Type::List(inner) | Type::Map(inner) => structure(schema, inner),
        _ => None,
    }
}

fn type_name(schema: &Schema, ty: &Type) -> String {
    let name = |id: &TypeId| schema.type_info(*id).name.to_string();
    match ty {
        Type::Struct(id) => name(id),
        Type::List(inner) => format!("[]{}", type_name(schema, inner)),
        Type::Map(inner) => format!("map[string]{}", type_name(schema, inner)),
        Type::Str | Type::Bytes => "string".into(),
        Type::Time | Type::MicroTime => "string".into(),
        Type::Bool => "boolean".into(),
        Type::Int32 | Type::Int64 => "integer".into(),
        Type::Double => "number".into(),
        Type::Quantity => "Quantity".into(),
        Type::IntOrString => "IntOrString".into(),
        Type::Any | Type::Object => "Object".into(),
    }
}

fn fields(schema: &Schema, info: &TypeInfo, (level, recursive): (usize, bool), text: &mut String) {
    for field in &info.fields {
        let required = if field.required { " -required-" } else { "" };
        text.push_str(&format!("{}{}\t<{}>{required}\n", "  ".repeat(level), field.name, type_name(schema, &field.ty)));
        if !field.allowed.is_empty() {
            let allowed: Vec<&str> = field.allowed.iter().map(|v| v.as_ref()).collect();
            text.push_str(&format!("{}enum: {}\n", "  ".repeat(level), allowed.join(", ")));
        }
        if recursive {
            // A type inside itself (JSONSchemaProps) ends here.
            if let Some(inner) = structure(schema, &field.ty).filter(|inner| inner.name != info.name && level < 12) {
                fields(schema, inner, (level + 1, true), text);
            }
        } else {
            text.push('\n');
        }
    }
}
