//! One request and its answer, without a second try.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::{Client, Narrowing, Shared};
use crate::metrics::prometheus::answer::{self, Envelope};
use crate::metrics::prometheus::error::{Cause, Error, Phase, classify};
use crate::metrics::prometheus::frames::{Elements, Flaw, Frames};
use crate::metrics::prometheus::inflate::Inflate;
use crate::metrics::prometheus::observe::Underway;
use crate::metrics::prometheus::transport::{Body, Request, Response};

/// How much of an answer that is no success is read for its message.
const MESSAGE_LIMIT: usize = 64 * 1024;

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
const PROTOBUF: HeaderValue = HeaderValue::from_static("application/x-protobuf");
const SNAPPY: HeaderValue = HeaderValue::from_static("snappy");
const READ_VERSION: HeaderName = HeaderName::from_static("x-prometheus-remote-read-version");
const STREAMED_READ: &str = "remote read with streamed chunks";
const STREAMED: &str = "application/x-streamed-protobuf";

/// A question to an endpoint that answers in JSON.
pub(super) struct Question {
    path: &'static str,
    elements: Elements,
    pairs: Vec<(&'static str, String)>,
    /// In the URL even where the others are in the body: proxies look for them there.
    in_url: Vec<(String, String)>,
    headers: HeaderMap,
    by_get: bool,
}

impl Question {
    /// By POST, since regular expressions over many names are longer than a URL may be.
    pub(super) fn form(path: &'static str, elements: Elements) -> Self {
        Self {
            path,
            elements,
            pairs: Vec::new(),
            in_url: Vec::new(),
            headers: HeaderMap::new(),
            by_get: false,
        }
    }

    /// By GET, for endpoints that know nothing else.
    pub(super) fn by_get(path: &'static str, elements: Elements) -> Self {
        Self {
            by_get: true,
            ..Self::form(path, elements)
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.pairs.push((name, value.to_owned()));
        self
    }

    /// Narrows what is asked for. A header that none can be is left out.
    pub(super) fn narrowed(mut self, narrowing: Narrowing<'_>) -> Self {
        self.in_url = narrowing.parameters.to_vec();
        for (name, value) in narrowing.headers {
            let name = HeaderName::try_from(name.as_str());
            if let (Ok(name), Ok(mut value)) = (name, HeaderValue::try_from(value.as_str())) {
                // It may well be a key to somebody's tenant.
                value.set_sensitive(true);
                self.headers.insert(name, value);
            }
        }
        self
    }

    /// Refuses an answer from which a storage node is missing: a part of the load would pass for
    /// the whole. Thanos knows the first of these, VictoriaMetrics the second; others ignore both.
    pub(super) fn whole(self) -> Self {
        self.with("partial_response", "false")
            .with("deny_partial_response", "1")
    }

    fn encoded(&self) -> String {
        encoded(&self.pairs)
    }

    /// All of it.
    fn url_query(&self, pairs: &str) -> String {
        let narrowing = encoded(&self.in_url);
        match (narrowing.is_empty(), pairs.is_empty()) {
            (true, _) => pairs.to_owned(),
            (false, true) => narrowing,
            (false, false) => format!("{pairs}&{narrowing}"),
        }
    }
}

fn encoded<N: AsRef<str>>(pairs: &[(N, String)]) -> String {
    let mut url = reqwest::Url::parse("http://form/").expect("a constant URL is valid");
    url.query_pairs_mut().extend_pairs(pairs);
    url.query().unwrap_or_default().to_owned()
}

impl Client {
    /// Asks, and calls `take` with every element of the answer.
    pub(super) async fn ask_once(
        &self,
        question: &Question,
        mut take: impl FnMut(&[u8]) -> Result<(), serde_json::Error>,
        underway: &mut Underway<'_>,
    ) -> Result<Envelope, Error> {
        let mut answer = self.put(question, underway).await?;
        let mut frames = Frames::new(question.elements);
        let mut first = true;
        while let Some(piece) = answer.next().await? {
            let is_first = std::mem::take(&mut first);
            if is_first {
                answer.tell(&piece);
            }
            if is_first && answer::is_page(&answer.headers, &piece) {
                return Err(answer::not_prometheus(self.name(), &answer.headers, &piece));
            }
            frames
                .push(&piece, |json| take(json).map_err(Flaw::from))
                .map_err(|flaw| self.flawed(flaw, &answer.headers, &piece))?;
        }
        let envelope = frames
            .finish()
            .map_err(|flaw| self.flawed(flaw, &answer.headers, b""))?;
        Envelope::read(self.name(), &envelope)
    }

