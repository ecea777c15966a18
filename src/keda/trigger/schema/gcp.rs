//! Types that ask Google Cloud.

use super::super::auth::joined;
use super::super::param::Kind::{Duration, Float, NullableFloat, Text};
use super::super::param::{AUTH, ENV, INTEGER, META, META_ENV, Param};

/// What the clients of Google Cloud read beside.
const GOOGLE: [Param; 3] = [
    Param::new("GoogleApplicationCredentials", Text, AUTH).optional(),
    Param::new("credentials", Text, ENV).optional(),
    Param::new("credentialsFromEnvFile", Text, META).optional(),
];

pub(super) const GCP_CLOUDTASKS: &[Param] = &joined::<3, 7, 10>(
    GOOGLE,
    [
        Param::new("value", Float, META).or("100"),
        Param::new("activationValue", Float, META).or("0"),
        Param::new("filterDuration", INTEGER, META).optional(),
        Param::new("queueName", Text, META),
        Param::new("projectID", Text, META).deprecated("the whole trigger is to be removed"),
        Param::new("credentials", Text, META_ENV).optional(),
        Param::new("credentialsFromEnvFile", Text, META_ENV).optional(),
    ],
);

pub(super) const GCP_PUBSUB: &[Param] = &joined::<3, 11, 14>(
    GOOGLE,
    [
        Param::new("subscriptionSize", INTEGER, META).removed("set `mode` and `value` instead"),
        Param::new("mode", Text, META).or("SubscriptionSize"),
        Param::new("value", Float, META)
            .or("10")
            .deprecated("the whole trigger is to be removed"),
        Param::new("activationValue", Float, META).or("0"),
        Param::new("aggregation", Text, META).optional(),
        Param::new("timeHorizon", Duration, META).optional(),
        Param::new("valueIfNull", NullableFloat, META).optional(),
        Param::new("subscriptionName", Text, META_ENV).optional(),
        Param::new("topicName", Text, META_ENV).optional(),
        Param::new("credentials", Text, META_ENV).optional(),
        Param::new("credentialsFromEnvFile", Text, META_ENV).optional(),
    ],
);

pub(super) const GCP_SPANNER: &[Param] = &joined::<3, 8, 11>(
    GOOGLE,
    [
        Param::new("projectId", Text, META),
        Param::new("instanceId", Text, META),
        Param::new("databaseId", Text, META),
        Param::new("query", Text, META),
        Param::new("targetValue", Float, META).or("5"),
        Param::new("activationValue", Float, META).or("0"),
        Param::new("credentials", Text, META_ENV).optional(),
        Param::new("credentialsFromEnvFile", Text, META_ENV).optional(),
    ],
);

pub(super) const GCP_STACKDRIVER: &[Param] = &joined::<3, 11, 14>(
    GOOGLE,
    [
        Param::new("projectId", Text, META),
        Param::new("filter", Text, META).deprecated("the whole trigger is to be removed"),
        Param::new("targetValue", Float, META).or("5"),
        Param::new("activationTargetValue", Float, META).or("0"),
        Param::new("valueIfNull", NullableFloat, META).optional(),
        Param::new("filterDuration", INTEGER, META).optional(),
        Param::new("alignmentPeriodSeconds", INTEGER, META).optional(),
        Param::new("alignmentAligner", Text, META).optional(),
        Param::new("alignmentReducer", Text, META).optional(),
        Param::new("credentials", Text, META_ENV).optional(),
        Param::new("credentialsFromEnvFile", Text, META_ENV).optional(),
    ],
);

pub(super) const GCP_STORAGE: &[Param] = &joined::<3, 8, 11>(
    GOOGLE,
    [
        Param::new("bucketName", Text, META),
        Param::new("targetObjectCount", INTEGER, META).or("100"),
        Param::new("activationTargetObjectCount", INTEGER, META).or("0"),
        Param::new("maxBucketItemsToScan", INTEGER, META).or("1000"),
        Param::new("blobDelimiter", Text, META).optional(),
        Param::new("blobPrefix", Text, META).optional(),
        Param::new("credentials", Text, META_ENV).optional(),
        Param::new("credentialsFromEnvFile", Text, META_ENV).optional(),
    ],
);
