//! A blocking HTTP client that tells what it does not know: whether a request that broke off has happened.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use value::Value;

/// Whatever takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(10);

pub struct Client {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

pub struct Answer {
    pub code: u16,
    pub body: Value,
}

/// Why there is no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// Nothing was sent.
    Unsent,
    /// It may have happened.
    Unknown,
}

impl Answer {
    pub fn revision(&self) -> u64 {
        self.body["metadata"]["resourceVersion"].s().parse().unwrap_or(0)
    }
}

impl Client {
    pub fn new(address: SocketAddr) -> Client {
        Client { address, stream: None }
    }
    /// One request and its answer.
    pub fn send(&mut self, method: &str, path: &str, body: &str) -> Result<Answer, Failure> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => BufReader::new(connect(self.address).ok_or(Failure::Unsent)?),
        };
        let answer = ask(&mut stream, method, path, body).and_then(|()| answer(&mut stream)).map_err(|_| Failure::Unknown)?;
        self.stream = Some(stream);
        Ok(answer)
    }
}

pub fn connect(address: SocketAddr) -> Option<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_nodelay(true).ok()?;
    Some(stream)
}

/// Sends a request.
pub fn ask(stream: &mut BufReader<TcpStream>, method: &str, path: &str, body: &str) -> std::io::Result<()> {
    let mime = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
    let head =
        format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {mime}\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.get_mut().write_all((head + body).as_bytes())
}

/// The code of an answer and the length of its body, if it is known before.
pub fn head(stream: &mut BufReader<TcpStream>) -> std::io::Result<(u16, Option<usize>)> {
    let first = line(stream)?;
    let code = first.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(broken)?;
    let mut length = None;
    loop {
        let line = line(stream)?.to_ascii_lowercase();
        match line.split_once(": ") {
            Some(("content-length", text)) => length = text.parse().ok(),
            Some(_) => {}
            None => return Ok((code, length)),
        }
    }
}

/// A line without its end; an end in the middle of it is an error.
pub fn line(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    line.strip_suffix("\r\n").map(str::to_string).ok_or_else(broken)
}

fn answer(stream: &mut BufReader<TcpStream>) -> std::io::Result<Answer> {
    let (code, length) = head(stream)?;
    let mut bytes = vec![0; length.ok_or_else(broken)?];
    stream.read_exact(&mut bytes)?;
    let body = Value::from_json(&String::from_utf8_lossy(&bytes)).unwrap_or_default();
    Ok(Answer { code, body })
}

pub fn broken() -> std::io::Error {
    std::io::ErrorKind::UnexpectedEof.into()
}
