//! The servers that images hold: which ports they listen on, what they answer, which lines they log.

use base::{Text, Time};
use value::{Value, obj};

/// A program that answers requests.
#[derive(Clone, PartialEq, Debug)]
pub struct Server {
    pub kind: Kind,
    /// TCP ports it listens on.
    pub ports: Vec<u16>,
    /// UDP ports it listens on.
    pub udp_ports: Vec<u16>,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Kind {
    /// Serves the files below a directory.
    Nginx,
    Httpd,
    Redis,
    /// Answers its environment as JSON.
    HttpEnv,
    /// agnhost netexec: `/clientip`, `/hostname`, `/echo?msg=`, `/healthz`.
    NetExec,
    ServeHostname,
    /// Answers a fixed text.
    HttpEcho(Text),
    Whoami,
    HelloApp(Text),
    /// Answers the request it got.
    EchoServer,
    /// Serves files of a directory, as `busybox httpd` and `python3 -m http.server` do.
    Files(Text),
    /// Answers cluster DNS.
    CoreDns,
    /// An image that is not modelled, on the ports that its pod declares.
    Unknown(Text),
    /// Lives long and serves nothing.
    Idle,
}

/// A request as it reaches a server.
#[derive(Clone, PartialEq, Debug)]
pub struct Asked<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub host: &'a str,
    pub headers: &'a [(Text, Text)],
    pub body: &'a [u8],
    /// The client's address, as this server sees it.
    pub client: Text,
    pub client_port: u16,
    pub now: Time,
}

/// What a server knows about its container.
pub struct Surroundings<'a> {
    pub env: &'a [(Text, Text)],
    pub hostname: &'a str,
    pub ip: &'a str,
    pub read: &'a dyn Fn(&str) -> Option<Vec<u8>>,
}

/// What it answers, and the line it logs (to standard output, or to standard error).
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Answered {
    pub status: u16,
    pub content_type: &'static str,
    pub server: &'static str,
    pub body: Vec<u8>,
    pub log: Option<String>,
}

/// The reason phrase of a status.
pub fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Found",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Not Allowed",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "",
    }
}

