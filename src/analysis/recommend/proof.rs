//! What replays say of the chosen settings: on the days that chose them and on those held back.

use super::goal::Goal;
use super::trials::Trials;
use crate::analysis::assessment::{HeldBack, Interval, Point, Proof, share_saved};
use crate::analysis::scenario::RunScore;
use crate::analysis::settings::Settings;

/// How often days are drawn for the interval of the saving.
const DRAWS: usize = 1000;
/// The share of the draws that the interval contains.
const CONFIDENCE: f64 = 0.9;
/// With fewer days there is nothing to draw from.
const FEWEST_DAYS: usize = 3;
/// Points of a frontier.
const MOST_POINTS: usize = 12;

/// Why settings that were best on the training days are not recommended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refuted(pub(super) String);

/// Replays both settings over all days.
///
/// # Errors
///
/// If the proposed settings leave more shortfall on the days held back, or save nothing there
/// though they were chosen to save.
pub(super) fn proof(
    trials: &Trials<'_>,
    goal: &Goal,
    proposed: &Settings,
) -> Result<Proof, Refuted> {
    let before = trials.days(&goal.today().settings);
    let after = trials.days(proposed);
    let training = trials.training_days.min(before.len());
    let sum = |days: &[RunScore]| days.iter().sum::<RunScore>();
    let held = (sum(&before[training..]), sum(&after[training..]));
    let days = before.len() - training;
    if days > 0 {
        let there = saving(&before[..training], &after[..training]);
        let saves = there >= goal.least_saving();
        check(goal, days, &held, saves)?;
        let (from, to) = (sum(&before).replica_hours(), sum(&after).replica_hours());
        let share = share_saved(from, to);
        if saves && share < goal.minimum_effect() {
            let percent = share * 100.0;
            return Err(Refuted(format!(
                "with the days held back it would have saved only {percent:.0}% of the replica-hours"
            )));
        }
    }
    Ok(of_days(&before, &after, training))
}

/// What the scores of all days say, those after `training` held back.
pub(super) fn of_days(before: &[RunScore], after: &[RunScore], training: usize) -> Proof {
    let sum = |days: &[RunScore]| days.iter().sum::<RunScore>().totals();
    let days = before.len() - training;
    Proof {
        jobs: None,
        today: sum(before),
        proposed: sum(after),
        training_days: training,
        held_back: (days > 0).then(|| HeldBack {
            days,
            today: sum(&before[training..]),
            proposed: sum(&after[training..]),
        }),
        saving_interval: interval(before, after),
        frontier: Vec::new(),
    }
}

fn check(
    goal: &Goal,
    days: usize,
    (before, after): &(RunScore, RunScore),
    saves: bool,
) -> Result<(), Refuted> {
    let on = match days {
        1 => "on the day held back".to_owned(),
        _ => format!("on the {days} days held back"),
    };
    if !goal.is_served(after, before) {
        let (from, to) = (before.shortfall(), after.shortfall());
        return Err(Refuted(format!(
            "{on} it would have left {:.0} min ({:.1} core-min) of shortfall, against {:.0} min \
             ({:.1} core-min)",
            to.minutes, to.core_minutes, from.minutes, from.core_minutes
        )));
    }
    if saves && after.replica_hours() >= before.replica_hours() {
        return Err(Refuted(format!("{on} it would have saved nothing")));
    }
    Ok(())
}

fn saving(before: &[RunScore], after: &[RunScore]) -> f64 {
    let hours = |days: &[RunScore]| days.iter().map(RunScore::replica_hours).sum::<f64>();
    hours(before) - hours(after)
}

/// The interval of the share saved, by drawing whole days with replacement, since the hours of a
/// day depend on each other.
fn interval(before: &[RunScore], after: &[RunScore]) -> Option<Interval> {
    let days = before.len();
    if days < FEWEST_DAYS {
        return None;
    }
    let mut random = Draws::new();
    let mut shares: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let (mut from, mut to) = (0.0, 0.0);
            for _ in 0..days {
                let day = random.below(days);
                from += before[day].replica_hours();
                to += after[day].replica_hours();
            }
            share_saved(from, to)
        })
        .collect();
    shares.sort_by(f64::total_cmp);
    let at = |share: f64| shares[((DRAWS - 1) as f64 * share).round() as usize];
    let outside = (1.0 - CONFIDENCE) / 2.0;
    Some(Interval {
        low: at(outside),
        high: at(1.0 - outside),
        confidence: CONFIDENCE,
    })
}

/// Numbers that look drawn and are the same in every run (xorshift64).
struct Draws(u64);

impl Draws {
    fn new() -> Self {
        Self(0x9E37_79B9_7F4A_7C15)
    }

    /// From 0 up to, not including, `end`, which is far below 2^32.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (((self.0 >> 32) * end as u64) >> 32) as usize
    }
}

/// The settings that were replayed exactly of which none is both cheaper and better served than
/// another, with those of today and the proposed ones in any case.
pub(super) fn frontier(
    trials: &Trials<'_>,
    today: &Settings,
    proposed: Option<&Settings>,
) -> Vec<Point> {
    let all = trials.exact.iter();
    let points = all.map(|it| point(&it.settings, &it.score, today, proposed));
    let mut best = pareto(points.collect());
    thin(&mut best, MOST_POINTS);
    best
}

fn point(
    settings: &Settings,
    score: &RunScore,
    today: &Settings,
    proposed: Option<&Settings>,
) -> Point {
    Point {
        settings: settings.clone(),
        replica_hours: score.replica_hours(),
        shortfall: score.shortfall(),
        is_today: settings == today,
        is_proposed: proposed == Some(settings),
    }
}

/// The points that no other beats in both, and those that are named; the cheapest first.
fn pareto(mut points: Vec<Point>) -> Vec<Point> {
    points.sort_by(|a, b| {
        let short = |it: &Point| it.shortfall.core_minutes;
        let by_cost = a.replica_hours.total_cmp(&b.replica_hours);
        by_cost.then_with(|| short(a).total_cmp(&short(b)))
    });
    let mut least = f64::INFINITY;
    points.retain(|it| {
        let better = it.shortfall.core_minutes < least;
        least = least.min(it.shortfall.core_minutes);
        better || it.is_today || it.is_proposed
    });
    points
}

/// Leaves at most `most` points, evenly spread, the ends and the named ones among them.
fn thin(points: &mut Vec<Point>, most: usize) {
    let named = |it: &Point| it.is_today || it.is_proposed;
    let others = points.iter().filter(|it| !named(it)).count();
    let most = most.saturating_sub(points.len() - others).max(2);
    if others <= most {
        return;
    }
    let keep: Vec<usize> = (0..most).map(|it| it * (others - 1) / (most - 1)).collect();
    let mut at = 0;
    points.retain(|it| {
        if named(it) {
            return true;
        }
        at += 1;
        keep.contains(&(at - 1))
    });
}
