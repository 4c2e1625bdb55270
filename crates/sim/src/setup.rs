//! What a world is made of: seed, nodes, addresses, add-ons, and the small internet outside.

use api::{Request, User, Verb};
use base::{Rng, Text, Time, text};
use control::Options;
use dns::{Data, Record, Zone};
use model::{Key, resource};
use std::net::{IpAddr, Ipv4Addr};
use value::{Value, list, obj};

/// The recipe of a world. Equal recipes and inputs give equal histories.
#[derive(Clone, PartialEq, Debug)]
pub struct Setup {
    pub seed: u64,
    pub start: Time,
    /// Worker nodes, `node-1` and up; each in a zone of its own, three zones.
    pub workers: u32,
    pub control_plane: bool,
    /// Whether cluster DNS runs (as pods).
    pub dns: bool,
    pub machines: Machines,
    pub api: apiserver::Config,
    pub options: Options,
}

/// What the nodes are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Machines {
    /// Kubelets on simulated runtimes.
    Simulated,
    /// Nodes of which only the heartbeat is real: see [`crate::instant`].
    Instant,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            seed: 1,
            start: Time::from_civil(2026, 1, 1),
            workers: 3,
            control_plane: true,
            dns: true,
            machines: Machines::Simulated,
            api: apiserver::Config::default(),
            options: Options::default(),
        }
    }
}

/// The cluster's own DNS deployment, as kubeadm installs it.
const COREDNS_IMAGE: &str = "registry.k8s.io/coredns/coredns:v1.14.7";

impl Setup {
    pub(crate) fn proxy(&self) -> proxy::Config {
        proxy::Config { cluster_cidr: Some(self.api.pod_cidr), service_cidr: self.api.service_cidr, masquerade_all: false }
    }
    /// The kubelets' settings, control plane first.
    pub(crate) fn nodes(&self) -> Vec<kubelet::Config> {
        let mut configs = Vec::new();
        if self.control_plane {
            configs.push(kubelet::Config {
                node: text!("control-plane"),
                ip: node_ip(0),
                labels: vec![
                    (text!("node-role.kubernetes.io/control-plane"), Text::new()),
                    (text!("node.kubernetes.io/exclude-from-external-load-balancers"), Text::new()),
                ],
                taints: vec![obj! { "key" => "node-role.kubernetes.io/control-plane", "effect" => "NoSchedule" }],
                ..self.kubelet(0)
            });
        }
        for n in 1..=self.workers {
            let zone = format!("zone-{}", (n - 1) % 3 + 1);
            configs.push(kubelet::Config {
                node: format!("node-{n}").into(),
                ip: node_ip(n + self.first_worker()),
                labels: vec![(text!("topology.kubernetes.io/zone"), zone.into())],
                ..self.kubelet(n)
            });
        }
        configs
    }
    /// Nodes that run nothing are counted from 172.18.0.10.
    fn first_worker(&self) -> u32 {
        match self.machines {
            Machines::Simulated => 0,
            Machines::Instant => 7,
        }
    }
    fn kubelet(&self, n: u32) -> kubelet::Config {
        let pods = self.api.pod_cidr.part(24, u128::from(n)).map(|cidr| cidr.to_string()).unwrap_or_default();
        let machine = Rng::new(self.seed).fork(&format!("machine-{n}")).uuid();
        let info = obj! {
            "architecture" => "amd64", "bootID" => &machine, "containerRuntimeVersion" => "containerd://2.1.9",
            "kernelVersion" => "6.12.0", "kubeProxyVersion" => "", "kubeletVersion" => "v1.36.2",
            "machineID" => machine.replace('-', ""), "operatingSystem" => "linux",
            "osImage" => "Debian GNU/Linux 13 (trixie)", "systemUUID" => &machine,
        };
        let pods_allowed = if self.workers > 50 || self.machines == Machines::Instant { "110" } else { "1000" };
        kubelet::Config {
            capacity: obj! { "cpu" => "4", "memory" => "8Gi", "pods" => pods_allowed, "ephemeral-storage" => "100Gi" },
            node_info: info,
            pod_cidr: if self.workers > 50 { pods.into() } else { self.wide_cidr(n) },
            ..kubelet::Config::default()
        }
    }
    /// A /22 for each node of a small cluster, so that a thousand replicas have addresses.
    fn wide_cidr(&self, n: u32) -> Text {
        self.api.pod_cidr.part(22, u128::from(n)).map(|cidr| cidr.to_string().into()).unwrap_or_default()
    }
    /// Objects that are there because somebody installed them.
    pub(crate) fn addons(&self) -> Vec<Request> {
        if !self.dns {
            return Vec::new();
        }
        let user = User::master("kubernetes-admin");
        let create = |resource: &Text, object: Value| {
            let key = Key::new(resource, object["metadata"]["namespace"].text(), Text::new());
            Request { body: object, ..Request::of(&user, Verb::Create, &key) }
        };
        vec![create(&resource::SERVICE_ACCOUNTS, account()), create(&resource::DEPLOYMENTS, coredns())]
    }
    /// The names outside the cluster that can be resolved.
    pub(crate) fn outside(&self) -> dns::Config {
        let mut zone = Zone::new();
        for (ip, name) in self.internet() {
            let name: Text = format!("{name}.").into();
            zone.entry(name.clone()).or_default().push(Record { name, ttl: 300, data: Data::address(ip) });
        }
        dns::Config { domain: Text::new(), outside: zone }
    }
    pub(crate) fn internet(&self) -> Vec<(IpAddr, Text)> {
        [
            ([192, 0, 2, 80], "example.com"),
            ([192, 0, 2, 81], "www.example.com"),
            ([192, 0, 2, 82], "kubernetes.io"),
            ([192, 0, 2, 83], "google.com"),
            ([192, 0, 2, 84], "www.google.com"),
            ([192, 0, 2, 85], "github.com"),
        ]
        .map(|(ip, name)| (IpAddr::from(ip), Text::from(name)))
        .to_vec()
    }
}

