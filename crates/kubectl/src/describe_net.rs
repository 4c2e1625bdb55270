//! `kubectl describe` of services, endpoints, ingresses and network policies.

use crate::ctx::Ctx;
use crate::describe::{events, head, named};
use crate::fail::Run;
use crate::kinds::Kind;
use crate::page::{Page, or_none};
use crate::target::Info;
use base::Time;
use model::Selector;
use value::Value;

fn join(list: &Value) -> String {
    list.items().iter().map(|item| item.s()).collect::<Vec<_>>().join(",")
}

pub(crate) fn service(ctx: &mut Ctx, page: &mut Page, info: &Info) -> Run {
    let spec = &info.object["spec"];
    head(page, info);
    page.field(0, "Selector", or_none(&Selector::of_map(&spec["selector"]).to_string()));
    page.field(0, "Type", spec["type"].s());
    if !spec["ipFamilyPolicy"].is_null() {
        page.field(0, "IP Family Policy", spec["ipFamilyPolicy"].s());
    }
    page.field(0, "IP Families", or_none(&join(&spec["ipFamilies"])));
    page.field(0, "IP", spec["clusterIP"].s());
    page.field(0, "IPs", or_none(&join(&spec["clusterIPs"])));
    if !spec["externalIPs"].items().is_empty() {
        page.field(0, "External IPs", &join(&spec["externalIPs"]));
    }
    if !spec["loadBalancerIP"].s().is_empty() {
        page.field(0, "Desired LoadBalancer IP", spec["loadBalancerIP"].s());
    }
    if !spec["externalName"].s().is_empty() {
        page.field(0, "External Name", spec["externalName"].s());
    }
    let ingress = info.object["status"]["loadBalancer"]["ingress"].items();
    if !ingress.is_empty() {
        page.field(0, "LoadBalancer Ingress", &ingress.iter().map(balancer).collect::<Vec<_>>().join(", "));
    }
    let slices = slices(ctx, info)?;
    for port in spec["ports"].items() {
        ports(page, port, &slices);
    }
    page.field(0, "Session Affinity", spec["sessionAffinity"].s());
    if !spec["externalTrafficPolicy"].s().is_empty() {
        page.field(0, "External Traffic Policy", spec["externalTrafficPolicy"].s());
    }
    if let Some(port) = spec["healthCheckNodePort"].as_i64().filter(|port| *port != 0) {
        page.field(0, "HealthCheck NodePort", &port.to_string());
    }
    if !spec["internalTrafficPolicy"].s().is_empty() {
        page.field(0, "Internal Traffic Policy", spec["internalTrafficPolicy"].s());
    }
    if !spec["trafficDistribution"].s().is_empty() {
        page.field(0, "Traffic Distribution", spec["trafficDistribution"].s());
    }
    if !spec["loadBalancerSourceRanges"].items().is_empty() {
        page.field(0, "LoadBalancer Source Ranges", &join(&spec["loadBalancerSourceRanges"]));
    }
    events(ctx, page, info)
}

/// `1.2.3.4 (VIP)`
fn balancer(ingress: &Value) -> String {
    let place = if ingress["ip"].s().is_empty() { ingress["hostname"].s() } else { ingress["ip"].s() };
    if ingress["ipMode"].s().is_empty() { place.to_string() } else { format!("{place} ({})", ingress["ipMode"].s()) }
}

fn slices(ctx: &mut Ctx, info: &Info) -> Run<Vec<Value>> {
    let Some(kind) = Kind::builtin("discovery.k8s.io", "endpointslices") else { return Ok(Vec::new()) };
    let mut list = kind.list(&info.namespace);
    list.query.label_selector = format!("kubernetes.io/service-name={}", info.name).into();
    Ok(ctx.ask(list)?.map_or(Vec::new(), |found| found["items"].items().to_vec()))
}

