//! A static file server for `dist/`, on the standard library alone: GET and HEAD, one thread per connection.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

/// Binds the address and serves it from threads for as long as the program runs.
pub fn start(folder: PathBuf, port: u16) -> Result<u16, String> {
    let listener = TcpListener::bind(("127.0.0.1", port))
        .map_err(|error| format!("cannot listen on 127.0.0.1:{port}: {error} (--port N picks another)"))?;
    let port = listener.local_addr().map_err(|error| error.to_string())?.port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let folder = folder.clone();
            std::thread::spawn(move || converse(&folder, &stream));
        }
    });
    Ok(port)
}

/// One connection, kept alive. What goes wrong on it concerns only that browser, so it just ends.
fn converse(folder: &Path, stream: &TcpStream) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let mut header = String::new();
        while reader.read_line(&mut header).ok()? > 0 && !header.trim().is_empty() {
            header.clear();
        }
        let mut words = line.split_whitespace();
        let (method, target) = (words.next()?, words.next()?);
        reply(folder, stream, method, target)?;
    }
}

fn reply(folder: &Path, mut stream: &TcpStream, method: &str, target: &str) -> Option<()> {
    let (status, kind, keep, body) = match (method, file(folder, target)) {
        ("GET" | "HEAD", Some((path, body))) => ("200 OK", mime(&path), cache(&path), body),
        ("GET" | "HEAD", None) => ("404 Not Found", "text/plain", "no-store", b"not found\n".to_vec()),
        _ => ("405 Method Not Allowed", "text/plain", "no-store", b"GET or HEAD\n".to_vec()),
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\ncache-control: {keep}\r\n\
         x-content-type-options: nosniff\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).ok()?;
    if method == "HEAD" { Some(()) } else { stream.write_all(&body).ok() }
}

fn file(folder: &Path, target: &str) -> Option<(PathBuf, Vec<u8>)> {
    let path = target.split(['?', '#']).next().unwrap_or_default().trim_start_matches('/');
    let inside = Path::new(path);
    if !inside.components().all(|part| matches!(part, Component::Normal(_))) {
        return None;
    }
    let mut path = folder.join(inside);
    if path.is_dir() {
        path.push("index.html");
    }
    let body = std::fs::read(&path).ok()?;
    Some((path, body))
}

fn mime(path: &Path) -> &'static str {
    match path.extension().and_then(|ext| ext.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" | "webmanifest" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" | "yaml" | "yml" | "md" | "test" | "ts" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Names with a content hash never change their content.
fn cache(path: &Path) -> &'static str {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let hashed = name.split(['-', '_', '.']).any(|part| part.len() == 16 && part.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if hashed { "public, max-age=31536000, immutable" } else { "no-cache" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_the_folder_is_served() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(file(folder, "/Cargo.toml?x").is_some());
        for target in ["/../xtask/Cargo.toml", "//etc/passwd/..", "/src", "/none"] {
            assert!(file(folder, target).is_none(), "{target}");
        }
    }

    #[test]
    fn hashed_names_are_kept_for_ever() {
        assert!(cache(Path::new("web-0123456789abcdef_bg.wasm")).contains("immutable"));
        assert_eq!(cache(Path::new("web.js")), "no-cache");
        assert_eq!(mime(Path::new("a/web-0123456789abcdef_bg.wasm")), "application/wasm");
    }
}
