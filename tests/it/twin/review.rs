//! A load whose rhythm is over, and one that goes on, with the same schedule in force: one ends, the other
//! stays.

use jiff::SignedDuration;
use jiff::civil::date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use stepscale::history::{History, Metric};
use stepscale::sandbox::Options;
use stepscale::series::{Grid, Series};
use stepscale::units::Step;

use super::options;
use super::probation::Scene;
use super::workload::{Workload, start};
use crate::rig::program::Said;

const DAYS: usize = 35;
const STEPS: usize = 288;

/// So many cores as `peak` says from eight to ten, else half a core.
fn load(at: usize, peak: f64) -> f64 {
    let wave = 0.02 * ((at * 7919) % 13) as f64 / 13.0;
    let is_busy = (96..120).contains(&(at % STEPS));
    wave + if is_busy { peak } else { 0.5 }
}

/// Five weeks up to the start of the twin, which plays them again from their beginning: with a peak of each
/// day in cores.
fn past(peak: impl Fn(usize) -> f64) -> History {
    let step = Step::from_seconds(300).unwrap();
    let length = SignedDuration::from_hours(24 * DAYS as i64);
    let grid = Grid::ending_at(start(), length, step);
    let usage = |at: usize| load(at, peak(at / STEPS));
    let ready = |at: usize| {
        let asked = (usage(at).max(usage(at.saturating_sub(1))) / 0.35).ceil();
        let is_open = (93..123).contains(&(at % STEPS));
        if is_open { asked.max(12.0) } else { asked }
    };
    let series = |value: &dyn Fn(usize) -> f64| {
        Series::from_values(grid, (0..grid.len()).map(|it| Some(value(it))))
    };
    let mut history = History::default();
    history.insert(Metric::CpuUsage, series(&usage));
    history.insert(Metric::ReadyReplicas, series(&ready));
    history.insert(Metric::Startup, series(&|_| 600.0));
    history
}

/// With the errors in percent of the forecast that it was chosen with.
fn schedule(percent: u32) -> Value {
    json!({
        "schedule": [{ "startCron": "45 7 * * *", "durationMinutes": 150, "minReplicas": 12,
            "timeZone": "Etc/UTC" }],
        "forecast": { "medianPercent": percent, "highPercent": percent, "coveredPercent": 95 },
    })
}

struct Days {
    scene: Scene,
    told: Vec<String>,
}

impl Days {
    /// Of `web` the peak ends on the third day, of `api` never, though it is not always the same.
    fn start() -> Self {
        let all = ["web", "api"].map(|it| Workload::new(it, 300, |_| 0.5));
        let mut seed = Workload::seed(&all);
        seed.histories[0].1 = past(|day| if (2..21).contains(&day) { 0.5 } else { 4.0 });
        seed.histories[1].1 = past(|day| 3.4 + 0.1 * (day * day * 5 % 13) as f64);
        for object in &mut seed.objects {
            if object["kind"] == "HorizontalPodAutoscaler" {
                object["spec"]["minReplicas"] = json!(3);
            }
        }
        let scene = Scene::begun(
            Options {
                seed,
                ..options(&[])
            },
            5,
        );
        let told = vec![];
        Self { scene, told }
    }

    fn until(&self, day: i8, hour: i8, minute: i8) {
        let wall = date(2026, 3, day).at(hour, minute, 0, 0);
        let at = wall.to_zoned(TimeZone::UTC).unwrap().timestamp();
        let scene = &self.scene;
        scene.runtime.block_on(async {
            let now = scene.moved.now().await;
            scene.moved.pass(at.duration_since(now).as_secs()).await;
        });
    }

    #[track_caller]
    fn look(&mut self, forecasting: bool) -> Said {
        let forecasting = format!("--enable-forecasting={forecasting}");
        let said = self.scene.exits(
            0,
            &[
                "watch",
                "--mode=apply",
                "--once",
                "--interval=10",
                "--analysis-budget-seconds=900",
                "--time-zone=Etc/UTC",
                &forecasting,
            ],
        );
        self.told.extend(said.stdout.lines().map(str::to_owned));
        said
    }

    fn min(&self, name: &str) -> u64 {
        self.scene.hpa(name)["spec"]["minReplicas"]
            .as_u64()
            .unwrap()
    }

