//! Keys, and what is real here.

use crate::bridge::dom;
use crate::state::{Action, Dispatch};
use yew::{Html, KeyboardEvent, Properties, component, html, use_effect_with};

/// Props of [`Help`].
#[derive(Properties, PartialEq)]
pub struct HelpProps {
    pub dispatch: Dispatch,
}

const KEYS: [(&str, &str); 9] = [
    ("Ctrl Enter", "apply the editor's text"),
    ("Alt 1 … Alt 4", "go to editor, cluster, terminal, details"),
    ("Tab", "in the terminal: complete; in the editor: indent (Esc, then Tab leaves it)"),
    ("↑ ↓", "earlier and later commands"),
    ("Ctrl C", "stop the command (when no text is selected)"),
    ("Ctrl D", "end of input: leaves a shell in a container"),
    ("Ctrl L", "clear the terminal"),
    ("Esc", "close this"),
    ("Enter, Space", "select the pod, node or Service that has the focus"),
];

/// The help, above the page.
#[component]
pub fn Help(props: &HelpProps) -> Html {
    let close = {
        let dispatch = props.dispatch.clone();
        move || dispatch.dispatch(Action::Help(false))
    };
    use_effect_with((), |()| dom::focus("help-close"));
    let on_key = {
        let close = close.clone();
        move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                close();
            }
        }
    };
    let apple = dom::is_apple();
    let name = |keys: &str| if apple { keys.replace("Ctrl Enter", "⌘ Enter").replace("Alt", "⌥") } else { keys.to_owned() };
    html! {
        <div class="veil" onkeydown={on_key}>
            <div role="dialog" aria-modal="true" aria-labelledby="help-title" class="dialog">
                <div class="bar">
                    <h2 id="help-title">{ "Help" }</h2>
                    <button id="help-close" onclick={move |_| close()}>{ "Close" }</button>
                </div>
                <p>
                    { "A whole Kubernetes cluster runs in this tab: API server, controllers, scheduler, kubelets, service " }
                    { "proxies and DNS. Nothing leaves your computer. The machines, container images and network wires are " }
                    { "simulated: images of tutorials behave as the real ones do, others just run and say so." }
                </p>
                <p>
                    { "Time is virtual. Pause it, step, run it a hundred times faster, or drag the slider back; what you do " }
                    { "in the past starts another history from there." }
                </p>
                <dl class="keys">
                    { for KEYS.iter().map(|(keys, what)| html! { <><dt><kbd>{ name(keys) }</kbd></dt><dd>{ *what }</dd></> }) }
                </dl>
                <p>
                    { "Pages and tests can drive it: " }
                    <code>{ "await tabernetes.run(\"kubectl get pods\")" }</code>{ " in the browser's console." }
                </p>
            </div>
        </div>
    }
}
