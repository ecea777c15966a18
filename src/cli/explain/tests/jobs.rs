//! The past of a ScaledJob, in a snapshot that is written for the test.

use std::io::Write as _;

use serde_json::json;

use super::*;
use crate::sim::keda::job::Bounds;
use crate::sim::keda::job::replay::{Arrivals, Replay, Setup};
use crate::sim::keda::job::request::JobSettings;
use crate::sim::keda::job::strategy::Strategy;
use crate::sim::keda::job::work::{JobShape, OnEmpty};

/// Samples, five minutes apart: ten days, with forty items in the first ten minutes of each hour.
const SAMPLES: usize = 10 * 288;
const START: i64 = 1_767_225_600;

/// Queue and running jobs of `so many at once`, each of which starts for 30 s and works for 90 s.
fn past(max: i64) -> (Vec<i64>, Vec<i64>) {
    let setup = Setup {
        settings: JobSettings {
            bounds: Bounds { min: 0, max },
            strategy: Strategy::Accurate,
        },
        polling_interval: SignedDuration::from_secs(30),
        is_paused: false,
        target: 1.0,
        activation: 0.0,
        shape: JobShape {
            startup: SignedDuration::from_secs(30),
            duration: SignedDuration::from_secs(90),
            items: 1,
            empty: OnEmpty::Ends,
        },
        shows_taken: false,
    };
    let mut replay = Replay::new(setup, 0, Timestamp::from_second(START).unwrap());
    let samples = (0..SAMPLES).map(|at| {
        let sample = (replay.shown(), replay.jobs());
        let items = if at % 12 < 2 { 20.0 } else { 0.0 };
        replay.run(&Arrivals::of(300, Some(items / 300.0)), |_| {});
        sample
    });
    samples.unzip()
}

/// A snapshot with the ScaledJob `mail`.
fn snapshot(folder: &std::path::Path) -> PathBuf {
    let path = folder.join("mail.jsonl");
    let (queue, jobs) = past(4);
    let header = json!({"kind": "Snapshot", "apiVersion": "stepscale.io/v1alpha1",
        "cluster": {"name": "test", "version": "v1.33.0"},
        "takenAt": Timestamp::from_second(START + 300 * SAMPLES as i64).unwrap()});
    let object = json!({"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledJob",
        "metadata": {"name": "mail", "namespace": "shop"},
        "spec": {"maxReplicaCount": 4, "scalingStrategy": {"strategy": "accurate"},
            "jobTargetRef": {"template": {"spec": {"containers": [{"name": "app", "image": "app"}]}}},
            "triggers": [{"type": "prometheus", "metadata": {"threshold": "1", "query": "mail",
                "serverAddress": "http://prometheus:9090"}}]}});
    let series = |metric: &str, values: serde_json::Value| {
        json!({"kind": "Series", "metric": metric, "start": START, "stepSeconds": 300,
            "target": {"namespace": "shop", "name": "mail", "kind": "ScaledJob"}, "values": values})
    };
    let lines = [
        header,
        json!({"kind": "Object", "object": object}),
        series("trigger/0", json!(queue)),
        series("ready_replicas", json!(jobs)),
        series("job_duration_seconds", json!(vec![120; SAMPLES])),
    ];
    let mut file = std::fs::File::create(&path).unwrap();
    for line in lines {
        writeln!(file, "{line}").unwrap();
    }
    path
}

#[tokio::test]
async fn polls_of_the_past_are_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    let path = snapshot(folder.path());
    let mut config = config("sj/mail");
    config.question.input = Input::Snapshot(Snapshot::File(path.clone()));
    config.asked = Some(Asked::At(at("2026-01-10T12:05:00Z")));
    let it = explanation(&config).await.unwrap();
    let named = |text: String| text.replace(path.to_str().unwrap(), "mail.jsonl");
    for width in [80, 160] {
        let text = named(printed(&it, Form::Text, sheet(width, Charset::Unicode)));
        insta::assert_snapshot!(format!("polls_{width}"), text);
    }
    let any = sheet(80, Charset::Unicode);
    let json: Value = serde_json::from_str(&printed(&it, Form::Json, any)).unwrap();
    assert!(json.get("decisions").is_none());
    assert_eq!(json["polls"]["noEvents"], "a snapshot has no events");
    let passages = json["polls"]["passages"].as_array().unwrap();
    let held: Vec<&Value> = passages.iter().map(|it| &it["held"]).collect();
    assert_eq!(held, ["inactive", "nothing", "max", "nothing", "inactive"]);
    config.asked = Some(Asked::At(at("2027-01-10T12:05:00Z")));
    let outside = explanation(&config).await.unwrap_err();
    assert_eq!(outside.exit(), Exit::Usage);
    assert!(
        outside.to_string().contains("is not in the history of"),
        "{outside}"
    );
}

#[tokio::test]
async fn days_of_polls_are_a_page_and_none_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config("sj/mail");
    config.question.input = Input::Snapshot(Snapshot::File(snapshot(folder.path())));
    config.asked = Some(Asked::Since(SignedDuration::from_hours(168)));
    let it = explanation(&config).await.unwrap();
    let text = printed(&it, Form::Text, sheet(160, Charset::Unicode));
    let rows: Vec<&str> = text.lines().filter(|it| it.starts_with(" 01-")).collect();
    let passages = it.polls.as_ref().unwrap().polls.passages.clone();
    let said = format!(
        "{} passages of polls are folded into {} rows of 3h each",
        passages.len(),
        rows.len()
    );
    assert!(text.contains(&said), "{said}: {text}");
    assert!(
        rows.len() < 60 && rows[1].contains(" 12 passages; longest nothing"),
        "{text}"
    );
    // What the rows count is what all polls did: POLLS and MADE are each the sum of their column.
    let sum = |column: usize| -> i64 {
        let cells = rows.iter().map(|it| {
            let cells: Vec<&str> = it.split("  ").filter(|it| !it.trim().is_empty()).collect();
            cells[column].trim().parse::<i64>().unwrap()
        });
        cells.sum()
    };
    let polls: usize = passages.iter().map(|it| it.polls).sum();
    assert_eq!(sum(2), polls as i64, "{text}");
    let made: i64 = passages.iter().map(|it| it.created).sum();
    assert_eq!(sum(6), made, "{text}");
}
