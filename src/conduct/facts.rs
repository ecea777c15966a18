//! What has to be known before something is written.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Conductor, Error};
use crate::autoscaler::workload::{DisruptionBudget, Workload};
use crate::autoscaler::{Autoscaler, AutoscalerKind, Holds};
use crate::cluster::write::{Kind, Place};
use crate::fleet::Subject;
use crate::keda::objects::{
    ConditionKind, ConditionStatus, OneWay, Pause, ScaleTarget, ScaledObject,
};
use crate::lifecycle::diff::{ConfigDiff, Key};
use crate::lifecycle::guard::{Facts, Target};
use crate::lifecycle::journal::Journal;
use crate::lifecycle::pause::{ANNOTATION, Note};
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::Record;
use crate::lifecycle::{MANAGER, WATCH_MANAGER, owners, schedule, settings};
use crate::units::Replicas;

/// Field managers that are we.
pub(super) const OURS: [&str; 2] = [MANAGER, WATCH_MANAGER];

/// What is known of the fleet around a recommendation.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The autoscaler with its workload; `None` where it could not be read.
    pub subject: Option<Subject>,
    /// Recommendations on probation, this one not counted.
    pub in_probation: usize,
    /// Those that degraded or were taken back.
    pub reverted: Vec<String>,
}

impl Conductor<'_> {
    pub(super) async fn facts(
        &self,
        record: &Record,
        live: Option<&Value>,
        surroundings: &Surroundings,
        now: Timestamp,
    ) -> Result<Facts, Error> {
        let target = match live {
            Some(live) => Some(self.target_facts(record, live, surroundings).await?),
            None => None,
        };
        Ok(Facts {
            target,
            license: self.license.clone(),
            in_probation: surroundings.in_probation,
            reverted: surroundings.reverted.clone(),
            now,
        })
    }

    async fn target_facts(
        &self,
        record: &Record,
        live: &Value,
        surroundings: &Surroundings,
    ) -> Result<Target, Error> {
        let diff = &record.proposal.diff;
        let without = schedule::without(live, record.autoscaler.kind);
        let now = |setting| {
            let live = settings::live(&without, record.autoscaler.kind, setting);
            live.map_err(|source| Error::Settings {
                target: record.autoscaler.to_string(),
                source,
            })
        };
        let mut changed = vec![];
        for setting in diff {
            let is = now(setting)?;
            if is != setting.from {
                changed.push((setting.key, setting.from.clone(), is));
            }
        }
        let subject = surroundings.subject.as_ref();
        let autoscaler = subject.map(|it| &it.autoscaler);
        let workload = subject.and_then(|it| it.workload.as_ref().ok());
        let paths = settings::parts(record.autoscaler.kind);
        Ok(Target {
            uid: live["metadata"]["uid"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            in_force: Journal::of(live)?
                .filter(|it| !has_proved_itself(it, record))
                .map(|it| it.recommendation),
            changed,
            schedule: schedule::check(&record.proposal, record.autoscaler.kind, live)
                .err()
                .map(|it| it.to_string()),
            owners: owners::of(live, paths, &OURS),
            rollout: self.rollout(record, live).await?,
            paused: paused(live),
            replicas: workload.and_then(|it| it.replicas),
            new_max: number(diff, Key::MaxReplicas),
            new_min: number(diff, Key::MinReplicas),
            budget: workload.and_then(|it| strictest(it, diff)),
            metrics_age: autoscaler.and_then(metrics_age),
        })
    }

    /// What says that the pods are being replaced.
    async fn rollout(&self, record: &Record, live: &Value) -> Result<Option<String>, Error> {
        let scales = &live["spec"]["scaleTargetRef"];
        let kind = scales["kind"].as_str().or(match record.autoscaler.kind {
            AutoscalerKind::ScaledObject => Some(ScaleTarget::DEFAULT_KIND),
            AutoscalerKind::HorizontalPodAutoscaler | AutoscalerKind::ScaledJob => None,
        });
        let (Some(kind), Some(name)) = (kind, scales["name"].as_str()) else {
            return Ok(None);
        };
        let Some(kind) = workload_kind(kind) else {
            return Ok(None);
        };
        let place = Place {
            kind,
            namespace: &record.autoscaler.namespace,
            name,
        };
        let object = self.cluster.object(&place).await?.value;
        Ok(object.and_then(|it| rolling(&it)))
    }
}

fn workload_kind(kind: &str) -> Option<Kind> {
    let (plural, kind) = match kind {
        "Deployment" => ("deployments", "Deployment"),
        "StatefulSet" => ("statefulsets", "StatefulSet"),
        _ => return None,
    };
    Some(Kind {
        group: "apps",
        version: "v1",
        plural,
        kind,
        namespaced: true,
    })
}

/// What the status of a workload says of a rollout: `2 of 5 pods are updated`.
fn rolling(object: &Value) -> Option<String> {
    let status = &object["status"];
    let count = |it: &Value| it.as_i64();
    let observed = count(&status["observedGeneration"]);
    if observed < count(&object["metadata"]["generation"]) && observed.is_some() {
        return Some("its controller has not seen the last change yet".to_owned());
    }
    let replicas = count(&status["replicas"])?;
    let updated = count(&status["updatedReplicas"]).unwrap_or(0);
    let is_set = object["kind"] == "StatefulSet";
    // A StatefulSet that is up to date counts none as updated.
    let is_current = is_set && status["currentRevision"] == status["updateRevision"];
    (updated < replicas && !is_current).then(|| format!("{updated} of {replicas} pods are updated"))
}

