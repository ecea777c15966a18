//! The HPA that KEDA makes of a ScaledObject.
//!
//! KEDA makes it; we never do. It is foretold to say what a change will do, and to tell what
//! differs in the one that is there.

mod render;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::trigger::{HpaMetric, MetricSource, MetricTarget};
use crate::keda::objects::{
    FieldPath, ModifiersMetricType, OneWay, Pause, ScaledObject, ScaledObjectSpec,
    ScalingModifiers, keys,
};
use crate::sim::numbers;
use crate::units::thousandths;

/// The name of the metric that stands for all of a formula.
pub const COMPOSITE_METRIC: &str = "composite-metric";

/// The longest value of a label.
const LONGEST_LABEL: usize = 63;

/// The HPA of a ScaledObject, and what its status would say of it.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratedHpa {
    pub name: String,
    pub namespace: String,
    pub labels: BTreeMap<String, String>,
    /// Those of the ScaledObject, all of them.
    pub annotations: BTreeMap<String, String>,
    pub spec: GeneratedSpec,
    pub status: GeneratedStatus,
    owner: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct GeneratedSpec {
    pub target_api_version: String,
    pub target_kind: String,
    pub target_name: String,
    pub min_replicas: i32,
    pub max_replicas: i32,
    /// The behavior as it is written, with the directions that are held; none where neither is.
    pub behavior: Option<Value>,
    /// Sorted by their sources.
    pub metrics: Vec<HpaMetric>,
}

/// What KEDA writes of the metrics into the status of the ScaledObject.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GeneratedStatus {
    /// With a formula too, the metrics of the triggers.
    pub external_metrics: Vec<String>,
    pub resource_metrics: Vec<String>,
    pub composite_scaler: Option<String>,
}

/// KEDA makes no HPA of the object; Ready becomes False.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoHpa {
    #[error("{path}: no trigger gives the HPA a metric")]
    NoMetric { path: FieldPath },
    #[error("metric {name} comes from two triggers")]
    DoubleMetric { name: String },
    #[error("{path}: {target:?} is no number above 0 that an HPA can hold")]
    BadTarget { path: FieldPath, target: String },
    #[error("{path} is Utilization, which a formula cannot have")]
    Utilization { path: FieldPath },
}

/// What KEDA would make of an object whose triggers have these metrics, in the order of the
/// triggers. `version` is that of KEDA, which a label tells.
pub fn generate(
    object: &ScaledObject,
    metrics: Vec<HpaMetric>,
    version: &str,
) -> Result<GeneratedHpa, NoHpa> {
    let spec = &object.spec;
    check_names(&metrics)?;
    let status = GeneratedStatus::of(spec, &metrics);
    let metrics = match spec.used_modifiers() {
        Some(modifiers) => with_composite(metrics, modifiers)?,
        None => metrics,
    };
    if metrics.is_empty() {
        let path = FieldPath::of("spec.triggers");
        return Err(NoHpa::NoMetric { path });
    }
    let name = object.hpa_name();
    Ok(GeneratedHpa {
        labels: labels(object, &name, version),
        namespace: object.metadata.namespace.clone(),
        annotations: object.metadata.annotations.clone(),
        spec: GeneratedSpec {
            target_api_version: spec.target.api_version_or_default().to_owned(),
            target_kind: spec.target.kind_or_default().to_owned(),
            target_name: spec.target.name.clone(),
            min_replicas: spec.hpa_min_replicas(),
            max_replicas: spec.max_or_default(),
            behavior: behavior(object),
            metrics: sorted(metrics),
        },
        status,
        owner: object.metadata.name.clone(),
        name,
    })
}

/// Two external metrics of one name could not be told apart.
fn check_names(metrics: &[HpaMetric]) -> Result<(), NoHpa> {
    let mut seen = BTreeSet::new();
    for metric in metrics {
        if let MetricSource::External { name } = &metric.source
            && !seen.insert(name)
        {
            return Err(NoHpa::DoubleMetric { name: name.clone() });
        }
    }
    Ok(())
}

impl GeneratedStatus {
    fn of(spec: &ScaledObjectSpec, metrics: &[HpaMetric]) -> Self {
        let mut status = Self::default();
        for metric in metrics {
            match &metric.source {
                MetricSource::External { name } => status.external_metrics.push(name.clone()),
                MetricSource::Resource { resource } => {
                    status.resource_metrics.push(resource.clone());
                }
                // KEDA leaves these out.
                MetricSource::ContainerResource { .. } => {}
            }
        }
        let composite = spec.used_modifiers().map(|_| COMPOSITE_METRIC.to_owned());
        status.composite_scaler = composite;
        status
    }
}

