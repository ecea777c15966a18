//! Paths that are no resources: discovery, schemas, the version, and whether the server is well.

use serde_json::Value;

use super::exchange::{Body, Response};
use super::negotiate::{Form, Written};
use super::present::written;
use super::{Inner, Request};
use crate::sandbox::discovery::{self, Half};
use crate::sandbox::openapi;
use crate::sandbox::query::Query;
use crate::sandbox::status::Refusal;

/// Under which media types aggregated discovery is asked for, by its version, the newest first.
const AGGREGATED: [(&str, &str); 2] = [
    (
        "v2",
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
    ),
    (
        "v2beta1",
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
    ),
];

/// Where clients find the server, as `/api` tells. Only ones on the same machine do.
const ADDRESS: &str = "127.0.0.1";

impl Inner {
    /// # Errors
    /// When a document is there, but in no form that is accepted, or not to be written.
    pub(super) fn other(
        &self,
        request: &Request,
        path: &str,
        query: &Query,
    ) -> Result<Response, Refusal> {
        let path = path.trim_end_matches('/');
        if let Some(health) = health(path, query) {
            return Ok(health);
        }
        let kinds = self.registry().kinds();
        let half = match path {
            "/api" => Some(Half::Core),
            "/apis" => Some(Half::Groups),
            _ => None,
        };
        if let (Some(half), Some((version, media))) = (half, aggregated(&request.accept)) {
            let document = discovery::aggregated(&kinds, half, version);
            let body = Body::Whole(document.to_string().into());
            return Ok(Response::of(200, media, body));
        }
        if path == "/openapi/v2" && request.accept.contains(openapi::SECOND_BINARY) {
            let body = Body::Whole(openapi::second_binary().into());
            return Ok(Response::of(200, openapi::SECOND_BINARY_ANSWER, body));
        }
        let Some(document) = self.document(path) else {
            return Ok(missing());
        };
        if request.method != http::Method::GET {
            return Err(super::not_allowed());
        }
        let form = Form::of(&request.accept, &request.user_agent, query);
        // A document has one form; clients that ask for another first take it all the same.
        let language = form.map_or(Written::Json, |it| it.language);
        Ok(written(language, 200, &document))
    }

    fn document(&self, path: &str) -> Option<Value> {
        let kinds = self.registry().kinds();
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match parts.as_slice() {
            [] => Some(discovery::paths(&kinds)),
            ["version"] => Some(discovery::version()),
            ["api"] => Some(discovery::core(ADDRESS)),
            ["api", version] => discovery::resources(&kinds, "", version),
            ["apis"] => Some(discovery::groups(&kinds)),
            ["apis", group] => discovery::group(&kinds, group),
            ["apis", group, version] => discovery::resources(&kinds, group, version),
            ["openapi", "v2"] => Some(openapi::second()),
            ["openapi", "v3"] => Some(openapi::index(&kinds)),
            ["openapi", "v3", "api", version] => openapi::document(&kinds, "", version),
            ["openapi", "v3", "apis", group, version] => openapi::document(&kinds, group, version),
            _ => None,
        }
    }
}

/// The answer to a path that nobody serves.
pub(super) fn missing() -> Response {
    Response::text(404, "404 page not found\n")
}

/// The aggregated form that is asked for before a plain one, if any.
fn aggregated(accept: &str) -> Option<(&'static str, &'static str)> {
    let ranges = accept.split(',').map(|it| it.replace(' ', ""));
    for range in ranges {
        let found = AGGREGATED.into_iter().find(|(version, _)| {
            let mut words = range.split(';');
            let is_json = words.next() == Some("application/json");
            let words: Vec<&str> = words.collect();
            let has = |word: &str| words.contains(&word);
            let is_version = words
                .iter()
                .any(|it| it.strip_prefix("v=") == Some(version));
            is_json && is_version && has("g=apidiscovery.k8s.io") && has("as=APIGroupDiscoveryList")
        });
        if found.is_some() {
            return found;
        }
        if range == "application/json" || range == "*/*" {
            return None;
        }
    }
    None
}

/// The answer of a health check, if it is one.
fn health(path: &str, query: &Query) -> Option<Response> {
    let checks = ["/healthz", "/livez", "/readyz"];
    let check = checks.into_iter().find(|it| path.starts_with(it))?;
    let name = check.trim_start_matches('/');
    match path.strip_prefix(check)? {
        "" if query.get("verbose").is_some() => Some(Response::text(
            200,
            &format!("[+]ping ok\n{name} check passed\n"),
        )),
        "" | "/ping" => Some(Response::text(200, "ok")),
        _ => None,
    }
}
