//! Types that ask something else.

use crate::keda::trigger::rule::When::{All, Given, Is, Not};
use crate::keda::trigger::rule::{
    Rule, When, give, give_some, not_negative, positive, refuse, shaped, together,
};
use crate::keda::trigger::shape::{SELECTOR, Shape};

/// `github_runner_scaler.go`.
pub(super) const GITHUB_RUNNER: &[Rule] = &[
    give_some(&["appKey", "personalAccessToken"]),
    together(&["appKey", "applicationID", "installationID"]),
];

/// `kubernetes_resource_scaler.go`.
pub(super) const KUBERNETES_RESOURCE: &[Rule] = &[
    positive("targetValue").for_target(),
    refuse(&["valueLocation"]).when(Is("format", &["number"])),
    give(&["valueLocation"]).when(Is("format", &["json", "yaml"])),
];

/// `kubernetes_workload_scaler.go`.
pub(super) const KUBERNETES_WORKLOAD: &[Rule] = &[
    positive("value").for_target(),
    shaped("podSelector", SELECTOR),
];

/// `openstack_swift_scaler.go`.
pub(super) const OPENSTACK_SWIFT: &[Rule] = &[
    give(&["password", "projectID"]).with("userID"),
    give(&["appCredentialSecret"]).when(All(&[Not(&Given("userID")), Given("appCredentialID")])),
    give_some(&["userID", "appCredentialID"]),
];

const COUNTS_RUNNING: When = Is("includeRunningWorkflowCount", &["true"]);

/// `temporal_scaler.go`.
pub(super) const TEMPORAL: &[Rule] = &[
    not_negative("targetQueueSize"),
    not_negative("activationTargetQueueSize"),
    not_negative("minConnectTimeout"),
    together(&["cert", "key"]),
    together(&["workerDeploymentName", "workerDeploymentBuildId"]),
    refuse(&["buildId", "selectAllActive", "selectUnversioned"]).with("workerDeploymentName"),
    refuse(&["workflowTaskQueueForCount"]).when(Not(&COUNTS_RUNNING)),
    shaped("taskQueue", LITERAL).when(COUNTS_RUNNING),
    shaped("workflowTaskQueueForCount", LITERAL).when(COUNTS_RUNNING),
    shaped("workerDeploymentName", LITERAL).when(COUNTS_RUNNING),
    shaped("workerDeploymentBuildId", LITERAL).when(COUNTS_RUNNING),
];

const LITERAL: Shape = Shape {
    wanted: "a name for a query of visibility; write letters, digits and - _ . / : only",
    has: |it| {
        it.bytes()
            .all(|it| it.is_ascii_alphanumeric() || b"-_./:".contains(&it))
    },
};
