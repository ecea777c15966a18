//! One sync of one HPA: everything that the README asks to compare.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use stepscale::autoscaler::{Metric, Resource};
use stepscale::cluster::selector::Selector;
use stepscale::sim::flags::Flags;
use stepscale::sim::numbers::{milli, sum};
use stepscale::sim::pod::{Pod, Sample};
use stepscale::sim::proposal::{MetricError, Proposal, Reading, Scene};
use stepscale::sim::settings::Settings;
use stepscale::sim::sync::{
    Explained, Found, Plan, RescaleReason, SelectorError, State, Written, plan, settle,
};
use stepscale::sim::tally::Valued;
use stepscale::sim::totals::Scale;

use super::compare;
use super::input::{
    ConditionInput, ControllerInput, HpaInput, PodInput, StateInput, class, conditions,
    metric_class, quantity,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Vector {
    now: Timestamp,
    controller: ControllerInput,
    hpa: HpaInput,
    #[serde(default, rename = "otherHPAs")]
    other_hpas: Vec<OtherHpa>,
    scale: ScaleInput,
    pods: Vec<PodInput>,
    pod_metrics: Option<PodMetrics>,
    metric_inputs: Vec<Option<MetricAnswer>>,
    state: Option<StateInput>,
    expected: Expected,
}

#[derive(Deserialize)]
struct OtherHpa {
    selector: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ScaleInput {
    #[serde(default)]
    spec_replicas: i32,
    #[serde(default)]
    status_replicas: i32,
    #[serde(default)]
    selector: String,
    get_error: Option<String>,
    update_error: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PodMetrics {
    error: Option<String>,
    #[serde(default)]
    items: Vec<ResourceItem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ResourceItem {
    name: String,
    timestamp: Timestamp,
    #[serde(default)]
    window_seconds: i64,
    containers: Vec<ContainerUsage>,
}

#[derive(Deserialize)]
struct ContainerUsage {
    name: String,
    #[serde(default)]
    usage: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MetricAnswer {
    error: Option<String>,
    pods: Option<Vec<PodValue>>,
    value: Option<String>,
    values: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PodValue {
    name: String,
    value: String,
    timestamp: Timestamp,
    window_seconds: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Expected {
    metrics_evaluated: bool,
    proposals: Option<Vec<ExpectedProposal>>,
    combined: Option<Combined>,
    recommendation: Option<i32>,
    #[serde(default)]
    current_replicas: i32,
    #[serde(default)]
    desired_replicas: i32,
    scale_to: Option<i32>,
    #[serde(default)]
    rescale_reason: String,
    conditions: Vec<ConditionInput>,
    last_scale_time: Option<Timestamp>,
    error_class: Option<String>,
    state_after: StateInput,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExpectedProposal {
    replicas: Option<i32>,
    utilization: Option<i32>,
    value_milli: Option<i64>,
    error_class: Option<String>,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Combined {
    replicas: i32,
    error_class: Option<String>,
}

type Answers = Vec<Result<Proposal, MetricError>>;

pub(super) fn check(vector: &Vector) -> (usize, Vec<String>) {
    let flags = vector.controller.flags();
    let settings = vector.hpa.spec.settings(&flags);
    let memory = vector.state.as_ref().map(StateInput::memory);
    let mut state = State {
        memory: memory.unwrap_or_default(),
        status: vector.hpa.status.status(),
    };
    let mut proposals = Vec::new();
    let plan = vector.plan(&settings, &flags, &mut state, &mut proposals);
    let written = match vector.scale.update_error {
        Some(_) => Written::Failed,
        None => Written::Done,
    };
    let ended = settle(&settings, &flags, &mut state, &plan, written, vector.now);
    let mut differences = Vec::new();
    vector.compare_proposals(&mut differences, &settings, &plan, &proposals);
    vector.compare_plan(&mut differences, &settings, &plan, written);
    let expected = &vector.expected;
    let found = ended.err().map(class);
    compare(
        &mut differences,
        "error",
        &found,
        &expected.error_class.as_deref(),
    );
    compare_state(&mut differences, expected, &state);
    (1, differences)
}

impl Vector {
    fn plan(
        &self,
        settings: &Settings,
        flags: &Flags,
        state: &mut State,
        proposals: &mut Answers,
    ) -> Plan {
        let chosen = self.chosen_pods();
        let templates: Vec<_> = chosen.iter().map(|it| it.template()).collect();
        let pods = chosen.iter().zip(&templates);
        let pods: Vec<Pod<'_>> = pods.map(|(pod, template)| pod.pod(template)).collect();
        let answers: Vec<_> = (0..settings.metrics.len())
            .map(|index| self.answer(index, &settings.metrics[index], &chosen))
            .collect();
        let readings: Vec<_> = answers.iter().map(Answer::reading).collect();
        let scale = Scale {
            current: self.scale.spec_replicas,
            observed: self.scale.status_replicas,
        };
        let scene = Scene {
            scale,
            pods: &pods,
            readings: &readings,
        };
        let found = Found {
            scale: match self.scale.get_error {
                Some(_) => Err(()),
                None => Ok(scale),
            },
            selector: self.selector(),
        };
        plan(settings, flags, state, found, self.now, |index| {
            let proposal = scene.propose(settings, index, flags, self.now);
            proposals.push(proposal);
            proposal
        })
    }

    /// The pods that the scale's selector matches: those without labels of their own, and more.
    fn chosen_pods(&self) -> Vec<&PodInput> {
        let selector = Selector::from_text(&self.scale.selector);
        let matches = |pod: &&PodInput| match (&pod.labels, &selector) {
            (Some(labels), Some(selector)) => selector.matches(labels),
            (None, _) | (_, None) => true,
        };
        self.pods.iter().filter(matches).collect()
    }

    fn selector(&self) -> Result<(), SelectorError> {
        if self.scale.selector.is_empty() {
            return Err(SelectorError::Empty);
        }
        Selector::from_text(&self.scale.selector).ok_or(SelectorError::Invalid)?;
        let shared = self.other_hpas.iter().any(|other| {
            let selector = Selector::from_text(&other.selector).unwrap();
            self.chosen_pods().iter().any(|pod| match &pod.labels {
                Some(labels) => selector.matches(labels),
                None => other.selector == self.scale.selector,
            })
        });
        if shared {
            return Err(SelectorError::Ambiguous);
        }
        Ok(())
    }

    fn answer(&self, index: usize, metric: &Metric, pods: &[&PodInput]) -> Answer {
        if !self.hpa.spec.metrics[index].is_known() {
            return Answer::Failed(MetricError::UnknownType);
        }
        let given = self.metric_inputs.get(index).and_then(Option::as_ref);
        match metric {
            Metric::Resource { resource, .. } => self.usage(resource, None, pods),
            Metric::ContainerResource {
                resource,
                container,
                ..
            } => self.usage(resource, Some(container), pods),
            Metric::Pods { .. } | Metric::Object { .. } | Metric::External { .. } => given
                .map_or(Answer::Failed(MetricError::MetricsApi), |it| {
                    it.answer(pods)
                }),
        }
    }

    fn usage(&self, resource: &Resource, container: Option<&str>, pods: &[&PodInput]) -> Answer {
        let Some(metrics) = self.pod_metrics.as_ref().filter(|it| it.error.is_none()) else {
            return Answer::Failed(MetricError::MetricsApi);
        };
        if metrics.items.is_empty() {
            return Answer::Failed(MetricError::NoMetricsReturned);
        }
        let resource = resource.to_string();
        let items = metrics.items.iter().filter_map(|item| {
            let sample = Sample {
                value: item.value(&resource, container)?,
                at: item.timestamp,
                window: SignedDuration::from_secs(item.window_seconds),
            };
            Some((item.name.as_str(), sample))
        });
        Answer::of_pods(items.collect(), pods)
    }

    fn compare_proposals(
        &self,
        differences: &mut Vec<String>,
        settings: &Settings,
        plan: &Plan,
        proposals: &Answers,
    ) {
        let expected = &self.expected;
        let evaluated = plan.recommendation.is_some() || !proposals.is_empty();
        compare(
            differences,
            "evaluated",
            &evaluated,
            &expected.metrics_evaluated,
        );
        let wanted = expected.proposals.as_deref().unwrap_or_default();
        compare(differences, "proposals", &proposals.len(), &wanted.len());
        for (index, (found, wanted)) in proposals.iter().zip(wanted).enumerate() {
            let name = format!("proposal {index}");
            let error = found.err();
            let wanted_error = wanted.error_class.as_deref();
            compare(differences, &name, &error.map(metric_class), &wanted_error);
            let reason = error.map(|it| reason(&settings.metrics[index], it));
            compare(differences, &name, &reason, &wanted.reason);
            let found = found.ok();
            compare(
                differences,
                &name,
                &found.map(|it| it.replicas),
                &wanted.replicas,
            );
            let reported = found.map(|it| it.reported).unwrap_or_default();
            compare(
                differences,
                &name,
                &reported.utilization,
                &wanted.utilization,
            );
            compare(differences, &name, &reported.value, &wanted.value_milli);
        }
        if let Some(combined) = &expected.combined {
            let decided = (combined.replicas != -1).then_some(combined.replicas.max(0));
            compare(differences, "combined", &plan.recommendation, &decided);
            let first = proposals.iter().find_map(|it| it.err()).map(metric_class);
            compare(
                differences,
                "combined",
                &first,
                &combined.error_class.as_deref(),
            );
        }
    }

    fn compare_plan(
        &self,
        differences: &mut Vec<String>,
        settings: &Settings,
        plan: &Plan,
        written: Written,
    ) {
        let expected = &self.expected;
        compare(
            differences,
            "recommendation",
            &plan.recommendation,
            &expected.recommendation,
        );
        let scale_to = plan.scale_to().filter(|_| written == Written::Done);
        compare(differences, "scaleTo", &scale_to, &expected.scale_to);
        let explained = Explained {
            reason: plan.reason,
            metrics: &settings.metrics,
        };
        if let RescaleReason::AboveTarget { metric } = plan.reason
            && self.hpa.spec.metrics[metric].has_selector()
        {
            let ends = expected.rescale_reason.ends_with(" above target");
            let ends = ends || plan.scale_to().is_none();
            compare(differences, "reason", &ends, &true);
            return;
        }
        let reason = plan
            .scale_to()
            .map_or_else(String::new, |_| explained.to_string());
        compare(differences, "reason", &reason, &expected.rescale_reason);
    }
}

/// The condition reason that a failing metric of this type sets.
fn reason(metric: &Metric, error: MetricError) -> String {
    let kind = match metric {
        _ if error == MetricError::UnknownType => return "InvalidMetricSourceType".to_owned(),
        Metric::Resource { .. } => "Resource",
        Metric::ContainerResource { .. } => "ContainerResource",
        Metric::Pods { .. } => "Pods",
        Metric::Object { .. } => "Object",
        Metric::External { .. } => "External",
    };
    format!("FailedGet{kind}Metric")
}

fn compare_state(differences: &mut Vec<String>, expected: &Expected, state: &State) {
    let status = &state.status;
    compare(
        differences,
        "currentReplicas",
        &status.current,
        &expected.current_replicas,
    );
    compare(
        differences,
        "desiredReplicas",
        &status.desired,
        &expected.desired_replicas,
    );
    compare(
        differences,
        "lastScaleTime",
        &status.last_scale,
        &expected.last_scale_time,
    );
    let wanted = conditions(&expected.conditions);
    compare(differences, "conditions", &status.conditions, &wanted);
    let wanted = expected.state_after.memory();
    let listed = |it: &Option<Vec<_>>| it.clone().unwrap_or_default();
    let found = listed(&state.memory.recommendations);
    compare(
        differences,
        "recommendations",
        &found,
        &listed(&wanted.recommendations),
    );
    compare(
        differences,
        "scaleUpEvents",
        &state.memory.scale_ups,
        &wanted.scale_ups,
    );
    compare(
        differences,
        "scaleDownEvents",
        &state.memory.scale_downs,
        &wanted.scale_downs,
    );
}

/// A [`Reading`] with what it borrows.
enum Answer {
    Pods(Vec<Option<Sample>>, Valued),
    Series(Vec<i64>),
    Failed(MetricError),
}

impl Answer {
    fn of_pods(mut items: BTreeMap<&str, Sample>, pods: &[&PodInput]) -> Self {
        let samples = pods
            .iter()
            .map(|it| items.remove(it.name.as_str()))
            .collect();
        let gone = Valued {
            pods: items.len() as i64,
            usage: sum(items.values().map(|it| it.value)),
        };
        Self::Pods(samples, gone)
    }

    fn reading(&self) -> Reading<'_> {
        match self {
            Self::Pods(samples, gone) => Reading::Pods {
                samples,
                gone: *gone,
            },
            Self::Series(values) => Reading::Series(values),
            Self::Failed(err) => Reading::Failed(*err),
        }
    }
}

impl ResourceItem {
    fn value(&self, resource: &str, container: Option<&str>) -> Option<i64> {
        let usage = |it: &ContainerUsage| {
            let all = it.usage.as_ref()?;
            all.get(resource).map(|it| quantity(it))
        };
        match container {
            None => Sample::of_pod(self.containers.iter().map(usage)),
            Some(name) => {
                let container = self.containers.iter().find(|it| it.name == name)?;
                Sample::of_pod([usage(container)])
            }
        }
    }
}

impl MetricAnswer {
    fn answer(&self, pods: &[&PodInput]) -> Answer {
        if self.error.is_some() {
            return Answer::Failed(MetricError::MetricsApi);
        }
        if let Some(items) = &self.pods {
            if items.is_empty() {
                return Answer::Failed(MetricError::NoMetricsReturned);
            }
            let item = |it: &PodValue| Sample {
                value: milli(quantity(&it.value)),
                at: it.timestamp,
                window: SignedDuration::from_secs(it.window_seconds.unwrap_or(60)),
            };
            let items = items.iter().map(|it| (it.name.as_str(), item(it)));
            return Answer::of_pods(items.collect(), pods);
        }
        let values = self.values.iter().flatten().chain(&self.value);
        let values: Vec<i64> = values.map(|it| milli(quantity(it))).collect();
        if values.is_empty() {
            return Answer::Failed(MetricError::NoMetricsReturned);
        }
        Answer::Series(values)
    }
}
