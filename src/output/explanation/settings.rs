//! What an autoscaler is set to, with the defaults that nobody wrote.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::autoscaler::behavior::{
    DEFAULT_DOWN, DEFAULT_SCALE_DOWN_WINDOW, DEFAULT_UP, Policies, Policy, Rules, Select,
};
use crate::autoscaler::{Autoscaler, Metric, Target};
use crate::keda::objects::{ScaledJob, ScaledObject};
use crate::units::window;

/// One setting in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Setting {
    pub name: String,
    pub value: String,
    /// Whether it is what holds where an object says nothing.
    pub is_default: bool,
}

/// What the controller does where no tolerance is said (`--horizontal-pod-autoscaler-tolerance`).
const DEFAULT_TOLERANCE: &str = "10%";

/// Those of `autoscaler`, whose object is `written` where that is known.
pub(super) fn of(autoscaler: &Autoscaler, written: Option<&Value>) -> Vec<Setting> {
    if let Some(jobs) = &autoscaler.jobs {
        return of_jobs(jobs);
    }
    let mut all = match &autoscaler.keda {
        Some(scaled) => limits_of_object(scaled),
        None => vec![
            setting("min", autoscaler.min, autoscaler.min.0 == 1),
            setting("max", autoscaler.max, false),
        ],
    };
    let says_metrics = written.is_none_or(|it| !it["spec"]["metrics"].is_null());
    let metrics = autoscaler.metrics.iter();
    all.extend(metrics.map(|it| {
        let is_default = autoscaler.keda.is_none() && !says_metrics;
        setting(format!("target of {it}"), target(it), is_default)
    }));
    all.extend(pace(autoscaler));
    all.extend(
        autoscaler
            .keda
            .as_deref()
            .map(rest_of_object)
            .unwrap_or_default(),
    );
    all
}

fn setting(name: impl Into<String>, value: impl ToString, is_default: bool) -> Setting {
    Setting {
        name: name.into(),
        value: value.to_string(),
        is_default,
    }
}

/// `70% of the request`, `10 each`, `100 in all`.
fn target(metric: &Metric) -> String {
    let (Metric::Resource { target, .. }
    | Metric::ContainerResource { target, .. }
    | Metric::Pods { target, .. }
    | Metric::Object { target, .. }
    | Metric::External { target, .. }) = metric;
    match target {
        Target::Utilization(percent) => format!("{percent}% of the request"),
        Target::AverageValue(value) => format!("{value} for each"),
        Target::Value(value) => format!("{value} in all"),
    }
}

/// Windows, policies and tolerances of both directions.
fn pace(autoscaler: &Autoscaler) -> Vec<Setting> {
    let behavior = autoscaler.behavior.as_ref();
    let up = behavior.and_then(|it| it.scale_up.as_ref());
    let down = behavior.and_then(|it| it.scale_down.as_ref());
    let mut all = direction("scale-up", up, 0, &DEFAULT_UP);
    all.extend(direction(
        "scale-down",
        down,
        DEFAULT_SCALE_DOWN_WINDOW,
        &DEFAULT_DOWN,
    ));
    all
}

fn direction(
    name: &str,
    rules: Option<&Rules>,
    default_window: u32,
    default: &[Policy],
) -> Vec<Setting> {
    let seconds = rules.and_then(|it| it.window_seconds);
    let usual = Policies {
        select: Select::Max,
        policies: default.to_vec(),
    };
    let policies = rules.and_then(|it| it.written_policies(default));
    let policies = policies.unwrap_or_else(|| usual.clone());
    let tolerance = rules.and_then(|it| it.tolerance);
    let percent = |it: crate::units::Quantity| format!("{}%", rounded(it.as_f64() * 100.0));
    let tolerance = tolerance.map_or_else(|| DEFAULT_TOLERANCE.to_owned(), percent);
    vec![
        setting(
            format!("{name} window"),
            window(seconds.unwrap_or(default_window)),
            seconds.is_none_or(|it| it == default_window),
        ),
        setting(format!("{name} policies"), &policies, policies == usual),
        setting(
            format!("{name} tolerance"),
            &tolerance,
            tolerance == DEFAULT_TOLERANCE,
        ),
    ]
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn limits_of_object(scaled: &ScaledObject) -> Vec<Setting> {
    let spec = &scaled.spec;
    vec![
        setting(
            "min",
            spec.min_or_default(),
            spec.min_replica_count.is_none(),
        ),
        setting(
            "max",
            spec.max_or_default(),
            spec.max_replica_count.is_none(),
        ),
    ]
}

/// What only KEDA has.
fn rest_of_object(scaled: &ScaledObject) -> Vec<Setting> {
    let spec = &scaled.spec;
    let seconds =
        |it: jiff::SignedDuration| window(u32::try_from(it.as_secs()).unwrap_or(u32::MAX));
    let mut all = vec![
        setting(
            "polling interval",
            seconds(spec.polling_interval_or_default()),
            spec.polling_interval.is_none(),
        ),
        setting(
            "cooldown period",
            seconds(spec.cooldown_period_or_default()),
            spec.cooldown_period.is_none(),
        ),
        match spec.idle_replica_count {
            Some(count) => setting("idle replicas", count, false),
            None => setting("idle replicas", "none", true),
        },
        match &spec.fallback {
            Some(fallback) => {
                let (replicas, failures) = (fallback.replicas, fallback.failure_threshold);
                setting(
                    "fallback",
                    format!("{replicas} after {failures} failures"),
                    false,
                )
            }
            None => setting("fallback", "none", true),
        },
    ];
    let formula = spec.used_modifiers().and_then(|it| it.formula.clone());
    all.extend(formula.map(|it| setting("formula", it, false)));
    all
}

fn of_jobs(jobs: &ScaledJob) -> Vec<Setting> {
    let spec = &jobs.spec;
    let strategy = spec.scaling_strategy.strategy.as_ref();
    let polling = spec.polling_interval_or_default().as_secs();
    vec![
        setting(
            "min",
            spec.min_or_default(),
            spec.min_replica_count.is_none(),
        ),
        setting(
            "max",
            spec.max_or_default(),
            spec.max_replica_count.is_none(),
        ),
        setting(
            "polling interval",
            window(u32::try_from(polling).unwrap_or(u32::MAX)),
            spec.polling_interval.is_none(),
        ),
        setting(
            "strategy",
            strategy.map_or("default", |it| it.word()),
            strategy.is_none(),
        ),
    ]
}
