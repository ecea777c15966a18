//! How long a claim holds, and when its holder stops to rely on it.

use std::time::Duration;

/// The longest pause between two looks at the Lease: a leader that has let go of it is followed
/// within seconds, however long a claim holds.
const LONGEST_RETRY: Duration = Duration::from_secs(5);

/// The longest wait for one answer.
const LONGEST_REQUEST: Duration = Duration::from_secs(10);

/// The longest that a Lease can tell, in seconds of 32 bits.
const LONGEST_LEASE: Duration = Duration::from_secs(i32::MAX as u64);

/// The pause between two tries is made longer by a random part of at most this share, so that
/// instances that started together do not go on asking together.
const JITTER: f64 = 0.2;

/// The times of an election, in the order in which they pass: a leader renews every
/// [`retry`](Self::retry), stops to lead where it could not for
/// [`renew_deadline`](Self::renew_deadline), has ended its writes by
/// [`write_deadline`](Self::write_deadline), and may be replaced after [`lease`](Self::lease). All
/// are counted from the last renewal that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    lease: Duration,
    renew_deadline: Duration,
    retry: Duration,
}

/// Why times cannot be those of an election.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTiming {
    #[error("a lease of {lease:?} is shorter than a second")]
    ShortLease { lease: Duration },
    #[error("a lease of {lease:?} is longer than a Lease can tell")]
    LongLease { lease: Duration },
    #[error("the renew deadline of {renew_deadline:?} is not shorter than the lease of {lease:?}")]
    Deadline {
        renew_deadline: Duration,
        lease: Duration,
    },
    #[error(
        "the retry period of {retry:?} with its jitter is not shorter than the renew deadline of \
         {renew_deadline:?}"
    )]
    Retry {
        retry: Duration,
        renew_deadline: Duration,
    },
    #[error("the retry period is zero")]
    NoRetry,
}

impl Timing {
    /// The times for a loop that runs every `interval`: a lease of three intervals, two thirds of it
    /// until the renew deadline, and up to five tries to renew until then.
    ///
    /// # Errors
    /// Where the interval is shorter than a third of a second, or longer than a Lease can tell.
    pub fn of_interval(interval: Duration) -> Result<Self, BadTiming> {
        let lease = interval.saturating_mul(3);
        let retry = (lease / 15 * 2).min(LONGEST_RETRY);
        Self::new(lease, lease / 3 * 2, retry)
    }

    /// The given times.
    ///
    /// # Errors
    /// Where a leader could not be certain to stop before another one may start: what client-go
    /// refuses, and what a Lease cannot tell.
    pub fn new(
        lease: Duration,
        renew_deadline: Duration,
        retry: Duration,
    ) -> Result<Self, BadTiming> {
        let timing = Self {
            lease,
            renew_deadline,
            retry,
        };
        match timing {
            _ if lease < Duration::from_secs(1) => Err(BadTiming::ShortLease { lease }),
            _ if lease > LONGEST_LEASE => Err(BadTiming::LongLease { lease }),
            _ if renew_deadline >= lease => Err(BadTiming::Deadline {
                renew_deadline,
                lease,
            }),
            _ if retry.is_zero() => Err(BadTiming::NoRetry),
            _ if timing.longest_retry() >= renew_deadline => Err(BadTiming::Retry {
                retry,
                renew_deadline,
            }),
            valid => Ok(valid),
        }
    }

    /// Times that nobody has checked, to see what comes of them.
    #[cfg(test)]
    pub(crate) fn unchecked(lease: Duration, renew_deadline: Duration, retry: Duration) -> Self {
        Self {
            lease,
            renew_deadline,
            retry,
        }
    }

    /// How long nobody else may take the Lease.
    pub fn lease(&self) -> Duration {
        self.lease
    }

    /// How long a leader goes on without a renewal.
    pub fn renew_deadline(&self) -> Duration {
        self.renew_deadline
    }

    /// From one try to the next, without jitter.
    pub fn retry(&self) -> Duration {
        self.retry
    }

