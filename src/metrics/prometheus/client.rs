//! Asks a Prometheus and hands out its answers while they arrive.
//!
//! One request after another is easy; what is here is the rest: a bound on how many are under
//! way, tries anew, queries by POST or GET, and memory that does not grow with the answer. How a
//! single request goes is in [`exchange`].

mod exchange;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::answer::Envelope;
use super::decode::{self, Element};
use super::error::{Cause, Error};
use super::frames::Elements;
use super::labels::Labels;
use super::observe::{Observer, Underway};
use super::retry::Backoff;
use super::sample::Sample;
use super::server::Server;
use super::transport::Transport;
use super::{Compression, Options};
use crate::units::Step;
use exchange::Question;

/// A client of the Prometheus HTTP API. Clones share the limit of requests and the counters; those made
/// by [`apart`](Client::apart) the counters alone.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    /// For requests under way.
    places: Arc<Semaphore>,
    at_once: usize,
}

struct Shared {
    transport: Transport,
    server: Option<Server>,
    compression: Compression,
    timeout: Duration,
    backoff: Backoff,
    requests: AtomicU64,
    bytes: AtomicU64,
    /// Whether the server has answered anything yet.
    answered: AtomicBool,
    /// Whether queries go by GET, because POST was refused and GET was not.
    by_get: AtomicBool,
    warnings: Mutex<BTreeSet<String>>,
    observer: Option<Observer>,
}

/// What has gone over the wire so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Tries included.
    pub requests: u64,
    /// Bytes of the answers' bodies, packed as they came.
    pub bytes: u64,
}

/// One sample of an instant query; a scalar has no labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Instant {
    pub labels: Labels,
    pub value: f64,
}

/// An expression over a time, both ends included.
#[derive(Clone, Debug)]
pub struct RangeQuery {
    pub expr: String,
    pub start: Timestamp,
    pub end: Timestamp,
    pub step: Step,
}

/// What else decides upon an answer, for servers that guard namespaces or have several tenants. It
/// goes into the URL and the headers, where proxies look.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Narrowing<'a> {
    pub(super) parameters: &'a [(String, String)],
    pub(super) headers: &'a [(String, String)],
}

/// A server with more to say than this says the same in many words.
const MOST_WARNINGS: usize = 100;

impl Client {
    pub fn new(transport: Transport, options: &Options) -> Self {
        Self::with_backoff(transport, options, Backoff::default())
    }

