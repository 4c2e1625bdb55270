//! curl: one URL after the other, with redirects, the messages and exit codes of curl 7.88, `-v` and `-w`.

use crate::call::{Call, CallId, Failure, HttpReply, HttpRequest, HttpResponse, Reply};
use crate::kernel::{Access, Fd, Finished, Io, Read};
use crate::net::Url;
use crate::tool::{On, Step, Tool};
use crate::tools::time::span_of;
use base::{Duration, Text, Time};
use std::net::IpAddr;

/// What the command line says.
#[derive(Clone, Debug, Default)]
struct Settings {
    silent: bool,
    show_errors: bool,
    include: bool,
    head: bool,
    verbose: bool,
    fail: bool,
    follow: bool,
    method: Option<Text>,
    headers: Vec<(Text, Text)>,
    data: Option<Vec<u8>>,
    get: bool,
    output: Option<Text>,
    remote_name: bool,
    write_out: Option<Text>,
    agent: Option<Text>,
    max_time: Option<Duration>,
    connect_timeout: Option<Duration>,
    resolve: Vec<(String, u16, IpAddr)>,
    retries: u32,
    retry_delay: Option<Duration>,
    retry_refused: bool,
    user: Option<Text>,
    read_input: bool,
}

#[derive(Clone, Debug)]
struct Curl {
    set: Settings,
    urls: Vec<Text>,
    next: usize,
    now: Option<Transfer>,
    connections: u32,
    code: i32,
}

/// One URL on its way.
#[derive(Clone, Debug)]
struct Transfer {
    url: Url,
    text: Text,
    call: CallId,
    started: Time,
    redirects: u32,
    retried: u32,
    pause: Option<Time>,
}

/// How long the kernel tries to connect before it gives up.
const CONNECT: Duration = Duration::from_secs(130);

pub(crate) fn curl(io: &mut Io) -> Result<Box<dyn Tool>, i32> {
    let argv = io.core.argv.clone();
    let mut set = Settings::default();
    let mut urls = Vec::new();
    let mut words = argv[1..].iter();
    while let Some(word) = words.next() {
        let outcome = if let Some(name) = word.strip_prefix("--") {
            let letter = long(name).ok_or_else(|| format!("option --{name}: is unknown"));
            match letter {
                Ok(letter) if takes_value(letter) => match words.next() {
                    Some(value) => set.value(letter, value, io),
                    None => Err(format!("option --{name}: requires parameter")),
                },
                Ok(letter) => set.flag(letter).map_err(|()| format!("option --{name}: is unknown")),
                Err(words) => Err(words),
            }
        } else if word.len() > 1 && word.starts_with('-') {
            let mut outcome = Ok(());
            for (at, letter) in word.char_indices().skip(1) {
                if !takes_value(letter) {
                    outcome = set.flag(letter).map_err(|()| format!("option -{letter}: is unknown")).and(outcome);
                    continue;
                }
                let attached = &word[at + letter.len_utf8()..];
                let value = if attached.is_empty() { words.next().cloned() } else { Some(Text::from(attached)) };
                outcome = match value {
                    Some(value) => set.value(letter, &value, io),
                    None => Err(format!("option -{letter}: requires parameter")),
                };
                break;
            }
            if let Err(words) = outcome {
                return Err(usage(io, &words));
            }
            continue;
        } else {
            urls.push(word.clone());
            continue;
        };
        if let Err(words) = outcome {
            return Err(usage(io, &words));
        }
    }
    if urls.is_empty() {
        return Err(usage(io, "no URL specified!"));
    }
    Ok(Box::new(Curl { set, urls, next: 0, now: None, connections: 0, code: 0 }))
}

fn usage(io: &mut Io, words: &str) -> i32 {
    io.err(format!("curl: {words}\ncurl: try 'curl --help' or 'curl --manual' for more information\n"));
    2
}

fn takes_value(letter: char) -> bool {
    "XHdomwATurbeFcKxDzY\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}".contains(letter)
}

