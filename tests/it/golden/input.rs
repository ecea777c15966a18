//! The shapes that vectors, units and traces share, and what they mean to the simulator.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;
use stepscale::autoscaler::behavior::{Amount, Behavior, Policy, Rules, Select};
use stepscale::autoscaler::{Holds, Metric, Resource, Target};
use stepscale::sim::condition::{Condition, Conditions};
use stepscale::sim::flags::Flags;
use stepscale::sim::memory::{Memory, Recommendation, ScaleEvent};
use stepscale::sim::pod::{Amounts, Container, Phase, Pod, Ready, Role, Template};
use stepscale::sim::proposal::MetricError;
use stepscale::sim::settings::{Pace, Settings, Tolerance};
use stepscale::sim::sync::{SelectorError, Status, SyncError};
use stepscale::units::Quantity;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ControllerInput {
    /// As text, since the JSON reader may miss the nearest double by a bit.
    tolerance: Box<RawValue>,
    cpu_initialization_period_seconds: i64,
    initial_readiness_delay_seconds: i64,
    downscale_stabilization_seconds: i64,
    hpa_scale_to_zero: bool,
    hpa_configurable_tolerance: bool,
    pod_level_resources: bool,
}

impl ControllerInput {
    pub(super) fn flags(&self) -> Flags {
        Flags {
            tolerance: self.tolerance.get().parse().unwrap(),
            cpu_initialization: SignedDuration::from_secs(self.cpu_initialization_period_seconds),
            initial_readiness_delay: SignedDuration::from_secs(
                self.initial_readiness_delay_seconds,
            ),
            downscale_stabilization: SignedDuration::from_secs(
                self.downscale_stabilization_seconds,
            ),
            scale_to_zero: self.hpa_scale_to_zero,
            configurable_tolerance: self.hpa_configurable_tolerance,
            pod_level_resources: self.pod_level_resources,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct HpaInput {
    pub(super) spec: SpecInput,
    #[serde(default)]
    pub(super) status: StatusInput,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SpecInput {
    pub(super) min_replicas: Option<i32>,
    max_replicas: i32,
    #[serde(default)]
    pub(super) metrics: Vec<MetricInput>,
    pub(super) behavior: Option<BehaviorInput>,
}

impl SpecInput {
    pub(super) fn settings(&self, flags: &Flags) -> Settings {
        let behavior = self.behavior.as_ref().map(BehaviorInput::behavior);
        Settings {
            min: self.min_replicas.unwrap_or(1),
            max: self.max_replicas,
            metrics: self.metrics.iter().map(MetricInput::metric).collect(),
            tolerance: Tolerance::of(behavior.as_ref(), flags),
            pace: behavior.map(|it| Pace::of(&it, flags)),
        }
    }
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MetricInput {
    #[serde(rename = "type")]
    kind: String,
    resource: Option<SourceInput>,
    container_resource: Option<SourceInput>,
    pods: Option<SourceInput>,
    object: Option<SourceInput>,
    external: Option<SourceInput>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SourceInput {
    #[serde(default)]
    name: String,
    #[serde(default)]
    container: String,
    metric: Option<IdentifierInput>,
    described_object: Option<DescribedInput>,
    target: TargetInput,
}

#[derive(Clone, Deserialize)]
struct IdentifierInput {
    name: String,
    selector: Option<serde_json::Value>,
}

#[derive(Clone, Deserialize)]
struct DescribedInput {
    kind: String,
    name: String,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TargetInput {
    average_utilization: Option<u32>,
    average_value: Option<String>,
    value: Option<String>,
}

impl TargetInput {
    /// A target without any field becomes one that does not fit its metric either.
    fn target(&self, unfit: Target) -> Target {
        let average = self.average_value.as_deref().map(quantity);
        let value = self.value.as_deref().map(quantity);
        let utilization = self.average_utilization.map(Target::Utilization);
        let average = average.map(Target::AverageValue);
        let value = value.map(Target::Value);
        average.or(utilization).or(value).unwrap_or(unfit)
    }
}

impl MetricInput {
    /// Whether it is of a type that exists.
    pub(super) fn is_known(&self) -> bool {
        self.source().is_some()
    }

    /// Whether it selects among series: its name in events then prints structures of Go.
    pub(super) fn has_selector(&self) -> bool {
        let metric = self.source().and_then(|it| it.metric.as_ref());
        metric.is_some_and(|it| it.selector.is_some())
    }

    fn source(&self) -> Option<&SourceInput> {
        match self.kind.as_str() {
            "Resource" => self.resource.as_ref(),
            "ContainerResource" => self.container_resource.as_ref(),
            "Pods" => self.pods.as_ref(),
            "Object" => self.object.as_ref(),
            "External" => self.external.as_ref(),
            _ => None,
        }
    }

    /// A metric of an unknown type becomes any, since its reading says what is wrong with it.
    fn metric(&self) -> Metric {
        let total = || Target::Value(Quantity::default());
        let Some(source) = self.source() else {
            return Metric::External {
                name: self.kind.clone(),
                target: total(),
            };
        };
        let name = source.metric.as_ref().map(|it| it.name.clone());
        let name = name.unwrap_or_default();
        match self.kind.as_str() {
            "Resource" => Metric::Resource {
                resource: resource(&source.name),
                target: source.target.target(total()),
            },
            "ContainerResource" => Metric::ContainerResource {
                resource: resource(&source.name),
                container: source.container.clone(),
                target: source.target.target(total()),
            },
            "Pods" => Metric::Pods {
                name,
                target: source.target.target(total()),
            },
            "Object" => Metric::Object {
                name,
                described: source
                    .described_object
                    .as_ref()
                    .map_or_else(String::new, |it| format!("{}/{}", it.kind, it.name)),
                target: source.target.target(Target::Utilization(0)),
            },
            _ => Metric::External {
                name,
                target: source.target.target(Target::Utilization(0)),
            },
        }
    }
}

pub(super) fn resource(name: &str) -> Resource {
    match name {
        "cpu" => Resource::Cpu,
        "memory" => Resource::Memory,
        other => Resource::Other(other.to_owned()),
    }
}

pub(super) fn quantity(text: &str) -> Quantity {
    text.parse().unwrap()
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct BehaviorInput {
    scale_up: Option<RulesInput>,
    scale_down: Option<RulesInput>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RulesInput {
    stabilization_window_seconds: Option<u32>,
    select_policy: Option<String>,
    policies: Option<Vec<PolicyInput>>,
    tolerance: Option<String>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PolicyInput {
    #[serde(rename = "type")]
    kind: String,
    value: u32,
    period_seconds: u32,
}

impl BehaviorInput {
    pub(super) fn behavior(&self) -> Behavior {
        Behavior {
            scale_up: self.scale_up.as_ref().map(RulesInput::rules),
            scale_down: self.scale_down.as_ref().map(RulesInput::rules),
        }
    }
}

impl RulesInput {
    fn rules(&self) -> Rules {
        let policies = self.policies.as_ref();
        Rules {
            window_seconds: self.stabilization_window_seconds,
            select: self.select_policy.as_deref().map(|it| match it {
                "Max" => Select::Max,
                "Min" => Select::Min,
                "Disabled" => Select::Disabled,
                other => panic!("selectPolicy {other}"),
            }),
            policies: policies.map(|all| all.iter().map(PolicyInput::policy).collect()),
            tolerance: self.tolerance.as_deref().map(quantity),
        }
    }
}

impl PolicyInput {
    fn policy(&self) -> Policy {
        Policy {
            amount: match self.kind.as_str() {
                "Pods" => Amount::Pods(self.value),
                "Percent" => Amount::Percent(self.value),
                other => panic!("policy {other}"),
            },
            period_seconds: self.period_seconds,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StatusInput {
    #[serde(default)]
    current_replicas: i32,
    #[serde(default)]
    desired_replicas: i32,
    last_scale_time: Option<Timestamp>,
    #[serde(default)]
    conditions: Vec<ConditionInput>,
}

impl StatusInput {
    pub(super) fn status(&self) -> Status {
        Status {
            current: self.current_replicas,
            desired: self.desired_replicas,
            last_scale: self.last_scale_time,
            conditions: conditions(&self.conditions),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConditionInput {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    reason: String,
    /// `null` stands for a time that was never set.
    last_transition_time: Option<Timestamp>,
}

pub(super) fn conditions(all: &[ConditionInput]) -> Conditions {
    let condition = |it: &ConditionInput| Condition {
        kind: it.kind.parse().unwrap_or_else(|()| panic!("{}", it.kind)),
        holds: holds(&it.status),
        reason: it
            .reason
            .parse()
            .unwrap_or_else(|()| panic!("{}", it.reason)),
        since: it.last_transition_time.unwrap_or(Timestamp::MIN),
    };
    Conditions(all.iter().map(condition).collect())
}

fn holds(status: &str) -> Holds {
    match status {
        "True" => Holds::Yes,
        "False" => Holds::No,
        _ => Holds::Unknown,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PodInput {
    pub(super) name: String,
    pub(super) labels: Option<BTreeMap<String, String>>,
    phase: String,
    deletion_timestamp: Option<Timestamp>,
    start_time: Option<Timestamp>,
    ready: Option<ReadyInput>,
    containers: Vec<ContainerInput>,
    #[serde(default)]
    init_containers: Vec<ContainerInput>,
    #[serde(default)]
    pod_requests: Option<BTreeMap<String, String>>,
    #[serde(default)]
    overhead: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReadyInput {
    status: String,
    last_transition_time: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContainerInput {
    name: String,
    requests: Option<BTreeMap<String, String>>,
    restart_policy: Option<String>,
}

impl PodInput {
    pub(super) fn template(&self) -> Template {
        let init = self.init_containers.iter().map(|it| {
            let lasts = it.restart_policy.as_deref() == Some("Always");
            it.container(if lasts { Role::Sidecar } else { Role::Init })
        });
        let main = self.containers.iter().map(|it| it.container(Role::Main));
        Template {
            containers: init.chain(main).collect(),
            pod_level: amounts(self.pod_requests.as_ref()),
            overhead: amounts(self.overhead.as_ref()),
        }
    }

    pub(super) fn pod<'a>(&self, template: &'a Template) -> Pod<'a> {
        Pod {
            template,
            phase: match self.phase.as_str() {
                "Pending" => Phase::Pending,
                "Running" => Phase::Running,
                "Succeeded" => Phase::Succeeded,
                "Failed" => Phase::Failed,
                _ => Phase::Unknown,
            },
            is_deleted: self.deletion_timestamp.is_some(),
            started: self.start_time,
            ready: self.ready.as_ref().map(|it| Ready {
                holds: holds(&it.status),
                since: it.last_transition_time,
            }),
        }
    }
}

impl ContainerInput {
    fn container(&self, role: Role) -> Container {
        Container {
            name: self.name.clone(),
            role,
            requests: amounts(self.requests.as_ref()),
        }
    }
}

fn amounts(all: Option<&BTreeMap<String, String>>) -> Amounts {
    let all = all.into_iter().flatten();
    Amounts(
        all.map(|(name, it)| (resource(name), quantity(it)))
            .collect(),
    )
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct StateInput {
    recommendations: Option<Vec<RecommendationInput>>,
    scale_up_events: Option<Vec<EventInput>>,
    scale_down_events: Option<Vec<EventInput>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecommendationInput {
    replicas: i32,
    time: Timestamp,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventInput {
    change: i32,
    time: Timestamp,
    #[serde(default)]
    outdated: bool,
}

impl StateInput {
    pub(super) fn memory(&self) -> Memory {
        let recommendation = |it: &RecommendationInput| Recommendation {
            replicas: it.replicas,
            at: it.time,
        };
        let recommendations = self.recommendations.as_ref();
        Memory {
            recommendations: recommendations.map(|it| it.iter().map(recommendation).collect()),
            scale_ups: events(self.scale_up_events.as_ref()),
            scale_downs: events(self.scale_down_events.as_ref()),
        }
    }
}

fn events(all: Option<&Vec<EventInput>>) -> Vec<ScaleEvent> {
    let event = |it: &EventInput| ScaleEvent {
        change: it.change,
        at: it.time,
        is_outdated: it.outdated,
    };
    all.into_iter().flatten().map(event).collect()
}

/// The name that the data gives an error.
pub(super) fn class(error: SyncError) -> &'static str {
    match error {
        SyncError::GetScale => "FailedGetScale",
        SyncError::UpdateScale => "FailedUpdateScale",
        SyncError::Selector(SelectorError::Empty) => "SelectorRequired",
        SyncError::Selector(SelectorError::Invalid) => "InvalidSelector",
        SyncError::Selector(SelectorError::Ambiguous) => "AmbiguousSelector",
        SyncError::Metric { source, .. } => metric_class(source),
    }
}

pub(super) fn metric_class(error: MetricError) -> &'static str {
    match error {
        MetricError::MetricsApi => "MetricsAPIError",
        MetricError::NoMetricsReturned => "NoMetricsReturned",
        MetricError::NoPods => "NoPods",
        MetricError::NoUsablePodMetrics => "NoUsablePodMetrics",
        MetricError::MissingRequest => "MissingRequest",
        MetricError::ContainerNotFound => "ContainerNotFound",
        MetricError::ZeroTotalRequests => "ZeroTotalRequests",
        MetricError::InvalidTarget => "InvalidTarget",
        MetricError::UnknownType => "InvalidMetricType",
    }
}
