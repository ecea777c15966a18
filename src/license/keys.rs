//! Key pairs: who signs, and who can check it.
//!
//! Keys are files as OpenSSL makes and reads them: `openssl genpkey -algorithm ed25519`. A private
//! key is erased from memory when dropped and shows itself nowhere.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::spki::der::zeroize::{Zeroize, Zeroizing};
use ed25519_dalek::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, KeypairBytes,
};
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha512_256};

use super::signature::Signature;

/// What is erased from memory when dropped.
pub type Erased<T> = Zeroizing<T>;

/// What a public key is called where it is too long to be told: the first 8 bytes of its
/// SHA-512/256, in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyId([u8; 8]);

/// Why a text is not the key that was asked for. Never has any part of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("expected an ed25519 public key in PEM, or its 32 bytes in base64")]
    NotPublic,
    #[error("expected an ed25519 private key in PEM (PKCS#8)")]
    NotPrivate,
    #[error("it is a private key, which belongs to nobody but who signs")]
    PrivateForPublic,
    #[error("it is a public key, which can sign nothing")]
    PublicForPrivate,
    #[error("it is encrypted with a passphrase")]
    Encrypted,
    /// One of the few with which a signature says nothing: it fits any message.
    #[error("it is a weak key, for which anybody can sign")]
    Weak,
}

/// Why a signature is not that of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The signature names the key: it or what it is over is not what it was.
    #[error("changed since it was signed by key {key}")]
    Changed { key: KeyId },
    #[error("signed by another key ({signed_by}) than the one given ({key})")]
    OtherKey { signed_by: KeyId, key: KeyId },
    /// The signature names no key, so that nobody can tell which of both it is.
    #[error("changed, or not signed by key {key}")]
    Either { key: KeyId },
}

/// A key that signs. Erased from memory when dropped.
pub struct PrivateKey(SigningKey);

/// A key that checks signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(pub(super) VerifyingKey);

impl PrivateKey {
    /// The key that 32 random bytes make.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Reads PKCS#8 in PEM.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn parse(pem: &str) -> Result<Self, KeyError> {
        let mut bytes = KeypairBytes::from_pkcs8_pem(pem.trim()).map_err(|_| not_private(pem))?;
        // Refused where the file has a public key in it that is another one's.
        let key = SigningKey::try_from(&bytes);
        bytes.secret_key.zeroize();
        key.map(Self).map_err(|_| KeyError::NotPrivate)
    }

    /// PKCS#8 in PEM. Without the public key in it, which OpenSSL does not expect there.
    pub fn to_pem(&self) -> Erased<String> {
        let mut bytes = KeypairBytes {
            secret_key: self.0.to_bytes(),
            public_key: None,
        };
        let pem = bytes.to_pkcs8_pem(LineEnding::LF);
        bytes.secret_key.zeroize();
        pem.expect("32 bytes have their place in PKCS#8")
    }

    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The signature of exactly these bytes; the same every time.
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature {
            bytes: self.0.sign(message).to_bytes(),
            signed_by: Some(self.public().id()),
        }
    }
}

impl fmt::Debug for PrivateKey {
    /// Its id, and nothing of the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.public().id())
    }
}

impl PublicKey {
    /// Reads SubjectPublicKeyInfo in PEM, or 32 bytes in base64.
    ///
    /// # Errors
    /// Where it is something else, or a key that anybody can sign for.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let key = if text.starts_with("-----BEGIN") {
            VerifyingKey::from_public_key_pem(text).map_err(|_| not_public(text))?
        } else {
            let bytes = STANDARD.decode(text).map_err(|_| KeyError::NotPublic)?;
            let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| KeyError::NotPublic)?;
            VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::NotPublic)?
        };
        if key.is_weak() {
            return Err(KeyError::Weak);
        }
        Ok(Self(key))
    }

    /// SubjectPublicKeyInfo in PEM.
    pub fn to_pem(&self) -> String {
        self.0
            .to_public_key_pem(LineEnding::LF)
            .expect("32 bytes have their place in SubjectPublicKeyInfo")
    }

    pub fn id(&self) -> KeyId {
        let digest = Sha512_256::digest(self.0.as_bytes());
        let mut id = [0; 8];
        id.copy_from_slice(&digest[..8]);
        KeyId(id)
    }

    /// Checks that `signature` is that of this key over exactly these bytes.
    ///
    /// Strict: a signature has one form, and neither it nor the key may be of small order.
    ///
    /// # Errors
    /// Where it is not. The key that the signature says to be of is only a claim: it may explain a
    /// failure and never turns one into a success.
    pub fn check(&self, message: &[u8], signature: &Signature) -> Result<(), Mismatch> {
        let bytes = ed25519_dalek::Signature::from_bytes(&signature.bytes);
        let key = self.id();
        self.0
            .verify_strict(message, &bytes)
            .map_err(|_| match signature.signed_by {
                Some(claimed) if claimed == key => Mismatch::Changed { key },
                Some(signed_by) => Mismatch::OtherKey { signed_by, key },
                None => Mismatch::Either { key },
            })
    }
}

fn not_public(pem: &str) -> KeyError {
    if pem.contains("PRIVATE KEY-----") {
        KeyError::PrivateForPublic
    } else {
        KeyError::NotPublic
    }
}

fn not_private(pem: &str) -> KeyError {
    if pem.contains("BEGIN ENCRYPTED PRIVATE KEY-----") {
        KeyError::Encrypted
    } else if pem.contains("BEGIN PUBLIC KEY-----") {
        KeyError::PublicForPrivate
    } else {
        KeyError::NotPrivate
    }
}

impl KeyId {
    /// Reads 16 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 16 || !text.bytes().all(|it| it.is_ascii_hexdigit()) {
            return None;
        }
        let number = u64::from_str_radix(text, 16).ok()?;
        Some(Self(number.to_be_bytes()))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}
