//! Types that ask AWS.

use super::super::auth::joined;
use super::super::aws;
use super::super::param::Kind::{Boolean, Float, List, Text};
use super::super::param::{INTEGER, META, META_AUTH, META_ENV, Param};

pub(super) const AWS_CLOUDWATCH: &[Param] = &joined::<6, 18, 24>(
    aws::PARAMS,
    [
        Param::new("namespace", Text, META).optional(),
        Param::new("metricName", Text, META).optional(),
        Param::new("dimensionName", List, META)
            .separated_by(';')
            .optional(),
        Param::new("dimensionValue", List, META)
            .separated_by(';')
            .optional(),
        Param::new("expression", Text, META).optional(),
        Param::new("targetMetricValue", Float, META),
        Param::new("activationTargetMetricValue", Float, META).optional(),
        Param::new("minMetricValue", Float, META),
        Param::new("ignoreNullValues", Boolean, META).or("true"),
        Param::new("metricCollectionTime", INTEGER, META).or("300"),
        Param::new("metricStat", Text, META).or("Average"),
        Param::new("metricUnit", Text, META).optional(),
        Param::new("metricStatPeriod", INTEGER, META).or("300"),
        Param::new("metricEndTimeOffset", INTEGER, META).or("0"),
        Param::new("awsAccountId", Text, META).optional(),
        Param::new("awsRegion", Text, META_AUTH),
        Param::new("awsEndpoint", Text, META).optional(),
        Param::new("identityOwner", Text, META).optional(),
    ],
);

pub(super) const AWS_DYNAMODB: &[Param] = &joined::<6, 11, 17>(
    aws::PARAMS,
    [
        Param::new("tableName", Text, META),
        Param::new("awsRegion", Text, META_AUTH),
        Param::new("awsEndpoint", Text, META).optional(),
        Param::new("keyConditionExpression", Text, META),
        Param::new("indexName", Text, META).optional(),
        Param::new("targetValue", INTEGER, META).or("-1"),
        Param::new("activationTargetValue", INTEGER, META).or("0"),
        Param::new("filterExpression", Text, META).optional(),
        Param::new("identityOwner", Text, META).optional(),
        Param::new("expressionAttributeNames", Text, META),
        Param::new("expressionAttributeValues", Text, META),
    ],
);

pub(super) const AWS_DYNAMODB_STREAMS: &[Param] = &joined::<6, 6, 12>(
    aws::PARAMS,
    [
        Param::new("shardCount", INTEGER, META).or("2"),
        Param::new("activationShardCount", INTEGER, META).or("0"),
        Param::new("tableName", Text, META),
        Param::new("awsRegion", Text, META_AUTH),
        Param::new("awsEndpoint", Text, META).optional(),
        Param::new("identityOwner", Text, META).optional(),
    ],
);

pub(super) const AWS_KINESIS_STREAM: &[Param] = &joined::<6, 6, 12>(
    aws::PARAMS,
    [
        Param::new("shardCount", INTEGER, META).or("2"),
        Param::new("activationShardCount", INTEGER, META).or("0"),
        Param::new("streamName", Text, META),
        Param::new("awsRegion", Text, META_AUTH),
        Param::new("awsEndpoint", Text, META).optional(),
        Param::new("identityOwner", Text, META).optional(),
    ],
);

pub(super) const AWS_SQS_QUEUE: &[Param] = &joined::<6, 8, 14>(
    aws::PARAMS,
    [
        Param::new("queueLength", INTEGER, META).or("5"),
        Param::new("activationQueueLength", INTEGER, META).or("0"),
        Param::new("queueURL", Text, META_ENV),
        Param::new("awsRegion", Text, META_AUTH),
        Param::new("awsEndpoint", Text, META).optional(),
        Param::new("scaleOnInFlight", Boolean, META).or("true"),
        Param::new("scaleOnDelayed", Boolean, META).or("false"),
        Param::new("identityOwner", Text, META).optional(),
    ],
);
