//! The first tab of the details: what matters about a pod, a node or a Service, and what one can do to it.

use crate::services;
use crate::session::{Session, namespace_flag};
use crate::state::{Action, Dispatch, Tab};
use crate::status::{self, Status};
use crate::views::curl::Curl;
use model::{Key, Object, resource};
use sim::{Fault, Place};
use std::sync::Arc;
use value::Value;
use yew::{Callback, Html, Properties, component, html};

/// Props of [`Overview`].
#[derive(Properties, PartialEq)]
pub struct OverviewProps {
    pub session: Session,
    pub dispatch: Dispatch,
    pub object: Arc<Object>,
}

/// The object's own page.
#[component]
pub fn Overview(props: &OverviewProps) -> Html {
    let object = &props.object;
    match object.resource.as_str() {
        "pods" => pod(props),
        "nodes" => node(props),
        "services" => service(props),
        _ => {
            facts(&[("Namespace", object.meta.namespace.to_string()), ("Labels", labels(object)), ("Replicas", replicas(object))])
        }
    }
}

fn pod(props: &OverviewProps) -> Html {
    let object = &props.object;
    let view = object.pod();
    let flag = namespace_flag(&object.meta.namespace);
    let name = object.meta.name.as_str();
    let place = Place::Pod { namespace: object.meta.namespace.clone(), name: object.meta.name.clone() };
    let owner = object.meta.controller().and_then(|owner| {
        let resource = resource::of_kind(&owner.api_version, &owner.kind)?;
        Some(Key::new(&resource, object.meta.namespace.clone(), owner.name.clone()))
    });
    let shell = {
        let dispatch = props.dispatch.clone();
        Callback::from(move |_| dispatch.dispatch(Action::Place(place.clone())))
    };
    html! {
        <>
            { state_line(&status::of_pod(object)) }
            { facts(&[
                ("Node", view.node().to_owned()),
                ("Address", view.ip().to_owned()),
                ("Restarts", view.restarts().to_string()),
                ("Labels", labels(object)),
            ]) }
            if let Some(owner) = owner {
                <p>{ "Owned by " }{ select_button(&props.dispatch, owner) }</p>
            }
            <h3>{ "Containers" }</h3>
            <ul class="containers">
                { for view.init_containers().iter().map(|c| container(object, c, "initContainerStatuses")) }
                { for view.containers().iter().map(|c| container(object, c, "containerStatuses")) }
            </ul>
            <div class="acts">
                <button onclick={shell}>{ "Open a shell in it" }</button>
                { types(props, "Logs", &["kubectl logs ", name, &flag].concat()) }
                { types(props, "Delete", &["kubectl delete pod ", name, &flag].concat()) }
                { kill(props) }
            </div>
        </>
    }
}

fn container(pod: &Object, container: &Value, list: &str) -> Html {
    let name = container["name"].s();
    let statuses = pod.status()[list].items();
    let status = statuses.iter().find(|status| status["name"].s() == name);
    let state = status.map(|status| state_words(&status["state"])).unwrap_or_default();
    let init = if list.starts_with("init") { "init: " } else { "" };
    html! {
        <li>
            <b>{ [init, name].concat() }</b>{ " " }<code>{ container["image"].s().to_owned() }</code>
            <br />{ state }
        </li>
    }
}

fn state_words(state: &Value) -> String {
    let Some((word, inside)) = state.entries().first() else { return "not started".to_owned() };
    let reason = inside["reason"].s();
    let code = inside["exitCode"].as_i64().map(|code| format!(", exit code {code}")).unwrap_or_default();
    let message = inside["message"].s();
    let reason = if reason.is_empty() { String::new() } else { [": ", reason].concat() };
    let message = if message.is_empty() { String::new() } else { [" (", message, ")"].concat() };
    [word.as_str(), &reason, &code, &message].concat()
}

fn kill(props: &OverviewProps) -> Html {
    let (session, object) = (props.session.clone(), props.object.clone());
    let act = move |_| {
        for container in object.pod().containers() {
            session.fault(Fault::KillContainer {
                namespace: object.meta.namespace.clone(),
                pod: object.meta.name.clone(),
                container: container["name"].text(),
            });
        }
    };
    html! { <button onclick={act} title="The first process of each container gets SIGKILL">{ "Kill its processes" }</button> }
}

