//! The network tools: what they ask and what they print for each way a request can end.
#![allow(clippy::too_many_lines)] // Tables.

mod common;

use base::{Duration, Text, Time, text};
use common::{host, shown};
use shell::{
    Call, CallId, ConnectReply, DnsAnswer, Failure, HttpReply, HttpResponse, PingReply, Record, RecordData, RecordKind, Reply,
    ResponseCode,
};
use std::net::IpAddr;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A small world: `web` answers, `slow` never does, `closed` refuses, `gone` does not exist.
fn answer(_: CallId, call: &Call, _: Time) -> Vec<Reply> {
    match call {
        Call::Http(request) => http(&request.host, &request.path, &request.method),
        Call::Connect { host, .. } => match host.as_str() {
            "slow" => Vec::new(),
            "closed" => vec![Reply::Connect(ConnectReply { address: Some(ip("10.96.0.3")), outcome: Err(Failure::Refused) })],
            "gone" => vec![Reply::Connect(ConnectReply { address: None, outcome: Err(Failure::NoSuchHost) })],
            _ => vec![Reply::Connect(ConnectReply { address: Some(ip("10.96.0.2")), outcome: Ok(()) })],
        },
        Call::Query(question) => dns(&question.name, question.kind),
        Call::Ping { host, .. } => match host.as_str() {
            "gone" => vec![Reply::Ping(PingReply { address: None, outcome: Err(Failure::NoSuchHost) })],
            "slow" => Vec::new(),
            _ => vec![Reply::Ping(PingReply { address: Some(ip("10.96.0.2")), outcome: Ok((64, Duration::from_micros(85))) })],
        },
        Call::Program(program) => vec![
            Reply::Output { out: format!("ran {}\n", program.argv.join(" ")).into_bytes(), err: Vec::new() },
            Reply::Exit(i32::from(program.argv.len() > 2)),
        ],
        Call::Input { .. } | Call::Signal { .. } | Call::Kill { .. } | Call::Cancel(_) => Vec::new(),
    }
}

fn http(host: &str, path: &str, method: &str) -> Vec<Reply> {
    let (address, outcome) = match host {
        "gone" => (None, Err(Failure::NoSuchHost)),
        "slow" => return Vec::new(),
        "closed" => (Some(ip("10.96.0.3")), Err(Failure::Refused)),
        "reset" => (Some(ip("10.96.0.4")), Err(Failure::Reset)),
        "empty" => (Some(ip("10.96.0.5")), Err(Failure::Empty)),
        _ => {
            let (status, reason, body) = match path {
                "/missing" => (404, text!("Not Found"), "not here\n"),
                "/moved" => (301, text!("Moved Permanently"), ""),
                _ => (200, text!("OK"), "hello\n"),
            };
            let mut headers = vec![(text!("Server"), text!("nginx/1.27.5")), (text!("Content-Type"), text!("text/html"))];
            if status == 301 {
                headers.push((text!("Location"), text!("/new")));
            }
            let body = if method == "HEAD" { Vec::new() } else { body.into() };
            (Some(ip("10.96.0.2")), Ok(HttpResponse { status, reason, headers, body }))
        }
    };
    let local = Some((ip("10.244.0.9"), 40_000));
    vec![Reply::Http(HttpReply { address, local, name_time: Duration::ZERO, connect_time: Duration::ZERO, outcome })]
}

fn dns(name: &str, kind: RecordKind) -> Vec<Reply> {
    let mut out = DnsAnswer {
        code: ResponseCode::NoError,
        authoritative: true,
        recursion_available: false,
        answers: Vec::new(),
        authority: Vec::new(),
        additional: Vec::new(),
        time: Duration::from_millis(1),
    };
    let record = |data: RecordData| Record { name: Text::from(name), ttl: 30, data };
    match (name, kind) {
        ("web.ns.svc.cluster.local", RecordKind::A) => out.answers.push(record(RecordData::Address(ip("10.96.0.2")))),
        ("web.ns.svc.cluster.local", _) => {}
        ("2.0.96.10.in-addr.arpa", _) => out.answers.push(record(RecordData::Ptr(text!("web.ns.svc.cluster.local")))),
        ("ext.ns.svc.cluster.local", _) => out.answers.push(record(RecordData::Cname(text!("example.com")))),
        ("lost", _) => return Vec::new(),
        _ => out.code = ResponseCode::NxDomain,
    }
    vec![Reply::Dns(Ok(out))]
}

