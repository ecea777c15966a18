//! A cluster in memory: an honest Kubernetes API server and a twin that runs workloads under load.
//!
//! Start reading at [`kinds`], which says what is served, and [`schema`], which says what its
//! fields are. What is not here: persistence, nodes that run anything, and a network of pods.

mod access;
mod api;
mod apply;
mod clock;
mod cluster;
mod columns;
mod crd;
mod cycle;
mod discovery;
mod faults;
mod fleet;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod history;
mod kinds;
mod kubeconfig;
mod openapi;
mod patch;
mod protobuf;
mod query;
mod registry;
mod rules;
mod schema;
mod seed;
mod selectors;
mod server;
mod status;
mod store;
mod table;
mod twin;
mod webhook;

#[cfg(test)]
pub(crate) use cluster::in_memory::{InMemory, Written};
pub use cluster::{Account, Error, Options, Sandbox, Upstream};
pub use faults::Plan as Faults;
pub use seed::Seed;
pub use twin::keda::feed::TriggerTrace;
