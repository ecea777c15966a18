//! `watch`: the loop of `analyze`, `apply` and `verify`, driven by time.
//!
//! [`tick`] is one round of it, [`analysis`] the look at the fleet that it begins with, [`passes`] what
//! only one of several processes does in it, [`turns`] divides the time. [`told`] tells changes of
//! state, [`notice`] tells others of them, [`reload`] takes up changed files, [`goal`] says when it is
//! over. Here the loop is held together with what runs beside it: the election, the page of metrics,
//! signals.

mod analysis;
mod apply;
mod counting;
mod goal;
mod notice;
mod passes;
mod records;
mod reload;
mod resume;
mod schedule;
#[cfg(test)]
mod soak;
mod tick;
mod told;
mod troubles;
mod turns;
mod verify;
mod warming;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::act::Session;
use super::act::origin::host;
use super::context::{Clock, Context};
use super::signals::Signals;
use super::sources::finished;
use super::verbosity;
use crate::cluster::Namespaces;
use crate::config;
use crate::config::watch::{Lease, WatchConfig};
use crate::error::{Error, Exit};
use crate::install::Mode;
use crate::leader::{self, Candidate, Gate, Timing, elect};
use crate::signals::serve::{Health, Server};
use crate::signals::{Metrics, logging};
pub(super) use reload::Reload;
use tick::Watch;

/// How long what is under way may take to come to its end once it is told to.
const GRACE: Duration = Duration::from_secs(10);
/// How long the page may still be read then.
const LAST_ANSWERS: Duration = Duration::from_secs(1);
/// How long what others have not been told yet may take to be sent then.
const LAST_EVENTS: Duration = Duration::from_secs(10);
/// What may come between two passes before the loop is taken for stalled.
const SLACK: Duration = Duration::from_secs(60);

/// Sends log lines to standard error, as `RUST_LOG` says or else all of ours.
pub(super) fn start_log(format: logging::Format, verbose: u8) {
    let wanted = std::env::var("RUST_LOG").ok();
    // There is no other log in this process.
    let default = match verbosity::requests(verbose) {
        Some(requests) => format!("{},{requests}", logging::DEFAULT),
        None => logging::DEFAULT.to_owned(),
    };
    let _ = logging::init(format, &default, wanted.as_deref());
}

pub(super) async fn run(
    cx: Context,
    mut config: WatchConfig,
    reload: Reload,
    mut signals: Signals,
) -> Result<Exit, Error> {
    // Its line would tear those of the log.
    cx.progress().finish();
    let metrics = Metrics::new();
    counting::observe(&mut config, &metrics);
    let health = Health::new(patience(&config));
    let server = match config.listen {
        Some(address) => Some(Server::start(address, metrics.clone(), health.clone()).await?),
        None => None,
    };
    let options = &config.records.connection;
    let mut session = tokio::select! {
        session = Session::open(&cx, options, &config.records.audit) => session?,
        signal = signals.next() => return Ok(signal.exit()),
    };
    let namespace = session.namespace(&config.records.namespaces);
    session.store = session.store.following(namespace, config.interval);
    let session = session.of_watch(&leader::identity(&host()).map_err(Error::Start)?);
    let config = Arc::new(config);
    let address = server.as_ref().map(Server::address);
    tell_start(&config, &session, address);
    let Election {
        gate,
        mut task,
        stop: to_release,
    } = Election::start(&session, &config, &metrics, cx.clock())?;
    let (stop, stopped) = watch::channel(false);
    let mut watch = Watch::new(
        &cx,
        (config.clone(), reload),
        &session,
        &metrics,
        &health,
        stopped,
    )?;
    let ended = {
        let running = watch.run(gate.as_ref());
        tokio::pin!(running);
        tokio::select! {
            ended = &mut running => ended,
            error = lost(&mut task) => Err(error),
            signal = signals.next() => {
                tracing::info!(signal = signal.name(), "told to end");
                health.ends();
                let _ = stop.send(true);
                tokio::select! {
                    // What is not finished in time is abandoned: whoever comes next finds it.
                    ended = timeout(GRACE, &mut running) => {
                        ended.unwrap_or(Ok(goal::interrupted(&config.end)))
                    }
                    signal = signals.next() => Ok(signal.exit()),
                }
            }
        }
    };
    health.ends();
    // Whoever leads next does not wait until everything is sent.
    tokio::join!(release(to_release, task), async {
        let hurried = async {
            signals.next().await;
            tracing::warn!("told to end again: what waits is not sent");
        };
        watch.notice.end(LAST_EVENTS, hurried).await;
    });
    if let Some(server) = server {
        server.shutdown(LAST_ANSWERS).await;
    }
    let summary = watch.summary().await;
    ended.and_then(|exit| summary.map(|()| exit))
}

