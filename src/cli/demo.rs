//! `demo`: a cluster in memory to try everything on.

mod child;
mod introduction;
mod left_out;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::Timestamp;

use super::context::Context;
use super::signals::Signals;
use super::{analyze, license, sources};
use crate::analysis::AnalysisSettings;
use crate::audit;
use crate::audit::policy::{Level, Policy};
use crate::autoscaler::target::TargetRef;
use crate::cluster::{self, Namespaces, Scope};
use crate::config::{Config, DemoConfig, Input, Metrics, Question, Report, Window};
use crate::error::{Error, Exit};
use crate::lifecycle::form;
use crate::sandbox::{Faults, Options, Sandbox};
use left_out::LeftOut;

/// What kubectl looks for to run `kubectl stepscale`.
const PLUGIN: &str = "kubectl-stepscale";

/// Files of the trial license.
const LICENSE: &str = "license.json";
const PUBLIC_KEY: &str = "license.pub";

pub(super) async fn run(cx: Context, config: DemoConfig) -> Result<Exit, Error> {
    let (sandbox, home) = start(&cx, &config).await?;
    show(&cx, &sandbox, &home).await
}

/// Runs a command of the user's instead, and ends as it does.
pub(super) async fn exec(
    cx: Context,
    config: DemoConfig,
    command: String,
    mut signals: Signals,
) -> Result<Exit, Error> {
    let is_interactive = cx.is_interactive();
    let progress = cx.progress().clone();
    // A task of its own, so that a signal is answered even while it computes.
    let starting = tokio::spawn(async move { start(&cx, &config).await });
    let (_sandbox, home) = tokio::select! {
        started = starting => sources::finished(started)?,
        signal = signals.next() => return Ok(signal.exit()),
    };
    // The terminal is the command's from now on.
    progress.finish();
    child::attend(shell(&command, &home), signals, is_interactive).await
}

async fn start(cx: &Context, config: &DemoConfig) -> Result<(Sandbox, Home), Error> {
    let now = cx.now();
    let (mut seed, unread) = sources::seed(config.snapshot.as_ref(), now).await?;
    // Recommendations are objects that kubectl shows.
    seed.objects.push(form::definition());
    let not_run: Vec<TargetRef> = seed.not_run().cloned().collect();
    let options = Options {
        seed,
        start: now,
        speed: config.speed,
        keda: true,
        port: config.port,
        faults: config
            .faults
            .as_deref()
            .map(faults)
            .transpose()?
            .unwrap_or_default(),
        ..Options::at(now)
    };
    let sandbox = Sandbox::start(options).await?;
    let left_out = LeftOut {
        kinds: sandbox.left_out(),
        unread: &unread,
        not_run: &not_run,
    };
    if let Some(line) = left_out.line() {
        cx.note(&line);
    }
    let home = Home::new(&sandbox, now)?;
    Ok((sandbox, home))
}

fn faults(path: &Path) -> Result<Faults, Error> {
    let read = std::fs::read_to_string(path);
    let text = read.map_err(|source| Error::Read {
        flag: "--faults",
        path: path.to_owned(),
        source,
    })?;
    let content = |why: String| Error::Content {
        flag: "--faults",
        path: path.to_owned(),
        why,
    };
    crate::yaml::parse(&text).map_err(|err| content(err.to_string()))
}

/// Lets kubectl find this program in a folder.
#[cfg(not(windows))]
fn link_plugin(folder: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(std::env::current_exe()?, folder.join(PLUGIN))
}

/// Links need rights on Windows.
#[cfg(windows)]
fn link_plugin(folder: &Path) -> std::io::Result<()> {
    let program = folder.join(PLUGIN).with_extension("exe");
    std::fs::copy(std::env::current_exe()?, program).map(drop)
}

/// A folder with the kubeconfig, a license for `apply` and, for kubectl to find, this program; gone
/// with the demo.
struct Home {
    kubeconfig: PathBuf,
    folder: tempfile::TempDir,
}

