//! The sandbox as a whole: what it starts with and how to reach it.

mod control;
mod life;

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::autoscaler::{AutoscalerId, AutoscalerKind};

use super::access::{Policies, User};
use super::api::Api;
use super::clock::Clock;
use super::crd::keda;
use super::faults::{Faults, Plan};
use super::fleet::Fleet;
use super::kubeconfig::Kubeconfig;
use super::seed::Seed;
use super::server::authentication::Tokens;
use super::server::{Server, Settings};
use super::twin::{self, Twin};
use crate::sim::numbers::after;
use control::Control;
use life::Life;

/// How long the pods of a fleet have been there when the sandbox starts.
const BEFORE: SignedDuration = SignedDuration::from_hours(1);

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
    /// 0 for any that is free.
    pub port: u16,
    pub faults: Plan,
    /// Users beside the one who may do everything, who have the rights that RBAC gives them.
    pub users: Vec<Account>,
    /// How many writes of each resource watches can go back to.
    pub memory: usize,
}

impl Options {
    /// An empty cluster at the given time.
    pub fn at(start: Timestamp) -> Self {
        Self {
            seed: Seed::default(),
            start,
            speed: 1,
            keda: false,
            port: 0,
            faults: Plan::default(),
            users: vec![],
            memory: 10_000,
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
}

/// A running sandbox.
pub struct Sandbox {
    api: Api,
    clock: Clock,
    faults: Arc<Faults>,
    server: Server,
    admin: Account,
    users: Vec<Account>,
}

impl Sandbox {
    /// Starts the server, on loopback, in the runtime of the caller.
    ///
    /// # Errors
    /// When the port is taken or the faults make no sense.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let faults = Faults::of(options.faults).map_err(|err| Error::Faults(err.to_string()))?;
        let faults = Arc::new(faults);
        // Pods come up before anybody looks.
        let clock = Clock::at(after(options.start, -BEFORE));
        let seed = options.start.as_second() as u64;
        let api = Api::remembering(options.memory, clock.clone(), seed);
        if options.keda {
            api.load(keda::definitions().to_vec());
        }
        let fleet = Fleet::of(options.seed, options.start);
        api.load(fleet.objects);
        let config = twin::Config {
            workloads: fleet.workloads,
            faults: Arc::clone(&faults),
            ..twin::Config::starting_at(options.start)
        };
        let mut twin = Twin::new(Arc::new(api.clone()), clock.clone(), config);
        twin.advance(options.start);
        let life = Life::begin(twin, fleet.past, options.speed);
        life.tell(&api);
        let control = Arc::new(Control {
            api: api.clone(),
            life,
            faults: Arc::clone(&faults),
        });
        let admin = administrator();
        let accounts = std::iter::once(&admin).chain(&options.users);
        let settings = Settings {
            port: options.port,
            tokens: Tokens::new(accounts.map(|it| (it.token.clone(), user(it)))),
            handler: handler(api.clone(), control),
            policies: policies(api.clone()),
            faults: Arc::clone(&faults),
            clock: clock.clone(),
        };
        let port = options.port;
        let server = Server::start(settings).await;
        let server = server.map_err(|source| Error::Listen { port, source })?;
        Ok(Self {
            api,
            clock,
            faults,
            server,
            admin,
            users: options.users,
        })
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
        let all = self.api.list("autoscaling", "horizontalpodautoscalers", "");
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
        self.api.dump()
    }

    /// What its clock shows.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Meets other trouble from now on.
    ///
    /// # Errors
    /// When it makes no sense; the trouble before stays.
    pub fn set_faults(&self, faults: Plan) -> Result<(), Error> {
        let set = self.faults.set(faults);
        set.map_err(|err| Error::Faults(err.to_string()))
    }
}

fn administrator() -> Account {
    Account {
        name: "admin".to_owned(),
        groups: vec!["system:masters".to_owned()],
        token: secret(),
    }
}

/// A word that cannot be guessed: the keys of hash tables are random.
fn secret() -> String {
    let half = || RandomState::new().hash_one(0);
    format!("{:016x}{:016x}", half(), half())
}

fn user(account: &Account) -> User {
    User::known(&account.name, account.groups.clone())
}

fn handler(api: Api, control: Arc<Control>) -> super::server::Handler {
    Arc::new(move |request| {
        let (api, control) = (api.clone(), Arc::clone(&control));
        Box::pin(async move {
            match Control::serves(&request.path) {
                true => control.answer(request).await,
                false => api.answer(request).await,
            }
        })
    })
}

fn policies(api: Api) -> Arc<dyn Fn() -> Arc<Policies> + Send + Sync> {
    Arc::new(move || api.policies())
}
