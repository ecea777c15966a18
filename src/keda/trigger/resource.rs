//! The `cpu` and `memory` triggers: metrics of the HPA itself, without a source of KEDA's.

use super::param::{Kind, META, Param};
use super::problem::{Cause, Problem, Shown};
use super::{HpaMetric, MetricSource, MetricTarget, Settings, Trigger, TriggerSource, Values};
use crate::units::Quantity;

/// The parameters of both types.
pub const TABLE: &[Param] = &[
    Param::new("type", Kind::Text, META)
        .one_of(&["Utilization", "AverageValue"])
        .removed("set `metricType` beside `metadata` instead"),
    Param::new("value", Kind::Text, META),
    Param::new("containerName", Kind::Text, META).optional(),
];

/// Settings of a `cpu` or `memory` trigger. Its metric in the HPA says the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// `cpu` or `memory`.
    pub resource: String,
    /// The only container that counts; all if absent.
    pub container: Option<String>,
}

pub(super) fn read(source: &TriggerSource) -> Result<Trigger, Vec<Problem>> {
    let values = Values::read(TABLE, source)?;
    let target = target(source, &values.text("value")).map_err(|problem| vec![problem])?;
    let container = Some(values.text("containerName")).filter(|it| !it.is_empty());
    let resource = source.kind.clone();
    let metric = HpaMetric {
        source: match container.clone() {
            Some(container) => MetricSource::ContainerResource {
                resource: resource.clone(),
                container,
            },
            None => MetricSource::Resource {
                resource: resource.clone(),
            },
        },
        target,
    };
    Ok(Trigger {
        settings: Settings::Resource(Resource {
            resource,
            container,
        }),
        metric: Some(metric),
    })
}

fn target(source: &TriggerSource, text: &str) -> Result<MetricTarget, Problem> {
    let value = Shown(Some(text.to_owned()));
    match source.metric_type.as_deref().unwrap_or_default() {
        "AverageValue" => match text.parse::<Quantity>() {
            Ok(quantity) => Ok(MetricTarget::AverageValue {
                milli: milli(text, quantity),
            }),
            Err(_) => Err(Problem::new("value", Cause::NotAQuantity { value })),
        },
        "Utilization" => match text.parse() {
            Ok(percent) => Ok(MetricTarget::Utilization { percent }),
            Err(_) => Err(Problem::new("value", Cause::NotAnInteger { value })),
        },
        other => {
            let cause = Cause::MetricTypeNotAllowed {
                value: other.to_owned(),
                allowed: "Utilization or AverageValue",
            };
            Err(Problem::new("metricType", cause))
        }
    }
}

/// The API machinery holds back quantities with a binary suffix, and only those, at 64 bits.
fn milli(text: &str, quantity: Quantity) -> i128 {
    let milli = quantity.milli_value();
    if text.ends_with('i') {
        milli.min(i128::from(i64::MAX) * 1000)
    } else {
        milli
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::source;
    use super::*;

    fn metric(metric_type: &str, metadata: &[(&str, &str)]) -> Result<HpaMetric, &'static str> {
        let mut source = source("memory", metadata);
        source.metric_type = Some(metric_type.to_owned());
        match read(&source) {
            Ok(trigger) => Ok(trigger.metric.unwrap()),
            Err(problems) => Err(problems[0].cause.word()),
        }
    }

    #[test]
    fn a_container_gives_its_own_kind_of_metric() {
        let value = [("value", "512Mi"), ("containerName", "app")];
        let expected = HpaMetric {
            source: MetricSource::ContainerResource {
                resource: "memory".to_owned(),
                container: "app".to_owned(),
            },
            target: MetricTarget::AverageValue {
                milli: 536_870_912_000,
            },
        };
        assert_eq!(metric("AverageValue", &value), Ok(expected));
    }

    #[test]
    fn binary_quantities_have_a_limit_and_decimal_ones_have_none() {
        let milli = |value| match metric("AverageValue", &[("value", value)]).unwrap().target {
            MetricTarget::AverageValue { milli } => milli,
            other => panic!("not an average: {other:?}"),
        };
        assert_eq!(milli("16Ei"), i128::from(i64::MAX) * 1000);
        assert_eq!(milli("16E"), 16 * 10_i128.pow(21));
        assert_eq!(milli("0.1m"), 1);
    }

    #[test]
    fn each_type_has_its_own_numbers() {
        let refused = |metric_type, value| metric(metric_type, &[("value", value)]).unwrap_err();
        assert_eq!(refused("Utilization", "60%"), "not-an-integer");
        assert_eq!(refused("Utilization", "2147483648"), "not-an-integer");
        assert_eq!(refused("AverageValue", "12 Mi"), "not-a-quantity");
        assert_eq!(refused("", "60"), "metric-type-not-allowed");
        assert_eq!(refused("utilization", "60"), "metric-type-not-allowed");
        assert_eq!(refused("Value", ""), "missing");
        let removed = metric("Utilization", &[("value", "60"), ("type", "Utilization")]);
        assert_eq!(removed, Err("removed-setting"));
    }
}
