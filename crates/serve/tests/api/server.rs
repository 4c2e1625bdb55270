//! A server of its own for each test, in a thread of its own.

use crate::client::Client;
use serve::{Log, Pace, Simulation, Token, known};
use sim::Setup;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc;

/// What the cluster of a test is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Without machines, over plain HTTP.
    Empty,
    /// With three nodes, over plain HTTP, as fast as it goes.
    Nodes,
    /// With three nodes and TLS, as fast as it goes.
    Secure,
}

pub struct Server {
    pub address: SocketAddr,
    pub kubeconfig: String,
}

impl Server {
    pub fn start(shape: Shape) -> Server {
        let machines = shape != Shape::Empty;
        let simulation = Simulation {
            setup: Setup { workers: if machines { 3 } else { 0 }, control_plane: machines, dns: machines, ..Setup::default() },
            pace: if machines { Pace::Max } else { Pace::Times(1.0) },
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            insecure: shape != Shape::Secure,
            tokens: vec![Token { token: "alicetoken".into(), user: known("alice", ["dev".into()]) }],
            kubeconfig: None,
            manifests: Vec::new(),
            log: Log::silent(),
        };
        let (told, ready) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let running = simulation.start().await.expect("a server");
                told.send((running.url.clone(), running.kubeconfig.clone())).expect("a test");
                running.serve(std::future::pending()).await;
            });
        });
        let (url, kubeconfig) = ready.recv().expect("a server");
        let address = url.split_once("://").expect("a URL").1.parse().expect("an address");
        Server { address, kubeconfig }
    }
    /// A client that is the administrator.
    pub fn client(&self) -> Client {
        Client::new(self)
    }
}
