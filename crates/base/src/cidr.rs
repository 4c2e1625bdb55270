//! `Cidr`: a range of IP addresses, and the ways in which the API reads addresses.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range of addresses: its first address and the number of fixed bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Cidr {
    first: IpAddr,
    bits: u8,
}

impl Cidr {
    /// The range around `address` with `bits` fixed bits; `None` if there are not so many.
    pub fn new(address: IpAddr, bits: u8) -> Option<Cidr> {
        let width = width(address);
        if bits > width {
            return None;
        }
        let mask = if bits == 0 { 0 } else { u128::MAX << (width - bits) };
        Some(Cidr { first: from_number(to_number(address) & mask, address.is_ipv4()), bits })
    }
    /// Reads `10.0.0.0/24`; bits after the prefix are dropped.
    pub fn parse(text: &str) -> Option<Cidr> {
        let (address, bits) = split(text)?;
        Cidr::new(address, bits)
    }
    pub const fn first(self) -> IpAddr {
        self.first
    }
    pub const fn bits(self) -> u8 {
        self.bits
    }
    pub const fn is_ipv4(self) -> bool {
        self.first.is_ipv4()
    }
    /// The number of addresses, at most 2^127.
    pub fn size(self) -> u128 {
        1 << (width(self.first) - self.bits).min(127)
    }
    /// The address `n` places after the first.
    pub fn nth(self, n: u128) -> Option<IpAddr> {
        if n >= self.size() {
            return None;
        }
        Some(from_number(to_number(self.first) + n, self.is_ipv4()))
    }
    /// The place of an address in the range.
    pub fn index_of(self, address: IpAddr) -> Option<u128> {
        self.contains(address).then(|| to_number(address) - to_number(self.first))
    }
    pub fn last(self) -> IpAddr {
        let rest = if width(self.first) - self.bits == 128 { u128::MAX } else { self.size() - 1 };
        from_number(to_number(self.first) | rest, self.is_ipv4())
    }
    pub fn contains(self, address: IpAddr) -> bool {
        Cidr::new(address, self.bits) == Some(self)
    }
    pub fn overlaps(self, other: Cidr) -> bool {
        self.contains(other.first) || other.contains(self.first)
    }
    /// The `n`-th of the equal parts with `bits` fixed bits, as nodes get their pod ranges.
    pub fn part(self, bits: u8, n: u128) -> Option<Cidr> {
        let width = width(self.first);
        if bits < self.bits || bits > width {
            return None;
        }
        let step = 1_u128.checked_shl((width - bits).into())?;
        Cidr::new(self.nth(n.checked_mul(step)?)?, bits)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.first, self.bits)
    }
}

fn split(text: &str) -> Option<(IpAddr, u8)> {
    let (address, bits) = text.split_once('/')?;
    if bits.is_empty() || !bits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let address = parse_ip(address)?;
    let bits = bits.parse().ok()?;
    (bits <= width(address)).then_some((address, bits))
}

const fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn to_number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u32::from(v4).into(),
        IpAddr::V6(v6) => v6.into(),
    }
}

fn from_number(number: u128, ipv4: bool) -> IpAddr {
    if ipv4 { Ipv4Addr::from(number as u32).into() } else { Ipv6Addr::from(number).into() }
}

/// Reads an address as the API does: zeros may lead in the parts of an IPv4 address, and an IPv4 address that is
/// written as IPv6 is IPv4.
pub fn parse_ip(text: &str) -> Option<IpAddr> {
    if text.contains(':') {
        let v6 = text.parse::<Ipv6Addr>().ok()?;
        return Some(v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4));
    }
    let mut parts = [0_u8; 4];
    let mut texts = text.split('.');
    for part in &mut parts {
        let text = texts.next()?;
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let digits = text.trim_start_matches('0');
        *part = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    }
    texts.next().is_none().then(|| Ipv4Addr::from(parts).into())
}

