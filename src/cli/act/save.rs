//! Keeps what an analysis proposes, so that it can be approved and applied.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Session;
use crate::analysis::assessment::RiskLevel;
use crate::analysis::opinion::Opinion;
use crate::autoscaler::AutoscalerId;
use crate::autoscaler::target::TargetRef;
use crate::conduct::{self, Conductor};
use crate::error::Error;
use crate::fleet::Fleet;
use crate::lifecycle::record::{Proposal, Record};
use crate::lifecycle::schedule::review::Look;
use crate::lifecycle::settings;
use crate::lifecycle::step::{self, Event};
use crate::output::report::{AnalysisReport, Foretold, Item, Outcome, Reviewed};
use crate::schedule::Plan;
use crate::store::{self, Stored, Unusable};

/// What became of the recommendations of a report.
#[derive(Debug, Default)]
pub(in crate::cli) struct Kept {
    /// How many wait for a yes.
    pub(in crate::cli) waiting: usize,
    /// Why some were not kept, or what stands in their place.
    pub(in crate::cli) left_out: Vec<String>,
}

/// What is kept already in the namespaces of a report.
pub(in crate::cli) struct Shelf {
    records: Vec<Stored>,
    unusable: Vec<Unusable>,
    /// Namespaces whose recommendations cannot be listed, and why.
    closed: BTreeMap<String, String>,
}

/// Proposes what `report` recommends, and withdraws what it no longer does. What cannot be done with
/// one recommendation does not keep the others.
pub(in crate::cli) async fn save(
    session: &Session,
    conductor: &Conductor<'_>,
    report: &AnalysisReport,
    fleet: &Fleet,
) -> Result<Kept, Error> {
    let shelf = Shelf::of(session, report).await?;
    shelf.keep(conductor, report, fleet).await
}

/// Whether it says that no other one can be kept either.
fn ends_all(error: &conduct::Error) -> bool {
    matches!(
        error,
        conduct::Error::NotLeader(_)
            | conduct::Error::NoTime
            | conduct::Error::NoRandomness(_)
            | conduct::Error::Unrecorded { .. }
    )
}

/// A run over all that was analyzed.
struct Saving<'a> {
    conductor: &'a Conductor<'a>,
    shelf: &'a Shelf,
    /// When it was analyzed.
    taken_at: Timestamp,
    /// By the API server's clock, which is asked once there is something to save.
    now: Option<Timestamp>,
}

impl Saving<'_> {
    /// Whether it is proposed, and waits for a yes.
    async fn save(
        &mut self,
        item: &Item,
        proposal: Option<Proposal>,
    ) -> Result<bool, conduct::Error> {
        let (id, shelf) = (id(item), self.shelf);
        let reviewed = match (shelf.record(&id), &item.review) {
            (Some(stored), Some(review)) => Some(self.happen(stored, looked(review)).await?),
            (_, _) => None,
        };
        match (proposal, reviewed.as_ref().or(shelf.record(&id))) {
            (Some(proposal), Some(stored)) => {
                let event = Event::Proposed(Box::new(proposal));
                Ok(is_waiting(&self.happen(stored, event).await?))
            }
            (Some(_), None) if shelf.is_unusable(&id) => Ok(false),
            (Some(proposal), None) => {
                let name = shelf.free_name(&id)?;
                let mut record = Record::propose(id, proposal, self.now().await?);
                record.name = name;
                self.conductor.propose(&record).await?;
                let Record {
                    namespace, name, ..
                } = &record;
                tracing::info!(%namespace, %name, "created ScalingRecommendation");
                Ok(true)
            }
            // What could not be judged says nothing of what was proposed.
            (None, Some(stored))
                if item.outcome == Outcome::NoChange && !is_still_so(item, stored) =>
            {
                let why = item.reason.clone();
                let why = why.unwrap_or_else(|| "nothing is to be changed any more".to_owned());
                self.happen(stored, Event::Withdrawn { why }).await?;
                Ok(false)
            }
            (None, Some(_) | None) => Ok(false),
        }
    }

    /// Lets it happen to a record that it changes; the record then.
    async fn happen(&mut self, stored: &Stored, event: Event) -> Result<Stored, conduct::Error> {
        let policy = &self.conductor.policy;
        let step = step::step(&stored.record, event.clone(), policy, self.taken_at);
        // Nearly always nothing is new, and nobody need be asked for the time.
        if step.is_ok_and(|it| it.effects.is_empty()) {
            return Ok(stored.clone());
        }
        let now = self.now().await?;
        self.conductor.happen_at(stored, event, now).await
    }

    async fn now(&mut self) -> Result<Timestamp, conduct::Error> {
        let now = match self.now {
            Some(now) => now,
            None => self.conductor.now().await?,
        };
        self.now = Some(now);
        Ok(now)
    }
}

