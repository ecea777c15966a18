//! Where `analyze` and `gather` reach the outside: cluster, metrics sources, snapshots.
//!
//! Adapters know nothing of each other; what one needs from another passes through here.

use jiff::Timestamp;

use crate::analysis::assessment::Assessment;
use crate::config::{Config, GatherConfig};
use crate::error::Error;
use crate::fleet::Fleet;
use crate::metrics::Reading;
use crate::output::progress::Progress;
use crate::series::Grid;

/// The autoscalers in scope, each judged on its history.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) fleet: Fleet,
    /// In any order.
    pub(super) assessments: Vec<Assessment>,
    pub(super) reading: Reading,
    pub(super) grid: Grid,
    /// The snapshot's time, `--now`, or `now`.
    pub(super) taken_at: Timestamp,
}

/// What a snapshot that was written holds.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) autoscalers: usize,
    pub(super) reading: Option<Reading>,
}

/// Reads the fleet and judges one autoscaler after another as its history arrives.
pub(super) async fn assess(
    _config: &Config,
    _progress: &Progress,
    _now: Timestamp,
) -> Result<Gathered, Error> {
    Err(Error::NoSource { command: "analyze" })
}

/// Reads the fleet and its history into a snapshot.
pub(super) async fn write_snapshot(
    _config: &GatherConfig,
    _progress: &Progress,
    _now: Timestamp,
) -> Result<Written, Error> {
    Err(Error::NoSource { command: "gather" })
}
