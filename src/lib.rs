//! `kubectl stepscale`: finds badly tuned Kubernetes autoscalers and proves a better setting.
//!
//! The core is pure: no clock, no files, no network, no Kubernetes client. `ARCHITECTURE.md` has
//! the map and the way of the data.

pub mod analysis;
pub mod autoscaler;
pub mod cronjobs;
pub mod doctor;
pub mod fleet;
pub mod history;
pub mod install;
pub mod keda;
pub mod license;
pub mod lifecycle;
pub mod lint;
pub mod redact;
pub mod schedule;
pub mod series;
pub mod sim;
pub mod units;
pub(crate) mod validation;

pub(crate) mod archive;
pub mod audit;
pub mod bundle;
pub(crate) mod causes;
pub mod cluster;
pub mod conduct;
pub mod leader;
pub mod llm;
pub mod metrics;
pub(crate) mod near;
pub mod opencost;
pub mod output;
pub(crate) mod random;
pub mod sandbox;
pub mod signals;
pub mod state;
pub mod store;
pub mod triggers;
pub(crate) mod web;
pub(crate) mod wire;
pub mod yaml;

pub mod cli;
pub mod config;
pub mod error;
