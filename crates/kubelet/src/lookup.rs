//! Which container serves `logs`, `exec`, `attach` and `port-forward`, or why none does, in the kubelet's words.
//! Models pkg/kubelet validateContainerLogStatus and pkg/kubelet/server.

use crate::Kubelet;
use crate::runtime::Sandbox;
use crate::worker::{Container, Mode, Worker};
use api::Status;
use base::Text;

/// A container of a pod, as pictures and people ask for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Running {
    pub pod: Text,
    pub container: Text,
    /// The runtime's id.
    pub id: Text,
    pub init: bool,
    pub running: bool,
    pub restarts: i64,
}

impl Kubelet {
    fn find(&self, namespace: &str, pod: &str) -> Option<&Worker> {
        let same = |w: &&std::sync::Arc<Worker>| w.pod.meta.name == pod && w.pod.meta.namespace == namespace;
        self.pods.values().filter(same).max_by_key(|w| !w.gone).map(|w| &**w)
    }
    /// The container whose log is meant.
    pub fn logs(&self, namespace: &str, pod: &str, container: &str, previous: bool) -> Result<Text, Status> {
        let missing = || Status::not_found("pods", pod);
        let worker = self.find(namespace, pod).ok_or_else(missing)?;
        let no_such = || Status::bad_request(format!("container \"{container}\" in pod \"{pod}\" is not available"));
        let found = worker.containers.iter().find(|c| c.name == container).ok_or_else(no_such)?;
        if previous {
            return previous_of(worker, found).ok_or_else(|| {
                Status::bad_request(format!("previous terminated container \"{container}\" in pod \"{pod}\" not found"))
            });
        }
        if let Some(current) = found.current.as_ref().filter(|c| c.started_at.is_some() || c.ended.is_some()) {
            return Ok(current.created.id.clone());
        }
        let why = match &found.waiting {
            Some((reason, _)) if reason == "ErrImagePull" => "image can't be pulled".into(),
            Some((reason, _)) if reason == "ImagePullBackOff" => "trying and failing to pull image".into(),
            Some((reason, _)) => reason.clone(),
            None if worker.containers.iter().any(Container::is_init) => base::text!("PodInitializing"),
            None => base::text!("ContainerCreating"),
        };
        Err(Status::bad_request(format!("container \"{container}\" in pod \"{pod}\" is waiting to start: {why}")))
    }
    /// The running container that a command or an attached stream goes to.
    pub fn exec(&self, namespace: &str, pod: &str, container: &str) -> Result<Text, Status> {
        let worker = self.find(namespace, pod).ok_or_else(|| Status::not_found("pods", pod))?;
        let found = worker.containers.iter().find(|c| c.name == container && c.is_running());
        let id = found.and_then(|c| c.current.as_ref()).map(|c| c.created.id.clone());
        id.ok_or_else(|| Status::new(404, "NotFound", format!("container not found (\"{container}\")")))
    }
    /// The sandbox that ports are forwarded to.
    pub fn sandbox(&self, namespace: &str, pod: &str) -> Option<&Sandbox> {
        self.find(namespace, pod).filter(|w| w.mode != Mode::Terminated)?.sandbox.as_ref()
    }
    /// The pod's containers that were made, in the order of its spec.
    pub fn containers(&self, namespace: &str, pod: &str) -> Vec<Running> {
        let Some(worker) = self.find(namespace, pod) else { return Vec::new() };
        let made = worker.containers.iter().filter_map(|c| Some((c, c.current.as_ref()?)));
        let running = |(c, current): (&Container, &crate::worker::Instance)| Running {
            pod: worker.uid.clone(),
            container: c.name.clone(),
            id: current.created.id.clone(),
            init: c.is_init(),
            running: current.is_running(),
            restarts: c.restarts,
        };
        made.map(running).collect()
    }
    /// Which pod (its uid) and container a container id belongs to.
    pub fn owner(&self, id: &str) -> Option<(&Text, &Text)> {
        let (uid, number) = self.core.containers.get(id)?;
        let worker = self.pods.get(uid)?;
        Some((uid, &worker.at(*number).name))
    }
}

/// The ended instance that `--previous` means: the one `lastState` shows.
fn previous_of(worker: &Worker, container: &Container) -> Option<Text> {
    let shown_as_waiting = |ended: &crate::worker::Ended| {
        container.waiting.is_some() && worker.mode == Mode::Syncing && container.restarts_after(ended, worker.restart_policy())
    };
    match (container.ended(), &container.current) {
        (Some(ended), Some(current)) if shown_as_waiting(ended) => Some(current.created.id.clone()),
        _ => container.previous.as_ref().map(|p| p.created.id.clone()),
    }
}
