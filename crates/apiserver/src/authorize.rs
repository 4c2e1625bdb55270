//! Who may do what: role-based access control over the roles and bindings of a snapshot, and the few rights that everybody has.
//! Models plugin/pkg/auth/authorizer/rbac, the default roles of discovery and k8s.io/apiserver's responsewriters for the words.

use api::{Request, Status, User, Verb};
use base::Text;
use model::{Object, resource};
use std::sync::Arc;
use store::Snapshot;
use value::Value;

/// Paths that anybody may read.
pub(crate) const PUBLIC: [&str; 5] = ["/healthz", "/livez", "/readyz", "/version", "/version/"];
/// Paths that every authenticated user may read.
pub(crate) const DISCOVERY: [&str; 11] =
    ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version", "/version/"];
/// Questions that users may ask about themselves.
const ABOUT_SELF: [&str; 3] = ["selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"];

/// What somebody wants to do. `path` is empty for resources.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    pub verb: &'a str,
    pub group: &'a str,
    pub resource: &'a str,
    pub subresource: &'a str,
    pub namespace: &'a str,
    pub name: &'a str,
    pub path: &'a str,
}

impl<'a> Attempt<'a> {
    /// `verb` as rights call it: `get` for the GET of a log.
    pub fn of(request: &'a Request, verb: &'a str) -> Attempt<'a> {
        if request.verb == Verb::Path {
            let path = request.name.as_str();
            return Attempt { verb, group: "", resource: "", subresource: "", namespace: "", name: "", path };
        }
        // A namespace counts as something in itself.
        let own = request.group.is_empty() && request.resource == "namespaces";
        Attempt {
            verb,
            group: &request.group,
            resource: &request.resource,
            subresource: &request.subresource,
            namespace: if own { &request.name } else { &request.namespace },
            name: &request.name,
            path: "",
        }
    }
    /// `pods/log`
    fn full_resource(&self) -> String {
        if self.subresource.is_empty() { self.resource.to_string() } else { format!("{}/{}", self.resource, self.subresource) }
    }
}

/// Lets a request pass, or says in Kubernetes' words why not.
pub fn authorize(snap: &Snapshot, request: &Request, verb: &str) -> Result<(), Status> {
    let attempt = Attempt::of(request, verb);
    if allowed(snap, &request.user, &attempt) { Ok(()) } else { Err(forbidden(&request.user, &attempt)) }
}

fn forbidden(user: &User, attempt: &Attempt) -> Status {
    let Attempt { verb, group, namespace, name, path, .. } = *attempt;
    if !path.is_empty() {
        return Status::new(403, "Forbidden", format!("forbidden: User \"{}\" cannot {verb} path \"{path}\"", user.name));
    }
    let scope = if namespace.is_empty() { "at the cluster scope".into() } else { format!("in the namespace \"{namespace}\"") };
    let sub = attempt.full_resource();
    let why = format!("User \"{}\" cannot {verb} resource \"{sub}\" in API group \"{group}\" {scope}", user.name);
    Status::forbidden(&resource::join(group, attempt.resource), name, &why)
}

/// Whether a user has the right.
pub fn allowed(snap: &Snapshot, user: &User, attempt: &Attempt) -> bool {
    is_free(snap, user, attempt) || rules_of(snap, user, attempt.namespace).any(|rule| permits(rule, attempt))
}

/// Whether a user has the right, and the binding that gives it, where one does.
pub(crate) fn decision(snap: &Snapshot, user: &User, attempt: &Attempt) -> (bool, String) {
    if is_free(snap, user, attempt) {
        return (true, String::new());
    }
    let gives =
        |binding: &&Arc<Object>| rules(snap, binding).is_some_and(|rules| rules.iter().any(|rule| permits(rule, attempt)));
    match bindings_of(snap, user, attempt.namespace).find(gives) {
        Some(binding) => (true, reason(binding, user)),
        None => (false, String::new()),
    }
}