/// Whether the change that a journal tells of was one of this record, which was verified then: another
/// may be built upon it.
fn has_proved_itself(journal: &Journal, record: &Record) -> bool {
    let mut story = record.status.story.iter();
    journal.recommendation == record.name
        && story.any(|it| it.phase == Phase::Verified && it.at >= journal.at)
}

pub(super) fn paused(live: &Value) -> Option<String> {
    match Note::of(live) {
        Ok(Some(note)) => return Some(note.to_string()),
        Ok(None) => {}
        // Anybody may mark an autoscaler that is not to be touched, with words of their own.
        Err(mark) => return Some(format!("annotation {ANNOTATION} is {}", mark.text)),
    }
    let is_keda = live["apiVersion"].as_str()?.starts_with("keda.sh/");
    let scaled = ScaledObject::read(live).ok().filter(|_| is_keda)?;
    match scaled.pause() {
        Pause::Runs(OneWay {
            scale_in: false,
            scale_out: false,
        }) => None,
        Pause::Runs(_) | Pause::Full(_) => {
            Some("an annotation autoscaling.keda.sh/paused… holds it".to_owned())
        }
    }
}

fn number(diff: &ConfigDiff, key: Key) -> Option<Replicas> {
    let setting = diff.iter().find(|it| it.key == key)?;
    Some(Replicas(u32::try_from(setting.to.as_u64()?).ok()?))
}

/// How many pods the budget wants available of the new minimum.
fn strictest(workload: &Workload, diff: &ConfigDiff) -> Option<(String, Replicas)> {
    let min = number(diff, Key::MinReplicas)?;
    let budget = workload.disruption_budget.as_ref()?;
    Some((budget.name.clone(), needed(budget, min)?))
}

/// As the disruption controller counts: percentages are rounded up.
fn needed(budget: &DisruptionBudget, of: Replicas) -> Option<Replicas> {
    let amount = |text: &str| -> Option<u32> {
        match text.strip_suffix('%') {
            Some(percent) => {
                let percent: u32 = percent.parse().ok()?;
                Some(u64::from(percent).saturating_mul(of.0.into()).div_ceil(100) as u32)
            }
            None => text.parse().ok(),
        }
    };
    match (&budget.min_available, &budget.max_unavailable) {
        (Some(min), _) => amount(min).map(Replicas),
        (None, Some(max)) => Some(Replicas(of.0.saturating_sub(amount(max)?))),
        (None, None) => None,
    }
}

/// None old where the controller can compute metrics now; unknown where it says that it cannot.
fn metrics_age(autoscaler: &Autoscaler) -> Option<SignedDuration> {
    if let Some(jobs) = &autoscaler.jobs {
        // It has no HPA: KEDA says by this that its triggers can be read.
        let ready = jobs.status.condition(&ConditionKind::Ready)?;
        let is_so = ready.status == Some(ConditionStatus::True);
        return is_so.then_some(SignedDuration::ZERO);
    }
    let conditions = &autoscaler.status.conditions;
    let active = conditions.iter().find(|it| it.kind == "ScalingActive")?;
    (active.holds == Holds::Yes || active.reason == "ScalingDisabled")
        .then_some(SignedDuration::ZERO)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rollout_is_seen_in_the_status() {
        let deployment = |generation: i64, replicas: i64, updated: i64| {
            rolling(
                &json!({ "kind": "Deployment", "metadata": { "generation": generation },
                "status": { "observedGeneration": 2, "replicas": replicas,
                    "updatedReplicas": updated } }),
            )
        };
        assert_eq!(deployment(2, 5, 5), None);
        assert_eq!(deployment(2, 5, 2).unwrap(), "2 of 5 pods are updated");
        assert!(deployment(3, 5, 5).unwrap().contains("not seen"));
        let set = |update: &str| {
            rolling(
                &json!({ "kind": "StatefulSet", "metadata": { "generation": 1 },
                "status": { "observedGeneration": 1, "replicas": 3, "currentRevision": "a",
                    "updateRevision": update } }),
            )
        };
        assert_eq!(set("a"), None);
        assert_eq!(set("b").unwrap(), "0 of 3 pods are updated");
    }

    #[test]
    fn a_budget_is_counted_of_the_new_minimum() {
        let budget = |min: Option<&str>, max: Option<&str>| DisruptionBudget {
            name: "web".to_owned(),
            min_available: min.map(str::to_owned),
            max_unavailable: max.map(str::to_owned),
        };
        let cases = [
            (budget(Some("2"), None), 3, Some(2)),
            (budget(Some("50%"), None), 3, Some(2)),
            (budget(None, Some("1")), 3, Some(2)),
            (budget(None, Some("50%")), 3, Some(1)),
            (budget(None, Some("x")), 3, None),
            (budget(None, None), 3, None),
        ];
        for (budget, min, expected) in cases {
            assert_eq!(
                needed(&budget, Replicas(min)),
                expected.map(Replicas),
                "{budget:?}"
            );
        }
    }
}
