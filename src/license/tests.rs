use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::keys::{KeyError, KeyId, Mismatch, PrivateKey, PublicKey};
use super::payload::{License, PayloadError, Plan};
use super::signature::{Signature, SignatureError};
use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn key() -> PrivateKey {
    PrivateKey::from_seed(&[7; 32])
}

fn license() -> License {
    License {
        customer: "Example & Sons".to_owned(),
        plan: Plan::Team,
        issued_at: at("2026-01-01T00:00:00Z"),
        expires_at: at("2027-01-01T00:00:00Z"),
        max_clusters: std::num::NonZeroU32::new(3),
        features: vec!["schedules".to_owned()],
    }
}

/// The state of the license above at `now`, with files as they should be.
fn state_at(now: Timestamp, grace: SignedDuration) -> State {
    let payload = license().to_bytes();
    let signature = key().sign(&payload).to_text();
    let public = key().public().to_pem();
    state(
        Some(&payload),
        Some(signature.as_bytes()),
        Some(&public),
        now,
        grace,
    )
}

fn unlicensed(payload: &[u8], signature: &[u8], key: &str) -> Unlicensed {
    let now = at("2026-06-01T00:00:00Z");
    match state(Some(payload), Some(signature), Some(key), now, GRACE) {
        State::Unlicensed(why) => why,
        State::Licensed(_) | State::Grace { .. } => panic!("accepted"),
    }
}

#[test]
fn states_change_on_the_second() {
    let grace = |days_left| State::Grace {
        license: license(),
        days_left,
    };
    let cases = [
        (
            "2025-12-31T23:54:59Z",
            State::Unlicensed(Unlicensed::IssuedInFuture(license())),
        ),
        ("2025-12-31T23:55:00Z", State::Licensed(license())),
        ("2026-01-01T00:00:00Z", State::Licensed(license())),
        ("2026-12-31T23:59:59.999999999Z", State::Licensed(license())),
        ("2027-01-01T00:00:00Z", grace(14)),
        ("2027-01-01T00:00:01Z", grace(14)),
        ("2027-01-01T23:59:59Z", grace(14)),
        ("2027-01-02T00:00:00Z", grace(13)),
        ("2027-01-13T23:59:59Z", grace(2)),
        ("2027-01-14T00:00:00Z", grace(1)),
        ("2027-01-14T23:59:59.999999999Z", grace(1)),
        (
            "2027-01-15T00:00:00Z",
            State::Unlicensed(Unlicensed::PastGrace {
                license: license(),
                grace: GRACE,
            }),
        ),
    ];
    for (now, expected) in cases {
        assert_eq!(state_at(at(now), GRACE), expected, "{now}");
    }
}

#[test]
fn without_grace_a_license_ends_when_it_expires() {
    let now = at("2027-01-01T00:00:00Z");
    let past = state_at(now, SignedDuration::ZERO);
    assert_eq!(
        past.to_string(),
        "unlicensed: expired at 2027-01-01T00:00:00Z"
    );
    assert!(!past.allows_apply());
    let last = state_at(now, SignedDuration::from_secs(1));
    let said = "expired at 2027-01-01T00:00:00Z, accepted for 1 more day";
    assert_eq!(last.to_string(), said);
    let endless = state_at(Timestamp::MAX, SignedDuration::MAX);
    assert!(endless.allows_apply(), "{endless}");
}

#[test]
fn what_is_missing_is_named() {
    let (payload, now) = (license().to_bytes(), at("2026-06-01T00:00:00Z"));
    let signature = key().sign(&payload).to_text();
    let signature = signature.as_bytes();
    let cases = [
        (state(None, None, None, now, GRACE), "no license"),
        (
            state(Some(&payload), None, None, now, GRACE),
            "the license has no signature",
        ),
        (
            state(Some(&payload), Some(signature), None, now, GRACE),
            "no public key to check the license with",
        ),
    ];
    for (state, expected) in cases {
        assert_eq!(state.to_string(), format!("unlicensed: {expected}"));
        assert_eq!(state.license(), None);
    }
}

#[test]
fn a_changed_file_and_a_wrong_key_are_told_apart() {
    let payload = license().to_bytes();
    let changed = String::from_utf8(payload.clone()).unwrap();
    let changed = changed.replace("2027-01-01", "2037-01-01");
    let (ours, other) = (key(), PrivateKey::from_seed(&[8; 32]));
    let public = ours.public().to_pem();
    let signed = ours.sign(&payload).to_text();
    let foreign = other.sign(&payload);
    assert_eq!(
        unlicensed(changed.as_bytes(), signed.as_bytes(), &public),
        Unlicensed::BadSignature(Mismatch::Changed {
            key: ours.public().id()
        })
    );
    assert_eq!(
        unlicensed(&payload, foreign.to_text().as_bytes(), &public),
        Unlicensed::BadSignature(Mismatch::OtherKey {
            signed_by: other.public().id(),
            key: ours.public().id()
        })
    );
    // Without the comment nobody can tell.
    let plain = Signature {
        signed_by: None,
        ..foreign
    };
    assert_eq!(
        unlicensed(&payload, plain.to_text().as_bytes(), &public),
        Unlicensed::BadSignature(Mismatch::Either {
            key: ours.public().id()
        })
    );
}

