//! Services that lead out of the sandbox, such as to a Prometheus that runs beside it.

use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName};
use reqwest::{Client, Url};
use serde_json::Value;

use super::Error;
use crate::sandbox::api::{Api, Body, Proxied, Response};
use crate::sandbox::status::Refusal;

/// Headers that end at the API server: its own, and those of one connection.
const NOT_PASSED_ON: [HeaderName; 6] = [
    AUTHORIZATION,
    CONNECTION,
    CONTENT_LENGTH,
    HOST,
    TRANSFER_ENCODING,
    UPGRADE,
];

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
            Some(first) => Some(client().map_err(|_| wrong(first))?),
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
        let answer = forward(self.http.as_ref()?, upstream, asked).await;
        Some(answer.unwrap_or_else(|err| unreachable(&err)))
    }
}

fn wrong(it: &Upstream) -> Error {
    Error::Upstream {
        service: format!("{}/{}", it.namespace, it.service),
        url: it.url.clone(),
    }
}

/// A client that gives every answer as it comes, and trusts nobody, as it never speaks TLS.
fn client() -> reqwest::Result<Client> {
    // reqwest panics where no provider of cryptography is installed; one that is stays.
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Losing a race means that another thread has installed one.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    Client::builder()
        .no_proxy()
        .no_gzip()
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

async fn forward(http: &Client, to: &Upstream, asked: &Proxied) -> reqwest::Result<Response> {
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
    let body = Body::Whole(answer.bytes().await?);
    let mut response = Response::of(code, content_type, body);
    response.headers.extend(encoding);
    Ok(response)
}

fn passed_on(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in NOT_PASSED_ON {
        headers.remove(name);
    }
    headers
}

fn unreachable(err: &reqwest::Error) -> Response {
    let message = format!("error trying to reach service: {err}");
    Response::refused(&Refusal::plain(503, "ServiceUnavailable", message))
}

#[cfg(test)]
mod tests;
