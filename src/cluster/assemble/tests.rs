use super::*;
use crate::autoscaler::workload::ContainerRole;
use crate::units::Cores;
use proptest::prelude::*;

fn hpa(name: &str, version: &str, kind: &str, target: &str) -> Value {
    json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"maxReplicas": 9,
            "scaleTargetRef": {"apiVersion": version, "kind": kind, "name": target}}})
}

fn deployment(name: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}, "creationTimestamp": null},
                "spec": {"containers": [
                    {"name": "app", "resources": {"limits": {"cpu": "500m"}}}]}}}})
}

fn owned(by: (&str, &str, &str)) -> Value {
    let (version, kind, name) = by;
    json!([{"apiVersion": version, "kind": kind, "name": name, "controller": true}])
}

fn replica_set(name: &str, deployment: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": name,
        "namespace": "shop", "ownerReferences": owned(("apps/v1", "Deployment", deployment))}})
}

fn pod(name: &str, app: &str, owner: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": app},
            "creationTimestamp": "2026-11-01T00:00:00Z", "ownerReferences": owner},
        "spec": {"containers": [
            {"name": "app", "resources": {"requests": {"cpu": "250m"}}},
            {"name": "injected", "resources": {"requests": {"cpu": "50m"}}}]},
        "status": {"phase": "Running", "containerStatuses": [{"name": "app", "restartCount": 0}],
            "conditions": [{"type": "Ready", "status": "True",
                "lastTransitionTime": "2026-11-01T00:00:20Z"}]}})
}

fn budget(name: &str, selector: Value) -> Value {
    json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"minAvailable": "50%", "selector": selector}})
}

fn assemble(objects: impl IntoIterator<Item = Value>) -> Fleet {
    let mut assembler = Assembler::new(ClusterName::default());
    for object in objects {
        assembler.add(object).unwrap();
    }
    assembler.finish()
}

fn workload(fleet: &Fleet) -> &Workload {
    fleet.subjects[0].workload.as_ref().unwrap()
}

fn with(mut object: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    object.pointer_mut(parent).unwrap()[key] = value;
    object
}

fn shop() -> Vec<Value> {
    let set = || owned(("apps/v1", "ReplicaSet", "web-1"));
    let restarted = pod("web-1-b", "web", set());
    let restarted = with(
        restarted,
        "/status/containerStatuses/0/restartCount",
        json!(2),
    );
    let ended = with(
        pod("web-1-c", "web", set()),
        "/status/phase",
        json!("Succeeded"),
    );
    let ended = with(ended, "/status/conditions", Value::Null);
    let stranger = owned(("batch/v1", "Job", "import"));
    vec![
        hpa("web", "apps/v1", "Deployment", "web"),
        deployment("web"),
        replica_set("web-1", "web"),
        pod("web-1-a", "web", set()),
        restarted,
        ended,
        pod("import-x", "web", stranger),
        budget("web", json!({"matchLabels": {"app": "web"}})),
    ]
}

#[test]
fn pods_belong_to_the_workload_that_their_controllers_lead_to() {
    let fleet = assemble(shop());
    let workload = workload(&fleet);
    assert_eq!((workload.pods, workload.ready_pods), (2, 2));
    assert_eq!(workload.startup_seconds, [20.0]);
    assert_eq!(workload.replicas, Some(Replicas(3)));
    let pods: Vec<_> = fleet.pod_owners.iter().map(|it| it.pod.as_str()).collect();
    assert_eq!(pods, ["web-1-a", "web-1-b", "web-1-c"]);
    assert_eq!(fleet.pod_owners[0].target.to_string(), "Deployment/web");
    let budget = workload.disruption_budget.as_ref().unwrap();
    assert_eq!(budget.min_available.as_deref(), Some("50%"));
}

