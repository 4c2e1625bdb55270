//! `kubectl create`: files, and the generators of deployments and services. Models k8s.io/kubectl/pkg/cmd/create.

use crate::ctx::Ctx;
use crate::dry::{DryRun, LAST_APPLIED, configuration, named, texts};
use crate::edit;
use crate::fail::{Fail, Run, plain};
use crate::help;
use crate::target::{Unit, finish};
use crate::{create_config, create_more};
use base::Text;
use value::{Value, list, obj};

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    match ctx.spec.path {
        "create" => files(ctx),
        "create deployment" => deployment(ctx),
        "create service" | "create secret" => help::group(ctx, true),
        "create service clusterip" => service(ctx, "ClusterIP"),
        "create service nodeport" => service(ctx, "NodePort"),
        "create service loadbalancer" => service(ctx, "LoadBalancer"),
        "create service externalname" => service(ctx, "ExternalName"),
        "create configmap" => create_config::config_map(ctx),
        "create secret generic" => create_config::generic(ctx),
        "create secret docker-registry" => create_config::registry(ctx),
        "create secret tls" => create_config::tls(ctx),
        _ => create_more::run(ctx),
    }
}

// === files ===

fn files(ctx: &mut Ctx) -> Run {
    if !ctx.flag("raw").is_empty() {
        return plain("--raw is not supported here");
    }
    if ctx.filenames()?.is_empty() {
        if ctx.words().is_empty() {
            ctx.err("Error: must specify one of -f and -k\n\n");
            let text = help::of(ctx.spec);
            ctx.err(&text);
            return Err(crate::fail::Stop::Exit(1));
        }
        let words: Vec<&str> = ctx.words().iter().map(|w| w.as_str()).collect();
        return ctx.usage(format!("Unexpected args: [{}]", words.join(" ")));
    }
    let format = ctx.format()?;
    let dry = ctx.dry_run()?;
    let (mut fails, mut count) = (Vec::new(), 0);
    let mut units = ctx.selected_files()?;
    if ctx.on("edit") {
        let Some(edited) = edit::units(ctx, units)? else { return Ok(()) };
        units = edited;
    }
    for unit in units {
        let (kind, namespace, mut object, source) = match unit {
            Unit::File { kind, namespace, object, source, .. } => (kind, namespace, object, source),
            Unit::Broken(fail) => {
                fails.push(fail);
                continue;
            }
            Unit::Name { .. } | Unit::List { .. } => continue,
        };
        if ctx.on("save-config") {
            let text = configuration(&object);
            object.set(&["metadata", "annotations", LAST_APPLIED], text);
        }
        if dry != DryRun::Client {
            object = match ctx.create(&kind, &namespace, object, dry)? {
                Ok(made) => made,
                Err(fail) => {
                    fails.push(fail.in_source("creating", &source));
                    continue;
                }
            };
        }
        count += 1;
        ctx.report(&format, &object, &dry.done("created"))?;
    }
    if count == 0 && fails.is_empty() {
        return plain("no objects passed to create");
    }
    finish(fails)
}

impl Ctx<'_> {
    /// The objects of `-f` that `-l` selects, each with its namespace inside.
    pub fn selected_files(&mut self) -> Run<Vec<Unit>> {
        let selector = self.flag("selector");
        let wanted = model::Selector::parse(&selector).or_else(plain)?;
        let mut units = self.file_units()?;
        units.retain(|unit| match unit {
            Unit::File { object, .. } => wanted.matches(&object["metadata"]["labels"].as_map().cloned().unwrap_or_default()),
            Unit::Name { .. } | Unit::List { .. } | Unit::Broken(_) => true,
        });
        for unit in &mut units {
            if let Unit::File { kind, namespace, object, .. } = unit
                && kind.namespaced
                && object["metadata"]["namespace"].is_null()
            {
                object.set(&["metadata", "namespace"], &*namespace);
            }
        }
        Ok(units)
    }
}

// === generators ===

