use serde_json::{Value, json};

use super::effect::{Effect, Hpa, hpa_name, of_pause, of_resumption};
use super::*;
use crate::lifecycle::owners::Who;

const OURS: [&str; 1] = ["kubectl-stepscale"];

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn id(kind: Kind) -> Id {
    Id {
        kind,
        namespace: "shop".to_owned(),
        name: "orders".to_owned(),
    }
}

fn request(way: Way) -> Request {
    Request {
        way,
        until: Some(at("2026-11-22T12:00:00Z")),
        reason: "load test".to_owned(),
        by: "ana".to_owned(),
        at: at("2026-11-22T10:00:00Z"),
        forced: false,
    }
}

fn scaled_object(annotations: Value) -> Value {
    json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "metadata": { "name": "orders", "namespace": "shop", "resourceVersion": "7",
            "annotations": annotations },
        "spec": { "scaleTargetRef": { "name": "orders" } } })
}

fn hpa() -> Value {
    json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": { "name": "orders", "namespace": "shop", "resourceVersion": "7" },
        "spec": { "minReplicas": 2, "maxReplicas": 9 } })
}

/// What a server makes of a merge patch, the version aside.
fn merged(live: &Value, patch: &Value) -> Value {
    let mut after = live.clone();
    json_patch::merge(&mut after, patch);
    after
}

/// A pause as it is written: what is foretold gives the note.
fn paused(id: &Id, live: &Value, request: &Request) -> Value {
    let Ok(Plan::Pause(patch)) = plan(id, live, request, &OURS) else {
        panic!("not paused");
    };
    let foretold = merged(live, &sent(&patch, None, live));
    let note = noted(id, request, live, &foretold);
    merged(live, &sent(&patch, Some(&note), live))
}

fn resumed(id: &Id, live: &Value) -> (Value, Resumption) {
    let resumption = resumption(id, live).unwrap();
    let mut after = live.clone();
    let patch: json_patch::Patch =
        serde_json::from_value(Value::from(resumption.operations.clone())).unwrap();
    json_patch::patch(&mut after, &patch).unwrap();
    (after, resumption)
}

const WAYS: [Way; 4] = [
    Way::Whole,
    Way::At(Replicas(3)),
    Way::ScaleIn,
    Way::ScaleOut,
];

#[test]
fn kinds_are_spelled_as_kubectl_does() {
    for (text, kind) in [
        ("so", Kind::ScaledObject),
        ("ScaledObjects", Kind::ScaledObject),
        ("scaledobject.keda.sh", Kind::ScaledObject),
        ("scaledjobs.keda.sh", Kind::ScaledJob),
        ("sj", Kind::ScaledJob),
        ("hpa", Kind::HorizontalPodAutoscaler),
        (
            "horizontalpodautoscalers.autoscaling",
            Kind::HorizontalPodAutoscaler,
        ),
    ] {
        assert_eq!(text.parse(), Ok(kind), "{text}");
    }
    for text in ["", "s", "deploy", "scaledobject.autoscaling", "keda.sh"] {
        assert_eq!(text.parse::<Kind>(), Err(()), "{text}");
    }
}

#[test]
fn keda_is_told_by_the_annotation_of_the_way() {
    let cases = [
        (Way::Whole, "autoscaling.keda.sh/paused", "true"),
        (
            Way::At(Replicas(0)),
            "autoscaling.keda.sh/paused-replicas",
            "0",
        ),
        (Way::ScaleIn, "autoscaling.keda.sh/paused-scale-in", "true"),
        (
            Way::ScaleOut,
            "autoscaling.keda.sh/paused-scale-out",
            "true",
        ),
    ];
    for (way, key, value) in cases {
        let live = scaled_object(json!({ "a": "b" }));
        let after = paused(&id(Kind::ScaledObject), &live, &request(way));
        assert_eq!(after["metadata"]["annotations"][key], value);
        assert_eq!(after["spec"], live["spec"]);
        let note = Note::of(&after).unwrap().unwrap();
        assert_eq!((note.way, note.changes.len()), (way, 1), "{way}");
    }
}

