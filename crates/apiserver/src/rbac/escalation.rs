//! Nobody gives away rights that they do not have: checks of roles and bindings before they are written.
//! Models pkg/registry/rbac/{role,clusterrole,rolebinding,clusterrolebinding}/policybased.

use super::rules::{Rule, missing, quoted};
use crate::authorize::{Attempt, allowed, role_rules, rules_of};
use crate::call::{Call, Ctx};
use api::{Status, Verb};
use base::{Text, text};
use model::resource;
use value::Value;

/// Checks a role that is about to be written. `old` is the one that is there.
pub fn grant(call: Call, old: Option<&Value>, role: &Value, ctx: Ctx) -> Result<(), Status> {
    if is_free(call, ctx) || old.is_some_and(|old| same_rights(old, role)) || may(call, "escalate", call.name()) {
        return Ok(());
    }
    let wanted: Vec<Rule> = role["rules"].items().iter().map(Rule::of).collect();
    let forbidden = |why: &str| Status::forbidden(call.resource(), role["metadata"]["name"].s(), why);
    confirm(call, &wanted).map_err(|why| forbidden(&why))?;
    if !role["aggregationRule"].is_null() {
        let everything = || vec![text!("*")];
        let resources = Rule { verbs: everything(), groups: everything(), resources: everything(), ..Rule::default() };
        let paths = Rule { verbs: everything(), urls: everything(), ..Rule::default() };
        let full = confirm(call, &[resources, paths]);
        full.map_err(|_| forbidden("must have cluster-admin privileges to use an aggregationRule"))?;
    }
    Ok(())
}

/// Checks a binding that is about to be written.
pub fn bind(call: Call, old: Option<&Value>, binding: &Value, ctx: Ctx) -> Result<(), Status> {
    let reference = &binding["roleRef"];
    if is_free(call, ctx) || old.is_some_and(|old| same_rights(old, binding)) {
        return Ok(());
    }
    let plural = if reference["kind"].s() == "ClusterRole" { "clusterroles" } else { "roles" };
    let attempt = Attempt {
        verb: "bind",
        group: &call.kind.group,
        resource: plural,
        subresource: "",
        namespace: &call.request.namespace,
        name: reference["name"].s(),
        path: "",
    };
    if allowed(call.snap, &call.request.user, &attempt) {
        return Ok(());
    }
    let Some(rules) = role_rules(call.snap, reference, &call.request.namespace) else {
        return Err(Status::not_found(call.resource(), reference["name"].s()));
    };
    let wanted: Vec<Rule> = rules.iter().map(Rule::of).collect();
    confirm(call, &wanted).map_err(|why| Status::forbidden(call.resource(), binding["metadata"]["name"].s(), &why))
}

/// Where nothing is enforced, and for the control plane itself, there is nothing to check.
fn is_free(call: Call, ctx: Ctx) -> bool {
    ctx.config.roles.is_empty() || call.request.user.groups.iter().any(|group| group == "system:masters")
}

/// A change of what only garbage collection looks at gives nobody a right.
fn same_rights(old: &Value, new: &Value) -> bool {
    let plain = |object: &Value| {
        let mut object = object.clone();
        for field in ["ownerReferences", "finalizers", "managedFields"] {
            object.remove(&["metadata", field]);
        }
        object
    };
    plain(old) == plain(new)
}

fn may(call: Call, verb: &str, name: &Text) -> bool {
    let (plural, group) = resource::split(call.resource());
    let name = if call.request.verb == Verb::Create { "" } else { name.as_str() };
    let attempt = Attempt { verb, group, resource: plural, subresource: "", namespace: &call.request.namespace, name, path: "" };
    allowed(call.snap, &call.request.user, &attempt)
}

