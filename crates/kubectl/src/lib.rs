//! The real kubectl's syntax, output and errors as a machine without IO.
//!
//! [`Kubectl::start`] reads a command line; then the host asks [`Kubectl::poll`] whose turn it is, carries out each [`Call`] and hands
//! the [`Answer`] to [`Kubectl::reply`], until [`Turn::Done`]. What was printed is drained with [`Kubectl::take_output`]. The machine is a
//! plain value: cloning it in the middle of a command is a branch of the world.
//!
//! A file per family of commands; `command` finds the function of a command line, `ctx` is what functions ask the world through.

mod access;
mod apply;
mod auth;
mod call;
mod cluster;
mod columns;
mod command;
mod complete;
mod config;
mod create;
mod create_config;
mod create_more;
mod ctx;
mod delete;
mod describe;
mod describe_config;
mod describe_net;
mod describe_node;
mod describe_other;
mod describe_pod;
mod describe_template;
mod describe_work;
mod diff;
mod discovery;
mod dry;
mod edit;
mod env;
mod events;
mod exec;
mod explain;
mod expose;
mod fail;
mod files;
mod flags;
mod follow;
mod get;
mod gone;
mod hash;
mod help;
mod history;
mod kinds;
mod kubeconfig;
mod kubectl;
mod kyaml;
mod label;
mod last_applied;
mod logs;
mod merge;
mod node;
mod order;
mod output;
mod page;
mod patch;
mod pods;
mod printer;
mod record;
mod refused;
mod replace;
mod rollout;
mod rows;
mod run;
mod scale;
mod set;
mod set_env;
mod sort;
mod stream;
mod tab;
mod table;
mod taint;
mod target;
mod template;
mod upgrade;
mod wait;
mod watch;

pub use call::{Answer, Call, FileError, FolderEntry, Turn};
pub use complete::complete;
pub use env::Env;
pub use kubectl::Kubectl;
pub use output::Chunk;
