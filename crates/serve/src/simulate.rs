//! A simulated cluster behind the API, from its options to its end.

use crate::cluster::{Simulated, wall_clock};
use crate::engine::Engine;
use crate::kubeconfig::write_private;
use crate::log::Log;
use crate::pace::Pace;
use crate::running::{Failure, Frontage, Running, issuer, reached};
use crate::tls::{Certificates, Keys};
use crate::users::Token;
use api::{Request, User, Verb};
use base::Duration;
use model::{Key, resource};
use sim::{Setup, World};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use tokio::net::TcpListener;

/// What a simulated cluster and its server are made of.
#[derive(Clone)]
pub struct Simulation {
    pub setup: Setup,
    pub pace: Pace,
    pub listen: SocketAddr,
    /// Plain HTTP, on which whoever brings no token is the administrator: kubectl sends none without TLS.
    pub insecure: bool,
    pub tokens: Vec<Token>,
    pub kubeconfig: Option<PathBuf>,
    /// Manifests to apply before anybody is served, each with its name.
    pub manifests: Vec<(String, String)>,
    pub log: Log,
}

/// A cluster may take so much of its own time to come up.
const BIRTH: Duration = Duration::from_secs(60);
/// Clusters are born a little in the past, so that they are up now.
const EARLIER: Duration = Duration::from_secs(30);

impl Simulation {
    /// Brings the cluster up, listens and writes the kubeconfig. Nobody is served yet.
    pub async fn start(mut self) -> Result<Running, Failure> {
        // First of all, so that a port that is taken is told at once.
        let listener =
            TcpListener::bind(self.listen).await.map_err(|error| format!("cannot listen on {}: {error}", self.listen))?;
        let address = listener.local_addr()?;
        let world = self.world()?;
        let engine = Engine::start(Box::new(Simulated::new(world, self.pace)));
        let (host, keys) = (reached(address.ip()), Keys::make()?);
        let certificates = if self.insecure { None } else { Some(self.certificates(host, &keys)?) };
        let frontage = Frontage { tokens: self.tokens, log: self.log, ..Frontage::new((listener, host), &keys, certificates)? };
        let running = Running::new(engine, frontage);
        if let Some(path) = &self.kubeconfig {
            write_private(path, &running.kubeconfig).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(running)
    }
    fn certificates(&self, host: IpAddr, keys: &Keys) -> Result<Certificates, Failure> {
        let inside = self.setup.api.service_cidr.nth(1);
        let addresses: Vec<IpAddr> = [Some(host), Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), inside].into_iter().flatten().collect();
        keys.certificates(&addresses, &[])
    }
    /// The cluster as it is now, with its nodes and add-ons up and the manifests applied.
    fn world(&mut self) -> Result<World, Failure> {
        let wall = wall_clock();
        self.setup.start = wall - EARLIER;
        // Rights are enforced here, so there are roles to begin with.
        self.setup.api.roles = apiserver::DEFAULT_ROLES;
        self.setup.api.issuer = issuer(&self.setup.api.domain);
        let mut born = World::new(&self.setup);
        if !self.setup.dns {
            // A cluster without DNS has no service for it either.
            let key = Key::new(&resource::SERVICES, "kube-system", "kube-dns");
            born.answer(&Request::of(&User::master("kubernetes-admin"), Verb::Delete, &key));
        }
        let mut timeline = sim::Timeline::of(born);
        for (name, text) in &self.manifests {
            if let Some(refused) = timeline.apply(text).into_iter().find(|applied| !applied.ok) {
                return Err(format!("{name}, line {}: {}", refused.line, refused.text).into());
            }
        }
        let mut world = timeline.world().clone();
        drop(timeline);
        world.run_while(BIRTH, World::is_settled);
        let late = wall - world.now();
        world.advance(late.max(Duration::ZERO));
        Ok(world)
    }
}
