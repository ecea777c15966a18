use super::*;
use serde_json::json;

/// As a real API server (v1.36) gave it after `argocd-controller` applied it, `kubectl-stepscale`
/// applied a scale-down window, and somebody patched the minimum.
fn applied() -> Value {
    let argo = json!({
        "f:metadata": {"f:labels": {"f:app": {}}},
        "f:spec": {"f:maxReplicas": {}, "f:metrics": {},
            "f:scaleTargetRef": {"f:apiVersion": {}, "f:kind": {}, "f:name": {}}},
    });
    let stepscale = json!({
        "f:metadata": {"f:annotations": {"f:stepscale.io/applied": {}}},
        "f:spec": {"f:behavior": {"f:scaleDown": {"f:stabilizationWindowSeconds": {}}}},
    });
    let patch = json!({"f:spec": {"f:minReplicas": {}}});
    let entry = |manager: &str, operation: &str, fields: Value| {
        json!({"apiVersion": "autoscaling/v2", "fieldsType": "FieldsV1", "fieldsV1": fields,
            "manager": manager, "operation": operation, "time": "2026-11-22T05:07:33Z"})
    };
    let mut object = hpa(json!({"labels": {"app": "web"}}));
    object["metadata"]["managedFields"] = json!([
        entry("argocd-controller", "Apply", argo),
        entry("kubectl-stepscale", "Apply", stepscale),
        entry("kubectl-patch", "Update", patch),
    ]);
    object
}

fn hpa(metadata: Value) -> Value {
    let mut object = json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"minReplicas": 5, "maxReplicas": 12, "metrics": [
            {"type": "Resource", "resource": {"name": "cpu",
                "target": {"averageUtilization": 60, "type": "Utilization"}}}],
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": 600}}},
    });
    for (key, value) in metadata.as_object().unwrap() {
        object["metadata"][key] = value.clone();
    }
    object
}

fn owners(metadata: Value) -> Vec<String> {
    let owners = of(&hpa(metadata), &["/spec/minReplicas"], &[]);
    owners.iter().map(ToString::to_string).collect()
}

#[test]
fn every_proof_names_who_and_why() {
    let flux = |group: &str| {
        json!({format!("{group}.toolkit.fluxcd.io/name"): "apps",
            format!("{group}.toolkit.fluxcd.io/namespace"): "flux-system"})
    };
    let table = [
        (
            json!({"annotations": {TRACKING_ID: "shop:autoscaling/HorizontalPodAutoscaler:shop/web"}}),
            "the Argo CD application shop (annotation argocd.argoproj.io/tracking-id is \
             shop:autoscaling/HorizontalPodAutoscaler:shop/web)",
        ),
        (
            json!({"labels": {INSTANCE: "shop"}}),
            "the Argo CD application shop (label argocd.argoproj.io/instance is shop)",
        ),
        (
            json!({"labels": flux("kustomize")}),
            "the Flux Kustomization flux-system/apps (labels kustomize.toolkit.fluxcd.io/name and \
             kustomize.toolkit.fluxcd.io/namespace are apps and flux-system)",
        ),
        (
            json!({"labels": flux("helm")}),
            "the Flux HelmRelease flux-system/apps (labels helm.toolkit.fluxcd.io/name and \
             helm.toolkit.fluxcd.io/namespace are apps and flux-system)",
        ),
        (
            json!({"labels": {MANAGED_BY: "Helm"},
                "annotations": {RELEASE_NAME: "web", RELEASE_NAMESPACE: "shop"}}),
            "the Helm release shop/web (annotation meta.helm.sh/release-name is web, label \
             app.kubernetes.io/managed-by is Helm)",
        ),
        (
            json!({"ownerReferences": [{"kind": "App", "name": "x"},
                {"kind": "ScaledObject", "name": "orders", "controller": true}]}),
            "its controller ScaledObject/orders (ownerReferences has ScaledObject/orders as \
             controller)",
        ),
    ];
    for (metadata, expected) in table {
        assert_eq!(owners(metadata), [expected]);
    }
}

#[test]
fn what_proves_nothing_is_no_owner() {
    let tracked = |id: &str| json!({"annotations": {TRACKING_ID: id}});
    let flux = |key: &str, value: &str| {
        json!({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps",
            "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}, "annotations": {key: value}})
    };
    let reconcile = "kustomize.toolkit.fluxcd.io/reconcile";
    let ssa = "kustomize.toolkit.fluxcd.io/ssa";
    let nothing = [
        json!({}),
        json!({"labels": null, "annotations": [], "ownerReferences": {}}),
        // Of other objects, copied along.
        tracked("shop:apps/Deployment:shop/web"),
        tracked("shop:autoscaling/HorizontalPodAutoscaler:shop/web-2"),
        tracked("shop:autoscaling/HorizontalPodAutoscaler:other/web"),
        tracked("shop"),
        tracked(":autoscaling/HorizontalPodAutoscaler:shop/web"),
        json!({"labels": {INSTANCE: "shop"},
            "annotations": {TRACKING_ID: "shop:apps/Deployment:shop/web"}}),
        json!({"labels": {"app.kubernetes.io/instance": "shop"}}),
        json!({"labels": {INSTANCE: ""}}),
        json!({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}),
        flux(reconcile, "disabled"),
        flux(reconcile, "Disabled"),
        flux(ssa, "IfNotPresent"),
        flux(ssa, "Ignore"),
        json!({"labels": {MANAGED_BY: "Helm"}}),
        json!({"annotations": {RELEASE_NAME: "web"}}),
        json!({"ownerReferences": [{"kind": "App", "name": "x", "controller": false}]}),
    ];
    for metadata in nothing {
        let expected: [&str; 0] = [];
        assert_eq!(owners(metadata.clone()), expected, "{metadata}");
    }
    assert_eq!(owners(flux(ssa, "Merge")).len(), 1);
    assert_eq!(owners(flux(reconcile, "enabled")).len(), 1);
}

#[test]
fn labels_below_a_controller_are_its_own_handed_down() {
    let metadata = json!({
        "labels": {INSTANCE: "shop", "helm.toolkit.fluxcd.io/name": "web",
            "helm.toolkit.fluxcd.io/namespace": "shop"},
        "ownerReferences": [{"kind": "ScaledObject", "name": "orders", "controller": true}],
    });
    let found = of(&hpa(metadata), &[], &[]);
    let owner = "ScaledObject/orders".to_owned();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].who, Who::Controller { owner });
}

