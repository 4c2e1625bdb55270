//! `kubectl describe` of config maps, secrets, service accounts, namespaces, quotas and rights.

use crate::ctx::Ctx;
use crate::describe::{events, head, named};
use crate::fail::Run;
use crate::kinds::Kind;
use crate::page::Page;
use crate::target::Info;
use base::Quantity;
use value::Value;

fn decoded_len(value: &Value) -> usize {
    base::base64_decode(value.s()).map_or(0, |bytes| bytes.len())
}

pub(crate) fn config_map(ctx: &mut Ctx, page: &mut Page, info: &Info) -> Run {
    head(page, info);
    page.line(0, "\nData\n====");
    for (key, text) in info.object["data"].entries() {
        page.line(0, &format!("{key}:\n----\n{}\n", text.s()));
    }
    page.line(0, "\nBinaryData\n====");
    for (key, bytes) in info.object["binaryData"].entries() {
        page.line(0, &format!("{key}: {} bytes", decoded_len(bytes)));
    }
    page.line(0, "");
    events(ctx, page, info)
}

pub(crate) fn secret(page: &mut Page, info: &Info) {
    head(page, info);
    page.line(0, &format!("\nType:\t{}", info.object["type"].s()));
    page.line(0, "\nData\n====");
    let token = info.object["type"].s() == "kubernetes.io/service-account-token";
    for (key, bytes) in info.object["data"].entries() {
        if token && key == "token" {
            let text = base::base64_decode(bytes.s()).unwrap_or_default();
            page.field(0, key, &String::from_utf8_lossy(&text));
        } else {
            page.field(0, key, &format!("{} bytes", decoded_len(bytes)));
        }
    }
}

pub(crate) fn service_account(ctx: &mut Ctx, page: &mut Page, info: &Info) -> Run {
    head(page, info);
    let names: Vec<String> = info.object["imagePullSecrets"].items().iter().map(|s| s["name"].s().to_string()).collect();
    page.list("Image pull secrets", &names);
    events(ctx, page, info)
}

pub(crate) fn namespace(ctx: &mut Ctx, page: &mut Page, info: &Info) -> Run {
    head(page, info);
    page.field(0, "Status", info.object["status"]["phase"].s());
    let conditions = info.object["status"]["conditions"].items();
    if !conditions.is_empty() {
        page.line(0, "Conditions:");
        page.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage");
        page.line(1, "----\t------\t------------------\t------\t-------");
        for c in conditions {
            let when = crate::page::moment(&c["lastTransitionTime"]);
            page.line(
                1,
                &format!("{} \t{} \t{when} \t{} \t{}", c["type"].s(), c["status"].s(), c["reason"].s(), c["message"].s()),
            );
        }
    }
    let all = |ctx: &mut Ctx, plural: &str| -> Run<Vec<Value>> {
        let Some(kind) = Kind::builtin("", plural) else { return Ok(Vec::new()) };
        Ok(ctx.ask(kind.list(&info.name))?.map_or(Vec::new(), |found| found["items"].items().to_vec()))
    };
    let quotas = all(ctx, "resourcequotas")?;
    page.line(0, "");
    if quotas.is_empty() {
        page.line(0, "No resource quota.");
    } else {
        page.line(0, "Resource Quotas");
        for quota in &quotas {
            page.field(1, "Name", quota["metadata"]["name"].s());
            page.line(1, "Resource\tUsed\tHard");
            page.line(1, "--------\t---\t---");
            for (resource, hard) in quota["status"]["hard"].entries() {
                page.line(1, &format!("{resource}\t{}\t{}", quota["status"]["used"][resource.as_str()].s(), hard.s()));
            }
        }
    }
    let limits = all(ctx, "limitranges")?;
    page.line(0, "");
    if limits.is_empty() {
        page.line(0, "No LimitRange resource.");
    } else {
        page.line(0, "Resource Limits");
        page.line(1, "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio");
        page.line(1, "----\t--------\t---\t---\t---------------\t-------------\t-----------------------");
        limits.iter().for_each(|range| limit_rows(page, range));
    }
    Ok(())
}

fn limit_rows(page: &mut Page, range: &Value) {
    for item in range["spec"]["limits"].items() {
        let mut resources: Vec<&str> = Vec::new();
        for field in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
            resources.extend(item[field].entries().iter().map(|(key, _)| key.as_str()));
        }
        resources.sort_unstable();
        resources.dedup();
        for resource in resources {
            let cell =
                |field: &str| if item[field][resource].is_null() { "-".to_string() } else { item[field][resource].to_go_text() };
            page.line(
                1,
                &format!(
                    "{}\t{resource}\t{}\t{}\t{}\t{}\t{}",
                    item["type"].s(),
                    cell("min"),
                    cell("max"),
                    cell("defaultRequest"),
                    cell("default"),
                    cell("maxLimitRequestRatio")
                ),
            );
        }
    }
}

