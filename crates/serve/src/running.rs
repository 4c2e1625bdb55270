//! A server that listens, whatever cluster is behind it.

use crate::cluster::seed;
use crate::engine::Engine;
use crate::jwt::Signer;
use crate::kubeconfig::Kubeconfig;
use crate::log::Log;
use crate::observed::Observer;
use crate::server::{self, Door};
use crate::service::Service;
use crate::tls::{Certificates, Keys};
use crate::users::{self, Token};
use base::{Text, text};
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;

pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What stands between the cluster and its clients.
pub struct Frontage {
    pub listener: TcpListener,
    /// Where clients find it.
    pub here: SocketAddr,
    /// None for plain HTTP.
    pub certificates: Option<Certificates>,
    pub tokens: Vec<Token>,
    pub signer: Signer,
    pub log: Log,
}

impl Frontage {
    /// At an address for which `keys` sign, or over plain HTTP.
    pub fn new(
        (listener, host): (TcpListener, IpAddr),
        keys: &Keys,
        certificates: Option<Certificates>,
    ) -> Result<Frontage, Failure> {
        let here = SocketAddr::new(host, listener.local_addr()?.port());
        let signer = Signer::new(&keys.accounts)?;
        Ok(Frontage { listener, here, certificates, tokens: Vec::new(), signer, log: Log::silent() })
    }
}

/// A server that listens. Nobody is served yet.
pub struct Running {
    pub url: String,
    pub kubeconfig: String,
    pub engine: Engine,
    frontage: Frontage,
}

/// The address at which a listener can be reached from this machine.
pub fn reached(ip: IpAddr) -> IpAddr {
    if ip.is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { ip }
}

impl Running {
    pub fn new(engine: Engine, frontage: Frontage) -> Running {
        let certificates = frontage.certificates.as_ref();
        let scheme = if certificates.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", frontage.here);
        let authority = certificates.map_or("", |c| &c.authority);
        let kubeconfig = Kubeconfig { server: &url, authority, pair: certificates.map(|c| &c.admin) }.text();
        Running { url, kubeconfig, engine, frontage }
    }
    /// Serves until `ends` is done, lets open requests finish, and closes the store.
    pub async fn serve(self, ends: impl Future<Output = ()>) {
        let Frontage { listener, certificates, tokens, signer, log, .. } = self.frontage;
        let service =
            Arc::new(Service::new(self.engine.clone(), (tokens, signer), Observer::new(log.clone(), seed().unwrap_or(0))));
        let door = match certificates {
            Some(certificates) => Door::Tls(certificates.acceptor),
            None => Door::Plain(Arc::new(users::known("kubernetes-admin", [text!("system:masters")]))),
        };
        let engine = self.engine.clone();
        let ends = async move {
            ends.await;
            engine.end_watches();
        };
        server::serve(listener, door, service, ends).await;
        let engine = self.engine;
        // It waits for threads, not for others.
        let _ = tokio::task::spawn_blocking(move || engine.stop()).await;
        log.flush();
    }
}

/// Who issues service account tokens, as kubeadm names it.
pub fn issuer(domain: &str) -> Text {
    format!("https://kubernetes.default.svc.{domain}").into()
}
