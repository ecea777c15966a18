//! From history and settings to findings and recommendations. Pure: the same history, settings
//! and time give the same answer, byte for byte.

pub mod assessment;
pub mod findings;
