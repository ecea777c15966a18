//! One trigger of a ScaledObject or ScaledJob: its metadata read by KEDA's rules, the metric that
//! it puts into the HPA, and the value that an answer of its source means.
//!
//! `read` turns what is written into `Settings`; `remarks` says what KEDA ignores of it. The
//! sources themselves are asked elsewhere: `prometheus` and `kafka` take their answers as plain
//! values, `cron` takes the time. The rules are those of KEDA's main branch after 2.20.2 (commit
//! 8b4f083, August 2026), `pkg/scalers` and `pkg/scalers/scalersconfig`.

pub mod auth;
mod aws;
pub mod cron;
mod duration;
pub mod kafka;
mod levels;
pub mod metric;
pub mod param;
pub mod problem;
pub mod prometheus;
pub mod remark;
pub mod resource;
pub mod rule;
mod schema;
pub mod secret;
mod shape;
pub(crate) mod text;
pub mod threshold;
mod values;

use std::collections::BTreeMap;

pub use cron::Cron;
pub use kafka::Kafka;
pub use levels::{Levels, read_alone};
pub use metric::{HpaMetric, MetricSource, MetricTarget, Reading};
use param::Param;
pub use problem::{Cause, Problem, Problems};
pub use prometheus::Prometheus;
pub use remark::{Remark, remarks};
pub use resource::Resource;
pub use secret::{Named, Secret};
pub use values::{Value, Values};

/// A trigger as it is written, with everything resolved that it may refer to.
#[derive(Clone, Debug, Default)]
pub struct TriggerSource {
    /// `type`: `prometheus`, `kafka` and so on.
    pub kind: String,
    /// `metricType`; empty and absent are the same.
    pub metric_type: Option<String>,
    pub metadata: BTreeMap<String, String>,
    /// What its TriggerAuthentication resolves to.
    pub auth: BTreeMap<String, Secret>,
    /// The environment of the target's container, for keys that end in `FromEnv`. Its values may
    /// come from Secrets.
    pub env: BTreeMap<String, Secret>,
    pub pod_identity: PodIdentity,
    /// Whether it is only a variable of its object's formula; then it needs no target of its own.
    pub is_metric_source: bool,
    /// Its place among the triggers of its object, from 0; a part of its metric's name.
    pub index: usize,
}

/// Whose identity a trigger takes on, `podIdentity.provider` of its TriggerAuthentication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PodIdentity {
    #[default]
    None,
    AzureWorkload,
    Gcp,
    Aws,
    /// Deprecated by KEDA in favor of `aws`.
    AwsEks,
    /// Of a name that today's CRD refuses; to a scaler it only is not none.
    Other,
}

impl PodIdentity {
    /// The provider of that name; nothing for one that KEDA does not have (any more), which is `Other`
    /// to a scaler.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "" | "none" => Self::None,
            "azure-workload" => Self::AzureWorkload,
            "gcp" => Self::Gcp,
            "aws" => Self::Aws,
            "aws-eks" => Self::AwsEks,
            _ => return None,
        })
    }

    /// The name of its provider.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::AzureWorkload => "azure-workload",
            Self::Gcp => "gcp",
            Self::Aws => "aws",
            Self::AwsEks => "aws-eks",
            Self::Other => "another provider",
        }
    }
}

/// A trigger that KEDA accepts.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    pub settings: Settings,
    /// What stands in the HPA for it; nothing where the type's naming is not known here, see
    /// [`Settings::Other`].
    pub metric: Option<HpaMetric>,
}

/// What a trigger is set to, defaults included.
#[derive(Clone, Debug, PartialEq)]
pub enum Settings {
    Prometheus(Prometheus),
    Kafka(Kafka),
    /// `cpu` and `memory`.
    Resource(Resource),
    Cron(Cron),
    /// Any other type of KEDA: its keys checked one by one against the type's table, then by the
    /// type's rules, and who it is to its source. How it names its metric is not known here.
    Other(Values),
}

impl Trigger {
    /// Whether KEDA calls the trigger active whatever is measured. Such a trigger counts for
    /// activation only beside others of its kind.
    pub fn is_always_active(&self) -> bool {
        matches!(self.settings, Settings::Resource(_))
    }
}

/// Reads a trigger as KEDA does when it builds the trigger's scaler.
///
/// # Errors
/// Everything that KEDA would refuse together; where KEDA stops at the first failure, that one, but
/// of the types that are only checked everything that breaks a rule.
pub fn read(source: &TriggerSource) -> Result<Trigger, Problems> {
    let read = match source.kind.as_str() {
        "prometheus" => prometheus::read(source),
        "kafka" => kafka::read(source),
        "cpu" | "memory" => resource::read(source),
        "cron" => cron::read(source),
        _ => other(source),
    };
    read.map_err(|list| Problems::new(source, list))
}

fn other(source: &TriggerSource) -> Result<Trigger, Vec<Problem>> {
    let Some(table) = table(&source.kind) else {
        let near = nearest(&source.kind, types());
        let cause = Cause::UnknownType { near };
        return Err(vec![Problem::new("type", cause)]);
    };
    if !is_deaf_to_metric_type(&source.kind) {
        metric::metric_type(source).map_err(|problem| vec![problem])?;
    }
    let values = Values::read(table, source)?;
    if table.iter().any(|it| it.name == auth::MODES) {
        auth::Auth::read(&values).map_err(|problem| vec![problem])?;
    }
    let rules = schema::rules(&source.kind);
    rule::check(rules, table, &values, source)?;
    if source.kind.starts_with("aws-") {
        aws::check(source).map_err(|problem| vec![problem])?;
    }
    Ok(Trigger {
        settings: Settings::Other(values),
        metric: None,
    })
}

/// Whether the scaler never looks at `metricType`, so that even `Utilization` passes.
fn is_deaf_to_metric_type(kind: &str) -> bool {
    matches!(kind, "pulsar" | "splunk-observability" | "external-mock")
}

/// The parameters of a type of trigger; nothing for a type that KEDA does not have.
pub fn table(kind: &str) -> Option<&'static [Param]> {
    Some(match kind {
        "prometheus" => prometheus::TABLE,
        "kafka" => kafka::TABLE,
        "cpu" | "memory" => resource::TABLE,
        "cron" => cron::TABLE,
        // Built for KEDA's own tests, and not documented.
        "external-mock" => &[],
        _ => schema::table(kind)?,
    })
}

/// All types of triggers that KEDA documents, sorted.
pub fn types() -> impl Iterator<Item = &'static str> {
    schema::TYPES.iter().copied()
}

/// The one of `known` that was probably meant by `word`, if any is near enough.
fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = |it: &'a str| {
        (
            strsim::jaro_winkler(&word.to_lowercase(), &it.to_lowercase()),
            it,
        )
    };
    let best = known.map(near).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.88).then_some(best.1)
}

#[cfg(test)]
mod tests;
