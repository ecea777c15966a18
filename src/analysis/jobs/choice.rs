//! Which settings are better: items wait for half as long, or fewer job-hours do the same.
//!
//! Polling more often, and more jobs at once, cost the source and the cluster something that no replay
//! shows. So nothing is changed while items hardly wait, the change of fewest settings is taken, and
//! of several values the one nearest to today's that does nearly as well.

use super::changed;
use super::trial::{Part, Replayed, Trials};
use crate::analysis::settings::Settings;
use crate::analysis::{AnalysisSettings, Course};
use crate::autoscaler::Autoscaler;
use crate::units::Replicas;

/// Where 95 % of the items wait no longer than this, their wait is no reason for a change: two of
/// KEDA's default polling intervals.
const SHORT_WAIT: f64 = 60.0;
/// The share of today's wait that is left of it where a change is worth it.
const SHORTER: f64 = 0.5;
/// A wait that is longer by so many seconds, or by this share, is as good: the slice of a replay.
const AS_GOOD: (f64, f64) = (15.0, 0.1);
/// How far the maximum may be raised at once.
const RAISES: [f64; 3] = [1.5, 2.0, 4.0];
/// Seconds between polls that are tried.
const INTERVALS: [u32; 4] = [30, 15, 10, 5];
const STRATEGIES: [&str; 3] = ["default", "accurate", "eager"];

/// Settings that are better, and what replays say of them.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) proposed: Settings,
    pub(super) gain: Gain,
    pub(super) today: Replayed,
    pub(super) after: Replayed,
}

/// What is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gain {
    /// Items wait less.
    Wait,
    /// The same work takes fewer job-hours.
    Hours,
}

/// Why what was best on the first days is not recommended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused(pub(super) String);

/// The best of what may be changed, if anything is worth it.
///
/// # Errors
/// Where what was best on the training days is not so on those held back.
pub(super) fn choose(
    autoscaler: &Autoscaler,
    trials: &Trials<'_>,
    settings: &AnalysisSettings,
) -> Result<Option<Choice>, Refused> {
    let today = Settings::of(autoscaler);
    let before = trials.replay(&today);
    let goal = Goal {
        before: &before,
        settings,
    };
    let mut good = goal.good(trials, singles(&today));
    if good.is_empty() {
        good = goal.good(trials, pairs(&today));
    }
    let Some((proposed, gain, after)) = best(&today, good) else {
        return Ok(None);
    };
    if trials.held_days > 0 && !goal.holds(gain, &after) {
        return Err(refused(gain, trials, &before, &after));
    }
    Ok(Some(Choice {
        proposed,
        gain,
        after,
        today: before,
    }))
}

type Good = (Settings, Gain, Replayed);

struct Goal<'a> {
    before: &'a Replayed,
    settings: &'a AnalysisSettings,
}

impl Goal<'_> {
    fn good(&self, trials: &Trials<'_>, candidates: Vec<Settings>) -> Vec<Good> {
        let candidates = candidates.into_iter().filter_map(|it| {
            let after = trials.replay(&it);
            let gain = self.gain(&self.before.training, &after.training)?;
            Some((it, gain, after))
        });
        candidates.collect()
    }

    fn gain(&self, before: &Part, after: &Part) -> Option<Gain> {
        let least = self.settings.minimum_effect;
        let hours = |share: f64| after.job_hours() <= (1.0 + share) * before.job_hours();
        let may_wait = self.settings.course != Course::OnlyLower;
        let may_cut = self.settings.course != Course::OnlyRaise;
        if may_wait
            && before.p95() > SHORT_WAIT
            && after.p95() <= SHORTER * before.p95()
            && hours(least)
        {
            return Some(Gain::Wait);
        }
        let waits = after.p95() <= before.p95() && after.mean() <= before.mean() + 1.0;
        (may_cut && waits && hours(-least) && before.job_hours() > 0.0).then_some(Gain::Hours)
    }

    /// Whether the days held back say the same: not by as much, but not the opposite.
    fn holds(&self, gain: Gain, after: &Replayed) -> bool {
        let (before, after) = (&self.before.held, &after.held);
        let least = self.settings.minimum_effect;
        match gain {
            Gain::Wait => {
                after.p95() <= before.p95()
                    && after.job_hours() <= (1.0 + least) * before.job_hours()
            }
            Gain::Hours => after.p95() <= before.p95() && after.job_hours() <= before.job_hours(),
        }
    }
}

