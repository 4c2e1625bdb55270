//! The terminal: text above, one line to type in, history, completion. Plain text in the document, so that everything that
//! reads pages can read it.

use crate::bridge::{dom, storage};
use crate::complete;
use crate::hooks::{use_look, use_revision};
use crate::place;
use crate::screen::Segment;
use crate::session::{Pace, Session};
use crate::state::{self, Action, Dispatch};
use model::resource;
use sim::Place;
use std::rc::Rc;
use yew::{
    Callback, Event, Html, KeyboardEvent, NodeRef, Properties, SubmitEvent, component, hook, html, use_callback, use_effect_with,
    use_memo, use_mut_ref, use_node_ref, use_state,
};

/// So many commands are remembered.
const HISTORY: usize = 300;
/// Longer outputs are not read aloud as a whole.
const SPOKEN_LINES: usize = 12;

/// Props of [`Terminal`].
#[derive(Properties, PartialEq)]
pub struct TerminalProps {
    pub session: Session,
    pub dispatch: Dispatch,
    pub place: Place,
}

#[derive(Clone, PartialEq, Default)]
struct Look {
    version: u64,
    busy: bool,
    paused: bool,
}

fn look(session: &Session, place: &Place) -> Look {
    let paused = session.look(sim::Timeline::is_paused);
    let seen = session.screen(place, |screen| Look { version: screen.version(), busy: screen.is_busy(), paused });
    seen.unwrap_or(Look { paused, ..Look::default() })
}

/// The terminal pane.
#[component]
pub fn Terminal(props: &TerminalProps) -> Html {
    let TerminalProps { session, dispatch, place } = props;
    use_effect_with((session.clone(), place.clone()), |(session, place)| session.open(place));
    let seen = use_look(session, Pace::Calm, place.clone(), look);
    let (output, input) = (use_node_ref(), use_node_ref());
    use_effect_with((output.clone(), seen.version), |(output, _)| dom::follow(output, false));
    use_effect_with((output.clone(), place.clone()), |(output, _)| dom::follow(output, true));
    let focus = use_callback((), |_, ()| {
        if !dom::has_selection() {
            dom::focus(state::Pane::Terminal.focus_id());
        }
    });
    let clear = use_callback((session.clone(), place.clone()), |_, (session, place)| session.clear(place));
    let stop = use_callback((session.clone(), place.clone()), |_, (session, place)| session.interrupt(place));
    let (segments, prompt) =
        session.screen(place, |screen| (screen.segments().collect::<Vec<_>>(), screen.prompt().to_owned())).unwrap_or_default();
    html! {
        <section id={state::Pane::Terminal.id()} class="pane" aria-label="Terminal">
            <div class="bar">
                <h2>{ "Terminal" }</h2>
                <Where session={session.clone()} dispatch={dispatch.clone()} place={place.clone()} />
                if seen.busy && seen.paused {
                    <span class="note">{ "time is paused, so this command waits" }</span>
                }
                if seen.busy {
                    <button onclick={stop} title="Ctrl-C">{ "Stop" }</button>
                }
                <button class="plain" onclick={clear} title="Ctrl-L">{ "Clear" }</button>
            </div>
            <div class="scroller screen" ref={output.clone()} onclick={focus}>
                <pre>{ for segments.into_iter().map(segment) }</pre>
                <Line session={session.clone()} place={place.clone()} input={input} output={output} {prompt} />
            </div>
            <Spoken session={session.clone()} place={place.clone()} busy={seen.busy} />
        </section>
    }
}

fn segment(Segment { number, typed, text }: Segment) -> Html {
    if typed {
        html! { <b key={number}>{ text }</b> }
    } else {
        html! { <span key={number}>{ text }</span> }
    }
}

/// Props of [`Where`].
#[derive(Properties, PartialEq)]
struct WhereProps {
    session: Session,
    dispatch: Dispatch,
    place: Place,
}

