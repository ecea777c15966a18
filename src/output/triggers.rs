//! What triggers measure now: a versioned contract (`-o json`, `-o yaml`), names, and tables.

mod page;

use std::io::{self, Write};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Page, View, json, yaml};
use crate::config::Format;

/// What `triggers` answers.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TriggersReport {
    #[schemars(extend("const" = "stepscale.io/v1alpha1"))]
    pub api_version: &'static str,
    #[schemars(extend("const" = "TriggersReport"))]
    pub kind: &'static str,
    #[schemars(schema_with = "crate::output::schema::time")]
    pub checked_at: Timestamp,
    /// Sorted by namespace, kind and name.
    pub items: Vec<Item>,
}

/// One ScaledObject or ScaledJob.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    pub kind: &'static str,
    /// As `-o name` prints it.
    #[serde(skip)]
    pub qualified: &'static str,
    pub namespace: String,
    pub name: String,
    /// Why nothing is known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// `Deployment/orders`; of a ScaledJob its own template.
    pub target: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_replicas: Option<i32>,
    pub min_replicas: i32,
    pub max_replicas: i32,
    /// Seconds.
    pub polling_interval: i64,
    pub triggers: Vec<Row>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formula: Option<FormulaRow>,
    /// The index of the trigger that asks for the most, or `formula`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub winner: Option<String>,
    /// Between the bounds, before the HPA's behavior.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired_replicas: Option<i32>,
    /// Left out where it cannot be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// Where the target goes while nothing is active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_rest: Option<i32>,
    /// Of a ScaledJob, what its strategy makes of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<JobsNow>,
    pub keda: KedaSays,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hpa: Option<HpaSays>,
    /// Why KEDA and we see something else.
    pub differences: Vec<String>,
    /// What could not be read beside the triggers.
    pub unread: Vec<String>,
}

/// The jobs of a ScaledJob at its next poll.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobsNow {
    /// `default`, `custom`, `accurate`, `eager`.
    pub strategy: &'static str,
    /// How many the triggers call for, all taken together.
    pub wanted: i64,
    /// Those that are not finished, and those among them whose pods do not work yet.
    pub running: i64,
    pub pending: i64,
    /// How many KEDA would create.
    pub created: i64,
}

/// What came of a trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum State {
    Read,
    /// Its source, or what leads to it, gave no value.
    Failed,
    /// KEDA takes no such trigger.
    Refused,
    /// Only KEDA can ask its source.
    NotEvaluated,
}

/// One trigger.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    pub index: usize,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its name in the HPA.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    pub state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// What the HPA holds the value at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// `AverageValue`, `Value`, `Utilization`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activation_threshold: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// What it asks for by itself, before the bounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication: Option<String>,
    /// `direct`, `proxy`, `keda`, `metrics API`, `clock`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<&'static str>,
    /// Why there is no value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::output::schema::time")]
    pub next_start: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "crate::output::schema::time")]
    pub next_end: Option<Timestamp>,
    pub notes: Vec<String>,
}

/// The formula of `scalingModifiers`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FormulaRow {
    pub formula: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activation_target: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What KEDA says of the object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KedaSays {
    pub conditions: Vec<Says>,
    /// Metrics whose reads fail, with how often in a row.
    pub failing: Vec<Failing>,
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Says {
    #[serde(rename = "type")]
    pub kind: String,
    pub status: String,
    pub reason: String,
    pub message: String,
}

/// A metric that KEDA counts failures of.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Failing {
    pub metric: String,
    pub failures: i32,
}

/// What the HPA of KEDA says.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HpaSays {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_replicas: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired_replicas: Option<i32>,
    pub metrics: Vec<HpaMetricSays>,
}

/// What it sees of one metric.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HpaMetricSays {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utilization: Option<i32>,
}

impl TriggersReport {
    pub fn new(items: Vec<Item>, checked_at: Timestamp) -> Self {
        Self {
            api_version: "stepscale.io/v1alpha1",
            kind: "TriggersReport",
            checked_at,
            items,
        }
    }

    /// Whether a trigger of any item is in this state.
    pub fn has(&self, state: State) -> bool {
        let mut rows = self.items.iter().flat_map(|it| &it.triggers);
        rows.any(|it| it.state == state)
    }
}

/// The columns of a form; `None` where it has none.
pub fn columns(format: Format) -> Option<Vec<&'static str>> {
    match format {
        Format::Table => Some(page::columns(false)),
        Format::Wide => Some(page::columns(true)),
        Format::Json | Format::Yaml | Format::Name => None,
    }
}

/// Writes `report` to `out`, with ANSI styles in the forms for people.
///
/// # Errors
/// If `out` cannot be written.
pub fn write(
    out: &mut dyn Write,
    report: &TriggersReport,
    format: Format,
    page: Page,
    view: &View,
) -> io::Result<()> {
    match format {
        Format::Table => page::write(out, report, page, (false, view)),
        Format::Wide => page::write(out, report, page, (true, view)),
        Format::Json => json(out, report),
        Format::Yaml => yaml(out, report),
        Format::Name => report
            .items
            .iter()
            .try_for_each(|it| writeln!(out, "{}/{}", it.qualified, it.name)),
    }
}

#[cfg(test)]
pub(super) mod tests;
