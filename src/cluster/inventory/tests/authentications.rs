//! Authentications of KEDA's that triggers refer to, or that none does.

use super::*;
use crate::fleet::MissingAuthentication;

const SCALED_OBJECTS: &str = "/apis/keda.sh/v1alpha1/namespaces/shop/scaledobjects";
const ALL_SCALED_OBJECTS: &str = "/apis/keda.sh/v1alpha1/scaledobjects";
const OF_SHOP: &str = "/apis/keda.sh/v1alpha1/namespaces/shop/triggerauthentications";
const OF_ALL: &str = "/apis/keda.sh/v1alpha1/triggerauthentications";
const OF_CLUSTER: &str = "/apis/keda.sh/v1alpha1/clustertriggerauthentications";

/// With a trigger for each reference: the kind, empty for none, and the name.
fn scaled(name: &str, references: &[(&str, &str)]) -> Value {
    let trigger = |(kind, name): &(&str, &str)| {
        let mut reference = json!({"name": name});
        if !kind.is_empty() {
            reference["kind"] = json!(kind);
        }
        json!({"type": "kafka", "metadata": {}, "authenticationRef": reference})
    };
    let triggers: Vec<Value> = references.iter().map(trigger).collect();
    json!({"metadata": {"name": name, "namespace": "shop"},
        "spec": {"scaleTargetRef": {"name": name}, "triggers": triggers}})
}

fn authentication(namespace: Option<&str>, name: &str, jobs: &str) -> Value {
    let mut object = json!({"metadata": {"name": name},
        "spec": {"hashiCorpVault": {"credential": {"token": "secret"}}},
        "status": {"scaledjobs": jobs}});
    if let Some(namespace) = namespace {
        object["metadata"]["namespace"] = json!(namespace);
    }
    object
}

/// `orders` uses one of each kind, refers to one that is not there and to one as if of the other
/// kind; `spare` and `aws` are used by nothing, `mail` by a ScaledJob.
fn keda(path: &str) -> Answer {
    let references = [
        ("", "broker"),
        ("ClusterTriggerAuthentication", "vault"),
        ("", "gone"),
        ("TriggerAuthentication", "vault"),
    ];
    let of_shop = |name: &str, jobs: &str| authentication(Some("shop"), name, jobs);
    match path {
        SCALED_OBJECTS | ALL_SCALED_OBJECTS => list([scaled("orders", &references)]),
        OF_SHOP | OF_ALL => list([
            of_shop("broker", ""),
            of_shop("spare", ""),
            of_shop("mail", "mails"),
        ]),
        OF_CLUSTER => list(["vault", "aws"].map(|it| authentication(None, it, ""))),
        _ => list([]),
    }
}

fn missing(trigger: usize, name: &str, other: Option<&str>) -> MissingAuthentication {
    MissingAuthentication {
        trigger,
        kind: "TriggerAuthentication".to_owned(),
        name: name.to_owned(),
        other: other.map(str::to_owned),
    }
}

fn unused(fleet: &Fleet) -> Vec<String> {
    let unused = fleet.unused_authentications.iter();
    unused.map(|it| it.name.clone()).collect()
}

#[tokio::test]
async fn what_is_missing_and_what_nobody_uses_is_told() {
    let found = [
        missing(2, "gone", None),
        missing(3, "vault", Some("ClusterTriggerAuthentication")),
    ];
    // Of a cluster-wide one, other namespaces may make use.
    for (scope, expected) in [
        (everywhere(), vec!["aws", "spare"]),
        (Scope::default(), vec!["spare"]),
        (named(&["orders"]), vec![]),
    ] {
        let cluster = cluster(|path: &str, _: &str| keda(path));
        let fleet = cluster.inventory(&scope).await.unwrap();
        assert_eq!(fleet.subjects[0].missing_authentications, found);
        assert_eq!(unused(&fleet), expected);
        assert_eq!(fleet.unread, []);
    }
}