#[test]
fn an_hpa_is_held_by_its_own_fields() {
    let disabled = json!({ "selectPolicy": "Disabled" });
    let cases = [
        (
            Way::Whole,
            json!({ "minReplicas": 2, "maxReplicas": 9,
            "behavior": { "scaleDown": disabled, "scaleUp": disabled } }),
        ),
        (
            Way::At(Replicas(3)),
            json!({ "minReplicas": 3, "maxReplicas": 3 }),
        ),
        (
            Way::ScaleIn,
            json!({ "minReplicas": 2, "maxReplicas": 9,
            "behavior": { "scaleDown": disabled } }),
        ),
        (
            Way::ScaleOut,
            json!({ "minReplicas": 2, "maxReplicas": 9,
            "behavior": { "scaleUp": disabled } }),
        ),
    ];
    for (way, spec) in cases {
        let after = paused(&id(Kind::HorizontalPodAutoscaler), &hpa(), &request(way));
        assert_eq!(after["spec"], spec, "{way}");
    }
}

#[test]
fn resumed_is_as_it_was_before() {
    let mut slow = hpa();
    slow["spec"]["behavior"] = json!({ "scaleDown": { "selectPolicy": "Min",
        "stabilizationWindowSeconds": 60 } });
    let with_mark = scaled_object(json!({ "stepscale.io/paused": "false",
        "autoscaling.keda.sh/paused": "false", "x": "y" }));
    let mut bare = scaled_object(json!({}));
    bare["metadata"]
        .as_object_mut()
        .unwrap()
        .remove("annotations");
    let cases = [
        (Kind::HorizontalPodAutoscaler, hpa()),
        (Kind::HorizontalPodAutoscaler, slow),
        (Kind::ScaledObject, bare),
        (Kind::ScaledObject, scaled_object(json!({ "a": "b" }))),
        (Kind::ScaledObject, with_mark),
    ];
    for (kind, live) in cases {
        for way in WAYS {
            let after = paused(&id(kind), &live, &request(way));
            let (back, resumption) = resumed(&id(kind), &after);
            assert_eq!(back, live, "{way}");
            assert_eq!(resumption.lost, [], "{way}");
            assert_eq!(without(&after).unwrap()["spec"], live["spec"]);
        }
    }
}

#[test]
fn what_others_set_meanwhile_stays() {
    let id = id(Kind::HorizontalPodAutoscaler);
    let mut after = paused(&id, &hpa(), &request(Way::At(Replicas(3))));
    after["spec"]["maxReplicas"] = json!(20);
    let (back, resumption) = resumed(&id, &after);
    assert_eq!(back["spec"], json!({ "minReplicas": 2, "maxReplicas": 20 }));
    assert_eq!(resumption.lost.len(), 1);
    assert_eq!(resumption.lost[0].path, "/spec/maxReplicas");
    assert_eq!(resumption.changes.len(), 1);
    assert_eq!(Note::of(&back), Ok(None));
}

#[test]
fn a_pause_of_the_same_way_is_renewed_and_another_is_refused() {
    let id = id(Kind::ScaledObject);
    let live = scaled_object(json!({ "a": "b" }));
    let after = paused(&id, &live, &request(Way::ScaleIn));
    let later = Request {
        until: None,
        by: "ben".to_owned(),
        ..request(Way::ScaleIn)
    };
    let Ok(Plan::Renew(note)) = plan(&id, &after, &later, &OURS) else {
        panic!("not renewed");
    };
    assert_eq!((note.until, note.by.as_str()), (None, "ben"));
    let renewed = merged(&after, &sent(&renewed(&id, &after), Some(&note), &after));
    assert_eq!(resumed(&id, &renewed).0, live);

    let refusal = plan(&id, &after, &request(Way::Whole), &OURS).unwrap_err();
    let told = "it is paused already: scale-in by ana since 2026-11-22T10:00:00Z until \
                2026-11-22T12:00:00Z: load test";
    assert_eq!(refusal.to_string(), told);
    let way_out = "resume it first: `kubectl stepscale resume so/orders -n shop`";
    assert_eq!(refusal.way_out(&id), way_out);
}

