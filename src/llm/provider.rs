//! What each provider is sent, and where the words are in what it answers.

use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::Url;
use serde_json::{Value, json};

use super::{Error, Key, Options, Provider};
use crate::analysis::opinion::{INSTRUCTIONS, Question};
use crate::redact;

/// Of the API of Anthropic: <https://docs.anthropic.com/en/api/versioning>.
const ANTHROPIC_VERSION: &str = "2023-06-01";

/// Most tokens of an answer, of which a good one takes three hundred.
const MOST_TOKENS: u32 = 2000;

/// The name of what the answer is, where a provider wants one.
const ANSWER: &str = "second_opinion";

/// One request, without its key.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub(super) url: Url,
    /// For messages and logs: the address without user, password and query.
    pub(super) server: String,
    body: Vec<u8>,
}

impl Request {
    /// What asks `question`.
    ///
    /// # Errors
    /// Where the address is none.
    pub fn of(options: &Options, question: &Question) -> Result<Self, Error> {
        let base = base(options);
        let server = shown(&base);
        let url = parsed(&base).ok_or_else(|| Error::Address(server.clone()))?;
        let body = body(options, question).to_string();
        Ok(Self {
            url: endpoint(url, options.provider),
            server,
            body: body.into_bytes(),
        })
    }

    /// The bytes that are sent.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Where they are sent to, without user and password.
    pub fn shown_url(&self) -> String {
        format!("{}{}", origin(&self.server), self.url.path())
    }
}

/// Everything before the path.
fn origin(server: &str) -> String {
    match Url::parse(server) {
        Ok(mut url) => {
            url.set_path("");
            url.as_str().trim_end_matches('/').to_owned()
        }
        Err(_) => server.to_owned(),
    }
}

pub(super) fn headers(options: &Options) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if options.provider == Provider::Anthropic {
        let name = HeaderName::from_static("anthropic-version");
        headers.insert(name, HeaderValue::from_static(ANTHROPIC_VERSION));
    }
    // A key that no header can have is no key of theirs.
    let value = options.key.as_ref().and_then(|Key(key)| {
        let text = match options.provider {
            Provider::OpenAi => format!("Bearer {key}"),
            Provider::Anthropic => key.clone(),
            Provider::Ollama => return None,
        };
        HeaderValue::from_str(&text).ok()
    });
    if let Some(mut value) = value {
        value.set_sensitive(true);
        let name = match options.provider {
            Provider::OpenAi | Provider::Ollama => AUTHORIZATION,
            Provider::Anthropic => HeaderName::from_static("x-api-key"),
        };
        headers.insert(name, value);
    }
    headers
}

fn body(options: &Options, question: &Question) -> Value {
    let (model, schema) = (&options.model, question.schema());
    let system = json!({"role": "system", "content": INSTRUCTIONS});
    let user = json!({"role": "user", "content": question.value().to_string()});
    match options.provider {
        Provider::OpenAi => json!({
            "model": model,
            "messages": [system, user],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": ANSWER, "strict": true, "schema": schema},
            },
        }),
        Provider::Anthropic => json!({
            "model": model,
            "max_tokens": MOST_TOKENS,
            "system": INSTRUCTIONS,
            "messages": [user],
            "tools": [{
                "name": ANSWER,
                "description": "Gives the second opinion on the candidate.",
                "input_schema": schema,
            }],
            "tool_choice": {"type": "tool", "name": ANSWER},
        }),
        Provider::Ollama => json!({
            "model": model,
            "messages": [system, user],
            "stream": false,
            "format": schema,
            "options": {"temperature": 0, "num_predict": MOST_TOKENS},
        }),
    }
}

/// The words of the model in an answer.
///
/// # Errors
/// Why there are none.
pub(super) fn words(provider: Provider, answer: &str) -> Result<String, &'static str> {
    let answer: Value = serde_json::from_str(answer).map_err(|_| "is no JSON")?;
    let text = |pointer: &str| answer.pointer(pointer).and_then(Value::as_str);
    match provider {
        Provider::OpenAi => {
            if text("/choices/0/finish_reason") == Some("length") {
                return Err("was cut off by its limit of tokens");
            }
            if text("/choices/0/message/refusal").is_some_and(|it| !it.is_empty()) {
                return Err("is a refusal");
            }
            text("/choices/0/message/content").map(str::to_owned)
        }
        Provider::Anthropic => {
            if text("/stop_reason") == Some("max_tokens") {
                return Err("was cut off by its limit of tokens");
            }
            let blocks = answer["content"].as_array();
            let blocks = blocks.map_or(&[][..], Vec::as_slice);
            let used = blocks.iter().find(|it| it["type"] == "tool_use");
            let said = blocks.iter().find(|it| it["type"] == "text");
            match (used, said) {
                (Some(used), _) => Some(used["input"].to_string()),
                (None, Some(said)) => said["text"].as_str().map(str::to_owned),
                (None, None) => None,
            }
        }
        Provider::Ollama => {
            if text("/done_reason") == Some("length") {
                return Err("was cut off by its limit of tokens");
            }
            text("/message/content").map(str::to_owned)
        }
    }
    .ok_or("has no words of the model")
}

/// What a server says of an error: one line of at most so many letters.
const LONGEST_SAID: usize = 200;

