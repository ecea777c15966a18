//! The direct way: a connection of our own, with the trigger's certificates and credentials.

use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use reqwest::{Certificate, ClientBuilder, Identity};

use super::super::innermost;
use super::{Asked, MOST, Reply};
use crate::keda::trigger::auth::{Auth, Mode};
use crate::keda::trigger::{Prometheus, Secret};
use crate::triggers::Error;
use crate::web;

const USER_AGENT: &str = concat!("kubectl-stepscale/", env!("CARGO_PKG_VERSION"));

/// Asks, and reads the answer as far as it may go.
pub(super) async fn get(asked: &Asked<'_>) -> Result<Reply, Error> {
    let client = client(asked.settings, asked.limit)?;
    let request = request(client.get(asked.url.clone()), asked.settings)?;
    let mut answer = request.send().await.map_err(|it| unreachable(asked, it))?;
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    loop {
        let chunk = answer.chunk().await.map_err(|it| Error::BrokenOff {
            server: asked.server.to_owned(),
            why: asked.redaction.clean(&innermost(&it.without_url())),
        })?;
        match chunk {
            Some(chunk) if body.len() < MOST => body.extend_from_slice(&chunk),
            Some(_) | None => return Ok(Reply { status, body }),
        }
    }
}

fn unreachable(asked: &Asked<'_>, error: reqwest::Error) -> Error {
    let server = asked.server.to_owned();
    // What was connected and broke off is not somewhere else.
    let is_connection = error.is_connect() || error.is_timeout();
    let why = asked.redaction.clean(&innermost(&error.without_url()));
    match is_connection {
        true => Error::Unreachable { server, why },
        false => Error::BrokenOff { server, why },
    }
}

/// A connection is made in half of the time, so that there is some left for the way around.
fn client(settings: &Prometheus, limit: Duration) -> Result<reqwest::Client, Error> {
    web::install_cryptography();
    let trusting = |builder: ClientBuilder| {
        builder
            .user_agent(USER_AGENT)
            .connect_timeout(limit / 2)
            .build()
            .map_err(|it| unusable("the certificate of the trigger", &it.without_url()))
    };
    let secured = secured(reqwest::Client::builder(), settings)?;
    match trusting(secured) {
        Ok(client) => Ok(client),
        // A machine without certificates has no need of them for plain HTTP.
        Err(_) if !settings.server_address.starts_with("https:") => {
            trusting(reqwest::Client::builder().tls_certs_only([]))
        }
        Err(error) => Err(error),
    }
}

/// Whom to trust and who we are. `unsafeSsl` counts only where the trigger brings no certificate,
/// and a `ca` only where some mode is on.
fn secured(builder: ClientBuilder, settings: &Prometheus) -> Result<ClientBuilder, Error> {
    let auth = &settings.auth;
    let has_ca = !auth.modes.is_empty() && !auth.ca.is_empty();
    let has_own = auth.has(Mode::Tls) || has_ca;
    let mut builder = builder.tls_danger_accept_invalid_certs(settings.unsafe_ssl && !has_own);
    if has_ca {
        builder = builder.tls_certs_merge(authorities(&auth.ca)?);
    }
    if auth.has(Mode::Tls) {
        builder = builder.identity(identity(auth)?);
    }
    Ok(builder)
}

fn authorities(pem: &Secret) -> Result<Vec<Certificate>, Error> {
    let parsed = Certificate::from_pem_bundle(pem.expose().as_bytes());
    match parsed {
        Ok(all) if !all.is_empty() => Ok(all),
        Ok(_) | Err(_) => Err(Error::Credential {
            what: "`ca`",
            why: "it holds no certificate in PEM".to_owned(),
        }),
    }
}

fn identity(auth: &Auth) -> Result<Identity, Error> {
    let pem = format!("{}\n{}", auth.cert.expose(), auth.key.expose());
    // The reason that is given may hold a part of the key.
    Identity::from_pem(pem.as_bytes()).map_err(|_| Error::Credential {
        what: "`cert` with `key`",
        why: "they are not a certificate and its key in PEM".to_owned(),
    })
}

fn unusable(what: &'static str, error: &reqwest::Error) -> Error {
    Error::Credential {
        what,
        why: innermost(error),
    }
}

