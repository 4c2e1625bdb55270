//! The HTTP API as clients meet it: a server on a free port, asked by a small HTTP client and, where it is installed, by kubectl.

mod client;
mod kubectl;
mod server;

use client::Client;
use server::{Server, Shape};
use std::io::Read;
use value::{Value, list, obj};

const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn config_map(name: &str) -> Value {
    obj! { "apiVersion" => "v1", "kind" => "ConfigMap", "metadata" => obj! { "name" => name }, "data" => obj! { "k" => "v" } }
}

#[test]
fn objects_live_and_die() {
    let server = Server::start(Shape::Empty);
    let mut client = server.client();
    assert_eq!(client.get("/version").json()["minor"].s(), "36");
    let made = client.post(CONFIG_MAPS, &config_map("a"));
    assert_eq!((made.code, made.json()["data"]["k"].s()), (201, "v"));
    let again = client.post(CONFIG_MAPS, &config_map("a"));
    assert_eq!((again.code, again.json()["reason"].s()), (409, "AlreadyExists"));
    let patched = client.send(
        "PATCH",
        &format!("{CONFIG_MAPS}/a"),
        &[("content-type", "application/merge-patch+json")],
        br#"{"data":{"k":"w"}}"#,
    );
    assert_eq!((patched.code, patched.json()["data"]["k"].s()), (200, "w"));
    let listed = client.get(CONFIG_MAPS).json();
    assert_eq!((listed["kind"].s(), listed["items"].items().len()), ("ConfigMapList", 2));
    assert_eq!(client.send("DELETE", &format!("{CONFIG_MAPS}/a"), &[], b"").code, 200);
    let gone = client.get(&format!("{CONFIG_MAPS}/a"));
    assert_eq!((gone.code, gone.json()["message"].s()), (404, "configmaps \"a\" not found"));
    let wrong = client.send("POST", CONFIG_MAPS, &[], b"{\"kind\"");
    assert_eq!((wrong.code, wrong.json()["reason"].s()), (400, "BadRequest"));
    let unknown = client.get("/nothing");
    assert_eq!((unknown.code, unknown.text().as_str()), (404, "404 page not found\n"));
}

