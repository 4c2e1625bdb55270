//! The contents of a pod's volumes: files of ConfigMaps, Secrets, projections and the downward API; directories.
//! Models pkg/volume/{configmap,secret,projected,downwardapi,emptydir,hostpath}.

use crate::core::{Asked, Core, PodAsked, Want};
use crate::runtime::{FileBytes, Volume, VolumeFile, VolumeSource};
use crate::worker::Worker;
use crate::{env, fields};
use api::{Request, Verb};
use base::{Text, base64_decode, text};
use model::{Key, resource};
use value::{Value, list, obj};

/// What each cluster publishes in every namespace beside the tokens.
const ROOT_CA: &str = "kube-root-ca.crt";
const DEFAULT_MODE: i64 = 0o644;
/// Kinds of sources that can be made here.
const DIRECT: [&str; 4] = ["configMap", "secret", "projected", "downwardAPI"];

/// The volumes of the pod that a container mounts.
fn mounted(worker: &Worker) -> impl Iterator<Item = &Value> {
    let uses = |c: &crate::worker::Container, name: &str| c.spec["volumeMounts"].items().iter().any(|m| m["name"].s() == name);
    let volumes = worker.spec()["volumes"].items().iter();
    volumes.filter(move |v| worker.containers.iter().any(|c| uses(c, v["name"].s())))
}

/// A projected volume's sources, or the volume itself as its only source.
fn sources(volume: &Value) -> Vec<&Value> {
    if volume["projected"].is_null() { vec![volume] } else { volume["projected"]["sources"].items().iter().collect() }
}

/// The source is one that this cluster does not publish.
fn left_out(core: &Core, source: &Value) -> bool {
    !core.config.tokens && (!source["serviceAccountToken"].is_null() || source["configMap"]["name"].s() == ROOT_CA)
}

/// The objects and tokens that the pod's volumes need.
pub(crate) fn wants(worker: &Worker, core: &Core) -> Vec<Want> {
    let mut wants = Vec::new();
    let key = |resource, name: Text| Want::Object(Key::new(resource, worker.pod.meta.namespace.clone(), name));
    for source in mounted(worker).flat_map(sources).filter(|s| !left_out(core, s)) {
        let want = if !source["configMap"].is_null() {
            key(&resource::CONFIG_MAPS, source["configMap"]["name"].text())
        } else if !source["secret"].is_null() {
            let secret = &source["secret"];
            let name = if secret["name"].is_null() { &secret["secretName"] } else { &secret["name"] };
            key(&resource::SECRETS, name.text())
        } else if !source["serviceAccountToken"].is_null() {
            token(&source["serviceAccountToken"])
        } else {
            continue;
        };
        if !wants.contains(&want) {
            wants.push(want);
        }
    }
    wants
}

fn token(source: &Value) -> Want {
    Want::Token(source["audience"].text(), source["expirationSeconds"].as_i64().unwrap_or(3600))
}

/// True if files of the pod follow objects that change (more than the root certificate and the token do).
pub(crate) fn may_change(worker: &Worker) -> bool {
    let changes = |s: &&Value| {
        !s["downwardAPI"].is_null() && !namespace_only(s)
            || !s["secret"].is_null()
            || !s["configMap"].is_null() && s["configMap"]["name"].s() != ROOT_CA
    };
    mounted(worker).flat_map(sources).any(|s| changes(&s))
}

fn namespace_only(source: &Value) -> bool {
    source["downwardAPI"]["items"].items().iter().all(|i| i["fieldRef"]["fieldPath"].s() == "metadata.namespace")
}

/// The volumes with their contents, or what is wrong with which of them.
pub(crate) fn resolve(worker: &Worker, core: &Core) -> Result<Vec<Volume>, Vec<(Text, String)>> {
    let (mut volumes, mut failures) = (Vec::new(), Vec::new());
    for volume in mounted(worker) {
        let name = volume["name"].text();
        match source(worker, core, volume) {
            Ok(source) => volumes.push(Volume { name, source }),
            Err(why) => failures.push((name, why)),
        }
    }
    if failures.is_empty() { Ok(volumes) } else { Err(failures) }
}