fn ports(page: &mut Page, port: &Value, slices: &[Value]) {
    let name = if port["name"].s().is_empty() { "<unset>" } else { port["name"].s() };
    let protocol = port["protocol"].s();
    page.line(0, &format!("Port:\t{name}\t{}/{protocol}", port["port"].to_go_text()));
    let target = &port["targetPort"];
    page.field(0, "TargetPort", &format!("{}/{protocol}", if target.is_null() { "0".into() } else { target.to_go_text() }));
    if let Some(number) = port["nodePort"].as_i64().filter(|number| *number != 0) {
        page.line(0, &format!("NodePort:\t{name}\t{number}/{protocol}"));
    }
    page.field(0, "Endpoints", &slice_text(slices, port["name"].s()));
}

/// `10.244.1.8:80,10.244.2.3:80 + 2 more...`
fn slice_text(slices: &[Value], port_name: &str) -> String {
    if slices.is_empty() {
        return "<none>".into();
    }
    let (mut shown, mut count) = (Vec::new(), 0);
    for slice in slices {
        let fits: Vec<&Value> = slice["ports"].items().iter().filter(|port| port["name"].s() == port_name).collect();
        let portless = slice["ports"].items().is_empty();
        for endpoint in slice["endpoints"].items() {
            if endpoint["conditions"]["ready"].as_bool() == Some(false) {
                continue;
            }
            for address in endpoint["addresses"].items() {
                if portless {
                    count += 1;
                    shown.push(address.s().to_string());
                }
                for port in &fits {
                    count += 1;
                    let host = if address.s().contains(':') { format!("[{}]", address.s()) } else { address.s().to_string() };
                    shown.push(format!("{host}:{}", port["port"].to_go_text()));
                }
            }
        }
    }
    let more = if count > 3 { format!(" + {} more...", count - 3) } else { String::new() };
    shown.truncate(3);
    shown.join(",") + &more
}

pub(crate) fn endpoints(ctx: &mut Ctx, page: &mut Page, info: &Info) -> Run {
    head(page, info);
    page.line(0, "Subsets:");
    for subset in info.object["subsets"].items() {
        let addresses = |field: &str| subset[field].items().iter().map(|a| a["ip"].s()).collect::<Vec<_>>().join(",");
        page.field(1, "Addresses", or_none(&addresses("addresses")));
        page.field(1, "NotReadyAddresses", or_none(&addresses("notReadyAddresses")));
        if !subset["ports"].items().is_empty() {
            page.line(1, "Ports:");
            page.line(2, "Name\tPort\tProtocol");
            page.line(2, "----\t----\t--------");
            for port in subset["ports"].items() {
                let name = if port["name"].s().is_empty() { "<unset>" } else { port["name"].s() };
                page.line(2, &format!("{name}\t{}\t{}", port["port"].to_go_text(), port["protocol"].s()));
            }
        }
        page.line(0, "");
    }
    events(ctx, page, info)
}

pub(crate) fn slice(ctx: &mut Ctx, page: &mut Page, info: &Info) -> Run {
    head(page, info);
    page.field(0, "AddressType", info.object["addressType"].s());
    let ports = info.object["ports"].items();
    if ports.is_empty() {
        page.field(0, "Ports", "<unset>");
    } else {
        page.line(0, "Ports:");
        page.line(1, "Name\tPort\tProtocol");
        page.line(1, "----\t----\t--------");
        for port in ports {
            let name = if port["name"].s().is_empty() { "<unset>" } else { port["name"].s() };
            page.line(1, &format!("{name}\t{}\t{}", port["port"].to_go_text(), port["protocol"].s()));
        }
    }
    let endpoints = info.object["endpoints"].items();
    if endpoints.is_empty() {
        page.line(0, "Endpoints: <none>");
    } else {
        page.line(0, "Endpoints:");
        for endpoint in endpoints {
            slice_endpoint(page, endpoint);
        }
    }
    events(ctx, page, info)
}

