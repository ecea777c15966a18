//! Types that ask a search engine.

use super::super::param::Kind::{Boolean, Duration, Float, List, Text};
use super::super::param::{AUTH, AUTH_ENV_META, AUTH_META, INTEGER, META, META_AUTH, Param};

pub(super) const ELASTIC_FORECAST: &[Param] = &[
    Param::new("addresses", List, AUTH_META).optional(),
    Param::new("unsafeSsl", Boolean, META).or("false"),
    Param::new("username", Text, AUTH_META).optional(),
    Param::new("password", Text, AUTH_ENV_META).optional(),
    Param::new("cloudID", Text, AUTH_META).optional(),
    Param::new("apiKey", Text, AUTH_META).optional(),
    Param::new("jobID", Text, META),
    Param::new("lookAhead", Duration, META).or("10m"),
    Param::new("targetValue", Float, META),
    Param::new("activationTargetValue", Float, META).or("0"),
    Param::new("index", Text, META).or("*"),
    Param::new("partitionFieldValue", Text, META).optional(),
    Param::new("byFieldValue", Text, META).optional(),
];

pub(super) const ELASTICSEARCH: &[Param] = &[
    Param::new("addresses", List, AUTH_META).optional(),
    Param::new("unsafeSsl", Boolean, META).or("false"),
    Param::new("username", Text, AUTH_META).optional(),
    Param::new("password", Text, AUTH_ENV_META).optional(),
    Param::new("cloudID", Text, AUTH_META).optional(),
    Param::new("apiKey", Text, AUTH_META).optional(),
    Param::new("index", List, AUTH_META).separated_by(';'),
    Param::new("searchTemplateName", Text, AUTH_META).optional(),
    Param::new("query", Text, AUTH_META).optional(),
    Param::new("parameters", List, META)
        .separated_by(';')
        .optional(),
    Param::new("valueLocation", Text, AUTH_META),
    Param::new("targetValue", Float, AUTH_META),
    Param::new("activationTargetValue", Float, META).or("0"),
    Param::new("ignoreNullValues", Boolean, META).or("false"),
    Param::new("metricName", Text, META).optional(),
];

pub(super) const OPENSEARCH: &[Param] = &[
    Param::new("addresses", List, AUTH_META),
    Param::new("unsafeSsl", Boolean, META).or("false"),
    Param::new("enableTLS", Boolean, META_AUTH).or("false"),
    Param::new("username", Text, AUTH_META).optional(),
    Param::new("password", Text, AUTH_ENV_META).optional(),
    Param::new("caCert", Text, AUTH_META).optional(),
    Param::new("clientCert", Text, AUTH_META).optional(),
    Param::new("clientKey", Text, AUTH_META).optional(),
    Param::new("index", List, AUTH_META).separated_by(';'),
    Param::new("searchTemplateName", Text, AUTH_META).optional(),
    Param::new("query", Text, AUTH_META).optional(),
    Param::new("parameters", List, META)
        .separated_by(';')
        .optional(),
    Param::new("valueLocation", Text, AUTH_META),
    Param::new("targetValue", Float, AUTH_META),
    Param::new("activationTargetValue", Float, META).or("0"),
    Param::new("ignoreNullValues", Boolean, META).or("false"),
    Param::new("metricName", Text, META).optional(),
];

pub(super) const SOLR: &[Param] = &[
    Param::new("host", Text, META),
    Param::new("collection", Text, META),
    Param::new("targetQueryValue", Float, META),
    Param::new("activationTargetQueryValue", Float, META).or("0"),
    Param::new("query", Text, META).optional(),
    Param::new("username", Text, AUTH_META),
    Param::new("password", Text, AUTH_META),
];

pub(super) const SPLUNK: &[Param] = &[
    Param::new("apiToken", Text, AUTH).optional(),
    Param::new("password", Text, AUTH).optional(),
    Param::new("username", Text, AUTH),
    Param::new("host", Text, META),
    Param::new("unsafeSsl", Boolean, META).optional(),
    Param::new("targetValue", INTEGER, META),
    Param::new("activationValue", INTEGER, META),
    Param::new("savedSearchName", Text, META),
    Param::new("valueField", Text, META),
];
