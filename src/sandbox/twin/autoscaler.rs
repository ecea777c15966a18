//! The HPA controller: `sim::sync` on what the objects and the metrics of the twin say.

mod readings;
mod report;
mod words;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::events::{Kind, Source};
use super::fields::{self, count, items, text};
use super::keda::Operator;
use super::meter::Meter;
use super::objects::{Name, Of};
use super::stage::Stage;
use crate::autoscaler::Metric;
use crate::cluster::convert;
use crate::cluster::selector::{LabelSelector, Selector};
use crate::keda::objects::keys;
use crate::sim::flags::Flags;
use crate::sim::proposal::{MetricError, Proposal};
use crate::sim::settings::Settings;
use crate::sim::sync::{
    Because, Explained, Found, Plan, SelectorError, State, SyncError, Written, plan, settle,
};
use crate::sim::totals::Scale;
use readings::Readings;

/// What the controller knows of one HPA.
struct Known {
    uid: String,
    generation: Value,
    settings: Settings,
    /// `None` where the target is of a kind without a scale.
    target: Option<(Of, Name)>,
    state: State,
    /// What `status.currentMetrics` shows, beside the metrics.
    reported: Vec<Option<Proposal>>,
    /// The pods that the target's selector finds, and since when nothing of that changed.
    selected: Selected,
    /// Beside the metrics, the ScaledObject that an external one is of.
    scaled_objects: Vec<Option<Name>>,
    is_ambiguous: bool,
    shown: Option<report::Shown>,
    /// The object as it was written last.
    written: Option<Arc<Value>>,
}

#[derive(Default)]
struct Selected {
    edition: u64,
    selector: Value,
    pods: Vec<Name>,
    error: Option<SelectorError>,
}

/// One sync, for what watches a twin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Synced<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) plan: &'a Plan,
}

/// All HPAs.
pub(super) struct Autoscalers {
    flags: Flags,
    known: BTreeMap<Name, Known>,
}

impl Autoscalers {
    pub(super) fn new(flags: Flags) -> Self {
        Self {
            flags,
            known: BTreeMap::new(),
        }
    }

    /// Syncs every HPA, in the order of their names, and shows each decision.
    pub(super) fn sync(
        &mut self,
        stage: &mut Stage,
        meter: &Meter,
        keda: &mut Operator,
        mut show: impl FnMut(Synced<'_>),
    ) {
        self.learn(stage);
        for (name, known) in &mut self.known {
            let plan = known.sync(stage, meter, keda, &self.flags, name);
            show(Synced {
                namespace: &name.namespace,
                name: &name.name,
                plan: &plan,
            });
        }
    }

    /// Takes in new and changed HPAs and forgets those that are gone.
    fn learn(&mut self, stage: &mut Stage) {
        let before = self.known.len();
        self.known
            .retain(|name, _| stage.world.get(Of::Hpa, name).is_some());
        let mut is_new = self.known.len() != before;
        let all: Vec<(Name, Arc<Value>)> = stage
            .world
            .all(Of::Hpa)
            .filter(|(name, hpa)| self.known.get(name).is_none_or(|it| !it.is_of(hpa)))
            .map(|(name, hpa)| (name.clone(), Arc::clone(hpa)))
            .collect();
        for (name, hpa) in all {
            let before = self.known.remove(&name);
            if let Some(known) = Known::of(&hpa, before, &self.flags) {
                self.known.insert(name, known);
                is_new = true;
            }
        }
        let mut is_moved = is_new;
        for known in self.known.values_mut() {
            is_moved |= known.select(stage);
        }
        if is_moved {
            self.tell_apart();
        }
    }

    /// Marks the HPAs whose pods another one scales too.
    fn tell_apart(&mut self) {
        let mut uses: HashMap<&Name, u32> = HashMap::new();
        for pod in self.known.values().flat_map(|it| &it.selected.pods) {
            *uses.entry(pod).or_default() += 1;
        }
        let shared: HashSet<Name> = uses
            .into_iter()
            .filter(|it| it.1 > 1)
            .map(|it| it.0.clone())
            .collect();
        for known in self.known.values_mut() {
            known.is_ambiguous = known.selected.pods.iter().any(|it| shared.contains(it));
        }
    }
}

impl Known {
    /// `None` for an object that the API would not have let pass.
    fn of(hpa: &Arc<Value>, before: Option<Self>, flags: &Flags) -> Option<Self> {
        let parsed = serde_json::from_value((**hpa).clone()).ok()?;
        let autoscaler = convert::autoscaler(&parsed).ok()?;
        let uid = text(hpa, "/metadata/uid").to_owned();
        let group = text(hpa, "/spec/scaleTargetRef/apiVersion");
        let group = group.split_once('/').map_or("", |it| it.0);
        let target = Of::scalable(group, &autoscaler.target.kind);
        let target = target.map(|of| {
            let name = Name::new(&autoscaler.target.namespace, &autoscaler.target.name);
            (of, name)
        });
        let before = before.filter(|it| it.uid == uid);
        let state = before.map_or_else(State::default, |it| it.state);
        Some(Self {
            uid,
            generation: generation(hpa),
            settings: Settings::of(&autoscaler, flags),
            target,
            state,
            reported: Vec::new(),
            selected: Selected::default(),
            scaled_objects: scaled_objects(hpa),
            is_ambiguous: false,
            shown: None,
            written: None,
        })
    }

