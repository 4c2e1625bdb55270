//! `kubectl describe node`.

use crate::ctx::Ctx;
use crate::describe::{created, events_of, failure};
use crate::fail::Run;
use crate::kinds::Kind;
use crate::page::{Page, moment};
use crate::target::Info;
use base::{Quantity, Text, Time};
use value::Value;

const ROLE: &str = "node-role.kubernetes.io/";

pub(crate) fn node(ctx: &mut Ctx, page: &mut Page, info: &Info) -> Run {
    let (meta, spec, status) = (&info.object["metadata"], &info.object["spec"], &info.object["status"]);
    page.field(0, "Name", &info.name);
    let mut roles: Vec<&str> = meta["labels"].entries().iter().filter_map(|(key, value)| role(key, value)).collect();
    roles.sort_unstable();
    page.field(0, "Roles", if roles.is_empty() { "<none>".into() } else { roles.join(",") }.as_str());
    page.labels("Labels", &meta["labels"]);
    page.annotations("Annotations", &meta["annotations"]);
    page.field(0, "CreationTimestamp", &created(info));
    let taints: Vec<String> = spec["taints"].items().iter().map(taint).collect();
    page.list("Taints", &taints);
    page.field(0, "Unschedulable", if spec["unschedulable"].is_true() { "true" } else { "false" });
    lease(ctx, page, info)?;
    conditions(page, status);
    page.line(0, "Addresses:");
    status["addresses"].items().iter().for_each(|a| page.field(1, a["type"].s(), a["address"].s()));
    for (title, field) in [("Capacity", "capacity"), ("Allocatable", "allocatable")] {
        if !status[field].is_empty() {
            page.line(0, &format!("{title}:"));
            status[field].entries().iter().for_each(|(name, amount)| page.field(1, name, &amount.to_go_text()));
        }
    }
    system(page, &status["nodeInfo"]);
    if !spec["podCIDR"].s().is_empty() {
        page.field(0, "PodCIDR", spec["podCIDR"].s());
    }
    let ranges: Vec<&str> = spec["podCIDRs"].items().iter().map(|c| c.s()).collect();
    if !ranges.is_empty() {
        page.field(0, "PodCIDRs", &ranges.join(","));
    }
    if !spec["providerID"].s().is_empty() {
        page.field(0, "ProviderID", spec["providerID"].s());
    }
    pods(ctx, page, info)?;
    let uids: [Text; 2] = [meta["uid"].text(), info.name.clone()];
    events_of(ctx, page, info, &uids)
}

fn role<'a>(key: &'a str, value: &'a Value) -> Option<&'a str> {
    match key.strip_prefix(ROLE) {
        Some(role) if !role.is_empty() => Some(role),
        None if key == "kubernetes.io/role" && !value.s().is_empty() => Some(value.s()),
        _ => None,
    }
}

fn taint(taint: &Value) -> String {
    let (key, value, effect) = (taint["key"].s(), taint["value"].s(), taint["effect"].s());
    match (effect.is_empty(), value.is_empty()) {
        (true, true) => key.to_string(),
        (true, false) => format!("{key}={value}:"),
        (false, true) => format!("{key}:{effect}"),
        (false, false) => format!("{key}={value}:{effect}"),
    }
}

fn lease(ctx: &mut Ctx, page: &mut Page, info: &Info) -> Run {
    let Some(kind) = Kind::builtin("coordination.k8s.io", "leases") else { return Ok(()) };
    match ctx.ask(kind.get("kube-node-lease", &info.name))? {
        Err(status) => page.field(0, "Lease", &format!("Failed to get lease: {}", failure(&status))),
        Ok(lease) => {
            let spec = &lease["spec"];
            let unset = |text: String| if text.is_empty() { "<unset>".to_string() } else { text };
            page.line(0, "Lease:");
            page.field(1, "HolderIdentity", &unset(spec["holderIdentity"].s().to_string()));
            page.field(1, "AcquireTime", &unset(moment(&spec["acquireTime"])));
            page.field(1, "RenewTime", &unset(moment(&spec["renewTime"])));
        }
    }
    Ok(())
}

