//! The cluster as a picture: machines and the pods on them, Services and what is behind them, the world outside, and a
//! request on its way. `census` reads a snapshot, `scene` places everything by arithmetic, `draw` puts it on a canvas;
//! texts are elements above it, and a tree says the same to those who do not see it.

mod cells;
mod census;
mod draw;
mod flight;
mod glyph;
mod hit;
mod hops;
mod labels;
mod layout;
mod motion;
mod packets;
mod roads;
mod scene;
mod stage;
mod tenths;
#[cfg(test)]
mod testing;
mod tree;

use crate::bridge::canvas::Measure;
use crate::hooks::use_revision;
use crate::session::Session;
use crate::state::Dispatch;
use hops::Hops;
use labels::{Labels, Legend};
use model::Key;
use packets::Story;
use scene::{Rect, Scene, Tier};
use sim::Exchange;
use stage::{Shown, Stage};
use std::rc::Rc;
use std::sync::Arc;
use tenths::Tenths;
use tree::Tree;
use yew::{
    AttrValue, Callback, Html, MouseEvent, NodeRef, Properties, UseStateHandle, component, hook, html, use_callback,
    use_effect_with, use_memo, use_mut_ref, use_node_ref, use_state_eq,
};

/// Props of [`Picture`].
#[derive(Properties, PartialEq)]
pub struct PictureProps {
    pub session: Session,
    pub dispatch: Dispatch,
    pub selection: Option<Key>,
    /// What does not match is drawn faintly.
    pub filter: AttrValue,
    /// Whether pods of kube-system are drawn.
    pub system: bool,
    /// The request to draw.
    pub exchange: Option<u64>,
    pub on_select: Callback<Option<Key>>,
}

/// The picture.
#[component]
pub fn Picture(props: &PictureProps) -> Html {
    let rev = use_revision(&props.session);
    let (root, area) = (use_node_ref(), use_node_ref());
    let size = use_size(&root, &area);
    let given = (props.session.clone(), rev, props.filter.clone(), props.system, size);
    let scene: Rc<Scene> = use_memo(given, |(session, _, filter, system, (width, height))| {
        let census = session.world(|world| census::census(world.snapshot(), filter, *system));
        scene::scene(census, f64::from(*width), f64::from(*height))
    });
    let closed = use_state_eq(|| 0_u64);
    let wanted = props.exchange.filter(|id| *id != *closed);
    let flight = use_memo((props.session.clone(), wanted), |(session, wanted)| {
        let id = (*wanted)?;
        let found = session.world(|world| world.exchanges().find(|exchange| exchange.id == id).cloned())?;
        Some((Rc::new(packets::story(&found)), found))
    });
    let flight = (*flight).clone();
    html! {
        <div class="picture" ref={root}>
            <Legend scene={scene.clone()} />
            <Scenery session={props.session.clone()} dispatch={props.dispatch.clone()} scene={scene} {area}
                selection={props.selection.clone()} on_select={props.on_select.clone()} {flight}
                on_close={Callback::from(move |id| closed.set(id))} />
        </div>
    }
}

/// The width, and the height that can be seen without scrolling.
#[hook]
fn use_size(root: &NodeRef, area: &NodeRef) -> (u32, u32) {
    let size = use_state_eq(|| (640, 420));
    let tell = size.clone();
    use_effect_with((root.clone(), area.clone()), move |(root, area)| {
        let measure = Measure::watch(root, area, Callback::from(move |now| tell.set(now)));
        move || drop(measure)
    });
    *size
}

/// Props of [`Scenery`].
#[derive(Properties, PartialEq)]
struct SceneryProps {
    session: Session,
    dispatch: Dispatch,
    scene: Rc<Scene>,
    area: NodeRef,
    selection: Option<Key>,
    on_select: Callback<Option<Key>>,
    /// The request that is shown, as a story and as it is.
    flight: Option<(Rc<Story>, Arc<Exchange>)>,
    on_close: Callback<u64>,
}

