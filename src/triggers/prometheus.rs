//! The query of a `prometheus` trigger, sent as KEDA sends it: one GET with the trigger's own
//! credentials and headers.
//!
//! KEDA stands inside the cluster and we mostly do not. An address that is a service of the
//! cluster and cannot be reached from here is asked through the API server's service proxy, unless
//! the trigger has a credential that the proxy cannot carry.

mod address;
mod client;
mod proxied;

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Url;

use self::address::Service;
use super::Error;
use super::redact::Redaction;
use crate::keda::trigger::prometheus::{AnswerError, MAX_ANSWER_BYTES, answer};
use crate::keda::trigger::{Prometheus, Reading};
pub use proxied::Proxy;

/// The way that a source was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    Direct,
    /// Through the API server's service proxy.
    Proxy,
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Direct => "direct",
            Self::Proxy => "proxy",
        })
    }
}

/// A value and how it was had.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answered {
    pub reading: Reading,
    pub via: Via,
}

/// What a server answered, before anybody has looked at it.
struct Reply {
    status: u16,
    body: Vec<u8>,
}

/// Asks for the value at `now`; `proxy` is the way around for addresses inside the cluster.
///
/// # Errors
/// See [`Error`]; after `limit` at the latest.
pub async fn read(
    settings: &Prometheus,
    now: Timestamp,
    limit: Duration,
    proxy: Option<&Proxy>,
) -> Result<Answered, Error> {
    let redaction = Redaction::of(settings);
    let url = Url::parse(&settings.url(now))
        .map_err(|it| Error::Address(redaction.clean(&it.to_string())))?;
    let server = shown(&url);
    let asked = Asked {
        settings,
        url: &url,
        server: &server,
        redaction: &redaction,
        limit,
    };
    let read = asked.read(proxy);
    let late = |_| Error::Late {
        server: server.clone(),
        limit,
    };
    tokio::time::timeout(limit, read).await.map_err(late)?
}

/// One question.
struct Asked<'a> {
    settings: &'a Prometheus,
    url: &'a Url,
    server: &'a str,
    redaction: &'a Redaction,
    limit: Duration,
}

impl Asked<'_> {
    async fn read(&self, proxy: Option<&Proxy>) -> Result<Answered, Error> {
        let direct = match client::get(self).await {
            Ok(reply) => return self.judge(&reply, Via::Direct),
            Err(error) => error,
        };
        let Error::Unreachable { .. } = direct else {
            return Err(direct);
        };
        let around = proxy.and_then(|it| Some((it, Service::of(self.url, it.namespace())?)));
        let Some((proxy, service)) = around else {
            return Err(direct);
        };
        match proxy.get(self, &service).await? {
            Some(reply) => self.judge(&reply, Via::Proxy),
            // There is no such service: the address is somewhere else after all.
            None => Err(direct),
        }
    }

    fn judge(&self, reply: &Reply, via: Via) -> Result<Answered, Error> {
        match answer(self.settings, reply.status, &reply.body) {
            Ok(reading) => Ok(Answered { reading, via }),
            Err(why) => Err(Error::Answer {
                server: self.server.to_owned(),
                why: self.cleaned(why),
                said: said(reply).map(|it| self.redaction.clean(&it)),
            }),
        }
    }

    /// A part of the answer may stand in the reason.
    fn cleaned(&self, why: AnswerError) -> AnswerError {
        let clean = |text: String| self.redaction.clean(&text);
        match why {
            AnswerError::NotAnAnswer(text) => AnswerError::NotAnAnswer(clean(text)),
            AnswerError::NotANumber(text) => AnswerError::NotANumber(clean(text)),
            AnswerError::NotFinite(text) => AnswerError::NotFinite(clean(text)),
            AnswerError::Status(_)
            | AnswerError::TooLong
            | AnswerError::Empty
            | AnswerError::SeveralSeries(_)
            | AnswerError::ShortSample => why,
        }
    }
}

/// What Prometheus says of a request that it refuses.
fn said(reply: &Reply) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Refusal {
        error: String,
    }
    if (200..300).contains(&reply.status) {
        return None;
    }
    let refusal: Result<Refusal, _> = serde_json::from_slice(&reply.body);
    refusal.ok().map(|it| it.error)
}

/// Scheme, host and port: neither a password nor a query.
fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}

/// One byte more than may be read, so that a longer answer is told from one of that length.
const MOST: usize = MAX_ANSWER_BYTES + 1;

#[cfg(test)]
mod tests;
