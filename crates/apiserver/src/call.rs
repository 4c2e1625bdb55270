//! `Call`: a request together with the kind it is about and the snapshot it is decided on.

use crate::Context;
use crate::field::{Errors, Path};
use crate::kinds::{self, Kind};
use crate::{paths, view};
use api::{PatchType, Request, Status, Verb};
use base::Text;
use model::{Key, Object, Resource};
use std::sync::Arc;
use store::Snapshot;
use value::Value;

/// A request whose resource is known.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    pub snap: &'a Snapshot,
    pub request: &'a Request,
    pub kind: &'static Kind,
}

impl<'a> Call<'a> {
    /// Finds the kind of a request, or says that there is no such resource.
    pub fn of(snap: &'a Snapshot, request: &'a Request) -> Result<Call<'a>, Status> {
        let unknown = || if paths::known_group(&request.group) { no_resource() } else { paths::page_not_found() };
        let kind = kinds::find(&request.group, &request.version, &request.resource).ok_or_else(unknown)?;
        let call = Call { snap, request, kind };
        if !request.subresource.is_empty() && !kinds::has_subresource(kind, &request.subresource) {
            return Err(no_resource());
        }
        if !kinds::allows(kind, &request.subresource, request.verb) || call.misses_namespace() || call.misnamed() {
            return Err(not_allowed());
        }
        call.field_manager()?;
        Ok(call)
    }
    /// Models ValidateFieldManager and ValidatePatchOptions of k8s.io/apimachinery/pkg/apis/meta/v1/validation.
    fn field_manager(&self) -> Result<(), Status> {
        let name = &self.request.query.field_manager;
        let path = Path::root("fieldManager");
        let mut errors = Errors::new();
        if let Verb::Patch(kind) = self.request.verb {
            if kind == PatchType::Apply && name.is_empty() {
                errors.required(&path, "is required for apply patch");
            }
            if kind != PatchType::Apply && self.request.query.force {
                errors.forbidden(&Path::root("force"), "may not be specified for non-apply patch");
            }
        }
        if name.len() > 128 {
            errors.too_long(&path, 128);
        }
        for (at, letter) in name.chars().enumerate().filter(|(_, c)| c.is_control()) {
            let why = format!("invalid character U+{:04X} (at position {at})", letter as u32);
            errors.invalid(&path, name.as_str(), &why);
        }
        if errors.is_empty() {
            return Ok(());
        }
        let kind = match self.request.verb {
            Verb::Create => "CreateOptions",
            Verb::Update => "UpdateOptions",
            _ => "PatchOptions",
        };
        Err(errors.into_status(kind, "meta.k8s.io", ""))
    }
    /// Only lists, watches (and deletes of collections) may span namespaces.
    fn misses_namespace(&self) -> bool {
        let spans = matches!(self.request.verb, Verb::List | Verb::Watch | Verb::DeleteCollection);
        self.kind.namespaced && self.request.namespace.is_empty() && !spans
    }
    /// Creates have no name in the URL (subresources do), changes of one object must have one.
    fn misnamed(&self) -> bool {
        let named = !self.request.name.is_empty();
        match self.request.verb {
            Verb::Create => named && self.request.subresource.is_empty(),
            Verb::Get | Verb::Update | Verb::Patch(_) | Verb::Delete => !named,
            Verb::List | Verb::Watch | Verb::DeleteCollection | Verb::Connect | Verb::Path => false,
        }
    }
    /// `deployments.apps`
    pub fn resource(&self) -> &'static Resource {
        &self.kind.resource
    }
    pub fn name(&self) -> &Text {
        &self.request.name
    }
    pub fn key(&self) -> Key {
        Key::new(self.resource(), self.request.namespace.clone(), self.request.name.clone())
    }
    pub fn current(&self) -> Result<&'a Arc<Object>, Status> {
        self.snap.get(&self.key()).ok_or_else(|| Status::not_found(self.resource(), self.name()))
    }
    /// The object in the version that the request speaks.
    pub fn show(&self, object: &Value) -> Value {
        view::show(self.kind, object)
    }
}

/// The 404 of a path that leads nowhere.
pub fn no_resource() -> Status {
    Status::new(404, "NotFound", "the server could not find the requested resource")
}

/// The 405 of a verb that the resource does not have.
pub fn not_allowed() -> Status {
    Status::method_not_allowed("the server does not allow this method on the requested resource")
}

/// What every verb is handed besides the call.
pub type Ctx<'c, 'a> = &'c mut Context<'a>;
