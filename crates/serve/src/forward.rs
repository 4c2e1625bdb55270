//! Port-forward: SPDY inside a WebSocket, two streams for each connection. What is connected to are simulated servers, which
//! answer HTTP requests; so each connection is served by a real HTTP server that passes them on.

use crate::engine::Engine;
use crate::spdy::{Frame, Reader, Writer};
use crate::streams::Socket;
use apiserver::Connect;
use base::Text;
use futures_util::stream::SplitSink;
use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use shell::{Failure, HttpRequest};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex, split};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

/// Bytes on their way between a connection and its server.
const PIPE: usize = 64 * 1024;
/// Frames that wait to be sent.
const QUEUE: usize = 64;

/// The connections of one port-forward.
struct Session {
    engine: Engine,
    pod: Connect,
    out: mpsc::Sender<Frame>,
    /// The error stream of each connection, by the number that the client gave it.
    errors: BTreeMap<Text, u32>,
    /// What comes in for each data stream; dropped at its end.
    inputs: BTreeMap<u32, mpsc::Sender<Vec<u8>>>,
}

/// Carries connections until the client goes away.
pub async fn run(socket: Socket, engine: Engine, pod: Connect) {
    let (sink, mut messages) = socket.split();
    let (out, frames) = mpsc::channel(QUEUE);
    let writer = tokio::spawn(write(sink, frames));
    let mut session = Session { engine, pod, out, errors: BTreeMap::new(), inputs: BTreeMap::new() };
    let mut reader = Reader::new();
    'talk: while let Some(Ok(message)) = messages.next().await {
        match message {
            Message::Binary(bytes) => reader.push(&bytes),
            Message::Close(_) => break,
            Message::Text(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
        loop {
            match reader.next() {
                Ok(Some(Frame::Goodbye)) | Err(_) => break 'talk,
                Ok(Some(frame)) => session.take(frame).await,
                Ok(None) => break,
            }
        }
    }
    drop(session);
    writer.abort();
}

async fn write(mut sink: SplitSink<Socket, Message>, mut frames: mpsc::Receiver<Frame>) {
    let mut writer = Writer::new();
    while let Some(frame) = frames.recv().await {
        if sink.send(Message::Binary(writer.bytes(&frame).into())).await.is_err() {
            return;
        }
    }
}

impl Session {
    async fn take(&mut self, frame: Frame) {
        match frame {
            Frame::Open { stream, headers, .. } => {
                let header = |name: &str| headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.clone());
                let (kind, number) = (header("streamtype").unwrap_or_default(), header("requestid").unwrap_or_default());
                // A session whose client is gone ends by itself.
                let _ = self.out.send(Frame::Opened { stream }).await;
                if kind == "error" {
                    self.errors.insert(number, stream);
                } else if let Some(port) = header("port").and_then(|p| p.parse().ok()) {
                    let error = self.errors.remove(&number);
                    self.connect(stream, error, port);
                }
            }
            Frame::Data { stream, bytes, fin } => {
                if let Some(input) = self.inputs.get(&stream).filter(|_| !bytes.is_empty()) {
                    let _ = input.send(bytes).await;
                }
                if fin {
                    self.inputs.remove(&stream);
                }
            }
            Frame::Reset { stream } => {
                self.inputs.remove(&stream);
            }
            Frame::Ping(number) => {
                let _ = self.out.send(Frame::Ping(number)).await;
            }
            Frame::Opened { .. } | Frame::Goodbye | Frame::Other => {}
        }
    }
    /// Serves one connection with tasks of its own.
    fn connect(&mut self, stream: u32, error: Option<u32>, port: u16) {
        let (near, far) = duplex(PIPE);
        let (failed, failures) = mpsc::channel(1);
        let (input, inputs) = mpsc::channel(QUEUE);
        self.inputs.insert(stream, input);
        tokio::spawn(serve(far, Target { engine: self.engine.clone(), pod: self.pod.clone(), port, failed }));
        tokio::spawn(pump(near, inputs, Ends { out: self.out.clone(), stream, error, failures, port }));
    }
}

/// Where the frames of a connection go.
struct Ends {
    out: mpsc::Sender<Frame>,
    stream: u32,
    error: Option<u32>,
    failures: mpsc::Receiver<String>,
    port: u16,
}

/// Moves bytes both ways until the server's side has ended, then closes both streams.
async fn pump(near: DuplexStream, mut inputs: mpsc::Receiver<Vec<u8>>, mut ends: Ends) {
    let (mut read, mut write) = split(near);
    tokio::spawn(async move {
        while let Some(bytes) = inputs.recv().await {
            if write.write_all(&bytes).await.is_err() {
                return;
            }
        }
        let _ = write.shutdown().await;
    });
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = read.read(&mut buffer).await {
        let frame = Frame::Data { stream: ends.stream, bytes: buffer[..length].to_vec(), fin: false };
        if ends.out.send(frame).await.is_err() {
            return;
        }
    }
    let failure = ends.failures.try_recv().map(|why| format!("error forwarding port {} to pod: {why}", ends.port));
    let last = Frame::Data { stream: ends.stream, bytes: Vec::new(), fin: true };
    let error = ends.error.map(|stream| Frame::Data { stream, bytes: failure.unwrap_or_default().into_bytes(), fin: true });
    for frame in error.into_iter().chain([last]) {
        if ends.out.send(frame).await.is_err() {
            return;
        }
    }
}

/// A port of a pod, and where to tell that nobody is there.
struct Target {
    engine: Engine,
    pod: Connect,
    port: u16,
    failed: mpsc::Sender<String>,
}

/// The connection ends without an answer.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("the connection was cut")
    }
}

impl std::error::Error for Cut {}

async fn serve(far: DuplexStream, target: Target) {
    let target = &target;
    let answer = service_fn(|request: Request<Incoming>| async move { target.answer(request).await });
    // A connection without an answer is cut.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(far), answer).await;
}

impl Target {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Cut> {
        let (head, body) = request.into_parts();
        let text = |value: &hyper::header::HeaderValue| Text::from(String::from_utf8_lossy(value.as_bytes()).as_ref());
        let request = HttpRequest {
            tls: false,
            host: "localhost".into(),
            port: self.port,
            address: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            method: head.method.as_str().into(),
            path: head.uri.path_and_query().map_or("/", |p| p.as_str()).into(),
            headers: head.headers.iter().map(|(name, value)| (name.as_str().into(), text(value))).collect(),
            body: body.collect().await.map_err(|_| Cut)?.to_bytes().to_vec(),
        };
        match self.engine.fetch(&self.pod, request).await {
            Ok(answer) => {
                let mut response = Response::new(Full::new(answer.body.into()));
                *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
                for (name, value) in &answer.headers {
                    // The lengths and the connection are this server's own business.
                    let own = ["content-length", "transfer-encoding", "connection"].iter().any(|n| name.eq_ignore_ascii_case(n));
                    let pair = (name.parse::<hyper::header::HeaderName>(), hyper::header::HeaderValue::from_str(value));
                    if let ((Ok(name), Ok(value)), false) = (pair, own) {
                        response.headers_mut().append(name, value);
                    }
                }
                Ok(response)
            }
            Err(failure) => {
                let words = if failure == Failure::Refused { "connect: connection refused" } else { "connection lost" };
                let why =
                    format!("failed to connect to localhost:{0} inside namespace: dial tcp4 127.0.0.1:{0}: {words}", self.port);
                let _ = self.failed.try_send(why);
                Err(Cut)
            }
        }
    }
}
