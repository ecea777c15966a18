//! On time that stands still, and goes by when all wait: hours take a moment.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::cluster::fake::{Answer, answer, failure, recorded};
use crate::cluster::write::Kind;
use crate::cluster::{Error, Scope};

const POLL: Duration = Duration::from_secs(60);

const PODS: Kind = Kind {
    group: "",
    version: "v1",
    plural: "pods",
    kind: "Pod",
    namespaced: true,
};

fn pod(name: &str, version: u32) -> Value {
    json!({"metadata": {"name": name, "namespace": "shop", "resourceVersion": version.to_string()}})
}

fn listed(version: u32, token: &str, items: &[Value]) -> Answer {
    let metadata = json!({"resourceVersion": version.to_string(), "continue": token});
    answer(
        StatusCode::OK,
        json!({"metadata": metadata, "items": items}),
    )
}

/// A watch that tells these lines, and ends after so many seconds.
fn told(lines: &[String], seconds: u64) -> Answer {
    let text = lines.concat();
    let parts = stream::unfold(Some(text), move |rest| async move {
        match rest {
            Some(text) => Some((Ok::<_, std::io::Error>(Bytes::from(text)), None)),
            None => {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                None
            }
        }
    });
    Response::new(Body::from_stream(parts))
}

fn line(kind: &str, object: Value) -> String {
    format!("{}\n", json!({"type": kind, "object": object}))
}

/// The number after `key=` in a query.
fn number(query: &str, key: &str) -> u64 {
    let mut pairs = query.split('&').filter_map(|it| it.split_once('='));
    let (_, value) = pairs.find(|(it, _)| *it == key).unwrap();
    value.parse().unwrap()
}

fn lists(asked: &Mutex<Vec<String>>) -> usize {
    let asked = asked.lock().unwrap();
    asked.iter().filter(|it| !it.contains("watch=true")).count()
}

fn watches(asked: &Mutex<Vec<String>>) -> usize {
    let asked = asked.lock().unwrap();
    asked.iter().filter(|it| it.contains("watch=true")).count()
}

fn names(objects: &[Value]) -> Vec<&str> {
    let names = objects.iter().map(|it| it["metadata"]["name"].as_str());
    names.map(Option::unwrap).collect()
}

async fn hours(count: u64) {
    tokio::time::sleep(Duration::from_secs(3600 * count)).await;
}

