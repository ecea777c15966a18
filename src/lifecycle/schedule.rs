//! Carrying out the schedule of a change that is in force.
//!
//! KEDA keeps times itself: a ScaledObject gets a `cron` trigger for each window, see [`triggers`].
//! An HPA has no such thing, so that somebody has to raise its minimum when a window opens and give it
//! back when the window is over: [`carry`] says what is to be done at a time, from the plan and the
//! autoscaler as it is, and nothing else. What is raised is told by an annotation that is written in
//! the same step, see [`floor`], and kept in the record too, as [`Carried`]: whoever comes later needs
//! one of both. [`peak`] knows whether what a window is for is there.

pub mod carry;
pub mod floor;
mod notes;
pub mod patch;
pub mod peak;
pub mod review;
pub mod triggers;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::journal::{self, Journal};
use super::record::Proposal;
use crate::autoscaler::AutoscalerKind;
use crate::schedule::Plan;
use floor::Floor;
pub use notes::{in_force, losses, notes};
use review::Review;

/// The schedule of a change that is in force, and how it is carried out: `status.schedule`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Carried {
    /// What is in force, whatever has been proposed since.
    pub windows: Plan,
    pub state: State,
    /// Why it is so, for people.
    pub detail: String,
    /// When the state became this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// What is held on an HPA now, as its annotation says, which somebody may take away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<Floor>,
    /// A write that was begun and of whose end nothing is known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Attempt>,
    /// Looks in a row, within the middle of windows, at which the peak was not there.
    #[serde(default)]
    pub idle: u32,
    /// Nothing is written before then, since others have set the minimum within a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_until: Option<Timestamp>,
    /// What analyses say of it; `None` before the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
}

/// How a schedule stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// No window is open.
    Waiting,
    /// The floor of a window is in effect: `status.scheduleActive`.
    Open,
    /// A window is open, and its floor must not be written.
    Withheld,
    /// A window is open, and others have set the minimum since.
    Left,
    /// The peak did not come, so that no window is kept any more.
    Retracted,
}

impl State {
    pub const ALL: [Self; 5] = [
        Self::Waiting,
        Self::Open,
        Self::Withheld,
        Self::Left,
        Self::Retracted,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Open => "open",
            Self::Withheld => "withheld",
            Self::Left => "left",
            Self::Retracted => "retracted",
        }
    }

    /// A word for machines, as conditions and Events have it.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Waiting => "WindowClosed",
            Self::Open => "WindowOpen",
            Self::Withheld => "FloorWithheld",
            Self::Left => "FloorLeft",
            Self::Retracted => "ScheduleRetracted",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A write for a schedule that was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// Of a raise, that of its [`Floor`].
    pub id: String,
    pub what: Write,
    pub by: String,
    pub at: Timestamp,
}

/// What is written to an autoscaler for its schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Write {
    /// The minimum becomes the floor of a window.
    Raise,
    /// It is given back, or left as others have set it.
    Restore,
    /// All of the schedule is taken away.
    Retract,
}

impl Carried {
    /// A schedule that has just been put in force, with what an earlier one holds still.
    pub fn begun(windows: Plan, floor: Option<Floor>) -> Self {
        Self {
            windows,
            state: State::Waiting,
            detail: "in force, not looked at yet".to_owned(),
            since: None,
            floor,
            attempt: None,
            idle: 0,
            left_until: None,
            review: None,
        }
    }

    /// Whether the floor of a window is in effect.
    pub fn is_active(&self) -> bool {
        self.state == State::Open
    }
}

/// Why a schedule cannot be carried out on an autoscaler.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("window {index} of its schedule cannot be read: {why}")]
    Unreadable { index: usize, why: String },
    #[error("a ScaledJob has no replicas that a schedule could keep")]
    NoReplicas,
    /// KEDA's triggers end by a cron of their own.
    #[error(
        "no cron says when the window that begins at `{start}` ends, which KEDA has to be told"
    )]
    NoEnd { start: String },
    #[error("its formula decides alone, so that a cron trigger would change nothing")]
    Formula,
}

