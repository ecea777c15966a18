//! `triggers` on the sandbox with KEDA's kinds: sources that work, and sources that do not.

mod bench;
mod resolving;

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::rig::process::free_port;
use crate::rig::program::{Said, interrupt};
use crate::rig::prometheus::{self, Prometheus};
use bench::{Behavior, Bench, Source, trigger};

/// Long enough for a slow machine, short enough to wait for the one that never answers.
const PATIENCE: &str = "--timeout=15s";

fn vector(values: &[&str]) -> String {
    let result: Vec<Value> = values
        .iter()
        .map(|it| json!({ "metric": {}, "value": [1, it] }))
        .collect();
    json!({ "status": "success", "data": { "resultType": "vector", "result": result } }).to_string()
}

fn row(report: &Value, index: usize) -> &Value {
    &report["items"][0]["triggers"][index]
}

#[test]
fn sources_that_fail_have_a_row_that_says_so_and_the_others_are_shown() {
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let text = "<html>Sign in</html>".repeat(500_000);
    let cases = [
        (Behavior::Answers(vector(&["41.5"])), ""),
        (Behavior::Silent, "no answer within"),
        (Behavior::Answers(vector(&[])), "the query gives no value"),
        (Behavior::Answers(vector(&["NaN"])), "the value is NaN"),
        (
            Behavior::Answers(vector(&["1", "2"])),
            "the query gives 2 series",
        ),
        (Behavior::Answers(text), "not what Prometheus answers"),
    ];
    let (behaviors, parts): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
    let sources: Vec<Source> = behaviors.into_iter().map(Source::start).collect();
    let mut triggers: Vec<Value> = sources
        .iter()
        .map(|it| trigger(&it.url, json!({ "ignoreNullValues": "false" })))
        .collect();
    triggers.push(trigger(&nobody, json!({})));
    let bench = Bench::start(
        vec![bench::scaled_object("orders", &json!(triggers))],
        vec![],
    );
    let report = bench
        .run(&["triggers", "so/orders", "-o=json", PATIENCE])
        .report(4);
    let good = row(&report, 0);
    assert_eq!(
        (&good["state"], &good["value"]),
        (&json!("read"), &json!(41.5))
    );
    assert_eq!(
        (&good["active"], &good["replicas"]),
        (&json!(true), &json!(5))
    );
    let parts = parts.into_iter().chain(["cannot reach"]).enumerate();
    for (index, part) in parts.skip(1) {
        let row = row(&report, index);
        assert_eq!(row["state"], "failed", "{row}");
        let message = row["message"].as_str().unwrap();
        assert!(message.contains(part) && message.len() < 400, "{message}");
    }
    assert_eq!(report["items"][0]["winner"], "0");
    assert_eq!(report["items"][0]["desiredReplicas"], 5);
}

