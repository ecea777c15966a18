//! Types that ask a message queue.

use super::super::auth;
use super::super::auth::joined;
use super::super::aws;
use super::super::param::Kind::{Boolean, Duration, Float, Integers, List, Query, Text, Unsigned};
use super::super::param::{
    AUTH, AUTH_ENV, AUTH_ENV_META, AUTH_META, AUTH_META_ENV, INTEGER, META, META_AUTH,
    META_AUTH_ENV, META_ENV, Param,
};

pub(super) const ACTIVEMQ: &[Param] = &[
    Param::new("managementEndpoint", Text, META).optional(),
    Param::new("destinationName", Text, META).optional(),
    Param::new("brokerName", Text, META).optional(),
    Param::new("username", Text, AUTH_ENV_META),
    Param::new("password", Text, AUTH_ENV_META),
    Param::new("corsHeader", Text, META).optional(),
    Param::new("restAPITemplate", Text, META).optional(),
    Param::new("targetQueueSize", INTEGER, META).or("10"),
    Param::new("activationTargetQueueSize", INTEGER, META).or("0"),
];

pub(super) const APACHE_KAFKA: &[Param] = &joined::<6, 21, 27>(
    aws::PARAMS,
    [
        Param::new("bootstrapServers", List, META_ENV),
        Param::new("consumerGroup", Text, META_ENV),
        Param::new("topic", List, META_ENV).optional(),
        Param::new("partitionLimitation", Integers { ranges: true }, META).optional(),
        Param::new("lagThreshold", INTEGER, META).or("10"),
        Param::new("activationLagThreshold", INTEGER, META).or("0"),
        Param::new("offsetResetPolicy", Text, META)
            .one_of(&["earliest", "latest"])
            .or("latest"),
        Param::new("allowIdleConsumers", Boolean, META).optional(),
        Param::new("excludePersistentLag", Boolean, META).optional(),
        Param::new("scaleToZeroOnInvalidOffset", Boolean, META).optional(),
        Param::new("limitToPartitionsWithLag", Boolean, META).optional(),
        Param::new("ensureEvenDistributionOfPartitions", Boolean, META).optional(),
        Param::new("sasl", Text, META_AUTH)
            .one_of(&[
                "none",
                "plaintext",
                "scram_sha256",
                "scram_sha512",
                "gssapi",
                "aws_msk_iam",
            ])
            .or("none"),
        Param::new("username", Text, AUTH).optional(),
        Param::new("password", Text, AUTH).optional(),
        Param::new("awsRegion", Text, META).optional(),
        Param::new("tls", Text, META_AUTH)
            .one_of(&["enable", "disable"])
            .or("disable"),
        Param::new("cert", Text, AUTH).optional(),
        Param::new("key", Text, AUTH).optional(),
        Param::new("keyPassword", Text, AUTH).optional(),
        Param::new("ca", Text, AUTH).optional(),
    ],
);

pub(super) const ARTEMIS_QUEUE: &[Param] = &[
    Param::new("managementEndpoint", Text, META).optional(),
    Param::new("queueName", Text, META).optional(),
    Param::new("brokerName", Text, META).optional(),
    Param::new("brokerAddress", Text, META).optional(),
    Param::new("username", Text, AUTH_META_ENV),
    Param::new("password", Text, AUTH_META_ENV),
    Param::new("restApiTemplate", Text, META).optional(),
    Param::new("queueLength", INTEGER, META).or("10"),
    Param::new("activationQueueLength", INTEGER, META).or("10"),
    Param::new("corsHeader", Text, META).optional(),
    Param::new("unsafeSsl", Boolean, META).or("false"),
    Param::new("ca", Text, AUTH).optional(),
    Param::new("cert", Text, AUTH).optional(),
    Param::new("key", Text, AUTH).optional(),
    Param::new("keyPassword", Text, AUTH).optional(),
];

pub(super) const BEANSTALKD: &[Param] = &[
    Param::new("server", Text, META),
    Param::new("tube", Text, META),
    Param::new("value", Float, META),
    Param::new("activationValue", Float, META).optional(),
    Param::new("includeDelayed", Boolean, META).optional(),
    Param::new("timeout", Duration, META).or("30"),
];

pub(super) const IBMMQ: &[Param] = &[
    Param::new("host", Text, META),
    Param::new("queueName", List, META).alias(&["queueNames"]),
    Param::new("queueDepth", INTEGER, META).or("20"),
    Param::new("activationQueueDepth", INTEGER, META).or("0"),
    Param::new("operation", Text, META)
        .one_of(&["max", "avg", "sum"])
        .or("max"),
    Param::new("username", Text, AUTH_ENV_META),
    Param::new("password", Text, AUTH_ENV_META),
    Param::new("unsafeSsl", Boolean, META).or("false"),
    Param::new("ca", Text, AUTH).optional(),
    Param::new("cert", Text, AUTH).optional(),
    Param::new("key", Text, AUTH).optional(),
    Param::new("keyPassword", Text, AUTH).optional(),
];

pub(super) const LIIKLUS: &[Param] = &[
    Param::new("lagThreshold", INTEGER, META).or("10"),
    Param::new("activationLagThreshold", INTEGER, META).or("0"),
    Param::new("address", Text, META).deprecated("the whole trigger is to be removed in KEDA 2.24"),
    Param::new("topic", Text, META),
    Param::new("group", Text, META),
    Param::new("groupVersion", Unsigned { bits: 32 }, META).or("0"),
];

