//! Volumes of a pod. Models ValidateVolumes of pkg/apis/core/validation.

use super::container::{FILE_FIELDS, field_ref, no_way_up};
use crate::field::{Errors, Path};
use base::names;
use value::Value;

/// Every volume source in the order of validation.
const SOURCES: [&str; 30] = [
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "flocker",
    "persistentVolumeClaim",
    "rbd",
    "cinder",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "flexVolume",
    "azureFile",
    "configMap",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
];

/// Checks all volumes; answers the names of the valid ones.
pub fn volumes<'a>(volumes: &'a Value, path: &Path, errors: &mut Errors) -> Vec<&'a str> {
    let mut valid: Vec<&str> = Vec::new();
    for (i, volume) in volumes.items().iter().enumerate() {
        let at = path.index(i);
        let before = errors.len();
        source(volume, &at, errors);
        let name = volume["name"].s();
        if name.is_empty() {
            errors.required(&at.child("name"), "");
        } else {
            errors.complaints(&at.child("name"), name, names::dns1123_label(name));
        }
        if valid.contains(&name) {
            errors.duplicate(&at.child("name"), name);
        }
        if errors.len() == before {
            valid.push(name);
        }
    }
    valid
}

fn source(volume: &Value, path: &Path, errors: &mut Errors) {
    one_of(&SOURCES, volume, path, errors);
}

/// Every source that a persistent volume may have.
pub const PERSISTENT: [&str; 22] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "storageos",
    "csi",
];

/// The source of a persistent volume.
pub fn persistent(spec: &Value, path: &Path, errors: &mut Errors) {
    one_of(&PERSISTENT, spec, path, errors);
}

/// Exactly one of the sources.
fn one_of(sources: &[&str], volume: &Value, path: &Path, errors: &mut Errors) {
    // Looking for the few fields that are there among the sources is quicker than asking for every source.
    let given = volume.entries().iter().filter(|(_, value)| !value.is_null());
    let mut found: Vec<usize> = given.filter_map(|(field, _)| sources.iter().position(|s| s == field)).collect();
    found.sort_unstable();
    for (nth, at) in found.iter().enumerate() {
        let field = sources[*at];
        let at = path.child(field);
        if nth > 0 {
            errors.forbidden(&at, "may not specify more than 1 volume type");
        } else {
            one(field, &volume[field], &at, errors);
        }
    }
    if found.is_empty() {
        errors.required(path, "must specify a volume type");
    }
}

fn one(field: &str, source: &Value, path: &Path, errors: &mut Errors) {
    match field {
        "hostPath" => host_path(source, path, errors),
        "secret" => {
            required(source, "secretName", path, errors);
            modes(source, path, errors);
        }
        "configMap" => {
            required(source, "name", path, errors);
            modes(source, path, errors);
        }
        "persistentVolumeClaim" => required(source, "claimName", path, errors),
        "nfs" => {
            required(source, "server", path, errors);
            required(source, "path", path, errors);
            if !source["path"].is_empty() && !source["path"].s().starts_with('/') {
                errors.invalid(&path.child("path"), &source["path"], "must be an absolute path");
            }
        }
        "csi" => required(source, "driver", path, errors),
        "downwardAPI" => downward(source, path, errors),
        "projected" => projected(source, path, errors),
        _ => {}
    }
}

fn required(source: &Value, field: &str, path: &Path, errors: &mut Errors) {
    if source[field].is_empty() {
        errors.required(&path.child(field), "");
    }
}

fn host_path(source: &Value, path: &Path, errors: &mut Errors) {
    const TYPES: [&str; 8] =
        ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];
    let at = path.child("path");
    if source["path"].is_empty() {
        return errors.required(&at, "");
    }
    no_way_up(source["path"].s(), &at, errors);
    let kind = source["type"].s();
    if !TYPES.contains(&kind) {
        errors.unsupported(&path.child("type"), kind, &TYPES);
    }
}

/// `defaultMode` and `items` of secrets and config maps.
fn modes(source: &Value, path: &Path, errors: &mut Errors) {
    mode(&source["defaultMode"], &path.child("defaultMode"), errors);
    let list = path.child("items");
    for (i, item) in source["items"].items().iter().enumerate() {
        key_to_path(item, &list.index(i), errors);
    }
}

fn mode(mode: &Value, path: &Path, errors: &mut Errors) {
    if let Some(bits) = mode.as_i64()
        && !(0..=0o777).contains(&bits)
    {
        errors.invalid(path, bits, "must be a number between 0 and 0777 (octal), both inclusive");
    }
}

fn key_to_path(item: &Value, path: &Path, errors: &mut Errors) {
    required(item, "key", path, errors);
    required(item, "path", path, errors);
    let to = item["path"].s();
    if !to.is_empty() {
        super::container::descending(to, &path.child("path"), errors);
        if to.starts_with("..") && to != ".." && !to.starts_with("../") {
            errors.invalid(&path.child("path"), to, "must not start with '..'");
        }
    }
    mode(&item["mode"], &path.child("mode"), errors);
}

fn downward(source: &Value, path: &Path, errors: &mut Errors) {
    mode(&source["defaultMode"], &path.child("defaultMode"), errors);
    let list = path.child("items");
    for (i, item) in source["items"].items().iter().enumerate() {
        let at = list.index(i);
        required(item, "path", &at, errors);
        if !item["fieldRef"].is_null() {
            field_ref(&item["fieldRef"], &FILE_FIELDS, &at.child("fieldRef"), errors);
            if !item["resourceFieldRef"].is_null() {
                errors.invalid(&at, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously");
            }
        } else if item["resourceFieldRef"].is_null() {
            errors.required(&at, "one of fieldRef and resourceFieldRef is required");
        }
    }
}

fn projected(source: &Value, path: &Path, errors: &mut Errors) {
    mode(&source["defaultMode"], &path.child("defaultMode"), errors);
    let list = path.child("sources");
    for (i, part) in source["sources"].items().iter().enumerate() {
        let at = list.index(i);
        for field in ["secret", "configMap"] {
            if !part[field].is_null() {
                required(&part[field], "name", &at.child(field), errors);
                modes(&part[field], &at.child(field), errors);
            }
        }
        if !part["downwardAPI"].is_null() {
            downward(&part["downwardAPI"], &at.child("downwardAPI"), errors);
        }
        let token = &part["serviceAccountToken"];
        if !token.is_null() {
            let at = at.child("serviceAccountToken");
            let seconds = token["expirationSeconds"].as_i64().unwrap_or(3600);
            if seconds < 600 {
                errors.invalid(&at.child("expirationSeconds"), seconds, "may not specify a duration less than 10 minutes");
            }
            required(token, "path", &at, errors);
        }
    }
}
