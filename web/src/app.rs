//! The root component: panes, keys for the whole page, and the frames that move time.

use crate::bridge::{dom, frames::Frames, storage};
use crate::hooks::use_look;
use crate::picture::Picture;
use crate::session::{Pace, Session};
use crate::state::{self, Action, Dispatch, Theme, Ui};
use crate::views::details::Details;
use crate::views::editor::Editor;
use crate::views::header::Header;
use crate::views::help::Help;
use crate::views::services::Services;
use crate::views::terminal::Terminal;
use model::Key;
use std::rc::Rc;
use yew::{
    Callback, Html, InputEvent, KeyboardEvent, Properties, UseReducerHandle, classes, component, hook, html, use_callback,
    use_effect_with, use_reducer,
};

/// What the page shows.
#[derive(Properties, PartialEq)]
pub struct AppProps {
    pub session: Session,
}

/// The whole page.
#[component]
pub fn App(props: &AppProps) -> Html {
    let session = &props.session;
    let ui = use_reducer(Ui::restored);
    use_frames(session);
    use_memory(&ui);
    use_keys(&ui);
    let request = use_look(session, Pace::Frame, (), |session, ()| session.last_request());
    use_effect_with((request, ui.dispatcher()), |(request, dispatch)| dispatch.dispatch(Action::Follow(*request)));
    let dispatch = ui.dispatcher();
    let tab = |pane: state::Pane| {
        let choose = {
            let dispatch = dispatch.clone();
            move |_| dispatch.dispatch(Action::Pane(pane))
        };
        html! { <button role="tab" aria-selected={(ui.pane == pane).to_string()} onclick={choose}>{ pane.title() }</button> }
    };
    let open = ui.details.then_some("with-details");
    html! {
        <div class={classes!("page", open)} data-pane={ui.pane.id()}>
            <Header session={session.clone()} dispatch={dispatch.clone()} theme={ui.theme} has_applied={ui.has_applied} />
            <main>
                <Editor session={session.clone()} dispatch={dispatch.clone()} text={ui.text.clone()}
                    applied={ui.applied.clone()} problems={ui.problems.clone()} has_applied={ui.has_applied} />
                <Cluster session={session.clone()} dispatch={dispatch.clone()} ui={Rc::new((*ui).clone())} />
                <Terminal session={session.clone()} dispatch={dispatch.clone()} place={ui.place.clone()} />
                <Details session={session.clone()} dispatch={dispatch.clone()} selection={ui.selection.clone()}
                    tab={ui.tab} exchange={ui.exchange} open={ui.details} />
            </main>
            <nav class="tabs" role="tablist" aria-label="Panes">{ for state::Pane::ALL.into_iter().map(tab) }</nav>
            if ui.help {
                <Help dispatch={dispatch.clone()} />
            }
        </div>
    }
}

/// Props of the middle pane.
#[derive(Properties, PartialEq)]
struct ClusterProps {
    session: Session,
    dispatch: Dispatch,
    ui: Rc<Ui>,
}

/// The picture and the list of services.
#[component]
fn Cluster(props: &ClusterProps) -> Html {
    let ClusterProps { session, dispatch, ui } = props;
    let select = use_callback(dispatch.clone(), |key: Option<Key>, dispatch| dispatch.dispatch(Action::Select(key)));
    let filter = use_callback(dispatch.clone(), |event: InputEvent, dispatch| {
        dispatch.dispatch(Action::Filter(dom::input_value(&event).into()));
    });
    let system = {
        let dispatch = dispatch.clone();
        move |event| dispatch.dispatch(Action::System(dom::is_checked(&event)))
    };
    html! {
        <section id={state::Pane::Picture.id()} class="pane" aria-label="Cluster" tabindex="-1">
            <div class="bar">
                <h2>{ "Cluster" }</h2>
                <input type="search" placeholder="Filter by name or label" aria-label="Filter pods and services"
                    value={ui.filter.clone()} oninput={filter} />
                <label class="check" title="Show what the cluster itself runs, in the namespace kube-system">
                    <input type="checkbox" checked={ui.system} onchange={system} />{ "system" }
                </label>
            </div>
            <div class="scroller">
                <Picture session={session.clone()} dispatch={dispatch.clone()} selection={ui.selection.clone()} filter={ui.filter.clone()}
                    system={ui.system} exchange={ui.exchange} on_select={select.clone()} />
                <Services session={session.clone()} selection={ui.selection.clone()} filter={ui.filter.clone()}
                    system={ui.system} on_select={select} />
            </div>
        </section>
    }
}

/// Time passes with the browser's frames.
#[hook]
fn use_frames(session: &Session) {
    use_effect_with(session.clone(), |session| {
        let session = session.clone();
        let frames = Frames::run(move |seconds| session.frame(seconds, &crate::bridge::frames::millis));
        move || drop(frames)
    });
}

/// What a later visit should find again.
#[hook]
fn use_memory(ui: &UseReducerHandle<Ui>) {
    use_effect_with(ui.text.clone(), |text| storage::set("text", text));
    use_effect_with(ui.theme, |theme: &Theme| {
        theme.show();
        storage::set("theme", theme.word());
    });
}

/// Keys that work wherever the focus is.
#[hook]
fn use_keys(ui: &UseReducerHandle<Ui>) {
    let dispatch = ui.dispatcher();
    let press = use_callback(dispatch, |event: KeyboardEvent, dispatch| {
        let pane = match (event.alt_key(), event.code().as_str()) {
            (true, "Digit1") => state::Pane::Editor,
            (true, "Digit2") => state::Pane::Picture,
            (true, "Digit3") => state::Pane::Terminal,
            (true, "Digit4") => state::Pane::Details,
            _ => return,
        };
        event.prevent_default();
        dispatch.dispatch(Action::Pane(pane));
        // The pane may be hidden until the page was drawn again.
        gloo::timers::callback::Timeout::new(0, move || dom::focus(pane.focus_id())).forget();
    });
    use_effect_with(press, |press: &Callback<KeyboardEvent>| {
        let press = press.clone();
        let keys = dom::Keys::listen(move |event| press.emit(event));
        move || drop(keys)
    });
}