/// Long options; control characters stand for those without a letter.
fn long(name: &str) -> Option<char> {
    Some(match name {
        "silent" => 's',
        "show-error" => 'S',
        "include" => 'i',
        "head" => 'I',
        "verbose" => 'v',
        "fail" | "fail-with-body" => 'f',
        "location" => 'L',
        "insecure" => 'k',
        "get" => 'G',
        "request" => 'X',
        "header" => 'H',
        "data" | "data-ascii" | "data-binary" | "data-raw" | "data-urlencode" | "json" => 'd',
        "output" => 'o',
        "remote-name" => 'O',
        "max-time" => 'm',
        "write-out" => 'w',
        "user-agent" => 'A',
        "user" => 'u',
        "url" => '\u{6}',
        "connect-timeout" => '\u{1}',
        "resolve" => '\u{2}',
        "connect-to" => '\u{3}',
        "retry" => '\u{4}',
        "retry-delay" | "retry-max-time" => '\u{5}',
        "retry-connrefused" | "retry-all-errors" => 'R',
        "http1.1" | "http1.0" | "http2" | "ipv4" | "compressed" | "no-progress-meter" | "no-buffer" | "globoff"
        | "no-keepalive" => '4',
        "noproxy" | "cacert" | "cert" | "key" | "proxy" | "interface" | "cookie" | "max-redirs" => 'x',
        _ => return None,
    })
}

impl Settings {
    fn flag(&mut self, letter: char) -> Result<(), ()> {
        let field = match letter {
            's' => &mut self.silent,
            'S' => &mut self.show_errors,
            'i' => &mut self.include,
            'I' => &mut self.head,
            'v' => &mut self.verbose,
            'f' => &mut self.fail,
            'L' => &mut self.follow,
            'G' => &mut self.get,
            'O' => &mut self.remote_name,
            'R' => &mut self.retry_refused,
            'k' | '4' | '6' | 'N' | 'g' | 'j' | 'n' | 'q' | '0' | '#' | 'J' => return Ok(()),
            _ => return Err(()),
        };
        *field = true;
        Ok(())
    }

    fn value(&mut self, letter: char, value: &Text, io: &mut Io) -> Result<(), String> {
        let seconds = |value: &str| span_of(value, 1_000_000).map(|span| span.max(Duration::from_millis(1)));
        match letter {
            'X' => self.method = Some(value.clone()),
            'H' => {
                if let Some((name, text)) = value.split_once(':') {
                    self.headers.push((Text::from(name.trim()), Text::from(text.trim())));
                }
            }
            'd' => {
                let more = match value.strip_prefix('@') {
                    Some("-") => {
                        self.read_input = true;
                        Vec::new()
                    }
                    Some(file) => match io.read_file(file) {
                        Ok(data) => data.bytes().iter().copied().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect(),
                        Err(_) => return Err("option -d: error encountered when reading a file".into()),
                    },
                    None => value.as_bytes().to_vec(),
                };
                let data = self.data.get_or_insert_default();
                if !data.is_empty() {
                    data.push(b'&');
                }
                data.extend(more);
            }
            'o' => self.output = Some(value.clone()),
            'w' => self.write_out = Some(value.clone()),
            'A' => self.agent = Some(value.clone()),
            'u' => self.user = Some(value.clone()),
            'm' => {
                self.max_time = seconds(value);
                self.max_time.ok_or("option -m: expected a proper numerical parameter")?;
            }
            '\u{1}' => {
                self.connect_timeout = seconds(value);
                self.connect_timeout.ok_or("option --connect-timeout: expected a proper numerical parameter")?;
            }
            '\u{2}' => {
                let mut parts = value.splitn(3, ':');
                if let (Some(host), Some(port), Some(address)) = (parts.next(), parts.next(), parts.next())
                    && let (Ok(port), Ok(address)) = (port.parse(), address.trim_matches(['[', ']']).parse())
                {
                    self.resolve.push((host.trim_start_matches('+').into(), port, address));
                }
            }
            '\u{4}' => self.retries = value.parse().map_err(|_| "option --retry: expected a proper numerical parameter")?,
            '\u{5}' => self.retry_delay = seconds(value),
            _ => {}
        }
        Ok(())
    }

