//! What tests run against: a synthetic fleet, a Prometheus with its history, a cluster with
//! its objects, and what must come out of them.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "support of tests, of which each uses a part"
)]

pub(crate) mod backfill;
pub(crate) mod browser;
pub(crate) mod certificates;
pub(crate) mod cluster;
pub(crate) mod control_plane;
pub(crate) mod expected;
pub(crate) mod faulty;
pub(crate) mod fleet;
pub(crate) mod kafka;
pub(crate) mod openmetrics;
pub(crate) mod process;
pub(crate) mod program;
pub(crate) mod prometheus;
pub(crate) mod protection;
mod self_test;
pub(crate) mod serve;

/// Says it past the test runner, which swallows what passing tests print through `println!`.
pub(crate) fn say(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{line}");
}
