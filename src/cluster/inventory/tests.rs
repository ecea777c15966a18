mod authentications;
mod custom;
mod jobs;

use super::*;
use crate::autoscaler::AutoscalerKind;
use crate::cluster::fake::{
    Answer, answer, cluster, failure, forbidden, list, not_found, recorded,
};
use crate::cluster::{NameArgument, Namespaces};
use crate::fleet::{NoWorkload, Permission};
use crate::units::Replicas;
use http::StatusCode;
use serde_json::json;

const HPAS: &str = "/apis/autoscaling/v2/horizontalpodautoscalers";
const SHOP_HPAS: &str = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers";

fn hpa(namespace: &str, name: &str, kind: (&str, &str)) -> Value {
    json!({"metadata": {"name": name, "namespace": namespace,
            "annotations": {"note": "secret"}, "managedFields": [{"manager": "kubectl"}]},
        "spec": {"maxReplicas": 9,
            "scaleTargetRef": {"apiVersion": kind.0, "kind": kind.1, "name": name}}})
}

fn web(namespace: &str, name: &str) -> Value {
    hpa(namespace, name, ("apps/v1", "Deployment"))
}

fn labeled(mut hpa: Value, team: &str) -> Value {
    hpa["metadata"]["labels"] = json!({"team": team});
    hpa
}

fn deployment(namespace: &str, name: &str) -> Value {
    json!({"metadata": {"name": name, "namespace": namespace},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {
                "initContainers": [{"name": "proxy", "restartPolicy": "Always"}],
                "containers": [{"name": "app", "env": [{"name": "TOKEN", "value": "secret"}],
                    "resources": {"requests": {"cpu": "1"}}}]}}}})
}

