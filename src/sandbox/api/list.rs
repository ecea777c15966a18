//! Lists, in pages if wanted, now or at an earlier version.

use std::sync::Arc;

use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use base64::{DecodeError, Engine};
use serde_json::{Value, json};

use super::options;
use super::present::ListMeta;
use super::selection::Selection;
use super::syntax;
use crate::sandbox::query::Query;
use crate::sandbox::status::{Cause, Details, Fault, FieldError, Refusal};
use crate::sandbox::store::{Listed, Store, TooOld, key};

/// Which objects, of which version, in which portions.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ListOptions {
    /// At most so many; 0 for all.
    limit: usize,
    token: Option<Token>,
    version: Asked,
}

/// The version that a list is asked to be of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Any,
    NotOlderThan(u64),
    Exact(u64),
}

/// Where the next page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    /// `None` for whatever there is now.
    version: Option<u64>,
    /// The key after which it begins.
    after: String,
}

/// A page and what stands beside it.
pub(super) struct Page {
    pub(super) objects: Vec<Arc<Value>>,
    pub(super) meta: ListMeta,
}

/// A list that cannot be given.
pub(super) struct NoList {
    pub(super) refusal: Refusal,
    /// Where to go on instead, at the price of consistency.
    pub(super) token: Option<String>,
}

impl From<Refusal> for NoList {
    fn from(refusal: Refusal) -> Self {
        let token = None;
        Self { refusal, token }
    }
}

impl ListOptions {
    /// # Errors
    /// When the options are not valid, each by itself or together.
    pub(super) fn of(query: &Query) -> Result<Self, Refusal> {
        query.integer("timeoutSeconds")?;
        let limit = query.integer("limit")?.unwrap_or(0);
        let limit = usize::try_from(limit).unwrap_or(0);
        check_list(query)?;
        let token = match query.text("continue") {
            "" => None,
            text => Some(Token::read(text)?),
        };
        let version = Asked::of(query, limit)?;
        if token.is_some() && version != Asked::Any {
            let message = "specifying resource version is not allowed when using continue";
            return Err(Refusal::bad_request(message));
        }
        Ok(Self {
            limit,
            token,
            version,
        })
    }

    /// The page of `resource` in `namespace`.
    ///
    /// # Errors
    /// When that version is no longer or not yet there.
    pub(super) fn page(
        &self,
        store: &Store,
        resource: &str,
        namespace: &str,
        selection: &Selection,
    ) -> Result<Page, NoList> {
        let listed = self.listed(store, resource, namespace)?;
        let version = listed.version;
        let after = self.token.as_ref().map_or("", |it| it.after.as_str());
        let is_after = |it: &Arc<Value>| after.is_empty() || key_of(it).as_str() > after;
        let found = listed.objects.into_iter().filter(is_after);
        let mut objects: Vec<_> = found.filter(|it| selection.matches(it)).collect();
        let remaining = objects.len().saturating_sub(self.limit);
        let mut meta = ListMeta {
            version,
            ..ListMeta::default()
        };
        if self.limit > 0 && remaining > 0 {
            objects.truncate(self.limit);
            let after = objects.last().map(key_of).unwrap_or_default();
            let version = Some(version);
            meta.token = Some(Token { version, after }.write());
            meta.remaining = selection.is_everything().then_some(remaining);
        }
        Ok(Page { objects, meta })
    }

    fn listed(&self, store: &Store, resource: &str, namespace: &str) -> Result<Listed, NoList> {
        if let Some(token) = &self.token {
            let Some(version) = token.version else {
                return Ok(store.list(resource, namespace));
            };
            let listed = store.list_at(resource, namespace, version);
            return listed.map_err(|TooOld { .. }| token.expired());
        }
        match self.version {
            Asked::Any => Ok(store.list(resource, namespace)),
            Asked::NotOlderThan(version) => {
                let listed = store.list(resource, namespace);
                not_ahead(version, listed.version)?;
                Ok(listed)
            }
            Asked::Exact(version) => {
                not_ahead(version, store.version())?;
                let listed = store.list_at(resource, namespace, version);
                let message = "The resourceVersion for the provided list is too old.";
                Ok(listed.map_err(|TooOld { .. }| Refusal::expired(message))?)
            }
        }
    }
}

