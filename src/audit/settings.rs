//! The options of the audit log, those of KEDA's `spec.metricsServer.auditConfig`.

use std::path::{Path, PathBuf};

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};

use super::policy::{Level, Policy};
use super::{Error, FILE_NAME};

/// How the log is kept.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    pub log_format: Format,
    /// KEDA has a volume here, `logOutputVolumeClaim`.
    pub log_file: Output,
    pub policy: Policy,
    pub lifetime: Lifetime,
}

impl Default for Settings {
    /// With all that is needed to tell what became of a value, and why. Unlike KEDA's, the log is
    /// on: nothing should change a cluster without a trace.
    fn default() -> Self {
        Self {
            log_format: Format::default(),
            log_file: Output::default(),
            policy: Policy::of(Level::Request),
            lifetime: Lifetime::default(),
        }
    }
}

/// What a line looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// An event of `audit.k8s.io/v1`.
    #[default]
    Json,
    /// Text with `key="value"`, as the API server's format of that name; without objects.
    Legacy,
}

/// Where the log goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Output {
    /// [`FILE_NAME`] in the state directory.
    #[default]
    StateFile,
    File(PathBuf),
    /// Written `-`. For `watch` in a cluster: other commands print their results there.
    Stdout,
}

impl Output {
    /// As it is written: empty for the default, `-` for standard output.
    pub fn of(path: PathBuf) -> Self {
        match path.to_str() {
            Some("") => Self::StateFile,
            Some("-") => Self::Stdout,
            Some(_) | None => Self::File(path),
        }
    }
}

impl<'d> Deserialize<'d> for Output {
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
        PathBuf::deserialize(from).map(Self::of)
    }
}

/// How long rotated files stay. The numbers may be in quotes, as KEDA wants them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Lifetime {
    /// Days after which a rotated file is removed; 0 keeps them.
    #[serde(deserialize_with = "number")]
    pub max_age: u32,
    /// Most rotated files; 0 for any number.
    #[serde(deserialize_with = "number")]
    pub max_backup: u32,
    /// Megabytes (2^20 bytes) after which a file is rotated; 0 for 100.
    #[serde(deserialize_with = "number")]
    pub max_size: u32,
}

impl Lifetime {
    /// As the API server's log, which rotates at this size unless told otherwise.
    const DEFAULT_SIZE: u32 = 100;

    pub(super) fn max_bytes(&self) -> u64 {
        let megabytes = match self.max_size {
            0 => Self::DEFAULT_SIZE,
            given => given,
        };
        u64::from(megabytes) << 20
    }

    pub(super) fn first_given(&self) -> Option<&'static str> {
        let given = [
            (self.max_age, "maxAge"),
            (self.max_backup, "maxBackup"),
            (self.max_size, "maxSize"),
        ];
        let found = given.into_iter().find(|it| it.0 > 0);
        found.map(|it| it.1)
    }
}

impl Settings {
    /// The file of the log; `None` for standard output, and where there is no state directory to
    /// have it.
    pub fn path(&self, state: Option<&Path>) -> Option<PathBuf> {
        match &self.log_file {
            Output::StateFile => state.map(|it| it.join(FILE_NAME)),
            Output::File(path) => Some(path.clone()),
            Output::Stdout => None,
        }
    }

    /// # Errors
    /// [`Error::LifetimeOfStream`] where what is not a file is to be rotated.
    pub fn check(&self) -> Result<(), Error> {
        match (&self.log_file, self.lifetime.first_given()) {
            (Output::Stdout, Some(setting)) => Err(Error::LifetimeOfStream { setting }),
            (Output::Stdout | Output::StateFile | Output::File(_), _) => Ok(()),
        }
    }
}

fn number<'d, D: Deserializer<'d>>(from: D) -> Result<u32, D::Error> {
    struct Number;

    impl Visitor<'_> for Number {
        type Value = u32;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a whole number, with or without quotes")
        }

        fn visit_u64<E: de::Error>(self, value: u64) -> Result<u32, E> {
            u32::try_from(value)
                .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(value), &self))
        }

        fn visit_i64<E: de::Error>(self, value: i64) -> Result<u32, E> {
            u32::try_from(value).map_err(|_| E::invalid_value(de::Unexpected::Signed(value), &self))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<u32, E> {
            text.parse()
                .map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
        }
    }

    from.deserialize_any(Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn options_read_as_keda_has_them() {
        let given = json!({
            "logFormat": "legacy",
            "logFile": "/var/log/audit.log",
            "policy": {"rules": [{"level": "Metadata"}]},
            "lifetime": {"maxAge": "2", "maxBackup": 1, "maxSize": "50"},
        });
        let expected = Settings {
            log_format: Format::Legacy,
            log_file: Output::File(PathBuf::from("/var/log/audit.log")),
            policy: Policy::of(Level::Metadata),
            lifetime: Lifetime {
                max_age: 2,
                max_backup: 1,
                max_size: 50,
            },
        };
        assert_eq!(serde_json::from_value::<Settings>(given).unwrap(), expected);
    }

    #[test]
    fn without_options_the_log_is_on_and_a_policy_without_rules_turns_it_off() {
        let none: Settings = serde_json::from_value(json!({})).unwrap();
        assert_eq!(none, Settings::default());
        assert_eq!(none.policy, Policy::of(Level::Request));
        let off: Settings = serde_json::from_value(json!({"policy": {}})).unwrap();
        assert_eq!(off.policy, Policy::default());
        assert_eq!(none.lifetime.max_bytes(), 100 << 20);
    }

    #[test]
    fn the_log_is_in_the_state_directory_unless_said_otherwise() {
        let cases = [
            ("", Some("/state/audit.log")),
            ("/a", Some("/a")),
            ("-", None),
        ];
        for (given, expected) in cases {
            let settings: Settings = serde_json::from_value(json!({"logFile": given})).unwrap();
            let path = settings.path(Some(Path::new("/state")));
            assert_eq!(path, expected.map(PathBuf::from), "{given}");
        }
        assert_eq!(Settings::default().path(None), None);
    }

    #[test]
    fn what_is_no_number_or_no_option_is_an_error() {
        let cases = [
            json!({"lifetime": {"maxAge": "2d"}}),
            json!({"lifetime": {"maxAge": -1}}),
            json!({"lifetime": {"maxAge": 1.5}}),
            json!({"lifetime": {"maxAge": 5_000_000_000_u64}}),
            json!({"lifetime": {"maxBackups": 1}}),
            json!({"logFormat": "JSON"}),
            json!({"logOutputVolumeClaim": "x"}),
        ];
        for given in cases {
            let parsed = serde_json::from_value::<Settings>(given.clone());
            assert!(parsed.is_err(), "{given}");
        }
    }
}
