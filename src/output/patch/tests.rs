use serde_json::json;

use super::*;

fn live() -> Value {
    json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {
            "name": "web", "namespace": "shop", "uid": "u", "resourceVersion": "7", "generation": 3,
            "creationTimestamp": "2026-01-01T00:00:00Z", "managedFields": [{"manager": "m"}],
            "labels": {"on": "on"},
            "annotations": {
                "team": "1_000", "stepscale.io/applied": "{}",
                "kubectl.kubernetes.io/last-applied-configuration": "{}",
            },
        },
        "spec": {
            "minReplicas": 3, "maxReplicas": 9,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "metrics": [cpu(70), memory()],
        },
        "status": {"currentReplicas": 4},
    })
}

fn cpu(percent: u32) -> Value {
    json!({"type": "Resource", "resource": {"name": "cpu",
        "target": {"type": "Utilization", "averageUtilization": percent}}})
}

fn memory() -> Value {
    json!({"type": "Resource", "resource": {"name": "memory",
        "target": {"type": "AverageValue", "averageValue": "1Gi"}}})
}

fn configuration() -> Value {
    json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "minReplicas": 2, "metrics": [cpu(60), memory()],
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": 120}},
        },
    })
}

/// The live object as it is to be.
fn wanted() -> Value {
    let mut wanted = live();
    let spec = configuration()["spec"].clone();
    for (key, value) in spec.as_object().unwrap() {
        wanted["spec"][key] = value.clone();
    }
    wanted
}

fn proposed<'a>(live: &'a Value, configuration: &'a Value) -> Proposed<'a> {
    Proposed {
        recommendation: "web",
        live,
        configuration,
    }
}

fn one(patch_type: PatchType) -> String {
    patches(&[proposed(&live(), &configuration())], patch_type).unwrap()
}

#[test]
fn what_changes_nothing_keeps_the_spec() {
    let mut configuration = configuration();
    configuration["spec"] = Value::Null;
    let text = manifests(&[proposed(&live(), &configuration)]).unwrap();
    assert!(text.contains("  minReplicas: 3\n"), "{text}");
    let patch = patches(&[proposed(&live(), &configuration)], PatchType::Merge).unwrap();
    assert!(patch.ends_with("\n{}\n"), "{patch}");
}

/// A merge patch as RFC 7386 has it.
fn merged(mut object: Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else {
        return patch.clone();
    };
    if !object.is_object() {
        object = json!({});
    }
    for (key, value) in patch {
        if value.is_null() {
            object.as_object_mut().unwrap().remove(key);
        } else {
            object[key] = merged(object[key].clone(), value);
        }
    }
    object
}

/// The operations that are used here, as the API server applies them; `None` where a test fails.
fn operated(mut object: Value, operations: &Value) -> Option<Value> {
    for it in operations.as_array().unwrap() {
        let path = it["path"].as_str().unwrap();
        let now = object.pointer(path).cloned();
        let (parent, key) = path.rsplit_once('/').unwrap();
        match it["op"].as_str().unwrap() {
            "test" if now.unwrap_or_default() != it["value"] => return None,
            "test" => {}
            "replace" => *object.pointer_mut(path)? = it["value"].clone(),
            "add" => object.pointer_mut(parent)?[key.replace("~1", "/")] = it["value"].clone(),
            other => panic!("{other}"),
        }
    }
    Some(object)
}

fn parsed(text: &str) -> Value {
    yaml::parse(text).unwrap()
}

#[test]
fn merges_name_their_command_and_make_the_wanted_object() {
    let merge = one(PatchType::Merge);
    assert_eq!(merged(live(), &parsed(&merge)), wanted());
    let command = "# web: kubectl patch hpa web -n shop --type=merge --patch-file=FILE\n";
    assert!(merge.starts_with(command), "{merge}");
    let strategic = one(PatchType::Strategic);
    assert_eq!(strategic, merge.replace("--type=merge", "--type=strategic"));
}