fn slice_endpoint(page: &mut Page, endpoint: &Value) {
    let addresses = endpoint["addresses"].items().iter().map(|a| a.s()).collect::<Vec<_>>().join(",");
    page.line(1, &format!("- Addresses:\t{}", or_none(&addresses)));
    page.line(2, "Conditions:");
    let ready = endpoint["conditions"]["ready"].as_bool().map_or("<unset>".to_string(), |ready| ready.to_string());
    page.field(3, "Ready", &ready);
    page.field(2, "Hostname", or_unset_text(endpoint["hostname"].s()));
    if !endpoint["targetRef"].is_null() {
        page.field(2, "TargetRef", &format!("{}/{}", endpoint["targetRef"]["kind"].s(), endpoint["targetRef"]["name"].s()));
    }
    page.field(2, "NodeName", or_unset_text(endpoint["nodeName"].s()));
    page.field(2, "Zone", or_unset_text(endpoint["zone"].s()));
}

fn or_unset_text(text: &str) -> &str {
    if text.is_empty() { "<unset>" } else { text }
}

// === ingresses ===

pub(crate) fn ingress(ctx: &mut Ctx, page: &mut Page, info: &Info) -> Run {
    let spec = &info.object["spec"];
    page.field(0, "Name", &info.name);
    page.labels("Labels", &info.object["metadata"]["labels"]);
    page.field(0, "Namespace", &info.namespace);
    let places = info.object["status"]["loadBalancer"]["ingress"].items();
    page.field(0, "Address", &places.iter().map(balancer).collect::<Vec<_>>().join(","));
    page.field(0, "Ingress Class", or_none(spec["ingressClassName"].s()));
    let fallback =
        if spec["defaultBackend"].is_null() { "<default>".to_string() } else { backend(ctx, info, &spec["defaultBackend"])? };
    page.field(0, "Default backend", &fallback);
    if !spec["tls"].items().is_empty() {
        page.line(0, "TLS:");
        for tls in spec["tls"].items() {
            let words = if tls["secretName"].s().is_empty() {
                format!("SNI routes {}", join(&tls["hosts"]))
            } else {
                format!("{} terminates {}", tls["secretName"].s(), join(&tls["hosts"]))
            };
            page.line(1, &words);
        }
    }
    page.line(0, "Rules:");
    page.line(1, "Host\tPath\tBackends");
    page.line(1, "----\t----\t--------");
    for rule in spec["rules"].items() {
        let host = if rule["host"].s().is_empty() { "*" } else { rule["host"].s() };
        page.line(1, &format!("{host}\t"));
        for path in rule["http"]["paths"].items() {
            let target = backend(ctx, info, &path["backend"])?;
            page.line(1, &format!("\t{} \t{target}", path["path"].s()));
        }
    }
    if spec["rules"].items().is_empty() {
        page.line(1, &format!("*\t*\t{fallback}"));
    }
    page.annotations("Annotations", &info.object["metadata"]["annotations"]);
    events(ctx, page, info)
}

fn backend(ctx: &mut Ctx, info: &Info, backend: &Value) -> Run<String> {
    if let Some(resource) = backend.get("resource").filter(|r| !r.is_null()) {
        let group = resource["apiGroup"].s();
        let group = if group.is_empty() { "<none>" } else { group };
        return Ok(format!("APIGroup: {group}, Kind: {}, Name: {}", resource["kind"].s(), resource["name"].s()));
    }
    let (name, port) = (backend["service"]["name"].s(), &backend["service"]["port"]);
    let shown = if port["name"].s().is_empty() { port["number"].to_go_text() } else { port["name"].s().to_string() };
    let Some(services) = Kind::builtin("", "services") else { return Ok(String::new()) };
    let inside = match ctx.ask(services.get(&info.namespace, name))? {
        Err(status) => format!("<error: {}>", status.message),
        Ok(service) => {
            let found = service["spec"]["ports"]
                .items()
                .iter()
                .find(|p| p["name"] == port["name"] || p["port"] == port["number"])
                .cloned();
            let target = Info { name: name.into(), ..info.clone() };
            let slices = slices(ctx, &target)?;
            slice_text(&slices, found.as_ref().map_or("", |p| p["name"].s()))
        }
    };
    Ok(format!("{name}:{shown} ({inside})"))
}

