//! The schemas of the built-in kinds.

use std::sync::{Arc, OnceLock};

use super::Definitions;

/// Every definition that a built-in kind refers to.
pub(crate) fn definitions() -> Arc<Definitions> {
    static ALL: OnceLock<Arc<Definitions>> = OnceLock::new();
    Arc::clone(ALL.get_or_init(|| Arc::new(Definitions::new())))
}
