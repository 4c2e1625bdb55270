//! The part of trunk's page format that we use: `<link data-trunk rel=… href=…>` in `web/index.html`.
//!
//! `rust` becomes the script that starts the module, `css` a stylesheet, `copy-file` and `copy-dir` vanish.

use crate::process::Result;
use std::ops::Range;

/// One `<link data-trunk>` of the page.
#[derive(Debug, PartialEq, Eq)]
pub struct Link {
    /// Where it stands in the text.
    pub at: Range<usize>,
    /// What is to be done.
    pub kind: LinkKind,
}

/// What a link asks for; paths are relative to the page.
#[derive(Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// The wasm module of this crate.
    Rust,
    /// A stylesheet, to be renamed after its content.
    Css(String),
    /// A file that keeps its name.
    CopyFile(String),
    /// A folder that keeps its name.
    CopyDir(String),
}

/// Finds the links in the order of the text.
pub fn links(html: &str) -> Result<Vec<Link>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = html[from..].find("<link").map(|at| from + at) {
        let end = html[start..].find('>').map(|at| start + at + 1).ok_or("index.html: a <link that never ends")?;
        let tag = &html[start..end];
        if tag.contains(" data-trunk") {
            found.push(Link { at: start..end, kind: link_kind(tag)? });
        }
        from = end;
    }
    Ok(found)
}

/// The text with each link's range replaced.
pub fn replace(html: &str, links: &[Link], mut with: impl FnMut(&Link) -> Result<String>) -> Result<String> {
    let mut out = String::new();
    let mut from = 0;
    for link in links {
        out.push_str(&html[from..link.at.start]);
        out.push_str(&with(link)?);
        from = link.at.end;
    }
    out.push_str(&html[from..]);
    Ok(out)
}

/// The local files that a page's tags name by `href` or `src`.
pub fn references(html: &str) -> Vec<String> {
    let mut names = Vec::new();
    for tag in html.split('<').skip(1).filter_map(|text| text.split('>').next()) {
        for name in ["href", "src"].into_iter().filter_map(|name| attribute(tag, name)) {
            let local = name.trim_start_matches("./");
            if !local.is_empty() && !local.contains(':') && !local.starts_with(['/', '#']) && !names.iter().any(|n| n == local) {
                names.push(local.to_owned());
            }
        }
    }
    names
}

fn link_kind(tag: &str) -> Result<LinkKind> {
    let rel = attribute(tag, "rel").unwrap_or_default();
    let href = || attribute(tag, "href").map(str::to_owned).ok_or_else(|| format!("index.html: {tag} has no href"));
    match rel {
        "rust" => Ok(LinkKind::Rust),
        "css" => href().map(LinkKind::Css),
        "copy-file" => href().map(LinkKind::CopyFile),
        "copy-dir" => href().map(LinkKind::CopyDir),
        _ => Err(format!("index.html: cargo xtask does not know rel=\"{rel}\" of trunk (rust, css, copy-file, copy-dir)")),
    }
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    tag[start..].split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, wanted: Option<LinkKind>) {
        let found = links(html).unwrap();
        assert_eq!(found.into_iter().next().map(|link| link.kind), wanted, "{html}");
    }

    #[test]
    fn only_links_of_trunk_are_taken() {
        check("<link rel=\"icon\" href=\"x\">", None);
        check("<link data-trunk rel=\"rust\" href=\"Cargo.toml\">", Some(LinkKind::Rust));
        check("<p><link data-trunk rel=\"css\" href=\"a.css\">", Some(LinkKind::Css("a.css".into())));
        check("<link data-trunk rel=\"copy-dir\" href=\"../static\"/>", Some(LinkKind::CopyDir("../static".into())));
        assert!(links("<link data-trunk rel=\"sass\" href=\"a\">").is_err());
    }

    #[test]
    fn the_rest_of_the_text_stays() {
        let html = "a<link data-trunk rel=\"rust\">b<link data-trunk rel=\"copy-dir\" href=\"s\">c";
        let out = replace(html, &links(html).unwrap(), |_| Ok("|".into())).unwrap();
        assert_eq!(out, "a|b|c");
    }

    #[test]
    fn references_are_local_and_named_once() {
        let html = "<link href=\"./a.js\"><script src=\"a.js\"></script><a href=\"https://x.org\"><link href=\"data:,\">";
        assert_eq!(references(html), ["a.js"]);
    }
}
