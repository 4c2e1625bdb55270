//! How the binary ends.

use tokio::signal::unix::{SignalKind, signal};

pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Done at the first SIGTERM or SIGINT; the second one ends the process at once.
pub async fn ended() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tokio::spawn(async move {
        let code = tokio::select! {
            _ = terminate.recv() => 143,
            _ = interrupt.recv() => 130,
        };
        std::process::exit(code)
    });
}
