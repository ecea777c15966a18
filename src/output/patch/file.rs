//! The change in a manifest that people wrote: the values where they stand, and nothing else of it.
//!
//! What is written comes from the manifest's own object, which may have other metrics than the live
//! one, or be the part of an object that is laid over another.

use serde_json::Value;

use crate::lifecycle::diff::{Key, Setting, in_words};
use crate::lifecycle::record::Record;
use crate::lifecycle::settings;
use crate::yaml::edit::{self, DocumentSelector, Edit};

/// Versions of autoscalers that have all settings, in the same fields.
const WITH_ALL: [&str; 3] = ["autoscaling/v2", "autoscaling/v2beta2", "keda.sh/v1alpha1"];

/// Why a manifest is left as it is.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Text(#[from] edit::Error),
    /// What the file has is neither the old value nor the new one.
    #[error("{object} has {key} {is} here, but {from} in the cluster when it was analyzed")]
    Disagrees {
        object: String,
        key: Key,
        is: String,
        from: String,
        to: String,
    },
    #[error("{object} is of {version}, which has no {key}")]
    OtherVersion {
        object: String,
        version: String,
        key: Key,
    },
    /// Metrics replace those of the object below as a whole.
    #[error("{object} leaves its metrics to another file, which has to say {key}")]
    NoMetrics { object: String, key: Key },
    #[error("{object} cannot be changed")]
    Settings {
        object: String,
        source: settings::Error,
    },
}

/// Whether `text` has the autoscaler of `record`. An object that names no namespace is of
/// `namespace`.
///
/// # Errors
/// If `text` cannot be read, or has it more than once.
pub fn has(text: &str, record: &Record, namespace: &str) -> Result<bool, Error> {
    match edit::find(text, &selector(record)) {
        Ok(object) => {
            let says_where = !object["metadata"]["namespace"].is_null();
            Ok(says_where || record.autoscaler.namespace == namespace)
        }
        Err(edit::Error::NotFound { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// `text` with the settings of `record` in its autoscaler. Where it has them already it stays as it
/// is, to the byte.
///
/// # Errors
/// If it has no such autoscaler, or one that was changed since, or none that can be changed.
pub fn edited(text: &str, record: &Record) -> Result<String, Error> {
    let selector = selector(record);
    let object = edit::find(text, &selector)?;
    let manifest = Manifest {
        name: selector.to_string(),
        object,
        record,
    };
    let left = manifest.left()?;
    if left.is_empty() {
        return Ok(text.to_owned());
    }
    let edits = Edit::all_of(&manifest.configuration(&left)?);
    Ok(edit::set(text, &selector, &edits)?)
}

fn selector(record: &Record) -> DocumentSelector {
    let id = &record.autoscaler;
    DocumentSelector {
        kind: id.kind.as_str().to_owned(),
        namespace: Some(id.namespace.clone()),
        name: id.name.clone(),
    }
}

/// An autoscaler as a file has it.
struct Manifest<'a> {
    name: String,
    object: Value,
    record: &'a Record,
}

impl Manifest<'_> {
    /// The settings that are still to be made.
    fn left(&self) -> Result<Vec<Setting>, Error> {
        let mut left = vec![];
        for setting in &self.record.proposal.diff {
            if self.lacks(setting)? {
                left.push(setting.clone());
            }
        }
        Ok(left)
    }

    /// Whether it is to get `setting`.
    fn lacks(&self, setting: &Setting) -> Result<bool, Error> {
        self.check_version(setting.key)?;
        let kind = self.record.autoscaler.kind;
        let failed = |source| self.failed(source);
        let is = settings::live(&self.object, kind, setting).map_err(failed)?;
        let is_stated = settings::states(&self.object, kind, setting.key).map_err(failed)?;
        if !is_stated && self.is_part() {
            // What it does not say is said by what it is laid over.
            return match setting.key {
                Key::TargetCpuPct | Key::TriggerThresholds => Err(Error::NoMetrics {
                    object: self.name.clone(),
                    key: setting.key,
                }),
                Key::MinReplicas
                | Key::MaxReplicas
                | Key::ScaleDownCooldownS
                | Key::ScaleUpPolicies
                | Key::ScaleDownPolicies
                | Key::CooldownPeriodS
                | Key::PollingIntervalS
                | Key::Fallback
                | Key::ScalingStrategy => Ok(true),
            };
        }
        match is {
            is if is == setting.to => Ok(false),
            is if is == setting.from => Ok(true),
            is => Err(Error::Disagrees {
                object: self.name.clone(),
                key: setting.key,
                is: in_words(&is),
                from: in_words(&setting.from),
                to: in_words(&setting.to),
            }),
        }
    }

    fn check_version(&self, key: Key) -> Result<(), Error> {
        let version = self.object["apiVersion"].as_str();
        match (key, version) {
            (Key::MinReplicas | Key::MaxReplicas, _) | (_, None) => Ok(()),
            (_, Some(version)) if WITH_ALL.contains(&version) => Ok(()),
            (key, Some(version)) => Err(Error::OtherVersion {
                object: self.name.clone(),
                version: version.to_owned(),
                key,
            }),
        }
    }

    /// Whether it is laid over another object, as patches of kustomize are: without that it would
    /// not be whole.
    fn is_part(&self) -> bool {
        let spec = &self.object["spec"];
        let needed = settings::required(self.record.autoscaler.kind);
        needed.iter().any(|it| spec[*it].is_null())
    }

    fn configuration(&self, left: &[Setting]) -> Result<Value, Error> {
        let mut object = self.object.clone();
        let kind = self.record.autoscaler.kind;
        if self.is_part() {
            // Any minimum may be below a maximum that another file says.
            settings::open_above(&mut object, kind);
        }
        settings::configuration(&object, kind, left).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: settings::Error) -> Error {
        Error::Settings {
            object: self.name.clone(),
            source,
        }
    }
}

#[cfg(test)]
mod tests;
