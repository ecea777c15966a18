//! One suite of tests, several servers: a control plane and the kubeconfigs that lead to it.
//!
//! - `STEPSCALE_TEST_KUBECONFIG=FILE`: the cluster of that file, whose user must be an
//!   administrator.
//! - `KUBEBUILDER_ASSETS=FOLDER`: a new one from the `etcd` and `kube-apiserver` in that folder,
//!   with the `kube-controller-manager` if it is there.
//! - neither: the sandbox.

mod assets;
mod kubeconfig;
mod planted;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use assets::Processes;
use kubeconfig::Access;
pub(crate) use planted::Planted;

/// Users who may do nothing until a test gives them a role, beside the administrator.
pub(crate) const USERS: [&str; 3] = ["reader", "editor", ANALYST];
/// The one of [`USERS`] who only gets rights for the whole cluster.
pub(crate) const ANALYST: &str = "analyst";
/// Somebody with a token that the server does not know.
pub(crate) const STRANGER: &str = "stranger";
/// The token of the administrator; those of [`USERS`] are their names.
const ADMIN: &str = "admin";

/// A control plane for one test; what was started for it ends when it is dropped.
#[derive(Debug)]
pub(crate) struct ControlPlane {
    server: Server,
    runs_controllers: bool,
    /// Holds the kubeconfigs.
    directory: tempfile::TempDir,
}

#[derive(Debug)]
enum Server {
    Sandbox(Box<sandbox::Running>),
    /// Somebody else's cluster.
    Given,
    Started(#[expect(dead_code, reason = "ends them when dropped")] Processes),
}

impl ControlPlane {
    /// The control plane that the environment chooses.
    ///
    /// # Panics
    /// When it does not start or answer.
    pub(crate) fn start() -> Self {
        let given = |name: &str| std::env::var_os(name).filter(|it| !it.is_empty());
        if let Some(file) = given("STEPSCALE_TEST_KUBECONFIG") {
            return Self::given(Path::new(&file));
        }
        if let Some(folder) = given("KUBEBUILDER_ASSETS") {
            let (processes, access) = Processes::start(Path::new(&folder));
            let runs_controllers = processes.run_controllers();
            return Self::started(Server::Started(processes), &access, runs_controllers);
        }
        let (running, access) = sandbox::start();
        Self::started(Server::Sandbox(Box::new(running)), &access, true)
    }

    fn started(server: Server, access: &Access, runs_controllers: bool) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        kubeconfig::write(directory.path(), access);
        Self {
            server,
            runs_controllers,
            directory,
        }
    }

    fn given(file: &Path) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        kubeconfig::copy(file, directory.path());
        let mut plane = Self {
            server: Server::Given,
            runs_controllers: false,
            directory,
        };
        plane.runs_controllers = kubeconfig::has_service_accounts(&plane.kubeconfig());
        plane
    }

    /// The administrator's.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.kubeconfig_of(ADMIN)
    }

    /// That of one of [`USERS`], or of [`STRANGER`].
    pub(crate) fn kubeconfig_of(&self, user: &str) -> PathBuf {
        kubeconfig::path(self.directory.path(), user)
    }

    pub(crate) fn is_sandbox(&self) -> bool {
        matches!(self.server, Server::Sandbox(_))
    }

    /// Method, path and query of every request to a sandbox so far, in order.
    pub(crate) fn requests(&self) -> Vec<String> {
        match &self.server {
            Server::Sandbox(running) => running.sandbox.requests(),
            Server::Given | Server::Started(_) => vec![],
        }
    }

    /// Whether objects are collected with their owners, and namespaces emptied.
    pub(crate) fn runs_controllers(&self) -> bool {
        self.runs_controllers
    }
}

/// The one place that knows how the sandbox is started.
mod sandbox {
    use stepscale::sandbox::{Account, Options, Sandbox};

    use super::{Access, USERS};

    /// More requests than a test counts.
    const LOG: usize = 1_000;

    /// A sandbox that ends when dropped.
    #[derive(Debug)]
    pub(super) struct Running {
        pub(super) sandbox: Sandbox,
        _runtime: tokio::runtime::Runtime,
    }

    pub(super) fn start() -> (Running, Access) {
        // Another test of this process may have done so.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let users = USERS.map(|name| Account {
            name: name.to_owned(),
            groups: vec![],
            token: name.to_owned(),
        });
        let options = Options {
            keda: true,
            keda_operator: false,
            users: users.to_vec(),
            log: LOG,
            ..Options::at(now())
        };
        let sandbox = runtime
            .block_on(Sandbox::start(options))
            .expect("a sandbox");
        let access = Access {
            url: sandbox.url(),
            authority: sandbox.authority().to_owned(),
            token: sandbox.token().to_owned(),
        };
        let running = Running {
            sandbox,
            _runtime: runtime,
        };
        (running, access)
    }

    #[expect(clippy::disallowed_methods, reason = "the server's clients go by it")]
    fn now() -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

/// A word that no other test uses, in this run or another one.
#[expect(clippy::disallowed_methods, reason = "must differ from earlier runs")]
pub(crate) fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let millis = now.map_or(0, |it| it.as_millis()) % 100_000_000;
    let (process, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    format!("{process:x}{millis:x}x{count}")
}
