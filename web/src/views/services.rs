//! The list of Services: type, addresses, endpoints.

use crate::hooks::use_revision;
use crate::services::{self, State};
use crate::session::Session;
use model::{Key, Object, resource};
use std::rc::Rc;
use yew::{AttrValue, Callback, Html, Properties, classes, component, html, use_memo};

/// So many Services are listed; the filter finds the others.
const MOST: usize = 60;

/// Props of [`Services`].
#[derive(Properties, PartialEq)]
pub struct ServicesProps {
    pub session: Session,
    pub selection: Option<Key>,
    pub filter: AttrValue,
    pub system: bool,
    pub on_select: Callback<Option<Key>>,
}

#[derive(Clone, PartialEq)]
struct Row {
    key: Key,
    kind: String,
    addresses: String,
    ports: String,
    ready: usize,
    not_ready: usize,
    has_endpoints: bool,
}

/// The table of Services.
#[component]
pub fn Services(props: &ServicesProps) -> Html {
    let rev = use_revision(&props.session);
    let given = (props.session.clone(), rev, props.filter.clone(), props.system);
    let rows: Rc<(Vec<Row>, usize)> = use_memo(given, |(session, _, filter, system)| rows(session, filter, *system));
    let (rows, more) = (&rows.0, rows.1);
    if rows.is_empty() {
        return html! { <p class="quiet">{ "No Services yet. Apply the example, or: kubectl expose deployment NAME --port PORT" }</p> };
    }
    html! {
        <table class="services">
            <caption class="hidden">{ "Services" }</caption>
            <thead><tr>
                <th scope="col">{ "Service" }</th><th scope="col">{ "Type" }</th><th scope="col">{ "Address" }</th>
                <th scope="col">{ "Port" }</th><th scope="col">{ "Endpoints" }</th>
            </tr></thead>
            <tbody>{ for rows.iter().map(|one| row(one, props)) }</tbody>
            if more > 0 {
                <tfoot><tr><td colspan="5">{ format!("and {more} more; the filter finds them") }</td></tr></tfoot>
            }
        </table>
    }
}

fn row(row: &Row, props: &ServicesProps) -> Html {
    let selected = props.selection.as_ref() == Some(&row.key);
    let select = {
        let (on_select, key) = (props.on_select.clone(), row.key.clone());
        move |_| on_select.emit(Some(key.clone()))
    };
    let name = if row.key.namespace == "default" { row.key.name.to_string() } else { row.key.path() };
    html! {
        <tr key={row.key.path()} class={classes!(selected.then_some("selected"))}>
            <th scope="row"><button aria-pressed={selected.to_string()} onclick={select}>{ name }</button></th>
            <td>{ &row.kind }</td><td>{ &row.addresses }</td><td>{ &row.ports }</td><td>{ endpoints(row) }</td>
        </tr>
    }
}

fn endpoints(row: &Row) -> Html {
    let Row { ready, not_ready, has_endpoints, .. } = *row;
    if !has_endpoints {
        return html! { <span class="quiet">{ "DNS only" }</span> };
    }
    if ready + not_ready == 0 {
        return html! { <span class="failing"><span class="sign">{ "▲" }</span>{ " none" }</span> };
    }
    html! {
        <>
            <span class={if ready > 0 { "ready" } else { "failing" }}><span class="sign">{ "●" }</span>{ format!(" {ready} ready") }</span>
            if not_ready > 0 {
                <span class="starting">{ ", " }<span class="sign">{ "◐" }</span>{ format!(" {not_ready} not") }</span>
            }
        </>
    }
}

fn rows(session: &Session, filter: &str, system: bool) -> (Vec<Row>, usize) {
    session.world(|world| {
        let snapshot = world.snapshot();
        let wanted = |service: &&std::sync::Arc<Object>| {
            let own = service.meta.namespace == "kube-system"
                || service.meta.namespace == "default" && service.meta.name == "kubernetes";
            (system || !own) && matches(service, filter)
        };
        let all: Vec<_> = snapshot.list(&resource::SERVICES, "").filter(wanted).collect();
        let row = |service: &&std::sync::Arc<Object>| {
            let endpoints = services::endpoints(snapshot, service);
            let ready = endpoints.iter().filter(|endpoint| endpoint.state == State::Ready).count();
            Row {
                key: service.key(),
                kind: services::kind(service).to_owned(),
                addresses: services::addresses(service),
                ports: services::ports(service),
                ready,
                not_ready: endpoints.len() - ready,
                has_endpoints: service.service().kind() != "ExternalName",
            }
        };
        (all.iter().take(MOST).map(row).collect(), all.len().saturating_sub(MOST))
    })
}

/// Whether a filter's text is in a name, a namespace or a label.
pub fn matches(object: &Object, filter: &str) -> bool {
    let filter = filter.trim();
    if filter.is_empty() || object.meta.name.contains(filter) || object.meta.namespace.contains(filter) {
        return true;
    }
    object.meta.labels.iter().any(|(key, value)| match filter.split_once('=') {
        Some((wanted, text)) => key == wanted && value.s().starts_with(text),
        None => key.contains(filter) || value.s().contains(filter),
    })
}
