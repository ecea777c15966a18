//! `explain` on a cluster: what it tells of an autoscaler there, now and in the past.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::rig::program::{Said, User};

/// Everything that can be asked about one autoscaler of the demo, into files.
const QUESTIONS: &str = r#"set -e
explain="kubectl-stepscale explain hpa/checkout -n orders"
$explain > screen
$explain -o json > whole
$explain --since 2h > since.txt
$explain --since 2h -o json > since
$explain --since 2h -o 'jsonpath={.decisions.span.from}' > from
$explain --at "$(cat from)" > at.txt
$explain --at "$(cat from)" -o json > at
"#;

#[test]
fn an_autoscaler_of_a_cluster_is_told_now_and_in_the_past() {
    let user = User::new();
    let mut demo = user.stepscale(&["demo", "--exec", QUESTIONS]);
    let said = Said::by(demo.current_dir(user.home()));
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let text = |name: &str| fs::read_to_string(user.path(name)).unwrap();
    let json = |name: &str| -> Value { serde_json::from_str(&text(name)).unwrap() };
    let time = |it: &Value| -> Timestamp { it.as_str().unwrap().parse().unwrap() };

    let screen = text("screen");
    for part in ["hpa/checkout", "SETTINGS", "PAST", "NEXT"] {
        assert!(screen.contains(part), "{part}: {screen}");
    }
    assert!(!screen.contains("--from"), "{screen}");
    let whole = json("whole");
    assert_eq!(whole["kind"], "Explanation");
    assert_eq!(whole["autoscaler"]["name"], "checkout");
    assert_eq!(whole["decisions"], Value::Null);
    let source = whole["source"]["name"].as_str().unwrap();
    assert!(source.starts_with("Prometheus "), "{source}");

    let since = json("since");
    let span = &since["decisions"]["span"];
    let length = time(&span["to"]).duration_since(time(&span["from"]));
    assert_eq!(length, SignedDuration::from_hours(2));
    let passages = since["decisions"]["passages"].as_array().unwrap();
    assert!(!passages.is_empty(), "{since:#}");
    for (a, b) in passages.iter().zip(&passages[1..]) {
        assert_eq!(a["to"], b["from"], "no gap between decisions");
    }
    assert!(text("since.txt").contains("DECISIONS"));

    // What the template picked is a time that can be asked about.
    let from = text("from");
    let at = json("at");
    assert_eq!(time(&at["decisions"]["span"]["at"]), from.parse().unwrap());
    let told = text("at.txt");
    assert!(told.contains("OTHER SETTINGS"), "{told}");
    assert!(told.lines().any(|it| it.starts_with('>')), "{told}");
}
