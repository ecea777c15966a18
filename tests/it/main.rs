//! The integration tests, in one binary since linking several takes longer than running them; a
//! module for each theme.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod architecture;
mod audit;
mod bad_input;
mod bundle;
mod completion;
mod conformance;
mod demo;
mod docs;
mod doctor;
mod example;
mod explain;
mod follow;
mod forecasts;
mod gate;
mod gather;
mod golden;
mod help;
mod history;
mod history_cache;
mod image;
mod in_place;
mod install;
mod interrupt;
mod inventory;
#[cfg(feature = "kafka")]
mod kafka_lag;
mod keda_rules;
mod keda_vectors;
mod kubectl;
mod kubectl_session;
mod leader;
mod lifecycle;
mod lint;
mod llm;
mod metrics_api;
mod opencost;
mod outputs;
mod packaging;
mod picker;
mod queries;
mod reports;
mod rig;
mod schemas;
mod secrets;
mod signals;
mod simulate;
mod traces;
mod triggers;
mod twin;
mod usage;
mod version;
