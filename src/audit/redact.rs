//! What must never be in a log: credentials in command lines, in messages and in objects.
//!
//! Rather too much is left out than too little: a name alone makes its value a secret.

use std::borrow::Cow;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use regex_lite::{Captures, Regex};
use serde_json::{Map, Value};

/// What stands where a secret was.
pub const REDACTED: &str = "REDACTED";

/// Parts of flags' names whose values are secrets.
const SECRET_FLAGS: [&str; 9] = [
    "token",
    "password",
    "passwd",
    "secret",
    "key",
    "auth",
    "header",
    "credential",
    "bearer",
];

/// Parts of fields' names whose values are secrets, without hyphens and the like. `key` alone is
/// none: objects of Kubernetes name plain things so.
const SECRET_FIELDS: [&str; 10] = [
    "token",
    "password",
    "passwd",
    "secret",
    "apikey",
    "accesskey",
    "privatekey",
    "clientkey",
    "credential",
    "connectionstring",
];

/// Ends of fields' names that say where a secret is and not what it is.
const REFERENCES: [&str; 4] = ["name", "namespace", "ref", "path"];

/// Secrets that can be told by their form, and the names before which values are secrets.
static RULES: LazyLock<[(Regex, &str); 8]> = LazyLock::new(|| {
    let rule = |pattern: &str, by| (Regex::new(pattern).expect("a valid pattern"), by);
    [
        rule(
            r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|$)",
            REDACTED,
        ),
        rule(r"://[^\s\x22'<>]*@", "://REDACTED@"),
        rule(
            r"(?i)\b((?:proxy-)?authorization[\x22']?\s*[:=]\s*[\x22']?)[^\x22'\r\n]+",
            "${1}REDACTED",
        ),
        rule(r"(?i)\bbearer[\s:=]+[^\s\x22',;]+", "Bearer REDACTED"),
        rule(r"\beyJ[\w-]+\.[\w-]+(\.[\w-]*)*", REDACTED),
        // `password: x`, `"client-secret":"x"`, but not `secret: not found`.
        rule(
            r"(?i)((?:token|passwd|password|api[-_]?key|access[-_]?key|private[-_]?key|client[-_]?key|client[-_]?secret)[\w.-]*[\x22']?\s*:\s*)(\x22[^\x22]*\x22|'[^']*'|[^\s\x22',;&]+)",
            "${1}REDACTED",
        ),
        // `?sig-key=x&…`, `DB_SECRET=x`, `--token=x`.
        rule(
            r"(?i)((?:token|passwd|password|secret|key|auth|credential)[\w.-]*[\x22']?\s*=\s*)(\x22[^\x22]*\x22|'[^']*'|[^\s\x22',;&]+)",
            "${1}REDACTED",
        ),
        // `--token x`.
        rule(
            r"(?i)((?:^|[^\w-])--?[\w-]*(?:token|passwd|password|secret|key|auth|header|credential|bearer)[\w-]*\s+)(\x22[^\x22]*\x22|'[^']*'|[^\s\x22']+)",
            "${1}REDACTED",
        ),
    ]
});

/// `Basic` and what may be credentials or the next word.
static BASIC: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\bbasic\s+([A-Za-z0-9+/]+=*)").expect("a valid pattern"));

/// A command line with its secrets left out: values of flags whose names contain `token`,
/// `password`, `secret`, `key` and the like, and all that [`text`] knows. Arguments with blanks or
/// quotes are quoted as a shell would.
pub fn command(arguments: &[String]) -> String {
    let mut shown = Vec::with_capacity(arguments.len());
    let mut is_value_of_secret = false;
    for argument in arguments {
        shown.push(if is_value_of_secret {
            REDACTED.to_owned()
        } else {
            quoted(&self::argument(argument))
        });
        // A value may be the flag of the next secret where the first flag takes no value.
        is_value_of_secret = is_secret_flag(argument);
    }
    shown.join(" ")
}

/// Whether the next argument is a secret.
fn is_secret_flag(argument: &str) -> bool {
    argument.starts_with('-') && !argument.contains('=') && is_secret_name(argument)
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_FLAGS.iter().any(|it| name.contains(it))
}