/// Rights that no binding gives.
fn is_free(snap: &Snapshot, user: &User, attempt: &Attempt) -> bool {
    user.groups.iter().any(|g| g == "system:masters") || !has_roles(snap) && born_with(user, attempt)
}

/// The rules that bindings give a user in a namespace (empty: in the cluster as a whole).
pub(crate) fn rules_of<'a>(snap: &'a Snapshot, user: &'a User, namespace: &'a str) -> impl Iterator<Item = &'a Value> {
    bindings_of(snap, user, namespace).filter_map(|binding| rules(snap, binding)).flatten()
}

fn bindings_of<'a>(snap: &'a Snapshot, user: &'a User, namespace: &'a str) -> impl Iterator<Item = &'a Arc<Object>> {
    let in_namespace = snap.list(&ROLE_BINDINGS, namespace).filter(move |_| !namespace.is_empty());
    snap.list(&CLUSTER_ROLE_BINDINGS, "").chain(in_namespace).filter(|binding| concerns(binding, user).is_some())
}

/// `RBAC: allowed by RoleBinding "b/ns" of Role "r" to User "alice"`
fn reason(binding: &Object, user: &User) -> String {
    let (meta, role) = (&binding.meta, &binding.value["roleRef"]);
    let (kind, place) = match meta.namespace.as_str() {
        "" => ("ClusterRoleBinding", String::new()),
        namespace => ("RoleBinding", format!("/{namespace}")),
    };
    let Some(subject) = concerns(binding, user) else { return String::new() };
    let of = match subject["kind"].s() {
        "ServiceAccount" => format!("/{}", account_namespace(subject, binding)),
        _ => String::new(),
    };
    format!(
        "RBAC: allowed by {kind} \"{}{place}\" of {} \"{}\" to {} \"{}{of}\"",
        meta.name,
        role["kind"].s(),
        role["name"].s(),
        subject["kind"].s(),
        subject["name"].s()
    )
}

static CLUSTER_ROLE_BINDINGS: Text = base::text!("clusterrolebindings.rbac.authorization.k8s.io");
static ROLE_BINDINGS: Text = base::text!("rolebindings.rbac.authorization.k8s.io");
static CLUSTER_ROLES: Text = base::text!("clusterroles.rbac.authorization.k8s.io");
static ROLES: Text = base::text!("roles.rbac.authorization.k8s.io");

/// The rights of system:public-info-viewer, system:discovery and system:basic-user, in a cluster without these roles.
fn born_with(user: &User, attempt: &Attempt) -> bool {
    let known = user.groups.iter().any(|g| g == "system:authenticated");
    let reads = attempt.verb == "get";
    if !attempt.path.is_empty() {
        return reads && PUBLIC.iter().chain(DISCOVERY.iter().filter(|_| known)).any(|rule| path_matches(rule, attempt.path));
    }
    let review = matches!(attempt.group, "authorization.k8s.io" | "authentication.k8s.io");
    known && review && attempt.verb == "create" && ABOUT_SELF.contains(&attempt.resource)
}

fn path_matches(rule: &str, path: &str) -> bool {
    match rule.strip_suffix('*') {
        Some(start) => path.starts_with(start),
        None => rule == path,
    }
}

/// The subject of a binding that is the user, a group of theirs, or their service account.
fn concerns<'a>(binding: &'a Object, user: &User) -> Option<&'a Value> {
    binding.value["subjects"].items().iter().find(|subject| {
        let name = subject["name"].s();
        match subject["kind"].s() {
            "User" => user.name == name,
            "Group" => user.groups.iter().any(|g| g == name),
            "ServiceAccount" => user.name == format!("system:serviceaccount:{}:{name}", account_namespace(subject, binding)),
            _ => false,
        }
    })
}

fn account_namespace<'a>(subject: &'a Value, binding: &'a Object) -> &'a str {
    match subject["namespace"].s() {
        "" => &binding.meta.namespace,
        namespace => namespace,
    }
}

