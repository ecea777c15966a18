//! `apply`: puts recommendations in force.

pub(in crate::cli) mod around;
mod for_git;
mod in_files;
mod picker;

use super::decide::say;
use super::probation::Pass;
use super::verify::worst;
use super::{Session, verify};
use crate::autoscaler::AutoscalerKind;
use crate::cli::context::Context;
use crate::cli::license;
use crate::conduct::{Applied, Conductor};
use crate::config::act::{ApplyConfig, DryRun, Waiting};
use crate::error::{Error, Exit};
use crate::lifecycle::changes;
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::Record;
use crate::lifecycle::step::Event;
use crate::output::records;
use crate::store::Stored;
use around::Around;
use picker::Answer;

pub(in crate::cli) async fn run(cx: Context, config: ApplyConfig) -> Result<Exit, Error> {
    let session = Session::open(&cx, &config.records.connection, &config.records.audit).await?;
    if let Some(files) = &config.files {
        return in_files::run(&cx, &session, &config, files).await;
    }
    let mut chosen = session.chosen(&cx, &config.records).await?;
    let unanswered = unanswered(&chosen);
    if config.records.names.is_empty() {
        chosen.retain(|it| is_open(&it.record, config.yes));
        let is_asking = !config.yes && config.dry_run == DryRun::None && config.for_git.is_none();
        if is_asking && !chosen.is_empty() {
            chosen = match picker::ask(&cx, chosen).await? {
                Answer::Apply(picked) => picked,
                Answer::Nothing(exit) => return Ok(exit),
            };
        }
    }
    if chosen.is_empty() {
        cx.note(&match unanswered {
            0 => "nothing to apply: `kubectl stepscale status` lists what there is".to_owned(),
            some => format!(
                "nothing is approved, {some} pending: `kubectl stepscale approve NAME` says yes to \
                 one, `apply NAME` applies it at once"
            ),
        });
        return Ok(Exit::Clean);
    }
    if let Some(asked) = &config.for_git {
        return for_git::print(&cx, &session, &chosen, asked).await;
    }
    match config.dry_run {
        DryRun::None | DryRun::Server => {}
        DryRun::Client => return foretell(&cx, &chosen),
    }
    let license = license::resolve(Some(&session.cluster), &config.license, cx.now()).await?;
    if let Some(warning) = license.warning() {
        cx.note(&format!("warning: {warning}"));
    }
    let conductor = Conductor {
        reason: config.reason.clone(),
        policy: config.probation.policy,
        ..session.conductor(config.limits.clone(), license.allowance())
    };
    let records = chosen.iter().map(|it| &it.record);
    let mut around = Around::of(&cx, &session, &conductor.limits, records);
    if config.dry_run == DryRun::Server {
        return rehearse(&cx, &conductor, &mut around, &chosen).await;
    }
    conductor.tell_license().await?;
    let (mut exit, mut in_force) = (Exit::Clean, vec![]);
    // What cannot be done to one does not keep the others.
    for stored in chosen {
        match apply(&cx, &mut around, &conductor, stored).await {
            Ok(Ok(stored)) => in_force.push(stored),
            Ok(Err(ended)) => exit = worst(exit, ended),
            Err(err) => exit = worst(exit, told(&cx, &err)),
        }
    }
    if config.waiting == Waiting::No {
        return Ok(exit);
    }
    let pass = Pass {
        cx: &cx,
        session: &session,
        conductor: &conductor,
        probation: &config.probation,
        known: None,
        turn: None,
    };
    let watched = verify::watch(&pass, in_force, &config.waiting).await;
    Ok(worst(exit, watched.exit))
}

/// How many wait for a yes.
pub(super) fn unanswered(records: &[Stored]) -> usize {
    let pending = |it: &&Stored| it.record.status.phase == Phase::Pending && !it.record.approved;
    records.iter().filter(pending).count()
}

/// Whether it waits for somebody to apply it; without anybody to ask, only what was approved.
pub(in crate::cli) fn is_open(record: &Record, only_approved: bool) -> bool {
    match record.status.phase {
        Phase::Pending => !only_approved || record.approved,
        Phase::Approved | Phase::Blocked | Phase::Failed => record.approved || !only_approved,
        Phase::Applied
        | Phase::Verified
        | Phase::Degraded
        | Phase::RolledBack
        | Phase::Rejected
        | Phase::Superseded => false,
    }
}

/// Tells an error; its exit code.
pub(super) fn told(cx: &Context, error: &Error) -> Exit {
    cx.note(error.render().trim_end());
    error.exit()
}

