//! Requests over the network, hop by hop: resolver steps, virtual address, chosen endpoint and odds, rewritten addresses,
//! the answer; and for one that failed, where and why it stopped.

use crate::hooks::use_look;
use crate::session::{Pace, Session};
use crate::state::{Action, Dispatch};
use crate::views::clock::since_start;
use crate::views::mend::Mend;
use dns::resolver::Lookup;
use dns::{Data, RecordType};
use sim::{End, Exchange, Hop, Path, Place};
use std::net::IpAddr;
use std::sync::Arc;
use yew::{Html, Properties, classes, component, html};

/// So many requests are listed.
const LISTED: usize = 12;

/// Props of [`Requests`].
#[derive(Properties, PartialEq)]
pub struct RequestsProps {
    pub session: Session,
    pub dispatch: Dispatch,
    pub exchange: Option<u64>,
}

/// The list of the last requests, and one of them in full.
#[component]
pub fn Requests(props: &RequestsProps) -> Html {
    let session = &props.session;
    let last = use_look(session, Pace::Calm, (), |session, ()| {
        session.world(|world| world.exchanges().next_back().map_or(0, |exchange| exchange.id))
    });
    let list: Vec<Arc<Exchange>> = session.world(|world| world.exchanges().rev().take(LISTED).cloned().collect());
    if list.is_empty() {
        return html! {
            <p class="quiet">{ "No requests yet. Select a Service and try it, or type curl in the terminal." }</p>
        };
    }
    let shown = props.exchange.unwrap_or(last);
    let found = session.world(|world| world.exchanges().find(|exchange| exchange.id == shown).cloned());
    let entry = |exchange: &Arc<Exchange>| {
        let (dispatch, id) = (props.dispatch.clone(), exchange.id);
        html! {
            <li key={id}><button aria-pressed={(id == shown).to_string()} class={classes!((!exchange.ok).then_some("bad"))}
                onclick={move |_| dispatch.dispatch(Action::Exchange(id))}>
                <span class="sign" aria-hidden="true">{ if exchange.ok { "✓" } else { "▲" } }</span>
                <span class="when">{ since_start(session, exchange.at) }</span>
                <span>{ format!("{} from {}: {}", exchange.what, exchange.from, exchange.outcome) }</span>
            </button></li>
        }
    };
    html! {
        <>
            <ul class="requests" aria-label="The last requests">{ for list.iter().map(entry) }</ul>
            if let Some(exchange) = found {
                <Request session={session.clone()} dispatch={props.dispatch.clone()} {exchange} />
            }
        </>
    }
}

/// Props of [`Request`].
#[derive(Properties, PartialEq)]
pub struct RequestProps {
    pub session: Session,
    pub dispatch: Dispatch,
    pub exchange: Arc<Exchange>,
}

/// One request in full.
#[component]
pub fn Request(props: &RequestProps) -> Html {
    let RequestProps { session, dispatch, exchange } = props;
    let why = exchange.why_failed();
    html! {
        <article class={classes!("request", (!exchange.ok).then_some("bad"))} aria-label="Request, hop by hop">
            <h3>{ exchange.what.as_str() }</h3>
            <ol class="hops">
                { lookups(&exchange.lookups) }
                if let Some(path) = &exchange.path {
                    { hops(path) }
                }
                <li class={if exchange.ok { "ready" } else { "failing" }}>
                    <b>{ if exchange.ok { "✓ " } else { "▲ " } }{ exchange.outcome.as_str() }</b>
                    if let Some(why) = why {
                        <p>{ why }</p>
                    }
                </li>
            </ol>
            <Mend session={session.clone()} dispatch={dispatch.clone()} exchange={exchange.clone()} />
            <details>
                <summary>{ "The same as text" }</summary>
                <pre>{ exchange.explain().join("\n") }</pre>
            </details>
        </article>
    }
}

fn lookups(lookups: &[Lookup]) -> Html {
    let step = |lookup: &Lookup| {
        let found: Vec<String> = lookup.answer.answer.iter().filter_map(|record| data_text(&record.data)).collect();
        let answer = if found.is_empty() { lookup.answer.code.as_str().to_owned() } else { found.join(", ") };
        let hit = !found.is_empty();
        html! {
            <li class={if hit { "hit" } else { "miss" }}>
                <code>{ lookup.question.name.trim_end_matches('.') }</code>{ " " }
                <span class="quiet">{ lookup.question.kind.as_str() }</span>{ " → " }<span>{ answer }</span>
            </li>
        }
    };
    let shown = lookups.iter().filter(|l| l.question.kind == RecordType::A || !l.answer.answer.is_empty());
    let steps: Vec<Html> = shown.map(step).collect();
    if steps.is_empty() {
        return html! {};
    }
    html! { <li><b>{ "Resolve the name" }</b><ul>{ for steps }</ul></li> }
}

fn data_text(data: &Data) -> Option<String> {
    match data {
        Data::A(ip) => Some(ip.to_string()),
        Data::Aaaa(ip) => Some(ip.to_string()),
        Data::Cname(name) => Some(["CNAME ", name.trim_end_matches('.')].concat()),
        Data::Srv { .. } | Data::Ptr(_) | Data::Txt(_) | Data::Ns(_) | Data::Soa { .. } => None,
    }
}

fn hops(path: &Path) -> Html {
    let last = path.hops.len().saturating_sub(1);
    let arrives = matches!(path.end, End::Pod { .. });
    html! {
        <>
            { for path.hops.iter().enumerate().map(|(at, hop)| station(hop, arrives && at == last)) }
            { end(path) }
        </>
    }
}

fn station(hop: &Hop, arrives: bool) -> Html {
    let steps = hop.trace.iter().flat_map(|(trace, rules)| trace.explain(rules));
    html! {
        <li>
            <b>{ title(&hop.at) }</b>
            <p class="packet">
                { if arrives { "gets " } else { "sends " } }
                <code>{ address(hop.source) }</code>{ " → " }<code>{ address(hop.destination) }</code>
            </p>
            <ul>{ for steps.map(|step| html! { <li>{ step }</li> }) }</ul>
        </li>
    }
}

fn end(path: &Path) -> Html {
    let text = match &path.end {
        End::Pod { .. } => format!("The server sees the client as {}", address(path.seen)),
        End::Node(node) => format!("Node {node} sees the client as {}", address(path.seen)),
        End::Internet(name) => format!("{name} answers"),
        End::Rejected { node } => format!("Node {node} refuses the packet"),
        End::Dropped { node } => format!("Node {node} drops the packet without a word"),
        End::NoRoute(why) => format!("The packet is lost: {why}"),
    };
    html! { <li>{ text }</li> }
}

fn title(place: &Place) -> String {
    match place {
        Place::Outside => "Your machine, outside".to_owned(),
        Place::Internet(name) => name.to_string(),
        Place::LoadBalancer { service, .. } => ["Load balancer of ", service].concat(),
        Place::Node(name) => ["Node ", name].concat(),
        Place::Pod { name, .. } => ["Pod ", name].concat(),
    }
}

fn address((ip, port): (IpAddr, u16)) -> String {
    if ip.is_ipv6() { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") }
}
