//! What `explain` is to do.

use jiff::{SignedDuration, Timestamp};

use super::form::Choice;
use super::{Llm, Question};
use crate::analysis::AnalysisSettings;
use crate::opencost;

/// What `explain` is to do.
#[derive(Clone, Debug)]
pub struct ExplainConfig {
    /// About exactly one name.
    pub question: Question,
    pub analysis: AnalysisSettings,
    /// Whom to ask for the prices that the analysis was not given.
    pub opencost: Option<opencost::Options>,
    /// Whom to ask for a second opinion; `None` for nobody.
    pub llm: Option<Llm>,
    pub view: View,
    /// Which decisions of the past are to be told of; `None` for the whole autoscaler.
    pub asked: Option<Asked>,
    pub form: Choice<Form>,
}

/// How much of the window is drawn: what is at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    Day,
    Week,
    #[default]
    All,
}

impl View {
    /// `None` for the whole window.
    pub fn length(self) -> Option<SignedDuration> {
        match self {
            Self::Day => Some(SignedDuration::from_hours(24)),
            Self::Week => Some(SignedDuration::from_hours(7 * 24)),
            Self::All => None,
        }
    }
}

/// A part of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    At(Timestamp),
    /// Until the end of the window.
    Since(SignedDuration),
}

/// The forms of an explanation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    #[default]
    Text,
    Json,
    Yaml,
}
