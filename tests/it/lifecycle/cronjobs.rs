//! A schedule with nothing of ours in the cluster: CronJobs for an HPA, whose script is run here as they
//! would run it, and a trigger that looks back for a ScaledObject.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use stepscale::keda::predictive::{Period, query_of};

use super::bench::Bench;
use crate::rig::program::Said;
use crate::rig::prometheus;
use crate::signals::page::promtool;

const NOTE: &str = "stepscale.io/cron-floor";
const RAISE: &str = "web-floor-1-raise";
const RESTORE: &str = "web-floor-1-restore";

fn window(start: &str, floor: u32) -> Value {
    json!({ "startCron": start, "durationMinutes": 130, "minReplicas": floor,
        "timeZone": "Europe/Berlin" })
}

/// An HPA from 2 to 20 replicas whose schedule has two windows, of 6 and of 9 replicas.
fn bench() -> Option<Bench> {
    let bench = Bench::start()?;
    bench.hpa("web", &json!({ "minReplicas": 2 }), &json!({}));
    let schedule = json!([window("50 7 * * 1-5", 6), window("0 9 * * 1-5", 9)]);
    bench.create(&recommendation("HorizontalPodAutoscaler", "web", &schedule));
    Some(bench)
}

fn recommendation(kind: &str, name: &str, schedule: &Value) -> Value {
    json!({ "apiVersion": "stepscale.io/v1alpha1", "kind": "ScalingRecommendation",
        "metadata": { "name": name },
        "spec": { "targetRef": { "kind": kind, "name": name }, "riskLevel": "low",
            "configDiff": {}, "schedule": schedule } })
}

/// What `apply -o` prints, as a file.
#[track_caller]
fn printed(bench: &Bench, arguments: &[&str]) -> PathBuf {
    let said = bench.run(&[&["apply"], arguments].concat());
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let path = bench.path("printed.yaml");
    fs::write(&path, said.stdout).unwrap();
    path
}

/// The jobs of the HPA in a cluster, and what they run.
struct Jobs<'a> {
    bench: &'a Bench,
    script: PathBuf,
    /// Of the account that their pods have.
    kubeconfig: PathBuf,
}

impl<'a> Jobs<'a> {
    #[track_caller]
    fn of(bench: &'a Bench) -> Self {
        let path = printed(bench, &["web", "-o", "manifest"]);
        bench.kubectl(&["apply", "-f", path.to_str().unwrap()]);
        let script = bench.path("floor.sh");
        let map = bench.object("configmap", "web-floor");
        fs::write(&script, map["data"]["floor.sh"].as_str().unwrap()).unwrap();
        let kubeconfig = bench.path("kubeconfig-of-jobs");
        let view = ["config", "view", "--raw", "--flatten", "-o", "json"];
        let mut view: Value = serde_json::from_str(&bench.kubectl(&view)).unwrap();
        for user in view["users"].as_array_mut().unwrap() {
            user["user"]["as"] = json!(account(bench));
        }
        fs::write(&kubeconfig, view.to_string()).unwrap();
        Self {
            bench,
            script,
            kubeconfig,
        }
    }

    /// What the container of a CronJob does, as the account of its pod.
    fn command(&self, job: &str) -> Command {
        let job = self.bench.object("cronjob", job);
        let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
        assert_eq!(pod["serviceAccountName"], "web-floor");
        let words = pod["containers"][0]["command"].as_array().unwrap();
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        assert_eq!(words[..2], ["sh", "/etc/stepscale/floor.sh"]);
        let mut command = Command::new("sh");
        command
            .arg(&self.script)
            .args(&words[2..])
            .env("KUBECONFIG", &self.kubeconfig);
        command
    }

    #[track_caller]
    fn run(&self, job: &str) -> Said {
        let said = Said::by(&mut self.command(job));
        assert_eq!(said.code, Some(0), "{job}: {}{}", said.stdout, said.stderr);
        said
    }

