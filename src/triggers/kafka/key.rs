//! The key of a client certificate, decrypted where it has a password.
//!
//! PKCS #8 is read as OpenSSL writes it: PBES2 with AES or Triple DES, by PBKDF2 or scrypt. That is what
//! KEDA reads as well; the older form of PEM, with `Proc-Type: 4,ENCRYPTED`, is read by neither.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use pkcs8::EncryptedPrivateKeyInfoRef;

use super::error::{Error, KeyError};
use crate::keda::trigger::Secret;
use crate::keda::trigger::kafka::Tls;

const BEGIN: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
const END: &str = "-----END ENCRYPTED PRIVATE KEY-----";
const LEGACY: &str = "Proc-Type: 4,ENCRYPTED";

/// Characters of a line of PEM.
const LINE: usize = 64;

/// The key in the clear; as it is where it has no password, or is not used. A password of a key that
/// needs none does no harm.
///
/// # Errors
/// Where it cannot be decrypted.
pub(super) fn in_the_clear(tls: &Tls) -> Result<Secret, Error> {
    let pem = tls.key.expose();
    if !tls.is_enabled || !(pem.contains(BEGIN) || pem.contains(LEGACY)) {
        return Ok(tls.key.clone());
    }
    Ok(decrypted(pem, tls.key_password.expose())?)
}

fn decrypted(pem: &str, password: &str) -> Result<Secret, KeyError> {
    if pem.contains(LEGACY) {
        return Err(KeyError::Legacy);
    }
    if password.is_empty() {
        return Err(KeyError::NoPassword);
    }
    let body = pem.split_once(BEGIN).and_then(|it| it.1.split_once(END));
    let (body, _) = body.ok_or(KeyError::Broken)?;
    let body: String = body.split_whitespace().collect();
    let der = BASE64_STANDARD.decode(body).map_err(|_| KeyError::Broken)?;
    let key = EncryptedPrivateKeyInfoRef::try_from(der.as_slice());
    let key = key.map_err(|_| KeyError::Form)?;
    if key.encryption_algorithm.pbes2().is_none() {
        return Err(KeyError::Form);
    }
    let plain = key.decrypt(password).map_err(|_| KeyError::Password)?;
    Ok(armored(plain.as_bytes()))
}

/// The key in PEM.
fn armored(der: &[u8]) -> Secret {
    let body = BASE64_STANDARD.encode(der);
    let mut pem = "-----BEGIN PRIVATE KEY-----\n".to_owned();
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, next) = rest.split_at(LINE.min(rest.len()));
        pem.push_str(line);
        pem.push('\n');
        rest = next;
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    Secret::new(pem)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key of P-256 by OpenSSL 3.0, and the same under the password `hunter2` in its forms.
    const PLAIN: &str = include_str!("key/plain.pem");
    const ENCRYPTED: [(&str, &str); 4] = [
        ("AES-256, as is usual", include_str!("key/aes256.pem")),
        ("AES-128, SHA-1", include_str!("key/aes128_sha1.pem")),
        ("Triple DES", include_str!("key/des3.pem")),
        ("scrypt", include_str!("key/scrypt.pem")),
    ];

    fn opened(key: &str, password: &str) -> Result<Secret, Error> {
        in_the_clear(&Tls {
            is_enabled: true,
            key: Secret::new(key),
            key_password: Secret::new(password),
            ..Tls::default()
        })
    }

    fn refused(key: &str, password: &str) -> KeyError {
        match opened(key, password) {
            Err(Error::Key(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_openssl_has_encrypted_is_the_key_again() {
        for (form, key) in ENCRYPTED {
            assert_eq!(
                opened(key, "hunter2").unwrap(),
                Secret::new(PLAIN),
                "{form}"
            );
            assert_eq!(refused(key, "hunter3"), KeyError::Password, "{form}");
            assert_eq!(refused(key, ""), KeyError::NoPassword, "{form}");
            // As `openssl pkcs12` writes it, and an editor on Windows.
            let among = format!("Bag Attributes\n{key}").replace('\n', "\r\n");
            assert_eq!(
                opened(&among, "hunter2").unwrap(),
                Secret::new(PLAIN),
                "{form}"
            );
        }
    }

    #[test]
    fn a_key_in_the_clear_stays_as_it_is() {
        for password in ["", "hunter2"] {
            assert_eq!(opened(PLAIN, password).unwrap(), Secret::new(PLAIN));
        }
        let unused = Tls {
            key: Secret::new(ENCRYPTED[0].1),
            ..Tls::default()
        };
        assert_eq!(in_the_clear(&unused).unwrap(), unused.key);
    }

    #[test]
    fn what_keda_cannot_read_either_says_how_to_write_it() {
        let legacy = include_str!("key/legacy.pem");
        assert_eq!(refused(legacy, "hunter2"), KeyError::Legacy);
        let first = include_str!("key/pbes1.pem");
        assert_eq!(refused(first, "hunter2"), KeyError::Form);
        for why in [KeyError::Legacy, KeyError::Form] {
            assert!(Error::Key(why).hint().contains("openssl pkcs8 -topk8"));
        }
        let cut = &ENCRYPTED[0].1[..200];
        assert_eq!(refused(cut, "hunter2"), KeyError::Broken);
        let broken = format!("{BEGIN}\n?\n{END}\n");
        assert_eq!(refused(&broken, "hunter2"), KeyError::Broken);
    }
}
