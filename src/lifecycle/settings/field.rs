//! The fields of each kind, as a table: another kind is another [`Form`].

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use super::{Error, bad, cpu, policies};
use crate::autoscaler::AutoscalerKind;
use crate::autoscaler::behavior::{DEFAULT_DOWN, DEFAULT_SCALE_DOWN_WINDOW, DEFAULT_UP, Policy};
use crate::lifecycle::diff::{Key, Setting};

/// A kind of autoscaler as it is written.
pub(super) struct Form {
    pub(super) api_version: &'static str,
    pub(super) kind: &'static str,
    places: &'static [(Key, Place)],
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
    /// The rules of one direction, of which policies and their choice count.
    Policies {
        path: &'static [&'static str],
        default: &'static [Policy],
    },
}

/// Counts and percentages are 32 bits wide, with a sign.
pub(super) const MOST: u32 = i32::MAX.unsigned_abs();

const UP: &[&str] = &["spec", "behavior", "scaleUp"];
const DOWN: &[&str] = &["spec", "behavior", "scaleDown"];
const DOWN_WINDOW: &[&str] = &[
    "spec",
    "behavior",
    "scaleDown",
    "stabilizationWindowSeconds",
];

/// autoscaling/v2. Ranges as `ValidateHorizontalPodAutoscaler` of Kubernetes v1.36 has them; whether
/// a minimum of 0 is allowed depends on the cluster, so that the server decides it.
const HPA: Form = Form {
    api_version: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    places: &[
        (
            Key::MinReplicas,
            Place::Number {
                path: &["spec", "minReplicas"],
                absent: 1,
                range: 0..=MOST,
            },
        ),
        (
            Key::MaxReplicas,
            Place::Number {
                path: &["spec", "maxReplicas"],
                absent: 0,
                range: 1..=MOST,
            },
        ),
        (Key::TargetCpuPct, Place::CpuMetric),
        (
            Key::ScaleDownCooldownS,
            Place::Number {
                path: DOWN_WINDOW,
                absent: DEFAULT_SCALE_DOWN_WINDOW,
                range: 0..=3600,
            },
        ),
        (
            Key::ScaleUpPolicies,
            Place::Policies {
                path: UP,
                default: &DEFAULT_UP,
            },
        ),
        (
            Key::ScaleDownPolicies,
            Place::Policies {
                path: DOWN,
                default: &DEFAULT_DOWN,
            },
        ),
    ],
};

impl Form {
    pub(super) fn of(kind: AutoscalerKind) -> &'static Self {
        match kind {
            AutoscalerKind::HorizontalPodAutoscaler => &HPA,
        }
    }

    pub(super) fn place(&self, key: Key) -> Result<&Place, Error> {
        let found = self.places.iter().find(|it| it.0 == key);
        let place = found.map(|it| &it.1);
        place.ok_or_else(|| Error::NoSuchSetting {
            kind: self.kind,
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
            Self::Policies { path, default } => match at(object, path) {
                Some(rules) => policies::read(rules, default),
                None => Value::Null,
            },
        }
    }

    pub(super) fn is_stated(&self, object: &Value) -> bool {
        match self {
            Self::Number { path, .. } => at(object, path).is_some(),
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

    /// Takes out what a write of the setting put in. Only policies may have been left out before.
    pub(super) fn remove(&self, object: &mut Value) {
        let Self::Policies { path, .. } = self else {
            return;
        };
        let pointer = format!("/{}", path.join("/"));
        if let Some(Value::Object(rules)) = object.pointer_mut(&pointer) {
            rules.remove("selectPolicy");
            rules.remove("policies");
        }
    }
}

/// A field; null is the same as nothing, as for the API.
fn at<'a>(object: &'a Value, path: &[&str]) -> Option<&'a Value> {
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
