//! The sandbox as a whole: what it starts with and how to reach it.

mod control;
#[cfg(test)]
pub(crate) mod in_memory;
mod life;
mod routes;
mod upstream;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::autoscaler::{AutoscalerId, AutoscalerKind};

use super::access::User;
use super::api::Api;
use super::clock::Clock;
use super::crd::keda;
use super::faults::{Faults, Plan};
use super::fleet::Fleet;
use super::kubeconfig::Kubeconfig;
use super::seed::Seed;
use super::server::authentication::{self, Tokens};
use super::server::log::Log;
use super::server::{Server, Settings};
use super::twin;
use super::twin::keda::feed::TriggerTrace;
use crate::sim::numbers::after;
use life::{Birth, Life};
pub use upstream::Upstream;
use upstream::Upstreams;

/// How long the pods of a fleet have been there when the sandbox starts.
pub(super) const BEFORE: SignedDuration = SignedDuration::from_hours(1);

/// The group whose objects the twin makes up as it is asked.
const METRICS: &str = "metrics.k8s.io";

/// What a sandbox is to be.
#[derive(Clone, Debug)]
pub struct Options {
    pub seed: Seed,
    /// The time that its clock shows first.
    pub start: Timestamp,
    /// How many times as fast as ours its time passes; 0 where it stands until it is moved.
    pub speed: u32,
    /// Whether KEDA's kinds are served.
    pub keda: bool,
    /// Whether KEDA runs too, where there is a twin: its operator, its metrics server and its
    /// webhook. Without objects of its kinds it does nothing.
    pub keda_operator: bool,
    /// What the sources of KEDA's triggers tell over time.
    pub triggers: Vec<TriggerTrace>,
    /// 0 for any that is free.
    pub port: u16,
    pub faults: Plan,
    /// Users beside the one who may do everything, who have the rights that RBAC gives them.
    pub users: Vec<Account>,
    /// How many writes of each resource watches can go back to.
    pub memory: usize,
    /// Whether a twin runs the workloads. Without one, the seed's pods and their measurements, which
    /// are objects of `metrics.k8s.io`, are served as they came, its histories are not told, time
    /// stands, and there is nothing below `/twin`.
    pub twin: bool,
    /// Where services lead whose pods are not of the sandbox.
    pub upstreams: Vec<Upstream>,
    /// How many requests are remembered for [`Sandbox::requests`].
    pub log: usize,
}

impl Options {
    /// An empty cluster at the given time.
    pub fn at(start: Timestamp) -> Self {
        Self {
            seed: Seed::default(),
            start,
            speed: 1,
            keda: false,
            keda_operator: true,
            triggers: vec![],
            port: 0,
            faults: Plan::default(),
            users: vec![],
            memory: 10_000,
            twin: true,
            upstreams: vec![],
            log: 0,
        }
    }
}

/// Somebody with a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    pub groups: Vec<String>,
    pub token: String,
}

/// Why a sandbox cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot listen on port {port} of this machine")]
    Listen {
        port: u16,
        #[source]
        source: io::Error,
    },
    #[error("the faults make no sense: {0}")]
    Faults(String),
    #[error("service {service} cannot lead to {url:?}, which is no URL of a plain HTTP server")]
    Upstream { service: String, url: String },
    #[error("the system gives no random numbers for a token")]
    Random,
}

/// What all parts of a sandbox share.
#[derive(Clone)]
struct Core {
    api: Api,
    clock: Clock,
    faults: Arc<Faults>,
}

/// A running sandbox. Dropped, it ends: its time stands, its connections close, and its port is free
/// a moment later.
pub struct Sandbox {
    core: Core,
    life: Option<Life>,
    log: Arc<Log>,
    server: Server,
    admin: Account,
    users: Vec<Account>,
}

impl Sandbox {
    /// Starts the server, on loopback, in the runtime of the caller.
    ///
    /// # Errors
    /// When the port is taken, or the faults or an upstream make no sense.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let core = Core::of(&options)?;
        let upstreams = Upstreams::new(options.upstreams)?;
        let (seed, start) = (options.seed, options.start);
        let life = match options.twin {
            true => {
                let fleet = Fleet::of(seed, start);
                let birth = Birth {
                    triggers: triggers(options.triggers, &fleet),
                    fleet,
                    config: twin::Config {
                        keda: options.keda && options.keda_operator,
                        ..twin::Config::starting_at(start)
                    },
                    speed: options.speed,
                };
                Some(Life::of(&core, birth))
            }
            false => {
                still(&core.api, seed);
                None
            }
        };
        routes::serve(&core.api, life.as_ref(), upstreams);
        let admin = administrator()?;
        let accounts = std::iter::once(&admin).chain(&options.users);
        let settings = Settings {
            port: options.port,
            tokens: Tokens::new(accounts.map(|it| (it.token.clone(), user(it)))),
            handler: routes::handler(&core, life.as_ref()),
            policies: routes::policies(core.api.clone()),
            faults: Arc::clone(&core.faults),
            clock: core.clock.clone(),
            log: Arc::new(Log::new(options.log)),
        };
        Ok(Self {
            core,
            life,
            log: Arc::clone(&settings.log),
            server: listen(settings).await?,
            admin,
            users: options.users,
        })
    }
}