impl Server {
    fn new(kind: Kind, ports: &[u16]) -> Server {
        Server { kind, ports: ports.to_vec(), udp_ports: Vec::new() }
    }
    /// The server that a command line starts, if it is one.
    pub fn of(argv: &[Text], env: &[(Text, Text)]) -> Option<Server> {
        let program = argv.first()?.rsplit('/').next()?;
        let flag = |name: &str| flag(argv, name);
        let port = |name: &str, default: u16| flag(name).and_then(|p| p.trim_start_matches(':').parse().ok()).unwrap_or(default);
        Some(match program {
            "nginx" => Server::new(Kind::Nginx, &[80]),
            "httpd-foreground" | "apache2-foreground" => Server::new(Kind::Httpd, &[80]),
            "redis-server" => Server::new(Kind::Redis, &[port("--port", 6379)]),
            "httpenv" => Server::new(Kind::HttpEnv, &[8888]),
            "agnhost" => return agnhost(argv),
            "http-echo" => Server::new(Kind::HttpEcho(flag("-text").unwrap_or_default()), &[port("-listen", 5678)]),
            "whoami" => Server::new(Kind::Whoami, &[port("--port", env_port(env, "WHOAMI_PORT_NUMBER", 80))]),
            "hello-app" => Server::new(Kind::HelloApp("1.0.0".into()), &[env_port(env, "PORT", 8080)]),
            "echo-server" => Server::new(Kind::EchoServer, &[env_port(env, "PORT", 8080)]),
            "coredns" => Server { udp_ports: vec![53], ..Server::new(Kind::CoreDns, &[53, 8080, 8181, 9153]) },
            "httpd" if argv.iter().any(|a| a.starts_with("-f")) => files(argv),
            "python3" | "python" if argv.iter().any(|a| a == "http.server") => {
                let port = argv.iter().rev().find_map(|a| a.parse().ok()).unwrap_or(8000);
                Server::new(Kind::Files("/".into()), &[port])
            }
            "pause" => Server::new(Kind::Idle, &[]),
            _ => return None,
        })
    }
    /// An image outside the table: it serves what its pod declares.
    pub fn unknown(image: &str, ports: &[(Text, u16)]) -> Server {
        let of = |protocol: &str| ports.iter().filter(|(p, _)| p == protocol).map(|(_, port)| *port).collect::<Vec<_>>();
        Server { kind: Kind::Unknown(image.into()), ports: of("TCP"), udp_ports: of("UDP") }
    }
    /// The lines it logs when it starts; true for standard error.
    pub fn greeting(&self, now: Time, ip: &str) -> Vec<(bool, String)> {
        let (y, mo, d, h, mi, s) = now.civil();
        let stamp = format!("{y}/{mo:02}/{d:02} {h:02}:{mi:02}:{s:02}");
        match &self.kind {
            Kind::Nginx => nginx_greeting(&stamp),
            Kind::Httpd => httpd_greeting(now, ip),
            Kind::Redis => redis_greeting(now),
            Kind::NetExec => {
                vec![(false, format!("{stamp} Started HTTP server on port {}", self.ports.first().unwrap_or(&8080)))]
            }
            Kind::ServeHostname => vec![(false, format!("{stamp} Serving on port {}.", self.ports.first().unwrap_or(&9376)))],
            Kind::HttpEcho(_) => {
                vec![(false, format!("{stamp} [INFO] server is listening on :{}", self.ports.first().unwrap_or(&5678)))]
            }
            Kind::Whoami => vec![(true, format!("{stamp} Starting up on port {}", self.ports.first().unwrap_or(&80)))],
            Kind::HelloApp(_) => {
                vec![(true, format!("{stamp} Server listening on port {}", self.ports.first().unwrap_or(&8080)))]
            }
            Kind::EchoServer => vec![(false, format!("Echo server listening on port {}.", self.ports.first().unwrap_or(&8080)))],
            Kind::CoreDns => {
                vec![(false, ".:53".into()), (false, "CoreDNS-1.14.7".into()), (false, "linux/amd64, go1.26".into())]
            }
            Kind::Unknown(image) => vec![(
                false,
                format!(
                    "simulated: image \"{image}\" is not modelled here; it runs as a plain process and answers on the ports its pod declares"
                ),
            )],
            Kind::HttpEnv | Kind::Files(_) | Kind::Idle => Vec::new(),
        }
    }
    /// Answers one HTTP request. `None`: it does not speak HTTP and closes the connection.
    pub fn answer(&self, asked: &Asked<'_>, here: &Surroundings<'_>) -> Option<Answered> {
        let path = asked.path.split('?').next().unwrap_or("/");
        Some(match &self.kind {
            Kind::Nginx => web(asked, here, &NGINX),
            Kind::Httpd => web(asked, here, &HTTPD),
            Kind::Files(root) => web(asked, here, &Web { root, ..PLAIN_FILES }),
            Kind::HttpEnv => ok("application/json", environment(here).to_json()),
            Kind::NetExec => net_exec(asked, path, here),
            Kind::ServeHostname => ok("text/plain", here.hostname.to_string()),
            Kind::HttpEcho(text) => ok("text/plain; charset=utf-8", format!("{text}\n")),
            Kind::Whoami => ok("text/plain; charset=utf-8", whoami(asked, here)),
            Kind::HelloApp(version) => {
                ok("text/plain; charset=utf-8", format!("Hello, world!\nVersion: {version}\nHostname: {}\n", here.hostname))
            }
            Kind::EchoServer => {
                ok("text/plain; charset=utf-8", format!("Request served by {}\n\n{}", here.hostname, request_text(asked)))
            }
            Kind::CoreDns => ok("text/plain; charset=utf-8", "OK".into()),
            Kind::Unknown(image) => {
                ok("text/plain; charset=utf-8", format!("simulated answer of {image} on {}\n", here.hostname))
            }
            Kind::Redis | Kind::Idle => return None,
        })
    }
}

fn flag(argv: &[Text], name: &str) -> Option<Text> {
    let dashed = name.trim_start_matches('-');
    for (i, word) in argv.iter().enumerate() {
        let bare = word.trim_start_matches('-');
        if bare.len() == word.len() {
            continue;
        }
        if bare == dashed {
            return argv.get(i + 1).cloned();
        }
        if let Some(value) = bare.strip_prefix(dashed).and_then(|rest| rest.strip_prefix('=')) {
            return Some(value.into());
        }
    }
    None
}

fn env_port(env: &[(Text, Text)], name: &str, default: u16) -> u16 {
    env.iter().find(|(key, _)| key == name).and_then(|(_, port)| port.parse().ok()).unwrap_or(default)
}

