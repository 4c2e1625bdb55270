//! Streams to containers: a log is the body of an answer; exec and attach speak Kubernetes' channel protocol over a WebSocket.

use crate::engine::{Engine, Stream};
use crate::service::{Asked, Body};
use api::Status;
use apiserver::{Action, Connect};
use http_body_util::{BodyExt, StreamBody};
use hyper::Response;
use hyper::body::{Bytes, Frame};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use sim::Answer;

/// Opens a checked connection and answers with its stream.
pub async fn open(engine: &Engine, _asked: Asked, connect: Box<Connect>) -> Result<Response<Body>, Status> {
    match &connect.what {
        Action::Log(_) => Ok(log(engine.dial(connect).await?)),
        Action::Exec { .. } | Action::Attach(_) => Err(Status::unsupported("exec and attach")),
        Action::PortForward { .. } => Err(Status::unsupported("port-forward")),
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
