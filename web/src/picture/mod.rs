//! The cluster as a picture: the machines and the pods on them.

mod census;
mod glyph;
mod layout;
mod scene;
#[cfg(test)]
mod testing;

use crate::hooks::use_revision;
use crate::session::Session;
use crate::status;
use crate::views::services::matches;
use model::{Key, Object, resource};
use std::sync::Arc;
use yew::{AttrValue, Callback, Html, Properties, classes, component, html};

/// Props of [`Picture`].
#[derive(Properties, PartialEq)]
pub struct PictureProps {
    pub session: Session,
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
    use_revision(&props.session);
    let (nodes, waiting) = props.session.world(|world| {
        let snapshot = world.snapshot();
        let shown = |pod: &&Arc<Object>| props.system || pod.meta.namespace != "kube-system";
        let nodes: Vec<(Arc<Object>, Vec<Arc<Object>>)> = snapshot
            .list(&resource::NODES, "")
            .map(|node| (node.clone(), snapshot.pods_on(&node.meta.name).filter(shown).cloned().collect()))
            .collect();
        let waiting: Vec<Arc<Object>> =
            snapshot.list(&resource::PODS, "").filter(|pod| pod.pod().node().is_empty()).cloned().collect();
        (nodes, waiting)
    });
    html! {
        <div class="nodes">
            { for nodes.iter().map(|(node, pods)| node_box(props, node, pods)) }
            if !waiting.is_empty() {
                <div class="node"><h3>{ "Not on any node yet" }</h3><div class="pods">{ for waiting.iter().map(|pod| cell(props, pod)) }</div></div>
            }
        </div>
    }
}

fn node_box(props: &PictureProps, node: &Arc<Object>, pods: &[Arc<Object>]) -> Html {
    let status = status::of_node(node);
    let select = select(props, node);
    html! {
        <div class="node" key={node.meta.name.as_str()}>
            <h3><button class="link" onclick={select}>{ node.meta.name.as_str() }</button>{ " " }
                <span class={status.health.class()}><span class="sign">{ status.health.sign() }</span>{ " " }{ status.word.as_str() }</span>
            </h3>
            <div class="pods">{ for pods.iter().take(200).map(|pod| cell(props, pod)) }</div>
        </div>
    }
}

fn cell(props: &PictureProps, pod: &Arc<Object>) -> Html {
    let status = status::of_pod(pod);
    let selected = props.selection.as_ref() == Some(&pod.key());
    let faint = !matches(pod, &props.filter);
    html! {
        <button key={pod.key().path()} class={classes!("pod", status.health.class(), selected.then_some("selected"), faint.then_some("faint"))}
            onclick={select(props, pod)} title={format!("{}: {}", pod.key().path(), status.word)}>
            <span class="sign">{ status.health.sign() }</span>{ " " }{ pod.meta.name.as_str() }<small>{ status.word.as_str() }</small>
        </button>
    }
}

fn select(props: &PictureProps, object: &Arc<Object>) -> Callback<yew::MouseEvent> {
    let (on_select, key) = (props.on_select.clone(), object.key());
    Callback::from(move |_| on_select.emit(Some(key.clone())))
}
