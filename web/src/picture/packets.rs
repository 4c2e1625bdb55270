//! A request as a story: the steps it takes, where each happens, and where the packet is at a moment of its flight.

use dns::RecordType;
use dns::resolver::Lookup;
use model::{Key, resource};
use proxy::{Kind, RuleSet, Step as Rule, Trace};
use sim::{End, Exchange, Hop, Path, Place};
use std::net::IpAddr;

/// How a step went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    Plain,
    Good,
    Bad,
}

/// One step.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    pub at: Place,
    /// The node of the place, for pods that are not drawn.
    pub node: Option<String>,
    /// Who: `pod client`, `node-1`.
    pub who: String,
    /// What happened, in a few words.
    pub title: String,
    /// In full sentences.
    pub lines: Vec<String>,
    pub tone: Tone,
    /// The Service whose rules did it.
    pub service: Option<Key>,
}

/// A whole request.
#[derive(Clone, PartialEq, Debug)]
pub struct Story {
    pub id: u64,
    pub what: String,
    pub outcome: String,
    pub ok: bool,
    /// The answer comes all the way back.
    pub answered: bool,
    pub why: Option<String>,
    pub steps: Vec<Step>,
}

/// Tells an exchange step by step.
pub fn story(exchange: &Exchange) -> Story {
    let mut steps = Vec::new();
    if let Some(step) = resolving(exchange) {
        steps.push(step);
    }
    if let Some(path) = &exchange.path {
        steps.extend(path.hops.iter().enumerate().map(|(at, hop)| step_at(path, at, hop)));
    }
    let why = exchange.why_failed();
    match steps.last_mut() {
        Some(last) if !exchange.ok => {
            last.tone = Tone::Bad;
            last.lines.extend(why.clone());
            last.title = [last.title.as_str(), ": ", &ending(exchange)].concat();
        }
        Some(last) => last.tone = Tone::Good,
        None => steps.push(Step {
            lines: why.iter().cloned().collect(),
            tone: if exchange.ok { Tone::Good } else { Tone::Bad },
            ..plain(exchange.from.clone(), exchange.outcome.to_string())
        }),
    }
    let reached =
        exchange.path.as_ref().is_some_and(|path| matches!(path.end, End::Pod { .. } | End::Node(_) | End::Internet(_)));
    Story {
        id: exchange.id,
        what: exchange.what.to_string(),
        outcome: exchange.outcome.to_string(),
        ok: exchange.ok,
        answered: reached || exchange.path.as_ref().is_some_and(|path| matches!(path.end, End::Rejected { .. })),
        why,
        steps,
    }
}

fn ending(exchange: &Exchange) -> String {
    match exchange.path.as_ref().map(|path| &path.end) {
        Some(End::Rejected { .. }) => "refused".to_owned(),
        Some(End::Dropped { .. }) => "dropped".to_owned(),
        Some(End::NoRoute(_)) => "no way on".to_owned(),
        Some(End::Pod { .. } | End::Node(_) | End::Internet(_)) | None => exchange.outcome.to_string(),
    }
}

fn plain(at: Place, title: String) -> Step {
    let (who, node) = (who(&at), node_of(&at));
    Step { at, node, who, title, lines: Vec::new(), tone: Tone::Plain, service: None }
}

fn node_of(place: &Place) -> Option<String> {
    if let Place::Node(name) = place { Some(name.to_string()) } else { None }
}

fn who(place: &Place) -> String {
    match place {
        Place::Outside => "client".to_owned(),
        Place::Internet(name) | Place::Node(name) => name.to_string(),
        Place::LoadBalancer { .. } => "load balancer".to_owned(),
        Place::Pod { name, .. } => ["pod ", &shortened(name)].concat(),
    }
}

/// Without the middle of a long name.
fn shortened(name: &str) -> String {
    match (name.split_once('-'), name.rsplit_once('-')) {
        (Some((front, _)), Some((_, end))) if name.len() > front.len() + end.len() + 6 => [front, "-…", end].concat(),
        _ => name.to_owned(),
    }
}

