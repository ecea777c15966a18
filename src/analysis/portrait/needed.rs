//! How many replicas the load calls for by today's targets.

use std::ops::Range;

use crate::analysis::case::Case;
use crate::analysis::needed::Demand;
use crate::analysis::scenario::{Engine, Scenario};
use crate::sim::keda::need::Ruler;

/// Replicas called for at the samples of a range; NaN is a gap.
pub(super) struct Needs {
    /// In the busiest minute.
    pub(super) needed: Vec<f64>,
    /// The fewest that the controller may settle on, which ignores what is within its tolerance.
    pub(super) tolerated: Vec<f64>,
    /// What fewer pods than triggers call for are taken for a shortfall; empty without triggers.
    pub(super) short: Vec<f64>,
}

pub(super) fn of(case: &Case<'_>, scenario: Option<&Scenario>, range: Range<usize>) -> Needs {
    let autoscaler = case.autoscaler();
    let demand = Demand::of(autoscaler, case.workload, case.history, case.load, 0.0);
    let percent = case.today.target_cpu_pct;
    let part = |all: Vec<f64>| -> Vec<f64> {
        let at = |it| all.get(it).copied().unwrap_or(f64::NAN);
        range.clone().map(at).collect()
    };
    let mut needs = Needs {
        needed: part(demand.needed(percent)),
        tolerated: part(demand.tolerated(percent)),
        short: Vec::new(),
    };
    if let Some((scenario, called)) = scenario.and_then(|it| Some((it, Called::of(case, it)?))) {
        needs.short = vec![f64::NAN; range.len()];
        let places = range.clone().enumerate();
        for (place, at) in places {
            called.put(&mut needs, scenario, place, case.load.grid.time(at));
        }
    }
    needs
}

/// What the triggers of a ScaledObject call for.
struct Called {
    engine: Engine,
    /// Whether a formula stands for all triggers, so that none calls for anything alone.
    has_formula: bool,
}

impl Called {
    fn of(case: &Case<'_>, scenario: &Scenario) -> Option<Self> {
        let autoscaler = case.autoscaler();
        let scaled = autoscaler.keda.as_deref()?;
        Some(Self {
            engine: scenario.engine(autoscaler),
            has_formula: scaled.spec.used_modifiers().is_some(),
        })
    }

    /// What is told by each metric alone knows neither activation nor formula.
    fn put(&self, needs: &mut Needs, scenario: &Scenario, place: usize, time: jiff::Timestamp) {
        let Engine::Object(object) = &self.engine else {
            return;
        };
        let Some(at) = scenario.place(time) else {
            return;
        };
        let own = Ruler {
            max: i32::MAX,
            ..object.own_ruler()
        };
        let Some(need) = scenario.need(&own, at) else {
            return;
        };
        let pods = need.replicas.map_or(f64::NAN, |it| it as f64);
        let alone = needs.needed[place];
        needs.needed[place] = match (need.is_active, self.has_formula) {
            (false, _) => 0.0,
            (true, true) => pods,
            (true, false) => alone.max(pods),
        };
        let tolerated = needs.tolerated[place];
        needs.tolerated[place] = match (need.is_active, self.has_formula) {
            (false, _) => 0.0,
            (true, true) => pods,
            (true, false) => tolerated,
        };
        let short = scenario
            .need(&object.ruler(), at)
            .and_then(|it| it.replicas);
        needs.short[place] = short.map_or(f64::NAN, |it| it as f64);
    }
}
