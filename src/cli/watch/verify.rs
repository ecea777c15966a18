//! The pass that judges what is on probation: several namespaces at once, each with its share of the
//! time.

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};

use super::passes::Ended;
use super::tick::Watch;
use super::turns::{Name, Turns, name};
use crate::cli::act::probation::{Pass, Turn};
use crate::cli::act::verify::is_watched;
use crate::cli::sources::Known;
use crate::conduct::Conductor;
use crate::error::Error;
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::Record;
use crate::signals::metrics;
use crate::store::Stored;

/// Namespaces that are looked at at once. Each may send a Prometheus as many requests as are allowed
/// at once.
const AT_ONCE: usize = 4;

/// What was not judged in time.
#[derive(Default)]
pub(super) struct Unjudged {
    /// Whether it is not even known what there is to judge.
    is_all: bool,
    records: BTreeSet<Name>,
}

impl Unjudged {
    /// Whether all was judged that there is to judge.
    pub(super) fn is_empty(&self) -> bool {
        !self.is_all && self.records.is_empty()
    }

    /// Whether something in a namespace may do harm unseen.
    pub(super) fn has(&self, namespace: &str) -> bool {
        self.is_all || self.records.iter().any(|it| it.0 == namespace)
    }
}

impl Watch<'_> {
    pub(super) async fn verify(&self, conductor: &Conductor<'_>) -> Unjudged {
        let began = Instant::now();
        let until = began + self.pass_budget();
        let verifying = self.verify_until(conductor, until).await;
        let late = verifying.as_ref().map(|it| &it.records);
        let ended = Ended::of(late, self.is_stopped());
        self.pass(metrics::Pass::Verify, began, &ended);
        match verifying {
            Ok(unjudged) => {
                self.unverified
                    .note(unjudged.records.clone(), &BTreeSet::new());
                unjudged
            }
            // Whoever had no turn before has had none now.
            Err(_) => Unjudged {
                is_all: true,
                ..Unjudged::default()
            },
        }
    }

    async fn verify_until(
        &self,
        conductor: &Conductor<'_>,
        until: Instant,
    ) -> Result<Unjudged, Error> {
        let mut listed = self.listed_until(until).await?;
        listed.retain(|it| is_watched(&it.record));
        // What is not known is read.
        let known = self.ongoing.known().await.ok();
        let groups = self.unverified.by_namespace(listed);
        if let Some(known) = &known {
            known.only(&groups.iter().map(|it| it.0.clone()).collect());
        }
        let asked = self.ongoing.traffic();
        let turns = Turns::new(until, groups.len(), AT_ONCE);
        let looks = groups.into_iter().map(|(_, group)| {
            let (turns, known) = (&turns, known.as_ref());
            async move { self.look(conductor, known, group, turns, until).await }
        });
        let late: Vec<Vec<Stored>> = stream::iter(looks)
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let now = self.ongoing.traffic();
        let queries = now.requests.saturating_sub(asked.requests);
        let bytes = now.bytes.saturating_sub(asked.bytes);
        if queries > 0 {
            tracing::debug!(queries, bytes, "looked at what is on probation");
        }
        Ok(Unjudged {
            is_all: false,
            records: late.iter().flatten().map(name).collect(),
        })
    }

    /// Judges some of one namespace; those for which there was no time.
    async fn look(
        &self,
        conductor: &Conductor<'_>,
        known: Option<&Known<'_>>,
        group: Vec<Stored>,
        turns: &Turns,
        until: Instant,
    ) -> Vec<Stored> {
        if self.is_stopped() {
            return group;
        }
        let Some(length) = turns.next() else {
            group.iter().for_each(|it| told_late(&it.record));
            return group;
        };
        let pass = Pass {
            cx: self.cx,
            session: self.session,
            conductor,
            probation: &self.config.probation,
            known,
            turn: Some(Turn {
                began: Instant::now(),
                length,
            }),
        };
        // Its parts end in time by themselves; whatever does not is given up.
        let looked = timeout_at(until, pass.look(group.clone())).await;
        let Ok(looked) = looked else {
            group.iter().for_each(|it| told_late(&it.record));
            return group;
        };
        let mut late = vec![];
        for (looked, before) in looked.into_iter().zip(group) {
            match looked {
                Ok(stored) => tell_end(&stored.record, before.record.status.phase),
                Err(Error::Late { .. }) => {
                    told_late(&before.record);
                    late.push(before);
                }
                Err(error) => {
                    let title = before.record.title();
                    let error = error.render();
                    tracing::warn!(error = error.trim_end(), "{title} was not verified");
                }
            }
        }
        late
    }
}

/// Tells how a probation ended, if it has.
fn tell_end(record: &Record, before: Phase) {
    let Record {
        namespace,
        name,
        status,
        ..
    } = record;
    let detail = &status.detail;
    match status.phase {
        phase if phase == before => {}
        Phase::Verified => tracing::info!(%namespace, %name, "verified recommendation"),
        Phase::RolledBack => {
            tracing::warn!(%namespace, %name, detail, "auto-reverted degraded recommendation");
        }
        Phase::Degraded => tracing::warn!(%namespace, %name, detail, "degraded recommendation"),
        Phase::Pending
        | Phase::Approved
        | Phase::Applied
        | Phase::Blocked
        | Phase::Failed
        | Phase::Rejected
        | Phase::Superseded => {}
    }
}

fn told_late(record: &Record) {
    let title = record.title();
    tracing::warn!("{title} was not verified in time; it comes first in the next tick");
}
