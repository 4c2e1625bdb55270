//! Asking how a request would go, without changing the world: the same code runs on a clone.

use crate::exchange::{Caller, Exchange, UPSTREAM};
use crate::network::Place;
use crate::world::World;
use base::text;
use dns::resolver::Library;
use shell::HttpRequest;

/// What to reach.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    pub host: String,
    pub port: u16,
    pub path: String,
}

/// The predicted way of a request.
#[derive(Clone, PartialEq, Debug)]
pub struct Traced {
    pub exchange: Exchange,
    /// The first line of the answer's body, if there is one.
    pub body: String,
}

impl Target {
    /// Reads `http://host:port/path`, `host:port`, `host`.
    pub fn parse(text: &str) -> Option<Target> {
        let rest = text.trim().strip_prefix("http://").unwrap_or(text.trim());
        let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, port.parse().ok()?),
            _ => (authority, 80),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() { None } else { Some(Target { host: host.into(), port, path: path.into() }) }
    }
    /// The request that curl makes.
    pub(crate) fn get(&self) -> HttpRequest {
        HttpRequest {
            tls: false,
            host: self.host.as_str().into(),
            port: self.port,
            address: None,
            method: text!("GET"),
            path: self.path.as_str().into(),
            headers: vec![(text!("Host"), self.host.as_str().into()), (text!("User-Agent"), text!("curl/8.14.1"))],
            body: Vec::new(),
        }
    }
}

/// As one types it: port 80 and the path `/` are left out.
impl std::fmt::Display for Target {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let port = if self.port == 80 { String::new() } else { format!(":{}", self.port) };
        let path = if self.path == "/" { "" } else { &self.path };
        write!(out, "http://{host}{port}{path}")
    }
}

impl World {
    /// The way a request from a place to a target would take right now.
    pub fn trace(&self, from: &Place, target: &Target) -> Traced {
        let mut copy = self.clone();
        let caller = self.caller_at(from);
        let (reply, exchange) = copy.http(&caller, &target.get());
        let body = match reply.map(|(reply, _)| reply.outcome) {
            Some(Ok(response)) => String::from_utf8_lossy(&response.body).into_owned(),
            Some(Err(_)) | None => String::new(),
        };
        Traced { exchange, body }
    }
    /// A caller with the resolver files of its place; in a pod those of its first running container.
    pub fn caller_at(&self, from: &Place) -> Caller {
        if let Place::Pod { namespace, name } = from {
            let found = self.nodes.iter().find_map(|(node, n)| {
                let of = |c: &crate::container::Container| {
                    c.is_running() && c.config.pod.namespace == *namespace && c.config.pod.name == *name
                };
                n.runtime.containers.iter().find(|(_, c)| of(c)).map(|(id, _)| (node.clone(), id.clone()))
            });
            if let Some(caller) = found.and_then(|(node, container)| self.caller_in(&node, &container)) {
                return caller;
            }
        }
        Caller {
            place: from.clone(),
            resolv_conf: format!("nameserver {UPSTREAM}\n"),
            hosts: "127.0.0.1 localhost\n".into(),
            library: Library::Glibc,
        }
    }
}