    /// As [`new`](Self::new), with other waits between tries.
    pub fn with_backoff(transport: Transport, options: &Options, backoff: Backoff) -> Self {
        let shared = Shared {
            server: transport.server(),
            transport,
            compression: options.compression,
            timeout: options.timeout,
            backoff,
            requests: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            answered: AtomicBool::new(false),
            by_get: AtomicBool::new(false),
            warnings: Mutex::default(),
            observer: options.observer.clone(),
        };
        let at_once = options.concurrency.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            shared: Arc::new(shared),
            places: Arc::new(Semaphore::new(at_once)),
            at_once,
        }
    }

    /// The same with places of its own for requests, so that nobody waits for others whose answers do
    /// not come. What goes over the wire is counted together.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            places: Arc::new(Semaphore::new(self.at_once)),
            at_once: self.at_once,
        }
    }

    /// What to call the server in messages; holds no secrets.
    pub fn name(&self) -> &str {
        self.shared.transport.name()
    }

    /// Which server it is, as far as its address tells.
    pub(super) fn server(&self) -> Option<&Server> {
        self.shared.server.as_ref()
    }

    /// How long one request may take.
    pub(super) fn timeout(&self) -> Duration {
        self.shared.timeout
    }

    /// What has gone over the wire until now; may be asked while requests are under way.
    pub fn traffic(&self) -> Traffic {
        Traffic {
            requests: self.shared.requests.load(Ordering::Relaxed),
            bytes: self.shared.bytes.load(Ordering::Relaxed),
        }
    }

    /// Warnings of the answers until now, sorted, without repetitions.
    pub fn warnings(&self) -> Vec<String> {
        let warnings = self.shared.warnings.lock();
        let warnings = warnings.unwrap_or_else(PoisonError::into_inner);
        warnings.iter().cloned().collect()
    }

    /// The value of `query` at a time: a vector, or a scalar as one sample without labels. For
    /// small answers, since all of it is kept.
    pub async fn instant(&self, query: &str, at: Timestamp) -> Result<Vec<Instant>, Error> {
        self.instants(query, Some(at)).await
    }

    /// The same at whatever time the server takes for now.
    pub(super) async fn instant_now(&self, query: &str) -> Result<Vec<Instant>, Error> {
        self.instants(query, None).await
    }

    async fn instants(&self, query: &str, at: Option<Timestamp>) -> Result<Vec<Instant>, Error> {
        let question = Question::form("/api/v1/query", Elements::Result).with("query", query);
        let question = match at {
            Some(at) => question.with("time", &seconds(at)),
            None => question,
        };
        let question = question.with("timeout", &self.server_timeout()).whole();
        let (vector, envelope) = self
            .gather(&question, Vector::default, Vector::read)
            .await?;
        let kind = envelope.result_type().to_owned();
        self.note(envelope);
        match kind.as_str() {
            "vector" | "scalar" => Ok(vector.instants),
            other => Err(self.bad_answer(format!("its result is of type {other:?}"))),
        }
    }

    /// The labels of every series that any of `matchers` selects between two times.
    ///
    /// They are handed to `each` as they come. Should a try fail in the middle, the next one
    /// starts from a new `begin()`.
    pub async fn series<A>(
        &self,
        matchers: &[String],
        start: Timestamp,
        end: Timestamp,
        begin: impl Fn() -> A,
        each: impl Fn(&mut A, Labels),
    ) -> Result<A, Error> {
        let question = Question::form("/api/v1/series", Elements::Data)
            .with("start", &seconds(start))
            .with("end", &seconds(end))
            .whole();
        let question = matchers
            .iter()
            .fold(question, |it, matcher| it.with("match[]", matcher));
        let read = |found: &mut A, json: &[u8]| {
            each(found, decode::labels(json)?);
            Ok(())
        };
        let (found, envelope) = self.gather(&question, begin, read).await?;
        self.note(envelope);
        Ok(found)
    }

    /// The series of a range query, handed to `each` as they come, samples in order of time.
    ///
    /// Should a try fail in the middle, the next one starts from a new `begin()`.
    ///
    /// # Errors
    /// [`Error::TooMuch`] where less at once may be answered.
    pub async fn range<A>(
        &self,
        query: &RangeQuery,
        begin: impl Fn() -> A,
        each: impl Fn(&mut A, &Labels, &[Sample]),
    ) -> Result<A, Error> {
        self.narrowed_range(query, Narrowing::default(), begin, each)
            .await
    }

    /// The same of a part of what the server has.
    pub(super) async fn narrowed_range<A>(
        &self,
        query: &RangeQuery,
        narrowing: Narrowing<'_>,
        begin: impl Fn() -> A,
        each: impl Fn(&mut A, &Labels, &[Sample]),
    ) -> Result<A, Error> {
        let question = Question::form("/api/v1/query_range", Elements::Result)
            .narrowed(narrowing)
            .with("query", &query.expr)
            .with("start", &seconds(query.start))
            .with("end", &seconds(query.end))
            .with("step", &query.step.seconds().to_string())
            .with("timeout", &self.server_timeout())
            // VictoriaMetrics moves the times of a query that it might keep to multiples of the step.
            .with("nocache", "1")
            .whole();
        let begin = || (begin(), Element::default());
        let read = |(found, series): &mut (A, Element), json: &[u8]| {
            series.read(json)?;
            each(found, &series.labels, &series.samples);
            Ok(())
        };
        let ((found, _), envelope) = self.gather(&question, begin, read).await?;
        let kind = envelope.result_type().to_owned();
        self.note(envelope);
        match kind.as_str() {
            "matrix" => Ok(found),
            other => Err(self.bad_answer(format!("its result is of type {other:?}"))),
        }
    }

    /// The body of a remote read with streamed chunks, in pieces as they come.
    ///
    /// `body` is a `ReadRequest` packed by snappy. The frames of the answer are for `each` to
    /// cut; its error ends the request. Should a try fail in the middle, the next one starts from
    /// a new `begin()`. This needs POST: through the service proxy, the right to `create`
    /// services/proxy.
    ///
    /// # Errors
    /// [`Error::NotSupported`] where there is no such endpoint or it does not stream.
    pub async fn read<A, E: Into<Cause>>(
        &self,
        body: Bytes,
        begin: impl Fn() -> A,
        each: impl Fn(&mut A, Bytes) -> Result<(), E>,
    ) -> Result<A, Error> {
        let _place = self.place().await;
        let mut done = 0;
        loop {
            let mut found = begin();
            let take = |piece| each(&mut found, piece).map_err(Into::into);
            let mut underway = self.begin();
            let asked = self.within(self.read_once(body.clone(), take, &mut underway));
            let asked = asked.await;
            underway.end(&asked);
            match asked {
                Ok(()) => return Ok(found),
                Err(error) => self.pause(&mut done, error).await?,
            }
        }
    }

    /// The envelope of a list or a status, for which there is nothing to stream.
    pub(super) async fn envelope(&self, path: &'static str) -> Result<Envelope, Error> {
        let question = Question::by_get(path, Elements::None);
        let (_, envelope) = self.gather(&question, || (), |(), _| Ok(())).await?;
        Ok(envelope)
    }

    /// Asks until there is an answer, and reads its elements into what `begin` gives.
    async fn gather<S>(
        &self,
        question: &Question,
        begin: impl Fn() -> S,
        read: impl Fn(&mut S, &[u8]) -> Result<(), serde_json::Error>,
    ) -> Result<(S, Envelope), Error> {
        let _place = self.place().await;
        let mut done = 0;
        loop {
            let mut found = begin();
            let take = |json: &[u8]| read(&mut found, json);
            let mut underway = self.begin();
            let asked = self.within(self.ask_once(question, take, &mut underway));
            let asked = asked.await;
            underway.end(&asked);
            match asked {
                Ok(envelope) => return Ok((found, envelope)),
                Err(error) => self.pause(&mut done, error).await?,
            }
        }
    }

    fn begin(&self) -> Underway<'_> {
        Underway::begin(self.shared.observer.as_ref())
    }

    /// Waits for one of the places for requests under way. It is kept while waiting for the next
    /// try, so that a server in trouble is asked less.
    async fn place(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed; and if it were, there would be no limit to keep.
        self.places.acquire().await.ok()
    }

    async fn within<T>(&self, request: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let after = self.shared.timeout;
        match tokio::time::timeout(after, request).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::Timeout {
                url: self.name().to_owned(),
                after,
            }),
        }
    }

    /// Waits for the next try, or gives the error back if there is to be none.
    async fn pause(&self, done: &mut u32, error: Error) -> Result<(), Error> {
        *done += 1;
        let answered = self.shared.answered.load(Ordering::Relaxed);
        let Some(wait) = self.shared.backoff.wait(*done, &error, answered) else {
            return Err(error);
        };
        tracing::debug!(%error, ?wait, tries = *done, "asking again");
        tokio::time::sleep(wait).await;
        Ok(())
    }

    /// Nine tenths of our timeout for the server, so that it gives up before we leave and can say
    /// why.
    fn server_timeout(&self) -> String {
        format!("{}s", (self.shared.timeout.as_secs() * 9 / 10).max(1))
    }

    fn note(&self, envelope: Envelope) {
        let warnings = self.shared.warnings.lock();
        let mut warnings = warnings.unwrap_or_else(PoisonError::into_inner);
        for warning in envelope.warnings() {
            if warnings.len() < MOST_WARNINGS {
                warnings.insert(warning);
            }
        }
    }

    fn bad_answer(&self, cause: impl Into<Cause>) -> Error {
        Error::BadAnswer {
            url: self.name().to_owned(),
            source: cause.into(),
        }
    }
}

/// The answer to an instant query: samples with labels, or time and value of a scalar.
#[derive(Default)]
struct Vector {
    instants: Vec<Instant>,
    element: Element,
}

impl Vector {
    fn read(&mut self, json: &[u8]) -> Result<(), serde_json::Error> {
        match json.first() {
            Some(b'{') => {
                self.element.read(json)?;
                let labels = &self.element.labels;
                let samples = self.element.samples.iter();
                self.instants.extend(samples.map(|it| Instant {
                    labels: labels.clone(),
                    value: it.value,
                }));
            }
            Some(b'"') => self.instants.push(Instant {
                labels: Labels::default(),
                value: decode::value(json)?,
            }),
            // The time of a scalar is the one that was asked for.
            _ => {
                decode::time(json)?;
            }
        }
        Ok(())
    }
}

/// Unix seconds with up to three decimals.
fn seconds(at: Timestamp) -> String {
    (at.as_millisecond() as f64 / 1000.0).to_string()
}

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;