#[test]
fn the_key_id_is_a_claim_that_proves_nothing() {
    let payload = license().to_bytes();
    let (ours, other) = (key(), PrivateKey::from_seed(&[8; 32]));
    let now = at("2026-06-01T00:00:00Z");
    let public = ours.public().to_pem();
    // A right signature with a wrong claim is right, a wrong one with a right claim is wrong.
    let misnamed = Signature {
        signed_by: Some(other.public().id()),
        ..ours.sign(&payload)
    };
    let state = state(
        Some(&payload),
        Some(misnamed.to_text().as_bytes()),
        Some(&public),
        now,
        GRACE,
    );
    assert_eq!(state, State::Licensed(license()));
    let forged = Signature {
        signed_by: Some(ours.public().id()),
        ..other.sign(&payload)
    };
    let why = unlicensed(&payload, forged.to_text().as_bytes(), &public);
    assert_eq!(why.reason(), "Tampered");
}

#[test]
fn nothing_is_told_of_a_license_that_nobody_signed() {
    let why = unlicensed(b"not even json", &[0; 64], &key().public().to_pem());
    assert_eq!(why.reason(), "BadSignature");
}

#[test]
fn a_signed_file_that_is_no_license_is_unreadable() {
    let cases = [
        ("{}", "missing field `customer`"),
        ("", "EOF"),
        (
            r#"{"customer":"a","plan":"gold"}"#,
            "unknown variant `gold`",
        ),
        (
            r#"{"customer":"a","customer":"b"}"#,
            "duplicate field `customer`",
        ),
        (
            r#"{"customer":"a","plan":"team","issued_at":"today"}"#,
            "year",
        ),
        (
            r#"{"customer":"\u001b[2J","plan":"team","issued_at":"2026-01-01T00:00:00Z","expires_at":"2027-01-01T00:00:00Z"}"#,
            "the customer is empty or has control characters in it",
        ),
        (
            r#"{"customer":"a","plan":"team","issued_at":"2026-01-01T00:00:00Z","expires_at":"2027-01-01T00:00:00Z","max_clusters":0}"#,
            "nonzero",
        ),
    ];
    for (payload, expected) in cases {
        let signature = key().sign(payload.as_bytes()).to_text();
        let public = key().public().to_pem();
        let why = unlicensed(payload.as_bytes(), signature.as_bytes(), &public);
        assert_eq!(why.reason(), "UnreadablePayload", "{payload}");
        assert!(why.to_string().contains(expected), "{why}");
    }
}

#[test]
fn optional_fields_may_be_left_out_and_new_ones_are_let_in() {
    let text = r#"{"customer":"a","plan":"enterprise","issued_at":"2026-01-01T00:00:00Z",
        "expires_at":"2027-01-01T01:00:00+01:00","support":"gold"}"#;
    let read = License::parse(text.as_bytes()).unwrap();
    let expected = License {
        customer: "a".to_owned(),
        plan: Plan::Enterprise,
        max_clusters: None,
        features: Vec::new(),
        ..license()
    };
    assert_eq!(read, expected);
}

#[test]
fn a_license_file_has_the_fields_of_the_contract() {
    let text = String::from_utf8(license().to_bytes()).unwrap();
    let expected = r#"{
  "customer": "Example & Sons",
  "plan": "team",
  "issued_at": "2026-01-01T00:00:00Z",
  "expires_at": "2027-01-01T00:00:00Z",
  "max_clusters": 3,
  "features": [
    "schedules"
  ]
}
"#;
    assert_eq!(text, expected);
    let empty = License {
        customer: " ".to_owned(),
        ..license()
    };
    let refused = PayloadError::Text { field: "customer" };
    assert_eq!(empty.check(), Err(refused));
}

#[test]
fn signatures_are_read_raw_and_in_base64() {
    let signed = key().sign(b"message");
    let plain = Signature {
        signed_by: None,
        ..signed.clone()
    };
    let text = plain.to_text();
    let (first, second) = text.trim_end().split_at(40);
    let accepted = [
        signed.bytes.to_vec(),
        text.clone().into_bytes(),
        text.trim_end().as_bytes().to_vec(),
        text.trim_end().trim_end_matches('=').as_bytes().to_vec(),
        format!("{first}\r\n  {second}\r\n").into_bytes(),
        format!("# by hand\n# key-id: soon\n{text}").into_bytes(),
    ];
    for file in accepted {
        assert_eq!(Signature::parse(&file), Ok(plain.clone()), "{file:?}");
    }
    let commented = format!("#key-id: {}\n{text}", key().public().id());
    assert_eq!(Signature::parse(commented.as_bytes()), Ok(signed.clone()));
    assert_eq!(Signature::parse(signed.to_text().as_bytes()), Ok(signed));
}

