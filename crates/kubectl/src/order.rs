//! JSON of objects that kubectl makes itself: fields in the order of the Go types, not of the alphabet.

use value::{Map, Value};

/// Fields in the order in which the Go types of the core, apps, batch, policy, networking and rbac groups declare them, as far
/// as the generators write them.
const ORDER: &str = "kind apiVersion metadata name generateName namespace uid resourceVersion generation creationTimestamp labels annotations \
ownerReferences verbs apiGroups immutable data stringData binaryData secrets imagePullSecrets spec ingressClassName defaultBackend tls hosts secretName \
host http paths path pathType backend service number scaleTargetRef minReplicas maxReplicas metrics minAvailable replicas rules subjects roleRef \
schedule containerPort protocol port targetPort nodePort jobTemplate initContainers containers image command args workingDir ports \
selector matchLabels template strategy clusterIP type externalIPs sessionAffinity loadBalancerIP externalName maxUnavailable \
envFrom env value valueFrom resources resourceNames nonResourceURLs imagePullPolicy stdin stdinOnce tty restartPolicy dnsPolicy hard scopes \
globalDefault description preemptionPolicy disruptionsAllowed currentHealthy desiredHealthy expectedPods status";

/// The order of an APIResource.
const RESOURCE: &str = "name singularName namespaced group version kind verbs shortNames categories";
/// The order of an APIResourceList.
const RESOURCES: &str = "kind apiVersion groupVersion resources";
/// The order of a RoleRef, which is not that of a Subject.
const ROLE_REF: &str = "apiGroup kind name";
const SUBJECT: &str = "kind apiGroup name namespace";

/// Indented JSON with a final newline.
pub(crate) fn json(object: &Value) -> String {
    let mut out = String::new();
    write(object, ("", Some(0)), &mut out);
    out.push('\n');
    out
}

/// Compact JSON.
pub(crate) fn compact(object: &Value) -> String {
    let mut out = String::new();
    write(object, ("", None), &mut out);
    out
}

fn order_of(map: &Map, parent: &str) -> &'static str {
    match parent {
        "roleRef" => ROLE_REF,
        "subjects" => SUBJECT,
        _ if map.contains("singularName") => RESOURCE,
        _ if map.contains("groupVersion") => RESOURCES,
        _ => ORDER,
    }
}

/// `parent` is the field that holds the value; without a depth everything stands on one line.
fn write(value: &Value, (parent, depth): (&str, Option<usize>), out: &mut String) {
    let inner = depth.map(|depth| depth + 1);
    match value {
        Value::Map(map) if !map.is_empty() => {
            let order = order_of(map, parent);
            let mut fields: Vec<_> = map.iter().collect();
            fields.sort_by_key(|(key, _)| order.split_whitespace().position(|word| word == key.as_str()).unwrap_or(usize::MAX));
            out.push('{');
            for (at, (key, field)) in fields.into_iter().enumerate() {
                line(if at > 0 { "," } else { "" }, inner, out);
                out.push_str(&Value::str(key).to_json_go());
                out.push_str(if depth.is_some() { ": " } else { ":" });
                write(field, (key, inner), out);
            }
            line("", depth, out);
            out.push('}');
        }
        Value::List(list) if !list.is_empty() => {
            out.push('[');
            for (at, item) in list.iter().enumerate() {
                line(if at > 0 { "," } else { "" }, inner, out);
                write(item, (parent, inner), out);
            }
            line("", depth, out);
            out.push(']');
        }
        other => out.push_str(&other.to_json_go()),
    }
}

fn line(comma: &str, depth: Option<usize>, out: &mut String) {
    out.push_str(comma);
    let Some(depth) = depth else { return };
    out.push('\n');
    (0..depth).for_each(|_| out.push_str("    "));
}
