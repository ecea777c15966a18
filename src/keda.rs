//! KEDA's objects and rules as plain values.
//!
//! The facts are those of KEDA 2.20 and of its main branch of August 2026; where a comment says
//! "KEDA" without a version, both agree. Nothing here asks a cluster: objects come in as JSON or
//! as values made of it, and what is known of the namespace comes with them.

pub mod admission;
pub mod environment;
pub mod evaluation;
pub mod formula;
pub mod hpa;
pub mod objects;
pub mod predictive;
pub mod trigger;
