//! The demand of a replay, and how it runs within a step of coarser history.

/// How demand is shaped within a step, of which a history knows the mean and the busiest minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The mean, throughout the step.
    Held,
    /// From the mean of this step toward that of the next.
    Linear,
    /// The busiest minute in the middle; what it takes is missing in the rest.
    Burst,
}

/// What pods are asked for during one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Mean millicores; `None` where nothing is known.
    pub millicores: Option<i64>,
    /// How far the busiest minute exceeds the mean, at least 1.
    pub burst: f64,
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

/// Syncs in the busiest minute.
const MINUTE: u32 = 4;

/// The segments of `steps`, each of which takes `ticks` syncs.
pub fn segments(steps: &[Step], ticks: u32, shape: Shape) -> impl Iterator<Item = Segment> {
    steps.iter().enumerate().flat_map(move |(index, step)| {
        let next = steps.get(index + 1).and_then(|it| it.millicores);
        step.segments(next, ticks, shape)
    })
}

impl Step {
    /// The segments of this step, which takes `ticks` syncs; `next` is the mean of the one after.
    pub fn segments(
        &self,
        next: Option<i64>,
        ticks: u32,
        shape: Shape,
    ) -> impl Iterator<Item = Segment> + use<> {
        let step = *self;
        let parts = match shape {
            Shape::Held => 1,
            Shape::Linear => ticks,
            Shape::Burst if ticks > MINUTE => 3,
            Shape::Burst => 1,
        };
        (0..parts).map(move |part| match shape {
            Shape::Held => step.held(ticks),
            Shape::Linear => step.between(next, part, ticks),
            Shape::Burst => step.part(part, ticks),
        })
    }

    fn held(&self, ticks: u32) -> Segment {
        self.segment(ticks, self.millicores)
    }

    fn segment(&self, ticks: u32, demand: Option<i64>) -> Segment {
        Segment {
            ticks,
            demand,
            peak: scaled(demand.unwrap_or(0), self.burst.max(1.0)),
        }
    }

    fn between(&self, next: Option<i64>, part: u32, ticks: u32) -> Segment {
        let demand = self.millicores.map(|here| {
            let rise = next.unwrap_or(here).saturating_sub(here);
            let share = f64::from(part) / f64::from(ticks.max(1));
            here.saturating_add(scaled(rise, share))
        });
        self.segment(1, demand)
    }

    /// Before, within and after the busiest minute.
    fn part(&self, part: u32, ticks: u32) -> Segment {
        if ticks <= MINUTE {
            return self.held(ticks);
        }
        let rest = ticks - MINUTE;
        let ticks = match part {
            0 => rest / 2,
            1 => MINUTE,
            _ => rest - rest / 2,
        };
        let demand = self.millicores.map(|mean| {
            let peak = scaled(mean, self.burst.max(1.0));
            let all = mean.saturating_mul(i64::from(rest + MINUTE));
            let left = all.saturating_sub(peak.saturating_mul(i64::from(MINUTE)));
            let low = (left / i64::from(rest)).max(0);
            if part == 1 { peak } else { low }
        });
        Segment {
            ticks,
            demand,
            peak: demand.unwrap_or(0),
        }
    }
}

/// Millicores times a factor, to the nearest one.
fn scaled(millicores: i64, factor: f64) -> i64 {
    (millicores as f64 * factor).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps() -> [Step; 2] {
        [
            Step {
                millicores: Some(1000),
                burst: 2.0,
            },
            Step {
                millicores: Some(2000),
                burst: 1.0,
            },
        ]
    }

    fn shaped(shape: Shape) -> Vec<(u32, Option<i64>, i64)> {
        let steps = steps();
        let segments = segments(&steps, 20, shape);
        segments.map(|it| (it.ticks, it.demand, it.peak)).collect()
    }

    #[test]
    fn held_demand_is_the_mean_and_peaks_with_the_burst() {
        let expected = [(20, Some(1000), 2000), (20, Some(2000), 2000)];
        assert_eq!(shaped(Shape::Held), expected);
    }

    #[test]
    fn a_burst_takes_a_minute_and_keeps_the_mean() {
        let found = shaped(Shape::Burst);
        let first = [
            (8, Some(750), 750),
            (4, Some(2000), 2000),
            (8, Some(750), 750),
        ];
        assert_eq!(found[..3], first);
        assert!(found[3..].iter().all(|it| it.1 == Some(2000)));
        assert_eq!(found.iter().map(|it| it.0).sum::<u32>(), 40);
    }

    #[test]
    fn linear_demand_moves_toward_the_next_step() {
        let found = shaped(Shape::Linear);
        assert_eq!(found.len(), 40);
        assert_eq!(
            [found[0].1, found[10].1, found[19].1],
            [Some(1000), Some(1500), Some(1950)]
        );
        assert_eq!(found[39].1, Some(2000));
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
}
