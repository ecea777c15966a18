//! Signature files: 64 bytes as they are, or in base64 with comments.
//!
//! ```text
//! # key-id: 2b6f0cc904d137be
//! tFqZ…==
//! ```
//!
//! The comment names the key that signed. It is not signed itself: it only tells apart a wrong key
//! and a changed file, which a signature alone cannot.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::keys::KeyId;

const KEY_ID: &str = "key-id:";

// Some tools leave the padding out, and it says nothing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An ed25519 signature, and who says to have made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    pub(super) bytes: [u8; 64],
    /// As the file says; `None` where it does not.
    pub signed_by: Option<KeyId>,
}

/// Why a file is not a signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("expected 64 bytes, or these in base64")]
    NotBase64,
    #[error("expected 64 bytes in base64, found {0}")]
    Length(usize),
}

impl Signature {
    /// Reads a signature file.
    ///
    /// # Errors
    /// Where it is neither 64 bytes nor these in base64.
    pub fn parse(file: &[u8]) -> Result<Self, SignatureError> {
        if let Ok(bytes) = <[u8; 64]>::try_from(file) {
            // In base64 these would be 48 bytes, and no signature.
            return Ok(Self {
                bytes,
                signed_by: None,
            });
        }
        let text = std::str::from_utf8(file).map_err(|_| SignatureError::NotBase64)?;
        let lines = text.lines().map(str::trim);
        let (comments, rest): (Vec<&str>, Vec<&str>) = lines.partition(|it| it.starts_with('#'));
        let decoded = BASE64
            .decode(rest.concat())
            .map_err(|_| SignatureError::NotBase64)?;
        let length = decoded.len();
        Ok(Self {
            bytes: decoded
                .try_into()
                .map_err(|_| SignatureError::Length(length))?,
            signed_by: comments.into_iter().find_map(key_id),
        })
    }

    /// The text of a signature file.
    pub fn to_text(&self) -> String {
        let comment = self
            .signed_by
            .map_or_else(String::new, |it| format!("# {KEY_ID} {it}\n"));
        format!("{comment}{}\n", BASE64.encode(self.bytes))
    }
}

/// The key that a comment names.
fn key_id(comment: &str) -> Option<KeyId> {
    let said = comment.trim_start_matches('#').trim();
    KeyId::parse(said.strip_prefix(KEY_ID)?.trim())
}
