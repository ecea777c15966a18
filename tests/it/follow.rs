//! A fleet that is followed is the one that an inventory reads, whatever happens meanwhile.

mod bench;
mod records;
mod writes;

use std::time::Duration;

use serde_json::{Value, json};
use stepscale::cluster::{Counts, Namespaces, Scope};

use bench::{Bench, everything, everywhere, plan, within};
use writes::{PODS, RECORDS, Random, hpa, pod, workload};

/// How often what cannot be watched is asked for.
const POLL: Duration = Duration::from_secs(1);

/// Runs a test on a runtime of its own.
fn run(test: impl Future<Output = ()>) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(test);
}

#[test]
fn after_every_write_the_fleet_is_what_an_inventory_reads() {
    run(async {
        let bench = Bench::start(json!({})).await;
        bench.make_namespaces(&["shop", "mail", "media"]).await;
        bench.define_rollouts().await;
        let following = bench.admin.follow(&everywhere(), POLL).unwrap();
        following.ready().await;
        let mut random = Random(7);
        for step in 0..150 {
            writes::any(&bench.admin, &mut random, 3).await;
            bench.settles(&following, &everywhere(), step).await;
        }
        let lists: u64 = following.counts().values().map(|it| it.relists).sum();
        assert_eq!(lists, 0, "{:?}", following.counts());
    });
}

