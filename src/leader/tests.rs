//! Elections against an API server in memory, on a clock that moves as soon as nobody has anything
//! to do.

use std::cell::Cell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use http::{Method, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};
use tower::ServiceExt;

use super::*;
use crate::cluster::{Cluster, Endpoint};
use crate::fleet::ClusterName;

const SECOND: Duration = Duration::from_secs(1);
/// Timers run out at whole milliseconds, and one follows the other.
const ROUNDING: Duration = Duration::from_millis(10);

thread_local! {
    /// By how much the clock that people set has jumped.
    static JUMPED: Cell<SignedDuration> = const { Cell::new(SignedDuration::ZERO) };
    /// What the steady clock showed first.
    static BEGUN: Cell<Option<Instant>> = const { Cell::new(None) };
}

fn clock() -> Timestamp {
    let begun = BEGUN.get().unwrap_or_else(Instant::now);
    BEGUN.set(Some(begun));
    let noon: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
    let passed = SignedDuration::try_from(begun.elapsed()).unwrap();
    noon.checked_add(passed + JUMPED.get()).unwrap()
}

/// A lease of 15 s, renewed every 2 s, or given up after 10 s.
fn timing() -> Timing {
    Timing::new(15 * SECOND, 10 * SECOND, 2 * SECOND).unwrap()
}

/// How requests are met.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mood {
    Fine,
    /// Every request, or every write, has this answer.
    Says(u16),
    WritesSay(u16),
    /// Nobody answers.
    Silent,
    /// What is asked for is done, and nobody tells.
    Mute,
}

/// The Lease, and how many requests came.
#[derive(Debug)]
struct Server {
    mood: Mood,
    object: Option<Value>,
    version: u64,
    requests: usize,
}

#[derive(Clone)]
struct Api(Arc<Mutex<Server>>);

impl Api {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Server {
            mood: Mood::Fine,
            object: None,
            version: 0,
            requests: 0,
        })))
    }

    fn is(&self, mood: Mood) {
        self.0.lock().unwrap().mood = mood;
    }

    fn requests(&self) -> usize {
        self.0.lock().unwrap().requests
    }

    fn spec(&self) -> Value {
        self.0.lock().unwrap().object.as_ref().unwrap()["spec"].clone()
    }

    fn holder(&self) -> String {
        self.spec()["holderIdentity"].as_str().unwrap().to_owned()
    }

    /// What another process writes.
    fn put(&self, spec: Value) {
        let mut server = self.0.lock().unwrap();
        server.version += 1;
        let version = server.version.to_string();
        server.object =
            Some(json!({ "metadata": { "name": "it", "resourceVersion": version }, "spec": spec }));
    }

    async fn answer(self, request: Request) -> Response<Body> {
        let method = request.method().clone();
        let body = to_bytes(request.into_body(), 1 << 20).await.unwrap();
        let mood = {
            let mut server = self.0.lock().unwrap();
            server.requests += 1;
            server.mood
        };
        let refused = match mood {
            Mood::Silent => std::future::pending().await,
            Mood::Says(code) => Some(code),
            Mood::WritesSay(code) if method != Method::GET => Some(code),
            Mood::Fine | Mood::Mute | Mood::WritesSay(_) => None,
        };
        let (code, body) = match refused {
            Some(code) => (
                code,
                json!({ "kind": "Status", "code": code, "message": "no" }),
            ),
            None => self.0.lock().unwrap().done(&method, &body),
        };
        if mood == Mood::Mute {
            std::future::pending::<()>().await;
        }
        let code = StatusCode::from_u16(code).unwrap();
        let answer = Response::builder().status(code);
        answer.body(Body::from(body.to_string())).unwrap()
    }

    fn cluster(&self) -> Cluster {
        let api = self.clone();
        let router = Router::new().fallback(move |it: Request| api.clone().answer(it));
        let service = router.map_request(|it: http::Request<kube::client::Body>| it.map(Body::new));
        let name = ClusterName {
            name: "fake".to_owned(),
            version: None,
        };
        let client = kube::Client::new(service, "shop");
        Cluster::new(client, name, Endpoint::default())
    }

    fn elect(&self, identity: &str) -> Member {
        let (stop, stopped) = oneshot::channel::<()>();
        let candidate = Candidate {
            cluster: self.cluster(),
            identity: identity.to_owned(),
            namespace: "shop".to_owned(),
            name: "it".to_owned(),
            timing: timing(),
            clock,
            stop_within: 6 * SECOND,
        };
        let shutdown = async {
            let _ = stopped.await;
        };
        Member {
            elected: elect(candidate, shutdown),
            stop,
        }
    }
}

