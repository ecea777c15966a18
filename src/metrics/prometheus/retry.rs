//! How often and after which time a request is tried again.

use std::time::Duration;

use super::error::Error;

/// Waits between tries: doubled from `first` up to `longest`, without chance, so that two runs
/// behave alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first try included.
    pub tries: u32,
    pub first: Duration,
    pub longest: Duration,
}

impl Default for Backoff {
    /// Four tries within four seconds: long enough for a busy server or a restarted proxy, short
    /// enough to hear of a dead one.
    fn default() -> Self {
        Self {
            tries: 4,
            first: Duration::from_millis(500),
            longest: Duration::from_secs(30),
        }
    }
}

/// A request that uses up the whole timeout twice will do so again: the query is too heavy.
const TRIES_AFTER_TIMEOUT: u32 = 2;

impl Backoff {
    /// How long to wait after try number `done`, which ended in `error`; `None` to give up.
    ///
    /// A server that says how long is heeded, up to `longest`. `answered`: whether this server
    /// has answered any request before.
    pub(super) fn wait(self, done: u32, error: &Error, answered: bool) -> Option<Duration> {
        let (tries, asked) = match error {
            Error::Timeout { .. } => (self.tries.min(TRIES_AFTER_TIMEOUT), None),
            Error::Unavailable { retry_after, .. } => (self.tries, *retry_after),
            _ => (self.tries, None),
        };
        if done >= tries || !error.is_passing(answered) {
            return None;
        }
        let doubled = self
            .first
            .saturating_mul(2_u32.saturating_pow(done.saturating_sub(1)));
        Some(asked.unwrap_or(doubled).min(self.longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::prometheus::error::Reach;

    fn unavailable(retry_after: Option<u64>) -> Error {
        Error::Unavailable {
            url: String::new(),
            status: 429,
            message: String::new(),
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    fn unreachable(problem: Reach) -> Error {
        Error::Unreachable {
            url: String::new(),
            problem,
            source: None,
        }
    }

    #[test]
    fn waits_double_until_the_tries_are_used_up() {
        let waits: Vec<_> = (1..=4)
            .map(|done| Backoff::default().wait(done, &unavailable(None), true))
            .collect();
        let expected = [Some(500), Some(1000), Some(2000), None];
        assert_eq!(waits, expected.map(|it| it.map(Duration::from_millis)));
    }

    #[test]
    fn the_server_says_how_long_within_reason() {
        let wait = |seconds| Backoff::default().wait(1, &unavailable(Some(seconds)), true);
        assert_eq!(wait(7), Some(Duration::from_secs(7)));
        assert_eq!(wait(86_400), Some(Duration::from_secs(30)));
        assert_eq!(wait(0), Some(Duration::ZERO));
    }

    #[test]
    fn a_timeout_is_tried_once_more() {
        let timeout = Error::Timeout {
            url: String::new(),
            after: Duration::from_secs(1),
        };
        assert!(Backoff::default().wait(1, &timeout, true).is_some());
        assert_eq!(Backoff::default().wait(2, &timeout, true), None);
    }

    #[test]
    fn a_refused_connection_is_tried_again_only_where_one_succeeded() {
        let refused = unreachable(Reach::Refused);
        assert_eq!(Backoff::default().wait(1, &refused, false), None);
        assert!(Backoff::default().wait(1, &refused, true).is_some());
        let reset = unreachable(Reach::Reset);
        assert!(Backoff::default().wait(1, &reset, false).is_some());
    }

    #[test]
    fn what_will_not_change_is_not_tried_again() {
        let too_much = Error::TooMuch {
            url: String::new(),
            message: String::new(),
        };
        assert_eq!(Backoff::default().wait(1, &too_much, true), None);
    }
}
