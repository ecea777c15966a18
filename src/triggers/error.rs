//! Why a source gave no value.

use std::error::Error as StdError;
use std::time::Duration;

use crate::keda::trigger::prometheus::AnswerError;

/// Why a source gave no value, and the way out. No text in it holds a credential.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    #[error(
        "`serverAddress` is no address of a server: {0}; write one such as http://prometheus.monitoring:9090"
    )]
    Address(String),
    /// A credential or a header that cannot be sent.
    #[error("{what} cannot be sent: {why}")]
    Credential { what: &'static str, why: String },
    #[error("cannot reach {server}: {why}")]
    Unreachable { server: String, why: String },
    #[error("{server} gave no answer within {:.1} s", .limit.as_secs_f64())]
    Late { server: String, limit: Duration },
    #[error("{server} broke off its answer: {why}")]
    BrokenOff { server: String, why: String },
    #[error("{server}: {why}{}", told(.said))]
    Answer {
        server: String,
        why: AnswerError,
        /// What the server says of it.
        said: Option<String>,
    },
    #[error(
        "cannot reach {server} from here, and {credential} cannot go through the API server; ask \
         from inside the cluster, or forward the port"
    )]
    OnlyInside {
        server: String,
        credential: &'static str,
    },
    #[error(
        "cannot reach {server} from here, and the API server refuses to pass the request on: \
         {message}; `kubectl auth can-i get services/proxy -n {namespace}` checks the right to it"
    )]
    ProxyRefused {
        server: String,
        namespace: String,
        message: String,
    },
    /// Something that only a pod of KEDA's has.
    #[error("{0} works only inside the cluster")]
    OnlyKeda(String),
    /// What no client of ours can do.
    #[error("{0}")]
    NotEvaluated(String),
    #[error("{0}")]
    Kafka(String),
}

impl Error {
    /// Whether the source was not asked at all, since nobody but KEDA can.
    pub fn is_unasked(&self) -> bool {
        match self {
            Self::OnlyKeda(_) | Self::NotEvaluated(_) => true,
            Self::Address(_)
            | Self::Credential { .. }
            | Self::Unreachable { .. }
            | Self::Late { .. }
            | Self::BrokenOff { .. }
            | Self::Answer { .. }
            | Self::OnlyInside { .. }
            | Self::ProxyRefused { .. }
            | Self::Kafka(_) => false,
        }
    }
}

fn told(said: &Option<String>) -> String {
    said.as_ref()
        .map_or_else(String::new, |it| format!(": {it}"))
}

/// The cause below all others: what the system says, without what the layers above make of it.
pub fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut cause = error;
    while let Some(below) = cause.source() {
        cause = below;
    }
    cause.to_string()
}
