//! Below a failed request: the smallest change that makes it work, as a diff that can be applied. It is looked for in
//! branches of the cluster, a few milliseconds at a time, once the request has been shown for a moment.

use crate::bridge::frames::millis;
use crate::bridge::storage;
use crate::hooks::use_look;
use crate::session::{Pace, Session, namespace_flag};
use crate::state::{Action, Dispatch};
use crate::views::curl;
use base::Time;
use gloo::timers::callback::Timeout;
use model::resource;
use sim::{Exchange, Fix, Fixes, Goal, Place, Search, Target};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use value::{Value, yaml};
use yew::{Callback, Html, Properties, UseStateHandle, component, hook, html, use_effect_with, use_state, use_state_eq};

/// A request that is passed by while time is dragged is not worth a search.
const REST_MILLIS: u32 = 250;
/// The search works for so long, then the page draws.
const TURN_MILLIS: f64 = 10.0;

/// The button of a change that is not the smallest.
const OTHER: &str = "Do this";

/// Props of [`Mend`].
#[derive(Properties, PartialEq)]
pub struct MendProps {
    pub session: Session,
    pub dispatch: Dispatch,
    pub exchange: Arc<Exchange>,
}

/// What was applied here last, and to which end.
#[derive(Clone, PartialEq)]
struct Applied {
    fix: Fix,
    at: Time,
    /// The request that had failed.
    exchange: Arc<Exchange>,
    /// Requests after this one are from after the change.
    last: u64,
    /// The line of the editor's text that still says otherwise.
    line: Option<u32>,
}

impl Applied {
    /// Whether it is what there is to say about a request: the failed one, or the same that works now.
    fn concerns(&self, exchange: &Exchange, now: Time) -> bool {
        let again = exchange.ok && exchange.id > self.last && exchange.from == self.exchange.from;
        let same = exchange.id == self.exchange.id;
        self.at <= now && (same || again && exchange.goal() == self.goal())
    }
    fn goal(&self) -> Option<(Goal, Target)> {
        self.exchange.goal().map(|(goal, target)| (goal, self.fix.ask.clone().unwrap_or(target)))
    }
}

/// The fix of a failed request, or what came of applying one.
#[component]
pub fn Mend(props: &MendProps) -> Html {
    let MendProps { session, dispatch, exchange } = props;
    let fixes = use_fixes(session, exchange);
    let applied = use_state(|| None::<Rc<Applied>>);
    let apply = {
        let (session, dispatch, exchange, applied) = (session.clone(), dispatch.clone(), exchange.clone(), applied.clone());
        Callback::from(move |fix: Fix| {
            let (at, last) = session.world(|world| (world.now(), world.exchanges().next_back().map_or(0, |last| last.id)));
            let line = storage::get("text").and_then(|text| line_of(&text, &fix));
            carry_out(&session, &dispatch, &exchange, Some(&fix));
            if fix.object.is_some() {
                applied.set(Some(Rc::new(Applied { fix, at, exchange: exchange.clone(), last, line })));
            }
        })
    };
    let now = session.world(sim::World::now);
    let done = (*applied).clone().filter(|done| done.concerns(exchange, now));
    html! {
        <div class="mend" aria-live="polite">
            if let Some(done) = done {
                { result(&done, exchange) }
            } else if let Some(fixes) = fixes.filter(|_| !exchange.ok) {
                { advice(session, dispatch, exchange, (&fixes, &apply)) }
            }
        </div>
    }
}

fn advice(session: &Session, dispatch: &Dispatch, exchange: &Arc<Exchange>, (fixes, apply): (&Fixes, &Callback<Fix>)) -> Html {
    let Some((best, others)) = fixes.found.split_first() else {
        let again = {
            let (session, dispatch, exchange) = (session.clone(), dispatch.clone(), exchange.clone());
            move |_| carry_out(&session, &dispatch, &exchange, None)
        };
        let Some(note) = &fixes.note else {
            return html! { <p class="quiet">{ "No change of a single field makes it work." }</p> };
        };
        return html! { <p class="note-line"><span>{ note }</span><button onclick={again}>{ "Send again" }</button></p> };
    };
    html! {
        <>
            { change(best, (apply, if best.object.is_some() { "Apply fix" } else { "Send this instead" })) }
            <p class="quiet">{ &best.text }{ " " }{ tried(best) }</p>
            if !others.is_empty() {
                <details>
                    <summary>{ if others.len() == 1 { "Another way" } else { "Other ways" } }</summary>
                    { for others.iter().map(|fix| html! {
                        <>{ change(fix, (apply, OTHER)) }<p class="quiet">{ &fix.text }{ " " }{ tried(fix) }</p></>
                    }) }
                </details>
            }
        </>
    }
}

