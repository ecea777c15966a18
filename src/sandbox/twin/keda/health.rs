//! How the metrics of a ScaledObject fare, as its status keeps it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::object::Parts;
use super::status::Status;
use super::words;
use crate::sandbox::twin::fields::{count, text};
use crate::sim::keda::condition::{Condition, Kind, Reason};
use crate::sim::keda::fallback::Health;
use crate::sim::keda::source::Source;

/// What is known by metric: from reads, or from the status of an object that was there before.
pub(super) fn of(
    parts: Option<&Parts>,
    sources: &[Source],
    status: &Status,
) -> BTreeMap<String, Health> {
    let Some(parts) = parts else {
        let known = status.get("health").as_object().into_iter().flatten();
        return known
            .map(|(name, it)| (name.clone(), written(it)))
            .collect();
    };
    let known = parts.externals.iter().zip(sources);
    known
        .map(|(it, source)| (it.metric.clone(), source.health()))
        .collect()
}

fn written(health: &Value) -> Health {
    Health {
        failures: count(health, "/numberOfFailures").unwrap_or(0),
        is_failing: text(health, "/status") == "Failing",
    }
}

/// Writes the health of every metric and the condition Fallback.
pub(super) fn show(parts: &Parts, sources: &[Source], status: &mut Status) {
    let counted = parts.externals.iter().zip(sources);
    let counted = counted.filter(|it| it.1.counts_failures());
    let health = counted.map(|(it, source)| (it.metric.clone(), shown(source.health())));
    let health: serde_json::Map<String, Value> = health.collect();
    status.set("health", Value::Object(health));
    let condition = match sources.iter().any(Source::is_replaced) {
        true => Condition::yes(Reason::FallbackExists),
        false => Condition::no(Reason::NoFallbackFound),
    };
    status.tell(Kind::Fallback, &condition, &words::message(&condition));
}

fn shown(health: Health) -> Value {
    let word = if health.is_failing {
        "Failing"
    } else {
        "Happy"
    };
    json!({ "numberOfFailures": health.failures, "status": word })
}
