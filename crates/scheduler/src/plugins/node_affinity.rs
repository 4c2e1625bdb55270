//! NodeAffinity: node selector and node affinity, required and preferred. Models plugins/nodeaffinity.

use super::Refused;
use crate::rows::{NodeRow, PodRow, node_term_matches, node_terms_match};
use base::Text;
use value::Value;

pub const NAME: &str = "NodeAffinity";
pub const WEIGHT: i64 = 2;

fn required(pod: &PodRow) -> &Value {
    &pod.spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
}

/// Whether selector and required affinity hold.
pub fn matches(pod: &PodRow, node: &NodeRow) -> bool {
    let selector = pod.spec["nodeSelector"].entries();
    let required = required(pod);
    selector.iter().all(|(key, want)| node.labels.get(key) == Some(want))
        && (required.is_null() || node_terms_match(&required["nodeSelectorTerms"], node))
}

pub fn filter(pod: &PodRow, node: &NodeRow) -> Result<(), Refused> {
    if matches(pod, node) { Ok(()) } else { Err(Refused::with(NAME, "node(s) didn't match Pod's node affinity/selector")) }
}

/// The nodes that `matchFields metadata.name` narrows the search to, if every term has such a field.
pub fn narrowed(pod: &PodRow) -> Option<Vec<Text>> {
    let terms = required(pod)["nodeSelectorTerms"].items();
    let mut names = Vec::new();
    for term in terms {
        let field = term["matchFields"].items().iter().find(|f| f["key"].s() == "metadata.name" && f["operator"].s() == "In")?;
        names.extend(field["values"].items().iter().map(Value::text));
    }
    if terms.is_empty() { None } else { Some(names) }
}

fn preferred(pod: &PodRow) -> &[Value] {
    pod.spec["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"].items()
}

/// `None` if the pod prefers nothing.
pub fn score(pod: &PodRow, nodes: &[&NodeRow]) -> Option<Vec<i64>> {
    let preferred = preferred(pod);
    if preferred.is_empty() {
        return None;
    }
    let raw = |node: &NodeRow| -> i64 {
        let terms = preferred.iter().filter(|p| node_term_matches(&p["preference"], node));
        terms.map(|p| p["weight"].as_i64().unwrap_or(0)).sum()
    };
    let raw: Vec<i64> = nodes.iter().map(|node| raw(node)).collect();
    let max = raw.iter().copied().max().unwrap_or(0);
    Some(raw.iter().map(|r| if max == 0 { 0 } else { 100 * r / max }).collect())
}
