//! What other settings would have done to the window, from the load and from what was observed.
//!
//! Until a replay of the controller takes its place this is bounds, not a simulation: the cost is
//! taken from a generous replica count and the shortfall from a meager one, so that both are worse
//! than the controller would have done. Where the autoscaler was neither at its minimum nor its
//! maximum and a candidate changes nothing else, the replicas observed are the answer.

use serde::Serialize;

use super::assessment::Settings;
use super::load::{Load, Sample};
use super::needed::Demand;
use super::scaling;
use super::sliding::window_max;

/// Seconds from a change of the load until the controller adds pods: a metrics scrape (30 s), two
/// syncs (15 s each).
const REACTION_SECONDS: f64 = 60.0;

/// Load that ready pods could not serve, over the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shortfall {
    /// Minutes in which ready capacity at saturation was below the load's peak.
    pub minutes: f64,
    /// By how many cores, times minutes.
    pub core_minutes: f64,
}

impl Shortfall {
    /// Whether this is not more than `other`, by time and by amount.
    pub fn within(&self, other: &Self) -> bool {
        // Sums of the same terms in another order differ by rounding.
        const ROUNDING: f64 = 1e-6;
        self.minutes <= other.minutes + ROUNDING
            && self.core_minutes <= other.core_minutes * (1.0 + ROUNDING) + ROUNDING
    }

    fn add(&mut self, missing_cores: f64, step_minutes: f64) {
        // A thousandth of a millicore is a rounding error of the history.
        if missing_cores > 1e-6 {
            self.minutes += step_minutes;
            self.core_minutes += missing_cores * step_minutes;
        }
    }
}

/// What settings did, or would have done.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outlook {
    /// Replica-hours over the known samples.
    pub replica_hours: f64,
    pub shortfall: Shortfall,
}

/// The window under today's settings, against which candidates are projected.
pub struct Projection<'a> {
    load: &'a Load,
    demand: &'a Demand,
    today: Settings,
    stance: Vec<Stance>,
    /// Steps until new pods serve.
    lag: usize,
}

/// Where the autoscaler stood at a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stance {
    Unknown,
    /// At its minimum, or on the way up from there.
    Floor,
    /// In between for long enough that the minimum plays no part.
    Between,
    Ceiling,
}

/// Replicas that a CPU target and a scale-down window would have led to, before the limits.
pub struct Path {
    generous: Vec<f64>,
    meager: Vec<f64>,
    /// The observed replicas, held for the window.
    held: Vec<f64>,
}

impl Path {
    /// The most replicas that the load asked for, headroom included.
    pub fn highest(&self) -> Option<f64> {
        let known = self.generous.iter().copied().filter(|it| it.is_finite());
        known.max_by(f64::total_cmp)
    }
}

impl<'a> Projection<'a> {
    pub fn new(load: &'a Load, demand: &'a Demand, today: Settings) -> Self {
        let lag = load
            .steps_in(load.startup_seconds + REACTION_SECONDS)
            .max(1);
        Self {
            stance: stances(load, today, lag),
            load,
            demand,
            today,
            lag,
        }
    }

    /// What was observed.
    pub fn observed(&self) -> Outlook {
        self.sum(|_, sample| (sample.ready, sample.ready))
    }

    /// The share of known samples in which a shortfall could be seen.
    pub fn judged_share(&self) -> f64 {
        let known = self.load.known().count().max(1);
        let judged = self
            .load
            .known()
            .filter(|(_, it)| it.saturation().is_some());
        judged.count() as f64 / known as f64
    }

    /// Hours of known samples, over which replica-hours are counted.
    pub fn hours(&self) -> f64 {
        self.load.known().count() as f64 * self.load.step_seconds() / 3600.0
    }

    pub fn path(&self, target: Option<u32>, window_seconds: u32) -> Path {
        let window = self.load.steps_in(f64::from(window_seconds));
        let lead = self
            .load
            .steps_in(self.load.step_seconds() + self.load.startup_seconds);
        let tolerated = window_max(&self.demand.tolerated(target), window, 0);
        let known = tolerated.len().saturating_sub(self.lag);
        let late = std::iter::repeat_n(f64::NAN, tolerated.len() - known);
        let longer = window_seconds > self.today.scale_down_cooldown_s;
        Path {
            generous: window_max(&self.demand.needed(target), window, lead),
            meager: late.chain(tolerated.iter().take(known).copied()).collect(),
            held: self.held(if longer { window } else { 0 }),
        }
    }