#[tokio::test(start_paused = true)]
async fn a_quiet_day_sends_no_list() {
    let (cluster, asked) = recorded(|_: &str, query: &str| match query.contains("watch=true") {
        true => {
            let seconds = number(query, "timeoutSeconds");
            assert!((240..=290).contains(&seconds));
            told(&[], seconds)
        }
        false => listed(5, "", &[]),
    });
    let following = cluster.follow(&Scope::default(), POLL).unwrap();
    following.ready().await;
    hours(24).await;
    assert!(following.fleet().await.unwrap().subjects.is_empty());
    // Of the three kinds of autoscaler.
    assert_eq!(lists(&asked), 3);
    let watches = watches(&asked);
    assert!((870..=1083).contains(&watches), "{watches}");
    assert!(following.staleness().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_falls_silent_is_taken_for_dead() {
    let (cluster, asked) = recorded(|_: &str, query: &str| match query.contains("watch=true") {
        true => told(&[], u64::from(u32::MAX)),
        false => listed(5, "", &[]),
    });
    let pods = cluster.follow_objects(&PODS, Some("shop"), POLL);
    hours(1).await;
    assert_eq!(lists(&asked), 1);
    assert!((11..=15).contains(&watches(&asked)), "{asked:?}");
    assert_eq!(pods.objects(), Ok(vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_watch_goes_on_from_the_last_version_that_was_heard_of() {
    let (cluster, asked) = recorded(|_: &str, query: &str| {
        if !query.contains("watch=true") {
            return listed(5, "", &[pod("a", 3)]);
        }
        let bookmark = json!({"metadata": {"resourceVersion": "40"}});
        match number(query, "resourceVersion") {
            5 => told(
                &[line("ADDED", pod("b", 7)), line("DELETED", pod("a", 8))],
                1,
            ),
            8 => told(&[line("BOOKMARK", bookmark), "\n".to_owned()], 1),
            40 => told(
                &[line("RENAMED", pod("c", 41)), line("ADDED", pod("d", 42))],
                1,
            ),
            42 => told(&[], 290),
            other => panic!("{other}"),
        }
    });
    let pods = cluster.follow_objects(&PODS, Some("shop"), POLL);
    hours(1).await;
    assert_eq!(names(&pods.objects().unwrap()), ["b", "d"]);
    assert_eq!((lists(&asked), pods.counts().events), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn pages_that_expire_are_read_again_from_the_first_in_pages() {
    let gone = Arc::new(AtomicU32::new(0));
    let (cluster, asked) = recorded(move |_: &str, query: &str| {
        if query.contains("watch=true") {
            return told(&[], 290);
        }
        assert!(query.contains("limit=500"), "{query}");
        match (query.contains("continue="), gone.load(Ordering::Relaxed)) {
            (true, 0) => {
                gone.store(1, Ordering::Relaxed);
                failure(StatusCode::GONE, "Expired", "too old")
            }
            (false, 0) => listed(5, "two", &[pod("gone", 3)]),
            (false, _) => listed(9, "two", &[pod("a", 6)]),
            (true, _) => listed(9, "", &[pod("b", 7)]),
        }
    });
    let pods = cluster.follow_objects(&PODS, Some("shop"), POLL);
    pods.ready().await;
    assert_eq!(names(&pods.objects().unwrap()), ["a", "b"]);
    assert_eq!((lists(&asked), pods.counts().lists), (4, 2));
}

#[tokio::test(start_paused = true)]
async fn what_a_server_says_for_trouble_is_got_over() {
    let expired = json!({"kind": "Status", "code": 410, "message": "too old resource version"});
    let broken = json!({"kind": "Status", "code": 500, "message": "etcd is away"});
    let cases = [
        // What the watch says, and how often all is listed again.
        (line("ERROR", expired), 1),
        (line("ERROR", broken), 0),
        ("{\"type\":\"ADDED\",\n".to_owned(), 1),
        (line("ADDED", json!([])), 1),
    ];
    for (said, relists) in cases {
        let calls = AtomicU32::new(0);
        let trouble = said.clone();
        let (cluster, _) = recorded(move |_: &str, query: &str| {
            if !query.contains("watch=true") {
                return listed(5, "", &[pod("a", 3)]);
            }
            match calls.fetch_add(1, Ordering::Relaxed) {
                0 => told(std::slice::from_ref(&trouble), 1),
                1 => failure(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "oh"),
                _ => told(&[line("ADDED", pod("b", 9))], 290),
            }
        });
        let pods = cluster.follow_objects(&PODS, Some("shop"), POLL);
        hours(1).await;
        assert_eq!(names(&pods.objects().unwrap()), ["a", "b"], "{said}");
        assert_eq!(pods.counts().relists, relists, "{said}");
        assert_eq!(pods.staleness(), None, "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_is_not_asked_without_end() {
    let (cluster, asked) = recorded(|_: &str, _: &str| {
        failure(
            StatusCode::SERVICE_UNAVAILABLE,
            "ServiceUnavailable",
            "starting",
        )
    });
    let pods = cluster.follow_objects(&PODS, Some("shop"), POLL);
    hours(1).await;
    let count = lists(&asked);
    assert!((120..=260).contains(&count), "{count}");
    assert!(!pods.is_ready());
    let stale = pods.staleness().unwrap();
    assert_eq!(stale.row.what, "pods in namespace shop");
    assert!(stale.row.why.contains("starting"), "{stale:?}");
    assert!(stale.lasted >= Duration::from_secs(3500), "{stale:?}");
    assert_eq!(pods.objects().unwrap_err().why, stale.row.why);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_to_wait_is_given_time() {
    let (cluster, asked) = recorded(|_: &str, _: &str| {
        let mut busy = failure(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", "busy");
        let wait = http::HeaderValue::from_static("100");
        busy.headers_mut().insert(http::header::RETRY_AFTER, wait);
        busy
    });
    let _pods = cluster.follow_objects(&PODS, Some("shop"), POLL);
    hours(1).await;
    assert_eq!(lists(&asked), 36);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_ends_at_once_is_not_begun_without_end() {
    let (cluster, asked) = recorded(|_: &str, query: &str| match query.contains("watch=true") {
        true => told(&[], 0),
        false => listed(5, "", &[]),
    });
    let _pods = cluster.follow_objects(&PODS, Some("shop"), POLL);
    hours(1).await;
    assert_eq!(lists(&asked), 1);
    let count = watches(&asked);
    assert!((120..=260).contains(&count), "{count}");
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_cannot_be_read_holds_up_no_other() {
    let hpa = |name: &str| {
        json!({"metadata": {"name": name, "namespace": name}, "spec": {"maxReplicas": 3,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}}})
    };
    let (cluster, _) = recorded(move |path: &str, query: &str| {
        let deployment = json!({"metadata": {"name": "good", "namespace": "good"},
            "spec": {"replicas": 2}});
        match path {
            _ if query.contains("watch=true") => told(&[], 290),
            "/apis/autoscaling/v2/horizontalpodautoscalers" => {
                listed(5, "", &[hpa("good"), hpa("bad")])
            }
            "/apis/apps/v1/namespaces/good/deployments" => listed(5, "", &[deployment]),
            path if path.contains("/bad/") => {
                failure(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "no")
            }
            _ => listed(5, "", &[]),
        }
    });
    let scope = Scope {
        namespaces: crate::cluster::Namespaces::All,
        ..Scope::default()
    };
    let following = cluster.follow(&scope, POLL).unwrap();
    hours(1).await;
    let fleet = following.fleet().await.unwrap();
    let is_read = fleet.subjects.iter().map(|it| it.workload.is_ok());
    assert_eq!(is_read.collect::<Vec<_>>(), [false, true]);
    assert!(!following.is_ready());
    assert!(
        fleet
            .unread
            .iter()
            .all(|it| it.what.ends_with("in namespace bad"))
    );
    assert_eq!(following.staleness().len(), 4);
}

#[tokio::test]
async fn what_an_inventory_fails_with_is_what_a_fleet_fails_with() {
    let (cluster, _) =
        recorded(|_: &str, _: &str| failure(StatusCode::NOT_FOUND, "NotFound", "no"));
    let bad = Scope {
        selector: Some("a==b==c".to_owned()),
        ..Scope::default()
    };
    let error = cluster.follow(&bad, POLL).unwrap_err();
    assert!(matches!(error, Error::BadSelector { .. }), "{error}");
    let following = cluster.follow(&Scope::default(), POLL).unwrap();
    following.ready().await;
    let followed = following.fleet().await.unwrap_err().to_string();
    let read = cluster.inventory(&Scope::default()).await.unwrap_err();
    assert_eq!(followed, read.to_string());
}