impl Shelf {
    pub(in crate::cli) async fn of(
        session: &Session,
        report: &AnalysisReport,
    ) -> Result<Self, Error> {
        let (mut records, mut unusable, mut closed) = (vec![], vec![], BTreeMap::new());
        let namespaces: BTreeSet<&str> = report.items.iter().map(|it| &*it.namespace).collect();
        for namespace in namespaces {
            match session.store.list(Some(namespace)).await {
                Ok(mut listed) => {
                    records.append(&mut listed.records);
                    unusable.append(&mut listed.malformed);
                }
                Err(error) => {
                    let error = Error::from(error).line();
                    let why = format!("recommendations in namespace {namespace}: {error}");
                    closed.insert(namespace.to_owned(), why);
                }
            }
        }
        Ok(Self {
            records,
            unusable,
            closed,
        })
    }

    /// As [`save`] does.
    pub(in crate::cli) async fn keep(
        &self,
        conductor: &Conductor<'_>,
        report: &AnalysisReport,
        fleet: &Fleet,
    ) -> Result<Kept, Error> {
        let mut kept = Kept {
            waiting: 0,
            left_out: self.unusable.iter().map(|it| it.why.clone()).collect(),
        };
        kept.left_out.extend(self.closed.values().cloned());
        let mut saving = Saving {
            conductor,
            shelf: self,
            taken_at: report.taken_at,
            now: None,
        };
        let items = report.items.iter();
        for item in items.filter(|it| !self.closed.contains_key(&it.namespace)) {
            let proposal = proposal(item, fleet, report.taken_at);
            match saving.save(item, proposal).await {
                Ok(is_waiting) => kept.waiting += usize::from(is_waiting),
                Err(error) if ends_all(&error) => return Err(error.into()),
                Err(error) => {
                    let error = Error::from(error);
                    kept.left_out
                        .push(format!("{}: {}", id(item), error.line()));
                }
            }
        }
        Ok(kept)
    }

    /// Whether what is recommended for `item` was rejected or taken back, and is not made again.
    pub(in crate::cli) fn refuses(&self, item: &Item, fleet: &Fleet, taken_at: Timestamp) -> bool {
        let stored = self.record(&id(item));
        stored.is_some_and(|it| {
            let proposal = proposal(item, fleet, taken_at);
            proposal.is_some_and(|new| step::is_refused(&it.record, &new))
        })
    }

    fn record(&self, id: &AutoscalerId) -> Option<&Stored> {
        self.records.iter().find(|it| it.record.autoscaler == *id)
    }

    /// Whether the recommendation for an autoscaler is there, and cannot be read.
    fn is_unusable(&self, id: &AutoscalerId) -> bool {
        self.unusable.iter().any(|it| {
            let is_meant = match &it.autoscaler {
                Some((kind, name)) => kind.parse() == Ok(id.kind) && *name == id.name,
                None => it.name == id.name,
            };
            it.namespace == id.namespace && is_meant
        })
    }

    /// That of the autoscaler, with its kind where another autoscaler has it.
    fn free_name(&self, id: &AutoscalerId) -> Result<String, store::Error> {
        let with_kind = format!("{}-{}", id.name, id.kind.short());
        let names = [id.name.clone(), with_kind.clone()];
        let free = names.into_iter().find(|it| !self.has(&id.namespace, it));
        free.ok_or_else(|| store::Error::Conflict {
            record: format!("rec/{with_kind} in namespace {}", id.namespace),
        })
    }

    fn has(&self, namespace: &str, name: &str) -> bool {
        let mut records = self.records.iter().map(|it| &it.record);
        let is_record = records.any(|it| it.namespace == namespace && it.name == name);
        let mut unusable = self.unusable.iter();
        is_record || unusable.any(|it| it.namespace == namespace && it.name == name)
    }
}

/// What an analysis says of the schedule that is in force.
fn looked(review: &Reviewed) -> Event {
    Event::Reviewed(Box::new(Look {
        windows: review.windows.clone(),
        standing: review.standing,
        detail: review.detail.clone(),
        chosen: review.chosen,
        now: review.now,
    }))
}

/// Whether a schedule that is to end does nothing still: the forecast learns a new rhythm, and is not
/// doubted any more, before the schedule is gone that was for the old one.
fn is_still_so(item: &Item, stored: &Stored) -> bool {
    let ends = stored.record.proposal.ends_schedule();
    ends && item.review.as_ref().is_some_and(|it| it.is_idle)
}

