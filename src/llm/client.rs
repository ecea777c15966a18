//! The HTTP side: one question, some tries, answers of bounded time and size.

use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};
use reqwest::{Client, Response};
use tokio::time::{Instant, sleep, timeout};

use super::pass::Purse;
use super::provider::{self, Request};
use super::{Error, Options, retry};
use crate::causes::whole;
use crate::{redact, wire};

const USER_AGENT: &str = concat!("kubectl-stepscale/", env!("CARGO_PKG_VERSION"));

/// A connection is there or fails within this; the answer may take longer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Most bytes of an answer, of which a good one takes two thousand.
pub(super) const MOST_BYTES: usize = 256 << 10;

/// A server that can be asked.
pub(super) struct Asking<'a> {
    options: &'a Options,
    client: Client,
    headers: HeaderMap,
}

/// What came of one try.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    /// Without the key.
    body: String,
    repeats_key: bool,
}

impl<'a> Asking<'a> {
    /// With the proxies of the environment and the authorities of the system.
    pub(super) fn new(options: &'a Options) -> Result<Self, Error> {
        // reqwest panics where no provider of cryptography is installed; one that is stays. Losing a race
        // means that another thread has installed one.
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let builder = || {
            Client::builder()
                .user_agent(USER_AGENT)
                .connect_timeout(CONNECT_TIMEOUT.min(options.timeout))
                // The key stays with whom it was meant for.
                .redirect(reqwest::redirect::Policy::none())
                // So that what is counted is what is kept.
                .no_gzip()
        };
        let built = match builder().build() {
            // A machine without certificates has no need of them for plain HTTP.
            Err(_) if provider::base(options).starts_with("http:") => {
                builder().tls_certs_only([]).build()
            }
            built => built,
        };
        let client = built.map_err(|error| Error::Setup {
            server: options.name(),
            why: why(options, error),
        })?;
        Ok(Self {
            options,
            client,
            headers: provider::headers(options),
        })
    }

    /// The words of the model, once it has some.
    pub(super) async fn words(&self, request: &Request, purse: &Purse) -> Result<String, Error> {
        let mut tried = 0;
        loop {
            purse.take()?;
            let (error, asked_for) = match self.tried(request).await {
                Ok(answer) if answer.status.is_success() => {
                    return self.words_of(request, &answer);
                }
                Ok(answer) => {
                    let error = refusal(request, &answer);
                    if !retry::is_passing(answer.status) {
                        return Err(error);
                    }
                    (error, retry::asked_for(&answer.headers))
                }
                Err(error @ (Error::Unreachable { .. } | Error::BrokenOff { .. })) => (error, None),
                Err(error) => return Err(error),
            };
            tried += 1;
            let wait = retry::wait(tried - 1, asked_for);
            match wait.filter(|_| tried < retry::TRIES) {
                Some(wait) if Instant::now() + wait < purse.until => sleep(wait).await,
                Some(_) | None => return Err(error),
            }
        }
    }

    /// Whoever makes words of a key has none for people.
    fn words_of(&self, request: &Request, answer: &Answer) -> Result<String, Error> {
        let words = match answer.repeats_key {
            true => Err("repeats the key"),
            false => provider::words(self.options.provider, &answer.body),
        };
        words.map_err(|why| Error::NoAnswer {
            server: request.server.clone(),
            why,
        })
    }

    /// One try, as the log tells it.
    async fn tried(&self, request: &Request) -> Result<Answer, Error> {
        let path = request.url.path();
        let origin = request.shown_url();
        let origin = origin.strip_suffix(path).unwrap_or(&origin);
        let exchange = wire::Exchange::begin(&Method::POST, origin, path);
        if let Some(exchange) = &exchange {
            exchange.sent(&self.headers, request.body());
        }
        let limit = self.options.timeout;
        let answered = match timeout(limit, self.ask(request)).await {
            Ok(answered) => answered,
            Err(_) => Err(Error::Late {
                server: request.server.clone(),
                limit,
            }),
        };
        if let Some(exchange) = exchange {
            match &answered {
                Ok(answer) => {
                    exchange.received(&answer.headers, answer.body.as_bytes());
                    exchange.answered(answer.status, Some(answer.body.len() as u64));
                }
                Err(error) => exchange.unanswered(&error.to_string()),
            }
        }
        answered
    }

    async fn ask(&self, request: &Request) -> Result<Answer, Error> {
        let post = self.client.post(request.url.clone());
        let post = post
            .headers(self.headers.clone())
            .body(request.body().to_vec());
        let answer = post.send().await.map_err(|error| {
            let server = request.server.clone();
            let is_connection = error.is_connect();
            let why = why(self.options, error);
            match is_connection {
                true => Error::Unreachable { server, why },
                false => Error::BrokenOff { server, why },
            }
        })?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = self.body(request, answer).await?;
        let whole = String::from_utf8_lossy(&body);
        let body = without_key(self.options, &whole);
        Ok(Answer {
            status,
            headers,
            repeats_key: body != whole,
            body,
        })
    }

    async fn body(&self, request: &Request, mut answer: Response) -> Result<Vec<u8>, Error> {
        let mut body = Vec::new();
        loop {
            let chunk = answer.chunk().await.map_err(|error| Error::BrokenOff {
                server: request.server.clone(),
                why: why(self.options, error),
            })?;
            match chunk {
                None => return Ok(body),
                Some(chunk) if body.len() + chunk.len() <= MOST_BYTES => body.extend(chunk),
                Some(_) => {
                    return Err(Error::TooLarge {
                        server: request.server.clone(),
                    });
                }
            }
        }
    }
}

fn refusal(request: &Request, answer: &Answer) -> Error {
    let redirected = answer
        .status
        .is_redirection()
        .then(|| "redirects are not followed, give the last address".to_owned());
    Error::Refused {
        server: request.server.clone(),
        status: answer.status.as_u16(),
        said: redirected.or_else(|| provider::said(&answer.body)),
    }
}

/// Some proxies send back what they were sent.
fn without_key(options: &Options, text: &str) -> String {
    match &options.key {
        Some(key) => key.out_of(text),
        None => text.to_owned(),
    }
}

fn why(options: &Options, error: reqwest::Error) -> String {
    let text = whole(&error.without_url());
    redact::text(&without_key(options, &text)).into_owned()
}