#[test]
fn live_pods_show_what_the_template_does_not() {
    let shop = shop();
    let live = assemble(shop.clone());
    assert_eq!(workload(&live).cpu_request(), Some(Cores(0.3)));
    let template = assemble(shop.into_iter().filter(|it| it["kind"] != "Pod"));
    assert_eq!(workload(&template).cpu_request(), Some(Cores(0.5)));
}

#[test]
fn without_its_replica_sets_a_deployment_is_found_by_its_selector() {
    let fleet = assemble(shop().into_iter().filter(|it| it["kind"] != "ReplicaSet"));
    assert_eq!(workload(&fleet).pods, 2);
}

#[test]
fn another_kind_is_matched_by_the_selector_of_its_scale() {
    let queue = json!({"apiVersion": "example.com/v1", "kind": "Queue",
        "metadata": {"name": "orders", "namespace": "shop"},
        "spec": {"replicas": 2}, "status": {"selector": "app=orders"}});
    let set = owned(("apps/v1", "StatefulSet", "orders-impl"));
    let fleet = assemble([
        hpa("orders", "example.com/v1", "Queue", "orders"),
        queue,
        pod("orders-impl-0", "orders", set),
        pod("other", "other", Value::Null),
    ]);
    let workload = workload(&fleet);
    assert_eq!(workload.pods, 1);
    assert_eq!(workload.containers[0].role, ContainerRole::Main);
    assert_eq!(workload.containers.len(), 2);
}

#[test]
fn a_rollout_is_read_like_a_deployment() {
    let rollout = with(deployment("web"), "/kind", json!("Rollout"));
    let rollout = with(rollout, "/apiVersion", json!("argoproj.io/v1alpha1"));
    let mut set = replica_set("web-1", "web");
    set["metadata"]["ownerReferences"] = owned(("argoproj.io/v1alpha1", "Rollout", "web"));
    let fleet = assemble([
        hpa("web", "argoproj.io/v1alpha1", "Rollout", "web"),
        rollout,
        set,
        pod("web-1-a", "web", owned(("apps/v1", "ReplicaSet", "web-1"))),
    ]);
    assert_eq!(workload(&fleet).pods, 1);
    assert_eq!(workload(&fleet).target.kind, "Rollout");
}

#[test]
fn old_and_absent_groups_of_a_reference_mean_apps() {
    for version in ["extensions/v1beta1", "", "apps/v1beta1"] {
        let fleet = assemble([hpa("web", version, "Deployment", "web"), deployment("web")]);
        assert!(fleet.subjects[0].workload.is_ok(), "{version}");
    }
}

#[test]
fn the_same_kind_of_another_group_is_another_target() {
    let other = hpa("web", "example.com/v1", "Deployment", "web");
    let fleet = assemble([other, deployment("web")]);
    assert_eq!(fleet.subjects[0].workload, Err(NoWorkload::Missing));
}

#[test]
fn the_one_target_of_version_one_is_read() {
    let hpa = hpa("web", "apps/v1", "Deployment", "web");
    let hpa = with(hpa, "/spec/targetCPUUtilizationPercentage", json!(55));
    let percent = |version: &str| {
        let fleet = assemble([with(hpa.clone(), "/apiVersion", json!(version))]);
        fleet.subjects[0].autoscaler.cpu_target().unwrap().percent
    };
    assert_eq!(percent("autoscaling/v1"), 55);
    assert_eq!(percent("autoscaling/v2"), 80);
}

#[test]
fn autoscalers_of_one_target_are_rivals() {
    let fleet = assemble([
        hpa("b", "apps/v1", "Deployment", "web"),
        hpa("a", "apps/v1", "Deployment", "web"),
        hpa("c", "apps/v1", "Deployment", "other"),
    ]);
    let rivals: Vec<Vec<&str>> = fleet
        .subjects
        .iter()
        .map(|it| it.rivals.iter().map(|it| it.name.as_str()).collect())
        .collect();
    assert_eq!(rivals, [vec!["b"], vec!["a"], vec![]]);
}

