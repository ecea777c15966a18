//! TriggerAuthentication and ClusterTriggerAuthentication: where the secrets of a trigger are.
//! The secrets themselves are never in these objects.

use std::collections::BTreeMap;

use serde_json::Value;

use super::field::{FieldErrors, read_whole};
use super::{Metadata, object, words};

/// An authentication of either kind; their specs are the same.
#[derive(Clone, Debug, PartialEq)]
pub struct TriggerAuthentication {
    /// By the kind that the object names; without one, of a namespace.
    pub kind: AuthenticationKind,
    pub metadata: Metadata,
    pub spec: AuthenticationSpec,
    pub status: AuthenticationStatus,
}

words! {
    AuthenticationKind {
        /// Of a namespace, which its secrets are in too.
        TriggerAuthentication = "TriggerAuthentication",
        /// Of the cluster; its secrets are in KEDA's own namespace.
        ClusterTriggerAuthentication = "ClusterTriggerAuthentication",
    }
}

object! {
    /// Sources in the order of fields here are the order of KEDA's documentation; where several
    /// give the same parameter, the order of resolution decides, which is another.
    AuthenticationSpec {
        pod_identity: Option<PodIdentity> = "podIdentity",
        secrets: Vec<TargetKey> = "secretTargetRef",
        /// Since 2.13.
        config_maps: Vec<TargetKey> = "configMapTargetRef",
        env: Vec<EnvironmentVariable> = "env",
        /// A file of the operator; of the cluster-wide kind only (2.19).
        file_path: Option<String> = "filePath",
        vault: Option<Vault> = "hashiCorpVault",
        azure_key_vault: Option<AzureKeyVault> = "azureKeyVault",
        /// Since 2.13.
        gcp_secret_manager: Option<GcpSecretManager> = "gcpSecretManager",
        /// Since 2.13.
        aws_secret_manager: Option<AwsSecretManager> = "awsSecretManager",
        /// Since 2.17.
        bound_service_account_tokens: Vec<BoundServiceAccountToken> = "boundServiceAccountToken",
        /// Since 2.20.
        oauth2: Option<OAuth2> = "oauth2",
    }
}

object! {
    /// Who uses the object, as lists with commas.
    AuthenticationStatus {
        scaled_objects: Option<String> = "scaledobjects",
        scaled_jobs: Option<String> = "scaledjobs",
    }
}

object! {
    /// The identity of the pod in its cloud.
    PodIdentity {
        provider: Option<PodIdentityProvider> = "provider",
        identity_id: Option<String> = "identityId",
        identity_tenant_id: Option<String> = "identityTenantId",
        identity_authority_host: Option<String> = "identityAuthorityHost",
        role_arn: Option<String> = "roleArn",
        /// Since 2.20.
        external_id: Option<String> = "externalID",
        identity_owner: Option<IdentityOwner> = "identityOwner",
    }
}

words! {
    PodIdentityProvider {
        AzureWorkload = "azure-workload",
        Gcp = "gcp",
        Aws = "aws",
        /// Deprecated.
        AwsEks = "aws-eks",
        None = "none",
    }
}

words! {
    IdentityOwner {
        Keda = "keda",
        Workload = "workload",
    }
}

object! {
    /// A key of a secret or of a config map, and the parameter that it gives.
    TargetKey {
        parameter: String = "parameter",
        name: String = "name",
        key: String = "key",
    }
}

object! {
    /// A variable of the environment of the scale target's container.
    EnvironmentVariable {
        parameter: String = "parameter",
        name: String = "name",
        container: Option<String> = "containerName",
    }
}

object! {
    Vault {
        address: String = "address",
        authentication: Option<VaultAuthentication> = "authentication",
        namespace: Option<String> = "namespace",
        role: Option<String> = "role",
        mount: Option<String> = "mount",
        credential: Option<VaultCredential> = "credential",
        secrets: Vec<VaultSecret> = "secrets",
    }
}

words! {
    VaultAuthentication {
        Token = "token",
        Kubernetes = "kubernetes",
    }
}

object! {
    /// How to log in. A token may be written here in the clear, so that this type does not say
    /// more of one than that it is there.
    VaultCredential {
        token: Option<Hidden> = "token",
        service_account: Option<String> = "serviceAccount",
        service_account_name: Option<String> = "serviceAccountName",
    }
}

/// A secret that an object holds in the clear. Its text is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hidden;

impl super::Present for Hidden {
    fn present(value: &Value, node: &super::Node<'_>) -> Option<Self> {
        match value {
            Value::String(_) => Some(Self),
            _ => node.refuse("expected a text".to_owned()),
        }
    }
}