#[test]
fn the_seed_triggers_are_evaluated_beside_a_real_prometheus() {
    if !prometheus::is_available() {
        return;
    }
    let empty = tempfile::tempdir().unwrap();
    let server = Prometheus::on(empty.path(), &[]);
    let mut query = trigger(&server.url, json!({ "query": "vector(35)" }));
    query["name"] = json!("rate");
    let triggers = json!([
        query,
        { "type": "cpu", "metricType": "Utilization", "metadata": { "value": "50" } },
        { "type": "cron", "metadata": { "timezone": "Europe/Berlin", "start": "0 0 1 1 *",
            "end": "59 23 31 12 *", "desiredReplicas": "3" } },
        { "type": "kafka", "metadata": { "bootstrapServers": "127.0.0.1:1", "consumerGroup": "g",
            "topic": "t" } },
        { "type": "rabbitmq", "metadata": { "queueName": "q", "mode": "QueueLength",
            "value": "5", "host": "amqp://127.0.0.1" } },
        { "type": "promtheus", "metadata": {} },
    ]);
    let bench = Bench::start(vec![bench::scaled_object("orders", &triggers)], vec![]);
    let report = bench
        .run(&["triggers", "orders", "-o=json", "--timeout=60s"])
        .report(4);
    let (query, cpu, cron) = (row(&report, 0), row(&report, 1), row(&report, 2));
    assert_eq!(
        (&query["value"], &query["via"]),
        (&json!(35.0), &json!("direct"))
    );
    assert_eq!(
        (&query["name"], &query["replicas"]),
        (&json!("rate"), &json!(4))
    );
    // 150m and 50m of 100m each.
    assert_eq!(
        (&cpu["value"], &cpu["replicas"]),
        (&json!(100.0), &json!(4)),
        "{cpu}"
    );
    assert_eq!(
        (&cron["state"], &cron["via"]),
        (&json!("read"), &json!("clock"))
    );
    assert!(
        cron["nextStart"].is_string() && cron["nextEnd"].is_string(),
        "{cron}"
    );
    // Nobody is at the brokers, and nobody but KEDA asks the other.
    for (index, state) in [(3, "failed"), (4, "notEvaluated")] {
        let row = row(&report, index);
        assert_eq!(row["state"], state, "{row}");
        assert!(row.get("value").is_none(), "{row}");
    }
    let refused = row(&report, 5);
    assert_eq!(refused["state"], "refused");
    assert!(
        refused["message"].as_str().unwrap().contains("prometheus"),
        "{refused}"
    );
    let differences = report["items"][0]["differences"].to_string();
    assert!(
        differences.contains("KEDA has said nothing"),
        "{differences}"
    );

    let table = bench.run(&["triggers", "orders", "--timeout=60s"]);
    assert!(
        table
            .stdout
            .lines()
            .all(|it| it.starts_with("  ") || it.chars().count() <= 80 || it.starts_with('!')),
        "{}",
        table.stdout
    );
    assert!(
        table
            .stdout
            .contains("Deployment/orders, 2 replicas, 0 to 20"),
        "{}",
        table.stdout
    );
    let names = bench.run(&["triggers", "-o=name", "--timeout=60s"]);
    assert_eq!(names.stdout, "scaledobject.keda.sh/orders\n");
}

#[test]
fn credentials_reach_the_source_and_nobody_else() {
    let source = Source::start(Behavior::Echoes);
    let mut bearer = trigger(&source.url, json!({ "authModes": "bearer" }));
    bearer["authenticationRef"] = json!({ "name": "by-secret" });
    let mut basic = trigger(&source.url, json!({ "authModes": "basic" }));
    basic["authenticationRef"] =
        json!({ "name": "by-variable", "kind": "ClusterTriggerAuthentication" });
    let objects = vec![
        bench::scaled_object("orders", &json!([bearer, basic])),
        bench::secret("shop", "api", &[("token", bench::SECRET)]),
        bench::secret("keda", "login", &[("user", "me-and-you")]),
        json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "TriggerAuthentication",
            "metadata": { "name": "by-secret", "namespace": "shop" },
            "spec": { "secretTargetRef": [
                { "parameter": "bearerToken", "name": "api", "key": "token" }] } }),
        json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ClusterTriggerAuthentication",
            "metadata": { "name": "by-variable" },
            "spec": { "env": [{ "parameter": "password", "name": "PASSWORD" }],
                "secretTargetRef": [
                    { "parameter": "username", "name": "login", "key": "user" }] } }),
    ];
    let bench = Bench::start(objects, vec![]);
    let mut command = bench.command(&["triggers", "orders", "-o=json", "-vv", "--timeout=60s"]);
    let said = Said::by(command.env("RUST_LOG", "trace"));
    assert_eq!(said.code, Some(4), "{}", said.stderr);
    let sent = source.logins();
    let basic = "Basic bWUtYW5kLXlvdTpodW50ZXIyLWxvbmc=";
    for wanted in [format!("Bearer {}", bench::SECRET).as_str(), basic] {
        assert!(sent.iter().any(|it| it == wanted), "{sent:?}");
    }
    assert!(said.stderr.len() > 1000, "no log");
    for text in [&said.stdout, &said.stderr] {
        let shown = text.lines().find(|it| {
            it.contains(bench::SECRET) || it.contains("aHVudGVyMi") || it.contains("me-and-you")
        });
        assert_eq!(shown, None);
    }
    let report: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(row(&report, 0)["authentication"], "ta/by-secret (bearer)");
    assert_eq!(row(&report, 1)["authentication"], "cta/by-variable (basic)");
    assert!(
        row(&report, 0)["message"]
            .as_str()
            .unwrap()
            .contains("<redacted>")
    );
}

