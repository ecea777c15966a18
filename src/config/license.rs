//! Where a license comes from, and what the subcommands of `license` are to do.

use std::num::NonZeroU32;
use std::path::PathBuf;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::values::{self, Words};
use crate::cluster;
use crate::license::keys::PublicKey;
use crate::license::{self, payload::Plan};

/// Longest grace in days: after a year it is no grace any more.
const MOST_GRACE: u32 = 366;
/// Longest validity in days: a century.
const MOST_DAYS: i64 = 36_600;

/// The license that a run goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct License {
    /// `None` where no license is named anywhere.
    pub source: Option<Source>,
    pub public_key: Option<KeySource>,
    /// How long it is accepted once it has expired.
    pub grace: SignedDuration,
}

impl Default for License {
    fn default() -> Self {
        Self {
            source: None,
            public_key: None,
            grace: license::GRACE,
        }
    }
}

/// Where license and signature are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Files {
        license: PathBuf,
        /// `None` for the license's path with `.sig` after it, if there is such a file.
        signature: Option<PathBuf>,
    },
    /// The keys `license` and `signature` of a Secret.
    Secret(SecretName),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretName {
    pub namespace: String,
    pub name: String,
}

/// A public key, or the file that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// PEM, or 32 bytes in base64.
    Inline(String),
    File(PathBuf),
}

/// What a subcommand of `license` is to do.
#[derive(Clone, Debug)]
pub enum LicenseConfig {
    Keygen { private: PathBuf, public: PathBuf },
    Issue(Issue),
    Verify(Checked),
    Show(Checked, Form),
    SignArtifact(SignedArtifact),
    VerifyArtifact(Artifact),
}

/// A license to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    pub private_key: PathBuf,
    pub customer: String,
    pub plan: Plan,
    pub ends: Ends,
    pub max_clusters: Option<NonZeroU32>,
    pub features: Vec<String>,
    pub license: PathBuf,
    pub signature: PathBuf,
}

/// When a license expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    At(Timestamp),
    /// Since it is issued.
    After(SignedDuration),
}

/// A license to check.
#[derive(Clone, Debug)]
pub struct Checked {
    pub license: License,
    /// Of the cluster with the Secret.
    pub connection: cluster::Options,
    /// `None` for the clock's.
    pub now: Option<Timestamp>,
}

/// A file to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedArtifact {
    pub artifact: PathBuf,
    pub private_key: PathBuf,
    pub signature: PathBuf,
}

/// A signed file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    pub artifact: PathBuf,
    pub signature: PathBuf,
    pub public_key: KeySource,
}

/// The forms that a license is shown in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    #[default]
    Table,
    Json,
    Yaml,
}

pub(crate) const FORMS: Words<Form> = Words(&[
    ("table", Form::Table),
    ("json", Form::Json),
    ("yaml", Form::Yaml),
]);

pub(crate) const PLANS: Words<Plan> = Words(&[
    ("trial", Plan::Trial),
    ("team", Plan::Team),
    ("enterprise", Plan::Enterprise),
]);

/// The path of a file.
pub(crate) fn path(text: &str) -> Result<PathBuf, String> {
    values::text(text).map(PathBuf::from)
}

/// A Secret as `namespace/name`.
pub(crate) fn secret_name(text: &str) -> Result<SecretName, String> {
    match text.split_once('/') {
        Some((namespace, name))
            if values::namespace(namespace).is_ok() && values::is_object_name(name) =>
        {
            Ok(SecretName {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            })
        }
        Some(_) | None => Err("expected a Secret as namespace/name".to_owned()),
    }
}

/// A public key itself, else the path of one.
pub(crate) fn key_source(text: &str) -> Result<KeySource, String> {
    let is_key = text.trim().starts_with("-----BEGIN") || PublicKey::parse(text).is_ok();
    if is_key {
        Ok(KeySource::Inline(text.to_owned()))
    } else {
        path(text).map(KeySource::File)
    }
}

