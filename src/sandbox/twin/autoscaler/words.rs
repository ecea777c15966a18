//! What goes wrong in a sync, as the controller says it in events and conditions.

use serde_json::Value;

use super::readings::Readings;
use super::{Known, failed_metric};
use crate::autoscaler::{Metric, Resource, Target};
use crate::sandbox::twin::events::{Kind, Source};
use crate::sandbox::twin::fields::text;
use crate::sandbox::twin::objects::{Name, Of};
use crate::sandbox::twin::stage::Stage;
use crate::sim::proposal::{MetricError, Proposal};
use crate::sim::sync::{Because, Plan, SelectorError, SyncError};

/// The failures of one sync.
#[derive(Default)]
pub(super) struct Failures {
    /// Reasons and messages of events.
    events: Vec<(&'static str, String)>,
    /// What the condition of the first failure says.
    pub(super) condition: Option<String>,
}

impl Failures {
    pub(super) fn of(
        known: &Known,
        readings: &Readings<'_>,
        plan: &Plan,
        proposed: &[Option<Result<Proposal, MetricError>>],
    ) -> Self {
        match plan.error {
            None => Self::default(),
            Some(SyncError::GetScale) => Self::of_scale(known),
            Some(SyncError::Selector(error)) => Self::of_selector(known, error),
            Some(SyncError::Metric { .. } | SyncError::UpdateScale) => {
                Self::of_metrics(known, readings, plan, proposed)
            }
        }
    }

    fn of_scale(known: &Known) -> Self {
        let why = match &known.target {
            Some((of, name)) => {
                format!("{}.{} {:?} not found", of.plural(), of.group(), &*name.name)
            }
            None => "the server could not find the requested resource".to_owned(),
        };
        Self {
            condition: Some(format!(
                "the HPA controller was unable to get the target's current scale: {why}"
            )),
            events: vec![("FailedGetScale", why)],
        }
    }

    fn of_selector(known: &Known, error: SelectorError) -> Self {
        let selector = &known.selected.selector;
        let (reason, event, condition) = match error {
            SelectorError::Empty => (
                "SelectorRequired",
                "selector is required".to_owned(),
                "the HPA target's scale is missing a selector".to_owned(),
            ),
            SelectorError::Invalid => {
                let why = "couldn't convert selector into a corresponding internal selector object";
                ("InvalidSelector", why.to_owned(), why.to_owned())
            }
            SelectorError::Ambiguous => {
                let labels = selector.get("matchLabels").and_then(Value::as_object);
                let labels = labels.into_iter().flatten();
                let labels = labels.map(|(key, value)| format!("{key}={}", text(value, "")));
                let labels: Vec<String> = labels.collect();
                let why = format!(
                    "pods by selector {} are controlled by multiple HPAs",
                    labels.join(",")
                );
                ("AmbiguousSelector", why.clone(), why)
            }
        };
        Self {
            events: vec![(reason, event)],
            condition: Some(condition),
        }
    }

    fn of_metrics(
        known: &Known,
        readings: &Readings<'_>,
        plan: &Plan,
        proposed: &[Option<Result<Proposal, MetricError>>],
    ) -> Self {
        let mut failures = Self::default();
        let metrics = &known.settings.metrics;
        for (metric, proposed) in metrics.iter().zip(proposed) {
            if let Some(Err(error)) = *proposed {
                let (reason, why, _) = of_metric(metric, error, readings);
                failures.events.push((reason, why));
            }
        }
        let count = failures.events.len();
        if let Some((index, error)) = failed_metric(plan)
            && let Some(metric) = metrics.get(index)
            && plan.because == Because::Failed
        {
            let (_, why, wrapped) = of_metric(metric, error, readings);
            failures.condition = Some(format!(
                "the HPA was unable to compute the replica count: {why}"
            ));
            let total = metrics.len();
            let message = format!(
                "invalid metrics ({count} invalid out of {total}), first error is: {wrapped}"
            );
            failures
                .events
                .push(("FailedComputeMetricsReplicas", message));
        }
        failures
    }

