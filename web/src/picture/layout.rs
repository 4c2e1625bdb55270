//! The arithmetic of the picture: columns, rows of nodes, grids of cells.

use crate::picture::census::{Census, Node, Pod, Service};
use crate::picture::scene::{Balancer, Bar, Cell, Frame, Heap, Lane, NodeBox, Rect, Scene, ServiceCard, Tier, counts};

const PAD: f64 = 12.0;
const GAP: f64 = 10.0;
/// Room for the word above a column.
const CAPTION: f64 = 26.0;
/// Name and bars of a node.
const HEADER: f64 = 54.0;
/// The name of a node, when there are many.
const LOW_HEADER: f64 = 28.0;
const STRIP: f64 = 32.0;
const INSET: f64 = 8.0;
const CLIENT: f64 = 50.0;
const HEAP_LINE: f64 = 24.0;
/// The lane's title and its reason.
const LANE_HEADER: f64 = 46.0;
/// From this width on, three columns stand side by side.
const WIDE: f64 = 800.0;
/// From this width on, Services stand beside the nodes.
const MIDDLE: f64 = 520.0;

/// Gives everything its place; edges and counts are still to come.
pub fn place(census: Census, width: f64, height: f64) -> Scene {
    let mut scene = Scene {
        width,
        height,
        tier: Tier::Big,
        side: 0.0,
        client: Rect::default(),
        balancers: Vec::new(),
        services: Vec::new(),
        more_services: 0,
        services_rect: Rect::default(),
        nodes: Vec::new(),
        lane: None,
        cells: Vec::new(),
        edges: Vec::new(),
        counts: Vec::new(),
        is_wide: width >= MIDDLE,
    };
    let Census { nodes, waiting, reasons, services } = census;
    let area = if width >= WIDE {
        three_columns(&mut scene, services)
    } else if width >= MIDDLE {
        two_columns(&mut scene, services)
    } else {
        one_column(&mut scene, services)
    };
    let lane = (!waiting.is_empty()).then(|| {
        let more = reasons.len().saturating_sub(1);
        let first = reasons.into_iter().next().map(|(text, _)| text.to_string()).unwrap_or_default();
        let reason = if more > 0 { format!("{first}; and {more} other reasons") } else { first };
        (waiting, reason)
    });
    let end = place_nodes(&mut scene, (nodes, lane), area, height - area.y - PAD);
    let lowest =
        scene.services_rect.bottom().max(scene.balancers.iter().map(|b| b.rect.bottom()).fold(scene.client.bottom(), f64::max));
    scene.height = height.max(end + PAD).max(lowest + PAD);
    scene
}

fn three_columns(scene: &mut Scene, services: Vec<Service>) -> Rect {
    let outside = 112.0;
    let (left, column) = (PAD + outside + 30.0, 180.0);
    let top = PAD + CAPTION - 6.0;
    scene.client = Rect::new(PAD, top, outside, CLIENT);
    place_cards(scene, services, Rect::new(left, top, column, scene.height - top - PAD));
    let mut y = scene.client.bottom() + 22.0;
    for (at, card) in scene.services.iter().enumerate() {
        if card.service.balancer.is_some() {
            y = y.max(card.rect.y);
            scene.balancers.push(Balancer { service: at, rect: Rect::new(PAD, y, outside, 40.0) });
            y += 40.0 + GAP;
        }
    }
    let x = left + column + 40.0;
    Rect::new(x, top, scene.width - x - PAD, 0.0)
}

fn two_columns(scene: &mut Scene, services: Vec<Service>) -> Rect {
    let column = 164.0;
    let top = PAD + CLIENT + CAPTION + 6.0;
    place_cards(scene, services, Rect::new(PAD, top, column, scene.height - top - PAD));
    top_row(scene, 148.0);
    let x = PAD + column + 34.0;
    Rect::new(x, top, scene.width - x - PAD, 0.0)
}

/// The client and the load balancers beside it; what does not fit goes on in further rows, under the first.
fn top_row(scene: &mut Scene, width: f64) {
    scene.client = Rect::new(PAD, PAD, width, CLIENT);
    let mut x = PAD + width + 26.0;
    for (at, card) in scene.services.iter().enumerate() {
        if card.service.balancer.is_some() && x + width <= scene.width - PAD {
            scene.balancers.push(Balancer { service: at, rect: Rect::new(x, PAD + 5.0, width, 40.0) });
            x += width + GAP;
        }
    }
}

