//! The sources of KEDA's triggers, asked now: what a trigger measures and which way it was asked.
//!
//! Settings come from [`crate::keda::trigger`], which also says what an answer means. A source may
//! be down, slow, or answer anything: each ends with a value or with an [`Error`] within its time.
//! Nothing that may be a credential is in an error, not even where a server sends it back.

mod error;
pub mod kafka;
pub mod lag;
pub mod prometheus;
mod redact;

pub use error::{Error, innermost};
pub use prometheus::{Answered, Proxy, Via};