    pub(super) fn tell(&self, stage: &mut Stage, name: &Name) {
        if self.events.is_empty() {
            return;
        }
        let Some(hpa) = stage.world.get(Of::Hpa, name).cloned() else {
            return;
        };
        for (reason, message) in &self.events {
            let source = Source::Autoscaler;
            stage.event(&hpa, source, Kind::Warning, reason, message.clone());
        }
    }
}

/// The reason of a metric's event, its message, and the message once more as the sync wraps it.
fn of_metric(
    metric: &Metric,
    error: MetricError,
    readings: &Readings<'_>,
) -> (&'static str, String, String) {
    match metric {
        Metric::Resource { resource, target } => {
            let cause = of_resource(resource, None, error, readings);
            let why = format!("failed to get {}: {cause}", of_target(resource, *target));
            let wrapped = format!("failed to get {resource} resource metric value: {why}");
            ("FailedGetResourceMetric", why, wrapped)
        }
        Metric::ContainerResource {
            resource,
            container,
            target,
        } => {
            let cause = of_resource(resource, Some(container), error, readings);
            let why = format!("failed to get {}: {cause}", of_target(resource, *target));
            let wrapped = format!("failed to get {resource} container metric value: {why}");
            ("FailedGetContainerResourceMetric", why, wrapped)
        }
        Metric::Pods { name, .. } => {
            let why = format!(
                "unable to get metric {name}: unable to fetch metrics from custom metrics API: no \
                 metrics returned from custom metrics API"
            );
            let wrapped = format!("failed to get pods metric value: {why}");
            ("FailedGetPodsMetric", why, wrapped)
        }
        Metric::Object {
            name, described, ..
        } => {
            let described = described.replacen('/', " ", 1);
            let why = format!(
                "unable to get metric {name}: {described}: no metrics returned from custom \
                 metrics API"
            );
            let wrapped = format!("failed to get object metric value: {why}");
            ("FailedGetObjectMetric", why, wrapped)
        }
        Metric::External { name, .. } => {
            let why = format!(
                "unable to get external metric {name}: no metrics returned from external metrics \
                 API"
            );
            let wrapped = format!("failed to get {name} external metric value: {why}");
            ("FailedGetExternalMetric", why, wrapped)
        }
    }
}

fn of_target(resource: &Resource, target: Target) -> String {
    match target {
        Target::Utilization(_) => format!("{resource} utilization"),
        Target::AverageValue(_) | Target::Value(_) => format!("{resource} usage"),
    }
}

fn of_resource(
    resource: &Resource,
    container: Option<&str>,
    error: MetricError,
    readings: &Readings<'_>,
) -> String {
    let of = format!("unable to get metrics for resource {resource}");
    match error {
        MetricError::MetricsApi | MetricError::NoMetricsReturned => {
            format!("{of}: no metrics returned from resource metrics API")
        }
        MetricError::NoPods => {
            "no pods returned by selector while calculating replica count".into()
        }
        MetricError::NoUsablePodMetrics => {
            "did not receive metrics for targeted pods (pods might be unready)".into()
        }
        MetricError::MissingRequest => {
            let (pod, name) = without_request(resource, container, readings);
            format!("missing request for {resource} in container {name} of Pod {pod}")
        }
        MetricError::ContainerNotFound => {
            let pod = readings.pods.first().map_or("", |it| &it.name.name);
            let name = container.unwrap_or_default();
            format!("container {name} not found in Pod {pod}")
        }
        MetricError::ZeroTotalRequests => {
            "the sum of the requests of the targeted pods is zero".into()
        }
        MetricError::InvalidTarget | MetricError::UnknownType => error.to_string(),
    }
}

/// The first pod and container that request nothing of a resource.
fn without_request<'a>(
    resource: &Resource,
    container: Option<&'a str>,
    readings: &'a Readings<'_>,
) -> (&'a str, &'a str) {
    for pod in &readings.pods {
        let all = pod.shape.template.containers.iter();
        let mut all = all.filter(|it| container.is_none_or(|name| it.name == name));
        if let Some(found) = all.find(|it| it.requests.get(resource).is_none()) {
            return (&pod.name.name, &found.name);
        }
    }
    ("", container.unwrap_or_default())
}