fn agnhost(argv: &[Text]) -> Option<Server> {
    let port = |name: &str, default: u16| flag(argv, name).and_then(|p| p.parse().ok()).unwrap_or(default);
    Some(match argv.get(1).map_or("pause", |a| a.as_str()) {
        "netexec" => {
            Server { udp_ports: vec![port("--udp-port", 8081)], ..Server::new(Kind::NetExec, &[port("--http-port", 8080)]) }
        }
        "serve-hostname" => Server::new(Kind::ServeHostname, &[port("--port", 9376)]),
        "test-webserver" => Server::new(Kind::Files("/".into()), &[port("--port", 80)]),
        "pause" => Server::new(Kind::Idle, &[]),
        _ => return None,
    })
}

fn files(argv: &[Text]) -> Server {
    let value = |name: &str| flag(argv, name);
    let port = value("-p").and_then(|p| p.rsplit(':').next().and_then(|p| p.parse().ok())).unwrap_or(80);
    Server::new(Kind::Files(value("-h").unwrap_or_else(|| "/".into())), &[port])
}

/// A server of files.
struct Web<'a> {
    root: &'a str,
    name: &'static str,
    logs: bool,
}

const NGINX: Web<'static> = Web { root: "/usr/share/nginx/html", name: "nginx/1.29.3", logs: true };
const HTTPD: Web<'static> = Web { root: "/usr/local/apache2/htdocs", name: "Apache/2.4.65 (Unix)", logs: true };
const PLAIN_FILES: Web<'static> = Web { root: "/", name: "", logs: false };

fn web(asked: &Asked<'_>, here: &Surroundings<'_>, web: &Web<'_>) -> Answered {
    let path = asked.path.split('?').next().unwrap_or("/");
    let below = if path.ends_with('/') { format!("{path}index.html") } else { path.to_string() };
    let escapes = below.split('/').any(|part| part == "..");
    let found = if escapes { None } else { (here.read)(&format!("{}{below}", web.root.trim_end_matches('/'))) };
    let (status, body) = match found {
        Some(body) => (200, body),
        None => (404, not_found(web.name).into_bytes()),
    };
    let agent = asked.headers.iter().find(|(k, _)| k.eq_ignore_ascii_case("user-agent")).map_or("-", |(_, v)| v.as_str());
    let request = format!("{} {} HTTP/1.1", asked.method, asked.path);
    let line = format!("{} - - [{}] \"{request}\" {status} {}", asked.client, clf(asked.now), body.len());
    let log = if web.name.starts_with("nginx") { format!("{line} \"-\" \"{agent}\" \"-\"") } else { line };
    let content_type = if below.ends_with(".html") || status == 404 { "text/html" } else { "text/plain" };
    Answered { status, content_type, server: web.name, body, log: if web.logs { Some(log) } else { None } }
}

fn not_found(server: &str) -> String {
    if server.starts_with("nginx") {
        return format!(
            "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n<hr><center>{server}</center>\r\n</body>\r\n</html>\r\n"
        );
    }
    "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>404 Not Found</title>\n</head><body>\n<h1>Not Found</h1>\n<p>The requested URL was not found on this server.</p>\n</body></html>\n".into()
}

/// The common log format's time: `23/Nov/2026:22:10:31 +0000`.
fn clf(now: Time) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (y, mo, d, h, mi, s) = now.civil();
    format!("{d:02}/{}/{y}:{h:02}:{mi:02}:{s:02} +0000", MONTHS[(mo as usize - 1) % 12])
}

fn ok(content_type: &'static str, body: String) -> Answered {
    Answered { status: 200, content_type, server: "", body: body.into_bytes(), log: None }
}

fn environment(here: &Surroundings<'_>) -> Value {
    let mut all = obj! {};
    for (key, value) in here.env {
        all.set(&[key.as_str()], value);
    }
    all
}