pub(super) const NATS_JETSTREAM: &[Param] = &[
    Param::new("account", Text, AUTH_META).optional(),
    Param::new("accountID", Text, AUTH_META).optional(),
    Param::new("stream", Text, META),
    Param::new("consumer", Text, META),
    Param::new("lagThreshold", INTEGER, META).or("10"),
    Param::new("activationLagThreshold", INTEGER, META).or("0"),
    Param::new("useHttps", Boolean, META).or("false"),
    Param::new("natsServerMonitoringEndpoint", Text, AUTH_META),
];

pub(super) const NSQ: &[Param] = &[
    Param::new("nsqLookupdHTTPAddresses", List, META_ENV),
    Param::new("topic", Text, META_ENV),
    Param::new("channel", Text, META_ENV),
    Param::new("depthThreshold", INTEGER, META_ENV).or("10"),
    Param::new("activationDepthThreshold", INTEGER, META_ENV).or("0"),
    Param::new("useHttps", Boolean, META_ENV).or("false"),
    Param::new("unsafeSsl", Boolean, META_ENV).or("false"),
];

pub(super) const PULSAR: &[Param] = &joined::<17, 11, 28>(
    auth::PARAMS,
    [
        Param::new("adminURL", Text, META_ENV),
        Param::new("topic", Text, META_ENV),
        Param::new("subscription", Text, META_ENV),
        Param::new("msgBacklogThreshold", INTEGER, META).or("10"),
        Param::new("activationMsgBacklogThreshold", INTEGER, META).or("0"),
        Param::new("isPartitionedTopic", Boolean, META).or("false"),
        Param::new("tls", Text, META).optional(),
        // Older manifests have what OAuth needs in the metadata.
        Param::new("oauthTokenURI", Text, AUTH_META).optional(),
        Param::new("clientID", Text, AUTH_META).optional(),
        Param::new("scope", List, META).optional(),
        Param::new("EndpointParams", Query, META).optional(),
    ],
);

pub(super) const RABBITMQ: &[Param] = &[
    Param::new("queueName", Text, META),
    Param::new("mode", Text, META).or("Unknown"),
    Param::new("queueLength", Float, META).optional(),
    Param::new("value", Float, META).optional(),
    Param::new("activationValue", Float, META).optional(),
    Param::new("host", Text, META_AUTH_ENV),
    Param::new("protocol", Text, META_AUTH).or("auto"),
    Param::new("vhostName", Text, META_AUTH).optional(),
    Param::new("useRegex", Boolean, META).optional(),
    Param::new("excludeUnacknowledged", Boolean, META).optional(),
    Param::new("pageSize", INTEGER, META).or("100"),
    Param::new("operation", Text, META).or("sum"),
    Param::new("timeout", Duration, META).optional(),
    Param::new("username", Text, AUTH_ENV).optional(),
    Param::new("password", Text, AUTH_ENV).optional(),
    Param::new("ca", Text, AUTH).optional(),
    Param::new("cert", Text, AUTH).optional(),
    Param::new("key", Text, AUTH).optional(),
    Param::new("keyPassword", Text, AUTH).optional(),
    Param::new("tls", Text, AUTH).or("disable"),
    Param::new("unsafeSsl", Boolean, META).optional(),
    Param::new("workloadIdentityResource", Text, AUTH).optional(),
    Param::new("oauthTokenURI", Text, AUTH).optional(),
    Param::new("scopes", List, AUTH)
        .alias(&["scope"])
        .optional(),
    Param::new("clientID", Text, AUTH).optional(),
    Param::new("clientSecret", Text, AUTH).optional(),
    Param::new("endpointParams", Query, AUTH).optional(),
];

pub(super) const SOLACE_DIRECT_MESSAGING: &[Param] = &[
    Param::new("solaceSempBaseURL", Text, META),
    Param::new("username", Text, AUTH_ENV),
    Param::new("password", Text, AUTH_ENV),
    Param::new("messageVpn", Text, META),
    Param::new("clientNamePattern", Text, META),
    Param::new("unsafeSSL", Boolean, META).or("false"),
    Param::new("queuedMessagesFactor", INTEGER, META).or("3"),
    Param::new("aggregatedClientTxByteRateTarget", INTEGER, META).or("0"),
    Param::new("aggregatedClientAverageTxByteRateTarget", INTEGER, META).or("0"),
    Param::new("aggregatedClientTxMsgRateTarget", INTEGER, META).or("0"),
    Param::new("aggregatedClientAverageTxMsgRateTarget", INTEGER, META).or("0"),
    Param::new("activationAggregatedClientTxByteRateTarget", INTEGER, META).or("0"),
    Param::new(
        "activationAggregatedClientAverageTxByteRateTarget",
        INTEGER,
        META,
    )
    .or("0"),
    Param::new("activationAggregatedClientTxMsgRateTarget", INTEGER, META).or("0"),
    Param::new(
        "activationAggregatedClientAverageTxMsgRateTarget",
        INTEGER,
        META,
    )
    .or("0"),
];

pub(super) const SOLACE_EVENT_QUEUE: &[Param] = &[
    Param::new("solaceSempBaseURL", Text, META),
    Param::new("messageVpn", Text, META),
    Param::new("queueName", Text, META),
    Param::new("username", Text, AUTH_META_ENV),
    Param::new("password", Text, AUTH_META_ENV),
    Param::new("messageCountTarget", INTEGER, META).optional(),
    Param::new("messageSpoolUsageTarget", INTEGER, META).optional(),
    Param::new("messageReceiveRateTarget", INTEGER, META).optional(),
    Param::new("activationMessageCountTarget", INTEGER, META).or("0"),
    Param::new("activationMessageSpoolUsageTarget", INTEGER, META).or("0"),
    Param::new("activationMessageReceiveRateTarget", INTEGER, META).or("0"),
];
