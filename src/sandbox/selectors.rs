//! Label selectors and field selectors as the API server reads, refuses and evaluates them.
//!
//! `cluster::selector` reads what a server has already accepted; here belong the messages for what
//! it does not accept, validation, and the comparisons `>` and `<`.

mod fields;
mod labels;
mod names;
mod text;

pub(crate) use fields::FieldSelector;
pub(crate) use labels::LabelSelector;
