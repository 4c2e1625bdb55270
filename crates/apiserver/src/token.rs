//! Service account tokens: what a token says, and whose it is when it comes back. The host has the key: it signs the claims that
//! are decided here, and shows claims whose signature it has checked. Models TokenREST of pkg/registry/core/serviceaccount/storage
//! and pkg/serviceaccount (claims.go).

use crate::Config;
use crate::call::{Call, Ctx};
use crate::field::{Errors, Path};
use crate::plan::Plan;
use api::{Reply, Request, Status, User, Verb};
use base::{Duration, Text, Time, text};
use model::{Key, Object, Resource, resource};
use std::sync::Arc;
use store::Snapshot;
use value::{Value, list, obj};

/// Seconds, where a request says nothing; the least and the most that it may ask for.
const DEFAULT: i64 = 3600;
const LEAST: i64 = 600;
const MOST: i64 = 1 << 32;
/// A projected token of this lifetime is good for a year: clients that do not reload it are warned, not locked out.
const PROJECTED: i64 = 3607;
const YEAR: i64 = 365 * 24 * 3600;

/// Answers a TokenRequest. `status.token` of the reply holds the claims as JSON; the host signs them and puts the token in
/// their place.
pub fn answer(call: Call, ctx: Ctx) -> Result<Plan, Status> {
    if ctx.config.issuer.is_empty() {
        return Err(Status::unsupported("serviceaccounts/token"));
    }
    if call.request.verb != Verb::Create {
        return Err(crate::call::not_allowed());
    }
    let account = call.current()?;
    let body = &call.request.body;
    matches(call, body)?;
    let asked = body["spec"]["expirationSeconds"].as_i64().unwrap_or(DEFAULT);
    lifetime(asked)?;
    let mut audiences: Vec<Value> = body["spec"]["audiences"].items().to_vec();
    let ours = audiences.is_empty();
    if ours {
        audiences.push(Value::Str(ctx.config.issuer.clone()));
    }
    let bound = bound(call, account)?;
    let lasts = if ours && asked == PROJECTED && matches!(bound, Bound::Pod(_)) { YEAR } else { asked };
    let claims = claims(account, &bound, Issue { audiences: &audiences, lasts, warns: asked }, ctx);
    let expires = ctx.now + Duration::from_secs(asked);
    let reply = obj! {
        "kind" => "TokenRequest", "apiVersion" => "authentication.k8s.io/v1",
        "metadata" => obj! {
            "name" => &account.meta.name, "namespace" => &account.meta.namespace, "uid" => &account.meta.uid,
            "creationTimestamp" => ctx.now,
        },
        "spec" => obj! { "audiences" => audiences, "expirationSeconds" => asked, "boundObjectRef" => &body["spec"]["boundObjectRef"] },
        "status" => obj! { "token" => claims.to_json(), "expirationTimestamp" => expires },
    };
    Ok(Plan::Reply(Reply { code: 201, body: reply, warnings: Vec::new() }))
}

fn matches(call: Call, body: &Value) -> Result<(), Status> {
    let mut errors = Errors::new();
    let meta = Path::root("metadata");
    for (field, wanted) in [("name", call.name()), ("namespace", &call.request.namespace)] {
        let given = body["metadata"][field].s();
        if !given.is_empty() && given != wanted.as_str() {
            errors.invalid(&meta.child(field), given, &format!("must match the service account {field} if specified"));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors.into_status("TokenRequest", "authentication.k8s.io", call.name())) }
}

fn lifetime(seconds: i64) -> Result<(), Status> {
    let mut errors = Errors::new();
    let spec = Path::root("spec");
    let path = spec.child("expirationSeconds");
    if seconds < LEAST {
        errors.invalid(&path, seconds, "may not specify a duration less than 10 minutes");
    }
    if seconds > MOST {
        errors.invalid(&path, seconds, "may not specify a duration larger than 2^32 seconds");
    }
    if errors.is_empty() { Ok(()) } else { Err(errors.into_status("TokenRequest", "authentication.k8s.io", "")) }
}

