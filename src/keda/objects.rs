//! ScaledObject, ScaledJob, TriggerAuthentication and ClusterTriggerAuthentication of
//! `keda.sh/v1alpha1`, complete as of KEDA 2.20.
//!
//! Reading is tolerant: fields and words that are not known are passed over, and what is missing
//! reads as empty, as KEDA itself reads it; [`super::admission::schema`] says what is missing.
//! A value of the wrong type is an error with the path of its field, and all of them are told.
//! Fields are kept as they are written, so that "unset" differs from 0; what KEDA takes instead
//! of an unset one is told by a method.
//!
//! These types are for reading alone. A change is made to the raw JSON of an object and never
//! goes through them, so that it cannot drop what they do not know.

mod annotations;
mod authentication;
mod field;
mod metadata;
mod path;
mod scaled_job;
mod scaled_object;
mod status;
mod trigger;

pub use annotations::{OneWay, Pause, PausedReplicas, boolean as boolean_annotation, is_on, keys};
pub use authentication::{
    AuthenticationKind, AuthenticationSpec, AuthenticationStatus, AwsCredentials, AwsSecret,
    AwsSecretManager, AwsValue, AzureCloud, AzureCredentials, AzureKeyVault, AzureSecret,
    BoundServiceAccountToken, ClientSecret, EnvironmentVariable, GcpCredentials, GcpSecret,
    GcpSecretManager, Hidden, IdentityOwner, OAuth2, PkiData, PodIdentity, PodIdentityProvider,
    SecretKeyRef, TargetKey, TriggerAuthentication, ValueFrom, Vault, VaultAuthentication,
    VaultCredential, VaultSecret, VaultSecretType,
};
pub use field::{FieldError, FieldErrors, UnknownField};
pub(crate) use field::{Node, Present, expect_object, object, read_noting, read_whole, words};
pub use metadata::{Managed, Metadata, OwnerReference};
pub use path::{FieldPath, Segment};
pub use scaled_job::{
    MultipleScalers, Propagation, Rollout, RolloutStrategy, ScaledJob, ScaledJobSpec,
    ScalingStrategy, Strategy,
};
pub use scaled_object::{
    Advanced, Fallback, FallbackBehavior, HpaConfig, ModifiersMetricType, ScaleTarget,
    ScaledObject, ScaledObjectSpec, ScalingModifiers,
};
pub use status::{
    Condition, ConditionKind, ConditionStatus, Health, HealthStatus, ScaledJobStatus,
    ScaledObjectStatus, TargetResource, TriggerActivity,
};
pub use trigger::{AuthenticationRef, Trigger};

use serde_json::Value;

/// What every object has at its root.
const ROOT: &[&str] = &["apiVersion", "kind", "metadata", "spec", "status"];

/// The fields of an object of KEDA's that its kind does not have, by place. Metadata and status
/// are not looked at, and nothing is told of an object of another kind.
pub fn unknown_fields(object: &Value) -> Vec<UnknownField> {
    let spec = match object.get("kind").and_then(Value::as_str) {
        Some("ScaledObject") => read_spec::<ScaledObjectSpec>,
        Some("ScaledJob") => read_spec::<ScaledJobSpec>,
        Some("TriggerAuthentication" | "ClusterTriggerAuthentication") => {
            read_spec::<AuthenticationSpec>
        }
        _ => return Vec::new(),
    };
    spec(object)
}

fn read_spec<T: Present + Default>(object: &Value) -> Vec<UnknownField> {
    let read = |root: &Node<'_>| {
        root.knows(object, ROOT);
        root.get("spec").read::<T>()
    };
    read_noting(object, read).1
}

#[cfg(test)]
mod tests;
