//! Types that ask a search engine.

use crate::keda::trigger::rule::When::{All, Any, Given, Is, Not};
use crate::keda::trigger::rule::{
    Rule, When, give, give_one, give_some, not_zero, positive, refuse, shaped, together,
};
use crate::keda::trigger::shape::REQUEST_URI;

const CLOUD: When = Any(&[Given("cloudID"), Given("apiKey")]);
const ADDRESSES: When = All(&[Given("addresses"), Not(&CLOUD)]);

/// `elastic_forecast_scaler.go`.
pub(super) const ELASTIC_FORECAST: &[Rule] = &[
    refuse(&["addresses"]).when(CLOUD),
    together(&["cloudID", "apiKey"]),
    refuse(&["username", "password"]).when(Not(&Given("addresses"))),
    give_some(&["addresses", "cloudID"]).when(Not(&CLOUD)),
    give(&["username", "password"]).when(ADDRESSES),
    positive("lookAhead"),
    positive("targetValue"),
];

/// `elasticsearch_scaler.go`.
pub(super) const ELASTICSEARCH: &[Rule] = &[
    refuse(&["addresses", "username", "password"]).when(CLOUD),
    give_some(&["addresses", "username", "password"]).when(Not(&CLOUD)),
    together(&["cloudID", "apiKey"]),
    give(&["username", "password"]).when(ADDRESSES),
    give_one(&["searchTemplateName", "query"]),
];

/// `opensearch_scaler.go`.
pub(super) const OPENSEARCH: &[Rule] = &[
    give(&["clientCert", "clientKey"]).when(Is("enableTLS", &["true"])),
    give(&["username", "password"]).when(Is("enableTLS", &["false"])),
    give_one(&["searchTemplateName", "query"]),
];

/// `solr_scaler.go`.
pub(super) const SOLR: &[Rule] = &[not_zero("targetQueryValue").for_target()];

/// `splunk_scaler.go`.
pub(super) const SPLUNK: &[Rule] = &[shaped("host", REQUEST_URI)];
