//! What is said of the schedule that is in force, as the report tells it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::analysis::review::{Review, Standing};
use crate::schedule::{Losses, Plan};

/// Whether the schedule that is in force does still what it was chosen for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reviewed {
    pub standing: Standing,
    /// Why, for people.
    pub detail: String,
    /// The error of the forecast that it was chosen with; absent where that was not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chosen: Option<Losses>,
    /// The error of a forecast made now; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<Losses>,
    /// The windows that were looked at, which are those of today.
    #[serde(skip)]
    pub windows: Plan,
    /// Whether it did nothing of late, doubted or not.
    #[serde(skip)]
    pub is_idle: bool,
}

impl Reviewed {
    pub(super) fn of(review: &Review) -> Self {
        Self {
            standing: review.standing(),
            detail: review.detail(),
            chosen: review.chosen,
            now: review.now,
            windows: review.windows.clone(),
            is_idle: review.is_idle(),
        }
    }

    /// In one line: `kept: for 3 days its forecast …`.
    pub fn line(&self) -> String {
        format!("{}: {}", self.standing, self.detail)
    }
}
