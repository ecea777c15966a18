//! What a long-running process tells of itself: metrics and probes.
//!
//! Nothing here decides anything, and nothing here reads a setting: whoever runs the loop makes a
//! [`Metrics`] and a [`Health`], tells both what happens, and hands them to [`serve::Server`].
//! Both are cheap to clone and neither blocks.

pub mod metrics;
pub mod serve;

pub use metrics::Metrics;
pub use serve::Health;
