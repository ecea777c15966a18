//! What is signed: who may use the program, how, and until when.

use std::num::NonZeroU32;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A license as its file has it. Fields that are not known are those of a newer program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct License {
    pub customer: String,
    pub plan: Plan,
    pub issued_at: Timestamp,
    /// The first moment at which it is not valid any more.
    pub expires_at: Timestamp,
    /// `None` for any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_clusters: Option<NonZeroU32>,
    #[serde(default)]
    pub features: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Plan {
    Trial,
    Team,
    Enterprise,
}

impl Plan {
    pub fn word(self) -> &'static str {
        match self {
            Self::Trial => "trial",
            Self::Team => "team",
            Self::Enterprise => "enterprise",
        }
    }
}

/// Why a file is not a license.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    #[error("it is no license: {0}")]
    Json(String),
    #[error("the {field} is empty or has control characters in it")]
    Text { field: &'static str },
}

impl License {
    /// Reads the bytes of a license file. They say nothing before their signature is verified.
    ///
    /// # Errors
    /// Where they are not the JSON of a license, or have text that would garble a terminal.
    pub fn parse(bytes: &[u8]) -> Result<Self, PayloadError> {
        let license: Self =
            serde_json::from_slice(bytes).map_err(|it| PayloadError::Json(it.to_string()))?;
        license.check().map(|()| license)
    }

    /// # Errors
    /// Where a text is empty or has control characters.
    pub fn check(&self) -> Result<(), PayloadError> {
        if !is_plain(&self.customer) {
            return Err(PayloadError::Text { field: "customer" });
        }
        if !self.features.iter().all(|it| is_plain(it)) {
            return Err(PayloadError::Text { field: "feature" });
        }
        Ok(())
    }

    /// The bytes of a license file, which are what is to be signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self)
            .expect("a license has only texts, numbers and lists of them");
        bytes.push(b'\n');
        bytes
    }
}

fn is_plain(text: &str) -> bool {
    !text.trim().is_empty() && !text.chars().any(char::is_control)
}
