//! The configuration file: camelCase keys in groups. Every key whose value is one word or a list of
//! them has a flag too, unless it is about files that are kept ([`WITHOUT_FLAG`]).
//!
//! ```yaml
//! prometheus:
//!   url: http://prometheus.example:9090
//! metrics:
//!   windowDays: 28
//! ```

pub mod told;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::yaml::located::Documents;
use crate::yaml::{self, Mapping, Value};

/// Every key, in the order of `docs/configuration.md`. What each is stands in [`told`].
pub const KEYS: [&str; 73] = [
    "prometheus.url",
    "prometheus.bearerTokenFile",
    "prometheus.basicAuthFile",
    "prometheus.clientCertificate",
    "prometheus.clientKey",
    "prometheus.caFile",
    "prometheus.insecure",
    "prometheus.headers",
    "prometheus.read",
    "prometheus.compression",
    "prometheus.concurrency",
    "prometheus.timeout",
    "prometheus.enabled",
    "metrics.windowDays",
    "metrics.stepSeconds",
    "metrics.promql.cpu",
    "metrics.promql.replicas",
    "analysis.minHistoryDays",
    "analysis.headroom",
    "analysis.minEffect",
    "analysis.shortfallBudget",
    "analysis.course",
    "analysis.allowSingle",
    "analysis.holdout",
    "analysis.failOn",
    "forecasting.enabled",
    "forecasting.minHistoryDays",
    "forecasting.binMinutes",
    "forecasting.quantile",
    "forecasting.periodicityThreshold",
    "forecasting.prescaleLeadMinutes",
    "forecasting.timeZone",
    "prices.cpuHour",
    "prices.memoryGibHour",
    "prices.file",
    "prices.opencostUrl",
    "safety.probationWindowMinutes",
    "safety.probationMax",
    "safety.rollbackEnabled",
    "safety.healthCpuMargin",
    "safety.slos",
    "safety.maxInProbation",
    "safety.stopOnRevert",
    "license.file",
    "license.signature",
    "license.secret",
    "license.publicKey",
    "license.graceDays",
    "cluster.requestTimeout",
    "audit.logFormat",
    "audit.logFile",
    "audit.policy",
    "audit.lifetime.maxAge",
    "audit.lifetime.maxBackup",
    "audit.lifetime.maxSize",
    "webhook.url",
    "webhook.urlFile",
    "webhook.form",
    "webhook.keyFile",
    "webhook.source",
    "webhook.redact",
    "webhook.caFile",
    "webhook.timeout",
    "llm.provider",
    "llm.model",
    "llm.baseUrl",
    "llm.timeoutSeconds",
    "llm.concurrency",
    "llm.budgetRequests",
    "llm.budgetSeconds",
    "llm.redactNames",
    "output.format",
    "output.color",
];

/// Keys that no flag stands for: how a log is kept is a matter of the machine, not of a run.
pub const WITHOUT_FLAG: [&str; 5] = [
    "audit.logFormat",
    "audit.policy",
    "audit.lifetime.maxAge",
    "audit.lifetime.maxBackup",
    "audit.lifetime.maxSize",
];

/// What stands in a configuration file, not yet understood. Two are equal where the same stands in them.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    path: PathBuf,
    /// `None` where there is no file.
    text: Option<String>,
}

/// A configuration file that was read: its values by key, dots between the groups.
#[derive(Clone, Debug, Default)]
pub struct File {
    path: PathBuf,
    values: BTreeMap<String, Value>,
}

/// The configuration file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot read configuration file {}", path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("configuration file {} is not YAML", path.display())]
    Syntax {
        path: PathBuf,
        source: yaml::ReadError,
    },
    #[error("configuration file {}: unknown key `{key}`", path.display())]
    UnknownKey {
        path: PathBuf,
        key: String,
        /// The known key that it may be meant to be.
        meant: Option<&'static str>,
    },
    #[error("configuration file {}: {key}: invalid value `{value}`: {why}", path.display())]
    Value {
        path: PathBuf,
        key: String,
        value: String,
        why: String,
    },
}

