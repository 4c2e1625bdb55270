//! Patches as a real API server and a real kubectl carry them out and make them.

use super::*;

fn json(text: &str) -> Value {
    Value::from_json(text).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"))
}

fn of<'a>(kind: &str) -> Strategic<'a> {
    let schema = Schema::builtin();
    let row = schema.resources().find(|r| r.kind == kind).expect("a kind");
    schema.strategic(row.type_id)
}

fn applied(kind: &str, [original, patch, want]: [&str; 3]) {
    let got = of(kind).apply(&json(original), &json(patch)).map(|v| v.to_json());
    assert_eq!(got.unwrap_or_else(|e| format!("{} {}", e.code, e.message)), want, "{patch}");
}

fn two_way(kind: &str, [original, modified, want]: [&str; 3]) {
    let (from, to) = (json(original), json(modified));
    let patch = of(kind).two_way(&from, &to).expect("a patch");
    assert_eq!(patch.to_json(), want);
    assert_eq!(of(kind).apply(&from, &patch).expect("applies"), to, "{patch:?} leads there");
}

fn three_way(kind: &str, [last, modified, current, want]: [&str; 4]) {
    let got = of(kind).three_way(&json(last), &json(modified), &json(current)).map(|v| v.to_json());
    assert_eq!(got.unwrap_or_else(|e| e.message), want);
}

