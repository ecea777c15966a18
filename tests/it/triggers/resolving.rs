//! What leads to a trigger and is not as it should be, as KEDA takes it.

use serde_json::{Value, json};

use super::bench::{self, Behavior, Bench, Source, trigger};
use super::{PATIENCE, row, vector};
use crate::rig::process::free_port;

fn report(bench: &Bench, name: &str) -> Value {
    let said = bench.run(&["triggers", name, "-o=json", PATIENCE]);
    let read = serde_json::from_str(&said.stdout);
    read.unwrap_or_else(|it| panic!("not JSON: {it}: {} {}", said.stdout, said.stderr))
}

/// The first trigger of an object whose only one logs in with a token of this authentication.
fn logged_in(source: &Source, kind: &str, spec: Value, container: &str) -> Value {
    let mut login = trigger(&source.url, json!({ "authModes": "bearer" }));
    login["authenticationRef"] = json!({ "name": "login", "kind": kind });
    let mut object = bench::scaled_object("orders", &json!([login]));
    object["spec"]["scaleTargetRef"]["envSourceContainerName"] = json!(container);
    let authentication = json!({ "apiVersion": "keda.sh/v1alpha1", "kind": kind,
        "metadata": { "name": "login", "namespace": "shop" }, "spec": spec });
    let bench = Bench::start(vec![object, authentication], vec![]);
    row(&report(&bench, "so/orders"), 0).clone()
}

fn says(row: &Value, state: &str, part: &str) {
    assert_eq!(row["state"], state, "{row}");
    assert!(row["message"].as_str().unwrap().contains(part), "{row}");
}

#[test]
fn a_key_that_is_missing_hides_what_an_earlier_source_gave() {
    let source = Source::start(Behavior::Answers(vector(&["41.5"])));
    let variable = json!({ "parameter": "bearerToken", "name": "PASSWORD" });
    let key = json!({ "parameter": "bearerToken", "name": "absent", "key": "token" });
    let spec = json!({ "env": [variable], "secretTargetRef": [key] });
    let found = logged_in(&source, "TriggerAuthentication", spec, "app");
    says(&found, "failed", "bearerToken");
    assert_eq!(source.requests(), 0);
    let spec = json!({ "env": [variable] });
    let found = logged_in(&source, "TriggerAuthentication", spec, "app");
    assert_eq!(found["state"], "read", "{found}");
}

#[test]
fn beside_a_file_no_other_source_counts_and_only_a_cluster_has_one() {
    let source = Source::start(Behavior::Answers(vector(&["41.5"])));
    let variable = json!({ "parameter": "bearerToken", "name": "PASSWORD" });
    let spec = json!({ "env": [variable], "filePath": "login.json" });
    let found = logged_in(&source, "ClusterTriggerAuthentication", spec.clone(), "app");
    says(&found, "notEvaluated", "filePath, which only KEDA can read");
    let found = logged_in(&source, "TriggerAuthentication", spec, "app");
    says(&found, "refused", "ClusterTriggerAuthentication only");
    assert_eq!(source.requests(), 0);
}

#[test]
fn without_the_container_that_is_named_there_is_no_trigger() {
    let source = Source::start(Behavior::Answers(vector(&["41.5"])));
    let variable =
        json!({ "parameter": "bearerToken", "name": "PASSWORD", "containerName": "app" });
    let spec = json!({ "env": [variable] });
    let found = logged_in(&source, "TriggerAuthentication", spec, "web");
    says(&found, "refused", "no container web; it has app");
    assert_eq!(source.requests(), 0);
}

#[test]
fn a_formula_needs_every_trigger_and_not_only_those_with_names() {
    let source = Source::start(Behavior::Answers(vector(&["41.5"])));
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let mut named = trigger(&source.url, json!({}));
    named["name"] = json!("a");
    let triggers = json!([named, trigger(&nobody, json!({}))]);
    let mut object = bench::scaled_object("orders", &triggers);
    object["spec"]["advanced"] =
        json!({ "scalingModifiers": { "formula": "a * 2", "target": "10" } });
    let bench = Bench::start(vec![object], vec![]);
    let report = report(&bench, "so/orders");
    let message = &report["items"][0]["formula"]["message"];
    let part = "trigger 1 has no value";
    assert!(message.as_str().unwrap().contains(part), "{report}");
}

#[test]
fn the_triggers_of_a_job_are_taken_together_as_it_asks() {
    let long = Source::start(Behavior::Answers(vector(&["41.5"])));
    let short = Source::start(Behavior::Answers(vector(&["25"])));
    let pod = json!({ "spec": { "restartPolicy": "Never",
        "containers": [{ "name": "app", "image": "app" }] } });
    let job = |name: &str, calculation: &str| {
        json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledJob",
            "metadata": { "name": name, "namespace": "shop" },
            "spec": { "jobTargetRef": { "template": pod },
                "scalingStrategy": { "multipleScalersCalculation": calculation },
                "triggers": [trigger(&long.url, json!({})), trigger(&short.url, json!({}))] } })
    };
    let table = [
        ("max", 5, json!("0")),
        ("min", 3, json!("1")),
        ("sum", 7, Value::Null),
    ];
    let jobs = table.iter().map(|(name, ..)| job(name, name)).collect();
    let bench = Bench::start(jobs, vec![]);
    for (name, wanted, winner) in table {
        let report = report(&bench, &format!("sj/{name}"));
        let item = &report["items"][0];
        assert_eq!(item["desiredReplicas"], wanted, "{name}");
        assert_eq!(item["winner"], winner, "{name}");
        assert_eq!(item["active"], true, "{name}");
    }
}
