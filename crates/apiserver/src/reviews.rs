//! Reviews: questions about rights that are answered and not stored.
//! Models pkg/registry/authorization and pkg/registry/authentication of Kubernetes.

use crate::authorize::{Attempt, DISCOVERY, PUBLIC, decision, has_roles, rules_of};
use crate::call::{Call, Ctx};
use crate::decode::{Decoded, decode};
use crate::field::{Bad, Errors, Path};
use crate::plan::Plan;
use api::{Reply, Status, User, Verb};
use base::Text;
use value::{List, Value, list, obj};

/// Answers the create of a review.
pub fn answer(call: Call, ctx: Ctx) -> Result<Plan, Status> {
    if call.request.verb != Verb::Create {
        return Err(crate::call::not_allowed());
    }
    let Decoded { object: mut review, warnings } = decode(&call, &call.request.body)?;
    review.at_mut(&["metadata"]).as_map_mut();
    let user = &call.request.user;
    match call.kind.plural.as_ref() {
        "selfsubjectaccessreviews" => {
            check(&review, Asked::Self_)?;
            access(call, user, &mut review);
        }
        "subjectaccessreviews" | "localsubjectaccessreviews" => {
            let other = check(&review, Asked::About(call.request.namespace.as_str()))?;
            if !call.request.namespace.is_empty() {
                review.set(&["metadata", "namespace"], &call.request.namespace);
            }
            access(call, &other, &mut review);
        }
        "selfsubjectrulesreviews" => rules(call, user, &mut review)?,
        "selfsubjectreviews" => {
            review.set(&["metadata", "creationTimestamp"], ctx.now);
            let groups: List = user.groups.iter().map(|g| Value::str(g)).collect();
            review.set(&["status"], obj! { "userInfo" => obj! { "username" => &user.name, "groups" => groups } });
        }
        other => return Err(Status::unsupported(other)),
    }
    Ok(Plan::Reply(Reply { code: 201, body: review, warnings }))
}

/// Whom a review asks about.
enum Asked<'a> {
    Self_,
    /// Somebody; in a namespace, if the review is a local one.
    About(&'a str),
}

/// Models ValidateSubjectAccessReviewSpec. Answers the user of the spec.
fn check(review: &Value, asked: Asked) -> Result<User, Status> {
    let spec = &review["spec"];
    let (resource, other) = (&spec["resourceAttributes"], &spec["nonResourceAttributes"]);
    let path = Path::root("spec");
    let mut errors = Errors::new();
    if !resource.is_null() && !other.is_null() {
        let go = format!("{{\"Path\":\"{}\",\"Verb\":\"{}\"}}", other["path"].s(), other["verb"].s());
        let why = "cannot be specified in combination with resourceAttributes";
        errors.invalid(&path.child("nonResourceAttributes"), Bad::Raw(go), why);
    }
    if resource.is_null() && other.is_null() {
        let why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
        errors.invalid(&path.child("resourceAttributes"), Bad::Raw("null".into()), why);
    }
    if let Asked::About(namespace) = asked {
        if spec["user"].s().is_empty() && spec["groups"].is_empty() {
            errors.invalid(&path.child("user"), "", "at least one of user or group must be specified");
        }
        if !namespace.is_empty() && resource["namespace"].s() != namespace {
            let at = path.child("resourceAttributes");
            errors.invalid(&at.child("namespace"), resource["namespace"].s(), "must match metadata.namespace");
        }
    }
    if !errors.is_empty() {
        return Err(errors.into_status("", "authorization.k8s.io", ""));
    }
    let groups: Vec<Text> = spec["groups"].items().iter().map(Value::text).collect();
    Ok(User { name: spec["user"].text(), groups })
}

fn access(call: Call, user: &User, review: &mut Value) {
    let spec = review["spec"].clone();
    let (resource, other) = (&spec["resourceAttributes"], &spec["nonResourceAttributes"]);
    let attempt = if resource.is_null() {
        Attempt {
            verb: other["verb"].s(),
            group: "",
            resource: "",
            subresource: "",
            namespace: "",
            name: "",
            path: other["path"].s(),
        }
    } else {
        Attempt {
            verb: resource["verb"].s(),
            group: resource["group"].s(),
            resource: resource["resource"].s(),
            subresource: resource["subresource"].s(),
            namespace: resource["namespace"].s(),
            name: resource["name"].s(),
            path: "",
        }
    };
    let (allowed, reason) = decision(call.snap, user, &attempt);
    review.set(&["status"], obj! { "allowed" => allowed });
    if !reason.is_empty() {
        review.set(&["status", "reason"], reason);
    }
}

/// What a user may do in a namespace, as `kubectl auth can-i --list` shows it.
fn rules(call: Call, user: &User, review: &mut Value) -> Result<(), Status> {
    let namespace = review["spec"]["namespace"].text();
    if namespace.is_empty() {
        return Err(Status::bad_request("no namespace on request"));
    }
    let mut resources: Vec<Value> = Vec::new();
    let mut others: Vec<Value> = Vec::new();
    if !has_roles(call.snap) {
        born_with(user, (&mut resources, &mut others));
    }
    for rule in rules_of(call.snap, user, &namespace) {
        if rule["nonResourceURLs"].is_empty() { resources.push(rule.clone()) } else { others.push(rule.clone()) }
    }
    // The spec of the question is not repeated.
    review.set(&["spec"], Value::map());
    review.set(&["status"], obj! { "resourceRules" => resources, "nonResourceRules" => others, "incomplete" => false });
    Ok(())
}

/// What everybody may do in a cluster without default roles.
fn born_with(user: &User, (resources, others): (&mut Vec<Value>, &mut Vec<Value>)) {
    if user.groups.iter().any(|g| g == "system:masters") {
        resources.push(obj! { "verbs" => list!["*"], "apiGroups" => list!["*"], "resources" => list!["*"] });
        others.push(obj! { "verbs" => list!["*"], "nonResourceURLs" => list!["*"] });
    }
    let own = |group: &str, names: &[&str]| {
        let names: List = names.iter().map(|n| Value::str(n)).collect();
        obj! { "verbs" => list!["create"], "apiGroups" => list![group], "resources" => names }
    };
    resources.push(own("authorization.k8s.io", &["selfsubjectaccessreviews", "selfsubjectrulesreviews"]));
    resources.push(own("authentication.k8s.io", &["selfsubjectreviews"]));
    let readable: List = DISCOVERY.iter().chain(&PUBLIC).map(|p| Value::str(p)).collect();
    others.push(obj! { "verbs" => list!["get"], "nonResourceURLs" => readable });
}