fn net_exec(asked: &Asked<'_>, path: &str, here: &Surroundings<'_>) -> Answered {
    let query = asked.path.split_once('?').map_or("", |(_, q)| q);
    let param =
        |name: &str| query.split('&').find_map(|p| p.split_once('=').filter(|(k, _)| *k == name).map(|(_, v)| v)).unwrap_or("");
    match path {
        "/" => ok(
            "text/plain; charset=utf-8",
            format!("NOW: {} +0000 UTC", asked.now.rfc3339().replace('T', " ").trim_end_matches('Z')),
        ),
        "/clientip" => ok("text/plain; charset=utf-8", format!("{}:{}", asked.client, asked.client_port)),
        "/hostname" | "/hostName" => ok("text/plain; charset=utf-8", here.hostname.to_string()),
        "/echo" => ok("text/plain; charset=utf-8", param("msg").to_string()),
        "/healthz" => ok("text/plain; charset=utf-8", String::new()),
        "/header" => {
            let wanted = param("key");
            let found = asked.headers.iter().find(|(k, _)| k.eq_ignore_ascii_case(wanted)).map_or("", |(_, v)| v.as_str());
            ok("text/plain; charset=utf-8", found.to_string())
        }
        _ => Answered { status: 404, ..ok("text/plain; charset=utf-8", "404 page not found\n".into()) },
    }
}

fn whoami(asked: &Asked<'_>, here: &Surroundings<'_>) -> String {
    format!(
        "Hostname: {}\nIP: 127.0.0.1\nIP: ::1\nIP: {}\nRemoteAddr: {}:{}\n{}\n",
        here.hostname,
        here.ip,
        asked.client,
        asked.client_port,
        request_text(asked)
    )
}

fn request_text(asked: &Asked<'_>) -> String {
    let mut out = format!("{} {} HTTP/1.1\nHost: {}\n", asked.method, asked.path, asked.host);
    for (key, value) in asked.headers.iter().filter(|(k, _)| !k.eq_ignore_ascii_case("host")) {
        out += &format!("{key}: {value}\n");
    }
    out
}

fn nginx_greeting(stamp: &str) -> Vec<(bool, String)> {
    let entry = |text: &str| (false, format!("/docker-entrypoint.sh: {text}"));
    let notice = |text: &str| (true, format!("{stamp} [notice] 1#1: {text}"));
    vec![
        entry("/docker-entrypoint.d/ is not empty, will attempt to perform configuration"),
        entry("Looking for shell scripts in /docker-entrypoint.d/"),
        entry("Configuration complete; ready for start up"),
        notice("using the \"epoll\" event method"),
        notice("nginx/1.29.3"),
        notice("start worker processes"),
    ]
}

fn httpd_greeting(now: Time, ip: &str) -> Vec<(bool, String)> {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    let day = DAYS[now.weekday() as usize % 7];
    let clf = clf(now);
    let (date, time) = clf.split_once(':').unwrap_or((&clf, ""));
    let parts: Vec<&str> = date.split('/').collect();
    let stamp = format!(
        "[{day} {} {} {}.000000 {}]",
        parts.get(1).unwrap_or(&""),
        parts.first().unwrap_or(&""),
        time.trim_end_matches(" +0000"),
        parts.get(2).unwrap_or(&"")
    );
    let name = format!(
        "AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using {ip}. Set the 'ServerName' directive globally to suppress this message"
    );
    vec![
        (true, name),
        (
            true,
            format!(
                "{stamp} [mpm_event:notice] [pid 1:tid 1] AH00489: Apache/2.4.65 (Unix) configured -- resuming normal operations"
            ),
        ),
        (true, format!("{stamp} [core:notice] [pid 1:tid 1] AH00094: Command line: 'httpd -D FOREGROUND'")),
    ]
}

fn redis_greeting(now: Time) -> Vec<(bool, String)> {
    let clf = clf(now).replace('/', " ").replacen(':', " ", 1);
    let stamp = clf.trim_end_matches(" +0000");
    let line = |mark: char, text: &str| (false, format!("1:M {stamp}.000 {mark} {text}"));
    vec![
        line('*', "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo"),
        line('*', "Running mode=standalone, port=6379."),
        line('*', "Server initialized"),
        line('*', "Ready to accept connections tcp"),
    ]
}

impl Server {
    /// The exit code of a server that gets a signal.
    pub fn exit_code(&self, signal: shell::Signal) -> i32 {
        match (&self.kind, signal) {
            (_, shell::Signal::Kill) => 137,
            (Kind::Nginx | Kind::Httpd | Kind::Redis | Kind::CoreDns | Kind::Idle, _) => 0,
            (Kind::HttpEnv | Kind::NetExec | Kind::ServeHostname | Kind::HttpEcho(_) | Kind::Whoami | Kind::HelloApp(_), _) => 2,
            (Kind::EchoServer | Kind::Files(_) | Kind::Unknown(_), signal) => signal.exit_code(),
        }
    }
}
