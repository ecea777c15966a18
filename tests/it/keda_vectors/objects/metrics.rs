//! The metrics of the few trigger types that the HPAs of the cases have.

use stepscale::keda::hpa::{HpaMetric, MetricSource, MetricTarget};
use stepscale::keda::objects::Trigger;
use stepscale::units::Quantity;

/// The metric of the trigger at a place among those of its object; `None` if the trigger is
/// refused.
pub(super) fn metric(at: usize, trigger: &Trigger) -> Option<HpaMetric> {
    let (name, milli) = match trigger.kind.as_str() {
        "cpu" | "memory" => return resource(trigger),
        "prometheus" => (
            "prometheus".to_owned(),
            thousandths(text(trigger, "threshold"))?,
        ),
        "cron" => (cron(trigger), 1000),
        "kafka" => kafka(trigger)?,
        _ => return None,
    };
    let name = name.replace(['/', '.', ':', '%', '(', ')'], "-");
    let target = match trigger.metric_type.as_deref().unwrap_or_default() {
        "" | "AverageValue" => MetricTarget::AverageValue { milli },
        "Value" => MetricTarget::Value { milli },
        _ => return None,
    };
    let name = format!("s{at}-{name}");
    let source = MetricSource::External { name };
    Some(HpaMetric { source, target })
}

fn text<'a>(trigger: &'a Trigger, key: &str) -> &'a str {
    trigger.metadata.get(key).map_or("", String::as_str)
}

fn cron(trigger: &Trigger) -> String {
    let [zone, start, end] = ["timezone", "start", "end"].map(|key| text(trigger, key));
    let name = format!("cron-{zone}-{start}-{end}");
    let name = name.replace(' ', "").replace('*', "x").replace('/', "Sl");
    name.replace('?', "Qm").replace(',', "Cm")
}

fn kafka(trigger: &Trigger) -> Option<(String, i128)> {
    let threshold = match text(trigger, "lagThreshold") {
        "" => "10",
        threshold => threshold,
    };
    let name = match text(trigger, "topic") {
        "" => format!("kafka-{}-topics", text(trigger, "consumerGroup")),
        topic => format!("kafka-{topic}"),
    };
    Some((name, thousandths(threshold)?))
}

fn resource(trigger: &Trigger) -> Option<HpaMetric> {
    let resource = trigger.kind.clone();
    let value = text(trigger, "value");
    let target = match trigger.metric_type.as_deref()? {
        "Utilization" => MetricTarget::Utilization {
            percent: value.parse().ok()?,
        },
        "AverageValue" => MetricTarget::AverageValue {
            milli: value.parse::<Quantity>().ok()?.milli_value(),
        },
        _ => return None,
    };
    let source = match text(trigger, "containerName") {
        "" => MetricSource::Resource { resource },
        container => MetricSource::ContainerResource {
            resource,
            container: container.to_owned(),
        },
    };
    Some(HpaMetric { source, target })
}

fn thousandths(number: &str) -> Option<i128> {
    let number: f64 = number.parse().ok()?;
    Some((number * 1000.0).round() as i128)
}