/// Chooses whose terminal it is.
#[component]
fn Where(props: &WhereProps) -> Html {
    let WhereProps { session, dispatch, place } = props;
    let rev = use_revision(session);
    let places = use_memo((session.clone(), rev), |(session, _)| places(session));
    let choose = use_callback(dispatch.clone(), |event: Event, dispatch| {
        if let Some(place) = place::from_text(&dom::chosen(&event)) {
            dispatch.dispatch(Action::Place(place));
            dom::focus(state::Pane::Terminal.focus_id());
        }
    });
    let gone = (!places.contains(place)).then(|| place.clone());
    html! {
        <select class="menu" aria-label="Where the terminal is" title="Where commands run" onchange={choose}>
            { for places.iter().chain(gone.iter()).map(|one| html! {
                <option value={place::to_text(one)} selected={one == place}>{ ["on ", &place::title(one)].concat() }</option>
            }) }
        </select>
    }
}

/// Every place that a person can be at: outside, the nodes, the running pods.
pub fn places(session: &Session) -> Vec<Place> {
    session.world(|world| {
        let snapshot = world.snapshot();
        let nodes = snapshot.list(&resource::NODES, "").map(|node| Place::Node(node.meta.name.clone()));
        let running = snapshot.list(&resource::PODS, "").filter(|pod| pod.pod().phase() == "Running" && !pod.is_terminating());
        let pods = running
            .filter(|pod| pod.meta.namespace != "kube-system")
            .map(|pod| Place::Pod { namespace: pod.meta.namespace.clone(), name: pod.meta.name.clone() });
        std::iter::once(Place::Outside).chain(pods.take(100)).chain(nodes).collect()
    })
}

/// Props of [`Line`].
#[derive(Properties, PartialEq)]
struct LineProps {
    session: Session,
    place: Place,
    input: NodeRef,
    output: NodeRef,
    prompt: String,
}

/// The line that is being typed.
#[component]
fn Line(props: &LineProps) -> Html {
    let choices = use_state(Vec::<String>::new);
    let history = use_mut_ref(|| History::new(storage::get_list("history")));
    let submit = use_submit(props, history.clone());
    let press = {
        let (session, place, input) = (props.session.clone(), props.place.clone(), props.input.clone());
        let choices = choices.clone();
        move |event: KeyboardEvent| {
            if event.key() != "Tab" && !choices.is_empty() {
                choices.set(Vec::new());
            }
            let control = event.ctrl_key() && !event.alt_key();
            match event.key().as_str() {
                "c" if control && !dom::has_selection() => {
                    dom::set_text(&input, "");
                    session.interrupt(&place);
                }
                "d" if control && dom::text_of(&input).is_empty() => session.end_input(&place),
                "l" if control => session.clear(&place),
                "u" if control => dom::set_text(&input, ""),
                "ArrowUp" => dom::set_text(&input, &history.borrow_mut().up(&dom::text_of(&input))),
                "ArrowDown" => dom::set_text(&input, &history.borrow_mut().down()),
                "Tab" if !event.shift_key() && !dom::text_of(&input).is_empty() => choices.set(complete_in(&session, &input)),
                _ => return,
            }
            event.prevent_default();
        }
    };
    let paste = {
        let (submit, input) = (submit.clone(), props.input.clone());
        move |event: Event| {
            let text = [dom::text_of(&input), dom::pasted(&event)].concat().replace('\r', "");
            if let Some((lines, rest)) = text.rsplit_once('\n') {
                event.prevent_default();
                dom::set_text(&input, rest);
                submit.emit(lines.to_owned());
            }
        }
    };
    let on_submit = {
        let input = props.input.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            let line = dom::text_of(&input);
            dom::set_text(&input, "");
            submit.emit(line);
        }
    };
    html! {
        <>
            <form class="line" onsubmit={on_submit}>
                <label for={state::Pane::Terminal.focus_id()}>{ &props.prompt }</label>
                <input id={state::Pane::Terminal.focus_id()} ref={props.input.clone()} type="text" spellcheck="false"
                    autocapitalize="off" autocomplete="off" autocorrect="off" enterkeyhint="send" aria-label="Command"
                    placeholder="kubectl get pods" onkeydown={press} onpaste={paste} />
            </form>
            if !choices.is_empty() {
                <p class="choices" role="status">{ choices.join("   ") }</p>
            }
        </>
    }
}

