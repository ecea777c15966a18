//! Replays of settings on what arrived, and what became of the items.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use jiff::SignedDuration;

use super::model::Model;
use super::past::Past;
use crate::analysis::assessment::JobScores;
use crate::analysis::fidelity::Fidelity;
use crate::analysis::settings::Settings;
use crate::sim::demand::Shape;
use crate::sim::keda::job::replay::{Arrivals, JobScore, Replay, Setup, Step};
use crate::sim::keda::job::work::{ITEM, JobShape, OnEmpty};
use crate::sim::score::{Score, Totals};
use crate::units::ReplicaHours;

/// Waits are told to so many seconds: half of the shortest polling interval that is usual.
const SLICE: u32 = 15;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What replays are made of.
#[derive(Clone, Debug)]
pub(super) struct Trials<'a> {
    model: &'a Model<'a>,
    past: &'a Past,
    arrivals: Vec<Option<f64>>,
    /// Whether the queue shows items that jobs work on, too: what explains the history better.
    pub(super) shows_taken: bool,
    /// How many of the steps belong to the days that settings are chosen on.
    training: usize,
    pub(super) training_days: usize,
    pub(super) held_days: usize,
}

/// What came of a replay.
#[derive(Clone, Debug)]
pub(super) struct Replayed {
    /// The days that settings are chosen on, those held back, and both.
    pub(super) training: Part,
    pub(super) held: Part,
    pub(super) whole: Part,
    /// Jobs at the end of each step.
    pub(super) jobs: Vec<i64>,
    /// Items that the trigger showed then.
    pub(super) shown: Vec<i64>,
}

/// What came of some steps of a replay.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    pub(super) part: Part,
    /// Jobs at the end of each of them.
    pub(super) jobs: Vec<i64>,
}

/// The score of some days, or of some steps.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    pub(super) score: JobScore,
    waits: Waits,
}

/// Items by how long they waited, in seconds.
#[derive(Clone, Debug, Default)]
struct Waits(BTreeMap<i64, i64>);

impl<'a> Trials<'a> {
    /// `holdout` is the share of days, the last ones, that are held back.
    pub(super) fn new(model: &'a Model<'a>, past: &'a Past, holdout: f64) -> Self {
        let arrivals = past.arrivals(model.items(), false);
        let step = f64::from(past.step());
        let days = (arrivals.len() as f64 * step / DAY.as_secs_f64()).floor() as usize;
        let held_days = (days as f64 * holdout).floor() as usize;
        let held = (held_days as f64 * DAY.as_secs_f64() / step).round() as usize;
        Self {
            training: arrivals.len().saturating_sub(held),
            training_days: days - held_days,
            shows_taken: false,
            held_days,
            arrivals,
            model,
            past,
        }
    }

    /// With the kind of queue that explains best how many jobs ran, and how well it does; `None`
    /// where nothing was observed.
    /// What ran is compared over the first `steps` of the history, in which `settings` held.
    pub(super) fn fitted(self, settings: &Settings, steps: usize) -> Option<(Fidelity, Self)> {
        let other = Self {
            arrivals: self.past.arrivals(self.model.items(), true),
            shows_taken: true,
            ..self.clone()
        };
        let fits = [self, other].into_iter();
        let fits = fits.filter_map(|it| Some((it.fidelity(settings, steps)?, it)));
        fits.min_by(|a, b| a.0.mean_absolute_error.total_cmp(&b.0.mean_absolute_error))
    }

    fn fidelity(&self, settings: &Settings, steps: usize) -> Option<Fidelity> {
        let today = self.replay(settings);
        let (mut samples, mut within, mut error, mut sum) = (0_usize, 0_usize, 0.0, 0.0);
        for (replayed, observed) in today.jobs.iter().zip(self.past.observed()).take(steps) {
            let Some(observed) = observed else { continue };
            let off = (*replayed as f64 - observed).abs();
            samples += 1;
            within += usize::from(off <= 1.0);
            error += off;
            sum += observed;
        }
        let count = samples as f64;
        (samples > 0).then(|| Fidelity {
            shape: Shape::Held,
            mean_absolute_error: error / count,
            within_one: within as f64 / count,
            mean_replicas: sum / count,
            samples,
        })
    }

    /// Items a second that arrived in each step.
    pub(super) fn arrivals(&self) -> &[Option<f64>] {
        &self.arrivals
    }

    /// Runs `settings` over all that arrived.
    pub(super) fn replay(&self, settings: &Settings) -> Replayed {
        let mut run = self.begin(settings);
        let mut training = Part::default();
        let (mut jobs, mut shown) = (Vec::new(), Vec::new());
        for (at, rate) in self.arrivals.iter().enumerate() {
            if at == self.training {
                training = run.part();
            }
            run.step(self.past.step(), *rate, &mut |_| {});
            jobs.push(run.replay.jobs());
            shown.push(run.replay.shown());
        }
        let whole = run.part();
        if self.training >= self.arrivals.len() {
            training = whole.clone();
        }
        Replayed {
            held: whole.since(&training),
            training,
            whole,
            jobs,
            shown,
        }
    }

