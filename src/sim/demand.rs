//! The demand of a replay, and how it runs within a step of coarser history.

use serde::Serialize;

/// How demand runs within a step, of which a history knows the mean and the busiest minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Shape {
    /// The mean, throughout the step.
    Held,
    /// From halfway to the step before, through the middle, to halfway to the step after.
    Linear,
    /// As linear, with the burst in the busiest minute; what it takes is missing in the others.
    Burst,
}

/// What pods are asked for during one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Mean millicores; `None` where nothing is known.
    pub millicores: Option<i64>,
    /// How far the busiest minute exceeds what the line through the steps has there, at least 1.
    pub burst: f64,
}

/// The means of the steps before and after one, where they are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Around {
    pub before: Option<i64>,
    pub after: Option<i64>,
}

impl Around {
    /// The neighbors of step `at`.
    pub fn of(steps: &[Step], at: usize) -> Self {
        let mean = |at: usize| steps.get(at).and_then(|it| it.millicores);
        Self {
            before: at.checked_sub(1).and_then(mean),
            after: mean(at + 1),
        }
    }
}

/// Equal demand for some syncs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    pub ticks: u32,
    /// Millicores; `None` where nothing is known.
    pub demand: Option<i64>,
    /// Millicores at the busiest, which capacity is measured against.
    pub peak: i64,
}

/// Syncs in a minute.
const MINUTE: u32 = 4;

/// A line that rises or falls by less than this share of the mean within a step is flat: the
/// controller, which tolerates a tenth, would not tell.
const FLAT: f64 = 0.05;

/// The segments of `steps`, each of which takes `ticks` syncs.
pub fn segments(steps: &[Step], ticks: u32, shape: Shape) -> impl Iterator<Item = Segment> {
    steps
        .iter()
        .enumerate()
        .flat_map(move |(at, step)| step.segments(Around::of(steps, at), ticks, shape))
}

impl Step {
    /// The segments of this step, which takes `ticks` syncs.
    pub fn segments(
        &self,
        around: Around,
        ticks: u32,
        shape: Shape,
    ) -> impl Iterator<Item = Segment> + use<> {
        let burst = self.burst.max(1.0);
        let course = self.millicores.map(|mean| Course {
            line: Line::through(mean as f64, around),
            burst,
            shape,
            ticks,
        });
        let parts = course.map_or(1, |it| it.parts());
        (0..parts).map(move |part| match course {
            Some(course) => course.segment(part),
            None => Segment {
                ticks,
                demand: None,
                peak: 0,
            },
        })
    }
}

/// The line through the middles of steps, within one of them, raised or lowered so that the mean
/// of the step stays. Millicores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    left: f64,
    middle: f64,
    right: f64,
}

impl Line {
    pub fn through(mean: f64, around: Around) -> Self {
        let edge = |other: Option<i64>| other.map_or(mean, |it| f64::midpoint(mean, it as f64));
        let (left, right) = (edge(around.before), edge(around.after));
        let missing = mean - (left + 2.0 * mean + right) / 4.0;
        Self {
            left: left + missing,
            middle: mean + missing,
            right: right + missing,
        }
    }

    /// The demand in `part` of `parts` equal parts of the step, in its middle.
    fn at(&self, part: u32, parts: u32) -> f64 {
        let place = (f64::from(part) + 0.5) / f64::from(parts) * 2.0;
        let value = if place < 1.0 {
            self.left + (self.middle - self.left) * place
        } else {
            self.middle + (self.right - self.middle) * (place - 1.0)
        };
        value.max(0.0)
    }

    /// The part of `parts` in which it is highest, the middle one of equals.
    fn busiest(&self, parts: u32) -> u32 {
        let highest = self.left.max(self.middle).max(self.right);
        if self.middle >= highest {
            parts / 2
        } else if self.right >= highest {
            parts - 1
        } else {
            0
        }
    }