impl Text {
    /// Reads the file at `path`, which must exist.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            text: Some(text),
        })
    }

    /// Reads the file at `path` if there is one.
    ///
    /// # Errors
    /// As [`Text::read`], except for a file that does not exist.
    pub fn read_if_present(path: &Path) -> Result<Self, Error> {
        match Self::read(path) {
            Err(Error::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                Ok(Self {
                    path: path.to_owned(),
                    text: None,
                })
            }
            read => read,
        }
    }

    /// Where there is no place for a file.
    pub fn nowhere() -> Self {
        Self {
            path: PathBuf::new(),
            text: None,
        }
    }

    /// Where it was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The line of `key`, from 1; of one that is not there, that of the group around it.
    pub fn line(&self, key: &str) -> usize {
        let text = self.text.as_deref().unwrap_or_default();
        let pointer = format!("/{}", key.replace('.', "/"));
        // What was parsed before can be read.
        Documents::read(text).map_or(1, |it| it.position(0, &pointer).line)
    }

    /// What it says; no values where there is no file.
    ///
    /// # Errors
    /// If it is not YAML, or has a key that is not in [`KEYS`].
    pub fn parse(&self) -> Result<File, Error> {
        match &self.text {
            Some(text) => File::parse(&self.path, text),
            None => Ok(File::default()),
        }
    }
}

impl std::fmt::Debug for Text {
    /// Without what stands in it, which may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Text({})", self.path.display())
    }
}

impl File {
    /// Reads the file at `path`, which must exist.
    ///
    /// # Errors
    /// If it cannot be read, is not YAML, or has a key that is not in [`KEYS`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        Text::read(path)?.parse()
    }

    /// What it says, on one line each, in the order of [`KEYS`].
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, String)> {
        KEYS.into_iter()
            .filter_map(|key| Some((key, shown(self.values.get(key)?))))
    }

    /// The keys whose values are others than in `before`, in the order of [`KEYS`].
    pub fn changed_since(&self, before: &Self) -> Vec<&'static str> {
        let differs = |key: &&str| self.values.get(*key) != before.values.get(*key);
        KEYS.into_iter().filter(|key| differs(key)).collect()
    }

    fn parse(path: &Path, text: &str) -> Result<Self, Error> {
        let mut file = Self {
            path: path.to_owned(),
            values: BTreeMap::new(),
        };
        match yaml::read(text) {
            Ok(Value::Null) => Ok(file),
            Ok(Value::Mapping(groups)) => {
                file.collect("", groups)?;
                Ok(file)
            }
            Ok(other) => Err(file.error("top level", &other, "expected groups of keys")),
            Err(source) => Err(Error::Syntax {
                path: file.path,
                source,
            }),
        }
    }

    /// Takes in the values of `group` and the groups in it.
    fn collect(&mut self, prefix: &str, group: Mapping) -> Result<(), Error> {
        for (name, value) in group {
            let key = format!("{prefix}{}", shown(&name));
            match value {
                _ if KEYS.contains(&key.as_str()) => {
                    self.values.insert(key, value);
                }
                Value::Mapping(inner) if is_group(&key) => {
                    self.collect(&format!("{key}."), inner)?;
                }
                Value::Null if is_group(&key) => {}
                other if is_group(&key) => {
                    return Err(self.error(&key, &other, "expected keys below it"));
                }
                _ => return Err(self.unknown(key)),
            }
        }
        Ok(())
    }

    /// The value of `key`, parsed; `None` where the file does not say.
    ///
    /// # Errors
    /// If the value is not a single one, or `parse` refuses it.
    pub(crate) fn get<T>(
        &self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Error> {
        debug_assert!(KEYS.contains(&key), "{key} is not in KEYS");
        let value = self.values.get(key).filter(|it| !it.is_null());
        value.map(|it| self.scalar(key, it, &parse)).transpose()
    }

    /// The values of `key`, each parsed; empty where the file does not say.
    ///
    /// # Errors
    /// If the value is not a list, or `parse` refuses an entry.
    pub(crate) fn list<T>(
        &self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Vec<T>, Error> {
        debug_assert!(KEYS.contains(&key), "{key} is not in KEYS");
        match self.values.get(key) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Sequence(all)) => {
                all.iter().map(|it| self.scalar(key, it, &parse)).collect()
            }
            Some(other) => Err(self.error(key, other, "expected a list")),
        }
    }

    /// The value of `key` in one line, as it stands there; `None` where the file does not say.
    pub(crate) fn shown(&self, key: &str) -> Option<String> {
        match self.values.get(key)? {
            Value::Null => None,
            Value::Sequence(all) => {
                let all: Vec<String> = all.iter().map(shown).collect();
                Some(all.join(", "))
            }
            one => Some(shown(one)),
        }
    }

    /// The value of `key` with all that is below it; `None` where the file does not say.
    ///
    /// # Errors
    /// If it is not a `T`.
    pub(crate) fn structure<T: DeserializeOwned>(
        &self,
        key: &'static str,
    ) -> Result<Option<T>, Error> {
        debug_assert!(KEYS.contains(&key), "{key} is not in KEYS");
        let value = self.values.get(key).filter(|it| !it.is_null());
        let parsed = value.map(|it| {
            let parsed = yaml::from_value(it.clone());
            parsed.map_err(|why| self.error(key, it, &why.to_string()))
        });
        parsed.transpose()
    }

    fn scalar<T>(
        &self,
        key: &str,
        value: &Value,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Error> {
        if matches!(value, Value::Sequence(_) | Value::Mapping(_)) {
            return Err(self.error(key, value, "expected a single value"));
        }
        parse(&shown(value)).map_err(|why| self.error(key, value, &why))
    }

    fn error(&self, key: &str, value: &Value, why: &str) -> Error {
        Error::Value {
            path: self.path.clone(),
            key: key.to_owned(),
            value: shown(value),
            why: why.to_owned(),
        }
    }

    fn unknown(&self, key: String) -> Error {
        Error::UnknownKey {
            path: self.path.clone(),
            meant: closest(&key),
            key,
        }
    }
}

