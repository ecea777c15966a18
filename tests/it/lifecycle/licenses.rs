//! What `apply` does with each state of a license. Taking back needs none.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use stepscale::license::keys::PrivateKey;
use stepscale::license::payload::{License, Plan};

use super::bench::{Bench, said};
use crate::rig::program::Said;

/// A license of the bench's key that has expired so many days ago, or ends in so many.
fn license(bench: &Bench, days: i64) -> (Vec<u8>, String) {
    let key = fs::read_to_string(bench.path("stepscale-license.key")).unwrap();
    let key = PrivateKey::parse(&key).unwrap();
    let (now, day) = (now(), SignedDuration::from_hours(24));
    let license = License {
        customer: "test".to_owned(),
        plan: Plan::Team,
        issued_at: now - day * 400,
        expires_at: now + day * i32::try_from(days).unwrap(),
        max_clusters: None,
        features: vec![],
    };
    let payload = license.to_bytes();
    let signature = key.sign(&payload).to_text();
    (payload, signature)
}

#[expect(clippy::disallowed_methods, reason = "licenses are read by this clock")]
fn now() -> Timestamp {
    // In the middle of a day of its validity, however long the test takes.
    Timestamp::now() + SignedDuration::from_hours(12)
}

/// `apply` or `revert` with a license in files.
fn run(bench: &Bench, verb: &str, (payload, signature): &(Vec<u8>, String)) -> Said {
    fs::write(bench.path("tried.json"), payload).unwrap();
    fs::write(bench.path("tried.json.sig"), signature).unwrap();
    let mut command = bench.stepscale(&[verb, "web"]);
    said(command.env("STEPSCALE_LICENSE", bench.path("tried.json")))
}

/// The same text with one character exchanged for another.
fn with(text: &str, from: &str, to: &str) -> Vec<u8> {
    assert!(text.contains(from), "{text}");
    text.replacen(from, to, 1).into_bytes()
}

#[test]
fn a_license_counts_until_its_grace_is_over_and_nothing_else_does() {
    let Some(bench) = Bench::start() else { return };
    bench.hpa("web", &json!({ "minReplicas": 6 }), &json!({}));
    bench.recommend("web", &json!({ "min_replicas": { "from": 6, "to": 2 } }));
    let good = license(&bench, 20);
    let text = String::from_utf8(good.0.clone()).unwrap();
    let signature = &good.1;
    let last = signature.trim_end().lines().last().unwrap();
    let first = &last[..1];
    let other = if first == "A" { "B" } else { "A" };
    let broken = signature.replacen(last, &format!("{other}{}", &last[1..]), 1);
    let unnamed = signature.lines().filter(|it| !it.starts_with('#'));
    let unnamed: String = unnamed.map(|it| format!("{it}\n")).collect();
    let strange = {
        let key = PrivateKey::from_seed(&[7; 32]);
        (good.0.clone(), key.sign(&good.0).to_text())
    };
    let tampered = with(&text, "\"team\"", "\"trial\"");
    let refused = [
        (license(&bench, -20), "grace of 14 days", "PastGrace"),
        ((tampered.clone(), signature.clone()), "changed", "Tampered"),
        ((good.0.clone(), broken), "changed", "Tampered"),
        (strange, "another key", "WrongKey"),
        ((tampered, unnamed), "signature", "BadSignature"),
        (
            (good.0.clone(), "# nothing\n".to_owned()),
            "signature",
            "UnreadableSignature",
        ),
    ];
    for (papers, why, state) in &refused {
        let said = run(&bench, "apply", papers);
        assert_eq!(said.code, Some(5), "{state}: {}", said.stderr);
        assert!(
            said.stderr.contains("is blocked: unlicensed"),
            "{state}: {}",
            said.stderr
        );
        assert!(said.stderr.contains(why), "{state}: {}", said.stderr);
        assert!(said.stderr.contains("hint: "), "{state}: {}", said.stderr);
        assert_eq!(
            bench.object("hpa", "web")["spec"]["minReplicas"],
            6,
            "{state}"
        );
        assert_eq!(bench.phase("web"), "blocked", "{state}");
    }

    let said = run(&bench, "apply", &good);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(!said.stderr.contains("warning"), "{}", said.stderr);
    assert_eq!(bench.object("hpa", "web")["spec"]["minReplicas"], 2);
    // None of the bad ones keeps a change in force.
    let said = run(&bench, "revert", &refused[0].0);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(bench.object("hpa", "web")["spec"]["minReplicas"], 6);
}

#[test]
fn grace_applies_and_counts_its_days() {
    let Some(bench) = Bench::start() else { return };
    bench.hpa("web", &json!({ "minReplicas": 6 }), &json!({}));
    bench.recommend("web", &json!({ "min_replicas": { "from": 6, "to": 2 } }));
    let said = run(&bench, "apply", &license(&bench, -4));
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let warning = said
        .stderr
        .lines()
        .find(|it| it.starts_with("warning: the license"));
    let warning = warning.unwrap_or_else(|| panic!("{}", said.stderr));
    assert!(warning.contains("accepted for 11 more days"), "{warning}");
    assert_eq!(bench.phase("web"), "applied");
    assert_eq!(bench.object("hpa", "web")["spec"]["minReplicas"], 2);
}
