//! Requests whose failures say how to go on.

use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http_body_util::BodyExt;
use kube::client::Body;

use crate::causes;
use crate::cluster::Cluster;
use crate::cluster::call::Asked;
use crate::cluster::error::{Error, Unreachable};
use crate::cluster::inventory::Refusal;

/// How long the head of an answer, and then its body, may take, where the user sets no limit.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the server asks for at most is waited.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// Why there is no answer of use.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The server no longer knows what happened since.
    Expired,
    Refused(Refusal),
    /// There is no such object, or no such kind.
    Absent(Absent),
    /// Anything that may be over soon.
    Passing {
        message: String,
        /// How long the server asked to wait.
        wait: Option<Duration>,
    },
}

/// An answer 404.
#[derive(Clone, Debug)]
pub(super) struct Absent {
    operation: String,
    reason: String,
    message: String,
}

impl Absent {
    pub(super) fn error(&self) -> Error {
        Error::Api {
            operation: self.operation.clone(),
            code: 404,
            reason: self.reason.clone(),
            message: self.message.clone(),
        }
    }

    pub(super) fn message(&self) -> &str {
        &self.message
    }
}

impl Trouble {
    pub(super) fn of(error: Error, wait: Option<Duration>) -> Self {
        match error {
            Error::Forbidden {
                permission,
                message,
            } => Self::Refused(Refusal {
                namespace: permission.namespace.clone(),
                permission: Some(permission),
                message,
            }),
            Error::Api { code: 410, .. } => Self::Expired,
            Error::Api {
                operation,
                code: 404,
                reason,
                message,
            } => Self::Absent(Absent {
                operation,
                reason,
                message,
            }),
            other => Self::Passing {
                message: causes::whole(&other),
                wait: wait.map(|it| it.min(LONGEST_WAIT)),
            },
        }
    }

    pub(super) fn malformed(asked: Asked<'_>, source: serde_json::Error) -> Self {
        let operation = asked.operation();
        Self::of(Error::Malformed { operation, source }, None)
    }
}

/// Asks, and gives the answer once its head says that it is one.
pub(super) async fn open(
    cluster: &Cluster,
    asked: Asked<'_>,
    request: Option<http::Request<Vec<u8>>>,
) -> Result<http::Response<Body>, Trouble> {
    // Segments are encoded, so that only their length can be wrong.
    let Some(request) = request else {
        let code = http::StatusCode::URI_TOO_LONG;
        let error = cluster.failure(asked, code, b"the name is too long");
        return Err(Trouble::of(error, None));
    };
    let sent = cluster.send(request.map(Body::from));
    let answer = in_time(cluster, sent).await?;
    let answer = answer.map_err(|it| Trouble::of(it, None))?;
    if answer.status().is_success() {
        return Ok(answer);
    }
    let (code, wait) = (answer.status(), retry_after(answer.headers()));
    let body = read(cluster, answer).await?;
    let error = cluster.failure(asked, code, &body);
    Err(Trouble::of(error, wait))
}

/// The whole answer.
pub(super) async fn whole(
    cluster: &Cluster,
    asked: Asked<'_>,
    request: Option<http::Request<Vec<u8>>>,
) -> Result<Bytes, Trouble> {
    let answer = open(cluster, asked, request).await?;
    read(cluster, answer).await
}

async fn read(cluster: &Cluster, answer: http::Response<Body>) -> Result<Bytes, Trouble> {
    let body = in_time(cluster, answer.into_body().collect()).await?;
    let body = body.map_err(|it| Error::of_transport(cluster.endpoint(), it));
    let body = body.map_err(|it| Trouble::of(it, None))?;
    Ok(body.to_bytes())
}

async fn in_time<T>(cluster: &Cluster, call: impl Future<Output = T>) -> Result<T, Trouble> {
    let after = cluster.request_timeout.unwrap_or(PATIENCE);
    let late = |_| Error::Unreachable {
        endpoint: cluster.endpoint().clone(),
        source: Unreachable::NoAnswer { after },
    };
    let outcome = tokio::time::timeout(after, call).await.map_err(late);
    outcome.map_err(|it| Trouble::of(it, None))
}

/// In seconds, which is all that API servers send.
fn retry_after(headers: &http::HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}
