//! One request to the API server, and lists of any length.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body_util::BodyExt;
use jiff::Timestamp;
use kube::api::ListParams;
use kube::client::Body;
use kube::core::{Request, Status};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Cluster;
use super::error::{Error, Unreachable};
use super::write::date;
use crate::causes;
use crate::fleet::Permission;
use crate::wire::Exchange;

/// A resource of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Resource<'a> {
    /// Empty for the core.
    pub(super) group: &'a str,
    pub(super) version: &'a str,
    pub(super) plural: &'a str,
}

impl Resource<'_> {
    /// `deployments.apps`.
    pub(super) fn with_group(&self) -> String {
        if self.group.is_empty() {
            self.plural.to_owned()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// `apps/v1`.
    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    pub(super) fn path(&self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() { "api" } else { "apis" };
        let version = self.api_version();
        match namespace {
            Some(namespace) => {
                let namespace = segment(namespace);
                format!("/{root}/{version}/namespaces/{namespace}/{}", self.plural)
            }
            None => format!("/{root}/{version}/{}", self.plural),
        }
    }
}

/// What to list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listing<'a> {
    pub(super) resource: Resource<'a>,
    /// `None` for all namespaces.
    pub(super) namespace: Option<&'a str>,
    pub(super) selector: Option<&'a str>,
    /// Ask for nothing but `metadata`.
    pub(super) metadata_only: bool,
    /// The namespaces whose objects are of use, for those who keep them; `None` for all. What is
    /// asked for does not depend on it.
    pub(super) of_use: Option<&'a BTreeSet<String>>,
    /// Items in one answer; `None` for all of them.
    page: Option<u32>,
}

impl<'a> Listing<'a> {
    pub(super) fn of(resource: Resource<'a>, namespace: Option<&'a str>) -> Self {
        Self {
            resource,
            namespace,
            selector: None,
            metadata_only: false,
            of_use: None,
            page: Some(PAGE),
        }
    }

    pub(super) fn request(&self, token: Option<String>) -> Option<http::Request<Vec<u8>>> {
        let params = ListParams {
            label_selector: self.selector.map(str::to_owned),
            limit: self.page,
            continue_token: token,
            ..ListParams::default()
        };
        let request = Request::new(self.resource.path(self.namespace));
        let built = if self.metadata_only {
            request.list_metadata(&params)
        } else {
            request.list(&params)
        };
        built.ok()
    }
}

/// What is asked for, as messages and permissions name it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) verb: &'a str,
    /// With group and subresource: `deployments.apps/scale`.
    pub(super) resource: &'a str,
    pub(super) namespace: Option<&'a str>,
}

impl Asked<'_> {
    fn permission(&self) -> Permission {
        Permission {
            verb: self.verb.to_owned(),
            resource: self.resource.to_owned(),
            namespace: self.namespace.map(str::to_owned),
        }
    }

    pub(super) fn operation(&self) -> String {
        let Self { verb, resource, .. } = self;
        match self.namespace {
            Some(namespace) => format!("{verb} {resource} in namespace {namespace}"),
            None => format!("{verb} {resource}"),
        }
    }
}

/// Objects in one answer, as kubectl asks for them.
const PAGE: u32 = 500;

/// Tries of a request that the server is too busy for.
const TRIES: u32 = 4;
/// The first pause between them, where the server asks for none; each is twice the one before.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest pause that a server can ask for (`Retry-After`): whoever waits has asked for one thing.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Answers after which a read is asked again. It changes nothing, so that it may have been done.
pub(super) const BUSY: [u16; 3] = [429, 503, 504];
/// Answers after which a write is sent again: nothing of it was carried out.
pub(super) const NOT_STARTED: [u16; 1] = [429];

/// A whole answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) code: StatusCode,
    /// What the server's clock showed.
    pub(super) at: Option<Timestamp>,
    pub(super) body: Bytes,
    /// How long the server wants to be left alone.
    retry_after: Option<Duration>,
}

/// A page of a list. Servers leave `items` out, or write `null`, where there are none.
#[derive(Deserialize)]
struct Page<T> {
    #[serde(default)]
    metadata: PageMeta,
    items: Option<Vec<T>>,
}

