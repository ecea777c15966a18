//! Types that ask a database.

use crate::keda::trigger::PodIdentity;
use crate::keda::trigger::problem::Problem;
use crate::keda::trigger::rule::When::{Given, Is, Not};
use crate::keda::trigger::rule::{
    Facts, Rule, When, give, give_some, identity, named, not_zero, one_of, pass, positive, together,
};

const NO_CONNECTION_STRING: When = Not(&Given("connectionString"));

const TLS: When = Is("tls", &["enable"]);

/// `arangodb_scaler.go`.
pub(super) const ARANGODB: &[Rule] = &[not_zero("queryValue").for_target()];

/// `cassandra_scaler.go`.
pub(super) const CASSANDRA: &[Rule] = &[give(&["cert", "key"]).when(TLS), pass(cassandra_port)];

/// `clickhouse_scaler.go`.
pub(super) const CLICKHOUSE: &[Rule] = &[
    not_zero("targetQueryValue").for_target(),
    give_some(&["connectionString", "host"]),
    together(&["cert", "key"]).when(Is("tls", &["true"])),
];

/// `couchdb_scaler.go`.
pub(super) const COUCHDB: &[Rule] = &[
    give(&["host", "port", "username", "password", "dbName"]).when(NO_CONNECTION_STRING),
    not_zero("queryValue").for_target(),
];

/// `etcd_scaler.go`.
pub(super) const ETCD: &[Rule] = &[
    positive("watchProgressNotifyInterval"),
    one_of("tls", &["enable", "disable"]),
    together(&["cert", "key"]).when(TLS),
    together(&["username", "password"]),
];

/// `influxdb_scaler.go`.
pub(super) const INFLUXDB: &[Rule] = &[
    give(&["organizationName"]).when(Is("influxVersion", &["2"])),
    give(&["database", "metricKey"]).when(Is("influxVersion", &["3"])),
    named("queryType", &["influxql", "flightsql"]).when(Is("influxVersion", &["3"])),
    not_zero("thresholdValue").for_target(),
];

/// `mongo_scaler.go`.
pub(super) const MONGODB: &[Rule] = &[
    give(&["host", "username", "password"]).when(NO_CONNECTION_STRING),
    give(&["port"]).when(When::All(&[
        NO_CONNECTION_STRING,
        Not(&Is("scheme", &["mongodb+srv"])),
    ])),
    give_some(&["cert", "key", "ca"]).when(TLS),
    together(&["cert", "key"]).when(TLS),
];

/// `mssql_scaler.go`.
pub(super) const MSSQL: &[Rule] = &[
    give_some(&["connectionString", "host"]),
    not_zero("targetValue").for_target(),
    identity(&[PodIdentity::None, PodIdentity::AzureWorkload]),
];

/// `postgresql_scaler.go`.
pub(super) const POSTGRESQL: &[Rule] = &[
    give(&["host", "port", "userName", "dbName", "sslmode"]).when(Not(&Given("connection"))),
    not_zero("targetQueryValue").for_target(),
];

/// The port may stand in the address.
fn cassandra_port(facts: &Facts<'_>) -> Option<Problem> {
    let address = facts.values.text("clusterIPAddress");
    let mut parts = address.split(':').skip(1);
    let has_port = match (parts.next(), parts.next()) {
        (Some(port), None) => port.parse::<i64>().is_ok(),
        _ => false,
    };
    (!has_port && !facts.is_given("port")).then(|| facts.missing("port"))
}
