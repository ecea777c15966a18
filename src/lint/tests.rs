use serde_json::json;

use super::*;

fn setting() -> Setting {
    Setting {
        namespace: "shop".to_owned(),
        now: "2026-03-02T12:00:00Z".parse().unwrap(),
        seen: Seen::default(),
        kinds: Kinds::NotAsked,
        disabled: BTreeSet::new(),
    }
}

#[test]
fn what_is_not_among_the_files_is_taken_to_be_right() {
    let object = json!({
        "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "metadata": { "name": "orders", "namespace": "shop" },
        "spec": {
            "scaleTargetRef": { "name": "orders" }, "minReplicaCount": 1,
            "fallback": { "failureThreshold": 3, "replicas": 2 },
            "triggers": [
                { "type": "kafka", "authenticationRef": { "name": "kafka" }, "metadata": {
                    "bootstrapServersFromEnv": "KAFKA", "consumerGroup": "orders",
                    "topic": "orders", "sasl": "scram_sha512", "tls": "enable" } },
                { "type": "cpu", "metricType": "Utilization", "metadata": { "value": "60" } },
            ],
        },
    });
    let files = lint(std::slice::from_ref(&object), &setting());
    let codes: Vec<Code> = files.iter().map(|it| it.code).collect();
    assert_eq!(codes, [Code::AuthNotSeen]);
    let seen = Seen {
        is_cluster: true,
        workloads: true,
        limit_ranges: true,
        authentications: true,
        all_namespaces: true,
    };
    let setting = Setting { seen, ..setting() };
    let cluster = lint(&[object], &setting);
    let codes: Vec<Code> = cluster.iter().map(|it| it.code).collect();
    assert_eq!(codes, [Code::TargetNotFound, Code::AuthMissing]);
}

#[test]
fn a_container_that_is_named_has_to_be_there() {
    let containers = json!([{ "name": "app" }, { "name": "sidecar" }]);
    let pod = json!({ "template": { "spec": { "containers": containers } } });
    let workload = json!({ "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "orders", "namespace": "shop" }, "spec": pod });
    let triggers = json!([{ "type": "cron", "metadata": { "timezone": "Etc/UTC",
        "start": "0 8 * * *", "end": "0 9 * * *", "desiredReplicas": "1" } }]);
    let object = |name: &str| {
        json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
            "metadata": { "name": "orders", "namespace": "shop" },
            "spec": { "minReplicaCount": 1, "triggers": triggers,
                "scaleTargetRef": { "name": "orders", "envSourceContainerName": name } } })
    };
    let job = |name: &str| {
        json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledJob",
            "metadata": { "name": "report", "namespace": "shop" },
            "spec": { "jobTargetRef": pod, "envSourceContainerName": name,
                "triggers": triggers } })
    };
    let told = |objects: &[Value]| -> Vec<(Severity, String)> {
        let found = lint(objects, &setting()).into_iter();
        let found = found.filter(|it| it.code == Code::UnknownContainer);
        found.map(|it| (it.severity, it.message)).collect()
    };
    for name in ["app", "sidecar", ""] {
        assert_eq!(
            told(&[object(name), workload.clone(), job(name)]),
            [],
            "{name}"
        );
    }
    // Of a workload that is not seen nothing is known.
    assert_eq!(told(&[object("web")]), []);
    let why = "the pod template has no container web; it has app, sidecar";
    let of_object = format!("spec.scaleTargetRef.envSourceContainerName: {why}");
    let found = told(&[object("web"), workload.clone()]);
    assert_eq!(found, [(Severity::Error, of_object)]);
    let of_job = format!("spec.envSourceContainerName: {why}");
    assert_eq!(told(&[job("web")]), [(Severity::Error, of_job)]);
}