fn conditions(page: &mut Page, status: &Value) {
    if status["conditions"].items().is_empty() {
        return;
    }
    page.line(0, "Conditions:");
    page.line(1, "Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage");
    page.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
    for c in status["conditions"].items() {
        let (beat, change) = (moment(&c["lastHeartbeatTime"]), moment(&c["lastTransitionTime"]));
        page.line(
            1,
            &format!("{} \t{} \t{beat} \t{change} \t{} \t{}", c["type"].s(), c["status"].s(), c["reason"].s(), c["message"].s()),
        );
    }
}

fn system(page: &mut Page, info: &Value) {
    page.line(0, "System Info:");
    for (title, field) in [
        ("Machine ID", "machineID"),
        ("System UUID", "systemUUID"),
        ("Boot ID", "bootID"),
        ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"),
        ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"),
    ] {
        page.field(1, title, info[field].s());
    }
}

// === pods and what they ask for ===

/// What a pod asks for of a resource: its containers together, or its largest init container.
fn asked(pod: &Value, list: &str, resource: &str) -> Quantity {
    let amount = |container: &Value| Quantity::parse(container["resources"][list][resource].s()).unwrap_or(Quantity::ZERO);
    let spec = &pod["spec"];
    let mut sum = spec["containers"].items().iter().map(amount).fold(Quantity::ZERO, |a, b| a + b);
    for init in spec["initContainers"].items() {
        if init["restartPolicy"].s() == "Always" {
            sum = sum + amount(init);
        } else if amount(init) > sum {
            sum = amount(init);
        }
    }
    let overhead = Quantity::parse(spec["overhead"][resource].s()).unwrap_or(Quantity::ZERO);
    sum + overhead
}

fn share(amount: Quantity, node: &Info, resource: &str) -> String {
    let status = &node.object["status"];
    let whole = if status["allocatable"].is_empty() { &status["capacity"] } else { &status["allocatable"] };
    let whole = Quantity::parse(&whole[resource].to_go_text()).unwrap_or(Quantity::ZERO);
    let percent = if whole.is_zero() { 0 } else { (amount.as_f64() / whole.as_f64() * 100.0) as i64 };
    format!("{amount} ({percent}%)")
}

fn pods(ctx: &mut Ctx, page: &mut Page, info: &Info) -> Run {
    let Some(kind) = Kind::builtin("", "pods") else { return Ok(()) };
    let mut list = kind.list("");
    list.query.field_selector = format!("spec.nodeName={},status.phase!=Succeeded,status.phase!=Failed", info.name).into();
    let found = ctx.ask(list)?.map_or(Vec::new(), |found| found["items"].items().to_vec());
    page.field(0, "Non-terminated Pods", &format!("({} in total)", found.len()));
    page.line(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge");
    page.line(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---");
    let now = ctx.now;
    for pod in &found {
        let meta = &pod["metadata"];
        let age = Time::parse(meta["creationTimestamp"].s()).map_or("<unknown>".into(), |t| (now - t).human());
        let cell = |list: &str, resource: &str| share(asked(pod, list, resource), info, resource);
        page.line(
            1,
            &format!(
                "{}\t{}\t\t{}\t{}\t{}\t{}\t{age}",
                meta["namespace"].s(),
                meta["name"].s(),
                cell("requests", "cpu"),
                cell("limits", "cpu"),
                cell("requests", "memory"),
                cell("limits", "memory")
            ),
        );
    }
    page.line(0, "Allocated resources:");
    page.line(1, "(Total limits may be over 100 percent, i.e., overcommitted.)");
    page.line(1, "Resource\tRequests\tLimits");
    page.line(1, "--------\t--------\t------");
    for resource in ["cpu", "memory", "ephemeral-storage"] {
        let sum = |list: &str| found.iter().map(|pod| asked(pod, list, resource)).fold(Quantity::ZERO, |a, b| a + b);
        page.line(
            1,
            &format!("{resource}\t{}\t{}", share(sum("requests"), info, resource), share(sum("limits"), info, resource)),
        );
    }
    Ok(())
}