#[test]
fn a_pause_by_others_is_refused_with_its_writer_and_the_way_out() {
    let id = id(Kind::ScaledObject);
    let mut live = scaled_object(json!({ "autoscaling.keda.sh/paused-replicas": "oops" }));
    live["metadata"]["managedFields"] = json!([{ "manager": "kubectl-annotate",
        "operation": "Update", "time": "2026-11-21T08:00:00Z", "fieldsV1": { "f:metadata":
            { "f:annotations": { "f:autoscaling.keda.sh/paused-replicas": {} } } } }]);
    let refusal = plan(&id, &live, &request(Way::Whole), &OURS).unwrap_err();
    let told = "it is paused already: annotation autoscaling.keda.sh/paused-replicas is oops, set \
                by kubectl-annotate at 2026-11-21T08:00:00Z";
    assert_eq!(refusal.to_string(), told);
    let command = "kubectl annotate so/orders -n shop autoscaling.keda.sh/paused-replicas-";
    assert!(refusal.way_out(&id).contains(command));
    let others = NotResumed::Otherwise(earlier(&id, &live).unwrap());
    assert_eq!(resumption(&id, &live), Err(others));
}

#[test]
fn what_keda_reads_as_false_is_no_pause() {
    let cases = [
        (json!({ "autoscaling.keda.sh/paused": "false" }), false),
        (json!({ "autoscaling.keda.sh/paused": "" }), true),
        (json!({ "autoscaling.keda.sh/paused-scale-in": "0" }), false),
        (json!({ "autoscaling.keda.sh/paused-scale-out": "t" }), true),
        (json!({ "stepscale.io/paused": "false" }), false),
        (json!({ "stepscale.io/paused": "do not touch" }), true),
        (json!({ "stepscale.io/paused": "{\"version\":2}" }), true),
        (json!({}), false),
    ];
    for (annotations, is_paused) in cases {
        let live = scaled_object(annotations);
        let found = earlier(&id(Kind::ScaledObject), &live);
        assert_eq!(found.is_some(), is_paused, "{live}");
    }
    // KEDA has but one pause of a ScaledJob.
    let live = scaled_object(json!({ "autoscaling.keda.sh/paused-replicas": "3" }));
    assert_eq!(earlier(&id(Kind::ScaledJob), &live), None);
}

#[test]
fn a_setting_that_many_have_is_no_pause_and_both_directions_off_are() {
    let id = id(Kind::HorizontalPodAutoscaler);
    let mut live = hpa();
    live["spec"]["behavior"] = json!({ "scaleDown": { "selectPolicy": "Disabled" } });
    assert_eq!(earlier(&id, &live), None);
    live["spec"]["behavior"]["scaleUp"] = json!({ "selectPolicy": "Disabled" });
    let refusal = plan(&id, &live, &request(Way::ScaleIn), &OURS).unwrap_err();
    let told = "it is paused already: selectPolicy is Disabled in both directions";
    assert_eq!(refusal.to_string(), told);
}

#[test]
fn what_git_owns_is_refused_with_the_patch_unless_forced() {
    let id = id(Kind::ScaledObject);
    let tracking = "shop:keda.sh/ScaledObject:shop/orders";
    let live = scaled_object(json!({ "argocd.argoproj.io/tracking-id": tracking }));
    let request = request(Way::ScaleIn);
    let Err(Refusal::Owned { owner, patch }) = plan(&id, &live, &request, &OURS) else {
        panic!("not refused");
    };
    assert_eq!(
        owner.who,
        Who::ArgoCd {
            application: "shop".to_owned()
        }
    );
    let expected = json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "metadata": { "name": "orders", "namespace": "shop", "annotations":
            { "autoscaling.keda.sh/paused-scale-in": "true" } } });
    assert_eq!(patch, expected);
    let forced = Request {
        forced: true,
        ..request
    };
    assert_eq!(plan(&id, &live, &forced, &OURS), Ok(Plan::Pause(expected)));
}

