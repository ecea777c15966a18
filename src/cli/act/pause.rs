//! `pause` and `resume`: holds autoscalers that are named, and lets them scale again.

use std::time::Duration;

use serde_json::Value;

use super::Session;
use super::apply::told;
use super::decide::lost_line;
use super::verify::worst;
use crate::cli::context::Context;
use crate::conduct::Conductor;
use crate::conduct::pause::{Awaited, Paused, Resumed, When, Wish};
use crate::config::pause::{PauseConfig, Place, ResumeConfig};
use crate::error::{Error, Exit};
use crate::lifecycle::pause::effect::Effect;
use crate::lifecycle::pause::{Id, Kind, NotResumed, Note, Refusal};
use crate::output::{Page, pauses};
use crate::yaml;

pub(in crate::cli) async fn run(cx: Context, config: PauseConfig) -> Result<Exit, Error> {
    let (place, names, wish, reason, timeout) = match config {
        PauseConfig::List(place) => return list(&cx, &place).await,
        PauseConfig::Pause {
            place,
            names,
            wish,
            reason,
            timeout,
        } => (place, names, wish, reason, timeout),
    };
    let session = Session::open(&cx, &place.connection, &place.audit).await?;
    let conductor = Conductor {
        reason,
        ..session.decider()
    };
    let mut exit = Exit::Clean;
    // What cannot be done to one does not keep the others.
    for id in ids(&session, &place, names) {
        let ended = pause(&cx, &conductor, &id, &wish, timeout).await;
        exit = worst(exit, ended.unwrap_or_else(|error| told(&cx, &error)));
    }
    Ok(exit)
}

pub(in crate::cli) async fn resume(cx: Context, config: ResumeConfig) -> Result<Exit, Error> {
    let ResumeConfig {
        place,
        names,
        reason,
        timeout,
    } = config;
    let session = Session::open(&cx, &place.connection, &place.audit).await?;
    let conductor = session.decider();
    let why = match reason.as_str() {
        "" => "on request",
        reason => reason,
    };
    let mut exit = Exit::Clean;
    for id in ids(&session, &place, names) {
        let ended = resume_one(&cx, &conductor, &id, why, timeout).await;
        exit = worst(exit, ended.unwrap_or_else(|error| told(&cx, &error)));
    }
    Ok(exit)
}

fn ids(session: &Session, place: &Place, names: Vec<(Kind, String)>) -> Vec<Id> {
    let namespace = session.namespace(&place.namespaces);
    let namespace = namespace.unwrap_or_else(|| session.cluster.namespace());
    let id = |(kind, name)| Id {
        kind,
        namespace: namespace.to_owned(),
        name,
    };
    names.into_iter().map(id).collect()
}

async fn list(cx: &Context, place: &Place) -> Result<Exit, Error> {
    let session = Session::open(cx, &place.connection, &place.audit).await?;
    let namespace = session.namespace(&place.namespaces);
    let found = session.decider().pauses(namespace).await?;
    if found.is_empty() {
        cx.note(&match namespace {
            Some(namespace) => {
                format!("nothing is paused in namespace {namespace}: -A looks in all")
            }
            None => "nothing is paused".to_owned(),
        });
        return Ok(Exit::Clean);
    }
    let page = Page {
        width: cx.width(),
        with_namespace: namespace.is_none(),
    };
    cx.print_text(|out| pauses::write_table(out, &found, page))?;
    Ok(Exit::Clean)
}

async fn pause(
    cx: &Context,
    conductor: &Conductor<'_>,
    id: &Id,
    wish: &Wish,
    timeout: Duration,
) -> Result<Exit, Error> {
    let note = match conductor.pause(id, wish).await? {
        Paused::Done(note) => {
            say(cx, id, "paused")?;
            note
        }
        Paused::Renewed(note) => {
            say(cx, id, "paused as before")?;
            note
        }
        Paused::Refused(refusal) => return refused(cx, id, &refusal),
    };
    tell_end(cx, id, &note);
    let awaited = Awaited::Pause(wish.way);
    looked_at(cx, conductor, id, awaited, timeout).await
}

/// Nothing but a watch ends it by itself.
fn tell_end(cx: &Context, id: &Id, note: &Note) {
    let resume = command(id, "resume");
    cx.note(&match note.until {
        Some(until) => format!(
            "paused until {until}: a `kubectl stepscale watch --mode apply` resumes it then, and \
             nothing else does but `{resume}`"
        ),
        None => format!("`{resume}` lets it scale again"),
    });
}

/// Tells why, and where the patch is for somebody else prints it.
fn refused(cx: &Context, id: &Id, refusal: &Refusal) -> Result<Exit, Error> {
    if let Refusal::Owned { patch, .. } = refusal {
        let text = document(patch)?;
        cx.print(|out| out.write_all(text.as_bytes()))?;
    }
    cx.note(&format!("error: {id} is not paused: {refusal}"));
    cx.note(&format!("hint: {}", refusal.way_out(id)));
    Ok(Exit::Refused)
}

fn document(patch: &Value) -> Result<String, Error> {
    yaml::write(patch).map_err(|it| Error::Output(std::io::Error::other(it)))
}

async fn resume_one(
    cx: &Context,
    conductor: &Conductor<'_>,
    id: &Id,
    why: &str,
    timeout: Duration,
) -> Result<Exit, Error> {
    match conductor.resume(id, When::Asked, why).await? {
        Resumed::Done(resumption) => {
            say(cx, id, "resumed")?;
            let lost = resumption.lost.iter();
            lost.for_each(|it| cx.note(&lost_line(it)));
            looked_at(cx, conductor, id, Awaited::Resumption, timeout).await
        }
        Resumed::Not(NotResumed::NotPaused) => {
            cx.note(&format!("{id} is not paused"));
            Ok(Exit::Clean)
        }
        Resumed::Not(NotResumed::Otherwise(earlier)) => {
            cx.note(&format!(
                "error: {id} is paused, and not by stepscale: {earlier}"
            ));
            cx.note(&format!("hint: {}", earlier.way_out(id)));
            Ok(Exit::Refused)
        }
        // Only a watch waits for the time.
        Resumed::NotYet(note) => {
            cx.note(&format!("{id} is paused still: {note}"));
            Ok(Exit::Clean)
        }
    }
}

/// Waits until KEDA has reacted, and tells where it does not.
async fn looked_at(
    cx: &Context,
    conductor: &Conductor<'_>,
    id: &Id,
    awaited: Awaited,
    timeout: Duration,
) -> Result<Exit, Error> {
    match conductor.effect(id, awaited, timeout).await? {
        Effect::InForce => Ok(Exit::Clean),
        Effect::Not { seen, because } => {
            cx.note(&format!(
                "error: {id} is written, and KEDA has not reacted within {timeout:.1?}: {seen}"
            ));
            cx.note(&format!("hint: {because}"));
            Ok(Exit::Inconclusive)
        }
    }
}

fn command(id: &Id, verb: &str) -> String {
    let (kind, name) = (id.kind.short(), &id.name);
    format!("kubectl stepscale {verb} {kind}/{name} -n {}", id.namespace)
}

/// As kubectl tells: `scaledobject.keda.sh/orders paused`.
fn say(cx: &Context, id: &Id, what: &str) -> Result<(), Error> {
    cx.print(|out| writeln!(out, "{}/{} {what}", id.kind.qualified(), id.name))
}
