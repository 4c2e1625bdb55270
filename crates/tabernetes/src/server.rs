//! `tabernetes server`: a control plane on a durable store.

use crate::ended::{Failure, ended};
use crate::simulate::token;
use clap::{Args, ValueEnum};
use serve::{ControlPlane, Log, LogFormat, Token};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Run a control plane: API server, controllers and scheduler, with everything kept on disk
///
/// A write is answered when it is on disk. After a restart, or a crash at any moment, everything that was answered is there, and
/// lists and watches go on at the same resource versions. There are no nodes until kubelets register.
#[derive(Args)]
#[command(
    after_help = "Example:\n  tabernetes server --data-dir ./cluster &\n  export KUBECONFIG=$PWD/cluster/admin.conf\n  kubectl create configmap greeting --from-literal=hello=world\n  tabernetes backup --data-dir ./cluster cluster.backup"
)]
pub struct Server {
    /// Where the store, the keys and the administrator's kubeconfig (admin.conf) are kept
    #[arg(long, default_value = "/var/lib/tabernetes", value_name = "DIRECTORY")]
    data_dir: PathBuf,
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:6443", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// The address at which clients and nodes find this server, if it is not that of --listen
    #[arg(long, value_name = "IP")]
    advertise_address: Option<IpAddr>,
    /// One more name by which clients call this server
    #[arg(long, value_name = "NAME")]
    tls_san: Vec<String>,
    /// Write a kubeconfig with which kubectl is the cluster's administrator here too
    #[arg(long, value_name = "FILE")]
    write_kubeconfig: Option<PathBuf>,
    /// Let a user in by a bearer token; several groups are separated by commas
    #[arg(long, value_parser = token, value_name = "TOKEN=USER[:GROUP]")]
    token: Vec<Token>,
    /// Keep so many of the last commits, for watches that were interrupted
    #[arg(long, default_value_t = 50_000, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(5_000..=10_000_000))]
    history: u32,
    /// How the log on standard error is written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    log_format: Format,
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

/// The forms of the log.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lines for people
    Text,
    /// An object a line; requests are events of audit.k8s.io/v1
    Json,
}

impl Format {
    pub fn log(self) -> Log {
        Log::start(match self {
            Format::Text => LogFormat::Text,
            Format::Json => LogFormat::Json,
        })
    }
}

/// Copy the state of a control plane into a file, whether the server runs or not
#[derive(Args)]
pub struct Backup {
    /// The server's data directory
    #[arg(long, default_value = "/var/lib/tabernetes", value_name = "DIRECTORY")]
    data_dir: PathBuf,
    /// The file to write. It holds the cluster's keys: only its owner may read it
    file: PathBuf,
}

/// Make a data directory of a backup
///
/// Resource versions go on far above those of the backup, so that clients who saw later states notice and list anew.
#[derive(Args)]
pub struct Restore {
    /// The server's data directory, which must not have a store yet
    #[arg(long, default_value = "/var/lib/tabernetes", value_name = "DIRECTORY")]
    data_dir: PathBuf,
    /// The backup
    file: PathBuf,
}

impl Server {
    pub fn run(self) -> Result<(), Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let folder = self.data_dir.clone();
            let running = self.control_plane().start().await?;
            println!("the API of {} is at {}", folder.display(), running.url);
            println!("kubectl finds it with KUBECONFIG={}", folder.join("admin.conf").display());
            running.serve(ended()).await;
            Ok(())
        })
    }
    fn control_plane(self) -> ControlPlane {
        ControlPlane {
            data_dir: self.data_dir,
            history: self.history as usize,
            listen: self.listen,
            advertise: self.advertise_address,
            names: self.tls_san,
            insecure: self.insecure,
            tokens: self.token,
            kubeconfig: self.write_kubeconfig,
            scheduler: !self.no_scheduler,
            controllers: !self.no_controllers,
            log: self.log_format.log(),
        }
    }
}

impl Backup {
    pub fn run(self) -> Result<(), Failure> {
        let objects = serve::backup(&self.data_dir, &self.file)?;
        println!("{objects} objects and the cluster's keys are in {}", self.file.display());
        Ok(())
    }
}

impl Restore {
    pub fn run(self) -> Result<(), Failure> {
        let objects = serve::restore(&self.data_dir, &self.file)?;
        println!("{objects} objects and the cluster's keys are in {}", self.data_dir.display());
        Ok(())
    }
}