#[test]
fn what_a_controller_does_not_know_is_refused() {
    let cases = [
        (Kind::ScaledJob, Way::Whole, true),
        (Kind::ScaledJob, Way::ScaleIn, false),
        (Kind::ScaledJob, Way::At(Replicas(1)), false),
        (Kind::ScaledObject, Way::At(Replicas(0)), true),
        (Kind::ScaledObject, Way::At(Replicas(u32::MAX)), false),
        (Kind::HorizontalPodAutoscaler, Way::At(Replicas(0)), false),
        (Kind::HorizontalPodAutoscaler, Way::At(Replicas(1)), true),
    ];
    for (kind, way, is_possible) in cases {
        let found = plan(&id(kind), &hpa(), &request(way), &OURS);
        assert_eq!(found.is_ok(), is_possible, "{kind:?} {way}: {found:?}");
    }
    let mut going = hpa();
    going["metadata"]["deletionTimestamp"] = json!("2026-11-22T09:00:00Z");
    let id = id(Kind::HorizontalPodAutoscaler);
    let found = plan(&id, &going, &request(Way::Whole), &OURS);
    assert_eq!(found, Err(Refusal::Going));
}

#[test]
fn a_note_is_read_as_it_was_written_and_nothing_else_is_trusted() {
    let id = id(Kind::HorizontalPodAutoscaler);
    let after = paused(&id, &hpa(), &request(Way::At(Replicas(3))));
    let text = after["metadata"]["annotations"][ANNOTATION]
        .as_str()
        .unwrap();
    let expected = concat!(
        r#"{"version":1,"way":"at","replicas":3,"until":"2026-11-22T12:00:00Z","#,
        r#""reason":"load test","by":"ana","at":"2026-11-22T10:00:00Z","changes":["#,
        r#"{"path":"/spec/maxReplicas","from":9,"to":3},"#,
        r#"{"path":"/spec/minReplicas","from":2,"to":3}]}"#
    );
    assert_eq!(text, expected);
    let annotated = |text: &str| json!({ "metadata": { "annotations": { ANNOTATION: text } } });
    let newer = text.replacen("\"way\"", "\"new\":[],\"way\"", 1);
    assert_eq!(Note::of(&annotated(&newer)), Note::of(&after));
    let cases = [
        text.replace("/spec/minReplicas", "/metadata/labels/x"),
        text.replace("/spec/minReplicas", "/spec/behaviors"),
        text.replace("/spec/minReplicas", "/metadata/annotations/x"),
        text.replace("\"version\":1", "\"version\":2"),
        text.replace(",\"replicas\":3", ""),
        text.replace("\"at\",", "\"half\","),
        "[".repeat(100_000),
        String::new(),
    ];
    for text in cases {
        assert!(Note::of(&annotated(&text)).is_err(), "{text:.200}");
    }
}

#[test]
fn a_pause_is_over_at_its_end() {
    let after = paused(
        &id(Kind::ScaledObject),
        &scaled_object(json!({})),
        &request(Way::Whole),
    );
    let note = Note::of(&after).unwrap().unwrap();
    assert!(!note.is_over(at("2026-11-22T11:59:59Z")));
    assert!(note.is_over(at("2026-11-22T12:00:00Z")));
    let open = Note {
        until: None,
        ..note
    };
    assert!(!open.is_over(at("9999-01-01T00:00:00Z")));
}

fn told(paused: Option<&str>) -> Value {
    let mut object = scaled_object(json!({}));
    let ready = json!({ "type": "Ready", "status": "True" });
    let paused = paused.map(|it| json!({ "type": "Paused", "status": it }));
    object["status"]["conditions"] = [Some(ready), paused].into_iter().flatten().collect();
    object
}