fn node_ip(n: u32) -> Text {
    let n = n + 2;
    IpAddr::V4(Ipv4Addr::new(172, 18, (n >> 8) as u8, n as u8)).to_string().into()
}

fn account() -> Value {
    obj! { "apiVersion" => "v1", "kind" => "ServiceAccount", "metadata" => obj! { "name" => "coredns", "namespace" => "kube-system" } }
}

fn coredns() -> Value {
    let labels = obj! { "k8s-app" => "kube-dns" };
    let http = |path: &str, port: i64| obj! { "httpGet" => obj! { "path" => path, "port" => port } };
    let port = |name: &str, port: i64, protocol: &str| obj! { "name" => name, "containerPort" => port, "protocol" => protocol };
    let container = obj! {
        "name" => "coredns", "image" => COREDNS_IMAGE, "args" => list!["-conf", "/etc/coredns/Corefile"],
        "imagePullPolicy" => "IfNotPresent",
        "ports" => list![port("dns", 53, "UDP"), port("dns-tcp", 53, "TCP"), port("metrics", 9153, "TCP")],
        "readinessProbe" => http("/ready", 8181),
        "resources" => obj! { "requests" => obj! { "cpu" => "100m", "memory" => "70Mi" }, "limits" => obj! { "memory" => "170Mi" } },
    };
    obj! {
        "apiVersion" => "apps/v1", "kind" => "Deployment",
        "metadata" => obj! { "name" => "coredns", "namespace" => "kube-system", "labels" => &labels },
        "spec" => obj! {
            "replicas" => 2, "selector" => obj! { "matchLabels" => &labels },
            "strategy" => obj! { "type" => "RollingUpdate", "rollingUpdate" => obj! { "maxUnavailable" => 1 } },
            "template" => obj! {
                "metadata" => obj! { "labels" => &labels },
                "spec" => obj! {
                    "serviceAccountName" => "coredns", "dnsPolicy" => "Default", "priorityClassName" => "system-cluster-critical",
                    "automountServiceAccountToken" => false,
                    "tolerations" => list![obj! { "key" => "CriticalAddonsOnly", "operator" => "Exists" }],
                    "containers" => list![container],
                },
            },
        },
    }
}
