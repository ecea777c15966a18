//! The fields of each kind, as a table: another kind is another [`Form`].

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use super::{Error, bad, cpu, forms, policies, triggers};
use crate::autoscaler::AutoscalerKind;
use crate::autoscaler::behavior::Policy;
use crate::lifecycle::diff::{Key, Setting};

/// A kind of autoscaler as it is written.
pub(super) struct Form {
    pub(super) api_version: &'static str,
    /// Fields of the `spec` that every object has.
    pub(super) required: &'static [&'static str],
    /// Where the settings are, as JSON pointers.
    pub(super) parts: &'static [&'static str],
    pub(super) kind: AutoscalerKind,
    pub(super) places: &'static [(Key, Place)],
}

/// Where and how a setting is written.
pub(super) enum Place {
    /// A whole number, with the one that holds where it is left out.
    Number {
        path: &'static [&'static str],
        absent: u32,
        range: RangeInclusive<u32>,
    },
    /// The utilization target of the first CPU metric of an HPA.
    CpuMetric,
    /// The same of the first CPU trigger of KEDA.
    CpuTrigger,
    /// The thresholds of all other triggers.
    Thresholds,
    /// An object that is written whole.
    Whole {
        path: &'static [&'static str],
        is_good: fn(&Value) -> bool,
    },
    /// One of several words.
    Word {
        path: &'static [&'static str],
        words: &'static [&'static str],
    },
    /// The rules of one direction, of which policies and their choice count.
    Policies {
        path: &'static [&'static str],
        default: &'static [Policy],
    },
}

/// Counts and percentages are 32 bits wide, with a sign.
pub(super) const MOST: u32 = i32::MAX.unsigned_abs();

impl Form {
    pub(super) fn of(kind: AutoscalerKind) -> &'static Self {
        match kind {
            AutoscalerKind::HorizontalPodAutoscaler => &forms::HPA,
            AutoscalerKind::ScaledObject => &forms::SCALED_OBJECT,
            AutoscalerKind::ScaledJob => &forms::SCALED_JOB,
        }
    }

    pub(super) fn place(&self, key: Key) -> Result<&Place, Error> {
        let found = self.places.iter().find(|it| it.0 == key);
        let place = found.map(|it| &it.1);
        place.ok_or_else(|| Error::NoSuchSetting {
            kind: self.kind.as_str(),
            key: key.to_string(),
        })
    }
}

/// A field to set and its value.
pub(super) type Assignment = (Vec<&'static str>, Value);

impl Place {
    pub(super) fn read(&self, object: &Value) -> Value {
        match self {
            Self::Number { path, absent, .. } => match at(object, path) {
                Some(value) => not_negative(value),
                None => json!(absent),
            },
            Self::CpuMetric => cpu::target(&object["spec"]["metrics"]),
            Self::CpuTrigger => triggers::cpu_target(&object["spec"]["triggers"]),
            Self::Thresholds => triggers::thresholds(&object["spec"]["triggers"]),
            Self::Whole { path, .. } | Self::Word { path, .. } => {
                at(object, path).cloned().unwrap_or_default()
            }
            Self::Policies { path, default } => match at(object, path) {
                Some(rules) => policies::read(rules, default),
                None => Value::Null,
            },
        }
    }

    pub(super) fn is_stated(&self, object: &Value) -> bool {
        match self {
            Self::Number { path, .. } | Self::Whole { path, .. } | Self::Word { path, .. } => {
                at(object, path).is_some()
            }
            Self::CpuTrigger | Self::Thresholds => object["spec"]["triggers"].is_array(),
            Self::CpuMetric => cpu::is_stated(&object["spec"]["metrics"]),
            Self::Policies { .. } => !self.read(object).is_null(),
        }
    }

    pub(super) fn write(
        &self,
        object: &Value,
        setting: &Setting,
    ) -> Result<Vec<Assignment>, Error> {
        let to = &setting.to;
        match self {
            Self::Number { path, range, .. } => {
                let number = whole(to, range).ok_or_else(|| bad(setting))?;
                Ok(vec![(path.to_vec(), json!(number))])
            }
            Self::CpuMetric => {
                let percent = whole(to, &(1..=MOST)).ok_or_else(|| bad(setting))?;
                let metrics = cpu::with_target(&object["spec"]["metrics"], percent)?;
                Ok(vec![(vec!["spec", "metrics"], metrics)])
            }
            Self::CpuTrigger => {
                let percent = whole(to, &(1..=MOST)).ok_or_else(|| bad(setting))?;
                let triggers = triggers::with_cpu(&object["spec"]["triggers"], percent)?;
                Ok(vec![(vec!["spec", "triggers"], triggers)])
            }
            Self::Thresholds => {
                let texts = to.as_object().ok_or_else(|| bad(setting))?;
                let triggers = triggers::with_thresholds(&object["spec"]["triggers"], texts)?;
                Ok(vec![(vec!["spec", "triggers"], triggers)])
            }
            Self::Whole { path, is_good } => match is_good(to) {
                true => Ok(vec![(path.to_vec(), to.clone())]),
                false => Err(bad(setting)),
            },
            Self::Word { path, words } => match to.as_str() {
                Some(word) if words.contains(&word) => Ok(vec![(path.to_vec(), to.clone())]),
                Some(_) | None => Err(bad(setting)),
            },
            Self::Policies { path, .. } => {
                let [select, policies] = policies::check(to).ok_or_else(|| bad(setting))?;
                let field = |name| [path, [name].as_slice()].concat();
                Ok(vec![
                    (field("selectPolicy"), select.clone()),
                    (field("policies"), policies.clone()),
                ])
            }
        }
    }

    /// Takes out what a write of the setting put in, where nothing was before. Numbers have always
    /// been there, by their defaults.
    pub(super) fn remove(&self, object: &mut Value) {
        let (path, fields): (&[&str], &[&str]) = match self {
            Self::Policies { path, .. } => (path, &["selectPolicy", "policies"]),
            Self::Whole { path, .. } | Self::Word { path, .. } => path.split_at(path.len() - 1),
            Self::Number { .. } | Self::CpuMetric | Self::CpuTrigger | Self::Thresholds => return,
        };
        let pointer = format!("/{}", path.join("/"));
        if let Some(Value::Object(around)) = object.pointer_mut(&pointer) {
            for field in fields {
                around.remove(*field);
            }
        }
    }
}

/// A field; null is the same as nothing, as for the API.
pub(super) fn at<'a>(object: &'a Value, path: &[&str]) -> Option<&'a Value> {
    let found = path.iter().try_fold(object, |at, key| at.get(key));
    found.filter(|it| !it.is_null())
}

/// Numbers below zero, which no server lets through, are read as zero everywhere.
pub(super) fn not_negative(value: &Value) -> Value {
    match value.as_i64() {
        Some(..0) => json!(0),
        Some(0..) | None => value.clone(),
    }
}

pub(super) fn whole(value: &Value, range: &RangeInclusive<u32>) -> Option<u32> {
    let number = u32::try_from(value.as_u64()?).ok()?;
    range.contains(&number).then_some(number)
}