fn resolving(exchange: &Exchange) -> Option<Step> {
    let asked = |lookup: &&Lookup| lookup.question.kind == RecordType::A || lookup.answer.addresses().next().is_some();
    let lookups: Vec<&Lookup> = exchange.lookups.iter().filter(asked).collect();
    let found = lookups.iter().find_map(|lookup| lookup.answer.addresses().next());
    let line = |lookup: &&Lookup| {
        let addresses: Vec<String> = lookup.answer.addresses().map(|ip| ip.to_string()).collect();
        let answer = if addresses.is_empty() { lookup.answer.code.as_str().to_owned() } else { addresses.join(", ") };
        format!("{} {}: {answer}", lookup.question.name.trim_end_matches('.'), lookup.question.kind.as_str())
    };
    lookups.first()?;
    let title = match found {
        Some(ip) => format!("{} is {ip}", exchange.host),
        None => format!("{} is not found", exchange.host),
    };
    Some(Step { lines: lookups.iter().map(line).collect(), ..plain(exchange.from.clone(), title) })
}

fn step_at(path: &Path, at: usize, hop: &Hop) -> Step {
    let is_last = at + 1 == path.hops.len();
    let mut step = plain(hop.at.clone(), String::new());
    if let (Place::Pod { .. }, End::Pod { node, .. }) = (&hop.at, &path.end) {
        step.node = Some(node.to_string());
    }
    let to = address(hop.destination);
    step.title = match (&hop.at, &hop.trace) {
        (Place::Node(_), Some((trace, rules))) => {
            step.lines = trace.explain(rules);
            step.service = service(trace, rules);
            summary(trace)
        }
        (Place::Node(_), None) if at > 0 => "passes it on".to_owned(),
        (Place::LoadBalancer { .. }, _) => "chooses a node".to_owned(),
        (Place::Pod { .. }, _) if at > 0 && is_last => format!("sees {}", path.seen.0),
        _ => format!("sends to {to}"),
    };
    let verb = if is_last && at > 0 { "arrives" } else { "leaves" };
    step.lines.push(format!("{verb} as {} → {to}", address(hop.source)));
    step
}

fn service(trace: &Trace, rules: &RuleSet) -> Option<Key> {
    trace.steps.iter().find_map(|rule| match rule {
        Rule::Service { entry } | Rule::OutsideRanges { entry } | Rule::NoEndpoints { entry, .. } => {
            let service = rules.service(*entry);
            Some(Key::new(&resource::SERVICES, service.namespace.clone(), service.name.clone()))
        }
        Rule::Established
        | Rule::WrongPort
        | Rule::Unallocated
        | Rule::ShortCircuit
        | Rule::Mark(_)
        | Rule::Chosen { .. }
        | Rule::Dnat { .. }
        | Rule::Masquerade { .. } => None,
    })
}

/// What the rules of a node did, in a few words.
fn summary(trace: &Trace) -> String {
    let mut words = Vec::new();
    for rule in &trace.steps {
        words.push(match rule {
            Rule::Established => "known connection".to_owned(),
            Rule::Service { entry } => match entry.kind {
                Kind::ClusterIp => "cluster IP".to_owned(),
                Kind::NodePort => "node port".to_owned(),
                Kind::LoadBalancer => "load balancer IP".to_owned(),
                Kind::ExternalIp => "external IP".to_owned(),
            },
            Rule::WrongPort => "no such port".to_owned(),
            Rule::Unallocated => "nobody's cluster IP".to_owned(),
            Rule::OutsideRanges { .. } => "source not allowed".to_owned(),
            Rule::NoEndpoints { elsewhere: false, .. } => "no ready endpoints".to_owned(),
            Rule::NoEndpoints { elsewhere: true, .. } => "no local endpoint".to_owned(),
            Rule::Chosen { by_affinity: true, .. } => "same as before".to_owned(),
            Rule::Chosen { of, .. } => format!("1 of {of}"),
            Rule::Dnat { ip, port } => format!("DNAT {}", address((*ip, *port))),
            Rule::Masquerade { ip, .. } => format!("SNAT {ip}"),
            Rule::ShortCircuit | Rule::Mark(_) => continue,
        });
    }
    if words.is_empty() { "passes it on".to_owned() } else { words.join(" · ") }
}

fn address((ip, port): (IpAddr, u16)) -> String {
    if ip.is_ipv6() { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") }
}

/// Milliseconds from place to place, at a place, and for the answer.
const FLY: f64 = 520.0;
const STAY: f64 = 620.0;
const BACK: f64 = 700.0;

/// Where a flight is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Moment {
    /// At a step, for this part of its stay.
    At(usize),
    /// On the way from one step to the next, so far (0 to 1).
    Between(usize, f64),
    /// The answer is on its way back, so far (0 to 1).
    Back(f64),
    Over,
}

