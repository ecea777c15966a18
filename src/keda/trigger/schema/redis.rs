//! Types that ask Redis: lists and streams, alone, in a cluster and behind sentinels.

use super::super::param::Kind::{Boolean, List, Text};
use super::super::param::{AUTH, INTEGER, META, META_AUTH_ENV, META_ENV_AUTH, Param};

pub(super) const REDIS: &[Param] = &[
    Param::new("listLength", INTEGER, META).or("5"),
    Param::new("activationListLength", INTEGER, META).optional(),
    Param::new("listName", Text, META),
    Param::new("databaseIndex", INTEGER, META).optional(),
    Param::new("enableTLS", Text, META).optional(),
    Param::new("tls", Text, AUTH).optional(),
    Param::new("address", List, META_AUTH_ENV)
        .alias(&["addresses"])
        .optional(),
    Param::new("username", Text, META_ENV_AUTH).optional(),
    Param::new("password", Text, META_ENV_AUTH).optional(),
    Param::new("sentinelUsername", Text, META_AUTH_ENV).optional(),
    Param::new("sentinelPassword", Text, META_AUTH_ENV).optional(),
    Param::new("sentinelMaster", Text, META_AUTH_ENV).optional(),
    Param::new("host", List, META_ENV_AUTH)
        .alias(&["hosts"])
        .optional(),
    Param::new("port", List, META_ENV_AUTH)
        .alias(&["ports"])
        .optional(),
    Param::new("unsafeSsl", Boolean, META).or("false"),
    Param::new("Cert", Text, AUTH).alias(&["cert"]).optional(),
    Param::new("key", Text, AUTH).optional(),
    Param::new("keyPassword", Text, AUTH).optional(),
    Param::new("ca", Text, AUTH).optional(),
];

pub(super) const REDIS_STREAMS: &[Param] = &[
    Param::new("pendingEntriesCount", INTEGER, META).or("5"),
    Param::new("streamLength", INTEGER, META).or("5"),
    Param::new("lagCount", INTEGER, META).optional(),
    Param::new("stream", Text, META),
    Param::new("consumerGroup", Text, META).optional(),
    Param::new("databaseIndex", INTEGER, META).optional(),
    Param::new("address", List, META_AUTH_ENV)
        .alias(&["addresses"])
        .optional(),
    Param::new("username", Text, META_ENV_AUTH).optional(),
    Param::new("password", Text, META_ENV_AUTH).optional(),
    Param::new("sentinelUsername", Text, META_AUTH_ENV).optional(),
    Param::new("sentinelPassword", Text, META_AUTH_ENV).optional(),
    Param::new("sentinelMaster", Text, META_AUTH_ENV).optional(),
    Param::new("host", List, META_ENV_AUTH)
        .alias(&["hosts"])
        .optional(),
    Param::new("port", List, META_ENV_AUTH)
        .alias(&["ports"])
        .optional(),
    Param::new("unsafeSsl", Boolean, META).or("false"),
    Param::new("Cert", Text, AUTH).alias(&["cert"]).optional(),
    Param::new("key", Text, AUTH).optional(),
    Param::new("keyPassword", Text, AUTH).optional(),
    Param::new("ca", Text, AUTH).optional(),
    Param::new("activationLagCount", INTEGER, META).or("0"),
    Param::new("enableTLS", Text, META).optional(),
    Param::new("tls", Text, AUTH).optional(),
];
