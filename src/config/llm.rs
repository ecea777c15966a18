//! Whether and how a language model is asked for second opinions.

use std::time::Duration;

use super::values::Words;
use crate::analysis::opinion::Naming;
use crate::llm::{Options, Provider};

/// Whom to ask, and what of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Llm {
    pub options: Options,
    pub naming: Naming,
    /// Whether what would be sent is only printed.
    pub dry_run: bool,
}

impl Llm {
    /// The same, waited for no longer than `limit` in all.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Self {
        let budget = &mut self.options.budget;
        budget.time = budget.time.min(limit);
        self
    }
}

/// For one answer.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// Requests under way at once.
pub const CONCURRENCY: usize = 4;

/// A provider, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    None,
    Of(Provider),
}

pub(crate) const PROVIDERS: Words<Choice> = Words(&[
    ("none", Choice::None),
    ("openai", Choice::Of(Provider::OpenAi)),
    ("anthropic", Choice::Of(Provider::Anthropic)),
    ("ollama", Choice::Of(Provider::Ollama)),
]);

/// Letters of the name of a model.
const LONGEST_MODEL: usize = 100;

/// The name of a model: `llama3.2:3b`, `org/model@v1`.
pub(crate) fn model(text: &str) -> Result<String, String> {
    let is_part = |it: char| it.is_ascii_alphanumeric() || "-._:/@+".contains(it);
    match (1..=LONGEST_MODEL).contains(&text.len()) && text.chars().all(is_part) {
        true => Ok(text.to_owned()),
        false => Err("expected the name of a model such as llama3.2:3b".to_owned()),
    }
}

/// The address of a server, which may have a query: `https://n.openai.azure.com/…?api-version=2024-10-21`.
pub(crate) fn address(text: &str) -> Result<String, String> {
    let wanted = || "expected an address such as https://llm.example/v1".to_owned();
    let uri: http::Uri = text.parse().map_err(|_| wanted())?;
    let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
    match is_web && uri.host().is_some_and(|it| !it.is_empty()) {
        true => Ok(text.trim_end_matches('/').to_owned()),
        false => Err(wanted()),
    }
}

/// A time in seconds, of at most an hour.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<u32>() {
        Ok(seconds) if (1..=3600).contains(&seconds) => Ok(Duration::from_secs(seconds.into())),
        Ok(_) | Err(_) => Err("expected a whole number of seconds from 1 to 3600".to_owned()),
    }
}

/// Requests of a whole run.
pub(crate) fn requests(text: &str) -> Result<u32, String> {
    match text.parse::<u32>() {
        Ok(requests) if (1..=100_000).contains(&requests) => Ok(requests),
        Ok(_) | Err(_) => Err("expected a number of requests from 1 to 100000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_has_a_name_that_can_be_shown() {
        for good in ["gpt-4.1-mini", "llama3.2:3b", "org/model@v1", "a"] {
            assert_eq!(model(good).as_deref(), Ok(good));
        }
        for bad in ["", "a b", "a\n", "<b>", "`a`", &"a".repeat(101)] {
            assert!(model(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_address_may_have_a_query() {
        for (text, expected) in [
            ("http://localhost:11434/", "http://localhost:11434"),
            ("https://a/b?api-version=1", "https://a/b?api-version=1"),
        ] {
            assert_eq!(address(text).as_deref(), Ok(expected));
        }
        for bad in ["", "localhost:11434", "ftp://a", "http://", "http://a b"] {
            assert!(address(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn budgets_have_ends() {
        assert_eq!(seconds("30"), Ok(Duration::from_secs(30)));
        assert_eq!(requests("100"), Ok(100));
        for bad in ["0", "-1", "3601", "30s", ""] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
        for bad in ["0", "-1", "100001", ""] {
            assert!(requests(bad).is_err(), "{bad}");
        }
    }
}
