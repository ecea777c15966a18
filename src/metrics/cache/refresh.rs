//! Which targets are read whole once more, so that late corrections arrive.

use jiff::{SignedDuration, Timestamp};

/// Targets are refreshed so far apart, several at once: a request for one takes about as many
/// queries as one for many.
const PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// Lends every target its turn once in a period, evenly over time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Refresh {
    last: Option<Timestamp>,
    /// Turns that were earned and not given, times the period's seconds.
    credit: i64,
}

impl Refresh {
    /// How many of `targets` have their turn at `now`.
    ///
    /// What is due after a long silence is not made up for: at most twice of what a pause earns.
    pub(super) fn turns(
        &mut self,
        targets: usize,
        period: SignedDuration,
        now: Timestamp,
    ) -> usize {
        let Some(last) = self.last.filter(|it| *it <= now) else {
            self.last = Some(now);
            return 0;
        };
        let since = now.duration_since(last);
        if since < PAUSE {
            return 0;
        }
        self.last = Some(now);
        let targets = i64::try_from(targets).unwrap_or(i64::MAX);
        let earned = since.min(PAUSE * 2).as_secs().saturating_mul(targets);
        let period = period.as_secs().max(1);
        let credit = self.credit.saturating_add(earned);
        self.credit = credit % period;
        usize::try_from(credit / period).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: SignedDuration = SignedDuration::from_hours(24);

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + minutes * 60).unwrap()
    }

    #[test]
    fn every_target_has_one_turn_in_a_period_however_many_there_are() {
        for targets in [0, 1, 7, 24, 1000] {
            let mut refresh = Refresh::default();
            let mut turns = |minutes| refresh.turns(targets, DAY, at(minutes));
            let given: Vec<usize> = (0..=10 * 288).map(|tick| turns(tick * 5)).collect();
            assert_eq!(given.iter().sum::<usize>(), 10 * targets, "{targets}");
            let most = given.into_iter().max().unwrap();
            assert!(most <= targets.div_ceil(24), "{most} of {targets} at once");
        }
    }

    #[test]
    fn a_long_silence_is_not_made_up_for() {
        let mut refresh = Refresh::default();
        assert_eq!(refresh.turns(240, DAY, at(0)), 0);
        assert_eq!(refresh.turns(240, DAY, at(100 * 1440)), 20);
    }

    #[test]
    fn a_clock_that_goes_back_begins_anew() {
        let mut refresh = Refresh::default();
        assert_eq!(refresh.turns(240, DAY, at(600)), 0);
        assert_eq!(refresh.turns(240, DAY, at(0)), 0);
        assert_eq!(refresh.turns(240, DAY, at(60)), 10);
    }
}
