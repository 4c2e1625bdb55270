//! What must hold without a browser: these tests run in Node, because the file does not ask for a browser.
#![cfg(target_arch = "wasm32")]

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;
use web::Tabernetes;

fn get(object: &JsValue, name: &str) -> JsValue {
    js_sys::Reflect::get(object, &name.into()).unwrap()
}

fn text(object: &JsValue, name: &str) -> String {
    get(object, name).as_string().unwrap()
}

async fn answer(promise: js_sys::Promise) -> JsValue {
    wasm_bindgen_futures::JsFuture::from(promise).await.unwrap()
}

#[wasm_bindgen_test]
fn the_module_loads_without_a_document() {
    // Starting the module has already happened; it must not have failed for want of a window.
    assert!(web_sys::window().is_none());
}

#[wasm_bindgen_test]
async fn commands_run_without_a_page() {
    let cluster = Tabernetes::new(&JsValue::UNDEFINED);
    let ran = answer(cluster.run("kubectl get nodes --no-headers | wc -l", &JsValue::UNDEFINED)).await;
    assert_eq!(text(&ran, "out").trim(), "4", "{}", text(&ran, "err"));
    let ran = answer(cluster.run("kubectl get pod nosuch", &JsValue::UNDEFINED)).await;
    assert_eq!(get(&ran, "code").as_f64(), Some(1.0));
    assert_eq!(text(&ran, "err"), "Error from server (NotFound): pods \"nosuch\" not found\n");
}

#[wasm_bindgen_test]
async fn a_service_is_applied_and_reached() {
    let cluster = Tabernetes::new(&JsValue::UNDEFINED);
    let yaml = include_str!("../examples/clusterip.yaml");
    let applied: js_sys::Array = answer(cluster.apply(yaml)).await.unchecked_into();
    let words: Vec<String> = applied.iter().map(|row| text(&row, "text")).collect();
    assert_eq!(words, ["deployment.apps/httpenv created", "service/httpenv created", "pod/client created"]);
    answer(cluster.advance(60.0)).await;
    let request = js_sys::JSON::parse(r#"{"from": "pod/client", "to": "http://httpenv:8888/"}"#).unwrap();
    let traced = answer(cluster.trace(&request)).await;
    assert_eq!(text(&traced, "outcome"), "200 OK", "{}", text(&traced, "text"));
    assert_eq!(js_sys::Array::from(&answer(cluster.fixes(&request)).await).length(), 0, "what works needs no fix");
    let request = js_sys::JSON::parse(r#"{"from": "pod/client", "to": "http://httpenv/"}"#).unwrap();
    let fix = js_sys::Array::from(&answer(cluster.fixes(&request)).await).get(0);
    assert_eq!((text(&fix, "what"), text(&fix, "new")), ("URL".into(), "http://httpenv:8888".into()));
    let pods: js_sys::Array = get(&cluster.state(), "pods").unchecked_into();
    assert!(pods.iter().any(|pod| text(&pod, "name") == "client" && text(&pod, "status") == "Running"));
}

#[wasm_bindgen_test]
async fn files_and_stdin_are_given() {
    let cluster = Tabernetes::new(&JsValue::UNDEFINED);
    let options = js_sys::JSON::parse(r#"{"stdin": "one\n", "files": {"a.txt": "two\n"}}"#).unwrap();
    let ran = answer(cluster.run("cat - a.txt", &options)).await;
    assert_eq!(text(&ran, "out"), "one\ntwo\n", "{}", text(&ran, "err"));
}

#[wasm_bindgen_test]
async fn a_wrong_place_is_refused() {
    let cluster = Tabernetes::new(&JsValue::UNDEFINED);
    let options = js_sys::JSON::parse(r#"{"from": "moon"}"#).unwrap();
    let refused = wasm_bindgen_futures::JsFuture::from(cluster.run("ls", &options)).await.unwrap_err();
    assert!(text(&refused, "message").contains("a place is"));
}
