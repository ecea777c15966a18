//! What KEDA's operator does with a ScaledObject and a ScaledJob, step by step and exactly
//! (main of August 2026, the same as 2.20.2 where nothing else is said).
//!
//! A ScaledObject: its triggers are read ([`source`]), failures are counted and replaced
//! ([`fallback`]), the whole is active or not ([`state`]), and one [`pass`] of the scale loop
//! decides between zero or idle and the minimum; everything above is left to an HPA. [`replay`]
//! runs both over the history of the triggers. A ScaledJob is in [`job`].
//!
//! How triggers get their values, how formulas are computed and what is admitted is not here: a
//! value, a function and sound settings come in. The time is an argument everywhere.

pub mod annotations;
pub mod condition;
pub mod fallback;
pub mod formula;
pub mod hpa;
pub mod job;
pub mod need;
pub mod pass;
pub mod replay;
pub mod score;
pub mod settings;
pub mod source;
pub mod state;
pub mod status;
pub mod trigger;
