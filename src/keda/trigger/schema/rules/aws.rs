//! Types that ask AWS; who they are is checked for all of them alike.

use serde_json::{Map, Value};

use crate::keda::trigger::problem::{Cause, Problem};
use crate::keda::trigger::rule::When::{Given, Not};
use crate::keda::trigger::rule::{Facts, Rule, When, give, one_of, pass, set, shaped};
use crate::keda::trigger::shape::{self, Shape};

const NO_EXPRESSION: When = Not(&Given("expression"));

/// `aws_cloudwatch_scaler.go`.
pub(super) const AWS_CLOUDWATCH: &[Rule] = &[
    give(&["namespace", "metricName", "dimensionName", "dimensionValue"]).when(NO_EXPRESSION),
    pass(dimensions).when(NO_EXPRESSION),
    one_of("metricUnit", UNITS).when(NO_EXPRESSION),
    pass(period),
];

/// `aws_dynamodb_scaler.go`.
pub(super) const AWS_DYNAMODB: &[Rule] = &[
    set("targetValue").for_target(),
    shaped("expressionAttributeNames", TEXTS),
    shaped("expressionAttributeValues", OBJECT),
];

/// `aws_sqs_queue_scaler.go`.
pub(super) const AWS_SQS_QUEUE: &[Rule] = &[shaped("queueURL", QUEUE)];

const TEXTS: Shape = Shape {
    wanted: "a JSON object of texts; write {\"#name\": \"attribute\"}",
    has: |text| {
        let read = serde_json::from_str::<Map<String, Value>>(text);
        read.is_ok_and(|it| !it.is_empty() && it.values().all(Value::is_string))
    },
};

const OBJECT: Shape = Shape {
    wanted: "a JSON object; write {\":value\": {\"S\": \"text\"}}",
    has: |text| serde_json::from_str::<Map<String, Value>>(text).is_ok(),
};

const QUEUE: Shape = Shape {
    wanted: "the URL of a queue; write https://sqs.REGION.amazonaws.com/ACCOUNT/NAME, or the name \
        alone",
    has: |text| queue_name(text).is_some(),
};

/// The name of a queue, which may be given by its URL.
pub(in crate::keda::trigger::schema) fn queue_name(text: &str) -> Option<String> {
    let Some(path) = shape::path(text) else {
        return Some(text.to_owned());
    };
    let parts: Vec<&str> = path.split('/').collect();
    match parts[..] {
        [_, _, name] if !name.is_empty() => Some(name.to_owned()),
        _ => None,
    }
}

fn dimensions(facts: &Facts<'_>) -> Option<Problem> {
    let count = |name| facts.values.list(name).len();
    let (names, values) = (count("dimensionName"), count("dimensionValue"));
    let is_uneven = names > 0 && values > 0 && names != values;
    is_uneven.then(|| Problem::new("dimensionName+dimensionValue", Cause::Uneven))
}

/// Whether CloudWatch keeps points that far apart, and the window holds whole ones.
fn period(facts: &Facts<'_>) -> Option<Problem> {
    let period = facts.values.integer("metricStatPeriod");
    let is_kept = matches!(period, 1 | 5 | 10 | 30) || period >= 60 && period % 60 == 0;
    if !is_kept {
        let wanted = "a period of CloudWatch; write 1, 5, 10, 30 or a multiple of 60";
        return Some(facts.misshapen("metricStatPeriod", wanted));
    }
    let window = facts.values.integer("metricCollectionTime");
    let is_whole = window >= 0 && window % period == 0;
    let wanted = "a multiple of `metricStatPeriod`, 300 by default";
    (!is_whole).then(|| facts.misshapen("metricCollectionTime", wanted))
}

const UNITS: &[&str] = &[
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];