    /// Posts a remote read, and calls `take` with every piece of the answer.
    pub(super) async fn read_once(
        &self,
        body: Bytes,
        mut take: impl FnMut(Bytes) -> Result<(), Cause>,
        underway: &mut Underway<'_>,
    ) -> Result<(), Error> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, PROTOBUF);
        headers.insert(CONTENT_ENCODING, SNAPPY);
        headers.insert(READ_VERSION, HeaderValue::from_static("0.1.0"));
        // Chunks are packed as they are.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let request = Request {
            method: Method::POST,
            path: "/api/v1/read",
            query: None,
            headers,
            body,
        };
        let response = self.shared.send(request, underway).await?;
        let mut answer = self.streamed(response, underway).await?;
        while let Some(piece) = answer.next().await? {
            take(piece).map_err(|cause| self.bad_answer(cause))?;
        }
        Ok(())
    }

    /// The answer's body to come, if it is one of streamed chunks.
    async fn streamed<'a, 'u>(
        &'a self,
        response: Response,
        underway: &'a mut Underway<'u>,
    ) -> Result<Answer<'a, 'u>, Error> {
        let status = response.status;
        let content_type = answer::content_type(&response.headers).to_owned();
        let is_page = answer::is_page(&response.headers, b"");
        if status == StatusCode::OK && !is_page && !content_type.starts_with(STREAMED) {
            return Err(Error::NotSupported {
                url: self.name().to_owned(),
                feature: STREAMED_READ,
                message: format!("it answers with content type {content_type:?}"),
            });
        }
        let answer = self.accepted(response, underway).await;
        let mut answer = answer.map_err(|error| without_read(status, error))?;
        if is_page {
            let page = answer.beginning().await;
            return Err(answer::not_prometheus(self.name(), &answer.headers, &page));
        }
        Ok(answer)
    }

    /// Sends a question by POST, or by GET where the server wants that.
    async fn put<'a, 'u>(
        &'a self,
        question: &Question,
        underway: &'a mut Underway<'u>,
    ) -> Result<Answer<'a, 'u>, Error> {
        let shared = &self.shared;
        let encoded = question.encoded();
        let in_url = question.url_query(&encoded);
        if question.by_get || shared.by_get.load(Ordering::Relaxed) {
            let response = shared.send(self.get(question, &in_url), underway).await?;
            return self.accepted(response, underway).await;
        }
        let narrowing = question.url_query("");
        let request = self.post(question, &encoded, &narrowing);
        let response = shared.send(request, underway).await?;
        if !shared.transport.refuses_post(response.status) {
            return self.accepted(response, underway).await;
        }
        underway.again();
        let response = shared.send(self.get(question, &in_url), underway).await?;
        if response.status.is_success() {
            shared.by_get.store(true, Ordering::Relaxed);
        }
        self.accepted(response, underway).await
    }

    fn post<'a>(&self, question: &Question, encoded: &str, in_url: &'a str) -> Request<'a> {
        let mut headers = self.asking_headers(question);
        headers.insert(CONTENT_TYPE, FORM);
        Request {
            method: Method::POST,
            path: question.path,
            query: Some(in_url).filter(|it| !it.is_empty()),
            headers,
            body: Bytes::copy_from_slice(encoded.as_bytes()),
        }
    }

    fn get<'a>(&self, question: &Question, in_url: &'a str) -> Request<'a> {
        Request {
            method: Method::GET,
            path: question.path,
            query: Some(in_url).filter(|it| !it.is_empty()),
            headers: self.asking_headers(question),
            body: Bytes::new(),
        }
    }

    fn asking_headers(&self, question: &Question) -> HeaderMap {
        let encodings = self.shared.transport.encodings(self.shared.compression);
        let mut headers = question.headers.clone();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(encodings));
        headers
    }

    /// The answer's body to come, or the error that its status means.
    async fn accepted<'a, 'u>(
        &'a self,
        response: Response,
        underway: &'a mut Underway<'u>,
    ) -> Result<Answer<'a, 'u>, Error> {
        let status = response.status;
        let mut answer = Answer::new(&self.shared, response, underway)?;
        if status == StatusCode::OK {
            return Ok(answer);
        }
        let body = answer.beginning().await;
        Err(answer::refusal(self.name(), status, &answer.headers, &body))
    }

    /// `piece` is what the flaw was found in.
    fn flawed(&self, flaw: Flaw, headers: &HeaderMap, piece: &[u8]) -> Error {
        let url = self.name().to_owned();
        match flaw {
            Flaw::Truncated => Error::Truncated {
                url,
                source: Box::new(flaw),
            },
            Flaw::NotAnObject => answer::not_prometheus(&url, headers, piece),
            Flaw::Envelope | Flaw::Element | Flaw::Stray | Flaw::Json(_) => self.bad_answer(flaw),
        }
    }
}

