//! The HTTP side: one question, some tries, answers of bounded time and size.

use http::{HeaderMap, Method, StatusCode};
use reqwest::{Client, Url};
use tokio::time::{Instant, sleep, timeout};

use super::forms::{Form, Forms};
use super::pass::Purse;
use super::provider::{self, Request};
use super::{Error, Options, address, retry};
use crate::web::{self, Failure};
use crate::wire;

/// Most bytes of an answer, of which a good one takes two thousand.
pub(super) const MOST_BYTES: usize = 256 << 10;

/// A server that can be asked.
pub(super) struct Asking<'a> {
    options: &'a Options,
    client: Client,
    headers: HeaderMap,
}

/// What is asked for once.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) url: &'a Url,
    /// For messages and logs.
    pub(super) server: &'a str,
    pub(super) body: &'a [u8],
    /// Most bytes of the answer.
    pub(super) most: usize,
}

/// What came of one try.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    /// Without the key.
    pub(super) body: String,
    repeats_key: bool,
}

impl<'a> Asking<'a> {
    pub(super) fn new(options: &'a Options) -> Result<Self, Error> {
        let base = address::base(options);
        let url = web::address(&base).ok_or_else(|| Error::Address(address::shown(&base)))?;
        let client = web::client(&url, options.timeout).map_err(|why| Error::Setup {
            server: options.name(),
            why: without_key(options, &why),
        })?;
        Ok(Self {
            options,
            client,
            headers: provider::headers(options, &url),
        })
    }

    /// The words of the model, once it has some. A server that refuses the form in which an answer is
    /// asked for is asked in a looser one; where it refuses all, the first refusal is told.
    pub(super) async fn words(
        &self,
        request: &Request,
        forms: &Forms,
        purse: &Purse,
    ) -> Result<String, Error> {
        let place = format!("{} at {}", self.options.model, request.shown_url());
        let mut form = forms.of(&place);
        let mut first = None;
        loop {
            match self.answered(request, form, purse).await {
                Ok(answer) => {
                    forms.keep(place, form);
                    return self.words_of(request, &answer);
                }
                Err(error) if error.may_be_of_form() => {
                    tracing::debug!(%error, "asked for an answer of {}", form.as_str());
                    let first = first.get_or_insert(error);
                    form = request.looser(form).ok_or_else(|| first.clone())?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// An answer that is one, after some tries.
    async fn answered(
        &self,
        request: &Request,
        form: Form,
        purse: &Purse,
    ) -> Result<Answer, Error> {
        let call = Call {
            method: Method::POST,
            url: &request.url,
            server: &request.server,
            body: request.body_in(form),
            most: MOST_BYTES,
        };
        let mut tried = 0;
        loop {
            purse.take()?;
            let (error, asked_for) = match self.tried(&call).await {
                Ok(answer) if answer.status.is_success() => return Ok(answer),
                Ok(answer) => {
                    let error = answer.refusal(&request.server);
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

    /// One try, as the log tells it: without the query of the address.
    pub(super) async fn tried(&self, call: &Call<'_>) -> Result<Answer, Error> {
        let origin = provider::origin(call.server);
        let exchange = wire::Exchange::begin(&call.method, &origin, call.url.path());
        if let Some(exchange) = &exchange {
            exchange.sent(&self.headers, call.body);
        }
        let limit = self.options.timeout;
        let answered = match timeout(limit, self.ask(call)).await {
            Ok(answered) => answered,
            Err(_) => Err(Error::Late {
                server: call.server.to_owned(),
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

    async fn ask(&self, call: &Call<'_>) -> Result<Answer, Error> {
        let failed = |failure| self.failed(call, failure);
        let request = self.client.request(call.method.clone(), call.url.clone());
        let request = request
            .headers(self.headers.clone())
            .body(call.body.to_vec());
        let answer = web::send(request).await.map_err(failed)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = web::body(answer, call.most).await.map_err(failed)?;
        let whole = String::from_utf8_lossy(&body);
        let body = without_key(self.options, &whole);
        Ok(Answer {
            status,
            headers,
            repeats_key: body != whole,
            body,
        })
    }

    fn failed(&self, call: &Call<'_>, failure: Failure) -> Error {
        let server = call.server.to_owned();
        let without_key = |why: String| without_key(self.options, &why);
        match failure {
            Failure::Unreachable(why) => Error::Unreachable {
                server,
                why: without_key(why),
            },
            Failure::BrokenOff(why) => Error::BrokenOff {
                server,
                why: without_key(why),
            },
            Failure::TooLarge => Error::TooLarge { server },
        }
    }
}

impl Answer {
    /// What is said of one that is none.
    pub(super) fn refusal(&self, server: &str) -> Error {
        Error::Refused {
            server: server.to_owned(),
            status: self.status.as_u16(),
            said: web::redirected(self.status).or_else(|| provider::said(&self.body)),
        }
    }
}

/// Some proxies send back what they were sent.
fn without_key(options: &Options, text: &str) -> String {
    match &options.key {
        Some(key) => key.out_of(text),
        None => text.to_owned(),
    }
}
