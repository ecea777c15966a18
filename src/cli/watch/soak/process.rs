//! One instance of `watch`, as if it were a process of its own: with its kubeconfig, its clock, its
//! line to the API server and its signals.

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::FromArgMatches;
use futures_util::stream;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::Instant;

use super::line::{Line, State};
use super::operator::NAMESPACE;
use super::{INTERVAL, start};
use crate::cli::args::{Cli, Command};
use crate::cli::context::{Clock, Context};
use crate::cli::decide::{Origin, config_text, watch};
use crate::cli::signals::{Signal, Signals};
use crate::cli::watch::Reload;
use crate::cluster::fake;
use crate::config::watch::WatchConfig;
use crate::error::{Error, Exit};
use crate::license;
use crate::sandbox::InMemory;

thread_local! {
    /// When the clocks of this thread showed [`start`].
    static BEGUN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Clocks that are fast or slow by some seconds, one for each instance.
const CLOCKS: [Clock; 5] = [clock::<-5>, clock::<5>, clock::<0>, clock::<-3>, clock::<4>];

fn clock<const AHEAD: i64>() -> Timestamp {
    let begun = BEGUN.get().expect("it was set when the soak began");
    let passed = SignedDuration::try_from(begun.elapsed()).unwrap();
    let ahead = SignedDuration::from_secs(AHEAD);
    start().checked_add(passed + ahead).unwrap()
}

/// What all instances share.
pub(super) struct Place {
    pub(super) cluster: InMemory,
    folder: tempfile::TempDir,
    key: String,
}

impl Place {
    pub(super) fn new(cluster: InMemory) -> Self {
        BEGUN.set(Some(Instant::now()));
        let folder = tempfile::tempdir().unwrap();
        let trial = license::trial(&[7; 32], start());
        std::fs::write(folder.path().join("license"), trial.payload).unwrap();
        std::fs::write(folder.path().join("license.sig"), trial.signature).unwrap();
        std::fs::write(folder.path().join("config.yaml"), "").unwrap();
        Self {
            cluster,
            folder,
            key: trial.public_key,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

pub(super) struct Process {
    pub(super) line: Arc<Line>,
    server: String,
    signals: UnboundedSender<Signal>,
    task: JoinHandle<Result<Exit, Error>>,
}

impl Process {
    /// Starts instance `number` for the time `round`.
    pub(super) fn start(place: &Place, number: usize, round: u64, flags: &[&str]) -> Self {
        let name = format!("soak-{number}-{round}");
        let (line, server) = (Line::of(name.clone()), format!("https://{name}.example"));
        let client = line.client(place.cluster.router(), place.cluster.token());
        fake::serve(&server, client);
        let kubeconfig = place.path(&format!("kubeconfig-{number}"));
        std::fs::write(&kubeconfig, kubeconfig_of(&server)).unwrap();
        let (config, reload) = config(place, &kubeconfig, flags);
        let (signals, received) = unbounded_channel();
        let received = stream::unfold(received, |mut it| async {
            let signal = it.recv().await?;
            Some((signal, it))
        });
        let cx = Context::silent(CLOCKS[number % CLOCKS.len()]);
        let running = crate::cli::watch::run(cx, config, reload, Signals::of(received));
        Self {
            line,
            server,
            signals,
            task: spawn_local(running),
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.line.state() == State::Up && !self.task.is_finished()
    }

    /// Tells it to end.
    pub(super) fn terminate(&self) {
        // It may have ended already.
        let _ = self.signals.send(Signal::Terminate);
    }

    /// How it ended, or that it died; `None` where it goes on.
    pub(super) async fn over(&mut self) -> Option<Result<Exit, String>> {
        if let State::Dead(_) = self.line.state() {
            self.task.abort();
            return Some(Err("died".to_owned()));
        }
        if !self.task.is_finished() {
            return None;
        }
        let ended = (&mut self.task).await.unwrap();
        self.line.die();
        Some(ended.map_err(|it| it.render()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.line.die();
        self.task.abort();
        fake::no_longer_serve(&self.server);
    }
}

fn kubeconfig_of(server: &str) -> String {
    serde_json::json!({ "apiVersion": "v1", "kind": "Config", "current-context": "soak",
        "contexts": [{ "name": "soak", "context": { "cluster": "soak", "namespace": NAMESPACE } }],
        "clusters": [{ "name": "soak", "cluster": { "server": server } }] })
    .to_string()
}

/// What a user would type.
fn config(place: &Place, kubeconfig: &Path, flags: &[&str]) -> (WatchConfig, Reload) {
    let folder = place.folder.path().display();
    let interval = INTERVAL.as_secs();
    let line = format!(
        "x watch -A --config {folder}/config.yaml --mode apply --interval {interval} --lease-namespace {NAMESPACE} \
         --metrics-step-seconds 300 --window-days 1 --probation 15 --probation-max 3h --kubeconfig {} \
         --license {folder}/license --license-signature {folder}/license.sig \
         --audit-log {folder}/audit.log",
        kubeconfig.display()
    );
    let mut words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    words.extend(flags.iter().map(OsString::from));
    words.push(format!("--license-public-key={}", place.key).into());
    decided(words, None)
}

/// What a command line means, with the interval where the command line does not say it.
pub(super) fn decided(words: Vec<OsString>, interval: Option<Duration>) -> (WatchConfig, Reload) {
    let matches = crate::cli::command(OsStr::new("x")).try_get_matches_from(words);
    let matches = matches.unwrap();
    let cli = Cli::from_arg_matches(&matches).unwrap();
    let Command::Watch(mut args) = cli.command else {
        panic!("not watch");
    };
    args.interval = args.interval.or(interval);
    let text = config_text(cli.global.config.as_deref()).unwrap();
    let (file, typed) = (text.parse().unwrap(), matches.subcommand().unwrap().1);
    let config = watch(&cli.global, &args, &Origin::new(&file, typed)).unwrap();
    let reload = Reload::new(cli.global, args, typed.clone(), (text, file));
    (config, reload)
}