fn deployment(ctx: &mut Ctx) -> Run {
    ctx.require(&["image"])?;
    let name = ctx.one_name()?;
    let images = ctx.flags("image");
    let command = if ctx.args.dash.is_some() { ctx.after_dash(1) } else { Vec::new() };
    if images.len() > 1 && !command.is_empty() {
        return plain("cannot specify multiple --image options and command");
    }
    let mut containers = Vec::new();
    for image in &images {
        let mut container = obj! { "name" => container_name(image), "image" => image, "resources" => obj! {} };
        if !command.is_empty() {
            container.set(&["command"], texts(&command));
        }
        containers.push(container);
    }
    if ctx.changed("port")
        && let Some(first) = containers.first_mut()
    {
        first.set(&["ports"], list![obj! { "containerPort" => ctx.number("port") }]);
    }
    let labels = obj! { "app" => &name };
    let object = obj! {
        "apiVersion" => "apps/v1", "kind" => "Deployment",
        "metadata" => obj! { "name" => &name, "labels" => &labels },
        "spec" => obj! {
            "replicas" => ctx.number("replicas"), "selector" => obj! { "matchLabels" => &labels }, "strategy" => obj! {},
            "template" => obj! { "metadata" => obj! { "labels" => &labels }, "spec" => obj! { "containers" => containers } },
        },
        "status" => obj! {},
    };
    ctx.make(object, "failed to create deployment: ")
}

/// `team/app:v1` runs in a container named `app`.
fn container_name(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    let name = last.split([':', '@']).next().unwrap_or(last);
    if name.contains(['_', '.']) {
        let suffix = base::safe_encode(&base::fnv32a(image.as_bytes()).to_string());
        return format!("{}-{}", name.replace(['_', '.'], "-"), &suffix[..suffix.len().min(5)]);
    }
    name.to_string()
}

fn service(ctx: &mut Ctx, kind: &str) -> Run {
    if kind == "ExternalName" {
        ctx.require(&["external-name"])?;
    }
    let name = ctx.one_name()?;
    let ports = ctx.flags("tcp");
    let headless = ctx.flag("clusterip") == "None";
    if ports.is_empty() && kind != "ExternalName" && !headless {
        return plain("at least one tcp port specifier must be provided");
    }
    let mut rows = Vec::new();
    for spec in &ports {
        let mut row = port_row(spec).map_err(Fail::Plain)?;
        let node_port = if kind == "NodePort" { ctx.number("node-port") } else { 0 };
        if node_port > 0 {
            row.set(&["nodePort"], node_port);
        }
        rows.push(row);
    }
    let labels = obj! { "app" => &name };
    let mut spec = obj! { "type" => kind, "selector" => &labels };
    if !rows.is_empty() {
        spec.set(&["ports"], rows);
    }
    let cluster_ip = ctx.flag("clusterip");
    if !cluster_ip.is_empty() {
        spec.set(&["clusterIP"], cluster_ip);
    }
    if kind == "ExternalName" {
        spec.set(&["externalName"], ctx.flag("external-name"));
    }
    let mut metadata = named(&name);
    metadata.set(&["labels"], labels);
    let object = obj! {
        "apiVersion" => "v1", "kind" => "Service", "metadata" => metadata, "spec" => spec,
        "status" => obj! { "loadBalancer" => obj! {} },
    };
    ctx.make(object, &format!("failed to create {kind} service: "))
}

/// `80`, `80:8080`, `80:http`
fn port_row(spec: &Text) -> Result<Value, String> {
    let (port, target) = spec.split_once(':').unwrap_or((spec, spec));
    let invalid = |text: &str| format!("invalid port format: {text:?}");
    let number = |text: &str| text.parse::<i64>().map_err(|_| format!("strconv.ParseInt: parsing {text:?}: invalid syntax"));
    if spec.split(':').count() > 2 {
        return Err(invalid(spec));
    }
    let port_number = number(port)?;
    let target_value = target.parse::<i64>().map_or_else(|_| Value::str(target), Value::Int);
    if let Value::Str(name) = &target_value
        && let Some(why) = base::names::port_name(name).first()
    {
        return Err(why.clone());
    }
    let name = spec.replace(':', "-");
    Ok(obj! { "name" => name, "port" => port_number, "protocol" => "TCP", "targetPort" => target_value })
}
