//! Listening: each connection is served by a task of its own, with TLS or in plain text.

use crate::patience::Patient;
use crate::service::Service;
use crate::users;
use api::User;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A handshake, and the head of a request, must be done within this time.
const HEAD: Duration = Duration::from_secs(10);
/// Open requests are waited for so long when the server ends.
const DRAIN: Duration = Duration::from_secs(2);

/// How connections come in, and who they are from.
#[derive(Clone)]
pub enum Door {
    /// Clients show a certificate, or none.
    Tls(TlsAcceptor),
    /// Nobody shows anything; all are this user.
    Plain(Arc<User>),
}

/// Who is at the other end of a connection.
pub struct Caller {
    pub address: SocketAddr,
    /// Whom their certificate names.
    pub certified: Option<Arc<User>>,
}

/// A client that takes nothing of its answers for so long is given up.
const PATIENCE: Duration = Duration::from_secs(60);
/// One of which nothing is heard is asked for a sign of life, and given up without one.
const SILENCE: Duration = Duration::from_secs(30);
const SIGN: Duration = Duration::from_secs(15);
/// The head of a request is no larger, as Go's server has it.
const HEAD_BYTES: usize = 1024 * 1024;

/// Serves until `ends` is done, then lets open requests finish.
pub async fn serve(listener: TcpListener, door: Door, service: Arc<Service>, ends: impl Future<Output = ()>) {
    let graceful = GracefulShutdown::new();
    let mut ends = std::pin::pin!(ends);
    loop {
        let (stream, address) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                // Out of descriptors, most likely: others will close theirs.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut ends => break,
        };
        let (door, service, watcher) = (door.clone(), service.clone(), graceful.watcher());
        tokio::spawn(async move {
            // Without it small answers wait for the acknowledgement of the ones before.
            let _ = stream.set_nodelay(true);
            let stream = Patient::new(stream, PATIENCE);
            match door {
                Door::Plain(user) => connection(stream, Caller { address, certified: Some(user) }, service, watcher).await,
                Door::Tls(tls) => {
                    let Ok(Ok(stream)) = tokio::time::timeout(HEAD, tls.accept(stream)).await else { return };
                    let certified = certified(&stream).map(Arc::new);
                    connection(stream, Caller { address, certified }, service, watcher).await;
                }
            }
        });
    }
    // Watches do not end by themselves.
    let _ = tokio::time::timeout(DRAIN, graceful.shutdown()).await;
}

fn certified(stream: &tokio_rustls::server::TlsStream<Patient<TcpStream>>) -> Option<User> {
    let (_, session) = stream.get_ref();
    users::of_certificate(session.peer_certificates()?.first()?)
}

type Watcher = hyper_util::server::graceful::Watcher;

async fn connection<S>(stream: S, caller: Caller, service: Arc<Service>, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let caller = Arc::new(caller);
    let answer = service_fn(move |asked| {
        let (service, caller) = (service.clone(), caller.clone());
        async move { Ok::<_, Infallible>(service.answer(asked, &caller).await) }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(HEAD_BYTES);
    let http2 = &mut builder.http2();
    http2.timer(TokioTimer::new()).max_concurrent_streams(250).max_header_list_size(HEAD_BYTES as u32);
    http2.keep_alive_interval(SILENCE).keep_alive_timeout(SIGN);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), answer);
    // Clients that break off are no news.
    let _ = watcher.watch(connection.into_owned()).await;
}
