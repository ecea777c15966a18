//! Passes of the loop over ScaledObjects and reads with fallback.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use stepscale::autoscaler::Target;
use stepscale::sim::keda::condition::{Condition, Kind};
use stepscale::sim::keda::fallback::{
    Behavior, Fallback, Health, Outcome, Rule, SourceError, Workload, settle,
};
use stepscale::sim::keda::formula::{EvaluationError, Formula, FormulaTarget, Modifiers};
use stepscale::sim::keda::pass::{Found, HpaHealth, decide};
use stepscale::sim::keda::settings::LoopSettings;
use stepscale::sim::keda::source::Sources;
use stepscale::sim::keda::state::{COMPOSITE, ObjectState};
use stepscale::sim::keda::trigger::{External, milli};

use super::super::Case;
use super::{annotations, check, condition, count, decimal, flag, held, list, number, text};

#[test]
fn keda_vectors_of_passes_agree() {
    check("executor.json", |case| {
        (pass(&case.input), case.expected.clone())
    });
}

fn pass(input: &Value) -> Value {
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let ago = |value: &Value| number(value).map(|it| now - SignedDuration::from_secs(it));
    let seconds =
        |value: &Value, default| SignedDuration::from_secs(number(value).unwrap_or(default));
    let settings = LoopSettings {
        min: count(&input["minReplicaCount"]).unwrap_or(0),
        idle: count(&input["idleReplicaCount"]),
        cooldown: seconds(&input["cooldownPeriod"], 300),
        initial_cooldown: seconds(&input["initialCooldownPeriod"], 0),
        fallback: count(&input["fallbackReplicas"]).map(|replicas| Fallback {
            failure_threshold: 3,
            replicas,
            behavior: Behavior::Static,
        }),
        annotations: annotations(&input["annotations"]),
        ..LoopSettings::default()
    };
    let hpa = &input["hpaScalingActiveCondition"];
    let found = Found {
        // A target that says nothing of replicas has one.
        replicas: Ok(count(&input["currentReplicas"]).unwrap_or(1)),
        is_active: flag(&input["anyTriggerActive"]),
        is_error: flag(&input["anyTriggerError"]),
        created: ago(&input["createdSecondsAgo"]).unwrap_or(Timestamp::MIN),
        last_active: ago(&input["lastActiveSecondsAgo"]),
        hpa: (hpa["type"] == "ScalingActive").then(|| HpaHealth {
            scales: held(text(&hpa["status"])),
            reason: text(&hpa["reason"]),
        }),
    };
    let pass = decide(&settings, &found, now);
    let conditions = [
        (Kind::Ready, Some(pass.ready)),
        (Kind::Active, pass.active),
        (Kind::Paused, pass.paused),
        (Kind::HpaActive, pass.hpa_active),
    ];
    let event =
        |it: stepscale::sim::keda::condition::Event| format!("{} {}", it.type_name(), it.name());
    json!({
        "replicasWritten": pass.scale_to,
        "lastActiveTimeUpdated": pass.last_active.is_some(),
        "conditions": by_name(conditions),
        "events": pass.event.into_iter().map(event).collect::<Vec<_>>(),
    })
}

fn by_name(all: impl IntoIterator<Item = (Kind, Option<Condition>)>) -> Map<String, Value> {
    let named =
        |(kind, it): (Kind, Option<Condition>)| Some((kind.name().to_owned(), condition(&it?)));
    all.into_iter().filter_map(named).collect()
}

#[test]
fn keda_vectors_of_fallback_agree() {
    check("fallback.json", |case| {
        let mut expected = case.expected.clone();
        if let Some(value) = expected.get_mut("metricValue") {
            *value = decimal(value);
        }
        (fallback(&case.input), expected)
    });
}

