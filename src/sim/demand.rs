//! The demand of a replay, and how it runs within a step of coarser history.

use schemars::JsonSchema;
use serde::Serialize;

/// How demand runs within a step, of which a history knows the mean and the busiest minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
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
        let course = self.millicores.map(|mean| {
            let line = Line::through(mean as f64, around);
            Course::of(line, self.burst.max(1.0), ticks, shape)
        });
        let parts = course.map_or(1, |it| it.parts);
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
        let all = [left, mean, right].map(|it| it + missing);
        let lowest = all.into_iter().fold(f64::INFINITY, f64::min);
        // Flatter where the line would fall below zero, so that the mean stays.
        let flatter = if lowest < 0.0 {
            mean / (mean - lowest)
        } else {
            1.0
        };
        let [left, middle, right] = all.map(|it| mean + flatter * (it - mean));
        Self {
            left,
            middle,
            right,
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
    mean: f64,
    is_flat: bool,
    burst: f64,
    ticks: u32,
    /// How many segments there are.
    parts: u32,
    busy: Option<Busy>,
}

/// The part that takes the whole burst.
#[derive(Clone, Copy, Debug)]
struct Busy {
    part: u32,
    /// Millicores in it.
    peak: f64,
    /// Millicores × syncs of the other parts, without the burst and with what it leaves of them.
    rest: f64,
    left: f64,
}

impl Course {
    fn of(line: Line, burst: f64, ticks: u32, shape: Shape) -> Self {
        let is_flat = line.is_flat();
        let minutes = (ticks / MINUTE).max(1);
        let parts = match shape {
            Shape::Held => 1,
            Shape::Linear if is_flat => 1,
            Shape::Linear => minutes,
            Shape::Burst if is_flat => minutes.min(3),
            Shape::Burst => minutes,
        };
        let mut course = Self {
            line,
            mean: line.mean(),
            is_flat,
            burst,
            ticks,
            parts,
            busy: None,
        };
        course.busy = match shape {
            Shape::Held | Shape::Linear => None,
            Shape::Burst => (parts > 1).then(|| course.busy()),
        };
        course
    }

    fn busy(&self) -> Busy {
        let part = match self.is_flat {
            true => 1,
            false => self.line.busiest(self.parts),
        };
        let ticks = f64::from(self.ticks_of(part));
        let value = self.value(part);
        let peak = value * self.burst;
        // What the busiest minute takes is missing in the others, so that the mean stays.
        let all = self.mean * f64::from(self.ticks);
        Busy {
            part,
            peak,
            rest: all - value * ticks,
            left: (all - peak * ticks).max(0.0),
        }
    }

    fn segment(&self, part: u32) -> Segment {
        let value = self.value(part);
        let (demand, peak) = match self.busy {
            None => (value, value * self.burst),
            Some(busy) if part == busy.part => (busy.peak, busy.peak),
            Some(Busy { rest, left, .. }) if rest > 0.0 => {
                let demand = value * left / rest;
                (demand, demand)
            }
            Some(_) => (0.0, 0.0),
        };
        Segment {
            ticks: self.ticks_of(part),
            demand: Some(demand.round() as i64),
            peak: peak.round() as i64,
        }
    }

    /// Millicores in `part`, before any burst.
    fn value(&self, part: u32) -> f64 {
        match self.parts == 1 || self.is_flat {
            true => self.mean,
            false => self.line.at(part, self.parts),
        }
    }

    /// Syncs in `part`: level demand has a busiest minute in the middle, other parts are equal.
    fn ticks_of(&self, part: u32) -> u32 {
        if self.parts == 3 && self.is_flat {
            let rest = self.ticks - MINUTE;
            return match part {
                0 => rest / 2,
                1 => MINUTE,
                _ => rest - rest / 2,
            };
        }
        let until = |part: u32| {
            let ticks = u64::from(part) * u64::from(self.ticks);
            ticks / u64::from(self.parts)
        };
        (until(part + 1) - until(part)) as u32
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
    fn level_demand_fills_steps_of_any_length() {
        for ticks in 1..60 {
            for shape in [Shape::Held, Shape::Linear, Shape::Burst] {
                let found: Vec<_> = segments(&[step(1_000, 1.5)], ticks, shape).collect();
                let filled: u32 = found.iter().map(|it| it.ticks).sum();
                assert_eq!(filled, ticks, "{shape:?}");
                let all: i64 = found
                    .iter()
                    .map(|it| it.demand.unwrap() * i64::from(it.ticks))
                    .sum();
                assert!(
                    (all - 1_000 * i64::from(ticks)).abs() <= i64::from(ticks),
                    "{shape:?} {ticks}"
                );
            }
        }
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
    fn a_line_that_would_fall_below_zero_is_flatter() {
        for (before, mean, after) in [(10_000, 100, 10_000), (0, 0, 10_000), (0, 10, 5_000)] {
            let steps = [step(before, 1.0), step(mean, 1.0), step(after, 1.0)];
            let around = Around::of(&steps, 1);
            let found = steps[1].segments(around, 20, Shape::Linear);
            let sum: i64 = found
                .map(|it| it.demand.unwrap() * i64::from(it.ticks))
                .sum();
            let off = (sum as f64 / 20.0 - mean as f64).abs();
            assert!(off <= 0.05 * mean as f64 + 1.0, "{off} of {mean}");
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
