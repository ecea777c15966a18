//! The long way: single pods, the controller's own lists, every sync run, sums of the score kept
//! by hand.

use std::collections::BTreeMap;

use super::*;
use crate::sim::memory::Memory;
use crate::sim::pod::{Phase, Pod, Ready, Sample, Template};
use crate::sim::proposal::{Reading, Scene};
use crate::sim::score::Totals;
use crate::sim::tally::Valued;
use crate::units::ReplicaHours;

/// What is replayed both ways.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) settings: Settings,
    pub(super) flags: Flags,
    pub(super) pods: PodShape,
    pub(super) template: Template,
    pub(super) inputs: Vec<Input>,
    pub(super) replicas: i32,
    /// Steps of the minimum, by the number of the sync.
    pub(super) floors: Vec<Floor>,
    pub(super) loads: Vec<Loaded>,
}

/// A segment with the loads besides its demand.
pub(super) type Loaded = (Segment, Vec<Option<i64>>);

impl Case {
    pub(super) fn replay(&self) -> Replay<'_> {
        let setup = Setup {
            settings: &self.settings,
            flags: &self.flags,
            pods: self.pods,
            inputs: &self.inputs,
            headroom: 0.2,
            floors: &self.floors,
        };
        Replay::new(setup, self.replicas, at(0))
    }

    /// With the minimum that holds at `now`.
    fn settings_at(&self, now: Timestamp) -> Settings {
        let floor = self.floors.iter().rfind(|it| it.from <= now);
        let (min, max) = (self.settings.min, self.settings.max);
        Settings {
            min: floor.map_or(min, |it| it.min.min(max).max(min)),
            ..self.settings.clone()
        }
    }
}

/// What every single sync decided, and the score, by the fast way.
pub(super) fn replayed(case: &Case) -> (Vec<Plan>, Totals) {
    let mut replay = case.replay();
    let mut found = Vec::new();
    for (segment, others) in &case.loads {
        replay.run(segment, others, |step| {
            found.extend(std::iter::repeat_n(step.plan, step.syncs as usize));
        });
    }
    (found, replay.score().totals())
}

/// The same by single pods.
pub(super) fn by_single_pods(case: &Case) -> (Vec<Plan>, Totals) {
    let mut target = Pods {
        case,
        created: vec![at(-1_000); case.replicas as usize],
        state: State::default(),
    };
    let mut sums = Sums::default();
    let mut found = Vec::new();
    let every = case.loads.iter();
    let every = every.flat_map(|it| std::iter::repeat_n(it, it.0.ticks as usize));
    for (tick, (segment, others)) in every.enumerate() {
        let now = at(tick as i64);
        let serving = target.serving(now);
        let plan = target.sync(segment.demand, others, now);
        sums.add(case, segment, serving, &plan);
        found.push(plan);
        if let Some(replicas) = plan.scale_to() {
            sums.scaled(replicas > plan.current, now);
            target.created.resize(replicas as usize, now);
        }
    }
    (found, sums.totals())
}

struct Pods<'a> {
    case: &'a Case,
    /// When each pod was created, the oldest first.
    created: Vec<Timestamp>,
    state: State<Memory>,
}

impl Pods<'_> {
    fn serves(&self, created: Timestamp, now: Timestamp) -> bool {
        after(created, self.case.pods.startup) <= now
    }

    fn serving(&self, now: Timestamp) -> i64 {
        let serving = self.created.iter().filter(|it| self.serves(**it, now));
        serving.count() as i64
    }

    fn sync(&mut self, demand: Option<i64>, others: &[Option<i64>], now: Timestamp) -> Plan {
        let Case {
            settings,
            flags,
            template,
            inputs,
            ..
        } = self.case;
        let pods = self.created.iter().map(|it| self.seen(template, *it, now));
        let pods: Vec<_> = pods.collect();
        let answers = inputs.iter().map(|it| self.answer(it, demand, others, now));
        let answers: Vec<_> = answers.collect();
        let readings: Vec<_> = answers.iter().map(Answer::reading).collect();
        let current = self.created.len() as i32;
        let scale = Scale {
            current,
            observed: current,
        };
        let scene = Scene {
            scale,
            pods: &pods,
            readings: &readings,
        };
        let found = Found {
            scale: Ok(scale),
            selector: Ok(()),
        };
        let propose = |index| scene.propose(settings, index, flags, now);
        let settings = &self.case.settings_at(now);
        let plan = plan(settings, flags, &mut self.state, found, now, propose);
        let _ = settle(settings, flags, &mut self.state, &plan, Written::Done, now);
        plan
    }

    fn seen<'a>(&self, template: &'a Template, created: Timestamp, now: Timestamp) -> Pod<'a> {
        let (holds, since) = if self.serves(created, now) {
            (Holds::Yes, after(created, self.case.pods.startup))
        } else {
            (Holds::No, created)
        };
        Pod {
            template,
            phase: Phase::Running,
            is_deleted: false,
            started: Some(created),
            ready: Some(Ready { holds, since }),
        }
    }

    fn answer(
        &self,
        input: &Input,
        demand: Option<i64>,
        others: &[Option<i64>],
        now: Timestamp,
    ) -> Answer {
        let (amount, share) = match input {
            Input::Demand => (demand, Some(self.case.pods.cpu())),
            Input::Shared { place, share } => (others[*place], Some(*share)),
            Input::Total { place } => (others[*place], None),
        };
        match (amount, share) {
            (None, _) => Answer::Failed(MetricError::MetricsApi),
            (Some(amount), None) => Answer::Total([amount]),
            (Some(_), Some(_)) if self.created.is_empty() => {
                Answer::Failed(MetricError::NoMetricsReturned)
            }
            (Some(amount), Some(share)) => Answer::Pods(self.samples(&share, amount, now)),
        }
    }

    fn samples(&self, share: &Share, amount: i64, now: Timestamp) -> Vec<Option<Sample>> {
        let serving = self.serving(now);
        let mut nth = 0;
        let value = |created: &Timestamp| {
            let part = if self.serves(*created, now) {
                nth += 1;
                amount / serving + i64::from(nth <= amount % serving)
            } else {
                0
            };
            let value = share.idle + part;
            share.limit.map_or(value, |it| value.min(it))
        };
        let values: Vec<_> = self.created.iter().map(value).collect();
        let sample = |value| {
            Some(Sample {
                value,
                at: now,
                window: self.case.pods.window,
            })
        };
        values.into_iter().map(sample).collect()
    }
}

