//! Image names (are they well-formed?) and the secrets to pull with.
//! Models github.com/distribution/reference as the kubelet uses it, and pkg/credentialprovider.

use crate::core::Want;
use crate::worker::Worker;
use base::{Text, base64_decode};
use model::{Key, resource};
use value::Value;

/// Refuses a name that is no image reference, in the kubelet's words.
pub(crate) fn check(image: &str) -> Result<(), String> {
    let refuse = |why: String| Err(format!("couldn't parse image name \"{image}\": {why}"));
    let bad = || refuse("invalid reference format".into());
    let (rest, digest) = image.split_once('@').map_or((image, None), |(name, digest)| (name, Some(digest)));
    if digest.is_some_and(|d| !is_digest(d)) {
        return bad();
    }
    let (name, tag) = match rest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (rest, None),
    };
    if tag.is_some_and(|t| !is_tag(t)) {
        return bad();
    }
    let (domain, path) = split_domain(name);
    if path.chars().any(|c| c.is_ascii_uppercase()) && path.to_lowercase().split('/').all(is_component) {
        return refuse(format!("invalid reference format: repository name ({path}) must be lowercase"));
    }
    if !path.split('/').all(is_component) || !is_domain(domain) {
        return bad();
    }
    Ok(())
}

/// `docker.io` and `library/` where they are left out.
fn split_domain(name: &str) -> (&str, String) {
    match name.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" || first.to_lowercase() != first => {
            (first, rest.into())
        }
        Some(_) => ("docker.io", name.into()),
        None => ("docker.io", format!("library/{name}")),
    }
}

fn is_domain(domain: &str) -> bool {
    let (host, port) = domain.split_once(':').map_or((domain, None), |(host, port)| (host, Some(port)));
    let label = |l: &str| {
        !l.is_empty() && !l.starts_with('-') && !l.ends_with('-') && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    host.split('.').all(label) && port.is_none_or(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()))
}

/// Lower-case words joined by `.`, `_`, `__` or dashes.
fn is_component(part: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = part.as_bytes();
    let ends = bytes.first().is_some_and(|b| word(*b)) && bytes.last().is_some_and(|b| word(*b));
    let known = bytes.iter().all(|b| word(*b) || matches!(b, b'.' | b'_' | b'-'));
    let joins = part.split(|c: char| c.is_ascii_alphanumeric()).filter(|j| !j.is_empty());
    let mut joins_known = true;
    for join in joins {
        joins_known &= matches!(join, "." | "_" | "__") || join.bytes().all(|b| b == b'-');
    }
    ends && known && joins_known
}

fn is_tag(tag: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    tag.len() <= 128 && tag.bytes().next().is_some_and(word) && tag.bytes().all(|b| word(b) || matches!(b, b'.' | b'-'))
}

fn is_digest(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else { return false };
    !algorithm.is_empty() && hex.len() >= 32 && hex.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The imagePullSecrets of a pod.
pub(crate) fn secrets(worker: &Worker) -> Vec<Want> {
    let namespace = &worker.pod.meta.namespace;
    let of = |s: &Value| Want::Object(Key::new(&resource::SECRETS, namespace.clone(), s["name"].text()));
    worker.spec()["imagePullSecrets"].items().iter().map(of).collect()
}

/// A registry, with the user name and password for it.
type Login = (Text, Text, Text);

/// What the fetched secrets say, and which of them are missing.
pub(crate) fn credentials(worker: &Worker) -> (Vec<Login>, Vec<Text>) {
    let (mut logins, mut missing) = (Vec::new(), Vec::new());
    for (want, got) in &worker.got {
        let Want::Object(key) = want else { continue };
        match got {
            Ok(secret) => logins.extend(logins_of(secret)),
            Err(_) => missing.push(key.name.clone()),
        }
    }
    (logins, missing)
}

fn logins_of(secret: &Value) -> Vec<Login> {
    let raw = secret["data"][".dockerconfigjson"].s();
    let json = base64_decode(raw).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    let Ok(config) = Value::from_json(&json) else { return Vec::new() };
    let login = |(registry, entry): &(Text, Value)| {
        let host = registry.trim_start_matches("https://").trim_start_matches("http://");
        let host = host.split('/').next().unwrap_or(host);
        (host.into(), entry["username"].text(), entry["password"].text())
    };
    config["auths"].entries().iter().map(login).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(image: &str) -> String {
        check(image).err().unwrap_or_default()
    }

    #[test]
    fn knows_names() {
        for good in ["nginx", "nginx:1.25", "a/b-c__d.e:x", "localhost:5000/app:1", "registry.k8s.io/pause:3.10", "nginx:"] {
            let empty_tag = good.ends_with(':');
            assert_eq!(verdict(good).is_empty(), !empty_tag, "{good}");
        }
        let digest = format!("busybox@sha256:{}", "a".repeat(64));
        assert_eq!(verdict(&digest), "");
        assert_eq!(verdict("a b"), "couldn't parse image name \"a b\": invalid reference format");
        assert_eq!(
            verdict("Nginx"),
            "couldn't parse image name \"Nginx\": invalid reference format: repository name (library/Nginx) must be lowercase"
        );
        for bad in ["", "-a", "a..b", "a:-x", "a/", "a@sha256:1", "über"] {
            assert!(!verdict(bad).is_empty(), "{bad}");
        }
    }
}
