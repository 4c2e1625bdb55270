//! A trace in words: what each rule was, as `nft` would show it, and what it did.

use crate::trace::Why;
use crate::{Kind, RuleSet, Step, Trace, Verdict};

impl Step {
    /// One sentence about this step.
    pub fn explain(&self, rules: &RuleSet) -> String {
        match self {
            Step::Established => "conntrack knows this connection and applies its translation again".into(),
            Step::Service { entry } => {
                let service = rules.service(*entry);
                let what = match entry.kind {
                    Kind::ClusterIp => "is the cluster IP",
                    Kind::NodePort => "is the node port",
                    Kind::LoadBalancer => "is the load balancer address",
                    Kind::ExternalIp => "is an external IP",
                };
                format!("the destination {what} of service {} ({} {})", service.title(), service.protocol, service.port)
            }
            Step::WrongPort => {
                "the destination is a cluster IP, but no service port has this number and protocol: rejected".into()
            }
            Step::Unallocated => "the destination is in the service range and belongs to no service: dropped".into(),
            Step::OutsideRanges { entry } => {
                format!("the source is outside loadBalancerSourceRanges of service {}: dropped", rules.service(*entry).title())
            }
            Step::ShortCircuit => {
                "traffic from inside the cluster uses all endpoints, whatever externalTrafficPolicy says".into()
            }
            Step::Mark(why) => format!("marked for masquerade: {}", why.explain()),
            Step::NoEndpoints { entry, elsewhere: false } => {
                format!("service {} has no ready endpoints: rejected", rules.service(*entry).title())
            }
            Step::NoEndpoints { entry, elsewhere: true } => {
                format!(
                    "policy Local, and service {} has no ready endpoint on node {}: dropped",
                    rules.service(*entry).title(),
                    rules.node
                )
            }
            Step::Chosen { ip, port, by_affinity: true, .. } => format!("session affinity keeps this client at {ip}:{port}"),
            Step::Chosen { ip, port, of: 1, .. } => format!("the only endpoint is {ip}:{port}"),
            Step::Chosen { ip, port, of, .. } => format!("one of {of} endpoints at random: {ip}:{port} (odds 1/{of})"),
            Step::Dnat { ip, port } => format!("DNAT: the destination becomes {ip}:{port}"),
            Step::Masquerade { ip, port } => format!("SNAT: the source becomes {ip}:{port}"),
        }
    }
}

impl Why {
    fn explain(self) -> &'static str {
        match self {
            Why::NotFromPod => "the source is no pod",
            Why::External => "it came by an external address under policy Cluster",
            Why::FromNode => "the node itself uses an external address",
            Why::Hairpin => "the pod reaches itself through the service",
            Why::All => "the proxy masquerades everything",
        }
    }
}

impl Trace {
    /// All steps, one line each.
    pub fn explain(&self, rules: &RuleSet) -> Vec<String> {
        self.steps.iter().map(|step| step.explain(rules)).collect()
    }
    pub fn is_delivered(&self) -> bool {
        matches!(self.verdict, Verdict::Forward { .. } | Verdict::Pass)
    }
}
