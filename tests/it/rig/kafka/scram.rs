//! The broker's half of a SCRAM login, by RFC 5802 and RFC 7677.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256, Sha512};

use super::Login;

const SALT: &[u8] = b"a salt of a test";
const ROUNDS: u32 = 4096;

/// A conversation, as far as it has come.
pub(super) struct Scram {
    hash: Hash,
    user: String,
    password: String,
    salt: Vec<u8>,
    /// What the broker adds to the nonce of the client.
    nonce: &'static str,
    /// The first message of the client without its head, and the answer.
    begun: Option<(String, String)>,
}

#[derive(Clone, Copy)]
enum Hash {
    Sha256,
    Sha512,
}

impl Scram {
    /// Nothing for other mechanisms.
    pub(super) fn of(login: &Login) -> Option<Self> {
        let hash = match login.mechanism {
            "SCRAM-SHA-256" => Hash::Sha256,
            "SCRAM-SHA-512" => Hash::Sha512,
            _ => return None,
        };
        Some(Self {
            hash,
            user: login.user.clone(),
            password: login.password.clone(),
            salt: SALT.to_vec(),
            nonce: "of-the-broker",
            begun: None,
        })
    }

    /// What to answer, nothing to refuse, and whether the client is let in.
    pub(super) fn hear(&mut self, said: &[u8]) -> (Option<Vec<u8>>, bool) {
        let Ok(said) = std::str::from_utf8(said) else {
            return (None, false);
        };
        match self.begun.take() {
            None => (self.first(said).map(String::into_bytes), false),
            Some((first, challenge)) => {
                let verdict = self.last(said, &first, &challenge);
                let is_inside = verdict.is_some();
                (verdict.map(String::into_bytes), is_inside)
            }
        }
    }

    fn first(&mut self, said: &str) -> Option<String> {
        let bare = said.strip_prefix("n,,")?;
        let user = field(bare, "n=")?.replace("=2C", ",").replace("=3D", "=");
        let nonce = field(bare, "r=")?;
        if user != self.user || nonce.is_empty() {
            return None;
        }
        let salt = STANDARD.encode(&self.salt);
        let challenge = format!("r={nonce}{},s={salt},i={ROUNDS}", self.nonce);
        self.begun = Some((bare.to_owned(), challenge.clone()));
        Some(challenge)
    }

    fn last(&self, said: &str, first: &str, challenge: &str) -> Option<String> {
        let (without_proof, proof) = said.rsplit_once(",p=")?;
        if field(without_proof, "r=") != field(challenge, "r=") {
            return None;
        }
        if field(without_proof, "c=") != Some("biws") {
            return None;
        }
        let spoken = format!("{first},{challenge},{without_proof}");
        let salted = self.hash.stretch(self.password.as_bytes(), &self.salt);
        let client_key = self.hash.mac(&salted, b"Client Key");
        let signature = self
            .hash
            .mac(&self.hash.digest(&client_key), spoken.as_bytes());
        if STANDARD.decode(proof).ok()? != xor(&client_key, &signature) {
            return None;
        }
        let server_key = self.hash.mac(&salted, b"Server Key");
        let signature = self.hash.mac(&server_key, spoken.as_bytes());
        Some(format!("v={}", STANDARD.encode(signature)))
    }
}

impl Hash {
    fn digest(self, text: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(text).to_vec(),
            Self::Sha512 => Sha512::digest(text).to_vec(),
        }
    }

    fn block(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }

    /// HMAC, RFC 2104.
    fn mac(self, key: &[u8], text: &[u8]) -> Vec<u8> {
        let mut block = if key.len() > self.block() {
            self.digest(key)
        } else {
            key.to_vec()
        };
        block.resize(self.block(), 0);
        let padded = |with: u8| block.iter().map(move |it| it ^ with);
        let inner: Vec<u8> = padded(0x36).chain(text.iter().copied()).collect();
        let outer: Vec<u8> = padded(0x5c).chain(self.digest(&inner)).collect();
        self.digest(&outer)
    }

    /// PBKDF2 for one block, `Hi` of RFC 5802.
    fn stretch(self, password: &[u8], salt: &[u8]) -> Vec<u8> {
        let mut round = self.mac(password, &[salt, &[0, 0, 0, 1]].concat());
        let mut sum = round.clone();
        for _ in 1..ROUNDS {
            round = self.mac(password, &round);
            sum = xor(&sum, &round);
        }
        sum
    }
}

fn xor(one: &[u8], other: &[u8]) -> Vec<u8> {
    one.iter().zip(other).map(|(a, b)| a ^ b).collect()
}

fn field<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    message.split(',').find_map(|it| it.strip_prefix(name))
}

/// The example of RFC 7677, section 3.
#[test]
fn the_broker_of_tests_speaks_scram() {
    let mut scram = Scram {
        hash: Hash::Sha256,
        user: "user".to_owned(),
        password: "pencil".to_owned(),
        salt: STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap(),
        nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
        begun: None,
    };
    let (challenge, is_inside) = scram.hear(b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    let expected = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                    s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    assert_eq!(
        (challenge.as_deref(), is_inside),
        (Some(expected.as_bytes()), false)
    );
    let last = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    let verdict = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=".to_vec();
    assert_eq!(scram.hear(last.as_bytes()), (Some(verdict), true));
    let refused = scram.hear(b"n,,n=other,r=abc");
    assert_eq!(refused, (None, false));
}
