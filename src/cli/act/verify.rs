//! `verify`: judges changes on probation, once or until they have proved themselves; takes over what
//! others have put in force.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::Session;
use super::apply::{told, unanswered};
use super::decide::say;
use super::probation::Pass;
use super::status::write_list;
use crate::cli::context::Context;
use crate::conduct::{Adopted, Conductor};
use crate::config::act::{VerifyConfig, Waiting};
use crate::error::{Error, Exit};
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::Record;
use crate::output::progress::Stage;
use crate::output::records;
use crate::store::Stored;

pub(in crate::cli) async fn run(cx: Context, config: VerifyConfig) -> Result<Exit, Error> {
    let session = Session::open(&cx, &config.records.connection, &config.records.audit).await?;
    let conductor = Conductor {
        policy: config.probation.policy,
        ..session.decider()
    };
    let mut chosen = session.chosen(&cx, &config.records).await?;
    let unanswered = unanswered(&chosen);
    let mut exit = Exit::Clean;
    let mut waiting = config.waiting;
    if config.adopt {
        let started = cx.elapsed();
        (chosen, exit) = synced(&cx, &session, &conductor, chosen, &config.waiting).await?;
        waiting = waiting.less(cx.elapsed().saturating_sub(started));
    } else if config.records.names.is_empty() {
        chosen.retain(|it| is_watched(&it.record));
    }
    if chosen.is_empty() && exit == Exit::Clean {
        cx.note(&match unanswered {
            0 => "nothing is on probation: `kubectl stepscale status` lists what there is".to_owned(),
            some => format!(
                "nothing is on probation, {some} pending: `kubectl stepscale apply NAME` puts one in \
                 force"
            ),
        });
    }
    let pass = Pass {
        cx: &cx,
        session: &session,
        conductor: &conductor,
        probation: &config.probation,
        known: None,
        turn: None,
    };
    let said = Box::pin(watch(&pass, chosen, &waiting)).await;
    write_list(&cx, &said.records, config.form)?;
    Ok(worst(exit, said.exit))
}

/// Puts those on probation that are synced, and waits for the others where that is wanted; how it
/// ended for those that were not.
async fn synced(
    cx: &Context,
    session: &Session,
    conductor: &Conductor<'_>,
    chosen: Vec<Stored>,
    waiting: &Waiting,
) -> Result<(Vec<Stored>, Exit), Error> {
    let started = cx.elapsed();
    let (mut adopted, mut exit) = (vec![], Exit::Clean);
    let mut left = chosen;
    loop {
        let round = adopt(cx, conductor, left).await?;
        adopted.extend(round.adopted);
        exit = worst(exit, round.exit);
        if round.not_yet.is_empty() {
            return Ok((adopted, exit));
        }
        let Some(rest) = waiting.rest(cx.elapsed().saturating_sub(started)) else {
            return Ok((adopted, worst(exit, Exit::Inconclusive)));
        };
        tokio::time::sleep(rest).await;
        left = again(session, round.not_yet).await;
    }
}

/// What became of one try to adopt.
#[derive(Default)]
struct Round {
    adopted: Vec<Stored>,
    not_yet: Vec<Stored>,
    /// Of those that are neither.
    exit: Exit,
}

async fn adopt(
    cx: &Context,
    conductor: &Conductor<'_>,
    chosen: Vec<Stored>,
) -> Result<Round, Error> {
    let mut round = Round::default();
    for stored in chosen {
        match conductor.adopt(stored).await {
            Ok(Adopted::Done(stored)) => {
                say(cx, &stored, "adopted")?;
                round.adopted.push(*stored);
            }
            Ok(Adopted::Already(stored)) => round.adopted.push(*stored),
            Ok(Adopted::NotYet(stored, waiting)) => {
                let (title, diff) = (stored.record.title(), records::still(&waiting));
                cx.note(&format!("{title} is not synced yet: {diff}"));
                round.not_yet.push(*stored);
            }
            Err(error) => round.exit = worst(round.exit, told(cx, &error.into())),
        }
    }
    Ok(round)
}