    /// The observed replicas as a scale-down window of `steps` would have held them.
    fn held(&self, steps: usize) -> Vec<f64> {
        window_max(&self.ready(), steps, 0)
    }

    /// Reversals of direction if the replicas wanted had been held for `window_seconds`.
    pub fn flaps_held(&self, window_seconds: u32) -> usize {
        let steps = self.load.steps_in(f64::from(window_seconds));
        let held = window_max(&self.load.wanted, steps, 0);
        scaling::flaps(&held, self.load.step_seconds())
    }

    /// Reversals of direction on `path`, if nothing limited it.
    pub fn flaps_of(&self, path: &Path) -> usize {
        scaling::flaps(&path.generous, self.load.step_seconds())
    }

    /// What `settings` would have done; `path` is that of their target and window.
    pub fn outlook(&self, settings: Settings, path: &Path) -> Outlook {
        let same_course = settings.target_cpu_pct == self.today.target_cpu_pct
            && settings.scale_down_cooldown_s >= self.today.scale_down_cooldown_s;
        self.sum(|at, sample| {
            if same_course {
                self.on_course(settings, path, at, sample)
            } else {
                limited(settings, modeled(path, at, sample))
            }
        })
    }

    /// Generous and meager replicas where only the limits differ from today's.
    fn on_course(&self, to: Settings, path: &Path, at: usize, sample: &Sample) -> (f64, f64) {
        let today = self.today;
        let held = path
            .held
            .get(at)
            .copied()
            .unwrap_or(sample.ready)
            .max(sample.ready);
        let (generous, meager) = modeled(path, at, sample);
        let stance = self.stance[at];
        if stance == Stance::Ceiling && to.max_replicas > today.max_replicas {
            return limited(to, (generous.max(held), meager.max(sample.ready)));
        }
        let at_limit = stance == Stance::Floor
            || (stance == Stance::Ceiling && today.min_replicas == today.max_replicas);
        if to.min_replicas < today.min_replicas && at_limit {
            return limited(to, (generous, meager.min(sample.ready)));
        }
        let floor = if to.min_replicas > today.min_replicas {
            f64::from(to.min_replicas.0)
        } else {
            0.0
        };
        (held.max(floor), sample.ready.max(floor))
    }

    fn sum(&self, replicas: impl Fn(usize, &Sample) -> (f64, f64)) -> Outlook {
        let step_minutes = self.load.step_seconds() / 60.0;
        let mut held = 0.0;
        let mut shortfall = Shortfall::default();
        for (at, sample) in self.load.known() {
            let (generous, meager) = replicas(at, sample);
            held += generous;
            if let Some(saturation) = sample.saturation() {
                shortfall.add(sample.peak() - meager * saturation, step_minutes);
            }
        }
        Outlook {
            replica_hours: held * step_minutes / 60.0,
            shortfall,
        }
    }

    fn ready(&self) -> Vec<f64> {
        let samples = self.load.samples.iter();
        samples
            .map(|it| it.map_or(f64::NAN, |it| it.ready))
            .collect()
    }
}

/// Falls back on the observed replicas where the load of the time is unknown, and never goes
/// below them where the pods were saturated.
fn modeled(path: &Path, at: usize, sample: &Sample) -> (f64, f64) {
    let or_ready = |all: &[f64]| {
        let value = all.get(at).copied().filter(|it| it.is_finite());
        value.unwrap_or(sample.ready)
    };
    let generous = or_ready(&path.generous);
    let meager = or_ready(&path.meager);
    if sample.censored {
        (generous.max(sample.ready), meager)
    } else {
        (generous, meager)
    }
}

