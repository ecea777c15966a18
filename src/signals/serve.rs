//! HTTP for those who look after the process: `/metrics`, `/healthz`, `/readyz`.
//!
//! A port for a cluster's inside: no TLS, no passwords, nothing that changes anything. Clients that are
//! slow or many cannot harm: heads have a size and a time, connections a number and an age.

mod answer;
mod connection;
mod health;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use super::Metrics;
use connection::Limits;
pub use health::{Check, Health};

/// How many connections are served at a time. A Prometheus has one, a kubelet two.
const CONNECTIONS: usize = 64;

/// After which time without a free file descriptor a connection is accepted again.
const BREATH: Duration = Duration::from_millis(250);

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot listen on {address}")]
    Bind {
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> String {
        let Self::Bind { address, source } = self;
        match source.kind() {
            io::ErrorKind::AddrInUse => format!(
                "another process has port {}: end it, or choose another port",
                address.port()
            ),
            io::ErrorKind::AddrNotAvailable => format!(
                "this machine has no address {}: choose 0.0.0.0 for all of its own",
                address.ip()
            ),
            io::ErrorKind::PermissionDenied => {
                format!(
                    "ports under 1024 are not for everybody: choose one above instead of {}",
                    address.port()
                )
            }
            _ => "choose another address or port".to_owned(),
        }
    }
}

/// A running server. Dropped, it accepts no more, and connections end after their next answer.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    /// Nothing is ever said; all wait for its end.
    running: watch::Sender<()>,
    accepting: JoinHandle<()>,
    free: Arc<Semaphore>,
}

impl Server {
    /// Listens on `address`; with port 0 on any that is free.
    ///
    /// # Errors
    /// Where that is not possible.
    pub async fn start(
        address: SocketAddr,
        metrics: Metrics,
        health: Health,
    ) -> Result<Self, Error> {
        Self::with_limits(address, metrics, health, Limits::default()).await
    }

    async fn with_limits(
        address: SocketAddr,
        metrics: Metrics,
        health: Health,
        limits: Limits,
    ) -> Result<Self, Error> {
        let failed = |source| Error::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (running, stopped) = watch::channel(());
        let free = Arc::new(Semaphore::new(CONNECTIONS));
        let told = answer::Told { metrics, health };
        let accepting = tokio::spawn(accept(listener, told, limits, free.clone(), stopped));
        Ok(Self {
            address,
            running,
            accepting,
            free,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts no more, and waits until requests that were begun are answered; at most `patience`.
    pub async fn shutdown(mut self, patience: Duration) {
        let (running, _) = watch::channel(());
        drop(std::mem::replace(&mut self.running, running));
        let all = u32::try_from(CONNECTIONS).unwrap_or(u32::MAX);
        let closed = self.free.acquire_many(all);
        // What is left is cut off by the end of the process.
        let _ = tokio::time::timeout(patience, closed).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(
    listener: TcpListener,
    told: answer::Told,
    limits: Limits,
    free: Arc<Semaphore>,
    mut stopped: watch::Receiver<()>,
) {
    loop {
        // Who comes while all are taken waits in the backlog of the system. Nobody closes the semaphore.
        let Ok(place) = free.clone().acquire_owned().await else {
            return;
        };
        let accepted = tokio::select! {
            _ = stopped.changed() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let (told, stopped) = (told.clone(), stopped.clone());
                tokio::spawn(async move {
                    connection::serve(stream, told, limits, stopped).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::debug!(%error, "cannot accept a connection");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

#[cfg(test)]
mod tests;
