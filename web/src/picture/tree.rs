//! The picture for the keyboard and for screen readers: a tree of the outside, Services, and nodes with their pods. The
//! canvas shows where one is.

use crate::picture::census::{Pod, Service};
use crate::picture::scene::{NodeBox, Rect, Scene};
use base::Text;
use model::Key;
use std::collections::BTreeSet;
use std::rc::Rc;
use yew::{Callback, Html, KeyboardEvent, Properties, component, html, use_state_eq};

/// So many siblings before and after the current one are in the document.
const AROUND: usize = 30;

/// One line of the tree.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    /// What Enter selects.
    pub key: Option<Key>,
    pub text: String,
    pub level: u8,
    /// Whether it is open, if it has something inside.
    pub is_open: Option<bool>,
    /// Its number among its siblings, and how many they are.
    pub position: (usize, usize),
    pub rect: Rect,
    /// Its name in the set of open ones.
    name: Text,
}

/// The lines that can be seen when these groups are open.
pub fn items(scene: &Scene, open: &BTreeSet<Text>) -> Vec<Item> {
    let mut found = Vec::new();
    let services = scene.services.len();
    let nodes = scene.nodes.len() + usize::from(scene.lane.is_some());
    for (at, card) in scene.services.iter().enumerate() {
        let service = &card.service;
        let text = service_text(service);
        let key = Some(service.key.clone());
        found.push(Item {
            key,
            text,
            level: 1,
            is_open: None,
            position: (at + 1, services + nodes),
            rect: card.rect,
            name: Text::new(),
        });
    }
    if let Some(lane) = &scene.lane {
        let text = format!("{} pods on no node: {}", lane.count, lane.reason);
        let item = Item {
            key: None,
            text,
            level: 1,
            is_open: None,
            position: (services + 1, services + nodes),
            rect: lane.frame.rect,
            name: "lane".into(),
        };
        group(scene, open, item, lane.frame.cells.clone(), &mut found);
    }
    let before = services + nodes - scene.nodes.len();
    for (at, node) in scene.nodes.iter().enumerate() {
        let item = Item {
            key: Some(node.node.key.clone()),
            text: node_text(scene, node),
            level: 1,
            is_open: None,
            position: (before + at + 1, services + nodes),
            rect: node.frame.rect,
            name: node.node.key.name.clone(),
        };
        group(scene, open, item, node.frame.cells.clone(), &mut found);
    }
    found
}

fn group(scene: &Scene, open: &BTreeSet<Text>, item: Item, cells: std::ops::Range<usize>, found: &mut Vec<Item>) {
    let count = cells.len();
    let is_open = open.contains(&item.name);
    found.push(Item { is_open: (count > 0).then_some(is_open), ..item });
    if is_open {
        found.extend(scene.cells[cells].iter().enumerate().map(|(at, cell)| Item {
            key: Some(cell.pod.key.clone()),
            text: pod_text(&cell.pod),
            level: 2,
            is_open: None,
            position: (at + 1, count),
            rect: cell.rect,
            name: Text::new(),
        }));
    }
}

fn pod_text(pod: &Pod) -> String {
    let restarts = if pod.restarts > 0 { format!(", {} restarts", pod.restarts) } else { String::new() };
    format!("pod {}, {}{restarts}", pod.key.path(), pod.word)
}

fn service_text(service: &Service) -> String {
    let [ready, not_ready, leaving] = service.tally();
    let Service { key, kind, address, ports, .. } = service;
    format!(
        "service {}, {kind} {address} port {ports}, endpoints: {ready} ready, {not_ready} not ready, {leaving} terminating",
        key.path()
    )
}

fn node_text(scene: &Scene, node: &NodeBox) -> String {
    let cells = scene.cells[node.frame.cells.clone()].iter().map(|cell| &cell.pod);
    let mut counts = crate::picture::scene::counts(cells);
    counts.extend(node.frame.heaps.iter().map(|heap| (heap.glyph, heap.count)));
    let states: Vec<String> = counts.iter().map(|(glyph, count)| format!("{count} {}", glyph.word())).collect();
    let pods = if states.is_empty() { "no pods".to_owned() } else { ["pods: ", &states.join(", ")].concat() };
    format!("node {}, {}, {pods}", node.node.key.name, node.node.word)
}

/// What a key does.
#[derive(Clone, PartialEq, Debug)]
pub enum Step {
    Go(usize),
    Open(Text),
    Close(Text),
    Select(Option<Key>),
}

/// What a key does when one is at a line.
pub fn step(items: &[Item], at: usize, key: &str) -> Option<Step> {
    let item = items.get(at)?;
    let parent = || (0..at).rev().find(|up| items[*up].level < item.level);
    Some(match key {
        "ArrowDown" => Step::Go((at + 1).min(items.len() - 1)),
        "ArrowUp" => Step::Go(at.saturating_sub(1)),
        "Home" => Step::Go(0),
        "End" => Step::Go(items.len() - 1),
        "PageDown" => Step::Go((at + 10).min(items.len() - 1)),
        "PageUp" => Step::Go(at.saturating_sub(10)),
        "ArrowRight" if item.is_open == Some(false) => Step::Open(item.name.clone()),
        "ArrowRight" if item.is_open == Some(true) => Step::Go(at + 1),
        "ArrowLeft" if item.is_open == Some(true) => Step::Close(item.name.clone()),
        "ArrowLeft" => Step::Go(parent()?),
        "Enter" | " " => Step::Select(item.key.clone()),
        "Escape" => Step::Select(None),
        _ => return None,
    })
}