/// How long the loop may say nothing: it tells after each pass, which has its budget of time, and
/// pauses for up to the longest interval.
fn patience(config: &WatchConfig) -> Duration {
    let longest = config.interval.max(config.analysis_budget);
    tick::longest_pause(config.interval) + longest + SLACK
}

fn tell_start(config: &WatchConfig, session: &Session, listen: Option<SocketAddr>) {
    let namespaces = match &config.records.namespaces {
        Namespaces::All => "all".to_owned(),
        Namespaces::One(namespace) => namespace.clone(),
        Namespaces::Several(namespaces) => {
            let names: Vec<&str> = namespaces.iter().map(String::as_str).collect();
            names.join(",")
        }
        Namespaces::Current => session.cluster.namespace().to_owned(),
    };
    tracing::info!(
        mode = config.mode.as_str(),
        namespaces,
        prometheus = which_prometheus(&config.metrics),
        license = config.license.source.is_some(),
        election = config.lease.is_some(),
        listen = listen.map(tracing::field::display),
        interval_seconds = config.interval.as_secs(),
        recommendations = session.store.place(),
        "operator starting, {}",
        what_is_done(config.mode)
    );
}

/// Not by its URL, which may have a password in it.
fn which_prometheus(metrics: &config::Metrics) -> &'static str {
    match metrics {
        config::Metrics::Prometheus(options) if options.url.is_some() => "by its URL",
        config::Metrics::Prometheus(_) => "discovered",
        config::Metrics::MetricsApi => "none",
    }
}

fn what_is_done(mode: Mode) -> &'static str {
    match mode {
        Mode::AnalysisOnly => "running in analysis-only mode: recommends, and changes nothing",
        Mode::RulesOnly => "running in rules-only mode: recommends by rules, and changes nothing",
        Mode::Apply => "running in apply mode: applies what is approved, and verifies it",
    }
}

/// The election that goes on beside the loop, if there is one.
#[derive(Default)]
struct Election {
    gate: Option<Gate>,
    task: Option<JoinHandle<Result<(), leader::Error>>>,
    stop: Option<oneshot::Sender<()>>,
}

impl Election {
    fn start(
        session: &Session,
        config: &WatchConfig,
        metrics: &Metrics,
        clock: Clock,
    ) -> Result<Self, Error> {
        let Some(Lease { namespace, name }) = &config.lease else {
            return Ok(Self::default());
        };
        let namespace = namespace.as_deref();
        let (stop, stopped) = oneshot::channel();
        let candidate = Candidate {
            cluster: session.cluster.clone(),
            identity: session.reporter.instance().to_owned(),
            namespace: namespace
                .unwrap_or_else(|| session.cluster.namespace())
                .to_owned(),
            name: name.clone(),
            timing: Timing::of_interval(config.interval)
                .map_err(|it| Error::usage(it.to_string()))?,
            clock,
            stop_within: GRACE / 2,
        };
        let elected = elect(candidate, async move {
            // That the other end is gone is the same wish.
            let _ = stopped.await;
        });
        // It ends with the election.
        tokio::spawn(counting::leads(elected.gate.changes(), metrics.clone()));
        Ok(Self {
            gate: Some(elected.gate),
            task: Some(elected.task),
            stop: Some(stop),
        })
    }
}

/// Waits for the election to end by itself: nobody renews the Lease then, and the process has to end.
async fn lost(task: &mut Option<JoinHandle<Result<(), leader::Error>>>) -> Error {
    if let Some(running) = task {
        let ended = finished(running.await);
        *task = None;
        if let Err(error) = ended {
            return error.into();
        }
    }
    std::future::pending().await
}

/// Lets the Lease go, if it is ours.
async fn release(
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<Result<(), leader::Error>>>,
) {
    drop(stop);
    if let Some(task) = task
        && let Ok(Ok(Err(error))) = timeout(GRACE, task).await
    {
        tracing::warn!(%error, "the Lease was not let go");
    }
}