fn pod(namespace: &str, name: &str, set: &str) -> Value {
    json!({"metadata": {"name": name, "namespace": namespace, "ownerReferences": [
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": set, "controller": true}]},
        "spec": {"containers": [{"name": "app", "resources": {"requests": {"cpu": "500m"}}}]},
        "status": {"phase": "Running"}})
}

fn set(namespace: &str, name: &str, deployment: &str) -> Value {
    json!({"metadata": {"name": name, "namespace": namespace, "ownerReferences": [
        {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment, "controller": true}]}})
}

/// One Deployment with one pod in namespace shop, and nothing anywhere else.
fn shop(path: &str) -> Answer {
    match path {
        HPAS | SHOP_HPAS => list([web("shop", "web")]),
        "/apis/apps/v1/namespaces/shop/deployments" => list([deployment("shop", "web")]),
        "/apis/apps/v1/namespaces/shop/replicasets" => list([set("shop", "web-1", "web")]),
        "/api/v1/namespaces/shop/pods" => list([pod("shop", "web-1-a", "web-1")]),
        "/apis/policy/v1/namespaces/shop/poddisruptionbudgets" => {
            list([json!({"metadata": {"name": "all", "namespace": "shop"},
                "spec": {"maxUnavailable": 1, "selector": {}}})])
        }
        _ => list([]),
    }
}

fn named(names: &[&str]) -> Scope {
    let argument = |name: &&str| NameArgument {
        kind: None,
        name: (*name).to_owned(),
    };
    Scope {
        names: names.iter().map(argument).collect(),
        ..Scope::default()
    }
}

fn selected(selector: &str) -> Scope {
    Scope {
        selector: Some(selector.to_owned()),
        ..Scope::default()
    }
}

fn everywhere() -> Scope {
    Scope {
        namespaces: Namespaces::All,
        ..Scope::default()
    }
}

fn names(fleet: &Fleet) -> Vec<&str> {
    let subjects = fleet.subjects.iter();
    subjects.map(|it| it.autoscaler.id.name.as_str()).collect()
}

#[tokio::test]
async fn a_fleet_has_autoscalers_workloads_pods_and_budgets() {
    let fleet = cluster(|path: &str, _: &str| shop(path));
    let fleet = fleet.inventory(&Scope::default()).await.unwrap();
    assert_eq!(fleet.unread, []);
    let workload = fleet.subjects[0].workload.as_ref().unwrap();
    assert_eq!((workload.pods, workload.replicas), (1, Some(Replicas(2))));
    assert_eq!(workload.cpu_request().map(|it| it.0), Some(0.5));
    let budget = workload.disruption_budget.as_ref().unwrap();
    assert_eq!(budget.max_unavailable.as_deref(), Some("1"));
    assert_eq!(fleet.pod_owners[0].pod, "web-1-a");
}

#[tokio::test]
async fn the_number_of_requests_does_not_grow_with_autoscalers() {
    let (cluster, asked) = recorded(|path: &str, _: &str| match path {
        SHOP_HPAS => list((0..300).map(|it| web("shop", &format!("web-{it}")))),
        _ => list([]),
    });
    let fleet = cluster.inventory(&Scope::default()).await.unwrap();
    assert_eq!(fleet.subjects.len(), 300);
    assert_eq!(fleet.subjects[0].workload, Err(NoWorkload::Missing));
    assert_eq!(asked.lock().unwrap().len(), 7);
}

#[tokio::test]
async fn a_list_is_read_to_its_last_page() {
    let (cluster, asked) = recorded(|path: &str, query: &str| {
        let page = |name: &str, token: &str| {
            let item = labeled(web("shop", name), "a");
            let page = json!({"metadata": {"continue": token}, "items": [item]});
            answer(StatusCode::OK, page)
        };
        match path {
            SHOP_HPAS if query.contains("continue=two") => page("b", ""),
            SHOP_HPAS => page("a", "two"),
            path => shop(path),
        }
    });
    let scope = selected("team=a");
    let fleet = cluster.inventory(&scope).await.unwrap();
    assert_eq!(names(&fleet), ["a", "b"]);
    let first = &asked.lock().unwrap()[0];
    assert!(first.contains("limit=500"), "{first}");
}

#[tokio::test]
async fn a_list_that_expires_is_read_anew_in_one_piece() {
    for (is_honored, outcome) in [(true, Ok(1)), (false, Err(410))] {
        let cluster = cluster(move |path: &str, query: &str| {
            let is_whole = is_honored && !query.contains("limit=");
            match path {
                "/api/v1/namespaces/shop/pods" if query.contains("continue") => {
                    failure(StatusCode::GONE, "Expired", "too old")
                }
                "/api/v1/namespaces/shop/pods" => {
                    let token = if is_whole { "" } else { "two" };
                    let items = [pod("shop", "web-1-a", "web-1")];
                    answer(
                        StatusCode::OK,
                        json!({"metadata": {"continue": token}, "items": items}),
                    )
                }
                path => shop(path),
            }
        });
        let fleet = cluster.inventory(&Scope::default()).await;
        let pods = fleet.map(|it| it.subjects[0].workload.as_ref().unwrap().pods);
        assert_eq!(pods.map_err(|it| it.code().unwrap()), outcome);
    }
}

#[tokio::test]
async fn where_the_whole_cluster_is_refused_each_namespace_is_tried() {
    let cluster = cluster(|path: &str, _: &str| match path {
        HPAS => forbidden("not in all namespaces"),
        "/api/v1/namespaces" => list(["shop", "vault"].map(|it| json!({"metadata": {"name": it}}))),
        "/apis/autoscaling/v2/namespaces/vault/horizontalpodautoscalers" => forbidden("not vault"),
        path => shop(path),
    });
    let fleet = cluster.inventory(&everywhere()).await.unwrap();
    assert_eq!(names(&fleet), ["web"]);
    let rows: Vec<String> = fleet
        .unread
        .iter()
        .map(|it| {
            format!(
                "{}: {} ({})",
                it.what,
                it.permission.as_ref().unwrap(),
                it.why
            )
        })
        .collect();
    let expected = [
        "horizontalpodautoscalers in all namespaces: may not list \
         horizontalpodautoscalers.autoscaling in all namespaces (not in all namespaces)",
        "horizontalpodautoscalers in namespace vault: may not list \
         horizontalpodautoscalers.autoscaling in namespace vault (not vault)",
    ];
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn without_namespaces_to_try_the_contexts_own_is_read() {
    let cluster = cluster(|path: &str, _: &str| match path {
        HPAS | "/api/v1/namespaces" => forbidden("no"),
        path => shop(path),
    });
    let fleet = cluster.inventory(&everywhere()).await.unwrap();
    assert_eq!(names(&fleet), ["web"]);
    assert_eq!(fleet.unread.len(), 2);
}

#[tokio::test]
async fn what_belongs_to_an_autoscaler_may_be_forbidden_too() {
    let cluster = cluster(|path: &str, _: &str| match path {
        SHOP_HPAS => shop(path),
        path if path.contains("deployments") || path.contains("pods") => forbidden("no"),
        path => shop(path),
    });
    let fleet = cluster.inventory(&Scope::default()).await.unwrap();
    let permission = Permission {
        verb: "list".to_owned(),
        resource: "deployments.apps".to_owned(),
        namespace: Some("shop".to_owned()),
    };
    assert_eq!(
        fleet.subjects[0].workload,
        Err(NoWorkload::Forbidden(permission))
    );
    let rows: Vec<&str> = fleet.unread.iter().map(|it| it.what.as_str()).collect();
    assert_eq!(
        rows,
        ["deployments in namespace shop", "pods in namespace shop"]
    );
}

#[tokio::test]
async fn many_namespaces_are_one_list_and_fall_back_to_their_own() {
    let spread = |path: &str| match path {
        HPAS => list((0..20).map(|it| web(&format!("n{it}"), "web"))),
        path if path.starts_with("/apis/apps/v1/namespaces/n")
            && path.ends_with("/deployments") =>
        {
            let namespace = path.split('/').nth(5).unwrap();
            list([deployment(namespace, "web")])
        }
        "/apis/apps/v1/deployments" => list((0..20).map(|it| deployment(&format!("n{it}"), "web"))),
        _ => list([]),
    };
    let (whole, asked) = recorded(move |path: &str, _: &str| spread(path));
    let fleet = whole.inventory(&everywhere()).await.unwrap();
    assert!(fleet.subjects.iter().all(|it| it.workload.is_ok()));
    assert_eq!(asked.lock().unwrap().len(), 7);
    let parts = cluster(move |path: &str, _: &str| match path {
        "/apis/apps/v1/deployments" => forbidden("no"),
        path => spread(path),
    });
    let fleet = parts.inventory(&everywhere()).await.unwrap();
    assert!(fleet.subjects.iter().all(|it| it.workload.is_ok()));
    assert_eq!(fleet.unread, []);
}

#[tokio::test]
async fn names_choose_and_the_others_stay_rivals() {
    let cluster = cluster(|path: &str, _: &str| match path {
        SHOP_HPAS => {
            let mut rival = web("shop", "rival");
            rival["spec"]["scaleTargetRef"]["name"] = json!("web");
            list([web("shop", "web"), rival, web("shop", "other")])
        }
        path => shop(path),
    });
    let fleet = cluster.inventory(&named(&["web"])).await.unwrap();
    assert_eq!(names(&fleet), ["web"]);
    assert_eq!(fleet.subjects[0].rivals[0].name, "rival");
    let mut shown = Vec::new();
    let each = |it: Value| shown.push(it);
    cluster.objects(&named(&["web"]), each).await.unwrap();
    shown.retain(|it| it["kind"] == "HorizontalPodAutoscaler");
    let shown: Vec<_> = shown.iter().map(|it| &it["metadata"]["name"]).collect();
    assert_eq!(shown, ["web", "rival"]);
    let error = cluster
        .inventory(&named(&["web", "nope", "gone"]))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "not found: hpa/gone in namespace shop, hpa/nope in namespace shop"
    );
}

#[tokio::test]
async fn a_selector_chooses_and_rivals_without_the_labels_stay_rivals() {
    let serve = |path: &str| {
        let mut rival = labeled(web("shop", "rival"), "b");
        rival["spec"]["scaleTargetRef"]["name"] = json!("web");
        let mut odd = web("shop", "odd");
        odd["spec"]["metrics"] = json!([{"type": "Psychic"}]);
        let chosen = labeled(web("shop", "web"), "a");
        match path {
            HPAS | SHOP_HPAS => list([chosen, rival, web("shop", "other"), odd]),
            path => shop(path),
        }
    };
    let whole = cluster(move |path: &str, _: &str| serve(path));
    let by_namespace = cluster(move |path: &str, _: &str| match path {
        HPAS => forbidden("not in all namespaces"),
        "/api/v1/namespaces" => list([json!({"metadata": {"name": "shop"}})]),
        path => serve(path),
    });
    for (cluster, unread) in [(whole, 0), (by_namespace, 1)] {
        let scope = Scope {
            namespaces: Namespaces::All,
            ..selected("team=a")
        };
        let fleet = cluster.inventory(&scope).await.unwrap();
        assert_eq!(names(&fleet), ["web"]);
        assert_eq!(fleet.subjects[0].rivals[0].name, "rival");
        assert_eq!(fleet.unread.len(), unread, "{:?}", fleet.unread);
        let none = cluster.inventory(&selected("team=c")).await.unwrap();
        assert!(none.subjects.is_empty());
    }
}

#[tokio::test]
async fn names_can_be_had_with_get_alone() {
    let cluster = cluster(|path: &str, _: &str| match path {
        SHOP_HPAS => forbidden("no list"),
        "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/web" => {
            answer(StatusCode::OK, web("shop", "web"))
        }
        path if path.starts_with(SHOP_HPAS) => not_found(),
        path => shop(path),
    });
    let fleet = cluster.inventory(&named(&["web"])).await.unwrap();
    assert_eq!(names(&fleet), ["web"]);
    assert_eq!(fleet.unread.len(), 1);
    let error = cluster.inventory(&named(&["a/../b"])).await.unwrap_err();
    assert_eq!(error.to_string(), "not found: hpa/a/../b in namespace shop");
}

#[tokio::test]
async fn gathered_objects_make_the_same_fleet_and_hold_no_secret() {
    for serve in [shop as fn(&str) -> Answer, custom::argo] {
        let cluster = cluster(move |path: &str, _: &str| serve(path));
        let mut objects = Vec::new();
        let each = |it| objects.push(it);
        let live = cluster.objects(&Scope::default(), each).await.unwrap();
        let mut again = Assembler::new(cluster.name().clone());
        for object in objects {
            assert!(!object.to_string().contains("secret"), "{object}");
            again.add(object).unwrap();
        }
        let again = again.finish();
        assert_eq!(
            format!("{:?}", again.pod_owners),
            format!("{:?}", live.pod_owners)
        );
        for (a, b) in again.subjects.iter().zip(&live.subjects) {
            assert_eq!(a.autoscaler, b.autoscaler);
            assert_eq!(a.workload.as_ref().ok(), b.workload.as_ref().ok());
        }
        assert_eq!(again.subjects.len(), live.subjects.len());
    }
}

#[tokio::test]
async fn a_selector_that_is_none_is_told_so() {
    let (cluster, asked) = recorded(|path: &str, _: &str| shop(path));
    let scope = selected("a==b==c");
    let error = cluster.inventory(&scope).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "label selector `a==b==c` is not valid: expected something like \
         app=web,tier in (front, back)"
    );
    assert!(asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_autoscaler_that_cannot_be_understood_is_a_row() {
    let cluster = cluster(|path: &str, _: &str| match path {
        SHOP_HPAS => {
            let mut odd = web("shop", "odd");
            odd["spec"]["metrics"] = json!([{"type": "Psychic"}]);
            list([odd, web("shop", "web")])
        }
        path => shop(path),
    });
    let fleet = cluster.inventory(&Scope::default()).await.unwrap();
    assert_eq!(names(&fleet), ["web"]);
    assert_eq!(fleet.unread[0].what, "hpa/odd in namespace shop");
}

#[test]
fn reading_can_move_between_threads() {
    fn is_send<T: Send>(_: T) {}
    is_send(async {
        let cluster = cluster(|path: &str, _: &str| shop(path));
        cluster.objects(&Scope::default(), |_| {}).await.map(drop)
    });
}