fn source(worker: &Worker, core: &Core, volume: &Value) -> Result<VolumeSource, String> {
    let fs_group = worker.spec()["securityContext"]["fsGroup"].as_i64();
    if let Some(field) = DIRECT.iter().find(|f| !volume[**f].is_null()) {
        let mut files = Vec::new();
        let mode = volume[*field]["defaultMode"].as_i64().unwrap_or(DEFAULT_MODE);
        for part in sources(volume).into_iter().filter(|s| !left_out(core, s)) {
            files.extend(part_files(worker, core, part, mode)?);
        }
        if fs_group.is_some() {
            files.iter_mut().for_each(|f| f.mode |= 0o440);
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let memory = *field == "secret" || *field == "projected";
        return Ok(VolumeSource::Files { files, memory, fs_group });
    }
    let (empty, host) = (&volume["emptyDir"], &volume["hostPath"]);
    if !empty.is_null() {
        let limit = &empty["sizeLimit"];
        let size_limit = if limit.is_null() { None } else { Some(crate::core::quantity(limit).value()) };
        return Ok(VolumeSource::EmptyDir { memory: empty["medium"].s() == "Memory", size_limit, fs_group });
    }
    if !host.is_null() {
        return Ok(VolumeSource::HostPath { path: host["path"].text(), kind: host["type"].text() });
    }
    let kind = volume.entries().iter().map(|(field, _)| field).find(|f| f.as_str() != "name");
    Err(format!("{} volumes are not supported by this cluster", kind.cloned().unwrap_or_default()))
}

/// The files of one source.
fn part_files(worker: &Worker, core: &Core, part: &Value, mode: i64) -> Result<Vec<VolumeFile>, String> {
    let (map, secret, down) = (&part["configMap"], &part["secret"], &part["downwardAPI"]);
    if !map.is_null() {
        let Some(object) = env::object(worker, &resource::CONFIG_MAPS, map)? else { return Ok(Vec::new()) };
        let mut all = keys(object, "data", false);
        all.extend(keys(object, "binaryData", true));
        return pick(all, map, mode, "configmap references non-existent config key");
    }
    if !secret.is_null() {
        let Some(object) = env::object(worker, &resource::SECRETS, secret)? else { return Ok(Vec::new()) };
        return pick(keys(object, "data", true), secret, mode, "references non-existent secret key");
    }
    if !down.is_null() {
        return down["items"].items().iter().map(|item| downward(worker, core, item, mode)).collect();
    }
    let wanted = &part["serviceAccountToken"];
    if wanted.is_null() {
        return Err("this projection is not supported by this cluster".into());
    }
    match worker.got.get(&token(wanted)) {
        Some(Ok(token)) => Ok(vec![file(wanted["path"].s(), FileBytes::Text(token.text()), mode)]),
        Some(Err(status)) => Err(format!("failed to fetch token: {}", status.message)),
        None => Err("failed to fetch token".into()),
    }
}

fn file(path: &str, contents: FileBytes, mode: i64) -> VolumeFile {
    VolumeFile { path: path.into(), contents, mode: u32::try_from(mode).unwrap_or(0o644) }
}

fn keys(object: &Value, field: &str, encoded: bool) -> Vec<(Text, FileBytes)> {
    let contents = |value: &Value| {
        if !encoded {
            return FileBytes::Text(value.text());
        }
        match String::from_utf8(base64_decode(value.s()).unwrap_or_default()) {
            Ok(text) => FileBytes::Text(text.into()),
            Err(raw) => FileBytes::Bytes(raw.into_bytes().into()),
        }
    };
    object[field].entries().iter().map(|(key, value)| (key.clone(), contents(value))).collect()
}

/// All keys as files, or those that `items` names.
fn pick(all: Vec<(Text, FileBytes)>, source: &Value, mode: i64, missing: &str) -> Result<Vec<VolumeFile>, String> {
    let items = source["items"].items();
    if items.is_empty() {
        return Ok(all.into_iter().map(|(key, contents)| file(&key, contents, mode)).collect());
    }
    let mut files = Vec::new();
    for item in items {
        match all.iter().find(|(key, _)| key == item["key"].s()) {
            Some((_, contents)) => {
                files.push(file(item["path"].s(), contents.clone(), item["mode"].as_i64().unwrap_or(mode)));
            }
            None if source["optional"].is_true() => {}
            None => return Err(format!("{missing}: {}", item["key"].s())),
        }
    }
    Ok(files)
}

fn downward(worker: &Worker, core: &Core, item: &Value, mode: i64) -> Result<VolumeFile, String> {
    let contents = if item["fieldRef"].is_null() {
        fields::resource(worker, core, &Value::Null, &item["resourceFieldRef"])?
    } else {
        fields::field(worker, core, item["fieldRef"]["fieldPath"].s())?
    };
    Ok(file(item["path"].s(), FileBytes::Text(contents), item["mode"].as_i64().unwrap_or(mode)))
}

impl Worker {
    /// Asks the API server for a token of the pod's service account, bound to the pod.
    pub(crate) fn ask_token(&self, core: &mut Core, audience: &Text, seconds: i64) {
        let account = match self.spec()["serviceAccountName"].text() {
            none if none.is_empty() => text!("default"),
            name => name,
        };
        let key = Key::new(&resource::SERVICE_ACCOUNTS, self.pod.meta.namespace.clone(), account);
        let audiences = if audience.is_empty() { list![] } else { list![audience] };
        let bound = obj! { "apiVersion" => "v1", "kind" => "Pod", "name" => &self.pod.meta.name, "uid" => &self.uid };
        let body = obj! {
            "apiVersion" => "authentication.k8s.io/v1", "kind" => "TokenRequest",
            "spec" => obj! { "audiences" => audiences, "expirationSeconds" => seconds, "boundObjectRef" => bound },
        };
        let request = Request { subresource: text!("token"), body, ..Request::of(&core.user, Verb::Create, &key) };
        let want = Want::Token(audience.clone(), seconds);
        core.api(Asked::Pod(self.uid.clone(), PodAsked::Token(self.serial, want)), request);
    }
}
