//! The integration tests, in one binary since linking several takes longer than running them.

mod history;
mod rig;
