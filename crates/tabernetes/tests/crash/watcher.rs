//! A client that watches, over all restarts, from the revision that it saw last.

use crate::MAPS;
use crate::client::{ask, broken, connect, head, line};
use crate::history::Seen;
use std::io::{BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use value::Value;

/// A watch that was granted.
pub fn open(address: SocketAddr, rev: u64) -> Option<BufReader<TcpStream>> {
    let mut stream = BufReader::new(connect(address)?);
    let path = format!("{MAPS}?watch=1&allowWatchBookmarks=true&resourceVersion={rev}");
    ask(&mut stream, "GET", &path, "").ok()?;
    let (code, _) = head(&mut stream).ok()?;
    assert_eq!(code, 200, "a watch is granted");
    Some(stream)
}

/// Collects events until `over` is true and nothing came for a while.
pub fn follow(address: SocketAddr, from: u64, over: &dyn Fn() -> bool) -> Vec<Seen> {
    let (mut seen, mut rev) = (Vec::new(), from);
    loop {
        if let Some(mut stream) = open(address, rev) {
            let _ = stream.get_ref().set_read_timeout(Some(Duration::from_millis(500)));
            take(&mut stream, &mut rev, &mut seen);
        }
        if over() {
            return seen;
        }
        std::thread::sleep(Duration::from_millis(3));
    }
}

/// The events from one revision to another, told at one go.
pub fn replay(address: SocketAddr, from: u64, to: u64) -> Vec<Seen> {
    let mut seen = follow(address, from, &|| true);
    seen.retain(|event| event.rev <= to);
    seen
}

/// What a watch tells first.
pub fn first(address: SocketAddr, rev: u64) -> String {
    open(address, rev).and_then(|mut stream| chunk(&mut stream).ok()).unwrap_or_default()
}

/// Takes events until the stream breaks off.
fn take(stream: &mut BufReader<TcpStream>, rev: &mut u64, seen: &mut Vec<Seen>) {
    let mut text = String::new();
    while let Ok(piece) = chunk(stream) {
        text += &piece;
        while let Some((line, rest)) = text.split_once('\n') {
            let event = Value::from_json(line).expect("a whole event");
            let (kind, object) = (event["type"].s(), &event["object"]);
            assert_ne!(kind, "ERROR", "{line}");
            let at: u64 = object["metadata"]["resourceVersion"].s().parse().expect("a revision");
            let ours = !object["data"]["op"].is_null();
            if kind != "BOOKMARK" {
                assert!(at > *rev, "revisions only grow: {at} came after {rev}");
            }
            *rev = (*rev).max(at);
            if ours {
                let (key, op) = (object["metadata"]["name"].s().into(), object["data"]["op"].s().into());
                seen.push(Seen { rev: at, deleted: kind == "DELETED", key, op });
            }
            text = rest.to_string();
        }
    }
}

/// One chunk of a body whose length nobody knew before.
fn chunk(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let length = usize::from_str_radix(&line(stream)?, 16).map_err(|_| broken())?;
    if length == 0 {
        return Err(broken());
    }
    let mut bytes = vec![0; length + 2];
    stream.read_exact(&mut bytes)?;
    bytes.truncate(length);
    String::from_utf8(bytes).map_err(|_| broken())
}
