//! A pod's surroundings: hostname, `/etc/hosts`, resolver, host ports.
//! Models pkg/kubelet/network/dns and kubelet_pods.go (GeneratePodHostNameAndDomain, managedHostsFileContent).

use crate::core::Core;
use crate::runtime::{DnsConfig, PortMapping, SandboxConfig};
use crate::worker::Worker;
use base::{Text, text};
use value::Value;

/// Longer hostnames are cut.
const LONGEST_HOSTNAME: usize = 63;

pub(crate) fn config(worker: &Worker, core: &Core) -> SandboxConfig {
    let spec = worker.spec();
    let (host, domain) = hostname(worker, core);
    let whole = spec["setHostnameAsFQDN"].is_true() && !domain.is_empty();
    SandboxConfig {
        pod: worker.pod_ref(),
        attempt: worker.sandbox_attempts,
        hostname: if whole { format!("{host}.{domain}").into() } else { host },
        host_network: worker.host_network(),
        host_pid: spec["hostPID"].is_true(),
        share_processes: spec["shareProcessNamespace"].is_true(),
        dns: dns(worker, core),
        ports: ports(worker),
        sysctls: sysctls(spec),
    }
}

/// The hostname, and the domain behind it (empty for most).
fn hostname(worker: &Worker, core: &Core) -> (Text, String) {
    let spec = worker.spec();
    if worker.host_network() {
        return (core.config.node.clone(), String::new());
    }
    let given = spec["hostnameOverride"].text();
    if !given.is_empty() {
        return (given, String::new());
    }
    let name = match spec["hostname"].text() {
        none if none.is_empty() => worker.pod.meta.name.clone(),
        name => name,
    };
    let cut = &name[..name.floor_char_boundary(LONGEST_HOSTNAME)];
    let host = if cut.len() < name.len() { cut.trim_end_matches(['-', '.']).into() } else { name.clone() };
    let subdomain = spec["subdomain"].s();
    if subdomain.is_empty() {
        return (host, String::new());
    }
    (host, format!("{subdomain}.{}.svc.{}", worker.pod.meta.namespace, core.config.cluster_domain))
}

/// The `/etc/hosts` of the pod's containers.
pub(crate) fn hosts(worker: &Worker, core: &Core) -> String {
    let mut out = if worker.host_network() {
        let (ip, node) = (&core.config.ip, &core.config.node);
        format!("# Kubernetes-managed hosts file (host network).\n127.0.0.1\tlocalhost\n{ip}\t{node}\n")
    } else {
        let mut out = String::from(
            "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n\
             fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n",
        );
        let (host, domain) = hostname(worker, core);
        for ip in worker.ips(core) {
            out += &if domain.is_empty() { format!("{ip}\t{host}\n") } else { format!("{ip}\t{host}.{domain}\t{host}\n") };
        }
        out
    };
    let aliases = worker.spec()["hostAliases"].items();
    if !aliases.is_empty() {
        out += "\n# Entries added by HostAliases.\n";
        for alias in aliases {
            let names: Vec<&str> = alias["hostnames"].items().iter().map(Value::s).collect();
            out += &format!("{}\t{}\n", alias["ip"].s(), names.join("\t"));
        }
    }
    out
}

fn dns(worker: &Worker, core: &Core) -> DnsConfig {
    let (spec, config) = (worker.spec(), &core.config);
    let policy = match spec["dnsPolicy"].s() {
        "ClusterFirst" | "" if worker.host_network() => "Default",
        "ClusterFirstWithHostNet" | "" => "ClusterFirst",
        other => other,
    };
    let mut dns = match policy {
        "None" => DnsConfig::default(),
        "ClusterFirst" => {
            let (namespace, domain) = (&worker.pod.meta.namespace, &config.cluster_domain);
            let own = [format!("{namespace}.svc.{domain}"), format!("svc.{domain}"), domain.to_string()];
            let mut searches: Vec<Text> = own.map(Text::from).into();
            searches.extend(config.node_dns.searches.iter().cloned());
            DnsConfig { servers: vec![config.cluster_dns.clone()], searches, options: vec![text!("ndots:5")] }
        }
        _ => config.node_dns.clone(),
    };
    let own = &spec["dnsConfig"];
    append(&mut dns.servers, &own["nameservers"]);
    append(&mut dns.searches, &own["searches"]);
    for option in own["options"].items() {
        let (name, value) = (option["name"].s(), option["value"].s());
        dns.options.retain(|o| o.split(':').next() != Some(name));
        dns.options.push(if value.is_empty() { name.into() } else { format!("{name}:{value}").into() });
    }
    dns
}

fn append(list: &mut Vec<Text>, more: &Value) {
    for item in more.items() {
        if !list.iter().any(|have| have == item.s()) {
            list.push(item.text());
        }
    }
}

fn ports(worker: &Worker) -> Vec<PortMapping> {
    let number = |value: &Value| value.as_i64().and_then(|n| u16::try_from(n).ok()).unwrap_or(0);
    let mapping = |port: &Value| PortMapping {
        protocol: if port["protocol"].s().is_empty() { text!("TCP") } else { port["protocol"].text() },
        container_port: number(&port["containerPort"]),
        host_port: number(&port["hostPort"]),
        host_ip: port["hostIP"].text(),
    };
    let ports = worker.containers.iter().flat_map(|c| c.spec["ports"].items());
    ports.map(mapping).filter(|p| p.host_port > 0).collect()
}

fn sysctls(spec: &Value) -> Vec<(Text, Text)> {
    let list = spec["securityContext"]["sysctls"].items().iter();
    list.map(|s| (s["name"].text(), s["value"].text())).collect()
}
