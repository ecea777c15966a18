//! A request and its answer, apart from HTTP.

use std::borrow::Cow;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use serde_json::Value;

use crate::sandbox::access::User;
use crate::sandbox::status::Refusal;

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
    /// As they came, for services behind the proxy.
    pub(crate) headers: http::HeaderMap,
    pub(crate) user: User,
    pub(crate) body: Bytes,
}

pub(crate) struct Response {
    pub(crate) code: u16,
    pub(crate) content_type: Cow<'static, str>,
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

impl Response {
    pub(crate) fn json(code: u16, body: Vec<u8>) -> Self {
        Self::of(code, "application/json", Body::Whole(body.into()))
    }

    pub(crate) fn text(code: u16, text: &str) -> Self {
        let body = Bytes::copy_from_slice(text.as_bytes());
        Self::of(code, "text/plain; charset=utf-8", Body::Whole(body))
    }

    pub(crate) fn of(code: u16, content_type: impl Into<Cow<'static, str>>, body: Body) -> Self {
        Self {
            code,
            content_type: content_type.into(),
            warnings: vec![],
            headers: vec![],
            body,
        }
    }

    /// The refusal as the `Status` object that clients read.
    pub(crate) fn refused(refusal: &Refusal) -> Self {
        let mut response = Self::json(refusal.code, bytes(&refusal.to_json()));
        let details = refusal.details.as_ref();
        if let Some(seconds) = details.and_then(|it| it.retry_after_seconds) {
            let header = ("Retry-After", seconds.to_string());
            response.headers.push(header);
        }
        response
    }
}

/// A value as JSON.
pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}
