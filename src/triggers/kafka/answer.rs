//! What the client says, made fit to be shown.

use std::error::Error as _;

use krafka::error::KrafkaError;

use super::Error;
use crate::keda::trigger::kafka::{Kafka, Sasl, Tls};

/// No text is longer: brokers are strangers.
const LONGEST: usize = 400;

/// Shorter credentials are in every text by chance.
const SHORTEST_SECRET: usize = 4;

/// Names the brokers in errors and keeps credentials out of them.
pub(super) struct Speaker {
    pub(super) servers: String,
    mechanism: &'static str,
    secrets: Vec<String>,
}

impl Speaker {
    pub(super) fn new(settings: &Kafka) -> Self {
        let secrets = secrets(&settings.sasl, &settings.tls);
        Self {
            servers: settings.bootstrap_servers.join(","),
            mechanism: settings.sasl.mechanism(),
            secrets: secrets.into_iter().map(str::to_owned).collect(),
        }
    }

    /// What a failure means before any broker has answered.
    pub(super) fn at_first(&self, error: &KrafkaError) -> Error {
        match error {
            KrafkaError::Network(_) | KrafkaError::Timeout { .. } => Error::Unreachable {
                servers: self.servers.clone(),
                text: self.plain(&error.to_string()),
            },
            _ => self.later("the brokers", error),
        }
    }

    /// What a failure means after the bootstrap servers have answered.
    pub(super) fn later(&self, what: &str, error: &KrafkaError) -> Error {
        let (servers, text) = (self.servers.clone(), self.plain(&error.to_string()));
        let what = what.to_owned();
        match error {
            KrafkaError::Network(_) | KrafkaError::Timeout { .. } => Error::Silent {
                servers,
                what,
                text,
            },
            KrafkaError::Broker { code, .. } => Error::Refused {
                servers,
                what,
                code: format!("{code:?}"),
            },
            KrafkaError::Auth { .. } if is_tls(error) => Error::Tls { servers, text },
            KrafkaError::Auth { .. } => Error::Login {
                servers,
                mechanism: self.mechanism,
                text,
            },
            KrafkaError::Protocol { .. } => Error::NotKafka { servers, text },
            // Everything else is about producing, consuming, or how the client was set up.
            _ => Error::Settings { servers, text },
        }
    }

    /// One line without credentials and without what a terminal obeys.
    pub(super) fn plain(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = text.replace(secret, "<redacted>");
        }
        let clean: String = text
            .chars()
            .map(|it| if it.is_control() { ' ' } else { it })
            .collect();
        let words: Vec<&str> = clean.split_whitespace().collect();
        words.join(" ").chars().take(LONGEST).collect()
    }
}

fn secrets<'a>(sasl: &'a Sasl, tls: &'a Tls) -> Vec<&'a str> {
    let of_login = match sasl {
        Sasl::Plaintext { username, password }
        | Sasl::ScramSha256 { username, password }
        | Sasl::ScramSha512 { username, password } => vec![username, password],
        Sasl::Bearer {
            username,
            password,
            endpoint,
            ..
        } => vec![username, password, endpoint],
        Sasl::None | Sasl::AwsMskIam { .. } | Sasl::Kerberos { .. } => Vec::new(),
    };
    let all = of_login.into_iter().chain([&tls.key]);
    let mut texts: Vec<&str> = all.map(crate::keda::trigger::Secret::expose).collect();
    texts.retain(|it| it.len() >= SHORTEST_SECRET);
    // A secret within another one must not leave half of it.
    texts.sort_by_key(|it| std::cmp::Reverse(it.len()));
    texts
}

/// Whether the handshake of TLS failed, and not the login after it.
fn is_tls(error: &KrafkaError) -> bool {
    // The client wraps the cause once; an error of I/O does not name what it wraps as its source.
    let cause = error.source().and_then(std::error::Error::source);
    let io = cause.and_then(|it| it.downcast_ref::<std::io::Error>());
    io.and_then(std::io::Error::get_ref)
        .is_some_and(|it| it.is::<rustls::Error>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keda::trigger::Secret;

    #[test]
    fn texts_of_strangers_are_one_short_line_without_credentials() {
        let sasl = Sasl::Plaintext {
            username: Secret::new("hunter"),
            password: Secret::new("hunter2\u{7}"),
        };
        let speaker = Speaker {
            servers: "k:9092".to_owned(),
            mechanism: sasl.mechanism(),
            secrets: secrets(&sasl, &Tls::default())
                .into_iter()
                .map(str::to_owned)
                .collect(),
        };
        let said = format!("\u{1b}[2J no\nhunter2\u{7} of hunter {}", "x".repeat(5000));
        let text = speaker.plain(&said);
        assert!(text.starts_with("[2J no <redacted> of <redacted> xx"));
        assert_eq!(text.chars().count(), LONGEST);
    }
}
