//! The HorizontalPodAutoscaler controller's algorithm, step by step and exactly (Kubernetes v1.36).
//!
//! Start with [`sync`]: one sync is [`sync::plan`] and, once the caller has written the count,
//! [`sync::settle`]. Metrics become proposals in [`proposal`], per-pod ones through [`tally`];
//! [`normalize`] makes a recommendation the count that is asked for. The controller's lists are
//! [`memory`], its settings [`settings`]. The time is an argument everywhere.
//!
//! [`replay`] runs the same syncs over a [`demand`] on a [`plant`] of uniform pods, in which each
//! metric has its [`input`], with the lists kept as [`recent`] and the minimum raised to a
//! [`floor`] on schedule, and gives a [`score`].
//!
//! [`keda`] is what KEDA adds: zero and idle, fallback, ScaledJobs, and replays of all that.
//!
//! Counts of pods are `i32` here and sums are 64-bit thousandths that wrap, as the controller
//! reckons: a replay is to repeat its mistakes too.

pub mod condition;
mod controller;
pub mod demand;
pub mod flags;
pub mod floor;
pub mod grouping;
pub mod input;
pub mod keda;
pub mod limits;
pub mod memory;
mod meter;
pub mod normalize;
pub mod numbers;
pub mod plant;
pub mod pod;
pub mod proposal;
pub mod recent;
pub mod replay;
pub mod requests;
pub mod score;
pub mod settings;
pub mod stabilize;
pub mod sync;
pub mod tally;
pub mod totals;
