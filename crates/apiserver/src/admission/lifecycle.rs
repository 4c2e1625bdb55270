//! NamespaceLifecycle: nothing is created in a namespace that is not there or on its way out; three never go.
//! Models k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle.

use api::Status;
use base::Text;
use model::{Key, resource::NAMESPACES};
use store::Snapshot;

/// Whether a new object may come into its namespace.
pub fn namespace_of(snap: &Snapshot, key: &Key) -> Result<(), Status> {
    if key.namespace.is_empty() {
        return Ok(());
    }
    let Some(namespace) = snap.get(&Key::cluster(&NAMESPACES, key.namespace.clone())) else {
        return Err(Status::not_found("namespaces", &key.namespace));
    };
    if !namespace.is_terminating() && namespace.status()["phase"].s() != "Terminating" {
        return Ok(());
    }
    let why = format!("unable to create new content in namespace {} because it is being terminated", key.namespace);
    let mut status = Status::forbidden(&key.resource, &key.name, &why);
    let message = format!("namespace {} is being terminated", key.namespace);
    status.details.causes.push((Text::from("NamespaceTerminating"), message.into(), Text::from("metadata.namespace")));
    Err(status)
}

/// The namespaces that a cluster cannot be without.
pub fn may_delete_namespace(name: &str) -> Result<(), Status> {
    if matches!(name, "default" | "kube-system" | "kube-public") {
        return Err(Status::forbidden("namespaces", name, "this namespace may not be deleted"));
    }
    Ok(())
}
