//! One try to deliver an event.

use std::fs;
use std::time::Duration;

use http::header::{CONTENT_TYPE, DATE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::{Certificate, Client, Url};

use super::event::Event;
use super::signature::hmac;
use super::{Error, Settings};
use crate::causes::whole;
use crate::web;

const USER_AGENT: &str = concat!("kubectl-stepscale/", env!("CARGO_PKG_VERSION"));

/// `sha256=` and the HMAC of the body, as GitHub signs its webhooks.
const SIGNATURE: &str = "X-Stepscale-Signature-256";

/// What came of a try.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Taken,
    /// It will not be taken at another time either.
    Refused(String),
    Later {
        why: String,
        /// How long the receiver asks to wait.
        asked: Option<Duration>,
    },
}

/// Sends events to one URL. Not to be printed, not even for debugging.
pub(super) struct Sender {
    client: Client,
    url: Url,
    name: String,
    key: Option<Vec<u8>>,
}

impl Sender {
    pub(super) fn new(settings: &Settings) -> Result<Self, Error> {
        let url = web::address(&settings.url).ok_or(Error::Url)?;
        Ok(Self {
            client: client(settings, &url)?,
            name: shown(&settings.url),
            url,
            key: settings.key.clone(),
        })
    }

    /// What logs call the receiver.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) async fn send(&self, event: &Event) -> Answer {
        let mut request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, event.content_type)
            .body(event.body.clone());
        if let Some(key) = &self.key {
            let signature = format!("sha256={}", hmac(key, &event.body));
            request = request.header(SIGNATURE, signature);
        }
        match request.send().await {
            Ok(response) => judged(response.status(), response.headers()),
            Err(error) => Answer::Later {
                why: whole(&error.without_url()),
                asked: None,
            },
        }
    }
}

/// Scheme, host and port of a URL: paths and queries of webhooks are secrets.
pub(super) fn shown(url: &str) -> String {
    web::address(url).map_or_else(
        || "an unreadable URL".to_owned(),
        |it| it.origin().ascii_serialization(),
    )
}

fn client(settings: &Settings, url: &Url) -> Result<Client, Error> {
    web::install_cryptography();
    let trusting = |only: Option<Vec<Certificate>>| {
        let builder = Client::builder()
            .user_agent(USER_AGENT)
            .timeout(settings.timeout)
            // A redirected POST would arrive as a GET without its body.
            .redirect(reqwest::redirect::Policy::none());
        match only {
            Some(only) => builder.tls_certs_only(only).build(),
            None => builder.build(),
        }
        .map_err(|it| Error::Setup(it.without_url()))
    };
    match authorities(settings)? {
        Some(only) => trusting(Some(only)),
        // Where this machine has no certificates at all, http does not need any.
        None if url.scheme() == "http" => trusting(None).or_else(|_| trusting(Some(Vec::new()))),
        None => trusting(None),
    }
}

fn authorities(settings: &Settings) -> Result<Option<Vec<Certificate>>, Error> {
    let Some(path) = settings.ca_file.clone() else {
        return Ok(None);
    };
    let pem = match fs::read(&path) {
        Ok(pem) => pem,
        Err(source) => return Err(Error::File { path, source }),
    };
    match Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(Some(certificates)),
        _ => Err(Error::Certificate { path }),
    }
}

/// What a status says of the event: taken, not wanted, or not now.
fn judged(status: StatusCode, headers: &HeaderMap) -> Answer {
    let why = format!("HTTP {status}");
    match status {
        it if it.is_success() => Answer::Taken,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            later(why, headers)
        }
        it if it.is_server_error() => later(why, headers),
        it if it.is_redirection() => Answer::Refused(format!(
            "{why}: redirects are not followed, give the last URL"
        )),
        _ => Answer::Refused(why),
    }
}

fn later(why: String, headers: &HeaderMap) -> Answer {
    Answer::Later {
        why,
        asked: retry_after(headers),
    }
}

/// `Retry-After` in seconds, or as a date by the clock of whoever answers.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let of = |name| headers.get(name)?.to_str().ok();
    let asked = of(RETRY_AFTER)?.trim();
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let wait = date(asked)?.duration_since(date(of(DATE)?)?);
    Some(Duration::try_from(wait).unwrap_or_default())
}

fn date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, headers: &[(&'static str, &str)]) -> Answer {
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            all.insert(*name, value.parse().unwrap());
        }
        judged(StatusCode::from_u16(status).unwrap(), &all)
    }

    fn asked(status: u16, headers: &[(&'static str, &str)]) -> Option<u64> {
        match answered(status, headers) {
            Answer::Later { asked, .. } => asked.map(|it| it.as_secs()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_status_says_whether_to_come_again() {
        for status in [200, 202, 204] {
            assert_eq!(answered(status, &[]), Answer::Taken);
        }
        for status in [408, 425, 429, 500, 502, 503, 504] {
            assert_eq!(asked(status, &[]), None);
        }
        for status in [301, 307, 400, 401, 403, 404, 410, 413] {
            assert!(
                matches!(answered(status, &[]), Answer::Refused(_)),
                "{status}"
            );
        }
    }

    #[test]
    fn a_receiver_may_say_when() {
        assert_eq!(asked(429, &[("retry-after", "7")]), Some(7));
        assert_eq!(asked(503, &[("retry-after", " 0 ")]), Some(0));
        let date = ("date", "Wed, 21 Oct 2026 07:28:00 GMT");
        let later = ("retry-after", "Wed, 21 Oct 2026 07:30:00 GMT");
        assert_eq!(asked(503, &[date, later]), Some(120));
        let earlier = ("retry-after", "Wed, 21 Oct 2026 07:27:00 GMT");
        assert_eq!(asked(503, &[date, earlier]), Some(0));
        assert_eq!(asked(503, &[later]), None);
        for odd in ["", "-1", "soon", "1e3"] {
            assert_eq!(asked(503, &[("retry-after", odd), date]), None, "{odd}");
        }
    }

    #[test]
    fn nothing_is_shown_of_a_url_but_its_host() {
        let cases = [
            (
                "https://hooks.slack.com/services/T0/B0/secret",
                "https://hooks.slack.com",
            ),
            (
                "https://user:pass@example.com:8443/x?token=secret",
                "https://example.com:8443",
            ),
            ("http://127.0.0.1:80/x", "http://127.0.0.1"),
            ("hooks.slack.com/services/secret", "an unreadable URL"),
            ("file:///etc/passwd", "an unreadable URL"),
            ("", "an unreadable URL"),
        ];
        for (url, expected) in cases {
            assert_eq!(shown(url), expected, "{url}");
        }
    }
}
