//! Why there is no lag to show, and what to do about it.

use std::time::Duration;

use crate::keda::trigger::kafka::LagError;

/// Why a trigger could not be read. No text in it has a credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("not evaluated: {0}")]
    Unsupported(Unsupported),
    /// The settings do not make a connection: a certificate that is none, an address without
    /// a port.
    #[error("the connection to Kafka at {servers} cannot be set up: {text}")]
    Settings { servers: String, text: String },
    #[error("the client `key` cannot be used: {0}")]
    Key(#[from] KeyError),
    #[error("no Kafka broker can be reached at {servers}: {text}")]
    Unreachable { servers: String, text: String },
    /// The time is over.
    #[error("Kafka at {servers} did not tell {what} within {limit:?}")]
    Late {
        servers: String,
        what: String,
        limit: Duration,
    },
    #[error("no TLS connection to Kafka at {servers}: {text}")]
    Tls { servers: String, text: String },
    #[error("the login with `sasl: {mechanism}` at Kafka at {servers} failed: {text}")]
    Login {
        servers: String,
        mechanism: &'static str,
        text: String,
    },
    #[error("the OAuth server of `oauthTokenEndpointUri` gave no token: {text}")]
    Token { text: String },
    #[error("what answers at {servers} does not speak as a Kafka broker: {text}")]
    NotKafka { servers: String, text: String },
    /// The bootstrap servers answer; others do not, although they can be reached.
    #[error("Kafka at {servers} does not answer about {what}: {text}")]
    Silent {
        servers: String,
        what: String,
        text: String,
    },
    /// The bootstrap servers answer; the brokers that they name cannot be reached.
    #[error(
        "Kafka answers at {servers}, but {what} is told by brokers that cannot be reached from \
         here at their advertised addresses: {text}"
    )]
    Advertised {
        servers: String,
        what: String,
        text: String,
    },
    /// A broker says no.
    #[error("Kafka at {servers} does not tell {what}: {code}")]
    Refused {
        servers: String,
        what: String,
        code: String,
    },
    #[error("partition {partition} of topic {topic} has no leader")]
    NoLeader { topic: String, partition: i32 },
    #[error(
        "no committed offset of group {group} for partition {partition} of topic {topic}: {code}"
    )]
    Commit {
        group: String,
        topic: String,
        partition: i32,
        code: String,
    },
    #[error("no latest offset for partition {partition} of topic {topic}: {code}")]
    Latest {
        topic: String,
        partition: i32,
        code: String,
    },
    #[error(transparent)]
    Lag(#[from] LagError),
}

/// What KEDA does and this program does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    #[error("built without Kafka")]
    NotBuilt,
    #[error("a login with `sasl: gssapi` (Kerberos) is not supported")]
    Kerberos,
    #[error("a login with `saslTokenProvider: aws_msk_iam` is not supported")]
    AwsMskIam,
}

/// Why an encrypted key is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("it is encrypted, and there is no `keyPassword`")]
    NoPassword,
    #[error("`keyPassword` does not open it")]
    Password,
    #[error(
        "it is encrypted as before PKCS #8 (`Proc-Type: 4,ENCRYPTED`), which KEDA does not read"
    )]
    Legacy,
    #[error("it is encrypted in another way than PBES2 with AES or Triple DES")]
    Form,
    #[error("its PEM is cut off or damaged")]
    Broken,
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Unsupported(why) => why.hint().to_owned(),
            Self::Key(why) => why.hint().to_owned(),
            Self::Settings { .. } => {
                "check `bootstrapServers` (host:port) and the PEM texts of `ca`, `cert` and `key`"
                    .to_owned()
            }
            Self::Unreachable { servers, .. } => format!(
                "check that {servers} can be reached from here and that `tls` fits the listener, \
                 or run this in the cluster"
            ),
            Self::Late { .. } | Self::Silent { .. } => {
                "allow more time, or look at the brokers and at `tls` of the trigger".to_owned()
            }
            Self::Tls { .. } => {
                "check that the listener speaks TLS, and `ca`, `cert` and `key` of the trigger"
                    .to_owned()
            }
            Self::Login { .. } => {
                "check `sasl`, `username` and `password` of the trigger's TriggerAuthentication"
                    .to_owned()
            }
            Self::Token { .. } => {
                "check `oauthTokenEndpointUri`, `username`, `password` and `scopes`".to_owned()
            }
            Self::NotKafka { .. } => {
                "check the port in `bootstrapServers` and whether its listener needs `tls: enable`"
                    .to_owned()
            }
            Self::Advertised { .. } => "brokers are reached at their `advertised.listeners`: run \
                 this in the cluster, or let the names of the brokers lead there from here"
                .to_owned(),
            Self::Refused { what, .. } => format!(
                "let the user of the trigger describe {what} (an ACL with Describe), and look at \
                 the brokers"
            ),
            Self::NoLeader { topic, .. } | Self::Latest { topic, .. } => format!(
                "look at the brokers of topic {topic}; KEDA reads nothing until it is answered"
            ),
            Self::Commit { group, topic, .. } => format!(
                "let the user of the trigger describe group {group} and topic {topic}; KEDA reads \
                 nothing until then"
            ),
            Self::Lag(error) => hint_of_lag(error).to_owned(),
        }
    }

    /// Whether the source was not even asked.
    pub fn is_unsupported(&self) -> bool {
        matches!(self, Self::Unsupported(_))
    }
}

impl Unsupported {
    fn hint(self) -> &'static str {
        match self {
            Self::NotBuilt => "build with the feature `kafka`, or look at KEDA's own metric",
            Self::Kerberos | Self::AwsMskIam => {
                "look at KEDA's own metric, or read through a listener with another login"
            }
        }
    }
}

impl KeyError {
    fn hint(self) -> &'static str {
        match self {
            Self::NoPassword => "give `keyPassword` in the trigger's TriggerAuthentication",
            Self::Password => "check `keyPassword` in the trigger's TriggerAuthentication",
            Self::Legacy | Self::Form => {
                "`openssl pkcs8 -topk8 -v2 aes-256-cbc -in KEY -out NEW` writes it in a form that is \
                 read, by KEDA too"
            }
            Self::Broken => "check `key` in the trigger's TriggerAuthentication",
        }
    }
}

fn hint_of_lag(error: &LagError) -> &'static str {
    match error {
        LagError::UnknownTopic(_) => {
            "check `topic`, and that the user of the trigger may describe it"
        }
        LagError::NoPartition(_) => "check `partitionLimitation` and the partitions of the topic",
        LagError::NoCommit(..) => "look at the coordinator of the group",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_supported_says_so_and_how_to_go_on() {
        let all = [
            Unsupported::NotBuilt,
            Unsupported::Kerberos,
            Unsupported::AwsMskIam,
        ];
        for why in all {
            let error = Error::Unsupported(why);
            assert!(error.to_string().starts_with("not evaluated: "), "{error}");
            assert!(error.is_unsupported() && !error.hint().is_empty());
        }
    }
}
