//! A request and its answer, apart from HTTP.

use bytes::Bytes;
use futures_util::stream::BoxStream;

use crate::sandbox::access::User;

/// A request by somebody who is known.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: http::Method,
    /// Still percent-encoded.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) accept: String,
    pub(crate) content_type: String,
    pub(crate) user_agent: String,
    pub(crate) user: User,
    pub(crate) body: Bytes,
}

pub(crate) struct Response {
    pub(crate) code: u16,
    pub(crate) content_type: &'static str,
    /// The texts of `Warning` headers.
    pub(crate) warnings: Vec<String>,
    /// Other headers, such as `Retry-After`.
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Body,
}

pub(crate) enum Body {
    Whole(Bytes),
    /// The events of a watch, each a line; ends when the watch does.
    Stream(BoxStream<'static, Bytes>),
}