/// With what a token ends before its time.
enum Bound {
    Nothing,
    Pod(Arc<Object>),
    Secret(Arc<Object>),
    Node(Arc<Object>),
}

fn bound(call: Call, account: &Object) -> Result<Bound, Status> {
    let reference = &call.request.body["spec"]["boundObjectRef"];
    if reference.is_null() {
        return Ok(Bound::Nothing);
    }
    let (version, kind, name) = (reference["apiVersion"].s(), reference["kind"].s(), reference["name"].text());
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    let find = |plural: &Resource, namespace: &Text| {
        let found = call.snap.get(&Key::new(plural, namespace.clone(), name.clone())).cloned();
        found.ok_or_else(|| Status::not_found(plural, &name))
    };
    let namespace = &call.request.namespace;
    let (bound, object) = match (group, kind) {
        ("", "Pod") => find(&resource::PODS, namespace).map(|pod| (Bound::Pod(pod.clone()), pod))?,
        ("", "Secret") => find(&resource::SECRETS, namespace).map(|secret| (Bound::Secret(secret.clone()), secret))?,
        ("", "Node") => find(&resource::NODES, &Text::new()).map(|node| (Bound::Node(node.clone()), node))?,
        _ => {
            let message = format!("cannot bind token to object of type {group}/{version}, Kind={kind}");
            return Err(Status::bad_request(message));
        }
    };
    if matches!(bound, Bound::Pod(_)) && object.spec()["serviceAccountName"].s() != account.meta.name.as_str() {
        let message = format!(
            "cannot bind token for serviceaccount \"{}\" to pod running with different serviceaccount name.",
            account.meta.name
        );
        return Err(Status::bad_request(message));
    }
    let uid = reference["uid"].s();
    if !uid.is_empty() && uid != object.meta.uid.as_str() {
        let why = format!(
            "the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and then recreated"
        );
        return Err(Status::conflict(kind, &name, &why));
    }
    Ok(bound)
}

/// For whom a token is, how many seconds it is good, and after how many its holder is late.
struct Issue<'a> {
    audiences: &'a [Value],
    lasts: i64,
    warns: i64,
}

fn claims(account: &Object, bound: &Bound, issue: Issue, ctx: Ctx) -> Value {
    let now = ctx.now.as_secs();
    let named = |object: &Object| obj! { "name" => &object.meta.name, "uid" => &object.meta.uid };
    let (namespace, name) = (&account.meta.namespace, &account.meta.name);
    let mut private = obj! { "namespace" => namespace, "serviceaccount" => named(account) };
    match bound {
        Bound::Nothing => {}
        Bound::Pod(pod) => {
            private.set(&["pod"], named(pod));
            let node = pod.pod().node();
            if !node.is_empty() {
                private.set(&["node"], obj! { "name" => node });
            }
        }
        Bound::Secret(secret) => private.set(&["secret"], named(secret)),
        Bound::Node(node) => private.set(&["node"], named(node)),
    }
    if issue.lasts != issue.warns {
        private.set(&["warnafter"], now + issue.warns);
    }
    obj! {
        "aud" => issue.audiences.to_vec(), "exp" => now + issue.lasts, "iat" => now, "nbf" => now, "iss" => &ctx.config.issuer,
        "jti" => ctx.rng.uuid(), "sub" => format!("system:serviceaccount:{namespace}:{name}"), "kubernetes.io" => private,
    }
}