    /// Whether this was made of that object, whatever its status.
    fn is_of(&self, hpa: &Value) -> bool {
        text(hpa, "/metadata/uid") == self.uid && generation(hpa) == self.generation
    }

    /// Looks for the pods of the target, if any came or went; whether there are others now.
    fn select(&mut self, stage: &Stage) -> bool {
        let target = self.target.as_ref();
        let object = target.and_then(|(of, name)| stage.world.get(*of, name));
        let (Some(object), Some((_, name))) = (object, target) else {
            return !std::mem::take(&mut self.selected.pods).is_empty();
        };
        let selector = object.pointer("/spec/selector").unwrap_or(&Value::Null);
        let candidates = stage.world.candidates(&name.namespace, selector);
        let edition = candidates.edition;
        if edition == self.selected.edition && *selector == self.selected.selector {
            return false;
        }
        let (pods, error) = match parsed(object) {
            Ok(selector) => {
                let pods = candidates.names.iter();
                let pods = pods.filter_map(|it| stage.world.pod(it));
                let pods = pods.filter(|it| selector.matches(&it.labels));
                (pods.map(|it| it.name.clone()).collect(), None)
            }
            Err(error) => (Vec::new(), Some(error)),
        };
        let is_other = pods != self.selected.pods;
        self.selected = Selected {
            edition,
            selector: selector.clone(),
            pods,
            error,
        };
        is_other
    }

    fn sync(
        &mut self,
        stage: &mut Stage,
        meter: &Meter,
        keda: &mut Operator,
        flags: &Flags,
        name: &Name,
    ) -> Plan {
        let now = stage.now;
        let found = self.found(stage);
        let readings = Readings::of(self, stage, meter, found.scale);
        let mut proposed = vec![None; self.settings.metrics.len()];
        let propose = |index: usize| {
            // Only what is asked for is read, since KEDA counts reads.
            let served = self.scaled_objects.get(index).and_then(Option::as_ref);
            let served = served.zip(self.settings.metrics.get(index));
            let served = served.and_then(|(object, metric)| match metric {
                Metric::External { name, .. } => {
                    keda.request(&stage.world, meter, object, name, now)
                }
                Metric::Resource { .. }
                | Metric::ContainerResource { .. }
                | Metric::Pods { .. }
                | Metric::Object { .. } => None,
            });
            let proposal = readings.propose(&self.settings, index, served, flags, now);
            proposed[index] = Some(proposal);
            proposal
        };
        let plan = plan(&self.settings, flags, &mut self.state, found, now, propose);
        let failures = words::Failures::of(self, &readings, &plan, &proposed);
        drop(readings);
        let refused = self.write_scale(stage, name, &plan);
        let written = match refused {
            None => Written::Done,
            Some(_) => Written::Failed,
        };
        // What went wrong is told by the plan, in the conditions and events below.
        let _ = settle(&self.settings, flags, &mut self.state, &plan, written, now);
        match plan.because {
            Because::Metrics { .. } => {
                let proposals = proposed.into_iter().map(|it| it.and_then(Result::ok));
                self.reported = proposals.collect();
            }
            Because::Disabled | Because::AboveMax | Because::BelowMin => self.reported.clear(),
            Because::Failed => {}
        }
        failures.tell(stage, name);
        self.report(stage, name, &plan, &failures, refused.as_deref());
        plan
    }

