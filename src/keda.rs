//! KEDA's objects and rules as plain values: what an object says, what KEDA would refuse, the HPA
//! that KEDA would make of it, and what its formula gives.
//!
//! The facts are those of KEDA 2.20 and of its main branch of August 2026; where a comment says
//! "KEDA" without a version, both agree. Nothing here asks a cluster: objects come in as JSON or
//! as values made of it, and what is known of the namespace comes with them.
//!
//! Start at [`objects`], which reads; [`admission`] judges what was read, and [`hpa`] foretells.

pub mod admission;
pub mod formula;
pub mod hpa;
pub mod objects;
pub mod trigger;