    /// How far its highest part exceeds the mean of the step.
    pub fn peak_ratio(&self, parts: u32) -> f64 {
        let parts = parts.max(1);
        let mean = (self.left + 2.0 * self.middle + self.right) / 4.0;
        let peak = self.at(self.busiest(parts), parts);
        if mean > 0.0 {
            (peak / mean).max(1.0)
        } else {
            1.0
        }
    }

    fn is_flat(&self) -> bool {
        let lowest = self.left.min(self.middle).min(self.right);
        let highest = self.left.max(self.middle).max(self.right);
        highest - lowest <= FLAT * self.mean()
    }

    fn mean(&self) -> f64 {
        (self.left + 2.0 * self.middle + self.right) / 4.0
    }
}

/// The demand of one step whose mean is known.
#[derive(Clone, Copy, Debug)]
struct Course {
    line: Line,
    burst: f64,
    shape: Shape,
    ticks: u32,
}

impl Course {
    fn parts(&self) -> u32 {
        let minutes = (self.ticks / MINUTE).max(1);
        match self.shape {
            Shape::Held => 1,
            Shape::Linear if self.line.is_flat() => 1,
            Shape::Linear => minutes,
            Shape::Burst if self.line.is_flat() => minutes.min(3),
            Shape::Burst => minutes,
        }
    }

    fn segment(&self, part: u32) -> Segment {
        let parts = self.parts();
        let mean = self.line.mean();
        match self.shape {
            Shape::Held => self.of(self.ticks, mean, mean * self.burst),
            Shape::Linear if parts == 1 => self.of(self.ticks, mean, mean * self.burst),
            Shape::Linear => {
                let demand = self.line.at(part, parts);
                self.of(self.ticks_of(part, parts), demand, demand * self.burst)
            }
            Shape::Burst => self.with_burst(part, parts),
        }
    }

    fn with_burst(&self, part: u32, parts: u32) -> Segment {
        if parts == 1 {
            let mean = self.line.mean();
            return self.of(self.ticks, mean, mean * self.burst);
        }
        let flat = self.line.is_flat();
        let ticks = if flat {
            self.beside_the_busiest(part)
        } else {
            self.ticks_of(part, parts)
        };
        let busiest = if flat { 1 } else { self.line.busiest(parts) };
        let value = |part| match flat {
            true => self.line.mean(),
            false => self.line.at(part, parts),
        };
        let peak = value(busiest) * self.burst;
        if part == busiest {
            return self.of(ticks, peak, peak);
        }
        // What the busiest minute takes is missing in the others, so that the mean stays.
        let minute = match flat {
            true => f64::from(MINUTE),
            false => f64::from(self.ticks_of(busiest, parts)),
        };
        let all = self.line.mean() * f64::from(self.ticks);
        let rest = all - value(busiest) * minute;
        let left = (all - peak * minute).max(0.0);
        let demand = if rest > 0.0 {
            value(part) * left / rest
        } else {
            0.0
        };
        self.of(ticks, demand, demand)
    }

    /// Syncs before, within and after a busiest minute in the middle.
    fn beside_the_busiest(&self, part: u32) -> u32 {
        let rest = self.ticks - MINUTE;
        match part {
            0 => rest / 2,
            1 => MINUTE,
            _ => rest - rest / 2,
        }
    }

    fn ticks_of(&self, part: u32, parts: u32) -> u32 {
        let until = |part: u32| u64::from(part) * u64::from(self.ticks) / u64::from(parts);
        (until(part + 1) - until(part)) as u32
    }

