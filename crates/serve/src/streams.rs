//! Streams to containers: a log is the body of an answer; exec and attach speak Kubernetes' channel protocol over a WebSocket.
//! Models k8s.io/apiserver/pkg/util/wsstream and the kubelet's remotecommand.

use crate::engine::{Engine, Stream};
use crate::forward;
use crate::service::{Asked, Body};
use api::Status;
use apiserver::{Action, Connect, Streams};
use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::header::{
    CONNECTION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioIo;
use sim::Answer;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};
use value::{Value, list, obj};

/// The protocols that are spoken, best first. The fifth can end the input.
const PROTOCOLS: [&str; 2] = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

/// Port-forward speaks SPDY inside the WebSocket.
const FORWARD: &str = "SPDY/3.1+portforward.k8s.io";

/// The channels of the protocol; each message begins with one.
const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const ERROR: u8 = 3;
const RESIZE: u8 = 4;
/// Followed by the channel that its sender has ended.
const CLOSE: u8 = 255;

/// Opens a checked connection and answers with its stream.
pub async fn open(engine: &Engine, asked: Asked, connect: Box<Connect>) -> Result<Response<Body>, Status> {
    match connect.what.clone() {
        Action::Log(_) => Ok(log(engine.dial(connect).await?)),
        Action::Exec { streams, .. } | Action::Attach(streams) => {
            let (response, upgrade) = web_socket(asked, &PROTOCOLS)?;
            // What the node says against it is told inside.
            let dialled = engine.dial(connect).await;
            tokio::spawn(async move {
                let Ok(upgraded) = upgrade.await else { return };
                let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
                // A client that breaks off wants nothing more.
                let _ = match dialled {
                    Ok(stream) => talk(socket, stream, streams).await,
                    Err(status) => end(socket, &status.to_value()).await,
                };
            });
            Ok(response)
        }
        Action::PortForward { .. } => {
            let (response, upgrade) = web_socket(asked, &[FORWARD])?;
            let engine = engine.clone();
            tokio::spawn(async move {
                let Ok(upgraded) = upgrade.await else { return };
                let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
                forward::run(socket, engine, *connect).await;
            });
            Ok(response)
        }
    }
}

/// The text of a log, as long as it goes on.
fn log(stream: Stream) -> Response<Body> {
    let frames = futures_util::stream::unfold(stream, |mut stream| async move {
        match stream.next().await? {
            Answer::Data { bytes, .. } => Some((Ok(Frame::data(Bytes::from(bytes))), stream)),
            _ => None,
        }
    });
    let mut response = Response::new(BodyExt::boxed_unsync(StreamBody::new(frames)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

/// Agrees to a WebSocket: the answer, and the connection to come.
fn web_socket(mut asked: Asked, protocols: &[&'static str]) -> Result<(Response<Body>, hyper::upgrade::OnUpgrade), Status> {
    let headers = asked.headers();
    let version = header(headers, &SEC_WEBSOCKET_VERSION) == "13";
    if !header(headers, &UPGRADE).eq_ignore_ascii_case("websocket") || !version {
        return Err(Status::bad_request("Upgrade request required"));
    }
    let offered = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|h| h.to_str().ok()).collect::<Vec<_>>().join(",");
    let offered: Vec<&str> = offered.split(',').map(str::trim).collect();
    let Some(protocol) = protocols.iter().find(|p| offered.contains(p)) else {
        return Err(Status::bad_request(format!(
            "unable to upgrade: unable to negotiate protocol: client supports {offered:?}, server accepts {protocols:?}"
        )));
    };
    let accept = derive_accept_key(header(headers, &SEC_WEBSOCKET_KEY).as_bytes());
    let mut response = Response::new(Empty::new().boxed_unsync());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let out = response.headers_mut();
    out.insert(UPGRADE, HeaderValue::from_static("websocket"));
    out.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    out.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    if let Ok(value) = HeaderValue::from_str(&accept) {
        out.insert(SEC_WEBSOCKET_ACCEPT, value);
    }
    Ok((response, hyper::upgrade::on(&mut asked)))
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers.get(name).and_then(|h| h.to_str().ok()).unwrap_or("")
}

pub type Socket = WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>;
type Sent = Result<(), tokio_tungstenite::tungstenite::Error>;

/// Carries bytes between a client and a program until one of them ends.
async fn talk(mut socket: Socket, mut stream: Stream, wants: Streams) -> Sent {
    if !wants.stdin {
        stream.write(None);
    }
    // Something empty tells the client that the other side is there.
    send(&mut socket, if wants.stdout { STDOUT } else { ERROR }, &[]).await?;
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Binary(bytes))) => heard(&bytes, &stream, wants),
                Some(Ok(Message::Text(text))) => heard(text.as_bytes(), &stream, wants),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(()),
            },
            answer = stream.next() => match answer {
                Some(Answer::Data { fd, bytes }) => {
                    let channel = if fd == STDERR && !wants.tty { STDERR } else { STDOUT };
                    let wanted = if channel == STDERR { wants.stderr } else { wants.stdout };
                    if wanted {
                        let bytes = if wants.tty { with_returns(&bytes) } else { bytes };
                        send(&mut socket, channel, &bytes).await?;
                    }
                }
                Some(Answer::Exit(code)) => return end(socket, &exited(code)).await,
                Some(Answer::Failed(status)) => return end(socket, &status.to_value()).await,
                Some(_) | None => return end(socket, &exited(0)).await,
            },
        }
    }
}

/// What a client sent.
fn heard(bytes: &[u8], stream: &Stream, wants: Streams) {
    match bytes.split_first() {
        Some((&STDIN, data)) if wants.stdin && !data.is_empty() => {
            let mut text = String::from_utf8_lossy(data).into_owned();
            if wants.tty {
                // A terminal's Enter is a return; programs read lines.
                text = text.replace('\r', "\n");
            }
            stream.write(Some(text.into()));
        }
        Some((&CLOSE, [STDIN])) => stream.write(None),
        // Programs here do not look at the size of their terminal.
        Some((&RESIZE, _)) => {}
        Some(_) | None => {}
    }
}

/// A terminal goes back to the beginning of the line with each new one.
fn with_returns(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'\n' && (at == 0 || bytes[at - 1] != b'\r') {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}

async fn send(socket: &mut Socket, channel: u8, bytes: &[u8]) -> Sent {
    let mut message = Vec::with_capacity(bytes.len() + 1);
    message.push(channel);
    message.extend_from_slice(bytes);
    socket.send(Message::Binary(message.into())).await
}

/// Says how it ended, then goodbye.
async fn end(mut socket: Socket, status: &Value) -> Sent {
    send(&mut socket, ERROR, status.to_json_go().as_bytes()).await?;
    // Without a code clients take the end for a failure.
    socket.close(Some(CloseFrame { code: CloseCode::Normal, reason: "".into() })).await
}

fn exited(code: i32) -> Value {
    if code == 0 {
        return obj! { "metadata" => Value::map(), "status" => "Success" };
    }
    let cause = obj! { "reason" => "ExitCode", "message" => code.to_string() };
    obj! {
        "metadata" => Value::map(), "status" => "Failure", "reason" => "NonZeroExitCode",
        "message" => format!("command terminated with non-zero exit code: exit status {code}"),
        "details" => obj! { "causes" => list![cause] },
    }
}