fn is_waiting(stored: &Stored) -> bool {
    stored.record.status.phase == crate::lifecycle::Phase::Pending
}

fn id(item: &Item) -> AutoscalerId {
    AutoscalerId {
        namespace: item.namespace.clone(),
        name: item.name.clone(),
        kind: item.kind,
    }
}

/// `None` where nothing is recommended.
fn proposal(item: &Item, fleet: &Fleet, taken_at: Timestamp) -> Option<Proposal> {
    let proposed = item.proposed.as_ref()?;
    let id = id(item);
    let subject = fleet.subjects.iter().find(|it| it.autoscaler.id == id);
    let in_force = &item.today.schedule;
    let json = |it: Result<Value, serde_json::Error>| it.unwrap_or_default();
    Some(Proposal {
        uid: subject.and_then(|it| it.autoscaler.uid.clone()),
        scales: Some(TargetRef {
            namespace: item.namespace.clone(),
            kind: item.target.kind.clone(),
            name: item.target.name.clone(),
        }),
        analyzed_at: Some(taken_at),
        risk: item.risk.unwrap_or(RiskLevel::High),
        summary: summary(item),
        saving_usd: item.saving.as_ref().and_then(|it| it.usd_per_month),
        saving_share: item.saving.as_ref().map(|it| it.share),
        diff: settings::diff(&item.today, proposed),
        schedule: windows(&proposed.schedule),
        schedule_before: match item.schedule() {
            Some(_) => windows(in_force),
            None => vec![],
        },
        losses: match item.schedule() {
            Some(new) if new.is_empty() => None,
            Some(_) => item.forecast.as_ref().map(Foretold::losses),
            None => subject.and_then(|it| it.autoscaler.losses),
        },
        evidence: json(serde_json::to_value(&item.evidence)),
        findings: json(serde_json::to_value(&item.findings)),
    })
}

/// As objects have them.
fn windows(schedule: &Plan) -> Vec<Value> {
    let windows = schedule.windows().iter();
    windows.map(|it| json!(it)).collect()
}

/// Why, by the rules, and then in the words of a language model, if there are any.
fn summary(item: &Item) -> String {
    let opinion = item.opinion.as_ref().filter(|it| it.trouble.is_none());
    let opinion = opinion.map(Opinion::line);
    let lines = item.because.iter().chain(&opinion);
    lines.map(|it| format!("- {it}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaler::AutoscalerKind;

    fn unusable(name: &str, autoscaler: Option<(&str, &str)>) -> Unusable {
        Unusable {
            namespace: "shop".to_owned(),
            name: name.to_owned(),
            autoscaler: autoscaler.map(|(kind, name)| (kind.to_owned(), name.to_owned())),
            why: String::new(),
        }
    }

    fn shelf(unusable: Vec<Unusable>) -> Shelf {
        Shelf {
            closed: BTreeMap::new(),
            records: vec![],
            unusable,
        }
    }

    fn hpa(namespace: &str) -> AutoscalerId {
        AutoscalerId {
            namespace: namespace.to_owned(),
            name: "web".to_owned(),
            kind: AutoscalerKind::HorizontalPodAutoscaler,
        }
    }

    #[test]
    fn a_name_that_another_autoscaler_has_gets_the_kind_after_it() {
        let theirs = || unusable("web", Some(("ScaledObject", "web")));
        let taken = shelf(vec![theirs()]);
        assert_eq!(shelf(vec![]).free_name(&hpa("shop")).unwrap(), "web");
        assert_eq!(taken.free_name(&hpa("shop")).unwrap(), "web-hpa");
        assert_eq!(taken.free_name(&hpa("bank")).unwrap(), "web");
        let both = shelf(vec![theirs(), unusable("web-hpa", None)]);
        let none = both.free_name(&hpa("shop")).unwrap_err();
        assert!(none.is_of_one(), "{none}");
    }

    #[test]
    fn a_record_that_cannot_be_read_is_that_of_the_autoscaler_that_it_names() {
        let cases = [
            (
                unusable("web", Some(("HorizontalPodAutoscaler", "web"))),
                true,
            ),
            (unusable("any", Some(("hpa", "web"))), true),
            (unusable("web", Some(("ScaledObject", "web"))), false),
            (
                unusable("web", Some(("HorizontalPodAutoscaler", "api"))),
                false,
            ),
            (unusable("web", None), true),
            (unusable("api", None), false),
        ];
        for (record, expected) in cases {
            let shelf = shelf(vec![record.clone()]);
            assert_eq!(shelf.is_unusable(&hpa("shop")), expected, "{record:?}");
            assert!(!shelf.is_unusable(&hpa("bank")));
        }
    }
}
