//! What every namespace gets: the account `default` and the config map `kube-root-ca.crt`.
//! Models pkg/controller/serviceaccount and pkg/controller/certificates/rootcacertpublisher.

use crate::Controller;
use crate::fields::push;
use api::{Op, Outcome, WatchKind};
use base::Time;
use model::resource::{CONFIG_MAPS, NAMESPACES, SERVICE_ACCOUNTS};
use model::{Key, Object, Resource};
use store::{Commit, Snapshot};
use value::{Value, obj};

const ACCOUNT: &str = "default";
const CA_MAP: &str = "kube-root-ca.crt";
const DESCRIPTION: &str = "kubernetes.io/description";
const CA_DESCRIPTION: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";
/// The certificate that clusters without TLS of their own show; its private key was never kept.
const ROOT_CA: &str = include_str!("root-ca.crt");

/// Keeps the account `default`.
pub struct ServiceAccounts;

/// Keeps the config map with the cluster's root certificate.
pub struct RootCertificates;

impl Controller for ServiceAccounts {
    fn name(&self) -> &'static str {
        "serviceaccount-controller"
    }

    fn keys(&self, _snap: &Snapshot, commit: &Commit, out: &mut Vec<Key>) {
        keys(commit, (&SERVICE_ACCOUNTS, ACCOUNT), out);
    }

    fn reconcile(&self, snap: &Snapshot, key: &Key, _now: Time) -> Outcome {
        if !is_active(snap, key) || snap.find(&SERVICE_ACCOUNTS, &key.name, ACCOUNT).is_some() {
            return Outcome::nothing();
        }
        let object = obj! {
            "apiVersion" => "v1", "kind" => "ServiceAccount", "metadata" => obj! { "name" => ACCOUNT, "namespace" => &key.name },
        };
        Outcome::op(Op::Create { resource: SERVICE_ACCOUNTS.clone(), object })
    }
}

impl Controller for RootCertificates {
    fn name(&self) -> &'static str {
        "root-ca-certificate-publisher-controller"
    }

    fn keys(&self, _snap: &Snapshot, commit: &Commit, out: &mut Vec<Key>) {
        keys(commit, (&CONFIG_MAPS, CA_MAP), out);
    }

    fn reconcile(&self, snap: &Snapshot, key: &Key, _now: Time) -> Outcome {
        if !is_active(snap, key) {
            return Outcome::nothing();
        }
        let data = obj! { "ca.crt" => ROOT_CA };
        let resource = CONFIG_MAPS.clone();
        let Some(have) = snap.find(&CONFIG_MAPS, &key.name, CA_MAP) else {
            let annotations: Value = Value::Map([(DESCRIPTION.into(), Value::str(CA_DESCRIPTION))].into_iter().collect());
            let object = obj! {
                "apiVersion" => "v1", "kind" => "ConfigMap", "data" => data,
                "metadata" => obj! { "name" => CA_MAP, "namespace" => &key.name, "annotations" => annotations },
            };
            return Outcome::op(Op::Create { resource, object });
        };
        if have.value["data"] == data && !have.meta.annotation(DESCRIPTION).is_empty() {
            return Outcome::nothing();
        }
        Outcome::op(Op::Update { resource, object: restored(have, data) })
    }
}

fn restored(have: &Object, data: Value) -> Value {
    let mut object = have.value.clone();
    object.set(&["data"], data);
    object.set(&["metadata", "annotations", DESCRIPTION], CA_DESCRIPTION);
    object
}

/// A namespace's own commits, and those of the object in it that is kept.
fn keys(commit: &Commit, (resource, name): (&Resource, &str), out: &mut Vec<Key>) {
    if commit.key.resource == NAMESPACES && commit.kind != WatchKind::Deleted {
        push(out, commit.key.clone());
    } else if commit.key.resource == *resource && commit.key.name == name {
        push(out, Key::cluster(&NAMESPACES, commit.key.namespace.clone()));
    }
}

fn is_active(snap: &Snapshot, key: &Key) -> bool {
    snap.get(key).is_some_and(|namespace| !namespace.is_terminating())
}
