//! When to ask again: after how long, and how often.

use std::time::Duration;

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// Tries of one question.
pub(super) const TRIES: u32 = 3;

/// Before the second try; doubled before each further one.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// Nobody is waited for any longer.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Whether the same question may be answered another time.
pub(super) fn is_passing(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}

/// How long to wait after the try of that number, from 0; `None` where that is too long.
pub(super) fn wait(tried: u32, asked_for: Option<Duration>) -> Option<Duration> {
    let own = FIRST_WAIT * 2_u32.saturating_pow(tried);
    let wait = asked_for.unwrap_or(own).max(FIRST_WAIT);
    (wait <= LONGEST_WAIT).then_some(wait)
}

/// `Retry-After`, in seconds or as a time by the server's own clock.
pub(super) fn asked_for(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok();
    let after = text(RETRY_AFTER)?.trim();
    if let Ok(seconds) = after.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let wait = time(after)?.duration_since(time(text(DATE)?)?);
    Some(Duration::try_from(wait).unwrap_or_default())
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
fn time(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_the_one_before_or_what_was_asked_for() {
        let seconds = Duration::from_secs;
        assert_eq!(wait(0, None), Some(FIRST_WAIT));
        assert_eq!(wait(1, None), Some(seconds(1)));
        assert_eq!(wait(0, Some(seconds(7))), Some(seconds(7)));
        assert_eq!(wait(0, Some(Duration::ZERO)), Some(FIRST_WAIT));
        assert_eq!(wait(0, Some(seconds(3600))), None);
    }

    #[test]
    fn a_server_says_when_to_come_again() {
        let now = "Sun, 06 Nov 1994 08:49:37 GMT";
        let later = "Sun, 06 Nov 1994 08:49:47 GMT";
        for (after, date, expected) in [
            ("5", None, Some(5)),
            (later, Some(now), Some(10)),
            (now, Some(later), Some(0)),
            (later, None, None),
            ("soon", Some(now), None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, after.parse().unwrap());
            if let Some(date) = date {
                headers.insert(DATE, date.parse().unwrap());
            }
            assert_eq!(
                asked_for(&headers),
                expected.map(Duration::from_secs),
                "{after}"
            );
        }
        assert_eq!(asked_for(&HeaderMap::new()), None);
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for (status, expected) in [
            (429, true),
            (500, true),
            (529, true),
            (400, false),
            (401, false),
        ] {
            assert_eq!(is_passing(StatusCode::from_u16(status).unwrap()), expected);
        }
    }
}
