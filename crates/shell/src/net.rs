//! What the network tools share: URLs, host and port, the resolver's configuration.

use crate::kernel::Io;
use base::Text;
use std::net::IpAddr;

/// A parsed address of the web.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Url {
    pub(crate) scheme: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The port was written.
    pub(crate) explicit_port: bool,
    /// With the query; `/` if empty.
    pub(crate) path: String,
    pub(crate) user: Option<String>,
    /// The path was written.
    pub(crate) explicit_path: bool,
}

impl Url {
    /// Reads a URL; without a scheme it is `http`. `None` if host or port are wrong.
    pub(crate) fn parse(text: &str) -> Option<Url> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (user, authority) = match authority.rsplit_once('@') {
            Some((user, rest)) => (Some(user.to_string()), rest),
            None => (None, authority),
        };
        let (host, port) = split_port(authority)?;
        let scheme = scheme.to_ascii_lowercase();
        let standard = match scheme.as_str() {
            "https" => 443,
            "ftp" => 21,
            _ => 80,
        };
        if host.is_empty() || host.contains([' ', '\t', '\n', '\\', '"', '{', '}', '<', '>']) {
            return None;
        }
        let explicit_path = !path.is_empty();
        let path = if path.starts_with('/') { path.to_string() } else { format!("/{path}") };
        let explicit_port = port.is_some();
        Some(Url { scheme, host, port: port.unwrap_or(standard), explicit_port, path, user, explicit_path })
    }

    /// `host` or `host:port`, as the `Host` header has it.
    pub(crate) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let standard = if self.scheme == "https" { 443 } else { 80 };
        if self.port == standard { host } else { format!("{host}:{}", self.port) }
    }

    /// Where a `Location` leads.
    pub(crate) fn join(&self, location: &str) -> Option<Url> {
        if location.contains("://") {
            return Url::parse(location);
        }
        if let Some(rest) = location.strip_prefix("//") {
            return Url::parse(&format!("{}://{rest}", self.scheme));
        }
        let path = if location.starts_with('/') {
            location.to_string()
        } else {
            let base = self.path.split('?').next().unwrap_or_default();
            let folder = base.rfind('/').map_or("/", |at| &base[..=at]);
            format!("{folder}{location}")
        };
        Some(Url { path, ..self.clone() })
    }
}

/// `host`, `host:80`, `[::1]:80`.
pub(crate) fn split_port(text: &str) -> Option<(String, Option<u16>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        let port = match after.strip_prefix(':') {
            Some(port) => Some(port.parse().ok()?),
            None => None,
        };
        return Some((host.to_string(), port));
    }
    match text.split_once(':') {
        None => Some((text.to_string(), None)),
        Some((host, "")) => Some((host.to_string(), None)),
        Some((host, port)) => Some((host.to_string(), Some(port.parse().ok()?))),
    }
}

/// `/etc/resolv.conf`
#[derive(Clone, Debug)]
pub(crate) struct Resolver {
    pub(crate) servers: Vec<IpAddr>,
    pub(crate) search: Vec<Text>,
    pub(crate) ndots: usize,
}

impl Resolver {
    pub(crate) fn read(io: &mut Io) -> Resolver {
        let mut resolver = Resolver { servers: Vec::new(), search: Vec::new(), ndots: 1 };
        let data = io.read_file("/etc/resolv.conf").ok();
        let text = data.map(|data| String::from_utf8_lossy(data.bytes()).into_owned()).unwrap_or_default();
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => resolver.servers.extend(words.next().and_then(|word| word.parse::<IpAddr>().ok())),
                Some("search" | "domain") => resolver.search = words.map(Text::from).take(32).collect(),
                Some("options") => {
                    let ndots = words.find_map(|word| word.strip_prefix("ndots:"));
                    resolver.ndots = ndots.and_then(|text| text.parse().ok()).unwrap_or(resolver.ndots);
                }
                _ => {}
            }
        }
        if resolver.servers.is_empty() {
            resolver.servers.push(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));
        }
        resolver
    }
}

/// `4.3.2.1.in-addr.arpa`
pub(crate) fn reverse_name(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(v6) => {
            let nibbles = v6.octets().into_iter().rev().flat_map(|byte| [byte & 15, byte >> 4]);
            nibbles.map(|nibble| format!("{nibble:x}.")).collect::<String>() + "ip6.arpa"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for (text, want) in [
            ("web", "http web 80 /"),
            ("web:8080/a?b#c", "http web 8080 /a?b"),
            ("https://u:p@x.y/", "https x.y 443 /"),
            ("http://[::1]:81", "http ::1 81 /"),
            ("http://x?q", "http x 80 /?q"),
            (":", "-"),
            ("http://x:99999", "-"),
            ("http://", "-"),
        ] {
            let got = Url::parse(text).map_or("-".into(), |u| format!("{} {} {} {}", u.scheme, u.host, u.port, u.path));
            assert_eq!(got, want, "{text}");
        }
        let base = Url::parse("http://a:81/b/c?d").unwrap();
        assert_eq!(base.join("e").unwrap().path, "/b/e");
        assert_eq!(base.join("/e").unwrap().authority(), "a:81");
        assert_eq!(base.join("http://z/").unwrap().host, "z");
        assert_eq!(reverse_name("10.96.0.1".parse().unwrap()), "1.0.96.10.in-addr.arpa");
    }
}
