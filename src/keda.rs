//! KEDA: what scales a workload from and to zero by events.

pub mod trigger;