/// Why an address is not written as the API wants new ones to be; `None` if it is.
/// Models GetWarningsForIP of k8s.io/apimachinery/pkg/util/validation.
pub fn ip_warning(text: &str) -> Option<String> {
    let ip = parse_ip(text)?;
    let strict = text.parse::<IpAddr>().ok();
    if strict != Some(ip) {
        return Some(format!(
            "non-standard IP address {text:?} will be considered invalid in a future Kubernetes release: use \"{ip}\""
        ));
    }
    let canonical = ip.to_string();
    (ip.is_ipv6() && canonical != text)
        .then(|| format!("IPv6 address {text:?} should be in RFC 5952 canonical format ({canonical:?})"))
}

/// Why a range is not written as the API wants new ones to be.
/// Models GetWarningsForCIDR of k8s.io/apimachinery/pkg/util/validation.
pub fn cidr_warnings(text: &str) -> Vec<String> {
    let Some((address, bits)) = split(text) else { return Vec::new() };
    let Some(range) = Cidr::new(address, bits) else { return Vec::new() };
    let mut warnings = Vec::new();
    if range.first != address {
        let single = format!("{address}/{}", width(address));
        warnings.push(format!("CIDR value {text:?} is ambiguous in this context (should be \"{range}\" or {single:?}?)"));
    }
    let written = text.split('/').next().unwrap_or_default();
    if written.parse::<IpAddr>().ok() != Some(address) {
        warnings.push(format!(
            "non-standard CIDR value {text:?} will be considered invalid in a future Kubernetes release: use \"{range}\""
        ));
    }
    let canonical = format!("{address}/{bits}");
    if warnings.is_empty() && address.is_ipv6() && canonical != text {
        warnings.push(format!("IPv6 CIDR value {text:?} should be in RFC 5952 canonical format ({canonical:?})"));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(s: &str) -> IpAddr {
        s.parse().unwrap()
    }

    #[test]
    fn ranges() {
        let c = Cidr::parse("10.96.3.7/12").unwrap();
        assert_eq!(c.to_string(), "10.96.0.0/12");
        assert_eq!((c.nth(1), c.last(), c.size()), (Some(ip("10.96.0.1")), ip("10.111.255.255"), 1 << 20));
        assert!(c.contains(ip("10.111.0.1")) && !c.contains(ip("10.112.0.0")) && !c.contains(ip("::1")));
        assert_eq!(c.index_of(ip("10.96.1.0")), Some(256));
        assert_eq!(c.nth(1 << 20), None);
        let pods = Cidr::parse("10.244.0.0/16").unwrap();
        assert_eq!(pods.part(24, 3).unwrap().to_string(), "10.244.3.0/24");
        assert_eq!(pods.part(24, 256), None);
        assert!(pods.overlaps(pods.part(24, 3).unwrap()) && !pods.overlaps(c));
        let all = Cidr::parse("::/0").unwrap();
        assert_eq!(all.last(), ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
        assert!(all.contains(ip("fe80::1")));
        for bad in ["", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/+8", "10.0.0/8", "x/1", "10.0.0.0/"] {
            assert_eq!(Cidr::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn addresses() {
        assert_eq!(parse_ip("010.0.0.1"), Some(ip("10.0.0.1")));
        assert_eq!(parse_ip("::ffff:1.2.3.4"), Some(ip("1.2.3.4")));
        for bad in ["", "1.2.3", "1.2.3.4.5", "256.0.0.1", "1.2.3.", "a.b.c.d", "1.2.3.-4", ":::"] {
            assert_eq!(parse_ip(bad), None, "{bad}");
        }
        assert_eq!(ip_warning("10.0.0.1"), None);
        assert!(ip_warning("010.0.0.1").unwrap().ends_with("use \"10.0.0.1\""));
        assert!(ip_warning("2001:DB8::1").unwrap().contains("(\"2001:db8::1\")"));
        assert_eq!(cidr_warnings("10.0.0.0/8").len(), 0);
        assert!(cidr_warnings("10.0.0.1/8")[0].contains("\"10.0.0.0/8\" or \"10.0.0.1/32\""));
    }
}
