//! `kubectl expose`. Models k8s.io/kubectl/pkg/cmd/expose.

use crate::ctx::Ctx;
use crate::dry::DryRun;
use crate::fail::{Fail, Run, Stop, plain};
use crate::kinds::Kind;
use crate::merge;
use crate::target::{Info, Pick};
use api::PatchType;
use base::Text;
use value::{Value, obj};

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    let format = ctx.format()?;
    let dry = ctx.dry_run()?;
    let pick = Pick { words: ctx.words(), ..Pick::default() };
    let infos = ctx.fetch_all(&pick)?;
    let Some(services) = Kind::builtin("", "services") else { return plain("services are not known here") };
    for info in infos {
        let mut service = service(ctx, &info)?;
        let namespace = ctx.namespace();
        if ctx.namespace_given() {
            service.set(&["metadata", "namespace"], &namespace);
        }
        if dry == DryRun::Client {
            ctx.tell_made(&format, &service, &dry.done("exposed"))?;
            continue;
        }
        match ctx.create(&services, &namespace, service, dry)? {
            Ok(made) => ctx.report(&format, &made, &dry.done("exposed"))?,
            Err(fail) => return Err(Stop::Fail(fail)),
        }
    }
    Ok(())
}

/// The pod template or pod that a workload exposes; a service exposes itself.
fn selector(ctx: &Ctx, info: &Info) -> Run<Value> {
    let given = ctx.flag("selector");
    if !given.is_empty() {
        return pairs(&given);
    }
    let object = &info.object;
    match info.kind.kind.as_str() {
        "ReplicationController" => Ok(object["spec"]["selector"].clone()),
        "Deployment" | "ReplicaSet" => {
            let expressions = object["spec"]["selector"]["matchExpressions"].items();
            if expressions.is_empty() {
                Ok(object["spec"]["selector"]["matchLabels"].clone())
            } else {
                plain(format!(
                    "couldn't convert expressions - \"{}\" to map-based selector format",
                    object["spec"]["selector"]["matchExpressions"].to_go_text()
                ))
            }
        }
        "Pod" => {
            let labels = &object["metadata"]["labels"];
            if labels.is_empty() {
                return plain(
                    "couldn't retrieve selectors via --selector flag or introspection: the pod has no labels and cannot be exposed",
                );
            }
            Ok(labels.clone())
        }
        "Service" => {
            let selector = &object["spec"]["selector"];
            if selector.is_empty() {
                return plain(
                    "couldn't retrieve selectors via --selector flag or introspection: the service has no pod selector set",
                );
            }
            Ok(selector.clone())
        }
        _ => {
            let kind = &info.kind;
            let full = if kind.group.is_empty() { kind.kind.to_string() } else { format!("{}.{}", kind.kind, kind.group) };
            plain(format!("cannot expose a {full}"))
        }
    }
}

/// The container ports of what is exposed, each with its protocol.
fn ports(info: &Info) -> Vec<(i64, Text)> {
    let spec = &info.object["spec"];
    if info.kind.kind == "Service" {
        return spec["ports"].items().iter().map(|p| (p["port"].as_i64().unwrap_or(0), p["protocol"].text())).collect();
    }
    let pod = if info.kind.kind == "Pod" { spec } else { &spec["template"]["spec"] };
    let all = pod["containers"].items().iter().flat_map(|c| c["ports"].items());
    all.map(|p| (p["containerPort"].as_i64().unwrap_or(0), p["protocol"].text())).collect()
}

fn service(ctx: &mut Ctx, info: &Info) -> Run<Value> {
    let selector = selector(ctx, info)?;
    let known = ports(info);
    let given = ctx.flag("port");
    let port_texts: Vec<Text> = if given.is_empty() {
        known.iter().map(|(port, _)| port.to_string().into()).collect()
    } else {
        given.split(',').map(Text::from).collect()
    };
    if port_texts.is_empty() {
        return plain("couldn't find port via --port flag or introspection");
    }
    let (target, protocol) = (ctx.flag("target-port"), ctx.flag("protocol"));
    let mut rows = Vec::new();
    for (at, text) in port_texts.iter().enumerate() {
        let port: i64 = text.parse().or_else(|_| plain(format!("strconv.Atoi: parsing {:?}: invalid syntax", text.as_str())))?;
        let own = known.iter().find(|(p, _)| *p == port).map(|(_, protocol)| protocol.clone()).filter(|p| !p.is_empty());
        let protocol = if protocol.is_empty() { own.unwrap_or_else(|| "TCP".into()) } else { protocol.clone() };
        let target = if target.is_empty() {
            Value::Int(port)
        } else {
            target.parse().map_or_else(|_| Value::Str(target.clone()), Value::Int)
        };
        let mut row = obj! { "port" => port, "protocol" => protocol, "targetPort" => target };
        if port_texts.len() > 1 {
            row.set(&["name"], format!("port-{}", at + 1));
        }
        rows.push(row);
    }
    let labels =
        if ctx.flag("labels").is_empty() { info.object["metadata"]["labels"].clone() } else { pairs(&ctx.flag("labels"))? };
    let name = if ctx.flag("name").is_empty() { info.name.clone() } else { ctx.flag("name") };
    let mut object = obj! {
        "apiVersion" => "v1", "kind" => "Service", "metadata" => obj! { "name" => name },
        "spec" => obj! { "ports" => rows, "selector" => selector }, "status" => obj! { "loadBalancer" => obj! {} },
    };
    if !labels.is_empty() {
        object.set(&["metadata", "labels"], labels);
    }
    for (flag, field) in [
        ("type", "type"),
        ("cluster-ip", "clusterIP"),
        ("session-affinity", "sessionAffinity"),
        ("load-balancer-ip", "loadBalancerIP"),
    ] {
        let text = ctx.flag(flag);
        if !text.is_empty() {
            object.set(&["spec", field], text);
        }
    }
    let external = ctx.flag("external-ip");
    if !external.is_empty() {
        object.set(&["spec", "externalIPs"], Value::List(external.split(',').map(Value::str).collect()));
    }
    overridden(ctx, object)
}

fn overridden(ctx: &Ctx, object: Value) -> Run<Value> {
    let text = ctx.flag("overrides");
    let (false, Some(services)) = (text.is_empty(), Kind::builtin("", "services")) else { return Ok(object) };
    let patch = value::yaml::value(&text).map_err(|why| Fail::Plain(why.to_string()))?;
    let how = if ctx.flag("override-type") == "strategic" { PatchType::Strategic } else { PatchType::Merge };
    let mut object = merge::locally(&services, &object, (how, &patch));
    // A port without a target prints Go's zero.
    for port in object.at_mut(&["spec", "ports"]).as_list_mut() {
        if port["targetPort"].is_null() {
            port.set(&["targetPort"], 0);
        }
    }
    Ok(object)
}

/// `a=b,c=d`
fn pairs(text: &str) -> Run<Value> {
    let mut map = Value::map();
    for pair in text.split(',') {
        let Some((key, value)) = pair.split_once('=') else { return plain(format!("unexpected label spec: {pair}")) };
        map.set(&[key], value);
    }
    Ok(map)
}
