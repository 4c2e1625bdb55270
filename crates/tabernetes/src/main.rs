//! `tabernetes`: the native binary. One subcommand, one file; a server and its backups share one.

mod ended;
mod server;
mod simulate;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Kubernetes you can pause, rewind and ask why: the native side.
#[derive(Parser)]
#[command(name = "tabernetes", disable_version_flag = true, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Simulate(simulate::Simulate),
    Server(server::Server),
    Backup(server::Backup),
    Restore(server::Restore),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Simulate(simulate) => simulate.run(),
        Command::Server(server) => server.run(),
        Command::Backup(backup) => backup.run(),
        Command::Restore(restore) => restore.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tabernetes: {error}");
            ExitCode::FAILURE
        }
    }
}