/// The fewest settings, then the shortest wait, then what is nearest to today's.
fn best(today: &Settings, good: Vec<Good>) -> Option<Good> {
    let shortest = good.iter().map(|it| it.2.training.p95());
    let shortest = shortest.fold(f64::INFINITY, f64::min);
    let is_as_good = |it: &Good| {
        let (seconds, share) = AS_GOOD;
        it.2.training.p95() <= (shortest + seconds).max(shortest * (1.0 + share))
    };
    let distance = |it: &Settings| {
        let polling = it.polling_interval_s.unwrap_or(0);
        let raised = it.max_replicas.0.saturating_sub(today.max_replicas.0);
        let polled = today.polling_interval_s.unwrap_or(0).abs_diff(polling);
        (changed(today, it), raised, polled)
    };
    let good = good.into_iter().filter(is_as_good);
    good.min_by_key(|it| (distance(&it.0), it.0.scaling_strategy.clone()))
}

fn refused(gain: Gain, trials: &Trials<'_>, before: &Replayed, after: &Replayed) -> Refused {
    let days = trials.held_days;
    let (before, after) = (before.held.scores(), after.held.scores());
    let what = match gain {
        Gain::Wait => format!("95% of the items waited {} instead of", after.p95()),
        Gain::Hours => format!(
            "{:.1} instead of {:.1} job-hours were used, and 95% of the items waited {} instead of",
            after.job_hours,
            before.job_hours,
            after.p95()
        ),
    };
    Refused(format!(
        "what was best on the first {} days failed on the last {days}: {what} {}",
        trials.training_days,
        before.p95()
    ))
}

/// Everything that differs in one setting from `today`.
pub(super) fn singles(today: &Settings) -> Vec<Settings> {
    let maxima = raised(today).into_iter().map(|max_replicas| Settings {
        max_replicas,
        ..today.clone()
    });
    let strategies = strategies(today).map(|word| Settings {
        scaling_strategy: Some(word),
        ..today.clone()
    });
    let intervals = intervals(today).map(|seconds| Settings {
        polling_interval_s: Some(seconds),
        ..today.clone()
    });
    maxima.chain(strategies).chain(intervals).collect()
}

/// A higher maximum, or another strategy, with an interval; and both of the former.
fn pairs(today: &Settings) -> Vec<Settings> {
    let mut pairs = vec![];
    for max_replicas in raised(today) {
        let base = Settings {
            max_replicas,
            ..today.clone()
        };
        let others = strategies(today).map(|word| Settings {
            scaling_strategy: Some(word),
            ..base.clone()
        });
        pairs.extend(others);
        let others = intervals(today).map(|seconds| Settings {
            polling_interval_s: Some(seconds),
            ..base.clone()
        });
        pairs.extend(others);
    }
    pairs
}

fn raised(today: &Settings) -> Vec<Replicas> {
    let raise = |by: f64| Replicas((f64::from(today.max_replicas.0) * by).ceil() as u32);
    let mut raised: Vec<Replicas> = RAISES.map(raise).to_vec();
    raised.dedup();
    raised.retain(|it| it.0 > today.max_replicas.0 && it.0 <= i32::MAX.unsigned_abs());
    raised
}

/// Nothing else than today's where that is made of numbers that nobody knows better.
fn strategies(today: &Settings) -> impl Iterator<Item = String> {
    let is = today.scaling_strategy.clone().unwrap_or_default();
    let is = if is.is_empty() {
        "default".to_owned()
    } else {
        is
    };
    let others = STRATEGIES.into_iter().map(str::to_owned);
    let is_custom = is == "custom";
    others.filter(move |it| !is_custom && *it != is)
}

fn intervals(today: &Settings) -> impl Iterator<Item = u32> {
    let now = today.polling_interval_s.unwrap_or(u32::MAX);
    INTERVALS.into_iter().filter(move |it| *it < now)
}
