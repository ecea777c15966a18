//! Types that ask a monitoring system.

use super::super::auth;
use super::super::auth::joined;
use super::super::param::Kind::{Boolean, Duration, Float, Map, NullableFloat, Text};
use super::super::param::{AUTH, AUTH_META, INTEGER, META, META_AUTH, Param};

pub(super) const DATADOG: &[Param] = &[
    Param::new("datadogNamespace", Text, AUTH).optional(),
    Param::new("datadogMetricsService", Text, AUTH).optional(),
    Param::new("datadogMetricsServicePort", INTEGER, AUTH).or("8443"),
    Param::new("unsafeSsl", Boolean, AUTH).or("false"),
    Param::new("authMode", Text, AUTH).optional(),
    Param::new("token", Text, AUTH).optional(),
    Param::new("datadogMetricName", Text, META).optional(),
    Param::new("datadogMetricNamespace", Text, META).optional(),
    Param::new("activationTargetValue", Float, META).or("0"),
    Param::new("apiKey", Text, AUTH).optional(),
    Param::new("appKey", Text, AUTH).optional(),
    Param::new("datadogSite", Text, AUTH).or("datadoghq.com"),
    Param::new("query", Text, META).optional(),
    Param::new("queryAggregator", Text, META)
        .one_of(&["average", "max"])
        .optional(),
    Param::new("activationQueryValue", Float, META).or("0"),
    Param::new("age", INTEGER, META).or("90"),
    Param::new("timeWindowOffset", INTEGER, META).or("0"),
    Param::new("lastAvailablePointOffset", INTEGER, META).or("0"),
    Param::new("useClusterAgentProxy", Boolean, META).or("false"),
    Param::new("hpaMetricName", Text, META).optional(),
    Param::new("metricUnavailableValue", NullableFloat, META).optional(),
    Param::new("targetValue", Float, META)
        .alias(&["queryValue"])
        .or("-1"),
    Param::new("timeout", Duration, META).optional(),
    Param::new("type", Text, META)
        .optional()
        .deprecated("set `metricType` beside `metadata` instead"),
];

pub(super) const DYNATRACE: &[Param] = &[
    Param::new("host", Text, META_AUTH),
    Param::new("token", Text, AUTH),
    Param::new("metricSelector", Text, META).optional(),
    Param::new("query", Text, META).optional(),
    Param::new("queryTimeoutSeconds", INTEGER, META).or("10"),
    Param::new("queryPollingWait", Duration, META).or("1s"),
    Param::new("queryPollingTries", INTEGER, META).or("5"),
    Param::new("from", Text, META).optional(),
    Param::new("threshold", Float, META),
    Param::new("activationThreshold", Float, META).optional(),
];

pub(super) const GRAPHITE: &[Param] = &[
    Param::new("serverAddress", Text, META),
    Param::new("query", Text, META),
    Param::new("threshold", Float, META).or("100"),
    Param::new("activationThreshold", Float, META).or("0"),
    Param::new("queryTime", Text, META),
    Param::new("authMode", Text, META)
        .one_of(&["basic"])
        .optional(),
    Param::new("username", Text, AUTH).optional(),
    Param::new("password", Text, AUTH).optional(),
];

pub(super) const HUAWEI_CLOUDEYE: &[Param] = &[
    Param::new("namespace", Text, META),
    Param::new("metricName", Text, META),
    Param::new("dimensionName", Text, META),
    Param::new("dimensionValue", Text, META),
    Param::new("targetMetricValue", Float, META),
    Param::new("activationTargetMetricValue", Float, META).or("0"),
    Param::new("minMetricValue", Float, META).removed("set `activationTargetMetricValue` instead"),
    Param::new("metricCollectionTime", INTEGER, META).or("300"),
    Param::new("metricFilter", Text, META)
        .one_of(&["average", "max", "min", "sum"])
        .or("average"),
    Param::new("metricPeriod", Text, META).or("300"),
];

pub(super) const LOKI: &[Param] = &joined::<17, 7, 24>(
    auth::PARAMS,
    [
        Param::new("serverAddress", Text, META),
        Param::new("query", Text, META),
        Param::new("threshold", Float, META),
        Param::new("activationThreshold", Float, META).or("0"),
        Param::new("tenantName", Text, META).optional(),
        Param::new("ignoreNullValues", Boolean, META).or("true"),
        Param::new("unsafeSsl", Boolean, META).or("false"),
    ],
);