/// Where the packet of a story is, so many milliseconds after the start.
pub fn moment(story: &Story, millis: f64) -> Moment {
    let mut left = millis;
    for at in 0..story.steps.len() {
        if left < STAY {
            return Moment::At(at);
        }
        left -= STAY;
        let moves = story.steps.get(at + 1).is_some_and(|next| next.at != story.steps[at].at);
        if moves {
            if left < FLY {
                return Moment::Between(at, left / FLY);
            }
            left -= FLY;
        }
    }
    if story.answered && left < BACK { Moment::Back(left / BACK) } else { Moment::Over }
}

impl Moment {
    /// The step that is shown in words.
    pub fn step(self, story: &Story) -> Option<usize> {
        match self {
            Moment::At(step) | Moment::Between(step, _) => Some(step),
            Moment::Back(_) => story.steps.len().checked_sub(1),
            Moment::Over => None,
        }
    }
}

/// A point on a polyline, by the share of its length.
pub fn along(points: &[(f64, f64)], share: f64) -> Option<(f64, f64)> {
    let lengths: Vec<f64> = points.windows(2).map(|p| length(p[0], p[1])).collect();
    let mut left = lengths.iter().sum::<f64>() * share;
    for (pair, length) in points.windows(2).zip(&lengths) {
        if left <= *length && *length > 0.0 {
            let part = left / length;
            return Some((pair[0].0 + (pair[1].0 - pair[0].0) * part, pair[0].1 + (pair[1].1 - pair[0].1) * part));
        }
        left -= length;
    }
    points.last().copied()
}

fn length(a: (f64, f64), b: (f64, f64)) -> f64 {
    ((a.0 - b.0).powi(2) + (a.1 - b.1).powi(2)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Time;

    fn exchange(end: End, ok: bool) -> Exchange {
        let ip = |last| (IpAddr::from([10, 0, 0, last]), 80);
        let hop = |at| Hop { at, source: ip(1), destination: ip(2), trace: None };
        let pod = Place::Pod { namespace: "default".into(), name: "web".into() };
        let path = Path {
            hops: vec![hop(Place::Outside), hop(Place::Node("node-1".into())), hop(pod)],
            end,
            seen: ip(1),
            reached: ip(2),
        };
        Exchange {
            id: 7,
            at: Time::default(),
            from: Place::Outside,
            what: "GET http://10.0.0.2:80/".into(),
            host: "10.0.0.2".into(),
            lookups: Vec::new(),
            path: Some(path),
            outcome: "200 OK".into(),
            ok,
        }
    }

    #[test]
    fn a_packet_stays_and_flies() {
        let end = End::Pod { namespace: "default".into(), name: "web".into(), node: "node-1".into() };
        let story = story(&exchange(end, true));
        assert_eq!(story.steps.len(), 3);
        assert_eq!(story.steps[2].tone, Tone::Good);
        assert_eq!(story.steps[2].node.as_deref(), Some("node-1"));
        assert_eq!(moment(&story, 0.0), Moment::At(0));
        assert!(matches!(moment(&story, STAY + FLY / 2.0), Moment::Between(0, part) if (part - 0.5).abs() < 1e-9));
        assert_eq!(moment(&story, STAY + FLY), Moment::At(1));
        let end = 3.0 * STAY + 2.0 * FLY;
        assert_eq!(moment(&story, end), Moment::Back(0.0));
        assert_eq!(moment(&story, end + BACK), Moment::Over);
    }

    #[test]
    fn a_failure_is_told_at_its_step() {
        let story = story(&exchange(End::NoRoute("nobody has this address"), false));
        let last = story.steps.last().map(|step| (step.tone, step.title.contains("no way on")));
        assert_eq!(last, Some((Tone::Bad, true)));
        assert!(!story.answered);
        assert!(story.why.as_deref().is_some_and(|why| why.contains("nobody has this address")));
    }

    #[test]
    fn points_on_a_line() {
        let line = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)];
        assert_eq!(along(&line, 0.25), Some((5.0, 0.0)));
        assert_eq!(along(&line, 1.0), Some((10.0, 10.0)));
        assert_eq!(along(&[], 0.5), None);
        assert_eq!(along(&[(1.0, 1.0), (1.0, 1.0)], 0.5), Some((1.0, 1.0)));
    }
}
