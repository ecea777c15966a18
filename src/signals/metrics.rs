//! Counts and gauges, as Prometheus reads them.
//!
//! One file for each theme; a method for each thing that can happen. Names, labels and meanings are
//! listed in `docs/signals.md`, which a test compares with the page. Labels are words of this module
//! wherever possible, and all of these series exist from the start, so that a rate over the first
//! error is one; what the cluster names is bounded in number.

mod known;
mod labels;
mod records;
mod resources;
mod sources;
mod text;
mod work;

use std::sync::Arc;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

pub use labels::{
    Action, Basis, ConfigFile, Delivery, Outcome, Pass, QueryError, RequestError, Verb, Verdict,
};
pub use records::{Probation, Saving};
pub use sources::Query;
pub use text::{Form, page};

/// Before every name, except those that all programs share.
const PREFIX: &str = "stepscale";

/// All metrics of a process. A clone counts into the same ones.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    work: work::Work,
    records: records::Records,
    sources: sources::Sources,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Metrics that have counted nothing.
    pub fn new() -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(resources::Resources));
        let ours = registry.sub_registry_with_prefix(PREFIX);
        let build = [
            ("version", env!("CARGO_PKG_VERSION")),
            ("os", std::env::consts::OS),
            ("arch", std::env::consts::ARCH),
        ];
        let meaning = "The program that tells all of this";
        ours.register("build", meaning, Info::new(build));
        let work = work::Work::register(ours);
        let records = records::Records::register(ours);
        let sources = sources::Sources::register(ours);
        Self(Arc::new(Inner {
            registry,
            work,
            records,
            sources,
        }))
    }

    /// The whole page as OpenMetrics text.
    pub(crate) fn open_metrics(&self) -> String {
        let mut text = String::new();
        // Writing to a string fails only where an encoder does, and all are of this module.
        let _ = encode(&mut text, &self.0.registry);
        text
    }
}

#[cfg(test)]
mod tests;
