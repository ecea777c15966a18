//! Types that ask Azure.

use super::super::auth::joined;
use super::super::param::Kind::{Boolean, Duration, Float, Text};
use super::super::param::{
    AUTH, AUTH_ENV, AUTH_ENV_META, AUTH_META_ENV, ENV_AUTH_META, INTEGER, META, META_AUTH_ENV,
    META_ENV, META_ENV_AUTH, Param,
};

/// What the clients of Azure read beside, for clouds of one's own.
const AZURE: [Param; 4] = [
    Param::new("cloud", Text, META).optional(),
    Param::new("activeDirectoryEndpoint", Text, META).optional(),
    Param::new("endpointSuffix", Text, META).optional(),
    Param::new("storageEndpointSuffix", Text, META).optional(),
];

pub(super) const AZURE_APP_INSIGHTS: &[Param] = &joined::<4, 13, 17>(
    AZURE,
    [
        Param::new("targetValue", Float, META).optional(),
        Param::new("activationTargetValue", Float, META).or("0"),
        Param::new("metricId", Text, META),
        Param::new("metricAggregationTimespan", Text, META),
        Param::new("metricAggregationType", Text, META),
        Param::new("metricFilter", Text, META).optional(),
        Param::new("ignoreNullValues", Boolean, META).or("false"),
        Param::new("cloud", Text, META).optional(),
        Param::new("appInsightsResourceURL", Text, META).optional(),
        Param::new("applicationInsightsId", Text, META_AUTH_ENV),
        Param::new("tenantId", Text, META_AUTH_ENV),
        Param::new("activeDirectoryClientId", Text, META_AUTH_ENV).optional(),
        Param::new("activeDirectoryClientPassword", Text, AUTH_ENV).optional(),
    ],
);

pub(super) const AZURE_BLOB: &[Param] = &joined::<4, 10, 14>(
    AZURE,
    [
        Param::new("blobContainerName", Text, META),
        Param::new("blobCount", INTEGER, META).or("5"),
        Param::new("activationBlobCount", INTEGER, META).or("0"),
        Param::new("blobDelimiter", Text, META).or("/"),
        Param::new("blobPrefix", Text, META).optional(),
        Param::new("recursive", Boolean, META).or("false"),
        Param::new("globPattern", Text, META).optional(),
        Param::new("endpointSuffix", Text, META).optional(),
        Param::new("connection", Text, AUTH_ENV_META)
            .alias(&["connectionFromEnv"])
            .optional(),
        Param::new("accountName", Text, META).optional(),
    ],
);

pub(super) const AZURE_DATA_EXPLORER: &[Param] = &joined::<4, 8, 12>(
    AZURE,
    [
        Param::new("databaseName", Text, META),
        Param::new("endpoint", Text, META),
        Param::new("query", Text, META),
        Param::new("threshold", Float, META),
        Param::new("activationThreshold", Float, META).or("0"),
        Param::new("tenantId", Text, META_AUTH_ENV).optional(),
        Param::new("clientId", Text, META_AUTH_ENV).optional(),
        Param::new("clientSecret", Text, AUTH).optional(),
    ],
);

pub(super) const AZURE_EVENTHUB: &[Param] = &joined::<4, 11, 15>(
    AZURE,
    [
        Param::new("unprocessedEventThreshold", INTEGER, META).or("64"),
        Param::new("activationUnprocessedEventThreshold", INTEGER, META).or("0"),
        Param::new("stalePartitionInfoThreshold", INTEGER, META).or("10000"),
        Param::new("connection", Text, AUTH_ENV).optional(),
        Param::new("consumerGroup", Text, META).or("$Default"),
        Param::new("storageConnection", Text, AUTH_ENV).optional(),
        Param::new("storageAccountName", Text, META).optional(),
        Param::new("blobContainer", Text, META).optional(),
        Param::new("eventHubNamespace", Text, META_ENV).optional(),
        Param::new("eventHubName", Text, META_ENV).optional(),
        Param::new("checkpointStrategy", Text, META).optional(),
    ],
);

