//! Windows of time, again and again, in which more replicas are kept.
//!
//! A window begins at a time of the wall clock of its zone, and lasts for minutes as they pass. So
//! one of two hours lasts two hours also in the night in which the clock changes, and one that
//! would begin in the hour that is skipped does not come that day.

mod clock;
mod losses;
#[cfg(test)]
mod tests;
mod told;

use std::hash::{Hash, Hasher};

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::keda::trigger::cron::{Schedule, Zone};
use crate::units::Replicas;
pub use clock::{hours, weekdays};
pub use losses::Losses;
pub use told::Hours;

/// No window is longer: one of a week never closes.
pub const LONGEST_MINUTES: u32 = 7 * 24 * 60;

/// Begins the names of the triggers that carry out a window for KEDA, which says whose they are.
pub const TRIGGER: &str = "stepscale-window-";

/// Where nothing is said of a zone.
pub const NO_ZONE: &str = "Etc/UTC";

/// A window as `spec.schedule` of a ScalingRecommendation has it.
#[derive(
    Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct Written {
    /// When it begins, in five fields of cron: minute, hour, day of month, month, day of week.
    pub start_cron: String,
    /// How long it lasts.
    pub duration_minutes: u32,
    /// The least number of replicas while it is open.
    pub min_replicas: u32,
    /// The zone of the start, a name of the IANA database.
    #[serde(default = "no_zone")]
    pub time_zone: String,
}

fn no_zone() -> String {
    NO_ZONE.to_owned()
}

/// Why something written is no window.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadWindow {
    #[error("`{text}` is no start of a window: {why}")]
    Start { text: String, why: String },
    #[error("a window of {minutes} minutes is not from 1 to {LONGEST_MINUTES}")]
    Minutes { minutes: u32 },
    #[error("a window that keeps no replica changes nothing")]
    NoReplicas,
    #[error("no time zone is called `{name}`; write a name such as Europe/Berlin or Etc/UTC")]
    Zone { name: String },
}

/// A time that comes again and again, in which no fewer replicas are kept.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Written", into = "Written")]
#[schemars(with = "Written")]
pub struct Window {
    written: Written,
    start: Schedule,
    zone: Zone,
}

/// One coming of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    /// It is open from then on.
    pub start: Timestamp,
    /// It is no longer open then.
    pub end: Timestamp,
}

impl TryFrom<Written> for Window {
    type Error = BadWindow;

    fn try_from(written: Written) -> Result<Self, BadWindow> {
        let Written {
            start_cron: text,
            duration_minutes: minutes,
            ..
        } = &written;
        let bad = |why: String| {
            let text = text.clone();
            BadWindow::Start { text, why }
        };
        if text.contains("TZ=") {
            return Err(bad("the time zone has a field of its own".to_owned()));
        }
        let start = Schedule::parse(text).map_err(|it| bad(it.0))?;
        if !(1..=LONGEST_MINUTES).contains(minutes) {
            return Err(BadWindow::Minutes { minutes: *minutes });
        }
        if written.min_replicas == 0 {
            return Err(BadWindow::NoReplicas);
        }
        let zone = zone(&written.time_zone)?;
        Ok(Self {
            written,
            start,
            zone,
        })
    }
}

/// The zone of that name; what KEDA takes for one and nobody else does is none.
fn zone(name: &str) -> Result<Zone, BadWindow> {
    let found = Zone::named(name).ok();
    let known = found.filter(|_| !matches!(name, "" | "Local"));
    known.ok_or_else(|| BadWindow::Zone {
        name: name.to_owned(),
    })
}

impl From<Window> for Written {
    fn from(window: Window) -> Self {
        window.written
    }
}

impl PartialEq for Window {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for Window {}

impl Hash for Window {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.written.hash(state);
    }
}

impl Window {
    /// As it is written.
    pub fn written(&self) -> &Written {
        &self.written
    }

    /// The least number of replicas while it is open.
    pub fn min(&self) -> Replicas {
        Replicas(self.written.min_replicas)
    }

    /// How long it is open.
    pub fn length(&self) -> SignedDuration {
        SignedDuration::from_mins(self.written.duration_minutes.into())
    }

    /// Whether it begins in several hours of a day.
    pub fn is_hourly(&self) -> bool {
        self.start.hours().iter().filter(|it| **it).count() > 1
    }

    /// Its coming that is open at `now`; the latest where it comes again before it is over.
    pub fn open(&self, now: Timestamp) -> Option<Open> {
        let length = self.length();
        // A start is looked for strictly after a time, and one `length` ago is over.
        let mut start = self.next_start(now.checked_sub(length).ok()?)?;
        if start > now {
            return None;
        }
        while let Some(next) = self.next_start(start).filter(|it| *it <= now) {
            start = next;
        }
        let end = start.checked_add(length).ok()?;
        Some(Open { start, end })
    }

    /// When it begins next, strictly after `now`; `None` if not within five years.
    pub fn next_start(&self, now: Timestamp) -> Option<Timestamp> {
        self.start.next(now, &self.zone)
    }

    /// When it may open or close next, strictly after `now`.
    fn next_turn(&self, now: Timestamp) -> Option<Timestamp> {
        let end = self.open(now).map(|it| it.end);
        [self.next_start(now), end].into_iter().flatten().min()
    }

    /// The start of a window that begins so many minutes later by the wall clock, where five fields say
    /// it as for [`end_cron`](Self::end_cron).
    pub fn start_after(&self, minutes: u32) -> Option<String> {
        clock::Clock::of(&self.start)?.after(minutes)
    }

    /// When it ends, as KEDA's `cron` trigger and a CronJob take it: by the wall clock, which on a day
    /// of a clock change is an hour from its end here. `None` where no five fields say it: where it
    /// starts at several minutes of an hour, by days of the week and of a month at once, or again before
    /// it is over, and where only some of its comings end on the day after.
    pub fn end_cron(&self) -> Option<String> {
        self.start_after(self.written.duration_minutes)
    }
}

/// Windows, in the order in which they were written. Where several are open the one with most
/// replicas counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Plan(Vec<Window>);

impl Plan {
    /// Of these windows.
    pub fn new(windows: Vec<Window>) -> Self {
        Self(windows)
    }

    /// Its windows.
    pub fn windows(&self) -> &[Window] {
        &self.0
    }

    /// Whether there is no window.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The least number of replicas at `now`; `None` while no window is open.
    pub fn floor(&self, now: Timestamp) -> Option<Replicas> {
        let open = self.0.iter().filter(|it| it.open(now).is_some());
        open.map(Window::min).max()
    }

    /// When the floor may be another one, strictly after `now`; `None` if never.
    pub fn next_turn(&self, now: Timestamp) -> Option<Timestamp> {
        self.0.iter().filter_map(|it| it.next_turn(now)).min()
    }
}
