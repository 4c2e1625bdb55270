//! What a valid name, label, key, port or address is, and in which words Kubernetes refuses another one.
//! Models k8s.io/apimachinery/pkg/util/validation and pkg/api/validate/content. Every check answers the list of complaints; an empty list is
//! consent.

use crate::{Cidr, parse_ip};

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const SUBDOMAIN_UNDERSCORE: &str = r"_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*";
const QUALIFIED: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const QUALIFIED_WORDS: &str =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/// The longest label, and the longest first part of a generated service or pod host name.
pub const LABEL_MAX: usize = 63;
/// The longest subdomain.
pub const SUBDOMAIN_MAX: usize = 253;

/// `must be no more than N characters`.
pub fn max_len_error(len: usize) -> String {
    format!("must be no more than {len} characters")
}

/// `must be between A and B, inclusive`.
pub fn range_error(low: i64, high: i64) -> String {
    format!("must be between {low} and {high}, inclusive")
}

/// The complaint about a text that does not match `pattern`.
pub fn regex_error(words: &str, pattern: &str, examples: &[&str]) -> String {
    let mut out = format!("{words} (");
    for (i, example) in examples.iter().enumerate() {
        out += if i == 0 { "e.g. '" } else { " or '" };
        out += example;
        out += "', ";
    }
    out + "regex used for validation is '" + pattern + "')"
}

fn unless(valid: bool, error: impl FnOnce() -> String) -> Vec<String> {
    if valid { Vec::new() } else { vec![error()] }
}

fn too_long(value: &str, max: usize) -> Vec<String> {
    unless(value.len() <= max, || max_len_error(max))
}