fn limited(settings: Settings, (generous, meager): (f64, f64)) -> (f64, f64) {
    let min = f64::from(settings.min_replicas.0);
    let max = f64::from(settings.max_replicas.0).max(min);
    (generous.clamp(min, max), meager.clamp(min, max))
}

fn stances(load: &Load, today: Settings, lag: usize) -> Vec<Stance> {
    let (min, max) = (
        f64::from(today.min_replicas.0),
        f64::from(today.max_replicas.0),
    );
    let mut since_floor = 0;
    let stance = |sample: &Option<Sample>| {
        let Some(sample) = sample else {
            // What happened in a gap is not known: it may have been at the floor.
            since_floor = 0;
            return Stance::Unknown;
        };
        since_floor = if sample.ready < min + 0.5 {
            0
        } else {
            since_floor + 1
        };
        if sample.ready > max - 0.5 {
            Stance::Ceiling
        } else if since_floor <= lag {
            Stance::Floor
        } else {
            Stance::Between
        }
    };
    load.samples.iter().map(stance).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::case::Case;
    use crate::analysis::testing::{DAY, Scene, daily};
    use crate::units::Replicas;

    fn outlook(case: &Case<'_>, change: impl Fn(&mut Settings)) -> Outlook {
        let mut settings = case.today;
        change(&mut settings);
        let projection = Projection::new(case.load, case.demand, case.today);
        let path = projection.path(settings.target_cpu_pct, settings.scale_down_cooldown_s);
        projection.outlook(settings, &path)
    }

    fn scene() -> Scene {
        Scene::followed(4, 10, |at| 0.6 + 2.0 * daily(at))
    }

    #[test]
    fn todays_settings_are_projected_as_observed() {
        scene().ask(|case| {
            let projection = Projection::new(case.load, case.demand, case.today);
            assert_eq!(outlook(case, |_| ()), projection.observed());
        });
    }

    #[test]
    fn a_higher_minimum_costs_only_where_fewer_stood() {
        let scene = Scene::new(|_| 1.0, |at| if at % DAY < 144 { 4.0 } else { 6.0 });
        scene.limits(4, 10).ask(|case| {
            let hours = outlook(case, |it| it.min_replicas = Replicas(5)).replica_hours;
            assert_eq!(hours, 14.0 * 12.0 * (5.0 + 6.0));
        });
    }

    #[test]
    fn a_lower_minimum_changes_nothing_while_the_load_decides() {
        scene().ask(|case| {
            let now = outlook(case, |_| ()).replica_hours;
            let then = outlook(case, |it| it.min_replicas = Replicas(2)).replica_hours;
            let at_floor = case.load.known().filter(|(_, it)| it.ready < 4.5).count();
            assert!(then < now);
            assert!(now - then <= case.hours(at_floor) * 2.0);
        });
    }

    #[test]
    fn shortfall_is_what_ready_pods_cannot_give_at_their_limit() {
        // Two pods of one core each for 2.5 cores × 1.1 in two steps of the window.
        let scene = Scene::new(|at| if at == 70 || at == 99 { 2.5 } else { 0.5 }, |_| 2.0);
        scene.ask(|case| {
            let projection = Projection::new(case.load, case.demand, case.today);
            let Shortfall {
                minutes,
                core_minutes,
            } = projection.observed().shortfall;
            assert!((minutes - 10.0).abs() < 1e-9, "{minutes}");
            assert!((core_minutes - 7.5).abs() < 1e-3, "{core_minutes}");
        });
    }

    #[test]
    fn a_candidate_is_given_the_replicas_of_the_load_before_it() {
        // Load triples within a step, at noon of every day, for half a day.
        let usage = |at: usize| if at % DAY < 144 { 1.0 } else { 3.0 };
        let scene = Scene::new(usage, |_| 9.0).limits(9, 10);
        scene.ask(|case| {
            let low = outlook(case, |it| it.min_replicas = Replicas(2));
            // The step of the jump, on the three replicas that one core kept.
            assert_eq!(low.shortfall.minutes, 14.0 * 5.0);
            let enough = outlook(case, |it| it.min_replicas = Replicas(4));
            assert_eq!(enough.shortfall, Shortfall::default());
        });
    }
}
