//! `approve`, `reject` and `revert`: decisions on recommendations that are named.

use super::Session;
use super::apply::told;
use crate::autoscaler::{AutoscalerId, AutoscalerKind};
use crate::cli::context::Context;
use crate::conduct::{Conductor, Reverted};
use crate::config::act::{DecideConfig, Deed};
use crate::error::{Error, Exit};
use crate::lifecycle::changes::Lost;
use crate::lifecycle::step::Event;
use crate::store::Stored;

pub(in crate::cli) async fn run(cx: Context, config: DecideConfig) -> Result<Exit, Error> {
    let session = Session::open(&cx, &config.records.connection, &config.records.audit).await?;
    let conductor = session.decider();
    let chosen = match (config.what, session.chosen(&cx, &config.records).await) {
        // The target knows what the record would.
        (Deed::Revert, Err(Error::NoRecommendation { .. })) => {
            return revert_by_annotation(&cx, &session, &config).await;
        }
        (_, chosen) => chosen?,
    };
    let mut exit = Exit::Clean;
    // What cannot be done to one does not keep the others.
    for stored in chosen {
        let ended = decide(&cx, &conductor, stored, &config).await;
        let ended = ended.unwrap_or_else(|err| told(&cx, &err));
        if exit == Exit::Clean {
            exit = ended;
        }
    }
    Ok(exit)
}

/// For names of which some have no record: those that have are taken back by it.
async fn revert_by_annotation(
    cx: &Context,
    session: &Session,
    config: &DecideConfig,
) -> Result<Exit, Error> {
    let conductor = session.decider();
    let namespace = session.namespace(&config.records.namespaces);
    let namespace = namespace.unwrap_or_else(|| session.cluster.namespace());
    let mut exit = Exit::Clean;
    for argument in &config.records.names {
        let ended = match session.named(namespace, argument).await? {
            Some(stored) => decide(cx, &conductor, stored, config).await,
            None => {
                let id = AutoscalerId {
                    namespace: namespace.to_owned(),
                    name: argument.name.clone(),
                    kind: argument
                        .kind
                        .unwrap_or(AutoscalerKind::HorizontalPodAutoscaler),
                };
                revert_one(cx, session, &id, or_asked_for(&config.reason)).await
            }
        };
        let ended = ended.unwrap_or_else(|err| told(cx, &err));
        if exit == Exit::Clean {
            exit = ended;
        }
    }
    Ok(exit)
}

async fn revert_one(
    cx: &Context,
    session: &Session,
    id: &AutoscalerId,
    reason: &str,
) -> Result<Exit, Error> {
    match session.decider().revert_without_record(id, reason).await? {
        Some(lost) => {
            let name = &id.name;
            cx.print(|out| writeln!(out, "horizontalpodautoscaler.autoscaling/{name} reverted"))?;
            lost.iter().for_each(|it| cx.note(&lost_line(it)));
            Ok(Exit::Clean)
        }
        None => Err(Error::NoRecommendation {
            missing: vec![format!("rec/{} in namespace {}", id.name, id.namespace)],
            place: session.store.place(),
        }),
    }
}

/// Clean where it was done.
async fn decide(
    cx: &Context,
    conductor: &Conductor<'_>,
    stored: Stored,
    config: &DecideConfig,
) -> Result<Exit, Error> {
    let (by, reason) = (conductor.by.clone(), config.reason.clone());
    match config.what {
        Deed::Approve => {
            let stored = conductor.settled(stored).await?;
            let saved = conductor.happen(&stored, Event::Approved { by }).await?;
            say(cx, &saved, "approved")
        }
        Deed::Reject => {
            let stored = conductor.settled(stored).await?;
            let event = Event::Rejected { by, reason };
            say(cx, &conductor.happen(&stored, event).await?, "rejected")
        }
        Deed::Revert => match conductor.revert(stored, or_asked_for(&reason)).await? {
            Reverted::Done(saved, lost) => {
                say(cx, &saved, "reverted")?;
                lost.iter().for_each(|it| cx.note(&lost_line(it)));
                Ok(Exit::Clean)
            }
            Reverted::Overtaken(saved, why) => {
                cx.note(&format!("{}: {why}", saved.record.title()));
                Ok(Exit::Clean)
            }
            Reverted::Failed(saved, source) => Err(Error::NotDone {
                record: saved.record.title(),
                done: "reverted",
                source,
            }),
        },
    }
}

fn or_asked_for(reason: &str) -> &str {
    match reason.is_empty() {
        true => "taken back on request",
        false => reason,
    }
}

/// As kubectl tells: `scalingrecommendation.stepscale.io/web approved`.
pub(super) fn say(cx: &Context, stored: &Stored, what: &str) -> Result<Exit, Error> {
    let name = &stored.record.name;
    cx.print(|out| writeln!(out, "scalingrecommendation.stepscale.io/{name} {what}"))?;
    Ok(Exit::Clean)
}

/// `left as it is: /spec/minReplicas is 7, was written as 2`.
pub(super) fn lost_line(lost: &Lost) -> String {
    let value = |it: &Option<serde_json::Value>| match it {
        Some(value) => value.to_string(),
        None => "gone".to_owned(),
    };
    let (ours, now) = (value(&lost.ours), value(&lost.now));
    format!(
        "left as it is: {} is {now}, was written as {ours}",
        lost.path
    )
}