/// In all of their forms: `{"error": {"message": …}}`, `{"error": …}`, `{"message": …}`, `{"detail": …}`.
pub(super) fn said(answer: &str) -> Option<String> {
    let answer: Value = serde_json::from_str(answer).ok()?;
    let places = ["/error/message", "/error", "/message", "/detail"];
    let text = places
        .iter()
        .find_map(|it| answer.pointer(it).and_then(Value::as_str))?;
    let text: String = text.chars().filter(|it| !it.is_control()).collect();
    let text: String = redact::text(&text).chars().take(LONGEST_SAID).collect();
    (!text.trim().is_empty()).then(|| text.trim().to_owned())
}

/// The address that was given, or the provider's own.
pub(super) fn base(options: &Options) -> String {
    let own = match options.provider {
        Provider::OpenAi => "https://api.openai.com/v1",
        Provider::Anthropic => "https://api.anthropic.com/v1",
        Provider::Ollama => "http://localhost:11434",
    };
    options.base_url.clone().unwrap_or_else(|| own.to_owned())
}

fn parsed(url: &str) -> Option<Url> {
    let url = Url::parse(url.trim()).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// The address that is asked, however much of it was given already.
fn endpoint(mut url: Url, provider: Provider) -> Url {
    let (version, path) = match provider {
        Provider::OpenAi => ("/v1", "/chat/completions"),
        Provider::Anthropic => ("/v1", "/messages"),
        Provider::Ollama => ("", "/api/chat"),
    };
    let given = url.path().trim_end_matches('/');
    let base = given.strip_suffix(path).unwrap_or(given);
    let base = if base.is_empty() { version } else { base };
    let whole = format!("{base}{path}");
    url.set_path(&whole);
    url.set_fragment(None);
    url
}

/// What messages call the server: its address without user, password or query.
pub(super) fn shown(url: &str) -> String {
    match parsed(url) {
        Some(mut url) => {
            // Only an address without a host refuses, and that has neither.
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.set_query(None);
            url.set_fragment(None);
            redact::text(url.as_str().trim_end_matches('/')).into_owned()
        }
        None => "what was given for the language model".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_part_of_the_address_may_be_given() {
        use Provider::{Anthropic, Ollama, OpenAi};
        for (provider, given, expected) in [
            (OpenAi, "http://o", "http://o/v1/chat/completions"),
            (OpenAi, "http://o/v1/", "http://o/v1/chat/completions"),
            (OpenAi, "http://o/x/v2", "http://o/x/v2/chat/completions"),
            (
                OpenAi,
                "http://o/v1/chat/completions",
                "http://o/v1/chat/completions",
            ),
            (
                OpenAi,
                "http://o/a?api-version=1",
                "http://o/a/chat/completions?api-version=1",
            ),
            (Anthropic, "https://a", "https://a/v1/messages"),
            (Anthropic, "https://a/v1", "https://a/v1/messages"),
            (Ollama, "http://l:11434", "http://l:11434/api/chat"),
            (Ollama, "http://l/p/api/chat", "http://l/p/api/chat"),
        ] {
            assert_eq!(
                endpoint(parsed(given).unwrap(), provider).as_str(),
                expected
            );
        }
    }

    #[test]
    fn credentials_are_not_shown() {
        for (given, expected) in [
            ("http://me:hunter2@o/v1/?key=hunter2", "http://o/v1"),
            (
                "ftp://me:hunter2@o",
                "what was given for the language model",
            ),
        ] {
            assert_eq!(shown(given), expected);
        }
    }

    #[test]
    fn words_are_found_where_each_provider_has_them() {
        use Provider::{Anthropic, Ollama, OpenAi};
        for (provider, answer, expected) in [
            (
                OpenAi,
                r#"{"choices":[{"message":{"content":"a"}}]}"#,
                Ok("a"),
            ),
            (
                OpenAi,
                r#"{"choices":[]}"#,
                Err("has no words of the model"),
            ),
            (
                OpenAi,
                r#"{"choices":[{"finish_reason":"length","message":{"content":"a"}}]}"#,
                Err("was cut off by its limit of tokens"),
            ),
            (
                OpenAi,
                r#"{"choices":[{"message":{"content":null,"refusal":"no"}}]}"#,
                Err("is a refusal"),
            ),
            (
                Anthropic,
                r#"{"content":[{"type":"text","text":"b"},{"type":"tool_use","input":{"a":1}}]}"#,
                Ok(r#"{"a":1}"#),
            ),
            (
                Anthropic,
                r#"{"content":[{"type":"text","text":"b"}]}"#,
                Ok("b"),
            ),
            (
                Anthropic,
                r#"{"content":[]}"#,
                Err("has no words of the model"),
            ),
            (
                Anthropic,
                r#"{"stop_reason":"max_tokens","content":[]}"#,
                Err("was cut off by its limit of tokens"),
            ),
            (Ollama, r#"{"message":{"content":"c"}}"#, Ok("c")),
            (Ollama, "<html>", Err("is no JSON")),
        ] {
            let expected = expected.map(str::to_owned);
            assert_eq!(words(provider, answer), expected, "{answer}");
        }
    }

    #[test]
    fn what_is_said_of_an_error_is_short_and_has_no_secrets() {
        for (answer, expected) in [
            (
                r#"{"error":{"message":"no such model"}}"#,
                Some("no such model"),
            ),
            (r#"{"error":"no such\nmodel"}"#, Some("no suchmodel")),
            (
                r#"{"detail":"token: hunter2hunter2"}"#,
                Some("token: REDACTED"),
            ),
            ("<html>", None),
            (r#"{"error":{}}"#, None),
        ] {
            assert_eq!(said(answer).as_deref(), expected);
        }
        let long = json!({"message": "x".repeat(1000)}).to_string();
        assert_eq!(said(&long).map(|it| it.len()), Some(LONGEST_SAID));
    }
}
