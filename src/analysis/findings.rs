//! Observed facts with evidence, one file for each kind.
//!
//! A finding never needs the network: it is a function of an autoscaler, its target and its load.
//! To add one: a [`Code`], a file here, a line in [`all`], what it means in [`explained`].

pub mod activation_flapping;
pub mod auth_unused_or_missing;
pub mod cooldown_misread;
pub mod explained;
pub mod floor_too_low;
pub mod hpa_beside_scaledobject;
pub mod idle_window;
pub mod max_above_partitions;
pub mod metric_gaps;
pub mod missing_requests;
pub mod never_scales;
pub mod no_fallback;
pub mod over_provisioned;
pub mod past;
pub mod paused_and_forgotten;
pub mod pinned_at_max;
pub mod polling_too_slow;
pub mod recurring_peak;
pub mod request_mismatch;
pub mod scale_lag;
pub mod scale_to_zero_candidate;
pub mod sidecar_skew;
pub mod thrashing;
pub mod threshold_unreachable;
pub mod two_autoscalers_one_target;
pub mod unable_to_scale;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::AnalysisSettings;
use super::case::Case;
use super::load::Load;
use crate::fleet::Subject;
use crate::history::History;
use past::Past;

/// Everything found, sorted by severity, highest first, then by code.
pub fn all(case: &Case<'_>) -> Vec<Finding> {
    let past = (case.subject, case.history);
    let of_triggers = of_triggers(past, Some(case.load), case.settings, case.now);
    let found = [
        idle_window::find(case),
        over_provisioned::find(case),
        scale_lag::find(case),
        thrashing::find(case),
        pinned_at_max::find(case),
        floor_too_low::find(case),
        missing_requests::find(case),
        request_mismatch::find(case),
        sidecar_skew::find(case),
        never_scales::find(case),
        metric_gaps::find(case),
        two_autoscalers_one_target::find(case),
        scale_to_zero_candidate::find(case),
        recurring_peak::find(case),
    ]
    .into_iter()
    .flatten()
    .chain(unable_to_scale::find(case.autoscaler()))
    .chain(of_triggers)
    .chain(of_settings(case.subject, case.now));
    sorted(found)
}

/// What is found where replicas and usage are not judged.
pub fn without_load(
    subject: &Subject,
    history: &History,
    settings: &AnalysisSettings,
    now: Timestamp,
) -> Vec<Finding> {
    let found = of_triggers((subject, history), None, settings, now);
    sorted(found.into_iter().chain(of_settings(subject, now)))
}

/// What is found where the scale target could not be read.
pub fn without_workload(subject: &Subject, now: Timestamp) -> Vec<Finding> {
    let said = unable_to_scale::find(&subject.autoscaler).into_iter();
    sorted(said.chain(of_settings(subject, now)))
}

/// What is found without any history, in the order of [`all`].
pub fn of_settings(subject: &Subject, now: Timestamp) -> Vec<Finding> {
    let autoscaler = &subject.autoscaler;
    let found = [
        cooldown_misread::find(autoscaler),
        no_fallback::find(autoscaler),
        max_above_partitions::of_settings(autoscaler),
        hpa_beside_scaledobject::find(subject),
        paused_and_forgotten::find(autoscaler, now),
        auth_unused_or_missing::find(subject),
    ];
    sorted(found.into_iter().flatten())
}

/// What the history of KEDA's triggers shows.
fn of_triggers(
    (subject, history): (&Subject, &History),
    load: Option<&Load>,
    settings: &AnalysisSettings,
    now: Timestamp,
) -> Vec<Finding> {
    let Some(past) = Past::of(subject, history, load, settings, now) else {
        return vec![];
    };
    let found = [
        activation_flapping::find(&past),
        threshold_unreachable::find(&past),
        max_above_partitions::find(&past),
        polling_too_slow::find(&past),
    ];
    found.into_iter().flatten().collect()
}

fn sorted(found: impl Iterator<Item = Finding>) -> Vec<Finding> {
    let mut found: Vec<Finding> = found.collect();
    found.sort_by_key(|it| (std::cmp::Reverse(it.severity), it.code));
    found
}

