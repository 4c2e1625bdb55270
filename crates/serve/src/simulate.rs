//! A simulated cluster behind the API, from its options to its end.

use crate::engine::Engine;
use crate::kubeconfig::Kubeconfig;
use crate::pace::Pace;
use crate::server::{self, Door};
use crate::service::Service;
use crate::tls::{self, Certificates};
use crate::users::{self, Token};
use api::{Request, User, Verb};
use base::{Duration, Time, text};
use model::{Key, resource};
use sim::{Setup, World};
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;

/// What a simulated cluster and its server are made of.
#[derive(Clone, Debug)]
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
}

/// A server that listens.
pub struct Running {
    pub url: String,
    pub kubeconfig: String,
    pub engine: Engine,
    listener: TcpListener,
    certificates: Option<Certificates>,
    tokens: Vec<Token>,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

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
        let engine = Engine::start(world, self.pace);
        let host = if address.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { address.ip() };
        let here = SocketAddr::new(host, address.port());
        let certificates = if self.insecure { None } else { Some(self.certificates(host)?) };
        let scheme = if self.insecure { "http" } else { "https" };
        let url = format!("{scheme}://{here}");
        let kubeconfig = Kubeconfig {
            server: &url,
            authority: certificates.as_ref().map_or("", |c| &c.authority),
            pair: certificates.as_ref().map(|c| &c.admin),
        };
        if let Some(path) = &self.kubeconfig {
            kubeconfig.write(path).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(Running { kubeconfig: kubeconfig.text(), url, engine, listener, certificates, tokens: self.tokens })
    }
    fn certificates(&self, host: IpAddr) -> Result<Certificates, Failure> {
        let inside = self.setup.api.service_cidr.nth(1);
        let addresses: Vec<IpAddr> = [Some(host), Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), inside].into_iter().flatten().collect();
        tls::make(&addresses)
    }
    /// The cluster as it is now, with its nodes and add-ons up and the manifests applied.
    fn world(&mut self) -> Result<World, Failure> {
        let wall = wall_clock();
        self.setup.start = wall - EARLIER;
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

fn wall_clock() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_micros(i64::try_from(since.as_micros()).unwrap_or(0))
}

impl Running {
    /// Serves until `ends` is done.
    pub async fn serve(self, ends: impl Future<Output = ()>) {
        let service = Arc::new(Service::new(self.engine, self.tokens));
        let door = match self.certificates {
            Some(certificates) => Door::Tls(certificates.acceptor),
            None => Door::Plain(Arc::new(users::known("kubernetes-admin", [text!("system:masters")]))),
        };
        server::serve(self.listener, door, service, ends).await;
    }
}