/// Whether there is something to judge or to finish.
pub(in crate::cli) fn is_watched(record: &Record) -> bool {
    let status = &record.status;
    matches!(status.phase, Phase::Applied | Phase::Degraded)
        || status.phase.is_in_force() && status.attempt.is_some()
}

/// How it ended.
pub(super) struct Said {
    /// As they are kept at the end, as far as they could be read.
    pub(super) records: Vec<Stored>,
    pub(super) exit: Exit,
}

/// Looks until nothing is on probation any more, or as long as is wanted. Tells each change of state.
pub(super) async fn watch(pass: &Pass<'_>, mut records: Vec<Stored>, waiting: &Waiting) -> Said {
    let started = pass.cx.elapsed();
    let mut told_of = Told::default();
    loop {
        let kept = records.clone();
        let looked = pass.look(records).await;
        let (mut now, mut exit, mut is_over) = (vec![], Exit::Clean, true);
        for (result, kept) in looked.into_iter().zip(kept) {
            match result {
                Ok(stored) => {
                    told_of.tell(pass.cx, &stored.record);
                    is_over &= !is_watched(&stored.record);
                    exit = worst(exit, verdict(&stored.record, waiting.is_wanted()));
                    now.push(stored);
                }
                // Another try may find it.
                Err(error) => {
                    let ended = told_of.tell_error(pass.cx, &kept.record, &error);
                    exit = worst(exit, ended);
                    is_over &= !is_passing(ended);
                    now.push(kept);
                }
            }
        }
        let Some(rest) = waiting
            .rest(pass.cx.elapsed().saturating_sub(started))
            .filter(|_| !is_over)
        else {
            return Said { records: now, exit };
        };
        show(pass, &now).await;
        tokio::time::sleep(rest).await;
        records = again(pass.session, now).await;
    }
}

/// As they are kept by now: whoever waits is not alone.
async fn again(session: &Session, records: Vec<Stored>) -> Vec<Stored> {
    let mut now = vec![];
    for stored in records {
        let Record {
            namespace, name, ..
        } = &stored.record;
        let kept = session.store.get(namespace, name).await;
        now.push(kept.ok().flatten().unwrap_or(stored));
    }
    now
}

/// On a terminal, that somebody waits and for how long at most.
async fn show(pass: &Pass<'_>, records: &[Stored]) {
    let progress = pass.cx.progress();
    if !progress.is_shown() {
        return;
    }
    let records = records.iter().map(|it| &it.record);
    let waiting: Vec<&Record> = records.filter(|it| is_watched(it)).collect();
    let until = waiting.iter().filter_map(|it| it.status.probation_until);
    let now = pass.conductor.now().await;
    let left = until
        .max()
        .zip(now.ok())
        .map(|(until, now): (Timestamp, _)| until.duration_since(now));
    progress.resume();
    progress.at(&Stage::Probation {
        waiting: waiting.len(),
        left,
    });
}

/// What was said of each last, so that nothing is said twice.
#[derive(Default)]
struct Told(BTreeMap<(String, String), String>);

impl Told {
    fn is_news(&mut self, record: &Record, state: String) -> bool {
        let key = (record.namespace.clone(), record.name.clone());
        self.0.insert(key, state.clone()) != Some(state)
    }

    /// Numbers change with every look; what they mean does not.
    fn tell(&mut self, cx: &Context, record: &Record) {
        let status = &record.status;
        let gist = status.detail.split(':').next().unwrap_or_default();
        if self.is_news(record, format!("{}: {gist}", status.phase)) {
            cx.note(&records::standing(record));
        }
    }

    fn tell_error(&mut self, cx: &Context, record: &Record, error: &Error) -> Exit {
        let text = error.render();
        if self.is_news(record, text.clone()) {
            cx.note(text.trim_end());
        }
        error.exit()
    }
}

/// Whether it may be better at another try.
fn is_passing(exit: Exit) -> bool {
    exit == Exit::Unreachable
}

