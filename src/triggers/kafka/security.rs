//! How the connection is secured and who logs in.

use krafka::auth::{AuthConfig, TlsConfig};

use super::answer::Speaker;
use super::{Error, Unsupported, token};
use crate::keda::trigger::Secret;
use crate::keda::trigger::kafka::{Kafka, Sasl, Tls};

/// Whom to trust beside a `ca` of the trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Roots {
    /// The certificates of this machine, as KEDA does.
    Machine,
    /// For a machine that has none: the `ca` alone, or Mozilla's without one.
    BuiltIn,
}

/// What has to be known before the first connection: a token is asked for once.
pub(super) async fn login(settings: &Kafka, speaker: &Speaker) -> Result<AuthConfig, Error> {
    Ok(match &settings.sasl {
        Sasl::None => AuthConfig::plaintext(),
        Sasl::Plaintext { username, password } => {
            AuthConfig::sasl_plain(username.expose(), password.expose())
        }
        Sasl::ScramSha256 { username, password } => {
            AuthConfig::sasl_scram_sha256(username.expose(), password.expose())
        }
        Sasl::ScramSha512 { username, password } => {
            AuthConfig::sasl_scram_sha512(username.expose(), password.expose())
        }
        Sasl::Bearer {
            username,
            password,
            endpoint,
            scopes,
            extensions,
        } => {
            let client = token::Client {
                id: username,
                secret: password,
                endpoint,
                scopes,
            };
            let token = token::token(&client, speaker).await?;
            let with = |token: krafka::auth::OAuthBearerToken, (key, value): &(String, Secret)| {
                token.with_extension(key, value.expose())
            };
            AuthConfig::sasl_oauthbearer_token(extensions.iter().fold(token, with))
        }
        Sasl::AwsMskIam { .. } => return Err(Error::Unsupported(Unsupported::AwsMskIam)),
        Sasl::Kerberos { .. } => return Err(Error::Unsupported(Unsupported::Kerberos)),
    })
}

/// The login within TLS, where the trigger wants it, with the client's `key` in the clear.
pub(super) fn within_tls(
    login: AuthConfig,
    settings: &Kafka,
    key: &Secret,
    roots: Roots,
) -> AuthConfig {
    let tls = &settings.tls;
    match (tls.is_enabled, &settings.sasl) {
        (false, _) => login,
        (true, Sasl::None) => AuthConfig::ssl(config(tls, key, roots)),
        (true, _) => login.with_tls(config(tls, key, roots)),
    }
}

fn config(tls: &Tls, key: &Secret, roots: Roots) -> TlsConfig {
    let mut config = if tls.unsafe_ssl {
        TlsConfig::insecure()
    } else {
        TlsConfig::new()
    };
    if roots == Roots::Machine {
        config = config.with_native_roots();
    }
    if !tls.ca.is_empty() {
        config = config.with_ca_cert_pem(tls.ca.expose());
    }
    if !tls.cert.is_empty() {
        config = config.with_client_cert_pem(tls.cert.expose(), key.expose().as_bytes().to_vec());
    }
    config
}
