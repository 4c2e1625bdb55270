//! `tabernetes simulate`: a simulated cluster behind the real Kubernetes API.

use crate::ended::{Failure, ended};
use crate::server::Format;
use clap::{Args, ValueEnum};
use serve::{Log, Pace, Simulation, Token, known};
use sim::{Machines, Setup};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Run a simulated cluster behind the real Kubernetes API
///
/// Real clients (kubectl, helm, client libraries) drive it as they drive any cluster. Nodes, containers, images and the
/// network are simulated; the API server, controllers, scheduler, kubelets and proxies are real ones.
#[derive(Args)]
#[command(
    after_help = "Example:\n  tabernetes simulate --write-kubeconfig kube.yaml &\n  export KUBECONFIG=$PWD/kube.yaml\n  kubectl create deployment web --image=nginx --replicas=3\n  kubectl get pods --watch"
)]
pub struct Simulate {
    /// Worker nodes, beside the control plane's; 0 for no machines at all
    #[arg(long, default_value_t = 3, value_name = "COUNT")]
    nodes: u32,
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:6443", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Write a kubeconfig with which kubectl is the cluster's administrator
    #[arg(long, value_name = "FILE")]
    write_kubeconfig: Option<PathBuf>,
    /// How fast the cluster's time runs: 1x is real time, 10x ten times that, max skips every wait
    #[arg(long, default_value = "1x", value_parser = pace, value_name = "SPEED")]
    speed: Pace,
    /// The seed of everything that is left to chance
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Apply manifests before anybody is served
    #[arg(short, long = "filename", value_name = "FILE")]
    filename: Vec<PathBuf>,
    /// Let a user in by a bearer token; several groups are separated by commas
    #[arg(long, value_parser = token, value_name = "TOKEN=USER[:GROUP]")]
    token: Vec<Token>,
    /// What containers do
    #[arg(long, value_enum, default_value_t = Runtime::Simulated)]
    runtime: Runtime,
    /// Write a log of all requests to standard error
    #[arg(long, value_enum)]
    log_format: Option<Format>,
    /// Leave pods unscheduled
    #[arg(long)]
    no_scheduler: bool,
    /// Run no controllers: nothing makes pods of deployments
    #[arg(long)]
    no_controllers: bool,
    /// Speak plain HTTP, and take whoever brings no token for the administrator
    #[arg(long)]
    insecure: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Runtime {
    /// Images are pulled, processes run, probes are made
    Simulated,
    /// Pods run at once, pods of Jobs succeed at once, deleted pods vanish
    Instant,
}

/// `1x`, `0.5x`, `max`
fn pace(text: &str) -> Result<Pace, String> {
    if text == "max" {
        return Ok(Pace::Max);
    }
    let times = text.strip_suffix('x').unwrap_or(text).parse::<f64>().ok().filter(|t| (0.01..=1000.0).contains(t));
    times.map(Pace::Times).ok_or_else(|| "a speed is max, or a number from 0.01x to 1000x".into())
}

/// `secret=alice:dev,ops`
pub fn token(text: &str) -> Result<Token, String> {
    let (token, user) = text.split_once('=').filter(|(token, _)| !token.is_empty()).ok_or("a token is TOKEN=USER[:GROUP]")?;
    let (name, groups) = user.split_once(':').unwrap_or((user, ""));
    if name.is_empty() {
        return Err("a token needs a user: TOKEN=USER[:GROUP]".into());
    }
    Ok(Token { token: token.into(), user: known(name, groups.split(',').map(Into::into)) })
}

impl Simulate {
    pub fn run(self) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let kubeconfig = self.write_kubeconfig.clone();
            let running = self.simulation()?.start().await?;
            println!("the API of a simulated cluster is at {}", running.url);
            if let Some(path) = kubeconfig {
                println!("kubectl finds it with KUBECONFIG={}", path.display());
            }
            running.serve(ended()).await;
            Ok(())
        })
    }
    fn simulation(self) -> Result<Simulation, Failure> {
        let mut manifests = Vec::new();
        for path in &self.filename {
            let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
            manifests.push((path.display().to_string(), text));
        }
        let simulated = self.runtime == Runtime::Simulated;
        let mut setup = Setup { seed: self.seed, workers: self.nodes, ..Setup::default() };
        setup.control_plane = simulated && self.nodes > 0;
        setup.dns = setup.control_plane;
        // Whoever wants machines wants what a cloud does for them.
        setup.options.cloud = setup.control_plane;
        setup.machines = if simulated { Machines::Simulated } else { Machines::Instant };
        setup.options.scheduler = !self.no_scheduler;
        setup.options.controllers = !self.no_controllers;
        Ok(Simulation {
            setup,
            pace: self.speed,
            listen: self.listen,
            insecure: self.insecure,
            tokens: self.token,
            kubeconfig: self.write_kubeconfig,
            manifests,
            log: self.log_format.map_or_else(Log::silent, Format::log),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read() {
        assert_eq!(pace("max"), Ok(Pace::Max));
        assert_eq!(pace("0.5x"), Ok(Pace::Times(0.5)));
        assert!(pace("0x").is_err() && pace("fast").is_err());
        let alice = token("secret=alice:dev,ops").expect("a token");
        assert_eq!((alice.token.as_str(), alice.user.name.as_str(), alice.user.groups.len()), ("secret", "alice", 3));
        assert!(token("alice").is_err() && token("x=").is_err());
    }
}
