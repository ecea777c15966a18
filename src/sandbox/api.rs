//! Requests to the API server, whatever carries them.

mod exchange;

#[allow(unused_imports, reason = "its server comes next")]
pub(crate) use exchange::{Body, Request, Response};
