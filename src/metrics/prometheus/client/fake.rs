//! Servers for tests: real HTTP on a port of this machine, and an API server in memory.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::serve::Listener;
use bytes::Bytes;
use futures_util::stream;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::metrics::prometheus::{Backoff, Client, Options, Transport};

/// Tries follow each other at once.
pub(super) const AT_ONCE: Backoff = Backoff {
    tries: 4,
    first: Duration::ZERO,
    longest: Duration::ZERO,
};

pub(super) const EMPTY_VECTOR: &str =
    r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;

pub(super) fn options() -> Options {
    Options {
        timeout: Duration::from_secs(20),
        ..Options::default()
    }
}

pub(super) async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// A server whose every answer is these bytes, after which it closes the connection.
pub(super) async fn serve_raw(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
        }
    });
    url
}

pub(super) async fn serve_tls(config: rustls::ServerConfig, router: Router) -> String {
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", tcp.local_addr().unwrap().port());
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TlsListener { tcp, acceptor };
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let (tcp, address) = self.tcp.accept().await.unwrap();
            // A client that does not trust us goes away here.
            if let Ok(stream) = self.acceptor.accept(tcp).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

pub(super) fn client(url: &str) -> Client {
    client_with(url, &options())
}

pub(super) fn client_with(url: &str, options: &Options) -> Client {
    let transport = Transport::direct(url, options).unwrap();
    Client::with_backoff(transport, options, AT_ONCE)
}

pub(super) const PROXY: &str = "/api/v1/namespaces/monitoring/services/prometheus:9090/proxy";

/// A client through an API server that is `router`, called without a network.
pub(super) fn proxied(router: Router, options: &Options, backoff: Backoff) -> Client {
    let kube = kube::Client::new(router, "default");
    let transport = Transport::service_proxy(kube, PROXY, options).unwrap();
    Client::with_backoff(transport, options, backoff)
}

pub(super) fn json(text: impl Into<Body>) -> Response {
    answer(StatusCode::OK, "application/json", text)
}

pub(super) fn answer(status: StatusCode, kind: &str, body: impl Into<Body>) -> Response {
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, kind)
        .body(body.into())
        .unwrap()
}

/// A body that comes in pieces, the scheduler having its turn in between.
pub(super) fn pieces(pieces: impl IntoIterator<Item = Bytes> + 'static) -> Body {
    let pieces: Vec<_> = pieces.into_iter().collect();
    let pieces = stream::unfold(pieces.into_iter(), |mut rest| async move {
        tokio::task::yield_now().await;
        rest.next().map(|piece| (Ok::<_, io::Error>(piece), rest))
    });
    Body::from_stream(pieces)
}