    /// Minimum and annotation.
    #[track_caller]
    fn state(&self) -> (u64, Option<String>) {
        let hpa = self.bench.object("hpa", "web");
        let note = hpa["metadata"]["annotations"][NOTE].as_str();
        (
            hpa["spec"]["minReplicas"].as_u64().unwrap(),
            note.map(str::to_owned),
        )
    }

    /// Runs jobs one after the other; the minimum after each.
    #[track_caller]
    fn minimums(&self, jobs: &[&str]) -> Vec<u64> {
        let after = |job: &&str| {
            self.run(job);
            self.state().0
        };
        jobs.iter().map(after).collect()
    }

    /// Sets limits as somebody who knows nothing of the jobs, and forgets what they did.
    #[track_caller]
    fn begin_with(&self, min: u32, max: u32) {
        self.bench.patch(
            "web",
            &json!({ "metadata": { "annotations": { NOTE: null } },
                "spec": { "minReplicas": min, "maxReplicas": max } }),
        );
    }
}

fn account(bench: &Bench) -> String {
    format!("system:serviceaccount:{}:web-floor", bench.namespace)
}

#[test]
fn the_server_takes_what_is_printed() {
    let Some(bench) = bench() else { return };
    let path = printed(
        &bench,
        &[
            "web",
            "-o",
            "manifest",
            "--job-image=registry.example/kubectl:1",
        ],
    );
    let file = path.to_str().unwrap();
    let told = bench.kubectl(&["apply", "--dry-run=server", "-f", file]);
    let created = told
        .lines()
        .filter(|it| it.ends_with("created (server dry run)"));
    assert_eq!(created.count(), 8, "{told}");
    bench.kubectl(&["apply", "-f", file]);
    let ours = [
        "get",
        "sa,role,rolebinding,configmap,cronjob",
        "-l=stepscale.io/cron-floor=web-floor",
    ];
    let ours = bench.kubectl(&[&ours[..], &["-o=name"]].concat());
    assert_eq!(ours.lines().count(), 8, "{ours}");
    let job = bench.object("cronjob", "web-floor-2-restore");
    let spec = &job["spec"];
    assert_eq!(
        (&spec["schedule"], &spec["timeZone"]),
        (&json!("10 11 * * 1-5"), &json!("Europe/Berlin"))
    );
    let pod = &spec["jobTemplate"]["spec"]["template"]["spec"];
    assert_eq!(pod["containers"][0]["image"], "registry.example/kubectl:1");
    // Printed again, there is nothing to change.
    let again = bench.kubectl(&["apply", "-f", file]);
    assert!(
        again.lines().all(|it| it.ends_with(" unchanged")),
        "{again}"
    );
}

#[test]
fn the_account_of_the_jobs_may_do_what_they_do_and_nothing_more() {
    let Some(bench) = bench() else { return };
    bench.hpa("api", &json!({ "minReplicas": 2 }), &json!({}));
    Jobs::of(&bench);
    let who = format!("--as={}", account(&bench));
    let may = |verb: &str, what: &str| {
        let said = bench.kubectl_said(&["auth", "can-i", verb, what, &who]);
        assert!(matches!(said.code, Some(0 | 1)), "{}", said.stderr);
        said.stdout.trim() == "yes"
    };
    for verb in ["get", "patch"] {
        assert!(may(verb, "hpa/web"), "{verb}");
        assert!(!may(verb, "hpa/api"), "{verb}");
        assert!(!may(verb, "hpa"), "{verb}");
    }
    for verb in ["list", "watch", "create", "update", "delete"] {
        assert!(!may(verb, "hpa/web"), "{verb}");
    }
    for what in [
        "secrets",
        "configmaps/web-floor",
        "pods",
        "deployments/web",
        "cronjobs",
    ] {
        assert!(!may("get", what), "{what}");
    }
    let patch = [
        "patch",
        "hpa",
        "api",
        "--type=merge",
        "-p={\"spec\":{\"minReplicas\":9}}",
        &who,
    ];
    let refused = bench.kubectl_refused(&patch);
    assert!(refused.contains("Forbidden"), "{refused}");
}

