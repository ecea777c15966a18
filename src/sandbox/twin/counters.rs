//! What cAdvisor counts: CPU seconds, and the periods in which a limit held a container back.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::meter::Meter;
use super::world::World;

/// Scheduler periods in a second (`cfs_period_us` is 100 ms).
const PERIODS: i64 = 10;

/// Since the start of one pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Counter {
    /// Millicores × milliseconds of each container, in the order of its shape.
    cpu: Vec<i64>,
    /// Thousandths of periods.
    periods: i64,
    held_back: i64,
}

impl Counter {
    pub(super) fn cpu_seconds(&self, container: usize) -> f64 {
        self.cpu.get(container).map_or(0.0, |it| *it as f64 / 1e6)
    }

    pub(super) fn periods(&self) -> f64 {
        (self.periods / 1000) as f64
    }

    pub(super) fn throttled_periods(&self) -> f64 {
        (self.held_back / 1000) as f64
    }
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pods: HashMap<Arc<str>, Counter>,
    until: Option<Timestamp>,
}

impl Counters {
    /// Counts what every pod used since the last time, as it was measured then.
    pub(super) fn pass(&mut self, world: &World, meter: &Meter, now: Timestamp) {
        let passed = self.until.map(|it| now.duration_since(it).as_millis());
        self.until = Some(now);
        let passed = passed.and_then(|it| i64::try_from(it).ok()).unwrap_or(0);
        for pod in world.pods() {
            let Some(usage) = meter.truly(&pod.uid) else {
                continue;
            };
            if !self.pods.contains_key(&pod.uid) {
                self.pods.insert(Arc::clone(&pod.uid), Counter::default());
            }
            let Some(counter) = self.pods.get_mut(&pod.uid) else {
                continue;
            };
            counter.cpu.resize(pod.shape.containers.len(), 0);
            for (sum, used) in counter.cpu.iter_mut().zip(usage.cpu.iter().flatten()) {
                *sum = sum.saturating_add(used.saturating_mul(passed));
            }
            let periods = passed.saturating_mul(PERIODS);
            counter.periods = counter.periods.saturating_add(periods);
            let held_back = periods.saturating_mul(usage.held_back) / 1000;
            counter.held_back = counter.held_back.saturating_add(held_back);
        }
        // Pods that are gone take their counters along, once there are many.
        if self.pods.len() > 2 * world.pods().count() + 64 {
            let living: std::collections::HashSet<&str> = world.pods().map(|it| &*it.uid).collect();
            self.pods.retain(|uid, _| living.contains(&**uid));
        }
    }

    pub(super) fn of(&self, uid: &str) -> Option<&Counter> {
        self.pods.get(uid)
    }
}