#[test]
fn many_namespaces_are_followed_as_one_and_only_what_is_of_use_is_kept() {
    run(async {
        let bench = Bench::start(json!({})).await;
        let names: Vec<String> = (0..12).map(|it| format!("n{it}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        bench.make_namespaces(&names).await;
        bench.make_namespaces(&["idle"]).await;
        for name in &names[..10] {
            bench.make(&hpa(name, "web", "StatefulSet")).await;
            bench.make(&workload(name, "web", "StatefulSet", 2)).await;
            bench.make_pod(name, "web-a", "web").await;
        }
        for it in 0..20 {
            bench.make(&pod("idle", &format!("p{it}"), "none")).await;
        }
        let following = bench.admin.follow(&everywhere(), POLL).unwrap();
        following.ready().await;
        bench.settles(&following, &everywhere(), 0).await;
        assert_eq!(following.held()["pods"].objects, 10);
        // One more namespace is of use from now on.
        bench.make(&workload("n11", "web", "StatefulSet", 2)).await;
        bench.make_pod("n11", "web-a", "web").await;
        bench.make(&hpa("n11", "web", "StatefulSet")).await;
        bench.settles(&following, &everywhere(), 1).await;
        assert_eq!(following.held()["pods"].objects, 11);
        for name in ["n0", "n1", "n2", "n11"] {
            bench.delete(&hpa(name, "web", "StatefulSet")).await;
        }
        bench.settles(&following, &everywhere(), 2).await;
        within(|| following.held()["pods"].objects == 7).await;
    });
}

#[test]
fn watches_that_are_cut_go_on_where_they_were() {
    run(async {
        let cut = json!({"seed": 3, "rules": [
            {"when": {"verbs": ["watch"]}, "cut": {"afterEvents": 3}},
            {"when": {"verbs": ["watch"]}, "nth": 2, "answer": "internalError"},
            {"when": {"verbs": ["watch"]}, "share": 0.2, "answer": "internalError"},
            {"when": {"verbs": ["watch", "list"]}, "share": 0.1, "answer": "tooManyRequests",
                "retryAfterSeconds": 0}]});
        let bench = Bench::start(json!({})).await;
        bench.make_namespaces(&["shop", "mail"]).await;
        bench.sandbox.set_faults(plan(cut)).unwrap();
        let following = bench.admin.follow(&everywhere(), POLL).unwrap();
        let mut random = Random(11);
        for _ in 0..6 {
            for _ in 0..25 {
                writes::any(&bench.admin, &mut random, 2).await;
            }
            following.ready().await;
        }
        bench.sandbox.set_faults(plan(json!({}))).unwrap();
        bench.settles(&following, &everywhere(), 0).await;
        let counts = following.counts();
        // Which watches met the trouble depends on the order in which they were asked for.
        let sum = |count: fn(&Counts) -> u64| counts.values().map(count).sum::<u64>();
        assert!(sum(|it| it.watches) > sum(|it| it.lists), "{counts:?}");
        assert!(sum(|it| it.failures) > 0, "{counts:?}");
        assert_eq!(sum(|it| it.relists), 0, "{counts:?}");
        within(|| following.staleness().is_empty()).await;
    });
}

#[test]
fn what_the_server_has_forgotten_is_listed_again() {
    run(async {
        let bench = Bench::remembering(4).await;
        bench.make_namespaces(&["shop"]).await;
        bench.make(&hpa("shop", "web", "StatefulSet")).await;
        bench.make(&workload("shop", "web", "StatefulSet", 2)).await;
        // Watches last a second, so that the next ones meet the trouble.
        let brief = json!({"rules": [{"when": {"verbs": ["watch"]}, "cut": {"afterSeconds": 1}}]});
        bench.sandbox.set_faults(plan(brief.clone())).unwrap();
        let following = bench.admin.follow(&everywhere(), POLL).unwrap();
        following.ready().await;
        let down = json!({"rules": [{"when": {"verbs": ["watch"]}, "answer": "unavailable"}]});
        bench.sandbox.set_faults(plan(down)).unwrap();
        within(|| {
            following
                .staleness()
                .iter()
                .any(|it| it.row.what.starts_with("pods"))
        })
        .await;
        for it in 0..20 {
            bench.make_pod("shop", &format!("p{it}"), "web").await;
        }
        bench.delete(&pod("shop", "p3", "web")).await;
        let stale = following.staleness();
        assert!(
            stale
                .iter()
                .all(|it| it.lasted > Duration::ZERO && !it.row.why.is_empty())
        );
        bench.sandbox.set_faults(plan(brief)).unwrap();
        bench.settles(&following, &everywhere(), 0).await;
        let pods = following.counts()["pods"];
        assert!(pods.relists > 0, "{pods:?}");
        assert_eq!(following.held()["pods"].objects, 19);
    });
}

#[test]
fn rights_that_are_missing_are_told_as_an_inventory_tells_them_and_may_come_back() {
    run(async {
        let bench = Bench::start(json!({})).await;
        bench.make_namespaces(&["shop"]).await;
        bench.make(&hpa("shop", "web", "Deployment")).await;
        bench.make(&workload("shop", "web", "Deployment", 2)).await;
        bench.make(&pod("shop", "web-a", "web")).await;
        let shop = Scope {
            namespaces: Namespaces::One("shop".to_owned()),
            ..Scope::default()
        };
        bench.grant(&everything()).await;
        let reader = bench.reader().await;
        let brief = json!({"rules": [{"when": {"verbs": ["watch"]}, "cut": {"afterSeconds": 1}}]});
        bench.sandbox.set_faults(plan(brief)).unwrap();
        let following = reader.follow(&shop, POLL).unwrap();
        following.ready().await;
        bench.settles_for(&reader, &following, &shop, 0).await;
        let mut without_pods = everything();
        without_pods
            .as_array_mut()
            .unwrap()
            .retain(|it| it["resources"] != json!(["pods"]));
        bench.grant(&without_pods).await;
        bench.settles_for(&reader, &following, &shop, 1).await;
        let fleet = following.fleet().await.unwrap();
        let rows: Vec<String> = fleet.unread.iter().map(|it| it.what.clone()).collect();
        assert_eq!(rows, ["pods in namespace shop"]);
        let permission = fleet.unread[0].permission.as_ref().unwrap();
        assert_eq!(
            permission.to_string(),
            "may not list pods in namespace shop"
        );
        // May be listed now, but not watched, which is told without a row of the fleet.
        let mut unwatched = without_pods.clone();
        let list = json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]});
        unwatched.as_array_mut().unwrap().push(list);
        bench.grant(&unwatched).await;
        bench.settles_for(&reader, &following, &shop, 2).await;
        within(|| {
            let stale = following.staleness();
            let verbs = stale.iter().filter_map(|it| it.row.permission.as_ref());
            verbs.map(|it| it.verb.as_str()).eq(["watch"])
        })
        .await;
        bench.grant(&everything()).await;
        within(|| following.staleness().is_empty()).await;
    });
}