#[test]
fn what_is_no_signature_is_refused() {
    let cases: [(&[u8], SignatureError); 5] = [
        (b"", SignatureError::Length(0)),
        (b"# key-id: 0011223344556677\n", SignatureError::Length(0)),
        (b"AAAA", SignatureError::Length(3)),
        (b"not a signature!", SignatureError::NotBase64),
        (&[0xff; 65], SignatureError::NotBase64),
    ];
    for (file, expected) in cases {
        assert_eq!(Signature::parse(file), Err(expected), "{file:?}");
    }
}

#[test]
fn keys_come_back_from_their_files() {
    let private = PrivateKey::parse(&key().to_pem()).unwrap();
    assert_eq!(private.public(), key().public());
    let pem = key().public().to_pem();
    assert_eq!(PublicKey::parse(&pem), Ok(key().public()));
    assert_eq!(
        PublicKey::parse(&pem.replace('\n', "\r\n")),
        Ok(key().public())
    );
    // The end of the DER form is the key itself.
    let der: String = pem.lines().filter(|it| !it.starts_with('-')).collect();
    let der = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, der).unwrap();
    let raw = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        &der[der.len() - 32..],
    );
    assert_eq!(PublicKey::parse(&format!(" {raw}\n")), Ok(key().public()));
}

/// Test 1 of RFC 8032, 7.1, with the key as OpenSSL writes it.
#[test]
fn signatures_are_those_of_the_standard() {
    let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let signature = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155\
                     5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
    let bytes = |hex: &str| -> Vec<u8> {
        let pairs = hex.as_bytes().chunks(2);
        pairs
            .map(|it| u8::from_str_radix(std::str::from_utf8(it).unwrap(), 16).unwrap())
            .collect()
    };
    let key = PrivateKey::from_seed(&bytes(seed).try_into().unwrap());
    assert_eq!(key.sign(b"").bytes.to_vec(), bytes(signature));
    let pem = "-----BEGIN PRIVATE KEY-----\n\
               MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
               -----END PRIVATE KEY-----\n";
    assert_eq!(key.to_pem().as_str(), pem);
    assert_eq!(key.public().id().to_string().len(), 16);
}

#[test]
fn the_wrong_kind_of_key_is_called_by_its_name() {
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----";
    let rsa = "-----BEGIN PUBLIC KEY-----\nMA0GCSqGSIb3\n-----END PUBLIC KEY-----";
    for (text, expected) in [
        (key().to_pem().as_str(), KeyError::PrivateForPublic),
        (rsa, KeyError::NotPublic),
        ("", KeyError::NotPublic),
        ("AAAA", KeyError::NotPublic),
    ] {
        assert_eq!(PublicKey::parse(text), Err(expected), "{text}");
    }
    for (text, expected) in [
        (key().public().to_pem().as_str(), KeyError::PublicForPrivate),
        (encrypted, KeyError::Encrypted),
        ("", KeyError::NotPrivate),
    ] {
        assert_eq!(PrivateKey::parse(text).unwrap_err(), expected, "{text}");
    }
}

#[test]
fn private_keys_show_nothing_of_themselves() {
    let shown = format!("{:?}", key());
    assert_eq!(shown, format!("PrivateKey({})", key().public().id()));
}

/// The point of order one: with it as key and as the first half of a signature whose second half is
/// zero, the equation of a lax check holds for every message.
const IDENTITY: [u8; 32] = {
    let mut bytes = [0; 32];
    bytes[0] = 1;
    bytes
};

#[test]
fn keys_of_small_order_are_refused() {
    let mut file = [0; 64];
    file[..32].copy_from_slice(&IDENTITY);
    let weak = ed25519_dalek::VerifyingKey::from_bytes(&IDENTITY).unwrap();
    let lax = ed25519_dalek::Verifier::verify(
        &weak,
        b"any message",
        &ed25519_dalek::Signature::from_bytes(&file),
    );
    assert!(lax.is_ok(), "the forgery is none");
    let forged = Signature::parse(&file).unwrap();
    assert!(PublicKey(weak).check(b"any message", &forged).is_err());
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, IDENTITY);
    assert_eq!(PublicKey::parse(&encoded), Err(KeyError::Weak));
    let why = unlicensed(&license().to_bytes(), &file, &encoded);
    assert_eq!(why, Unlicensed::UnusableKey(KeyError::Weak));
}

