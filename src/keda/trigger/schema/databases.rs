//! Types that ask a database.

use super::super::auth;
use super::super::auth::joined;
use super::super::param::Kind::{Boolean, Duration, Float, List, Text};
use super::super::param::{
    AUTH, AUTH_ENV, AUTH_META, AUTH_META_ENV, ENV_AUTH, INTEGER, META, META_AUTH, META_AUTH_ENV,
    META_ENV_AUTH, Param,
};

pub(super) const ARANGODB: &[Param] = &joined::<17, 8, 25>(
    auth::PARAMS,
    [
        Param::new("endpoints", Text, AUTH_META),
        Param::new("dbName", Text, META_AUTH),
        Param::new("collection", Text, META),
        Param::new("query", Text, META),
        Param::new("queryValue", Float, META).or("0"),
        Param::new("activationQueryValue", Float, META).or("0"),
        Param::new("unsafeSsl", Boolean, META).or("false"),
        Param::new("connectionLimit", INTEGER, META).optional(),
    ],
);

pub(super) const CASSANDRA: &[Param] = &[
    Param::new("username", Text, META),
    Param::new("password", Text, AUTH),
    Param::new("tls", Text, AUTH)
        .one_of(&["enable", "disable"])
        .or("disable"),
    Param::new("cert", Text, AUTH).optional(),
    Param::new("key", Text, AUTH).optional(),
    Param::new("ca", Text, AUTH).optional(),
    Param::new("clusterIPAddress", Text, META),
    Param::new("port", INTEGER, META).optional(),
    Param::new("consistency", Text, META).or("one"),
    Param::new("protocolVersion", INTEGER, META).or("4"),
    Param::new("keyspace", Text, META),
    Param::new("query", Text, META),
    Param::new("targetQueryValue", INTEGER, META),
    Param::new("activationTargetQueryValue", INTEGER, META).or("0"),
];

pub(super) const CLICKHOUSE: &[Param] = &[
    Param::new("connectionString", Text, AUTH_ENV).optional(),
    Param::new("host", Text, META_AUTH).optional(),
    Param::new("port", Text, META_AUTH).optional(),
    Param::new("username", Text, META_AUTH_ENV).optional(),
    Param::new("password", Text, AUTH_ENV).optional(),
    Param::new("database", Text, META_AUTH).optional(),
    Param::new("query", Text, META),
    Param::new("targetQueryValue", Float, META),
    Param::new("activationTargetQueryValue", Float, META).or("0"),
    Param::new("maxIdleConns", INTEGER, META_AUTH).optional(),
    Param::new("maxOpenConns", INTEGER, META_AUTH).optional(),
    Param::new("connMaxLifetime", Duration, META_AUTH).optional(),
    Param::new("tls", Boolean, AUTH).or("false"),
    Param::new("cert", Text, AUTH).optional(),
    Param::new("key", Text, AUTH).optional(),
    Param::new("keyPassword", Text, AUTH).optional(),
    Param::new("ca", Text, AUTH).optional(),
    Param::new("unsafeSsl", Boolean, AUTH).or("false"),
];

pub(super) const COUCHDB: &[Param] = &[
    Param::new("connectionString", Text, AUTH_META_ENV).optional(),
    Param::new("host", Text, AUTH_META).optional(),
    Param::new("port", Text, AUTH_META).optional(),
    Param::new("username", Text, AUTH_META).optional(),
    Param::new("password", Text, AUTH_META_ENV).optional(),
    Param::new("dbName", Text, AUTH_META).optional(),
    Param::new("query", Text, META).optional(),
    Param::new("queryValue", INTEGER, META).optional(),
    Param::new("activationQueryValue", INTEGER, META).or("0"),
];

pub(super) const ETCD: &[Param] = &[
    Param::new("endpoints", List, META),
    Param::new("watchKey", Text, META),
    Param::new("value", Float, META),
    Param::new("activationValue", Float, META).or("0"),
    Param::new("watchProgressNotifyInterval", INTEGER, META).or("600"),
    Param::new("username", Text, AUTH_ENV).optional(),
    Param::new("password", Text, AUTH_ENV).optional(),
    Param::new("tls", Text, AUTH).or("disable"),
    Param::new("cert", Text, AUTH).optional(),
    Param::new("key", Text, AUTH).optional(),
    Param::new("keyPassword", Text, AUTH).optional(),
    Param::new("ca", Text, AUTH).optional(),
];

