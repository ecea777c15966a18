//! The value of a `cron` trigger over the time of a history.

use jiff::Timestamp;

use crate::keda::objects::Trigger;
use crate::keda::trigger::cron::{self, Cron, Zone};
use crate::keda::trigger::{self, Settings, TriggerSource};
use crate::schedule::Window;
use crate::series::Grid;

/// What a `cron` trigger answers, and from when on; never empty.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::analysis::scenario) struct Schedule(Vec<(Timestamp, f64)>);

impl Schedule {
    /// That of the trigger at place `index`, over the time of `grid`; `None` for one that KEDA would
    /// not take.
    pub(super) fn of(index: usize, written: &Trigger, grid: Grid) -> Option<Self> {
        let source = TriggerSource {
            kind: written.kind.clone(),
            metric_type: written.metric_type.clone(),
            metadata: written.metadata.clone(),
            index,
            ..TriggerSource::default()
        };
        let Settings::Cron(cron) = trigger::read(&source).ok()?.settings else {
            return None;
        };
        Self::of_cron(&cron, grid)
    }

    /// That of the trigger which keeps the replicas of `window`; `None` where no trigger can.
    pub(in crate::analysis::scenario) fn of_window(window: &Window, grid: Grid) -> Option<Self> {
        let written = window.written();
        let cron = Cron {
            time_zone: written.time_zone.clone(),
            start: cron::Schedule::parse(&written.start_cron).ok()?,
            end: cron::Schedule::parse(&window.end_cron()?).ok()?,
            desired_replicas: written.min_replicas.into(),
        };
        Self::of_cron(&cron, grid)
    }

    fn of_cron(cron: &Cron, grid: Grid) -> Option<Self> {
        let zone = Zone::named(&cron.time_zone).ok()?;
        let step = grid.step().signed();
        let mut now = grid.start().checked_sub(step).unwrap_or(grid.start());
        let mut all = Vec::new();
        loop {
            let window = cron.window_in(&zone, now);
            // Below zero counts as nothing.
            let inside = (cron.desired_replicas as f64).max(0.0);
            all.push((now, if window.is_inside { inside } else { 0.0 }));
            match window.until().filter(|it| *it > now && *it <= grid.end()) {
                Some(next) => now = next,
                None => return Some(Self(all)),
            }
        }
    }

    /// Whether it changes after the first time and before the second.
    pub(in crate::analysis::scenario) fn changes_within(
        &self,
        (from, until): (Timestamp, Timestamp),
    ) -> bool {
        self.at(from) != self.before(until)
    }

    /// What it answers at `time`.
    pub(in crate::analysis::scenario) fn at(&self, time: Timestamp) -> f64 {
        let place = self.0.partition_point(|it| it.0 <= time);
        self.0[place.saturating_sub(1)].1
    }

    /// What it answers right before `time`.
    fn before(&self, time: Timestamp) -> f64 {
        let place = self.0.partition_point(|it| it.0 < time);
        self.0[place.saturating_sub(1)].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Step;

    fn cron(start: &str, end: &str, replicas: &str) -> Trigger {
        let metadata = [
            ("timezone", "Etc/UTC"),
            ("start", start),
            ("end", end),
            ("desiredReplicas", replicas),
        ];
        Trigger {
            kind: "cron".to_owned(),
            metadata: metadata.map(|it| (it.0.to_owned(), it.1.to_owned())).into(),
            ..Trigger::default()
        }
    }

    fn day() -> Grid {
        let start = "2026-03-01T00:05:00Z".parse().unwrap();
        Grid::new(start, Step::FIVE_MINUTES, 288)
    }

    #[test]
    fn a_schedule_changes_at_its_start_and_its_end() {
        let found = Schedule::of(0, &cron("0 8 * * *", "30 18 * * *", "5"), day()).unwrap();
        let at = |text: &str| found.at(text.parse().unwrap());
        assert_eq!(at("2026-03-01T07:59:59Z"), 0.0);
        assert_eq!(at("2026-03-01T08:00:00Z"), 5.0);
        assert_eq!(at("2026-03-01T18:29:59Z"), 5.0);
        assert_eq!(at("2026-03-01T18:30:00Z"), 0.0);
        assert_eq!(found.before("2026-03-01T08:00:00Z".parse().unwrap()), 0.0);
        // Before all that is known as at its beginning.
        assert_eq!(at("2020-01-01T12:00:00Z"), 0.0);
    }

    #[test]
    fn what_keda_would_not_take_has_no_schedule() {
        assert_eq!(
            Schedule::of(0, &cron("0 8 * * *", "0 8 * * *", "5"), day()),
            None
        );
        assert_eq!(Schedule::of(0, &cron("x", "0 8 * * *", "5"), day()), None);
        let mut nowhere = cron("0 8 * * *", "0 9 * * *", "5");
        nowhere
            .metadata
            .insert("timezone".to_owned(), "Nowhere/City".to_owned());
        assert_eq!(Schedule::of(0, &nowhere, day()), None);
    }
}