impl Server {
    fn done(&mut self, method: &Method, body: &[u8]) -> (u16, Value) {
        let sent: Value = serde_json::from_slice(body).unwrap_or_default();
        let version = self.version.to_string();
        match *method {
            Method::GET => match &self.object {
                Some(object) => return (200, object.clone()),
                None => return (404, json!({ "code": 404 })),
            },
            Method::POST if self.object.is_some() => return (409, json!({ "code": 409 })),
            Method::PUT if sent["metadata"]["resourceVersion"] != version => {
                return (409, json!({ "code": 409 }));
            }
            _ => {}
        }
        self.version += 1;
        let mut object = sent;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.object = Some(object.clone());
        (200, object)
    }
}

struct Member {
    elected: Elected,
    stop: oneshot::Sender<()>,
}

impl Member {
    fn gate(&self) -> &Gate {
        &self.elected.gate
    }

    /// Waits until it leads, or fails.
    async fn leads(&self) -> Term {
        let mut changes = self.gate().changes();
        let leads = changes.wait_for(|it| it.is_leading(Instant::now()));
        let state = timeout(60 * SECOND, leads).await.unwrap().unwrap().clone();
        state.term(Instant::now()).unwrap().clone()
    }

    /// Waits until it is told that it does not lead.
    async fn follows(&self) {
        let mut changes = self.gate().changes();
        let follows = changes.wait_for(|it| matches!(it, State::Following { .. }));
        timeout(60 * SECOND, follows).await.unwrap().unwrap();
    }

