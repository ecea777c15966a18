//! A second opinion on what was recommended, asked of a language model: what it is told, what it may say,
//! and what becomes of that.
//!
//! It may drop a recommendation, raise its risk, and put it in words. It can change no number, add nothing,
//! lower no risk and decide nothing else; whatever answer it gives, the worst that comes of it is that
//! less is recommended, and the report says why. [`Question`] is what is sent, of one autoscaler: names,
//! codes and numbers. [`Question::judge`] reads the answer, [`Opinion::settle`] lets it count. How it is
//! sent and to whom is the matter of others.

mod answer;
mod numbers;
mod prose;
mod question;
#[cfg(test)]
pub(crate) mod tests;
mod trouble;

use schemars::JsonSchema;
use serde::Serialize;

use super::assessment::{Assessment, Outcome, RiskLevel};
use crate::lifecycle::settings;
pub use answer::Judged;
pub use question::{INSTRUCTIONS, Naming, PROMPT_VERSION, Question};
pub use trouble::{Code, Trouble};

/// What a model said of a recommendation, or why nothing that it said counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Opinion {
    /// `openai`, `anthropic`, `ollama`.
    pub provider: String,
    pub model: String,
    pub verdict: Verdict,
    /// The recommendation in the model's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Why it was dropped or its risk raised, in the model's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was dropped: `min 6→3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped: Option<String>,
    /// Why there is no opinion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
}

/// What a model thinks of a recommendation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// As the rules have it.
    Kept,
    RiskRaised,
    /// It is withheld.
    Dropped,
    /// Nothing that counts: what the rules say stands.
    None,
}

impl Verdict {
    pub const ALL: [Self; 4] = [Self::Kept, Self::RiskRaised, Self::Dropped, Self::None];

    /// As JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::RiskRaised => "riskRaised",
            Self::Dropped => "dropped",
            Self::None => "none",
        }
    }
}

impl Opinion {
    /// Whose words these are: `gpt-x (openai)`.
    pub fn by(&self) -> String {
        format!("{} ({})", self.model, self.provider)
    }

    /// The recommendation in the model's words, marked as such, or why there are none; in one line. A
    /// reason stands where it counts: among those of the risk, or why the recommendation is withheld.
    pub fn line(&self) -> String {
        let by = self.by();
        match (&self.summary, &self.trouble) {
            (Some(summary), _) => format!("second opinion, written by {by}: {summary}"),
            (None, Some(Trouble { code, message })) => {
                format!("no second opinion of {by} ({code}): {message}")
            }
            (None, None) => format!("no second opinion of {by}"),
        }
    }

    /// Lets what was judged count for `assessment`: whose risk only rises, and whose recommendation stays
    /// or goes.
    pub fn settle(
        assessment: &mut Assessment,
        (provider, model): (&str, &str),
        judged: Result<Judged, Trouble>,
    ) {
        let mut opinion = Self {
            provider: provider.to_owned(),
            model: model.to_owned(),
            verdict: Verdict::None,
            summary: None,
            reason: None,
            dropped: None,
            trouble: None,
        };
        match judged {
            Ok(judged) => opinion.weigh(assessment, judged),
            Err(trouble) => opinion.trouble = Some(trouble),
        }
        assessment.opinion = Some(opinion);
    }

    fn weigh(&mut self, assessment: &mut Assessment, judged: Judged) {
        let Outcome::Recommended(recommendation) = &mut assessment.outcome else {
            return;
        };
        self.summary = Some(judged.summary);
        self.reason = judged.reason;
        let reason = self.reason.as_deref().unwrap_or_default();
        // It stands among reasons that are no sentences.
        let reason = reason.trim_end_matches('.');
        if judged.is_dropped {
            let changes = settings::in_one_line(&assessment.today, &recommendation.proposed);
            let why = format!(
                "second opinion of {} against {changes}: {reason}",
                self.by()
            );
            assessment.outcome = Outcome::Withheld { why };
            self.verdict = Verdict::Dropped;
            self.dropped = Some(changes);
        } else if judged.risk > recommendation.risk.level {
            self.verdict = Verdict::RiskRaised;
            recommendation.risk.level = judged.risk;
            let reason = format!("second opinion of {}: {reason}", self.by());
            // The weightiest comes first.
            recommendation.risk.reasons.insert(0, reason);
        } else {
            self.verdict = Verdict::Kept;
        }
    }
}

/// The risks that may be said of what the rules find to be of risk `least`.
fn risks_from(least: RiskLevel) -> impl Iterator<Item = RiskLevel> {
    let all = [RiskLevel::Low, RiskLevel::Medium, RiskLevel::High];
    all.into_iter().filter(move |it| *it >= least)
}