#[test]
fn budgets_match_by_selector() {
    let cases = [
        (json!({}), true),
        (json!({"matchLabels": {"app": "web"}}), true),
        (json!({"matchLabels": {"app": "api"}}), false),
        (
            json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}),
            true,
        ),
        (Value::Null, false),
    ];
    for (selector, covers) in cases {
        let fleet = assemble([
            hpa("web", "apps/v1", "Deployment", "web"),
            deployment("web"),
            budget("some", selector.clone()),
        ]);
        let found = workload(&fleet).disruption_budget.is_some();
        assert_eq!(found, covers, "{selector}");
    }
}

#[test]
fn objects_of_no_use_are_ignored_and_broken_ones_named() {
    let mut assembler = Assembler::default();
    let ignored = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}});
    assembler.add(ignored).unwrap();
    let broken = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": 7});
    let message = assembler.add(broken).unwrap_err().to_string();
    assert_eq!(message, "cannot read Pod x");
    assert!(matches!(
        assembler.add(json!({"a": 1})),
        Err(ConvertError::NoKind)
    ));
}

#[test]
fn a_window_that_is_open_is_a_schedule_and_no_minimum() {
    let window = json!({"startCron": "0 8 * * *", "durationMinutes": 60, "minReplicas": 6,
        "timeZone": "Etc/UTC"});
    let journal = json!({"version": 1, "id": "4f1c", "recommendation": "web", "by": "ana",
        "at": "2026-11-22T10:00:00Z", "changes": [], "schedule": [window]});
    let floor = json!({"version": 1, "id": "7a", "recommendation": "web", "by": "ana",
        "at": "2026-11-22T10:00:00Z", "from": 2, "to": 6, "until": "2026-11-22T11:00:00Z"});
    let annotations = json!({
        "stepscale.io/applied": journal.to_string(),
        "stepscale.io/floor": floor.to_string(),
    });
    let mut raised = hpa("web", "apps/v1", "Deployment", "web");
    raised["metadata"]["annotations"] = annotations.clone();
    raised["spec"]["minReplicas"] = json!(6);
    let mut by_jobs = hpa("jobs", "apps/v1", "Deployment", "jobs");
    by_jobs["metadata"]["annotations"] =
        json!({"stepscale.io/cron-floor": "before=3 wrote=6 open=1:6:1764000000"});
    by_jobs["spec"]["minReplicas"] = json!(6);
    let trigger = |name: &str, kind: &str, metadata: Value| json!({"name": name, "type": kind, "metadata": metadata});
    let object = json!({"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
    "metadata": {"name": "orders", "namespace": "shop", "annotations": annotations},
    "spec": {"scaleTargetRef": {"name": "orders"}, "minReplicaCount": 2, "triggers": [
        trigger("queue", "prometheus", json!({"serverAddress": "http://p", "query": "q", "threshold": "5"})),
        trigger("stepscale-window-1", "cron", json!({"start": "0 8 * * *", "end": "0 9 * * *",
            "timezone": "Etc/UTC", "desiredReplicas": "6"})),
    ]}});
    let fleet = assemble([raised, by_jobs, object]);
    let found = |name: &str| {
        let mut all = fleet.subjects.iter().map(|it| &it.autoscaler);
        all.find(|it| it.id.name == name).unwrap()
    };
    assert_eq!(
        (found("web").min, found("web").schedule.windows().len()),
        (Replicas(2), 1)
    );
    assert_eq!(
        (found("jobs").min, found("jobs").schedule.windows().len()),
        (Replicas(3), 0)
    );
    let orders = found("orders");
    assert_eq!(
        (orders.metrics.len(), orders.schedule.windows().len()),
        (1, 1)
    );
}

proptest! {
    #[test]
    fn neither_order_nor_repetition_matters(order in Just(shop()).prop_shuffle()) {
        let expected = format!("{:?}", assemble(shop()));
        let again = order.clone();
        prop_assert_eq!(format!("{:?}", assemble(order.into_iter().chain(again))), expected);
    }
}
