//! How long to wait before asking again.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(30);

/// Pauses that double from failure to failure. Each is drawn from the upper half, so that clients
/// who failed together do not come back together.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The next pause; no shorter than what the server asked for.
    pub(super) fn next(&mut self, asked: Option<Duration>) -> Duration {
        let doubled = 1_u32.checked_shl(self.failures.min(16)).unwrap_or(1);
        let whole = FIRST.saturating_mul(doubled).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let pause = spread(whole / 2, whole / 2);
        pause.max(asked.unwrap_or_default())
    }
}

/// Waits until what cannot be watched is to be read again.
pub(super) async fn poll(every: Duration) {
    let every = every.max(FIRST);
    tokio::time::sleep(spread(every - every / 5, every / 5)).await;
}

/// `least` and up to `more`.
pub(super) fn spread(least: Duration, more: Duration) -> Duration {
    // Without random numbers all wait as long; they are only to part.
    let number = getrandom::u32().unwrap_or(u32::MAX);
    least + more.mul_f64(f64::from(number) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit_and_begin_anew() {
        let mut backoff = Backoff::default();
        for doubled in [1, 2, 4, 8, 16, 32, 64, 128] {
            let whole = (FIRST * doubled).min(LONGEST);
            let pause = backoff.next(None);
            assert!(pause >= whole / 2 && pause <= whole, "{pause:?}");
        }
        backoff.failures = u32::MAX;
        assert!(backoff.next(None) <= LONGEST);
        backoff.reset();
        assert!(backoff.next(None) <= FIRST);
        let asked = Duration::from_secs(120);
        assert_eq!(backoff.next(Some(asked)), asked);
    }
}
