//! Settings as they count, with where each comes from.

use super::license::Form;
use crate::redact;

/// What `config view` is to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewConfig {
    /// The configuration file; `None` where there is no place for one.
    pub file: Option<String>,
    /// In the order of [`super::file::KEYS`].
    pub settings: Vec<Setting>,
    pub form: Form,
}

/// One key of the configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub key: &'static str,
    /// As it would be typed; `None` where nothing is set and there is no default.
    pub value: Option<String>,
    pub origin: Origin,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `--window-days`.
    Flag(String),
    /// `STEPSCALE_METRICS_WINDOW_DAYS`.
    Environment(String),
    /// The line of the configuration file, from 1.
    File(usize),
    Default,
}

/// Stands for what may be secret.
pub const SET: &str = "(set)";

/// What is shown of a value.
pub fn shown(key: &str, value: &str) -> String {
    if redact::is_secret_setting(key) {
        return SET.to_owned();
    }
    match value.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}", plain_address(rest)),
        // A key in PEM has lines.
        None => match value.trim().split_once('\n') {
            Some((first, _)) => format!("{} …", first.trim()),
            None => value.to_owned(),
        },
    }
}

/// A user, a password and, in the query, a key may stand in an address.
fn plain_address(rest: &str) -> String {
    let (user, rest) = match rest.rsplit_once('@') {
        Some((_, rest)) => (format!("{SET}@"), rest),
        None => (String::new(), rest),
    };
    match rest.split_once('?') {
        Some((rest, _)) => format!("{user}{rest}?{SET}"),
        None => format!("{user}{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_is_not_shown() {
        let cases = [
            ("prometheus.headers", "X-Key: hunter2", "(set)"),
            ("webhook.url", "https://hooks.example/hunter2", "(set)"),
            (
                "prometheus.url",
                "https://me:hunter2@p/x",
                "https://(set)@p/x",
            ),
            ("prometheus.url", "https://p/x", "https://p/x"),
            ("llm.baseUrl", "https://a/x?k=hunter2", "https://a/x?(set)"),
            ("llm.baseUrl", "https://a/x?k=hunter2@b", "https://(set)@b"),
            (
                "llm.baseUrl",
                "https://me:hunter2@a/x?k=1",
                "https://(set)@a/x?(set)",
            ),
            ("license.publicKey", "-----BEGIN\nabc\n", "-----BEGIN …"),
            ("metrics.windowDays", "28", "28"),
        ];
        for (key, value, expected) in cases {
            assert_eq!(shown(key, value), expected, "{key}");
        }
        let keys = crate::config::file::KEYS.iter();
        let secret: Vec<&&str> = keys.filter(|it| shown(it, "hunter2") == SET).collect();
        assert_eq!(secret, [&"prometheus.headers", &"webhook.url"]);
    }
}