#[test]
fn an_effect_is_what_keda_tells_and_does() {
    use Kind::{HorizontalPodAutoscaler, ScaledJob, ScaledObject};
    let pinned = json!({ "spec": { "minReplicas": 1, "maxReplicas": 1 } });
    let (there, zero) = (hpa(), Way::At(Replicas(0)));
    let mut held = told(Some("True"));
    held["status"]["pausedReplicaCount"] = json!(2);
    let cases = [
        (
            ScaledObject,
            Way::Whole,
            told(Some("True")),
            Hpa::Gone,
            true,
        ),
        (
            ScaledObject,
            Way::Whole,
            told(Some("True")),
            Hpa::Unknown,
            true,
        ),
        (
            ScaledObject,
            Way::Whole,
            told(Some("True")),
            Hpa::There(&there),
            false,
        ),
        (
            ScaledObject,
            Way::ScaleIn,
            told(Some("True")),
            Hpa::There(&there),
            true,
        ),
        (
            ScaledObject,
            Way::ScaleIn,
            told(Some("False")),
            Hpa::There(&there),
            false,
        ),
        (ScaledObject, Way::Whole, told(None), Hpa::Gone, false),
        (
            ScaledObject,
            Way::Whole,
            scaled_object(json!({})),
            Hpa::Gone,
            false,
        ),
        (
            ScaledObject,
            Way::At(Replicas(2)),
            held.clone(),
            Hpa::Gone,
            true,
        ),
        (ScaledObject, Way::At(Replicas(3)), held, Hpa::Gone, false),
        // KEDA 2.10.
        (ScaledObject, zero, told(None), Hpa::There(&pinned), true),
        (ScaledObject, zero, told(None), Hpa::There(&there), false),
        (ScaledJob, Way::Whole, told(Some("True")), Hpa::Gone, true),
        (ScaledJob, Way::Whole, told(Some("False")), Hpa::Gone, false),
        (
            HorizontalPodAutoscaler,
            Way::ScaleIn,
            hpa(),
            Hpa::Gone,
            true,
        ),
    ];
    for (kind, way, object, found, is_in_force) in cases {
        let effect = of_pause(kind, way, &object, found);
        assert_eq!(
            effect == Effect::InForce,
            is_in_force,
            "{kind:?} {way} {object} {found:?}"
        );
    }
}

#[test]
fn what_keda_does_not_do_is_told_with_what_it_may_come_from() {
    let told_of = |way, object: &Value| match of_pause(Kind::ScaledObject, way, object, Hpa::Gone) {
        Effect::Not { seen, because } => format!("{seen}; {because}"),
        Effect::InForce => panic!("in force"),
    };
    let silent = "KEDA has told nothing of this object; its operator does not run, or does not watch \
                  this namespace";
    assert_eq!(told_of(Way::Whole, &scaled_object(json!({}))), silent);
    let old = "KEDA's condition Paused is False; its operator does not run, or is older than 2.18 \
               and does not know autoscaling.keda.sh/paused-scale-in";
    assert_eq!(told_of(Way::ScaleIn, &told(Some("False"))), old);
}

#[test]
fn a_resumed_object_scales_again() {
    let there = hpa();
    let cases = [
        (told(Some("False")), Hpa::There(&there), true),
        (told(Some("False")), Hpa::Unknown, true),
        (told(Some("False")), Hpa::Gone, false),
        (told(Some("True")), Hpa::There(&there), false),
    ];
    for (object, found, scales) in cases {
        let effect = of_resumption(Kind::ScaledObject, &object, found);
        assert_eq!(effect == Effect::InForce, scales, "{object} {found:?}");
    }
    let job = of_resumption(Kind::ScaledJob, &told(Some("False")), Hpa::Gone);
    assert_eq!(job, Effect::InForce);
}

#[test]
fn the_hpa_is_found_by_status_then_by_its_settings_then_by_the_name() {
    let mut object = scaled_object(json!({}));
    assert_eq!(hpa_name(&object).unwrap(), "keda-hpa-orders");
    object["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["name"] = json!("mine");
    assert_eq!(hpa_name(&object).unwrap(), "mine");
    object["status"]["hpaName"] = json!("");
    assert_eq!(hpa_name(&object).unwrap(), "mine");
    object["status"]["hpaName"] = json!("told");
    assert_eq!(hpa_name(&object).unwrap(), "told");
    assert_eq!(hpa_name(&json!({})), None);
}