impl Proposal {
    /// What its schedule means.
    ///
    /// # Errors
    /// Where a window is none.
    pub fn plan(&self) -> Result<Plan, Unfit> {
        let read = |(index, window): (usize, &Value)| {
            let why = |it: serde_json::Error| it.to_string();
            let read = serde_json::from_value(window.clone()).map_err(why);
            read.map_err(|why| Unfit::Unreadable { index, why })
        };
        let windows = self.schedule.iter().enumerate().map(read);
        Ok(Plan::new(windows.collect::<Result<_, _>>()?))
    }

    /// Its settings and windows in one line: `min 6→2, at least 8 replicas from
    /// `45 7 * * 1-5` (Europe/Berlin) for 120 min`; `no schedule any more` where it ends one.
    pub fn one_line(&self) -> String {
        let settings = self.diff.iter().map(ToString::to_string);
        settings
            .chain(self.windows())
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// Whether a schedule that is in force is to go, and none to come.
    pub fn ends_schedule(&self) -> bool {
        self.schedule.is_empty() && !self.schedule_before.is_empty()
    }

    /// Its windows, each in words, or that those in force are to end.
    pub fn windows(&self) -> Vec<String> {
        let ends = self.ends_schedule().then(|| NONE_ANY_MORE.to_owned());
        self.schedule.iter().map(in_words).chain(ends).collect()
    }
}

/// In place of windows, where there are to be none.
pub const NONE_ANY_MORE: &str = "no schedule any more";

fn in_words(window: &Value) -> String {
    let text = |key: &str| match &window[key] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let zone = match window["timeZone"].as_str() {
        Some(zone) => zone,
        None => crate::schedule::NO_ZONE,
    };
    format!(
        "at least {} replicas from `{}` ({zone}) for {} min",
        text("minReplicas"),
        text("startCron"),
        text("durationMinutes")
    )
}

/// Why the schedule of a proposal cannot be carried out on `live`.
///
/// # Errors
/// Any [`Unfit`].
pub fn check(proposal: &Proposal, kind: AutoscalerKind, live: &Value) -> Result<(), Unfit> {
    let plan = proposal.plan()?;
    if plan.is_empty() {
        return Ok(());
    }
    match kind {
        AutoscalerKind::HorizontalPodAutoscaler => Ok(()),
        AutoscalerKind::ScaledObject => triggers::made(&plan, live).map(|_| ()),
        AutoscalerKind::ScaledJob => Err(Unfit::NoReplicas),
    }
}

/// What of a schedule an object shows, besides what it is without one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// What takes it away, in this order, as operations of a JSON patch (RFC 6902). The journal stays.
    pub operations: Vec<Value>,
    /// The object then; its annotations may say still what was held.
    pub without: Value,
}

/// What of a schedule `live` shows, whichever recommendation it is of.
///
/// Of an HPA a floor as long as its minimum is still the one that was written, and only then; a
/// `known` one counts where the annotation is gone. Of a ScaledObject its marked triggers.
pub fn shown(live: &Value, kind: AutoscalerKind, known: Option<&Floor>) -> Shown {
    let mut without = live.clone();
    let operations = match kind {
        AutoscalerKind::HorizontalPodAutoscaler => {
            let floor = Floor::of(live).ok().flatten();
            let floor = floor.as_ref().or(known).filter(|it| it.holds(live));
            floor.map(Floor::given_back)
        }
        AutoscalerKind::ScaledObject => triggers::taken_away(live),
        AutoscalerKind::ScaledJob => None,
    };
    let operations: Vec<Value> = operations.into_iter().collect();
    for operation in &operations {
        let place = operation["path"]
            .as_str()
            .and_then(|it| without.pointer_mut(it));
        if let Some(place) = place {
            *place = operation["value"].clone();
        }
    }
    Shown {
        operations,
        without,
    }
}

/// `live` as it would be without any schedule.
pub fn without(live: &Value, kind: AutoscalerKind) -> Value {
    shown(live, kind, None).without
}

/// The journal of `live` without its schedule; `None` where there is none, or nothing would be left
/// in it.
///
/// # Errors
/// Where the annotation cannot be read.
pub fn journal_without(live: &Value) -> Result<Option<Journal>, journal::Unreadable> {
    let journal = Journal::of(live)?;
    let journal = journal.filter(|it| !it.changes.is_empty());
    Ok(journal.map(|it| Journal {
        schedule: Plan::default(),
        losses: None,
        ..it
    }))
}

#[cfg(test)]
mod tests;