/// The canvas with everything above and below it.
#[component]
fn Scenery(props: &SceneryProps) -> Html {
    let SceneryProps { scene, area, selection, on_select, flight, on_close, .. } = props;
    let story = flight.as_ref().map(|(story, _)| story);
    let (hover, focus) = (use_state_eq(|| None::<Key>), use_state_eq(|| None::<Rect>));
    let (current, held) = (use_state_eq(|| None::<usize>), use_state_eq(|| None::<(u64, usize)>));
    let replays = use_state_eq(|| 0_u32);
    let id = story.map_or(0, |story| story.id);
    let held_at = held.filter(|(of, _)| *of == id).map(|(_, step)| step);
    let (canvas, probe) = (use_node_ref(), use_node_ref());
    let stage = use_stage(&canvas, &probe, &current);
    let shown = Shown {
        scene: scene.clone(),
        selection: selection.clone(),
        hover: (*hover).clone(),
        focus: *focus,
        story: story.cloned(),
        held: held_at,
        replays: *replays,
    };
    use_effect_with((stage.clone(), shown), |(stage, shown)| stage.show(shown.clone()));
    let point = use_callback((scene.clone(), hover.clone()), |event: MouseEvent, (scene, hover)| {
        hover.set(hit::hit(scene, f64::from(event.offset_x()), f64::from(event.offset_y())));
    });
    let leave = use_callback(hover.clone(), |_: MouseEvent, hover| hover.set(None));
    let click = use_callback((scene.clone(), on_select.clone()), |event: MouseEvent, (scene, on_select)| {
        on_select.emit(hit::hit(scene, f64::from(event.offset_x()), f64::from(event.offset_y())));
    });
    let recolour = use_callback(stage, |_: yew::TransitionEvent, stage| stage.kick());
    let set_focus = use_callback(focus.clone(), |rect, focus| focus.set(rect));
    let hold = use_callback((held.clone(), id), |step: Option<usize>, (held, id)| held.set(step.map(|step| (*id, step))));
    let replay = use_callback((held.clone(), replays.clone()), |(), (held, replays)| {
        held.set(None);
        replays.set(**replays + 1);
    });
    let close = on_close.reform(move |()| id);
    let style = format!("height:{}px", Tenths(scene.height));
    html! {
        <>
            <div class="stage" ref={area} {style} data-over={hover.is_some().to_string()} onmousemove={point} onmouseleave={leave}
                onclick={click}>
                <Tree scene={scene.clone()} selection={selection.clone()} on_select={on_select.clone()} on_focus={set_focus} />
                <canvas ref={canvas} aria-hidden="true" />
                <Labels scene={scene.clone()} />
                { tip(scene, hover.as_ref()) }
                { chip(scene, story.map(|story| &**story), held_at.or(*current)) }
                <div class="probe" ref={probe} aria-hidden="true" ontransitionend={recolour}>
                    { for draw::NAMES.iter().map(|name| html! { <i style={format!("color:var(--{name})")} /> }) }
                </div>
            </div>
            if let Some((story, exchange)) = flight {
                <Hops session={props.session.clone()} dispatch={props.dispatch.clone()} exchange={exchange.clone()} story={story.clone()} current={*current} held={held_at} on_hold={hold} on_replay={replay} on_close={close} />
            }
        </>
    }
}

/// The canvas, as long as the component lives.
#[hook]
fn use_stage(canvas: &NodeRef, probe: &NodeRef, current: &UseStateHandle<Option<usize>>) -> Stage {
    let stage = use_mut_ref(Stage::default).borrow().clone();
    let tell = current.clone();
    use_effect_with((stage.clone(), canvas.clone(), probe.clone()), move |(stage, canvas, probe)| {
        stage.mount((canvas, probe), Callback::from(move |step| tell.set(step)));
        let stage = stage.clone();
        move || stage.unmount()
    });
    stage
}

/// The name of a small cell under the mouse.
fn tip(scene: &Scene, hover: Option<&Key>) -> Html {
    let found = hover.and_then(|key| scene.cells.iter().find(|cell| cell.pod.key == *key));
    let Some(cell) = found.filter(|_| scene.tier >= Tier::Medium) else { return html! {} };
    let style = beside((cell.rect.x, cell.rect.bottom() + 6.0), 280.0, scene);
    html! { <div class="tip" {style}><b>{ cell.pod.key.path() }</b>{ " " }{ labels::sign(cell.pod.glyph) }{ cell.pod.word.as_str() }</div> }
}

/// What happens to the packet where it is.
fn chip(scene: &Scene, story: Option<&Story>, step: Option<usize>) -> Html {
    let found = story.zip(step).and_then(|(story, at)| {
        let step = story.steps.get(at)?;
        Some((step, scene.exit(&step.at, step.node.as_deref())?.first().copied()?))
    });
    let Some((step, (x, y))) = found else { return html! {} };
    let style = beside((x - 120.0, y + 15.0), 240.0, scene);
    let bad = if step.tone == packets::Tone::Bad { "chip bad" } else { "chip" };
    html! { <div class={bad} {style} aria-hidden="true">{ &step.title }</div> }
}

/// A place for a text that is so wide, inside of the scene.
fn beside((x, y): (f64, f64), width: f64, scene: &Scene) -> AttrValue {
    let x = x.clamp(4.0, (scene.width - width).max(4.0));
    format!("left:{}px;top:{}px", Tenths(x), Tenths(y.min(scene.height - 24.0))).into()
}
