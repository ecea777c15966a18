//! A controller in miniature, synced every 15 s under a noisy load: what a sound autoscaler's
//! history looks like. Tolerance, a scale-down window of 300 s and pods that start for 30 s are
//! in it; policies and metrics lag are not.

use std::collections::VecDeque;

use super::{LIMIT, REQUEST, Scene, TWO_WEEKS};
use crate::history::Metric;

/// Syncs within a step of five minutes, within a minute, and within a pod's start-up.
const STEP: usize = 20;
const MINUTE: usize = 4;
const STARTUP: usize = 2;

/// Two weeks of `usage` with `noise` (a share of it, one standard deviation) as an autoscaler with
/// these limits and this target would have served it.
pub(crate) fn controlled(
    (min, max): (u32, u32),
    target: u32,
    usage: impl Fn(usize) -> f64,
    noise: f64,
    seed: u64,
) -> Scene {
    let mut controller = Controller::new(f64::from(min), f64::from(max), f64::from(target));
    let mut random = Noise::new(noise, seed);
    let mut columns: [Vec<f64>; 4] = Default::default();
    for at in 0..TWO_WEEKS {
        let used: Vec<f64> = (0..STEP)
            .map(|_| controller.sync(usage(at) * (1.0 + random.next()).max(0.2)))
            .collect();
        let mean = used.iter().sum::<f64>() / STEP as f64;
        let minutes = used
            .chunks(MINUTE)
            .map(|it| it.iter().sum::<f64>() / MINUTE as f64);
        let burst = minutes.fold(0.0, f64::max) / mean;
        let row = [mean, controller.ready, controller.desired, burst];
        columns
            .iter_mut()
            .zip(row)
            .for_each(|(column, value)| column.push(value));
    }
    let [used, ready, desired, burst] = columns;
    let mut scene = Scene::new(|at| used[at], |at| ready[at])
        .limits(min, max)
        .target(target);
    scene.insert(Metric::DesiredReplicas, TWO_WEEKS, |at| desired[at]);
    scene.insert(Metric::CpuBurst, TWO_WEEKS, |at| burst[at]);
    scene
}

struct Controller {
    min: f64,
    max: f64,
    target: f64,
    ready: f64,
    desired: f64,
    /// Syncs until the pods that were asked for are ready.
    starting: usize,
    /// The recommendations of the scale-down window.
    recent: VecDeque<f64>,
}

impl Controller {
    fn new(min: f64, max: f64, target: f64) -> Self {
        Self {
            min,
            max,
            target,
            ready: min,
            desired: min,
            starting: 0,
            recent: VecDeque::new(),
        }
    }

    /// Serves `load` cores until the next sync, then scales; gives back the cores used.
    fn sync(&mut self, load: f64) -> f64 {
        let used = load.min(self.ready * LIMIT);
        let ratio = (100.0 * used / (self.ready * REQUEST)).floor() / self.target;
        let wanted = if (0.9..=1.1).contains(&ratio) {
            self.desired
        } else {
            (ratio * self.ready).ceil()
        };
        self.recent.push_back(wanted);
        if self.recent.len() > STEP {
            self.recent.pop_front();
        }
        let highest = self.recent.iter().copied().fold(0.0, f64::max);
        self.scale(highest.clamp(self.min, self.max));
        used
    }

    fn scale(&mut self, desired: f64) {
        if desired > self.desired {
            self.starting = STARTUP;
        }
        self.desired = desired;
        self.starting = self.starting.saturating_sub(1);
        if self.starting == 0 || desired < self.ready {
            self.ready = desired;
        }
    }
}

/// Noise that lasts about five minutes, from a xorshift generator.
struct Noise {
    state: u64,
    deviation: f64,
    last: f64,
}

impl Noise {
    fn new(deviation: f64, seed: u64) -> Self {
        let state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        Self {
            state,
            deviation,
            last: 0.0,
        }
    }

    fn next(&mut self) -> f64 {
        // Twelve uniform numbers less six are close to a standard normal one.
        let normal = (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0;
        let kept: f64 = 0.95;
        self.last = kept * self.last + (1.0 - kept * kept).sqrt() * normal * self.deviation;
        self.last
    }

    fn uniform(&mut self) -> f64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as f64 / (1_u64 << 53) as f64
    }
}