    fn request(&self, url: &Url) -> HttpRequest {
        let body = if self.get { Vec::new() } else { self.data.clone().unwrap_or_default() };
        let standard = if self.head {
            "HEAD"
        } else if self.data.is_some() && !self.get {
            "POST"
        } else {
            "GET"
        };
        let method = self.method.clone().unwrap_or_else(|| Text::from(standard));
        let mut path = url.path.clone();
        if let Some(data) = self.data.as_ref().filter(|_| self.get) {
            path += if path.contains('?') { "&" } else { "?" };
            path += &String::from_utf8_lossy(data);
        }
        let own = |name: &str| self.headers.iter().find(|row| row.0.eq_ignore_ascii_case(name)).map(|row| row.1.clone());
        let mut headers = Vec::new();
        headers.push((base::text!("Host"), own("host").unwrap_or_else(|| Text::from(url.authority()))));
        let user = self.user.as_deref().or(url.user.as_deref());
        if let Some(user) = user {
            headers.push((base::text!("Authorization"), Text::from(format!("Basic {}", base::base64_encode(user.as_bytes())))));
        }
        let agent = self.agent.clone().unwrap_or_else(|| base::text!("curl/7.88.1"));
        headers.push((base::text!("User-Agent"), own("user-agent").unwrap_or(agent)));
        headers.push((base::text!("Accept"), own("accept").unwrap_or_else(|| base::text!("*/*"))));
        let known = ["host", "user-agent", "accept"];
        headers.extend(self.headers.iter().filter(|row| !known.iter().any(|name| row.0.eq_ignore_ascii_case(name))).cloned());
        if self.data.is_some() && !self.get {
            headers.push((base::text!("Content-Length"), Text::from(body.len().to_string())));
            if own("content-type").is_none() {
                headers.push((base::text!("Content-Type"), base::text!("application/x-www-form-urlencoded")));
            }
        }
        headers.retain(|row| !row.1.is_empty());
        let address = self.resolve.iter().find(|row| row.0 == url.host && row.1 == url.port).map(|row| row.2);
        HttpRequest {
            tls: url.scheme == "https",
            host: Text::from(url.host.as_str()),
            port: url.port,
            address,
            method,
            path: Text::from(path),
            headers,
            body,
        }
    }
}

impl Curl {
    fn start(&mut self, text: Text, io: &mut Io) -> Step {
        let lone_colon = text.starts_with(':');
        let Some(url) = Url::parse(&text).filter(|_| !lone_colon) else {
            return self.failed(3, "URL using bad/illegal format or missing URL", io);
        };
        if !matches!(url.scheme.as_str(), "http" | "https") {
            return self.failed(1, &format!("Protocol \"{}\" not supported or disabled in libcurl", url.scheme), io);
        }
        let call = io.call(Call::Http(self.set.request(&url)));
        self.now = Some(Transfer { url, text, call, started: io.now, redirects: 0, retried: 0, pause: None });
        Step::More
    }

    /// The transfer failed: tell it, note the code.
    fn failed(&mut self, code: i32, words: &str, io: &mut Io) -> Step {
        if !self.set.silent || self.set.show_errors {
            io.err(format!("curl: ({code}) {words}\n"));
        }
        self.code = code;
        Step::More
    }

    fn deadline(&self, transfer: &Transfer) -> (Time, bool) {
        let total = self.set.max_time.map_or(Time::NEVER, |span| transfer.started + span);
        let connect = transfer.started + self.set.connect_timeout.unwrap_or(CONNECT);
        if connect < total { (connect, true) } else { (total, false) }
    }

    fn timed_out(&mut self, transfer: &Transfer, connecting: bool, io: &mut Io) -> Step {
        let millis = (io.now - transfer.started).as_millis();
        let host = transfer.url.host.clone();
        let port = transfer.url.port;
        io.forget(transfer.call, Finished::No);
        let words = if connecting && self.set.connect_timeout.is_none() {
            format!("Failed to connect to {host} port {port} after {millis} ms: Couldn't connect to server")
        } else if connecting {
            format!("Failed to connect to {host} port {port} after {millis} ms: Timeout was reached")
        } else {
            format!("Connection timed out after {millis} milliseconds")
        };
        if self.set.verbose {
            let note = if host.parse::<IpAddr>().is_ok() { format!("*   Trying {host}:{port}...\n") } else { String::new() };
            io.err(format!("{note}* {words}\n* Closing connection 0\n"));
        }
        self.write_out(transfer, None, io);
        self.failed(28, &words, io)
    }

