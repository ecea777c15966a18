//! Which pods a workload has when: scaling, rollouts, restarts.

use std::f64::consts::TAU;

use super::Detail;
use super::Parameters;
use super::random::Random;
use super::workload::{Duplicate, Generation, Kind, Pod, Restart, Workload};

/// The share of the request that the autoscaler aims at.
pub(crate) const TARGET: f64 = 0.7;

/// Fills in generations, pods, desired replicas and usage.
pub(crate) fn run(
    workload: &mut Workload,
    parameters: &Parameters,
    nodes: usize,
    random: &mut Random,
) {
    workload.start = parameters.start();
    let load = load(workload, parameters.minutes(), random);
    workload.desired = desired(workload, &load);
    let mut turn = Turn {
        parameters,
        nodes,
        random,
        workload,
        running: Vec::new(),
        ordinal: Vec::new(),
    };
    turn.play(&load);
    turn.restarts();
}

/// Cores that the whole workload needs in each minute: a day's wave, noise, and a burst now and
/// then.
fn load(workload: &Workload, minutes: usize, random: &mut Random) -> Vec<f64> {
    let request: f64 = workload.containers.iter().filter_map(|it| it.request).sum();
    let mean = f64::from(workload.replicas) * request.max(0.1) * TARGET * 0.85;
    let phase = random.unit();
    let depth = if workload.scales { 0.6 } else { 0.2 };
    let mut burst = 0.0;
    (0..minutes)
        .map(|minute| {
            let wave = 1.0 + depth * (TAU * (minute as f64 / 1440.0 + phase)).sin();
            burst = if random.chance(0.001) {
                0.5
            } else {
                burst * 0.8
            };
            mean * wave * (0.95 + 0.1 * random.unit()) * (1.0 + burst)
        })
        .collect()
}

/// Replicas for the load, every five minutes, held as long as the last half hour needed them.
fn desired(workload: &Workload, load: &[f64]) -> Vec<u32> {
    if !workload.scales {
        return vec![workload.replicas; load.len()];
    }
    let mean = load.iter().sum::<f64>() / load.len() as f64;
    let per_pod = mean / f64::from(workload.replicas);
    let needed = |minute: usize| (load[minute] / per_pod).ceil().max(1.0) as u32;
    let decided = |minute: usize| {
        let decision = minute - minute % 5;
        let past = decision.saturating_sub(30)..=decision;
        past.step_by(5).map(needed).max().unwrap_or(1)
    };
    (0..load.len()).map(decided).collect()
}

struct Turn<'a> {
    parameters: &'a Parameters,
    nodes: usize,
    random: &'a mut Random,
    workload: &'a mut Workload,
    /// Places of the pods that run, by ordinal.
    running: Vec<usize>,
    /// The ordinal of each pod: in a StatefulSet its name's, elsewhere its turn to go.
    ordinal: Vec<usize>,
}

impl Turn<'_> {
    fn play(&mut self, load: &[f64]) {
        let every = i64::from(self.parameters.rollout_hours) * 60;
        let mut next_rollout = self.random.between(every / 4, every);
        self.begin_generation(self.workload.start - 86_400);
        let mut used = vec![0.0];
        for minute in 0..load.len() {
            if minute as i64 == next_rollout {
                self.begin_generation(self.second(minute));
                next_rollout += self.random.between(every * 3 / 4, every * 5 / 4);
            }
            self.scale(minute);
            self.replace_old(minute);
            let per_pod = load[minute] / self.running.len().max(1) as f64;
            used.push(used[minute] + per_pod * 60.0);
        }
        self.workload.used = used;
    }

    fn second(&self, minute: usize) -> i64 {
        self.workload.start + minute as i64 * 60
    }

    fn begin_generation(&mut self, from: i64) {
        let hash = self.random.suffix(10);
        let raised = self.workload.raises_request && self.workload.generations.len() % 2 == 1;
        self.workload.generations.push(Generation {
            name: format!("{}-{hash}", self.workload.name),
            hash,
            from,
            request_factor: if raised { 1.5 } else { 1.0 },
        });
    }

    fn scale(&mut self, minute: usize) {
        let wanted = self.workload.desired[minute] as usize;
        while self.running.len() < wanted {
            let created = match minute {
                0 => self.workload.start - self.random.between(3600, 80_000),
                _ => self.second(minute) + self.random.between(0, 20),
            };
            let ordinal = self.running.len();
            self.create(created, ordinal);
        }
        while self.running.len() > wanted {
            let Some(last) = self.running.pop() else {
                return;
            };
            self.workload.pods[last].ended = Some(self.second(minute) + 30);
        }
    }

    /// Replaces a quarter of the pods of former generations, at least one.
    fn replace_old(&mut self, minute: usize) {
        let newest = self.workload.generations.len() - 1;
        let old = |it: &usize| self.workload.pods[*it].generation != newest;
        let quota = self.running.len().div_ceil(4);
        let leaving: Vec<usize> = self
            .running
            .iter()
            .copied()
            .filter(old)
            .take(quota)
            .collect();
        for pod in leaving {
            self.running.retain(|it| *it != pod);
            let ends = self.second(minute) + 20;
            self.workload.pods[pod].ended = Some(ends);
            // A StatefulSet's pod has to go before its successor of the same name may come.
            let created = if self.workload.kind.has_replica_sets() {
                ends - 15
            } else {
                ends + 4
            };
            self.create(created, self.ordinal[pod]);
        }
    }

    fn create(&mut self, created: i64, ordinal: usize) {
        let generation = self.workload.generations.len() - 1;
        let seed = self.random.bits();
        let duplicate = match seed % 10 {
            _ if self.parameters.detail != Detail::Full => Duplicate::No,
            0 => Duplicate::Job,
            1 => Duplicate::Replica,
            _ => Duplicate::No,
        };
        let pod = Pod {
            name: self.pod_name(generation, ordinal),
            uid: self.random.uid(),
            generation,
            node: self.random.between(0, self.nodes as i64) as usize,
            created,
            ready: created + self.workload.startup_seconds + self.random.between(0, 8),
            ended: None,
            weight: 0.9 + 0.2 * self.random.unit(),
            restart: None,
            duplicate,
            seed,
        };
        self.running.push(self.workload.pods.len());
        self.ordinal.push(ordinal);
        self.running.sort_by_key(|it| self.ordinal[*it]);
        self.workload.pods.push(pod);
    }

    fn pod_name(&mut self, generation: usize, ordinal: usize) -> String {
        let workload = &self.workload.name;
        match self.workload.kind {
            Kind::Deployment | Kind::Rollout => {
                let replica_set = &self.workload.generations[generation].name;
                format!("{replica_set}-{}", self.random.suffix(5))
            }
            Kind::StatefulSet => format!("{workload}-{ordinal}"),
            Kind::DaemonSet => format!("{workload}-{}", self.random.suffix(5)),
        }
    }

    /// Lets the main container of every eighth pod that lives for an hour or more restart once.
    fn restarts(&mut self) {
        for pod in &mut self.workload.pods {
            let from = pod.created.max(self.workload.start);
            let until = pod.ended.unwrap_or(self.parameters.end);
            if until - from >= 3600 && self.random.chance(0.125) {
                pod.restart = Some(Restart {
                    at: self.random.between(from + 1200, until - 1200),
                    keeps_series: self.random.chance(0.5),
                });
            }
        }
    }
}
