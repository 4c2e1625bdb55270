//! What a shell asks of the world, and what the world answers. Network tools do no IO: they put `Call`s, the host lets
//! them run through its network (or through real sockets) and gives `Reply`s. A host need not answer what gets lost
//! (a dropped packet): the tools keep their own time limits and cancel the call.

use base::{Duration, Text};
use std::net::IpAddr;

/// Names a call until its last reply.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct CallId(pub u32);

/// A request to the host.
#[derive(Clone, PartialEq, Debug)]
pub enum Call {
    Http(HttpRequest),
    /// Open a TCP connection (or send one datagram) and close it again.
    Connect {
        host: Text,
        port: u16,
        udp: bool,
    },
    /// One DNS question to one server; the tool goes through the search list itself.
    Query(DnsQuestion),
    /// One ICMP echo.
    Ping {
        host: Text,
        sequence: u32,
    },
    /// Run a program that the host knows (`Machine::programs`). Replies: `Output`…, then `Exit`; before that `WantInput`
    /// makes the shell send `Input`.
    Program(Program),
    /// Bytes for the standard input of the program `to`; `end` after the last.
    Input {
        to: CallId,
        bytes: Vec<u8>,
        end: bool,
    },
    /// A signal to the program `to`.
    Signal {
        to: CallId,
        signal: Signal,
    },
    /// A signal to another process of the container (`kill 1` from an exec session).
    Kill {
        pid: u32,
        signal: Signal,
    },
    /// No reply to this call is of interest any more.
    Cancel(CallId),
}

#[derive(Clone, PartialEq, Debug)]
pub struct HttpRequest {
    pub tls: bool,
    /// A name or an address, without brackets.
    pub host: Text,
    pub port: u16,
    /// `--resolve` or `--connect-to`: the address to use instead of asking the resolver.
    pub address: Option<IpAddr>,
    pub method: Text,
    /// With the query.
    pub path: Text,
    /// As sent, `Host` and `User-Agent` among them.
    pub headers: Vec<(Text, Text)>,
    pub body: Vec<u8>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct DnsQuestion {
    pub server: IpAddr,
    pub port: u16,
    /// Without the last dot.
    pub name: Text,
    pub kind: RecordKind,
    pub tcp: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RecordKind {
    A,
    Aaaa,
    Cname,
    Ns,
    Soa,
    Ptr,
    Mx,
    Txt,
    Srv,
    Any,
}

impl RecordKind {
    pub const fn name(self) -> &'static str {
        match self {
            RecordKind::A => "A",
            RecordKind::Aaaa => "AAAA",
            RecordKind::Cname => "CNAME",
            RecordKind::Ns => "NS",
            RecordKind::Soa => "SOA",
            RecordKind::Ptr => "PTR",
            RecordKind::Mx => "MX",
            RecordKind::Txt => "TXT",
            RecordKind::Srv => "SRV",
            RecordKind::Any => "ANY",
        }
    }
    pub fn parse(text: &str) -> Option<RecordKind> {
        use RecordKind::*;
        [A, Aaaa, Cname, Ns, Soa, Ptr, Mx, Txt, Srv, Any].into_iter().find(|kind| kind.name().eq_ignore_ascii_case(text))
    }
}

#[derive(Clone, PartialEq, Debug)]
pub struct Program {
    pub argv: Vec<Text>,
    pub env: Vec<(Text, Text)>,
    pub cwd: Text,
    /// Whether standard input is a pipe or file (else the terminal, or nothing).
    pub piped_input: bool,
    /// Whether standard output goes to a terminal.
    pub tty: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Signal {
    Hup,
    Int,
    Quit,
    Kill,
    Usr1,
    Usr2,
    Pipe,
    Alrm,
    Term,
    Cont,
    Stop,
}

const SIGNALS: &[(Signal, u8, &str)] = &[
    (Signal::Hup, 1, "HUP"),
    (Signal::Int, 2, "INT"),
    (Signal::Quit, 3, "QUIT"),
    (Signal::Kill, 9, "KILL"),
    (Signal::Usr1, 10, "USR1"),
    (Signal::Usr2, 12, "USR2"),
    (Signal::Pipe, 13, "PIPE"),
    (Signal::Alrm, 14, "ALRM"),
    (Signal::Term, 15, "TERM"),
    (Signal::Cont, 18, "CONT"),
    (Signal::Stop, 19, "STOP"),
];

impl Signal {
    pub fn number(self) -> u8 {
        SIGNALS.iter().find(|row| row.0 == self).map_or(0, |row| row.1)
    }
    /// Without `SIG`.
    pub fn name(self) -> &'static str {
        SIGNALS.iter().find(|row| row.0 == self).map_or("", |row| row.2)
    }
    /// Reads `TERM`, `SIGTERM`, `term` or `15`.
    pub fn parse(text: &str) -> Option<Signal> {
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        let number = name.parse::<u8>().ok();
        SIGNALS.iter().find(|row| Some(row.1) == number || row.2 == name).map(|row| row.0)
    }
    /// The exit code of a process that the signal ends.
    pub fn exit_code(self) -> i32 {
        128 + i32::from(self.number())
    }
}

/// An answer of the host.
#[derive(Clone, PartialEq, Debug)]
pub enum Reply {
    Http(HttpReply),
    Connect(ConnectReply),
    Dns(Result<DnsAnswer, Failure>),
    Ping(PingReply),
    /// The program writes.
    Output {
        out: Vec<u8>,
        err: Vec<u8>,
    },
    /// The program reads its standard input.
    WantInput,
    /// The program ended.
    Exit(i32),
}

/// How a request ended, as the client sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The name does not exist (or has no address).
    NoSuchHost,
    /// No name server answered.
    NoNameServer,
    /// The packet was rejected: nothing listens, or the service has no endpoints.
    Refused,
    /// No answer came and the kernel gave up.
    Timeout,
    /// No route to the address.
    Unreachable,
    /// The connection was cut after it was made.
    Reset,
    /// The server closed the connection without an answer.
    Empty,
    /// The server does not speak TLS, or its certificate is not trusted.
    Tls,
}