    fn answered(&mut self, mut transfer: Transfer, reply: HttpReply, io: &mut Io) -> Step {
        io.forget(transfer.call, Finished::Yes);
        self.explain(&transfer, &reply, io);
        let response = match &reply.outcome {
            Ok(response) => response.clone(),
            Err(failure) => return self.refused(transfer, &reply, *failure, io),
        };
        self.connections += 1;
        let location = response.headers.iter().find(|row| row.0.eq_ignore_ascii_case("location")).map(|row| row.1.clone());
        if self.set.follow && (300..400).contains(&response.status) && location.is_some() {
            if self.set.include || self.set.head {
                io.out(head(&response));
            }
            transfer.redirects += 1;
            if transfer.redirects > 50 {
                return self.failed(47, "Maximum (50) redirects followed", io);
            }
            let next = location.and_then(|location| transfer.url.join(&location));
            let Some(next) = next else { return self.failed(3, "URL using bad/illegal format or missing URL", io) };
            if self.set.verbose {
                io.err(format!("* Issue another request to this URL: '{}://{}{}'\n", next.scheme, next.authority(), next.path));
            }
            let mut settings = self.set.clone();
            if response.status != 307 && response.status != 308 && settings.method.is_none() {
                settings.data = None;
            }
            transfer.call = io.call(Call::Http(settings.request(&next)));
            transfer.url = next;
            self.now = Some(transfer);
            return Step::More;
        }
        if matches!(response.status, 408 | 429 | 500 | 502 | 503 | 504) && self.retry(&transfer, io) {
            return Step::More;
        }
        if self.set.fail && response.status >= 400 {
            self.write_out(&transfer, Some((&reply, &response)), io);
            return self.failed(22, &format!("The requested URL returned error: {}", response.status), io);
        }
        self.deliver(&transfer, &response, io);
        self.write_out(&transfer, Some((&reply, &response)), io);
        Step::More
    }

    fn retry(&mut self, transfer: &Transfer, io: &mut Io) -> bool {
        if transfer.retried >= self.set.retries {
            return false;
        }
        let wait = self.set.retry_delay.unwrap_or(Duration::from_secs(1 << transfer.retried.min(9)));
        if !self.set.silent {
            let left = self.set.retries - transfer.retried;
            io.err(format!("Warning: Problem. Will retry in {} seconds. {left} retries left.\n", wait.as_secs()));
        }
        self.now = Some(Transfer { retried: transfer.retried + 1, pause: Some(io.now + wait), ..transfer.clone() });
        true
    }

    fn refused(&mut self, transfer: Transfer, reply: &HttpReply, failure: Failure, io: &mut Io) -> Step {
        let retry = matches!(failure, Failure::Timeout) || self.set.retry_refused;
        if retry && self.retry(&transfer, io) {
            return Step::More;
        }
        let (host, port) = (&transfer.url.host, transfer.url.port);
        let millis = (io.now - transfer.started).as_millis();
        let connect = |why: &str| format!("Failed to connect to {host} port {port} after {millis} ms: {why}");
        let (code, words) = match failure {
            Failure::NoSuchHost | Failure::NoNameServer => (6, format!("Could not resolve host: {host}")),
            Failure::Refused | Failure::Unreachable => (7, connect("Couldn't connect to server")),
            Failure::Timeout if self.set.connect_timeout.is_some() => (28, connect("Timeout was reached")),
            Failure::Timeout => (28, connect("Couldn't connect to server")),
            Failure::Reset => (56, "Recv failure: Connection reset by peer".into()),
            Failure::Empty => (52, "Empty reply from server".into()),
            Failure::Tls => (35, "OpenSSL/3.0.19: error:0A00010B:SSL routines::wrong version number".into()),
        };
        if self.set.verbose {
            io.err(match (failure, reply.address) {
                (Failure::Refused | Failure::Unreachable | Failure::Timeout, Some(address)) => {
                    let why = match failure {
                        Failure::Refused => "Connection refused",
                        Failure::Unreachable => "No route to host",
                        _ => "Connection timed out",
                    };
                    format!("* connect to {address} port {port} failed: {why}\n* {words}\n* Closing connection 0\n")
                }
                _ => format!("* {words}\n* Closing connection 0\n"),
            });
        }
        self.write_out(&transfer, None, io);
        self.failed(code, &words, io)
    }