    /// Runs `settings` over what arrived up to the end of `steps`, and shows every poll in these.
    pub(super) fn stretch(
        &self,
        settings: &Settings,
        steps: Range<usize>,
        mut show: impl FnMut(&Step),
    ) -> Stretch {
        let mut run = self.begin(settings);
        let mut before = Part::default();
        let mut jobs = Vec::new();
        for (at, rate) in self.arrivals.iter().enumerate().take(steps.end) {
            if at == steps.start {
                before = run.part();
            }
            if at < steps.start {
                run.step(self.past.step(), *rate, &mut |_| {});
            } else {
                run.step(self.past.step(), *rate, &mut show);
                jobs.push(run.replay.jobs());
            }
        }
        Stretch {
            part: run.part().since(&before),
            jobs,
        }
    }

    fn begin(&self, settings: &Settings) -> Run {
        let start = self.past.grid.time(self.past.inside.start);
        Run::of(Replay::new(
            self.setup(settings),
            self.past.at_first(),
            start,
        ))
    }

    pub(super) fn setup(&self, settings: &Settings) -> Setup {
        let (settings, polling_interval) = self.model.settings(settings);
        Setup {
            settings,
            polling_interval,
            is_paused: false,
            target: self.model.target,
            activation: self.model.activation,
            shape: JobShape {
                startup: self.past.startup,
                duration: self.past.work,
                items: self.model.items(),
                empty: OnEmpty::Ends,
            },
            shows_taken: self.shows_taken,
        }
    }
}

/// A replay with the items that wait, the oldest first.
struct Run {
    replay: Replay,
    /// Seconds since the start.
    now: i64,
    /// Millionths of items, and when they came.
    waiting: VecDeque<(i64, i64)>,
    waits: Waits,
    taken: i64,
}

impl Run {
    fn of(replay: Replay) -> Self {
        let queued = replay.queued().saturating_mul(ITEM);
        Self {
            replay,
            now: 0,
            waiting: VecDeque::from([(0, queued)]),
            waits: Waits::default(),
            taken: 0,
        }
    }

    /// Lets so many seconds pass in which items arrive at `rate`, and shows every poll.
    fn step(&mut self, seconds: u32, rate: Option<f64>, show: &mut impl FnMut(&Step)) {
        let mut left = seconds;
        while left > 0 {
            let is_quiet = rate.unwrap_or(0.0) <= 0.0 && self.replay.queued() == 0;
            let slice = if is_quiet { left } else { left.min(SLICE) };
            self.slice(slice, rate, show);
            left -= slice;
        }
    }

    fn slice(&mut self, seconds: u32, rate: Option<f64>, show: &mut impl FnMut(&Step)) {
        let arrivals = Arrivals::of(seconds, rate);
        let came = arrivals.rate.unwrap_or(0);
        let came = came.saturating_mul(seconds.into());
        if came > 0 {
            self.waiting.push_back((self.now, came));
        }
        self.replay.run(&arrivals, show);
        let taken = self.replay.score().taken;
        self.take((taken - self.taken).saturating_mul(ITEM));
        self.taken = taken;
        self.now += i64::from(seconds);
    }

    /// Items go in the order in which they came.
    fn take(&mut self, mut millionths: i64) {
        while millionths > 0 {
            let Some((came, amount)) = self.waiting.front_mut() else {
                return;
            };
            let part = millionths.min(*amount);
            self.waits.add(self.now - *came, part);
            *amount -= part;
            millionths -= part;
            if *amount == 0 {
                self.waiting.pop_front();
            }
        }
    }

    fn part(&self) -> Part {
        Part {
            score: *self.replay.score(),
            waits: self.waits.clone(),
        }
    }
}

impl Waits {
    fn add(&mut self, seconds: i64, items: i64) {
        *self.0.entry(seconds).or_default() += items;
    }

    /// The wait that a share of the items did not exceed; 0 without items.
    fn quantile(&self, share: f64) -> f64 {
        let all: i64 = self.0.values().sum();
        let rank = all as f64 * share;
        let mut passed = 0.0;
        let found = self.0.iter().find(|(_, items)| {
            passed += **items as f64;
            passed >= rank
        });
        found.map_or(0.0, |(seconds, _)| *seconds as f64)
    }
}

impl Part {
    /// What came after `earlier`.
    fn since(&self, earlier: &Self) -> Self {
        let mut waits = self.waits.clone();
        for (seconds, items) in &earlier.waits.0 {
            *waits.0.entry(*seconds).or_default() -= items;
        }
        Self {
            score: self.score.since(&earlier.score),
            waits,
        }
    }

    pub(super) fn p95(&self) -> f64 {
        self.waits.quantile(0.95)
    }

    pub(super) fn mean(&self) -> f64 {
        self.score.totals().mean_wait_seconds
    }

    pub(super) fn job_hours(&self) -> f64 {
        self.score.totals().job_hours
    }

    pub(super) fn scores(&self) -> JobScores {
        let totals = self.score.totals();
        JobScores {
            job_hours: totals.job_hours,
            jobs_created: totals.jobs_created,
            jobs_in_vain: totals.jobs_in_vain,
            items_done: totals.items_done,
            p95_wait_seconds: self.p95(),
            mean_wait_seconds: totals.mean_wait_seconds,
            backlog_minutes: totals.backlog_minutes,
            longest_queue: totals.longest_queue,
            most_jobs: totals.most_jobs,
            pinned_polls: totals.pinned_polls,
            polls: self.score.polls,
        }
    }

    /// In the terms of other autoscalers: jobs are replicas, and nothing is said of CPU.
    pub(super) fn totals(&self) -> Totals {
        let totals = self.score.totals();
        Totals {
            replica_hours: ReplicaHours::from_hours(totals.job_hours),
            known_minutes: totals.hours * 60.0,
            ..Score::default().totals()
        }
    }
}
