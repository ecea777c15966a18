//! When those will be judged of whom too little is known yet.

use jiff::{SignedDuration, Timestamp};

use super::tick::Watch;
use crate::analysis::assessment::{Assessment, Days, Outcome};

/// How often it is said again that there is too little history.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// Autoscalers whose history is too short, and when it will be long enough if nothing is missed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Warming {
    pub(super) waiting: usize,
    /// What is known of the one of which least is.
    pub(super) have: Days,
    pub(super) need: Days,
    /// When the first of them has enough.
    pub(super) first: Timestamp,
    /// When all have.
    pub(super) all: Timestamp,
}

/// How fast a history grows to which each tick adds a sample, in days a day: it counts for no more than
/// twice of what is known of it.
fn pace(step: u32, interval_seconds: u64) -> f64 {
    (2.0 * f64::from(step) / (interval_seconds.max(1) as f64)).min(1.0)
}

impl Warming {
    /// `None` where enough is known of all.
    fn of(assessments: &[Assessment], now: Timestamp, pace: f64) -> Option<Self> {
        let mut all: Option<Self> = None;
        for assessment in assessments {
            if let Outcome::NotEnoughHistory { have, need } = assessment.outcome {
                let one = Self::of_one(have, need, now, pace);
                all = Some(all.map_or(one, |it| it.and(&one)));
            }
        }
        all
    }

    fn of_one(have: Days, need: Days, now: Timestamp, pace: f64) -> Self {
        let missing = (need.0 - have.0).max(0.0) / pace;
        let length = SignedDuration::try_from_secs_f64(missing * 86_400.0);
        let at = length.ok().and_then(|it| now.checked_add(it).ok());
        // To the minute: that is as well as anybody can know it.
        let at = at.unwrap_or(Timestamp::MAX);
        let at = Timestamp::from_second(at.as_second().div_euclid(60) * 60).unwrap_or(at);
        Self {
            waiting: 1,
            have,
            need,
            first: at,
            all: at,
        }
    }

    fn and(&self, other: &Self) -> Self {
        let least = if other.have < self.have { other } else { self };
        Self {
            waiting: self.waiting + other.waiting,
            have: least.have,
            need: least.need,
            first: self.first.min(other.first),
            all: self.all.max(other.all),
        }
    }
}

impl Watch<'_> {
    /// Says when there will be enough history, where there is too little: at first, when it is so for
    /// more or for fewer than before, and once a day.
    pub(super) fn tell_warming(&mut self, assessments: &[Assessment], now: Timestamp) {
        let pace = match self.ongoing.is_sampling() {
            true => {
                let step = self.config.analysis.question.window.step.seconds();
                pace(step, self.config.interval.as_secs())
            }
            false => 1.0,
        };
        let warming = Warming::of(assessments, now, pace);
        let is_news = match (&self.warming, &warming) {
            (Some((told, at)), Some(it)) => {
                told.waiting != it.waiting || now.duration_since(*at) >= A_DAY
            }
            (told, it) => told.is_some() != it.is_some(),
        };
        if !is_news {
            return;
        }
        match &warming {
            Some(it) => tracing::info!(
                autoscalers = it.waiting,
                have_days = %it.have,
                need_days = %it.need,
                first = %it.first,
                "collecting history: enough of all of them at {} if no sample is missed",
                it.all
            ),
            None => tracing::info!("there is enough history of all autoscalers"),
        }
        self.warming = warming.map(|it| (it, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-22T12:00:30Z".parse().unwrap()
    }

    fn after(days: f64) -> Timestamp {
        let minute: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        minute + SignedDuration::from_secs((days * 86_400.0) as i64)
    }

    #[test]
    fn what_is_missing_comes_as_fast_as_it_is_sampled() {
        let of = |have, pace| Warming::of_one(Days(have), Days(7.0), now(), pace);
        assert_eq!(of(0.0, 1.0).all, after(7.0));
        assert_eq!(of(6.5, 1.0).all, after(0.5));
        assert_eq!(of(5.0, 0.5).all, after(4.0));
        // A rule that asks for more than its days does not make it earlier than now.
        assert_eq!(of(8.0, 1.0).all, after(0.0));
        let both = of(6.5, 1.0).and(&of(0.0, 1.0));
        assert_eq!((both.waiting, both.have), (2, Days(0.0)));
        assert_eq!((both.first, both.all), (after(0.5), after(7.0)));
    }

    #[test]
    fn half_of_the_samples_are_enough() {
        assert_eq!(pace(300, 300), 1.0);
        assert_eq!(pace(300, 600), 1.0);
        assert_eq!(pace(300, 1200), 0.5);
        assert_eq!(pace(300, 0), 1.0);
    }
}
