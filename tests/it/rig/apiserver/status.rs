//! Refusals in the form and the words of the real server.

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::access::User;
use super::resources::Asked;

/// An answer that is not what was asked for.
#[derive(Debug)]
pub(super) struct Refusal {
    code: StatusCode,
    reason: &'static str,
    message: String,
    details: Value,
}

impl Refusal {
    pub(super) fn new(code: StatusCode, reason: &'static str, message: String) -> Self {
        Self {
            code,
            reason,
            message,
            details: json!({}),
        }
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "Unauthorized",
            "Unauthorized".to_owned(),
        )
    }

    /// The path leads nowhere.
    pub(super) fn not_found() -> Self {
        let message = "the server could not find the requested resource";
        Self::new(StatusCode::NOT_FOUND, "NotFound", message.to_owned())
    }

    pub(super) fn no_object(asked: &Asked, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", asked.resource.qualified());
        let mut refusal = Self::new(StatusCode::NOT_FOUND, "NotFound", message);
        refusal.details = json!({
            "name": name,
            "group": asked.resource.group,
            "kind": asked.resource.plural,
        });
        refusal
    }

    pub(super) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        let code = StatusCode::METHOD_NOT_ALLOWED;
        Self::new(code, "MethodNotAllowed", message.to_owned())
    }

    pub(super) fn bad_request(message: String) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// kubectl sends some objects in protobuf, which is not spoken here.
    pub(super) fn not_json() -> Self {
        let message = "the body of the request was in an unknown format - accepted media types \
                       include: application/json";
        let code = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Self::new(code, "UnsupportedMediaType", message.to_owned())
    }

    pub(super) fn expired() -> Self {
        let message = "The provided continue parameter is too old to display a consistent list \
                       result. You can start a new list without the continue parameter.";
        Self::new(StatusCode::GONE, "Expired", message.to_owned())
    }

    pub(super) fn unavailable(message: String) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "ServiceUnavailable",
            message,
        )
    }

    pub(super) fn forbidden(user: User, verb: &str, asked: &Asked) -> Self {
        let resource = asked.resource;
        let name = asked
            .name
            .as_deref()
            .map(|it| format!(" \"{it}\""))
            .unwrap_or_default();
        let plural = match &asked.subresource {
            Some(subresource) => format!("{}/{subresource}", resource.plural),
            None => resource.plural.to_owned(),
        };
        let place = match &asked.namespace {
            Some(namespace) => format!("in the namespace \"{namespace}\""),
            None => "at the cluster scope".to_owned(),
        };
        let message = format!(
            "{}{name} is forbidden: User \"{}\" cannot {verb} resource \"{plural}\" in API group \
             \"{}\" {place}",
            resource.qualified(),
            user.name(),
            resource.group,
        );
        let mut refusal = Self::new(StatusCode::FORBIDDEN, "Forbidden", message);
        refusal.details = json!({ "group": resource.group, "kind": resource.plural });
        refusal
    }
}

impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Self {
        let status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": refusal.message,
            "reason": refusal.reason,
            "details": refusal.details,
            "code": refusal.code.as_u16(),
        });
        Response::builder()
            .status(refusal.code)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(status.to_string()))
            .expect("a response of constant parts")
    }
}