#[test]
fn a_signature_has_one_form() {
    // The second half and the order of the group added to it satisfy the same equation.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut other = key().sign(b"message");
    let mut carry = 0;
    for (byte, added) in other.bytes[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(added) + carry;
        (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
    }
    assert!(key().public().check(b"message", &other).is_err());
}

#[test]
fn a_trial_is_licensed_for_thirty_days() {
    let now = at("2026-03-01T12:00:00Z");
    let trial = trial(&[1; 32], now);
    let at = |now| {
        state(
            Some(&trial.payload),
            Some(trial.signature.as_bytes()),
            Some(&trial.public_key),
            now,
            SignedDuration::ZERO,
        )
    };
    let State::Licensed(license) = at(now) else {
        panic!("{}", at(now));
    };
    assert_eq!(license.plan, Plan::Trial);
    assert!(at(now + SignedDuration::from_hours(30 * 24 - 1)).allows_apply());
    assert!(!at(now + SignedDuration::from_hours(30 * 24)).allows_apply());
    let _ = super::trial(&[1; 32], Timestamp::MAX);
}

fn licenses() -> impl Strategy<Value = License> {
    let plans = prop_oneof![Just(Plan::Trial), Just(Plan::Team), Just(Plan::Enterprise)];
    let times = || (0..4_000_000_000_i64).prop_map(|it| Timestamp::from_second(it).unwrap());
    let clusters = proptest::option::of((1..u32::MAX).prop_map(|it| it.try_into().unwrap()));
    let words = || "[a-zA-Z0-9äß\"\\\\{} &<>.-]{0,20}x";
    let features = proptest::collection::vec(words(), 0..4);
    (words(), plans, times(), times(), clusters, features).prop_map(
        |(customer, plan, issued_at, expires_at, max_clusters, features)| License {
            customer,
            plan,
            issued_at,
            expires_at,
            max_clusters,
            features,
        },
    )
}

proptest! {
    // Signatures are slow where nothing is optimized.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_issued_reads_back_the_same(license in licenses(), seed: [u8; 32]) {
        let payload = license.to_bytes();
        prop_assert_eq!(License::parse(&payload), Ok(license.clone()));
        let key = PrivateKey::from_seed(&seed);
        let text = key.sign(&payload).to_text();
        let read = Signature::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(read.signed_by, Some(key.public().id()));
        let public = PublicKey::parse(&key.public().to_pem()).unwrap();
        prop_assert_eq!(public.check(&payload, &read), Ok(()));
        let private = PrivateKey::parse(&key.to_pem()).unwrap();
        prop_assert_eq!(private.sign(&payload), read);
    }

    #[test]
    fn any_changed_byte_of_a_license_fails(
        place in any::<proptest::sample::Index>(),
        change in 1..=255_u8,
    ) {
        let mut payload = license().to_bytes();
        let signature = key().sign(&payload).to_text();
        let place = place.index(payload.len());
        payload[place] ^= change;
        let why = unlicensed(&payload, signature.as_bytes(), &key().public().to_pem());
        prop_assert_eq!(why.reason(), "Tampered");
    }

    #[test]
    fn any_flipped_bit_of_a_signature_fails(bit in 0..512_usize) {
        let payload = license().to_bytes();
        let mut signature = key().sign(&payload).bytes;
        signature[bit / 8] ^= 1 << (bit % 8);
        let why = unlicensed(&payload, &signature, &key().public().to_pem());
        prop_assert_eq!(why.reason(), "BadSignature");
    }

    #[test]
    fn a_license_cut_short_or_continued_fails(cut in 0..100_usize, more in "[ \n]{1,3}") {
        let payload = license().to_bytes();
        let signature = key().sign(&payload).to_text();
        let public = key().public().to_pem();
        let short = &payload[..payload.len() - 1 - cut];
        prop_assert_eq!(unlicensed(short, signature.as_bytes(), &public).reason(), "Tampered");
        let long = [&payload, more.as_bytes()].concat();
        prop_assert_eq!(unlicensed(&long, signature.as_bytes(), &public).reason(), "Tampered");
    }

    #[test]
    fn no_input_panics(
        payload: Vec<u8>,
        signature: Vec<u8>,
        key in ".{0,80}",
        seconds in -377_705_023_201_i64..253_402_207_200,
        grace: i64,
    ) {
        let now = Timestamp::from_second(seconds).unwrap();
        let grace = SignedDuration::from_secs(grace);
        let state = state(Some(&payload), Some(&signature), Some(&key), now, grace);
        prop_assert!(!state.allows_apply());
        prop_assert!(!state_at(now, grace).to_string().is_empty());
    }

    #[test]
    fn ids_read_back_the_same(bytes: [u8; 32]) {
        let id = PrivateKey::from_seed(&bytes).public().id();
        prop_assert_eq!(KeyId::parse(&id.to_string()), Some(id));
    }
}