#[hook]
fn use_submit(props: &LineProps, history: Rc<std::cell::RefCell<History>>) -> Callback<String> {
    let given = (props.session.clone(), props.place.clone(), props.output.clone());
    use_callback(given, move |lines: String, (session, place, output)| {
        if history.borrow_mut().add(&lines) {
            storage::set_list("history", &history.borrow().lines, HISTORY);
        }
        session.submit(place, &lines);
        dom::follow(output, true);
    })
}

fn complete_in(session: &Session, input: &NodeRef) -> Vec<String> {
    let text = dom::text_of(input);
    let caret = crate::editor::edit::bytes_of(&text, dom::caret(input));
    let (before, after) = text.split_at(caret);
    let found = session.world(|world| complete::complete(world.snapshot(), before));
    let word = &before[found.start..];
    let common = complete::common(&found.words);
    let one = found.words.len() == 1;
    if common.len() > word.len() || one {
        let space = if one && !common.ends_with(['/', '=']) { " " } else { "" };
        dom::set_text(input, &[&before[..found.start], &common, space, after].concat());
    }
    if one { Vec::new() } else { found.words }
}

/// Commands that were typed, oldest first, and where one is among them.
struct History {
    lines: Vec<String>,
    at: usize,
    /// The line that was being typed when the search began.
    own: String,
}

impl History {
    fn new(lines: Vec<String>) -> History {
        History { at: lines.len(), lines, own: String::new() }
    }
    /// Remembers lines; answers whether any was worth it.
    fn add(&mut self, text: &str) -> bool {
        let before = self.lines.len();
        for line in text.split('\n').map(str::trim).filter(|line| !line.is_empty()) {
            if self.lines.last().is_none_or(|last| last != line) {
                self.lines.push(line.to_owned());
            }
        }
        self.at = self.lines.len();
        self.lines.len() > before
    }
    fn up(&mut self, typed: &str) -> String {
        if self.at == self.lines.len() {
            self.own = typed.to_owned();
        }
        self.at = self.at.saturating_sub(1);
        self.lines.get(self.at).unwrap_or(&self.own).clone()
    }
    fn down(&mut self) -> String {
        self.at = (self.at + 1).min(self.lines.len());
        self.lines.get(self.at).unwrap_or(&self.own).clone()
    }
}

/// Props of [`Spoken`].
#[derive(Properties, PartialEq)]
struct SpokenProps {
    session: Session,
    place: Place,
    busy: bool,
}

/// What a screen reader says when a command has ended. While one runs it says nothing, however much is printed.
#[component]
fn Spoken(props: &SpokenProps) -> Html {
    let was_busy = use_mut_ref(|| false);
    let said = use_mut_ref(String::new);
    if std::mem::replace(&mut *was_busy.borrow_mut(), props.busy) && !props.busy {
        *said.borrow_mut() = props.session.screen(&props.place, |screen| spoken(&screen.last_output())).unwrap_or_default();
    }
    let text = said.borrow().clone();
    html! { <p class="hidden" role="status">{ text }</p> }
}

fn spoken(output: &str) -> String {
    let lines: Vec<&str> = output.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.len() <= SPOKEN_LINES {
        return lines.join("\n");
    }
    format!("{}\nand {} more lines", lines[..SPOKEN_LINES].join("\n"), lines.len() - SPOKEN_LINES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_goes_up_and_down() {
        let mut history = History::new(vec!["a".to_owned()]);
        assert!(history.add("b\n\nb\nc"));
        assert!(!history.add("c"));
        assert_eq!(history.up("typing"), "c");
        assert_eq!(history.up(""), "b");
        assert_eq!(history.up(""), "a");
        assert_eq!(history.up(""), "a");
        assert_eq!(history.down(), "b");
        assert_eq!(history.down(), "c");
        assert_eq!(history.down(), "typing");
        assert_eq!(history.down(), "typing");
    }

    #[test]
    fn long_outputs_are_cut_for_the_ear() {
        assert_eq!(spoken("a\n\nb\n"), "a\nb");
        assert!(spoken(&"x\n".repeat(100)).ends_with("and 88 more lines"));
    }
}
