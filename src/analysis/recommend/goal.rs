//! What a good candidate is: no more shortfall than today, then the cheapest.

use crate::analysis::AnalysisSettings;
use crate::analysis::scenario::RunScore;
use crate::analysis::settings::Settings;
use crate::sim::plant::PodShape;
use crate::sim::score::Shortfall;

use super::trials::Trial;
use crate::schedule::Window;

/// A replica-hour that load waited for weighs as much as ten that were paid for, and so does every
/// replica of an hour in which some load went unserved, since all of it is slow then: enough to
/// serve daily peaks, too little to pay all day for minutes.
const MISSING_WEIGHT: f64 = 10.0;

/// An hour of CPU that was used beyond the request of pods which were to stay below it weighs as
/// much as two that were requested: the node may take it back at any time.
const BORROWED_WEIGHT: f64 = 2.0;

/// Pods may use more than they request for this share of the time, 14 minutes a day, whatever
/// today's settings did: jumps that end with the next pod.
const BORROWED_ACCEPTED: f64 = 0.01;

/// Above this target pods are meant to use more than they request: bursts of a tenth above a
/// tolerance of a tenth.
const WITHIN_REQUEST: u32 = 85;

/// Shortfall of a smaller share of time is not told from the noise of a history: 7 minutes a day.
const SHORTFALL_MATTERS: f64 = 0.005;

/// Of what a schedule in force serves, this share of the time may be chance: 5 minutes a week.
const CHANCE: f64 = 0.0005;

/// What a change for the sake of shortfall must leave of it at most.
const SHORTFALL_LEFT: f64 = 0.5;

/// Fewer changed fields are preferred when they give away at most this share.
const NEARLY_AS_GOOD: f64 = 0.02;

/// What candidates are measured against: today's settings, on the same load.
#[derive(Clone, Debug)]
pub(super) struct Goal {
    today: Trial,
    /// Cores that one pod can give.
    capacity: f64,
    /// Cores that one pod requests, if it is meant to stay below.
    request: Option<f64>,
    minimum_effect: f64,
    /// Minutes of shortfall that are accepted whatever today's settings had.
    budget: f64,
}

impl Goal {
    /// `today` as it was replayed, over the time that candidates will be.
    pub(super) fn new(today: Trial, pods: &PodShape, settings: &AnalysisSettings) -> Self {
        let days = today.score.known_minutes() / (24.0 * 60.0);
        let cores = |millicores: i64| millicores.max(1) as f64 / 1000.0;
        let target = today.settings.target_cpu_pct;
        let stays_below = target.is_some_and(|it| it <= WITHIN_REQUEST) && pods.request > 0;
        Self {
            budget: settings.shortfall_budget.as_secs_f64() / 60.0 * days,
            capacity: cores(pods.capacity()),
            request: stays_below.then(|| cores(pods.request)),
            minimum_effect: settings.minimum_effect,
            today,
        }
    }

    pub(super) fn today(&self) -> &Trial {
        &self.today
    }

    /// Whether `score` has no more shortfall than today's settings, by time and by amount, nor
    /// would have had if the load were higher by the headroom. Nor may it use more than is requested
    /// for longer. Of a ScaledObject, no more pods may be missing that its triggers call for either.
    /// No more than the budget is allowed in any case.
    pub(super) fn allows(&self, score: &RunScore) -> bool {
        let today = &self.today.score;
        let accepted = BORROWED_ACCEPTED * today.known_minutes();
        self.is_within(score.shortfall(), today.shortfall())
            && self.is_within(score.need_shortfall(), today.need_shortfall())
            && self.is_within(score.reserve_shortfall(), today.reserve_shortfall())
            && score.borrowed().minutes <= today.borrowed().minutes.max(accepted).max(self.budget)
    }

    /// Whether `score` has no more shortfall than that of today's settings on the same time, or
    /// than the budget of it.
    pub(super) fn is_served(&self, score: &RunScore, today: &RunScore) -> bool {
        let share = today.known_minutes() / self.today.score.known_minutes().max(1.0);
        let budget = Self {
            budget: self.budget * share,
            ..self.clone()
        };
        budget.is_within(score.shortfall(), today.shortfall())
            && budget.is_within(score.need_shortfall(), today.need_shortfall())
    }

    /// Whether under `after` no more load would have gone unserved than under `before`, on the same time,
    /// or so little more that it may be chance, at a lower cost all told.
    pub(super) fn serves_as_well(&self, after: &RunScore, before: &RunScore) -> bool {
        let known = before.known_minutes();
        let near =
            |after: Shortfall, before: Shortfall| after.minutes <= before.minutes + CHANCE * known;
        let is_chance = near(after.shortfall(), before.shortfall())
            && near(after.need_shortfall(), before.need_shortfall())
            && self.cost(after) < self.cost(before);
        let borrowed = before.borrowed().minutes.max(BORROWED_ACCEPTED * known);
        (is_chance || self.is_served(after, before)) && after.borrowed().minutes <= borrowed
    }

