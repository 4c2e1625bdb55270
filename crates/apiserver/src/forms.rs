//! The form of an answer: the object itself, its metadata only, or rows of a table.

use crate::kinds::Kind;
use crate::tables;
use api::{Accept, Request, Status};
use base::Time;
use value::{List, Value, obj};

/// What a client wants to see.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Form {
    accept: Accept,
    rows: Rows,
}

/// What the rows of a table carry besides their cells.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Rows {
    #[default]
    Metadata,
    Object,
    Nothing,
}

impl Form {
    /// The form that a request asks for.
    pub fn of(request: &Request) -> Result<Form, Status> {
        let option = request.query.other.iter().find(|(name, _)| name == "includeObject");
        let rows = match option.map_or("", |(_, v)| v.as_str()) {
            "" | "Metadata" => Rows::Metadata,
            "Object" => Rows::Object,
            "None" => Rows::Nothing,
            _ if request.accept != Accept::Table => Rows::Metadata,
            bad => {
                return Err(Status::bad_request(format!(
                    "Unable to convert to Table as requested: includeObject: Invalid value: \"{bad}\": must be 'Metadata', 'Object', 'None', or empty"
                )));
            }
        };
        Ok(Form { accept: request.accept, rows })
    }
    /// One object in this form.
    pub fn one(self, kind: &Kind, object: Value, now: Time) -> Value {
        match self.accept {
            Accept::Object | Accept::Discovery => object,
            Accept::Metadata => partial(&object),
            Accept::Table => {
                let version = object["metadata"]["resourceVersion"].clone();
                self.table(kind, &[object], obj! { "resourceVersion" => version }, now)
            }
        }
    }
    /// A list in this form; the objects come whole, `metadata` is the list's own.
    pub fn list(self, kind: &Kind, objects: &[Value], metadata: Value, now: Time) -> Value {
        match self.accept {
            Accept::Object | Accept::Discovery => {
                let items: List = objects.iter().map(item).collect();
                obj! { "kind" => kind.list_kind.as_ref(), "apiVersion" => &kind.api_version, "metadata" => metadata, "items" => items }
            }
            Accept::Metadata => {
                let items: List = objects.iter().map(partial).collect();
                obj! {
                    "kind" => "PartialObjectMetadataList", "apiVersion" => "meta.k8s.io/v1", "metadata" => metadata, "items" => items,
                }
            }
            Accept::Table => self.table(kind, objects, metadata, now),
        }
    }
    fn table(self, kind: &Kind, objects: &[Value], metadata: Value, now: Time) -> Value {
        let printer = tables::printer(&kind.resource);
        let rows: List = objects
            .iter()
            .map(|object| {
                let carried = match self.rows {
                    Rows::Metadata => partial(object),
                    Rows::Object => object.clone(),
                    Rows::Nothing => Value::Null,
                };
                let conditions = tables::row_conditions(kind, object);
                let mut row = obj! { "cells" => tables::cells(printer, object, now), "object" => carried };
                if !conditions.is_null() {
                    row.set(&["conditions"], conditions);
                }
                row
            })
            .collect();
        obj! {
            "kind" => "Table", "apiVersion" => "meta.k8s.io/v1", "metadata" => metadata,
            "columnDefinitions" => tables::columns(printer), "rows" => rows,
        }
    }
}

/// An item of a typed list does not repeat what the list says.
fn item(object: &Value) -> Value {
    let mut item = object.clone();
    item.remove(&["apiVersion"]);
    item.remove(&["kind"]);
    item
}

fn partial(object: &Value) -> Value {
    obj! { "kind" => "PartialObjectMetadata", "apiVersion" => "meta.k8s.io/v1", "metadata" => &object["metadata"] }
}