/// An observed fact about one autoscaler.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Finding {
    pub code: Code,
    pub severity: Severity,
    /// One line, lower case, no full stop.
    pub message: String,
    /// The numbers behind the message, by camelCase name with the unit in it.
    pub evidence: BTreeMap<&'static str, Fact>,
    /// What to do, as an instruction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl Finding {
    fn new(code: Code, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            message: message.into(),
            evidence: BTreeMap::new(),
            fix: None,
        }
    }

    /// Adds a number, rounded to hundredths: more digits would claim more than is known.
    fn number(mut self, name: &'static str, value: f64) -> Self {
        let rounded = (value * 100.0).round() / 100.0;
        self.evidence.insert(name, Fact::Number(rounded));
        self
    }

    fn count(mut self, name: &'static str, count: usize) -> Self {
        self.evidence.insert(name, Fact::Count(count as u64));
        self
    }

    fn text(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.evidence.insert(name, Fact::Text(text.into()));
        self
    }

    fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

/// A piece of evidence.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Fact {
    Number(f64),
    Count(u64),
    Text(String),
}

/// How much it matters. Sorts from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Costs money or will hurt one day.
    Warning,
    /// Hurts now: load goes unserved, or the autoscaler does not work.
    Critical,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        })
    }
}

/// The stable name of a kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    IdleWindow,
    OverProvisioned,
    ScaleLag,
    Thrashing,
    PinnedAtMax,
    FloorTooLow,
    MissingRequests,
    RequestMismatch,
    SidecarSkew,
    NeverScales,
    MetricGaps,
    UnableToScale,
    TwoAutoscalersOneTarget,
    CooldownMisread,
    NoFallback,
    ActivationFlapping,
    ThresholdUnreachable,
    MaxAbovePartitions,
    ScaleToZeroCandidate,
    PollingTooSlow,
    HpaBesideScaledobject,
    PausedAndForgotten,
    AuthUnusedOrMissing,
    RecurringPeak,
}

impl Code {
    pub const ALL: [Self; 24] = [
        Self::IdleWindow,
        Self::OverProvisioned,
        Self::ScaleLag,
        Self::Thrashing,
        Self::PinnedAtMax,
        Self::FloorTooLow,
        Self::MissingRequests,
        Self::RequestMismatch,
        Self::SidecarSkew,
        Self::NeverScales,
        Self::MetricGaps,
        Self::UnableToScale,
        Self::TwoAutoscalersOneTarget,
        Self::CooldownMisread,
        Self::NoFallback,
        Self::ActivationFlapping,
        Self::ThresholdUnreachable,
        Self::MaxAbovePartitions,
        Self::ScaleToZeroCandidate,
        Self::PollingTooSlow,
        Self::HpaBesideScaledobject,
        Self::PausedAndForgotten,
        Self::AuthUnusedOrMissing,
        Self::RecurringPeak,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::IdleWindow => "idle-window",
            Self::OverProvisioned => "over-provisioned",
            Self::ScaleLag => "scale-lag",
            Self::Thrashing => "thrashing",
            Self::PinnedAtMax => "pinned-at-max",
            Self::FloorTooLow => "floor-too-low",
            Self::MissingRequests => "missing-requests",
            Self::RequestMismatch => "request-mismatch",
            Self::SidecarSkew => "sidecar-skew",
            Self::NeverScales => "never-scales",
            Self::MetricGaps => "metric-gaps",
            Self::UnableToScale => "unable-to-scale",
            Self::TwoAutoscalersOneTarget => "two-autoscalers-one-target",
            Self::CooldownMisread => "cooldown-misread",
            Self::NoFallback => "no-fallback",
            Self::ActivationFlapping => "activation-flapping",
            Self::ThresholdUnreachable => "threshold-unreachable",
            Self::MaxAbovePartitions => "max-above-partitions",
            Self::ScaleToZeroCandidate => "scale-to-zero-candidate",
            Self::PollingTooSlow => "polling-too-slow",
            Self::HpaBesideScaledobject => "hpa-beside-scaledobject",
            Self::PausedAndForgotten => "paused-and-forgotten",
            Self::AuthUnusedOrMissing => "auth-unused-or-missing",
            Self::RecurringPeak => "recurring-peak",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Code {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|code| code.as_str() == text)
            .ok_or(())
    }
}

#[cfg(test)]
mod tests;
