//! `status --history`: the story of each recommendation, and what the audit log of this machine has
//! about it.

use std::io::{self, Write};
use std::path::Path;

use jiff::Unit;

use super::Session;
use crate::audit::event::annotation;
use crate::audit::{self, Event, ObjectRef, Output, Told};
use crate::cli::context::Context;
use crate::cli::sources::finished;
use crate::config::act::{Records, StatusConfig};
use crate::error::{Error, Exit};
use crate::output::records::write_story;
use crate::state;
use crate::store::Stored;

pub(super) async fn run(
    cx: &Context,
    session: &Session,
    config: &StatusConfig,
) -> Result<Exit, Error> {
    let records = &config.records;
    let (objects, kept) = asked_for(cx, session, records).await?;
    let path = records.audit.path(state::folder().as_deref());
    if records.audit.log_file == Output::Stdout {
        cx.note("the audit log goes to standard output, so that none can be read");
    }
    let server = session.cluster.endpoint().server.clone();
    let told = told(cx, path.as_deref(), server, objects.clone()).await;
    let both: Vec<_> = kept.iter().zip(&told.events).collect();
    let unknown = both.iter().zip(&objects);
    let unknown = unknown.filter(|((kept, events), _)| kept.is_none() && events.is_empty());
    let missing: Vec<String> = unknown
        .map(|(_, it)| format!("rec/{} in namespace {}", it.name, it.namespace))
        .collect();
    if !missing.is_empty() {
        return Err(Error::NoRecommendation {
            missing,
            place: session.store.place(),
        });
    }
    cx.print(|out| {
        let mut all = both.iter().zip(&objects);
        all.try_for_each(|((kept, events), object)| write(out, object, kept.as_ref(), events))
    })?;
    if objects.is_empty() {
        let place = session.store.place();
        cx.note(&format!("no recommendations in {place}"));
    }
    Ok(Exit::Clean)
}

/// What is asked about, with its record where there is one.
async fn asked_for(
    cx: &Context,
    session: &Session,
    records: &Records,
) -> Result<(Vec<ObjectRef>, Vec<Option<Stored>>), Error> {
    let reference = |it: &Stored| {
        ObjectRef::recommendation(it.record.namespace.as_str(), it.record.name.as_str())
    };
    if records.names.is_empty() {
        let all = session.chosen(cx, records).await?;
        return Ok((
            all.iter().map(reference).collect(),
            all.into_iter().map(Some).collect(),
        ));
    }
    let namespace = session.namespace(&records.namespaces);
    let namespace = namespace.unwrap_or_else(|| session.cluster.namespace());
    let (mut objects, mut kept) = (vec![], vec![]);
    for name in &records.names {
        let stored = session.named(namespace, name).await?;
        objects.push(match &stored {
            Some(stored) => reference(stored),
            None => ObjectRef::recommendation(namespace, name.name.as_str()),
        });
        kept.push(stored);
    }
    Ok((objects, kept))
}

/// What the log has; what of it cannot be read is told.
async fn told(cx: &Context, path: Option<&Path>, server: String, objects: Vec<ObjectRef>) -> Told {
    let nothing = Told {
        events: vec![vec![]; objects.len()],
        damaged: vec![],
    };
    let Some(path) = path.map(Path::to_owned) else {
        return nothing;
    };
    let read = tokio::task::spawn_blocking(move || {
        let records = audit::read(&path)?;
        Ok::<_, audit::Error>(records.about_each(&server, &objects))
    });
    match finished(read.await) {
        Ok(told) => {
            let damaged = told.damaged.iter();
            damaged.for_each(|it| cx.note(&format!("warning: left out {it}")));
            told
        }
        Err(error) => {
            let error = Error::from(error).render();
            cx.note(error.trim_end().replacen("error:", "warning:", 1).as_str());
            nothing
        }
    }
}

fn write(
    out: &mut dyn Write,
    object: &ObjectRef,
    kept: Option<&Stored>,
    events: &[Event],
) -> io::Result<()> {
    match kept {
        Some(stored) => write_story(out, &stored.record)?,
        None => writeln!(
            out,
            "rec/{} in namespace {}: not kept any more",
            object.name, object.namespace
        )?,
    }
    if !events.is_empty() {
        writeln!(out, "audit log of this machine:")?;
    }
    let lines = actions(events).into_iter().map(line);
    lines.into_iter().try_for_each(|it| writeln!(out, "  {it}"))
}

