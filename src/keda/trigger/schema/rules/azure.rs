//! Types that ask Azure; the clouds are of `azure/azure_cloud_environment.go` and
//! `azure/cloud_config.go`.

use crate::keda::trigger::PodIdentity;
use crate::keda::trigger::problem::Problem;
use crate::keda::trigger::rule::When::{All, As, Given, Is, Not};
use crate::keda::trigger::rule::{
    Facts, Rule, When, give, give_one, give_some, identity, named, not_zero, one_of, pass,
    positive, refuse, shaped,
};
use crate::keda::trigger::shape::{REGEX, Shape, has_parts};

const NO_IDENTITY: When = As(PodIdentity::None);
const WORKLOAD: When = As(PodIdentity::AzureWorkload);
const PRIVATE: When = When::IsNamed("cloud", "Private");

const IDENTITY: Rule = identity(&[PodIdentity::None, PodIdentity::AzureWorkload]);

/// The clouds that clients of storage, queues and hubs know.
const CLOUD: Rule = named(
    "cloud",
    &[
        "AzurePublicCloud",
        "AzureCloud",
        "AzureUSGovernmentCloud",
        "AzureUSGovernment",
        "AzureChinaCloud",
        "AzureGermanCloud",
        // Of a file of the operator.
        "AzureStackCloud",
        "Private",
    ],
);

/// The clouds that clients of metrics know.
const METRICS_CLOUD: Rule = named(
    "cloud",
    &[
        "AzurePublicCloud",
        "AzureUSGovernmentCloud",
        "AzureChinaCloud",
        "Private",
    ],
);

const CLIENT: Rule =
    give(&["activeDirectoryClientId", "activeDirectoryClientPassword"]).when(NO_IDENTITY);

/// `azure_app_insights_scaler.go`.
pub(super) const AZURE_APP_INSIGHTS: &[Rule] = &[
    shaped("metricAggregationTimespan", HOURS_MINUTES),
    not_zero("targetValue").for_target(),
    METRICS_CLOUD,
    give(&["appInsightsResourceURL", "activeDirectoryEndpoint"]).when(PRIVATE),
    CLIENT,
    IDENTITY,
];

/// `azure_blob_scaler.go`.
pub(super) const AZURE_BLOB: &[Rule] = &[
    CLOUD,
    give(&["endpointSuffix"]).when(PRIVATE),
    give(&["connection"]).when(NO_IDENTITY),
    give(&["accountName"]).when(WORKLOAD),
    IDENTITY,
];

/// `azure_data_explorer_scaler.go`.
pub(super) const AZURE_DATA_EXPLORER: &[Rule] = &[
    CLOUD,
    give(&["activeDirectoryEndpoint"]).when(PRIVATE),
    give(&["tenantId", "clientId", "clientSecret"]).when(NO_IDENTITY),
    IDENTITY,
];

/// `azure_eventhub_scaler.go`.
pub(super) const AZURE_EVENTHUB: &[Rule] = &[
    positive("unprocessedEventThreshold"),
    CLOUD,
    give(&["endpointSuffix"]).when(PRIVATE),
    give(&["storageConnection", "connection"]).when(NO_IDENTITY),
    pass(hub).when(All(&[
        NO_IDENTITY,
        Given("connection"),
        Not(&Given("eventHubName")),
    ])),
    give_some(&["storageConnection", "storageAccountName"]).when(WORKLOAD),
    give(&["storageEndpointSuffix"]).when(All(&[WORKLOAD, PRIVATE, Given("storageAccountName")])),
    give(&["eventHubNamespace", "eventHubName"]).when(WORKLOAD),
];

/// `azure_log_analytics_scaler.go`.
pub(super) const AZURE_LOG_ANALYTICS: &[Rule] = &[
    give(&["tenantId", "clientId", "clientSecret"]).when(NO_IDENTITY),
    IDENTITY,
    METRICS_CLOUD,
    give(&["logAnalyticsResourceURL"]).when(PRIVATE),
];

/// `azure_monitor_scaler.go`.
pub(super) const AZURE_MONITOR: &[Rule] = &[
    shaped("resourceURI", RESOURCE),
    one_of(
        "metricAggregationType",
        &["Average", "Count", "Maximum", "Minimum", "None", "Total"],
    ),
    shaped("metricAggregationInterval", HOURS_MINUTES_SECONDS),
    METRICS_CLOUD,
    give(&["azureResourceManagerEndpoint"]).when(PRIVATE),
    not_zero("targetValue").for_target(),
    CLIENT,
    IDENTITY,
];

/// `azure_pipelines_scaler.go`.
pub(super) const AZURE_PIPELINES: &[Rule] = &[
    pass(|facts| only_one_written(facts, "fetchUnfinishedJobsOnly")),
    pass(|facts| only_one_written(facts, "parent")),
    shaped("organizationURL", ORGANIZATION),
    give(&["personalAccessToken"]).when(NO_IDENTITY),
    IDENTITY.when(Not(&Given("personalAccessToken"))),
    give_some(&["poolName", "poolID"]),
];

/// `azure_queue_scaler.go`.
pub(super) const AZURE_QUEUE: &[Rule] = AZURE_BLOB;

/// `azure_servicebus_scaler.go`.
pub(super) const AZURE_SERVICEBUS: &[Rule] = &[
    give_one(&["queueName", "topicName"]),
    give(&["subscriptionName"]).with("topicName"),
    refuse(&["subscriptionName"]).with("queueName"),
    shaped("queueName", REGEX).when(Is("useRegex", &["true"])),
    shaped("subscriptionName", REGEX).when(Is("useRegex", &["true"])),
    give(&["connection"]).when(NO_IDENTITY),
    give(&["namespace"]).when(WORKLOAD),
    CLOUD.when(WORKLOAD),
    give(&["endpointSuffix"]).when(All(&[WORKLOAD, PRIVATE])),
    IDENTITY,
];

const HOURS_MINUTES: Shape = Shape {
    wanted: "a time span; write hours:minutes, such as 0:5",
    has: |it| has_parts(it, ':', 2),
};

const HOURS_MINUTES_SECONDS: Shape = Shape {
    wanted: "an interval; write hours:minutes:seconds, such as 0:5:0",
    has: |it| has_parts(it, ':', 3),
};

const RESOURCE: Shape = Shape {
    wanted: "a resource; write namespace/type/name",
    has: |it| has_parts(it, '/', 3),
};

const ORGANIZATION: Shape = Shape {
    wanted: "the URL of an organization; write https://dev.azure.com/NAME",
    has: |it| !it.ends_with('/'),
};

/// The connection must say which hub is meant, if nothing else does.
fn hub(facts: &Facts<'_>) -> Option<Problem> {
    let says = facts.values.text("connection").contains("EntityPath=");
    let wanted = "a connection to a hub; add EntityPath=, or set `eventHubName`";
    (!says).then(|| facts.misshapen("connection", wanted))
}

/// KEDA looks at the texts here, so that even `false` counts.
fn only_one_written(facts: &Facts<'_>, other: &'static str) -> Option<Problem> {
    let is_written = |key: &str| {
        facts
            .source
            .metadata
            .get(key)
            .is_some_and(|it| !it.is_empty())
    };
    let both = is_written("jobsToFetch") && is_written(other);
    both.then(|| facts.excluding("jobsToFetch", other))
}