#[test]
fn the_minimum_rises_and_goes_back() {
    let Some(bench) = bench() else { return };
    let jobs = Jobs::of(&bench);
    let said = jobs.run(RAISE);
    assert!(
        said.stdout.contains("minReplicas 2 -> 6"),
        "{}",
        said.stdout
    );
    let (min, note) = jobs.state();
    assert_eq!(min, 6);
    let note = note.unwrap();
    assert!(note.starts_with("before=2 wrote=6 open=1:6:"), "{note}");
    // What is printed for Git meanwhile is as without windows.
    let manifest = fs::read_to_string(printed(&bench, &["web", "-o", "manifest"])).unwrap();
    assert!(manifest.contains("  minReplicas: 2\n"), "{manifest}");
    assert!(!manifest.contains(&note), "{manifest}");
    // A job that is made again changes nothing.
    assert_eq!(jobs.minimums(&[RAISE, RESTORE, RESTORE]), [6, 2, 2]);
    assert_eq!(jobs.state(), (2, None));
}

#[test]
fn a_minimum_is_never_lowered_and_never_above_the_maximum() {
    let Some(bench) = bench() else { return };
    let jobs = Jobs::of(&bench);
    jobs.begin_with(8, 20);
    assert_eq!(jobs.minimums(&[RAISE, RESTORE]), [8, 8]);
    jobs.begin_with(2, 4);
    assert_eq!(jobs.minimums(&[RAISE, RESTORE]), [4, 2]);
    assert_eq!(jobs.state().1, None);
}

#[test]
fn windows_that_overlap_have_the_higher_floor() {
    let Some(bench) = bench() else { return };
    let jobs = Jobs::of(&bench);
    let (raise, restore) = ("web-floor-2-raise", "web-floor-2-restore");
    assert_eq!(
        jobs.minimums(&[RAISE, raise, RESTORE, restore]),
        [6, 9, 9, 2]
    );
    assert_eq!(
        jobs.minimums(&[raise, RAISE, restore, RESTORE]),
        [9, 9, 6, 2]
    );
    assert_eq!(jobs.state().1, None);
}

#[test]
fn what_somebody_else_has_set_meanwhile_stays() {
    let Some(bench) = bench() else { return };
    let jobs = Jobs::of(&bench);
    for set in [3, 8] {
        jobs.begin_with(2, 20);
        jobs.run(RAISE);
        bench.patch("web", &json!({ "spec": { "minReplicas": set } }));
        jobs.run(RESTORE);
        assert_eq!(jobs.state(), (set, None));
    }
    // Another window begins with it, and goes back to it.
    jobs.begin_with(2, 20);
    jobs.run(RAISE);
    bench.patch("web", &json!({ "spec": { "minReplicas": 3 } }));
    let later = ["web-floor-2-raise", RESTORE, "web-floor-2-restore"];
    assert_eq!(jobs.minimums(&later), [9, 9, 3]);
    // An end changes nothing of it, though another window is open.
    jobs.begin_with(2, 20);
    jobs.minimums(&[RAISE, "web-floor-2-raise"]);
    bench.patch("web", &json!({ "spec": { "minReplicas": 3 } }));
    assert_eq!(jobs.minimums(&[RESTORE, "web-floor-2-restore"]), [3, 3]);
}

#[test]
fn an_end_that_was_missed_is_made_good_by_the_next_job() {
    let Some(bench) = bench() else { return };
    let jobs = Jobs::of(&bench);
    let note = "before=2 wrote=9 open=2:9:1700000000";
    bench.patch(
        "web",
        &json!({ "metadata": { "annotations": { NOTE: note } }, "spec": { "minReplicas": 9 } }),
    );
    assert_eq!(jobs.minimums(&[RAISE, RESTORE]), [6, 2]);
}

