//! Role-based access control as objects: the default roles of a cluster that enforces it, and the rule that nobody gives away
//! rights that they do not have. Models plugin/pkg/auth/authorizer/rbac/bootstrappolicy and pkg/registry/rbac.

mod escalation;
mod rules;

pub use escalation::{bind, grant};

use value::{List, Value, obj};

/// The default roles of Kubernetes 1.36 and their bindings, for [`crate::Config::roles`].
pub const DEFAULT_ROLES: &str = include_str!("policy.txt");

const READ: &str = "get,list,watch";
const WRITE: &str = "create,delete,deletecollection,patch,update";
const BOTH: &str = "create,delete,deletecollection,get,list,patch,update,watch";
const EVENTS: &str = "create,patch,update -,events.k8s.io events";
const GROUP: &str = "rbac.authorization.k8s.io";
const ROLES: &str = "clusterroles.rbac.authorization.k8s.io";
const BINDINGS: &str = "clusterrolebindings.rbac.authorization.k8s.io";

/// The objects of a table of roles: each with its resource.
pub fn objects(table: &str) -> Vec<(&'static str, Value)> {
    let mut objects: Vec<(&'static str, Value)> = Vec::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        if let Some(rule) = line.strip_prefix(' ') {
            if let Some((_, role)) = objects.iter_mut().rev().find(|(_, object)| object["kind"].s() == "ClusterRole") {
                role.at_mut(&["rules"]).as_list_mut().push(policy_rule(rule));
            }
            continue;
        }
        if let Some(controller) = line.strip_prefix(':') {
            let (name, account) = (format!("system:controller:{controller}"), format!("@account=kube-system:{controller}"));
            objects.push((BINDINGS, binding(&name, &[&account])));
            objects.push((ROLES, role(&name, &[])));
            continue;
        }
        let mut words = line.split(' ');
        let name = words.next().unwrap_or_default();
        let (marks, holders): (Vec<&str>, Vec<&str>) = words.partition(|word| !word.starts_with('@'));
        if !holders.is_empty() {
            objects.push((BINDINGS, binding(name, &holders)));
        }
        objects.push((ROLES, role(name, &marks)));
    }
    objects
}

fn metadata(name: &str) -> Value {
    let mut metadata = obj! { "name" => name, "labels" => obj! { "kubernetes.io/bootstrapping" => "rbac-defaults" } };
    metadata.set(&["annotations", "rbac.authorization.kubernetes.io/autoupdate"], "true");
    metadata
}

fn role(name: &str, marks: &[&str]) -> Value {
    let mut metadata = metadata(name);
    let mut selectors: Vec<Value> = Vec::new();
    for mark in marks {
        let (kind, target) = mark.split_at(1);
        let label = format!("rbac.authorization.k8s.io/aggregate-to-{target}");
        if kind == "+" {
            metadata.set(&["labels", &label], "true");
        } else {
            let mut selector = Value::map();
            selector.set(&["matchLabels", &label], "true");
            selectors.push(selector);
        }
    }
    let mut role = obj! {
        "apiVersion" => "rbac.authorization.k8s.io/v1", "kind" => "ClusterRole", "metadata" => metadata, "rules" => Value::Null,
    };
    if !selectors.is_empty() {
        role.set(&["aggregationRule", "clusterRoleSelectors"], selectors);
    }
    role
}

fn binding(role: &str, holders: &[&str]) -> Value {
    let subject = |holder: &&str| {
        let holder = holder.trim_start_matches('@');
        if let Some(user) = holder.strip_prefix("user=") {
            return obj! { "apiGroup" => GROUP, "kind" => "User", "name" => user };
        }
        match holder.strip_prefix("account=").and_then(|account| account.split_once(':')) {
            Some((namespace, name)) => obj! { "kind" => "ServiceAccount", "namespace" => namespace, "name" => name },
            None => obj! { "apiGroup" => GROUP, "kind" => "Group", "name" => holder },
        }
    };
    obj! {
        "apiVersion" => "rbac.authorization.k8s.io/v1", "kind" => "ClusterRoleBinding", "metadata" => metadata(role),
        "roleRef" => obj! { "apiGroup" => GROUP, "kind" => "ClusterRole", "name" => role },
        "subjects" => holders.iter().map(subject).collect::<Vec<Value>>(),
    }
}

fn policy_rule(line: &str) -> Value {
    let list = |words: &str| -> List { words.split(',').map(|w| Value::str(if w == "-" { "" } else { w })).collect() };
    let mut words = if line == "E" { EVENTS } else { line }.split(' ');
    let mut next = || words.next().unwrap_or_default();
    let verbs = match next() {
        "R" => READ,
        "W" => WRITE,
        "RW" => BOTH,
        verbs => verbs,
    };
    let (groups, what, names) = (next(), next(), next());
    if groups == "url" {
        return obj! { "nonResourceURLs" => Value::List(list(what)), "verbs" => Value::List(list(verbs)) };
    }
    let mut rule = obj! { "apiGroups" => Value::List(list(groups)), "resources" => Value::List(list(what)), "verbs" => Value::List(list(verbs)) };
    if !names.is_empty() {
        rule.set(&["resourceNames"], Value::List(list(names)));
    }
    rule
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_roles_are_objects() {
        let objects = objects(DEFAULT_ROLES);
        let find = |resource: &str, name: &str| {
            let plural = format!("{resource}.{GROUP}");
            objects.iter().find(|(r, o)| *r == plural && o["metadata"]["name"].s() == name).map(|(_, o)| o).expect("is there")
        };
        let rules = find("clusterroles", "system:aggregate-to-admin")["rules"].to_json();
        assert_eq!(
            rules,
            r#"[{"apiGroups":["authorization.k8s.io"],"resources":["localsubjectaccessreviews"],"verbs":["create"]},{"apiGroups":["rbac.authorization.k8s.io"],"resources":["rolebindings","roles"],"verbs":["create","delete","deletecollection","get","list","patch","update","watch"]}]"#
        );
        let edit = find("clusterroles", "edit");
        assert!(
            edit["rules"].is_null() && edit["metadata"]["labels"]["rbac.authorization.k8s.io/aggregate-to-admin"].s() == "true"
        );
        let selector = &edit["aggregationRule"]["clusterRoleSelectors"][0]["matchLabels"];
        assert_eq!(selector["rbac.authorization.k8s.io/aggregate-to-edit"].s(), "true");
        assert_eq!(find("clusterroles", "system:discovery")["rules"][0]["nonResourceURLs"].items().len(), 11);
        assert_eq!(find("clusterrolebindings", "system:kube-dns")["subjects"][0]["namespace"].s(), "kube-system");
        let accounts = find("clusterrolebindings", "system:controller:job-controller");
        assert_eq!(accounts["subjects"][0]["name"].s(), "job-controller");
        assert_eq!(
            find("clusterroles", "system:controller:ttl-controller")["rules"][1]["apiGroups"],
            value::list!["", "events.k8s.io"]
        );
        for (_, object) in &objects {
            let rules = object["rules"].items().iter();
            assert!(rules.clone().all(|r| !r["verbs"].is_empty()), "{}", object.to_json());
            let gathers = !object["aggregationRule"].is_null();
            assert!(object["kind"].s() != "ClusterRole" || gathers != (rules.len() > 0), "{}", object["metadata"]["name"].s());
        }
    }
}
