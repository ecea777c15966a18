//! The sandbox with the objects of a fleet as they are at the end of its history.
//!
//! Time stands there and no twin runs, so that pods are those that Prometheus has the history of.

pub(super) mod access;
mod kubeconfig;
pub(super) mod objects;

use std::path::PathBuf;
use std::thread::{self, JoinHandle};

use jiff::Timestamp;
use stepscale::sandbox::{self, Account, Faults, Sandbox, Seed, Upstream};
use tokio::sync::oneshot;

use super::fleet::Fleet;
pub(crate) use access::{Denied, LIMITED, Reach};
pub(crate) use objects::SECRET;

/// How the cluster differs from one that allows and has everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// Where the services of the Prometheus lead: its URL; nowhere if `None`.
    pub(crate) prometheus: Option<String>,
    /// What the user of the context `limited` may not do.
    pub(crate) denied: Vec<Denied>,
    /// Whether the second page of every list is refused with 410, as after a compaction.
    pub(crate) continue_expires: bool,
    /// Whether no service looks like a Prometheus.
    pub(crate) unmonitored: bool,
}

/// A running cluster, ended when dropped.
#[derive(Debug)]
pub(crate) struct Cluster {
    /// `https://127.0.0.1:41234`.
    pub(crate) url: String,
    /// The certificate of its authority, in PEM.
    pub(crate) authority: String,
    sandbox: Sandbox,
    directory: tempfile::TempDir,
    _running: Running,
}

/// The token of a user who may do everything; of the context `good`.
pub(crate) const TOKEN: &str = "good-token";
/// The token of the user to whom [`Options::denied`] applies; of the context `limited`.
pub(crate) const LIMITED_TOKEN: &str = "limited-token";

/// More requests than any test makes.
const LOG: usize = 10_000;

impl Cluster {
    /// # Panics
    /// When it cannot start.
    pub(crate) fn start(fleet: &Fleet, options: Options) -> Self {
        Self::of(sandbox_options(fleet, &options))
    }

    /// A cluster of any content; the user of the context `limited` has the rights that its objects
    /// give them.
    ///
    /// # Panics
    /// When it cannot start.
    pub(crate) fn of(options: sandbox::Options) -> Self {
        // Another test of this process may have done so.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (sandbox, running) = Running::start(options);
        Self {
            url: sandbox.url(),
            authority: sandbox.authority().to_owned(),
            sandbox,
            directory: tempfile::tempdir().expect("a temporary directory"),
            _running: running,
        }
    }

    /// Writes a kubeconfig and returns its path. Contexts: `good` (the current one), `limited`,
    /// `expired` (401), `wrong-ca`, `unreachable`, `exec` (credential plugin).
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        kubeconfig::write(self.directory.path(), &self.url, &self.authority)
    }

    /// Method, path and query of every request so far, in order.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.sandbox.requests()
    }
}

fn sandbox_options(fleet: &Fleet, options: &Options) -> sandbox::Options {
    let end = Timestamp::from_second(fleet.parameters.end).expect("a second of our age");
    let mut objects = objects::of(fleet, !options.unmonitored);
    objects.extend(access::objects(fleet, &options.denied));
    let upstream = |url: &String| {
        objects::PROMETHEUS.map(|service| Upstream {
            namespace: "monitoring".to_owned(),
            service: service.to_owned(),
            url: url.clone(),
        })
    };
    let upstreams = options.prometheus.iter().flat_map(upstream);
    sandbox::Options {
        seed: Seed {
            objects,
            histories: vec![],
        },
        speed: 0,
        twin: false,
        faults: faults(options.continue_expires),
        users: users(),
        upstreams: upstreams.collect(),
        log: LOG,
        ..sandbox::Options::at(end)
    }
}

fn faults(continue_expires: bool) -> Faults {
    let rules = match continue_expires {
        true => serde_json::json!([{ "answer": "expired" }]),
        false => serde_json::json!([]),
    };
    let plan = serde_json::json!({ "rules": rules });
    serde_json::from_value(plan).expect("a plan of faults")
}

/// Those of the contexts `good` and `limited`.
pub(crate) fn users() -> Vec<Account> {
    let account = |name: &str, groups: &[&str], token: &str| Account {
        name: name.to_owned(),
        groups: groups.iter().map(|it| (*it).to_owned()).collect(),
        token: token.to_owned(),
    };
    vec![
        account("good", &["system:masters"], TOKEN),
        account(access::LIMITED, &[], LIMITED_TOKEN),
    ]
}

/// The thread on which a sandbox runs, so that tests need not be async; ended when dropped.
#[derive(Debug)]
struct Running {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    fn start(options: sandbox::Options) -> (Sandbox, Self) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let (stop, stopped) = oneshot::channel::<()>();
        let (send, started) = std::sync::mpsc::channel();
        let thread = thread::spawn(move || {
            runtime.block_on(async {
                let _ = send.send(Sandbox::start(options).await);
                let _ = stopped.await;
            });
            runtime.shutdown_background();
        });
        let sandbox = started.recv().expect("a thread that runs");
        let running = Self {
            stop: Some(stop),
            thread: Some(thread),
        };
        (sandbox.expect("a sandbox"), running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
