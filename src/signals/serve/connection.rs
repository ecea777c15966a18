//! One connection, from its first byte to its end.

use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::answer::Told;

/// What a client may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// For the head of a request, and between two of them.
    pub(super) head: Duration,
    /// For the whole connection. It ends after the answer that is under way.
    pub(super) age: Duration,
    /// For the last answer.
    pub(super) last: Duration,
}

impl Default for Limits {
    /// Prometheus comes back each 15 s to 60 s, and makes a connection anew where it has to.
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            age: Duration::from_secs(300),
            last: Duration::from_secs(5),
        }
    }
}

/// The largest head of a request, in bytes. What a browser sends is below 4 KiB.
const LARGEST_HEAD: usize = 16 * 1024;

const MOST_HEADERS: usize = 64;

/// Answers until the client, its age or the end of the server ends the connection.
pub(super) async fn serve(
    stream: TcpStream,
    told: Told,
    limits: Limits,
    mut stopped: watch::Receiver<()>,
) {
    let answering = service_fn(move |request| {
        let answer = told.answer(&request);
        async move { Ok::<_, std::convert::Infallible>(answer) }
    });
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head)
            .max_buf_size(LARGEST_HEAD)
            .max_headers(MOST_HEADERS)
            .serve_connection(TokioIo::new(stream), answering)
    );
    tokio::select! {
        // How a client went away is its own affair.
        _ = connection.as_mut() => return,
        () = tokio::time::sleep(limits.age) => {}
        _ = stopped.changed() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(limits.last, connection).await;
}