/// The rules of the role that a binding refers to.
fn rules<'a>(snap: &'a Snapshot, binding: &Object) -> Option<&'a [Value]> {
    role_rules(snap, &binding.value["roleRef"], &binding.meta.namespace)
}

/// The rules of a role by a reference from a namespace.
pub(crate) fn role_rules<'a>(snap: &'a Snapshot, reference: &Value, namespace: &str) -> Option<&'a [Value]> {
    let role = match reference["kind"].s() {
        "ClusterRole" => snap.find(&CLUSTER_ROLES, "", reference["name"].s()),
        _ => snap.find(&ROLES, namespace, reference["name"].s()),
    };
    Some(role?.value["rules"].items())
}

/// Whether a cluster has the default roles as objects: then nobody has rights but by them.
pub(crate) fn has_roles(snap: &Snapshot) -> bool {
    snap.find(&CLUSTER_ROLES, "", "cluster-admin").is_some()
}

fn permits(rule: &Value, attempt: &Attempt) -> bool {
    let has = |field: &str, wanted: &str| rule[field].items().iter().any(|v| v.s() == wanted || v.s() == "*");
    if !has("verbs", attempt.verb) {
        return false;
    }
    if !attempt.path.is_empty() {
        return rule["nonResourceURLs"].items().iter().any(|url| path_matches(url.s(), attempt.path));
    }
    let full = attempt.full_resource();
    let every = format!("*/{}", attempt.subresource);
    let resource = rule["resources"]
        .items()
        .iter()
        .any(|v| v.s() == "*" || v.s() == full || !attempt.subresource.is_empty() && v.s() == every);
    let names = rule["resourceNames"].items();
    has("apiGroups", attempt.group) && resource && (names.is_empty() || names.iter().any(|n| n.s() == attempt.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::text;
    use value::{list, obj};

    fn check(rule: &Value, attempt: (&str, &str, &str, &str), wanted: bool) {
        let (verb, resource, subresource, name) = attempt;
        let attempt = Attempt { verb, group: "", resource, subresource, namespace: "a", name, path: "" };
        assert_eq!(permits(rule, &attempt), wanted, "{attempt:?} by {}", rule.to_json());
    }

    impl std::fmt::Debug for Attempt<'_> {
        fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(out, "{} {} {}", self.verb, self.full_resource(), self.name)
        }
    }

    #[test]
    fn rules_permit() {
        let rule = obj! { "apiGroups" => list![""], "resources" => list!["pods", "*/log"], "verbs" => list!["get"] };
        check(&rule, ("get", "pods", "", "x"), true);
        check(&rule, ("list", "pods", "", ""), false);
        check(&rule, ("get", "pods", "exec", "x"), false);
        check(&rule, ("get", "pods", "log", "x"), true);
        let named =
            obj! { "apiGroups" => list!["*"], "resources" => list!["*"], "verbs" => list!["*"], "resourceNames" => list!["x"] };
        check(&named, ("delete", "secrets", "", "x"), true);
        check(&named, ("delete", "secrets", "", "y"), false);
    }

    #[test]
    fn everybody_may_look_at_little() {
        let anonymous = User { name: text!("system:anonymous"), groups: vec![text!("system:unauthenticated")] };
        let alice = User { name: text!("alice"), groups: vec![text!("system:authenticated")] };
        let snap = Snapshot::default();
        let refused = |user: &User, path: &str| {
            let request = Request::path(user, path);
            authorize(&snap, &request, "get").err().map(|s| s.message.to_string()).unwrap_or_default()
        };
        assert_eq!(refused(&anonymous, "/readyz"), "");
        assert_eq!(refused(&anonymous, "/api"), "forbidden: User \"system:anonymous\" cannot get path \"/api\"");
        assert_eq!(refused(&alice, "/apis/apps"), "");
        assert_eq!(refused(&alice, "/metrics"), "forbidden: User \"alice\" cannot get path \"/metrics\"");
    }
}