    /// Why it may not write in `term`.
    async fn refusal(&self, term: &Term) -> NotLeader {
        self.gate().check(term).await.unwrap_err()
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_leads_once_the_lease_of_a_dead_leader_has_run_out() {
    let api = Api::new();
    let first = api.elect("a");
    let term = first.leads().await;
    assert_eq!(term.transitions, 0);
    let second = api.elect("b");
    sleep(20 * SECOND).await;
    let following = State::Following {
        holder: Some("a".to_owned()),
    };
    assert_eq!(second.gate().state(), following);
    assert!(first.gate().check(&term).await.is_ok());

    first.elected.task.abort();
    let died = Instant::now();
    let next = second.leads().await;
    let taken = died.elapsed();
    assert_eq!((api.holder().as_str(), next.transitions), ("b", 1));
    assert!(taken > timing().lease() - timing().retry(), "{taken:?}");
    assert!(
        taken <= timing().lease() + timing().longest_retry() + ROUNDING,
        "{taken:?}"
    );
    // Nobody renews it any more, and nobody has told it.
    assert!(!first.gate().state().is_leading(Instant::now()));
    assert!(first.gate().check(&term).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn whoever_leaves_hands_over_at_once() {
    let api = Api::new();
    let first = api.elect("a");
    first.leads().await;
    let second = api.elect("b");
    sleep(5 * SECOND).await;
    let left = Instant::now();
    first.stop.send(()).unwrap();
    first.elected.task.await.unwrap().unwrap();
    assert_eq!(api.spec()["leaseDurationSeconds"], 1);
    assert_eq!(api.holder(), "");
    assert_eq!(second.leads().await.transitions, 1);
    assert!(left.elapsed() <= timing().longest_retry() + ROUNDING);
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_is_not_answered_stops_at_its_deadline() {
    for mood in [Mood::Silent, Mood::Mute, Mood::Says(500), Mood::Says(403)] {
        let api = Api::new();
        let member = api.elect("a");
        let term = member.leads().await;
        let renewed = Instant::now();
        api.is(mood);
        member.follows().await;
        let led = renewed.elapsed();
        let deadline = timing().renew_deadline();
        assert!(led <= deadline + ROUNDING, "{mood:?}");
        assert!(led > deadline - 2 * timing().retry(), "{mood:?} {led:?}");
        assert!(member.gate().check(&term).await.is_err());

        // It is still ours when answers come again: the same term goes on.
        if mood != Mood::Says(403) {
            api.is(Mood::Fine);
            assert_eq!(member.leads().await, term, "{mood:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_means_no_permit_long_before_the_deadline() {
    let api = Api::new();
    let member = api.elect("a");
    let term = member.leads().await;
    assert!(member.gate().check(&term).await.is_ok());
    api.is(Mood::Says(500));
    sleep(3 * SECOND).await;
    assert!(member.gate().state().is_leading(Instant::now()));
    let refusal = member.refusal(&term).await;
    assert!(matches!(refusal, NotLeader::Unconfirmed(_)), "{refusal}");
    api.is(Mood::WritesSay(500));
    // The Lease can be read, and is ours: that is enough until the deadline.
    assert!(member.gate().check(&term).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_permit_needs_no_request_while_renewals_go_well() {
    let api = Api::new();
    let member = api.elect("a");
    let term = member.leads().await;
    let before = api.requests();
    assert!(member.gate().check(&term).await.is_ok());
    assert_eq!(api.requests(), before);
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_somebody_else_took_is_seen_before_the_write() {
    let api = Api::new();
    let member = api.elect("a");
    let term = member.leads().await;
    api.is(Mood::WritesSay(500));
    sleep(3 * SECOND).await;
    api.put(json!({ "holderIdentity": "b", "leaseDurationSeconds": 15, "leaseTransitions": 1 }));
    let refusal = member.refusal(&term).await;
    assert_eq!(refusal.to_string(), "b leads");
    member.follows().await;
}

#[tokio::test(start_paused = true)]
async fn a_write_ends_before_anybody_else_may_lead() {
    let api = Api::new();
    let member = api.elect("a");
    let term = member.leads().await;
    let renewed = Instant::now();
    api.is(Mood::WritesSay(500));
    sleep(9 * SECOND).await;
    let permit = member.gate().check(&term).await.unwrap();
    let endless = permit.within(std::future::pending::<()>()).await;
    assert_eq!(endless, Err(TimedOut));
    assert!(renewed.elapsed() > timing().renew_deadline());
    assert!(renewed.elapsed() <= timing().write_deadline() + ROUNDING);
    assert!(renewed.elapsed() < timing().lease());
}

#[tokio::test(start_paused = true)]
async fn a_term_that_is_over_permits_nothing() {
    let api = Api::new();
    let member = api.elect("a");
    let term = member.leads().await;
    api.put(json!({ "holderIdentity": "", "leaseDurationSeconds": 1, "leaseTransitions": 4 }));
    sleep(5 * SECOND).await;
    assert_eq!(member.leads().await.transitions, 5);
    let refusal = member.refusal(&term).await;
    let expected = "what was begun in term 0 is not finished in term 5";
    assert_eq!(refusal.to_string(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_has_slept_does_not_lead_until_it_has_renewed() {
    let api = Api::new();
    let member = api.elect("a");
    let term = member.leads().await;
    JUMPED.set(SignedDuration::from_mins(10));
    let refusal = member.refusal(&term).await;
    assert!(matches!(refusal, NotLeader::Overdue { .. }), "{refusal}");
    sleep(3 * SECOND).await;
    assert!(member.gate().check(&term).await.is_ok());
    // A clock that is set back says nothing.
    JUMPED.set(SignedDuration::from_mins(-10));
    assert!(member.gate().check(&term).await.is_ok());
    JUMPED.set(SignedDuration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_lease_is_let_go_only_after_the_last_write() {
    let api = Api::new();
    let member = api.elect("a");
    let term = member.leads().await;
    let permit = member.gate().check(&term).await.unwrap();
    let gate = member.gate().clone();
    member.stop.send(()).unwrap();
    sleep(2 * SECOND).await;
    assert_eq!(api.holder(), "a");
    assert!(matches!(
        gate.check(&term).await,
        Err(NotLeader::Following { .. } | NotLeader::Crowded)
    ));
    drop(permit);
    member.elected.task.await.unwrap().unwrap();
    assert_eq!(api.holder(), "");
    assert!(matches!(gate.check(&term).await, Err(NotLeader::Stopping)));
}

#[tokio::test(start_paused = true)]
async fn the_end_does_not_wait_for_what_does_not_end() {
    let api = Api::new();
    let member = api.elect("a");
    let term = member.leads().await;
    let _permit = member.gate().check(&term).await.unwrap();
    let stopped = Instant::now();
    member.stop.send(()).unwrap();
    member.elected.task.await.unwrap().unwrap();
    assert!(stopped.elapsed() <= 6 * SECOND);
    assert_eq!(api.holder(), "a");

    let api = Api::new();
    let member = api.elect("a");
    member.leads().await;
    api.is(Mood::Silent);
    let stopped = Instant::now();
    member.stop.send(()).unwrap();
    member.elected.task.await.unwrap().unwrap();
    assert!(stopped.elapsed() <= 6 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_was_under_way_at_the_end_is_let_go_too() {
    let api = Api::new();
    let member = api.elect("a");
    member.leads().await;
    api.is(Mood::Mute);
    sleep(3 * SECOND).await;
    api.is(Mood::Fine);
    member.stop.send(()).unwrap();
    member.elected.task.await.unwrap().unwrap();
    assert_eq!(api.holder(), "");
}

#[tokio::test(start_paused = true)]
async fn what_the_server_refuses_ends_the_task() {
    // At once where nothing else was ever answered.
    for mood in [Mood::Says(403), Mood::WritesSay(403), Mood::WritesSay(404)] {
        let api = Api::new();
        api.is(mood);
        let member = api.elect("a");
        let begun = Instant::now();
        let ended = timeout(60 * SECOND, member.elected.task).await;
        let ended = ended.unwrap().unwrap();
        assert!(ended.is_err_and(|it| it.is_refusal()), "{mood:?}");
        assert!(begun.elapsed() < SECOND, "{mood:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_server_refuses_for_a_whole_lease_ends_the_task() {
    for mood in [Mood::Says(403), Mood::WritesSay(403)] {
        let api = Api::new();
        let member = api.elect("a");
        member.leads().await;
        api.is(mood);
        let begun = Instant::now();
        let ended = timeout(60 * SECOND, member.elected.task).await;
        let ended = ended.unwrap().unwrap();
        assert!(ended.is_err_and(|it| it.is_refusal()));
        let longest = timing().lease() + 3 * timing().longest_retry() + ROUNDING;
        assert!(begun.elapsed() >= timing().lease(), "{mood:?}");
        assert!(begun.elapsed() <= longest, "{mood:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_is_asked_again() {
    let api = Api::new();
    api.is(Mood::Says(500));
    let member = api.elect("a");
    sleep(600 * SECOND).await;
    assert!(!member.elected.task.is_finished());
    assert!(api.requests() < 400, "{}", api.requests());
    api.is(Mood::Fine);
    assert_eq!(member.leads().await.transitions, 0);
}

#[test]
fn identities_tell_where_and_differ() {
    let first = identity("web-0").unwrap();
    assert!(first.starts_with("web-0_"));
    assert_ne!(first, identity("web-0").unwrap());
}