/// Whose token it is that says this, if it is still good; otherwise why not. The signature was checked before.
pub fn holder(snap: &Snapshot, config: &Config, claims: &Value, now: Time) -> Result<User, Text> {
    if config.issuer.is_empty() || claims["iss"].s() != config.issuer.as_str() {
        return Err(text!("invalid bearer token"));
    }
    let time = |claim: &str| claims[claim].as_i64().map_or(Time::EPOCH, Time::from_secs);
    if now >= time("exp") {
        return Err(text!("service account token has expired"));
    }
    if now + Duration::from_secs(1) < time("nbf") {
        return Err(text!("service account token is not valid yet"));
    }
    let ours = Value::Str(config.issuer.clone());
    if !claims["aud"].items().contains(&ours) {
        return Err(text!("token audiences are not accepted by this server"));
    }
    let private = &claims["kubernetes.io"];
    let namespace = private["namespace"].text();
    let lives = |plural: &Resource, namespace: &Text, claim: &str| {
        let (name, uid) = (private[claim]["name"].text(), private[claim]["uid"].s());
        let found = snap.get(&Key::new(plural, namespace.clone(), name.clone()));
        if found.is_some_and(|object| object.meta.uid.as_str() == uid) {
            return Ok(());
        }
        Err(Text::from(format!("{plural} {name} has been deleted or replaced")))
    };
    lives(&resource::SERVICE_ACCOUNTS, &namespace, "serviceaccount")?;
    for (claim, plural) in [("pod", &resource::PODS), ("secret", &resource::SECRETS)] {
        if !private[claim].is_null() {
            lives(plural, &namespace, claim)?;
        }
    }
    // A pod's token names its node only for information.
    if private["pod"].is_null() && !private["node"].is_null() {
        lives(&resource::NODES, &Text::new(), "node")?;
    }
    let groups = vec![
        text!("system:serviceaccounts"),
        format!("system:serviceaccounts:{namespace}").into(),
        text!("system:authenticated"),
    ];
    let name = private["serviceaccount"]["name"].s();
    Ok(User { name: format!("system:serviceaccount:{namespace}:{name}").into(), groups })
}