pub(super) const INFLUXDB: &[Param] = &[
    Param::new("authToken", Text, META)
        .removed("give it by the TriggerAuthentication or as `authTokenFromEnv` instead"),
    Param::new("authToken", Text, ENV_AUTH).optional(),
    Param::new("organizationName", Text, META_ENV_AUTH).optional(),
    Param::new("query", Text, META),
    Param::new("influxVersion", Text, META)
        .one_of(&["2", "3"])
        .or("2"),
    Param::new("queryType", Text, META).or("InfluxQL"),
    Param::new("database", Text, META_AUTH).optional(),
    Param::new("metricKey", Text, META).optional(),
    Param::new("serverURL", Text, META_AUTH),
    Param::new("unsafeSsl", Boolean, META).optional(),
    Param::new("thresholdValue", Float, META).optional(),
    Param::new("activationThresholdValue", Float, META).optional(),
];

pub(super) const MONGODB: &[Param] = &[
    Param::new("connectionString", Text, AUTH_META_ENV).optional(),
    Param::new("scheme", Text, AUTH_META).or("mongodb"),
    Param::new("host", Text, AUTH_META).optional(),
    Param::new("port", Text, AUTH_META).optional(),
    Param::new("username", Text, AUTH_META).optional(),
    Param::new("password", Text, AUTH_META_ENV).optional(),
    Param::new("dbName", Text, AUTH_META),
    Param::new("collection", Text, META),
    Param::new("query", Text, META),
    Param::new("queryValue", Float, META),
    Param::new("activationQueryValue", Float, META).or("0"),
    Param::new("tls", Text, AUTH)
        .one_of(&["enable", "disable"])
        .or("disable"),
    Param::new("cert", Text, AUTH).optional(),
    Param::new("key", Text, AUTH).optional(),
    Param::new("keyPassword", Text, AUTH).optional(),
    Param::new("ca", Text, AUTH).optional(),
];

pub(super) const MSSQL: &[Param] = &[
    Param::new("connectionString", Text, AUTH_ENV).optional(),
    Param::new("username", Text, AUTH_META).optional(),
    Param::new("password", Text, AUTH_ENV).optional(),
    Param::new("host", Text, AUTH_META).optional(),
    Param::new("port", INTEGER, AUTH_META).optional(),
    Param::new("database", Text, AUTH_META).optional(),
    Param::new("query", Text, META),
    Param::new("targetValue", Float, META),
    Param::new("activationTargetValue", Float, META).or("0"),
];

pub(super) const MYSQL: &[Param] = &[
    Param::new("connectionString", Text, AUTH_ENV).optional(),
    Param::new("username", Text, META_AUTH_ENV).optional(),
    Param::new("password", Text, AUTH_ENV).optional(),
    Param::new("host", Text, META_AUTH).optional(),
    Param::new("port", Text, META_AUTH).optional(),
    Param::new("dbName", Text, META_AUTH).optional(),
    Param::new("query", Text, META),
    Param::new("queryValue", Float, META),
    Param::new("activationQueryValue", Float, META).or("0"),
    Param::new("metricName", Text, META).optional(),
];

pub(super) const POSTGRESQL: &[Param] = &[
    Param::new("targetQueryValue", Float, META).optional(),
    Param::new("activationTargetQueryValue", Float, META).optional(),
    Param::new("connection", Text, AUTH_ENV).optional(),
    Param::new("query", Text, META),
    Param::new("host", Text, AUTH_META).optional(),
    Param::new("port", Text, AUTH_META).optional(),
    Param::new("userName", Text, AUTH_META).optional(),
    Param::new("dbName", Text, AUTH_META).optional(),
    Param::new("sslmode", Text, AUTH_META).optional(),
    Param::new("password", Text, AUTH_ENV).optional(),
];
