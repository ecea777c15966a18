//! What the status of an object starts with and says of its triggers.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use stepscale::sim::keda::condition::Kind;
use stepscale::sim::keda::settings::LoopSettings;
use stepscale::sim::keda::status::{identifier, triggers_activity};

use super::{annotations, check, count, flag, holds, list, text};

#[test]
fn keda_vectors_of_state_helpers_agree() {
    check("state_helpers.json", |case| {
        let input = &case.input;
        let found = match case.kind.as_str() {
            "pauseAnnotations" => paused(input),
            "idleOrMin" => rest(input),
            "triggersActivity" => activity(input),
            "initialConditions" => initial(),
            "conditionsInitialized" => {
                let types: Vec<_> = list(&input["conditionTypes"]).iter().map(text).collect();
                json!({"initialized": Kind::are_initialized(&types)})
            }
            "identifier" => {
                let [kind, namespace, name] =
                    ["kind", "namespace", "name"].map(|it| text(&input[it]));
                json!({"identifier": identifier(kind, namespace, name)})
            }
            other => panic!("{} is of a new kind {other}", case.id),
        };
        (found, case.expected.clone())
    });
}

fn paused(input: &Value) -> Value {
    let found = annotations(&input["annotations"]);
    json!({
        "hasPausedAnnotation": found.has_paused(),
        "scaledObjectPaused": found.stop_object(),
        "scaledJobPaused": found.stop_job(),
        "pausedReplicas": found.held_at(),
        "pausedReplicasError": found.paused_replicas.is_some_and(|it| it.is_err()),
    })
}

fn rest(input: &Value) -> Value {
    let settings = LoopSettings {
        min: count(&input["minReplicaCount"]).unwrap_or(0),
        idle: count(&input["idleReplicaCount"]),
        ..LoopSettings::default()
    };
    let rest = settings.rest();
    json!({"isIdle": rest.is_idle, "replicas": rest.replicas})
}

fn activity(input: &Value) -> Value {
    let names = |key: &str| list(&input[key]).iter().map(text).collect::<Vec<_>>();
    let existing = input["existingActivity"].as_object().into_iter().flatten();
    let existing: BTreeMap<_, _> = existing
        .map(|(name, it)| (name.clone(), flag(it)))
        .collect();
    let pushed = input["pushScalerMetric"]
        .as_str()
        .filter(|it| !it.is_empty());
    let (named, active) = (names("externalMetricNames"), names("activeTriggers"));
    json!({"isActive": triggers_activity(&named, &active, pushed, &existing)})
}

fn initial() -> Value {
    let all = Kind::ALL.into_iter();
    let told = all.filter_map(|it| Some((it.name().to_owned(), json!(holds(it.initial()?)))));
    Value::Object(told.collect::<Map<_, _>>())
}
