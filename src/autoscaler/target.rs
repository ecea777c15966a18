//! Which object an autoscaler scales.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A scale target within its namespace. Sorts by namespace, name, kind.
///
/// The API version is left out on purpose: `apps/v1` and an older spelling name the same object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TargetRef {
    pub namespace: String,
    pub name: String,
    pub kind: String,
}

impl fmt::Display for TargetRef {
    /// `Deployment/web`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}
