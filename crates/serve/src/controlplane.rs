//! A control plane on a durable store, from its options to its end: API server, controllers and scheduler, without nodes of
//! its own.

use crate::cluster::{Cluster, Plane};
use crate::datadir::DataDir;
use crate::engine::Engine;
use crate::journal::{Journal, Place};
use crate::kubeconfig::write_private;
use crate::log::Log;
use crate::running::{Failure, Frontage, Running, issuer, reached};
use crate::users::Token;
use api::{Request, User, Verb};
use control::Options;
use datastore::Datastore;
use model::{Key, resource};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use store::Store;
use tokio::net::TcpListener;

/// What a control plane is made of.
pub struct ControlPlane {
    pub data_dir: PathBuf,
    /// So many commits are kept for watches that were interrupted.
    pub history: usize,
    pub listen: SocketAddr,
    /// The address that clients are told, if it is another one than that of `listen`.
    pub advertise: Option<IpAddr>,
    /// More names that the server's certificate is for.
    pub names: Vec<String>,
    /// Plain HTTP, on which whoever brings no token is the administrator.
    pub insecure: bool,
    pub tokens: Vec<Token>,
    pub kubeconfig: Option<PathBuf>,
    pub scheduler: bool,
    pub controllers: bool,
    pub log: Log,
}

impl ControlPlane {
    /// Opens the store, listens and writes the kubeconfig. Nobody is served yet.
    pub async fn start(self) -> Result<Running, Failure> {
        if self.insecure && !self.listen.ip().is_loopback() {
            return Err("plain HTTP lets everybody in as the administrator: listen on a loopback address".into());
        }
        let folder = DataDir::make(&self.data_dir)?;
        let place = Place { path: folder.store(), keep: self.history };
        let (datastore, durable) = open(&place).await?;
        let keys = folder.keys()?;
        let listener =
            TcpListener::bind(self.listen).await.map_err(|error| format!("cannot listen on {}: {error}", self.listen))?;
        let host = self.advertise.unwrap_or(reached(listener.local_addr()?.ip()));
        let plane = self.plane(&durable, host)?;
        let (inside, rev) = (plane.config().service_cidr.nth(1), plane.store().rev());
        self.log.info(&format!("{} holds {} objects at revision {}", place.path.display(), durable.now().len(), durable.rev()));
        let engine = Engine::start_kept(Box::new(plane), durable, (place, datastore), self.log.clone());
        engine.kept(rev).await;
        folder.give_backups(&engine, &self.log)?;
        let addresses: Vec<IpAddr> = [Some(host), Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), inside].into_iter().flatten().collect();
        let certificates = if self.insecure { None } else { Some(keys.certificates(&addresses, &self.names)?) };
        let frontage = Frontage { tokens: self.tokens, log: self.log, ..Frontage::new((listener, host), &keys, certificates)? };
        let running = Running::new(engine, frontage);
        for path in [Some(folder.kubeconfig()), self.kubeconfig].into_iter().flatten() {
            write_private(&path, &running.kubeconfig).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(running)
    }
    fn plane(&self, durable: &Store, host: IpAddr) -> Result<Plane, Failure> {
        let roles = apiserver::DEFAULT_ROLES;
        let defaults = apiserver::Config::default();
        let config = apiserver::Config { advertise_address: host, roles, issuer: issuer(&defaults.domain), ..defaults };
        let options = Options { controllers: self.controllers, scheduler: self.scheduler, cloud: false };
        let mut plane = Plane::new(durable.clone(), config, options)?;
        if durable.rev() == 0 {
            // Without DNS there is no service for it either.
            let key = Key::new(&resource::SERVICES, "kube-system", "kube-dns");
            plane.answer(&Request::of(&User::master("kubernetes-admin"), Verb::Delete, &key));
        }
        Ok(plane)
    }
}

/// A server that was killed just now may hold its file for a moment.
const PATIENCE: Duration = Duration::from_secs(3);

async fn open(place: &Place) -> Result<(Datastore, Store), datastore::Failure> {
    let begun = Instant::now();
    loop {
        match Journal::open(place) {
            Err(datastore::Failure::InUse(_)) if begun.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            opened => return opened,
        }
    }
}
