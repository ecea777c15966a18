//! Schedules that keep a little less than another, or a little more.

use crate::analysis::settings::Settings;
use crate::schedule::{Plan, Window, Written};

/// How much is taken off a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trim {
    /// Minutes at the start and at the end.
    pub(super) later: u32,
    pub(super) earlier: u32,
    /// What is left of the floor.
    pub(super) share: f64,
}

impl Trim {
    pub(super) const NONE: Self = Self {
        later: 0,
        earlier: 0,
        share: 1.0,
    };

    /// `settings` with all windows trimmed, or `only` one; `None` where nothing is left of one.
    pub(super) fn of(self, settings: &Settings, only: Option<usize>) -> Option<Settings> {
        let windows = settings.schedule.windows().iter().enumerate();
        let trimmed: Option<Vec<Window>> = windows
            .map(|(at, it)| match only.is_none_or(|only| only == at) {
                true => self.window(it, settings),
                false => Some(it.clone()),
            })
            .collect();
        let schedule = Plan::new(trimmed?);
        (schedule != settings.schedule).then(|| Settings {
            schedule,
            ..settings.clone()
        })
    }

    fn window(self, window: &Window, settings: &Settings) -> Option<Window> {
        let (min, max) = (settings.min_replicas.0, settings.max_replicas.0);
        let written = window.written();
        let minutes = written
            .duration_minutes
            .checked_sub(self.later + self.earlier)?;
        let floor = (f64::from(written.min_replicas) * self.share).ceil() as u32;
        let start_cron = match self.later {
            0 => written.start_cron.clone(),
            later => window.start_after(later)?,
        };
        let window = Window::try_from(Written {
            start_cron,
            duration_minutes: minutes,
            min_replicas: floor.min(max).max(min + 1),
            time_zone: written.time_zone.clone(),
        });
        window.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{Scene, plan};

    fn trimmed(trim: Trim, windows: &[(&str, u32, u32)]) -> Option<Plan> {
        let mut settings = Settings::of(&Scene::new(|_| 1.0, |_| 2.0).subject.autoscaler);
        settings.schedule = plan(windows);
        trim.of(&settings, None).map(|it| it.schedule)
    }

    #[test]
    fn windows_are_trimmed_at_either_end_and_keep_more_than_the_minimum() {
        let windows = [("45 23 * * 0-4", 120, 6)];
        let later = Trim {
            later: 30,
            ..Trim::NONE
        };
        // Past midnight it is the next day.
        assert_eq!(
            trimmed(later, &windows),
            Some(plan(&[("15 0 * * 1-5", 90, 6)]))
        );
        let earlier = Trim {
            earlier: 45,
            ..Trim::NONE
        };
        assert_eq!(
            trimmed(earlier, &windows),
            Some(plan(&[("45 23 * * 0-4", 75, 6)]))
        );
        let lower = Trim {
            share: 0.1,
            ..Trim::NONE
        };
        assert_eq!(
            trimmed(lower, &windows),
            Some(plan(&[("45 23 * * 0-4", 120, 3)]))
        );
        let all = Trim {
            earlier: 120,
            ..Trim::NONE
        };
        assert_eq!(trimmed(all, &windows), None);
        assert_eq!(trimmed(Trim::NONE, &windows), None);
    }
}