#[test]
fn a_formula_of_two_questions_is_converted_whatever_it_begins_with() {
    let codes = |formula: &str| -> BTreeSet<Code> {
        let object = json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
            "metadata": { "name": "orders", "namespace": "shop" },
            "spec": { "minReplicaCount": 1, "scaleTargetRef": { "name": "orders" },
                "advanced": { "scalingModifiers": { "formula": formula, "target": "2" } },
                "triggers": [{ "type": "cron", "name": "a", "metadata": {
                    "timezone": "Etc/UTC", "start": "0 8 * * *", "end": "0 9 * * *",
                    "desiredReplicas": "1" } }] } });
        lint(&[object], &setting())
            .iter()
            .map(|it| it.code)
            .collect()
    };
    assert!(codes("float(a) > 2 ? 1 : 0").contains(&Code::FormulaFloatPrefix));
    assert!(!codes("float(a ?? 1) > 2 ? 1 : 0").contains(&Code::FormulaFloatPrefix));
}

#[test]
fn what_an_authentication_may_give_is_missing_only_without_one() {
    let table = [
        (
            "rabbitmq",
            json!({ "queueName": "q", "mode": "QueueLength", "value": "5" }),
        ),
        (
            "postgresql",
            json!({ "query": "q", "targetQueryValue": "1" }),
        ),
        (
            "mongodb",
            json!({ "dbName": "d", "collection": "c", "query": "q", "queryValue": "1" }),
        ),
        ("redis", json!({ "listName": "l" })),
        ("influxdb", json!({ "query": "q", "thresholdValue": "1" })),
        (
            "elasticsearch",
            json!({ "index": "i", "valueLocation": "v", "targetValue": "1" }),
        ),
        (
            "opensearch",
            json!({ "index": "i", "valueLocation": "v", "targetValue": "1" }),
        ),
        (
            "datadog",
            json!({ "query": "avg:x{a}", "targetValue": "1" }),
        ),
        (
            "github-runner",
            json!({ "owner": "o", "runnerScope": "org",
            "applicationID": "1", "installationID": "2" }),
        ),
        ("gcp-storage", json!({ "bucketName": "b" })),
        ("azure-eventhub", json!({})),
        (
            "azure-monitor",
            json!({ "targetValue": "1", "resourceURI": "a/b/c", "tenantId": "t",
            "subscriptionId": "s", "resourceGroupName": "g", "metricName": "m",
            "metricAggregationType": "Average" }),
        ),
        ("openstack-swift", json!({ "containerName": "c" })),
        ("nats-jetstream", json!({ "stream": "s", "consumer": "c" })),
        ("aws-sqs-queue", json!({ "queueURL": "jobs" })),
    ];
    for (kind, metadata) in table {
        let codes = |reference: serde_json::Value| {
            let object = json!({
                "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
                "metadata": { "name": "a", "namespace": "shop" },
                "spec": { "scaleTargetRef": { "name": "a" }, "minReplicaCount": 1,
                "fallback": { "failureThreshold": 3, "replicas": 2 }, "triggers": [
                    { "type": kind, "metadata": metadata, "authenticationRef": reference }] },
            });
            let found = lint(&[object], &setting());
            found.into_iter().map(|it| it.code).collect::<BTreeSet<_>>()
        };
        assert_eq!(
            codes(json!({ "name": "x" })),
            [Code::AuthNotSeen].into(),
            "{kind}"
        );
        let without = codes(serde_json::Value::Null);
        let is_missing = without.contains(&Code::TriggerParameterMissing);
        assert!(is_missing, "{kind}: {without:?}");
    }
}

