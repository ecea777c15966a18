//! What analyses say of the schedule that is in force: `status.schedule.review`.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::analysis::review::Standing;
use crate::schedule::{Losses, Plan};

/// New numbers for the same standing come with every analysis, and are kept once in so long.
const KEPT_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// What the last analyses found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    pub standing: Standing,
    /// Why, for people.
    pub detail: String,
    /// The error of the forecast that the schedule was chosen with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chosen: Option<Losses>,
    /// The error of the forecast that was made at `at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<Losses>,
    /// When the standing became this one.
    pub since: Timestamp,
    /// When it was looked at with these numbers.
    pub at: Timestamp,
}

/// A look of one analysis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The windows that were looked at.
    pub windows: Plan,
    pub standing: Standing,
    pub detail: String,
    pub chosen: Option<Losses>,
    pub now: Option<Losses>,
}

/// What is kept after a look at `at`, and whether the standing is news; `None` where all stays as it is.
pub fn after(before: Option<&Review>, look: Look, at: Timestamp) -> Option<(Review, bool)> {
    let same = before.filter(|it| it.standing == look.standing);
    if same.is_some_and(|it| at.duration_since(it.at) < KEPT_EVERY) {
        return None;
    }
    // That nothing speaks against a new schedule is what everybody expects.
    let is_news = same.is_none() && (before.is_some() || look.standing != Standing::Steady);
    let review = Review {
        standing: look.standing,
        detail: look.detail,
        chosen: look.chosen,
        now: look.now,
        since: same.map_or(at, |it| it.since),
        at,
    };
    Some((review, is_news))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn look(standing: Standing) -> Look {
        Look {
            windows: Plan::default(),
            standing,
            detail: standing.to_string(),
            chosen: None,
            now: None,
        }
    }

    fn hours(hours: i64) -> Timestamp {
        START + SignedDuration::from_hours(hours)
    }

    #[test]
    fn a_standing_is_told_once_and_its_numbers_are_kept_once_a_day() {
        let (steady, is_news) = after(None, look(Standing::Steady), START).unwrap();
        assert!(!is_news);
        assert_eq!(
            after(Some(&steady), look(Standing::Steady), hours(23)),
            None
        );
        let (later, is_news) = after(Some(&steady), look(Standing::Steady), hours(24)).unwrap();
        assert_eq!((later.since, later.at, is_news), (START, hours(24), false));
        let (kept, is_news) = after(Some(&later), look(Standing::Kept), hours(25)).unwrap();
        assert_eq!((kept.since, kept.at, is_news), (hours(25), hours(25), true));
        let (back, is_news) = after(Some(&kept), look(Standing::Steady), hours(26)).unwrap();
        assert_eq!((back.standing, is_news), (Standing::Steady, true));
        let (first, is_news) = after(None, look(Standing::Obsolete), START).unwrap();
        assert_eq!((first.standing, is_news), (Standing::Obsolete, true));
    }
}
