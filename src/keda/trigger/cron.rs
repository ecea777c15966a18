//! The `cron` trigger: a number of replicas inside windows of time.

mod field;
mod local;
mod schedule;
mod values;

use jiff::Timestamp;

pub use local::{OddHours, Zone};
pub use schedule::{BadSchedule, Schedule};

use super::metric::{Reading, metric_type};
use super::param::{INTEGER, Kind, META, Param};
use super::problem::{Cause, Problem};
use super::{HpaMetric, Settings, Trigger, TriggerSource, Values};
use crate::units::thousandths;

/// Settings of a `cron` trigger.
#[derive(Clone, Debug, PartialEq)]
pub struct Cron {
    /// A name of the IANA database. KEDA looks it up only when it reads the trigger.
    pub time_zone: String,
    pub start: Schedule,
    pub end: Schedule,
    /// Inside a window; never 0, and below 0 it counts as 0.
    pub desired_replicas: i64,
}

/// The parameters.
pub const TABLE: &[Param] = &[
    Param::new("timezone", Kind::Text, META),
    Param::new("start", Kind::Text, META),
    Param::new("end", Kind::Text, META),
    Param::new("desiredReplicas", INTEGER, META),
];

/// KEDA has no time zone of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no time zone is called `{0}`; write a name such as Europe/Berlin or Etc/UTC")]
pub struct UnknownTimeZone(pub String);

/// How a `cron` trigger stands at a point in time. It stands so until the earlier of the two next
/// times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub is_inside: bool,
    /// Strictly after the time asked for; nothing if there is none in the next five years.
    pub next_start: Option<Timestamp>,
    pub next_end: Option<Timestamp>,
}

impl Window {
    /// When the trigger may next stand otherwise; nothing if never.
    pub fn until(&self) -> Option<Timestamp> {
        [self.next_start, self.next_end].into_iter().flatten().min()
    }
}

impl Cron {
    /// How the trigger stands at `now`.
    ///
    /// KEDA never looks back: it is inside a window when the next end comes no later than the
    /// next start. A start that never comes is early, an end that never comes too.
    ///
    /// # Errors
    /// A time zone that does not exist.
    pub fn window(&self, now: Timestamp) -> Result<Window, UnknownTimeZone> {
        let zone = Zone::named(&self.time_zone)?;
        Ok(self.window_in(&zone, now))
    }

    /// The same in a time zone that was looked up before.
    pub fn window_in(&self, zone: &Zone, now: Timestamp) -> Window {
        let next_start = self.start.next(now, zone);
        let next_end = self.end.next(now, zone);
        let is_inside = match (next_start, next_end) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(start), Some(end)) => end <= start,
        };
        Window {
            is_inside,
            next_start,
            next_end,
        }
    }

    /// What the trigger answers at `now`.
    ///
    /// # Errors
    /// A time zone that does not exist.
    pub fn reading(&self, now: Timestamp) -> Result<Reading, UnknownTimeZone> {
        let window = self.window(now)?;
        let value = self.value(&window);
        Ok(Reading {
            value,
            milli: thousandths::rounded(value),
            is_active: window.is_inside,
        })
    }

    /// What the trigger answers while it stands so.
    fn value(&self, window: &Window) -> f64 {
        if window.is_inside {
            self.desired_replicas as f64
        } else {
            0.0
        }
    }
}

pub(super) fn read(source: &TriggerSource) -> Result<Trigger, Vec<Problem>> {
    let metric_type = metric_type(source).map_err(|problem| vec![problem])?;
    let values = Values::read(TABLE, source)?;
    let settings = settings(&values).map_err(|problem| vec![problem])?;
    let Cron {
        time_zone,
        start,
        end,
        ..
    } = &settings;
    let name = format!(
        "cron-{time_zone}-{}-{}",
        named(start.text()),
        named(end.text())
    );
    Ok(Trigger {
        // One desired replica for each unit of the metric.
        metric: Some(HpaMetric::external(source, metric_type, &name, 1000)),
        settings: Settings::Cron(settings),
    })
}

/// A schedule as a part of a name.
fn named(schedule: &str) -> String {
    schedule
        .replace(' ', "")
        .replace('*', "x")
        .replace('/', "Sl")
        .replace('?', "Qm")
        .replace(',', "Cm")
}

/// The first problem only, as KEDA stops there, and in the order in which it checks.
fn settings(values: &Values) -> Result<Cron, Problem> {
    let schedule = |param: &str| {
        let bad = |BadSchedule(why)| Problem::new(param, Cause::BadCronExpression { why });
        Schedule::parse(&values.text(param)).map_err(bad)
    };
    let (start, end) = (schedule("start")?, schedule("end")?);
    if start.text() == end.text() {
        return Err(Problem::new("start+end", Cause::StartEqualsEnd));
    }
    let desired_replicas = values.integer("desiredReplicas");
    if desired_replicas == 0 {
        return Err(Problem::new("desiredReplicas", Cause::MustNotBeZero));
    }
    Ok(Cron {
        time_zone: values.text("timezone"),
        start,
        end,
        desired_replicas,
    })
}

#[cfg(test)]
mod tests;