/// A grace in whole days.
pub(crate) fn grace(text: &str) -> Result<SignedDuration, String> {
    match text.parse::<u32>() {
        Ok(days @ 0..=MOST_GRACE) => Ok(whole_days(i64::from(days))),
        Ok(_) | Err(_) => Err(format!(
            "expected a whole number of days from 0 to {MOST_GRACE}"
        )),
    }
}

/// How many days a license is valid.
pub(crate) fn validity(text: &str) -> Result<SignedDuration, String> {
    match text.parse::<i64>() {
        Ok(days @ 1..=MOST_DAYS) => Ok(whole_days(days)),
        Ok(_) | Err(_) => Err(format!(
            "expected a whole number of days from 1 to {MOST_DAYS}"
        )),
    }
}

fn whole_days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

/// The end of a validity: a time, or the end of a day in UTC.
pub(crate) fn expiry(text: &str) -> Result<Timestamp, String> {
    let wanted = || "expected a day such as 2027-01-31, or a time such as 2027-01-31T12:00:00Z";
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    // A date parses a time without a zone too, and would leave the time out.
    let date = (text.len() == 10).then(|| text.parse::<Date>());
    let next = date.and_then(Result::ok).and_then(|it| it.tomorrow().ok());
    let midnight = next.and_then(|it| it.to_zoned(TimeZone::UTC).ok());
    midnight
        .map(|it| it.timestamp())
        .ok_or_else(|| wanted().to_owned())
}

/// How many clusters a license is for.
pub(crate) fn clusters(text: &str) -> Result<NonZeroU32, String> {
    text.parse()
        .map_err(|_| "expected a whole number of clusters, at least 1".to_owned())
}

/// A name that is written into a license: one line that is not empty.
pub(crate) fn line(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        Err("expected one line of text".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::license::keys::PrivateKey;

    #[test]
    fn a_day_is_valid_to_its_end() {
        let cases = [
            ("2027-01-31", Some("2027-02-01T00:00:00Z")),
            ("2027-12-31", Some("2028-01-01T00:00:00Z")),
            ("2027-01-31T12:00:00Z", Some("2027-01-31T12:00:00Z")),
            ("2027-01-31T12:00:00+01:00", Some("2027-01-31T11:00:00Z")),
            ("2027-01-31T12:00:00", None),
            ("2027-02-30", None),
            ("31.1.2027", None),
            ("9999-12-31", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|it| it.parse::<Timestamp>().unwrap());
            assert_eq!(expiry(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_key_is_taken_as_it_is_or_by_its_file() {
        let key = PrivateKey::from_seed(&[7; 32]).public();
        let pem = key.to_pem();
        assert_eq!(key_source(&pem), Ok(KeySource::Inline(pem.clone())));
        let file = KeySource::File("keys/license.pub".into());
        assert_eq!(key_source("keys/license.pub"), Ok(file));
        assert!(key_source("").is_err());
    }

    #[test]
    fn a_secret_has_a_namespace() {
        let secret = secret_name("stepscale/license").unwrap();
        assert_eq!(
            (&*secret.namespace, &*secret.name),
            ("stepscale", "license")
        );
        for text in ["license", "a/b/c", "/license", "stepscale/", "A/b", "a/B"] {
            assert!(secret_name(text).is_err(), "{text}");
        }
    }

    #[test]
    fn days_and_clusters_have_limits() {
        assert_eq!(grace("0"), Ok(SignedDuration::ZERO));
        assert_eq!(grace("14"), Ok(license::GRACE));
        assert!(grace("367").is_err() && grace("-1").is_err() && grace("1.5").is_err());
        assert!(validity("0").is_err() && validity("36601").is_err());
        assert_eq!(validity("1"), Ok(SignedDuration::from_hours(24)));
        assert!(clusters("0").is_err() && clusters("3").is_ok());
        assert!(line(" ").is_err() && line("a\nb").is_err() && line("Example & Sons").is_ok());
    }
}
