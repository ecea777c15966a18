//! Takes a change back.

use jiff::Timestamp;
use serde_json::Value;

use super::audited::Underway;
use super::crash::crash_point;
use super::target::{Target, patch_back};
use super::{Conductor, Error, Failure, Reverted, TRIES, adopted, gone, of_name, undone};
use crate::audit::{Action, ObjectRef, Outcome, Verb};
use crate::autoscaler::{AutoscalerId, AutoscalerKind};
use crate::cluster::write::WriteError;
use crate::lifecycle::changes::{self, Change, Lost};
use crate::lifecycle::journal::Journal;
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::Write;
use crate::lifecycle::schedule::{self, floor::Floor};
use crate::lifecycle::step::Event;
use crate::store::{self, Stored};

impl Conductor<'_> {
    /// Takes a change back, as far as it is still ours.
    ///
    /// # Errors
    /// Where the record does not allow it, or nothing can be read.
    pub async fn revert(&self, stored: Stored, reason: &str) -> Result<Reverted, Error> {
        let mut was_begun = stored.record.status.attempt.is_some();
        let mut stored = self.settled(stored).await?;
        for _ in 0..TRIES {
            // What was begun, here or by another process, turned out to be done.
            if was_begun && stored.record.status.phase == Phase::RolledBack {
                return Ok(Reverted::Done(Box::new(stored), vec![]));
            }
            was_begun = true;
            match Box::pin(self.revert_once(&stored, reason)).await {
                Ok(Some(reverted)) => return Ok(reverted),
                Ok(None) | Err(Error::Store(store::Error::Conflict { .. })) => {}
                Err(error) => return Err(error),
            }
            stored = self.settled(self.again(&stored).await?).await?;
        }
        Err(Error::Busy {
            target: Target::of(&stored.record).title(),
        })
    }

    async fn revert_once(&self, stored: &Stored, reason: &str) -> Result<Option<Reverted>, Error> {
        let record = &stored.record;
        let target = Target::of(record);
        let read = self.cluster.object(&target.place()).await?;
        let now = match read.at {
            Some(now) => now,
            None => self.now().await?,
        };
        let action = Action {
            why: reason.to_owned(),
            ..self.audit.action_on(record, Verb::Revert)?
        };
        let Some(live) = read.value else {
            return self.overtaken(stored, action, now).await.map(Some);
        };
        let (begun_by, written) = match of_name(&live, record)? {
            Some(journal) => (Some(journal.clone()), journal.changes),
            None => (None, adopted(record)),
        };
        // A write that the record knows nothing of is entered first, so that it can be taken back.
        let entered;
        let stored = match begun_by {
            Some(journal) if !record.status.phase.is_in_force() => {
                entered = self.taken(stored, super::written(journal), now).await?.0;
                &entered
            }
            Some(_) | None => stored,
        };
        let held = stored.record.status.schedule.as_ref();
        let held = held.and_then(|it| it.floor.as_ref());
        let undoing = Undoing::of(&written, &live, record.autoscaler.kind, held);
        crash_point("revert-before-begin");
        let action = undoing.told(action);
        let (begun, underway) = self.begin_write(stored, action, Write::Revert, now).await?;
        crash_point("revert-before-write");
        self.write_back(begun, underway, undoing, reason, now).await
    }

    async fn write_back(
        &self,
        begun: Stored,
        underway: Underway<'_>,
        undoing: Undoing,
        reason: &str,
        now: Timestamp,
    ) -> Result<Option<Reverted>, Error> {
        let Undoing { patch, lost, .. } = undoing;
        let target = Target::of(&begun.record);
        let sending = self.send_back(&target, &patch);
        let (underway, sent) = self.by_leave(underway, &target.title(), sending).await?;
        crash_point("revert-after-write");
        let (event, failure) = match sent {
            Ok(after) => {
                underway.end_of_write(after).await;
                let event = Event::Reverted {
                    by: self.by.clone(),
                    reason: reason.to_owned(),
                    lost: lost.clone(),
                };
                (event, None)
            }
            Err(WriteError::Unknown(error)) => {
                let settled = self.settled(begun).await?;
                if settled.record.status.phase == Phase::RolledBack {
                    return Ok(Some(Reverted::Done(Box::new(settled), lost)));
                }
                let (target, source) = (target.title(), WriteError::Unknown(error));
                underway.end_of_failure(&source).await;
                return Err(Error::Write { target, source });
            }
            Err(error) => {
                underway.end_of_failure(&error).await;
                if let WriteError::Conflict { .. } = error {
                    // Read again.
                    return Ok(None);
                }
                let why = error.to_string();
                (Event::RevertFailed { why }, Some(Failure::Write(error)))
            }
        };
        let saved = Box::new(self.taken(&begun, event, now).await?.0);
        crash_point("revert-after-save");
        Ok(Some(match failure {
            Some(failure) => Reverted::Failed(saved, failure),
            None => Reverted::Done(saved, lost),
        }))
    }

    /// Records and enters that there is nothing left to take back.
    async fn overtaken(
        &self,
        stored: &Stored,
        action: Action,
        now: Timestamp,
    ) -> Result<Reverted, Error> {
        let underway = self.audit.begin(action).await?;
        let entered = self.taken(stored, gone(), now).await;
        let told = |it: &(Stored, _)| (Outcome::Done, it.0.record.status.detail.clone());
        let (saved, _) = underway.end_of(entered, told).await?;
        let why = saved.record.status.detail.clone();
        Ok(Reverted::Overtaken(Box::new(saved), why))
    }

    /// Takes the change back that the annotation of an autoscaler tells of, where the recommendation
    /// is lost; `None` where there is no such autoscaler, or no such annotation.
    ///
    /// # Errors
    /// Where the annotation cannot be read, or the write is not made.
    pub async fn revert_without_record(
        &self,
        id: &AutoscalerId,
        reason: &str,
    ) -> Result<Option<Vec<Lost>>, Error> {
        let target = Target::named(id.clone());
        for _ in 0..TRIES {
            let Some(live) = self.cluster.object(&target.place()).await?.value else {
                return Ok(None);
            };
            let Some(journal) = Journal::of(&live)? else {
                return Ok(None);
            };
            let undoing = Undoing::of(&journal.changes, &live, id.kind, None);
            let recommendation = ObjectRef::recommendation(&*id.namespace, journal.recommendation);
            let action = undoing.told(Action {
                recommendation: Some(recommendation),
                target: Some(target.reference(live["metadata"]["uid"].as_str())),
                why: reason.to_owned(),
                ..self.audit.action(Verb::Revert)?
            });
            let underway = self.audit.begin(action).await?;
            let sending = self.send_back(&target, &undoing.patch);
            let (underway, sent) = self.by_leave(underway, &target.title(), sending).await?;
            match sent {
                Ok(after) => {
                    underway.end_of_write(after).await;
                    return Ok(Some(undoing.lost));
                }
                Err(source) => {
                    underway.end_of_failure(&source).await;
                    if !matches!(source, WriteError::Conflict { .. }) {
                        let target = target.title();
                        return Err(Error::Write { target, source });
                    }
                }
            }
        }
        Err(Error::Busy {
            target: target.title(),
        })
    }
}

