//! A replay on its way through a scenario, by the HPA controller alone or with KEDA's scale loop.

use jiff::{SignedDuration, Timestamp};

use super::triggers::Schedule;
use super::{Engine, Observed, RunScore, Scenario};
use crate::sim::demand::{Segment, Shape};
use crate::sim::flags::SYNC_PERIOD;
use crate::sim::keda::pass::Pass;
use crate::sim::keda::replay as keda;
use crate::sim::numbers::after;
use crate::sim::replay::{Replay, Setup};
use crate::sim::sync::Plan;

/// Syncs in a minute, which is as fine as what triggers give is drawn.
const MINUTE: u32 = 4;

/// A replay under way.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    scenario: &'a Scenario,
    replay: Either<'a>,
    shape: Shape,
    next: usize,
    values: Vec<Option<f64>>,
    /// Of a ScaledObject, the cron triggers that its schedule adds.
    added: &'a [Schedule],
}

#[derive(Clone, Debug)]
enum Either<'a> {
    Hpa(Box<Replay<'a>>),
    Object(Box<keda::Replay<'a>>),
}

/// What was decided at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Decided<'a> {
    /// By the HPA.
    Plan(&'a Plan),
    /// By KEDA's scale loop, where so many pods were.
    Pass(&'a Pass, i32),
}

impl Decided<'_> {
    /// How many pods there were.
    pub fn replicas(&self) -> i64 {
        match self {
            Self::Plan(plan) => i64::from(plan.current),
            Self::Pass(_, replicas) => i64::from(*replicas),
        }
    }

    /// The count that is written, if another.
    pub fn scale_to(&self) -> Option<i32> {
        match self {
            Self::Plan(plan) => plan.scale_to(),
            Self::Pass(pass, replicas) => pass.scale_to.filter(|it| it != replicas),
        }
    }
}

impl<'a> Run<'a> {
    pub(super) fn new(scenario: &'a Scenario, engine: &'a Engine, shape: Shape) -> Self {
        let Scenario {
            flags,
            pods,
            headroom,
            ..
        } = scenario;
        let replay = match engine {
            Engine::Hpa { settings, floors } => {
                let setup = Setup {
                    settings,
                    flags,
                    pods: *pods,
                    inputs: &scenario.signals.inputs,
                    headroom: *headroom,
                    floors,
                };
                let replay = Replay::new(setup, scenario.initial, scenario.start);
                Either::Hpa(Box::new(replay))
            }
            Engine::Object(object) => {
                let setup = object.setup(flags, *pods, *headroom);
                let start = keda::Start {
                    at: scenario.start,
                    replicas: scenario.initial,
                    created: scenario.created.min(scenario.start),
                    // It would rest by now, had it not been active a moment ago.
                    last_active: (scenario.initial > 0).then_some(scenario.start),
                };
                Either::Object(Box::new(keda::Replay::new(setup, start)))
            }
        };
        Self {
            scenario,
            replay,
            shape,
            next: 0,
            values: Vec::new(),
            added: match engine {
                Engine::Hpa { .. } => &[],
                Engine::Object(object) => object.added(),
            },
        }
    }

    /// Replays the next day and gives its score; that of nothing after the last one.
    pub fn day(&mut self) -> RunScore {
        let mut days = self.scenario.days.iter();
        let end = days.find(|it| it.end > self.next).map(|it| it.end);
        while self.next < end.unwrap_or(self.next) {
            self.step(|_, _| {});
        }
        self.take_score()
    }

    /// Replays the next step and shows every decision in it, with its time; whether there was one.
    pub fn step(&mut self, mut show: impl FnMut(Timestamp, Decided<'_>)) -> bool {
        let at = self.next;
        let scenario = self.scenario;
        let Some(segments) = scenario.segments(at, self.shape) else {
            return false;
        };
        match &mut self.replay {
            Either::Hpa(replay) => {
                let others = scenario.signals.at(at);
                for segment in segments {
                    replay.run(&segment, others, |it| show(it.at, Decided::Plan(&it.plan)));
                }
            }
            Either::Object(replay) if !scenario.is_known(at) => {
                replay.pass_over(scenario.ticks(at));
            }
            Either::Object(replay) => {
                let mut read = Reads {
                    scenario,
                    at,
                    is_linear: self.shape != Shape::Held,
                    passed: 0,
                    values: &mut self.values,
                    added: self.added,
                };
                for segment in segments {
                    read.run(replay, segment, &mut show);
                }
            }
        }
        self.next += 1;
        true
    }

    /// The score since it was last taken.
    pub fn take_score(&mut self) -> RunScore {
        match &mut self.replay {
            Either::Hpa(replay) => RunScore::Hpa(replay.take_score()),
            Either::Object(replay) => RunScore::Object(replay.take_score()),
        }
    }

    /// What an observer of the kind that the scenario had sees now.
    pub fn observable(&self) -> i64 {
        match self.scenario.observed_is {
            Observed::Desired => self.replicas(),
            Observed::Ready => self.serving(),
        }
    }

    pub fn replicas(&self) -> i64 {
        match &self.replay {
            Either::Hpa(replay) => replay.replicas(),
            Either::Object(replay) => replay.replicas(),
        }
    }

    pub fn serving(&self) -> i64 {
        match &self.replay {
            Either::Hpa(replay) => replay.serving(),
            Either::Object(replay) => replay.serving(),
        }
    }
}

/// What triggers give within one step.
struct Reads<'r> {
    scenario: &'r Scenario,
    at: usize,
    /// Whether values run on a line from one sample to the next, or are held.
    is_linear: bool,
    /// Syncs of the step that have passed.
    passed: u32,
    values: &'r mut Vec<Option<f64>>,
    added: &'r [Schedule],
}

impl Reads<'_> {
    /// Runs one segment of the demand, in as many parts as the values take.
    fn run(
        &mut self,
        replay: &mut keda::Replay<'_>,
        segment: Segment,
        show: &mut impl FnMut(Timestamp, Decided<'_>),
    ) {
        let mut left = segment.ticks;
        let part = match self.changes() {
            true => MINUTE,
            false => left,
        };
        while left > 0 {
            let ticks = part.min(left);
            self.read(ticks);
            let mut replicas = replay.replicas() as i32;
            let stretch = keda::Stretch {
                segment: Segment { ticks, ..segment },
                values: self.values,
                others: self.scenario.signals.at(self.at),
            };
            replay.run(&stretch, |step| {
                let (at, decided) = match step {
                    keda::Step::Pass { at, pass, .. } => (*at, Decided::Pass(pass, replicas)),
                    keda::Step::Syncs { at, plan, .. } => (*at, Decided::Plan(plan)),
                };
                show(at, decided);
                replicas = decided.scale_to().unwrap_or(replicas);
            });
            self.passed += ticks;
            left -= ticks;
        }
    }

    /// The values in the middle of the next `ticks`.
    fn read(&mut self, ticks: u32) {
        let all = self.scenario.ticks(self.at).max(1);
        let middle = f64::from(self.passed) + f64::from(ticks) / 2.0;
        let share = self.is_linear.then_some(middle / f64::from(all));
        let triggers = &self.scenario.triggers;
        let time = self.time(self.passed);
        triggers.fill(self.values, self.at, time, share);
        self.values
            .extend(self.added.iter().map(|it| Some(it.at(time))));
    }

    fn changes(&self) -> bool {
        let all = self.scenario.ticks(self.at);
        let span = (self.time(0), self.time(all));
        let triggers = &self.scenario.triggers;
        triggers.change_within(self.at, span, self.is_linear)
            || self.added.iter().any(|it| it.changes_within(span))
    }

    fn time(&self, syncs: u32) -> Timestamp {
        let step = SignedDuration::from_secs(self.scenario.step_seconds);
        let end = self.scenario.time(self.at);
        let start = end.checked_sub(step).unwrap_or(end);
        after(
            start,
            SYNC_PERIOD.saturating_mul(syncs.min(i32::MAX as u32) as i32),
        )
    }
}
