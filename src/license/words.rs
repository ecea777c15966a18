//! What states are called, for people and for programs.

use std::fmt;

use jiff::SignedDuration;

use super::keys::Mismatch;
use super::payload::License;
use super::{State, Unlicensed};

impl State {
    /// The license, where its signature was verified; it may have expired.
    pub fn license(&self) -> Option<&License> {
        match self {
            Self::Licensed(license) | Self::Grace { license, .. } => Some(license),
            Self::Unlicensed(why) => why.license(),
        }
    }

    /// Whether recommendations may be applied.
    pub fn allows_apply(&self) -> bool {
        match self {
            Self::Licensed(_) | Self::Grace { .. } => true,
            Self::Unlicensed(_) => false,
        }
    }

    /// A word for machines: `licensed`, `grace`, `unlicensed`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Licensed(_) => "licensed",
            Self::Grace { .. } => "grace",
            Self::Unlicensed(_) => "unlicensed",
        }
    }
}

impl fmt::Display for State {
    /// `licensed`, `expired, accepted for 3 more days`, or `unlicensed: ` and why.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Licensed(_) => f.write_str("licensed"),
            Self::Grace { license, days_left } => write!(
                f,
                "expired at {}, accepted for {days_left} more {}",
                license.expires_at,
                noun(u64::from(*days_left))
            ),
            Self::Unlicensed(why) => write!(f, "unlicensed: {why}"),
        }
    }
}

impl Unlicensed {
    fn license(&self) -> Option<&License> {
        match self {
            Self::IssuedInFuture(license) | Self::PastGrace { license, .. } => Some(license),
            Self::NoLicense
            | Self::NoSignature
            | Self::NoPublicKey
            | Self::UnusableKey(_)
            | Self::UnreadableSignature(_)
            | Self::BadSignature(_)
            | Self::UnreadablePayload(_) => None,
        }
    }

    /// A word for machines: `PastGrace`.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NoLicense => "NoLicense",
            Self::NoSignature => "NoSignature",
            Self::NoPublicKey => "NoPublicKey",
            Self::UnusableKey(_) => "UnusableKey",
            Self::UnreadableSignature(_) => "UnreadableSignature",
            Self::BadSignature(Mismatch::Changed { .. }) => "Tampered",
            Self::BadSignature(Mismatch::OtherKey { .. }) => "WrongKey",
            Self::BadSignature(Mismatch::Either { .. }) => "BadSignature",
            Self::UnreadablePayload(_) => "UnreadablePayload",
            Self::IssuedInFuture(_) => "IssuedInFuture",
            Self::PastGrace { .. } => "PastGrace",
        }
    }
}

impl fmt::Display for Unlicensed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLicense => f.write_str("no license"),
            Self::NoSignature => f.write_str("the license has no signature"),
            Self::NoPublicKey => f.write_str("no public key to check the license with"),
            Self::UnusableKey(why) => write!(f, "unusable public key: {why}"),
            Self::UnreadableSignature(why) => write!(f, "unreadable signature: {why}"),
            Self::BadSignature(why) => write!(f, "bad signature: {why}"),
            Self::UnreadablePayload(why) => write!(f, "signed, but unreadable: {why}"),
            Self::IssuedInFuture(license) => {
                write!(f, "issued in the future, at {}", license.issued_at)
            }
            Self::PastGrace { license, grace } => {
                write!(f, "expired at {}{}", license.expires_at, after(*grace))
            }
        }
    }
}

/// What an expired license also had.
fn after(grace: SignedDuration) -> String {
    let whole = u64::try_from(grace.as_hours() / 24).unwrap_or_default();
    if whole == 0 {
        String::new()
    } else {
        format!(", and the grace of {whole} {} is over", noun(whole))
    }
}

fn noun(days: u64) -> &'static str {
    if days == 1 { "day" } else { "days" }
}
