//! What workloads get that do not say otherwise.

use serde_json::{Map, Value, json};

use crate::sandbox::rules::{fields, pod, set_default};

pub(super) fn deployment(object: &mut Value) {
    let Some(spec) = fields(object, &["spec"]) else {
        return;
    };
    set_default(spec, "replicas", json!(1));
    set_default(spec, "revisionHistoryLimit", json!(10));
    set_default(spec, "progressDeadlineSeconds", json!(600));
    set_default(spec, "strategy", json!({}));
    strategy(&mut spec["strategy"], json!("25%"), json!("25%"));
    template(spec);
}

/// A rolling update, where no other strategy is set, with what it may have too many or too few.
fn strategy(strategy: &mut Value, surge: Value, unavailable: Value) {
    let Some(strategy) = strategy.as_object_mut() else {
        return;
    };
    if strategy.get("type").is_none_or(|it| it == "") {
        strategy.insert("type".to_owned(), json!("RollingUpdate"));
    }
    if strategy.get("type") != Some(&json!("RollingUpdate")) {
        return;
    }
    set_default(strategy, "rollingUpdate", json!({}));
    if let Some(rolling) = strategy["rollingUpdate"].as_object_mut() {
        set_default(rolling, "maxUnavailable", unavailable);
        set_default(rolling, "maxSurge", surge);
    }
}

fn template(spec: &mut Map<String, Value>) {
    if let Some(template) = spec.get_mut("template") {
        pod::complete_template(template);
    }
}

pub(super) fn replica_set(object: &mut Value) {
    if let Some(spec) = fields(object, &["spec"]) {
        set_default(spec, "replicas", json!(1));
        template(spec);
    }
}

pub(super) fn stateful_set(object: &mut Value) {
    let Some(spec) = fields(object, &["spec"]) else {
        return;
    };
    set_default(spec, "replicas", json!(1));
    set_default(spec, "revisionHistoryLimit", json!(10));
    set_default(spec, "podManagementPolicy", json!("OrderedReady"));
    set_default(spec, "updateStrategy", json!({}));
    if let Some(strategy) = spec["updateStrategy"].as_object_mut() {
        set_default(strategy, "type", json!("RollingUpdate"));
        if strategy["type"] == "RollingUpdate" {
            set_default(strategy, "rollingUpdate", json!({}));
            if let Some(rolling) = strategy["rollingUpdate"].as_object_mut() {
                set_default(rolling, "partition", json!(0));
            }
        }
    }
    set_default(spec, "persistentVolumeClaimRetentionPolicy", json!({}));
    if let Some(policy) = spec["persistentVolumeClaimRetentionPolicy"].as_object_mut() {
        set_default(policy, "whenDeleted", json!("Retain"));
        set_default(policy, "whenScaled", json!("Retain"));
    }
    template(spec);
}

pub(super) fn daemon_set(object: &mut Value) {
    let Some(spec) = fields(object, &["spec"]) else {
        return;
    };
    set_default(spec, "revisionHistoryLimit", json!(10));
    set_default(spec, "updateStrategy", json!({}));
    strategy(&mut spec["updateStrategy"], json!(0), json!(1));
    template(spec);
}
