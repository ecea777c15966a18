//! `triggers`: what KEDA's triggers measure now, beside what KEDA says.

mod authentication;
mod environment;
mod judging;
mod looking;
mod objects;

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::sync::Mutex;

use super::context::Context;
use super::selected;
use crate::autoscaler::{AutoscalerId, AutoscalerKind};
use crate::cluster::{self, Cluster, Namespaces};
use crate::config::Named;
use crate::config::form::Choice;
use crate::config::triggers::{ScaledKind, TriggersConfig, Watching};
use crate::error::{Error, Exit};
use crate::keda::trigger::kafka::LagMemory;
use crate::output::progress::Stage;
use crate::output::triggers::{Item, State, TriggersReport, write};
use crate::output::{Page, View};
use crate::triggers::Proxy;
use crate::triggers::lag::{Brokers, Lags};
use objects::Scaled;

/// Objects that are looked at at once, each with all its triggers.
const AT_ONCE: usize = 8;

/// Between two looks where there is nothing that says how often KEDA looks.
const PAUSE: Duration = Duration::from_secs(30);

/// The shortest pause between two looks that is taken from an object.
const SHORTEST: Duration = Duration::from_secs(1);

/// What looks at triggers have in common.
struct Session<'a, L> {
    cx: &'a Context,
    cluster: &'a Cluster,
    keda_namespace: &'a str,
    proxy: Proxy,
    lags: L,
    limit: Duration,
    /// What kafka triggers remember from one look to the next, by namespace, name and place.
    memories: Mutex<BTreeMap<(String, String, usize), LagMemory>>,
}

pub(super) async fn run(cx: Context, config: TriggersConfig) -> Result<Exit, Error> {
    let to = "the cluster".to_owned();
    cx.progress().at(&Stage::Connect { to });
    let cluster = cluster::connect(&config.connection).await?;
    cluster.require_keda().await?;
    let keda_namespace = match &config.keda_namespace {
        Some(namespace) => namespace.clone(),
        None => cluster.keda_namespace().await,
    };
    let session = Session {
        cx: &cx,
        cluster: &cluster,
        keda_namespace: &keda_namespace,
        proxy: Proxy::new(cluster.client().clone(), keda_namespace.clone()),
        lags: Brokers,
        limit: config.timeout,
        memories: Mutex::default(),
    };
    loop {
        let report = session.look(&config).await?;
        session.tell(&report, &config)?;
        let Watching::Every(every) = config.watching else {
            return Ok(exit(&report));
        };
        tokio::time::sleep(every.unwrap_or_else(|| pause(&report))).await;
    }
}

/// What the triggers of one object measure now, each asked for no longer than `limit`.
///
/// # Errors
/// Where the cluster has no KEDA, or the object cannot be read.
pub(super) async fn one(
    cx: &Context,
    cluster: &Cluster,
    connection: &cluster::Options,
    id: &AutoscalerId,
    limit: Duration,
) -> Result<TriggersReport, Error> {
    cluster.require_keda().await?;
    let keda_namespace = cluster.keda_namespace().await;
    let session = Session {
        cx,
        cluster,
        keda_namespace: &keda_namespace,
        proxy: Proxy::new(cluster.client().clone(), keda_namespace.clone()),
        lags: Brokers,
        limit,
        memories: Mutex::default(),
    };
    let kind = match id.kind {
        AutoscalerKind::ScaledJob => ScaledKind::ScaledJob,
        AutoscalerKind::ScaledObject | AutoscalerKind::HorizontalPodAutoscaler => {
            ScaledKind::ScaledObject
        }
    };
    let config = TriggersConfig {
        connection: connection.clone(),
        namespaces: Namespaces::One(id.namespace.clone()),
        only: Some(kind),
        names: vec![Named {
            kind: Some(kind),
            name: id.name.clone(),
        }],
        timeout: limit,
        keda_namespace: None,
        form: Choice::default(),
        view: View::default(),
        watching: Watching::No,
    };
    session.look(&config).await
}

impl<L: Lags> Session<'_, L> {
    async fn look(&self, config: &TriggersConfig) -> Result<TriggersReport, Error> {
        let scaled = objects::chosen(self.cluster, config).await?;
        let items = scaled.into_iter().map(async |it| match it {
            Ok(scaled) => self.look_at(scaled).await,
            Err(unreadable) => judging::unreadable(unreadable),
        });
        let mut items: Vec<Item> = stream::iter(items).buffered(AT_ONCE).collect().await;
        items.sort_by(|a, b| {
            let key = |it: &Item| (it.namespace.clone(), it.kind, it.name.clone());
            key(a).cmp(&key(b))
        });
        Ok(TriggersReport::new(items, self.cx.now()))
    }

    async fn look_at(&self, scaled: Scaled) -> Item {
        let surroundings = self.surroundings(&scaled).await;
        let looked = self.triggers(&scaled, &surroundings).await;
        judging::item(&scaled, &surroundings, looked, self.cx.now())
    }

    fn tell(&self, report: &TriggersReport, config: &TriggersConfig) -> Result<(), Error> {
        let cx = self.cx;
        if report.items.is_empty() {
            cx.note("no ScaledObject and no ScaledJob here: -A looks in all namespaces");
        }
        let page = Page {
            width: cx.width(),
            with_namespace: matches!(config.namespaces, Namespaces::All | Namespaces::Several(_)),
        };
        let form = match &config.form {
            Choice::Selected(selection) => {
                return selected::print(cx, selection, report, !config.view.no_headers);
            }
            Choice::Form(form) => *form,
        };
        if !form.is_for_people() {
            return cx.print(|out| write(out, report, form, page, &config.view));
        }
        let is_watch = config.watching != Watching::No;
        cx.print_text(|out| {
            if is_watch {
                writeln!(out, "{:.0}", report.checked_at)?;
            }
            write(out, report, form, page, &config.view)?;
            match is_watch {
                true => writeln!(out),
                false => Ok(()),
            }
        })
    }
}

/// A source that failed may be the reason for anything else.
fn exit(report: &TriggersReport) -> Exit {
    let is_unreadable = report.items.iter().any(|it| it.message.is_some());
    if is_unreadable || report.has(State::Failed) {
        Exit::Unreachable
    } else if report.has(State::Refused) {
        Exit::Found
    } else {
        Exit::Clean
    }
}

/// As often as KEDA looks at the one that it looks at most often.
fn pause(report: &TriggersReport) -> Duration {
    let seconds = report.items.iter().map(|it| it.polling_interval).min();
    let pause = seconds.and_then(|it| it.try_into().ok());
    pause.map_or(PAUSE, Duration::from_secs).max(SHORTEST)
}

/// What went wrong with the cluster, and the way out.
fn told(error: cluster::Error) -> String {
    let error = Error::from(error);
    match error.hint() {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    }
}