pub(crate) fn quota(page: &mut Page, info: &Info) {
    named(page, info);
    let scopes: Vec<&str> = info.object["spec"]["scopes"].items().iter().map(|s| s.s()).collect();
    if !scopes.is_empty() {
        page.field(0, "Scopes", &scopes.join(", "));
    }
    page.line(0, "Resource\tUsed\tHard");
    page.line(0, "--------\t----\t----");
    for (resource, hard) in info.object["status"]["hard"].entries() {
        let used = info.object["status"]["used"][resource.as_str()].s();
        let used = Quantity::canonical(used).unwrap_or_else(|_| "0".into());
        page.line(0, &format!("{resource}\t{used}\t{}", hard.to_go_text()));
    }
}

// === rights ===

fn rights_head(page: &mut Page, info: &Info) {
    page.field(0, "Name", &info.name);
    page.labels("Labels", &info.object["metadata"]["labels"]);
    page.annotations("Annotations", &info.object["metadata"]["annotations"]);
}

pub(crate) fn role(page: &mut Page, info: &Info) {
    rights_head(page, info);
    page.line(0, "PolicyRule:");
    page.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
    page.line(1, "---------\t-----------------\t--------------\t-----");
    let mut rows: Vec<(Right, Vec<String>)> = Vec::new();
    for rule in info.object["rules"].items() {
        let verbs: Vec<String> = rule["verbs"].items().iter().map(|v| v.s().to_string()).collect();
        for right in broken_down(rule) {
            match rows.iter_mut().find(|(have, _)| *have == right) {
                Some((_, have)) => {
                    let new: Vec<String> = verbs.iter().filter(|v| !have.contains(v)).cloned().collect();
                    have.extend(new);
                }
                None => rows.push((right, verbs.clone())),
            }
        }
    }
    rows.sort_by_key(|(right, verbs)| right.sort_key(verbs));
    for (right, verbs) in rows {
        page.line(1, &format!("{}\t[{}]\t[{}]\t[{}]", right.full(), right.url, right.name, verbs.join(" ")));
    }
}

/// One thing that a rule allows verbs on.
#[derive(PartialEq, Default)]
struct Right {
    group: String,
    resource: String,
    name: String,
    url: String,
}

impl Right {
    /// `deployments.apps/scale`
    fn full(&self) -> String {
        let (base, sub) =
            self.resource.split_once('/').map_or((self.resource.as_str(), String::new()), |(b, s)| (b, format!("/{s}")));
        if self.group.is_empty() { format!("{base}{sub}") } else { format!("{base}.{}{sub}", self.group) }
    }
    /// Upstream sorts by how Go prints the rule.
    fn sort_key(&self, verbs: &[String]) -> String {
        format!("[{}] [{}] [{}] [{}] [{}]", verbs.join(" "), self.group, self.resource, self.name, self.url)
    }
}

/// Every right that a rule grants, one by one.
fn broken_down(rule: &Value) -> Vec<Right> {
    let texts = |field: &str| -> Vec<String> { rule[field].items().iter().map(|v| v.s().to_string()).collect() };
    let mut rights = Vec::new();
    let mut names = texts("resourceNames");
    if names.is_empty() {
        names.push(String::new());
    }
    for group in texts("apiGroups") {
        for resource in texts("resources") {
            for name in &names {
                rights.push(Right { group: group.clone(), resource: resource.clone(), name: name.clone(), url: String::new() });
            }
        }
    }
    rights.extend(texts("nonResourceURLs").into_iter().map(|url| Right { url, ..Right::default() }));
    rights
}

pub(crate) fn binding(page: &mut Page, info: &Info) {
    rights_head(page, info);
    page.line(0, "Role:");
    page.field(1, "Kind", info.object["roleRef"]["kind"].s());
    page.field(1, "Name", info.object["roleRef"]["name"].s());
    page.line(0, "Subjects:");
    page.line(1, "Kind\tName\tNamespace");
    page.line(1, "----\t----\t---------");
    for subject in info.object["subjects"].items() {
        page.line(1, &format!("{}\t{}\t{}", subject["kind"].s(), subject["name"].s(), subject["namespace"].s()));
    }
}
