//! Schedules that are carried out for two weeks: on an HPA by a `watch`, on a ScaledObject by KEDA.
//!
//! The weeks are those around the day on which the clocks of New York change, a Sunday, 8 March 2026.
//! Every look is a process of its own, so that nothing is known but what the cluster tells.

use std::process::Stdio;

use jiff::civil::{DateTime, date};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use stepscale::history::History;
use stepscale::sandbox::Options;

use super::options;
use super::probation::Scene;
use super::workload::Workload;
use crate::rig::program::{Said, interrupt};
use crate::rig::say;

const ZONE: &str = "America/New_York";
const OBJECTS: &str = "/apis/keda.sh/v1alpha1/namespaces/shop/scaledobjects";
const FLOOR: &str = "stepscale.io/floor";

/// Two and a half cores around nine o'clock in New York, in winter and in summer, else half a core.
fn peak(at: f64) -> f64 {
    match at * 24.0 {
        12.5..17.5 => 2.5,
        _ => 0.5,
    }
}

/// Eight replicas from nine to eleven on working days, and five around midnight on Fridays.
fn windows() -> Value {
    json!([
        { "startCron": "0 9 * * 1-5", "durationMinutes": 120, "minReplicas": 8, "timeZone": ZONE },
        { "startCron": "30 23 * * 5", "durationMinutes": 60, "minReplicas": 5, "timeZone": ZONE },
    ])
}

fn scaled_object(workload: &Workload) -> [Value; 2] {
    let [deployment, _] = workload.objects();
    let name = workload.name;
    let scaled = json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "metadata": { "name": name, "namespace": "shop" },
        "spec": { "scaleTargetRef": { "name": name }, "minReplicaCount": 2, "maxReplicaCount": 6,
            "triggers": [{ "type": "cpu", "metricType": "Utilization",
                "metadata": { "value": "70" } }] } });
    [deployment, scaled]
}

struct Weeks {
    scene: Scene,
    zone: TimeZone,
    told: Vec<String>,
}

impl Weeks {
    /// An HPA `web` and a ScaledObject `orders`, on Monday, shortly after midnight in London.
    fn start() -> Self {
        let all = ["web", "orders"].map(|it| Workload::new(it, 300, peak));
        let mut seed = Workload::seed(&all[..1]);
        seed.objects.extend(scaled_object(&all[1]));
        seed.histories.extend(Workload::seed(&all[1..]).histories);
        // How many pods there were before is not known: the history begins with the twin.
        for (_, history) in &mut seed.histories {
            let usage = history
                .iter()
                .find(|it| it.0.to_string() == "cpu_usage_cores");
            let (metric, series) = usage.map(|it| (it.0.clone(), it.1.clone())).unwrap();
            *history = History::default();
            history.insert(metric, series);
        }
        let options = Options {
            seed,
            ..options(&[])
        };
        Self {
            scene: Scene::begun(options, 5),
            zone: TimeZone::get(ZONE).unwrap(),
            told: vec![],
        }
    }

    /// Lets time pass until a wall clock in New York shows it.
    fn until(&self, day: i8, hour: i8, minute: i8) {
        let wall: DateTime = date(2026, 3, day).at(hour, minute, 0, 0);
        let at = wall.to_zoned(self.zone.clone()).unwrap().timestamp();
        let scene = &self.scene;
        scene.runtime.block_on(async {
            let now = scene.moved.now().await;
            let left = at.duration_since(now).as_secs();
            assert!(left >= 0, "{at} is over");
            scene.moved.pass(left).await;
        });
    }

    /// A look of a `watch` that is alone then.
    #[track_caller]
    fn look(&mut self) -> Said {
        let said = self
            .scene
            .exits(0, &["watch", "--mode=apply", "--once", "--interval=10"]);
        let news = said.stdout.lines().filter(|it| it.contains(" schedule "));
        self.told.extend(news.map(str::to_owned));
        said
    }

    fn min(&self) -> u64 {
        self.scene.hpa("web")["spec"]["minReplicas"]
            .as_u64()
            .unwrap()
    }

    fn replicas(&self, name: &str) -> u64 {
        let path = format!("/apis/apps/v1/namespaces/shop/deployments/{name}");
        let count = &self.scene.object(&path)["spec"]["replicas"];
        count.as_u64().unwrap()
    }

    fn carried(&self, name: &str) -> Value {
        self.scene.record(name)["status"]["schedule"].clone()
    }

    /// A day with a window: before, within, and after it.
    #[track_caller]
    fn working_day(&mut self, day: i8) {
        self.until(day, 8, 50);
        self.look();
        assert_eq!(self.min(), 2, "{day} 8:50");
        self.until(day, 9, 1);
        self.look();
        assert_eq!(self.min(), 8, "{day} 9:01");
        self.until(day, 10, 0);
        self.look();
        assert_eq!(self.min(), 8, "{day} 10:00");
        assert!(self.replicas("web") >= 8, "{day} 10:00");
        assert!(
            self.replicas("orders") >= 6,
            "{day} 10:00: the maximum is kept"
        );
        self.until(day, 11, 1);
        self.look();
        assert_eq!(self.min(), 2, "{day} 11:01");
    }

