//! wget as busybox has it (and GNU's words on a bash machine).

use crate::call::{Call, CallId, Failure, HttpReply, HttpRequest, Reply};
use crate::files::Kind;
use crate::kernel::{Access, Finished, Io};
use crate::net::Url;
use crate::tool::{On, Step, Tool, options};
use crate::tools::time::span_of;
use base::{Duration, Text, Time};

#[derive(Clone, Debug)]
struct Wget {
    quiet: bool,
    show_headers: bool,
    spider: bool,
    output: Option<Text>,
    timeout: Duration,
    headers: Vec<(Text, Text)>,
    data: Option<Vec<u8>>,
    urls: Vec<Text>,
    next: usize,
    now: Option<(Url, CallId, Time)>,
    redirects: u32,
    tries: u32,
    code: i32,
}

pub(crate) fn wget(io: &mut Io) -> Result<Box<dyn Tool>, i32> {
    let long = [
        ("spider", '\u{1}'),
        ("header", '\u{2}'),
        ("post-data", '\u{3}'),
        ("no-check-certificate", '\u{4}'),
        ("quiet", 'q'),
        ("timeout", 'T'),
        ("output-document", 'O'),
        ("server-response", 'S'),
        ("tries", 't'),
        ("user-agent", 'U'),
        ("no-verbose", 'q'),
        ("post-file", '\u{5}'),
        ("connect-timeout", 'T'),
        ("method", '\u{6}'),
    ];
    let options = options(io, "qSO:T:t:U:cP:n:\u{1}\u{2}:\u{3}:\u{4}\u{5}:\u{6}:", &long)?;
    if options.rest.is_empty() {
        io.err(if io.is_bash() {
            "wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n"
        } else {
            "BusyBox v1.36.1 multi-call binary.\n\nUsage: wget [-cqS] [--spider] [-O FILE] [-o LOGFILE] [--header STR]\n\t[--post-data STR | --post-file FILE] [-Y on/off]\n\t[--no-check-certificate] [-P DIR] [-U AGENT] URL...\n"
        });
        return Err(1);
    }
    let mut headers = Vec::new();
    for text in options.values('\u{2}') {
        headers.extend(text.split_once(':').map(|(name, value)| (Text::from(name.trim()), Text::from(value.trim()))));
    }
    let mut data = options.value('\u{3}').map(|text| text.as_bytes().to_vec());
    if let Some(file) = options.value('\u{5}') {
        data = io.read_file(file).ok().map(|data| data.bytes().to_vec());
    }
    let letters = options.all();
    let quiet = letters.iter().any(|row| row.0 == 'q' || row.0 == 'n' && row.1.as_deref() == Some("v"));
    let timeout = options.value('T').and_then(|text| span_of(text, 1_000_000)).unwrap_or(Duration::from_secs(if io.is_bash() {
        130
    } else {
        900
    }));
    let tries = options.value('t').and_then(|text| text.parse().ok()).unwrap_or(1);
    Ok(Box::new(Wget {
        quiet,
        show_headers: options.has('S'),
        spider: options.has('\u{1}'),
        output: options.value('O').cloned(),
        timeout,
        headers,
        data,
        urls: options.rest.clone(),
        next: 0,
        now: None,
        redirects: 0,
        tries,
        code: 0,
    }))
}

impl Wget {
    fn ask(&mut self, url: Url, io: &mut Io) -> Step {
        let agent = if io.is_bash() { base::text!("Wget/1.21.3") } else { base::text!("Wget") };
        let mut headers = vec![(base::text!("Host"), Text::from(url.authority())), (base::text!("User-Agent"), agent)];
        headers.push((base::text!("Connection"), base::text!("close")));
        headers.extend(self.headers.iter().cloned());
        let body = self.data.clone().unwrap_or_default();
        if self.data.is_some() {
            headers.push((base::text!("Content-Type"), base::text!("application/x-www-form-urlencoded")));
            headers.push((base::text!("Content-Length"), Text::from(body.len().to_string())));
        }
        let gnu_head = self.spider && io.is_bash();
        let method = if self.data.is_some() {
            "POST"
        } else if gnu_head {
            "HEAD"
        } else {
            "GET"
        };
        let request = HttpRequest {
            tls: url.scheme == "https",
            host: Text::from(url.host.as_str()),
            port: url.port,
            address: None,
            method: Text::from(method),
            path: Text::from(url.path.as_str()),
            headers,
            body,
        };
        let call = io.call(Call::Http(request));
        self.now = Some((url, call, io.now + self.timeout));
        Step::More
    }

    fn fail(&mut self, words: &str, io: &mut Io) -> Step {
        io.complain(words);
        self.code = if io.is_bash() { 4 } else { 1 };
        // busybox gives up at the first failure.
        if io.is_bash() { Step::More } else { Step::Exit(1) }
    }

