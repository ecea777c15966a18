//! What a recommendation saves: projected while it waits, measured once it is in force.

use std::time::Duration;

use serde_json::Value;

use super::phase::Phase;
use super::record::Record;
use crate::units::ReplicaHours;

/// A saving over a known time; negative where more is needed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Saving {
    pub hours: ReplicaHours,
    /// In which these were saved.
    pub over: Duration,
    /// US dollars a month at the same rate; `None` without prices.
    pub usd_monthly: Option<f64>,
}

impl Saving {
    /// Replica-hours an hour; `None` for no time at all.
    fn replicas(&self) -> Option<f64> {
        let hours = self.over.as_secs_f64() / 3600.0;
        (hours > 0.0).then(|| self.hours.hours() / hours)
    }
}

/// What a recommendation that waits for a yes, or to be applied, would save by its evidence; `None`
/// for any other one.
pub fn projected(record: &Record) -> Option<Saving> {
    match record.status.phase {
        Phase::Pending | Phase::Approved | Phase::Blocked | Phase::Failed => Some(foretold(record)),
        Phase::Applied
        | Phase::Verified
        | Phase::Degraded
        | Phase::RolledBack
        | Phase::Rejected
        | Phase::Superseded => None,
    }
}

/// What a change that is in force has saved by the last check; `None` where it is in force no more, or
/// nothing was compared.
pub fn measured(record: &Record) -> Option<Saving> {
    if !record.status.phase.is_in_force() {
        return None;
    }
    let measured = record.status.measured.as_ref()?;
    let saving = Saving {
        hours: ReplicaHours::from_hours(measured["saving"]["replicaHours"].as_f64()?),
        over: minutes(&measured["knownMinutes"]),
        usd_monthly: None,
    };
    // At the price that the projection went by.
    let foretold = foretold(record);
    let price = foretold.usd_monthly.zip(foretold.replicas());
    let price = price.map(|(usd, replicas)| usd / replicas);
    let usd_monthly = price
        .zip(saving.replicas())
        .map(|(price, replicas)| price * replicas);
    Some(Saving {
        usd_monthly: usd_monthly.filter(|it| it.is_finite()),
        ..saving
    })
}

/// What the analysis foretold. What others wrote has no evidence, and so no replica-hours.
fn foretold(record: &Record) -> Saving {
    let evidence = &record.proposal.evidence;
    let hours = |side: &str| evidence[side]["replicaHours"].as_f64();
    let saved = hours("today").zip(hours("proposed"));
    let saved = saved.map_or(0.0, |(today, proposed)| today - proposed);
    Saving {
        hours: ReplicaHours::from_hours(saved),
        over: minutes(&evidence["today"]["knownMinutes"]),
        usd_monthly: record.proposal.saving_usd,
    }
}

fn minutes(value: &Value) -> Duration {
    let seconds = value.as_f64().unwrap_or_default() * 60.0;
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::lifecycle::form;

    /// Two replicas less over ten days, at 50 dollars a month.
    fn record(phase: Phase) -> Record {
        let object = json!({ "apiVersion": "stepscale.io/v1alpha1", "kind": "ScalingRecommendation",
            "metadata": { "name": "web", "namespace": "shop" },
            "spec": { "targetRef": { "kind": "HorizontalPodAutoscaler", "name": "web" },
                "configDiff": { "min_replicas": { "from": 4, "to": 2 } },
                "projectedSavingsUsdMonthly": 50.0,
                "evidence": {
                    "today": { "replicaHours": 1440.0, "knownMinutes": 14_400.0 },
                    "proposed": { "replicaHours": 960.0, "knownMinutes": 14_400.0 } } } });
        let mut record = form::from_object(&object).unwrap();
        record.status.phase = phase;
        record
    }

    fn rate(saving: Saving) -> (f64, Option<f64>) {
        (saving.replicas().unwrap(), saving.usd_monthly)
    }

    #[test]
    fn what_waits_is_projected_and_what_is_in_force_is_measured() {
        for phase in Phase::ALL {
            let mut record = record(phase);
            record.status.measured =
                Some(json!({ "knownMinutes": 60, "saving": { "replicaHours": 1.0 } }));
            let is_one_or_none = projected(&record).is_none() || measured(&record).is_none();
            assert!(is_one_or_none, "{phase}");
            assert_eq!(measured(&record).is_some(), phase.is_in_force(), "{phase}");
        }
        let waiting = projected(&record(Phase::Pending)).unwrap();
        assert_eq!(rate(waiting), (2.0, Some(50.0)));
    }

    #[test]
    fn a_measured_saving_is_priced_as_the_projected_one_was() {
        let mut record = record(Phase::Verified);
        record.status.measured =
            Some(json!({ "knownMinutes": 30, "saving": { "replicaHours": 0.5 } }));
        assert_eq!(measured(&record).map(rate), Some((1.0, Some(25.0))));
        record.proposal.saving_usd = None;
        assert_eq!(measured(&record).map(rate), Some((1.0, None)));
    }

    #[test]
    fn what_nobody_knows_is_no_number() {
        let mut record = record(Phase::Applied);
        assert_eq!(measured(&record), None);
        for nothing in [json!({}), json!({ "saving": { "replicaHours": "1" } })] {
            record.status.measured = Some(nothing);
            assert_eq!(measured(&record), None);
        }
        // Without a projection there is no price to go by.
        record.proposal.evidence = Value::Null;
        record.status.measured =
            Some(json!({ "knownMinutes": -1e300, "saving": { "replicaHours": 1.0 } }));
        let saving = measured(&record).unwrap();
        assert_eq!((saving.over, saving.usd_monthly), (Duration::ZERO, None));
    }
}