impl Home {
    fn new(sandbox: &Sandbox, now: Timestamp) -> Result<Self, Error> {
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let folder = builder.prefix("stepscale-demo-").tempdir();
        let folder = folder.map_err(Error::Start)?;
        let kubeconfig = folder.path().join("kubeconfig");
        sandbox
            .write_kubeconfig(&kubeconfig)
            .map_err(Error::Start)?;
        let home = Self { kubeconfig, folder };
        home.issue_license(now)?;
        let linked = std::fs::create_dir(home.bin()).and_then(|()| link_plugin(&home.bin()));
        linked.map_err(Error::Start)?;
        Ok(home)
    }

    /// Writes a trial license, whose key nobody keeps.
    fn issue_license(&self, now: Timestamp) -> Result<(), Error> {
        let trial = license::trial(now)?;
        let signature = format!("{LICENSE}.sig");
        for (name, bytes) in [
            (LICENSE, trial.payload.as_slice()),
            (&signature, trial.signature.as_bytes()),
            (PUBLIC_KEY, trial.public_key.as_bytes()),
        ] {
            std::fs::write(self.folder.path().join(name), bytes).map_err(Error::Start)?;
        }
        Ok(())
    }

    /// What the environment of a user of the demo has.
    fn variables(&self) -> [(&'static str, PathBuf); 3] {
        let folder = self.folder.path();
        [
            ("KUBECONFIG", self.kubeconfig.clone()),
            ("STEPSCALE_LICENSE", folder.join(LICENSE)),
            ("STEPSCALE_LICENSE_PUBLIC_KEY", folder.join(PUBLIC_KEY)),
        ]
    }

    /// The folder with this program as a plugin of kubectl.
    fn bin(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    /// What `PATH` is to be for kubectl to find the plugin; `None` where it does already.
    fn search_path(&self) -> Option<OsString> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders = std::env::split_paths(&path);
        if folders.any(|it| it.join(PLUGIN).is_file()) {
            return None;
        }
        let folders = std::env::split_paths(&path).chain([self.bin()]);
        std::env::join_paths(folders).ok()
    }
}

/// Says where it is and what to try, analyzes, and stays until a signal ends the program.
async fn show(cx: &Context, sandbox: &Sandbox, home: &Home) -> Result<Exit, Error> {
    let example = sandbox.example();
    cx.print(|out| introduction::write(out, &sandbox.url(), &exports(home), example.as_ref()))?;
    // Also where the trouble that was asked for is too much for an analysis.
    if let Err(err) = analyze::run(cx.clone(), analysis(&home.kubeconfig)).await {
        cx.note(err.render().trim_end());
    }
    cx.note("the cluster stays up until Ctrl-C");
    std::future::pending().await
}

/// What the shell has to know.
fn exports(home: &Home) -> Vec<String> {
    let quoted = |path: &Path| introduction::quoted(&path.display().to_string());
    let variables = home.variables().into_iter();
    let variables = variables.map(|(name, path)| format!("{name}={}", quoted(&path)));
    // Not every shell keeps what it puts in place of a variable in one piece.
    let path = home
        .search_path()
        .map(|_| format!("PATH=\"$PATH\":{}", quoted(&home.bin())));
    variables.chain(path).collect()
}

/// Every autoscaler, as the command that the introduction names would analyze it.
fn analysis(kubeconfig: &Path) -> Config {
    let connection = cluster::Options {
        kubeconfig: Some(kubeconfig.to_owned()),
        ..cluster::Options::default()
    };
    let metrics = Metrics::Prometheus(Box::default());
    let scope = Scope {
        namespaces: Namespaces::All,
        ..Scope::default()
    };
    let window = Window::default();
    Config {
        question: Question {
            input: Input::Cluster {
                connection,
                metrics,
            },
            scope,
            window,
            now: None,
            shard: None,
        },
        analysis: AnalysisSettings {
            window: window.length(),
            ..AnalysisSettings::default()
        },
        opencost: None,
        llm: None,
        report: Report::default(),
        save: true,
        // The cluster is gone with the demo, so that nothing about it is worth a record.
        audit: audit::Settings {
            policy: Policy::of(Level::None),
            ..audit::Settings::default()
        },
    }
}

/// A shell that runs a command of the user's.
fn shell(command: &str, home: &Home) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", command])
        .envs(home.variables())
        // It would stand beside the file.
        .env_remove("STEPSCALE_LICENSE_SECRET")
        .env_remove("STEPSCALE_LICENSE_SIGNATURE");
    if let Some(path) = home.search_path() {
        shell.env("PATH", path);
    }
    shell
}
