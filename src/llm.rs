//! Language models, asked for second opinions: OpenAI and whatever answers like it, Anthropic, Ollama.
//!
//! [`pass`](fn@pass) asks about several recommendations, some at once, within a budget; [`Cache`] keeps what
//! was answered, and [`Forms`] in which form servers take a question; [`models`](fn@models) asks whether a
//! model is there. What is asked, and what may become of an answer, is [`analysis::opinion`]. To add a
//! provider: a variant of [`Provider`], its request and its answer in [`provider`], its word in
//! `config::llm`.
//!
//! [`analysis::opinion`]: crate::analysis::opinion

mod address;
mod cache;
mod client;
mod forms;
mod models;
mod pass;
mod provider;
mod retry;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use crate::analysis::opinion::{self, Code};
use crate::web;
pub use cache::Cache;
pub use forms::Forms;
pub use models::{Models, models};
pub use pass::pass;
pub use provider::Request;

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// OpenAI, and everything that speaks its chat completions.
    OpenAi,
    Anthropic,
    Ollama,
}

impl Provider {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Ollama => "ollama",
        }
    }

    /// The variable that has its key; `None` for one that wants none.
    pub fn key_variable(self) -> Option<&'static str> {
        match self {
            Self::OpenAi => Some("OPENAI_API_KEY"),
            Self::Anthropic => Some("ANTHROPIC_API_KEY"),
            Self::Ollama => None,
        }
    }
}

/// A key, which nobody may see.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// `None` where there is nothing in it.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// `text` without the key: whoever was sent it may send it back.
    fn out_of(&self, text: &str) -> String {
        text.replace(&self.0, crate::redact::REDACTED)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Whom to ask, and how much.
#[derive(Clone, PartialEq, Eq)]
pub struct Options {
    pub provider: Provider,
    pub model: String,
    /// The address before `/chat/completions`, `/messages` or `/api/chat`, where it is not the provider's
    /// own; may hold a user, a password and a query.
    pub base_url: Option<String>,
    pub key: Option<Key>,
    /// For one answer.
    pub timeout: Duration,
    /// Requests under way at once.
    pub concurrency: usize,
    pub budget: Budget,
}

/// What all answers together may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Requests, also those that are made again.
    pub requests: u32,
    pub time: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            requests: 100,
            time: Duration::from_secs(120),
        }
    }
}

impl Options {
    /// What messages call whom is asked: without user and password.
    pub fn name(&self) -> String {
        let server = address::shown(&address::base(self));
        format!("{} at {server}", self.provider.as_str())
    }

    /// The variable of the key that is wanted and not there. A provider wants one at an address of its
    /// own, as Azure does; elsewhere nobody knows.
    pub fn missing_key(&self) -> Option<&'static str> {
        let variable = self.provider.key_variable()?;
        let url = || web::address(self.base_url.as_deref()?);
        let is_needed = match self.provider {
            Provider::OpenAi => {
                self.base_url.is_none() || url().is_some_and(|it| address::is_azure(&it))
            }
            Provider::Anthropic => true,
            Provider::Ollama => false,
        };
        (is_needed && self.key.is_none()).then_some(variable)
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("name", &self.name())
            .field("model", &self.model)
            .field("key", &self.key)
            .field("timeout", &self.timeout)
            .field("concurrency", &self.concurrency)
            .field("budget", &self.budget)
            .finish()
    }
}

/// Why there is no answer. No text in it holds a credential.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    #[error("{0} is not set")]
    NoKey(&'static str),
    #[error("{0} is no address that can be asked; give one such as http://localhost:11434")]
    Address(String),
    #[error("no client can be set up for {server}: {why}")]
    Setup { server: String, why: String },
    #[error("cannot reach {server}: {why}")]
    Unreachable { server: String, why: String },
    #[error("{server} gave no answer within {:.0} s", .limit.as_secs_f64())]
    Late { server: String, limit: Duration },
    #[error("{server} broke off its answer: {why}")]
    BrokenOff { server: String, why: String },
    #[error("{server} answered HTTP {status}{}", told(.said))]
    Refused {
        server: String,
        status: u16,
        /// What it says of it.
        said: Option<String>,
    },
    #[error("the answer of {server} is larger than {} KiB", client::MOST_BYTES >> 10)]
    TooLarge { server: String },
    #[error("the answer of {server} {why}")]
    NoAnswer { server: String, why: &'static str },
    #[error("the budget of {0} requests is used up")]
    NoRequests(u32),
    #[error("the budget of {:.0} s is used up", .0.as_secs_f64())]
    NoTime(Duration),
    #[error("not asked any more: {0}")]
    GivenUp(String),
}

fn told(said: &Option<String>) -> String {
    said.as_ref()
        .map_or_else(String::new, |it| format!(": {it}"))
}

impl Error {
    /// Its stable name.
    pub fn code(&self) -> Code {
        match self {
            Self::NoKey(_) => Code::NoKey,
            Self::Address(_) | Self::Setup { .. } => Code::BadAddress,
            Self::Unreachable { .. } => Code::Unreachable,
            Self::Late { .. } => Code::Late,
            Self::BrokenOff { .. } => Code::BrokenOff,
            Self::Refused { .. } => Code::Refused,
            Self::TooLarge { .. } => Code::TooLarge,
            Self::NoAnswer { .. } => Code::NoAnswer,
            Self::NoRequests(_) | Self::NoTime(_) => Code::Budget,
            Self::GivenUp(_) => Code::GivenUp,
        }
    }

    /// Whether the next question has little hope either.
    fn is_of_server(&self) -> bool {
        match self {
            Self::NoKey(_)
            | Self::Address(_)
            | Self::Setup { .. }
            | Self::Unreachable { .. }
            | Self::Late { .. }
            | Self::BrokenOff { .. }
            | Self::Refused { .. } => true,
            Self::TooLarge { .. }
            | Self::NoAnswer { .. }
            | Self::NoRequests(_)
            | Self::NoTime(_)
            | Self::GivenUp(_) => false,
        }
    }

    /// Whether the form in which an answer is asked for may be why: servers that do not know it say that the
    /// request is a bad one, each in other words.
    fn may_be_of_form(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                status: 400 | 422,
                ..
            }
        )
    }

    /// Whether every other question would be refused alike, whenever it is asked.
    fn is_for_all(&self) -> bool {
        match self {
            Self::Refused { status, .. } => matches!(status, 401..=404),
            Self::NoKey(_) | Self::Address(_) | Self::Setup { .. } => true,
            Self::Unreachable { .. }
            | Self::Late { .. }
            | Self::BrokenOff { .. }
            | Self::TooLarge { .. }
            | Self::NoAnswer { .. }
            | Self::NoRequests(_)
            | Self::NoTime(_)
            | Self::GivenUp(_) => false,
        }
    }
}

impl From<&Error> for opinion::Trouble {
    fn from(error: &Error) -> Self {
        Self::new(error.code(), error.to_string())
    }
}