fn one_column(scene: &mut Scene, services: Vec<Service>) -> Rect {
    let inner = scene.width - 2.0 * PAD;
    let top = PAD + CLIENT + CAPTION + 4.0;
    place_pairs(scene, services, Rect::new(PAD, top, inner, 0.0));
    top_row(scene, (inner - 26.0) / 2.0);
    let y = scene.services_rect.bottom() + CAPTION + 4.0;
    Rect::new(PAD, y, inner, 0.0)
}

/// Nodes that begin further left than this lie below everything else.
const WIDE_AREA: f64 = 40.0;

const CARD: [f64; 3] = [24.0, 42.0, 60.0];

fn place_cards(scene: &mut Scene, services: Vec<Service>, area: Rect) {
    let count = services.len() as f64;
    let lines = (0..3).rev().find(|at| count * (CARD[*at] + 8.0) <= area.h + 8.0).unwrap_or(0);
    let room = ((area.h * 2.0 / (CARD[0] + 8.0)) as usize).max(4);
    scene.more_services = services.len().saturating_sub(room);
    let mut y = area.y;
    for service in services.into_iter().take(room) {
        let rect = Rect::new(area.x, y, area.w, CARD[lines]);
        scene.services.push(ServiceCard { service, rect, lines: lines as u8 + 1 });
        y += CARD[lines] + 8.0;
    }
    scene.services_rect =
        Rect::new(area.x, area.y, area.w, (y - area.y).max(CARD[1]) + if scene.more_services > 0 { 18.0 } else { 0.0 });
}

fn place_pairs(scene: &mut Scene, services: Vec<Service>, area: Rect) {
    const ROOM: usize = 8;
    let column = (area.w - GAP) / 2.0;
    let lines = if services.len() > 4 { 1 } else { 2 };
    scene.more_services = services.len().saturating_sub(ROOM);
    for (at, service) in services.into_iter().take(ROOM).enumerate() {
        let x = area.x + (at % 2) as f64 * (column + GAP);
        let y = area.y + (at / 2) as f64 * (CARD[lines] + 8.0);
        scene.services.push(ServiceCard { service, rect: Rect::new(x, y, column, CARD[lines]), lines: lines as u8 + 1 });
    }
    let bottom = scene.services.last().map_or(area.y + 26.0, |card| card.rect.bottom());
    let more = if scene.more_services > 0 { 20.0 } else { 0.0 };
    scene.services_rect = Rect::new(area.x, area.y, area.w, bottom + more - area.y);
}

/// How nodes are arranged.
struct Grid {
    columns: usize,
    /// Outer width of a node.
    width: f64,
    header: f64,
}

impl Grid {
    fn of(count: usize, width: f64) -> Grid {
        let least = if count > 30 {
            104.0
        } else if count > 6 {
            132.0
        } else {
            150.0
        };
        let fit = (((width + GAP) / (least + GAP)) as usize).clamp(1, count.max(1));
        let rows = count.max(1).div_ceil(fit);
        let columns = count.max(1).div_ceil(rows);
        Grid {
            columns,
            width: (width - GAP * (columns - 1) as f64) / columns as f64,
            header: if count > 12 { LOW_HEADER } else { HEADER },
        }
    }
}

/// A tier, and the side of its cells if they are squares.
type Size = (Tier, f64);

/// Sizes from the largest to the smallest, and how much higher than the room the nodes may become by them: then one scrolls.
const SIZES: [(Size, f64); 11] = [
    ((Tier::Big, 38.0), 1.0),
    ((Tier::Big, 33.0), 1.0),
    ((Tier::Medium, 0.0), 1.0),
    ((Tier::Small, 16.0), 1.0),
    ((Tier::Small, 14.0), 1.0),
    ((Tier::Small, 12.0), 1.0),
    ((Tier::Small, 11.0), 1.0),
    ((Tier::Small, 10.0), 1.0),
    ((Tier::Small, 10.0), 1.15),
    ((Tier::Tiny, 8.0), 1.0),
    ((Tier::Tiny, 8.0), 1.7),
];
/// So few pods are shown with their names even if one has to scroll: so much on a wide pane, on a narrow one.
const FEW: usize = 30;
const FEW_SIZES: [(Size, [f64; 2]); 3] =
    [((Tier::Big, 33.0), [1.2, 4.0]), ((Tier::Medium, 0.0), [1.0, 4.0]), ((Tier::Medium, 0.0), [2.5, 4.0])];