enum Answer {
    Pods(Vec<Option<Sample>>),
    Total([i64; 1]),
    Failed(MetricError),
}

impl Answer {
    fn reading(&self) -> Reading<'_> {
        match self {
            Self::Pods(samples) => Reading::Pods {
                samples,
                gone: Valued::default(),
            },
            Self::Total(value) => Reading::Series(value),
            Self::Failed(err) => Reading::Failed(*err),
        }
    }
}

/// Syncs and millicores × syncs.
#[derive(Default)]
struct Sums {
    known: i64,
    replicas: i64,
    short: [i64; 2],
    tight: [i64; 2],
    borrowed: [i64; 2],
    spare: i64,
    breach: i64,
    pinned: i64,
    limited: BTreeMap<Limit, i64>,
    events: u32,
    flaps: u32,
    last: Option<(bool, Timestamp)>,
}

impl Sums {
    fn add(&mut self, case: &Case, segment: &Segment, serving: i64, plan: &Plan) {
        let Some(demand) = segment.demand else {
            return;
        };
        let PodShape {
            request,
            limit,
            idle,
            ..
        } = case.pods;
        let capacity = serving * limit.unwrap_or(request);
        let reserve = (segment.peak as f64 * 1.2).ceil() as i64;
        let lacking = |sum: &mut [i64; 2], wanted: i64, there: i64| {
            sum[0] += i64::from(wanted > there);
            sum[1] += (wanted - there).max(0);
        };
        lacking(&mut self.short, segment.peak, capacity);
        lacking(&mut self.tight, reserve, capacity);
        lacking(&mut self.borrowed, segment.peak, serving * request);
        self.known += 1;
        self.replicas += i64::from(plan.current);
        self.spare += (capacity - demand).max(0);
        let part = |nth: i64| demand / serving + i64::from(nth < demand % serving) + idle;
        let used = (0..serving).map(|nth| limit.map_or(part(nth), |it| part(nth).min(it)));
        let allowed = allowed(case).map(|it| it * serving as f64 * 1.2);
        self.breach += i64::from(allowed.is_some_and(|it| used.sum::<i64>() as f64 > it));
        let wanted = plan.recommendation.unwrap_or(plan.current);
        let max = case.settings.max;
        self.pinned += i64::from(plan.current >= max && wanted > max);
        *self.limited.entry(Limit::of(plan)).or_default() += 1;
    }

    fn scaled(&mut self, is_up: bool, now: Timestamp) {
        let half_hour = SignedDuration::from_mins(30);
        let last = self.last.replace((is_up, now));
        let flaps = last.is_some_and(|(was_up, at)| was_up != is_up && now - half_hour <= at);
        self.events += 1;
        self.flaps += u32::from(flaps);
    }

    fn totals(&self) -> Totals {
        let minutes = |syncs: i64| syncs as f64 * 15.0 / 60.0;
        let core_minutes = |millicores: i64| minutes(millicores) / 1000.0;
        let limited = self.limited.iter().map(|it| (*it.0, minutes(*it.1)));
        Totals {
            replica_hours: ReplicaHours::from_hours(minutes(self.replicas) / 60.0),
            shortfall_minutes: minutes(self.short[0]),
            shortfall_core_minutes: core_minutes(self.short[1]),
            breach_minutes: minutes(self.breach),
            scale_events: self.events,
            flaps: self.flaps,
            max_pinned_minutes: minutes(self.pinned),
            headroom_core_hours: core_minutes(self.spare) / 60.0,
            reserve_shortfall_minutes: minutes(self.tight[0]),
            reserve_shortfall_core_minutes: core_minutes(self.tight[1]),
            borrowed_minutes: minutes(self.borrowed[0]),
            borrowed_core_minutes: core_minutes(self.borrowed[1]),
            limited_minutes: limited.collect(),
            known_minutes: minutes(self.known),
            need: None,
        }
    }
}

/// What a pod may use at the target of the first metric that sees the demand.
fn allowed(case: &Case) -> Option<f64> {
    let first = case.inputs.iter().position(|it| *it == Input::Demand)?;
    match &case.settings.metrics[first] {
        Metric::Resource { target, .. } | Metric::ContainerResource { target, .. } => {
            match target {
                Target::Utilization(percent) => {
                    Some(case.pods.request as f64 * f64::from(*percent) / 100.0)
                }
                Target::AverageValue(value) => Some(crate::sim::numbers::milli(*value) as f64),
                Target::Value(_) => None,
            }
        }
        Metric::Pods { .. } | Metric::Object { .. } | Metric::External { .. } => None,
    }
}