#[test]
fn without_changes_nothing_is_asked_and_dropped_nothing_goes_on() {
    run(async {
        let bench = Bench::start(json!({})).await;
        bench.make_namespaces(&["shop"]).await;
        bench.define_rollouts().await;
        bench.make(&hpa("shop", "web", "Deployment")).await;
        bench.make(&hpa("shop", "roll", "Rollout")).await;
        bench.make(&workload("shop", "roll", "Rollout", 3)).await;
        let following = bench.admin.follow(&everywhere(), POLL).unwrap();
        following.ready().await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let before = bench.sandbox.requests().len();
        for _ in 0..20 {
            following.fleet().await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let asked = bench.sandbox.requests().split_off(before);
        assert!(asked.is_empty(), "{asked:?}");
        // A write is told by the watches, without a list.
        bench.make(&pod("shop", "p", "web")).await;
        bench.delete(&workload("shop", "roll", "Rollout", 3)).await;
        drop(following);
        tokio::time::sleep(Duration::from_millis(200)).await;
        let before = bench.sandbox.requests().len();
        bench.make(&workload("shop", "roll", "Rollout", 3)).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let asked = bench.sandbox.requests().split_off(before);
        assert_eq!(asked.len(), 1, "{asked:?}");
    });
}

#[test]
fn objects_of_one_kind_are_followed_whole() {
    run(async {
        let bench = Bench::start(json!({})).await;
        bench.make_namespaces(&["shop", "mail"]).await;
        let pods = bench.admin.follow_objects(&PODS, Some("shop"), POLL);
        pods.ready().await;
        assert_eq!(pods.objects(), Ok(vec![]));
        bench.make(&pod("shop", "b", "web")).await;
        bench.make(&pod("shop", "a", "web")).await;
        bench.make(&pod("mail", "a", "web")).await;
        within(|| pods.objects().is_ok_and(|it| it.len() == 2)).await;
        let mut read: Vec<Value> = vec![];
        bench
            .admin
            .all(&PODS, Some("shop"), |it| read.push(it))
            .await
            .unwrap();
        let bare = |it: &Value| {
            let mut it = it.clone();
            it.as_object_mut()
                .unwrap()
                .retain(|key, _| key != "apiVersion" && key != "kind");
            it
        };
        let followed: Vec<Value> = pods.objects().unwrap().iter().map(bare).collect();
        assert_eq!(followed, read.iter().map(bare).collect::<Vec<_>>());
        assert_eq!(pods.counts().lists, 1);
        let records = bench.admin.follow_objects(&RECORDS, None, POLL);
        within(|| records.is_ready()).await;
        assert!(records.objects().is_err(), "no such kind");
    });
}

#[test]
fn a_thousand_pods_are_held_in_a_megabyte() {
    run(async {
        let bench = Bench::start(json!({})).await;
        bench.make_namespaces(&["shop"]).await;
        bench.make(&hpa("shop", "web", "StatefulSet")).await;
        bench.make(&workload("shop", "web", "StatefulSet", 2)).await;
        for it in 0..1000 {
            bench.make_pod("shop", &format!("web-{it}"), "web").await;
        }
        let following = bench.admin.follow(&everywhere(), POLL).unwrap();
        following.ready().await;
        let held = following.held()["pods"];
        assert_eq!(held.objects, 1000);
        assert!(held.bytes < 1_000_000, "{held:?}");
        assert_eq!(following.counts()["pods"].lists, 1);
        bench.settles(&following, &everywhere(), 0).await;
    });
}
