//! `kubectl scale` and `kubectl autoscale`.

use crate::ctx::Ctx;
use crate::dry::{DryRun, named};
use crate::fail::{Fail, Run, plain};
use crate::target::{Info, finish};
use api::{PatchType, Verb};
use base::{Duration, Quantity, Text};
use value::{Value, obj};

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    let replicas = ctx.number("replicas");
    if !ctx.changed("replicas") {
        return plain("required flag(s) \"replicas\" not set");
    }
    if replicas < 0 {
        return plain("The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0");
    }
    let format = ctx.format()?;
    let dry = ctx.dry_run()?;
    let pick = ctx.pick(ctx.words());
    let (infos, mut fails) = ctx.fetch(&pick)?;
    if infos.is_empty() && fails.is_empty() {
        return plain("no objects passed to scale");
    }
    for info in infos {
        match one(ctx, &info, replicas, dry)? {
            Ok(()) => ctx.report(&format, &info.object, &dry.done("scaled"))?,
            Err(fail) => fails.push(fail),
        }
    }
    finish(fails)
}

fn one(ctx: &mut Ctx, info: &Info, replicas: i64, dry: DryRun) -> Run<Result<(), Fail>> {
    if dry == DryRun::Client {
        return Ok(Ok(()));
    }
    let (wanted, version) = (ctx.number("current-replicas"), ctx.flag("resource-version"));
    let mut patch = obj! { "spec" => obj! { "replicas" => replicas } };
    if wanted >= 0 || !version.is_empty() {
        let scale = match ctx.ask(api::Request { subresource: "scale".into(), ..info.get() })? {
            Ok(scale) => scale,
            Err(status) => return Ok(Err(Fail::Server(status))),
        };
        let have = scale["spec"]["replicas"].as_i64().unwrap_or(0);
        if wanted >= 0 && have != wanted {
            return Ok(Err(Fail::Plain(format!("Expected replicas to be {wanted}, was {have}"))));
        }
        let current = scale["metadata"]["resourceVersion"].text();
        if !version.is_empty() && current != version {
            return Ok(Err(Fail::Plain(format!("Expected resource version to be {version}, was {current}"))));
        }
        patch.set(&["metadata", "resourceVersion"], current);
    }
    let mut request = ctx.write_request(info.request(Verb::Patch(PatchType::Merge)), dry);
    request.subresource = "scale".into();
    request.body = patch;
    if let Err(status) = ctx.ask(request)? {
        return Ok(Err(Fail::Server(status)));
    }
    let timeout = ctx.span("timeout");
    if timeout > Duration::ZERO && dry == DryRun::None { synced(ctx, info, replicas, timeout) } else { Ok(Ok(())) }
}

/// Waits until the status has the new count.
fn synced(ctx: &mut Ctx, info: &Info, replicas: i64, timeout: Duration) -> Run<Result<(), Fail>> {
    let deadline = ctx.clock() + timeout;
    loop {
        let object = ctx.request(info.get())?;
        let status = &object["status"];
        let observed =
            status["observedGeneration"].as_i64().unwrap_or(0) >= object["metadata"]["generation"].as_i64().unwrap_or(0);
        if observed && status["replicas"].as_i64().unwrap_or(0) == replicas {
            return Ok(Ok(()));
        }
        let now = ctx.clock();
        if now >= deadline {
            return Ok(Err(Fail::Plain(format!("timed out waiting for {:?} to be synced", info.name.as_str()))));
        }
        ctx.sleep_until((now + Duration::from_millis(500)).min(deadline))?;
    }
}

pub(crate) fn autoscale(ctx: &mut Ctx) -> Run {
    if ctx.changed("cpu-percent") {
        ctx.complain(
            "Flag --cpu-percent has been deprecated, Use --cpu with percentage or resource quantity format (e.g., '70%' for utilization or '500m' for milliCPU).",
        );
    }
    ctx.require(&["max"])?;
    let (min, max) = (ctx.number("min"), ctx.number("max"));
    if max < 1 {
        return plain(format!("--max=MAXPODS is required and must be at least 1, max: {max}"));
    }
    if max < min {
        return plain(format!("--max=MAXPODS must be larger or equal to --min=MINPODS, max: {max}, min: {min}"));
    }
    let metrics = metrics(ctx)?;
    let pick = ctx.pick(ctx.words());
    for info in ctx.fetch_all(&pick)? {
        if info.kind.info().is_none_or(|kind| kind.subresource("scale").is_none()) {
            let kind = &info.kind;
            return plain(format!(
                "cannot autoscale a {}: could not find scale subresource for {}/{}, Resource={} in discovery information",
                kind.kind, kind.group, kind.version, kind.plural
            ));
        }
        let name = if ctx.flag("name").is_empty() { info.name.clone() } else { ctx.flag("name") };
        let mut spec = obj! {
            "scaleTargetRef" => obj! { "apiVersion" => info.kind.api_version(), "kind" => &info.kind.kind, "name" => &info.name },
            "maxReplicas" => max,
        };
        if min > 0 {
            spec.set(&["minReplicas"], min);
        }
        if !metrics.is_empty() {
            spec.set(&["metrics"], metrics.clone());
        }
        let object = obj! {
            "apiVersion" => "autoscaling/v2", "kind" => "HorizontalPodAutoscaler", "metadata" => named(&name), "spec" => spec,
            "status" => obj! { "currentMetrics" => Value::Null, "desiredReplicas" => 0 },
        };
        autoscaled(ctx, object)?;
    }
    Ok(())
}

fn autoscaled(ctx: &mut Ctx, object: Value) -> Run {
    let format = ctx.format()?;
    let dry = ctx.dry_run()?;
    if dry == DryRun::Client {
        return ctx.tell_made(&format, &object, &dry.done("autoscaled"));
    }
    let Some(kind) = ctx.kind_of("autoscaling/v2", "HorizontalPodAutoscaler")? else { return Ok(()) };
    let namespace = ctx.namespace();
    match ctx.create(&kind, &namespace, object, dry)? {
        Ok(made) => ctx.report(&format, &made, &dry.done("autoscaled")),
        // What kubectl makes of a second try without metrics.
        Err(Fail::Server(status)) if status.reason == "AlreadyExists" => {
            plain("failed to create autoscaling/v2 HPA and the configuration is incompatible with autoscaling/v1: empty input")
        }
        Err(fail) => plain(format!("failed to create autoscaling/v2 HPA: {}", fail.words())),
    }
}

fn metrics(ctx: &Ctx) -> Run<Vec<Value>> {
    let mut metrics = Vec::new();
    let percent = ctx.number("cpu-percent");
    if percent > 0 {
        metrics.push(metric("cpu", obj! { "type" => "Utilization", "averageUtilization" => percent }));
    }
    for resource in ["cpu", "memory"] {
        let amount: Text = ctx.flag(resource);
        if amount.is_empty() {
            continue;
        }
        let target = match amount.strip_suffix('%').map(str::parse::<i64>) {
            Some(Ok(percent)) => obj! { "type" => "Utilization", "averageUtilization" => percent },
            Some(Err(_)) => return plain(format!("invalid resource {resource} value: {amount}")),
            None if Quantity::parse(&amount).is_ok() => obj! { "type" => "AverageValue", "averageValue" => amount },
            None => return plain(format!("invalid resource {resource} value: {amount}")),
        };
        metrics.push(metric(resource, target));
    }
    Ok(metrics)
}

fn metric(name: &str, target: Value) -> Value {
    obj! { "type" => "Resource", "resource" => obj! { "name" => name, "target" => target } }
}
