//! What a cluster is configured with, and what a decision may look at besides the snapshot.

use base::{Cidr, Rng, Time};

/// The flags of the API server that change what it decides.
#[derive(Clone, PartialEq, Debug)]
pub struct Config {
    pub service_cidr: Cidr,
    /// The second family of a dual-stack cluster.
    pub second_service_cidr: Option<Cidr>,
    pub pod_cidr: Cidr,
    /// First and last node port.
    pub node_ports: (u16, u16),
    /// The address that the `kubernetes` Service leads to.
    pub advertise_address: std::net::IpAddr,
    /// The cluster's DNS domain.
    pub domain: base::Text,
    /// The table of roles that a cluster which enforces role-based access control starts with ([`crate::DEFAULT_ROLES`]).
    /// Empty: there are none, and who writes roles is not checked.
    pub roles: &'static str,
    /// Who issues service account tokens, and for whom they are if nobody else is named. Empty where nobody can sign them.
    pub issuer: base::Text,
}

impl Default for Config {
    fn default() -> Config {
        let v4 = |a, b, c, d| std::net::IpAddr::from([a, b, c, d]);
        let cidr = |address, bits| Cidr::new(address, bits).expect("so many bits fit");
        Config {
            service_cidr: cidr(v4(10, 96, 0, 0), 12),
            second_service_cidr: None,
            pod_cidr: cidr(v4(10, 244, 0, 0), 16),
            node_ports: (30_000, 32_767),
            advertise_address: v4(172, 18, 0, 2),
            domain: base::text!("cluster.local"),
            roles: "",
            issuer: base::Text::new(),
        }
    }
}

/// The time, the dice and the configuration of one decision.
pub struct Context<'a> {
    pub now: Time,
    pub rng: &'a mut Rng,
    pub config: &'a Config,
}
