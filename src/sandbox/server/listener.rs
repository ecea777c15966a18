//! Connections with and without TLS on one port.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What the first byte of a TLS connection is: a handshake record.
const HANDSHAKE: u8 = 0x16;

/// Clients that have not said how they speak by then are given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// A pause after a failed accept, such as for too many open files.
const BREATH: Duration = Duration::from_millis(50);

/// Gives connections once it is known how they speak, so that one that says nothing holds up
/// nobody.
pub(super) struct EitherListener {
    address: SocketAddr,
    ready: mpsc::Receiver<(Connection, SocketAddr)>,
}

/// A connection that is ready for HTTP.
pub(super) enum Connection {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl EitherListener {
    pub(super) fn new(listener: TcpListener, address: SocketAddr, tls: ServerConfig) -> Self {
        let (send, ready) = mpsc::channel(64);
        tokio::spawn(accept(listener, TlsAcceptor::from(Arc::new(tls)), send));
        Self { address, ready }
    }
}

/// Accepts until nobody wants connections any more.
async fn accept(
    listener: TcpListener,
    tls: TlsAcceptor,
    send: mpsc::Sender<(Connection, SocketAddr)>,
) {
    loop {
        let accepted = tokio::select! {
            () = send.closed() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(BREATH).await;
            continue;
        };
        let (tls, send) = (tls.clone(), send.clone());
        tokio::spawn(async move {
            // A client that does not trust us, or says nothing, is none.
            if let Ok(Ok(connection)) = tokio::time::timeout(PATIENCE, greet(stream, tls)).await {
                let _ = send.send((connection, peer)).await;
            }
        });
    }
}

async fn greet(stream: TcpStream, tls: TlsAcceptor) -> io::Result<Connection> {
    // Events of a watch are small and have to leave at once.
    stream.set_nodelay(true)?;
    let mut first = [0];
    match stream.peek(&mut first).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ if first == [HANDSHAKE] => Ok(Connection::Tls(Box::new(tls.accept(stream).await?))),
        _ => Ok(Connection::Plain(stream)),
    }
}

impl Listener for EitherListener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, into),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, into),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
