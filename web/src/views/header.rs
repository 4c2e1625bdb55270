//! The top of the page: its name, what to do next, time, colours and help.

use crate::hooks::use_look;
use crate::session::{Pace, Session};
use crate::state::{Action, Dispatch, Theme};
use crate::status::{self, Health};
use crate::views::clock::Clock;
use model::resource;
use yew::{Html, Properties, component, html};

/// Props of [`Header`].
#[derive(Properties, PartialEq)]
pub struct HeaderProps {
    pub session: Session,
    pub dispatch: Dispatch,
    pub theme: Theme,
    pub has_applied: bool,
}

/// The header of the page.
#[component]
pub fn Header(props: &HeaderProps) -> Html {
    let HeaderProps { session, dispatch, theme, has_applied } = props;
    let next = use_look(session, Pace::Calm, *has_applied, next_thing);
    let change_theme = {
        let dispatch = dispatch.clone();
        move |_| dispatch.dispatch(Action::NextTheme)
    };
    let help = {
        let dispatch = dispatch.clone();
        move |_| dispatch.dispatch(Action::Help(true))
    };
    let (sign, title) = match theme {
        Theme::System => ("◑", "Colours: as the system"),
        Theme::Light => ("☀", "Colours: light"),
        Theme::Dark => ("☾", "Colours: dark"),
    };
    html! {
        <header>
            <h1>{ "Tabernetes" }</h1>
            <p class="next" role="status"><b>{ "Next: " }</b>{ next }</p>
            <Clock session={session.clone()} />
            <div class="buttons">
                <button class="plain" title={title} aria-label={title} onclick={change_theme}>{ sign }</button>
                <button class="plain" title="Keys and help" aria-label="Keys and help" onclick={help}>{ "?" }</button>
            </div>
        </header>
    }
}

/// The one thing that is worth doing now.
fn next_thing(session: &Session, has_applied: &bool) -> &'static str {
    session.world(|world| {
        let pods: Vec<Health> = world.snapshot().list(&resource::PODS, "default").map(|pod| status::of_pod(pod).health).collect();
        let services = world.snapshot().list(&resource::SERVICES, "default").any(|s| s.meta.name != "kubernetes");
        let asked = world.exchanges().next().is_some();
        match () {
            () if !has_applied && pods.is_empty() => "press Apply to create what the editor describes.",
            () if pods.contains(&Health::Failing) => "a pod is in trouble; click it to see why.",
            () if pods.iter().any(|h| matches!(h, Health::Starting | Health::Waiting)) => "watch the pods start.",
            () if services && !asked => "click the Service in the picture and try it.",
            () if asked => "break something: another example, a node's power, kubectl delete …",
            () => "type kubectl get all in the terminal.",
        }
    })
}
