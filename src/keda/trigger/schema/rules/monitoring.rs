//! Types that ask a monitoring system.

use crate::keda::trigger::problem::{Cause, Problem};
use crate::keda::trigger::rule::When::{Given, Is, Not};
use crate::keda::trigger::rule::{
    Facts, Rule, When, give, give_one, not_negative, not_zero, one_of, pass, refuse, set, shaped,
};
use crate::keda::trigger::shape::{REQUEST_URI, Shape};

const PROXY: When = Is("useClusterAgentProxy", &["true"]);

/// `datadog_scaler.go`.
pub(super) const DATADOG: &[Rule] = &[
    not_negative("age"),
    not_negative("timeWindowOffset"),
    not_negative("lastAvailablePointOffset"),
    shaped("query", SCOPED),
    one_of("authMode", &["bearer"]),
    give(&["token"]).when(Is("authMode", &["bearer"])),
    give(&["appKey", "apiKey", "query"]).when(Not(&PROXY)),
    give(&[
        "datadogMetricsService",
        "datadogMetricName",
        "datadogNamespace",
        "datadogMetricNamespace",
    ])
    .when(PROXY),
    set("targetValue").for_target(),
    pass(datadog_type),
];

/// `dynatrace_scaler.go`.
pub(super) const DYNATRACE: &[Rule] = &[
    give_one(&["metricSelector", "query"]),
    refuse(&["from"]).with("query"),
];

/// `graphite_scaler.go`.
pub(super) const GRAPHITE: &[Rule] = &[give(&["username"]).when(Is("authMode", &["basic"]))];

/// `metrics_api_scaler.go`.
pub(super) const METRICS_API: &[Rule] = &[not_zero("targetValue").for_target()];

/// `openstack_metrics_scaler.go`.
pub(super) const OPENSTACK_METRIC: &[Rule] = &[
    give(&["password"]).with("userID"),
    give(&["appCredentialSecret"]).when(Not(&Given("userID"))),
];

/// `predictkube_scaler.go`.
pub(super) const PREDICTKUBE: &[Rule] = &[
    shaped("prometheusAddress", REQUEST_URI),
    shaped("predictHorizon", LONG_DURATION),
    shaped("queryStep", LONG_DURATION),
    shaped("historyTimeWindow", LONG_DURATION),
    shaped("apiKey", TOKEN),
    not_zero("threshold").for_target(),
];

/// `solarwinds_scaler.go`.
pub(super) const SOLARWINDS: &[Rule] = &[shaped("host", REQUEST_URI)];

const LOGS: When = Is("queryType", &["logs"]);
const METRICS: When = Is("queryType", &["metrics"]);

/// `sumologic_scaler.go`.
pub(super) const SUMOLOGIC: &[Rule] = &[
    give(&["query", "resultField"]).when(LOGS),
    give(&["quantization"]).when(METRICS),
    pass(sumologic_rows),
    pass(|facts| rows(facts).next().map(|_| facts.not_allowed("query.*"))).when(LOGS),
];

const SCOPED: Shape = Shape {
    wanted: "a query with its scope; write metric{scope}",
    has: |it| {
        it.split_once('{')
            .is_some_and(|(_, rest)| rest.contains('}'))
    },
};

const TOKEN: Shape = Shape {
    wanted: "a JSON web token",
    has: |it| {
        let is_part = |it: &str| {
            it.bytes()
                .all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it))
        };
        let parts: Vec<&str> = it.split('.').collect();
        parts.len() == 3
            && parts.iter().all(|it| is_part(it))
            && !parts[1].is_empty()
            && !parts[0].is_empty()
    },
};

/// Also with days and weeks.
const LONG_DURATION: Shape = Shape {
    wanted: "a duration; write 7d, 2h30m or 1w",
    has: |it| {
        let units = ["w", "d", "h", "m", "s", "ms", "us", "µs", "ns"];
        let mut rest = it.trim_start_matches(['-', '+']);
        if rest == "0" {
            return true;
        }
        while let Some(begin) = rest.find(|c: char| !c.is_ascii_digit() && c != '.') {
            let unit = &rest[begin..];
            let end = unit
                .find(|c: char| c.is_ascii_digit() || c == '.')
                .unwrap_or(unit.len());
            if begin == 0 || !units.contains(&&unit[..end]) {
                return false;
            }
            rest = &unit[end..];
            if rest.is_empty() {
                return true;
            }
        }
        false
    },
};

/// The old word for `metricType`, of which only one may be given, even empty.
fn datadog_type(facts: &Facts<'_>) -> Option<Problem> {
    let written = facts.source.metadata.get("type")?;
    if facts
        .source
        .metric_type
        .as_ref()
        .is_some_and(|it| !it.is_empty())
    {
        return Some(facts.excluding("type", "metricType"));
    }
    let allowed = &["average", "global"];
    let is_known = allowed.contains(&written.to_lowercase().as_str());
    let value = facts.shown("type");
    (!is_known).then(|| Problem::new("type", Cause::NotInEnum { value, allowed }))
}

/// The rows of a query of metrics, by name, with their texts.
fn rows<'a>(facts: &'a Facts<'_>) -> impl Iterator<Item = (&'a str, &'a str)> {
    let metadata = facts.source.metadata.iter();
    metadata.filter_map(|(key, text)| Some((key.strip_prefix("query.")?, text.as_str())))
}

fn sumologic_rows(facts: &Facts<'_>) -> Option<Problem> {
    if rows(facts).any(|(name, text)| name.is_empty() || text.is_empty()) {
        return Some(facts.misshapen("query.*", "a row; write query.NAME with a query"));
    }
    if !facts.hold(METRICS) {
        return None;
    }
    let has_rows = rows(facts).next().is_some();
    if has_rows == facts.is_given("query") {
        return Some(Problem::new("query+query.*", Cause::ExactlyOneOf));
    }
    if !has_rows {
        return None;
    }
    let result = facts.values.text("resultQueryRowID");
    if result.is_empty() {
        return Some(facts.missing("resultQueryRowID"));
    }
    let is_row = rows(facts).any(|(name, _)| name == result);
    (!is_row).then(|| facts.misshapen("resultQueryRowID", "a row of `query.`"))
}