/// As it is kept, where it is in force.
///
/// # Errors
/// Where that cannot be found out; how it ended otherwise is within.
async fn apply(
    cx: &Context,
    around: &mut Around<'_>,
    conductor: &Conductor<'_>,
    stored: Stored,
) -> Result<Result<Stored, Exit>, Error> {
    let stored = conductor.settled(stored).await?;
    let by = conductor.by.clone();
    // To name it is to say yes to it.
    let stored = match stored.record.status.phase {
        Phase::Pending => conductor.happen(&stored, Event::Approved { by }).await?,
        Phase::Approved
        | Phase::Applied
        | Phase::Verified
        | Phase::Degraded
        | Phase::RolledBack
        | Phase::Blocked
        | Phase::Failed
        | Phase::Rejected
        | Phase::Superseded => stored,
    };
    let surroundings = around.surroundings(&stored.record).await?;
    match conductor.apply(stored, &surroundings).await? {
        Applied::Done(saved) => {
            say(cx, &saved, "applied")?;
            if let Some(until) = saved.record.status.probation_until {
                cx.note(&format!("on probation until {until}"));
            }
            if let Some(note) = needs_watch(&saved.record) {
                cx.note(&note);
            }
            Ok(Ok(*saved))
        }
        Applied::Already(saved) => {
            say(cx, &saved, "unchanged")?;
            Ok(Ok(*saved))
        }
        Applied::Refused(saved, refusal) => {
            let record = &saved.record;
            cx.note(&format!("error: {} is blocked: {refusal}", record.title()));
            cx.note(&format!("hint: {}", refusal.way_out(record)));
            Ok(Err(Exit::Refused))
        }
        Applied::Failed(saved, source) => Err(Error::NotDone {
            record: saved.record.title(),
            done: "applied",
            source,
        }),
    }
}

/// The windows of an HPA, of which a dry run shows nothing: those of a ScaledObject are triggers.
fn windows(record: &Record) -> Vec<String> {
    match record.autoscaler.kind {
        AutoscalerKind::HorizontalPodAutoscaler => record.proposal.windows(),
        AutoscalerKind::ScaledObject | AutoscalerKind::ScaledJob => vec![],
    }
}

/// Who carries out a schedule that KEDA does not.
fn needs_watch(record: &Record) -> Option<String> {
    let is_hpa = record.autoscaler.kind == AutoscalerKind::HorizontalPodAutoscaler;
    let has_schedule = record.status.schedule.is_some();
    (is_hpa && has_schedule).then(|| {
        format!(
            "an HPA knows no schedule: a running `kubectl stepscale watch --mode apply` keeps this \
             one, or what `kubectl stepscale apply rec/{} -n {} -o manifest` prints",
            record.name, record.namespace
        )
    })
}

/// What would change, by the record alone.
fn foretell(cx: &Context, chosen: &[Stored]) -> Result<Exit, Error> {
    for stored in chosen {
        let Record { name, proposal, .. } = &stored.record;
        cx.print(|out| {
            writeln!(
                out,
                "scalingrecommendation.stepscale.io/{name} would apply {} (client dry run)",
                proposal.one_line()
            )
        })?;
    }
    Ok(Exit::Clean)
}

/// What the API server would make of it, and what would keep it from being applied.
async fn rehearse(
    cx: &Context,
    conductor: &Conductor<'_>,
    around: &mut Around<'_>,
    chosen: &[Stored],
) -> Result<Exit, Error> {
    let mut exit = Exit::Clean;
    for stored in chosen {
        let record = &stored.record;
        // What is in force is left as it is.
        if !record.status.phase.is_in_force()
            && let Err(error) = conductor.may_begin(record).await
        {
            exit = worst(exit, told(cx, &Error::from(error)));
            continue;
        }
        let (live, after) = conductor.rehearsed(record).await?;
        let all = changes::between(&live, &after, &["/spec"]);
        cx.print(|out| {
            writeln!(
                out,
                "scalingrecommendation.stepscale.io/{} would apply (server dry run):",
                record.name
            )?;
            for change in &all {
                writeln!(out, "  {}", records::change(change))?;
            }
            for window in windows(record) {
                writeln!(out, "  {window}")?;
            }
            Ok(())
        })?;
        let surroundings = around.surroundings(record).await?;
        if let Some(refusal) = conductor.refusal(record, &surroundings).await? {
            let title = record.title();
            cx.note(&format!("error: {title} would be refused: {refusal}"));
            cx.note(&format!("hint: {}", refusal.way_out(record)));
            exit = worst(exit, Exit::Refused);
        }
    }
    Ok(exit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::records::made_up;

    #[test]
    fn without_anybody_to_ask_only_what_was_approved_is_applied() {
        let cases = [
            (Phase::Pending, false, true, false),
            (Phase::Pending, true, true, true),
            (Phase::Approved, true, true, true),
            (Phase::Blocked, true, true, true),
            (Phase::Blocked, false, true, false),
            (Phase::Failed, true, true, true),
            (Phase::Applied, true, false, false),
            (Phase::Rejected, false, false, false),
        ];
        for (phase, approved, with_somebody, alone) in cases {
            let mut record = made_up::record();
            record.status.phase = phase;
            record.approved = approved;
            assert_eq!(is_open(&record, false), with_somebody, "{phase}");
            assert_eq!(is_open(&record, true), alone, "{phase}");
        }
    }
}
