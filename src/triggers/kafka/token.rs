//! A token of an OAuth server, for `sasl: oauthbearer`.
//!
//! The grant is `client_credentials` (RFC 6749, section 4.4). As the Go client of KEDA does, the
//! name and the password go into the header first, and into the form where that is refused.

use std::error::Error as _;

use krafka::auth::OAuthBearerToken;
use reqwest::{RequestBuilder, Response, StatusCode, redirect};

use super::Error;
use super::answer::Speaker;
use crate::keda::trigger::Secret;
use crate::web;

/// A token is some kilobytes.
const LONGEST: usize = 256 * 1024;

/// Who asks for a token, and where.
pub(super) struct Client<'a> {
    pub(super) id: &'a Secret,
    pub(super) secret: &'a Secret,
    pub(super) endpoint: &'a Secret,
    pub(super) scopes: &'a [Secret],
}

/// The part of an answer that is needed.
#[derive(serde::Deserialize)]
struct Granted {
    access_token: String,
}

/// Asks for a token. There is no time limit here.
pub(super) async fn token(
    client: &Client<'_>,
    speaker: &Speaker,
) -> Result<OAuthBearerToken, Error> {
    let failed = |error| refused(speaker.plain(&told(error)));
    let http = http().map_err(failed)?;
    let request = |form: &[(&str, &str)]| http.post(client.endpoint.expose()).form(form);
    let scopes: Vec<&str> = client.scopes.iter().map(Secret::expose).collect();
    let scopes = scopes.join(" ");
    let mut form = vec![("grant_type", "client_credentials")];
    form.extend((!scopes.is_empty()).then_some(("scope", scopes.as_str())));
    let in_header = in_header(request(&form), client);
    let mut answer = in_header.send().await.map_err(failed)?;
    if !answer.status().is_success() {
        form.extend([
            ("client_id", client.id.expose()),
            ("client_secret", client.secret.expose()),
        ]);
        answer = request(&form).send().await.map_err(failed)?;
    }
    let status = answer.status();
    let body = body(answer).await.map_err(failed)?;
    granted(status, &body).map(OAuthBearerToken::new)
}

/// With its causes, which reqwest leaves out; without the URL, which may be secret.
fn told(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(it) = cause {
        text = format!("{text}: {it}");
        cause = it.source();
    }
    text
}

fn http() -> Result<reqwest::Client, reqwest::Error> {
    web::install_cryptography();
    let builder = reqwest::Client::builder();
    builder.redirect(redirect::Policy::none()).build()
}

/// RFC 6749, section 2.3.1: both parts are encoded as in a form.
fn in_header(request: RequestBuilder, client: &Client<'_>) -> RequestBuilder {
    let id = form_encoded(client.id.expose());
    request.basic_auth(id, Some(form_encoded(client.secret.expose())))
}

fn form_encoded(text: &str) -> String {
    let one = |it: u8| match it {
        b' ' => "+".to_owned(),
        b'-' | b'.' | b'_' | b'~' => char::from(it).to_string(),
        _ if it.is_ascii_alphanumeric() => char::from(it).to_string(),
        _ => format!("%{it:02X}"),
    };
    text.bytes().map(one).collect()
}

/// Whatever is longer than a token can be is cut, and then is no JSON.
async fn body(mut answer: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST {
            break;
        }
    }
    Ok(body)
}

/// The answer itself is not shown: it may have a token in it.
fn granted(status: StatusCode, body: &[u8]) -> Result<String, Error> {
    if !status.is_success() {
        return Err(refused(format!("it answers {status}")));
    }
    match serde_json::from_slice::<Granted>(body) {
        Ok(granted) if !granted.access_token.is_empty() => Ok(granted.access_token),
        Ok(_) | Err(_) => Err(refused("its answer has no `access_token`".to_owned())),
    }
}

fn refused(text: String) -> Error {
    Error::Token { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_with_a_token_is_one() {
        let ok = StatusCode::OK;
        let token = |status, body: &str| granted(status, body.as_bytes()).ok();
        let given = r#"{"access_token":"abc","expires_in":60}"#;
        assert_eq!(token(ok, given).as_deref(), Some("abc"));
        assert_eq!(token(StatusCode::UNAUTHORIZED, given), None);
        for body in ["", "{}", "[]", r#"{"access_token":""}"#, "abc"] {
            assert_eq!(token(ok, body), None, "{body}");
        }
    }

    #[test]
    fn parts_of_the_header_are_encoded_as_in_a_form() {
        assert_eq!(form_encoded("a b:c/é~"), "a+b%3Ac%2F%C3%A9~");
    }
}
