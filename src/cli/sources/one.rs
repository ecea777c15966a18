//! One autoscaler with its history.

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::{Asked, ask};
use crate::analysis;
use crate::autoscaler::workload::Workload;
use crate::cluster::Scope;
use crate::config::Question;
use crate::error::Error;
use crate::fleet::{ClusterName, Subject};
use crate::history::History;
use crate::metrics::{Delivery, Reading};
use crate::output::progress::Progress;

/// The autoscaler that was named, with everything that is known of its past.
#[derive(Debug)]
pub(in crate::cli) struct One {
    pub(in crate::cli) cluster: ClusterName,
    pub(in crate::cli) subject: Subject,
    /// That of the subject, which could be read.
    pub(in crate::cli) workload: Workload,
    pub(in crate::cli) history: History,
    pub(in crate::cli) reading: Reading,
    /// The snapshot's time, `--now`, or `now`.
    pub(in crate::cli) taken_at: Timestamp,
}

/// Reads the one autoscaler that `question` names.
///
/// # Errors
/// If there are several, or its target or history cannot be read.
pub(in crate::cli) async fn one(
    question: &Question,
    progress: &Progress,
    now: Timestamp,
) -> Result<One, Error> {
    let scope = question.scope.clone();
    let answered = ask(question, progress, now, move |asked| {
        check(asked, &scope)?;
        // There is one history at most, so that nobody waits for a place.
        let (sender, receiver) = mpsc::channel(1);
        Ok((receiver, sender))
    });
    let mut answered = answered.await?;
    let reading = answered.reading?;
    let Asked { fleet, now, .. } = answered.asked;
    let (cluster, subject) = (fleet.cluster.clone(), fleet.subjects[0].clone());
    let history = match answered.taker.try_recv() {
        Ok(Delivery { history, .. }) => history.map_err(|why| Error::NoPast {
            autoscaler: subject.autoscaler.id.clone(),
            why,
        })?,
        Err(_) => History::default(),
    };
    Ok(One {
        cluster,
        workload: workload(&subject)?.clone(),
        subject,
        history,
        reading,
        taken_at: now,
    })
}

/// Refuses what need not be asked about.
fn check(asked: &Asked, scope: &Scope) -> Result<(), Error> {
    refuse_several(asked, scope)?;
    let subject = &asked.fleet.subjects[0];
    replayable(subject).map(drop)
}

/// Refuses more than one.
pub(super) fn refuse_several(asked: &Asked, scope: &Scope) -> Result<(), Error> {
    match asked.fleet.subjects.as_slice() {
        [_] => Ok(()),
        subjects => {
            let named = scope.names.first();
            Err(Error::Ambiguous {
                name: named.map_or_else(String::new, |it| it.name.clone()),
                found: subjects.iter().map(|it| it.autoscaler.id.clone()).collect(),
            })
        }
    }
}

/// The target of what a replay can be made of.
///
/// # Errors
/// Where somebody else decides its settings, its past is not of replicas, or its target cannot be
/// read.
pub(in crate::cli) fn replayable(subject: &Subject) -> Result<&Workload, Error> {
    if let Some(owner) = &subject.autoscaler.owner {
        return Err(Error::Owned {
            autoscaler: subject.autoscaler.id.clone(),
            owner: owner.clone(),
        });
    }
    if let Some(why) = analysis::not_replayed(&subject.autoscaler) {
        return Err(Error::NoPast {
            autoscaler: subject.autoscaler.id.clone(),
            why,
        });
    }
    if subject.autoscaler.jobs.is_some() {
        return Err(Error::NoPast {
            autoscaler: subject.autoscaler.id.clone(),
            why: "it makes jobs, which only `analyze` and `explain` replay".to_owned(),
        });
    }
    workload(subject)
}

/// # Errors
/// Where its workload could not be read.
pub(in crate::cli) fn workload(subject: &Subject) -> Result<&Workload, Error> {
    let autoscaler = &subject.autoscaler;
    subject.workload.as_ref().map_err(|reason| Error::NoPast {
        autoscaler: autoscaler.id.clone(),
        why: analysis::unreadable(autoscaler, reason),
    })
}
