//! How a `kafka` trigger secures its connection and proves who it is.

use super::{Cause, Problem};
use crate::keda::trigger::{Secret, Values};

/// Encryption of the connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    pub is_enabled: bool,
    /// Whether the broker's certificate is left unchecked.
    pub unsafe_ssl: bool,
    /// Certificates in PEM; empty where not given.
    pub ca: Secret,
    pub cert: Secret,
    pub key: Secret,
    pub key_password: Secret,
}

/// Who the trigger is to the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sasl {
    None,
    Plaintext {
        username: Secret,
        password: Secret,
    },
    ScramSha256 {
        username: Secret,
        password: Secret,
    },
    ScramSha512 {
        username: Secret,
        password: Secret,
    },
    /// `oauthbearer` with tokens of an OAuth server.
    Bearer {
        username: Secret,
        password: Secret,
        endpoint: Secret,
        scopes: Vec<Secret>,
        extensions: Vec<(String, Secret)>,
    },
    /// `oauthbearer` with tokens of AWS.
    AwsMskIam {
        region: String,
    },
    Kerberos {
        username: Secret,
        realm: Secret,
        config: Secret,
        service: Secret,
        disable_fast: bool,
        proof: KerberosProof,
    },
}

/// What proves a name to Kerberos.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KerberosProof {
    Password(Secret),
    Keytab(Secret),
}

impl Tls {
    pub(super) fn read(values: &Values) -> Result<Self, Problem> {
        let tls = Self {
            is_enabled: values.text("tls") == "enable",
            unsafe_ssl: values.boolean("unsafeSsl"),
            ca: values.secret("ca"),
            cert: values.secret("cert"),
            key: values.secret("key"),
            key_password: values.secret("keyPassword"),
        };
        match (tls.is_enabled, tls.cert.is_empty(), tls.key.is_empty()) {
            (true, false, true) => Err(lacks("key", "cert")),
            (true, true, false) => Err(lacks("cert", "key")),
            _ => Ok(tls),
        }
    }
}

fn lacks(param: &str, other: &'static str) -> Problem {
    Problem::new(param, Cause::MissingWithOther { other })
}

impl Sasl {
    /// As it is written in `sasl`.
    pub fn mechanism(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Plaintext { .. } => "plaintext",
            Self::ScramSha256 { .. } => "scram_sha256",
            Self::ScramSha512 { .. } => "scram_sha512",
            Self::Bearer { .. } | Self::AwsMskIam { .. } => "oauthbearer",
            Self::Kerberos { .. } => "gssapi",
        }
    }

    /// As it is written in `saslTokenProvider`; nothing for other mechanisms.
    pub fn token_provider(&self) -> Option<&'static str> {
        match self {
            Self::Bearer { .. } => Some("bearer"),
            Self::AwsMskIam { .. } => Some("aws_msk_iam"),
            Self::None
            | Self::Plaintext { .. }
            | Self::ScramSha256 { .. }
            | Self::ScramSha512 { .. }
            | Self::Kerberos { .. } => None,
        }
    }

    pub(super) fn read(values: &Values, tls: &Tls) -> Result<Self, Problem> {
        let login = |mechanism| {
            let username = needed(values, "username", mechanism)?;
            Ok((username, needed(values, "password", mechanism)?))
        };
        Ok(match values.text("sasl").as_str() {
            "plaintext" => {
                let (username, password) = login("plaintext")?;
                Self::Plaintext { username, password }
            }
            "scram_sha256" => {
                let (username, password) = login("scram_sha256")?;
                Self::ScramSha256 { username, password }
            }
            "scram_sha512" => {
                let (username, password) = login("scram_sha512")?;
                Self::ScramSha512 { username, password }
            }
            "oauthbearer" if values.text("saslTokenProvider") == "aws_msk_iam" => aws(values, tls)?,
            "oauthbearer" => bearer(values, login("oauthbearer")?)?,
            "gssapi" => kerberos(values)?,
            // The table leaves only `none` and nothing.
            _ => Self::None,
        })
    }
}

fn needed(values: &Values, param: &str, mechanism: &'static str) -> Result<Secret, Problem> {
    let text = values.secret(param);
    if text.is_empty() {
        return Err(Problem::new(param, Cause::MissingForSasl { mechanism }));
    }
    Ok(text)
}

fn aws(values: &Values, tls: &Tls) -> Result<Sasl, Problem> {
    if !tls.is_enabled {
        return Err(Problem::new("saslTokenProvider", Cause::RequiresTls));
    }
    let region = needed(values, "awsRegion", "oauthbearer")?;
    Ok(Sasl::AwsMskIam {
        region: region.expose().to_owned(),
    })
}

fn bearer(values: &Values, (username, password): (Secret, Secret)) -> Result<Sasl, Problem> {
    let endpoint = needed(values, "oauthTokenEndpointUri", "oauthbearer")?;
    let scopes = values.secret("scopes");
    let scopes = scopes.expose().split(',').map(str::trim);
    Ok(Sasl::Bearer {
        username,
        password,
        endpoint,
        scopes: scopes
            .filter(|it| !it.is_empty())
            .map(Secret::new)
            .collect(),
        extensions: extensions(values.secret("oauthExtensions").expose())?,
    })
}

/// `key=value` with commas between, untrimmed.
fn extensions(text: &str) -> Result<Vec<(String, Secret)>, Problem> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let pair = |it: &str| {
        let (key, value) = it.split_once('=').filter(|it| !it.1.contains('='))?;
        Some((key.to_owned(), Secret::new(value)))
    };
    let pairs: Option<_> = text.split(',').map(pair).collect();
    let value = super::Shown(None);
    pairs.ok_or_else(|| Problem::new("oauthExtensions", Cause::NotKeyValueList { value }))
}

fn kerberos(values: &Values) -> Result<Sasl, Problem> {
    let username = needed(values, "username", "gssapi")?;
    let (password, keytab) = (values.secret("password"), values.secret("keytab"));
    let proof = match (password.is_empty(), keytab.is_empty()) {
        (false, true) => KerberosProof::Password(password),
        (true, false) => KerberosProof::Keytab(keytab),
        _ => return Err(Problem::new("password+keytab", Cause::ExactlyOneOf)),
    };
    let realm = needed(values, "realm", "gssapi")?;
    let config = needed(values, "kerberosConfig", "gssapi")?;
    let service = values.secret("kerberosServiceName");
    Ok(Sasl::Kerberos {
        username,
        realm,
        config,
        service: if service.is_empty() {
            Secret::new("kafka")
        } else {
            service
        },
        disable_fast: values.boolean("kerberosDisableFAST"),
        proof,
    })
}
