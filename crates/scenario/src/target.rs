//! What a scenario runs against. The simulated cluster is one target; a native server and a real cluster are others.

use base::{Duration, Time};

/// A command line and what it runs with.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Command {
    pub line: String,
    pub stdin: Option<String>,
    /// Files in the working folder.
    pub files: Vec<(String, String)>,
    /// The machine on which it runs; empty: the client outside.
    pub node: String,
}

/// The end of a command.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// A cluster that a scenario can act on. Errors say what the target cannot do.
pub trait Target {
    fn now(&self) -> Time;
    /// Runs a command to its end.
    fn run(&mut self, command: &Command) -> Ran;
    /// Runs a command that only reads, as an onlooker would: the history of the cluster does not show it.
    fn look(&mut self, command: &Command) -> Ran;
    /// Lets time pass.
    fn advance(&mut self, span: Duration) -> Result<(), String>;
    /// Goes back in time.
    fn rewind(&mut self, span: Duration) -> Result<(), String>;
    /// Switches a machine on or off.
    fn power(&mut self, node: &str, on: bool) -> Result<(), String>;
    /// The way of a request in words, a line each. `from` is `outside`, a node's name or `pod/NAME`; `to` is `svc/NAME:PORT`,
    /// `pod/NAME:PORT` or an address as curl takes it.
    fn trace(&mut self, from: &str, to: &str) -> Result<Vec<String>, String>;
}
