//! What the runtime is told to make of a container's spec.
//! Models kuberuntime generateContainerConfig and pkg/securitycontext.

use crate::core::{Core, resources};
use crate::env::{self, Env};
use crate::runtime::{ContainerConfig, Image, Mount, MountSource, Security};
use crate::sandbox;
use crate::worker::Worker;
use base::Text;
use value::Value;

/// The configuration, or why there can be none.
pub(crate) fn config(worker: &Worker, core: &Core, number: u32) -> Result<ContainerConfig, String> {
    let container = worker.at(number);
    let spec = &container.spec;
    let env = env::make(worker, core, number)?;
    let security = security(worker.spec(), spec);
    if let Some(image) = &worker.image {
        verify_non_root(worker, number, &security, image)?;
    }
    let words = |field: &str| spec[field].items().iter().map(|w| env.expand(w.s())).collect();
    let lifecycle_signal = spec["lifecycle"]["stopSignal"].text();
    let ports = spec["ports"].items().iter();
    let port = |p: &Value| u16::try_from(p["containerPort"].as_i64()?).ok().map(|n| (p["protocol"].text(), n));
    Ok(ContainerConfig {
        pod: worker.pod_ref(),
        sandbox: worker.sandbox.as_ref().map(|s| s.id.clone()).unwrap_or_default(),
        name: container.name.clone(),
        attempt: u32::try_from(container.restarts + i64::from(container.current.is_some())).unwrap_or(0),
        image: spec["image"].text(),
        command: words("command"),
        args: words("args"),
        working_dir: spec["workingDir"].text(),
        mounts: mounts(worker, core, spec, &env),
        env: env.list,
        resources: resources(&spec["resources"]),
        security,
        stdin: spec["stdin"].is_true(),
        stdin_once: spec["stdinOnce"].is_true(),
        tty: spec["tty"].is_true(),
        termination_message_path: match spec["terminationMessagePath"].text() {
            none if none.is_empty() => base::text!("/dev/termination-log"),
            path => path,
        },
        termination_message_from_logs: spec["terminationMessagePolicy"].s() == "FallbackToLogsOnError",
        stop_signal: lifecycle_signal,
        ports: ports.filter_map(port).collect(),
    })
}

fn mounts(worker: &Worker, core: &Core, spec: &Value, env: &Env) -> Vec<Mount> {
    let mut mounts: Vec<Mount> = Vec::new();
    for mount in spec["volumeMounts"].items() {
        let expression = mount["subPathExpr"].s();
        mounts.push(Mount {
            path: mount["mountPath"].text(),
            source: MountSource::Volume(mount["name"].text()),
            sub_path: if expression.is_empty() { mount["subPath"].text() } else { env.expand(expression) },
            read_only: mount["readOnly"].is_true(),
        });
    }
    if !mounts.iter().any(|m| m.path == "/etc/hosts") {
        let hosts = MountSource::File(sandbox::hosts(worker, core).into());
        let path = base::text!("/etc/hosts");
        mounts.push(Mount { path, source: hosts, sub_path: Text::new(), read_only: false });
    }
    mounts
}

/// The container's own security context over the pod's.
fn security(pod: &Value, container: &Value) -> Security {
    let (own, shared) = (&container["securityContext"], &pod["securityContext"]);
    let either = |field: &str| if own[field].is_null() { &shared[field] } else { &own[field] };
    let words = |list: &Value| list.items().iter().map(Value::text).collect();
    let mut groups: Vec<i64> = shared["fsGroup"].as_i64().into_iter().collect();
    groups.extend(shared["supplementalGroups"].items().iter().filter_map(Value::as_i64));
    let seccomp = either("seccompProfile");
    Security {
        uid: either("runAsUser").as_i64(),
        gid: either("runAsGroup").as_i64(),
        groups,
        privileged: own["privileged"].is_true(),
        read_only_root: own["readOnlyRootFilesystem"].is_true(),
        add_capabilities: words(&own["capabilities"]["add"]),
        drop_capabilities: words(&own["capabilities"]["drop"]),
        no_new_privileges: own["allowPrivilegeEscalation"].as_bool() == Some(false),
        seccomp: match seccomp["type"].s() {
            "Localhost" => format!("Localhost/{}", seccomp["localhostProfile"].s()).into(),
            kind => kind.into(),
        },
    }
}

fn verify_non_root(worker: &Worker, number: u32, security: &Security, image: &Image) -> Result<(), String> {
    let container = worker.at(number);
    let field = "runAsNonRoot";
    let own = &container.spec["securityContext"][field];
    let wanted = if own.is_null() { &worker.spec()["securityContext"][field] } else { own };
    if !wanted.is_true() {
        return Ok(());
    }
    let about = format!("(pod: \"{}\", container: {})", worker.full_name(), container.name);
    match (security.uid, image.uid) {
        (Some(0), _) => Err(format!("container's runAsUser breaks non-root policy {about}")),
        (Some(_), _) => Ok(()),
        (None, _) if !image.user_name.is_empty() => Err(format!(
            "container has runAsNonRoot and image has non-numeric user ({}), cannot verify user is non-root {about}",
            image.user_name
        )),
        (None, Some(uid)) if uid != 0 => Ok(()),
        (None, _) => Err(format!("container has runAsNonRoot and image will run as root {about}")),
    }
}
