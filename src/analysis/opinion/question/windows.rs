//! What a model is told of a schedule: its windows, what it costs and avoids, and the forecast behind it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{percent, scores};
use crate::analysis::assessment::{Assessment, Recommendation};
use crate::analysis::forecast::Forecast;
use crate::analysis::prospect::{Chosen, Prospect};
use crate::schedule::{Plan, Window};

/// What is said of a schedule that is another one than today's.
pub(super) fn change(today: &Plan, proposed: &Plan) -> Option<Value> {
    (today != proposed).then(|| {
        json!({
            "setting": "schedule",
            "from": all(today),
            "to": all(proposed),
        })
    })
}

/// Its windows, an array.
pub(super) fn all(plan: &Plan) -> Value {
    plan.windows().iter().map(window).collect()
}

/// By the clock where it has one; else, at several times of a day or on days of the month, as it is written.
fn window(it: &Window) -> Value {
    let written = it.written();
    let minutes = written.duration_minutes;
    let mut window = json!({
        "timeZone": written.time_zone,
        "lasts": lasts(minutes),
        "durationMinutes": minutes,
        "minReplicas": written.min_replicas,
    });
    match it.hours() {
        Some(hours) => {
            window["days"] = json!(hours.days);
            window["daysPerWeek"] = json!(hours.days_per_week);
            window["start"] = json!(hours.start);
            window["end"] = json!(hours.end);
        }
        None => window["startCron"] = json!(written.start_cron),
    }
    window
}

/// As people say it: `{"hours": 2, "minutes": 10}`.
fn lasts(minutes: u32) -> Value {
    let parts = [
        ("days", minutes / 1440),
        ("hours", minutes / 60 % 24),
        ("minutes", minutes % 60),
    ];
    let parts = parts.into_iter().filter(|it| it.1 > 0);
    parts
        .map(|(unit, count)| (unit.to_owned(), json!(count)))
        .collect()
}

/// What a schedule that is proposed rests on.
pub(super) fn add_grounds(candidate: &mut Value, prospect: &Prospect) {
    if let Chosen::Proposed { without } = &prospect.schedule {
        candidate["replay"]["proposedWithoutSchedule"] = scores(without);
        candidate["forecast"] = prospect
            .forecast
            .as_deref()
            .map(foretold)
            .unwrap_or_default();
    }
}

/// How the load recurs, and how far off it would have been foretold on days that are known.
fn foretold(it: &Forecast) -> Value {
    let tested = &it.backtest;
    let share = |ours: f64, naive: f64| percent(if naive > 0.0 { ours / naive } else { 1.0 });
    json!({
        "recursBy": it.season.period,
        "quantilePercent": percent(it.quantile),
        "withinQuantilePercent": percent(tested.coverage),
        "errorAtMedianPercentOfRepeating": share(tested.pinball_median, tested.naive_median),
        "errorAtQuantilePercentOfRepeating": share(tested.pinball_high, tested.naive_high),
        "unusualDays": it.odd_days,
    })
}

/// The zones of all windows, each with itself.
pub(super) fn zones(
    assessment: &Assessment,
    recommendation: &Recommendation,
) -> Vec<(String, String)> {
    let proposed = &recommendation.proposed.schedule;
    let windows = assessment.today.schedule.windows().iter();
    let windows = windows.chain(proposed.windows());
    let zones: BTreeSet<&String> = windows.map(|it| &it.written().time_zone).collect();
    let zones = zones.into_iter().cloned();
    zones.map(|it| (it.clone(), it)).collect()
}
