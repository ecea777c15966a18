//! The HTTP side: one request, and an answer of bounded time and size.

use std::time::Duration;

use http::Method;
use reqwest::{Client, Response, Url};

use super::{Error, MOST_BYTES, Options, allocation};
use crate::causes::whole;
use crate::{redact, wire};

const USER_AGENT: &str = concat!("kubectl-stepscale/", env!("CARGO_PKG_VERSION"));

const PATH: &str = "/allocation/compute";

/// A connection is there or fails within this; the answer may take longer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The body of what was allocated to each namespace in the last `days`.
pub(super) async fn allocations(options: &Options, days: u32) -> Result<Vec<u8>, Error> {
    let server = options.name();
    let query = format!("window={days}d&aggregate=namespace&accumulate=true");
    let url = parsed(&options.url).ok_or_else(|| Error::Address(server.clone()))?;
    let exchange = wire::Exchange::begin(&Method::GET, &server, &format!("{PATH}?{query}"));
    let asked = ask(options, endpoint(url, &query));
    let answered = match tokio::time::timeout(options.timeout, asked).await {
        Ok(answered) => answered,
        Err(_) => Err(Error::Late {
            server: server.clone(),
            limit: options.timeout,
        }),
    };
    if let Some(exchange) = exchange {
        match &answered {
            Ok((status, body)) => exchange.answered(*status, Some(body.len() as u64)),
            Err(error) => exchange.unanswered(&error.to_string()),
        }
    }
    let (status, body) = answered?;
    if status.is_success() {
        return Ok(body);
    }
    let redirected = status
        .is_redirection()
        .then(|| "redirects are not followed, give the last address".to_owned());
    Err(Error::Refused {
        server,
        status: status.as_u16(),
        said: redirected.or_else(|| allocation::said(&body)),
    })
}

/// What messages call the server: its address without user, password or query.
pub(super) fn shown(url: &str) -> String {
    match parsed(url) {
        Some(mut url) => {
            // Only an address without a host refuses, and that has neither.
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.set_query(None);
            url.set_fragment(None);
            redact::text(url.as_str().trim_end_matches('/')).into_owned()
        }
        None => "what was given for OpenCost".to_owned(),
    }
}

fn parsed(url: &str) -> Option<Url> {
    let url = Url::parse(url.trim()).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// The address that is asked, however much of it was given already.
fn endpoint(mut url: Url, query: &str) -> Url {
    let base = url.path().trim_end_matches('/');
    let given = [PATH, "/allocation"];
    let base = given
        .iter()
        .find_map(|it| base.strip_suffix(it))
        .unwrap_or(base);
    let path = format!("{base}{PATH}");
    url.set_path(&path);
    url.set_query(Some(query));
    url.set_fragment(None);
    url
}

async fn ask(options: &Options, url: Url) -> Result<(http::StatusCode, Vec<u8>), Error> {
    let client = client(options, &url)?;
    let answer = client.get(url).send().await.map_err(|error| {
        let server = options.name();
        let is_connection = error.is_connect();
        let why = why(error);
        match is_connection {
            true => Error::Unreachable { server, why },
            false => Error::BrokenOff { server, why },
        }
    })?;
    Ok((answer.status(), body(options, answer).await?))
}

async fn body(options: &Options, mut answer: Response) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    loop {
        let chunk = answer.chunk().await.map_err(|error| Error::BrokenOff {
            server: options.name(),
            why: why(error),
        })?;
        match chunk {
            None => return Ok(body),
            Some(chunk) if body.len() + chunk.len() <= MOST_BYTES => body.extend(chunk),
            Some(_) => {
                return Err(Error::TooLarge {
                    server: options.name(),
                });
            }
        }
    }
}

/// With the proxies of the environment and the authorities of the system.
fn client(options: &Options, url: &Url) -> Result<Client, Error> {
    // reqwest panics where no provider of cryptography is installed; one that is stays. Losing a race
    // means that another thread has installed one.
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    let builder = || {
        Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT_TIMEOUT.min(options.timeout))
            // The address may be one of a login page, which is no answer; and credentials stay here.
            .redirect(reqwest::redirect::Policy::none())
            // So that what is counted is what is kept.
            .no_gzip()
    };
    let built = match builder().build() {
        // A machine without certificates has no need of them for plain HTTP.
        Err(_) if url.scheme() == "http" => builder().tls_certs_only([]).build(),
        built => built,
    };
    built.map_err(|error| Error::Setup {
        server: options.name(),
        why: why(error),
    })
}

fn why(error: reqwest::Error) -> String {
    redact::text(&whole(&error.without_url())).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_part_of_the_address_may_be_given() {
        for (given, expected) in [
            ("http://o:9003", "http://o:9003/allocation/compute?q=1"),
            ("http://o:9003/", "http://o:9003/allocation/compute?q=1"),
            ("https://o/model", "https://o/model/allocation/compute?q=1"),
            ("http://o/allocation", "http://o/allocation/compute?q=1"),
            (
                "http://o/compute",
                "http://o/compute/allocation/compute?q=1",
            ),
            (
                "http://o/x/allocation/compute/",
                "http://o/x/allocation/compute?q=1",
            ),
        ] {
            assert_eq!(endpoint(parsed(given).unwrap(), "q=1").as_str(), expected);
        }
    }

    #[test]
    fn credentials_are_not_shown() {
        for (given, expected) in [
            ("http://me:hunter2@o:9003/model/", "http://o:9003/model"),
            ("http://hunter2@o", "http://o"),
            ("http://o/?key=hunter2", "http://o"),
            ("ftp://me:hunter2@o", "what was given for OpenCost"),
            ("me:hunter2@o", "what was given for OpenCost"),
        ] {
            assert_eq!(shown(given), expected);
            let options = Options::new(given.to_owned());
            assert!(!format!("{options:?}").contains("hunter2"));
        }
    }
}
