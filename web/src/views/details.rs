//! Everything about the selected object: its own page, describe, YAML, events, and why it is as it is.

use crate::hooks::use_revision;
use crate::session::{Session, namespace_flag};
use crate::state::{self, Action, Dispatch, Tab};
use crate::views::clock::since_start;
use crate::views::overview::Overview;
use crate::views::requests::Requests;
use model::{Key, Object, resource};
use std::sync::Arc;
use value::Value;
use yew::{Html, Properties, classes, component, html, use_memo};

/// Props of [`Details`].
#[derive(Properties, PartialEq)]
pub struct DetailsProps {
    pub session: Session,
    pub dispatch: Dispatch,
    pub selection: Option<Key>,
    pub tab: Tab,
    pub exchange: Option<u64>,
    pub open: bool,
}

/// The details pane.
#[component]
pub fn Details(props: &DetailsProps) -> Html {
    let DetailsProps { session, dispatch, selection, exchange, .. } = props;
    let close = {
        let dispatch = dispatch.clone();
        move |_| dispatch.dispatch(Action::CloseDetails)
    };
    let tab = if selection.is_none() { Tab::Requests } else { props.tab };
    let title = selection.as_ref().map_or_else(|| "Requests".to_owned(), |key| [&kind_word(key), " ", &key.name].concat());
    html! {
        <section id={state::Pane::Details.id()} class={classes!("pane", (!props.open).then_some("closed"))} aria-label="Details"
            tabindex="-1">
            <div class="bar">
                <h2>{ title }</h2>
                <button class="plain" onclick={close} aria-label="Close details" title="Close">{ "✕" }</button>
            </div>
            <div class="subtabs" role="tablist" aria-label="Details">
                { for tabs(selection.as_ref()).iter().map(|(one, title)| tab_button(dispatch, *one, title, tab)) }
            </div>
            <div class="scroller" role="tabpanel">
                if tab == Tab::Requests {
                    <Requests session={session.clone()} dispatch={dispatch.clone()} exchange={*exchange} />
                } else if let Some(key) = selection {
                    <About session={session.clone()} dispatch={dispatch.clone()} key={key.path()} object={key.clone()} {tab} />
                }
            </div>
        </section>
    }
}

fn tabs(selection: Option<&Key>) -> &'static [(Tab, &'static str)] {
    const ALL: [(Tab, &str); 6] = [
        (Tab::Overview, "Overview"),
        (Tab::Describe, "Describe"),
        (Tab::Yaml, "YAML"),
        (Tab::Events, "Events"),
        (Tab::Why, "Why"),
        (Tab::Requests, "Requests"),
    ];
    if selection.is_some() { &ALL } else { &ALL[5..] }
}

fn tab_button(dispatch: &Dispatch, tab: Tab, title: &'static str, now: Tab) -> Html {
    let choose = {
        let dispatch = dispatch.clone();
        move |_| dispatch.dispatch(Action::Tab(tab))
    };
    html! { <button role="tab" aria-selected={(tab == now).to_string()} onclick={choose}>{ title }</button> }
}

/// Props of [`About`].
#[derive(Properties, PartialEq)]
struct AboutProps {
    session: Session,
    dispatch: Dispatch,
    object: Key,
    tab: Tab,
}

/// One tab about one object.
#[component]
fn About(props: &AboutProps) -> Html {
    let AboutProps { session, dispatch, object: key, tab } = props;
    let rev = use_revision(session);
    let found = session.world(|world| world.snapshot().get(key).cloned());
    let text = use_memo((session.clone(), key.clone(), *tab, rev), |(session, key, tab, _)| text(session, key, *tab));
    let gone = found.is_none();
    html! {
        <>
            if gone {
                <p class="note">{ "It is gone. Drag the time back to see it again." }</p>
            }
            if let Some(text) = (*text).clone() {
                <pre tabindex="0">{ text }</pre>
            } else if *tab == Tab::Why {
                <Why session={session.clone()} dispatch={dispatch.clone()} object={key.clone()} />
            } else if *tab == Tab::Overview {
                if let Some(object) = found {
                    <Overview session={session.clone()} dispatch={dispatch.clone()} {object} />
                }
            }
        </>
    }
}

/// The tabs that are text.
fn text(session: &Session, key: &Key, tab: Tab) -> Option<String> {
    match tab {
        Tab::Describe => {
            let ran =
                session.peek(&["kubectl describe ", &key.resource, " ", &key.name, &namespace_flag(&key.namespace)].concat());
            Some([ran.out, ran.err].concat())
        }
        Tab::Yaml => session.world(|world| world.snapshot().get(key).map(|object| yaml(object))),
        Tab::Events => Some(events(session, key)),
        Tab::Overview | Tab::Why | Tab::Requests => None,
    }
}

/// As `kubectl get -o yaml`, which hides managed fields too.
fn yaml(object: &Object) -> String {
    let mut value = object.value.clone();
    value.remove(&["metadata", "managedFields"]);
    value.to_yaml()
}