/// The custom headers, which may be credentials of any kind.
pub(super) fn headers(settings: &Prometheus) -> Result<http::HeaderMap, Error> {
    let mut headers = http::HeaderMap::new();
    for (name, value) in &settings.custom_headers {
        headers.insert(header_name(name)?, header_value(value.expose())?);
    }
    Ok(headers)
}

/// With the custom headers and, in the place of any of them, who asks: a bearer token, else user
/// and password, else a header of their own.
fn request(
    request: reqwest::RequestBuilder,
    settings: &Prometheus,
) -> Result<reqwest::RequestBuilder, Error> {
    let auth = &settings.auth;
    let mut headers = headers(settings)?;
    if auth.has(Mode::Bearer) {
        let token = header_value(&format!("Bearer {}", auth.bearer_token.expose().trim()))?;
        headers.insert(AUTHORIZATION, token);
        return Ok(request.headers(headers));
    }
    if auth.has(Mode::Basic) {
        headers.remove(AUTHORIZATION);
        let (user, password) = (auth.username.expose(), auth.password.expose());
        return Ok(request.headers(headers).basic_auth(user, Some(password)));
    }
    if auth.has(Mode::Custom) {
        let name = header_name(auth.custom_header.expose())?;
        headers.insert(name, header_value(auth.custom_value.expose())?);
    }
    Ok(request.headers(headers))
}

pub(super) fn header_name(name: &str) -> Result<HeaderName, Error> {
    HeaderName::try_from(name.trim()).map_err(|_| Error::Credential {
        what: "a header",
        why: "its name has characters that no header may have".to_owned(),
    })
}

pub(super) fn header_value(value: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::try_from(value.trim()).map_err(|_| Error::Credential {
        what: "a header",
        why: "its value has characters that no header may have, such as a line feed".to_owned(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::super::tests::settings;
    use super::*;

    /// The values of a header of the request that is sent.
    fn sent(metadata: &[(&str, &str)], auth: &[(&str, &str)], name: &str) -> Vec<String> {
        web::install_cryptography();
        let settings = settings("http://prometheus:9090", metadata, auth);
        let built = reqwest::Client::new().get("http://prometheus:9090/");
        let built = request(built, &settings).unwrap().build().unwrap();
        let values = built.headers().get_all(name).iter();
        let text = |it: &HeaderValue| String::from_utf8_lossy(it.as_bytes()).into_owned();
        values.map(text).collect()
    }

    #[test]
    fn a_login_takes_the_place_of_a_custom_header() {
        let own = ("customHeaders", "Authorization=mine,X-Tenant=shop");
        let table = [
            (None, [].as_slice(), "mine"),
            (Some("bearer"), &[("bearerToken", "t")], "Bearer t"),
            (
                Some("basic"),
                &[("username", "u"), ("password", "p")],
                "Basic dTpw",
            ),
            (
                Some("custom"),
                &[
                    ("customAuthHeader", "authorization"),
                    ("customAuthValue", "theirs"),
                ],
                "theirs",
            ),
        ];
        for (mode, auth, expected) in table {
            let mode = mode.map(|it| ("authModes", it));
            let metadata: Vec<_> = [own].into_iter().chain(mode).collect();
            assert_eq!(
                sent(&metadata, auth, "authorization"),
                [expected],
                "{mode:?}"
            );
            assert_eq!(sent(&metadata, auth, "x-tenant"), ["shop"], "{mode:?}");
        }
    }

    #[test]
    fn a_certificate_of_an_authority_counts_beside_a_mode_only() {
        web::install_cryptography();
        let of = |metadata: &[(&str, &str)], auth: &[(&str, &str)]| {
            let settings = settings("https://prometheus:9090", metadata, auth);
            secured(reqwest::Client::builder(), &settings).map(|_| ())
        };
        let ca = ("ca", "no certificate");
        assert_eq!(of(&[], &[ca]), Ok(()));
        let refused = of(&[("authModes", "basic")], &[ca, ("username", "u")]).unwrap_err();
        assert!(matches!(refused, Error::Credential { what: "`ca`", .. }));
    }
}
