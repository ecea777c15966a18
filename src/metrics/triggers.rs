//! The triggers of a ScaledObject or ScaledJob whose history is wanted, and where it can be had.
//!
//! Triggers on the pods' own CPU and memory are none of these: what their pods use is read for
//! every target.

use super::Wanted;
use crate::autoscaler::AutoscalerKind;
use crate::history::{History, Metric};
use crate::keda::trigger::{Cron, cron};
use crate::series::{Grid, Series};

/// Those of one object, which is in the namespace of its target.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Triggers {
    pub kind: AutoscalerKind,
    pub object: String,
    pub all: Vec<Trigger>,
}

/// One trigger.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trigger {
    /// Its place among all triggers of the object, those on resources included.
    pub index: u32,
    pub origin: Origin,
}

/// Where the values of a trigger can be had from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Its schedule alone.
    Schedule(Schedule),
    /// A Prometheus, else what KEDA told of it.
    Query(Query),
    /// What KEDA told of it; `why` there is no other way.
    Recorded { why: String },
}

/// What a `cron` trigger is set to, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Schedule {
    pub time_zone: String,
    pub start: String,
    pub end: String,
    pub desired_replicas: i64,
}

/// What a `prometheus` trigger asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Query {
    pub question: Question,
    /// The address of its server, without credentials.
    pub server: String,
    /// Whether an answer without a number counts as 0; else it is an error.
    pub ignores_null: bool,
}

/// What decides upon the answer of a server. It has no credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    pub promql: String,
    /// Parameters of the URL that narrow the answer: the namespace behind a proxy that guards them.
    pub parameters: Vec<(String, String)>,
    /// Headers that narrow it: whose series are asked for, where several share a server.
    pub headers: Vec<(String, String)>,
}

impl Question {
    /// Whether a server that does not know of namespaces or tenants would answer with more.
    pub fn is_narrowed(&self) -> bool {
        !self.parameters.is_empty() || !self.headers.is_empty()
    }
}

impl From<&Cron> for Schedule {
    fn from(cron: &Cron) -> Self {
        Self {
            time_zone: cron.time_zone.clone(),
            start: cron.start.text().to_owned(),
            end: cron.end.text().to_owned(),
            desired_replicas: cron.desired_replicas,
        }
    }
}

impl Schedule {
    /// The desired replicas at each time of `grid`, 0 outside of the schedule.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn values(&self, grid: Grid) -> Result<Series, String> {
        let schedule = |text| cron::Schedule::parse(text).map_err(|cron::BadSchedule(why)| why);
        let cron = Cron {
            time_zone: self.time_zone.clone(),
            start: schedule(&self.start)?,
            end: schedule(&self.end)?,
            desired_replicas: self.desired_replicas,
        };
        cron.values(grid).map_err(|error| error.to_string())
    }
}

impl Wanted {
    /// Adds to what a source gave what needs none, the schedules of triggers, and says of the other
    /// triggers without values that the source has none, unless it told more.
    pub(super) fn complete(&self, grid: Grid, history: &mut History, otherwise: &str) {
        for trigger in self.triggers.iter().flat_map(|it| &it.all) {
            let metric = Metric::Trigger(trigger.index);
            match &trigger.origin {
                Origin::Schedule(schedule) => match schedule.values(grid) {
                    Ok(series) => history.insert(metric, series),
                    Err(why) => history.lack(metric, why),
                },
                Origin::Query(_) | Origin::Recorded { .. } => {
                    let is_told =
                        history.get(&metric).is_some() || history.why_missing(&metric).is_some();
                    if !is_told {
                        history.lack(metric, otherwise.to_owned());
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::autoscaler::target::TargetRef;
    use crate::units::Step;

    fn grid() -> Grid {
        let start = "2026-01-09T06:00:00Z".parse::<Timestamp>().unwrap();
        Grid::new(start, Step::ONE_HOUR, 4)
    }

    fn schedule(time_zone: &str) -> Schedule {
        Schedule {
            time_zone: time_zone.to_owned(),
            start: "0 8 * * *".to_owned(),
            end: "0 10 * * *".to_owned(),
            desired_replicas: 3,
        }
    }

    fn wanted(origins: Vec<Origin>) -> Wanted {
        let all = (0..).zip(origins);
        Wanted {
            subject: 0,
            target: TargetRef {
                namespace: "shop".to_owned(),
                name: "orders".to_owned(),
                kind: "Deployment".to_owned(),
            },
            hpa: "keda-hpa-orders".to_owned(),
            containers: vec![],
            native_sidecars: vec![],
            init_containers: vec![],
            memory: false,
            cpu_limited: false,
            triggers: Some(Triggers {
                kind: AutoscalerKind::ScaledObject,
                object: "orders".to_owned(),
                all: all
                    .map(|(index, origin)| Trigger { index, origin })
                    .collect(),
            }),
        }
    }

    #[test]
    fn a_schedule_is_computed_whatever_the_source() {
        let wanted = wanted(vec![Origin::Schedule(schedule("Europe/Berlin"))]);
        let mut history = History::default();
        wanted.complete(grid(), &mut history, "unused");
        let series = history.get(&Metric::Trigger(0)).unwrap();
        let expected = [0.0, 3.0, 3.0, 0.0].map(Some);
        assert_eq!(series.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_not_known_is_told_with_the_nearest_reason() {
        let kafka = || Origin::Recorded {
            why: "kafka".to_owned(),
        };
        let lost = Origin::Schedule(schedule("Mars/Olympus"));
        let wanted = wanted(vec![kafka(), kafka(), kafka(), lost]);
        let mut history = History::default();
        history.insert(Metric::Trigger(0), Series::constant(grid(), 7.0));
        history.lack(Metric::Trigger(1), "too slow".to_owned());
        wanted.complete(grid(), &mut history, "the source has none");
        let told: Vec<_> = history
            .missing()
            .map(|it| (it.0.to_string(), it.1))
            .collect();
        assert_eq!(told[0], ("trigger/1".to_owned(), "too slow"));
        assert_eq!(told[1], ("trigger/2".to_owned(), "the source has none"));
        assert_eq!(told[2].0, "trigger/3");
        assert!(told[2].1.contains("Mars/Olympus"), "{told:?}");
        assert_eq!(history.get(&Metric::Trigger(0)).unwrap().mean(), Some(7.0));
    }
}
