//! ServiceAccount: a pod runs as an account that exists, with its pull secrets, and finds a token where clients look.
//! Models plugin/pkg/admission/serviceaccount.

use crate::Context;
use api::Status;
use model::{Key, resource::SERVICE_ACCOUNTS};
use store::Snapshot;
use value::{Value, list, obj};

const MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Gives a new pod its account, pull secrets, token volume and mounts.
pub fn admit(snap: &Snapshot, key: &Key, pod: &mut Value, ctx: &mut Context) -> Result<(), Status> {
    if !pod["metadata"]["annotations"][MIRROR].is_null() {
        return Ok(());
    }
    let spec = pod.at_mut(&["spec"]);
    if spec["serviceAccountName"].is_empty() {
        let map = spec.as_map_mut();
        map.insert("serviceAccountName", "default");
        map.insert("serviceAccount", "default");
    }
    let name = spec["serviceAccountName"].text();
    let Some(account) = snap.find(&SERVICE_ACCOUNTS, &key.namespace, &name) else {
        let why = format!("error looking up service account {}/{name}: serviceaccount \"{name}\" not found", key.namespace);
        return Err(Status::forbidden(&key.resource, &key.name, &why));
    };
    let wish = &spec["automountServiceAccountToken"];
    let wish = if wish.is_null() { &account.value["automountServiceAccountToken"] } else { wish };
    if wish.as_bool() != Some(false) {
        mount_token(spec, ctx);
    }
    if spec["imagePullSecrets"].is_empty() && !account.value["imagePullSecrets"].is_empty() {
        spec.set(&["imagePullSecrets"], &account.value["imagePullSecrets"]);
    }
    Ok(())
}

fn mount_token(spec: &mut Value, ctx: &mut Context) {
    let have =
        spec["volumes"].items().iter().find(|v| v["name"].s().starts_with("kube-api-access-") && !v["projected"].is_null());
    let (volume, is_new) = match have {
        Some(volume) => (volume["name"].text(), false),
        None => (format!("kube-api-access-{}", ctx.rng.name_suffix(5)).into(), true),
    };
    let mut used = !is_new;
    for list in ["initContainers", "containers"] {
        if spec[list].items().is_empty() {
            continue;
        }
        for container in spec.as_map_mut().entry(list).as_list_mut() {
            if container["volumeMounts"].items().iter().any(|m| m["mountPath"].s() == MOUNT_PATH) {
                continue;
            }
            let mount = obj! { "name" => &volume, "readOnly" => true, "mountPath" => MOUNT_PATH };
            container.at_mut(&["volumeMounts"]).as_list_mut().push(mount);
            used = true;
        }
    }
    if is_new && used {
        spec.at_mut(&["volumes"]).as_list_mut().push(token_volume(&volume));
    }
}

fn token_volume(name: &str) -> Value {
    let namespace = obj! { "apiVersion" => "v1", "fieldPath" => "metadata.namespace" };
    let sources = list![
        obj! { "serviceAccountToken" => obj! { "expirationSeconds" => 3607, "path" => "token" } },
        obj! { "configMap" => obj! { "name" => "kube-root-ca.crt", "items" => list![obj! { "key" => "ca.crt", "path" => "ca.crt" }] } },
        obj! { "downwardAPI" => obj! { "items" => list![obj! { "path" => "namespace", "fieldRef" => namespace }] } },
    ];
    obj! { "name" => name, "projected" => obj! { "defaultMode" => 0o644, "sources" => sources } }
}
