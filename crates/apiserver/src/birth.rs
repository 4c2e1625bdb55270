//! The objects that a new cluster has before anybody asks for anything.
//! Models pkg/controlplane/controller (kubernetesservice, systemnamespaces) and the bootstrap of priority classes.

use crate::call::Ctx;
use crate::{Config, Context, admission, defaults, kinds, rbac, service, strategy};
use api::{Change, Expect, Write};
use base::{Rng, Time};
use model::{Key, resource};
use std::net::IpAddr;
use value::{Value, list, obj};

/// The writes that make a new cluster's own objects, complete with uids and times.
pub fn birth(config: &Config, now: Time, rng: &mut Rng) -> Vec<Write> {
    let ctx = &mut Context { now, rng, config };
    let mut writes: Vec<Write> = Vec::new();
    for name in ["kube-system", "kube-public", "kube-node-lease", "default"] {
        let namespace = obj! {
            "apiVersion" => "v1", "kind" => "Namespace", "metadata" => obj! { "name" => name },
            "spec" => obj! { "finalizers" => list!["kubernetes"] },
        };
        put(&mut writes, "namespaces", namespace, ctx);
    }
    for (name, value, description) in admission::system_classes() {
        let class = obj! {
            "apiVersion" => "scheduling.k8s.io/v1", "kind" => "PriorityClass", "metadata" => obj! { "name" => name },
            "value" => value, "description" => description,
        };
        put(&mut writes, "priorityclasses.scheduling.k8s.io", class, ctx);
    }
    put(&mut writes, "servicecidrs.networking.k8s.io", service_cidr(config), ctx);
    kubernetes_service(&mut writes, config, ctx);
    dns_service(&mut writes, config, ctx);
    for (resource, object) in rbac::objects(config.roles) {
        put(&mut writes, resource, object, ctx);
    }
    writes
}

/// Adds an object with its defaults and the metadata that only the server writes.
fn put(writes: &mut Vec<Write>, resource: &str, mut object: Value, ctx: Ctx) {
    defaults::apply(resource, &mut object);
    let meta = object.at_mut(&["metadata"]).as_map_mut();
    meta.insert("uid", ctx.rng.uuid());
    meta.insert("creationTimestamp", ctx.now);
    if strategy::has_generation(resource) {
        meta.insert("generation", 1);
    }
    let (namespace, name) = (meta.str("namespace").to_string(), meta.str("name").to_string());
    if kinds::of_resource(resource).is_some_and(|kind| kinds::has_subresource(kind, "status")) && object["status"].is_null() {
        strategy::first_status(resource, &mut object);
    }
    let key = Key::new(&resource.into(), namespace, name);
    writes.push(Write { key, expect: Expect::Absent, change: Change::Put(object) });
}

fn service_cidr(config: &Config) -> Value {
    let cidrs: Vec<Value> = [Some(config.service_cidr), config.second_service_cidr]
        .into_iter()
        .flatten()
        .map(|c| Value::str(&c.to_string()))
        .collect();
    obj! {
        "apiVersion" => "networking.k8s.io/v1", "kind" => "ServiceCIDR",
        "metadata" => obj! { "name" => "kubernetes", "finalizers" => list!["networking.k8s.io/service-cidr-finalizer"] },
        "spec" => obj! { "cidrs" => cidrs },
        "status" => obj! { "conditions" => list![obj! { "type" => "Ready", "status" => "True", "reason" => "", "message" => "Kubernetes default Service CIDR is ready" }] },
    }
}

/// A service at a fixed place of the range, with the IPAddress that holds it.
fn put_service(writes: &mut Vec<Write>, place: u128, mut service: Value, ctx: Ctx) {
    let Some(address) = ctx.config.service_cidr.nth(place) else { return };
    let family = if address.is_ipv4() { "IPv4" } else { "IPv6" };
    let spec = service.at_mut(&["spec"]);
    spec.set(&["clusterIP"], address.to_string());
    spec.set(&["clusterIPs"], list![address.to_string()]);
    spec.set(&["ipFamilies"], list![family]);
    spec.set(&["ipFamilyPolicy"], "SingleStack");
    let meta = &service["metadata"];
    let key = Key::new(&resource::SERVICES, meta["namespace"].text(), meta["name"].text());
    let holder = service::address_object(address, &key, ctx);
    let held = Key::cluster(&"ipaddresses.networking.k8s.io".into(), address.to_string());
    writes.push(Write { key: held, expect: Expect::Absent, change: Change::Put(holder) });
    put(writes, "services", service, ctx);
}

/// The way to the API server from inside the cluster, with its endpoints.
fn kubernetes_service(writes: &mut Vec<Write>, config: &Config, ctx: Ctx) {
    let labels = obj! { "component" => "apiserver", "provider" => "kubernetes" };
    let service = obj! {
        "apiVersion" => "v1", "kind" => "Service",
        "metadata" => obj! { "name" => "kubernetes", "namespace" => "default", "labels" => labels },
        "spec" => obj! { "ports" => list![obj! { "name" => "https", "port" => 443, "targetPort" => 6443 }] },
    };
    put_service(writes, 1, service, ctx);
    let address = config.advertise_address;
    let mirror = obj! { "endpointslice.kubernetes.io/skip-mirror" => "true" };
    let port = obj! { "name" => "https", "port" => 6443, "protocol" => "TCP" };
    let endpoints = obj! {
        "apiVersion" => "v1", "kind" => "Endpoints",
        "metadata" => obj! { "name" => "kubernetes", "namespace" => "default", "labels" => mirror },
        "subsets" => list![obj! { "addresses" => list![obj! { "ip" => address.to_string() }], "ports" => list![&port] }],
    };
    put(writes, "endpoints", endpoints, ctx);
    put(writes, "endpointslices.discovery.k8s.io", api_slice(address, port), ctx);
}

fn api_slice(address: IpAddr, port: Value) -> Value {
    let family = if address.is_ipv4() { "IPv4" } else { "IPv6" };
    let endpoint = obj! { "addresses" => list![address.to_string()], "conditions" => obj! { "ready" => true } };
    obj! {
        "apiVersion" => "discovery.k8s.io/v1", "kind" => "EndpointSlice",
        "metadata" => obj! {
            "name" => "kubernetes", "namespace" => "default", "labels" => obj! { "kubernetes.io/service-name" => "kubernetes" },
        },
        "addressType" => family, "endpoints" => list![endpoint], "ports" => list![port],
    }
}

/// Where pods find the cluster's DNS. (Its endpoints come with the DNS pods.)
fn dns_service(writes: &mut Vec<Write>, _config: &Config, ctx: Ctx) {
    let labels = obj! { "k8s-app" => "kube-dns", "kubernetes.io/cluster-service" => "true", "kubernetes.io/name" => "CoreDNS" };
    let port = |name: &str, number: i64, protocol: &str| obj! { "name" => name, "port" => number, "protocol" => protocol, "targetPort" => number };
    let service = obj! {
        "apiVersion" => "v1", "kind" => "Service",
        "metadata" => obj! {
            "name" => "kube-dns", "namespace" => "kube-system", "labels" => labels,
            "annotations" => obj! { "prometheus.io/port" => "9153", "prometheus.io/scrape" => "true" },
        },
        "spec" => obj! {
            "selector" => obj! { "k8s-app" => "kube-dns" },
            "ports" => list![port("dns", 53, "UDP"), port("dns-tcp", 53, "TCP"), port("metrics", 9153, "TCP")],
        },
    };
    put_service(writes, 10, service, ctx);
}