fn lower(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

/// Not empty, every byte passes `inner`, the first and the last pass `edge`.
fn framed(value: &str, edge: fn(u8) -> bool, inner: fn(u8) -> bool) -> bool {
    let bytes = value.as_bytes();
    bytes.first().is_some_and(|b| edge(*b)) && bytes.last().is_some_and(|b| edge(*b)) && bytes.iter().all(|b| inner(*b))
}

/// True for a lower-case DNS label of any length.
pub fn is_label(value: &str) -> bool {
    framed(value, lower, |b| lower(b) || b == b'-')
}

/// True for dot-separated lower-case DNS labels of any length.
pub fn is_subdomain(value: &str) -> bool {
    value.split('.').all(is_label)
}

/// The name of most namespaced things that become part of a host name.
pub fn dns1123_label(value: &str) -> Vec<String> {
    let mut errors = too_long(value, LABEL_MAX);
    if is_label(value) {
        return errors;
    }
    errors.push(if is_subdomain(value) {
        "must not contain dots".into()
    } else {
        regex_error(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
            LABEL,
            &["my-name", "123-abc"],
        )
    });
    errors
}

fn subdomain_error() -> String {
    regex_error(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
        SUBDOMAIN,
        &["example.com"],
    )
}

/// The name of most objects.
pub fn dns1123_subdomain(value: &str) -> Vec<String> {
    let mut errors = too_long(value, SUBDOMAIN_MAX);
    errors.extend(unless(is_subdomain(value), subdomain_error));
    errors
}

/// A DNS search domain, which may hold underscores.
pub fn dns1123_subdomain_with_underscore(value: &str) -> Vec<String> {
    let label = |label: &str| framed(label.strip_prefix('_').unwrap_or(label), lower, |b| lower(b) || b == b'-' || b == b'_');
    let mut errors = too_long(value, SUBDOMAIN_MAX);
    errors.extend(unless(value.split('.').all(label), || {
        regex_error(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
            SUBDOMAIN_UNDERSCORE,
            &["example.com"],
        )
    }));
    errors
}

/// The name of a service.
pub fn dns1035_label(value: &str) -> Vec<String> {
    let mut errors = too_long(value, LABEL_MAX);
    let valid = is_label(value) && value.as_bytes()[0].is_ascii_lowercase();
    errors.extend(unless(valid, || {
        regex_error(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
            "[a-z]([-a-z0-9]*[a-z0-9])?",
            &["my-name", "abc-123"],
        )
    }));
    errors
}

/// A host of an ingress that begins with `*.`.
pub fn wildcard_dns1123_subdomain(value: &str) -> Vec<String> {
    let mut errors = too_long(value, SUBDOMAIN_MAX);
    errors.extend(unless(value.strip_prefix("*.").is_some_and(is_subdomain), || {
        regex_error(
            "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
            &[r"\*\.", SUBDOMAIN].concat(),
            &["*.example.com"],
        )
    }));
    errors
}

fn is_qualified(value: &str) -> bool {
    framed(value, |b| b.is_ascii_alphanumeric(), |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn bytes_error(len: usize) -> String {
    format!("must be no more than {len} bytes")
}

/// A label key, an annotation key, a resource name: `name` or `example.com/name`.
pub fn qualified_name(value: &str) -> Vec<String> {
    let words = || regex_error(QUALIFIED_WORDS, QUALIFIED, &["MyName", "my.name", "123-abc"]);
    let mut errors = Vec::new();
    let (prefix, name) = match value.split_once('/') {
        Some((_, rest)) if rest.contains('/') => {
            return vec![
                ["a valid label key ", &words(), " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]
                    .concat(),
            ];
        }
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, value),
    };
    match prefix {
        Some("") => errors.push("prefix part must be non-empty".into()),
        Some(prefix) => {
            errors.extend(unless(prefix.len() <= SUBDOMAIN_MAX, || "prefix part ".to_string() + &bytes_error(SUBDOMAIN_MAX)));
            errors.extend(unless(is_subdomain(prefix), || "prefix part ".to_string() + &subdomain_error()));
        }
        None => {}
    }
    if name.is_empty() {
        errors.push("name part must be non-empty".into());
    }
    errors.extend(unless(name.len() <= LABEL_MAX, || "name part ".to_string() + &bytes_error(LABEL_MAX)));
    errors.extend(unless(is_qualified(name), || "name part ".to_string() + &words()));
    errors
}

/// The value of a label.
pub fn label_value(value: &str) -> Vec<String> {
    let mut errors = unless(value.len() <= LABEL_MAX, || bytes_error(LABEL_MAX));
    errors.extend(unless(value.is_empty() || is_qualified(value), || {
        regex_error(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
            &["(", QUALIFIED, ")?"].concat(),
            &["MyValue", "my_value", "12345"],
        )
    }));
    errors
}

/// An identifier of the C language, as the reasons of conditions must be.
pub fn c_identifier(value: &str) -> Vec<String> {
    let valid = framed(value, |_| true, |b| b.is_ascii_alphanumeric() || b == b'_') && !value.as_bytes()[0].is_ascii_digit();
    unless(valid, || {
        regex_error(
            "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
            "[A-Za-z_][A-Za-z0-9_]*",
            &["my_name", "MY_NAME", "MyName"],
        )
    })
}

fn is_key(value: &str) -> bool {
    framed(value, |_| true, |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn dots(value: &str) -> Option<String> {
    match value {
        "." => Some("must not be '.'".into()),
        ".." => Some("must not be '..'".into()),
        _ => value.starts_with("..").then(|| "must not start with '..'".into()),
    }
}

/// The name of an environment variable by the strict rule, which `kubectl` and config maps in `envFrom` follow.
pub fn env_var_name_strict(value: &str) -> Vec<String> {
    let mut errors = unless(is_key(value) && !value.as_bytes()[0].is_ascii_digit(), || {
        regex_error(
            "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit",
            "[-._a-zA-Z][-._a-zA-Z0-9]*",
            &["my.env-name", "MY_ENV.NAME", "MyEnvName1"],
        )
    });
    errors.extend(dots(value));
    errors
}

/// The name of an environment variable as the API server takes it.
pub fn env_var_name(value: &str) -> Vec<String> {
    if value.is_empty() {
        return vec!["environment variable name must be non-empty".into()];
    }
    unless(value.bytes().all(|b| matches!(b, b' '..=b'~') && b != b'='), || {
        "a valid environment variable name must consist only of printable ASCII characters other than '='".into()
    })
}

/// A key of a config map or secret.
pub fn config_map_key(value: &str) -> Vec<String> {
    let mut errors = too_long(value, SUBDOMAIN_MAX);
    errors.extend(unless(is_key(value), || {
        regex_error(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
            "[-._a-zA-Z0-9]+",
            &["key.name", "KEY_NAME", "key-name"],
        )
    }));
    errors.extend(dots(value));
    errors
}

/// A port number.
pub fn port_number(port: i64) -> Vec<String> {
    unless((1..=65_535).contains(&port), || range_error(1, 65_535))
}

/// The name of a port (IANA service name).
pub fn port_name(value: &str) -> Vec<String> {
    let mut errors = too_long(value, 15);
    let mut complain = |valid: bool, words: &str| errors.extend(unless(valid, || words.into()));
    complain(
        framed(value, |_| true, |b| lower(b) || b == b'-'),
        "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
    );
    complain(value.bytes().any(|b| b.is_ascii_lowercase()), "must contain at least one letter (a-z)");
    complain(!value.contains("--"), "must not contain consecutive hyphens");
    complain(!value.starts_with('-') && !value.ends_with('-'), "must not begin or end with a hyphen");
    errors
}

/// `25%`.
pub fn percent(value: &str) -> Vec<String> {
    let digits = value.strip_suffix('%').unwrap_or("");
    unless(!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()), || {
        regex_error("a valid percent string must be a numeric string followed by an ending '%'", "[0-9]+%", &["1%", "93%"])
    })
}

/// The name of a header of an HTTP probe.
pub fn http_header_name(value: &str) -> Vec<String> {
    unless(framed(value, |_| true, |b| b.is_ascii_alphanumeric() || b == b'-'), || {
        regex_error("a valid HTTP header must consist of alphanumeric characters or '-'", "[-A-Za-z0-9]+", &["X-Header-Name"])
    })
}

/// `acme.io/foo`: what may stand as a signer, a driver's or a controller's name.
pub fn domain_prefixed_path(value: &str) -> Vec<String> {
    let Some((host, path)) = value.split_once('/').filter(|(host, path)| !host.is_empty() && !path.is_empty()) else {
        return vec!["must be a domain-prefixed path (such as \"acme.io/foo\")".into()];
    };
    let mut errors = dns1123_subdomain(host);
    let valid = path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&b));
    errors.extend(unless(valid, || regex_error("Invalid path", r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+", &[])));
    errors
}

/// An IP address of either family.
pub fn ip(value: &str) -> Vec<String> {
    unless(parse_ip(value).is_some(), || "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)".into())
}

/// An IPv4 address.
pub fn ipv4(value: &str) -> Vec<String> {
    unless(parse_ip(value).is_some_and(|ip| ip.is_ipv4()), || "must be a valid IPv4 address".into())
}

/// An IPv6 address.
pub fn ipv6(value: &str) -> Vec<String> {
    unless(parse_ip(value).is_some_and(|ip| ip.is_ipv6()), || "must be a valid IPv6 address".into())
}

/// A range of addresses.
pub fn cidr(value: &str) -> Vec<String> {
    unless(Cidr::parse(value).is_some(), || "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)".into())
}

/// A user or group number.
pub fn user_id(id: i64) -> Vec<String> {
    unless((0..=0xffff_ffff).contains(&id), || range_error(0, 0xffff_ffff))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(predicate: fn(&str) -> Vec<String>, good: &[&str], bad: &[&str]) {
        for value in good {
            assert_eq!(predicate(value), Vec::<String>::new(), "{value}");
        }
        for value in bad {
            assert!(!predicate(value).is_empty(), "{value}");
        }
    }

    #[test]
    fn names() {
        let long = "a".repeat(64);
        check(dns1123_label, &["a", "0a", "a-b"], &["", "-a", "a-", "A", "a.b", "a_b", &long]);
        check(dns1123_subdomain, &["a", "a.b", "1.2"], &["", ".", "a.", ".a", "a..b", "A", &"a".repeat(254)]);
        check(dns1123_subdomain_with_underscore, &["_a.b", "a_b"], &["", "__a", "a_", "a._"]);
        check(dns1035_label, &["a", "a0"], &["", "0a", "a.b", &long]);
        check(wildcard_dns1123_subdomain, &["*.a.b"], &["*", "*.", "a.*", "*a.b", "*.*.a"]);
        check(qualified_name, &["a", "A_b.c", "example.com/a"], &["", "/a", "a/", "a/b/c", "Ex/a", "-a", &long]);
        check(label_value, &["", "A", "a_b.c-d"], &["-", "a b", "a-", &long]);
        check(c_identifier, &["a", "_", "A1"], &["", "1a", "a-b"]);
        check(env_var_name, &["A", "a b", "1"], &["", "a=b", "é"]);
        check(env_var_name_strict, &["A", "a.b"], &["", "1", "a b", ".", "..x"]);
        check(config_map_key, &["a.b", ".a"], &["", "a b", ".", "..", "..a"]);
        check(port_name, &["http", "a-1"], &["", "1", "HTTP", "a--b", "-a", "a-", "abcdefghijklmnop"]);
        check(percent, &["0%", "100%"], &["", "%", "1", "-1%"]);
        check(http_header_name, &["X-A"], &["", "X A"]);
        check(domain_prefixed_path, &["acme.io/foo"], &["", "a", "/a", "a/", "a/b c"]);
        check(ip, &["10.0.0.1", "::1"], &["", "10.0.0", "x"]);
        check(cidr, &["10.0.0.0/8"], &["10.0.0.0", ""]);
    }

    #[test]
    fn words() {
        assert_eq!(dns1123_label("a.b"), ["must not contain dots"]);
        assert_eq!(
            config_map_key("my key"),
            [
                "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
            ]
        );
        assert_eq!(label_value(&"x".repeat(64)), ["must be no more than 63 bytes"]);
        assert_eq!(qualified_name("a/")[0], "name part must be non-empty");
        assert_eq!(port_number(0), ["must be between 1 and 65535, inclusive"]);
        assert_eq!(port_name("1"), ["must contain at least one letter (a-z)"]);
    }
}