    /// `-v`: what was tried, sent and received.
    fn explain(&self, transfer: &Transfer, reply: &HttpReply, io: &mut Io) {
        if !self.set.verbose {
            return;
        }
        let Some(address) = reply.address else { return };
        let (host, port) = (&transfer.url.host, transfer.url.port);
        let shown = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
        let mut text = format!("*   Trying {shown}:{port}...\n");
        let connected = matches!(reply.outcome, Ok(_) | Err(Failure::Reset | Failure::Empty | Failure::Tls));
        if connected {
            let nth = self.connections;
            text += &format!("* Connected to {host} ({address}) port {port} (#{nth})\n");
            let request = self.set.request(&transfer.url);
            text += &format!("> {} {} HTTP/1.1\r\n", request.method, request.path);
            for (name, value) in &request.headers {
                text += &format!("> {name}: {value}\r\n");
            }
            text += "> \r\n";
        }
        if let Ok(response) = &reply.outcome {
            for line in head(response).lines() {
                text += &format!("< {}\r\n", line.trim_end_matches('\r'));
            }
            // The data itself goes to standard output.
            text += &format!("* Connection #{} to host {host} left intact\n", self.connections);
        }
        io.err(text);
    }

    fn deliver(&self, transfer: &Transfer, response: &HttpResponse, io: &mut Io) {
        let mut bytes = Vec::new();
        if self.set.include || self.set.head {
            bytes.extend(head(response).as_bytes());
        }
        if !self.set.head {
            bytes.extend(&response.body);
        }
        let to_terminal =
            self.set.output.is_none() && !self.set.remote_name && io.kernel.tty && io.core.fds.get(1) == Some(&Fd::Output);
        if !self.set.silent && !to_terminal && !self.set.verbose {
            io.err(meter(if self.set.head { 0 } else { response.body.len() }));
        }
        let name = match &self.set.output {
            Some(name) if name == "-" => None,
            Some(name) => Some(name.clone()),
            None if self.set.remote_name => {
                let path = transfer.url.path.split('?').next().unwrap_or_default();
                path.rsplit('/').next().map(Text::from)
            }
            None => None,
        };
        let Some(name) = name else { return io.out(bytes) };
        match io.open(&name, Access::Write) {
            Ok(fd) => {
                io.core.fds.set(90, Some(fd));
                io.write(90, &bytes);
                io.core.fds.set(90, None);
            }
            Err(error) => io.err(format!(
                "Warning: Failed to open the file {name}: {}\ncurl: (23) Failure writing output to destination\n",
                error.words()
            )),
        }
    }

