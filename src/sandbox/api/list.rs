//! Lists, in pages if wanted, now or at an earlier version.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::options;
use super::present::ListMeta;
use super::query::Query;
use super::selection::Selection;
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
        check_match(query, "list")?;
        let token = match query.text("continue") {
            "" => None,
            text => Some(Token::read(text)?),
        };
        let version = Asked::of(query, limit)?;
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

/// Whether what is said of the version goes together; `verb` is `list` or `watch`.
///
/// # Errors
/// When it does not.
pub(super) fn check_match(query: &Query, verb: &str) -> Result<(), Refusal> {
    let matching = query.text("resourceVersionMatch");
    let version = query.text("resourceVersion");
    let initial = query.optional_flag("sendInitialEvents");
    let forbidden = |field: &str, why: &str| {
        let error = FieldError::new(field, Fault::Forbidden, why);
        Err(options::invalid("ListOptions", &[error]))
    };
    let field = "resourceVersionMatch";
    if initial.is_some() && verb == "list" {
        let why = "sendInitialEvents is forbidden for list";
        return forbidden("sendInitialEvents", why);
    }
    if initial.is_some() && matching != "NotOlderThan" {
        let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
        return forbidden(field, why);
    }
    if matching.is_empty() || initial.is_some() {
        return Ok(());
    }
    if verb == "watch" {
        let why =
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
        return forbidden(field, why);
    }
    if version.is_empty() {
        let why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
        return forbidden(field, why);
    }
    if !query.text("continue").is_empty() {
        return forbidden(
            field,
            "resourceVersionMatch is forbidden when continue is provided",
        );
    }
    match matching {
        "Exact" if version == "0" => {
            let why = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
            forbidden(field, why)
        }
        "Exact" | "NotOlderThan" => Ok(()),
        other => {
            let choices = ["Exact", "NotOlderThan", ""].map(str::to_owned).to_vec();
            let fault = Fault::NotSupported(json!(other), choices);
            let error = FieldError::new(field, fault, "");
            Err(options::invalid("ListOptions", &[error]))
        }
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
        let decoded = decoded.map_err(|error| wrong(&error.to_string()))?;
        let token: Value =
            serde_json::from_slice(&decoded).map_err(|error| wrong(&error.to_string()))?;
        if token["v"] != "meta.k8s.io/v1" {
            return Err(wrong("server does not recognize this encoded version"));
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