/// How a change is taken back.
struct Undoing {
    patch: Vec<Value>,
    changes: Vec<Change>,
    /// What others have changed since.
    lost: Vec<Lost>,
}

impl Undoing {
    /// Of what was `written`, and of what `live` shows of a schedule, of which a floor may be `held`
    /// that only the record tells of.
    fn of(written: &[Change], live: &Value, kind: AutoscalerKind, held: Option<&Floor>) -> Self {
        let shown = schedule::shown(live, kind, held);
        let taken_back = changes::take_back(written, &shown.without);
        let mut all = schedule::patch::changes(&shown.operations, live);
        all.extend(undone(written, &taken_back.lost));
        let operations = [shown.operations, taken_back.operations].concat();
        Self {
            patch: patch_back(live, &operations),
            changes: all,
            lost: taken_back.lost,
        }
    }

    /// The action with what is sent and what becomes of which value.
    fn told(&self, action: Action) -> Action {
        Action {
            changes: self.changes.clone(),
            request: Some(Value::from(self.patch.clone())),
            ..action
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::StatusCode;

    use super::*;
    use crate::cluster::fake;
    use crate::conduct::audited::tests::{audit, recorded};
    use crate::conduct::{Leave, Reporter, Witness};
    use crate::leader::{Candidate, Term, Timing, elect};
    use crate::lifecycle::guard::{License, Limits};
    use crate::lifecycle::step::Policy;
    use crate::store::{Files, Store};

    /// An HPA that tells of a change of ours; no Lease may be read.
    fn cluster() -> crate::cluster::Cluster {
        let journal = Journal {
            id: "4f1c".to_owned(),
            recommendation: "web".to_owned(),
            by: "ann".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            why: String::new(),
            changes: vec![Change {
                path: "/spec/minReplicas".to_owned(),
                from: Some(4.into()),
                to: Some(2.into()),
            }],
            schedule: crate::schedule::Plan::default(),
            losses: None,
        };
        fake::cluster(move |path, _| match path.contains("/leases") {
            true => fake::forbidden("no leases"),
            false => fake::answer(
                StatusCode::OK,
                serde_json::json!({ "metadata": { "name": "web", "namespace": "shop",
                    "resourceVersion": "7",
                    "annotations": { crate::lifecycle::journal::ANNOTATION: journal.to_text() } },
                    "spec": { "minReplicas": 2 } }),
            ),
        })
    }

    #[tokio::test]
    async fn what_another_process_is_to_write_has_an_end_in_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let (cluster, audit) = (cluster(), audit(folder.path()));
        let elected = elect(
            Candidate {
                cluster: cluster.clone(),
                identity: "a".to_owned(),
                namespace: "shop".to_owned(),
                name: "lease".to_owned(),
                timing: Timing::of_interval(Duration::from_secs(30)).unwrap(),
                clock: || Timestamp::UNIX_EPOCH,
                stop_within: Duration::from_secs(1),
            },
            std::future::pending(),
        );
        let term = Term {
            identity: "a".to_owned(),
            transitions: 0,
        };
        let conductor = Conductor {
            cluster: &cluster,
            store: &Store::Files(Files::in_folder(folder.path().to_owned())),
            audit: &audit,
            policy: Policy::default(),
            limits: Limits::default(),
            license: License::Valid,
            by: "ann".to_owned(),
            reason: String::new(),
            leave: Leave::Leader {
                gate: &elected.gate,
                term: &term,
            },
            witness: Witness::default(),
            reporter: &Reporter::person("laptop"),
        };
        let id = AutoscalerId {
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
            kind: AutoscalerKind::HorizontalPodAutoscaler,
        };
        let reverted = conductor.revert_without_record(&id, "too few").await;
        assert!(matches!(reverted, Err(Error::NotLeader(_))), "{reverted:?}");
        let results: Vec<String> = recorded(folder.path())
            .iter()
            .map(|it| it.annotation("stepscale.io/result").to_owned())
            .collect();
        assert_eq!(results, ["", "failed"]);
    }
}