fn is_group(key: &str) -> bool {
    let prefix = format!("{key}.");
    KEYS.iter().any(|it| it.starts_with(&prefix))
}

/// What comes before the last name of a key.
fn group(key: &str) -> &str {
    key.rsplit_once('.').map_or("", |it| it.0)
}

/// The known key nearest to `key`: by the whole path, or by the last name in any group.
fn closest(key: &str) -> Option<&'static str> {
    let last = |path: &'_ str| path.rsplit('.').next().unwrap_or(path).to_ascii_lowercase();
    let likeness = |known: &str| {
        // Paths in one group begin alike, which alone does not make them similar.
        let typos = strsim::damerau_levenshtein(&last(key), &last(known));
        let whole = if group(key) == group(known) && typos > 2 {
            0.0
        } else {
            strsim::jaro_winkler(key, known)
        };
        let name = strsim::jaro_winkler(&last(key), &last(known));
        // The name counts slightly less, so that the right group wins among equal names.
        whole.max(0.99 * name)
    };
    let nearest = KEYS
        .into_iter()
        .map(|known| (likeness(known), known))
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    // Below this clap too suggests nothing: the words have little in common.
    (nearest.0 > 0.8).then_some(nearest.1)
}

/// A value as the file has it, on one line.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(it) => it.to_string(),
        Value::Number(it) => it.to_string(),
        Value::String(it) => it.clone(),
        Value::Sequence(_) => "[…]".to_owned(),
        Value::Mapping(_) => "{…}".to_owned(),
        Value::Tagged(it) => format!("{} …", it.tag),
    }
}

#[cfg(test)]
mod tests;