#[test]
fn a_refused_permission_is_a_row_with_the_way_out() {
    let source = Source::start(Behavior::Answers(vector(&["7"])));
    let mut bearer = trigger(&source.url, json!({ "authModes": "bearer" }));
    bearer["authenticationRef"] = json!({ "name": "by-secret" });
    let plain = trigger(&source.url, json!({}));
    let objects = vec![
        bench::scaled_object("orders", &json!([bearer, plain])),
        bench::secret("shop", "api", &[("token", bench::SECRET)]),
        json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "TriggerAuthentication",
            "metadata": { "name": "by-secret", "namespace": "shop" },
            "spec": { "secretTargetRef": [
                { "parameter": "bearerToken", "name": "api", "key": "token" }] } }),
    ];
    let bench = Bench::start(objects, bench::may_read_keda());
    let said = bench.run(&[
        "triggers",
        "orders",
        "-o=json",
        "--timeout=60s",
        "--context=limited",
    ]);
    let report = said.report(4);
    let (refused, read) = (row(&report, 0), row(&report, 1));
    assert_eq!(refused["state"], "failed");
    let notes = refused["notes"].to_string();
    assert!(
        notes.contains("kubectl auth can-i get secrets -n shop"),
        "{refused}"
    );
    assert_eq!(
        (&read["state"], &read["value"]),
        (&json!("read"), &json!(7.0))
    );
    let unread = report["items"][0]["unread"].to_string();
    assert!(unread.contains("deployments"), "{unread}");
}

#[test]
fn a_prometheus_of_the_cluster_is_asked_through_the_api_server() {
    let source = Source::start(Behavior::Answers(vector(&["12"])));
    let triggers = json!([trigger("http://prometheus.monitoring:9090", json!({}))]);
    let bench = Bench::with_upstream(vec![bench::scaled_object("orders", &triggers)], &source.url);
    let report = bench
        .run(&["triggers", "orders", "-o=json", "--timeout=60s"])
        .report(0);
    let row = row(&report, 0);
    assert_eq!(
        (&row["value"], &row["via"]),
        (&json!(12.0), &json!("proxy")),
        "{row}"
    );
}

