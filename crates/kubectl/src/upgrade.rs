//! What client-side apply owns goes over to server-side apply.
//! Models k8s.io/client-go/util/csaupgrade, and saveLastApplyAnnotationIfNecessary of k8s.io/kubectl/pkg/cmd/apply.

use crate::dry::LAST_APPLIED;
use base::Text;
use model::Fields;
use value::{List, Value, list, obj};

/// Who owns the annotation once server-side apply is at work.
pub(crate) const KEEPER: &str = "kubectl-last-applied";

/// The configuration that gives the annotation an owner, if it has one by client-side apply only.
pub(crate) fn annotation(object: &Value) -> Option<Value> {
    let meta = &object["metadata"];
    let text = meta["annotations"].get(LAST_APPLIED)?;
    if owners(object, "Apply").next().is_some() {
        return None;
    }
    let mut metadata = obj! { "name" => &meta["name"] };
    metadata.set(&["annotations", LAST_APPLIED], text);
    if !meta["namespace"].is_empty() {
        metadata.set(&["namespace"], &meta["namespace"]);
    }
    Some(obj! { "apiVersion" => &object["apiVersion"], "kind" => &object["kind"], "metadata" => metadata })
}

/// The JSON patch that makes `applier` the owner of what client-side apply owns; None if it owns nothing.
pub(crate) fn patch(object: &Value, applier: &Text) -> Option<Value> {
    let old = &object["metadata"]["managedFields"];
    let clients: Vec<Text> = owners(object, "Update").map(|entry| entry["manager"].text()).collect();
    let new = clients.iter().fold(old.items().to_vec(), |entries, client| taken_over(entries, client, applier));
    if new == old.items() {
        return None;
    }
    Some(list![
        obj! { "op" => "replace", "path" => "/metadata/managedFields", "value" => Value::List(List::from(new)) },
        obj! { "op" => "replace", "path" => "/metadata/resourceVersion", "value" => &object["metadata"]["resourceVersion"] },
    ])
}

/// The entries that own the annotation by an operation.
fn owners<'a>(object: &'a Value, operation: &'a str) -> impl Iterator<Item = &'a Value> {
    let path = ["f:metadata", "f:annotations", "f:kubectl.kubernetes.io/last-applied-configuration"];
    object["metadata"]["managedFields"].items().iter().filter(move |entry| {
        is(entry, entry["manager"].s(), operation) && Fields::of(&entry["fieldsV1"]).is_some_and(|fields| fields.has(&path))
    })
}

fn is(entry: &Value, manager: &str, operation: &str) -> bool {
    entry["manager"].s() == manager && entry["operation"].s() == operation && entry["subresource"].is_empty()
}

fn taken_over(mut entries: Vec<Value>, client: &str, applier: &Text) -> Vec<Value> {
    let find = |entries: &[Value], manager: &str, operation| entries.iter().position(|e| is(e, manager, operation));
    let Some(from) = find(&entries, client, "Update") else { return entries };
    let fields = |entry: &Value| Fields::of(&entry["fieldsV1"]).unwrap_or_default();
    match find(&entries, applier, "Apply") {
        Some(to) if entries[to]["apiVersion"] == entries[from]["apiVersion"] => {
            let all = fields(&entries[to]).union(&fields(&entries[from]));
            entries[to].set(&["fieldsV1"], all.to_value());
        }
        Some(_) => {}
        None => {
            entries[from].set(&["operation"], "Apply");
            entries[from].set(&["manager"], applier);
        }
    }
    entries.retain(|entry| !is(entry, client, "Update"));
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(appliers: Value) -> Value {
        let owned = obj! { "f:metadata" => obj! { "f:annotations" => obj! { "." => obj! {}, "f:kubectl.kubernetes.io/last-applied-configuration" => obj! {} } } };
        let client =
            obj! { "manager" => "kubectl-client-side-apply", "operation" => "Update", "apiVersion" => "v1", "fieldsV1" => owned };
        let entries: List = appliers.items().iter().cloned().chain([client]).collect();
        let mut metadata = obj! { "name" => "a", "managedFields" => Value::List(entries) };
        metadata.set(&["annotations", LAST_APPLIED], "{}");
        obj! { "apiVersion" => "v1", "kind" => "ConfigMap", "metadata" => metadata }
    }

    #[test]
    fn the_fields_of_client_side_apply_change_hands() {
        let kubectl = obj! { "manager" => "kubectl", "operation" => "Apply", "apiVersion" => "v1", "fieldsV1" => obj! { "f:data" => obj! { "f:k" => obj! {} } } };
        for (appliers, data) in [(list![kubectl], true), (list![], false)] {
            let patch = patch(&object(appliers), &"kubectl".into()).expect("something to hand over");
            let entries = patch[0]["value"].items();
            assert_eq!(entries.len(), 1);
            assert_eq!((entries[0]["manager"].s(), entries[0]["operation"].s()), ("kubectl", "Apply"));
            assert_eq!(!entries[0]["fieldsV1"]["f:data"].is_null(), data);
            assert!(!entries[0]["fieldsV1"]["f:metadata"].is_null());
        }
    }

    #[test]
    fn the_annotation_gets_an_owner_once() {
        let given = annotation(&object(list![])).expect("no applier owns it");
        assert_eq!(given["metadata"]["annotations"][LAST_APPLIED].s(), "{}");
        let mut owner = object(list![])["metadata"]["managedFields"][0].clone();
        owner.set(&["operation"], "Apply");
        assert_eq!(annotation(&object(list![owner])), None);
        assert_eq!(annotation(&obj! { "metadata" => obj! {} }), None);
    }
}
