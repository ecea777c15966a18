//! Pausing an autoscaler and resuming it: which fields that sets, when it must not be, and how it is
//! taken back.
//!
//! KEDA's objects are paused by the annotations that KEDA reads, a plain HPA by its own fields. What
//! was there before is kept with the object, in a [`Note`] that is written in the same step: whoever
//! finds it can resume. [`plan`] says what a pause writes, [`resumption`] what takes it back,
//! [`effect`] whether the controller has heard of it, and [`forgotten`] whether it goes on for longer
//! than was meant.

pub mod effect;
mod forgotten;
mod note;
mod plan;
mod resumption;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use crate::units::Replicas;
pub use forgotten::{Forgotten, forgotten};
pub use note::{ANNOTATION, Note, Unreadable};
pub use plan::{Earlier, Plan, Refusal, earlier, noted, plan, renewed, sent};
pub use resumption::{NotResumed, Resumption, resumption, without};

/// What may be paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    HorizontalPodAutoscaler,
    ScaledObject,
    ScaledJob,
}

impl Kind {
    pub const ALL: [Self; 3] = [
        Self::HorizontalPodAutoscaler,
        Self::ScaledObject,
        Self::ScaledJob,
    ];

    /// The short name of kubectl: `so`.
    pub fn short(self) -> &'static str {
        match self {
            Self::HorizontalPodAutoscaler => "hpa",
            Self::ScaledObject => "so",
            Self::ScaledJob => "sj",
        }
    }

    /// The name with its group, as `kubectl get -o name` prints it.
    pub fn qualified(self) -> &'static str {
        match self {
            Self::HorizontalPodAutoscaler => "horizontalpodautoscaler.autoscaling",
            Self::ScaledObject => "scaledobject.keda.sh",
            Self::ScaledJob => "scaledjob.keda.sh",
        }
    }

    /// Whether KEDA reads its annotations.
    pub fn is_of_keda(self) -> bool {
        match self {
            Self::HorizontalPodAutoscaler => false,
            Self::ScaledObject | Self::ScaledJob => true,
        }
    }
}

impl FromStr for Kind {
    type Err = ();

    /// Reads what kubectl accepts before a slash, in any case of letters: `so`, `scaledobjects`,
    /// `scaledobjects.keda.sh`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let lower = text.to_ascii_lowercase();
        let is_meant = |it: &&Self| {
            let qualified = it.qualified();
            let (singular, group) = qualified.split_once('.').unwrap_or((qualified, ""));
            let plural = format!("{singular}s");
            [it.short(), singular, &plural, qualified].contains(&lower.as_str())
                || lower == format!("{plural}.{group}")
        };
        Self::ALL.iter().find(is_meant).copied().ok_or(())
    }
}

/// An autoscaler by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    pub kind: Kind,
    pub namespace: String,
    pub name: String,
}

impl fmt::Display for Id {
    /// `so/orders in namespace shop`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, name) = (self.kind.short(), &self.name);
        write!(f, "{kind}/{name} in namespace {}", self.namespace)
    }
}

/// How much of it is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Nothing scales; the replicas stay what they are.
    Whole,
    /// Nothing scales; the replicas are set to this.
    At(Replicas),
    /// No pods are taken away.
    ScaleIn,
    /// No pods are added.
    ScaleOut,
}

impl fmt::Display for Way {
    /// `scale-in`, or `at 3 replicas`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("all scaling"),
            Self::At(replicas) => write!(f, "at {replicas} replicas"),
            Self::ScaleIn => f.write_str("scale-in"),
            Self::ScaleOut => f.write_str("scale-out"),
        }
    }
}

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub way: Way,
    /// `None` until somebody resumes it.
    pub until: Option<Timestamp>,
    /// Empty where none was given.
    pub reason: String,
    pub by: String,
    pub at: Timestamp,
    /// Whether owners are overruled.
    pub forced: bool,
}