    fn annotation(&self, name: &str) -> Value {
        self.scene.hpa("web")["metadata"]["annotations"][name].clone()
    }
}

fn recommend(scene: &Scene) {
    let schedule = json!({ "schedule": windows() });
    let diff = json!({ "min_replicas": { "from": 3, "to": 2 } });
    let hpa = json!({ "spec": { "minReplicas": 3 } });
    let path = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/web";
    scene.runtime.block_on(scene.moved.merge(path, &hpa));
    scene.propose_with("web", &diff, true, &schedule);
    let target = json!({ "targetRef": { "kind": "ScaledObject", "name": "orders" },
        "schedule": windows() });
    scene.propose_with("orders", &json!({}), true, &target);
}

#[test]
fn floors_rise_and_fall_for_two_weeks_and_go_when_the_peak_stops() {
    let mut weeks = Weeks::start();
    recommend(&weeks.scene);
    let triggers = |weeks: &Weeks| {
        let object = weeks.scene.object(&format!("{OBJECTS}/orders"));
        object["spec"]["triggers"].clone()
    };
    let before = triggers(&weeks);
    let said = weeks
        .scene
        .exits(0, &["apply", "web", "orders", "--dry-run=server"]);
    assert!(
        said.stdout.contains("stepscale-window-2"),
        "{}",
        said.stdout
    );
    assert!(
        said.stdout.contains("at least 8 replicas"),
        "{}",
        said.stdout
    );
    let said = weeks.scene.exits(0, &["apply", "web", "orders"]);
    let needed = "an HPA knows no schedule: a running `kubectl stepscale watch --mode apply`";
    assert_eq!(said.stderr.matches(needed).count(), 1, "{}", said.stderr);
    let ours = triggers(&weeks);
    assert_eq!(ours.as_array().unwrap().len(), 3);
    assert_eq!(ours[0], before[0]);
    assert_eq!(
        ours[1]["metadata"]["desiredReplicas"], "6",
        "no more than the maximum"
    );

    for day in 2..=5 {
        weeks.working_day(day);
    }
    weeks.working_day(6);
    weeks.until(6, 23, 31);
    weeks.look();
    assert_eq!(weeks.min(), 5, "before midnight");
    weeks.until(7, 0, 10);
    weeks.look();
    assert_eq!(weeks.min(), 5, "after midnight");
    weeks.until(7, 0, 31);
    weeks.look();
    assert_eq!(weeks.min(), 2);
    // No working day, and the clocks change.
    for day in [7, 8] {
        weeks.until(day, 9, 30);
        weeks.look();
        assert_eq!(weeks.min(), 2, "{day}");
    }
    for name in ["web", "orders"] {
        let record = weeks.scene.record(name);
        assert_eq!(record["status"]["phase"], "verified", "{record}");
    }
    // Nine o'clock is an hour earlier now.
    weeks.working_day(9);
    weeks.working_day(10);
    assert_eq!(weeks.carried("web")["state"], "waiting");

    // The peak stops: what is asked for is a tenth.
    let requests = json!({ "spec": { "template": { "spec": { "containers": [{ "name": "app",
        "image": "registry.example/app:1", "resources": { "requests": { "cpu": "5" },
            "limits": { "cpu": "5" } } }] } } } });
    for name in ["web", "orders"] {
        let path = format!("/apis/apps/v1/namespaces/shop/deployments/{name}");
        weeks
            .scene
            .runtime
            .block_on(weeks.scene.moved.merge(&path, &requests));
    }
    weeks.until(11, 9, 1);
    weeks.look();
    assert_eq!(weeks.min(), 8);
    for minute in (35..60).step_by(5) {
        weeks.until(11, 9, minute);
        weeks.look();
    }
    assert_eq!((weeks.min(), &weeks.carried("web")["idle"]), (8, &json!(5)));
    weeks.until(11, 10, 0);
    weeks.look();
    assert_eq!(weeks.min(), 2);
    let object = weeks.scene.hpa("web");
    assert_eq!(object["metadata"]["annotations"][FLOOR], Value::Null);
    let journal = object["metadata"]["annotations"]["stepscale.io/applied"].clone();
    assert!(!journal.as_str().unwrap().contains("schedule"), "{journal}");
    assert_eq!(weeks.scene.phase("web"), "verified", "its settings stay");
    assert_eq!(weeks.carried("orders")["state"], "retracted");
    assert_eq!(triggers(&weeks), before);
    weeks.until(12, 9, 30);
    weeks.look();
    assert_eq!(weeks.min(), 2);
    assert_eq!(weeks.carried("web")["state"], "retracted");
    weeks.told.iter().for_each(|it| say(it));
}