    /// When a write that was permitted has to be over.
    ///
    /// A quarter of the time between renew deadline and lease is kept free: clocks of two machines
    /// do not run at quite the same speed, and a write that is given up needs a moment to end.
    pub fn write_deadline(&self) -> Duration {
        self.lease - self.lease.saturating_sub(self.renew_deadline) / 4
    }

    /// The wait for one answer: half of the renew deadline at most, so that one that never comes
    /// leaves time for another try.
    pub fn request_timeout(&self) -> Duration {
        (self.renew_deadline / 2).min(LONGEST_REQUEST)
    }

    /// For how long a renewal tells who leads without another look: as long as the next one is only
    /// a little late.
    pub fn fresh_for(&self) -> Duration {
        (self.retry * 2).min(self.renew_deadline)
    }

    /// What is added to a pause; `random` goes from 0 to 1.
    pub fn jitter(&self, random: f64) -> Duration {
        let random = if random.is_finite() { random } else { 0.0 };
        self.retry.mul_f64(JITTER * random.clamp(0.0, 1.0))
    }

    /// The retry period with all of its jitter.
    pub fn longest_retry(&self) -> Duration {
        self.retry.saturating_add(self.jitter(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn times_of_an_interval_are_those_of_the_default_loop() {
        let timing = Timing::of_interval(300 * SECOND).unwrap();
        assert_eq!(timing.lease(), 900 * SECOND);
        assert_eq!(timing.renew_deadline(), 600 * SECOND);
        assert_eq!(timing.retry(), 5 * SECOND);
        assert_eq!(timing.write_deadline(), 825 * SECOND);
        assert_eq!(timing.request_timeout(), 10 * SECOND);
        let timing = Timing::of_interval(5 * SECOND).unwrap();
        assert_eq!(timing.retry(), 2 * SECOND);
        assert_eq!(timing.request_timeout(), 5 * SECOND);
    }

    #[test]
    fn times_of_every_interval_are_in_order() {
        for millis in [334, 500, 1_000, 7_001, 300_000, 86_400_000] {
            let timing = Timing::of_interval(Duration::from_millis(millis)).unwrap();
            let order = [
                timing.longest_retry(),
                timing.renew_deadline(),
                timing.write_deadline(),
                timing.lease(),
            ];
            assert!(order.is_sorted_by(|a, b| a < b), "{timing:?}");
            assert!(timing.request_timeout() < timing.renew_deadline());
            assert!(timing.fresh_for() < timing.renew_deadline());
        }
    }

    #[test]
    fn times_that_allow_two_leaders_are_refused() {
        let lease = 15 * SECOND;
        let cases = [
            (
                SECOND / 2,
                SECOND / 3,
                SECOND / 9,
                "a lease of 500ms is shorter than a second",
            ),
            (
                Duration::MAX,
                SECOND,
                SECOND / 9,
                "a lease of 18446744073709551615.999999999s is longer than a Lease can tell",
            ),
            (
                lease,
                lease,
                2 * SECOND,
                "the renew deadline of 15s is not shorter than the lease of 15s",
            ),
            (
                lease,
                10 * SECOND,
                9 * SECOND,
                "the retry period of 9s with its jitter is not shorter than the renew deadline of 10s",
            ),
            (
                lease,
                10 * SECOND,
                Duration::ZERO,
                "the retry period is zero",
            ),
        ];
        for (lease, deadline, retry, message) in cases {
            let refused = Timing::new(lease, deadline, retry).unwrap_err();
            assert_eq!(refused.to_string(), message);
        }
        assert!(Timing::new(lease, 10 * SECOND, 2 * SECOND).is_ok());
        assert!(Timing::of_interval(Duration::ZERO).is_err());
        assert!(Timing::of_interval(Duration::MAX).is_err());
    }

    #[test]
    fn jitter_is_at_most_its_share() {
        let timing = Timing::new(15 * SECOND, 10 * SECOND, 2 * SECOND).unwrap();
        let cases = [(0.0, 0), (0.5, 200), (1.0, 400), (9.0, 400), (f64::NAN, 0)];
        for (random, millis) in cases {
            assert_eq!(timing.jitter(random), Duration::from_millis(millis));
        }
    }
}
