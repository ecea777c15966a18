//! Licenses: a small JSON file, and an ed25519 signature over its exact bytes.
//!
//! Everything is checked offline: bytes, signature, key and the time go in, a [`State`] comes out.
//! Nothing is asked of a server, and nobody is told. Whoever has a key pair is an authority of
//! their own ([`keys`]). Start with [`state`].

pub mod keys;
pub mod payload;
pub mod signature;
mod words;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use keys::{KeyError, Mismatch, PrivateKey, PublicKey};
use payload::{License, PayloadError, Plan};
use signature::{Signature, SignatureError};

/// How long an expired license is still accepted unless somebody says otherwise.
pub const GRACE: SignedDuration = SignedDuration::from_hours(14 * 24);

// Clocks of two machines may differ by minutes: a license that was issued a moment ago is not one
// of the future.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// How long a trial license is valid.
const TRIAL: SignedDuration = SignedDuration::from_hours(30 * 24);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What a license allows now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Signed by the key, and not expired.
    Licensed(License),
    /// Expired, and accepted for so many more days; 1 on the last of them.
    Grace {
        license: License,
        days_left: u32,
    },
    Unlicensed(Unlicensed),
}

/// Why there is no license that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unlicensed {
    NoLicense,
    NoSignature,
    NoPublicKey,
    UnusableKey(KeyError),
    UnreadableSignature(SignatureError),
    BadSignature(Mismatch),
    UnreadablePayload(PayloadError),
    /// The clock here is behind, or the one of the authority was ahead.
    IssuedInFuture(License),
    PastGrace {
        license: License,
        grace: SignedDuration,
    },
}

/// What `payload` allows at `now`, if `signature` is that of `key` over its exact bytes.
///
/// A license is valid before its `expires_at` and in grace for the length `grace` from then on;
/// at the last moment of grace it is past it. Nothing of a payload is believed, nor told, before
/// its signature was verified.
pub fn state(
    payload: Option<&[u8]>,
    signature: Option<&[u8]>,
    key: Option<&str>,
    now: Timestamp,
    grace: SignedDuration,
) -> State {
    match verified(payload, signature, key) {
        Ok(license) => state_of(license, now, grace),
        Err(why) => State::Unlicensed(why),
    }
}

fn verified(
    payload: Option<&[u8]>,
    signature: Option<&[u8]>,
    key: Option<&str>,
) -> Result<License, Unlicensed> {
    let payload = payload.ok_or(Unlicensed::NoLicense)?;
    let signature = signature.ok_or(Unlicensed::NoSignature)?;
    let key = key.ok_or(Unlicensed::NoPublicKey)?;
    let key = PublicKey::parse(key).map_err(Unlicensed::UnusableKey)?;
    let signature = Signature::parse(signature).map_err(Unlicensed::UnreadableSignature)?;
    key.check(payload, &signature)
        .map_err(Unlicensed::BadSignature)?;
    License::parse(payload).map_err(Unlicensed::UnreadablePayload)
}

fn state_of(license: License, now: Timestamp, grace: SignedDuration) -> State {
    let expired_for = now.duration_since(license.expires_at);
    if license.issued_at.duration_since(now) > SKEW {
        State::Unlicensed(Unlicensed::IssuedInFuture(license))
    } else if expired_for.is_negative() {
        State::Licensed(license)
    } else if expired_for < grace {
        State::Grace {
            days_left: days_left(grace - expired_for),
            license,
        }
    } else {
        State::Unlicensed(Unlicensed::PastGrace { license, grace })
    }
}

/// Days that have at least begun: 1 for the last second.
fn days_left(left: SignedDuration) -> u32 {
    let left = left.unsigned_abs();
    let days = left.as_secs() / DAY.as_secs();
    let is_whole = left.subsec_nanos() == 0 && left.as_secs().is_multiple_of(DAY.as_secs());
    u32::try_from(days + u64::from(!is_whole)).unwrap_or(u32::MAX)
}

/// A license of a key that nobody keeps, for a demo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    pub payload: Vec<u8>,
    /// The text of a signature file.
    pub signature: String,
    /// In PEM.
    pub public_key: String,
}

/// A trial license from `now` for 30 days, signed with the key that `seed` makes. The seed must be
/// random and is not to be kept.
pub fn trial(seed: &[u8; 32], now: Timestamp) -> Trial {
    let key = PrivateKey::from_seed(seed);
    let license = License {
        customer: "demo".to_owned(),
        plan: Plan::Trial,
        issued_at: now,
        // At the end of time a trial ends with it.
        expires_at: now.checked_add(TRIAL).unwrap_or(Timestamp::MAX),
        max_clusters: None,
        features: Vec::new(),
    };
    let payload = license.to_bytes();
    Trial {
        signature: key.sign(&payload).to_text(),
        public_key: key.public().to_pem(),
        payload,
    }
}

#[cfg(test)]
mod tests;
