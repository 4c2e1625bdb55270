//! Who asks: bearer tokens, client certificates, or nobody; and on whose behalf.

use api::{Status, User};
use base::{Text, text};
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::asn1::{PrintableStringRef, Utf8StringRef};

/// A bearer token and whose it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    pub token: String,
    pub user: User,
}

/// The object identifiers of commonName and organizationName.
const COMMON_NAME: &str = "2.5.4.3";
const ORGANIZATION: &str = "2.5.4.10";

/// The user of a request: by its token, by the certificate of its connection, or nobody known.
pub fn authenticate(
    headers: &HeaderMap,
    certified: Option<&User>,
    holder: &dyn Fn(&str) -> Result<User, Text>,
) -> Result<User, Status> {
    let given = headers.get(AUTHORIZATION).and_then(|h| h.to_str().ok());
    let bearer = given.and_then(|h| h.split_once(' ')).filter(|(word, _)| word.eq_ignore_ascii_case("bearer"));
    match (bearer, certified) {
        (Some((_, token)), _) => {
            // Why is told to nobody who holds a bad one.
            holder(token.trim()).map_err(|_| Status::new(401, "Unauthorized", "Unauthorized"))
        }
        (None, Some(user)) => Ok(user.clone()),
        (None, None) => Ok(User { name: text!("system:anonymous"), groups: vec![text!("system:unauthenticated")] }),
    }
}

/// The user of a token that the server was started with.
pub fn listed(tokens: &[Token], token: &str) -> Option<User> {
    tokens.iter().find(|known| same(known.token.as_bytes(), token.as_bytes())).map(|known| known.user.clone())
}

/// Compares without telling by its time where texts differ.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

/// A user whom the server knows.
pub fn known(name: &str, groups: impl IntoIterator<Item = Text>) -> User {
    let groups = groups.into_iter().filter(|g| !g.is_empty()).chain([text!("system:authenticated")]);
    User { name: name.into(), groups: groups.collect() }
}

/// The user of a client certificate: its common name, and a group for each organization.
pub fn of_certificate(der: &[u8]) -> Option<User> {
    let certificate = Certificate::from_der(der).ok()?;
    let mut name = Text::new();
    let mut groups = Vec::new();
    for attribute in certificate.tbs_certificate.subject.0.iter().flat_map(|part| part.0.iter()) {
        let value = &attribute.value;
        let utf8 = value.decode_as::<Utf8StringRef>().map(|s| Text::from(s.as_str()));
        let Ok(text) = utf8.or_else(|_| value.decode_as::<PrintableStringRef>().map(|s| Text::from(s.as_str()))) else {
            continue;
        };
        match attribute.oid.to_string().as_str() {
            COMMON_NAME => name = text,
            ORGANIZATION => groups.push(text),
            _ => {}
        }
    }
    if name.is_empty() { None } else { Some(known(&name, groups)) }
}

/// Whom the headers name instead of the one who asks, if anybody. Whether that is allowed is asked elsewhere.
pub fn impersonated(headers: &HeaderMap) -> Option<User> {
    let name = headers.get("impersonate-user")?.to_str().ok()?;
    let groups = headers.get_all("impersonate-group").iter().filter_map(|g| g.to_str().ok()).map(Text::from);
    if name == "system:anonymous" {
        return Some(User { name: name.into(), groups: groups.chain([text!("system:unauthenticated")]).collect() });
    }
    Some(known(name, groups))
}