fn argument(argument: &str) -> String {
    if let Some((name, _)) = argument.split_once(['=', ':'])
        && is_secret_name(name)
    {
        return format!("{name}={REDACTED}");
    }
    // The whole argument is the URL, whatever is in its password.
    if let (Some(scheme), Some(host)) = (argument.find("://"), argument.rfind('@'))
        && scheme < host
    {
        let (before, after) = (&argument[..scheme], &argument[host..]);
        return text(&format!("{before}://{REDACTED}{after}")).into_owned();
    }
    text(argument).into_owned()
}

fn quoted(argument: &str) -> String {
    let is_plain = |it: char| it.is_alphanumeric() || "-_=./:,@%+{}[]".contains(it);
    if !argument.is_empty() && argument.chars().all(is_plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', r"'\''"))
}

/// A text with its secrets left out: credentials in URLs, `Authorization` headers, bearer tokens,
/// JSON web tokens, private keys, and values that are assigned to a name such as `password`.
pub fn text(text: &str) -> Cow<'_, str> {
    let mut shown = BASIC.replace_all(text, |found: &Captures<'_>| basic(&found[0], &found[1]));
    for (pattern, by) in RULES.iter() {
        if pattern.is_match(&shown) {
            shown = Cow::Owned(pattern.replace_all(&shown, *by).into_owned());
        }
    }
    shown
}

/// Without the credentials, if they are any: `basic authentication` stays.
fn basic(whole: &str, encoded: &str) -> String {
    let decoded = STANDARD.decode(encoded).unwrap_or_default();
    if decoded.contains(&b':') {
        format!("Basic {REDACTED}")
    } else {
        whole.to_owned()
    }
}

/// Leaves secrets out of an object: `data` and `stringData` of Secrets, values of fields and
/// environment variables whose names say what they are, and all that [`text`] knows, also within
/// JSON in a string, as annotations have it.
pub fn object(value: &mut Value) {
    match value {
        Value::Object(fields) => fields_of(fields),
        Value::Array(items) => items.iter_mut().for_each(object),
        Value::String(text) => *text = string(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn fields_of(fields: &mut Map<String, Value>) {
    let is_secret = fields.get("kind").is_some_and(|it| it == "Secret");
    let named = fields.get("name").and_then(Value::as_str);
    let is_named = named.is_some_and(is_secret_field);
    for (name, value) in fields.iter_mut() {
        let is_hidden = is_secret && matches!(name.as_str(), "data" | "stringData")
            || is_named && name == "value";
        if is_hidden {
            hide(value);
        } else if is_secret_field(name) && !value.is_object() {
            hide_texts(value);
        } else {
            object(value);
        }
    }
}

/// Whether a field of this name holds a secret. Any part of a JSON pointer is a name too.
pub(super) fn is_secret_field(name: &str) -> bool {
    let plain = name.chars().filter(char::is_ascii_alphanumeric);
    let plain = plain.collect::<String>().to_ascii_lowercase();
    SECRET_FIELDS.iter().any(|it| plain.contains(it))
        && !REFERENCES.iter().any(|it| plain.ends_with(it))
}

/// Leaves out every value; names of fields stay.
pub(super) fn hide(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(hide),
        Value::Null => {}
        Value::Array(_) | Value::String(_) | Value::Bool(_) | Value::Number(_) => {
            *value = REDACTED.into();
        }
    }
}

/// Leaves out texts alone: `automountServiceAccountToken: true` is no secret, and a list of
/// references is neither.
fn hide_texts(value: &mut Value) {
    match value {
        Value::String(_) => hide(value),
        Value::Array(items) if items.iter().all(|it| !it.is_object()) => hide(value),
        Value::Array(_) | Value::Object(_) => object(value),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn string(text: &str) -> String {
    let is_json = text.trim_start().starts_with(['{', '[']);
    match serde_json::from_str::<Value>(text) {
        Ok(mut inner) if is_json => {
            object(&mut inner);
            inner.to_string()
        }
        Ok(_) | Err(_) => self::text(text).into_owned(),
    }
}

#[cfg(test)]
mod tests;
