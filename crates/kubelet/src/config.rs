//! What a kubelet is told about its node and its cluster before it starts.

use base::{Duration, Text, text};
use value::{Value, obj};

/// A kubelet's settings. `Default` is a plain Linux node of a kubeadm cluster.
#[derive(Clone, PartialEq, Debug)]
pub struct Config {
    pub node: Text,
    /// The node's InternalIP.
    pub ip: Text,
    /// An ExternalIP, or empty.
    pub external_ip: Text,
    /// Labels besides those that every node gets.
    pub labels: Vec<(Text, Text)>,
    /// Taints at registration: `{key, value, effect}` objects.
    pub taints: Vec<Value>,
    pub annotations: Vec<(Text, Text)>,
    /// `spec.podCIDR` at registration; empty where a controller gives them out.
    pub pod_cidr: Text,
    /// `spec.providerID` at registration, or empty.
    pub provider_id: Text,
    /// `cpu`, `memory`, `pods`, `ephemeral-storage` … as quantities.
    pub capacity: Value,
    /// What is left for pods; empty: all of the capacity.
    pub allocatable: Value,
    /// `status.nodeInfo` as it is (versions, operating system, architecture).
    pub node_info: Value,
    /// The cluster's DNS server and domain.
    pub cluster_dns: Text,
    pub cluster_domain: Text,
    /// The node's own resolver, for `dnsPolicy: Default`.
    pub node_dns: crate::runtime::DnsConfig,
    /// The cluster hands out credentials: tokens are asked of the API server (`serviceaccounts/NAME/token`), and each
    /// namespace has a ConfigMap `kube-root-ca.crt`. Where that is off, projected volumes come without these two files.
    pub tokens: bool,
    /// The kubelet makes its Node object (else it waits until someone else did).
    pub register: bool,
    pub status_period: Duration,
    /// The status is written at least so often even if nothing changed.
    pub report_period: Duration,
    pub lease_period: Duration,
    pub lease_duration: Duration,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            node: text!("node-1"),
            ip: text!("172.18.0.2"),
            external_ip: Text::new(),
            labels: Vec::new(),
            taints: Vec::new(),
            annotations: Vec::new(),
            pod_cidr: Text::new(),
            provider_id: Text::new(),
            capacity: obj! { "cpu" => "4", "memory" => "8Gi", "pods" => "110", "ephemeral-storage" => "100Gi" },
            allocatable: Value::Null,
            node_info: node_info(),
            cluster_dns: text!("10.96.0.10"),
            cluster_domain: text!("cluster.local"),
            node_dns: crate::runtime::DnsConfig { servers: vec![text!("172.18.0.1")], ..Default::default() },
            tokens: false,
            register: true,
            status_period: Duration::from_secs(10),
            report_period: Duration::from_secs(300),
            lease_period: Duration::from_secs(10),
            lease_duration: Duration::from_secs(40),
        }
    }
}

fn node_info() -> Value {
    obj! {
        "architecture" => "amd64", "bootID" => "", "containerRuntimeVersion" => "containerd://2.1.9",
        "kernelVersion" => "6.12.0", "kubeProxyVersion" => "", "kubeletVersion" => "v1.36.2", "machineID" => "",
        "operatingSystem" => "linux", "osImage" => "Debian GNU/Linux 13 (trixie)", "systemUUID" => "",
    }
}
