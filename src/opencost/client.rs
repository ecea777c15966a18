//! The HTTP side: one request, and an answer of bounded time and size.

use http::{Method, StatusCode};
use reqwest::Url;

use super::{Error, MOST_BYTES, Options, allocation};
use crate::web::{self, Failure};
use crate::wire;

const PATH: &str = "/allocation/compute";

/// The body of what was allocated to each namespace in the last `days`.
pub(super) async fn allocations(options: &Options, days: u32) -> Result<Vec<u8>, Error> {
    let server = options.name();
    let query = format!("window={days}d&aggregate=namespace&accumulate=true");
    let url = web::address(&options.url).ok_or_else(|| Error::Address(server.clone()))?;
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
    Err(Error::Refused {
        server,
        status: status.as_u16(),
        said: web::redirected(status).or_else(|| allocation::said(&body)),
    })
}

/// What messages call the server: its address without user, password or query.
pub(super) fn shown(url: &str) -> String {
    web::shown(url, "what was given for OpenCost")
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

async fn ask(options: &Options, url: Url) -> Result<(StatusCode, Vec<u8>), Error> {
    let server = options.name();
    let client = web::client(&url, options.timeout).map_err(|why| Error::Setup {
        server: server.clone(),
        why,
    })?;
    let failed = |failure| match failure {
        Failure::Unreachable(why) => Error::Unreachable {
            server: server.clone(),
            why,
        },
        Failure::BrokenOff(why) => Error::BrokenOff {
            server: server.clone(),
            why,
        },
        Failure::TooLarge => Error::TooLarge {
            server: server.clone(),
        },
    };
    let answer = web::send(client.get(url)).await.map_err(failed)?;
    let status = answer.status();
    let body = web::body(answer, MOST_BYTES).await.map_err(failed)?;
    Ok((status, body))
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
            assert_eq!(
                endpoint(web::address(given).unwrap(), "q=1").as_str(),
                expected
            );
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
