//! A Prometheus that goes wrong in one particular way.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use futures_util::{StreamExt, stream};

use super::serve::Server;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// 404 to everything: a wrong path before `/api`.
    NotFound,
    /// A page in HTML with status 200: a proxy that wants a login.
    LoginPage,
    Unauthorized,
    /// 302 to the login page of somebody else.
    Redirect,
    /// A success without any series.
    Empty,
    /// `status: error` with status 422.
    QueryError,
    /// Half an answer, then the connection closes.
    Truncated,
    /// 429 with `Retry-After: 0` to the first so many requests, then [`Fault::Empty`].
    Busy(usize),
    /// An empty result after so many milliseconds.
    Slow(u64),
    /// 422, as from the limit `--query.max-samples`, to queries of more than so many seconds;
    /// [`Fault::Empty`] for others.
    TooManySamples(u64),
    /// An empty result that says it is an image.
    WrongContentType,
    /// 404 to remote read alone, [`Fault::Empty`] otherwise.
    NoRemoteRead,
    /// Remote read answers with frames whose content is not what it should be.
    GarbageFrames,
}

/// A running server, ended when dropped.
#[derive(Debug)]
pub(crate) struct Faulty {
    /// `http://127.0.0.1:41234`.
    pub(crate) url: String,
    state: Arc<Faults>,
    _server: Server,
}

#[derive(Debug)]
struct Faults {
    fault: Fault,
    count: AtomicUsize,
    requests: Mutex<Vec<String>>,
}

/// The answer to a range query.
const EMPTY: &str = r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#;
/// The answer to an instant query.
const EMPTY_NOW: &str = r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;

impl Faulty {
    /// # Panics
    /// When it cannot listen.
    pub(crate) fn start(fault: Fault) -> Self {
        let state = Arc::new(Faults {
            fault,
            count: AtomicUsize::new(0),
            requests: Mutex::default(),
        });
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&state));
        let server = Server::start(router, None);
        let url = format!("http://{}", server.address);
        Self {
            url,
            state,
            _server: server,
        }
    }

    /// # Panics
    /// When nobody asks within ten seconds.
    pub(crate) fn wait_for_a_request(&self) {
        for _ in 0..200 {
            if !self.requests().is_empty() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("nobody asked {}", self.url);
    }

    /// Method, path and query of every request so far, in order.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.state.requests.lock().unwrap().clone()
    }
}

async fn answer(State(state): State<Arc<Faults>>, request: Request) -> Response {
    let line = format!("{} {}", request.method(), request.uri());
    state.requests.lock().unwrap().push(line);
    let number = state.count.fetch_add(1, Ordering::Relaxed);
    let path = request.uri().path();
    let reads = path.ends_with("/api/v1/read");
    let instant = path.ends_with("/api/v1/query");
    match state.fault {
        Fault::NotFound => text(StatusCode::NOT_FOUND, "text/plain", "404 page not found\n"),
        Fault::LoginPage => login_page(),
        Fault::Unauthorized => text(StatusCode::UNAUTHORIZED, "text/plain", "Unauthorized\n"),
        Fault::Redirect => redirect(),
        Fault::Empty => empty(instant),
        Fault::QueryError => error("bad_data", "invalid parameter \\\"query\\\": parse error"),
        Fault::Truncated => truncated(),
        Fault::Busy(times) if number < times => busy(),
        Fault::Busy(_) => empty(instant),
        Fault::Slow(milliseconds) => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            empty(instant)
        }
        Fault::TooManySamples(seconds) => too_many_samples(request, seconds).await,
        Fault::WrongContentType => text(StatusCode::OK, "image/png", EMPTY),
        Fault::NoRemoteRead if reads => {
            text(StatusCode::NOT_FOUND, "text/plain", "404 page not found\n")
        }
        Fault::NoRemoteRead => empty(instant),
        Fault::GarbageFrames if reads => garbage_frames(),
        Fault::GarbageFrames => empty(instant),
    }
}

fn text(status: StatusCode, content_type: &str, body: impl Into<Body>) -> Response {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, content_type)
        .body(body.into())
        .expect("a response of constant parts")
}

fn empty(instant: bool) -> Response {
    let body = if instant { EMPTY_NOW } else { EMPTY };
    text(StatusCode::OK, "application/json", body)
}

fn error(kind: &str, message: &str) -> Response {
    let body = format!(r#"{{"status":"error","errorType":"{kind}","error":"{message}"}}"#);
    text(StatusCode::UNPROCESSABLE_ENTITY, "application/json", body)
}

fn login_page() -> Response {
    let page = "<!DOCTYPE html><html><head><title>Sign in</title></head><body><form action=\
                \"/login\"><input name=\"user\"></form></body></html>";
    text(StatusCode::OK, "text/html; charset=utf-8", page)
}

fn redirect() -> Response {
    let mut response = text(StatusCode::FOUND, "text/plain", "");
    let login = header::HeaderValue::from_static("https://login.example/?from=prometheus");
    response.headers_mut().insert(header::LOCATION, login);
    response
}

fn busy() -> Response {
    let mut response = text(
        StatusCode::TOO_MANY_REQUESTS,
        "text/plain",
        "too many requests\n",
    );
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, header::HeaderValue::from_static("0"));
    response
}

/// A body that promises more than it has.
fn truncated() -> Response {
    let half =
        r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"pod":"we"#;
    let sent = stream::once(async move { Ok(Bytes::from_static(half.as_bytes())) });
    let cut = stream::once(async {
        // What was sent before has to leave first, or the client sees no answer at all.
        tokio::time::sleep(Duration::from_millis(50)).await;
        Err(std::io::Error::other("the connection is cut"))
    });
    text(
        StatusCode::OK,
        "application/json",
        Body::from_stream(sent.chain(cut)),
    )
}

/// Parameters may stand in the URL or in a form.
async fn too_many_samples(request: Request, seconds: u64) -> Response {
    let instant = request.uri().path().ends_with("/api/v1/query");
    let query = request.uri().query().unwrap_or("").to_owned();
    let body = axum::body::to_bytes(request.into_body(), 1 << 20)
        .await
        .unwrap_or_default();
    let form = format!("{query}&{}", String::from_utf8_lossy(&body));
    let parameter = |wanted: &str| {
        let mut pairs = form.split('&').filter_map(|it| it.split_once('='));
        pairs
            .find(|it| it.0 == wanted)
            .and_then(|it| it.1.parse::<f64>().ok())
    };
    match parameter("start").zip(parameter("end")) {
        Some((start, end)) if end - start > seconds as f64 => error(
            "execution",
            "query processing would load too many samples into memory in query execution",
        ),
        _ => empty(instant),
    }
}

/// A frame with a right length and a wrong checksum.
fn garbage_frames() -> Response {
    let frame = [&[5_u8][..], &[0xDE, 0xAD, 0xBE, 0xEF], b"chunk"].concat();
    let frames = stream::iter([Ok::<_, Infallible>(Bytes::from(frame))]);
    let kind = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";
    text(StatusCode::OK, kind, Body::from_stream(frames))
}