    fn write_out(&self, transfer: &Transfer, done: Option<(&HttpReply, &HttpResponse)>, io: &mut Io) {
        let Some(format) = &self.set.write_out else { return };
        let secs = |span: Duration| format!("{}.{:06}", span.as_secs(), span.as_micros() % 1_000_000);
        let header = |name: &str| {
            done.and_then(|(_, response)| {
                response.headers.iter().find(|row| row.0.eq_ignore_ascii_case(name)).map(|row| row.1.to_string())
            })
        };
        let mut out = String::new();
        let mut rest = format.as_str();
        while let Some(at) = rest.find("%{") {
            out += &rest[..at];
            let Some(end) = rest[at..].find('}') else { break };
            let name = &rest[at + 2..at + end];
            rest = &rest[at + end + 1..];
            out += &match name {
                "http_code" | "response_code" => format!("{:03}", done.map_or(0, |(_, response)| response.status)),
                "size_download" => {
                    done.map_or(0, |(_, response)| if self.set.head { 0 } else { response.body.len() }).to_string()
                }
                "url_effective" => format!("{}://{}{}", transfer.url.scheme, transfer.url.authority(), transfer.url.path),
                "url" => transfer.text.to_string(),
                "remote_ip" => done.and_then(|(reply, _)| reply.address).map(|ip| ip.to_string()).unwrap_or_default(),
                "remote_port" => done.map_or(0, |_| transfer.url.port).to_string(),
                "local_ip" => done.and_then(|(reply, _)| reply.local).map(|local| local.0.to_string()).unwrap_or_default(),
                "local_port" => done.and_then(|(reply, _)| reply.local).map_or(0, |local| local.1).to_string(),
                "num_connects" => self.connections.to_string(),
                "num_redirects" => transfer.redirects.to_string(),
                "content_type" => header("content-type").unwrap_or_default(),
                "redirect_url" => header("location")
                    .and_then(|to| transfer.url.join(&to))
                    .map(|url| format!("{}://{}{}", url.scheme, url.authority(), url.path))
                    .unwrap_or_default(),
                "time_total" | "time_starttransfer" => secs(io.now - transfer.started),
                "time_connect" | "time_appconnect" | "time_pretransfer" => {
                    secs(done.map_or(Duration::ZERO, |(reply, _)| reply.connect_time))
                }
                "time_namelookup" => secs(done.map_or(Duration::ZERO, |(reply, _)| reply.name_time)),
                "http_version" => "1.1".into(),
                "scheme" => transfer.url.scheme.to_ascii_uppercase(),
                "exitcode" => "0".into(),
                other => {
                    io.err(format!("curl: unknown --write-out variable: '{other}'\n"));
                    String::new()
                }
            };
        }
        out += rest;
        io.out(crate::escape::unescape(&out).0);
    }
}

/// The status line and headers, with the empty line.
fn head(response: &HttpResponse) -> String {
    let mut out = format!("HTTP/1.1 {} {}\r\n", response.status, response.reason);
    response.headers.iter().for_each(|(name, value)| out += &format!("{name}: {value}\r\n"));
    out + "\r\n"
}

/// The progress meter of a transfer that took no time.
fn meter(bytes: usize) -> String {
    let percent = if bytes == 0 { 0 } else { 100 };
    format!(
        "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n\
         {:33}Dload  Upload   Total   Spent    Left  Speed\n\
         \r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0\
         \r{percent:3} {bytes:5}  {percent:3} {bytes:5}    0     0      0      0 --:--:-- --:--:-- --:--:--     0\n",
        ""
    )
}

impl Tool for Curl {
    fn step(&mut self, io: &mut Io) -> Step {
        if let Some(full) = io.output_full() {
            return Step::Wait(On::Write(full));
        }
        if self.set.read_input {
            match io.read(0, 16 << 10) {
                Read::Data(bytes) => {
                    let data = self.set.data.get_or_insert_default();
                    data.extend(bytes.into_iter().filter(|byte| !matches!(byte, b'\n' | b'\r')).take(1 << 20));
                }
                Read::Wait => return Step::Wait(On::Read(io.core.fds.get(0).cloned().unwrap_or(Fd::Null))),
                Read::End => self.set.read_input = false,
            }
            return Step::More;
        }
        let Some(transfer) = self.now.take() else {
            let Some(text) = self.urls.get(self.next).cloned() else { return Step::Exit(self.code) };
            self.next += 1;
            return self.start(text, io);
        };
        if let Some(until) = transfer.pause {
            if io.now < until {
                self.now = Some(transfer);
                return Step::Wait(On::Until(until));
            }
            let call = io.call(Call::Http(self.set.request(&transfer.url)));
            self.now = Some(Transfer { call, pause: None, ..transfer });
            return Step::More;
        }
        match io.reply(transfer.call) {
            Some(Reply::Http(reply)) => self.answered(transfer, reply, io),
            Some(_) => {
                self.now = Some(transfer);
                Step::More
            }
            None => {
                let (until, connecting) = self.deadline(&transfer);
                if io.now >= until {
                    return self.timed_out(&transfer, connecting, io);
                }
                let call = transfer.call;
                self.now = Some(transfer);
                Step::Wait(On::Reply(call, until))
            }
        }
    }
    fn copy(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}
