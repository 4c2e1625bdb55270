//! "Try it": a request to a Service, from a place and by an address of one's choice. It runs in the terminal, so that one
//! sees and learns the command.

use crate::bridge::dom;
use crate::hooks::{use_look, use_revision};
use crate::place;
use crate::services::{self, Route};
use crate::session::{Pace, Session, namespace_flag};
use crate::state::{Action, Dispatch};
use crate::views::requests::Request;
use crate::views::terminal::places;
use model::{Key, resource};
use sim::Place;
use yew::{Event, Html, Properties, component, html, use_callback, use_effect_with, use_state};

/// Props of [`Curl`].
#[derive(Properties, PartialEq)]
pub struct CurlProps {
    pub session: Session,
    pub dispatch: Dispatch,
    /// The Service.
    pub service: Key,
}

/// The form, and how the last request went.
#[component]
pub fn Curl(props: &CurlProps) -> Html {
    let CurlProps { session, dispatch, service } = props;
    use_revision(session);
    let from = use_state(|| None::<String>);
    let to = use_state(|| None::<String>);
    // The last request before ours; ours has a greater number.
    let asked = use_state(|| None::<u64>);
    let (places, routes) = (places(session), routes(session, service));
    let from_now = chosen_place(session, &places, from.as_deref());
    let to_now = chosen_route(&routes, to.as_deref(), &from_now);
    let go = {
        let (session, dispatch, asked) = (session.clone(), dispatch.clone(), asked.clone());
        let (from, url) = (from_now.clone(), to_now.clone());
        move |_| {
            asked.set(Some(last_exchange(&session)));
            let (terminal, line) = command(&session, &from, &url);
            dispatch.dispatch(Action::Place(terminal.clone()));
            session.submit(&terminal, &line);
        }
    };
    let choose_from = use_callback(from.setter(), |event: Event, from| from.set(Some(dom::chosen(&event))));
    let choose_to = use_callback(to.setter(), |event: Event, to| to.set(Some(dom::chosen(&event))));
    html! {
        <section class="try" aria-label="Try it">
            <h3>{ "Try it" }</h3>
            <label>{ "from " }<select onchange={choose_from}>
                { for places.iter().map(|one| html! {
                    <option value={place::to_text(one)} selected={*one == from_now}>{ place::title(one) }</option>
                }) }
            </select></label>
            <label>{ "to " }<select onchange={choose_to}>
                { for routes.iter().map(|route| html! {
                    <option value={route.url.clone()} selected={route.url == to_now}>{ format!("{}: {}", route.title, route.url) }</option>
                }) }
            </select></label>
            <button class="primary" onclick={go}>{ "Send the request" }</button>
            { advice(&places) }
            if let Some(before) = *asked {
                <Answer session={session.clone()} dispatch={dispatch.clone()} {before} />
            }
        </section>
    }
}

fn advice(places: &[Place]) -> Html {
    if places.iter().any(|place| matches!(place, Place::Pod { .. })) {
        return html! {};
    }
    html! {
        <p class="quiet">
            { "No pod runs yet to send from. " }<code>{ "kubectl run client --image=bretfisher/netshoot -- sleep infinity" }</code>
        </p>
    }
}

/// Props of [`Answer`].
#[derive(Properties, PartialEq)]
struct AnswerProps {
    session: Session,
    dispatch: Dispatch,
    before: u64,
}

/// The first request after a number, once it is there.
#[component]
fn Answer(props: &AnswerProps) -> Html {
    let AnswerProps { session, dispatch, before } = props;
    let found = use_look(session, Pace::Calm, *before, |session, before| {
        let wanted = session.last_request();
        let id = if wanted > *before { wanted } else { return None };
        session.world(|world| world.exchanges().find(|exchange| exchange.id == id).cloned())
    });
    let id = found.as_ref().map(|exchange| exchange.id);
    use_effect_with((id, dispatch.clone()), |(id, dispatch)| {
        if let Some(id) = id {
            dispatch.dispatch(Action::Exchange(*id));
        }
    });
    match found {
        Some(exchange) => html! { <Request session={session.clone()} dispatch={dispatch.clone()} {exchange} /> },
        None if session.look(sim::Timeline::is_paused) => {
            html! { <p class="note">{ "Time is paused; the request goes out when it runs." }</p> }
        }
        None => html! { <p class="quiet">{ "On its way …" }</p> },
    }
}

fn last_exchange(session: &Session) -> u64 {
    session.world(|world| world.exchanges().next_back().map_or(0, |exchange| exchange.id))
}

fn routes(session: &Session, key: &Key) -> Vec<Route> {
    session.world(|world| {
        let snapshot = world.snapshot();
        snapshot.get(key).map(|service| services::routes(snapshot, service)).unwrap_or_default()
    })
}

/// The place that was chosen, if it is still there; else a pod with network tools, any pod, the outside.
fn chosen_place(session: &Session, places: &[Place], chosen: Option<&str>) -> Place {
    let chosen = chosen.and_then(place::from_text).filter(|place| places.contains(place));
    let mut pods = places.iter().filter(|place| matches!(place, Place::Pod { .. }));
    let with_tools = pods.clone().find(|place| has_curl(session, place));
    chosen.or_else(|| with_tools.cloned()).or_else(|| pods.next().cloned()).unwrap_or(Place::Outside)
}

/// The address that was chosen, or one that is meant for this place.
fn chosen_route(routes: &[Route], chosen: Option<&str>, from: &Place) -> String {
    let chosen = chosen.and_then(|url| routes.iter().find(|route| route.url == url));
    let wanted: &[&str] = match from {
        Place::Pod { .. } => &["by name"],
        Place::Node(_) => &["by cluster IP", "by node port"],
        Place::Outside | Place::Internet(_) | Place::LoadBalancer { .. } => {
            &["by load balancer", "by node port of node-1", "by node port"]
        }
    };
    let meant = wanted.iter().find_map(|title| routes.iter().find(|route| route.title.starts_with(title)));
    chosen.or(meant).or(routes.first()).map(|route| route.url.clone()).unwrap_or_default()
}

/// Where to type what, to send a request.
pub fn command(session: &Session, from: &Place, url: &str) -> (Place, String) {
    let Place::Pod { namespace, name } = from else { return (from.clone(), ["curl -m 5 ", url].concat()) };
    let ask = if has_curl(session, from) { "curl -sS -m 5" } else { "wget -qO- -T 5" };
    (Place::Outside, ["kubectl exec ", name, &namespace_flag(namespace), " -- ", ask, " ", url].concat())
}

/// Whether the pod's image is one that has curl.
fn has_curl(session: &Session, place: &Place) -> bool {
    let Place::Pod { namespace, name } = place else { return true };
    session.world(|world| {
        let pod = world.snapshot().find(&resource::PODS, namespace, name);
        let image = pod.and_then(|pod| pod.pod().containers().first()).map(|c| c["image"].text()).unwrap_or_default();
        ["netshoot", "nginx", "curl", "agnhost"].iter().any(|word| image.contains(word))
    })
}