#[test]
fn who_applies_a_field_owns_it_and_who_updated_it_does_not() {
    let target = "/spec/metrics/0/resource/target/averageUtilization";
    let window = "/spec/behavior/scaleDown/stabilizationWindowSeconds";
    let paths = ["/spec/minReplicas", "/spec/maxReplicas", target, window];
    let applier = |manager: &str, path: &str| Owner {
        who: Who::Applier {
            manager: manager.to_owned(),
            path: path.to_owned(),
        },
        proof: format!("managedFields says that {manager} applies {path}"),
    };
    let argo = ["/spec/maxReplicas", target].map(|it| applier("argocd-controller", it));
    assert_eq!(of(&applied(), &paths, &["kubectl-stepscale"]), argo);
    let all = of(&applied(), &paths, &[]);
    assert_eq!(all[..2], argo);
    assert_eq!(all[2..], [applier("kubectl-stepscale", window)]);
}

#[test]
fn a_place_is_found_in_a_tree_of_fields() {
    let object = json!({
        "metadata": {"finalizers": ["example.com/x", "other"], "labels": {"a.b/c": "1"}},
        "spec": {
            "ports": [{"name": "https", "port": 443, "protocol": "TCP"}, {"name": "http", "port": 80}],
            "metrics": [{"type": "Resource"}],
            "behavior": {"scaleDown": {"selectPolicy": "Max"}, "scaleUp": {"selectPolicy": "Max"}},
        },
        "odd": [{"a": 1}],
    });
    let fields = json!({
        "f:metadata": {"f:finalizers": {"v:\"example.com/x\"": {}}, "f:labels": {"f:a.b/c": {}}},
        "f:spec": {
            "f:metrics": {},
            "f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:name": {}}, "i:5": {}},
            "f:behavior": {"f:scaleDown": {}, "f:scaleUp": {"f:policies": {}}},
        },
        "f:odd": {"k:{": {}, "v:": {}, "k:7": {}, "x": {}},
    });
    let table = [
        ("/metadata/finalizers/0", true),
        ("/metadata/finalizers/1", false),
        ("/metadata/finalizers", true),
        ("/metadata/labels/a.b~1c", true),
        ("/metadata/labels/x", false),
        ("/spec", true),
        ("", true),
        ("/spec/metrics", true),
        ("/spec/metrics/0/type", true),
        ("/spec/metrics/7", true),
        ("/spec/ports/0/name", false),
        ("/spec/ports/1/name", true),
        ("/spec/ports/1/port", false),
        ("/spec/ports/x", false),
        ("/odd/0", false),
        // Applied empty: what is in it is not theirs, the place is.
        ("/spec/behavior/scaleDown/selectPolicy", false),
        ("/spec/behavior/scaleDown", true),
        ("/spec/behavior/scaleUp/selectPolicy", false),
        ("/spec/behavior/scaleUp/policies/0", true),
        ("/spec/minReplicas", false),
        ("spec", false),
    ];
    for (path, expected) in table {
        assert_eq!(fields::owns(&fields, &object, path), expected, "{path}");
    }
}

#[test]
fn odd_objects_have_no_owners() {
    let odd = [json!(null), json!(7), json!([]), json!({"metadata": []})];
    let entries = [
        json!({}),
        json!([7, null, {}]),
        json!([{"operation": "Apply"}]),
    ];
    let trees = [json!(null), json!([]), json!(1)]
        .map(|tree| json!([{"operation": "Apply", "manager": "x", "fieldsV1": tree}]));
    let entries = entries.into_iter().chain(trees);
    let objects = entries.map(|it| hpa(json!({"managedFields": it})));
    for object in odd.into_iter().chain(objects) {
        assert_eq!(of(&object, &["/spec/minReplicas", "", "x"], &[]), []);
    }
}

#[test]
fn the_last_writer_of_a_field_is_known_with_its_time() {
    let mut object = applied();
    object["metadata"]["managedFields"][2]["time"] = json!("2026-11-22T06:00:00Z");
    let cases = [
        (&["/spec/minReplicas"][..], Some("kubectl-patch")),
        (&["/spec/maxReplicas"], Some("argocd-controller")),
        (
            &["/spec/maxReplicas", "/spec/minReplicas"],
            Some("kubectl-patch"),
        ),
        (&["/spec/nothing"], None),
    ];
    for (paths, expected) in cases {
        let writer = last_writer(&object, paths);
        assert_eq!(writer.map(|it| it.manager), expected, "{paths:?}");
        assert!(writer.is_none_or(|it| it.at.is_some()), "{paths:?}");
    }
    assert_eq!(last_writer(&hpa(json!({})), &["/spec/minReplicas"]), None);
}