fn events(session: &Session, key: &Key) -> String {
    let lines: Vec<String> = session.world(|world| {
        let namespace = if key.namespace.is_empty() { "" } else { key.namespace.as_str() };
        let all = world.snapshot().list(&resource::EVENTS, namespace);
        let mut own: Vec<&Arc<Object>> = all.filter(|event| concerns(&event.value["involvedObject"], key)).collect();
        own.sort_by_key(|event| event.meta.revision);
        own.into_iter().map(|event| event_line(session, &event.value)).collect()
    });
    if lines.is_empty() { "No events.".to_owned() } else { lines.join("\n") }
}

fn concerns(involved: &Value, key: &Key) -> bool {
    let kind = resource::of_kind(involved["apiVersion"].s(), involved["kind"].s());
    involved["name"].s() == key.name && kind.is_some_and(|kind| kind == key.resource)
}

fn event_line(session: &Session, event: &Value) -> String {
    let time = base::Time::parse(event["lastTimestamp"].s()).or_else(|| base::Time::parse(event["eventTime"].s()));
    let when = time.map(|time| since_start(session, time)).unwrap_or_default();
    let count = event["count"].as_i64().filter(|count| *count > 1).map(|count| format!(" (×{count})")).unwrap_or_default();
    format!("{when:>8}  {}  {}{count}\n          {}", event["type"].s(), event["reason"].s(), event["message"].s())
}

/// The kind of a key, as people say it.
fn kind_word(key: &Key) -> String {
    match resource::known(&key.resource) {
        Some((_, _, kind, _)) => kind.to_owned(),
        None => resource::split(&key.resource).0.to_owned(),
    }
}

/// Props of [`Why`].
#[derive(Properties, PartialEq)]
struct WhyProps {
    session: Session,
    dispatch: Dispatch,
    object: Key,
}

/// The chain of causes, and for a pod the scheduler's table.
#[component]
fn Why(props: &WhyProps) -> Html {
    let WhyProps { session, dispatch, object: key } = props;
    let (created, latest) = session.world(|world| (world.why_created(key), world.why(key)));
    let chain = |title: &str, links: &[sim::Link]| {
        if links.is_empty() {
            return html! {};
        }
        html! {
            <>
                <h3>{ title.to_owned() }</h3>
                <ol class="why">{ for links.iter().map(|link| link_row(session, dispatch, link)) }</ol>
            </>
        }
    };
    let same = created.first().map(|link| link.rev) == latest.first().map(|link| link.rev);
    html! {
        <>
            { chain("Why does it exist?", &created) }
            if !same {
                { chain("Why is it as it is now?", &latest) }
            }
            { decision(session, key) }
        </>
    }
}

fn link_row(session: &Session, dispatch: &Dispatch, link: &sim::Link) -> Html {
    let (dispatch, key) = (dispatch.clone(), link.key.clone());
    html! {
        <li>
            <span class="when">{ since_start(session, link.time) }</span>
            <button class="link" onclick={move |_| dispatch.dispatch(Action::Select(Some(key.clone())))}>{ link.text.clone() }</button>
        </li>
    }
}

/// Why the scheduler chose the node: who was refused, and how the others scored.
fn decision(session: &Session, key: &Key) -> Html {
    let found = session.world(|world| {
        let pod = world.snapshot().get(key).filter(|object| object.resource == resource::PODS)?;
        world.control().decision(&pod.meta.uid).cloned()
    });
    let Some(decision) = found else { return html! {} };
    let title = match &decision.node {
        Some(node) => ["Why on ", node, "?"].concat(),
        None => "Why on no node?".to_owned(),
    };
    let scored = decision.scores.iter().map(|score| {
        let parts: Vec<String> = score.plugins.iter().map(|p| format!("{} {}×{}", p.plugin, p.normalized, p.weight)).collect();
        let chosen = decision.node.as_ref() == Some(&score.node);
        html! {
            <tr class={classes!(chosen.then_some("selected"))}>
                <th scope="row">{ score.node.as_str() }</th><td>{ format!("score {}", score.total) }</td>
                <td class="quiet">{ parts.join(", ") }</td>
            </tr>
        }
    });
    let refused = decision.refusals.iter().map(|refusal| {
        let reasons: Vec<&str> = refusal.reasons.iter().map(|reason| reason.as_str()).collect();
        html! {
            <tr>
                <th scope="row">{ refusal.node.as_str() }</th><td class="failing">{ "refused" }</td>
                <td>{ format!("{}: {}", refusal.plugin, reasons.join(", ")) }</td>
            </tr>
        }
    });
    html! {
        <>
            <h3>{ title }</h3>
            if !decision.message.is_empty() {
                <p>{ decision.message.as_str() }</p>
            }
            <table class="scores"><tbody>{ for scored }{ for refused }</tbody></table>
        </>
    }
}