/// One change with its button.
fn change(fix: &Fix, (apply, title): (&Callback<Fix>, &'static str)) -> Html {
    let go = {
        let fix = fix.clone();
        apply.reform(move |_| fix.clone())
    };
    let primary = (title != OTHER).then_some("primary");
    html! {
        <div class="fix">
            <b>{ "Fix" }</b>
            { diff(fix) }
            <button class={primary} onclick={go} title={fix.command().unwrap_or_default()}>{ title }</button>
        </div>
    }
}

/// What goes and what comes, with signs.
fn diff(fix: &Fix) -> Html {
    html! {
        <code class="diff">
            <span class="what">{ fix.what() }{ " " }<b>{ &fix.path }</b></span>
            if !fix.old.is_empty() {
                <del><i>{ "− " }</i>{ &fix.old }</del>
            }
            if !fix.new.is_empty() {
                <ins><i>{ "+ " }</i>{ &fix.new }</ins>
            }
        </code>
    }
}

fn tried(fix: &Fix) -> String {
    let ask = if fix.object.is_some() { fix.ask.as_ref() } else { None };
    let what = ask.map_or_else(|| "the request works".to_owned(), |to| format!("{to} works"));
    match fix.after.as_micros() / 1_000_000 {
        0 => "Tried in a copy of this cluster: it works.".to_owned(),
        seconds => format!("Tried in a copy of this cluster: {seconds} s after the change, {what}."),
    }
}

fn result(done: &Applied, exchange: &Exchange) -> Html {
    html! {
        <p class="done-line">
            <b class={exchange.ok.then_some("ready")}>{ if exchange.ok { "✓ Fixed" } else { "Applied" } }</b>
            { diff(&done.fix) }
            if !exchange.ok {
                <span class="quiet">{ "The request goes out again in the terminal." }</span>
            }
            if let Some(line) = done.line {
                <span class="quiet">
                    { format!("The manifest in the editor is as it was: line {line} still has the old value, and the next Apply brings it back.") }
                </span>
            }
        </p>
    }
}

// === doing ===

/// Types the change, the waiting and the request into the terminal, where one sees and learns the commands.
fn carry_out(session: &Session, dispatch: &Dispatch, exchange: &Exchange, fix: Option<&Fix>) {
    let Some((goal, asked)) = exchange.goal() else { return };
    let target = fix.and_then(|fix| fix.ask.clone()).unwrap_or(asked);
    let (terminal, request) = command(session, &exchange.from, (goal, &target));
    dispatch.dispatch(Action::Place(terminal.clone()));
    let Some((fix, patch)) = fix.and_then(|fix| Some((fix, fix.command()?))) else {
        return session.submit(&terminal, &request);
    };
    let wait = waiting(fix);
    if terminal == Place::Outside {
        session.submit(&terminal, &[patch.as_str(), &wait, &request].join("\n"));
    } else {
        // kubectl is at home outside; the node only sends.
        session.submit(&Place::Outside, &patch);
        session.submit(&terminal, &[format!("sleep {}", seconds(fix)), request].join("\n"));
    }
}

fn seconds(fix: &Fix) -> i64 {
    (fix.after.as_micros() / 1_000_000).max(1) + 1
}

/// What to type until the change has had its effect.
fn waiting(fix: &Fix) -> String {
    match (&fix.object, fix.kind.as_str()) {
        (Some(key), "deployment" | "statefulset" | "daemonset") => {
            let flag = namespace_flag(&key.namespace);
            ["kubectl rollout status ", &fix.kind, " ", &key.name, &flag, " && sleep 2"].concat()
        }
        _ => format!("sleep {}", seconds(fix)),
    }
}

/// Where to type what, to send a request.
fn command(session: &Session, from: &Place, (goal, target): (Goal, &Target)) -> (Place, String) {
    let words = match goal {
        Goal::Http => return curl::command(session, from, &target.to_string()),
        Goal::Connect => format!("nc -zv -w 3 {} {}", target.host, target.port),
        Goal::Lookup => ["nslookup ", &target.host].concat(),
    };
    match from {
        Place::Pod { namespace, name } => {
            (Place::Outside, ["kubectl exec ", name, &namespace_flag(namespace), " -- ", &words].concat())
        }
        other => (other.clone(), words),
    }
}

/// The line in which a text of manifests describes the field that was changed.
fn line_of(text: &str, fix: &Fix) -> Option<u32> {
    let key = fix.object.as_ref()?;
    yaml::documents(text).into_iter().find_map(|document| {
        let value = document.value.as_ref().ok()?;
        let meta = &value["metadata"];
        let namespace = meta["namespace"].as_str().unwrap_or("default");
        let is_it = value["kind"].s().eq_ignore_ascii_case(&fix.kind) && meta["name"].s() == key.name;
        let found = if is_it && namespace == key.namespace { document.positions.of(&fix.path) } else { None };
        found.filter(|_| differs(value, &fix.patch)).map(|(line, _)| line)
    })
}

/// Whether a manifest has the field of a patch, with another value: what it does not mention, applying it leaves alone.
fn differs(value: &Value, patch: &Value) -> bool {
    match patch {
        Value::List(operations) => operations.iter().any(|one| {
            let steps = one["path"].s().split('/').skip(1);
            let found = steps.fold(value, |at, step| match (at.as_list(), step.parse::<usize>()) {
                (Some(items), Ok(n)) => items.as_slice().get(n).unwrap_or(&Value::Null),
                _ => &at[step],
            });
            !found.is_null() && *found != one["value"]
        }),
        Value::Map(fields) => fields.iter().any(|(name, to)| differs(&value[name.as_str()], to)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => !value.is_null() && value != patch,
    }
}

// === looking ===

/// The fixes of a failed request, once they are found.
#[hook]
fn use_fixes(session: &Session, exchange: &Arc<Exchange>) -> Option<Rc<Fixes>> {
    let found: UseStateHandle<(u64, Option<Rc<Fixes>>)> = use_state_eq(|| (0, None));
    let tell = found.clone();
    // Somebody else may have mended it, or broken more.
    let changed = use_look(session, Pace::Calm, (), |session, ()| {
        session.world(|world| world.snapshot().list(&resource::SERVICES, "").map(|service| service.meta.revision).max())
    });
    use_effect_with((session.clone(), exchange.clone(), changed), move |(session, exchange, _)| {
        let work = Work::default();
        if !exchange.ok {
            let (session, exchange, next) = (session.clone(), exchange.clone(), work.clone());
            work.later(REST_MILLIS, move || {
                if let Some(search) = session.world(|world| world.search(&exchange)) {
                    next.go_on(search, Callback::from(move |fixes| tell.set((exchange.id, Some(Rc::new(fixes))))));
                }
            });
        }
        move || work.stop()
    });
    if found.0 == exchange.id { found.1.clone() } else { None }
}

/// A search in pieces.
#[derive(Clone, Default)]
struct Work(Rc<RefCell<Option<Timeout>>>);

impl Work {
    fn later(&self, wait: u32, call: impl FnOnce() + 'static) {
        *self.0.borrow_mut() = Some(Timeout::new(wait, call));
    }
    fn stop(&self) {
        self.0.borrow_mut().take();
    }
    fn go_on(&self, mut search: Search, tell: Callback<Fixes>) {
        let end = millis() + TURN_MILLIS;
        while search.step() {
            if millis() > end {
                let next = self.clone();
                return self.later(0, move || next.go_on(search, tell));
            }
        }
        tell.emit(search.fixes().clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Duration;
    use model::{Key, resource};
    use value::{list, obj};

    #[test]
    fn the_text_is_searched_for_the_field() {
        let fix = Fix {
            object: Some(Key::new(&resource::SERVICES, "default", "web")),
            kind: "service".into(),
            path: "spec.selector.app".into(),
            old: "wbe".into(),
            new: "web".into(),
            text: String::new(),
            patch: obj! { "spec" => obj! { "selector" => obj! { "app" => "web" } } },
            ask: None,
            after: Duration::ZERO,
        };
        let check = |text: &str, want: Option<u32>| assert_eq!(line_of(text, &fix), want, "{text}");
        check("kind: Service\nmetadata: {name: web}\nspec:\n  selector:\n    app: wbe\n", Some(5));
        check(
            "kind: Pod\n---\nkind: Service\nmetadata: {name: web, namespace: default}\nspec: {selector: {app: wbe}}\n",
            Some(5),
        );
        check("kind: Service\nmetadata: {name: web, namespace: other}\nspec: {selector: {app: wbe}}\n", None);
        check("kind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}}\n", None);
        check("kind: Service\nmetadata: {name: web}\nspec: {}\n", None);
        check("kind: [", None);
        let ports = list![obj! { "op" => "replace", "path" => "/spec/ports/0/targetPort", "value" => 80 }];
        let of = |text: &str| yaml::value(text).map(|manifest| differs(&manifest, &ports)).unwrap_or_default();
        assert!(of("spec: {ports: [{port: 80, targetPort: 8080}]}"));
        assert!(!of("spec: {ports: [{port: 80}]}"), "a default is nobody's text");
    }
}
