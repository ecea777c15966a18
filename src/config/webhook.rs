//! Whom changes of state are told, and how.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::values::Words;
use crate::signals::webhook::Form;

/// A receiver of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    pub url: Secret,
    /// What events are signed with; `None` for no signature.
    pub key: Option<Secret>,
    pub form: Form,
    /// Which cluster events are from: a URI or a path; `None` for one with its name.
    pub source: Option<String>,
    /// Whether names are left out.
    pub redact: bool,
    /// PEM of the authorities to trust instead of those of the system.
    pub ca_file: Option<PathBuf>,
    /// For one try.
    pub timeout: Duration,
}

/// Something that nobody may see, or the file that has it.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    Given(String),
    File(PathBuf),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str("Given(…)"),
            Self::File(path) => write!(f, "File({})", path.display()),
        }
    }
}

pub(crate) const FORMS: Words<Form> =
    Words(&[("cloudevents", Form::CloudEvents), ("slack", Form::Slack)]);

/// What CloudEvents take as a source: a reference to a URI, <https://www.rfc-editor.org/rfc/rfc3986>.
pub(crate) fn source(text: &str) -> Result<String, String> {
    let is_part = |it: char| it.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(it);
    match !text.is_empty() && text.chars().all(is_part) {
        true => Ok(text.to_owned()),
        false => Err("expected a URI or a path such as /clusters/prod".to_owned()),
    }
}

/// The source where none was given, with what a name of a cluster has that no path may have in
/// percent signs.
pub(crate) fn source_of(cluster: &str) -> String {
    use fmt::Write as _;
    let mut source = "/clusters/".to_owned();
    for byte in cluster.bytes() {
        match byte.is_ascii_alphanumeric() || b"-._~:@/".contains(&byte) {
            true => source.push(char::from(byte)),
            // Writing to a string cannot fail.
            false => drop(write!(source, "%{byte:02X}")),
        }
    }
    source
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_a_reference() {
        for good in ["/clusters/prod", "https://a.example/x?y=%20", "prod"] {
            assert_eq!(source(good).as_deref(), Ok(good));
        }
        for bad in ["", "a b", "a\n", "ä", "<a>", "a\"b"] {
            assert!(source(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn every_cluster_has_a_source() {
        let cases = [
            ("prod", "/clusters/prod"),
            (
                "arn:aws:eks:eu-1:1:cluster/a",
                "/clusters/arn:aws:eks:eu-1:1:cluster/a",
            ),
            ("a b?ä", "/clusters/a%20b%3F%C3%A4"),
            ("", "/clusters/"),
        ];
        for (cluster, expected) in cases {
            assert_eq!(source_of(cluster), expected);
            assert_eq!(source(expected).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(
            format!("{:?}", Secret::Given("hunter2".to_owned())),
            "Given(…)"
        );
        assert_eq!(format!("{:?}", Secret::File("a".into())), "File(a)");
    }
}
