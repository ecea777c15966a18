//! A server in front of Prometheus that keeps every request, so that they can be asked again by
//! a client that does nothing with the answers.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

/// A request as it was sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Recorded {
    pub(crate) method: String,
    /// With its query.
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// Those that change the answer; the connection's own are made anew.
const KEPT: [&str; 4] = [
    "accept-encoding",
    "content-encoding",
    "content-type",
    "x-prometheus-remote-read-version",
];

pub(crate) struct Recorder {
    pub(crate) address: SocketAddr,
    state: Forward,
}

#[derive(Clone)]
struct Forward {
    to: String,
    client: reqwest::Client,
    seen: Arc<Mutex<Vec<Recorded>>>,
}

impl Recorder {
    /// Passes everything on to the server at `to`, on a task of the current runtime.
    pub(crate) async fn start(to: &str) -> Self {
        let client = super::plain_client();
        let state = Forward {
            to: to.to_owned(),
            client,
            seen: Arc::default(),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let router = Router::new().fallback(forward).with_state(state.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, state }
    }

    /// The requests so far, in the order in which they came.
    pub(crate) fn requests(&self) -> Vec<Recorded> {
        let seen = self.state.seen.lock();
        seen.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn forward(
    State(to): State<Forward>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path_and_query().map_or("/", |it| it.as_str());
    let kept = |(name, value): (&HeaderName, &axum::http::HeaderValue)| {
        let is_kept = KEPT.contains(&name.as_str());
        let value = value.to_str().ok()?.to_owned();
        is_kept.then(|| (name.to_string(), value))
    };
    let request = Recorded {
        method: method.to_string(),
        path: path.to_owned(),
        headers: headers.iter().filter_map(kept).collect(),
        body: body.to_vec(),
    };
    let sent = send(&to.client, &to.to, &request).await;
    let seen = to.seen.lock();
    seen.unwrap_or_else(PoisonError::into_inner).push(request);
    match sent {
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
        Ok(answer) => {
            let mut response = Response::builder().status(answer.status());
            for name in ["content-type", "content-encoding"] {
                if let Some(value) = answer.headers().get(name) {
                    response = response.header(name, value);
                }
            }
            let body = Body::from_stream(answer.bytes_stream());
            response.body(body).expect("headers of a sound answer")
        }
    }
}

/// Sends a recorded request to the server at `to`.
pub(crate) async fn send(
    client: &reqwest::Client,
    to: &str,
    request: &Recorded,
) -> reqwest::Result<reqwest::Response> {
    let method = request.method.parse().unwrap_or(Method::POST);
    let mut asked = client.request(method, format!("{to}{}", request.path));
    for (name, value) in &request.headers {
        asked = asked.header(name, value);
    }
    asked.body(request.body.clone()).send().await
}
