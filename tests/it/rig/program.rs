//! The built program, run as a user runs it: with a home of its own, on its own or by kubectl.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;

use super::process::Needed;

/// The snapshot of the example shop.
pub(crate) const SHOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/shop.jsonl.gz");

/// A user without files or variables of the person who tests; deleted when dropped.
#[derive(Debug)]
pub(crate) struct User {
    home: tempfile::TempDir,
}

/// What a run said.
#[derive(Debug)]
pub(crate) struct Said {
    /// `None` for a run that a signal killed.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl User {
    pub(crate) fn new() -> Self {
        Self {
            home: tempfile::tempdir().expect("a temporary directory"),
        }
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// A path in the home directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// `kubectl-stepscale` with arguments.
    pub(crate) fn stepscale(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(cargo_bin("kubectl-stepscale"));
        command.args(arguments);
        self.with_surroundings(&mut command);
        command
    }

    /// `kubectl stepscale` with arguments; kubectl finds the plugin in `PATH`.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("kubectl");
        command.arg("stepscale").args(arguments);
        self.with_surroundings(&mut command);
        command
    }

    /// Makes a license of their own, which [`licensed`](Self::licensed) goes by.
    #[track_caller]
    pub(crate) fn issue_license(&self) {
        let run = |line: &str| {
            let arguments: Vec<&str> = line.split(' ').collect();
            let mut command = self.stepscale(&arguments);
            let said = Said::by(command.current_dir(self.home()));
            assert_eq!(said.code, Some(0), "{line}: {}", said.stderr);
        };
        run("license keygen --out-dir .");
        run(
            "license issue --private-key stepscale-license.key --customer test --plan team \
             --days 30 --out license.json --signature license.json.sig",
        );
    }

    /// `kubectl-stepscale` with a kubeconfig and the license.
    pub(crate) fn licensed(&self, kubeconfig: &Path, arguments: &[&str]) -> Command {
        let mut command = self.stepscale(arguments);
        let key = self.path("stepscale-license.pub");
        command
            .env("KUBECONFIG", kubeconfig)
            .env("STEPSCALE_LICENSE", self.path("license.json"))
            .env("STEPSCALE_LICENSE_PUBLIC_KEY", key);
        command
    }

    /// Runs `kubectl-stepscale` with a kubeconfig.
    pub(crate) fn run(&self, kubeconfig: &Path, arguments: &[&str]) -> Said {
        let mut command = self.stepscale(arguments);
        Said::by(command.env("KUBECONFIG", kubeconfig))
    }

    fn with_surroundings(&self, command: &mut Command) {
        command
            .env_clear()
            .env("PATH", path_with_plugin())
            .env("HOME", self.home())
            .env("LC_ALL", "C.UTF-8")
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_STATE_HOME", self.path("state"))
            // What a user may well have set, and the program must not show unasked.
            .env("RUST_BACKTRACE", "1")
            .stdin(Stdio::null());
    }
}

/// `PATH` with the directory of the built program before the others.
fn path_with_plugin() -> OsString {
    let program = cargo_bin("kubectl-stepscale");
    let plugin = program.parent().expect("a directory with the program");
    let others = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(plugin.to_owned()).chain(std::env::split_paths(&others));
    std::env::join_paths(all).expect("directories without a colon in their names")
}

/// Whether tests that need kubectl can run. Says so loudly if not.
///
/// # Panics
/// Where they have to run: with `CI=true` or `STEPSCALE_REQUIRE_KUBECTL=1`.
pub(crate) fn has_kubectl() -> bool {
    let needed = Needed {
        programs: &["kubectl"],
        flag: "--help",
        variable: "STEPSCALE_REQUIRE_KUBECTL",
        packages: "kubernetes-client",
    };
    needed.is_available()
}

/// Sends a signal to a run; what it said then, and how long it took to end.
#[expect(clippy::disallowed_methods, reason = "measures another process")]
pub(crate) fn interrupt(run: Child, signal: &str) -> (Said, Duration) {
    let sent = Instant::now();
    let process = run.id().to_string();
    let kill = Command::new("kill").args(["-s", signal, &process]).status();
    assert!(kill.expect("kill starts").success());
    let output = run.wait_with_output().expect("the output of the run");
    (output.into(), sent.elapsed())
}

impl Said {
    /// Runs `command` to its end.
    pub(crate) fn by(command: &mut Command) -> Self {
        command.output().expect("a program that starts").into()
    }

    /// The report that was printed as JSON by a run that ended with `code`.
    #[track_caller]
    pub(crate) fn report(&self, code: i32) -> serde_json::Value {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        let report = serde_json::from_str(&self.stdout);
        report.unwrap_or_else(|it| panic!("not JSON: {it}: {}", self.stdout))
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("a program that writes UTF-8");
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}