#[test]
fn a_watch_looks_again_until_it_is_interrupted() {
    let source = Source::start(Behavior::Answers(vector(&["1"])));
    let triggers = json!([trigger(&source.url, json!({}))]);
    let bench = Bench::start(vec![bench::scaled_object("orders", &triggers)], vec![]);
    let mut command = bench.command(&["triggers", "orders", "-w", "--interval=1s"]);
    let run = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    for _ in 0..1200 {
        if source.requests() >= 3 {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let (said, _) = interrupt(run, "INT");
    assert_eq!(said.code, Some(130), "{}", said.stderr);
    let titles = said.stdout.matches("scaledobject.keda.sh/orders").count();
    assert!(titles >= 2, "{}", said.stdout);
}

#[test]
fn what_is_not_there_or_makes_no_sense_is_told_with_its_exit_code() {
    let bench = Bench::start(vec![], vec![]);
    let cases: [(&[&str], i32, &str); 4] = [
        (&["triggers", "so/orders"], 3, "so/orders in namespace shop"),
        (&["triggers", "hpa/web"], 2, "no kind with triggers"),
        (&["triggers", "orders", "-A"], 2, "in all namespaces"),
        (&["triggers", "--interval=1s"], 2, "--watch"),
    ];
    for (arguments, code, part) in cases {
        let said = bench.run(arguments);
        assert_eq!(said.code, Some(code), "{arguments:?}: {}", said.stderr);
        assert!(said.stderr.contains(part), "{arguments:?}: {}", said.stderr);
    }
    let said = bench.run(&["triggers", "-A"]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(0), ""));
    assert!(said.stderr.contains("no ScaledObject"), "{}", said.stderr);
}

#[test]
fn one_that_cannot_be_read_does_not_keep_the_others_from_being_told() {
    let source = Source::start(Behavior::Answers(vector(&["41.5"])));
    let triggers = json!([trigger(&source.url, json!({}))]);
    let mut broken = bench::scaled_object("broken", &triggers);
    // More than KEDA's own type holds, which no schema forbids.
    broken["spec"]["pollingInterval"] = json!(3_000_000_000_u64);
    let orders = bench::scaled_object("orders", &triggers);
    let bench = Bench::start(vec![broken, orders], vec![]);
    let report = bench.run(&["triggers", "-o=json", PATIENCE]).report(4);
    let items = report["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{report}");
    let message = items[0]["message"].as_str().unwrap();
    for part in ["pollingInterval", "`kubectl edit so/broken -n shop`"] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(items[1]["triggers"][0]["value"], 41.5);
    assert_eq!(items[1].get("message"), None);
    let said = bench.run(&["triggers", PATIENCE]);
    assert_eq!(said.code, Some(4), "{}", said.stderr);
    let line = "scaledobject.keda.sh/broken: cannot be read: ";
    assert!(said.stdout.contains(line), "{}", said.stdout);
}

#[test]
fn the_jobs_of_a_scaled_job_are_counted_by_its_strategy() {
    let source = Source::start(Behavior::Answers(vector(&["41.5"])));
    let mut own = trigger(&source.url, json!({}));
    own["metadata"]["threshold"] = json!("10");
    let scaled = json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledJob",
        "metadata": { "name": "mail", "namespace": "shop" },
        "spec": { "maxReplicaCount": 20, "scalingStrategy": { "strategy": "accurate" },
            "jobTargetRef": { "template": { "spec": { "restartPolicy": "Never", "containers": [
                { "name": "app", "image": "app" }] } } },
            "triggers": [own] } });
    let job = |name: &str, owner: &str, conditions: Value| {
        json!({ "apiVersion": "batch/v1", "kind": "Job",
            "metadata": { "name": name, "namespace": "shop",
                "labels": { "scaledjob.keda.sh/name": owner } },
            "spec": { "template": { "spec": { "restartPolicy": "Never", "containers": [
                { "name": "app", "image": "app" }] } } },
            "status": { "conditions": conditions } })
    };
    let pod = json!({ "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": "a-1", "namespace": "shop", "labels": { "job-name": "a" } },
        "spec": { "containers": [{ "name": "app", "image": "app" }] },
        "status": { "phase": "Running" } });
    let done = json!([{ "type": "Complete", "status": "True" }]);
    let objects = vec![
        scaled,
        job("a", "mail", json!([])),
        job("b", "mail", json!([])),
        job("c", "mail", done),
        job("d", "other", json!([])),
        pod,
    ];
    let bench = Bench::start(objects, vec![]);
    let report = bench
        .run(&["triggers", "sj/mail", "-o=json", PATIENCE])
        .report(0);
    let jobs = json!({ "strategy": "accurate", "wanted": 5, "running": 2, "pending": 1,
        "created": 4 });
    assert_eq!(report["items"][0]["jobs"], jobs, "{report}");
    let said = bench.run(&["triggers", "sj/mail", PATIENCE]).stdout;
    let line = "active; 5 jobs are called for, 2 run, 1 of them pending: by strategy accurate 4 \
                are created\n";
    assert!(said.contains(line), "{said}");
}
