//! What a model answered: read, and held against what it may say.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::question::CANDIDATE;
use super::{Code, Question, Trouble, prose, risks_from};
use crate::analysis::assessment::RiskLevel;

/// Letters of an answer that is read at all.
const LONGEST: usize = 16 << 10;

/// What an answer comes to that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    pub is_dropped: bool,
    /// No lower than that of the rules.
    pub risk: RiskLevel,
    pub summary: String,
    /// `None` where it is neither dropped nor of higher risk.
    pub reason: Option<String>,
}

/// An answer as the schema has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    summary: String,
    candidates: Vec<Said>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    id: String,
    verdict: Word,
    risk: Level,
    reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Keep,
    Drop,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Low,
    Medium,
    High,
}

impl From<Level> for RiskLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Low => Self::Low,
            Level::Medium => Self::Medium,
            Level::High => Self::High,
        }
    }
}

impl Question {
    /// What `text`, the words of a model, comes to.
    ///
    /// # Errors
    /// Where any part of it is not what may be said: then none of it counts.
    pub fn judge(&self, text: &str) -> Result<Judged, Trouble> {
        let Answer {
            summary,
            candidates,
        } = read(text)?;
        let said = the_one(candidates)?;
        let risk = RiskLevel::from(said.risk);
        if !risks_from(self.risk).any(|it| it == risk) {
            let least = self.risk;
            return Err(Trouble::new(
                Code::LowersRisk,
                format!("it calls the risk {risk}, which is {least} by the evidence"),
            ));
        }
        let is_dropped = said.verdict == Word::Drop;
        let reason = match is_dropped || risk > self.risk {
            true => Some(self.prose(&said.reason, prose::LONGEST_REASON)?),
            false => None,
        };
        Ok(Judged {
            is_dropped,
            risk,
            summary: self.prose(&summary, prose::LONGEST_SUMMARY)?,
            reason,
        })
    }

    /// A text that may be shown, with the names that people know.
    fn prose(&self, text: &str, longest: usize) -> Result<String, Trouble> {
        let sent: Vec<&str> = self.names.iter().map(|it| &*it.0).collect();
        let fit = prose::fit(text, &sent, &self.facts(), longest);
        let text = fit.map_err(|it| Trouble::new(it.code, format!("its answer has {}", it.why)))?;
        let with_name =
            |text: String, (sent, name): &(String, String)| prose::replaced(&text, sent, name);
        Ok(self.names.iter().fold(text, with_name))
    }
}

/// Candidates can be neither added nor passed over.
fn the_one(candidates: Vec<Said>) -> Result<Said, Trouble> {
    if candidates.iter().any(|it| it.id != CANDIDATE) {
        return Err(Trouble::new(
            Code::UnknownCandidate,
            "it speaks of a candidate that it was not asked about",
        ));
    }
    match <[Said; 1]>::try_from(candidates) {
        Ok([said]) => Ok(said),
        Err(others) => {
            let count = others.len();
            let why = format!("it speaks {count} times of the one candidate");
            Err(Trouble::new(Code::WrongSchema, why))
        }
    }
}

fn read(text: &str) -> Result<Answer, Trouble> {
    if text.len() > LONGEST {
        let why = format!(
            "an answer of {} bytes, of which {LONGEST} are read",
            text.len()
        );
        return Err(Trouble::new(Code::TooLarge, why));
    }
    let text = without_thoughts(text.trim_start_matches('\u{feff}').trim());
    let text = fenced(text).unwrap_or(text);
    // What stands there may be anything, and is not repeated.
    serde_json::from_str(text).map_err(|_| match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Trouble::new(Code::WrongSchema, "its JSON is not what was asked for"),
        Err(_) => Trouble::new(Code::NotJson, "its answer is no JSON"),
    })
}

/// Some models write down what they think first.
fn without_thoughts(text: &str) -> &str {
    match text.strip_prefix("<think>") {
        Some(rest) => rest.split_once("</think>").map_or(text, |it| it.1.trim()),
        None => text,
    }
}

/// What stands between the first and the last fence of code, if there are any.
fn fenced(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("```")?;
    let (inner, _) = rest.rsplit_once("```")?;
    // `json` may stand behind the first.
    let (first, others) = inner.split_once('\n').unwrap_or(("", inner));
    let is_language = first.trim().chars().all(char::is_alphanumeric);
    Some(if is_language { others } else { inner }.trim())
}
