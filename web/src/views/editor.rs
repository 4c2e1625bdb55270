//! The editor: YAML over its own colours, problems on their lines, Apply, examples, and what became of each document.

use crate::bridge::text_area::TextArea;
use crate::bridge::{dom, storage};
use crate::editor::highlight::{self, Lens, LensKind};
use crate::editor::{edit, examples};
use crate::session::Session;
use crate::state::{Action, Dispatch, Pane};
use gloo::timers::callback::Timeout;
use sim::{Applied, Problem};
use std::collections::BTreeMap;
use std::rc::Rc;
use yew::{
    AttrValue, Callback, Event, Html, InputEvent, KeyboardEvent, NodeRef, Properties, component, hook, html, use_callback,
    use_effect_with, use_memo, use_mut_ref, use_node_ref, use_state,
};

/// The text is looked through after this pause in typing, in milliseconds.
const PAUSE: u32 = 250;
/// So many earlier texts are kept.
const DRAFTS: usize = 12;

/// Props of [`Editor`].
#[derive(Properties, PartialEq)]
pub struct EditorProps {
    pub session: Session,
    pub dispatch: Dispatch,
    pub text: Rc<str>,
    pub applied: Rc<Vec<Applied>>,
    pub problems: Rc<Vec<Problem>>,
    pub has_applied: bool,
}

/// The editor pane.
#[component]
pub fn Editor(props: &EditorProps) -> Html {
    let area = use_node_ref();
    use_check(props);
    let apply = use_callback((props.session.clone(), props.dispatch.clone()), {
        let area = area.clone();
        move |(), (session, dispatch)| {
            let Some(area) = TextArea::of(&area) else { return };
            let applied = session.apply(&area.text());
            dispatch.dispatch(Action::Applied(applied));
        }
    });
    use_apply_key(&apply);
    let keys = if dom::is_apple() { "⌘ Enter" } else { "Ctrl Enter" };
    html! {
        <section id={Pane::Editor.id()} class="pane" aria-label="Editor">
            <div class="bar">
                <h2>{ "Editor" }</h2>
                <Menu area={area.clone()} />
                <button class={if props.has_applied { "primary" } else { "primary beckon" }} title={format!("Apply ({keys})")}
                    onclick={apply.reform(|_| ())}>{ "Apply " }<kbd>{ keys }</kbd></button>
            </div>
            <Area area={area.clone()} dispatch={props.dispatch.clone()} text={props.text.clone()}
                applied={props.applied.clone()} problems={props.problems.clone()} />
            <Findings area={area} text={props.text.clone()} applied={props.applied.clone()} problems={props.problems.clone()} />
        </section>
    }
}

/// Looks through the text when typing pauses.
#[hook]
fn use_check(props: &EditorProps) {
    let input = (props.session.clone(), props.dispatch.clone(), props.text.clone());
    use_effect_with(input, |(session, dispatch, text)| {
        let (session, dispatch, text) = (session.clone(), dispatch.clone(), text.clone());
        let pause = Timeout::new(PAUSE, move || {
            let problems = session.look(|t| t.check(&text));
            dispatch.dispatch(Action::Problems(problems));
        });
        move || drop(pause)
    });
}

/// Ctrl-Enter applies wherever the focus is.
#[hook]
fn use_apply_key(apply: &Callback<()>) {
    use_effect_with(apply.clone(), |apply| {
        let apply = apply.clone();
        let keys = dom::Keys::listen(move |event: KeyboardEvent| {
            if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
                event.prevent_default();
                apply.emit(());
            }
        });
        move || drop(keys)
    });
}

/// Props of [`Area`].
#[derive(Properties, PartialEq)]
struct AreaProps {
    area: NodeRef,
    dispatch: Dispatch,
    text: Rc<str>,
    applied: Rc<Vec<Applied>>,
    problems: Rc<Vec<Problem>>,
}

/// The text itself, with line numbers and colours.
#[component]
fn Area(props: &AreaProps) -> Html {
    // The element keeps the text; it gets it once, so that the browser's undo goes back to the beginning.
    let initial = use_memo((), |()| AttrValue::from(props.text.to_string()));
    let leaving = use_mut_ref(|| false);
    let input = use_callback((props.area.clone(), props.dispatch.clone()), |_: InputEvent, (area, dispatch)| {
        if let Some(area) = TextArea::of(area) {
            dispatch.dispatch(Action::Text(area.text().into()));
        }
    });
    let press = use_callback(props.area.clone(), move |event: KeyboardEvent, area| {
        let Some(area) = TextArea::of(area) else { return };
        let left = std::mem::replace(&mut *leaving.borrow_mut(), event.key() == "Escape");
        let plain = !event.ctrl_key() && !event.meta_key() && !event.alt_key() && !event.is_composing();
        let (text, selection) = (area.text(), area.selection());
        let change = match event.key().as_str() {
            "Tab" if plain && !left && event.shift_key() => edit::dedent(&text, selection),
            "Tab" if plain && !left => edit::indent(&text, selection),
            "Enter" if plain && !event.shift_key() => edit::newline(&text, selection),
            _ => return,
        };
        event.prevent_default();
        area.edit(&change);
    });
    let colours = use_memo((props.text.clone(), props.applied.clone(), props.problems.clone()), |(text, applied, problems)| {
        Html::from_html_unchecked(AttrValue::from(highlight::html(text, &lenses(text, applied, problems))))
    });
    html! {
        <div class="scroller code">
            <pre aria-hidden="true">{ (*colours).clone() }</pre>
            <textarea id="editor-text" ref={props.area.clone()} spellcheck="false" autocapitalize="off" autocomplete="off"
                aria-label="YAML manifests" aria-describedby="editor-help" wrap="off"
                defaultvalue={(*initial).clone()} oninput={input} onkeydown={press} />
            <p id="editor-help" class="hidden">{ "Tab indents. Escape, then Tab, leaves the editor. Control Enter applies." }</p>
        </div>
    }
}