fn fallback(input: &Value) -> Value {
    let name = text(&input["metricName"]);
    let quantity = match &input["target"] {
        Value::String(text) => text.parse().unwrap(),
        other => other.to_string().parse().unwrap(),
    };
    let target = match text(&input["targetType"]) {
        "Value" => Target::Value(quantity),
        _ => Target::AverageValue(quantity),
    };
    let said = &input["fallback"];
    let set = said.as_object().map(|_| Fallback {
        failure_threshold: count(&said["failureThreshold"]).unwrap(),
        replicas: count(&said["replicas"]).unwrap(),
        behavior: Behavior::of(text(&said["behavior"])).unwrap_or_default(),
    });
    let formula = formula_target(&input["scalingModifiers"]);
    let rule = Rule::of(set, target, formula);
    let mut healths = healths(&input["healthBefore"]);
    let mut health = healths.get(name).copied().unwrap_or_default();
    let value = match flag(&input["scalerError"]) {
        true => Err(SourceError),
        false => Ok(milli(input["scalerValue"].as_f64().unwrap())),
    };
    let outcome = settle(value, rule.as_ref(), &mut health, || Workload {
        replicas: count(&input["currentReplicas"]).ok_or(()),
        ready: number(&input["readyPods"]).ok_or(()),
    });
    if rule.is_some() {
        healths.insert(name.to_owned(), health);
    }
    let condition = rule.map_or(json!({"status": "unchanged"}), |it| {
        condition(&it.condition(healths.values()))
    });
    let mut found = json!({
        "fallbackActive": matches!(outcome, Outcome::Substituted(_)),
        "error": outcome == Outcome::Failed,
        "healthAfter": told(&healths),
        "fallbackCondition": condition,
    });
    let metric = match outcome {
        Outcome::Value(value) => Some((name, value)),
        Outcome::Substituted(value) if formula.is_some() => Some((COMPOSITE, value)),
        Outcome::Substituted(value) => Some((name, value)),
        // As KEDA marks it.
        Outcome::Nil => Some((name, -1_000)),
        Outcome::Failed => None,
    };
    if let Some((name, value)) = metric {
        found["metricName"] = json!(name);
        found["metricValue"] = json!(value as f64 / 1000.0);
    }
    found
}

fn formula_target(modifiers: &Value) -> Option<FormulaTarget> {
    let is_of_whole = text(&modifiers["metricType"]) == "Value";
    modifiers.as_object()?;
    Some(FormulaTarget::of(text(&modifiers["target"]), is_of_whole).unwrap())
}

type Healths = std::collections::BTreeMap<String, Health>;

fn healths(value: &Value) -> Healths {
    let all = value.as_object().into_iter().flatten();
    let health = |it: &Value| Health {
        failures: count(&it["numberOfFailures"]).unwrap_or(0),
        is_failing: it["status"] == "Failing",
    };
    all.map(|(name, it)| (name.clone(), health(it))).collect()
}

fn told(healths: &Healths) -> Value {
    let told = |it: &Health| {
        let status = if it.is_failing { "Failing" } else { "Happy" };
        json!({"numberOfFailures": it.failures, "status": status})
    };
    let all = healths.iter().map(|(name, it)| (name.clone(), told(it)));
    Value::Object(all.collect())
}

#[test]
fn keda_vectors_of_object_state_agree() {
    check("scaled_object_state.json", |case| {
        match case.input.get("triggers") {
            Some(_) => state(case),
            None => cache(case),
        }
    });
}

/// The formula itself is checked elsewhere: here it gives what the case says that it gives.
fn state(case: &Case) -> (Value, Value) {
    let Case {
        input, expected, ..
    } = case;
    let triggers = list(&input["triggers"]);
    let is_external = |it: &&Value| !matches!(text(&it["type"]), "cpu" | "memory");
    let external: Vec<_> = triggers.iter().filter(is_external).collect();
    let given = expected["compositeValue"].as_f64();
    let function = move |_: &[Option<f64>]| given.map(Some).ok_or(EvaluationError);
    let modifiers = &input["scalingModifiers"];
    let modifiers = modifiers.as_object().map(|it| Modifiers {
        formula: Formula(&function),
        target: FormulaTarget {
            value: it.get("target").and_then(double).unwrap_or(1.0),
            is_positive_integer: false,
            is_of_whole: false,
        },
        activation: it.get("activationTarget").and_then(double).unwrap_or(0.0),
    });
    let settings: Vec<_> = external.iter().map(|it| trigger(it)).collect();
    let values: Vec<_> = external.iter().map(|it| value(it)).collect();
    let mut sources = Sources::new(&settings, None, modifiers);
    let workload = Workload {
        replicas: Ok(1),
        ready: Ok(1),
    };
    let found = sources.poll(&values, workload);
    let has_formula = modifiers.is_some();
    let named = settings.iter().map(|it| it.metric.as_str());
    let active = found.active(named.zip(sources.seen().iter().copied()), has_formula);
    let shown = shown(
        &found,
        &sources,
        external.len() < triggers.len(),
        has_formula,
    );
    let all = [
        ("active", json!(found.is_active)),
        ("error", json!(found.is_error)),
        ("activeTriggers", json!(active)),
        (
            "compositeValue",
            json!(found.composite.map(|it| it as f64 / 1000.0)),
        ),
        ("kedaScalerActiveMetric", json!(shown)),
    ];
    compared(all, expected)
}