#[derive(Default, Deserialize)]
struct PageMeta {
    #[serde(default, rename = "continue")]
    token: Option<String>,
}

impl Cluster {
    /// Every item of a list, page by page.
    ///
    /// When the server has forgotten the list in the middle (410), asks for the whole at once, as
    /// a list that once was too slow will be again; items may come twice then.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        listing: &Listing<'_>,
        mut each: impl FnMut(T),
    ) -> Result<(), Error> {
        let mut listing = *listing;
        let mut token: Option<String> = None;
        loop {
            let page = match self.page(&listing, token.clone()).await {
                Err(Error::Api { code: 410, .. }) if token.is_some() && listing.page.is_some() => {
                    listing.page = None;
                    token = None;
                    continue;
                }
                other => other?,
            };
            page.items.into_iter().flatten().for_each(&mut each);
            token = page.metadata.token.filter(|it| !it.is_empty());
            if token.is_none() {
                return Ok(());
            }
        }
    }

    /// Where the list of a resource is not found, its whole API is missing.
    pub(super) fn not_served(&self, error: Error, resource: Resource<'_>) -> Error {
        match error.code() {
            Some(404) => Error::NotServed {
                endpoint: self.endpoint.clone(),
                api: resource.api_version(),
            },
            _ => error,
        }
    }

    async fn page<T: DeserializeOwned>(
        &self,
        listing: &Listing<'_>,
        token: Option<String>,
    ) -> Result<Page<T>, Error> {
        let resource = listing.resource.with_group();
        let asked = Asked {
            verb: "list",
            resource: &resource,
            namespace: listing.namespace,
        };
        self.ask(asked, || listing.request(token.clone())).await
    }

    /// One object by its path.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        asked: Asked<'_>,
        path: &str,
    ) -> Result<T, Error> {
        self.ask(asked, || plain_get(path)).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        asked: Asked<'_>,
        request: impl Fn() -> Option<http::Request<Vec<u8>>>,
    ) -> Result<T, Error> {
        Ok(self.dated(asked, request).await?.0)
    }

    /// Asks, and asks again after a while where the server is too busy. With the answer comes what
    /// the server's clock showed.
    pub(super) async fn dated<T: DeserializeOwned>(
        &self,
        asked: Asked<'_>,
        request: impl Fn() -> Option<http::Request<Vec<u8>>>,
    ) -> Result<(T, Option<Timestamp>), Error> {
        let reply = self.patiently(&BUSY, asked, request).await?;
        if !reply.code.is_success() {
            return Err(self.failure(asked, reply.code, &reply.body));
        }
        let value = serde_json::from_slice(&reply.body).map_err(|source| Error::Malformed {
            operation: asked.operation(),
            source,
        });
        Ok((value?, reply.at))
    }

    /// Sends a request, and sends it again after a while where the answer is one of `busy`.
    pub(super) async fn patiently(
        &self,
        busy: &[u16],
        asked: Asked<'_>,
        request: impl Fn() -> Option<http::Request<Vec<u8>>>,
    ) -> Result<Reply, Error> {
        let mut pause = PAUSE;
        for _ in 1..TRIES {
            let reply = self.once(asked, request()).await?;
            if !busy.contains(&reply.code.as_u16()) {
                return Ok(reply);
            }
            let wanted = reply.retry_after.unwrap_or_default();
            tokio::time::sleep(wanted.clamp(pause, LONGEST_PAUSE)).await;
            pause *= 2;
        }
        self.once(asked, request()).await
    }

    async fn once(
        &self,
        asked: Asked<'_>,
        request: Option<http::Request<Vec<u8>>>,
    ) -> Result<Reply, Error> {
        // Segments are encoded, so that only their length can be wrong.
        let Some(request) = request else {
            let code = StatusCode::URI_TOO_LONG;
            return Err(self.failure(asked, code, b"the name is too long"));
        };
        self.exchange(request).await
    }

    /// One request and its whole answer.
    async fn exchange(&self, request: http::Request<Vec<u8>>) -> Result<Reply, Error> {
        let told = self.begin(&request, request.body());
        let request = request.map(Body::from);
        let reply = self
            .within_timeout(self.replied(request, told.as_ref()))
            .await;
        if let (Some(told), Err(error)) = (&told, &reply) {
            told.unanswered(&causes::whole(error));
        }
        reply
    }

    async fn replied(
        &self,
        request: http::Request<Body>,
        told: Option<&Exchange>,
    ) -> Result<Reply, Error> {
        let response = self.answered(request).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await;
        let body = body.map_err(|it| Error::of_transport(&self.endpoint, it))?;
        let body = body.to_bytes();
        if let Some(told) = told {
            told.answered(head.status, Some(body.len() as u64));
            told.received(&head.headers, &body);
        }
        Ok(Reply {
            code: head.status,
            at: date(&head.headers),
            body,
            retry_after: retry_after(&head.headers),
        })
    }

    /// What the log tells of a request. Credentials are added below this.
    fn begin<B>(&self, request: &http::Request<B>, body: &[u8]) -> Option<Exchange> {
        let path = request.uri().path_and_query().map_or("/", |it| it.as_str());
        let told = Exchange::begin(request.method(), &self.endpoint.server, path)?;
        told.sent(request.headers(), body);
        Some(told)
    }

    /// One request with the credentials of the context.
    /// The timeout covers the head of the answer; the body is the caller's.
    ///
    /// # Errors
    ///
    /// Only where there is no answer; one that says no is an answer.
    pub(super) async fn send(
        &self,
        request: http::Request<Body>,
    ) -> Result<http::Response<Body>, Error> {
        let told = self.begin(&request, &[]);
        let answer = self.within_timeout(self.answered(request)).await;
        match (&told, &answer) {
            (None, _) => {}
            (Some(told), Ok(answer)) => told.answered(answer.status(), None),
            (Some(told), Err(error)) => told.unanswered(&causes::whole(error)),
        }
        answer
    }

    async fn answered(&self, request: http::Request<Body>) -> Result<http::Response<Body>, Error> {
        let answer = self.client.send(request).await;
        answer.map_err(|it| Error::of_transport(&self.endpoint, it))
    }

    async fn within_timeout<T>(
        &self,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let Some(after) = self.request_timeout else {
            return call.await;
        };
        let late = |_| Error::Unreachable {
            endpoint: self.endpoint.clone(),
            source: Unreachable::NoAnswer { after },
        };
        tokio::time::timeout(after, call).await.map_err(late)?
    }

    pub(super) fn failure(&self, asked: Asked<'_>, code: StatusCode, body: &[u8]) -> Error {
        let status = status_of(code, body);
        if status.code == 403 {
            return Error::Forbidden {
                permission: asked.permission(),
                message: status.message,
            };
        }
        Error::of_status(&self.endpoint, asked.operation(), status)
    }
}