/// Props of [`Tree`].
#[derive(Properties, PartialEq)]
pub struct TreeProps {
    pub scene: Rc<Scene>,
    pub selection: Option<Key>,
    pub on_select: Callback<Option<Key>>,
    /// Where the keyboard is, while it is here.
    pub on_focus: Callback<Option<Rect>>,
}

/// The tree.
#[component]
pub fn Tree(props: &TreeProps) -> Html {
    let open = use_state_eq(BTreeSet::<Text>::new);
    let current = use_state_eq(|| 0_usize);
    let items = items(&props.scene, &open);
    let at = (*current).min(items.len().saturating_sub(1));
    let press = {
        let (items, open, current) = (items.clone(), open.clone(), current.clone());
        let (select, focus) = (props.on_select.clone(), props.on_focus.clone());
        move |event: KeyboardEvent| {
            if event.alt_key() || event.ctrl_key() || event.meta_key() {
                return;
            }
            let Some(step) = step(&items, at, &event.key()) else { return };
            event.prevent_default();
            let mut set = (*open).clone();
            match step {
                Step::Go(to) => {
                    current.set(to);
                    focus.emit(items.get(to).map(|item| item.rect));
                }
                Step::Open(name) => {
                    set.insert(name);
                    open.set(set);
                }
                Step::Close(name) => {
                    set.remove(&name);
                    open.set(set);
                }
                Step::Select(key) => select.emit(key),
            }
        }
    };
    let rect = items.get(at).map(|item| item.rect);
    let gained = props.on_focus.reform(move |_| rect);
    let lost = props.on_focus.reform(|_| None);
    let near = items.iter().enumerate().filter(|(index, item)| item.level == 1 || index.abs_diff(at) <= AROUND);
    html! {
        <div class="tree" role="tree" tabindex="0" aria-label="Cluster: Services, nodes and their pods"
            aria-activedescendant={format!("tree-{at}")} onkeydown={press} onfocus={gained} onblur={lost}>
            { for near.map(|(index, item)| line(index, item, props.selection.as_ref())) }
        </div>
    }
}

fn line(index: usize, item: &Item, selection: Option<&Key>) -> Html {
    let selected = item.key.is_some() && item.key.as_ref() == selection;
    html! {
        <div key={index} id={format!("tree-{index}")} role="treeitem" aria-level={item.level.to_string()}
            aria-posinset={item.position.0.to_string()} aria-setsize={item.position.1.to_string()}
            aria-expanded={item.is_open.map(|open| open.to_string())} aria-selected={selected.to_string()}>{ &item.text }</div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::census::census;
    use crate::picture::scene::scene;
    use crate::picture::testing::{Wanted, cluster};

    fn drawn(wanted: &Wanted) -> Scene {
        scene(census(&cluster(wanted), "", false), 970.0, 480.0)
    }

    #[test]
    fn nodes_open_and_pods_are_walked() {
        let scene = drawn(&Wanted::default());
        let closed = items(&scene, &BTreeSet::new());
        // A Service, three nodes, the control plane.
        assert_eq!(closed.len(), 5);
        assert!(closed[0].text.starts_with("service default/web-0, LoadBalancer"), "{}", closed[0].text);
        assert_eq!(closed[1].text, "node node-1, Ready, pods: 1 ready");
        assert_eq!(step(&closed, 1, "ArrowRight"), Some(Step::Open("node-1".into())));
        let opened = items(&scene, &BTreeSet::from(["node-1".into()]));
        assert_eq!(opened[2].text, "pod default/web-abc-00000, Running");
        assert_eq!(step(&opened, 1, "ArrowRight"), Some(Step::Go(2)));
        assert_eq!(step(&opened, 2, "ArrowLeft"), Some(Step::Go(1)));
        assert_eq!(step(&opened, 1, "ArrowLeft"), Some(Step::Close("node-1".into())));
        assert_eq!(step(&opened, 2, "Enter"), Some(Step::Select(opened[2].key.clone())));
        assert_eq!(step(&opened, 5, "ArrowDown"), Some(Step::Go(5)));
        assert_eq!(step(&opened, 0, "x"), None);
        assert_eq!(step(&[], 0, "ArrowDown"), None);
    }

    #[test]
    fn heaps_are_told_too() {
        let scene = scene(census(&cluster(&Wanted { pods: 2_000, ..Wanted::default() }), "", false), 240.0, 160.0);
        let found = items(&scene, &BTreeSet::new());
        assert!(found.iter().any(|item| item.text.contains("ready") && item.text.starts_with("node node-1")));
    }
}
