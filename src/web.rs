//! Services of the user's that are asked over HTTP: their address without secrets, a client, and an answer
//! of bounded size.
//!
//! What is asked, for how long, and what the log tells of it is the matter of whoever asks. Prometheus and
//! triggers have settings of TLS, and clients of their own.

use std::time::Duration;

use http::StatusCode;
use reqwest::{Client, RequestBuilder, Response, Url};

use crate::causes::whole;
use crate::redact;

const USER_AGENT: &str = concat!("kubectl-stepscale/", env!("CARGO_PKG_VERSION"));

/// A connection is there or fails within this; the answer may take longer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Why there is no whole answer, without any part of the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There was no connection.
    Unreachable(String),
    /// The connection was cut.
    BrokenOff(String),
    /// There is more of it than was to be read.
    TooLarge,
}

/// An address that can be asked.
pub(crate) fn address(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim()).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// What messages call a server: its address without user, password and query; `otherwise` where it is
/// none.
pub(crate) fn shown(text: &str, otherwise: &str) -> String {
    match address(text) {
        Some(mut url) => {
            // Only an address without a host refuses, and that has neither.
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.set_query(None);
            url.set_fragment(None);
            redact::text(url.as_str().trim_end_matches('/')).into_owned()
        }
        None => otherwise.to_owned(),
    }
}

/// reqwest panics where no provider of cryptography is installed; one that is stays.
pub(crate) fn install_cryptography() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Losing a race means that another thread has installed one.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

/// What asks `url`, with the proxies of the environment and the authorities of the system. Nobody is
/// followed elsewhere: credentials stay with whom they were meant for, and a page to log in is no answer.
///
/// # Errors
/// Why there is none, where the system's authorities cannot be read.
pub(crate) fn client(url: &Url, limit: Duration) -> Result<Client, String> {
    install_cryptography();
    let builder = || {
        Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT_TIMEOUT.min(limit))
            .redirect(reqwest::redirect::Policy::none())
            // So that what is counted is what is kept.
            .no_gzip()
    };
    let built = match builder().build() {
        // A machine without certificates has no need of them for plain HTTP.
        Err(_) if url.scheme() == "http" => builder().tls_certs_only([]).build(),
        built => built,
    };
    built.map_err(why)
}

/// The beginning of the answer.
///
/// # Errors
/// Where there is none.
pub(crate) async fn send(request: RequestBuilder) -> Result<Response, Failure> {
    request
        .send()
        .await
        .map_err(|error| match error.is_connect() {
            true => Failure::Unreachable(why(error)),
            false => Failure::BrokenOff(why(error)),
        })
}

/// All of the answer, of at most so many bytes.
///
/// # Errors
/// Where it has more, or ends too early.
pub(crate) async fn body(mut answer: Response, most: usize) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    loop {
        let chunk = answer.chunk().await;
        match chunk.map_err(|error| Failure::BrokenOff(why(error)))? {
            None => return Ok(body),
            Some(chunk) if body.len() + chunk.len() <= most => body.extend(chunk),
            Some(_) => return Err(Failure::TooLarge),
        }
    }
}

/// What is said of an answer that sends elsewhere.
pub(crate) fn redirected(status: StatusCode) -> Option<String> {
    status
        .is_redirection()
        .then(|| "redirects are not followed, give the last address".to_owned())
}

fn why(error: reqwest::Error) -> String {
    redact::text(&whole(&error.without_url())).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_not_shown() {
        for (given, expected) in [
            ("http://me:hunter2@o:9003/model/", "http://o:9003/model"),
            ("http://hunter2@o", "http://o"),
            ("http://o/v1/?key=hunter2#hunter2", "http://o/v1"),
            ("ftp://me:hunter2@o", "what was given"),
            ("me:hunter2@o", "what was given"),
        ] {
            assert_eq!(shown(given, "what was given"), expected);
        }
    }

    #[test]
    fn only_what_can_be_asked_is_an_address() {
        for (given, is_one) in [
            (" https://o/v1 ", true),
            ("http://[::1]:80", true),
            ("o:80", false),
            ("file:///etc/passwd", false),
            ("", false),
        ] {
            assert_eq!(address(given).is_some(), is_one, "{given}");
        }
    }
}
