//! Kubernetes' protobuf: objects in it to values and back, by the schema's types and a generated table of field numbers.
//! Models k8s.io/apimachinery/pkg/runtime/serializer/protobuf.
//!
//! An object travels in an envelope: four magic bytes, then a `runtime.Unknown` with its apiVersion, kind and bytes.

mod decode;
mod encode;
mod table;
mod wire;

pub use decode::decode;
pub use encode::{encode, encode_openapi, watch_frame};

/// What every object begins with.
const MAGIC: &[u8; 4] = b"k8s\0";

#[cfg(test)]
mod tests {
    use super::*;
    use value::{Value, list, obj};

    fn check(object: &Value) {
        let bytes = encode(object).expect("a kind of the table");
        let back = decode(&bytes).expect("what was encoded");
        assert_eq!(back.to_json_pretty(), object.to_json_pretty());
    }

    #[test]
    fn objects_come_back() {
        check(&obj! {
            "apiVersion" => "v1", "kind" => "Pod",
            "metadata" => obj! {
                "name" => "a", "labels" => obj! { "app" => "web" }, "creationTimestamp" => "2026-01-02T03:04:05Z", "generation" => 3,
            },
            "spec" => obj! {
                "containers" => list![obj! {
                    "name" => "c", "image" => "nginx", "args" => list!["-a", ""],
                    "ports" => list![obj! { "containerPort" => 80 }],
                    "resources" => obj! { "limits" => obj! { "cpu" => "100m" } },
                    "livenessProbe" => obj! { "httpGet" => obj! { "port" => "web", "path" => "/" }, "periodSeconds" => 5 },
                    "env" => list![obj! { "name" => "E", "valueFrom" => obj! { "configMapKeyRef" => obj! { "name" => "m", "key" => "k" } } }],
                }],
                "volumes" => list![obj! { "name" => "v", "emptyDir" => Value::map() }, obj! { "name" => "h", "hostPath" => obj! { "path" => "/x" } }],
                "terminationGracePeriodSeconds" => 0,
            },
        });
        check(
            &obj! { "apiVersion" => "v1", "kind" => "Secret", "metadata" => obj! { "name" => "s" }, "data" => obj! { "k" => "AAEC" } },
        );
        check(&obj! {
            "apiVersion" => "apps/v1", "kind" => "Deployment", "metadata" => obj! { "name" => "d" },
            "spec" => obj! { "strategy" => obj! { "rollingUpdate" => obj! { "maxSurge" => "25%", "maxUnavailable" => 1 } } },
        });
        check(&obj! {
            "apiVersion" => "coordination.k8s.io/v1", "kind" => "Lease", "metadata" => obj! { "name" => "l" },
            "spec" => obj! { "renewTime" => "2026-01-02T03:04:05.000006Z", "leaseDurationSeconds" => -1 },
        });
        check(
            &obj! { "apiVersion" => "v1", "kind" => "Status", "status" => "Failure", "code" => 404, "details" => obj! { "name" => "x" } },
        );
    }

    #[test]
    fn broken_bytes_are_refused() {
        let whole = encode(&obj! { "apiVersion" => "v1", "kind" => "Pod", "metadata" => obj! { "name" => "a" } }).expect("a pod");
        assert!(decode(b"{}").is_err());
        for end in 0..whole.len() {
            // Whatever is cut off, the answer is a value or an error.
            let _ = decode(&whole[..end]);
        }
        assert!(decode(&whole[..whole.len() - 1]).is_err());
    }
}