fn confirm(call: Call, wanted: &[Rule]) -> Result<(), String> {
    let user = &call.request.user;
    let have: Vec<Rule> = rules_of(call.snap, user, &call.request.namespace).map(Rule::of).collect();
    let mut lines: Vec<String> = missing(&have, wanted).iter().map(Rule::shown).collect();
    if lines.is_empty() {
        return Ok(());
    }
    lines.sort();
    lines.dedup();
    Err(format!(
        "user {} (groups={}) is attempting to grant RBAC permissions not currently held:\n{}",
        crate::field::quote(&user.name),
        quoted(&user.groups),
        lines.join("\n")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Context, DEFAULT_ROLES, Plan, admit, authorize, birth};
    use api::{Cause, Origin, Reply, Request, User};
    use base::{Rng, Time};
    use model::Key;
    use store::Store;
    use value::{list, obj};

    struct Cluster {
        store: Store,
        config: Config,
        rng: Rng,
    }

    impl Cluster {
        fn new(roles: &'static str) -> Cluster {
            let config = Config { roles, ..Config::default() };
            let (mut store, mut rng) = (Store::default(), Rng::new(1));
            for write in birth(&config, Time::EPOCH, &mut rng) {
                store.commit(write, Cause::new("test", Origin::Start), Time::EPOCH).expect("new");
            }
            Cluster { store, config, rng }
        }
        /// The message of the refusal; empty if there is none.
        fn create(&mut self, user: &User, plural: &str, object: Value) -> String {
            let key = Key::new(&format!("{plural}.rbac.authorization.k8s.io").into(), "default", "");
            let request = Request { body: object, ..Request::of(user, Verb::Create, &key) };
            if let Err(status) = authorize(self.store.now(), &request, "create") {
                return status.message.to_string();
            }
            let mut ctx = Context { now: Time::EPOCH, rng: &mut self.rng, config: &self.config };
            match admit(&self.store.snapshot(), &request, &mut ctx) {
                Plan::Reply(Reply { body, .. }) => body["message"].s().to_string(),
                Plan::Write(plan) => {
                    for write in plan.writes {
                        self.store.commit(write, Cause::new("test", Origin::Start), Time::EPOCH).expect("it was planned");
                    }
                    String::new()
                }
                other => panic!("{other:?}"),
            }
        }
    }

    fn alice() -> User {
        User { name: text!("alice"), groups: vec![text!("dev"), text!("system:authenticated")] }
    }

    fn role(name: &str, verbs: Value) -> Value {
        let pods = obj! { "apiGroups" => list![""], "resources" => list!["pods"], "verbs" => verbs };
        let roles = obj! {
            "apiGroups" => list!["rbac.authorization.k8s.io"], "resources" => list!["roles", "rolebindings"], "verbs" => list!["create"],
        };
        let rules = if name == "maker" { list![pods, roles] } else { list![pods] };
        obj! { "metadata" => obj! { "name" => name }, "rules" => rules }
    }

    fn binding(name: &str, (kind, role): (&str, &str)) -> Value {
        let user = obj! { "kind" => "User", "name" => "alice" };
        obj! { "metadata" => obj! { "name" => name }, "roleRef" => obj! { "kind" => kind, "name" => role }, "subjects" => list![user] }
    }

    #[test]
    fn nobody_gives_away_what_they_do_not_have() {
        let mut cluster = Cluster::new(DEFAULT_ROLES);
        let admin = User::master("admin");
        assert_eq!(cluster.create(&admin, "roles", role("maker", list!["get"])), "");
        assert_eq!(cluster.create(&admin, "rolebindings", binding("maker", ("Role", "maker"))), "");
        let words = "is attempting to grant RBAC permissions not currently held:\n";
        let who = format!("user \"alice\" (groups=[\"dev\" \"system:authenticated\"]) {words}");
        let more = cluster.create(&alice(), "roles", role("more", list!["get", "delete"]));
        let wanted = format!(
            "roles.rbac.authorization.k8s.io \"more\" is forbidden: {who}{{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"delete\"]}}"
        );
        assert_eq!(more, wanted);
        assert_eq!(cluster.create(&alice(), "roles", role("same", list!["get"])), "");
        assert_eq!(cluster.create(&alice(), "rolebindings", binding("same", ("Role", "same"))), "");
        let monitor = cluster.create(&alice(), "rolebindings", binding("more", ("ClusterRole", "system:kube-dns")));
        assert!(monitor.ends_with("{APIGroups:[\"\"], Resources:[\"endpoints\"], Verbs:[\"list\" \"watch\"]}\n{APIGroups:[\"\"], Resources:[\"services\"], Verbs:[\"list\" \"watch\"]}"), "{monitor}");
        let none = cluster.create(&alice(), "rolebindings", binding("none", ("Role", "not-there")));
        assert_eq!(none, "rolebindings.rbac.authorization.k8s.io \"not-there\" not found");
    }

    #[test]
    fn clusters_that_enforce_nothing_check_nothing_and_have_no_roles() {
        let mut cluster = Cluster::new("");
        assert!(!crate::authorize::has_roles(cluster.store.now()));
        let key = Key::new(&text!("roles.rbac.authorization.k8s.io"), "default", "");
        let request = Request { body: role("wild", list!["*"]), ..Request::of(&alice(), Verb::Create, &key) };
        let mut ctx = Context { now: Time::EPOCH, rng: &mut cluster.rng, config: &cluster.config };
        assert!(matches!(admit(cluster.store.now(), &request, &mut ctx), Plan::Write(_)));
    }
}
