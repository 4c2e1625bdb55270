//! The components in a real browser: `cargo xtask test web`.
#![cfg(target_arch = "wasm32")]

use std::time::Duration;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web::{App, AppProps, Session};
use web_sys::{Element, HtmlElement, HtmlTextAreaElement};

wasm_bindgen_test_configure!(run_in_browser);

/// A page of its own; it is taken away at the end.
struct Page {
    root: Element,
    session: Session,
    app: Option<yew::AppHandle<App>>,
}

impl Page {
    async fn open() -> Page {
        let document = web_sys::window().unwrap().document().unwrap();
        web_sys::window().unwrap().local_storage().unwrap().unwrap().clear().unwrap();
        let root = document.create_element("div").unwrap();
        document.body().unwrap().append_child(&root).unwrap();
        let session = Session::new(&sim::Setup::default());
        let props = AppProps { session: session.clone() };
        let app = yew::Renderer::<App>::with_root_and_props(root.clone(), props).render();
        let page = Page { root, session, app: Some(app) };
        page.wait_for("#terminal label", "client").await;
        page
    }
    fn find(&self, selector: &str) -> Option<Element> {
        self.root.query_selector(selector).unwrap()
    }
    fn text(&self, selector: &str) -> String {
        self.find(selector).and_then(|element| element.text_content()).unwrap_or_default()
    }
    fn click(&self, selector: &str) {
        self.find(selector).unwrap_or_else(|| panic!("no {selector}")).unchecked_into::<HtmlElement>().click();
    }
    /// Waits until an element has a text in it.
    async fn wait_for(&self, selector: &str, text: &str) {
        for _ in 0..300 {
            if self.text(selector).contains(text) {
                return;
            }
            gloo::timers::future::sleep(Duration::from_millis(20)).await;
        }
        panic!("{selector} has no {text:?}; it is {:?}", self.text(selector));
    }
    fn write(&self, text: &str) {
        let area: HtmlTextAreaElement = self.find("textarea").unwrap().unchecked_into();
        area.set_value(text);
        let init = web_sys::EventInit::new();
        init.set_bubbles(true);
        area.dispatch_event(&web_sys::Event::new_with_event_init_dict("input", &init).unwrap()).unwrap();
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if let Some(app) = self.app.take() {
            app.destroy();
        }
        self.root.remove();
    }
}

#[wasm_bindgen_test]
async fn the_first_sight_is_whole() {
    let page = Page::open().await;
    assert_eq!(page.text("h1"), "Tabernetes");
    assert!(page.text("#picture").contains("node-3"), "{}", page.text("#picture"));
    assert!(page.text("#editor pre").contains("kind: Deployment"));
    assert!(page.find("#editor button.beckon").is_some());
    assert!(page.text("header .next").contains("press Apply"));
}

#[wasm_bindgen_test]
async fn apply_makes_pods_and_says_so() {
    let page = Page::open().await;
    page.click("#editor button.primary");
    page.wait_for(".findings", "deployment.apps/httpenv created").await;
    page.session.skip(base::Duration::from_secs(60));
    page.wait_for("#picture", "httpenv-").await;
    page.wait_for(".services", "3 ready").await;
}

#[wasm_bindgen_test]
async fn problems_are_on_their_line() {
    let page = Page::open().await;
    page.write(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: a\n    image: nginx\n    imag: x\n",
    );
    page.wait_for(".findings", "line 9").await;
    assert!(page.text(".l.bad").contains("imag: x"), "{}", page.text(".l.bad"));
    page.write("a: [");
    page.wait_for(".findings", "yaml").await;
}

#[wasm_bindgen_test]
async fn the_terminal_runs_commands() {
    let page = Page::open().await;
    page.session.submit(&sim::Place::Outside, "kubectl get nodes\necho done");
    page.wait_for(".screen", "control-plane").await;
    page.wait_for(".screen", "echo done\ndone").await;
}

#[wasm_bindgen_test]
async fn a_node_is_selected_and_described() {
    let page = Page::open().await;
    page.session.skip(base::Duration::from_secs(5));
    page.click("#editor button.primary");
    page.session.skip(base::Duration::from_secs(60));
    page.wait_for(".services", "httpenv").await;
    page.click(".services button");
    page.wait_for("#details h2", "Service httpenv").await;
    page.wait_for("#details .try select", "pod client").await;
    page.click("#details .try button.primary");
    page.session.skip(base::Duration::from_secs(5));
    page.wait_for("#details .request", "200 OK").await;
    page.wait_for("#details .request", "DNAT").await;
}
