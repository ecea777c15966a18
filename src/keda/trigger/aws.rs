//! Whether a trigger that asks AWS can prove who it is.

use super::param::{AUTH, AUTH_ENV, AUTH_META_ENV, Kind, META, Param, Place};
use super::problem::{Cause, Problem};
use super::{PodIdentity, Secret, TriggerSource};

/// What the types of AWS read beside their own parameters.
pub(super) const PARAMS: [Param; 6] = [
    Param::new("identityOwner", Kind::Text, META).optional(),
    Param::new("awsRoleArn", Kind::Text, AUTH).optional(),
    Param::new("awsAccessKeyID", Kind::Text, AUTH_META_ENV).optional(),
    Param::new("awsAccessKeyId", Kind::Text, AUTH).optional(),
    Param::new("awsSecretAccessKey", Kind::Text, AUTH_ENV).optional(),
    Param::new("awsSessionToken", Kind::Text, AUTH).optional(),
];

/// Looks for a role or a key, unless the operator's own identity or the pod's is used.
///
/// # Errors
/// The half of the key that is missing.
pub(super) fn check(source: &TriggerSource) -> Result<(), Problem> {
    let owner = source
        .metadata
        .get("identityOwner")
        .map_or("", String::as_str);
    let is_pods = matches!(owner, "" | "pod");
    let has_identity = matches!(source.pod_identity, PodIdentity::Aws | PodIdentity::AwsEks);
    if has_identity || !is_pods || !auth(source, "awsRoleArn").is_empty() {
        return Ok(());
    }
    let from_auth = ["awsAccessKeyID", "awsAccessKeyId"];
    if from_auth.iter().any(|it| !auth(source, it).is_empty()) {
        return given(
            "awsSecretAccessKey",
            auth(source, "awsSecretAccessKey"),
            AUTH_ENV,
        );
    }
    let written = source
        .metadata
        .get("awsAccessKeyID")
        .map_or("", String::as_str);
    let key = if written.is_empty() {
        env(source, "awsAccessKeyIDFromEnv")
    } else {
        written
    };
    given("awsAccessKeyID", key, AUTH_META_ENV)?;
    given(
        "awsSecretAccessKey",
        env(source, "awsSecretAccessKeyFromEnv"),
        AUTH_ENV,
    )
}

fn given(param: &str, text: &str, places: &'static [Place]) -> Result<(), Problem> {
    if text.is_empty() {
        return Err(Problem::new(param, Cause::Missing { places }));
    }
    Ok(())
}

fn auth<'a>(source: &'a TriggerSource, param: &str) -> &'a str {
    source.auth.get(param).map_or("", Secret::expose)
}

fn env<'a>(source: &'a TriggerSource, key: &str) -> &'a str {
    let variable = source.metadata.get(key);
    let value = variable.and_then(|it| source.env.get(it));
    value.map_or("", Secret::expose)
}

#[cfg(test)]
mod tests {
    use super::super::tests::source;
    use super::*;

    fn missing(source: &TriggerSource) -> Option<String> {
        check(source).err().map(|it| it.param)
    }

    #[test]
    fn a_key_has_two_halves_wherever_it_is() {
        let mut it = source("aws-sqs-queue", &[]);
        assert_eq!(missing(&it).as_deref(), Some("awsAccessKeyID"));
        it.auth.insert("awsAccessKeyId".into(), Secret::new("id"));
        assert_eq!(missing(&it).as_deref(), Some("awsSecretAccessKey"));
        it.auth
            .insert("awsSecretAccessKey".into(), Secret::new("key"));
        assert_eq!(missing(&it), None);

        let mut it = source(
            "aws-sqs-queue",
            &[
                ("awsAccessKeyID", "id"),
                ("awsSecretAccessKeyFromEnv", "KEY"),
            ],
        );
        assert_eq!(missing(&it).as_deref(), Some("awsSecretAccessKey"));
        it.env.insert("KEY".into(), Secret::new("key"));
        assert_eq!(missing(&it), None);
    }

    #[test]
    fn an_identity_needs_no_key() {
        let operator = source("aws-sqs-queue", &[("identityOwner", "operator")]);
        assert_eq!(missing(&operator), None);
        let mut pod = source("aws-sqs-queue", &[]);
        pod.pod_identity = PodIdentity::Aws;
        assert_eq!(missing(&pod), None);
        let mut role = source("aws-sqs-queue", &[]);
        role.auth.insert("awsRoleArn".into(), Secret::new("arn"));
        assert_eq!(missing(&role), None);
    }
}