    fn of(&self, ticks: u32, demand: f64, peak: f64) -> Segment {
        Segment {
            ticks,
            demand: Some(demand.round() as i64),
            peak: peak.round() as i64,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn step(mean: i64, burst: f64) -> Step {
        Step {
            millicores: Some(mean),
            burst,
        }
    }

    fn shaped(steps: &[Step], shape: Shape) -> Vec<(u32, i64, i64)> {
        let segments = segments(steps, 20, shape);
        segments
            .map(|it| (it.ticks, it.demand.unwrap(), it.peak))
            .collect()
    }

    #[test]
    fn held_demand_is_the_mean_and_peaks_with_the_burst() {
        let steps = [step(1000, 2.0), step(2000, 1.0)];
        let expected = [(20, 1000, 2000), (20, 2000, 2000)];
        assert_eq!(shaped(&steps, Shape::Held), expected);
    }

    #[test]
    fn a_burst_on_level_demand_takes_a_minute_and_keeps_the_mean() {
        let found = shaped(&[step(1000, 2.0)], Shape::Burst);
        assert_eq!(found, [(8, 750, 750), (4, 2000, 2000), (8, 750, 750)]);
    }

    #[test]
    fn linear_demand_goes_through_the_middles_and_keeps_the_means() {
        let steps = [step(1000, 1.0), step(2000, 1.5), step(3000, 1.0)];
        let found = shaped(&steps, Shape::Linear);
        let middle: Vec<_> = found[5..10].iter().map(|it| it.1).collect();
        assert_eq!(middle, [1600, 1800, 2000, 2200, 2400]);
        assert_eq!((found[7].0, found[7].2), (4, 3000));
        // The first step has no neighbor on its left: level there, and lowered for the mean.
        let first: Vec<_> = found[..5].iter().map(|it| it.1).collect();
        assert_eq!(first, [875, 875, 875, 1075, 1275]);
    }

    #[test]
    fn a_burst_comes_where_the_line_is_highest() {
        let steps = [step(1000, 1.0), step(2000, 1.5), step(3000, 1.0)];
        let found = shaped(&steps, Shape::Burst);
        let middle = &found[5..10];
        // 2,400 × 1.5; the others give up what it takes.
        assert_eq!(middle[4], (4, 3600, 3600));
        assert_eq!(middle[0].1, (1600.0_f64 * 6400.0 / 7600.0).round() as i64);
    }

    #[test]
    fn what_is_unknown_stays_unknown_in_every_shape() {
        let gap = [Step {
            millicores: None,
            burst: 3.0,
        }];
        for shape in [Shape::Held, Shape::Linear, Shape::Burst] {
            let found: Vec<_> = segments(&gap, 20, shape).collect();
            assert!(found.iter().all(|it| it.demand.is_none() && it.peak == 0));
            assert_eq!(found.iter().map(|it| it.ticks).sum::<u32>(), 20);
        }
    }

    #[test]
    fn a_line_knows_how_far_it_exceeds_its_mean() {
        let rising = Line::through(
            2000.0,
            Around {
                before: Some(1000),
                after: Some(3000),
            },
        );
        assert_eq!(rising.peak_ratio(5), 1.2);
        assert_eq!(Line::through(2000.0, Around::default()).peak_ratio(5), 1.0);
        assert_eq!(Line::through(0.0, Around::default()).peak_ratio(5), 1.0);
    }

    proptest! {
        #[test]
        fn every_shape_fills_the_step_and_keeps_its_mean(
            (before, mean, after) in (0..5_000_i64, 100..5_000_i64, 0..5_000_i64),
            burst in 1.0..2.0_f64,
            ticks in 1..300_u32,
        ) {
            let around = Around { before: Some(before), after: Some(after) };
            for shape in [Shape::Held, Shape::Linear, Shape::Burst] {
                let found: Vec<_> = step(mean, burst).segments(around, ticks, shape).collect();
                prop_assert_eq!(found.iter().map(|it| it.ticks).sum::<u32>(), ticks);
                prop_assert!(found.iter().all(|it| it.demand.unwrap() >= 0));
                let sum: i64 = found.iter().map(|it| it.demand.unwrap() * i64::from(it.ticks)).sum();
                let found = sum as f64 / f64::from(ticks);
                // Parts of unequal length and lines that would fall below zero are a little off.
                let steep = (before - mean).abs().max((after - mean).abs()) as f64;
                let off = 1.0 + steep * (1.0 / f64::from(ticks.max(4)) + 0.05) * burst;
                prop_assert!((found - mean as f64).abs() <= off, "{shape:?} {found} {mean}");
            }
        }
    }
}