fn lenses(text: &str, applied: &[Applied], problems: &[Problem]) -> BTreeMap<u32, Lens> {
    let mut lenses = BTreeMap::new();
    for done in applied {
        let kind = if done.ok { LensKind::Done } else { LensKind::Problem };
        lenses.insert(first_line(text, done.line), Lens { text: one_line(&done.text), kind });
    }
    for problem in problems.iter().rev() {
        lenses.insert(problem.line, Lens { text: one_line(&problem.message), kind: LensKind::Problem });
    }
    lenses
}

/// The first line of a document that is no comment; comments are long and would push what is written behind them away.
fn first_line(text: &str, from: u32) -> u32 {
    let code = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let found = text.lines().skip(from.saturating_sub(1) as usize).position(code);
    from + found.unwrap_or(0) as u32
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Props of [`Findings`].
#[derive(Properties, PartialEq)]
struct FindingsProps {
    area: NodeRef,
    text: Rc<str>,
    applied: Rc<Vec<Applied>>,
    problems: Rc<Vec<Problem>>,
}

/// Problems and results as a list; a click goes to the line.
#[component]
fn Findings(props: &FindingsProps) -> Html {
    let row = |line: u32, class: &'static str, sign: &'static str, text: &str| {
        let area = props.area.clone();
        let go = move |_| {
            if let Some(area) = TextArea::of(&area) {
                area.go_to_line(line);
            }
        };
        html! {
            <li><button class={class} onclick={go}>
                <span class="sign" aria-hidden="true">{ sign }</span><span class="line">{ format!("line {line}") }</span>
                <span>{ text.to_owned() }</span>
            </button></li>
        }
    };
    html! {
        <ul class="findings" aria-label="Problems and results" aria-live="polite">
            { for props.problems.iter().take(20).map(|p| row(p.line, "bad", "▲", &p.message)) }
            { for props.applied.iter().map(|a| row(first_line(&props.text, a.line), if a.ok { "done" } else { "bad" }, if a.ok { "✓" } else { "▲" }, &a.text)) }
        </ul>
    }
}

/// Props of [`Menu`].
#[derive(Properties, PartialEq)]
struct MenuProps {
    area: NodeRef,
}

/// Examples, and the texts that were there before them.
#[component]
fn Menu(props: &MenuProps) -> Html {
    let drafts = use_state(|| storage::get_list("drafts"));
    let choose = {
        let (area, drafts) = (props.area.clone(), drafts.clone());
        Callback::from(move |event: Event| {
            let chosen = dom::chosen(&event);
            dom::unchoose(&event);
            let Some(area) = TextArea::of(&area) else { return };
            let text = match chosen.split_at_checked(1) {
                Some(("e", number)) => number.parse().ok().and_then(|n| examples::all().nth(n)).map(|e| (e.text)().to_owned()),
                Some(("d", number)) => number.parse().ok().and_then(|n: usize| drafts.get(n).cloned()),
                _ => None,
            };
            let Some(text) = text else { return };
            drafts.set(keep(&drafts, area.text()));
            area.replace(&text);
        })
    };
    let mut number = 0;
    let groups = examples::MENU.iter().map(|group| {
        let entries = group.examples.iter().map(|example| {
            number += 1;
            html! { <option value={format!("e{}", number - 1)}>{ example.title }</option> }
        });
        html! { <optgroup label={group.title}>{ for entries }</optgroup> }
    });
    html! {
        <select class="menu" aria-label="Examples" title="Examples; the text that is there now is kept under Earlier texts"
            onchange={choose}>
            <option value="" selected=true>{ "Examples …" }</option>
            { for groups }
            if !drafts.is_empty() {
                <optgroup label="Earlier texts">
                    { for drafts.iter().enumerate().rev().map(|(at, text)| html! {
                        <option value={format!("d{at}")}>{ examples::title(text) }</option>
                    }) }
                </optgroup>
            }
        </select>
    }
}

/// Keeps a text of the user's own, once.
fn keep(drafts: &[String], text: String) -> Vec<String> {
    if text.trim().is_empty() || examples::all().any(|example| (example.text)() == text) {
        return drafts.to_vec();
    }
    let mut drafts: Vec<String> = drafts.iter().filter(|draft| **draft != text).cloned().collect();
    drafts.push(text);
    let from = drafts.len().saturating_sub(DRAFTS);
    let drafts = drafts.split_off(from);
    storage::set_list("drafts", &drafts, DRAFTS);
    drafts
}
