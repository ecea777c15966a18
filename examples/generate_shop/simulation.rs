//! What happens to a service in 14 days: pods start, serve and end as its autoscalers say.
//!
//! A plain version of the HPA controller: a decision every 15 s, tolerance, unready pods,
//! stabilization and one scale-up policy. It is not the product's own replay on purpose: an
//! example that is made by what it tests would prove nothing.

use std::collections::VecDeque;

use super::load::{DAY, Demand, MINUTE};
use super::random::Random;
use super::shop::{Hpa, Service};

pub(crate) const DAYS: i64 = 14;
pub(crate) const TICK: i64 = 15;
pub(crate) const STEP: i64 = 300;
const TICKS_A_STEP: f64 = (STEP / TICK) as f64;
const TICKS_A_MINUTE: usize = (MINUTE / TICK) as usize;
const TOLERANCE: f64 = 0.1;

/// A pod, with times in seconds after the start of the history.
#[derive(Clone)]
pub(crate) struct Pod {
    pub(crate) suffix: String,
    pub(crate) created: i64,
    pub(crate) ready: i64,
}

/// What was to be seen of a service. One entry a step, unless said otherwise.
#[derive(Default)]
pub(crate) struct Observed {
    /// Cores of the serving container of all pods.
    pub(crate) main: Vec<f64>,
    /// Cores of the sidecar of all pods.
    pub(crate) sidecar: Vec<f64>,
    pub(crate) ready: Vec<usize>,
    /// Of the first autoscaler.
    pub(crate) desired: Vec<usize>,
    /// The highest minute over the mean.
    pub(crate) burst: Vec<f64>,
    /// Share of the time at the limit.
    pub(crate) throttled: Vec<f64>,
    /// The 90th percentile of each day; `None` where no pod was started.
    pub(crate) startup: Vec<Option<f64>>,
    /// Those that run at the end.
    pub(crate) pods: Vec<Pod>,
    /// By autoscaler: when it last scaled, if it did.
    pub(crate) last_scale: Vec<Option<i64>>,
    /// By autoscaler: what it wants at the end.
    pub(crate) wants: Vec<usize>,
    /// Usage of a pod in the last minute, in cores.
    pub(crate) usage_now: f64,
}

/// Runs a service through all days, after one day to settle.
pub(crate) fn observe(service: &Service) -> Observed {
    let mut run = Run::start(service);
    let mut demand = Demand::of(service.name, service.load.clone());
    for second in (-DAY..0).step_by(TICK as usize) {
        run.tick(second, demand.next(second + 7 * DAY));
    }
    run.forget();
    for second in (0..DAYS * DAY).step_by(TICK as usize) {
        run.tick(second, demand.next(second));
        if (second + TICK) % STEP == 0 {
            run.close_step();
        }
        if (second + TICK) % DAY == 0 {
            run.close_day();
        }
    }
    run.end()
}

struct Run<'s> {
    service: &'s Service,
    random: Random,
    pods: Vec<Pod>,
    controllers: Vec<Controller<'s>>,
    /// Serving cores and ready pods of the last minute, newest last.
    minute: VecDeque<(f64, usize)>,
    /// Serving cores of each tick of the open step.
    step: Vec<f64>,
    ticks_at_limit: u32,
    startups: Vec<i64>,
    observed: Observed,
}

impl<'s> Run<'s> {
    fn start(service: &'s Service) -> Self {
        let mut run = Self {
            service,
            random: Random::of(&format!("pods of {}", service.name)),
            pods: Vec::new(),
            controllers: service.hpas.iter().map(Controller::of).collect(),
            minute: VecDeque::new(),
            step: Vec::new(),
            ticks_at_limit: 0,
            startups: Vec::new(),
            observed: Observed::default(),
        };
        run.scale(service.replicas, -2 * DAY);
        run
    }

    /// What was seen while settling is no history; pods stay.
    fn forget(&mut self) {
        self.step.clear();
        self.startups.clear();
        self.ticks_at_limit = 0;
        self.observed = Observed::default();
    }

    fn tick(&mut self, second: i64, demand: f64) {
        let ready = self.pods.iter().filter(|it| it.ready <= second).count();
        let capacity = ready as f64 * self.service.main.limit.unwrap_or(NODE_CORES);
        let used = demand.min(capacity);
        self.step.push(used);
        if demand >= capacity && self.service.main.limit.is_some() {
            self.ticks_at_limit += 1;
        }
        self.minute.push_back((used, ready));
        if self.minute.len() > TICKS_A_MINUTE {
            self.minute.pop_front();
        }
        let usage = self.usage_a_pod();
        for index in 0..self.controllers.len() {
            let current = self.pods.len();
            let seen = Seen {
                usage,
                request: self.service.request(),
                ready,
                current,
            };
            let next = self.controllers[index].decide(second, seen);
            if next != current {
                self.controllers[index].last_scale = Some(second);
                self.scale(next, second);
            }
        }
    }

    /// Cores of a ready pod with its sidecar, over the last minute as the metrics API has it.
    fn usage_a_pod(&self) -> f64 {
        let cores: f64 = self.minute.iter().map(|(cores, _)| cores).sum();
        let pods: usize = self.minute.iter().map(|(_, ready)| ready).sum();
        cores * (1.0 + self.service.sidecar_share()) / (pods.max(1)) as f64
    }

