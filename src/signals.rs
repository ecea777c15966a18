//! What a long-running process tells of itself: metrics, probes, webhooks and log lines.
//!
//! Nothing here decides anything, and nothing here reads a setting: whoever runs the loop makes a
//! [`Metrics`] and a [`Health`], tells both what happens, and hands them to [`serve::Server`]. Changes
//! of recommendations go to a [`webhook::Webhook`]. All of them are cheap to clone and none blocks.

pub mod logging;
pub mod metrics;
pub mod serve;
pub mod webhook;

pub use metrics::Metrics;
pub use serve::Health;
