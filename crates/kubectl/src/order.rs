//! JSON of objects that kubectl makes itself: fields in the order of the Go types, not of the alphabet.

use value::Value;

/// Fields in the order in which the Go types of the core, apps and batch groups declare them, as far as the generators write them.
const ORDER: &str = "kind apiVersion metadata name generateName namespace uid resourceVersion generation creationTimestamp labels annotations \
ownerReferences immutable data stringData binaryData type secrets imagePullSecrets spec replicas selector matchLabels template \
strategy schedule jobTemplate volumes initContainers containers image command args workingDir ports port targetPort nodePort \
containerPort protocol envFrom env value valueFrom resources imagePullPolicy stdin stdinOnce tty restartPolicy dnsPolicy \
clusterIP externalName externalIPs loadBalancerIP sessionAffinity minAvailable maxUnavailable hard scopes \
verbs apiGroups resourceNames nonResourceURLs rules roleRef subjects preemptionPolicy description status";

/// Indented JSON with a final newline.
pub(crate) fn json(object: &Value) -> String {
    let mut out = String::new();
    write(object, 0, &mut out);
    out.push('\n');
    out
}

fn rank(key: &str) -> usize {
    ORDER.split_whitespace().position(|word| word == key).unwrap_or(usize::MAX)
}

fn write(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Map(map) if !map.is_empty() => {
            let mut fields: Vec<_> = map.iter().collect();
            fields.sort_by_key(|(key, _)| rank(key));
            out.push('{');
            for (at, (key, field)) in fields.into_iter().enumerate() {
                line(if at > 0 { "," } else { "" }, depth + 1, out);
                out.push_str(&Value::str(key).to_json_pretty());
                out.push_str(": ");
                write(field, depth + 1, out);
            }
            line("", depth, out);
            out.push('}');
        }
        Value::List(list) if !list.is_empty() => {
            out.push('[');
            for (at, item) in list.iter().enumerate() {
                line(if at > 0 { "," } else { "" }, depth + 1, out);
                write(item, depth + 1, out);
            }
            line("", depth, out);
            out.push(']');
        }
        other => out.push_str(&other.to_json_pretty()),
    }
}

fn line(comma: &str, depth: usize, out: &mut String) {
    out.push_str(comma);
    out.push('\n');
    (0..depth).for_each(|_| out.push_str("    "));
}