#[test]
fn a_crash_at_any_point_and_another_leader_leave_nothing_behind() {
    let mut weeks = Weeks::start();
    recommend(&weeks.scene);
    weeks.scene.exits(0, &["apply", "web"]);
    let points = ["before-begin", "before-write", "after-write", "after-save"];
    for (day, point) in (2..).zip(points) {
        for (hour, expected) in [(9, 8), (11, 2)] {
            weeks.until(day, hour, 1);
            let mut command =
                weeks
                    .scene
                    .command(&["watch", "--mode=apply", "--once", "--interval=10"]);
            command.env("STEPSCALE_CRASH_AT", format!("schedule-{point}"));
            let said = Said::by(&mut command);
            assert_eq!(said.code, None, "{point}: {}", said.stderr);
            weeks.look();
            assert_eq!(weeks.min(), expected, "{day} {hour} {point}");
            let carried = weeks.carried("web");
            assert_eq!(carried["attempt"], Value::Null, "{point}: {carried}");
            assert_eq!(carried["floor"]["to"].as_u64(), (hour == 9).then_some(8));
        }
    }
    let log = std::fs::read_to_string(weeks.scene.home("state/stepscale/audit.log")).unwrap();
    assert!(log.contains("found out later; begun by"), "{log}");
    assert!(log.contains("it was begun and never made"), "{log}");

    // A leader that raises it, and another that gives it back.
    weeks.until(6, 9, 1);
    let shared = [
        "watch",
        "--mode=apply",
        "--interval=10",
        "--lease-namespace=shop",
    ];
    let mut command = weeks.scene.command(&shared);
    let leader = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    while weeks.min() != 8 {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let follower = [&shared[..], &["--max-ticks=1"]].concat();
    let said = weeks.scene.exits(0, &follower);
    assert!(
        said.stderr.contains("not leader; skipping mutating pass"),
        "{}",
        said.stderr
    );
    let (said, _) = interrupt(leader.unwrap(), "TERM");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(weeks.min(), 8);
    weeks.until(6, 11, 1);
    let said = weeks.scene.exits(0, &follower);
    assert!(
        said.stderr.contains("restored minReplicas"),
        "{}",
        said.stderr
    );
    assert_eq!(weeks.min(), 2);
}

#[test]
fn edits_reverts_pauses_and_owners_are_respected() {
    let mut weeks = Weeks::start();
    recommend(&weeks.scene);
    weeks.scene.exits(0, &["apply", "web"]);
    let path = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/web";
    let edit = |weeks: &Weeks, patch: &Value| {
        weeks
            .scene
            .runtime
            .block_on(weeks.scene.moved.merge(path, patch));
    };
    weeks.until(2, 9, 1);
    weeks.look();
    assert_eq!(weeks.min(), 8);
    edit(&weeks, &json!({ "spec": { "minReplicas": 4 } }));
    weeks.until(2, 10, 0);
    weeks.look();
    assert_eq!((weeks.min(), weeks.annotation(FLOOR)), (4, Value::Null));
    let detail = weeks.carried("web")["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("minReplicas was set to 4"), "{detail}");
    weeks.until(2, 11, 1);
    weeks.look();
    assert_eq!(weeks.min(), 4, "it is theirs");

    // Held still, it is given back once it may be.
    weeks.until(3, 9, 1);
    weeks.look();
    weeks.scene.exits(0, &["pause", "hpa/web", "--replicas=5"]);
    weeks.until(3, 11, 1);
    weeks.look();
    assert_eq!(weeks.min(), 5);
    weeks.scene.exits(0, &["resume", "hpa/web"]);
    weeks.look();
    assert_eq!(weeks.min(), 4);

    // Owned by Git, nothing is raised.
    let tracking = "argocd.argoproj.io/tracking-id";
    let id = "shop:autoscaling/HorizontalPodAutoscaler:shop/web";
    edit(
        &weeks,
        &json!({ "metadata": { "annotations": { tracking: id } } }),
    );
    weeks.until(4, 9, 1);
    weeks.look();
    let carried = weeks.carried("web");
    assert_eq!((weeks.min(), &carried["state"]), (4, &json!("withheld")));
    assert!(
        carried["detail"].as_str().unwrap().contains("Argo CD"),
        "{carried}"
    );
    edit(
        &weeks,
        &json!({ "metadata": { "annotations": { tracking: null } } }),
    );
    weeks.look();
    assert_eq!(weeks.min(), 8);
    let active = weeks.scene.record("web")["status"]["scheduleActive"].clone();
    assert_eq!(active, true);

    // Taken back in the midst of it, nothing is left.
    weeks.scene.exits(0, &["revert", "web", "--reason=a test"]);
    assert_eq!(weeks.min(), 4, "it was set by others, and is theirs");
    let annotations = weeks.scene.hpa("web")["metadata"]["annotations"].clone();
    assert_eq!(
        annotations.as_object().map_or(0, |it| it.len()),
        0,
        "{annotations}"
    );
    let status = weeks.scene.record("web")["status"].clone();
    assert_eq!(
        (&status["phase"], &status["schedule"]),
        (&json!("rolledBack"), &Value::Null)
    );
    weeks.look();
    assert_eq!(weeks.min(), 4);
}
