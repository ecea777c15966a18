//! A trigger that asks for what the load was a day or a week ago, and a little ahead: replicas come
//! before a peak that comes again and again, with nothing but KEDA and its Prometheus.
//!
//! It is a second trigger beside the one that measures the load now, of which it takes everything
//! but the query. An HPA takes the most that any of its metrics calls for, so that it only ever adds
//! replicas, and never more than the maximum.

use serde_json::{Value, json};

use crate::schedule::{Plan, TRIGGER};

/// How far ahead of the same time it looks, in minutes: what KEDA's poll, the sync of the HPA and a pod that
/// starts take, with room for a peak that comes early.
pub const AHEAD_MINUTES: u32 = 15;
/// Between two looks at the past, in minutes.
const STEP_MINUTES: u32 = 1;
/// Of the looks, so that the one or two that stand out alone call for nothing.
const QUANTILE: &str = "0.9";
/// How the names of such triggers begin.
const NAME: &str = "stepscale-past-";

/// After how long the load comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    Day,
    Week,
}

/// Why there is no such trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPredictable {
    #[error("it has no prometheus trigger of a load per replica, whose past could be asked for")]
    NoLoad,
    #[error("its formula would not count another trigger")]
    Formula,
    #[error("it has windows by days of a month, and months are not equally long")]
    Month,
}

impl Period {
    /// A day where all windows come every day, be it once or every hour; else a week.
    ///
    /// # Errors
    /// Where one comes by days of a month or in some months.
    pub fn of(plan: &Plan) -> Result<Self, NotPredictable> {
        let windows = plan.windows().iter();
        let mut period = Self::Day;
        for window in windows {
            let fields: Vec<&str> = window.written().start_cron.split_whitespace().collect();
            let is_open = |at: usize, all: &str| {
                let field = fields.get(at);
                field.is_none_or(|it| matches!(*it, "*" | "?") || *it == all)
            };
            if !is_open(2, "1-31") || !is_open(3, "1-12") {
                return Err(NotPredictable::Month);
            }
            if !is_open(4, "0-6") {
                period = Self::Week;
            }
        }
        Ok(period)
    }

    pub fn days(self) -> u32 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
        }
    }

    /// How far back the latest look is: the period less what it looks ahead.
    fn offset(self) -> String {
        let minutes = self.days() * 24 * 60 - AHEAD_MINUTES;
        let (days, hours) = (minutes / 1440, minutes % 1440 / 60);
        match days {
            0 => format!("{hours}h{}m", minutes % 60),
            _ => format!("{days}d{hours}h{}m", minutes % 60),
        }
    }
}

/// Such a trigger for each trigger of the `spec` of a ScaledObject that measures a load.
///
/// # Errors
/// Where there is none, or where one more would not count.
pub fn triggers(spec: &Value, period: Period) -> Result<Vec<Value>, NotPredictable> {
    let formula = &spec["advanced"]["scalingModifiers"]["formula"];
    if formula.as_str().is_some_and(|it| !it.is_empty()) {
        return Err(NotPredictable::Formula);
    }
    let triggers = spec["triggers"].as_array().into_iter().flatten();
    let past = triggers
        .enumerate()
        .filter_map(|(index, it)| past(it, index, period));
    let past: Vec<Value> = past.collect();
    match past.is_empty() {
        true => Err(NotPredictable::NoLoad),
        false => Ok(past),
    }
}

/// Whether a trigger is for a window of a schedule, or for its past.
pub fn is_of_schedule(trigger: &Value) -> bool {
    let is_window = |it: &str| it.starts_with(TRIGGER) && trigger["type"] == "cron";
    is_ours(trigger) || trigger["name"].as_str().is_some_and(is_window)
}

/// Whether a trigger of that name was made here.
pub fn looks_back(name: Option<&str>) -> bool {
    name.is_some_and(|it| it.starts_with(NAME))
}

fn is_ours(trigger: &Value) -> bool {
    looks_back(trigger["name"].as_str())
}

fn past(trigger: &Value, index: usize, period: Period) -> Option<Value> {
    let query = trigger["metadata"]["query"].as_str()?;
    if trigger["type"] != "prometheus" || is_ours(trigger) || !is_per_replica(trigger) {
        return None;
    }
    let mut made = trigger.clone();
    made["name"] = json!(format!("{NAME}{index}"));
    made["metadata"]["query"] = json!(query_of(query, period));
    // Where nothing is known of that time, it calls for nothing.
    made["metadata"]["ignoreNullValues"] = json!("true");
    Some(made)
}