    fn answered(&mut self, url: Url, reply: HttpReply, io: &mut Io) -> Step {
        let host = if url.explicit_port { url.host.clone() + &format!(":{}", url.port) } else { url.host.clone() };
        let Some(address) = reply.address else {
            let words = if io.is_bash() {
                format!("unable to resolve host address ‘{}’", url.host)
            } else {
                format!("bad address '{host}'")
            };
            return self.fail(&words, io);
        };
        if !self.quiet {
            let shown = if url.explicit_port { host } else { url.authority() };
            io.err(format!("Connecting to {shown} ({address}:{})\n", url.port));
        }
        let response = match reply.outcome {
            Ok(response) => response,
            Err(failure) => {
                let words = match failure {
                    Failure::NoSuchHost | Failure::NoNameServer => format!("bad address '{}'", url.host),
                    Failure::Refused => format!("can't connect to remote host ({address}): Connection refused"),
                    Failure::Unreachable => format!("can't connect to remote host ({address}): No route to host"),
                    Failure::Timeout => format!("can't connect to remote host ({address}): Connection timed out"),
                    Failure::Reset => "error getting response: Connection reset by peer".into(),
                    Failure::Empty => "error getting response: Resource temporarily unavailable".into(),
                    Failure::Tls => "TLS error from peer (alert code 80): 80".into(),
                };
                return self.fail(&words, io);
            }
        };
        if self.show_headers {
            let rows: String = response.headers.iter().map(|(name, value)| format!("  {name}: {value}\n")).collect();
            io.err(format!("  HTTP/1.1 {} {}\n{rows}  \n", response.status, response.reason));
        }
        let location = response.headers.iter().find(|row| row.0.eq_ignore_ascii_case("location"));
        match (response.status, location) {
            (301..=308, Some((_, to))) => {
                self.redirects += 1;
                if self.redirects > 20 {
                    return self.fail("too many redirections", io);
                }
                match url.join(to) {
                    Some(next) => self.ask(next, io),
                    None => self.fail(&format!("not an http or ftp url: {to}"), io),
                }
            }
            (200..=299, _) => self.save(&url, &response.body, io),
            (status, _) => {
                let words = format!("server returned error: HTTP/1.1 {status} {}", response.reason);
                let step = self.fail(&words, io);
                if io.is_bash() {
                    self.code = 8;
                }
                step
            }
        }
    }

    fn save(&mut self, url: &Url, body: &[u8], io: &mut Io) -> Step {
        if self.spider {
            if !self.quiet {
                io.err("remote file exists\n");
            }
            return Step::More;
        }
        let path = url.path.split('?').next().unwrap_or_default();
        let own = path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("index.html");
        let name = self.output.clone().unwrap_or_else(|| Text::from(own));
        if name == "-" {
            if !self.quiet {
                io.err("writing to stdout\n");
            }
            io.out(body);
            if !self.quiet {
                io.err(format!("{}written to stdout\n", bar("-", body.len())));
            }
            return Step::More;
        }
        let full = io.path(&name);
        if self.output.is_none() && io.files.stat(&full).is_ok_and(|stat| stat.kind == Kind::File) && !io.is_bash() {
            return self.fail(&format!("can't open '{name}': File exists"), io);
        }
        if !self.quiet {
            io.err(format!("saving to '{name}'\n"));
        }
        match io.open(&name, Access::Write) {
            Ok(fd) => {
                io.core.fds.set(90, Some(fd));
                io.write(90, body);
                io.core.fds.set(90, None);
            }
            Err(error) => return self.fail(&format!("can't open '{name}': {}", error.words()), io),
        }
        if !self.quiet {
            let short = name.rsplit('/').next().unwrap_or_default();
            io.err(format!("{}'{name}' saved\n", bar(short, body.len())));
        }
        Step::More
    }
}

/// The finished progress bar.
fn bar(name: &str, bytes: usize) -> String {
    let name: String = name.chars().take(20).collect();
    format!("{name:20} 100% |********************************| {bytes:5}  0:00:00 ETA\n")
}

impl Tool for Wget {
    fn step(&mut self, io: &mut Io) -> Step {
        if let Some(full) = io.output_full() {
            return Step::Wait(On::Write(full));
        }
        let Some((url, call, until)) = self.now.take() else {
            let Some(text) = self.urls.get(self.next).cloned() else { return Step::Exit(self.code) };
            self.next += 1;
            self.redirects = 0;
            return match Url::parse(&text).filter(|url| matches!(url.scheme.as_str(), "http" | "https")) {
                Some(url) => self.ask(url, io),
                None => self.fail(&format!("not an http or ftp url: {text}"), io),
            };
        };
        match io.reply(call) {
            Some(Reply::Http(reply)) => {
                io.forget(call, Finished::Yes);
                self.answered(url, reply, io)
            }
            None if io.now >= until => {
                io.forget(call, Finished::No);
                if self.tries > 1 {
                    self.tries -= 1;
                    return self.ask(url, io);
                }
                self.fail("download timed out", io)
            }
            _ => {
                self.now = Some((url, call, until));
                Step::Wait(On::Reply(call, until))
            }
        }
    }
    fn copy(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}
