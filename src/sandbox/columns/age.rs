//! Ages as columns have them.

use jiff::Timestamp;

use crate::units::Age;

/// How long ago the moment was.
pub(crate) fn since(moment: Timestamp, now: Timestamp) -> String {
    Age(now.duration_since(moment)).to_string()
}