/// The last record of each action, in the order in which they began.
fn actions(events: &[Event]) -> Vec<&Event> {
    let mut all: Vec<&Event> = vec![];
    for event in events {
        match all.iter_mut().find(|it| it.audit_id == event.audit_id) {
            Some(it) => *it = event,
            None => all.push(event),
        }
    }
    all
}

/// `2026-11-22T05:00:00Z  apply       done: patched HPA (ann on laptop: kubectl-stepscale apply web)`.
fn line(event: &Event) -> String {
    let at = event.request_received_timestamp;
    let at = at.round(Unit::Second).unwrap_or(at);
    let what = format!("{at}  {:<10}  {}", event.verb, ended(event));
    let why = [
        (annotation::WHY, "why"),
        (annotation::FORCED, "owner overruled"),
    ];
    let why = why.map(|(name, word)| match event.annotation(name) {
        "" => String::new(),
        text => format!("; {word}: {text}"),
    });
    let (host, command) = (
        event.annotation(annotation::HOST),
        event.annotation(annotation::COMMAND),
    );
    format!(
        "{what}{} ({} on {host}: {command})",
        why.concat(),
        who(event)
    )
}

/// How it ended, as far as is known.
fn ended(event: &Event) -> String {
    let result = match event.annotation(annotation::RESULT) {
        "" => return "begun, and nothing is known of its end".to_owned(),
        result => result,
    };
    let status = event.response_status.as_ref();
    let status = status.map(|it| [it.reason.as_str(), it.message.as_str()]);
    let parts = status.into_iter().flatten();
    let parts = parts.chain([event.annotation(annotation::DETAIL)]);
    let parts: Vec<&str> = parts.filter(|it| !it.is_empty()).collect();
    match parts.is_empty() {
        true => result.to_owned(),
        false => format!("{result}: {}", parts.join(": ")),
    }
}

/// `ann@example.com as robot, account ann`.
fn who(event: &Event) -> String {
    let mut text = event.user.username.clone();
    if let Some(acting) = &event.impersonated_user {
        text += &format!(" as {}", acting.username);
    }
    match event.annotation(annotation::OS_USER) {
        account if account.is_empty() || account == event.user.username => text,
        account => format!("{text}, account {account}"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::audit::settings::Settings;
    use crate::audit::{Action, Answer, Log, Origin, Outcome, User, Verb};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn origin() -> Origin {
        Origin {
            os_user: "ann".to_owned(),
            user: Some(User {
                username: "ann@example.com".to_owned(),
                groups: vec![],
            }),
            host: "laptop".to_owned(),
            command: ["kubectl-stepscale", "apply", "web"]
                .map(str::to_owned)
                .into(),
            server: "https://a".to_owned(),
            ..Origin::default()
        }
    }

    #[test]
    fn each_action_has_a_line_that_says_how_it_ended() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::new(Settings::default(), origin(), Some(folder.path())).unwrap();
        let object = ObjectRef::recommendation("shop", "web");
        let begin = |id: &str, seconds| {
            log.begin(Action {
                recommendation: Some(object.clone()),
                why: "idle".to_owned(),
                ..Action::new(id, at(seconds), Verb::Apply)
            })
        };
        let refused = Outcome::Refused {
            reason: "Paused".to_owned(),
            message: "it is paused".to_owned(),
        };
        let (first, second) = (begin("1", 0).unwrap(), begin("2", 5).unwrap());
        let _killed = begin("3", 9).unwrap();
        log.end(&second, &Answer::new(at(6), Outcome::Done))
            .unwrap();
        log.end(&first, &Answer::new(at(7), refused)).unwrap();
        let records = audit::read(&folder.path().join(audit::FILE_NAME)).unwrap();
        let told = records.about_each("https://a", std::slice::from_ref(&object));
        let mut out = vec![];
        write(&mut out, &object, None, &told.events[0]).unwrap();
        let by = "why: idle (ann@example.com, account ann on laptop: kubectl-stepscale apply web)";
        let expected = format!(
            "rec/web in namespace shop: not kept any more\naudit log of this machine:\n  \
             2027-01-15T08:00:00Z  apply       refused: Paused: it is paused; {by}\n  \
             2027-01-15T08:00:05Z  apply       done; {by}\n  \
             2027-01-15T08:00:09Z  apply       begun, and nothing is known of its end; {by}\n"
        );
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
