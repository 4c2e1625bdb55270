//! An exchange in words: resolver steps, hops, rules and the end, one line each. The animation, the terminal and the
//! checks read the same exchange.

use crate::exchange::Exchange;
use crate::network::{End, Hop, Path, Place};

impl Exchange {
    /// The whole story, line by line.
    pub fn explain(&self) -> Vec<String> {
        let mut lines = vec![format!("{} from {}", self.what, self.from)];
        for lookup in &self.lookups {
            let found: Vec<String> = lookup.answer.addresses().map(|ip| ip.to_string()).collect();
            let answer = if found.is_empty() { lookup.answer.code.as_str().to_string() } else { found.join(", ") };
            if !found.is_empty() || lookup.question.kind == dns::RecordType::A {
                lines.push(format!("  resolve {} {}: {answer}", lookup.question.name, lookup.question.kind.as_str()));
            }
        }
        if let Some(path) = &self.path {
            lines.extend(path.explain());
        }
        lines.push(format!("  result: {}", self.outcome));
        lines
    }
    /// Where and why it stopped, if it failed.
    pub fn why_failed(&self) -> Option<String> {
        if self.ok {
            return None;
        }
        let Some(path) = &self.path else { return Some(self.outcome.to_string()) };
        Some(match &path.end {
            End::Rejected { node } | End::Dropped { node } => {
                let reason = path.hops.iter().rev().find_map(Hop::last_reason).unwrap_or_default();
                format!("stopped on node {node}: {reason}")
            }
            End::NoRoute(why) => format!("stopped: {why}"),
            End::Pod { namespace, name, .. } => {
                format!("reached pod {namespace}/{name} at {}:{}, and got: {}", path.reached.0, path.reached.1, self.outcome)
            }
            End::Node(node) => format!("reached node {node}, where nothing listens on port {}", path.reached.1),
            End::Internet(name) => format!("reached {name}: {}", self.outcome),
        })
    }
}

impl Hop {
    fn last_reason(&self) -> Option<String> {
        let (trace, rules) = self.trace.as_ref()?;
        trace.steps.last().map(|step| step.explain(rules))
    }
}

impl Path {
    /// Hop by hop, with what each node's rules did.
    pub fn explain(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (number, hop) in self.hops.iter().enumerate() {
            let (source, destination) = (address(hop.source), address(hop.destination));
            let arrow = if matches!(hop.at, Place::Pod { .. }) && number + 1 == self.hops.len() { "arrives" } else { "sends" };
            lines.push(format!("  {}. {}: {arrow} {source} -> {destination}", number + 1, hop.at));
            if let Some((trace, rules)) = &hop.trace {
                lines.extend(trace.explain(rules).into_iter().map(|line| format!("     - {line}")));
            }
        }
        match &self.end {
            End::Pod { namespace, name, node } => {
                lines.push(format!("  pod {namespace}/{name} on {node} sees the client as {}", address(self.seen)))
            }
            End::Node(node) => lines.push(format!("  node {node} sees the client as {}", address(self.seen))),
            End::Internet(name) => lines.push(format!("  {name} answers")),
            End::Rejected { node } => lines.push(format!("  node {node} refuses the packet")),
            End::Dropped { node } => lines.push(format!("  node {node} drops the packet")),
            End::NoRoute(why) => lines.push(format!("  the packet is lost: {why}")),
        }
        lines
    }
}

fn address((ip, port): (std::net::IpAddr, u16)) -> String {
    if ip.is_ipv6() { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") }
}
