//! What goes wrong with licenses and signed files, and what to do about it.

use std::path::PathBuf;

use super::Exit;
use crate::config::license::SecretName;
use crate::license::Unlicensed;
use crate::license::keys::{KeyError, Mismatch};
use crate::license::signature::SignatureError;

/// Why something cannot be issued, signed, or counted on. Has nothing of a private key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{} exists already", path.display())]
    Exists { path: PathBuf },
    #[error("{} is larger than {limit}", path.display())]
    TooLarge { path: PathBuf, limit: &'static str },
    #[error("cannot use the key of {place}")]
    Key { place: String, source: KeyError },
    #[error("cannot use the signature {}", path.display())]
    Signature {
        path: PathBuf,
        source: SignatureError,
    },
    #[error("the license would end before it begins")]
    EndsBeforeItBegins,
    /// An artifact that would be a license once it is signed.
    #[error("{} is a license", artifact.display())]
    ArtifactIsLicense { artifact: PathBuf },
    #[error("{}: {why}", artifact.display())]
    Artifact { artifact: PathBuf, why: Mismatch },
    /// `source` is where the license was looked for.
    #[error("unlicensed ({source_name}): {why}")]
    Unlicensed {
        source_name: String,
        why: Box<Unlicensed>,
    },
    #[error("not found: secret/{} in namespace {}", secret.name, secret.namespace)]
    NoSecret { secret: SecretName },
    #[error("secret/{} in namespace {} has no key `{key}`", secret.name, secret.namespace)]
    NoSecretKey {
        secret: SecretName,
        key: &'static str,
    },
    #[error(
        "the license is in secret/{} in namespace {}, and no cluster is asked",
        secret.name,
        secret.namespace
    )]
    NoCluster { secret: SecretName },
    /// Without it every key would be guessed.
    #[error("the system has no randomness for a key: {why}")]
    NoRandomness { why: String },
}

pub(super) fn hint(err: &Error) -> String {
    match err {
        Error::Exists { .. } => "nothing is overwritten: choose another name, or move it away",
        Error::TooLarge { .. } => "sign a list of checksums instead, as `sha256sum` writes it",
        Error::Key { source, .. } => return key_hint(*source),
        Error::Signature { .. } => {
            "a signature file is one that `license` wrote beside what it signed"
        }
        Error::EndsBeforeItBegins => "pass a later day with --expires, or --days",
        Error::ArtifactIsLicense { .. } => {
            "`kubectl stepscale license issue` writes and signs licenses"
        }
        Error::Artifact { why, .. } => return mismatch_hint(*why, "--public-key"),
        Error::Unlicensed { why, .. } => return unlicensed_hint(why),
        Error::NoSecret { secret } | Error::NoSecretKey { secret, .. } => {
            return format!(
                "`kubectl create secret generic {} -n {} --from-file=license=FILE \
                 --from-file=signature=FILE.sig` makes it",
                secret.name, secret.namespace
            );
        }
        Error::NoCluster { .. } => "pass the license as a file with --license",
        Error::NoRandomness { .. } => "try on another machine",
    }
    .to_owned()
}

/// How to come to a license that counts.
pub(crate) fn unlicensed_hint(why: &Unlicensed) -> String {
    match why {
        Unlicensed::NoLicense => {
            "pass --license FILE or --license-secret NAMESPACE/NAME; `kubectl stepscale license issue` \
             makes one"
        }
        Unlicensed::NoSignature => {
            "pass --license-signature FILE, the second file that `license issue` wrote"
        }
        Unlicensed::NoPublicKey => {
            "pass --license-public-key FILE, or set STEPSCALE_LICENSE_PUBLIC_KEY"
        }
        Unlicensed::UnusableKey(why) => return key_hint(*why),
        Unlicensed::UnreadableSignature(_) => {
            "take the signature as it was issued; --license-signature names its file"
        }
        Unlicensed::BadSignature(why) => return mismatch_hint(*why, "--license-public-key"),
        Unlicensed::UnreadablePayload(_) => {
            "ask who issued it for another one, or use the newest version of this program"
        }
        Unlicensed::IssuedInFuture(_) => "check the clock of this machine with `date -u`",
        Unlicensed::PastGrace { .. } => {
            "ask who issued it for a new one; reverting needs no license"
        }
    }
    .to_owned()
}

fn mismatch_hint(why: Mismatch, flag: &str) -> String {
    match why {
        Mismatch::Changed { .. } => {
            "take the file and its signature again as they were signed; a space more is a change"
                .to_owned()
        }
        Mismatch::OtherKey { signed_by, .. } => {
            format!("pass the public key {signed_by} with {flag} if you trust its owner")
        }
        Mismatch::Either { .. } => format!(
            "take the file and its signature again as they were signed, or pass another key with \
             {flag}"
        ),
    }
}

fn key_hint(why: KeyError) -> String {
    match why {
        KeyError::NotPublic | KeyError::NotPrivate => {
            "`kubectl stepscale license keygen` makes a key pair"
        }
        KeyError::PrivateForPublic => "pass its .pub file, and keep the private key to yourself",
        KeyError::PublicForPrivate => "pass the private key that belongs to it",
        KeyError::Encrypted => "`openssl pkey -in FILE` takes the passphrase off",
        KeyError::Weak => "trust no key like this; ask for the right one",
    }
    .to_owned()
}

pub(super) fn exit(err: &Error) -> Exit {
    match err {
        Error::Exists { .. }
        | Error::TooLarge { .. }
        | Error::Key { .. }
        | Error::Signature { .. }
        | Error::EndsBeforeItBegins
        | Error::NoCluster { .. } => Exit::Usage,
        Error::ArtifactIsLicense { .. } | Error::Artifact { .. } | Error::Unlicensed { .. } => {
            Exit::Refused
        }
        Error::NoSecret { .. } | Error::NoSecretKey { .. } => Exit::ObjectNotFound,
        Error::NoRandomness { .. } => Exit::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error;
    use crate::license::keys::PrivateKey;

    #[test]
    fn a_license_that_does_not_count_is_refused_with_the_way_out() {
        let key = PrivateKey::from_seed(&[7; 32]).public().id();
        let signed_by = PrivateKey::from_seed(&[8; 32]).public().id();
        let refused = error::Error::from(Error::Unlicensed {
            source_name: "license.json".to_owned(),
            why: Box::new(Unlicensed::BadSignature(Mismatch::OtherKey {
                signed_by,
                key,
            })),
        });
        assert_eq!(refused.exit().code(), 5);
        assert_eq!(
            refused.render(),
            format!(
                "error: unlicensed (license.json): bad signature: signed by another key \
                 ({signed_by}) than the one given ({key})\nhint: pass the public key {signed_by} \
                 with --license-public-key if you trust its owner\n"
            )
        );
    }

    #[test]
    fn a_missing_secret_is_answered_with_how_to_make_it() {
        let secret = SecretName {
            namespace: "ops".to_owned(),
            name: "license".to_owned(),
        };
        let missing = error::Error::from(Error::NoSecret { secret });
        assert_eq!(missing.exit().code(), 3);
        let hint = missing.hint().unwrap();
        assert!(hint.contains("secret generic license -n ops"), "{hint}");
    }
}
