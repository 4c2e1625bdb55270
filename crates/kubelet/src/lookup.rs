//! Which container serves `logs`, `exec`, `attach` and `port-forward`, or why none does, in the kubelet's words.
//! Models pkg/kubelet validateContainerLogStatus and pkg/kubelet/server.

use crate::Kubelet;
use crate::runtime::Sandbox;
use crate::worker::{Container, Mode, Worker};
use api::Status;
use base::Text;
use value::Value;

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
    /// The container whose log is meant, as the pod's reported status tells it.
    pub fn logs(&self, namespace: &str, pod: &str, container: &str, previous: bool) -> Result<Text, Status> {
        let worker = self.find(namespace, pod).ok_or_else(|| Status::not_found("pods", pod))?;
        let lists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];
        let mut all = lists.iter().flat_map(|field| worker.status[*field].items());
        let refuse = |why: String| Err(Status::bad_request(why));
        let Some(found) = all.find(|c| c["name"].s() == container) else {
            return refuse(format!("container \"{container}\" in pod \"{pod}\" is not available"));
        };
        let (state, last) = (&found["state"], id_of(&found["lastState"]["terminated"]));
        match (previous, last) {
            (true, Some(last)) => return Ok(last),
            (true, None) => {
                return refuse(format!("previous terminated container \"{container}\" in pod \"{pod}\" not found"));
            }
            (false, last) => {
                let running = if state["running"].is_null() { None } else { id_of(found) };
                if let Some(id) = running.or_else(|| id_of(&state["terminated"])).or(last) {
                    return Ok(id);
                }
            }
        }
        let why = match state["waiting"]["reason"].s() {
            "ErrImagePull" => "image can't be pulled",
            "ImagePullBackOff" => "trying and failing to pull image",
            reason => reason,
        };
        refuse(format!("container \"{container}\" in pod \"{pod}\" is waiting to start: {why}"))
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

/// The runtime's id of a container status or of an end.
fn id_of(status: &Value) -> Option<Text> {
    status["containerID"].s().strip_prefix("containerd://").map(Text::from)
}