/// What a record says to a pipeline; `at_the_end` of a wait, what is not proved counts as such.
pub(in crate::cli) fn verdict(record: &Record, at_the_end: bool) -> Exit {
    let status = &record.status;
    match status.phase {
        Phase::Verified => Exit::Clean,
        Phase::Degraded | Phase::RolledBack => Exit::Reverted,
        Phase::Applied if status.errors > 0 => Exit::Unreachable,
        Phase::Applied if at_the_end => Exit::Inconclusive,
        Phase::Applied => Exit::Clean,
        // What others have put in its place proves nothing.
        Phase::Superseded => Exit::Inconclusive,
        Phase::Pending | Phase::Approved | Phase::Blocked | Phase::Failed | Phase::Rejected => {
            Exit::Refused
        }
    }
}

/// Of several, the one that a pipeline has to know of.
pub(in crate::cli) fn worst(a: Exit, b: Exit) -> Exit {
    let rank = |it: Exit| match it {
        Exit::Clean => 0,
        Exit::Inconclusive => 1,
        Exit::Reverted => 3,
        _ => 2,
    };
    if rank(b) > rank(a) { b } else { a }
}

impl Waiting {
    fn is_wanted(&self) -> bool {
        *self != Self::No
    }

    /// What is left of it after `passed`.
    fn less(self, passed: Duration) -> Self {
        match self {
            Self::No => Self::No,
            Self::Until { every, timeout } => Self::Until {
                every,
                timeout: timeout.map(|it| it.saturating_sub(passed)),
            },
        }
    }

    /// How long to wait before the next look, after `passed`; `None` where there is none.
    fn rest(&self, passed: Duration) -> Option<Duration> {
        match self {
            Self::No => None,
            Self::Until { every, timeout } => match timeout {
                Some(timeout) => {
                    let left = timeout.checked_sub(passed)?;
                    (!left.is_zero()).then(|| left.min(*every))
                }
                None => Some(*every),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::records::made_up;

    #[test]
    fn a_pipeline_hears_of_the_worst() {
        let cases = [
            (Phase::Verified, Exit::Clean, Exit::Clean),
            (Phase::Applied, Exit::Clean, Exit::Inconclusive),
            (Phase::Degraded, Exit::Reverted, Exit::Reverted),
            (Phase::RolledBack, Exit::Reverted, Exit::Reverted),
            (Phase::Pending, Exit::Refused, Exit::Refused),
            (Phase::Superseded, Exit::Inconclusive, Exit::Inconclusive),
        ];
        for (phase, once, at_the_end) in cases {
            let mut record = made_up::record();
            record.status.phase = phase;
            assert_eq!(verdict(&record, false), once, "{phase}");
            assert_eq!(verdict(&record, true), at_the_end, "{phase}");
        }
        let mut record = made_up::record();
        record.status.phase = Phase::Applied;
        record.status.errors = 1;
        assert_eq!(verdict(&record, false), Exit::Unreachable);
        let all = [
            Exit::Inconclusive,
            Exit::Unreachable,
            Exit::Reverted,
            Exit::Clean,
        ];
        assert_eq!(all.into_iter().fold(Exit::Clean, worst), Exit::Reverted);
        assert_eq!(worst(Exit::Refused, Exit::Inconclusive), Exit::Refused);
    }

    #[test]
    fn a_wait_ends_when_it_is_to() {
        let second = Duration::from_secs(1);
        assert_eq!(Waiting::No.rest(Duration::ZERO), None);
        let waiting = |timeout| Waiting::Until {
            every: 30 * second,
            timeout,
        };
        assert_eq!(waiting(None).rest(900 * second), Some(30 * second));
        let limited = waiting(Some(100 * second));
        assert_eq!(limited.rest(50 * second), Some(30 * second));
        assert_eq!(limited.rest(90 * second), Some(10 * second));
        assert_eq!(limited.rest(100 * second), None);
        assert_eq!(limited.rest(200 * second), None);
    }
}