object! {
    VaultSecret {
        parameter: String = "parameter",
        path: String = "path",
        key: String = "key",
        kind: Option<VaultSecretType> = "type",
        pki: Option<PkiData> = "pkiData",
    }
}

words! {
    VaultSecretType {
        Generic = "",
        SecretV2 = "secretV2",
        Secret = "secret",
        Pki = "pki",
    }
}

object! {
    PkiData {
        common_name: Option<String> = "commonName",
        alt_names: Option<String> = "altNames",
        ip_sans: Option<String> = "ipSans",
        uri_sans: Option<String> = "uriSans",
        other_sans: Option<String> = "otherSans",
        ttl: Option<String> = "ttl",
        format: Option<String> = "format",
    }
}

object! {
    AzureKeyVault {
        vault_uri: String = "vaultUri",
        secrets: Vec<AzureSecret> = "secrets",
        credentials: Option<AzureCredentials> = "credentials",
        pod_identity: Option<PodIdentity> = "podIdentity",
        cloud: Option<AzureCloud> = "cloud",
    }
}

object! {
    AzureSecret {
        parameter: String = "parameter",
        name: String = "name",
        version: Option<String> = "version",
    }
}

object! {
    AzureCredentials {
        client_id: String = "clientId",
        tenant_id: String = "tenantId",
        client_secret: Option<ClientSecret> = "clientSecret",
    }
}

object! {
    AzureCloud {
        kind: String = "type",
        key_vault_resource_url: Option<String> = "keyVaultResourceURL",
        active_directory_endpoint: Option<String> = "activeDirectoryEndpoint",
    }
}

object! {
    /// Where a client's secret is.
    ClientSecret {
        value_from: ValueFrom = "valueFrom",
    }
}

object! {
    ValueFrom {
        secret: SecretKeyRef = "secretKeyRef",
    }
}

object! {
    SecretKeyRef {
        name: String = "name",
        key: String = "key",
    }
}

object! {
    GcpSecretManager {
        secrets: Vec<GcpSecret> = "secrets",
        credentials: Option<GcpCredentials> = "credentials",
        pod_identity: Option<PodIdentity> = "podIdentity",
    }
}

object! {
    GcpSecret {
        parameter: String = "parameter",
        id: String = "id",
        /// `latest` where it is unset.
        version: Option<String> = "version",
    }
}

object! {
    GcpCredentials {
        client_secret: ClientSecret = "clientSecret",
    }
}

object! {
    AwsSecretManager {
        secrets: Vec<AwsSecret> = "secrets",
        credentials: Option<AwsCredentials> = "credentials",
        pod_identity: Option<PodIdentity> = "podIdentity",
        region: Option<String> = "region",
    }
}

object! {
    AwsSecret {
        parameter: String = "parameter",
        name: String = "name",
        version_id: Option<String> = "versionId",
        version_stage: Option<String> = "versionStage",
        secret_key: Option<String> = "secretKey",
    }
}

object! {
    AwsCredentials {
        access_key: Option<AwsValue> = "accessKey",
        access_secret_key: Option<AwsValue> = "accessSecretKey",
        access_token: Option<AwsValue> = "accessToken",
    }
}

object! {
    AwsValue {
        value_from: ValueFrom = "valueFrom",
    }
}

object! {
    BoundServiceAccountToken {
        parameter: String = "parameter",
        service_account_name: String = "serviceAccountName",
    }
}

object! {
    OAuth2 {
        /// `clientCredentials`, which is also what unset means; KEDA knows no other.
        kind: Option<String> = "type",
        client_id: String = "clientId",
        client_secret: Option<ClientSecret> = "clientSecret",
        token_url: String = "tokenUrl",
        scopes: Vec<String> = "scopes",
        token_url_params: BTreeMap<String, String> = "tokenUrlParams",
    }
}

impl TriggerAuthentication {
    /// Reads an object of either kind.
    pub fn read(value: &Value) -> Result<Self, FieldErrors> {
        read_whole(value, |root| {
            let kind: Option<AuthenticationKind> = root.get("kind").read();
            Self {
                kind: kind.unwrap_or(AuthenticationKind::TriggerAuthentication),
                metadata: root.get("metadata").read(),
                spec: root.get("spec").read(),
                status: root.get("status").read(),
            }
        })
    }

    /// What the webhook accepts and KEDA refuses once a trigger uses it: the code word, if any.
    pub fn fails_when_resolved(&self) -> Option<&'static str> {
        let is_cluster = self.kind == AuthenticationKind::ClusterTriggerAuthentication;
        let path = self.spec.file_path.as_deref();
        let has_path = path.is_some_and(|it| !it.is_empty());
        (has_path && !is_cluster).then_some("filePath-only-for-ClusterTriggerAuthentication")
    }
}
