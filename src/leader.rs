//! Leader election: of several processes that watch a cluster, one writes.
//!
//! Whoever holds a Lease leads. [`election`] decides, on values alone; `lease` reads and writes the
//! object; [`elect()`] is the task that does both; and [`Gate::check`] is asked right before each
//! write. [`Gate`] says what is guaranteed.

mod elect;
pub mod election;
mod gate;
mod lease;

use std::io;

use crate::audit::event::new_id;
pub use elect::{Candidate, Elected, elect};
pub use election::{BadTiming, Term, Timing};
pub use gate::{Gate, Leading, NotLeader, Permit, State, TimedOut};
pub use lease::{Error, KIND};

/// The Lease unless another one is named.
pub const LEASE_NAME: &str = "stepscale-autoscaler-leader";

/// The identity of a process: where it runs, as people know it, and what no other process has.
///
/// # Errors
/// Where the system has no randomness to give.
pub fn identity(host: &str) -> io::Result<String> {
    Ok(format!("{host}_{}", new_id()?))
}

#[cfg(test)]
mod tests;
