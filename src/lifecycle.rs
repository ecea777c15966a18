//! What becomes of a recommendation: approved, applied, verified or taken back. Pure: what is read
//! and written, and when, comes from outside as values.
//!
//! A [`record::Record`] is one recommendation with its story, kept as a ScalingRecommendation
//! object, see [`form`]. [`step`] is the whole state machine: it takes a record and an [`Event`]
//! and gives the record as it is from then on, with the [`Effect`]s to carry out. Every effect may
//! be carried out again after a crash.
//!
//! What a write to the target is made of: [`settings`] says which fields a change sets, [`changes`]
//! what they were and become and how that is taken back, [`journal`] keeps it on the target,
//! [`owners`] tells whose fields they are, and [`guard`] when nothing may be written. [`saving`] tells
//! what it is all for. [`schedule`] keeps more replicas while a window of time is open. [`pause`] holds
//! an autoscaler for a while, without any recommendation.

pub mod changes;
pub mod diff;
pub mod form;
pub mod guard;
pub mod journal;
pub mod owners;
pub mod pause;
pub mod phase;
pub mod record;
pub mod saving;
pub mod schedule;
pub mod settings;
pub mod slo;
pub mod step;

/// The field manager of everything that is written from a command line.
pub const MANAGER: &str = "kubectl-stepscale";
/// That of everything that `watch` writes.
pub const WATCH_MANAGER: &str = "stepscale-watch";

pub use phase::Phase;
pub use record::Record;
pub use step::{Effect, Event, NotNow, Step};
