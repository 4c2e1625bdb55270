//! Lifecycle hooks: what a handler of a spec asks for, and whether it went well.
//! Models pkg/kubelet/lifecycle.

use crate::core::Core;
use crate::probe::{http_get, port};
use crate::runtime::{Acted, Action};
use crate::worker::Worker;
use base::{Duration, text};
use value::Value;

/// A hook, ready to run.
pub(crate) enum Hook {
    Act(Action),
    Sleep(Duration),
    /// No kind of handler that can run here.
    Nothing,
}

pub(crate) fn of(worker: &Worker, core: &Core, number: u32, handler: &Value) -> Hook {
    let ip = worker.ips(core).first().cloned().unwrap_or_default();
    let spec = &worker.at(number).spec;
    if let Some(seconds) = handler["sleep"]["seconds"].as_i64() {
        return Hook::Sleep(Duration::from_secs(seconds));
    }
    if !handler["exec"].is_null() {
        return Hook::Act(Action::Exec { command: handler["exec"]["command"].items().iter().map(Value::text).collect() });
    }
    let get = &handler["httpGet"];
    if !get.is_null()
        && let Some(port) = port(spec, &get["port"])
    {
        return Hook::Act(http_get(get, &ip, port, text!("kube-lifecycle/1.36")));
    }
    Hook::Nothing
}

/// An HTTP hook only has to get an answer, whatever it says.
pub(crate) fn succeeded(acted: &Acted) -> bool {
    match acted {
        Acted::Exited { code, .. } => *code == 0,
        Acted::Http { .. } | Acted::Connected => true,
        Acted::Unhealthy(_) | Acted::Refused | Acted::TimedOut | Acted::Failed(_) => false,
    }
}