    fn found(&self, stage: &Stage) -> Found {
        let target = self.target.as_ref();
        let object = target.and_then(|(of, name)| stage.world.get(*of, name));
        let selector = match self.selected.error {
            Some(error) => Err(error),
            None if self.is_ambiguous => Err(SelectorError::Ambiguous),
            None => Ok(()),
        };
        Found {
            scale: object.ok_or(()).map(|it| Scale {
                current: count(it, "/spec/replicas").unwrap_or(1),
                observed: count(it, "/status/replicas").unwrap_or(0),
            }),
            selector,
        }
    }

    /// Writes the count that is planned, if any; the message of a refusal.
    fn write_scale(&self, stage: &mut Stage, name: &Name, plan: &Plan) -> Option<String> {
        let replicas = plan.scale_to()?;
        let (of, target) = self.target.as_ref()?;
        let explained = Explained {
            reason: plan.reason,
            metrics: &self.settings.metrics,
        };
        let mut scaled = stage.world.scale(*of, target, replicas);
        if scaled.is_err() {
            // Somebody was faster; the server knows the count that is there now.
            stage.world.refresh();
            scaled = stage.world.scale(*of, target, replicas);
        }
        let hpa = stage.world.get(Of::Hpa, name).cloned()?;
        let (kind, reason) = match scaled {
            Ok(()) => (Kind::Normal, "SuccessfulRescale"),
            Err(_) => (Kind::Warning, "FailedRescale"),
        };
        let mut message = format!("New size: {replicas}; reason: {explained}");
        let refused = scaled.err().map(|it| it.message);
        if let Some(why) = &refused {
            message.push_str(&format!("; error: {why}"));
        }
        stage.event(&hpa, Source::Autoscaler, kind, reason, message);
        refused
    }
}

/// The ScaledObjects that the selectors of external metrics name, beside all metrics.
fn scaled_objects(hpa: &Value) -> Vec<Option<Name>> {
    let namespace = text(hpa, "/metadata/namespace");
    let of = |metric: &Value| {
        let labels = metric.pointer("/external/metric/selector/matchLabels")?;
        let object = labels.get(keys::SCALED_OBJECT_NAME)?.as_str()?;
        Some(Name::new(namespace, object))
    };
    items(hpa, "/spec/metrics").iter().map(of).collect()
}

fn generation(hpa: &Value) -> Value {
    // Some servers count no generations of an HPA: then the specification itself tells.
    match hpa.pointer("/metadata/generation") {
        Some(Value::Number(number)) => Value::Number(number.clone()),
        _ => hpa.get("spec").cloned().unwrap_or_default(),
    }
}

fn parsed(target: &Value) -> Result<Selector, SelectorError> {
    if fields::controller_selects_nothing(target) {
        return Err(SelectorError::Empty);
    }
    let selector = target["spec"]["selector"].clone();
    let selector: LabelSelector =
        serde_json::from_value(selector).map_err(|_| SelectorError::Invalid)?;
    Selector::from_object(&selector).ok_or(SelectorError::Invalid)
}

/// The metric that spoiled a plan, if one did.
fn failed_metric(plan: &Plan) -> Option<(usize, MetricError)> {
    match plan.error {
        Some(SyncError::Metric { index, source }) => Some((index, source)),
        Some(SyncError::GetScale | SyncError::Selector(_) | SyncError::UpdateScale) | None => None,
    }
}
