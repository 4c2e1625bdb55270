//! A small HTTP client.

use crate::server::Server;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use value::Value;

/// Whatever takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Client {
    runtime: Runtime,
    sender: SendRequest<Full<Bytes>>,
}

pub struct Answer {
    pub code: u16,
    pub headers: HeaderMap,
    pub bytes: Bytes,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
    /// Null if it is something else.
    pub fn json(&self) -> Value {
        Value::from_json(&self.text()).unwrap_or_default()
    }
    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|h| h.to_str().ok()).unwrap_or_default().into()
    }
}

impl Client {
    pub fn new(server: &Server) -> Client {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let sender = runtime.block_on(async {
            let stream = TcpStream::connect(server.address).await.expect("a connection");
            let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP");
            tokio::spawn(connection);
            sender
        });
        Client { runtime, sender }
    }
    pub fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }
    pub fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[("content-type", "application/json")], body.to_json().as_bytes())
    }
    /// One request.
    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let response = self.open(method, path, headers, body);
        let (code, headers) = (response.status().as_u16(), response.headers().clone());
        let collected = self.runtime.block_on(async { timeout(PATIENCE, response.into_body().collect()).await });
        Answer { code, headers, bytes: collected.expect("an end in time").expect("a body").to_bytes() }
    }
    fn open(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response<Incoming> {
        let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::copy_from_slice(body))).expect("a request");
        let answered = self.runtime.block_on(async { timeout(PATIENCE, self.sender.send_request(request)).await });
        answered.expect("an answer in time").expect("an answer")
    }
    /// A stream of lines, as a watch is.
    pub fn stream(server: &Server, path: &str) -> Lines {
        let mut client = Client::new(server);
        let response = client.open("GET", path, &[], b"");
        assert_eq!(response.status(), 200, "{path}");
        Lines { client, body: response.into_body(), read: String::new() }
    }
}

pub struct Lines {
    client: Client,
    body: Incoming,
    read: String,
}

impl Lines {
    /// The next line, which has to come soon.
    pub fn line(&mut self) -> Value {
        loop {
            if let Some((line, rest)) = self.read.split_once('\n') {
                let value = Value::from_json(line).expect("a line of JSON");
                self.read = rest.to_string();
                return value;
            }
            assert!(self.more(), "the stream ended after {:?}", self.read);
        }
    }
    /// What comes until the stream ends by itself.
    pub fn rest(mut self) -> String {
        while self.more() {}
        self.read
    }
    fn more(&mut self) -> bool {
        let frame = self.client.runtime.block_on(async { timeout(PATIENCE, self.body.frame()).await });
        match frame.expect("something in time") {
            Some(frame) => {
                let data = frame.expect("a frame").into_data().unwrap_or_default();
                self.read += &String::from_utf8_lossy(&data);
                true
            }
            None => false,
        }
    }
}
