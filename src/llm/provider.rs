//! What each provider is sent, and where the words are in what it answers.

use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::Url;
use serde_json::{Value, json};

use super::address::{self, is_azure};
use super::forms::Form;
use super::{Error, Key, Options, Provider};
use crate::analysis::opinion::{INSTRUCTIONS, Question};
use crate::{redact, web};

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
    /// One for each form in which this provider can be asked for an answer, the strictest first.
    bodies: Vec<Vec<u8>>,
}

impl Request {
    /// What asks `question`.
    ///
    /// # Errors
    /// Where the address is none.
    pub fn of(options: &Options, question: &Question) -> Result<Self, Error> {
        let base = address::base(options);
        let server = address::shown(&base);
        let url = web::address(&base).ok_or_else(|| Error::Address(server.clone()))?;
        let bodies = Form::ALL.into_iter();
        let bodies = bodies.filter_map(|it| body(options, question, it));
        Ok(Self {
            url: address::of_answers(url, options.provider),
            server,
            bodies: bodies.map(|it| it.to_string().into_bytes()).collect(),
        })
    }

    /// The bytes that are sent, in the strictest form. A server that refuses it is sent others.
    pub fn body(&self) -> &[u8] {
        self.body_in(Form::default())
    }

    /// The bytes that are sent in that form.
    pub(super) fn body_in(&self, form: Form) -> &[u8] {
        self.bodies.get(form as usize).map_or(&[], Vec::as_slice)
    }

    /// The form to ask in where `form` is refused; `None` where there is no other.
    pub(super) fn looser(&self, form: Form) -> Option<Form> {
        let next = Form::ALL.into_iter().nth(form as usize + 1)?;
        (self.bodies.len() > next as usize).then_some(next)
    }

    /// Where they are sent to, without user and password.
    pub fn shown_url(&self) -> String {
        format!("{}{}", origin(&self.server), self.url.path())
    }
}

/// Everything before the path.
pub(super) fn origin(server: &str) -> String {
    match Url::parse(server) {
        Ok(mut url) => {
            url.set_path("");
            url.as_str().trim_end_matches('/').to_owned()
        }
        Err(_) => server.to_owned(),
    }
}

/// Those of every request to the server at `url`, the key among them.
pub(super) fn headers(options: &Options, url: &Url) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if options.provider == Provider::Anthropic {
        let name = HeaderName::from_static("anthropic-version");
        headers.insert(name, HeaderValue::from_static(ANTHROPIC_VERSION));
    }
    let key = options.key.as_ref();
    let (name, text) = match (options.provider, key) {
        (Provider::OpenAi, Some(Key(key))) if is_azure(url) => ("api-key", key.clone()),
        (Provider::OpenAi, Some(Key(key))) => (AUTHORIZATION.as_str(), format!("Bearer {key}")),
        (Provider::Anthropic, Some(Key(key))) => ("x-api-key", key.clone()),
        (Provider::Ollama, _) | (_, None) => return headers,
    };
    // A key that no header can have is no key of theirs.
    if let Ok(mut value) = HeaderValue::from_str(&text) {
        value.set_sensitive(true);
        headers.insert(HeaderName::from_static(name), value);
    }
    headers
}

/// `None` where the provider knows no such form.
fn body(options: &Options, question: &Question, form: Form) -> Option<Value> {
    let (model, schema) = (&options.model, question.schema());
    let user = json!({"role": "user", "content": question.value().to_string()});
    let messages = json!([{"role": "system", "content": told(&schema, form)}, user]);
    Some(match options.provider {
        Provider::OpenAi => {
            let mut body = json!({"model": model, "messages": messages});
            let wish = match form {
                Form::Schema => json!({
                    "type": "json_schema",
                    "json_schema": {"name": ANSWER, "strict": true, "schema": schema},
                }),
                Form::Json => json!({"type": "json_object"}),
                Form::Free => return Some(body),
            };
            body["response_format"] = wish;
            body
        }
        // To use a tool is as old as its API.
        Provider::Anthropic if form != Form::Schema => return None,
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
        Provider::Ollama => {
            let mut body = json!({
                "model": model,
                "messages": messages,
                "stream": false,
                "options": {"temperature": 0, "num_predict": MOST_TOKENS},
            });
            match form {
                Form::Schema => body["format"] = schema,
                Form::Json => body["format"] = json!("json"),
                Form::Free => {}
            }
            body
        }
    })
}

/// The instructions, with the schema where it stands nowhere else. It has no word of an object.
fn told(schema: &Value, form: Form) -> String {
    match form {
        Form::Schema => INSTRUCTIONS.to_owned(),
        Form::Json | Form::Free => format!("{INSTRUCTIONS}\n\nThe schema: {schema}"),
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

#[cfg(test)]
mod tests {
    use super::*;

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
