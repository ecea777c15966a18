//! How much work a service is asked to do: days, weeks, campaigns, jobs and chance.

use super::random::Random;

pub(crate) const MINUTE: i64 = 60;
pub(crate) const HOUR: i64 = 3600;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Cores that the service would use if it had enough pods.
#[derive(Clone)]
pub(crate) struct Load {
    pub(crate) night: f64,
    pub(crate) peak: f64,
    /// Hour of the day and share of the way from `night` to `peak`, joined by straight lines.
    /// The first hour is 0, the last 24.
    pub(crate) rhythm: &'static [(f64, f64)],
    /// Factor on Saturday and Sunday.
    pub(crate) weekend: f64,
    pub(crate) surges: Vec<Surge>,
    /// Deviation of the slow noise, as a share of the load.
    pub(crate) noise: f64,
}

/// Additional load at certain times.
#[derive(Clone)]
pub(crate) struct Surge {
    /// Cores at its height.
    pub(crate) cores: f64,
    /// Seconds between two; the first is at `from`.
    pub(crate) every: i64,
    /// Seconds after the start of the history.
    pub(crate) from: i64,
    /// Seconds on the way up, and as many on the way down.
    pub(crate) ramp: i64,
    /// Seconds from its beginning to its end, ramps included.
    pub(crate) length: i64,
}

/// A shop's day: quiet at night, a lunch hump, the evening peak.
pub(crate) const SHOPPING: &[(f64, f64)] = &[
    (0.0, 0.10),
    (2.0, 0.0),
    (5.0, 0.0),
    (9.0, 0.45),
    (12.5, 0.70),
    (15.0, 0.60),
    (19.0, 1.0),
    (21.0, 0.95),
    (24.0, 0.10),
];

/// Office hours and nothing else.
pub(crate) const OFFICE: &[(f64, f64)] = &[
    (0.0, 0.0),
    (7.0, 0.0),
    (9.5, 0.9),
    (12.0, 1.0),
    (16.0, 0.95),
    (20.0, 0.5),
    (23.0, 0.0),
    (24.0, 0.0),
];

/// The same at all hours.
pub(crate) const FLAT: &[(f64, f64)] = &[(0.0, 0.0), (24.0, 0.0)];

/// A load with its noise, asked in order of time.
pub(crate) struct Demand {
    load: Load,
    random: Random,
    drift: f64,
}

impl Demand {
    pub(crate) fn of(name: &str, load: Load) -> Self {
        Self {
            load,
            random: Random::of(name),
            drift: 0.0,
        }
    }

    /// Cores asked for at `second` after the start of the history, a Monday at midnight.
    pub(crate) fn next(&mut self, second: i64) -> f64 {
        // With 15 s between two calls the noise forgets half of itself in about four minutes.
        // 0.04 and 0.28 keep its deviation: 0.96² + 0.28² = 1.
        self.drift = 0.96 * self.drift + 0.28 * self.random.normal();
        let noise = 1.0 + self.load.noise * self.drift;
        let surges: f64 = self.load.surges.iter().map(|it| it.at(second)).sum();
        (self.load.rhythmic(second) + surges) * noise.max(0.0)
    }
}

impl Load {
    fn rhythmic(&self, second: i64) -> f64 {
        let hour = (second % DAY) as f64 / HOUR as f64;
        let level = self.night + (self.peak - self.night) * level(self.rhythm, hour);
        let is_weekend = second / DAY % 7 >= 5;
        level * if is_weekend { self.weekend } else { 1.0 }
    }
}

fn level(rhythm: &[(f64, f64)], hour: f64) -> f64 {
    let next = rhythm.iter().position(|(at, _)| *at > hour);
    let next = next.unwrap_or(rhythm.len() - 1);
    let ((from, low), (to, high)) = (rhythm[next - 1], rhythm[next]);
    low + (high - low) * (hour - from) / (to - from)
}

impl Surge {
    fn at(&self, second: i64) -> f64 {
        if second < self.from {
            return 0.0;
        }
        let passed = (second - self.from) % self.every;
        let to_edge = passed.min(self.length - passed).max(0);
        if self.ramp == 0 {
            return if to_edge > 0 || passed == 0 {
                self.cores
            } else {
                0.0
            };
        }
        self.cores * (to_edge as f64 / self.ramp as f64).min(1.0)
    }
}