#[test]
fn a_write_that_comes_too_late_is_made_anew() {
    let Some(bench) = bench() else { return };
    let jobs = Jobs::of(&bench);
    // Stands before kubectl and changes the HPA right before the first patch.
    let folder = bench.path("bin");
    fs::create_dir_all(&folder).unwrap();
    let others = std::env::var_os("PATH").unwrap();
    let shim = format!(
        "#!/bin/sh\nPATH='{path}'\nif [ \"$1\" = patch ] && mkdir '{flag}' 2>/dev/null; then\n  \
         KUBECONFIG='{admin}' kubectl patch hpa web -n {namespace} --type=merge \
         -p '{{\"spec\":{{\"minReplicas\":4}}}}' >&2\nfi\nexec kubectl \"$@\"\n",
        path = others.to_str().unwrap(),
        flag = bench.path("changed").display(),
        admin = bench.kubeconfig().display(),
        namespace = bench.namespace,
    );
    executable(&folder.join("kubectl"), &shim);
    let all = std::iter::once(folder).chain(std::env::split_paths(&others));
    let mut command = jobs.command(RAISE);
    let said = Said::by(command.env("PATH", std::env::join_paths(all).unwrap()));
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(
        said.stderr.contains("the object has been modified"),
        "{}",
        said.stderr
    );
    assert!(
        said.stdout.contains("minReplicas 4 -> 6"),
        "{}",
        said.stdout
    );
    assert_eq!(jobs.minimums(&[RESTORE]), [4]);
}

fn executable(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn what_is_paused_gone_or_not_understood_is_left_alone() {
    let Some(bench) = bench() else { return };
    let jobs = Jobs::of(&bench);
    let annotate = |key: &str, value: Value| {
        bench.patch(
            "web",
            &json!({ "metadata": { "annotations": { key: value } } }),
        );
    };
    annotate("stepscale.io/paused", json!("until | monday"));
    assert!(jobs.run(RAISE).stdout.contains("it is paused"));
    assert_eq!(jobs.state(), (2, None));
    annotate("stepscale.io/paused", Value::Null);
    annotate("stepscale.io/floor", json!("{\"version\":1}"));
    assert!(jobs.run(RAISE).stdout.contains("a watch holds its floor"));
    assert_eq!(jobs.state(), (2, None));
    annotate("stepscale.io/floor", Value::Null);
    for odd in [
        "yes",
        "before=2 wrote=x open=1:6:1",
        "before=2 wrote=6 open=1;reboot",
    ] {
        annotate(NOTE, json!(odd));
        let said = Said::by(&mut jobs.command(RAISE));
        assert_eq!(said.code, Some(1), "{odd}");
        assert!(said.stderr.contains("cannot be read"), "{}", said.stderr);
        assert_eq!(jobs.state(), (2, Some(odd.to_owned())));
    }
    bench.kubectl(&["delete", "hpa", "web"]);
    assert!(jobs.run(RAISE).stdout.contains("it is gone"));
}

#[test]
fn a_schedule_that_no_jobs_can_carry_out_is_told() {
    let Some(bench) = bench() else { return };
    bench.hpa("api", &json!({ "minReplicas": 2 }), &json!({}));
    let twice = json!([window("0,30 8 * * *", 6)]);
    bench.create(&recommendation("HorizontalPodAutoscaler", "api", &twice));
    let said = bench.run(&["apply", "api", "-o", "manifest"]);
    assert_eq!((said.code, &*said.stdout), (Some(2), ""));
    assert!(
        said.stderr
            .contains("no CronJob ends the window that starts at `0,30 8 * * *`"),
        "{}",
        said.stderr
    );
    let said = bench.run(&["apply", "web", "-o", "patch"]);
    assert_eq!(said.code, Some(0));
    assert!(
        said.stderr.contains("-o manifest has CronJobs for it"),
        "{}",
        said.stderr
    );
    let said = bench.run(&["apply", "web", "-o", "manifest", "--predictive"]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.stderr.contains("is not of a ScaledObject"),
        "{}",
        said.stderr
    );
}

/// A ScaledObject with a load of Prometheus, and a schedule.
fn scaled(bench: &Bench, metric_type: &str) {
    let trigger = json!({ "type": "prometheus", "metricType": metric_type, "metadata": {
        "serverAddress": "http://prometheus:9090", "threshold": "50",
        "query": "sum(rate(requests_total{app=\"orders\"}[2m]))" } });
    let labels = json!({ "app": "orders" });
    bench.create(&json!({ "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "orders" },
        "spec": { "replicas": 0, "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": { "containers":
                [{ "name": "app", "image": "registry.example/app:1" }] } } } }));
    bench.create(
        &json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "metadata": { "name": "orders" },
        "spec": { "scaleTargetRef": { "name": "orders" }, "minReplicaCount": 2,
            "maxReplicaCount": 20, "triggers": [trigger] } }),
    );
    let schedule = json!([window("50 7 * * 1-5", 6)]);
    bench.create(&recommendation("ScaledObject", "orders", &schedule));
}

