//! Services that lead out of the sandbox, such as to a Prometheus that runs beside it.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST,
    PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName};
use reqwest::{Client, Url};
use serde_json::Value;

use super::Error;
use crate::sandbox::api::{Api, Body, Proxied, Response};
use crate::sandbox::status::Refusal;

/// Headers that end at the API server: its own, and those of one connection.
const NOT_PASSED_ON: [HeaderName; 11] = [
    AUTHORIZATION,
    CONNECTION,
    CONTENT_LENGTH,
    HOST,
    HeaderName::from_static("keep-alive"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// What headers begin with that say as whom the API server is to act.
const IMPERSONATION: &str = "impersonate-";

/// How long a server of this machine may take to accept a connection.
const CONNECTING: Duration = Duration::from_secs(5);

/// What an upstream may take up. An answer is held in memory as a whole.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// From the request to the end of the answer.
    patience: Duration,
    /// Bytes of an answer.
    largest: usize,
}

const LIMITS: Limits = Limits {
    patience: Duration::from_secs(120),
    largest: 256 << 20,
};

/// A server for which a service of the sandbox stands. The service itself has to be there too, with
/// the port that clients ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    pub namespace: String,
    /// The name of the service.
    pub service: String,
    /// Of plain HTTP, such as `http://127.0.0.1:9090`; paths go on where it ends.
    pub url: String,
}

/// All of them, and what asks them.
pub(super) struct Upstreams {
    all: Vec<Upstream>,
    /// None where there is nobody to ask.
    http: Option<Client>,
}

impl Upstreams {
    /// # Errors
    /// When a URL is none of a server that can be asked.
    pub(super) fn new(all: Vec<Upstream>) -> Result<Self, Error> {
        for it in &all {
            let url = Url::parse(&it.url).ok();
            url.filter(|it| it.scheme() == "http" && it.query().is_none())
                .ok_or_else(|| wrong(it))?;
        }
        let http = match all.first() {
            Some(first) => Some(client(LIMITS.patience).map_err(|_| wrong(first))?),
            None => None,
        };
        Ok(Self { all, http })
    }

    /// What the upstream of the service answers; `None` where the service has none, or not at that
    /// port.
    pub(super) async fn answer(&self, api: &Api, asked: &Proxied) -> Option<Response> {
        let is_meant =
            |it: &&Upstream| (&it.namespace, &it.service) == (&asked.namespace, &asked.service);
        let upstream = self.all.iter().find(is_meant)?;
        let service = api.get("", "services", &asked.namespace, &asked.service)?;
        if !has_port(&service, &asked.port) {
            return None;
        }
        let answer = forward(self.http.as_ref()?, upstream, asked, LIMITS.largest).await;
        Some(answer.unwrap_or_else(|trouble| trouble.response()))
    }
}

fn wrong(it: &Upstream) -> Error {
    Error::Upstream {
        service: format!("{}/{}", it.namespace, it.service),
        url: it.url.clone(),
    }
}

/// A client that gives every answer as it comes, and trusts nobody, as it never speaks TLS.
fn client(patience: Duration) -> reqwest::Result<Client> {
    // reqwest panics where no provider of cryptography is installed; one that is stays.
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Losing a race means that another thread has installed one.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    Client::builder()
        .no_proxy()
        .no_gzip()
        .connect_timeout(CONNECTING)
        .timeout(patience)
        .redirect(reqwest::redirect::Policy::none())
        .tls_certs_only([])
        .build()
}

/// By name or number; a service with one port needs none.
fn has_port(service: &Value, port: &str) -> bool {
    let ports = service["spec"]["ports"].as_array();
    let ports = ports.map(Vec::as_slice).unwrap_or_default();
    match port {
        "" => ports.len() == 1,
        port => ports.iter().any(|it| {
            it["name"] == port || port.parse::<u64>().is_ok_and(|port| it["port"] == port)
        }),
    }
}

async fn forward(
    http: &Client,
    to: &Upstream,
    asked: &Proxied,
    largest: usize,
) -> Result<Response, Trouble> {
    let mut url = format!("{}{}", to.url.trim_end_matches('/'), asked.path);
    if !asked.query.is_empty() {
        url.push('?');
        url.push_str(&asked.query);
    }
    let request = http
        .request(asked.method.clone(), url)
        .headers(passed_on(&asked.headers))
        .body(asked.body.clone());
    let answer = request.send().await?;
    let text = |name: HeaderName| {
        let value = answer.headers().get(name).and_then(|it| it.to_str().ok());
        value.map(str::to_owned)
    };
    let code = answer.status().as_u16();
    let content_type = text(CONTENT_TYPE).unwrap_or_else(|| "text/plain".to_owned());
    let encoding = text(CONTENT_ENCODING).map(|it| ("content-encoding", it));
    let body = Body::Whole(whole(answer, largest).await?);
    let mut response = Response::of(code, content_type, body);
    response.headers.extend(encoding);
    Ok(response)
}

/// The body of an answer, of so many bytes at most.
async fn whole(mut answer: reqwest::Response, largest: usize) -> Result<Bytes, Trouble> {
    let mut body = BytesMut::new();
    while let Some(part) = answer.chunk().await? {
        if part.len() > largest.saturating_sub(body.len()) {
            return Err(Trouble::TooLarge(largest));
        }
        body.extend_from_slice(&part);
    }
    Ok(body.freeze())
}

fn passed_on(headers: &HeaderMap) -> HeaderMap {
    let of_connection = headers.get_all(CONNECTION).iter();
    let of_connection: Vec<String> = of_connection
        .filter_map(|it| it.to_str().ok())
        .flat_map(|it| it.split(','))
        .map(|it| it.trim().to_ascii_lowercase())
        .collect();
    let ends_here = |name: &HeaderName| {
        NOT_PASSED_ON.contains(name)
            || name.as_str().starts_with(IMPERSONATION)
            || of_connection.iter().any(|it| it == name.as_str())
    };
    let all = headers.iter().filter(|it| !ends_here(it.0));
    all.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Why an upstream gave nothing to pass on.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("error trying to reach service: {0}")]
    Unreachable(#[from] reqwest::Error),
    #[error(
        "the service answered with more than {0} bytes, which the sandbox does not pass on: ask it \
         for less at once"
    )]
    TooLarge(usize),
}

impl Trouble {
    fn response(&self) -> Response {
        let (code, reason) = match self {
            Self::Unreachable(error) if error.is_timeout() => (504, "Timeout"),
            Self::Unreachable(_) => (503, "ServiceUnavailable"),
            Self::TooLarge(_) => (502, "BadGateway"),
        };
        Response::refused(&Refusal::plain(code, reason, self.to_string()))
    }
}

#[cfg(test)]
mod tests;