#[tokio::test]
async fn what_may_not_be_listed_is_not_missing() {
    let forbid = |paths: &'static [&'static str]| {
        cluster(move |path: &str, _: &str| match path {
            path if paths.contains(&path) => forbidden("no"),
            path => keda(path),
        })
    };
    let names = |fleet: &Fleet| -> Vec<String> {
        let missing = fleet.subjects[0].missing_authentications.iter();
        missing.map(|it| it.name.clone()).collect()
    };
    let fleet = forbid(&[OF_ALL]).inventory(&everywhere()).await.unwrap();
    assert_eq!(names(&fleet), Vec::<String>::new());
    let rows: Vec<&str> = fleet.unread.iter().map(|it| it.what.as_str()).collect();
    assert_eq!(rows, ["triggerauthentications in all namespaces"]);
    // The cluster has no such kind.
    let old = cluster(|path: &str, _: &str| match path {
        OF_SHOP | OF_CLUSTER => not_found(),
        path => keda(path),
    });
    let fleet = old.inventory(&Scope::default()).await.unwrap();
    assert_eq!((names(&fleet), fleet.unread), (vec![], vec![]));
    // A role of a namespace cannot list those of the cluster.
    let fleet = forbid(&[OF_CLUSTER])
        .inventory(&Scope::default())
        .await
        .unwrap();
    assert_eq!(names(&fleet), ["gone", "vault"]);
    assert_eq!(fleet.unread, []);
}

#[tokio::test]
async fn nothing_is_asked_for_where_nothing_may_use_it() {
    let (cluster, asked) = recorded(|path: &str, _: &str| shop(path));
    cluster.inventory(&Scope::default()).await.unwrap();
    let asked = asked.lock().unwrap();
    assert!(!asked.iter().any(|it| it.contains("authentications")));
}

#[tokio::test]
async fn a_snapshot_tells_the_same_of_what_is_missing_and_nothing_of_what_they_hold() {
    let cluster = cluster(|path: &str, _: &str| keda(path));
    let mut objects = Vec::new();
    let live = cluster
        .objects(&Scope::default(), |it| objects.push(it))
        .await
        .unwrap();
    let mut again = Assembler::new(cluster.name().clone());
    for object in objects {
        assert!(!object.to_string().contains("secret"), "{object}");
        again.add(object).unwrap();
    }
    let again = again.finish();
    let of = |fleet: &Fleet| fleet.subjects[0].missing_authentications.clone();
    assert_eq!(of(&again), of(&live));
    assert_eq!(unused(&again), Vec::<String>::new());
}

#[tokio::test]
async fn who_paused_it_and_when_is_kept_and_nothing_else_of_managers() {
    let cluster = cluster(|path: &str, _: &str| match path {
        SCALED_OBJECTS => {
            let mut paused = scaled("orders", &[]);
            paused["metadata"]["annotations"] = json!({"autoscaling.keda.sh/paused": "true",
                "stepscale.io/paused": "{}", "note": "secret"});
            let fields = json!({"f:metadata": {"f:annotations": {
                "f:autoscaling.keda.sh/paused": {}, "f:note": {}}}});
            paused["metadata"]["managedFields"] = json!([
                {"manager": "kubectl", "time": "2026-03-01T00:00:00Z", "fieldsV1": fields},
                {"manager": "keda", "time": "2026-02-01T00:00:00Z", "fieldsV1": {"f:status": {}}}]);
            list([paused])
        }
        path => keda(path),
    });
    let fleet = cluster.inventory(&Scope::default()).await.unwrap();
    let metadata = &fleet.subjects[0].autoscaler.keda.as_ref().unwrap().metadata;
    let since = metadata.annotated_since("autoscaling.keda.sh/paused");
    assert_eq!(since, Some("2026-03-01T00:00:00Z".parse().unwrap()));
    assert_eq!(metadata.managed.len(), 1);
    let mut kept: Vec<&String> = metadata.annotations.keys().collect();
    kept.sort();
    assert_eq!(kept, ["autoscaling.keda.sh/paused", "stepscale.io/paused"]);
}
