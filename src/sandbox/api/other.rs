//! Paths that are no resources.

use serde_json::json;

use super::exchange::Response;
use super::negotiate::Written;
use super::present::written;
use super::{Inner, Request};
use crate::sandbox::status::Refusal;

impl Inner {
    /// # Errors
    /// When no form that is accepted is one of ours.
    pub(super) fn other(&self, request: &Request, path: &str) -> Result<Response, Refusal> {
        let path = path.trim_end_matches('/');
        let checks = ["/healthz", "/livez", "/readyz"];
        let is_below = |check: &str| {
            let rest = path.strip_prefix(check);
            rest.is_some_and(|it| it.is_empty() || it.starts_with('/'))
        };
        if let Some(check) = checks.into_iter().find(|it| is_below(it)) {
            return Ok(health(check, path, &request.query));
        }
        match path {
            "/version" => Ok(version()),
            _ => Ok(missing()),
        }
    }
}

/// The answer to a path that nobody serves.
pub(super) fn missing() -> Response {
    Response::text(404, "404 page not found\n")
}

fn health(check: &str, path: &str, query: &str) -> Response {
    let is_verbose = query
        .split('&')
        .any(|it| it.split('=').next() == Some("verbose"));
    match path {
        path if path == check && is_verbose => {
            let name = check.trim_start_matches('/');
            Response::text(200, &format!("[+]ping ok\n{name} check passed\n"))
        }
        path if path == check || path == format!("{check}/ping") => Response::text(200, "ok"),
        _ => missing(),
    }
}

fn version() -> Response {
    let version = json!({
        "major": "1", "minor": "36", "emulationMajor": "1", "emulationMinor": "36",
        "minCompatibilityMajor": "1", "minCompatibilityMinor": "35",
        "gitVersion": "v1.36.2+stepscale-sandbox", "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "rustc",
        "platform": "linux/amd64",
    });
    written(Written::Pretty, 200, &version)
}