/// `Retry-After` in seconds, the only form that API servers write.
fn retry_after(headers: &http::HeaderMap) -> Option<Duration> {
    let seconds = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?;
    Some(Duration::from_secs(seconds.parse().ok()?))
}

fn plain_get(path: &str) -> Option<http::Request<Vec<u8>>> {
    http::Request::get(path).body(Vec::new()).ok()
}

/// A name as one segment of a path, whatever somebody typed.
pub(super) fn segment(name: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        // A name of nothing but dots would climb the path.
        b'.' if name.bytes().any(|it| it != b'.') => ".".to_owned(),
        other => format!("%{other:02X}"),
    };
    name.bytes().map(encode).collect()
}

/// The API's own words, or the body where something between here and there answered.
pub(super) fn status_of(code: StatusCode, body: &[u8]) -> Status {
    let status: Option<Status> = serde_json::from_slice(body).ok();
    let mut status = status.unwrap_or_default();
    if status.message.is_empty() {
        status.message = excerpt(body);
    }
    if status.reason.is_empty() {
        status.reason = code.canonical_reason().unwrap_or_default().to_owned();
    }
    status.code = code.as_u16();
    status
}

/// The first line, of at most 200 characters.
fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let line = text.lines().map(str::trim).find(|it| !it.is_empty());
    line.unwrap_or("no message").chars().take(200).collect()
}

#[cfg(test)]
mod tests;
