//! The kinds that every cluster has.

use super::Kind;

/// All of them, in the order in which discovery lists them.
pub(crate) fn all() -> Vec<Kind> {
    vec![]
}