fn node(props: &OverviewProps) -> Html {
    let object = &props.object;
    let view = object.node();
    let name = object.meta.name.as_str();
    let up = props.session.world(|world| world.nodes().find(|n| *n.name() == object.meta.name).is_some_and(|n| n.is_up()));
    let pods = props.session.world(|world| world.snapshot().pods_on(name).count());
    let power = {
        let (session, name) = (props.session.clone(), object.meta.name.clone());
        move |_| session.fault(if up { Fault::NodeDown(name.clone()) } else { Fault::NodeUp(name.clone()) })
    };
    let taint = |taint: &Value| format!("{}={}:{}", taint["key"].s(), taint["value"].s(), taint["effect"].s());
    let capacity = &object.status()["capacity"];
    html! {
        <>
            { state_line(&status::of_node(object)) }
            if !up {
                <p class="failing">{ "The machine has no power." }</p>
            }
            { facts(&[
                ("Address", view.address("InternalIP").to_owned()),
                ("Pod addresses", view.pod_cidr().to_owned()),
                ("Pods", pods.to_string()),
                ("Capacity", format!("{} CPU, {} memory, {} pods", capacity["cpu"].s(), capacity["memory"].s(), capacity["pods"].s())),
                ("Taints", view.taints().iter().map(taint).collect::<Vec<_>>().join(", ")),
                ("Labels", labels(object)),
            ]) }
            <div class="acts">
                <button onclick={power}>{ if up { "Cut its power" } else { "Give it power" } }</button>
                if view.is_unschedulable() {
                    { types(props, "Uncordon", &["kubectl uncordon ", name].concat()) }
                } else {
                    { types(props, "Cordon", &["kubectl cordon ", name].concat()) }
                }
                { types(props, "Drain", &["kubectl drain ", name, " --ignore-daemonsets --delete-emptydir-data --force"].concat()) }
            </div>
        </>
    }
}

fn service(props: &OverviewProps) -> Html {
    let object = &props.object;
    let endpoints = props.session.world(|world| services::endpoints(world.snapshot(), object));
    let selector = object.spec()["selector"].entries().iter().map(|(k, v)| [k, "=", v.s()].concat()).collect::<Vec<_>>();
    let row = |endpoint: &services::Endpoint| {
        let class = match endpoint.state {
            services::State::Ready => "ready",
            services::State::NotReady => "starting",
            services::State::Terminating => "ending",
        };
        html! {
            <tr>
                <td class={class}><span class="sign">{ sign(endpoint.state) }</span>{ " " }{ endpoint.state.word() }</td>
                <td><code>{ endpoint.address.as_str() }</code></td>
                <td>{ if endpoint.pod.is_empty() { html! {} } else {
                    select_button(&props.dispatch, services::pod_key(&object.meta.namespace, &endpoint.pod))
                } }</td>
                <td>{ endpoint.node.as_str() }</td>
            </tr>
        }
    };
    let external = object.service().kind() == "ExternalName";
    html! {
        <>
            { facts(&[
                ("Type", services::kind(object).to_owned()),
                ("Address", services::addresses(object)),
                ("Ports", services::ports(object)),
                ("Selects", selector.join(", ")),
            ]) }
            if endpoints.is_empty() && !external {
                <p class="failing"><span class="sign">{ "▲" }</span>{ " No endpoints: no pod has the labels that it selects." }</p>
            } else if !external {
                <h3>{ "Endpoints" }</h3>
                <table class="endpoints"><tbody>{ for endpoints.iter().take(40).map(row) }</tbody></table>
            }
            <Curl session={props.session.clone()} dispatch={props.dispatch.clone()} service={object.key()} />
        </>
    }
}

fn sign(state: services::State) -> &'static str {
    match state {
        services::State::Ready => "●",
        services::State::NotReady => "◐",
        services::State::Terminating => "◌",
    }
}

fn state_line(status: &Status) -> Html {
    html! {
        <p class={status.health.class()}><span class="sign" aria-hidden="true">{ status.health.sign() }</span>{ " " }
            <b>{ status.word.as_str() }</b></p>
    }
}

fn facts(rows: &[(&'static str, String)]) -> Html {
    let shown = rows.iter().filter(|(_, text)| !text.is_empty());
    html! { <dl class="facts">{ for shown.map(|(name, text)| html! { <><dt>{ *name }</dt><dd>{ text }</dd></> }) }</dl> }
}

fn labels(object: &Object) -> String {
    object.meta.labels.iter().map(|(key, value)| [key, "=", value.s()].concat()).collect::<Vec<_>>().join(", ")
}

fn replicas(object: &Object) -> String {
    let (spec, status) = (object.spec(), object.status());
    let Some(wanted) = spec["replicas"].as_i64() else { return String::new() };
    let ready = status["readyReplicas"].as_i64().unwrap_or(0);
    format!("{ready} of {wanted} ready")
}

/// A button that types a command into the outside terminal.
fn types(props: &OverviewProps, title: &'static str, line: &str) -> Html {
    let (session, dispatch, line) = (props.session.clone(), props.dispatch.clone(), line.to_owned());
    let hint = line.clone();
    let act = move |_| {
        dispatch.dispatch(Action::Place(Place::Outside));
        session.submit(&Place::Outside, &line);
    };
    html! { <button onclick={act} title={hint}>{ title }</button> }
}

fn select_button(dispatch: &Dispatch, key: Key) -> Html {
    let dispatch = dispatch.clone();
    let title = key.name.to_string();
    let select = move |_| {
        dispatch.dispatch(Action::Select(Some(key.clone())));
        dispatch.dispatch(Action::Tab(Tab::Overview));
    };
    html! { <button class="link" onclick={select}>{ title }</button> }
}
