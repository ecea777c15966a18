//! HTTP in front of the API: who asks, what trouble they meet, and the answer on the wire.
//!
//! One port of this machine speaks plain HTTP and TLS, told apart by the first byte. [`exchange`]
//! makes requests and answers of what hyper reads and writes, [`authentication`] users of tokens,
//! [`authority`] the certificates.

pub(crate) mod authentication;
mod authority;
mod exchange;
mod listener;
pub(crate) mod log;
mod wire;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use futures_util::future::BoxFuture;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::access::Policies;
use super::api::{Request, Response};
use super::clock::Clock;
use super::faults::Faults;
use authentication::Tokens;
use authority::Authority;
use listener::EitherListener;
use log::Log;

/// What answers requests of users who are known.
pub(crate) type Handler = Arc<dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync>;

/// What a server needs to start.
#[derive(Clone)]
pub(crate) struct Settings {
    /// 0 for any that is free.
    pub(crate) port: u16,
    pub(crate) tokens: Tokens,
    pub(crate) handler: Handler,
    /// RBAC as it is now, which says who may act as somebody else.
    pub(crate) policies: Arc<dyn Fn() -> Arc<Policies> + Send + Sync>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) clock: Clock,
    pub(crate) log: Arc<Log>,
}

/// A running server. Dropped, it ends watches, lets other requests finish and closes all connections.
pub(crate) struct Server {
    address: SocketAddr,
    authority: String,
    _answering: Answering,
}

/// What answers requests for as long as it is kept, however they come.
pub(crate) struct Answering {
    /// Nothing is ever said; all wait for its end.
    running: watch::Sender<()>,
    /// Connections find it here, so that one that stays open keeps nothing else.
    state: Arc<exchange::State>,
}

impl Answering {
    pub(crate) fn new(settings: Settings) -> Self {
        let (running, stopped) = watch::channel(());
        let state = Arc::new(exchange::State::new(settings, stopped));
        Self { running, state }
    }

    pub(crate) fn router(&self) -> Router {
        Router::new()
            .fallback(exchange::answer)
            .with_state(Arc::downgrade(&self.state))
    }
}

impl Server {
    /// Listens on this machine alone.
    ///
    /// # Errors
    /// When the port is taken or no certificate can be made.
    pub(crate) async fn start(settings: Settings) -> io::Result<Self> {
        let authority = Authority::new().map_err(io::Error::other)?;
        let tls = authority.server_config().map_err(io::Error::other)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, settings.port)).await?;
        let address = listener.local_addr()?;
        let answering = Answering::new(settings);
        let listener = EitherListener::new(listener, address, tls);
        let stopped = ended(answering.running.subscribe());
        let serving = axum::serve(listener, answering.router()).with_graceful_shutdown(stopped);
        tokio::spawn(serving.into_future());
        Ok(Self {
            address,
            authority: authority.pem,
            _answering: answering,
        })
    }

    /// `https://127.0.0.1:41234`.
    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The same without TLS.
    pub(crate) fn plain_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The certificate that clients have to trust, in PEM.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }
}

/// Waits until the server is dropped.
async fn ended(mut stopped: watch::Receiver<()>) {
    while stopped.changed().await.is_ok() {}
}

#[cfg(test)]
mod tests;
