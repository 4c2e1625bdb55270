//! `kubectl describe pod`.

use crate::ctx::Ctx;
use crate::describe::{controller, events, lasts, named};
use crate::describe_template::{containers, spread, volumes};
use crate::fail::Run;
use crate::page::{Page, moment};
use crate::target::Info;
use value::Value;

pub(crate) fn pod(ctx: &mut Ctx, page: &mut Page, info: &Info) -> Run {
    let (meta, spec, status) = (&info.object["metadata"], &info.object["spec"], &info.object["status"]);
    named(page, info);
    if let Some(priority) = spec["priority"].as_i64() {
        page.field(0, "Priority", &priority.to_string());
    }
    for (title, field) in [
        ("Priority Class Name", "priorityClassName"),
        ("Runtime Class Name", "runtimeClassName"),
        ("Service Account", "serviceAccountName"),
    ] {
        if !spec[field].s().is_empty() {
            page.field(0, title, spec[field].s());
        }
    }
    match spec["nodeName"].s() {
        "" => page.field(0, "Node", "<none>"),
        node => page.field(0, "Node", &format!("{node}/{}", status["hostIP"].s())),
    }
    if !status["startTime"].is_null() {
        page.field(0, "Start Time", &moment(&status["startTime"]));
    }
    page.labels("Labels", &meta["labels"]);
    page.annotations("Annotations", &meta["annotations"]);
    phase(ctx, page, info);
    page.field(0, "IP", status["podIP"].s());
    if status["podIPs"].items().is_empty() {
        page.field(0, "IPs", "<none>");
    } else {
        page.line(0, "IPs:");
        status["podIPs"].items().iter().for_each(|ip| page.field(1, "IP", ip["ip"].s()));
    }
    if let Some(owner) = controller(&info.object) {
        page.field(0, "Controlled By", &owner);
    }
    if !status["nominatedNodeName"].s().is_empty() {
        page.field(0, "NominatedNodeName", status["nominatedNodeName"].s());
    }
    if !spec["initContainers"].items().is_empty() {
        containers(page, ("Init Containers", ""), (&spec["initContainers"], &status["initContainerStatuses"]), &info.object);
    }
    containers(page, ("Containers", ""), (&spec["containers"], &status["containerStatuses"]), &info.object);
    gates(page, spec, status);
    if !status["conditions"].items().is_empty() {
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus");
        for condition in status["conditions"].items() {
            page.line(1, &format!("{} \t{} ", condition["type"].s(), condition["status"].s()));
        }
    }
    volumes(page, &spec["volumes"], "");
    page.field(0, "QoS Class", status["qosClass"].s());
    page.labels("Node-Selectors", &spec["nodeSelector"]);
    page.tolerations("Tolerations", &spec["tolerations"]);
    spread(page, &spec["topologySpreadConstraints"], "");
    events(ctx, page, info)
}

fn phase(ctx: &Ctx, page: &mut Page, info: &Info) {
    let status = &info.object["status"];
    let finished = matches!(status["phase"].s(), "Succeeded" | "Failed");
    match lasts(&info.object, ctx.now).filter(|_| !finished) {
        Some(words) => {
            page.field(0, "Status", &words);
            let grace = info.object["metadata"]["deletionGracePeriodSeconds"].as_i64().unwrap_or(0);
            page.field(0, "Termination Grace Period", &format!("{grace}s"));
        }
        None => page.field(0, "Status", status["phase"].s()),
    }
    for (title, field) in [("Reason", "reason"), ("Message", "message")] {
        if !status[field].s().is_empty() {
            page.field(0, title, status[field].s());
        }
    }
}

fn gates(page: &mut Page, spec: &Value, status: &Value) {
    if spec["readinessGates"].items().is_empty() {
        return;
    }
    page.line(0, "Readiness Gates:");
    page.line(1, "Type\tStatus");
    for gate in spec["readinessGates"].items() {
        let kind = gate["conditionType"].s();
        let state = model::Condition::find(status, kind)["status"].s();
        page.line(1, &format!("{kind} \t{} ", if state.is_empty() { "<none>" } else { state }));
    }
}
