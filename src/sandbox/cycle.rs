//! A recording that goes on for ever by repeating itself.

const DAY: i64 = 86_400;
const WEEK: i64 = 7 * DAY;

/// Which step of a recording stands for one before, within or behind it.
///
/// What happened repeats itself by whole weeks, so that a Monday morning stays one; by whole days
/// where less than a week was recorded, and from end to end where less than a day was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cycle {
    length: i64,
    /// At least one, and no more than `length` unless that is zero.
    period: i64,
}

impl Cycle {
    /// That of a recording of so many steps.
    pub(super) fn of(length: i64, step_seconds: i64) -> Self {
        let step = step_seconds.max(1);
        let whole = |unit: i64| length.saturating_mul(step) / unit * unit / step;
        let periods = [WEEK, DAY].map(whole);
        let period = periods.into_iter().find(|it| *it > 0).unwrap_or(length);
        Self {
            length,
            period: period.max(1),
        }
    }

    /// The step of the recording; negative where there is none.
    pub(super) fn place(self, step: i64) -> i64 {
        let last = self.length - 1;
        if step < 0 {
            step.rem_euclid(self.period).min(last)
        } else if step <= last {
            step
        } else {
            last - (last - step).rem_euclid(self.period)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn weeks_repeat_then_days_then_everything() {
        let hour = 3_600;
        let cases = [
            (15 * 24, 15 * 24, 24),
            (15 * 24, -1, 14 * 24 - 1),
            (15 * 24, 100, 100),
            (30, 30, 6),
            (30, -1, 23),
            (5, 5, 0),
            (5, -1, 4),
            (0, 3, -1),
            (0, -3, -1),
        ];
        for (length, step, expected) in cases {
            let found = Cycle::of(length, hour).place(step);
            assert_eq!(found, expected, "{step} of {length}");
        }
    }

    proptest! {
        #[test]
        fn every_step_has_its_place(length in 1_i64..5_000, step in 1_i64..200_000, at in -1_000_000_i64..1_000_000) {
            let place = Cycle::of(length, step).place(at);
            prop_assert!((0..length).contains(&place));
        }
    }
}
