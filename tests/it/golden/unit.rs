//! Single steps of the controller.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use serde::Deserialize;
use serde_json::{Value, json};
use stepscale::autoscaler::Autoscaler;
use stepscale::cluster::convert;
use stepscale::sim::condition::Kind;
use stepscale::sim::flags::Flags;
use stepscale::sim::grouping::{Group, Grouping};
use stepscale::sim::limits::{Range, limit, limit_with};
use stepscale::sim::memory::{Memory, Past};
use stepscale::sim::normalize::normalize;
use stepscale::sim::numbers::milli;
use stepscale::sim::pod::Sample;
use stepscale::sim::requests::{Wanted, request_of};
use stepscale::sim::settings::{Pace, Settings, Tolerance};
use stepscale::sim::stabilize::{Decision, stabilize, stabilize_with};
use stepscale::units::{Quantity, canonical};

use super::compare;
use super::input::{BehaviorInput, PodInput, SpecInput, StateInput, metric_class, resource};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Unit {
    kind: String,
    #[serde(default)]
    now: Timestamp,
    #[serde(default)]
    current_replicas: i32,
    #[serde(default)]
    desired_replicas: i32,
    #[serde(default)]
    min_replicas: i32,
    #[serde(default)]
    max_replicas: i32,
    #[serde(default)]
    downscale_stabilization_seconds: i64,
    #[serde(default)]
    cpu_initialization_period_seconds: i64,
    #[serde(default)]
    initial_readiness_delay_seconds: i64,
    #[serde(default)]
    pod_level_resources: bool,
    behavior: Option<BehaviorInput>,
    #[serde(default)]
    state: StateInput,
    #[serde(default)]
    pods: Vec<PodInput>,
    #[serde(default)]
    metrics: Vec<MetricValue>,
    resource: Option<String>,
    container: Option<String>,
    #[serde(default)]
    quantity: String,
    spec: Option<Value>,
    expected: Expected,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MetricValue {
    name: String,
    #[serde(default)]
    value: i64,
    timestamp: Timestamp,
    #[serde(default)]
    window_seconds: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Expected {
    replicas: Option<i32>,
    reason: Option<String>,
    state_after: Option<StateInput>,
    #[serde(rename = "AbleToScale")]
    able_to_scale: Option<ExpectedCondition>,
    #[serde(rename = "ScalingLimited")]
    scaling_limited: Option<ExpectedCondition>,
    ready: Option<usize>,
    unready: Option<Vec<String>>,
    missing: Option<Vec<String>>,
    ignored: Option<Vec<String>>,
    requests_milli: Option<BTreeMap<String, i64>>,
    error_class: Option<String>,
    milli: Option<i64>,
    canonical: Option<String>,
    canonical_float_bits: Option<String>,
    spec: Option<Value>,
}

#[derive(Deserialize, PartialEq, Debug)]
struct ExpectedCondition {
    status: String,
    reason: String,
}

pub(super) fn check(unit: &Unit) -> (usize, Vec<String>) {
    let mut differences = Vec::new();
    let out = &mut differences;
    match unit.kind.as_str() {
        "rules" => unit.rules(out),
        "stabilize" => unit.stabilize(out),
        "stabilizeBehavior" => unit.stabilize_with_behavior(out),
        "rate" => unit.rate(out),
        "normalize" => unit.normalize(out),
        "storeScaleEvent" => unit.store(out),
        "groupPods" => unit.group_pods(out),
        "requests" => unit.requests(out),
        "quantity" => unit.quantity(out),
        "defaults" => unit.defaults(out),
        other => panic!("unit of kind {other}"),
    }
    (1, differences)
}

impl Unit {
    fn flags(&self) -> Flags {
        let seconds = SignedDuration::from_secs;
        Flags {
            downscale_stabilization: seconds(self.downscale_stabilization_seconds),
            cpu_initialization: seconds(self.cpu_initialization_period_seconds),
            initial_readiness_delay: seconds(self.initial_readiness_delay_seconds),
            pod_level_resources: self.pod_level_resources,
            ..Flags::default()
        }
    }

    fn pace(&self) -> Option<Pace> {
        let behavior = self.behavior.as_ref();
        behavior.map(|it| Pace::of(&it.behavior(), &self.flags()))
    }

    fn range(&self) -> Range {
        Range {
            min: self.min_replicas,
            max: self.max_replicas,
        }
    }

    fn compare_decision(&self, out: &mut Vec<String>, found: Decision) {
        compare(
            out,
            "replicas",
            &Some(found.replicas),
            &self.expected.replicas,
        );
        if let Some(reason) = &self.expected.reason {
            compare(out, "reason", &found.because.name(), &reason.as_str());
        }
    }

    fn compare_memory(&self, out: &mut Vec<String>, found: &Memory) {
        let wanted = self.expected.state_after.as_ref().unwrap().memory();
        let listed = |it: &Memory| it.recommendations.clone().unwrap_or_default();
        compare(out, "recommendations", &listed(found), &listed(&wanted));
        compare(out, "scale-ups", &found.scale_ups, &wanted.scale_ups);
        compare(out, "scale-downs", &found.scale_downs, &wanted.scale_downs);
    }

    fn rules(&self, out: &mut Vec<String>) {
        let found = limit(self.range(), self.current_replicas, self.desired_replicas);
        self.compare_decision(out, found);
    }

    fn stabilize(&self, out: &mut Vec<String>) {
        let mut memory = self.state.memory();
        let window = self.flags().downscale_stabilization;
        let found = stabilize(&mut memory, self.desired_replicas, window, self.now);
        self.compare_decision(out, found);
        self.compare_memory(out, &memory);
    }

    fn stabilize_with_behavior(&self, out: &mut Vec<String>) {
        let mut memory = self.state.memory();
        let (current, desired) = (self.current_replicas, self.desired_replicas);
        let found = stabilize_with(
            &self.pace().unwrap(),
            &mut memory,
            current,
            desired,
            self.now,
        );
        compare(
            out,
            "replicas",
            &Some(found.replicas),
            &self.expected.replicas,
        );
        // The data gives the reason even where nothing was held.
        if found.replicas != desired {
            self.compare_decision(out, found);
        }
        self.compare_memory(out, &memory);
    }

    fn rate(&self, out: &mut Vec<String>) {
        let memory = self.state.memory();
        let pace = self.pace().unwrap();
        let (current, desired) = (self.current_replicas, self.desired_replicas);
        let found = limit_with(&pace, &memory, self.range(), current, desired, self.now);
        self.compare_decision(out, found);
    }

    fn normalize(&self, out: &mut Vec<String>) {
        let flags = self.flags();
        let settings = Settings {
            min: self.min_replicas,
            max: self.max_replicas,
            metrics: Vec::new(),
            tolerance: Tolerance::of(None, &flags),
            pace: self.pace(),
        };
        let (current, desired) = (self.current_replicas, self.desired_replicas);
        let mut memory = self.state.memory();
        let found = normalize(&settings, &flags, &mut memory, current, desired, self.now);
        if found.replicas != current {
            memory.store(settings.pace.as_ref(), current, found.replicas, self.now);
        }
        compare(
            out,
            "replicas",
            &Some(found.replicas),
            &self.expected.replicas,
        );
        let condition = |holds, reason: stepscale::sim::condition::Reason| {
            let status = if holds { "True" } else { "False" };
            Some(ExpectedCondition {
                status: status.to_owned(),
                reason: reason.name().to_owned(),
            })
        };
        let able = condition(true, found.stabilized);
        compare(
            out,
            Kind::AbleToScale.name(),
            &able,
            &self.expected.able_to_scale,
        );
        let limited = condition(found.is_limited, found.limited);
        compare(
            out,
            Kind::ScalingLimited.name(),
            &limited,
            &self.expected.scaling_limited,
        );
        self.compare_memory(out, &memory);
    }

    fn store(&self, out: &mut Vec<String>) {
        let mut memory = self.state.memory();
        let (from, to) = (self.current_replicas, self.desired_replicas);
        memory.store(self.pace().as_ref(), from, to, self.now);
        self.compare_memory(out, &memory);
    }

    fn group_pods(&self, out: &mut Vec<String>) {
        let is_cpu = self.resource.as_deref() == Some("cpu");
        let grouping = Grouping::new(&self.flags(), self.now, is_cpu);
        let mut found: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for input in &self.pods {
            let template = input.template();
            let sample = self.metrics.iter().find(|it| it.name == input.name);
            let sample = sample.map(MetricValue::sample);
            let name = match grouping.group(&input.pod(&template), sample.as_ref()) {
                Group::Ready => "ready",
                Group::Unready => "unready",
                Group::Missing => "missing",
                Group::Ignored => "ignored",
            };
            found.entry(name).or_default().push(input.name.clone());
        }
        found.values_mut().for_each(|it| it.sort());
        let mut names = |group| Some(found.remove(group).unwrap_or_default());
        let ready = names("ready").map(|it| it.len());
        compare(out, "ready", &ready, &self.expected.ready);
        compare(out, "unready", &names("unready"), &self.expected.unready);
        compare(out, "missing", &names("missing"), &self.expected.missing);
        compare(out, "ignored", &names("ignored"), &self.expected.ignored);
    }

    fn requests(&self, out: &mut Vec<String>) {
        let resource = resource(self.resource.as_deref().unwrap());
        let wanted = Wanted {
            resource: &resource,
            container: self.container.as_deref(),
            pod_level: self.pod_level_resources,
        };
        let request = |pod: &PodInput| {
            let request = request_of(&pod.pod(&pod.template()), &wanted)?;
            Ok((pod.name.clone(), request))
        };
        let found: Result<BTreeMap<_, _>, _> = self.pods.iter().map(request).collect();
        let error = found.as_ref().err().map(|it| metric_class(*it));
        compare(out, "error", &error, &self.expected.error_class.as_deref());
        compare(out, "requests", &found.ok(), &self.expected.requests_milli);
    }

    fn quantity(&self, out: &mut Vec<String>) {
        let quantity: Quantity = self.quantity.parse().unwrap();
        compare(out, "milli", &Some(milli(quantity)), &self.expected.milli);
        let written = canonical(&self.quantity).ok();
        compare(out, "canonical", &written, &self.expected.canonical);
        // As the controller does: from what the API server wrote back.
        let read: Quantity = written.unwrap().parse().unwrap();
        let bits = Some(format!("{:016x}", read.canonical_f64().to_bits()));
        compare(out, "bits", &bits, &self.expected.canonical_float_bits);
    }

    fn defaults(&self, out: &mut Vec<String>) {
        let wanted = self.expected.spec.as_ref().unwrap();
        let found = autoscaler(self.spec.as_ref().unwrap());
        let expected = autoscaler(wanted);
        compare(out, "min", &json!(found.min.0), &wanted["minReplicas"]);
        compare(out, "max", &json!(found.max.0), &wanted["maxReplicas"]);
        let metrics = wanted["metrics"].as_array().map_or(0, Vec::len);
        compare(out, "number of metrics", &found.metrics.len(), &metrics);
        compare(out, "metrics", &found.metrics, &expected.metrics);
        let behavior = found.behavior.as_ref().map(|it| it.defaulted());
        compare(out, "behavior", &behavior, &expected.behavior);
        // What a sync makes of the object as it was written is what the defaulted one says.
        let flags = Flags::default();
        let defaulted: SpecInput = serde_json::from_value(wanted.clone()).unwrap();
        compare(
            out,
            "settings",
            &Settings::of(&found, &flags),
            &defaulted.settings(&flags),
        );
    }
}

impl MetricValue {
    fn sample(&self) -> Sample {
        Sample {
            value: self.value,
            at: self.timestamp,
            window: SignedDuration::from_secs(self.window_seconds),
        }
    }
}

/// Reads a spec the way that the product does.
fn autoscaler(spec: &Value) -> Autoscaler {
    let object = json!({"metadata": {"name": "hpa", "namespace": "default"}, "spec": spec});
    let object: HorizontalPodAutoscaler = serde_json::from_value(object).unwrap();
    convert::autoscaler(&object).unwrap()
}
