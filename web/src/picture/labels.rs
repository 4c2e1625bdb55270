//! The texts of the picture, over the canvas. They are for eyes; screen readers get the tree.

use crate::picture::census::Node;
use crate::picture::glyph::Glyph;
use crate::picture::scene::{Cell, Frame, NodeBox, Rect, Scene, ServiceCard, Tier};
use crate::picture::tenths::Tenths;
use std::rc::Rc;
use yew::{AttrValue, Html, Properties, classes, component, html};

/// Props of [`Labels`].
#[derive(Properties, PartialEq)]
pub struct LabelsProps {
    pub scene: Rc<Scene>,
}

/// All texts.
#[component]
pub fn Labels(props: &LabelsProps) -> Html {
    let scene = &props.scene;
    html! {
        <div class="labels" aria-hidden="true">
            { for captions(scene) }
            <div class="lab client" style={place(scene.client)}><b>{ "Client" }</b><span>{ sim::OUTSIDE.to_string() }</span></div>
            { for scene.balancers.iter().map(|balancer| {
                let card = &scene.services[balancer.service].service;
                let is_beside = balancer.rect.right() < scene.services[balancer.service].rect.x;
                let address = card.balancer.clone().filter(|a| !a.is_empty()).unwrap_or_else(|| "<pending>".to_owned());
                html! { <div class="lab balancer" style={place(balancer.rect)}><span>{ if is_beside { "load balancer".to_owned() } else { format!("{} load balancer", card.key.name) } }</span><b>{ address }</b></div> }
            }) }
            { for scene.services.iter().map(service) }
            { for scene.nodes.iter().map(|node| node_box(node, scene)) }
            if let Some(lane) = &scene.lane {
                <div class="lab lane" style={place(lane.frame.rect)}>
                    <b>{ format!("{} on no node yet", lane.count) }</b><span title={lane.reason.clone()}>{ &lane.reason }</span>
                </div>
                { for heaps(&lane.frame) }
            }
            if scene.tier <= Tier::Medium {
                { for scene.cells.iter().map(|cell| pod(cell, scene.tier)) }
            }
        </div>
    }
}

fn place(rect: Rect) -> AttrValue {
    let [x, y, w, h] = [rect.x, rect.y, rect.w, rect.h].map(Tenths);
    format!("left:{x}px;top:{y}px;width:{w}px;height:{h}px").into()
}

fn captions(scene: &Scene) -> Vec<Html> {
    let first = scene.nodes.iter().map(|n| n.frame.rect).chain(scene.lane.iter().map(|l| l.frame.rect));
    let (x, y) = first.fold((f64::MAX, f64::MAX), |(x, y), rect| (x.min(rect.x), y.min(rect.y)));
    let services = scene.services_rect;
    let caption = |x: f64, y: f64, text: String| {
        let style = format!("left:{}px;top:{}px", Tenths(x), Tenths(y - 21.0));
        html! { <div class="lab caption" {style}>{ text }</div> }
    };
    let more = scene.more_services;
    let mut all = vec![caption(services.x, services.y, "Services".to_owned())];
    if x < f64::MAX {
        all.push(caption(x, y, "Nodes".to_owned()));
    }
    if scene.is_wide && scene.client.y > 20.0 {
        all.push(caption(scene.client.x, scene.client.y, "Outside".to_owned()));
    }
    if scene.services.is_empty() {
        let rect = Rect::new(services.x, services.y, services.w, 40.0);
        all.push(html! { <div class="lab none" style={place(rect)}>{ "none yet" }</div> });
    }
    if more > 0 {
        all.push(caption(services.x, services.bottom() + 14.0, format!("and {more} more")));
    }
    all
}

fn service(card: &ServiceCard) -> Html {
    let service = &card.service;
    let name = if service.key.namespace == "default" { service.key.name.to_string() } else { service.key.path() };
    let class = classes!("lab", "service", service.faint.then_some("faint"), (card.lines == 1).then_some("low"));
    html! {
        <div key={service.key.path()} {class} style={place(card.rect)}>
            <div><b>{ name }</b><span>{ &service.kind }</span></div>
            if card.lines > 1 {
                <div class="mono">{ format!("{} {}", service.address, service.ports) }</div>
            }
            if card.lines > 2 {
                { endpoints(card) }
            }
        </div>
    }
}

