//! What must never be told: credentials in command lines, in messages, in logs and in objects.
//!
//! Rather too much is left out than too little: a name alone makes its value a secret. Of texts,
//! [`text`](fn@text) knows the forms; of objects of Kubernetes, [`manifest`](fn@manifest) the places.
//! Names of fields, references to Secrets, and numbers stay, so that what was left out of can be
//! understood. All of it is pure, and what is left out twice stays as it was left the first time.

mod command;
mod manifest;
mod names;
mod tally;
mod text;
mod trigger;
mod value;

pub use command::command;
pub use manifest::manifest;
pub use names::{is_secret_field, is_secret_setting, is_telling_setting};
pub use tally::Tally;
pub use text::{counted, lines, text};
pub(crate) use value::hide;
pub use value::object;

/// What stands where a secret was.
pub const REDACTED: &str = "REDACTED";

#[cfg(test)]
mod tests;