/// The answer to a TokenReview: the host has looked whose token it is. Models pkg/registry/authentication/tokenreview.
pub fn reviewed(request: &Request, config: &Config, holder: &Result<User, Text>) -> Reply {
    let mut review = request.body.clone();
    review.set(&["kind"], "TokenReview");
    review.set(&["apiVersion"], "authentication.k8s.io/v1");
    review.at_mut(&["metadata"]).as_map_mut();
    if review["spec"]["token"].s().is_empty() {
        return Status::bad_request("token is required for TokenReview in authentication").into();
    }
    let status = match holder {
        Ok(user) => {
            let groups: Vec<Value> = user.groups.iter().map(|group| Value::Str(group.clone())).collect();
            let mut status = obj! { "authenticated" => true, "user" => obj! { "username" => &user.name, "groups" => groups } };
            if !review["spec"]["audiences"].is_empty() {
                status.set(&["audiences"], list![&config.issuer]);
            }
            status
        }
        Err(why) => obj! { "user" => Value::map(), "error" => why },
    };
    review.set(&["status"], status);
    Reply { code: 201, body: review, warnings: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, admit};
    use api::{Cause, Change, Expect, Origin, Write};
    use base::Rng;
    use store::Store;

    const NOW: Time = Time::from_secs(1_000_000);

    struct Cluster {
        store: Store,
        config: Config,
    }

    impl Cluster {
        fn new() -> Cluster {
            let mut cluster = Cluster { store: Store::default(), config: Config { issuer: text!("me"), ..Config::default() } };
            cluster.put(&resource::SERVICE_ACCOUNTS, "robot", Value::map());
            cluster.put(&resource::PODS, "p", obj! { "serviceAccountName" => "robot", "nodeName" => "n" });
            cluster.put(&resource::PODS, "other", obj! { "serviceAccountName" => "default" });
            cluster
        }
        fn put(&mut self, plural: &Resource, name: &str, spec: Value) {
            let object = obj! { "metadata" => obj! { "name" => name, "namespace" => "a", "uid" => format!("uid-{name}") }, "spec" => spec };
            let write = Write { key: Key::new(plural, "a", name), expect: Expect::Absent, change: Change::Put(object) };
            self.store.commit(write, Cause::new("test", Origin::Start), NOW).expect("new");
        }
        fn ask(&self, name: &str, spec: Value) -> Reply {
            let key = Key::new(&resource::SERVICE_ACCOUNTS, "a", name);
            let request = Request {
                subresource: text!("token"),
                body: obj! { "spec" => spec },
                ..Request::of(&User::master("me"), Verb::Create, &key)
            };
            let mut context = Context { now: NOW, rng: &mut Rng::new(1), config: &self.config };
            match admit(self.store.now(), &request, &mut context) {
                Plan::Reply(reply) => reply,
                other => panic!("{other:?}"),
            }
        }
        fn claims(&self, spec: Value) -> Value {
            Value::from_json(self.ask("robot", spec).body["status"]["token"].s()).expect("claims")
        }
        fn holder(&self, claims: &Value, later: i64) -> String {
            match holder(self.store.now(), &self.config, claims, NOW + Duration::from_secs(later)) {
                Ok(user) => user.name.to_string(),
                Err(why) => format!("! {why}"),
            }
        }
    }

    #[test]
    fn requests_are_checked() {
        let cluster = Cluster::new();
        let refused = |name: &str, spec: Value| {
            let reply = cluster.ask(name, spec);
            format!("{} {}", reply.code, reply.body["message"].s())
        };
        let pod = |name: &str| obj! { "boundObjectRef" => obj! { "kind" => "Pod", "apiVersion" => "v1", "name" => name } };
        assert_eq!(refused("nope", Value::map()), "404 serviceaccounts \"nope\" not found");
        assert_eq!(
            refused("robot", obj! { "expirationSeconds" => 10 }),
            "422 TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: Invalid value: 10: may not specify a duration less than 10 minutes"
        );
        assert_eq!(refused("robot", pod("nope")), "404 pods \"nope\" not found");
        assert_eq!(
            refused("robot", pod("other")),
            "400 cannot bind token for serviceaccount \"robot\" to pod running with different serviceaccount name."
        );
        let made = cluster.ask("robot", Value::map());
        assert_eq!(
            (made.code, made.body["spec"].to_json().as_str()),
            (201, r#"{"audiences":["me"],"boundObjectRef":null,"expirationSeconds":3600}"#)
        );
        let silent = Cluster { config: Config::default(), ..Cluster::new() };
        assert_eq!(silent.ask("robot", Value::map()).code, 501);
    }

    #[test]
    fn tokens_are_good_for_their_time_and_object() {
        let mut cluster = Cluster::new();
        let claims = cluster.claims(Value::map());
        assert_eq!(cluster.holder(&claims, 3599), "system:serviceaccount:a:robot");
        assert_eq!(cluster.holder(&claims, 3600), "! service account token has expired");
        assert_eq!(cluster.holder(&claims, -60), "! service account token is not valid yet");
        let foreign = cluster.claims(obj! { "audiences" => list!["vault"] });
        assert_eq!(cluster.holder(&foreign, 0), "! token audiences are not accepted by this server");
        let pod = obj! { "kind" => "Pod", "apiVersion" => "v1", "name" => "p" };
        let bound = cluster.claims(obj! { "boundObjectRef" => pod, "expirationSeconds" => PROJECTED });
        assert_eq!(cluster.holder(&bound, YEAR - 1), "system:serviceaccount:a:robot");
        assert_eq!(bound["kubernetes.io"]["warnafter"].as_i64(), Some(1_003_607));
        let key = Key::new(&resource::PODS, "a", "p");
        let rev = cluster.store.now().get(&key).expect("a pod").meta.revision;
        let write = Write { key, expect: Expect::Revision(rev), change: Change::Delete };
        cluster.store.commit(write, Cause::new("test", Origin::Start), NOW).expect("there");
        assert_eq!(cluster.holder(&bound, 0), "! pods p has been deleted or replaced");
        assert_eq!(cluster.holder(&claims, 0), "system:serviceaccount:a:robot");
    }
}