#[test]
fn a_scaled_object_may_look_back_in_place_of_windows() {
    let Some(bench) = Bench::troubled() else {
        return;
    };
    scaled(&bench, "AverageValue");
    let path = printed(&bench, &["orders", "-o", "manifest", "--predictive"]);
    let file = path.to_str().unwrap();
    let told = bench.kubectl(&["apply", "--dry-run=server", "-f", file]);
    assert!(
        told.contains("scaledobject.keda.sh/orders configured"),
        "{told}"
    );
    bench.kubectl(&["apply", "-f", file]);
    let triggers = bench.object("so", "orders")["spec"]["triggers"].clone();
    assert_eq!(triggers.as_array().unwrap().len(), 2);
    assert_eq!(triggers[1]["name"], "stepscale-past-0");
    assert_eq!(triggers[1]["metadata"]["threshold"], "50");
    assert_eq!(triggers[1]["metadata"]["ignoreNullValues"], "true");
    let linted = bench.run(&["lint", "so/orders", "-o", "json"]);
    assert!(
        !linted.stdout.contains("\"/spec/triggers/1"),
        "{}",
        linted.stdout
    );
    assert_eq!(linted.code, Some(0), "{}{}", linted.stdout, linted.stderr);
    // Once more, it is not its own past.
    let again = fs::read_to_string(printed(
        &bench,
        &["orders", "-o", "manifest", "--predictive"],
    ))
    .unwrap();
    assert_eq!(again.matches("type: prometheus").count(), 2, "{again}");
}

#[test]
fn a_scaled_object_without_a_load_per_replica_cannot_look_back() {
    let Some(bench) = Bench::troubled() else {
        return;
    };
    scaled(&bench, "Value");
    let said = bench.run(&["apply", "orders", "-o", "patch", "--predictive"]);
    assert_eq!((said.code, &*said.stdout), (Some(2), ""));
    assert!(
        said.stderr
            .contains("it has no prometheus trigger of a load per replica"),
        "{}",
        said.stderr
    );
}

/// A load of 10, and of 100 in one hour of a day eight days ago, a spike of a minute beside it.
#[test]
fn the_past_calls_for_replicas_before_the_hour_of_the_peak() {
    if !prometheus::is_available() {
        return;
    }
    let query = query_of("sum(requests_per_second{app=\"web\"})", Period::Week);
    // Minutes: the peak is from 1000 to 1060, a spike at 1200.
    let values = "10x999 100x60 10x138 900 10x10000";
    let cases = [
        ("3d", None),
        ("1w970m", Some(10)),
        ("1w990m", Some(100)),
        ("1w1055m", Some(100)),
        ("1w1062m", Some(10)),
        ("1w1190m", Some(10)),
    ];
    let tests: Vec<Value> = cases
        .iter()
        .map(|(time, value)| {
            let samples = value.map(|it| json!({ "labels": "{}", "value": it }));
            json!({ "expr": query, "eval_time": time,
                "exp_samples": samples.into_iter().collect::<Vec<_>>() })
        })
        .collect();
    let file = json!({ "rule_files": [], "evaluation_interval": "1m", "tests": [{
        "interval": "1m",
        "input_series": [{ "series": "requests_per_second{app=\"web\"}", "values": values }],
        "promql_expr_test": tests }] });
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("test.yaml"), file.to_string()).unwrap();
    let (is_content, said) = promtool(&["test", "rules", "test.yaml"], "", folder.path());
    assert!(is_content, "{said}");
}
