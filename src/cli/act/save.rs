//! Keeps what an analysis proposes, so that it can be approved and applied.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Session;
use crate::analysis::assessment::RiskLevel;
use crate::autoscaler::AutoscalerId;
use crate::autoscaler::target::TargetRef;
use crate::error::Error;
use crate::fleet::Fleet;
use crate::lifecycle::record::Proposal;
use crate::lifecycle::settings;
use crate::lifecycle::step::Event;
use crate::output::report::{AnalysisReport, Item, Outcome};
use crate::store::Stored;

/// Proposes what `report` recommends, and withdraws what it no longer does; how many wait for a yes.
pub(in crate::cli) async fn save(
    session: &Session,
    report: &AnalysisReport,
    fleet: &Fleet,
) -> Result<usize, Error> {
    let conductor = session.decider();
    let mut kept = vec![];
    let namespaces: BTreeSet<&str> = report.items.iter().map(|it| &*it.namespace).collect();
    for namespace in namespaces {
        kept.extend(session.store.list(Some(namespace)).await?.records);
    }
    let mut waiting = 0;
    let now = conductor.now().await?;
    for item in &report.items {
        let id = id(item);
        let place = kept.iter().position(|it| it.record.autoscaler == id);
        let stored = place.map(|it| kept.swap_remove(it));
        match (proposal(item, fleet, report), stored) {
            (Some(proposal), Some(stored)) => {
                let event = Event::Proposed(Box::new(proposal));
                let saved = conductor.happen(&stored, event).await?;
                waiting += usize::from(is_waiting(&saved));
            }
            (Some(proposal), None) => {
                conductor.propose(id, proposal, now).await?;
                waiting += 1;
            }
            // What could not be judged says nothing of what was proposed.
            (None, Some(stored)) if item.outcome == Outcome::NoChange => {
                let why = item.reason.clone();
                let why = why.unwrap_or_else(|| "nothing is to be changed any more".to_owned());
                conductor.happen(&stored, Event::Withdrawn { why }).await?;
            }
            (None, Some(_) | None) => {}
        }
    }
    Ok(waiting)
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
fn proposal(item: &Item, fleet: &Fleet, report: &AnalysisReport) -> Option<Proposal> {
    let proposed = item.proposed.as_ref()?;
    let id = id(item);
    let subject = fleet.subjects.iter().find(|it| it.autoscaler.id == id);
    let json = |it: Result<Value, serde_json::Error>| it.unwrap_or_default();
    Some(Proposal {
        uid: subject.and_then(|it| it.autoscaler.uid.clone()),
        scales: Some(TargetRef {
            namespace: item.namespace.clone(),
            kind: item.target.kind.clone(),
            name: item.target.name.clone(),
        }),
        analyzed_at: Some(report.taken_at),
        risk: item.risk.unwrap_or(RiskLevel::High),
        summary: item.because.iter().map(|it| format!("- {it}\n")).collect(),
        saving_usd: item.saving.as_ref().and_then(|it| it.usd_per_month),
        saving_share: item.saving.as_ref().map(|it| it.share),
        diff: settings::diff(&item.today, proposed),
        schedule: vec![],
        evidence: json(serde_json::to_value(&item.evidence)),
        findings: json(serde_json::to_value(&item.findings)),
    })
}