    /// Starts pods, or ends the youngest.
    fn scale(&mut self, replicas: usize, second: i64) {
        self.pods.truncate(replicas);
        while self.pods.len() < replicas {
            let jitter = 0.85 + 0.3 * self.random.share();
            let takes = (self.service.startup * jitter) as i64;
            self.startups.push(takes);
            self.pods.push(Pod {
                suffix: suffix(&mut self.random),
                created: second,
                ready: second + takes,
            });
        }
    }

    fn close_step(&mut self) {
        let mean = self.step.iter().sum::<f64>() / TICKS_A_STEP;
        let minutes = self.step.chunks(TICKS_A_MINUTE);
        let highest = minutes
            .map(|it| it.iter().sum::<f64>() / TICKS_A_MINUTE as f64)
            .fold(0.0, f64::max);
        let ready = self.minute.back().map_or(0, |(_, ready)| *ready);
        let seen = &mut self.observed;
        seen.main.push(mean);
        seen.sidecar.push(mean * self.service.sidecar_share());
        seen.ready.push(ready);
        seen.desired.push(self.controllers[0].wants);
        seen.burst
            .push(if mean > 0.0 { highest / mean } else { 1.0 });
        seen.throttled
            .push(f64::from(self.ticks_at_limit) / TICKS_A_STEP);
        self.step.clear();
        self.ticks_at_limit = 0;
    }

    fn close_day(&mut self) {
        self.startups.sort_unstable();
        let rank = (self.startups.len() * 9).div_ceil(10);
        let p90 = self.startups.get(rank.saturating_sub(1));
        self.observed.startup.push(p90.map(|it| *it as f64));
        self.startups.clear();
    }

    fn end(mut self) -> Observed {
        self.observed.usage_now = self.usage_a_pod();
        self.observed.last_scale = self.controllers.iter().map(|it| it.last_scale).collect();
        self.observed.wants = self.controllers.iter().map(|it| it.wants).collect();
        self.observed.pods = self.pods;
        self.observed
    }
}

/// What a pod without a limit finds on its node.
const NODE_CORES: f64 = 4.0;

/// Five letters as Kubernetes gives them to pods: without vowels, to spell no words.
fn suffix(random: &mut Random) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    (0..5)
        .map(|_| char::from(LETTERS[(random.bits() % LETTERS.len() as u64) as usize]))
        .collect()
}

/// What the controller sees of a service.
struct Seen {
    /// Cores of the average ready pod.
    usage: f64,
    /// Cores that a pod requests, if every container requests some.
    request: Option<f64>,
    ready: usize,
    current: usize,
}

/// The controller's memory of one autoscaler.
struct Controller<'s> {
    hpa: &'s Hpa,
    wants: usize,
    last_scale: Option<i64>,
    /// When it proposed how many.
    proposals: VecDeque<(i64, usize)>,
    /// When it started how many.
    starts: VecDeque<(i64, usize)>,
}

impl<'s> Controller<'s> {
    fn of(hpa: &'s Hpa) -> Self {
        Self {
            hpa,
            wants: hpa.min,
            last_scale: None,
            proposals: VecDeque::new(),
            starts: VecDeque::new(),
        }
    }

    fn decide(&mut self, second: i64, seen: Seen) -> usize {
        let Some(request) = seen.request else {
            self.wants = 0;
            return seen.current;
        };
        let proposed = self.propose(&seen, seen.usage / request * 100.0);
        let stable = self.stabilize(second, proposed, seen.current);
        let limited = self.limit(second, stable, seen.current);
        self.wants = limited.clamp(self.hpa.min, self.hpa.max);
        if self.wants > seen.current {
            self.starts.push_back((second, self.wants - seen.current));
        }
        self.wants
    }

    /// Replicas by the ratio rule; pods that are not ready count as idle when scaling up.
    fn propose(&self, seen: &Seen, utilization: f64) -> usize {
        let ratio = utilization / f64::from(self.hpa.target);
        if is_tolerable(ratio) || seen.ready == 0 {
            return seen.current;
        }
        if seen.ready == seen.current || ratio < 1.0 {
            return (ratio * seen.ready as f64).ceil() as usize;
        }
        let diluted = ratio * seen.ready as f64 / seen.current as f64;
        if is_tolerable(diluted) || diluted < 1.0 {
            return seen.current;
        }
        (diluted * seen.current as f64).ceil() as usize
    }

    /// Holds a scale-down at the highest proposal of the window.
    fn stabilize(&mut self, second: i64, proposed: usize, current: usize) -> usize {
        self.proposals.push_back((second, proposed));
        while self
            .proposals
            .front()
            .is_some_and(|(at, _)| *at <= second - self.hpa.down_window)
        {
            self.proposals.pop_front();
        }
        let highest = self.proposals.iter().map(|(_, it)| *it).max();
        let held = highest.unwrap_or(proposed).min(current);
        proposed.max(held)
    }

    /// Bounds a scale-up by the policy: the default one where the object has none.
    fn limit(&mut self, second: i64, wanted: usize, current: usize) -> usize {
        let (pods, period) = match self.hpa.up_policy {
            Some(policy) => policy,
            None => (current.max(4), TICK),
        };
        while self
            .starts
            .front()
            .is_some_and(|(at, _)| *at <= second - period)
        {
            self.starts.pop_front();
        }
        let started: usize = self.starts.iter().map(|(_, it)| *it).sum();
        wanted.min((current + pods).saturating_sub(started).max(current))
    }
}

fn is_tolerable(ratio: f64) -> bool {
    (ratio - 1.0).abs() <= TOLERANCE
}
