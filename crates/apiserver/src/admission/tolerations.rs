//! DefaultTolerationSeconds: pods bear a not ready or unreachable node for five minutes.
//! Models plugin/pkg/admission/defaulttolerationseconds.

use value::{Value, obj};

const TAINTS: [&str; 2] = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

/// Adds the two tolerations to a pod that has none of its own for these taints.
pub fn admit(pod: &mut Value) {
    let missing = |key: &&str| !pod["spec"]["tolerations"].items().iter().any(|t| covers(t, key));
    let missing: Vec<&str> = TAINTS.into_iter().filter(missing).collect();
    if missing.is_empty() {
        return;
    }
    let list = pod.at_mut(&["spec", "tolerations"]).as_list_mut();
    for key in missing {
        list.push(obj! { "key" => key, "operator" => "Exists", "effect" => "NoExecute", "tolerationSeconds" => 300 });
    }
}

fn covers(toleration: &Value, key: &str) -> bool {
    matches!(toleration["key"].s(), "") | (toleration["key"].s() == key) && matches!(toleration["effect"].s(), "" | "NoExecute")
}