/// Size of a cell and the gap beside it, in a frame that is so wide inside.
fn cell_size((tier, side): Size, inner: f64) -> (f64, f64, f64) {
    let even = |least: f64, most: f64, height: f64, gap: f64| {
        let count = ((inner + gap) / (least + gap)).floor().max(1.0);
        (((inner - gap * (count - 1.0)) / count).min(most), height, gap)
    };
    match tier {
        Tier::Big => even(126.0, 210.0, side, 6.0),
        Tier::Medium => even(86.0, 168.0, 21.0, 4.0),
        Tier::Small | Tier::Tiny => (side, side, if side > 12.0 { 3.0 } else { 2.0 }),
        Tier::Heap => (inner, HEAP_LINE, 0.0),
    }
}

/// The height that so many cells take.
fn cells_height(size: Size, inner: f64, pods: &[Pod]) -> f64 {
    if pods.is_empty() {
        return 0.0;
    }
    let (w, h, gap) = cell_size(size, inner);
    let rows = match size.0 {
        Tier::Heap => counts(pods.iter()).len(),
        Tier::Big | Tier::Medium | Tier::Small | Tier::Tiny => pods.len().div_ceil(per_row(w, gap, inner)),
    };
    rows as f64 * (h + gap) - gap
}

fn per_row(w: f64, gap: f64, inner: f64) -> usize {
    (((inner + gap + 0.001) / (w + gap)) as usize).max(1)
}

type Homeless = Option<(Vec<Pod>, String)>;

/// The heights of rows of nodes and of the lane.
struct Heights {
    rows: Vec<f64>,
    lane: f64,
    total: f64,
}

fn heights(size: Size, grid: &Grid, area: Rect, (nodes, strips, lane): (&[Node], usize, &Homeless)) -> Heights {
    let inner = grid.width - 2.0 * INSET;
    let tall = |node: &Node| grid.header + cells_height(size, inner, &node.pods) + INSET;
    let least = if grid.header > LOW_HEADER { 96.0 } else { 44.0 };
    let rows: Vec<f64> = nodes.chunks(grid.columns).map(|row| row.iter().map(tall).fold(least, f64::max)).collect();
    let lane = lane.as_ref().map_or(0.0, |(pods, _)| {
        let inside = cells_height(size, area.w - 2.0 * INSET, pods);
        LANE_HEADER + inside + INSET
    });
    let lane_gap = if lane > 0.0 { GAP } else { 0.0 };
    let gaps = GAP * rows.len().saturating_sub(1) as f64 + lane_gap + (STRIP + GAP) * strips as f64;
    Heights { total: rows.iter().sum::<f64>() + gaps + lane, rows, lane }
}

/// The largest cells with which everything can be seen, or nearly.
fn choose(grid: &Grid, area: Rect, room: f64, given: (&[Node], usize, &Homeless)) -> (Size, Heights) {
    let pods: usize = given.0.iter().map(|n| n.pods.len()).sum::<usize>() + given.2.as_ref().map_or(0, |l| l.0.len());
    let few = if pods <= FEW { &FEW_SIZES[..] } else { &[] };
    let few = few.iter().map(|(size, stretch)| (*size, stretch[usize::from(area.x < WIDE_AREA)]));
    for (size, stretch) in SIZES.into_iter().take(2).chain(few).chain(SIZES.into_iter().skip(2)) {
        let found = heights(size, grid, area, given);
        if found.total <= room * stretch {
            return (size, found);
        }
    }
    let size = (Tier::Heap, 0.0);
    (size, heights(size, grid, area, given))
}