pub(super) const AZURE_LOG_ANALYTICS: &[Param] = &joined::<4, 11, 15>(
    AZURE,
    [
        Param::new("tenantId", Text, AUTH_META_ENV).optional(),
        Param::new("clientId", Text, AUTH_META_ENV).optional(),
        Param::new("clientSecret", Text, AUTH_META_ENV).optional(),
        Param::new("workspaceId", Text, AUTH_META_ENV),
        Param::new("query", Text, META),
        Param::new("threshold", Float, META),
        Param::new("activationThreshold", Float, META).or("0"),
        Param::new("logAnalyticsResourceURL", Text, META).optional(),
        Param::new("cloud", Text, META).or("azurePublicCloud"),
        Param::new("unsafeSsl", Boolean, META).or("false"),
        Param::new("timeout", Duration, META).optional(),
    ],
);

pub(super) const AZURE_MONITOR: &[Param] = &joined::<4, 15, 19>(
    AZURE,
    [
        Param::new("targetValue", Float, META),
        Param::new("activationTargetValue", Float, META).or("0"),
        Param::new("resourceURI", Text, META),
        Param::new("tenantId", Text, META),
        Param::new("subscriptionId", Text, META),
        Param::new("resourceGroupName", Text, META),
        Param::new("metricName", Text, META),
        Param::new("metricNamespace", Text, META).optional(),
        Param::new("metricFilter", Text, META).optional(),
        Param::new("metricAggregationInterval", Text, META).optional(),
        Param::new("metricAggregationType", Text, META),
        Param::new("activeDirectoryClientId", Text, META_ENV_AUTH).optional(),
        Param::new("activeDirectoryClientPassword", Text, META_ENV_AUTH).optional(),
        Param::new("cloud", Text, META).optional(),
        Param::new("azureResourceManagerEndpoint", Text, META).optional(),
    ],
);

pub(super) const AZURE_PIPELINES: &[Param] = &joined::<4, 13, 17>(
    AZURE,
    [
        Param::new("organizationURL", Text, ENV_AUTH_META),
        Param::new("personalAccessToken", Text, AUTH_ENV).optional(),
        Param::new("parent", Text, META).optional(),
        Param::new("demands", Text, META).optional(),
        Param::new("poolName", Text, META).optional(),
        Param::new("poolID", INTEGER, META).optional(),
        Param::new("targetPipelinesQueueLength", INTEGER, META).or("1"),
        Param::new("activationTargetPipelinesQueueLength", INTEGER, META).or("0"),
        Param::new("jobsToFetch", INTEGER, META).or("250"),
        Param::new("fetchUnfinishedJobsOnly", Boolean, META).or("false"),
        Param::new("requireAllDemands", Boolean, META).or("false"),
        Param::new("requireAllDemandsAndIgnoreOthers", Boolean, META).or("false"),
        Param::new("caseInsensitiveDemandsProcessing", Boolean, META).or("false"),
    ],
);

pub(super) const AZURE_QUEUE: &[Param] = &joined::<4, 7, 11>(
    AZURE,
    [
        Param::new("activationQueueLength", INTEGER, META).or("0"),
        Param::new("queueName", Text, META),
        Param::new("queueLength", INTEGER, META).or("5"),
        Param::new("connection", Text, AUTH_META_ENV).optional(),
        Param::new("accountName", Text, META).optional(),
        Param::new("endpointSuffix", Text, META).optional(),
        Param::new("queueLengthStrategy", Text, META)
            .one_of(&["all", "visibleonly"])
            .or("all"),
    ],
);

pub(super) const AZURE_SERVICEBUS: &[Param] = &joined::<4, 9, 13>(
    AZURE,
    [
        Param::new("messageCount", INTEGER, META).or("5"),
        Param::new("activationMessageCount", INTEGER, META).optional(),
        Param::new("queueName", Text, META).optional(),
        Param::new("topicName", Text, META).optional(),
        Param::new("subscriptionName", Text, META).optional(),
        Param::new("connection", Text, AUTH_ENV).optional(),
        Param::new("namespace", Text, META).optional(),
        Param::new("useRegex", Boolean, META).optional(),
        Param::new("operation", Text, META)
            .one_of(&["sum", "max", "avg"])
            .or("sum"),
    ],
);