/// One metric in the place of all external ones; those of containers go too.
fn with_composite(
    metrics: Vec<HpaMetric>,
    modifiers: &ScalingModifiers,
) -> Result<Vec<HpaMetric>, NoHpa> {
    let text = modifiers.target.as_deref().unwrap_or_default();
    let milli = milli(text).ok_or_else(|| NoHpa::BadTarget {
        path: FieldPath::of("spec.advanced.scalingModifiers.target"),
        target: text.to_owned(),
    })?;
    let target = match modifiers.metric_type_or_default() {
        ModifiersMetricType::AverageValue => MetricTarget::AverageValue { milli },
        ModifiersMetricType::Value => MetricTarget::Value { milli },
        ModifiersMetricType::Other(metric_type) => other_type(metric_type)?,
    };
    let is_kept = |it: &HpaMetric| match it.source {
        MetricSource::Resource { .. } => true,
        MetricSource::External { .. } | MetricSource::ContainerResource { .. } => false,
    };
    let mut kept: Vec<HpaMetric> = metrics.into_iter().filter(is_kept).collect();
    kept.push(HpaMetric {
        source: MetricSource::External {
            name: COMPOSITE_METRIC.to_owned(),
        },
        target,
    });
    Ok(kept)
}

/// KEDA passes a type on that it does not know, without an amount.
fn other_type(metric_type: String) -> Result<MetricTarget, NoHpa> {
    if metric_type == "Utilization" {
        let path = FieldPath::of("spec.advanced.scalingModifiers.metricType");
        return Err(NoHpa::Utilization { path });
    }
    let milli = None;
    Ok(MetricTarget::Unknown { metric_type, milli })
}

/// The target of a formula in thousandths, which KEDA cuts.
fn milli(target: &str) -> Option<i128> {
    let target = numbers::float(target).filter(|it| *it > 0.0)?;
    thousandths::cut(target).map(i128::from)
}

/// Sorted by the text of their sources; those of one source stay in the order of the triggers.
fn sorted(mut metrics: Vec<HpaMetric>) -> Vec<HpaMetric> {
    metrics.sort_by_key(|it| it.source.kind());
    metrics
}

/// KEDA's own labels, and over them those of the object that are not excluded.
fn labels(object: &ScaledObject, hpa: &str, version: &str) -> BTreeMap<String, String> {
    let own = [
        ("app.kubernetes.io/name", label_of(hpa)),
        ("app.kubernetes.io/version", version),
        ("app.kubernetes.io/part-of", object.metadata.name.as_str()),
        ("app.kubernetes.io/managed-by", "keda-operator"),
    ];
    let own = own.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let mut labels = BTreeMap::from(own);
    // The list is cut at commas alone: a blank beside one makes another name.
    let excluded = object.metadata.annotation(keys::HPA_EXCLUDED_LABELS);
    let excluded: Vec<&str> = excluded.unwrap_or_default().split(',').collect();
    let copied = object.metadata.labels.iter();
    let copied = copied.filter(|(key, _)| !excluded.contains(&key.as_str()));
    labels.extend(copied.map(|(key, value)| (key.clone(), value.clone())));
    labels
}

/// A name cut so that it can be the value of a label, which ends with a letter or digit.
fn label_of(name: &str) -> &str {
    if name.len() <= LONGEST_LABEL {
        return name;
    }
    // Names are of ASCII; what is not is cut before the letter that does not fit.
    let fits = |it: &(usize, char)| it.0 + it.1.len_utf8() <= LONGEST_LABEL;
    let end = name.char_indices().take_while(fits).last();
    let end = end.map_or(0, |(at, letter)| at + letter.len_utf8());
    name[..end].trim_end_matches(|it: char| !it.is_ascii_alphanumeric())
}

/// The behavior as written, except for directions that are held.
fn behavior(object: &ScaledObject) -> Option<Value> {
    let held = match object.pause() {
        Pause::Runs(held) => held,
        // There is no HPA while the object is paused; this is the one that comes back.
        Pause::Full(_) => OneWay::default(),
    };
    let written = object.spec.hpa_behavior().cloned();
    if !held.scale_in && !held.scale_out {
        return written;
    }
    let mut behavior = match written {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    if held.scale_in {
        disable(&mut behavior, "scaleDown");
    }
    if held.scale_out {
        disable(&mut behavior, "scaleUp");
    }
    Some(Value::Object(behavior))
}

fn disable(behavior: &mut Map<String, Value>, direction: &str) {
    let rules = behavior.entry(direction).or_insert_with(|| json!({}));
    match rules {
        Value::Object(rules) => {
            rules.insert("selectPolicy".to_owned(), json!("Disabled"));
        }
        rules => *rules = json!({ "selectPolicy": "Disabled" }),
    }
}

#[cfg(test)]
mod tests;
