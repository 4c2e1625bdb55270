//! The request below the picture: what was asked and what came of it, and its steps as buttons. Choosing a step
//! holds the packet there and tells it in full. For one that failed, what would help.

use crate::picture::packets::{Story, Tone};
use crate::session::Session;
use crate::state::Dispatch;
use crate::views::mend::Mend;
use sim::Exchange;
use std::rc::Rc;
use std::sync::Arc;
use yew::{Callback, Html, Properties, classes, component, html};

/// Props of [`Hops`].
#[derive(Properties, PartialEq)]
pub struct HopsProps {
    pub session: Session,
    pub dispatch: Dispatch,
    /// The request itself.
    pub exchange: Arc<Exchange>,
    pub story: Rc<Story>,
    /// The step that the packet is at.
    pub current: Option<usize>,
    /// The step that it is held at.
    pub held: Option<usize>,
    pub on_hold: Callback<Option<usize>>,
    pub on_replay: Callback<()>,
    pub on_close: Callback<()>,
}

/// The panel.
#[component]
pub fn Hops(props: &HopsProps) -> Html {
    let HopsProps { session, dispatch, exchange, story, current, held, .. } = props;
    let tone = if story.ok { "ready" } else { "failing" };
    let replay = props.on_replay.reform(|_| ());
    let close = props.on_close.reform(|_| ());
    let told = held.and_then(|at| story.steps.get(at));
    let step = |(at, step): (usize, &crate::picture::packets::Step)| {
        let is_held = *held == Some(at);
        let hold = props.on_hold.reform(move |_| if is_held { None } else { Some(at) });
        let is_current = held.or(*current) == Some(at);
        let class = classes!("hop", is_current.then_some("current"), class(step.tone));
        html! {
            <li key={at}><button {class} aria-pressed={is_held.to_string()} onclick={hold}>
                <i>{ mark(step.tone, at) }</i><span><b>{ &step.who }</b>{ " " }{ &step.title }</span>
            </button></li>
        }
    };
    html! {
        <section class="flight" aria-label="Request on its way">
            <div class="asked">
                <code>{ &story.what }</code>
                <b class={tone}>{ if story.ok { "✓ " } else { "✕ " } }{ &story.outcome }</b>
                <button class="plain" onclick={replay} title="Fly again">{ "↻ replay" }</button>
                <button class="plain" onclick={close} aria-label="Put the request away">{ "✕" }</button>
            </div>
            <ol class="way">{ for story.steps.iter().enumerate().map(step) }</ol>
            if let Some(step) = told {
                <ul class="told">{ for step.lines.iter().map(|line| html! { <li>{ line }</li> }) }</ul>
            } else if let Some(why) = &story.why {
                <p class="why failing">{ why }</p>
            }
            <Mend session={session.clone()} dispatch={dispatch.clone()} exchange={exchange.clone()} />
        </section>
    }
}

fn class(tone: Tone) -> Option<&'static str> {
    match tone {
        Tone::Plain => None,
        Tone::Good => Some("good"),
        Tone::Bad => Some("bad"),
    }
}

fn mark(tone: Tone, at: usize) -> String {
    match tone {
        Tone::Plain => (at + 1).to_string(),
        Tone::Good => "✓".to_owned(),
        Tone::Bad => "✕".to_owned(),
    }
}
