//! Types that ask Google Cloud; who they are is of `gcp/gcp_common.go`.

use crate::keda::trigger::PodIdentity;
use crate::keda::trigger::problem::Problem;
use crate::keda::trigger::rule::{
    Facts, Rule, When, give_one, named, not_negative, pass, positive,
};

/// `gcp_cloud_tasks_scaler.go`.
pub(super) const GCP_CLOUDTASKS: &[Rule] = &[pass(credentials)];

/// `gcp_pubsub_scaler.go`.
pub(super) const GCP_PUBSUB: &[Rule] = &[
    give_one(&["subscriptionName", "topicName"]),
    pass(credentials),
];

/// `gcp_spanner_scaler.go`.
pub(super) const GCP_SPANNER: &[Rule] = &[positive("targetValue"), pass(credentials)];

/// `gcp_stackdriver_scaler.go` and `gcp/gcp_stackdriver_client.go`.
pub(super) const GCP_STACKDRIVER: &[Rule] = &[
    pass(alignment),
    named("alignmentAligner", ALIGNERS).when(IS_ALIGNED),
    named("alignmentReducer", REDUCERS).when(IS_ALIGNED),
    pass(credentials),
];

/// `gcp_storage_scaler.go`.
pub(super) const GCP_STORAGE: &[Rule] = &[
    positive("targetObjectCount"),
    not_negative("activationTargetObjectCount"),
    positive("maxBucketItemsToScan"),
    pass(credentials),
];

const IS_ALIGNED: When = When::Given("alignmentPeriodSeconds");

const ALIGNERS: &[&str] = &[
    "none",
    "delta",
    "rate",
    "interpolate",
    "next_older",
    "min",
    "max",
    "mean",
    "count",
    "sum",
    "stddev",
    "count_true",
    "count_false",
    "fraction_true",
    "percentile_99",
    "percentile_95",
    "percentile_50",
    "percentile_05",
    "percent_change",
];

const REDUCERS: &[&str] = &[
    "none",
    "mean",
    "min",
    "max",
    "sum",
    "stddev",
    "count",
    "count_true",
    "count_false",
    "fraction_true",
    "percentile_99",
    "percentile_95",
    "percentile_50",
    "percentile_05",
];

fn alignment(facts: &Facts<'_>) -> Option<Problem> {
    let seconds = facts.values.integer("alignmentPeriodSeconds");
    let is_right = seconds == 0 || seconds >= 60;
    (!is_right).then(|| facts.misshapen("alignmentPeriodSeconds", "0, or 60 seconds or more"))
}

/// An identity, or a key from the authentication or from a variable, whether or not the container
/// has the variable.
fn credentials(facts: &Facts<'_>) -> Option<Problem> {
    let source = facts.source;
    let names_variable = |key| source.metadata.get(key).is_some_and(|it| !it.is_empty());
    let has_key = facts.is_given("GoogleApplicationCredentials")
        || names_variable("credentialsFromEnv")
        || names_variable("credentialsFromEnvFile");
    let is_someone = has_key || source.pod_identity == PodIdentity::Gcp;
    (!is_someone).then(|| facts.missing("GoogleApplicationCredentials"))
}
