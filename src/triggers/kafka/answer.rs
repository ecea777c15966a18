//! What the client says, made fit to be shown.

use std::error::Error as _;

use krafka::error::KrafkaError;

use super::Error;
use crate::keda::trigger::kafka::{Kafka, KerberosProof, Sasl};
use crate::keda::trigger::{Named, Secret};

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
        Self {
            servers: servers(&settings.bootstrap_servers),
            mechanism: settings.sasl.mechanism(),
            secrets: secrets(settings),
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

/// As they are shown: those of one variable once.
fn servers(all: &[Named]) -> String {
    let mut shown: Vec<String> = all.iter().map(ToString::to_string).collect();
    shown.dedup();
    shown.join(",")
}

/// What no text may hold: credentials, and what came out of variables of the container.
fn secrets(settings: &Kafka) -> Vec<String> {
    let login = of_login(&settings.sasl);
    let all = login
        .into_iter()
        .chain([&settings.tls.key, &settings.tls.key_password]);
    let named = settings
        .bootstrap_servers
        .iter()
        .chain([&settings.consumer_group]);
    let hidden = named.filter(|it| it.is_hidden()).map(Named::expose);
    // A text may name the host without its port.
    let hidden = hidden.flat_map(|it| [it, it.rsplit_once(':').map_or(it, |it| it.0)]);
    let all = all.map(Secret::expose).chain(hidden);
    let mut texts: Vec<String> = all.map(str::to_owned).collect();
    texts.retain(|it| it.len() >= SHORTEST_SECRET);
    // A secret within another one must not leave half of it.
    texts.sort_by_key(|it| std::cmp::Reverse(it.len()));
    texts.dedup();
    texts
}

fn of_login(sasl: &Sasl) -> Vec<&Secret> {
    match sasl {
        Sasl::Plaintext { username, password }
        | Sasl::ScramSha256 { username, password }
        | Sasl::ScramSha512 { username, password } => vec![username, password],
        Sasl::Bearer {
            username,
            password,
            endpoint,
            scopes,
            extensions,
        } => {
            let extensions = extensions.iter().map(|it| &it.1);
            let all = [username, password, endpoint].into_iter().chain(scopes);
            all.chain(extensions).collect()
        }
        Sasl::Kerberos {
            username,
            realm,
            config,
            service,
            proof: KerberosProof::Password(proof) | KerberosProof::Keytab(proof),
            disable_fast: _,
        } => vec![username, realm, config, service, proof],
        Sasl::None | Sasl::AwsMskIam { .. } => Vec::new(),
    }
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
    use crate::keda::trigger::{Settings, TriggerSource, read};

    fn settings(metadata: &[(&str, &str)], env: &[(&str, &str)], auth: &[(&str, &str)]) -> Kafka {
        let own = [("consumerGroup", "workers"), ("topic", "orders")];
        let own = own.iter().chain(metadata);
        let secrets = |all: &[(&str, &str)]| {
            let all = all.iter();
            all.map(|(key, it)| ((*key).to_owned(), Secret::new(*it)))
                .collect()
        };
        let source = TriggerSource {
            kind: "kafka".to_owned(),
            metadata: own
                .map(|(key, it)| ((*key).to_owned(), (*it).to_owned()))
                .collect(),
            env: secrets(env),
            auth: secrets(auth),
            ..TriggerSource::default()
        };
        match read(&source).unwrap().settings {
            Settings::Kafka(settings) => settings,
            other => panic!("not a kafka trigger: {other:?}"),
        }
    }

    #[test]
    fn texts_of_strangers_are_one_short_line_without_credentials() {
        let settings = settings(
            &[("bootstrapServers", "k:9092"), ("sasl", "plaintext")],
            &[],
            &[("username", "hunter"), ("password", "hunter2\u{7}s")],
        );
        let speaker = Speaker::new(&settings);
        let said = format!("\u{1b}[2J no\nhunter2\u{7}s of hunter {}", "x".repeat(5000));
        let text = speaker.plain(&said);
        assert!(
            text.starts_with("[2J no <redacted> of <redacted> xx"),
            "{text}"
        );
        assert_eq!(text.chars().count(), LONGEST);
        assert_eq!(speaker.servers, "k:9092");
    }

    #[test]
    fn what_comes_out_of_variables_and_extensions_is_not_shown() {
        let settings = settings(
            &[
                ("bootstrapServersFromEnv", "SERVERS"),
                ("sasl", "oauthbearer"),
            ],
            &[("SERVERS", "one.example:9092,two.example:9092")],
            &[
                ("username", "hunter"),
                ("password", "hunter2"),
                ("oauthTokenEndpointUri", "https://idp.example/t"),
                ("scopes", "scope-one"),
                ("oauthExtensions", "cluster=lkc-12345"),
            ],
        );
        let speaker = Speaker::new(&settings);
        assert_eq!(speaker.servers, "<from bootstrapServersFromEnv>");
        let text = speaker.plain("two.example:9092 one.example scope-one lkc-12345");
        assert_eq!(text, "<redacted> <redacted> <redacted> <redacted>");
        let shown = format!("{settings:?}");
        for hidden in ["example", "scope-one", "lkc-12345", "hunter"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}