impl Core {
    /// # Errors
    /// When the faults make no sense.
    fn of(options: &Options) -> Result<Self, Error> {
        let faults = Faults::of(options.faults.clone(), options.start);
        // Pods come up before anybody looks.
        let before = match options.twin {
            true => BEFORE,
            false => SignedDuration::ZERO,
        };
        let clock = Clock::at(after(options.start, -before));
        let seed = options.start.as_second() as u64;
        let api = Api::remembering(options.memory, clock.clone(), seed);
        if options.keda {
            api.load(keda::definitions().to_vec());
        }
        Ok(Self {
            api,
            clock,
            faults: Arc::new(faults.map_err(|err| Error::Faults(err.to_string()))?),
        })
    }
}

/// What the past of a fleet knows of triggers that nothing was said of, and what was said.
fn triggers(said: Vec<TriggerTrace>, fleet: &Fleet) -> Vec<TriggerTrace> {
    let key = |it: &TriggerTrace| (it.namespace.clone(), it.object.clone(), it.trigger);
    let of_past = fleet.triggers.iter();
    let open = of_past.filter(|it| !said.iter().any(|said| key(said) == key(it)));
    let open: Vec<TriggerTrace> = open.cloned().collect();
    open.into_iter().chain(said).collect()
}

async fn listen(settings: Settings) -> Result<Server, Error> {
    let port = settings.port;
    let server = Server::start(settings).await;
    server.map_err(|source| Error::Listen { port, source })
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(life) = &self.life {
            life.end();
        }
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the sandbox at {}", self.url())
    }
}

impl Sandbox {
    /// `https://127.0.0.1:41234`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The same server without TLS.
    pub fn plain_url(&self) -> String {
        self.server.plain_url()
    }

    /// The certificate that clients have to trust, in PEM.
    pub fn authority(&self) -> &str {
        self.server.authority()
    }

    /// The token of the user who may do everything.
    pub fn token(&self) -> &str {
        &self.admin.token
    }

    /// Writes a kubeconfig with a context for each user, the administrator's being the current one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_kubeconfig(&self, path: &Path) -> io::Result<()> {
        let users = std::iter::once(&self.admin).chain(&self.users);
        let kubeconfig = Kubeconfig {
            name: "stepscale-demo".to_owned(),
            server: self.url(),
            authority: self.authority().to_owned(),
            namespace: "default".to_owned(),
            users: users
                .map(|it| (it.name.clone(), it.token.clone()))
                .collect(),
        };
        kubeconfig.write(path)
    }

    /// The first autoscaler by namespace and name that scales, or the first at all.
    pub fn example(&self) -> Option<AutoscalerId> {
        let all = self
            .core
            .api
            .list("autoscaling", "horizontalpodautoscalers", "");
        let scales = |it: &&Arc<Value>| {
            let conditions = it["status"]["conditions"].as_array();
            conditions
                .into_iter()
                .flatten()
                .any(|it| it["type"] == "ScalingActive" && it["status"] == "True")
        };
        let metadata = &all.iter().find(scales).or(all.first())?["metadata"];
        let text = |key: &str| metadata[key].as_str().map(str::to_owned);
        Some(AutoscalerId {
            namespace: text("namespace")?,
            name: text("name")?,
            kind: AutoscalerKind::HorizontalPodAutoscaler,
        })
    }

    /// Every object there is, by resource, namespace and name.
    pub fn dump(&self) -> Vec<Value> {
        self.core.api.dump()
    }

    /// How many objects of the seed are of kinds that it does not serve, by kind.
    pub fn left_out(&self) -> BTreeMap<String, usize> {
        self.core.api.left_out()
    }

    /// What its clock shows.
    pub fn now(&self) -> Timestamp {
        self.core.clock.now()
    }

    /// Method, path and query of the last requests, refused ones included, the oldest first; at
    /// most as many as [`Options::log`] says.
    pub fn requests(&self) -> Vec<String> {
        self.log.requests()
    }

    /// Meets other trouble from now on, whose gaps count from now.
    ///
    /// # Errors
    /// When it makes no sense; the trouble before stays.
    pub fn set_faults(&self, faults: Plan) -> Result<(), Error> {
        let set = self.core.faults.set(faults, self.now());
        set.map_err(|err| Error::Faults(err.to_string()))
    }
}

/// The Service that leads to the API server, as every cluster has it.
fn kubernetes() -> Value {
    json!({ "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": "kubernetes", "namespace": "default",
            "labels": { "component": "apiserver", "provider": "kubernetes" } },
        "spec": { "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"],
            "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
            "ports": [{ "name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443 }] } })
}

fn administrator() -> Result<Account, Error> {
    Ok(Account {
        name: "admin".to_owned(),
        groups: vec!["system:masters".to_owned()],
        token: authentication::secret().ok_or(Error::Random)?,
    })
}

fn user(account: &Account) -> User {
    User::known(&account.name, account.groups.clone())
}

/// Loads a seed that stays as it is.
fn still(api: &Api, seed: Seed) {
    let (measured, objects) = seed.objects.into_iter().partition(is_measured);
    api.load(objects);
    let measured: Vec<Value> = measured;
    api.set_metrics(Arc::new(move |plural| {
        let of_kind = |it: &&Value| match it["kind"].as_str() {
            Some("PodMetrics") => plural == "pods",
            Some("NodeMetrics") => plural == "nodes",
            _ => false,
        };
        measured.iter().filter(of_kind).cloned().collect()
    }));
}

/// Whether it is an object that no API server keeps.
fn is_measured(object: &Value) -> bool {
    let version = object["apiVersion"].as_str().unwrap_or_default();
    version
        .strip_prefix(METRICS)
        .is_some_and(|it| it.starts_with('/'))
}

#[cfg(test)]
mod tests;