/// Whether what it asks for is divided among the replicas. A `Value` is compared with the target as it
/// is, and a past one that is above would add replicas at each sync.
fn is_per_replica(trigger: &Value) -> bool {
    matches!(
        trigger["metricType"].as_str(),
        None | Some("" | "AverageValue")
    )
}

/// What the load was a period ago, from that very time until [`AHEAD_MINUTES`] later. One series, whatever
/// the query gives.
pub fn query_of(query: &str, period: Period) -> String {
    let query = query.trim();
    // What is behind a `#` ends with its line.
    let end = if query.contains('#') { "\n" } else { "" };
    let offset = period.offset();
    format!(
        "max(quantile_over_time({QUANTILE}, ({query}{end})[{AHEAD_MINUTES}m:{STEP_MINUTES}m] offset {offset}))"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(starts: &[&str]) -> Plan {
        let windows = starts
            .iter()
            .map(|it| json!({ "startCron": it, "durationMinutes": 20, "minReplicas": 6 }));
        serde_json::from_value(windows.collect()).unwrap()
    }

    fn load() -> Value {
        json!({ "type": "prometheus", "metadata": { "serverAddress": "http://prometheus:9090",
            "query": "sum(rate(requests_total{app=\"web\"}[2m]))", "threshold": "50",
            "activationThreshold": "5" }, "authenticationRef": { "name": "prometheus" } })
    }

    #[test]
    fn it_asks_what_the_trigger_beside_it_asks_of_the_past() {
        let spec = json!({ "triggers": [{ "type": "cpu", "metricType": "Utilization",
            "metadata": { "value": "60" } }, load()] });
        let made = triggers(&spec, Period::Week).unwrap();
        let query = "max(quantile_over_time(0.9, (sum(rate(requests_total{app=\"web\"}[2m])))[15m:1m] \
                     offset 6d23h45m))";
        let expected = json!({ "type": "prometheus", "name": "stepscale-past-1",
            "metadata": { "serverAddress": "http://prometheus:9090", "query": query,
                "threshold": "50", "activationThreshold": "5", "ignoreNullValues": "true" },
            "authenticationRef": { "name": "prometheus" } });
        assert_eq!(made, vec![expected]);
        let names = ["stepscale-window-1", "stepscale-past-0", "window"];
        let is_of_schedule = names.map(|it| is_of_schedule(&json!({ "type": "cron", "name": it })));
        assert_eq!(is_of_schedule, [true, true, false]);
        // It is not its own past.
        let again = json!({ "triggers": [load(), made[0]] });
        assert_eq!(triggers(&again, Period::Day).unwrap().len(), 1);
    }

    #[test]
    fn the_period_is_that_of_the_windows() {
        let cases = [
            (&["50 7 * * *"][..], Ok(Period::Day)),
            (&["50 7 * * *", "50 7 * * 1-5"], Ok(Period::Week)),
            (&["55 * * * *"], Ok(Period::Day)),
            (&["55 7-17 * * 1-5"], Ok(Period::Week)),
            (&["50 7 * * *", "0 8 28-31 * *"], Err(NotPredictable::Month)),
        ];
        for (starts, expected) in cases {
            assert_eq!(Period::of(&plan(starts)), expected, "{starts:?}");
        }
        assert!(query_of("a", Period::Day).contains("offset 23h45m"));
        assert!(query_of("a # b", Period::Day).contains("(a # b\n)["));
    }

    #[test]
    fn what_would_not_work_is_refused() {
        let with = |key: &str, value: Value| {
            let mut trigger = load();
            trigger[key] = value;
            json!({ "triggers": [trigger] })
        };
        let none = Err(NotPredictable::NoLoad);
        assert_eq!(triggers(&json!({}), Period::Day), none);
        assert_eq!(triggers(&with("type", json!("kafka")), Period::Day), none);
        assert_eq!(
            triggers(&with("metricType", json!("Value")), Period::Day),
            none
        );
        let mut formula = with("metricType", json!("AverageValue"));
        assert!(triggers(&formula, Period::Day).is_ok());
        formula["advanced"] = json!({ "scalingModifiers": { "formula": "a + 1", "target": "1" } });
        assert_eq!(
            triggers(&formula, Period::Day),
            Err(NotPredictable::Formula)
        );
    }
}
