//! Connections to containers: log, exec, attach, port-forward. The API server checks them; a kubelet serves them.

use base::{Text, Time};
use model::Key;

/// A checked connection to a pod that is bound to a node.
#[derive(Clone, PartialEq, Debug)]
pub struct Connect {
    pub pod: Key,
    pub uid: Text,
    pub node: Text,
    /// Empty for port-forward.
    pub container: Text,
    pub what: Action,
}

/// What to do with the container.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    Log(LogOptions),
    Exec { command: Vec<Text>, streams: Streams },
    Attach(Streams),
    PortForward { ports: Vec<u16> },
}

/// PodLogOptions.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LogOptions {
    pub follow: bool,
    pub previous: bool,
    pub timestamps: bool,
    pub since_seconds: Option<i64>,
    pub since_time: Option<Time>,
    pub tail_lines: Option<i64>,
    pub limit_bytes: Option<i64>,
}

/// Which streams an exec or attach wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Streams {
    pub stdin: bool,
    pub stdout: bool,
    pub stderr: bool,
    pub tty: bool,
}
