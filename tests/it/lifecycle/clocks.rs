//! Clocks that are off: all times are those of the API server, whatever a machine thinks.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stepscale::conduct::Applied;
use stepscale::lifecycle::Phase;
use stepscale::lifecycle::diff::{Key, Setting};
use stepscale::lifecycle::step::{Check, Policy, Verdict};

use super::bench::Bench;
use super::hand::{Hand, journal};

fn healthy() -> Check {
    Check {
        verdict: Verdict::Healthy {
            detail: String::new(),
        },
        measured: Value::Null,
    }
}

/// What a check at this moment makes of a probation.
#[track_caller]
fn judged(hand: &Hand, name: &str) -> Phase {
    let stored = hand.kept(name);
    let judged = hand.conduct(async |conductor| conductor.judge(&stored, healthy()).await);
    judged.unwrap().record.status.phase
}

/// Moves the time of the cluster, and with it that of no machine.
#[track_caller]
fn advance(hand: &Hand, by: SignedDuration) {
    let body = json!({ "advanceSeconds": by.as_secs() });
    hand.done("POST", "/twin/clock", "application/json", &body);
}

#[track_caller]
fn now(hand: &Hand) -> Timestamp {
    hand.conduct(async |conductor| conductor.now().await.unwrap())
}

#[test]
fn a_probation_lasts_as_long_as_it_should_by_the_clock_of_the_server() {
    let Some(bench) = Bench::troubled() else {
        return;
    };
    let hand = Hand::of(&bench, None);
    let minute = SignedDuration::from_mins(1);
    let probation = Policy::default().probation;
    for (name, skew) in [("ahead", "5m"), ("behind", "-5m")] {
        hand.meet(&json!({ "clockSkew": skew }));
        hand.plain(name);
        let fewer = Setting {
            key: Key::MinReplicas,
            from: json!(6),
            to: json!(2),
        };
        hand.approved(name, vec![fewer]);
        let before = now(&hand);
        assert!(matches!(hand.apply(name, None), Ok(Applied::Done(_))));
        let after = now(&hand);

        let status = hand.kept(name).record.status;
        let applied = status.applied.unwrap();
        assert!(
            (before..=after).contains(&applied.at),
            "{name}: {applied:?}"
        );
        assert_eq!(json!(applied.at), journal(&hand.hpa(name))["at"]);
        assert_eq!(status.since, Some(applied.at));
        let until = applied.at + probation;
        assert_eq!(status.probation_until, Some(until), "{name}");
        let story = status.story.iter().rfind(|it| it.phase == Phase::Applied);
        assert_eq!(story.unwrap().at, applied.at);

        assert_eq!(judged(&hand, name), Phase::Applied, "{name}: at once");
        advance(&hand, probation - minute);
        assert_eq!(
            judged(&hand, name),
            Phase::Applied,
            "{name}: a minute before its end"
        );
        advance(&hand, minute);
        assert_eq!(judged(&hand, name), Phase::Verified, "{name}: at its end");
    }
}

/// The program runs on a machine whose clock cannot be moved here; the clock of the cluster can.
#[test]
fn the_program_dates_by_the_clock_of_the_server() {
    let Some(bench) = Bench::troubled() else {
        return;
    };
    let hand = Hand::of(&bench, None);
    advance(&hand, SignedDuration::from_hours(30));
    for (name, skew) in [("ahead", "5m"), ("behind", "-5m")] {
        hand.meet(&json!({ "clockSkew": skew }));
        hand.plain(name);
        bench.recommend(name, &json!({ "min_replicas": { "from": 6, "to": 2 } }));
        let before = now(&hand);
        bench.succeeds(&["apply", name]);
        let told = bench.run(&["status", name, "-o", "json"]).stdout;
        bench.succeeds(&["revert", name]);
        let times = before..=now(&hand);

        let status = hand.kept(name).record.status;
        let mut dates: Vec<Timestamp> = status.story.iter().map(|it| it.at).collect();
        dates.extend(status.since);
        dates.extend(status.decided.map(|it| it.at));
        let told: Value = serde_json::from_str(&told).unwrap();
        let applied = told["items"][0]["status"]["appliedAt"].as_str().unwrap();
        dates.push(applied.parse().unwrap());
        assert!(dates.len() > 5, "{dates:?}");
        for date in dates {
            assert!(times.contains(&date), "{name}: {date} is not in {times:?}");
        }
        let path = format!("/api/v1/namespaces/{}/events", bench.namespace);
        let events = hand.done("GET", &path, "application/json", &Value::Null);
        let all = events["items"].as_array().unwrap().iter();
        let ours = all.filter(|it| {
            it["source"]["component"] == "kubectl-stepscale" && it["involvedObject"]["name"] == name
        });
        let dated: Vec<Timestamp> = ours
            .map(|it| it["firstTimestamp"].as_str().unwrap().parse().unwrap())
            .collect();
        assert!(dated.len() >= 2, "{events}");
        assert!(dated.iter().all(|it| times.contains(it)), "{dated:?}");
    }
}

/// Sources of what decides and keeps, which may ask no clock of this machine.
#[test]
fn nothing_that_decides_on_a_recommendation_asks_a_clock_of_this_machine() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources: Vec<PathBuf> = vec![];
    for module in ["conduct", "lifecycle", "store"] {
        sources.push(root.join(format!("{module}.rs")));
        below(&root.join(module), &mut sources);
    }
    assert!(sources.len() > 30, "{sources:?}");
    for source in sources {
        let text = std::fs::read_to_string(&source).unwrap();
        for clock in [
            "Timestamp::now",
            "Zoned::now",
            "SystemTime",
            "Instant",
            "cx.now",
        ] {
            assert!(!text.contains(clock), "{}: {clock}", source.display());
        }
    }
}

fn below(folder: &Path, sources: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => below(&path, sources),
            false => sources.push(path),
        }
    }
}
