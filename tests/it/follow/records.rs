//! Recommendations that are followed are those that a list finds, and always those of ours.

use std::time::Duration;

use serde_json::{Value, json};
use stepscale::lifecycle::form;
use stepscale::store::{Error, Listed, Store, Stored};

use super::bench::{Bench, plan};
use super::{POLL, run};

fn recommendation(name: &str) -> Value {
    json!({ "apiVersion": "stepscale.io/v1alpha1", "kind": "ScalingRecommendation",
        "metadata": { "name": name, "namespace": "shop" },
        "spec": { "targetRef": { "kind": "HorizontalPodAutoscaler", "name": name },
            "approved": false, "riskLevel": "low",
            "configDiff": { "min_replicas": { "from": 4, "to": 2 } } } })
}

async fn bench(faults: Value) -> (Bench, Store) {
    let bench = Bench::start(json!({})).await;
    bench.make_namespaces(&["shop"]).await;
    bench.make(&form::definition()).await;
    bench.make(&recommendation("web")).await;
    bench.sandbox.set_faults(plan(faults)).unwrap();
    let store = Store::of(&bench.admin).await.unwrap();
    (bench, store)
}

/// How many lists of recommendations were asked for.
fn lists(bench: &Bench) -> usize {
    let requests = bench.sandbox.requests();
    let is_list = |it: &&String| {
        it.starts_with("GET ") && it.contains("/scalingrecommendations?") && !it.contains("watch=")
    };
    requests.iter().filter(is_list).count()
}

/// Waits until lists ask for nothing.
async fn settled(bench: &Bench, store: &Store, namespace: Option<&str>) -> Listed {
    loop {
        let before = lists(bench);
        let listed = store.list(namespace).await.unwrap();
        if lists(bench) == before {
            return listed;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn one(store: &Store, name: &str) -> Option<Stored> {
    let all = store.list(Some("shop")).await.unwrap().records;
    all.into_iter().find(|it| it.record.name == name)
}

#[test]
fn what_this_process_writes_is_in_its_next_list_whatever_the_watch_tells() {
    run(async {
        // No watch begins, so that nothing is told after the first list.
        let silent = json!({"rules": [
            {"when": {"verbs": ["watch"]}, "latency": {"least": "5m"}}]});
        let (bench, store) = bench(silent).await;
        let followed = store.following(None, POLL);
        let first = settled(&bench, &followed, None).await;
        assert_eq!(first.records.len(), 1);
        let asked = lists(&bench);

        let web = one(&followed, "web").await.unwrap();
        let mut approved = web.record.clone();
        approved.approved = true;
        followed.save(&web, &approved).await.unwrap();
        assert!(one(&followed, "web").await.unwrap().record.approved);

        let mut api = approved.clone();
        api.name = "api".to_owned();
        followed.create(&api).await.unwrap();
        let api = one(&followed, "api").await.unwrap();
        followed.delete(&api).await.unwrap();
        assert!(one(&followed, "api").await.is_none());

        // Of what others write, nothing was told; what is decided on it is refused, and then it is
        // known.
        bench.make(&recommendation("other")).await;
        assert!(one(&followed, "other").await.is_none());
        let anew = followed.list_anew(None).await.unwrap();
        assert_eq!(anew.records.len(), 2);
        let known = one(&followed, "web").await.unwrap();
        let kept = one(&store, "web").await.unwrap();
        let mut theirs = kept.record.clone();
        theirs.approved = false;
        store.save(&kept, &theirs).await.unwrap();
        let late = followed.save(&known, &web.record).await;
        assert!(matches!(late, Err(Error::Conflict { .. })), "{late:?}");
        assert!(!one(&followed, "web").await.unwrap().record.approved);
        // That of `list_anew`, and that of the store that follows nothing.
        assert_eq!(lists(&bench), asked + 2);
    });
}

#[test]
fn what_the_watch_tells_needs_no_list() {
    run(async {
        let (bench, store) = bench(json!({})).await;
        let followed = store.following(Some("shop"), POLL);
        settled(&bench, &followed, Some("shop")).await;
        let asked = lists(&bench);
        bench.make(&recommendation("other")).await;
        while one(&followed, "other").await.is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(lists(&bench), asked);
        // Another namespace than that which is followed is asked for.
        followed.list(Some("bank")).await.unwrap();
        assert_eq!(lists(&bench), asked + 1);
    });
}

#[test]
fn where_the_watch_is_broken_the_server_is_asked() {
    run(async {
        let broken = json!({"rules": [{"when": {"verbs": ["watch"]}, "answer": "internalError"}]});
        let (bench, store) = bench(broken).await;
        let followed = store.following(None, POLL);
        // At first by nobody's knowledge that it is broken.
        let mut asks = 0;
        while asks < 3 {
            let before = lists(&bench);
            followed.list(None).await.unwrap();
            asks = if lists(&bench) > before { asks + 1 } else { 0 };
        }
        bench.make(&recommendation("other")).await;
        assert!(one(&followed, "other").await.is_some());
    });
}