/// The end of an HTTP request.
#[derive(Clone, PartialEq, Debug)]
pub struct HttpReply {
    /// The address that the name gave; none if there was none.
    pub address: Option<IpAddr>,
    /// The client's own address and port.
    pub local: Option<(IpAddr, u16)>,
    /// How long the name, and the connection, took since the request began.
    pub name_time: Duration,
    pub connect_time: Duration,
    pub outcome: Result<HttpResponse, Failure>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct HttpResponse {
    pub status: u16,
    /// `OK`
    pub reason: Text,
    pub headers: Vec<(Text, Text)>,
    pub body: Vec<u8>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct ConnectReply {
    pub address: Option<IpAddr>,
    pub outcome: Result<(), Failure>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct PingReply {
    pub address: Option<IpAddr>,
    /// Hops left in the packet, and the time it took.
    pub outcome: Result<(u8, Duration), Failure>,
}

/// The answer of a name server.
#[derive(Clone, PartialEq, Debug)]
pub struct DnsAnswer {
    pub code: ResponseCode,
    pub authoritative: bool,
    pub recursion_available: bool,
    pub answers: Vec<Record>,
    pub authority: Vec<Record>,
    pub additional: Vec<Record>,
    pub time: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResponseCode {
    NoError,
    FormErr,
    ServFail,
    NxDomain,
    NotImp,
    Refused,
}

impl ResponseCode {
    pub const fn name(self) -> &'static str {
        match self {
            ResponseCode::NoError => "NOERROR",
            ResponseCode::FormErr => "FORMERR",
            ResponseCode::ServFail => "SERVFAIL",
            ResponseCode::NxDomain => "NXDOMAIN",
            ResponseCode::NotImp => "NOTIMP",
            ResponseCode::Refused => "REFUSED",
        }
    }
}

/// One resource record; names without the last dot.
#[derive(Clone, PartialEq, Debug)]
pub struct Record {
    pub name: Text,
    pub ttl: u32,
    pub data: RecordData,
}

#[derive(Clone, PartialEq, Debug)]
pub enum RecordData {
    Address(IpAddr),
    Cname(Text),
    Ns(Text),
    Ptr(Text),
    Txt(Text),
    Mx { preference: u16, host: Text },
    Srv { priority: u16, weight: u16, port: u16, target: Text },
    Soa { primary: Text, mailbox: Text, serial: u32, refresh: u32, retry: u32, expire: u32, minimum: u32 },
}

impl RecordData {
    pub const fn kind(&self) -> RecordKind {
        match self {
            RecordData::Address(IpAddr::V4(_)) => RecordKind::A,
            RecordData::Address(IpAddr::V6(_)) => RecordKind::Aaaa,
            RecordData::Cname(_) => RecordKind::Cname,
            RecordData::Ns(_) => RecordKind::Ns,
            RecordData::Ptr(_) => RecordKind::Ptr,
            RecordData::Txt(_) => RecordKind::Txt,
            RecordData::Mx { .. } => RecordKind::Mx,
            RecordData::Srv { .. } => RecordKind::Srv,
            RecordData::Soa { .. } => RecordKind::Soa,
        }
    }
}
