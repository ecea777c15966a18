//! Why there is no second opinion.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// Why none was given, or the one that was given does not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Trouble {
    pub code: Code,
    /// One line, lower case, without secrets.
    pub message: String,
}

impl Trouble {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// The stable name of a trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TroubleCode")]
pub enum Code {
    /// The provider wants a key, and none is set.
    NoKey,
    /// Its address cannot be asked.
    BadAddress,
    Unreachable,
    /// No answer in time.
    Late,
    /// The connection was cut.
    BrokenOff,
    /// It answered with an error of HTTP.
    Refused,
    /// Its answer is too long.
    TooLarge,
    /// Its answer has no words of the model.
    NoAnswer,
    /// The words are no JSON.
    NotJson,
    /// The JSON is none that was asked for.
    WrongSchema,
    /// It is about something that nobody asked about.
    UnknownCandidate,
    /// The risk is lower than what the evidence says.
    LowersRisk,
    /// It has a number that is not in the evidence.
    UnknownNumber,
    /// Its text has links, markup, commands, or characters that are not seen.
    UnsafeText,
    /// Requests or time were used up.
    Budget,
    /// Others were not answered either.
    GivenUp,
}

impl Code {
    pub const ALL: [Self; 16] = [
        Self::NoKey,
        Self::BadAddress,
        Self::Unreachable,
        Self::Late,
        Self::BrokenOff,
        Self::Refused,
        Self::TooLarge,
        Self::NoAnswer,
        Self::NotJson,
        Self::WrongSchema,
        Self::UnknownCandidate,
        Self::LowersRisk,
        Self::UnknownNumber,
        Self::UnsafeText,
        Self::Budget,
        Self::GivenUp,
    ];

    /// As JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoKey => "noKey",
            Self::BadAddress => "badAddress",
            Self::Unreachable => "unreachable",
            Self::Late => "late",
            Self::BrokenOff => "brokenOff",
            Self::Refused => "refused",
            Self::TooLarge => "tooLarge",
            Self::NoAnswer => "noAnswer",
            Self::NotJson => "notJson",
            Self::WrongSchema => "wrongSchema",
            Self::UnknownCandidate => "unknownCandidate",
            Self::LowersRisk => "lowersRisk",
            Self::UnknownNumber => "unknownNumber",
            Self::UnsafeText => "unsafeText",
            Self::Budget => "budget",
            Self::GivenUp => "givenUp",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