#[test]
fn operations_make_the_wanted_object_once() {
    let text = one(PatchType::Json);
    let operations: Value = serde_json::from_str(&text).unwrap();
    let made = operated(live(), &operations).unwrap();
    assert_eq!(made, wanted());
    assert_eq!(operated(made, &operations), None);
    insta::assert_snapshot!(text, @r#"
    [
      {"op":"test","path":"/spec/behavior","value":null},
      {"op":"test","path":"/spec/metrics","value":[{"resource":{"name":"cpu","target":{"averageUtilization":70,"type":"Utilization"}},"type":"Resource"},{"resource":{"name":"memory","target":{"averageValue":"1Gi","type":"AverageValue"}},"type":"Resource"}]},
      {"op":"test","path":"/spec/minReplicas","value":3},
      {"op":"add","path":"/spec/behavior","value":{"scaleDown":{"stabilizationWindowSeconds":120}}},
      {"op":"replace","path":"/spec/metrics","value":[{"resource":{"name":"cpu","target":{"averageUtilization":60,"type":"Utilization"}},"type":"Resource"},{"resource":{"name":"memory","target":{"averageValue":"1Gi","type":"AverageValue"}},"type":"Resource"}]},
      {"op":"replace","path":"/spec/minReplicas","value":2}
    ]
    "#);
}

#[test]
fn operations_fail_on_any_drift() {
    let operations: Value = serde_json::from_str(&one(PatchType::Json)).unwrap();
    let drifts = [
        ("/spec/minReplicas", json!(4)),
        ("/spec/metrics/1/resource/target/averageValue", json!("2Gi")),
    ];
    for (path, to) in drifts {
        let mut drifted = live();
        *drifted.pointer_mut(path).unwrap() = to;
        assert_eq!(operated(drifted, &operations), None, "{path}");
    }
    let mut drifted = live();
    drifted["spec"]["behavior"] = json!({"scaleUp": {}});
    assert_eq!(operated(drifted, &operations), None);
}

#[test]
fn what_is_as_wanted_takes_no_operation() {
    let operations = patches(&[proposed(&wanted(), &configuration())], PatchType::Json);
    assert_eq!(operations.unwrap(), "[]\n");
    let (mut live, mut change) = (live(), configuration());
    change["spec"] = json!({});
    change["metadata"]["annotations"] = json!({"a/b": "c"});
    live["metadata"]["annotations"] = json!({"a/b": "d"});
    let text = patches(&[proposed(&live, &change)], PatchType::Json).unwrap();
    assert_eq!(
        text.matches("/metadata/annotations/a~1b").count(),
        2,
        "{text}"
    );
}

#[test]
fn kustomizations_have_one_patch_for_each_object() {
    let (mut live_2, mut change_2) = (live(), configuration());
    for it in [&mut live_2, &mut change_2] {
        it["metadata"]["name"] = json!("api.v1");
    }
    let (live, change) = (live(), configuration());
    let both = [proposed(&live, &change), proposed(&live_2, &change_2)];
    let text = patches(&both, PatchType::Kustomize).unwrap();
    let read = parsed(&text);
    assert_eq!(read["kind"], "Kustomization");
    let patches = read["patches"].as_array().unwrap();
    assert_eq!(patches.len(), 2);
    let target = json!({"group": "autoscaling", "version": "v2", "kind": "HorizontalPodAutoscaler",
        "name": "api\\.v1", "namespace": "shop"});
    assert_eq!(patches[0]["target"], target);
    assert_eq!(parsed(patches[0]["patch"].as_str().unwrap()), change_2);
    assert_eq!(
        merged(live, &parsed(patches[1]["patch"].as_str().unwrap())),
        wanted()
    );
    insta::assert_snapshot!(text, @r#"
    apiVersion: kustomize.config.k8s.io/v1beta1
    kind: Kustomization
    # kustomize looks for `namespace` in the manifests themselves: leave it out of target and patch where they do
    # not say it.
    patches:
    - target:
        group: autoscaling
        version: v2
        kind: HorizontalPodAutoscaler
        name: api\.v1
        namespace: shop
      patch: |
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata:
          name: api.v1
          namespace: shop
        spec:
          behavior:
            scaleDown:
              stabilizationWindowSeconds: 120
          metrics:
          - resource:
              name: cpu
              target:
                averageUtilization: 60
                type: Utilization
            type: Resource
          - resource:
              name: memory
              target:
                averageValue: 1Gi
                type: AverageValue
            type: Resource
          minReplicas: 2
    - target:
        group: autoscaling
        version: v2
        kind: HorizontalPodAutoscaler
        name: web
        namespace: shop
      patch: |
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata:
          name: web
          namespace: shop
        spec:
          behavior:
            scaleDown:
              stabilizationWindowSeconds: 120
          metrics:
          - resource:
              name: cpu
              target:
                averageUtilization: 60
                type: Utilization
            type: Resource
          - resource:
              name: memory
              target:
                averageValue: 1Gi
                type: AverageValue
            type: Resource
          minReplicas: 2
    "#);
}

#[test]
fn manifests_have_what_git_decides() {
    let text = manifests(&[proposed(&live(), &configuration())]).unwrap();
    assert_eq!(parsed(&text)["spec"], wanted()["spec"]);
    insta::assert_snapshot!(text, @r#"
    apiVersion: autoscaling/v2
    kind: HorizontalPodAutoscaler
    metadata:
      annotations:
        team: "1_000"
      labels:
        "on": "on"
      name: web
      namespace: shop
    spec:
      behavior:
        scaleDown:
          stabilizationWindowSeconds: 120
      maxReplicas: 9
      metrics:
      - resource:
          name: cpu
          target:
            averageUtilization: 60
            type: Utilization
        type: Resource
      - resource:
          name: memory
          target:
            averageValue: 1Gi
            type: AverageValue
        type: Resource
      minReplicas: 2
      scaleTargetRef:
        apiVersion: apps/v1
        kind: Deployment
        name: web
    "#);
    let mut bare = live();
    bare["metadata"]["annotations"]
        .as_object_mut()
        .unwrap()
        .remove("team");
    let text = manifests(&[proposed(&bare, &configuration())]).unwrap();
    assert_eq!(parsed(&text)["metadata"].get("annotations"), None);
}

#[test]
fn several_are_a_stream_in_the_order_of_their_objects() {
    let objects: Vec<_> = [("shop", "web"), ("bank", "z"), ("shop", "api")]
        .map(|(namespace, name)| {
            [live(), configuration()].map(|mut it| {
                it["metadata"]["namespace"] = json!(namespace);
                it["metadata"]["name"] = json!(name);
                it
            })
        })
        .into();
    let mut all: Vec<_> = objects
        .iter()
        .map(|[live, it]| proposed(live, it))
        .collect();
    let texts = |all: &[Proposed<'_>]| {
        let types = [
            PatchType::Strategic,
            PatchType::Merge,
            PatchType::Json,
            PatchType::Kustomize,
        ];
        let mut texts = types.map(|it| patches(all, it).unwrap()).to_vec();
        texts.push(manifests(all).unwrap());
        texts
    };
    let written = texts(&all);
    all.reverse();
    assert_eq!(texts(&all), written);
    let documents = yaml::documents(&written[4]).unwrap();
    let names: Vec<_> = documents
        .iter()
        .map(|it| it["metadata"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["z", "api", "web"]);
    for (text, count) in written.iter().zip([3, 3, 3, 1, 3]) {
        assert_eq!(yaml::documents(text).unwrap().len(), count, "{text}");
    }
    assert!(
        written[2].starts_with("# web: kubectl patch hpa z -n bank --type=json"),
        "{}",
        written[2]
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let (live, mut other) = (live(), configuration());
    other["metadata"]["name"] = json!("api");
    let told = patches(&[proposed(&live, &other)], PatchType::Merge).unwrap_err();
    assert_eq!(
        told.to_string(),
        "recommendation web changes HorizontalPodAutoscaler shop/api, but the object is HorizontalPodAutoscaler shop/web"
    );
    let told = manifests(&[proposed(&live, &json!({}))]).unwrap_err();
    assert_eq!(
        told.to_string(),
        "recommendation web is for an object without apiVersion, kind or name"
    );
    let scaled = json!({"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "web"}});
    let told = patches(&[proposed(&scaled, &scaled)], PatchType::Strategic).unwrap_err();
    assert_eq!(
        told.to_string(),
        "ScaledObject web is of a custom resource, which has no strategic merge patches"
    );
    let merge = patches(&[proposed(&scaled, &scaled)], PatchType::Merge).unwrap();
    assert_eq!(
        merge,
        "# web: kubectl patch scaledobject.v1alpha1.keda.sh web --type=merge --patch-file=FILE\n{}\n"
    );
}
