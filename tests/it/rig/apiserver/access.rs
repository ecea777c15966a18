//! Who asks, and what they may not.

use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::resources::{ALL, Asked};
use super::status::Refusal;
use super::{LIMITED_TOKEN, TOKEN};

/// A verb on a resource that is refused to the limited user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denied {
    pub(crate) verb: &'static str,
    /// `pods`, `deployments.apps`, `services/proxy`, `deployments.apps/scale`.
    pub(crate) resource: &'static str,
    pub(crate) reach: Reach,
}

/// Where it is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    Everywhere,
    /// Only for all namespaces together.
    Cluster,
    Namespace(String),
}

/// Who a token belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum User {
    Admin,
    Limited,
}

impl User {
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let value = headers
            .get(header::AUTHORIZATION)
            .and_then(|it| it.to_str().ok());
        match value.and_then(|it| it.strip_prefix("Bearer ")) {
            Some(TOKEN) => Ok(Self::Admin),
            Some(LIMITED_TOKEN) => Ok(Self::Limited),
            _ => Err(Refusal::unauthorized()),
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Limited => "system:serviceaccount:default:limited",
        }
    }
}

/// # Errors
/// What the real server answers when RBAC refuses.
pub(super) fn check(
    user: User,
    denied: &[Denied],
    verb: &str,
    asked: &Asked,
) -> Result<(), Refusal> {
    match is_denied(user, denied, verb, asked) {
        true => Err(Refusal::forbidden(user, verb, asked)),
        false => Ok(()),
    }
}

fn is_denied(user: User, denied: &[Denied], verb: &str, asked: &Asked) -> bool {
    let resource = match &asked.subresource {
        Some(subresource) => format!("{}/{subresource}", asked.resource.qualified()),
        None => asked.resource.qualified(),
    };
    let reaches = |reach: &Reach| match reach {
        Reach::Everywhere => true,
        Reach::Cluster => asked.namespace.is_none(),
        Reach::Namespace(namespace) => asked.namespace.as_ref() == Some(namespace),
    };
    let matches = |it: &Denied| it.verb == verb && it.resource == resource && reaches(&it.reach);
    user == User::Limited && denied.iter().any(matches)
}

/// Answers a SelfSubjectAccessReview.
pub(super) async fn review(
    user: User,
    denied: &[Denied],
    request: Request,
) -> Result<Response, Refusal> {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    if !content_type.is_some_and(|it| it.as_bytes().starts_with(b"application/json")) {
        return Err(Refusal::not_json());
    }
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await;
    let body = body.map_err(|it| Refusal::bad_request(it.to_string()))?;
    let mut review: Value =
        serde_json::from_slice(&body).map_err(|it| Refusal::bad_request(it.to_string()))?;
    let attributes = review["spec"]["resourceAttributes"].clone();
    let text = |name: &str| {
        let value = attributes[name].as_str().filter(|it| !it.is_empty());
        value.map(str::to_owned)
    };
    let (group, plural) = (text("group"), text("resource"));
    let served = |it: &&_| is_meant(it, group.as_deref(), plural.as_deref());
    let allowed = ALL.iter().find(served).is_some_and(|resource| {
        let asked = Asked {
            resource,
            namespace: text("namespace"),
            name: text("name"),
            subresource: text("subresource"),
            rest: String::new(),
        };
        let verb = text("verb").unwrap_or_default();
        !is_denied(user, denied, &verb, &asked)
    });
    review["status"] = json!({ "allowed": allowed });
    Ok(super::json(&review))
}

fn is_meant(it: &super::Resource, group: Option<&str>, plural: Option<&str>) -> bool {
    it.group == group.unwrap_or("") && Some(it.plural) == plural
}