impl Shared {
    async fn send(
        &self,
        request: Request<'_>,
        underway: &mut Underway<'_>,
    ) -> Result<Response, Error> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        underway.sent(self.transport.name(), &request);
        let response = self.transport.send(request).await?;
        underway.answered(&response);
        self.answered.store(true, Ordering::Relaxed);
        Ok(response)
    }
}

/// An endpoint that is not there is a feature that is missing.
fn without_read(status: StatusCode, error: Error) -> Error {
    match error {
        Error::NotFound { url, message } | Error::Refused { url, message, .. }
            if is_missing(status, &message) =>
        {
            Error::NotSupported {
                url,
                feature: STREAMED_READ,
                message,
            }
        }
        other => other,
    }
}

/// VictoriaMetrics answers 400 to a path that it does not know.
fn is_missing(status: StatusCode, message: &str) -> bool {
    match status.as_u16() {
        404 | 405 | 415 | 501 => true,
        400 => message.contains("unsupported path"),
        _ => false,
    }
}

/// The body of an answer, counted as it comes and unpacked.
struct Answer<'a, 'u> {
    shared: &'a Shared,
    underway: &'a mut Underway<'u>,
    headers: HeaderMap,
    body: Body,
    /// `None` once the body has ended.
    inflate: Option<Inflate>,
}

impl<'a, 'u> Answer<'a, 'u> {
    fn new(
        shared: &'a Shared,
        response: Response,
        underway: &'a mut Underway<'u>,
    ) -> Result<Self, Error> {
        let inflate = Inflate::new(&response.headers).map_err(|encoding| Error::BadAnswer {
            url: shared.transport.name().to_owned(),
            source: format!("it is packed by {encoding:?}, which was not asked for").into(),
        })?;
        Ok(Self {
            shared,
            underway,
            headers: response.headers,
            body: response.body,
            inflate: Some(inflate),
        })
    }

    /// Tells the log how it begins.
    fn tell(&self, piece: &[u8]) {
        self.underway.begins(piece);
    }

    /// The next piece that is not empty; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let url = self.shared.transport.name();
        let broken = |source: Cause| classify(url, Phase::Reading, source);
        loop {
            let Some(inflate) = &mut self.inflate else {
                return Ok(None);
            };
            if let Some(piece) = inflate.next().map_err(|it| broken(Box::new(it)))? {
                return Ok(Some(piece));
            }
            if let Some(packed) = self.body.chunk().await.map_err(broken)? {
                let length = packed.len() as u64;
                self.shared.bytes.fetch_add(length, Ordering::Relaxed);
                self.underway.received(length);
                inflate.feed(packed);
            } else if let Some(inflate) = self.inflate.take() {
                let rest = inflate.finish().map_err(|it| broken(Box::new(it)))?;
                return Ok(Some(rest).filter(|it| !it.is_empty()));
            }
        }
    }

    /// The beginning of a message; what breaks off is shorter.
    async fn beginning(&mut self) -> Vec<u8> {
        let mut beginning = Vec::new();
        while let Ok(Some(piece)) = self.next().await {
            let room = MESSAGE_LIMIT - beginning.len();
            beginning.extend_from_slice(&piece[..piece.len().min(room)]);
            if beginning.len() >= MESSAGE_LIMIT {
                break;
            }
        }
        beginning
    }
}
