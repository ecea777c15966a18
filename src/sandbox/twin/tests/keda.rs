//! KEDA's ScaledObjects on the sandbox's own API server, step by step.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::sandbox::api::Api;
use crate::sandbox::clock::Clock;
use crate::sandbox::crd;
use crate::sandbox::twin::testing::{at, deployment};
use crate::sandbox::twin::{Config, Name, Objects, Of, Twin};

/// A prometheus trigger with a threshold of 10, which is active above 5.
fn prometheus() -> Value {
    json!({ "type": "prometheus", "metadata": { "serverAddress": "http://prometheus:9090",
        "query": "queue", "threshold": "10", "activationThreshold": "5" } })
}

/// ScaledObject `orders` of Deployment `orders`: polls every 30 s, cools down for 120 s.
fn scaled_object(triggers: &Value, change: impl FnOnce(&mut Value)) -> Value {
    let mut object = json!({
        "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "metadata": { "name": "orders", "namespace": "shop", "labels": { "team": "shop" } },
        "spec": { "scaleTargetRef": { "name": "orders" }, "pollingInterval": 30,
            "cooldownPeriod": 120, "maxReplicaCount": 10, "triggers": triggers },
    });
    change(&mut object);
    object
}

/// A cluster with KEDA and these objects, whose controllers start at [`at`]`(0)`.
fn cluster(objects: &[Value]) -> Cluster {
    let clock = Clock::at(at(-3600));
    let api = Api::remembering(10_000, clock.clone(), 1);
    api.load(crd::keda::definitions().to_vec());
    let make = |object| drop(Api::create(&api, "test", object).unwrap());
    make(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop" } }));
    make(json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": "node-1" } }));
    for object in objects {
        make(object.clone());
    }
    let api_of_twin = Arc::new(api.clone());
    let twin = Twin::new(api_of_twin, clock, Config::starting_at(at(0)));
    Cluster { twin, api }
}

struct Cluster {
    twin: Twin,
    api: Api,
}

impl Cluster {
    fn value(&mut self, value: f64) {
        self.twin.set_trigger("shop", "orders", 0, Some(value));
    }

    fn fail(&mut self) {
        self.twin.set_trigger("shop", "orders", 0, None);
    }

    fn to(&mut self, seconds: i64) {
        self.twin.advance(at(seconds));
    }

    fn one(&self, of: Of, name: &str) -> Option<Arc<Value>> {
        Objects::get(&self.api, of, &Name::new("shop", name))
    }

    fn object(&self) -> Arc<Value> {
        self.one(Of::ScaledObject, "orders").unwrap()
    }

    fn hpa(&self) -> Option<Arc<Value>> {
        self.one(Of::Hpa, "keda-hpa-orders")
    }

    fn replicas(&self) -> i64 {
        let target = self.one(Of::Deployment, "orders").unwrap();
        target["spec"]["replicas"].as_i64().unwrap()
    }

    fn edit(&self, of: Of, name: &str, change: impl FnOnce(&mut Value)) {
        let mut object = Value::clone(&self.one(of, name).unwrap());
        change(&mut object);
        Api::update(&self.api, "test", object).unwrap();
    }

    fn annotate(&self, annotations: Value) {
        self.edit(Of::ScaledObject, "orders", |it| {
            it["metadata"]["annotations"] = annotations;
        });
    }

    /// Status and reason of a condition.
    fn condition(&self, kind: &str) -> String {
        let object = self.object();
        let all = object["status"]["conditions"].as_array().unwrap();
        let found = all.iter().find(|it| it["type"] == kind).unwrap();
        let text = |field: &str| found[field].as_str().unwrap_or_default().to_owned();
        format!("{} {}", text("status"), text("reason"))
    }

    /// Messages of the events with that reason.
    fn events(&self, reason: &str) -> Vec<String> {
        let all = Objects::list(&self.api, Of::Event);
        let found = all.iter().filter(|it| it["reason"] == reason);
        found
            .map(|it| it["message"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// A target with so many replicas, scaled by one prometheus trigger.
fn orders(replicas: i32, change: impl FnOnce(&mut Value)) -> Cluster {
    let object = scaled_object(&json!([prometheus()]), change);
    cluster(&[deployment("orders", replicas, 100, None), object])
}

#[test]
fn an_active_trigger_takes_the_target_from_zero_and_the_cooldown_back() {
    let mut it = orders(0, |_| {});
    it.value(5.0);
    it.to(60);
    assert_eq!(it.replicas(), 0);
    assert_eq!(it.condition("Ready"), "True ScaledObjectReady");
    assert_eq!(it.condition("Active"), "False ScalerNotActive");
    assert_eq!(it.condition("HPAActive"), "True ScalingDisabled");
    it.value(35.0);
    it.to(89);
    assert_eq!(it.replicas(), 0, "the next pass is at 90 s");
    it.to(90);
    let found = it.object();
    let status = &found["status"];
    assert_eq!(status["lastActiveTime"], at(90).to_string());
    assert_eq!(
        status["triggersActivity"],
        json!({ "s0-prometheus": { "isActive": true } })
    );
    assert_eq!(it.condition("Active"), "True ScalerActive");
    let message = "Scaled apps/v1.Deployment shop/orders from 0 to 1, triggered by s0-prometheus";
    assert_eq!(it.events("KEDAScaleTargetActivated"), [message]);
    it.to(180);
    assert_eq!(it.replicas(), 4, "the HPA holds 10 for each pod");
    it.value(0.0);
    it.to(300);
    assert!(it.replicas() > 0);
    assert_eq!(it.condition("Active"), "False ScalerCooldown");
    it.to(330);
    assert_eq!(it.replicas(), 0, "120 s after 180 s are over");
    assert_eq!(it.events("KEDAScaleTargetDeactivated").len(), 1);
    let version = Objects::version(&it.api);
    it.to(600);
    it.to(900);
    let quiet = Objects::version(&it.api);
    it.to(1200);
    assert_eq!(
        Objects::version(&it.api),
        quiet,
        "what rests is not written"
    );
    assert!(quiet > version);
}

#[test]
fn the_status_and_the_hpa_are_those_of_keda() {
    let mut it = orders(2, |_| {});
    it.value(20.0);
    it.to(30);
    let object = it.object();
    let metadata = &object["metadata"];
    assert_eq!(metadata["finalizers"], json!(["finalizer.keda.sh"]));
    assert_eq!(metadata["labels"]["scaledobject.keda.sh/name"], "orders");
    let mut status = object["status"].clone();
    status.as_object_mut().unwrap().remove("conditions");
    let expected = json!({
        "scaleTargetKind": "apps/v1.Deployment",
        "scaleTargetGVKR": { "group": "apps", "version": "v1", "kind": "Deployment",
            "resource": "deployments" },
        "originalReplicaCount": 2, "hpaName": "keda-hpa-orders",
        "externalMetricNames": ["s0-prometheus"], "triggersTypes": "prometheus",
        "triggersActivity": { "s0-prometheus": { "isActive": true } },
        "lastActiveTime": at(30).to_string(),
    });
    assert_eq!(status, expected);
    let hpa = it.hpa().unwrap();
    let owner = &hpa["metadata"]["ownerReferences"][0];
    assert_eq!(owner["uid"], metadata["uid"]);
    assert_eq!(
        (&owner["kind"], &owner["controller"]),
        (&json!("ScaledObject"), &json!(true))
    );
    let labels = &hpa["metadata"]["labels"];
    assert_eq!(labels["app.kubernetes.io/managed-by"], "keda-operator");
    assert_eq!(
        (&labels["team"], &labels["scaledobject.keda.sh/name"]),
        (&json!("shop"), &json!("orders"))
    );
    let spec = &hpa["spec"];
    assert_eq!(
        (&spec["minReplicas"], &spec["maxReplicas"]),
        (&json!(1), &json!(10))
    );
    let metric = &spec["metrics"][0]["external"]["metric"];
    assert_eq!(metric["name"], "s0-prometheus");
    let reason = &hpa["status"]["conditions"][1]["reason"];
    assert_eq!(reason, "ValidMetricFound");
}

#[test]
fn the_hpa_follows_the_object_and_is_set_right_after_others() {
    let mut it = orders(1, |_| {});
    it.value(7.0);
    it.to(30);
    it.edit(Of::ScaledObject, "orders", |it| {
        it["spec"]["minReplicaCount"] = json!(3);
    });
    it.to(60);
    assert_eq!(it.hpa().unwrap()["spec"]["minReplicas"], 3);
    assert_eq!(it.replicas(), 3);
    it.edit(Of::Hpa, "keda-hpa-orders", |it| {
        it["spec"]["maxReplicas"] = json!(99)
    });
    it.to(61);
    assert_eq!(it.hpa().unwrap()["spec"]["maxReplicas"], 10);
    let uid = it.hpa().unwrap()["metadata"]["uid"].clone();
    let hpa = Name::new("shop", "keda-hpa-orders");
    Objects::delete(&it.api, Of::Hpa, &hpa).unwrap();
    it.to(62);
    assert_ne!(it.hpa().unwrap()["metadata"]["uid"], uid);
}

#[test]
fn a_pause_takes_the_hpa_away_and_its_end_brings_it_back() {
    let mut it = orders(2, |_| {});
    it.value(20.0);
    it.to(30);
    it.annotate(json!({ "autoscaling.keda.sh/paused": "true" }));
    it.value(90.0);
    it.to(120);
    assert_eq!(it.condition("Paused"), "True ScaledObjectPaused");
    assert_eq!(it.condition("Ready"), "True ScaledObjectReady");
    assert!(it.hpa().is_none());
    assert_eq!(it.replicas(), 2);
    it.annotate(json!({ "autoscaling.keda.sh/paused-replicas": "5" }));
    it.to(150);
    assert_eq!(
        (it.replicas(), &it.object()["status"]["pausedReplicaCount"]),
        (5, &json!(5))
    );
    Objects::scale(&it.api, Of::Deployment, &Name::new("shop", "orders"), 1).unwrap();
    it.to(300);
    assert_eq!(it.replicas(), 1, "nobody watches the target meanwhile");
    it.annotate(json!({ "autoscaling.keda.sh/paused-replicas": "five" }));
    it.to(330);
    assert_eq!(it.condition("Ready"), "False ScaledObjectCheckFailed");
    it.annotate(json!({}));
    it.to(400);
    assert_eq!(it.condition("Paused"), "False ScaledObjectUnpaused");
    assert_eq!(it.condition("Ready"), "True ScaledObjectReady");
    assert!(it.hpa().is_some());
    assert!(it.replicas() > 1, "it scales again");
    assert!(it.object()["status"]["pausedReplicaCount"].is_null());
}

#[test]
fn a_pause_of_one_direction_holds_the_hpa_there() {
    let mut it = orders(2, |_| {});
    it.value(20.0);
    it.annotate(json!({ "autoscaling.keda.sh/paused-scale-in": "true" }));
    it.to(60);
    assert_eq!(it.condition("Paused"), "True ScaledObjectPaused");
    let policy =
        |it: &Cluster| it.hpa().unwrap()["spec"]["behavior"]["scaleDown"]["selectPolicy"].clone();
    assert_eq!(policy(&it), "Disabled");
    it.value(0.0);
    it.to(1_000);
    assert_eq!(
        it.replicas(),
        2,
        "neither the HPA nor the loop takes pods away"
    );
    it.annotate(json!({}));
    it.to(1_100);
    assert_ne!(policy(&it), "Disabled");
    assert_eq!(it.replicas(), 0);
}

#[test]
fn a_fallback_steps_in_after_enough_failed_reads_of_loop_and_hpa() {
    let mut it = orders(1, |it| {
        it["spec"]["fallback"] = json!({ "failureThreshold": 2, "replicas": 3 });
    });
    it.value(10.0);
    it.to(60);
    let health = |it: &Cluster| it.object()["status"]["health"]["s0-prometheus"].clone();
    assert_eq!(
        health(&it),
        json!({ "numberOfFailures": 0, "status": "Happy" })
    );
    assert_eq!(it.condition("Fallback"), "False NoFallbackFound");
    it.fail();
    it.to(75);
    assert_eq!(
        health(&it),
        json!({ "numberOfFailures": 1, "status": "Failing" })
    );
    assert_eq!(it.replicas(), 1);
    // At 90 s the loop reads before the HPA, which is the third time.
    it.to(90);
    assert_eq!(it.replicas(), 3);
    assert_eq!(it.condition("Fallback"), "True FallbackExists");
    it.to(120);
    assert_eq!(it.events("ScaledObjectFallbackActivated").len(), 1);
    it.value(10.0);
    it.to(150);
    assert_eq!(it.condition("Fallback"), "False NoFallbackFound");
    assert_eq!(it.events("ScaledObjectFallbackDeactivated").len(), 1);
    assert_eq!(
        health(&it),
        json!({ "numberOfFailures": 0, "status": "Happy" })
    );
}

#[test]
fn a_source_that_fails_without_a_fallback_never_scales_down() {
    let mut it = orders(2, |_| {});
    it.value(20.0);
    it.to(30);
    it.fail();
    it.to(900);
    assert_eq!(it.replicas(), 2);
    assert_eq!(it.condition("Ready"), "False TriggerError");
    assert_eq!(it.events("KEDAScalerFailed").len(), 1);
    let failed = it.twin.external_metric("shop", "s0-prometheus", "orders");
    assert_eq!(failed.unwrap_err().code, 500);
}

#[test]
fn deletion_takes_the_hpa_along_and_restores_the_count() {
    let mut it = orders(4, |it| {
        it["spec"]["advanced"] = json!({ "restoreToOriginalReplicaCount": true });
    });
    it.value(90.0);
    it.to(60);
    assert_ne!(it.replicas(), 4);
    let orders = Name::new("shop", "orders");
    Objects::delete(&it.api, Of::ScaledObject, &orders).unwrap();
    it.to(120);
    assert!(it.one(Of::ScaledObject, "orders").is_none());
    assert!(it.hpa().is_none());
    assert_eq!(it.replicas(), 4);
}

#[test]
fn a_target_that_is_missing_is_looked_for_again() {
    let mut it = cluster(&[scaled_object(&json!([prometheus()]), |_| {})]);
    it.value(20.0);
    it.to(30);
    assert_eq!(it.condition("Ready"), "False ScaledObjectCheckFailed");
    assert_eq!(it.condition("Active"), "Unknown UnknownState");
    assert!(it.hpa().is_none());
    Api::create(&it.api, "test", deployment("orders", 1, 100, None)).unwrap();
    it.to(120);
    assert_eq!(it.condition("Ready"), "True ScaledObjectReady");
    assert_eq!(it.replicas(), 2);
}

#[test]
fn a_schedule_is_a_floor_within_its_window() {
    // The twin starts at midnight.
    let cron = json!({ "type": "cron", "metadata": { "timezone": "Etc/UTC",
        "start": "10 0 * * *", "end": "30 0 * * *", "desiredReplicas": "3" } });
    let object = scaled_object(&json!([cron]), |_| {});
    let mut it = cluster(&[deployment("orders", 0, 100, None), object]);
    it.to(599);
    assert_eq!(it.replicas(), 0);
    it.to(700);
    assert_eq!(it.replicas(), 3);
    it.to(1_799);
    assert_eq!(it.replicas(), 3);
    it.to(2_000);
    assert_eq!(it.replicas(), 0);
}

#[test]
fn a_formula_stands_for_its_triggers() {
    let mut triggers = json!([prometheus(), prometheus()]);
    triggers[0]["name"] = json!("queue");
    triggers[1]["name"] = json!("rate");
    let object = scaled_object(&triggers, |it| {
        let modifiers = json!({ "formula": "queue + rate", "target": "10" });
        it["spec"]["advanced"] = json!({ "scalingModifiers": modifiers });
    });
    let mut it = cluster(&[deployment("orders", 1, 100, None), object]);
    it.value(12.0);
    it.twin.set_trigger("shop", "orders", 1, Some(18.0));
    it.to(60);
    assert_eq!(it.replicas(), 3);
    let values = it
        .twin
        .external_metric("shop", "composite-metric", "orders");
    assert_eq!(values.unwrap()["items"][0]["value"], "30");
}

#[test]
fn values_are_scraped() {
    let mut it = orders(1, |_| {});
    it.value(12.5);
    it.to(30);
    let line = "sandbox_trigger_value{namespace=\"shop\",object=\"orders\",trigger=\"0\"} 12.5\n";
    assert!(it.twin.expose().contains(line));
}