impl Asked {
    fn of(query: &Query, limit: usize) -> Result<Self, Refusal> {
        let text = query.text("resourceVersion");
        let version = match text {
            "" | "0" => return Ok(Self::Any),
            text => text.parse().map_err(|_| no_version(text))?,
        };
        Ok(match query.text("resourceVersionMatch") {
            "Exact" => Self::Exact(version),
            // A limit without a match means the exact version, as it did before there was a match.
            "" if limit > 0 => Self::Exact(version),
            _ => Self::NotOlderThan(version),
        })
    }
}

fn no_version(text: &str) -> Refusal {
    let message = format!(
        "invalid resource version: resourceVersion: Invalid value: \"{text}\": strconv.ParseUint: \
         parsing \"{text}\": invalid syntax"
    );
    Refusal::bad_request(message)
}

/// # Errors
/// When `version` was not written yet.
fn not_ahead(version: u64, current: u64) -> Result<(), Refusal> {
    if version <= current {
        return Ok(());
    }
    let cause = Cause {
        reason: "ResourceVersionTooLarge",
        message: "Too large resource version".to_owned(),
        field: String::new(),
    };
    let details = Details {
        causes: vec![cause],
        retry_after_seconds: Some(1),
        ..Details::default()
    };
    let message = format!("Timeout: Too large resource version: {version}, current: {current}");
    Err(Refusal::about(504, "Timeout", message, details))
}

/// Whether what is said of the version goes together in a list.
///
/// # Errors
/// When it does not.
fn check_list(query: &Query) -> Result<(), Refusal> {
    let matching = query.text("resourceVersionMatch");
    let version = query.text("resourceVersion");
    let mut errors = vec![];
    if !matching.is_empty() {
        if version.is_empty() {
            let why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
            errors.push(forbidden(MATCH, why));
        }
        if !query.text("continue").is_empty() {
            errors.push(forbidden(MATCH, WITH_CONTINUE));
        }
        if !matches!(matching, "Exact" | "NotOlderThan") {
            errors.push(unsupported(matching, &["Exact", "NotOlderThan", ""]));
        }
        if matching == "Exact" && version == "0" {
            let why = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
            errors.push(forbidden(MATCH, why));
        }
    }
    if query.get("sendInitialEvents").is_some() {
        let why = "sendInitialEvents is forbidden for list";
        errors.push(forbidden("sendInitialEvents", why));
    }
    none_of(&errors)
}

/// Whether what is said of the version goes together in a watch.
///
/// # Errors
/// When it does not.
pub(super) fn check_watch(query: &Query) -> Result<(), Refusal> {
    let matching = query.text("resourceVersionMatch");
    let is_initial = query.get("sendInitialEvents").is_some();
    let mut errors = vec![];
    if is_initial && matching != "NotOlderThan" {
        let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
        errors.push(forbidden(MATCH, why));
    }
    if !is_initial && !matching.is_empty() {
        let why =
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
        errors.push(forbidden(MATCH, why));
    }
    if !matches!(matching, "" | "NotOlderThan") {
        errors.push(unsupported(matching, &["NotOlderThan"]));
    }
    if !query.text("continue").is_empty() {
        errors.push(forbidden(MATCH, WITH_CONTINUE));
    }
    none_of(&errors)
}

const MATCH: &str = "resourceVersionMatch";
const WITH_CONTINUE: &str = "resourceVersionMatch is forbidden when continue is provided";

fn forbidden(field: &str, why: &str) -> FieldError {
    FieldError::new(field, Fault::Forbidden, why)
}

fn unsupported(matching: &str, choices: &[&str]) -> FieldError {
    let choices = choices.iter().map(|it| (*it).to_owned()).collect();
    FieldError::new(MATCH, Fault::NotSupported(json!(matching), choices), "")
}

fn none_of(errors: &[FieldError]) -> Result<(), Refusal> {
    if errors.is_empty() {
        Ok(())
    } else {
        Err(options::invalid("ListOptions", errors))
    }
}