#[test]
fn triggers_of_a_formula_need_no_targets() {
    let codes = |advanced: serde_json::Value| {
        let object = json!({
            "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
            "metadata": { "name": "a", "namespace": "shop" },
            "spec": { "scaleTargetRef": { "name": "a" }, "minReplicaCount": 1,
                "fallback": { "failureThreshold": 3, "replicas": 2 },
                "advanced": advanced, "triggers": [{ "type": "metrics-api", "name": "load",
                    "metadata": { "url": "http://a", "valueLocation": "v" } }] },
        });
        let found = lint(&[object], &setting());
        found.into_iter().map(|it| it.code).collect::<Vec<_>>()
    };
    let formula = json!({ "scalingModifiers": { "formula": "load / 2", "target": "1" } });
    assert_eq!(codes(formula), []);
    assert_eq!(codes(json!({})), [Code::TriggerParameterMissing]);
}

#[test]
fn a_pause_is_forgotten_after_a_day() {
    let object = |time: &str| {
        json!({
            "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledJob",
            "metadata": { "name": "a", "annotations": { "autoscaling.keda.sh/paused": "true" },
                "managedFields": [{ "time": time, "fieldsV1": { "f:metadata": {
                    "f:annotations": { "f:autoscaling.keda.sh/paused": {} } } } }] },
            "spec": { "jobTargetRef": {}, "triggers": [
                { "type": "cron", "metadata": { "timezone": "Etc/UTC", "start": "0 8 * * *",
                    "end": "0 9 * * *", "desiredReplicas": "1" } }] },
        })
    };
    let found = lint(&[object("2026-02-28T11:00:00Z")], &setting());
    let told: Vec<_> = found.iter().map(|it| (it.code, it.severity)).collect();
    assert_eq!(told, [(Code::PausedAndForgotten, Severity::Warning)]);
    assert!(
        found[0].message.ends_with("for 2 days at least"),
        "{}",
        found[0].message
    );
    assert!(lint(&[object("2026-03-02T11:00:00Z")], &setting()).is_empty());
}

#[test]
fn an_hpa_of_kedas_and_disabled_codes_are_left_alone() {
    let hpa = |owners: Value| {
        json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": { "name": "a", "ownerReferences": owners },
            "spec": { "maxReplicas": 0, "minReplicas": 1,
                "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "a" } } })
    };
    let owner = json!([{ "kind": "ScaledObject", "name": "a" }]);
    assert!(lint(&[hpa(owner)], &setting()).is_empty());
    let free = [hpa(json!([]))];
    let codes = |setting: &Setting| -> BTreeSet<Code> {
        lint(&free, setting).iter().map(|it| it.code).collect()
    };
    let both = BTreeSet::from([Code::HpaBounds, Code::HpaNoMetrics]);
    assert_eq!(codes(&setting()), both);
    let disabled = BTreeSet::from([Code::HpaBounds]);
    let setting = Setting {
        disabled,
        ..setting()
    };
    assert_eq!(codes(&setting), BTreeSet::from([Code::HpaNoMetrics]));
}

proptest::proptest! {
    #[test]
    fn any_object_is_judged(spec in any_json(), kind in 0..5_usize) {
        let (group, kind) = [
            ("keda.sh/v1alpha1", "ScaledObject"),
            ("keda.sh/v1alpha1", "ScaledJob"),
            ("keda.sh/v1alpha1", "TriggerAuthentication"),
            ("autoscaling/v2", "HorizontalPodAutoscaler"),
            ("apps/v1", "Deployment"),
        ][kind];
        let object = json!({ "apiVersion": group, "kind": kind, "metadata": { "name": "a" },
            "spec": spec });
        lint(&[object.clone(), object], &setting());
    }
}

fn any_json() -> impl proptest::strategy::Strategy<Value = Value> {
    use proptest::prelude::*;
    let words = [
        "triggers",
        "type",
        "metadata",
        "cron",
        "kafka",
        "start",
        "0 8 * * *",
        "fallback",
        "replicas",
        "metrics",
        "resource",
        "target",
        "behavior",
        "scaleDown",
        "advanced",
        "scalingModifiers",
        "formula",
        "podIdentity",
    ];
    let word = prop::sample::select(words.to_vec());
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(word.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|it| json!(it)),
        ]
    })
}
