//! The integration tests, in one binary since linking several takes longer than running them; a
//! module for each theme.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod architecture;
mod help;
mod history;
mod rig;
mod usage;