#[test]
fn answers_take_the_form_that_is_asked_for() {
    let server = Server::start(Shape::Empty);
    let mut client = server.client();
    let mut form = |path: &str, accept: &str| {
        let answer = client.send("GET", path, &[("accept", accept)], b"");
        (answer.code, answer.header("content-type"), answer)
    };
    let (_, _, table) = form("/api/v1/namespaces", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
    assert_eq!(table.json()["kind"].s(), "Table");
    let (_, _, partial) = form("/api/v1/namespaces", "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io");
    assert_eq!(partial.json()["kind"].s(), "PartialObjectMetadataList");
    let (_, kind, yaml) = form("/api/v1/namespaces/default", "application/yaml");
    assert_eq!(kind, "application/yaml");
    assert!(yaml.text().starts_with("apiVersion: v1\nkind: Namespace\n"), "{}", yaml.text());
    let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
    let (_, kind, discovery) = form("/apis", accept);
    assert_eq!(discovery.json()["kind"].s(), "APIGroupDiscoveryList");
    assert!(kind.contains("as=APIGroupDiscoveryList"), "{kind}");
    let (_, _, plain) = form("/apis", "application/json");
    assert_eq!(plain.json()["kind"].s(), "APIGroupList");
    let (code, _, refused) = form("/api/v1/namespaces", "image/png");
    assert_eq!((code, refused.json()["reason"].s()), (406, "NotAcceptable"));
    let (_, _, document) = form("/openapi/v3/apis/apps/v1", "application/json");
    assert_eq!(document.json()["openapi"].s(), "3.0.0");
}

#[test]
fn protobuf_goes_in_and_out() {
    const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
    let server = Server::start(Shape::Empty);
    let mut client = server.client();
    let body = proto::encode(&config_map("p")).expect("a built-in kind");
    let made = client.send("POST", CONFIG_MAPS, &[("content-type", PROTOBUF), ("accept", PROTOBUF)], &body);
    assert_eq!((made.code, made.header("content-type").as_str()), (201, PROTOBUF));
    let object = proto::decode(&made.bytes).expect("an object in its envelope");
    assert_eq!((object["metadata"]["name"].s(), object["data"]["k"].s()), ("p", "v"));
    let broken = client.send("POST", CONFIG_MAPS, &[("content-type", PROTOBUF)], b"k8s\0\x0a\xff");
    assert_eq!(broken.code, 400);
}

#[test]
fn users_are_who_they_are() {
    let server = Server::start(Shape::Empty);
    let mut client = server.client();
    let mut ask = |token: &str, path: &str| {
        let bearer = format!("Bearer {token}");
        let nobody: &[(&str, &str)] = &[("impersonate-user", "system:anonymous")];
        let headers = if token.is_empty() { nobody } else { &[("authorization", bearer.as_str())] };
        let answer = client.send("GET", path, headers, b"");
        (answer.code, answer.json()["message"].s().to_string())
    };
    assert_eq!(ask("wrong", "/healthz"), (401, "Unauthorized".into()));
    let refused = "forbidden: User \"system:anonymous\" cannot get path \"/api\"";
    assert_eq!(ask("", "/api"), (403, refused.into()));
    assert_eq!(ask("", "/readyz").0, 200);
    let refused =
        "pods is forbidden: User \"alice\" cannot list resource \"pods\" in API group \"\" in the namespace \"default\"";
    assert_eq!(ask("alicetoken", "/api/v1/namespaces/default/pods"), (403, refused.into()));
    let rule = obj! { "apiGroups" => list![""], "resources" => list!["pods"], "verbs" => list!["list"] };
    let rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";
    let meta = || obj! { "name" => "reader" };
    let role = obj! { "metadata" => meta(), "rules" => list![rule] };
    let subject = obj! { "kind" => "Group", "name" => "dev", "apiGroup" => "rbac.authorization.k8s.io" };
    let reference = obj! { "kind" => "Role", "name" => "reader", "apiGroup" => "rbac.authorization.k8s.io" };
    let binding = obj! { "metadata" => meta(), "subjects" => list![subject], "roleRef" => reference };
    assert_eq!(server.client().post(&format!("{rbac}/roles"), &role).code, 201);
    assert_eq!(server.client().post(&format!("{rbac}/rolebindings"), &binding).code, 201);
    assert_eq!(ask("alicetoken", "/api/v1/namespaces/default/pods").0, 200);
}

#[test]
fn watches_tell_what_happens() {
    let server = Server::start(Shape::Empty);
    let mut client = server.client();
    let rev = client.get(CONFIG_MAPS).json()["metadata"]["resourceVersion"].s().to_string();
    let mut watch = Client::stream(&server, &format!("{CONFIG_MAPS}?watch=1&resourceVersion={rev}"));
    client.post(CONFIG_MAPS, &config_map("a"));
    client.send("DELETE", &format!("{CONFIG_MAPS}/a"), &[], b"");
    let mut told = |wanted: &str| {
        let event = watch.line();
        assert_eq!(format!("{} {}", event["type"].s(), event["object"]["metadata"]["name"].s()), wanted);
        event
    };
    let added = told("ADDED a");
    told("DELETED a");

    // The same again from the log, though the object is gone.
    let from = format!("{CONFIG_MAPS}?watch=1&resourceVersion={rev}&timeoutSeconds=1");
    let mut late = Client::stream(&server, &from);
    assert_eq!(late.line()["object"], added["object"]);
    assert_eq!(late.line()["type"].s(), "DELETED");
    assert_eq!(late.rest(), "");

    let initial =
        format!("{CONFIG_MAPS}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
    let mut whole = Client::stream(&server, &initial);
    assert_eq!(whole.line()["object"]["metadata"]["name"].s(), "kube-root-ca.crt");
    let end = whole.line();
    assert_eq!(end["type"].s(), "BOOKMARK");
    assert_eq!(end["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"].s(), "true");
}

#[test]
fn large_answers_are_compressed_and_large_questions_refused() {
    let server = Server::start(Shape::Empty);
    let mut client = server.client();
    let gzip: &[(&str, &str)] = &[("accept-encoding", "deflate, gzip;q=0.9")];
    let mut large = config_map("large");
    large.set(&["data", "k"], "kubernetes ".repeat(14_000));
    assert_eq!(client.post(CONFIG_MAPS, &large).code, 201);
    let small = client.send("GET", "/api/v1/namespaces/default", gzip, b"");
    assert_eq!(small.header("content-encoding"), "");
    let plain = client.get(CONFIG_MAPS);
    assert_eq!((plain.header("content-encoding").as_str(), plain.bytes.len() > 128 * 1024), ("", true));
    let packed = client.send("GET", CONFIG_MAPS, gzip, b"");
    assert_eq!((packed.header("content-encoding").as_str(), packed.header("vary").as_str()), ("gzip", "Accept-Encoding"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed.bytes[..]).read_to_string(&mut text).expect("gzip");
    assert_eq!(text, plain.text());

    large.set(&["data", "k"], "x".repeat(3 * 1024 * 1024));
    let refused = server.client().post(CONFIG_MAPS, &large);
    assert_eq!((refused.code, refused.json()["message"].s()), (413, "Request entity too large: limit is 3145728"));
}

#[test]
fn requests_are_counted_and_named() {
    let server = Server::start(Shape::Empty);
    let mut client = server.client();
    let named = client.send("GET", CONFIG_MAPS, &[("audit-id", "mine")], b"");
    assert_eq!(named.header("audit-id"), "mine");
    let (one, other) = (client.get(CONFIG_MAPS).header("audit-id"), client.get(CONFIG_MAPS).header("audit-id"));
    assert!(one.len() == 36 && one != other, "{one} {other}");
    client.get("/api/v1/namespaces/default/nonsense");
    let page = client.get("/metrics");
    assert_eq!(page.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let labels = "component=\"apiserver\",dry_run=\"\",group=\"\",resource=\"configmaps\",scope=\"namespace\",subresource=\"\",verb=\"LIST\",version=\"v1\"";
    for line in [
        format!("apiserver_request_total{{code=\"200\",{labels}}} 3"),
        format!("apiserver_request_duration_seconds_bucket{{{labels},le=\"+Inf\"}} 3"),
        format!("apiserver_request_duration_seconds_count{{{labels}}} 3"),
        "apiserver_resource_objects{group=\"\",resource=\"namespaces\"} 4".into(),
        "apiserver_current_inflight_requests{request_kind=\"mutating\"} 0".into(),
    ] {
        assert!(page.text().contains(&(line.clone() + "\n")), "{line}\n{}", page.text());
    }
    assert!(!page.text().contains("nonsense"));
    let alice = &[("authorization", "Bearer alicetoken")];
    assert_eq!(client.send("GET", "/metrics", alice, b"").code, 403);
}

#[test]
fn service_accounts_get_tokens() {
    let server = Server::start(Shape::Empty);
    let mut client = server.client();
    let accounts = "/api/v1/namespaces/default/serviceaccounts";
    assert_eq!(client.post(accounts, &obj! { "metadata" => obj! { "name" => "robot" } }).code, 201);
    let made = client.post(&format!("{accounts}/robot/token"), &Value::map());
    assert_eq!(made.code, 201, "{}", made.text());
    let token = made.json()["status"]["token"].text();
    let bearer = format!("Bearer {token}");
    let mut ask = |path: &str| {
        let answer = client.send("GET", path, &[("authorization", bearer.as_str())], b"");
        (answer.code, answer.json()["message"].s().to_string())
    };
    assert_eq!(ask("/api").0, 200);
    let (code, why) = ask("/api/v1/namespaces/default/pods");
    assert!(code == 403 && why.contains("User \"system:serviceaccount:default:robot\" cannot list"), "{why}");
    let review = |token: &str| {
        let review = obj! { "spec" => obj! { "token" => token } };
        server.client().post("/apis/authentication.k8s.io/v1/tokenreviews", &review).json()["status"].to_json()
    };
    assert_eq!(
        review(&token),
        r#"{"authenticated":true,"user":{"groups":["system:serviceaccounts","system:serviceaccounts:default","system:authenticated"],"username":"system:serviceaccount:default:robot"}}"#
    );
    assert_eq!(review("wrong"), r#"{"error":"invalid bearer token","user":{}}"#);
    let keys = client.get("/openid/v1/jwks");
    assert_eq!((keys.json()["keys"][0]["kty"].s(), keys.header("content-type").as_str()), ("EC", "application/jwk-set+json"));
    // With the account goes the token.
    assert_eq!(client.send("DELETE", &format!("{accounts}/robot"), &[], b"").code, 200);
    assert_eq!(client.send("GET", "/api", &[("authorization", bearer.as_str())], b"").code, 401);
}

#[test]
fn time_flies_if_it_may() {
    let server = Server::start(Shape::Nodes);
    let mut client = server.client();
    let container = obj! { "name" => "c", "image" => "busybox", "command" => list!["sh", "-c", "sleep 50; echo done"] };
    let pod = obj! { "metadata" => obj! { "name" => "p" }, "spec" => obj! { "restartPolicy" => "Never", "containers" => list![container] } };
    assert_eq!(client.post("/api/v1/namespaces/default/pods", &pod).code, 201);
    let mut watch = Client::stream(&server, "/api/v1/namespaces/default/pods?watch=1&fieldSelector=metadata.name=p");
    while watch.line()["object"]["status"]["phase"].s() != "Succeeded" {}
    assert_eq!(client.get("/api/v1/namespaces/default/pods/p/log").text(), "done\n");
}