/// A number, or a text with one.
fn double(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| text(value).parse().ok())
}

/// What is told of the parts that the case knows. Names that it invents are counted only.
fn compared<const N: usize>(all: [(&str, Value); N], expected: &Value) -> (Value, Value) {
    let said = |value: &Value| match value {
        Value::Array(all) => json!(all.len()),
        Value::Bool(value) => json!(value),
        Value::Number(_) => decimal(value),
        other => other.clone(),
    };
    let known = all.iter().filter(|(name, _)| expected.get(name).is_some());
    let pair = |(name, found): &(&str, Value)| {
        let wanted = &expected[*name];
        // A series may be told by its number.
        let found = match (found, wanted) {
            (Value::Bool(found), Value::Number(_)) => json!(f64::from(u8::from(*found))),
            (found, _) => said(found),
        };
        ((*name).to_owned(), (found, said(wanted)))
    };
    let (found, wanted): (Map<_, _>, Map<_, _>) = known
        .map(pair)
        .map(|(name, (found, wanted))| ((name.clone(), found), (name, wanted)))
        .unzip();
    (found.into(), wanted.into())
}

fn trigger(input: &Value) -> External {
    let named = ["metricName", "name"]
        .into_iter()
        .find_map(|it| input[it].as_str());
    External {
        metric: named.unwrap_or("metric-name").to_owned(),
        target: Target::AverageValue("1".parse().unwrap()),
        // So that the value of an active trigger is above it and another one is not.
        activation: if flag(&input["active"]) {
            -1.0
        } else {
            f64::INFINITY
        },
        is_cached: flag(&input["useCachedMetrics"]),
    }
}

fn value(input: &Value) -> Option<f64> {
    let fails = flag(&input["error"]) || flag(&input["authError"]);
    (!fails).then(|| input["value"].as_f64().unwrap_or(0.0))
}

/// What `keda_scaler_active` shows of the only series that an object of a case has.
fn shown(
    found: &ObjectState,
    sources: &Sources<'_>,
    has_resource: bool,
    has_formula: bool,
) -> Option<bool> {
    let single = sources.seen().first().and_then(|it| it.shown(has_formula));
    let resource = (has_resource && !has_formula).then_some(true);
    found.is_composite_active.or(single).or(resource)
}

/// How often a source is read by one poll and the requests after it.
fn cache(case: &Case) -> (Value, Value) {
    let input = &case.input;
    let trigger = trigger(&json!({"useCachedMetrics": input["useCachedMetrics"]}));
    let mut sources = Sources::new([&trigger], None, None);
    let workload = Workload {
        replicas: Ok(1),
        ready: Ok(1),
    };
    let (mut reads, mut errors) = (0, 0);
    if let Some(polled) = input["polledValue"].as_f64() {
        sources.poll(&[Some(polled)], workload);
        reads += 1;
    }
    let requests = ["metricRequestsAfterPoll", "metricRequests"].into_iter();
    let requests = requests.filter_map(|it| number(&input[it])).sum::<i64>();
    for _ in 0..requests {
        // A value that the poll did not see tells whether the source was asked.
        const OTHER: f64 = 4711.0;
        let answer = sources.metric(0, &[Some(OTHER)], workload);
        errors += i32::from(answer.is_err());
        reads += i32::from(answer == Ok(4_711_000));
    }
    let found = json!({"sourceReads": reads, "metricRequestErrors": errors});
    (found, case.expected.clone())
}