impl Token {
    /// The form of the real one, so that tools which look into it find what they expect.
    fn write(&self) -> String {
        let version = match self.version {
            Some(version) => json!(version),
            None => json!(-1),
        };
        let start = format!("{}\0", self.after);
        let token = json!({ "v": "meta.k8s.io/v1", "rv": version, "start": start });
        URL_SAFE_NO_PAD.encode(token.to_string())
    }

    fn read(text: &str) -> Result<Self, Refusal> {
        let wrong = |why: &str| {
            let message = format!("invalid continue token: continue key is not valid: {why}");
            Refusal::bad_request(message)
        };
        let decoded = URL_SAFE_NO_PAD
            .decode(text)
            .or_else(|_| URL_SAFE.decode(text));
        let decoded = decoded.map_err(|error| {
            let place = match error {
                DecodeError::InvalidByte(place, _) | DecodeError::InvalidLastSymbol(place, _) => {
                    place
                }
                DecodeError::InvalidLength(_) | DecodeError::InvalidPadding => {
                    text.len().saturating_sub(1)
                }
            };
            wrong(&format!("illegal base64 data at input byte {place}"))
        })?;
        let token: Value = serde_json::from_slice(&decoded).map_err(|error| {
            let fault = syntax::fault(&decoded);
            wrong(&fault.unwrap_or_else(|| error.to_string()))
        })?;
        if token["v"] != "meta.k8s.io/v1" {
            let version = token["v"].as_str().unwrap_or("");
            let why = format!("server does not recognize this encoded version {version}");
            return Err(wrong(&why));
        }
        let version = token["rv"].as_i64().filter(|it| *it != 0);
        let version = version.ok_or_else(|| wrong("incorrect encoded start resourceVersion"))?;
        let start = token["start"].as_str().filter(|it| !it.is_empty());
        let start = start.ok_or_else(|| wrong("no start"))?;
        Ok(Self {
            version: u64::try_from(version).ok(),
            after: start.trim_end_matches('\0').to_owned(),
        })
    }

    fn expired(&self) -> NoList {
        let message = "The provided continue parameter is too old to display a consistent list \
                       result. You can start a new list without the continue parameter, or use the \
                       continue token in this response to retrieve the remainder of the results. \
                       Continuing with the provided token results in an inconsistent list - objects \
                       that were created, modified, or deleted between the time the first chunk was \
                       returned and now may show up in the list.";
        let token = Self {
            version: None,
            ..self.clone()
        };
        NoList {
            refusal: Refusal::expired(message),
            token: Some(token.write()),
        }
    }
}

fn key_of(object: &Arc<Value>) -> String {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or("");
    key(text("namespace"), text("name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_go_together_is_told_whole() {
        let unless = "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless \
                      resourceVersion is provided";
        let streamed = "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list";
        let cases = [
            (
                "sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
                format!("[{unless}, {streamed}]"),
            ),
            ("sendInitialEvents=true", streamed.to_owned()),
            ("resourceVersionMatch=Exact", unless.to_owned()),
        ];
        for (query, expected) in cases {
            let refused = check_list(&Query::parse(query)).unwrap_err().message;
            let whole = format!("ListOptions.meta.k8s.io \"\" is invalid: {expected}");
            assert_eq!(refused, whole, "{query}");
        }
    }

    #[test]
    fn tokens_that_are_none_are_refused_in_words_of_go() {
        let cases = [
            (
                "nonsense",
                "invalid character '\\u009e' looking for beginning of value",
            ),
            ("{", "illegal base64 data at input byte 0"),
            ("e30", "server does not recognize this encoded version "),
        ];
        for (token, why) in cases {
            let message = format!("invalid continue token: continue key is not valid: {why}");
            assert_eq!(Token::read(token).unwrap_err().message, message);
        }
        let token = Token {
            version: Some(3),
            after: "a/b".to_owned(),
        };
        assert_eq!(Token::read(&token.write()), Ok(token.clone()));
        let query = format!("continue={}&resourceVersion=5", token.write());
        let refused = ListOptions::of(&Query::parse(&query)).unwrap_err();
        assert_eq!(
            refused.message,
            "specifying resource version is not allowed when using continue"
        );
    }
}