fn endpoints(card: &ServiceCard) -> Html {
    let [ready, not_ready, leaving] = card.service.tally();
    if card.service.is_external {
        return html! { <div>{ "a name in DNS only" }</div> };
    }
    if ready + not_ready + leaving == 0 {
        return html! { <div class="failing">{ "✕ no endpoints" }</div> };
    }
    let part = |count: usize, class: &'static str, text: &str| {
        if count > 0 {
            html! { <span {class}>{ format!("{count} {text} ") }</span> }
        } else {
            html! {}
        }
    };
    html! {
        <div>{ part(ready, "ready", "ready") }{ part(not_ready, "starting", "not ready") }{ part(leaving, "ending", "leaving") }</div>
    }
}

fn node_box(node: &NodeBox, scene: &Scene) -> Html {
    let Node { key, word, health, places, cpu, memory, .. } = &node.node;
    let state = html! { <span class={health.class()}>{ word.as_str() }</span> };
    if node.is_strip {
        return html! {
            <div key={key.path()} class="lab strip" style={place(node.frame.rect)}>
                <b>{ key.name.as_str() }</b>{ state }<span class="quiet">{ "takes no ordinary pods" }</span>
            </div>
        };
    }
    let is_low = node.bars[1].rect.w <= 0.0;
    let pods = if scene.tier >= Tier::Small { format!(" {}", places.0) } else { String::new() };
    html! {
        <>
            <div key={key.path()} class={classes!("lab", "nodebox", is_low.then_some("low"))} style={place(node.frame.rect)}>
                <div><b>{ key.name.as_str() }</b>{ state }<span class="quiet">{ pods }</span></div>
                if !is_low {
                    <div class="loads">
                        <span>{ format!("cpu {}/{}", cores(cpu.0), cores(cpu.1)) }</span>
                        <span>{ format!("mem {}/{}", gigabytes(memory.0), gigabytes(memory.1) + "G") }</span>
                    </div>
                }
            </div>
            { for heaps(&node.frame) }
        </>
    }
}

/// `0.35`, `4`.
fn cores(milli: i64) -> String {
    trimmed(milli as f64 / 1_000.0)
}

/// Of 2^30 bytes: `0.3`, `8`.
fn gigabytes(bytes: i64) -> String {
    trimmed(bytes as f64 / f64::from(1 << 30))
}

fn trimmed(number: f64) -> String {
    Tenths(if number >= 10.0 { number.round() } else { number }).to_string()
}

fn heaps(frame: &Frame) -> Vec<Html> {
    let line = |heap: &crate::picture::scene::Heap| {
        html! {
            <div class="lab heap" style={place(heap.rect)}>
                { sign(heap.glyph) }<b>{ heap.count }</b><span>{ heap.glyph.word() }</span>
            </div>
        }
    };
    frame.heaps.iter().map(line).collect()
}

fn pod(cell: &Cell, tier: Tier) -> Html {
    let (pod, rect) = (&cell.pod, cell.rect);
    let [x, y, w, h] = [rect.x, rect.y, rect.w, rect.h].map(Tenths);
    let style = format!("transform:translate({x}px,{y}px);width:{w}px;height:{h}px");
    let class = classes!("lab", "cell", (tier == Tier::Medium).then_some("low"), pod.faint.then_some("faint"));
    let restarts = if pod.restarts > 0 { format!(" ↻{}", pod.restarts) } else { String::new() };
    html! {
        <div key={pod.key.path()} {class} {style}>
            <b>{ &pod.label }</b>
            if tier == Tier::Big {
                <span class={pod.glyph.health().class()}>{ pod.word.as_str() }{ restarts }</span>
            }
        </div>
    }
}

/// A shape in the text, in its colour.
pub fn sign(glyph: Glyph) -> Html {
    let (stroke, fill) = glyph.paths();
    html! {
        <svg class={classes!("glyph", glyph.health().class())} viewBox="0 0 16 16" aria-hidden="true">
            <path d={stroke} fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" />
            <path d={fill} fill="currentColor" />
        </svg>
    }
}

/// Props of [`Legend`].
#[derive(Properties, PartialEq)]
pub struct LegendProps {
    pub scene: Rc<Scene>,
}

/// How many pods are in which state; at the same time what the shapes mean.
#[component]
pub fn Legend(props: &LegendProps) -> Html {
    let counts = &props.scene.counts;
    let total: u32 = counts.iter().map(|(_, count)| count).sum();
    html! {
        <p class="legend">
            <b>{ if total == 1 { "1 pod".to_owned() } else { format!("{total} pods") } }</b>
            { for counts.iter().map(|(glyph, count)| html! {
                <span key={glyph.word()}>{ sign(*glyph) }{ format!("{count} {}", glyph.word()) }</span>
            }) }
        </p>
    }
}