pub(super) const METRICS_API: &[Param] = &joined::<17, 9, 26>(
    auth::PARAMS,
    [
        Param::new("targetValue", Float, META).optional(),
        Param::new("activationTargetValue", Float, META).or("0"),
        Param::new("url", Text, META),
        Param::new("format", Text, META)
            .one_of(&["prometheus", "json", "xml", "yaml"])
            .or("json"),
        Param::new("valueLocation", Text, META),
        Param::new("unsafeSsl", Boolean, META).or("false"),
        Param::new("aggregateFromKubeServiceEndpoints", Boolean, META).or("false"),
        Param::new("aggregationType", Text, META)
            .one_of(&["average", "sum", "max", "min"])
            .or("average"),
        Param::new("timeout", Duration, META).optional(),
    ],
);

pub(super) const NEW_RELIC: &[Param] = &[
    Param::new("account", INTEGER, AUTH_META),
    Param::new("region", Text, AUTH_META).or("US"),
    Param::new("queryKey", Text, AUTH_META),
    Param::new("noDataError", Boolean, META).or("false"),
    Param::new("nrql", Text, META),
    Param::new("threshold", Float, META),
    Param::new("activationThreshold", Float, META).or("0"),
];

pub(super) const OPENSTACK_METRIC: &[Param] = &[
    Param::new("metricsURL", Text, META),
    Param::new("authURL", Text, AUTH),
    Param::new("userID", Text, AUTH).optional(),
    Param::new("password", Text, AUTH).optional(),
    Param::new("appCredentialSecret", Text, AUTH).optional(),
    Param::new("metricID", Text, META),
    Param::new("aggregationMethod", Text, META),
    Param::new("granularity", INTEGER, META),
    Param::new("threshold", Float, META).optional(),
    Param::new("activationThreshold", Float, META).optional(),
    Param::new("timeout", INTEGER, META).or("30"),
];

pub(super) const PREDICTKUBE: &[Param] = &joined::<17, 8, 25>(
    auth::PARAMS,
    [
        Param::new("prometheusAddress", Text, META),
        Param::new("query", Text, META),
        Param::new("predictHorizon", Text, META),
        Param::new("queryStep", Text, META),
        Param::new("historyTimeWindow", Text, META),
        Param::new("apiKey", Text, AUTH),
        Param::new("threshold", Float, META).optional(),
        Param::new("activationThreshold", Float, META).optional(),
    ],
);

pub(super) const SOLARWINDS: &[Param] = &[
    Param::new("apiToken", Text, AUTH).optional(),
    Param::new("host", Text, META),
    Param::new("targetValue", Float, META),
    Param::new("activationValue", Float, META).or("0"),
    Param::new("metricName", Text, META),
    Param::new("aggregation", Text, META).one_of(&["COUNT", "MIN", "MAX", "AVG", "SUM", "LAST"]),
    Param::new("intervalS", INTEGER, META),
    Param::new("filter", Text, META).optional(),
];

pub(super) const SPLUNK_OBSERVABILITY: &[Param] = &[
    Param::new("accessToken", Text, AUTH),
    Param::new("realm", Text, AUTH),
    Param::new("query", Text, META),
    Param::new("duration", INTEGER, META),
    Param::new("targetValue", Float, META),
    Param::new("queryAggregator", Text, META),
    Param::new("activationTargetValue", Float, META),
];

pub(super) const SUMOLOGIC: &[Param] = &[
    Param::new("accessID", Text, AUTH),
    Param::new("accessKey", Text, AUTH),
    Param::new("host", Text, META),
    Param::new("unsafeSsl", Boolean, META).optional(),
    Param::new("queryType", Text, META).one_of(&["logs", "metrics"]),
    Param::new("query", Text, META).optional(),
    Param::new("query.*", Map, META).optional(),
    Param::new("resultQueryRowID", Text, META).optional(),
    Param::new("quantization", Duration, META).optional(),
    Param::new("rollup", Text, META)
        .one_of(&["Avg", "Sum", "Count", "Min", "Max"])
        .or("Avg"),
    Param::new("resultField", Text, META).optional(),
    Param::new("logsPollingInterval", Duration, META).optional(),
    Param::new("maxRetries", INTEGER, META).optional(),
    Param::new("timerange", Duration, META),
    Param::new("timezone", Text, META).or("UTC"),
    Param::new("activationThreshold", Float, META).or("0"),
    Param::new("queryAggregator", Text, META)
        .one_of(&["Latest", "Avg", "Sum", "Count", "Min", "Max"])
        .or("Avg"),
    Param::new("threshold", Float, META),
];
