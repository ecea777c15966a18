//! Leader election on a Lease of the sandbox, with leases as short as the API has them.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use stepscale::cluster::{self, Cluster};
use stepscale::leader::{Candidate, Elected, NotLeader, State, Term, Timing, elect};
use stepscale::sandbox::{Options, Sandbox};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

const LEASE: Duration = Duration::from_secs(3);
const RETRY: Duration = Duration::from_millis(200);

/// What a busy machine may be late by.
const SLACK: Duration = Duration::from_secs(2);

fn timing() -> Timing {
    Timing::new(LEASE, LEASE / 3 * 2, RETRY).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a test reads the clock itself")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// A sandbox and a connection to it.
struct Rig {
    sandbox: Sandbox,
    cluster: Cluster,
    _home: tempfile::TempDir,
}

impl Rig {
    async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sandbox = Sandbox::start(Options::at(now())).await.unwrap();
        let home = tempfile::tempdir().unwrap();
        let kubeconfig = home.path().join("config");
        sandbox.write_kubeconfig(&kubeconfig).unwrap();
        let options = cluster::Options {
            kubeconfig: Some(kubeconfig),
            ..cluster::Options::default()
        };
        Self {
            cluster: cluster::connect(&options).await.unwrap(),
            sandbox,
            _home: home,
        }
    }

    fn member(&self, identity: &str) -> Member {
        let (stop, stopped) = oneshot::channel::<()>();
        let candidate = Candidate {
            cluster: self.cluster.clone(),
            identity: identity.to_owned(),
            namespace: "default".to_owned(),
            name: "it".to_owned(),
            timing: timing(),
            clock: now,
            stop_within: SLACK,
        };
        let shutdown = async {
            let _ = stopped.await;
        };
        Member {
            elected: elect(candidate, shutdown),
            stop,
        }
    }

    /// The spec of the Lease.
    fn lease(&self) -> Value {
        let mut objects = self.sandbox.dump().into_iter();
        let is_it = |it: &Value| it["kind"] == "Lease" && it["metadata"]["name"] == "it";
        objects.find(is_it).unwrap()["spec"].take()
    }

    fn faults(&self, rules: Value) {
        let plan = serde_json::from_value(json!({ "rules": rules })).unwrap();
        self.sandbox.set_faults(plan).unwrap();
    }
}

struct Member {
    elected: Elected,
    stop: oneshot::Sender<()>,
}

impl Member {
    async fn leads(&self) -> Term {
        let state = self.becomes(|it| it.is_leading(Instant::now())).await;
        state.term(Instant::now()).unwrap().clone()
    }

    async fn becomes(&self, wanted: impl Fn(&State) -> bool) -> State {
        let mut changes = self.elected.gate.changes();
        let wanted = changes.wait_for(|it| wanted(it));
        let state = timeout(5 * LEASE, wanted).await.unwrap().unwrap();
        state.clone()
    }
}

fn follows(holder: &str) -> impl Fn(&State) -> bool {
    move |it| matches!(it, State::Following { holder: Some(it) } if it == holder)
}

#[tokio::test]
async fn of_two_one_leads_until_it_dies() {
    let rig = Rig::start().await;
    let first = rig.member("a");
    let term = first.leads().await;
    let second = rig.member("b");
    second.becomes(follows("a")).await;
    assert!(first.elected.gate.check(&term).await.is_ok());
    assert!(second.elected.gate.check(&term).await.is_err());

    first.elected.task.abort();
    let died = Instant::now();
    let next = second.leads().await;
    let taken = died.elapsed();
    assert!(taken > LEASE - 2 * RETRY, "{taken:?}");
    assert!(
        taken < LEASE + timing().longest_retry() + SLACK,
        "{taken:?}"
    );
    assert_eq!(next.transitions, 1);
    let lease = rig.lease();
    assert_eq!(lease["holderIdentity"], "b");
    assert_eq!(lease["leaseTransitions"], 1);
    assert_eq!(lease["leaseDurationSeconds"], 3);
    assert!(first.elected.gate.check(&term).await.is_err());
}

#[tokio::test]
async fn a_lease_that_is_let_go_is_taken_at_once() {
    let rig = Rig::start().await;
    let first = rig.member("a");
    first.leads().await;
    let second = rig.member("b");
    second.becomes(follows("a")).await;
    let left = Instant::now();
    first.stop.send(()).unwrap();
    first.elected.task.await.unwrap().unwrap();
    second.leads().await;
    assert!(left.elapsed() < LEASE - RETRY, "{:?}", left.elapsed());
}

#[tokio::test]
async fn nobody_leads_while_the_api_fails() {
    let rig = Rig::start().await;
    let member = rig.member("a");
    let term = member.leads().await;
    rig.faults(json!([{ "when": { "resources": ["leases"] }, "answer": "internalError" }]));
    let failed = Instant::now();
    member
        .becomes(|it| matches!(it, State::Following { .. }))
        .await;
    assert!(failed.elapsed() < LEASE);
    let refusal = member.elected.gate.check(&term).await.unwrap_err();
    assert!(matches!(refusal, NotLeader::Following { .. }), "{refusal}");
    rig.faults(json!([]));
    assert_eq!(member.leads().await, term);
}

#[tokio::test]
async fn a_failing_read_permits_nothing_while_the_term_still_lasts() {
    let rig = Rig::start().await;
    let member = rig.member("a");
    let term = member.leads().await;
    rig.faults(json!([{ "when": { "resources": ["leases"] }, "answer": "internalError" }]));
    // Until a renewal has failed, the last one counts.
    let refusal = loop {
        match member.elected.gate.check(&term).await {
            Ok(_) => tokio::time::sleep(RETRY / 4).await,
            Err(refusal) => break refusal,
        }
    };
    assert!(matches!(refusal, NotLeader::Unconfirmed(_)), "{refusal}");
    assert!(member.elected.gate.state().is_leading(Instant::now()));
}
