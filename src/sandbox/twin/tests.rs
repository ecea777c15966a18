//! Workloads over time, and the equality of a twin with a replay.

mod autoscalers;
mod exports;
mod keda;
mod on_the_server;
mod rollouts;
mod same_as_sim;