// === network policies ===

pub(crate) fn policy(page: &mut Page, info: &Info) {
    let spec = &info.object["spec"];
    named(page, info);
    let created = Time::parse(info.object["metadata"]["creationTimestamp"].s()).unwrap_or_default();
    page.line(0, &format!("Created on: {}", go_time(created)));
    page.labels("Labels", &info.object["metadata"]["labels"]);
    page.annotations("Annotations", &info.object["metadata"]["annotations"]);
    page.line(0, "Spec:");
    let pods = Selector::of(&spec["podSelector"]).to_string();
    if pods.is_empty() {
        page.line(0, "  PodSelector:     <none> (Allowing the specific traffic to all pods in this namespace)");
    } else {
        page.line(0, &format!("  PodSelector:     {pods}"));
    }
    let types: Vec<&str> = spec["policyTypes"].items().iter().map(|t| t.s()).collect();
    for (kind, word, peers, preposition) in [("Ingress", "ingress", "from", "From"), ("Egress", "egress", "to", "To")] {
        if types.contains(&kind) {
            page.line(1, &format!("Allowing {word} traffic:"));
            rules(page, &spec[word], (word, peers, preposition));
        } else {
            page.line(1, &format!("Not affecting {word} traffic"));
        }
    }
    page.line(1, &format!("Policy Types: {}", types.join(", ")));
}

/// `2026-01-02 03:04:05 +0000 UTC`
fn go_time(time: Time) -> String {
    let text = time.rfc3339();
    text.replace('T', " ").replace('Z', " +0000 UTC")
}

fn rules(page: &mut Page, rules: &Value, (word, peers, preposition): (&str, &str, &str)) {
    if rules.items().is_empty() {
        page.line(2, &format!("<none> (Selected pods are isolated for {word} connectivity)"));
        return;
    }
    let last = rules.items().len() - 1;
    for (at, rule) in rules.items().iter().enumerate() {
        if rule["ports"].items().is_empty() {
            page.line(2, "To Port: <any> (traffic allowed to all ports)");
        }
        for port in rule["ports"].items() {
            let protocol = if port["protocol"].s().is_empty() { "TCP" } else { port["protocol"].s() };
            match port["endPort"].as_i64() {
                Some(end) => page.line(2, &format!("To Port Range: {}-{end}/{protocol}", port["port"].to_go_text())),
                None if port["port"].is_null() => page.line(2, &format!("To Port: <any>/{protocol}")),
                None => page.line(2, &format!("To Port: {}/{protocol}", port["port"].to_go_text())),
            }
        }
        if rule[peers].items().is_empty() {
            let direction = if word == "ingress" { "source" } else { "destination" };
            page.line(2, &format!("{preposition}: <any> (traffic not restricted by {direction})"));
        }
        for peer in rule[peers].items() {
            page.line(2, &format!("{preposition}:"));
            policy_peer(page, peer);
        }
        if at != last {
            page.line(2, "----------");
        }
    }
}

fn policy_peer(page: &mut Page, peer: &Value) {
    for (title, field) in [("NamespaceSelector", "namespaceSelector"), ("PodSelector", "podSelector")] {
        if !peer[field].is_null() {
            page.line(3, &format!("{title}: {}", or_none(&Selector::of(&peer[field]).to_string())));
        }
    }
    if !peer["ipBlock"].is_null() {
        page.line(3, "IPBlock:");
        page.line(4, &format!("CIDR: {}", peer["ipBlock"]["cidr"].s()));
        let except: Vec<&str> = peer["ipBlock"]["except"].items().iter().map(|e| e.s()).collect();
        page.line(4, &format!("Except: {}", except.join(", ")));
    }
}
