//! The steps of a past by what is foretold of them: what was called for, and what was there.

use jiff::Span;
use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::analysis::case::Case;
use crate::analysis::forecast::{Batch, Forecast};
use crate::analysis::load::quantile;
use crate::analysis::scenario::{Engine, Scenario};
use crate::series::Series;
use crate::sim::demand::Shape;
use crate::sim::keda::need::Ruler;

/// What a bin had is told by its leaner weeks: a peak that one week in four met too few pods is one
/// to prepare for.
const LEAN: f64 = 0.25;
/// Steps that call for this share of the most are the busy ones of a bin.
const BUSY: f64 = 0.9;

/// Pods that are called for step by step, so that each would be used to its target in the busiest
/// minute; on the steps of `scenario`.
pub(in crate::analysis::recommend) fn called(case: &Case<'_>, scenario: &Scenario) -> Series {
    let by_load = case.demand.called(case.today.target_cpu_pct);
    let engine = scenario.engine(case.autoscaler());
    let by_triggers = |at: usize| {
        let Engine::Object(object) = &engine else {
            return None;
        };
        let ruler = Ruler {
            max: i32::MAX,
            ..object.own_ruler()
        };
        let pods = scenario.need(&ruler, at)?.replicas?;
        Some(pods as f64)
    };
    let value = |at: usize| {
        let place = case.load.grid.index_of(scenario.time(at));
        let by_load = place.and_then(|it| by_load.get(it)).copied();
        let by_load = by_load.filter(|it| it.is_finite());
        [by_load, by_triggers(at)]
            .into_iter()
            .flatten()
            .reduce(f64::max)
    };
    let grid = scenario.grid();
    Series::from_values(grid, (0..grid.len()).map(value))
}

/// Steps by the bin of the local week in which each has its middle; those that are of no bin count in
/// none.
#[derive(Clone, Debug)]
pub(super) struct Week {
    bins: Vec<Option<usize>>,
    count: usize,
    per_day: usize,
}

impl Week {
    /// The first `steps` of `scenario` by the clock and the bins of `forecast`.
    pub(super) fn of(forecast: &Forecast, scenario: &Scenario, steps: usize) -> Self {
        let bin = |local: DateTime| Some(forecast.index_of(local.weekday(), local.time()));
        Self::sorted(forecast, scenario, steps, bin)
    }

    /// Of the first `steps` of `scenario` those within a batch, by the hour in which it begins.
    pub(super) fn of_batch(batch: &Batch, scenario: &Scenario, steps: usize) -> Self {
        let forecast = &batch.forecast;
        let bin = |local: DateTime| {
            let since = local.checked_sub(Span::new().minutes(batch.minute)).ok()?;
            let is_within = u32::from(since.minute().unsigned_abs()) < batch.minutes;
            is_within.then(|| forecast.index_of(since.weekday(), since.time()))
        };
        Self::sorted(forecast, scenario, steps, bin)
    }

    fn sorted(
        forecast: &Forecast,
        scenario: &Scenario,
        steps: usize,
        bin: impl Fn(DateTime) -> Option<usize>,
    ) -> Self {
        let named = TimeZoneDatabase::bundled().get(&forecast.zone);
        let zone = named.unwrap_or(TimeZone::UTC);
        let half = scenario.grid().step().signed() / 2;
        let local = |at: usize| {
            let end = scenario.time(at);
            zone.to_datetime(end.checked_sub(half).unwrap_or(end))
        };
        Self {
            bins: (0..steps).map(|at| bin(local(at))).collect(),
            count: forecast.week.len(),
            per_day: 1440 / forecast.bin_minutes as usize,
        }
    }

    pub(super) fn steps(&self) -> usize {
        self.bins.len()
    }

    /// For each bin of the week, how far the highest step of a bin exceeds its mean, by the days that
    /// there were of that time; at least 1.
    pub(super) fn crests(&self, called: &Series) -> Vec<f64> {
        let mut of_day: Vec<Vec<f64>> = vec![Vec::new(); self.per_day];
        for (bin, steps) in self.occurrences() {
            let values = steps.filter_map(|it| called.get(it));
            let (mut sum, mut count, mut most) = (0.0, 0.0, 0.0_f64);
            values.for_each(|it| {
                sum += it;
                count += 1.0;
                most = most.max(it);
            });
            if sum > 0.0 {
                of_day[bin % self.per_day].push(most * count / sum);
            }
        }
        let usual = |of: &Vec<f64>| quantile(of, 0.5).unwrap_or(1.0);
        let crests: Vec<f64> = of_day.iter().map(usual).collect();
        (0..self.count)
            .map(|it| crests[it % self.per_day])
            .collect()
    }

    /// For each bin of the week, the fewest pods that served in a lean week while the most was
    /// called for in it: what leaves with the load is not missing. Infinite where nobody knows.
    pub(super) fn had(
        &self,
        called: &Series,
        scenario: &Scenario,
        engine: &Engine,
        shape: Shape,
    ) -> Vec<f64> {
        let mut run = scenario.begin(engine, shape);
        let served = (0..self.steps()).map(|_| {
            let before = run.serving();
            run.step(|_, _| {});
            before.min(run.serving()) as f64
        });
        let served: Vec<f64> = served.collect();
        let mut of_week: Vec<Vec<f64>> = vec![Vec::new(); self.count];
        for (bin, steps) in self.occurrences() {
            let most = steps
                .clone()
                .filter_map(|it| called.get(it))
                .fold(0.0, f64::max);
            let busy = |at: &usize| called.get(*at).is_some_and(|it| it >= BUSY * most);
            let fewest = steps.filter(busy).map(|it| served[it]).reduce(f64::min);
            of_week[bin].extend(fewest);
        }
        let lean = |of: &Vec<f64>| quantile(of, LEAN).unwrap_or(f64::INFINITY);
        of_week.iter().map(lean).collect()
    }

    /// Every coming of a bin: which one, and the steps of it.
    fn occurrences(&self) -> impl Iterator<Item = (usize, std::ops::Range<usize>)> + '_ {
        let mut from = 0;
        std::iter::from_fn(move || {
            let bin = *self.bins.get(from)?;
            let same = self.bins[from..].iter().take_while(|it| **it == bin);
            let steps = from..from + same.count();
            from = steps.end;
            Some((bin, steps))
        })
        .filter_map(|(bin, steps)| Some((bin?, steps)))
    }
}
