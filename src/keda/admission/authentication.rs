//! The webhook for TriggerAuthentications of both kinds.

use super::url::is_http;
use crate::keda::objects::{
    AuthenticationSpec, FieldPath, IdentityOwner, OAuth2, PodIdentity, PodIdentityProvider,
    TriggerAuthentication,
};

/// One reason why the webhook refuses an authentication.
#[derive(Clone, Debug, PartialEq)]
pub struct TriggerAuthenticationFailure {
    /// What is wrong, in one word.
    pub code: &'static str,
    /// The field that it is about.
    pub path: FieldPath,
    /// What is wrong; names the field.
    pub message: String,
    pub way_out: &'static str,
}

/// Everything that the webhook would refuse an authentication for; on an update, `old` is what it
/// was. Taking away the last finalizer is never refused.
pub fn review_authentication(
    object: &TriggerAuthentication,
    old: Option<&TriggerAuthentication>,
) -> Vec<TriggerAuthenticationFailure> {
    let loses_last = old.is_some_and(|old| {
        let (before, after) = (&old.metadata.finalizers, &object.metadata.finalizers);
        before.len() == 1 && after.is_empty() && old.spec == object.spec
    });
    if loses_last {
        return Vec::new();
    }
    check(&object.spec)
}

/// Any provider but Azure's and `aws` ends KEDA's checks, so that what is wrong with OAuth 2 is
/// not seen beside one; it is not told here either.
fn check(spec: &AuthenticationSpec) -> Vec<TriggerAuthenticationFailure> {
    let mut failures = Vec::new();
    if let Some(identity) = &spec.pod_identity {
        match &identity.provider {
            Some(PodIdentityProvider::AzureWorkload) => failures.extend(azure(identity)),
            Some(PodIdentityProvider::Aws) => failures.extend(aws(identity)),
            Some(
                PodIdentityProvider::Gcp
                | PodIdentityProvider::AwsEks
                | PodIdentityProvider::None
                | PodIdentityProvider::Other(_),
            )
            | None => return failures,
        }
    }
    failures.extend(spec.oauth2.iter().flat_map(oauth2));
    failures
}

fn azure(identity: &PodIdentity) -> Vec<TriggerAuthenticationFailure> {
    let root = FieldPath::of("spec.podIdentity");
    let mut failures = Vec::new();
    if identity.identity_id.as_deref() == Some("") {
        let way_out = "set identityId, or remove it";
        let path = root.key("identityId");
        failures.push(failure("identityId-empty", path, "is empty", way_out));
    }
    let path = root.key("identityTenantId");
    let tenant = identity.identity_tenant_id.as_deref();
    let has_host = is_filled(identity.identity_authority_host.as_deref());
    if has_host && !is_filled(tenant) {
        let what = "is missing beside identityAuthorityHost";
        let way_out = "set identityTenantId, or remove identityAuthorityHost";
        let code = "identityTenantId-required-with-authorityHost";
        failures.push(failure(code, path, what, way_out));
    } else if tenant == Some("") {
        let way_out = "set identityTenantId, or remove it";
        failures.push(failure("identityTenantId-empty", path, "is empty", way_out));
    }
    failures
}

fn aws(identity: &PodIdentity) -> Vec<TriggerAuthenticationFailure> {
    let root = FieldPath::of("spec.podIdentity");
    let mut failures = Vec::new();
    let has_role = is_filled(identity.role_arn.as_deref());
    if has_role && identity.identity_owner == Some(IdentityOwner::Workload) {
        let what = "is set, and identityOwner is workload";
        let way_out = "remove roleArn, or set identityOwner to keda";
        let path = root.key("roleArn");
        failures.push(failure("roleArn-with-workload-owner", path, what, way_out));
    }
    if is_filled(identity.external_id.as_deref()) && !has_role {
        let way_out = "set roleArn, or remove externalID";
        let path = root.key("externalID");
        let what = "is set without roleArn";
        failures.push(failure("externalID-without-roleArn", path, what, way_out));
    }
    failures
}

fn oauth2(oauth2: &OAuth2) -> Vec<TriggerAuthenticationFailure> {
    let root = FieldPath::of("spec.oauth2");
    let mut failures = Vec::new();
    // The API server fills in an unset type, but not an empty one.
    let is_known = |it: &str| it == "clientCredentials";
    if !oauth2.kind.as_deref().is_none_or(is_known) {
        let what = "is none of clientCredentials";
        let way_out = "set it to clientCredentials, or remove it";
        let path = root.key("type");
        failures.push(failure("oauth2-type-unknown", path, what, way_out));
    }
    if oauth2.client_id.is_empty() {
        let path = root.key("clientId");
        let way_out = "set clientId";
        failures.push(failure(
            "oauth2-clientId-missing",
            path,
            "is missing",
            way_out,
        ));
    }
    let path = root.key("tokenUrl");
    let url = oauth2.token_url.as_str();
    if url.is_empty() {
        let way_out = "set the URL that tokens come from";
        failures.push(failure(
            "oauth2-tokenUrl-missing",
            path,
            "is missing",
            way_out,
        ));
    } else if !is_http(url) {
        let what = "is no URL of http or https";
        let way_out = "write https:// and the host before it";
        failures.push(failure("oauth2-tokenUrl-invalid", path, what, way_out));
    }
    failures
}

fn is_filled(text: Option<&str>) -> bool {
    text.is_some_and(|it| !it.is_empty())
}

fn failure(
    code: &'static str,
    path: FieldPath,
    what: &str,
    way_out: &'static str,
) -> TriggerAuthenticationFailure {
    TriggerAuthenticationFailure {
        code,
        message: format!("{path} {what}"),
        path,
        way_out,
    }
}
