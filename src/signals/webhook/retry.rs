//! When to try again.

use std::time::Duration;

use crate::random;

/// Waits between tries: doubled from `first` up to `longest`, each shortened by chance by up to a half,
/// so that many instances do not come back at the same moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first try included.
    pub tries: u32,
    pub first: Duration,
    pub longest: Duration,
}

impl Default for Backoff {
    /// Ten tries within about ten minutes: longer than a receiver needs to restart.
    fn default() -> Self {
        Self {
            tries: 10,
            first: Duration::from_secs(1),
            longest: Duration::from_secs(300),
        }
    }
}

impl Backoff {
    /// How long to wait after try number `done`; `None` to give up. A receiver that has `asked` for a
    /// time is heeded, up to `longest`. `chance` is from 0 to 1.
    pub(super) fn wait(self, done: u32, asked: Option<Duration>, chance: f64) -> Option<Duration> {
        if done >= self.tries {
            return None;
        }
        if let Some(asked) = asked {
            return Some(asked.min(self.longest));
        }
        let doublings = done.saturating_sub(1);
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(doublings));
        let whole = doubled.min(self.longest);
        Some(whole.mul_f64(1.0 - chance.clamp(0.0, 1.0) / 2.0))
    }
}

/// A number from 0 to 1; the middle where the system has no randomness to give.
pub(super) fn chance() -> f64 {
    random::fraction().unwrap_or(0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff {
        tries: 5,
        first: Duration::from_secs(1),
        longest: Duration::from_secs(3),
    };

    #[test]
    fn waits_double_up_to_the_longest_until_the_tries_are_used_up() {
        let waits = |chance| [1, 2, 3, 4, 5].map(|it| BACKOFF.wait(it, None, chance));
        let millis = |it: [u64; 4]| {
            let [a, b, c, d] = it.map(|it| Some(Duration::from_millis(it)));
            [a, b, c, d, None]
        };
        assert_eq!(waits(0.0), millis([1000, 2000, 3000, 3000]));
        assert_eq!(waits(1.0), millis([500, 1000, 1500, 1500]));
        assert_eq!(waits(f64::INFINITY), waits(1.0));
    }

    #[test]
    fn a_receiver_says_how_long_within_reason() {
        let asked = |seconds| BACKOFF.wait(1, Some(Duration::from_secs(seconds)), 1.0);
        assert_eq!(asked(2), Some(Duration::from_secs(2)));
        assert_eq!(asked(0), Some(Duration::ZERO));
        assert_eq!(asked(86_400), Some(Duration::from_secs(3)));
        assert_eq!(BACKOFF.wait(5, Some(Duration::ZERO), 0.0), None);
    }

    #[test]
    fn no_number_of_tries_is_too_many() {
        let endless = Backoff {
            tries: u32::MAX,
            ..BACKOFF
        };
        assert_eq!(
            endless.wait(4_000_000_000, None, 0.0),
            Some(Duration::from_secs(3))
        );
    }

    #[test]
    fn chance_is_from_zero_to_one() {
        assert!(
            (0..1000)
                .map(|_| chance())
                .all(|it| (0.0..=1.0).contains(&it))
        );
    }
}