fn check(bash: bool, cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (script, want) in cases {
        let mut host = host();
        host.answer = answer;
        host.machine.bash = bash;
        host.machine.programs = vec![text!("kubectl"), text!("nginx")];
        let got = shown(host.sh(script));
        if got != *want {
            wrong.push(format!("--- {script}\nwant {want:?}\ngot  {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn curl() {
    check(
        false,
        &[
            ("curl -s http://web/", "hello\n"),
            ("curl -s web:8080/missing; echo $?", "not here\n0\n"),
            ("curl -sS -f http://web/missing", "curl: (22) The requested URL returned error: 404\n[22]"),
            ("curl -sS http://gone/", "curl: (6) Could not resolve host: gone\n[6]"),
            (
                "curl -sS http://closed:81/",
                "curl: (7) Failed to connect to closed port 81 after 0 ms: Couldn't connect to server\n[7]",
            ),
            ("curl -s http://closed/; echo code $?", "code 7\n"),
            ("curl -sS -m 5 http://slow/", "curl: (28) Connection timed out after 5000 milliseconds\n[28]"),
            (
                "curl -sS --connect-timeout 2 http://slow/",
                "curl: (28) Failed to connect to slow port 80 after 2000 ms: Timeout was reached\n[28]",
            ),
            ("curl -sS http://reset/", "curl: (56) Recv failure: Connection reset by peer\n[56]"),
            ("curl -sS http://empty/", "curl: (52) Empty reply from server\n[52]"),
            ("curl -s -o /dev/null -w '%{http_code}\\n' http://web/missing", "404\n"),
            ("curl -s -o /dev/null -w '%{http_code}' http://closed/", "000[7]"),
            (
                "curl -sL http://web/moved; curl -s -o /dev/null -w '%{http_code} %{redirect_url}\\n' http://web/moved",
                "hello\n301 http://web/new\n",
            ),
            ("curl -sI http://web/ | head -1 | tr -d '\\r'", "HTTP/1.1 200 OK\n"),
            ("curl -s -i http://web/ | tr -d '\\r' | tail -3", "Content-Type: text/html\n\nhello\n"),
            ("curl", "curl: no URL specified!\ncurl: try 'curl --help' or 'curl --manual' for more information\n[2]"),
            (
                "curl --nope http://web",
                "curl: option --nope: is unknown\ncurl: try 'curl --help' or 'curl --manual' for more information\n[2]",
            ),
            ("curl -s http://web:99999/; echo $?", "3\n"),
            ("curl -s -o /tmp/x http://web/; cat /tmp/x", "hello\n"),
            ("date +%S; curl -s --retry 2 --retry-connrefused http://closed/; date +%S", "05\n08\n"),
            (
                "curl -sv http://web/x 2>&1 | tr -d '\\r'",
                "*   Trying 10.96.0.2:80...\n* Connected to web (10.96.0.2) port 80 (#0)\n> GET /x HTTP/1.1\n> Host: web\n> User-Agent: curl/7.88.1\n\
                 > Accept: */*\n> \n< HTTP/1.1 200 OK\n< Server: nginx/1.27.5\n< Content-Type: text/html\n< \n* Connection #0 to host web left intact\nhello\n",
            ),
        ],
    );
}

#[test]
fn wget() {
    check(
        false,
        &[
            ("wget -qO- http://web/", "hello\n"),
            ("wget -qO- -T 5 web:8080", "hello\n"),
            ("wget -qO- http://gone:80/", "wget: bad address 'gone:80'\n[1]"),
            ("wget -qO- -T 5 http://gone/hostname", "wget: bad address 'gone'\n[1]"),
            ("wget -qO- -T 3 http://closed:81/", "wget: can't connect to remote host (10.96.0.3): Connection refused\n[1]"),
            ("wget -qO- -T 2 http://slow:81/; echo code $?", "code 1\nwget: download timed out\n"),
            ("wget -qO- http://web/missing", "wget: server returned error: HTTP/1.1 404 Not Found\n[1]"),
            ("wget --spider http://web/", "Connecting to web (10.96.0.2:80)\nremote file exists\n"),
            ("cd /tmp; wget -q http://web/page; cat page", "hello\n"),
            ("for i in $(seq 3); do wget -qO- http://web/; done | sort | uniq -c", "      3 hello\n"),
        ],
    );
}

#[test]
fn names() {
    let server = "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n";
    let found = format!("{server}Name:\tweb.ns.svc.cluster.local\nAddress: 10.96.0.2\n\n");
    let missing = format!("{server}** server can't find no.ns.svc.cluster.local: NXDOMAIN\n\n[1]");
    let reverse = format!("{server}2.0.96.10.in-addr.arpa\tname = web.ns.svc.cluster.local\n\n");
    // The short name: every domain of the search list is asked, and what fails is told although one was found.
    let miss = |domain: &str| format!("** server can't find web.{domain}: NXDOMAIN\n\n");
    let misses = miss("svc.cluster.local") + &miss("cluster.local");
    let short = format!("{found}{misses}\n{misses}[1]");
    check(
        false,
        &[
            ("nslookup web", &short),
            ("nslookup -type=a web.ns.svc.cluster.local", &found),
            ("nslookup -type=a no.ns.svc.cluster.local", &missing),
            ("nslookup 10.96.0.2", &reverse),
            ("nslookup lost.", ";; connection timed out; no servers could be reached\n\n[1]"),
            ("until nslookup -type=a web.ns.svc.cluster.local >/dev/null; do echo waiting; sleep 2; done; echo found", "found\n"),
        ],
    );
    check(
        true,
        &[
            (
                "nslookup web",
                "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\nName:\tweb.ns.svc.cluster.local\nAddress: 10.96.0.2\n\n",
            ),
            ("nslookup nope", "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\n** server can't find nope: NXDOMAIN\n\n[1]"),
            ("dig +short web.ns.svc.cluster.local", "10.96.0.2\n"),
            ("dig +short ext.ns.svc.cluster.local", "example.com.\n"),
            ("dig +short +search web", "10.96.0.2\n"),
            ("dig +noall +answer web.ns.svc.cluster.local", "web.ns.svc.cluster.local. 30\tIN\tA\t10.96.0.2\n"),
            ("host web.ns.svc.cluster.local", "web.ns.svc.cluster.local has address 10.96.0.2\n"),
            ("until nslookup web >/dev/null; do echo waiting; sleep 2; done; echo found", "found\n"),
        ],
    );
}

#[test]
fn reaching() {
    check(
        false,
        &[
            (
                "ping -c 2 web",
                "PING web (10.96.0.2): 56 data bytes\n64 bytes from 10.96.0.2: seq=0 ttl=64 time=0.085 ms\n64 bytes from 10.96.0.2: seq=1 ttl=64 \
                 time=0.085 ms\n\n--- web ping statistics ---\n2 packets transmitted, 2 packets received, 0% packet loss\nround-trip min/avg/max = \
                 0.085/0.085/0.085 ms\n",
            ),
            ("ping -c 1 -W 2 slow | grep -o '[0-9]* packets received'; date +%S", "0 packets received\n07\n"),
            ("ping -c 1 gone", "ping: bad address 'gone'\n[1]"),
            ("nc -zv web 80", "web (10.96.0.2:80) open\n"),
            ("nc -zv -w 2 slow 80; echo $?", "1\nnc: slow (80): Connection timed out\n"),
            ("nc -z closed 80; echo $?", "1\n"),
        ],
    );
}

#[test]
fn programs_of_the_host() {
    check(
        true,
        &[
            ("kubectl get pods | tr a-z A-Z", "RAN KUBECTL GET PODS\n"),
            ("kubectl x y; echo $?", "ran kubectl x y\n1\n"),
            ("alias k=kubectl; k get", "ran kubectl get\n"),
            ("test \"$(kubectl a)\" = 'ran kubectl a' && echo same", "same\n"),
            ("sleep 1; exec nginx -g 'daemon off;'", "ran nginx -g daemon off;\n[1]"),
            ("! kubectl a b 2>/dev/null | grep -q nothing && echo none", "none\n"),
        ],
    );
}

#[test]
fn a_watch_ends_with_its_reader() {
    // The watch prints once and never ends by itself; `head` closes the pipe and the call is cancelled.
    let mut host = host();
    host.machine.programs = vec![text!("kubectl")];
    host.answer = |_, call, _| match call {
        Call::Program(_) => vec![Reply::Output { out: b"web Pending\nweb Running\nweb Done\n".to_vec(), err: Vec::new() }],
        _ => Vec::new(),
    };
    let out = host.sh("timeout 4 kubectl get pods -w | grep -m1 Running; echo end");
    assert_eq!(out.out, "web Running\nend\n");
}