    /// A day on which windows open and close, with a look by forecasts at noon.
    #[track_caller]
    fn day(&mut self, day: i8, is_reviewed: bool) {
        self.until(day, 7, 46);
        self.look(false);
        assert_eq!(self.min("api"), 12, "{day}");
        self.until(day, 10, 20);
        self.look(false);
        assert_eq!(self.min("api"), 2, "{day}");
        if is_reviewed {
            self.until(day, 12, 0);
            self.look(true);
        }
    }

    fn review(&self, name: &str) -> Value {
        self.scene.record(name)["status"]["schedule"]["review"].clone()
    }
}

#[test]
fn a_schedule_whose_rhythm_is_over_ends_and_one_that_pays_stays() {
    let mut days = Days::start();
    let diff = json!({ "min_replicas": { "from": 3, "to": 2 } });
    days.scene.propose_with("web", &diff, true, &schedule(80));
    // As good as no forecast of its peaks is, whose height nobody knows.
    days.scene.propose_with("api", &diff, true, &schedule(10));
    days.scene.exits(0, &["apply", "web", "api"]);
    let journal = days.scene.hpa("web")["metadata"]["annotations"]["stepscale.io/applied"].clone();
    let kept = r#""losses":{"medianPercent":80,"highPercent":80,"coveredPercent":95}"#;
    assert!(journal.as_str().unwrap().contains(kept), "{journal}");

    days.day(2, false);
    days.day(3, true);
    for name in ["web", "api"] {
        assert_eq!(days.scene.phase(name), "verified", "{name}");
    }
    assert_eq!(days.review("web")["standing"], "steady");
    let review = days.review("api");
    assert_eq!(review["standing"], "kept", "{review}");
    let detail = review["detail"].as_str().unwrap();
    assert!(
        detail.contains("it pays all the same: on the last 7 days"),
        "{detail}"
    );

    // The peak of `web` is gone. A week of it is not over yet.
    for day in 4..11 {
        days.day(day, day == 9);
        assert_eq!(days.min("web"), 2, "{day}");
    }
    assert_eq!(days.review("web")["standing"], "kept");
    days.day(11, true);
    let record = days.scene.record("web");
    let review = &record["status"]["schedule"]["review"];
    assert_eq!(review["standing"], "obsolete", "{review}");
    assert_eq!(
        (&record["status"]["phase"], &record["spec"]["schedule"]),
        (&json!("pending"), &Value::Null)
    );
    assert_eq!(
        record["spec"]["scheduleBefore"].as_array().unwrap().len(),
        1
    );
    let conditions = record["status"]["conditions"].as_array().unwrap();
    let pays = conditions
        .iter()
        .find(|it| it["type"] == "SchedulePays")
        .unwrap();
    assert_eq!(
        (&pays["status"], &pays["reason"]),
        (&json!("False"), &json!("PaysNoMore"))
    );
    let events = days.scene.object("/api/v1/namespaces/shop/events");
    let reviewed = events["items"].as_array().unwrap().iter();
    let reviewed: Vec<_> = reviewed
        .filter(|it| it["reason"] == "ScheduleReviewed")
        .collect();
    assert!(
        reviewed.iter().any(|it| it["type"] == "Warning"),
        "{events}"
    );
    let explained = days
        .scene
        .exits(0, &["explain", "hpa/web", "--time-zone=Etc/UTC"]);
    assert!(
        explained.stdout.contains("schedule in force, obsolete: "),
        "{}",
        explained.stdout
    );

    // It goes the way of all changes.
    days.until(12, 7, 46);
    days.look(true);
    assert_eq!(days.min("web"), 12, "nobody has said yes");
    days.scene.exits(0, &["approve", "web"]);
    let said = days.look(false);
    assert_eq!(days.min("web"), 2, "{}", said.stderr);
    let hpa = days.scene.hpa("web");
    let journal = hpa["metadata"]["annotations"]["stepscale.io/applied"]
        .as_str()
        .unwrap();
    assert!(!journal.contains("schedule"), "{journal}");
    assert_eq!(days.scene.record("web")["status"]["schedule"], Value::Null);
    assert_eq!(days.min("api"), 12);
    days.until(13, 7, 46);
    days.look(false);
    assert_eq!((days.min("web"), days.min("api")), (2, 12));

    let told = days.told.join("\n");
    for line in [
        "shop/api schedule reviewed, kept: for 3 days its forecast has been ",
        "shop/web schedule reviewed, steady → kept: for 3 days ",
        "shop/web schedule reviewed, kept → obsolete: for 3 days ",
        "→ pending: proposed anew: no schedule any more",
    ] {
        assert!(told.contains(line), "{line}:\n{told}");
    }
}
