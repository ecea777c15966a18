//! Tells of every request to a Prometheus and of its answer, for whoever counts them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use tokio::time::Instant;

use super::error::Error;
use super::transport::{Request, Response};
use crate::causes;
use crate::wire;

/// Is told of requests. It is called while answers are read, so it must not wait.
#[derive(Clone)]
pub struct Observer(Arc<dyn Fn(&Exchange<'_>) + Send + Sync>);

/// A request, and what came back. A second try is another one.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    pub end: End<'a>,
    /// Until the end of the answer.
    pub took: Duration,
    /// Of the answer's body, packed as it came.
    pub bytes: u64,
}

/// How a request ended.
#[derive(Clone, Copy, Debug)]
pub enum End<'a> {
    Answered,
    Failed(&'a Error),
    /// Nobody waited for the answer any more.
    GivenUp,
}

/// Whoever listens, what is asked is the same.
impl PartialEq for Observer {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Observer {
    pub fn new(observe: impl Fn(&Exchange<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(observe))
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

/// A request that is under way. Where it is dropped, it was given up.
pub(super) struct Underway<'a> {
    observer: Option<&'a Observer>,
    began: Instant,
    bytes: u64,
    /// What the log tells of it.
    told: Option<wire::Exchange>,
    status: Option<StatusCode>,
}

impl<'a> Underway<'a> {
    pub(super) fn begin(observer: Option<&'a Observer>) -> Self {
        Self {
            observer,
            began: Instant::now(),
            bytes: 0,
            told: None,
            status: None,
        }
    }

    /// It goes to the server that is called so.
    pub(super) fn sent(&mut self, server: &str, request: &Request<'_>) {
        let path = match request.query {
            Some(query) => format!("{}?{query}", request.path),
            None => request.path.to_owned(),
        };
        self.told = wire::Exchange::begin(&request.method, server, &path);
        if let Some(told) = &self.told {
            told.sent(&request.headers, &request.body);
        }
    }

    /// The head of the answer came.
    pub(super) fn answered(&mut self, response: &Response) {
        self.status = Some(response.status);
        if let Some(told) = &self.told {
            told.received(&response.headers, &[]);
        }
    }

    /// The answer's body begins so, unpacked.
    pub(super) fn begins(&self, piece: &[u8]) {
        if let Some(told) = &self.told {
            told.received(&HeaderMap::new(), piece);
        }
    }

    /// A part of the answer came.
    pub(super) fn received(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    /// It was answered, and leads to another request, which begins now.
    pub(super) fn again(&mut self) {
        self.tell(End::Answered);
        (self.began, self.bytes) = (Instant::now(), 0);
        (self.told, self.status) = (None, None);
    }

    pub(super) fn end<T>(mut self, outcome: &Result<T, Error>) {
        match outcome {
            Ok(_) => self.tell(End::Answered),
            Err(error) => self.tell(End::Failed(error)),
        }
        (self.observer, self.told) = (None, None);
    }

    fn tell(&self, end: End<'_>) {
        self.log(end);
        let Some(Observer(observe)) = self.observer else {
            return;
        };
        observe(&Exchange {
            end,
            took: self.began.elapsed(),
            bytes: self.bytes,
        });
    }
}

impl Underway<'_> {
    fn log(&self, end: End<'_>) {
        match (&self.told, self.status, end) {
            (None, ..) => {}
            (Some(told), Some(status), _) => told.answered(status, Some(self.bytes)),
            (Some(told), None, End::Failed(error)) => told.unanswered(&causes::whole(error)),
            (Some(told), None, End::Answered | End::GivenUp) => told.unanswered("given up"),
        }
    }
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        self.tell(End::GivenUp);
    }
}