#[test]
fn maps_and_nulls() {
    applied(
        "ConfigMap",
        [
            r#"{"data":{"a":"1","b":"2"}}"#,
            r#"{"data":{"b":null,"c":"3","x":null},"metadata":{"labels":{"a":null}}}"#,
            r#"{"data":{"a":"1","c":"3"},"metadata":{"labels":{}}}"#,
        ],
    );
    applied("ConfigMap", [r#"{"data":{"a":"1"}}"#, r#"{"data":{"$patch":"delete"}}"#, r#"{"data":{}}"#]);
    applied("ConfigMap", [r#"{"data":{"a":"1"}}"#, r#"{"data":{"$patch":"replace","b":"2"}}"#, r#"{"data":{"b":"2"}}"#]);
    applied("ConfigMap", [r#"{"data":{"a":"1"}}"#, r#"{"data":null}"#, "{}"]);
    let bad = "500 unknown patch type: merge in map: map[$patch:merge]";
    applied("ConfigMap", [r#"{"data":{}}"#, r#"{"data":{"$patch":"merge"}}"#, bad]);
}

const PODS: &str = r#"{"spec":{"containers":[{"env":[{"name":"A","value":"1"},{"name":"B","value":"2"}],"image":"nginx:1","name":"a"},{"image":"redis:7","name":"b"}]}}"#;

#[test]
fn lists_of_maps_merge_by_key() {
    applied(
        "Pod",
        [
            PODS,
            r#"{"spec":{"containers":[{"name":"c","image":"x"},{"name":"b","image":"redis:8"}]}}"#,
            r#"{"spec":{"containers":[{"image":"x","name":"c"},{"env":[{"name":"A","value":"1"},{"name":"B","value":"2"}],"image":"nginx:1","name":"a"},{"image":"redis:8","name":"b"}]}}"#,
        ],
    );
    applied(
        "Pod",
        [
            PODS,
            r#"{"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}],"containers":[{"name":"a","$setElementOrder/env":[{"name":"B"},{"name":"C"}],"env":[{"name":"C"},{"$patch":"delete","name":"A"}]}]}}"#,
            r#"{"spec":{"containers":[{"image":"redis:7","name":"b"},{"env":[{"name":"B","value":"2"},{"name":"C"}],"image":"nginx:1","name":"a"}]}}"#,
        ],
    );
    applied(
        "Pod",
        [PODS, r#"{"spec":{"containers":[{"$patch":"replace"},{"name":"z"}]}}"#, r#"{"spec":{"containers":[{"name":"z"}]}}"#],
    );
    applied(
        "Pod",
        [PODS, r#"{"spec":{"containers":[{"image":"x"}]}}"#, "500 map: map[image:x] does not contain declared merge key: name"],
    );
    applied(
        "Pod",
        [
            PODS,
            r#"{"spec":{"containers":[{"$patch":"explode","name":"a"}]}}"#,
            "500 unknown patch type: explode in map: map[$patch:explode name:a]",
        ],
    );
    applied("Pod", [PODS, r#"{"spec":{"containers":[["a"]]}}"#, "422 lists of lists are not supported"]);
    applied(
        "Pod",
        [
            PODS,
            r#"{"spec":{"$setElementOrder/containers":[{"name":"a"}],"containers":[{"name":"b"}]}}"#,
            "500 The order in patch list:\n[map[name:b]]\n doesn't match $setElementOrder list:\n[map[name:a]]\n",
        ],
    );
}

#[test]
fn lists_of_scalars() {
    let finalizers = r#"{"metadata":{"finalizers":["a","b"]}}"#;
    applied("ConfigMap", [finalizers, r#"{"metadata":{"finalizers":["c"]}}"#, r#"{"metadata":{"finalizers":["c","a","b"]}}"#]);
    applied(
        "ConfigMap",
        [finalizers, r#"{"metadata":{"$deleteFromPrimitiveList/finalizers":["a"]}}"#, r#"{"metadata":{"finalizers":["b"]}}"#],
    );
    applied(
        "ConfigMap",
        [finalizers, r#"{"metadata":{"$deleteFromPrimitiveList/a/b":["a"]}}"#, "400 invalid patch format of primitive list"],
    );
    let args = r#"{"spec":{"containers":[{"args":["x"],"name":"a"}]}}"#;
    applied(
        "Pod",
        [
            args,
            r#"{"spec":{"containers":[{"args":["y","z"],"name":"a"}]}}"#,
            r#"{"spec":{"containers":[{"args":["y","z"],"name":"a"}]}}"#,
        ],
    );
}

#[test]
fn unions_retain_keys() {
    let volumes = r#"{"spec":{"volumes":[{"emptyDir":{},"name":"v"},{"configMap":{"name":"c"},"name":"cm"}]}}"#;
    applied(
        "Pod",
        [
            volumes,
            r#"{"spec":{"volumes":[{"$retainKeys":["name","hostPath"],"name":"v","hostPath":{"path":"/x"}}]}}"#,
            r#"{"spec":{"volumes":[{"hostPath":{"path":"/x"},"name":"v"},{"configMap":{"name":"c"},"name":"cm"}]}}"#,
        ],
    );
    applied(
        "Pod",
        [
            volumes,
            r#"{"spec":{"volumes":[{"$retainKeys":["name"],"name":"v","hostPath":{"path":"/x"}}]}}"#,
            "400 invalid patch format of retainKeys",
        ],
    );
}

#[test]
fn two_states_make_a_patch() {
    two_way("ConfigMap", [r#"{"data":{"a":"1","b":"2"}}"#, r#"{"data":{"a":"5"}}"#, r#"{"data":{"a":"5","b":null}}"#]);
    two_way("ConfigMap", [r#"{"data":{"a":"1"}}"#, r#"{"data":{"a":"1"}}"#, "{}"]);
    two_way(
        "Pod",
        [
            PODS,
            r#"{"spec":{"containers":[{"image":"redis:7","name":"b"},{"env":[{"name":"B","value":"3"}],"image":"nginx:1","name":"a"}]}}"#,
            r#"{"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}],"containers":[{"$setElementOrder/env":[{"name":"B"}],"env":[{"name":"B","value":"3"},{"$patch":"delete","name":"A"}],"name":"a"}]}}"#,
        ],
    );
    two_way(
        "ConfigMap",
        [
            r#"{"metadata":{"finalizers":["a","b"]}}"#,
            r#"{"metadata":{"finalizers":["b","c"]}}"#,
            r#"{"metadata":{"$deleteFromPrimitiveList/finalizers":["a"],"$setElementOrder/finalizers":["b","c"],"finalizers":["c"]}}"#,
        ],
    );
    two_way(
        "Deployment",
        [
            r#"{"spec":{"strategy":{"rollingUpdate":{"maxSurge":1},"type":"RollingUpdate"}}}"#,
            r#"{"spec":{"strategy":{"type":"Recreate"}}}"#,
            r#"{"spec":{"strategy":{"$retainKeys":["type"],"rollingUpdate":null,"type":"Recreate"}}}"#,
        ],
    );
}

#[test]
fn three_states_keep_what_others_wrote() {
    // Somebody scaled; the manifest never said replicas.
    three_way(
        "Deployment",
        [
            r#"{"spec":{"template":{"spec":{"containers":[{"image":"nginx:1","name":"a"}]}}}}"#,
            r#"{"spec":{"template":{"spec":{"containers":[{"image":"nginx:2","name":"a"}]}}}}"#,
            r#"{"spec":{"replicas":5,"template":{"spec":{"containers":[{"image":"nginx:1","imagePullPolicy":"Always","name":"a"},{"image":"proxy","name":"sidecar"}]}}}}"#,
            r#"{"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"a"}],"containers":[{"image":"nginx:2","name":"a"}]}}}}"#,
        ],
    );
    // What the last manifest had and this one has not goes; a container too.
    three_way(
        "Pod",
        [
            r#"{"metadata":{"labels":{"a":"1","b":"2"}},"spec":{"containers":[{"name":"a"},{"name":"b"}]}}"#,
            r#"{"metadata":{"labels":{"a":"1"}},"spec":{"containers":[{"name":"a"}]}}"#,
            r#"{"metadata":{"labels":{"a":"1","b":"2","live":"x"}},"spec":{"containers":[{"name":"a"},{"name":"b"}]}}"#,
            r#"{"metadata":{"labels":{"b":null}},"spec":{"$setElementOrder/containers":[{"name":"a"}],"containers":[{"$patch":"delete","name":"b"}]}}"#,
        ],
    );
    let same = r#"{"spec":{"ports":[{"port":80},{"port":443}]}}"#;
    three_way(
        "Service",
        [same, same, r#"{"spec":{"ports":[{"port":80,"protocol":"TCP"},{"port":443,"protocol":"TCP"}]}}"#, "{}"],
    );
    // Both a deletion and a change in one list.
    three_way(
        "Service",
        [
            r#"{"spec":{"ports":[{"port":80},{"port":443}]}}"#,
            r#"{"spec":{"ports":[{"name":"web","port":80}]}}"#,
            r#"{"spec":{"ports":[{"port":80},{"port":443}]}}"#,
            r#"{"spec":{"$setElementOrder/ports":[{"port":80}],"ports":[{"name":"web","port":80},{"$patch":"delete","port":443}]}}"#,
        ],
    );
}

#[test]
fn a_kind_without_a_type_replaces_lists() {
    let plain = Schema::builtin().strategic(None);
    let got = plain.apply(&json(r#"{"a":{"b":[1],"c":1}}"#), &json(r#"{"a":{"b":[2]}}"#)).unwrap();
    assert_eq!(got.to_json(), r#"{"a":{"b":[2],"c":1}}"#);
    assert_eq!(plain.apply(&json("{}"), &json("[]")).unwrap_err().code, 500);
}
