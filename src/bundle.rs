//! Support bundles: one archive with all that somebody else needs to understand a cluster's
//! autoscalers, without its secrets.
//!
//! [`Draft`] writes one, in the layout of must-gather, and leaves secrets out of whatever it is given
//! ([`crate::redact`]); [`read`](fn@read) gives back what a lint looks at. The snapshot inside is read by
//! [`crate::metrics::snapshot`], as any other. [`layout`] has all paths, [`manifest`] what the bundle says
//! of itself. Nothing here asks a cluster. `docs/gather.md` is for users.

pub mod events;
mod layout;
pub mod manifest;
mod read;
mod write;

pub use read::{Content, Error as ReadError, read};
pub use write::Draft;

#[cfg(test)]
mod tests;