fn place_nodes(scene: &mut Scene, (nodes, lane): (Vec<Node>, Homeless), area: Rect, room: f64) -> f64 {
    let (strips, nodes): (Vec<Node>, Vec<Node>) = nodes.into_iter().partition(|node| node.is_aside);
    let grid = Grid::of(nodes.len(), area.w);
    let (size, Heights { mut rows, lane: lane_height, total }) = choose(&grid, area, room, (&nodes, strips.len(), &lane));
    (scene.tier, scene.side) = size;
    // What is left over makes the nodes taller, within reason.
    let spare = ((room - total) / rows.len().max(1) as f64).max(0.0);
    for row in &mut rows {
        *row = (*row + spare).min((*row).max(330.0));
    }
    let mut y = area.y;
    let lane_place = lane.map(|lane| {
        let rect = Rect::new(area.x, y, area.w, lane_height);
        y += lane_height + GAP;
        (lane, rect)
    });
    for (at, node) in nodes.into_iter().enumerate() {
        let (row, column) = (at / grid.columns, at % grid.columns);
        let rect = Rect::new(area.x + column as f64 * (grid.width + GAP), y, grid.width, rows[row]);
        place_node(scene, node, rect, grid.header);
        if column + 1 == grid.columns {
            y += rows[row] + GAP;
        }
    }
    if let Some(last) = scene.nodes.last() {
        y = last.frame.rect.bottom() + GAP;
    }
    for node in strips {
        let rect = Rect::new(area.x, y, area.w, STRIP);
        let frame = Frame { rect, cells: scene.cells.len()..scene.cells.len(), heaps: Vec::new() };
        scene.nodes.push(NodeBox { node, frame, is_strip: true, bars: [Bar::default(); 2] });
        y += STRIP + GAP;
    }
    if let Some(((pods, reason), rect)) = lane_place {
        let count = pods.len();
        let frame = fill(scene, pods, rect, LANE_HEADER);
        scene.lane = Some(Lane { frame, count, reason });
    }
    y - GAP
}

fn place_node(scene: &mut Scene, mut node: Node, rect: Rect, header: f64) {
    let pods = std::mem::take(&mut node.pods);
    let frame = fill(scene, pods, rect, header);
    let share = |(used, all): (i64, i64)| if all > 0 { used as f64 / all as f64 } else { 0.0 };
    let bars = if header > LOW_HEADER {
        let half = (rect.w - 2.0 * INSET - 10.0) / 2.0;
        let bar = |at: f64| Rect::new(rect.x + INSET + at * (half + 10.0), rect.y + 43.0, half, 4.0);
        [Bar { rect: bar(0.0), share: share(node.cpu) }, Bar { rect: bar(1.0), share: share(node.memory) }]
    } else {
        [
            Bar { rect: Rect::new(rect.x + INSET, rect.y + 21.0, rect.w - 2.0 * INSET, 3.0), share: share(node.cpu) },
            Bar::default(),
        ]
    };
    scene.nodes.push(NodeBox { node, frame, is_strip: false, bars });
}

/// Puts pods into a frame.
fn fill(scene: &mut Scene, pods: Vec<Pod>, rect: Rect, header: f64) -> Frame {
    let inner = rect.w - 2.0 * INSET;
    let (w, h, gap) = cell_size((scene.tier, scene.side), inner);
    let (x, y) = (rect.x + INSET, rect.y + header);
    let first = scene.cells.len();
    if scene.tier == Tier::Heap {
        let all = pods.len() as f64;
        let heap = |(at, (glyph, count)): (usize, (_, u32))| {
            let rect = Rect::new(x, y + at as f64 * h, inner, h);
            Heap { glyph, count, rect, share: f64::from(count) / all }
        };
        return Frame { rect, cells: first..first, heaps: counts(pods.iter()).into_iter().enumerate().map(heap).collect() };
    }
    let columns = per_row(w, gap, inner);
    for (at, pod) in pods.into_iter().enumerate() {
        let (row, column) = ((at / columns) as f64, (at % columns) as f64);
        let rect = Rect::new(x + column * (w + gap), y + row * (h + gap), w, h);
        scene.cells.push(Cell { pod, rect });
    }
    Frame { rect, cells: first..scene.cells.len(), heaps: Vec::new() }
}