    fn is_within(&self, shortfall: Shortfall, today: Shortfall) -> bool {
        shortfall.within(&today) || (self.budget > 0.0 && shortfall.minutes <= self.budget)
    }

    /// The share of replica-hours that a change must save to be worth making for that alone.
    pub(super) fn minimum_effect(&self) -> f64 {
        self.minimum_effect
    }

    /// Replica-hours that a change must save to be worth making for that alone.
    pub(super) fn least_saving(&self) -> f64 {
        (self.minimum_effect * self.today.score.replica_hours()).max(1e-9)
    }

    /// What `score` costs, in replica-hours: those that were paid, those that were missing, and
    /// those that were borrowed.
    pub(super) fn cost(&self, score: &RunScore) -> f64 {
        let today = &self.today.score;
        let usual = today.replica_hours() / today.known_minutes().max(1.0);
        let missing = |of: Shortfall, pod: f64| of.core_minutes / 60.0 / pod + of.minutes * usual;
        // Both tell of the same load.
        let by_cpu = missing(score.shortfall(), self.capacity);
        let missing = by_cpu.max(missing(score.need_shortfall(), 1.0));
        let borrowed = self.request.map_or(0.0, |request| {
            score.borrowed().core_minutes / 60.0 / request
        });
        score.replica_hours() + MISSING_WEIGHT * missing + BORROWED_WEIGHT * borrowed
    }

    /// Whether under `score` load goes unserved, or is served by luck, for long enough to be worth
    /// a change for its own sake.
    pub(super) fn is_short(&self, score: &RunScore) -> bool {
        shortfall_matters(score) || self.borrowing_matters(score)
    }

    fn borrowing_matters(&self, score: &RunScore) -> bool {
        let longest = BORROWED_ACCEPTED * score.known_minutes();
        self.request.is_some() && score.borrowed().minutes > longest
    }

    /// Whether `to` is enough better than `from` to be worth a change: cheaper by the minimum
    /// effect, or with half of the shortfall at a lower cost all told.
    pub(super) fn is_worth(&self, to: &RunScore, from: &RunScore) -> bool {
        let saves = from.replica_hours() - to.replica_hours() >= self.least_saving();
        let shortfall = shortfall_matters(from)
            && halves(to.shortfall(), from.shortfall())
            && halves(to.need_shortfall(), from.need_shortfall());
        let borrowing = self.borrowing_matters(from) && halves(to.borrowed(), from.borrowed());
        saves || ((shortfall || borrowing) && self.cost(to) < self.cost(from))
    }

    /// Of the trials nearly as cheap as the cheapest, the one that changes least and has the fewest
    /// windows, and of these the cheapest.
    pub(super) fn preferred(&self, mut trials: Vec<Trial>) -> Option<Trial> {
        let cost = |it: &Trial| self.cost(&it.score);
        trials.sort_by(|a, b| {
            let by_cost = cost(a).total_cmp(&cost(b));
            by_cost.then_with(|| order(&a.settings).cmp(&order(&b.settings)))
        });
        let near = cost(trials.first()?) * (1.0 + NEARLY_AS_GOOD);
        let changes = |it: &Trial| {
            let changed = it.settings.changes(&self.today.settings).len();
            (changed, it.settings.schedule.windows().len())
        };
        let close = trials.into_iter().take_while(|it| cost(it) <= near);
        // The first of equals, which is the cheapest.
        close.min_by_key(changes)
    }
}

fn shortfall_matters(score: &RunScore) -> bool {
    let (by_cpu, by_need) = (score.shortfall(), score.need_shortfall());
    by_cpu.minutes.max(by_need.minutes) >= SHORTFALL_MATTERS * score.known_minutes()
}

fn halves(after: Shortfall, before: Shortfall) -> bool {
    after.minutes <= before.minutes * SHORTFALL_LEFT
        && after.core_minutes <= before.core_minutes * SHORTFALL_LEFT
}

/// Any fixed order, so that equal costs do not leave it to chance.
fn order(settings: &Settings) -> (u32, u32, Option<u32>, u32, String) {
    let Settings {
        min_replicas,
        max_replicas,
        target_cpu_pct,
        scale_down_cooldown_s,
        scale_up,
        scale_down,
        keda,
        // Of jobs, which are judged elsewhere.
        scaling_strategy: _,
        polling_interval_s: _,
        schedule,
    } = settings;
    let windows: Vec<_> = schedule.windows().iter().map(Window::written).collect();
    (
        min_replicas.0,
        max_replicas.0,
        *target_cpu_pct,
        *scale_down_cooldown_s,
        format!("{scale_up:?} {scale_down:?} {keda:?} {windows:?}"),
    )
}
