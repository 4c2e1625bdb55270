//! The ports of a Service as one pod serves them: numbers, or the names its containers give them.
//! Models FindPort of pkg/api/v1/pod and getEndpointPorts of k8s.io/endpointslice.

use model::Object;
use std::collections::BTreeMap;
use value::{Value, obj};

/// One served port. `name` is empty for the only port of a Service.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Port {
    pub name: String,
    pub number: i64,
    pub protocol: String,
    pub app_protocol: String,
}

/// The pods of a Service by the ports they serve, which are sorted. Pods that lack a named port have fewer.
pub fn groups<'a>(service: &Object, pods: &[&'a Object]) -> BTreeMap<Vec<Port>, Vec<&'a Object>> {
    let by_name = service.service().ports().iter().any(|port| !port["targetPort"].s().is_empty());
    let mut groups: BTreeMap<Vec<Port>, Vec<&'a Object>> = BTreeMap::new();
    match pods.first() {
        Some(first) if !by_name => _ = groups.insert(of_pod(service, first), pods.to_vec()),
        Some(_) => pods.iter().for_each(|pod| groups.entry(of_pod(service, pod)).or_default().push(pod)),
        None => {}
    }
    groups
}

fn of_pod(service: &Object, pod: &Object) -> Vec<Port> {
    let wanted = service.service().ports().iter();
    let mut ports: Vec<Port> = wanted.filter_map(|port| Some(Port { number: number(pod, port)?, ..named(port) })).collect();
    ports.sort();
    ports
}

fn named(port: &Value) -> Port {
    let protocol = match port["protocol"].s() {
        "" => "TCP",
        protocol => protocol,
    };
    Port { name: port["name"].s().into(), number: 0, protocol: protocol.into(), app_protocol: port["appProtocol"].s().into() }
}

/// The number behind `targetPort`; by name it is looked up in containers and in init containers that stay.
fn number(pod: &Object, port: &Value) -> Option<i64> {
    let name = match &port["targetPort"] {
        Value::Int(number) if *number != 0 => return Some(*number),
        Value::Str(name) if !name.is_empty() => name,
        _ => return port["port"].as_i64(),
    };
    let protocol = named(port).protocol;
    let sidecars = pod.pod().init_containers().iter().filter(|c| c["restartPolicy"].s() == "Always");
    let ports = pod.pod().containers().iter().chain(sidecars).flat_map(|c| c["ports"].items());
    let found = ports.filter(|p| named(p).protocol == protocol).find(|p| p["name"].s() == name.as_str())?;
    found["containerPort"].as_i64()
}

impl Port {
    /// As an EndpointSlice lists it: the name is there even if it is empty.
    pub fn in_slice(&self) -> Value {
        let mut out = obj! { "name" => &self.name, "port" => self.number, "protocol" => &self.protocol };
        self.put_app_protocol(&mut out);
        out
    }
    /// As Endpoints list it.
    pub fn in_subset(&self) -> Value {
        let mut out = obj! { "port" => self.number, "protocol" => &self.protocol };
        if !self.name.is_empty() {
            out.set(&["name"], &self.name);
        }
        self.put_app_protocol(&mut out);
        out
    }
    fn put_app_protocol(&self, out: &mut Value) {
        if !self.app_protocol.is_empty() {
            out.set(&["appProtocol"], &self.app_protocol);
        }
    }
}
