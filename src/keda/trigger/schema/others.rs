//! Types that ask something else: runners, workflows, workloads of the cluster, servers of one's own.

use super::super::param::Kind::{Boolean, Float, List, Text};
use super::super::param::{AUTH, AUTH_ENV, AUTH_META, INTEGER, META, META_ENV, Param};

pub(super) const EXTERNAL: &[Param] = &[
    Param::new("scalerAddress", Text, META),
    Param::new("enableTLS", Boolean, META).optional(),
    Param::new("unsafeSsl", Boolean, META).optional(),
    Param::new("caCert", Text, AUTH).optional(),
    Param::new("tlsClientCert", Text, AUTH).optional(),
    Param::new("tlsClientKey", Text, AUTH).optional(),
];

pub(super) const FORGEJO_RUNNER: &[Param] = &[
    Param::new("token", Text, AUTH_ENV),
    Param::new("address", Text, META),
    Param::new("labels", Text, META),
    Param::new("global", Boolean, META).optional(),
    Param::new("owner", Text, META).optional(),
    Param::new("org", Text, META).optional(),
    Param::new("repo", Text, META).optional(),
];

pub(super) const GITHUB_RUNNER: &[Param] = &[
    Param::new("githubApiURL", Text, META_ENV).or("https://api.github.com"),
    Param::new("owner", Text, META_ENV),
    Param::new("runnerScope", Text, META_ENV).one_of(&["org", "ent", "repo"]),
    Param::new("personalAccessToken", Text, AUTH).optional(),
    Param::new("repos", List, META_ENV).optional(),
    Param::new("labels", List, META_ENV).optional(),
    Param::new("noDefaultLabels", Boolean, META_ENV).or("false"),
    Param::new("enableEtags", Boolean, META_ENV).or("false"),
    Param::new("matchUnlabeledJobsWithUnlabeledRunners", Boolean, META_ENV).or("false"),
    Param::new("targetWorkflowQueueLength", INTEGER, META_ENV).or("1"),
    Param::new("applicationID", INTEGER, META_ENV).optional(),
    Param::new("installationID", INTEGER, META_ENV).optional(),
    Param::new("appKey", Text, AUTH).optional(),
];

pub(super) const KUBERNETES_RESOURCE: &[Param] = &[
    Param::new("resourceKind", Text, META).one_of(&["ConfigMap", "Secret"]),
    Param::new("resourceName", Text, META),
    Param::new("key", Text, META),
    Param::new("format", Text, META)
        .one_of(&["number", "json", "yaml"])
        .or("number"),
    Param::new("valueLocation", Text, META).optional(),
    Param::new("valueType", Text, META)
        .one_of(&["float64", "int64", "quantity"])
        .or("float64"),
    Param::new("targetValue", Float, META),
    Param::new("activationTargetValue", Float, META).or("0"),
];

pub(super) const KUBERNETES_WORKLOAD: &[Param] = &[
    Param::new("podSelector", Text, META),
    Param::new("value", Float, META).or("0"),
    Param::new("activationValue", Float, META).or("0"),
    Param::new("groupByNode", Boolean, META).or("false"),
];

pub(super) const OPENSTACK_SWIFT: &[Param] = &[
    Param::new("swiftURL", Text, META).optional(),
    Param::new("containerName", Text, META),
    Param::new("objectCount", INTEGER, META).or("2"),
    Param::new("activationObjectCount", INTEGER, META).or("0"),
    Param::new("objectPrefix", Text, META).optional(),
    Param::new("objectDelimiter", Text, META).optional(),
    Param::new("objectLimit", Text, META).optional(),
    Param::new("timeout", INTEGER, META).or("30"),
    Param::new("onlyFiles", Boolean, META).optional(),
    Param::new("userID", Text, AUTH).optional(),
    Param::new("password", Text, AUTH).optional(),
    Param::new("projectID", Text, AUTH).optional(),
    Param::new("authURL", Text, AUTH),
    Param::new("appCredentialID", Text, AUTH).optional(),
    Param::new("appCredentialSecret", Text, AUTH).optional(),
    Param::new("regionName", Text, AUTH).optional(),
];

pub(super) const SELENIUM_GRID: &[Param] = &[
    Param::new("url", Text, AUTH_META),
    Param::new("authType", Text, AUTH_ENV).optional(),
    Param::new("username", Text, AUTH_ENV).optional(),
    Param::new("password", Text, AUTH_ENV).optional(),
    Param::new("accessToken", Text, AUTH_ENV).optional(),
    Param::new("browserName", Text, META).optional(),
    Param::new("sessionBrowserName", Text, META).optional(),
    Param::new("browserVersion", Text, META).optional(),
    Param::new("platformName", Text, META).optional(),
    Param::new("activationThreshold", INTEGER, META).optional(),
    Param::new("unsafeSsl", Boolean, META).or("false"),
    Param::new("nodeMaxSessions", INTEGER, META).or("1"),
    Param::new("enableManagedDownloads", Boolean, META).or("true"),
    Param::new("capabilities", Text, META).optional(),
];

pub(super) const TEMPORAL: &[Param] = &[
    Param::new("endpoint", Text, META_ENV),
    Param::new("namespace", Text, META_ENV).or("default"),
    Param::new("activationTargetQueueSize", INTEGER, META).or("0"),
    Param::new("targetQueueSize", INTEGER, META).or("5"),
    Param::new("taskQueue", Text, META_ENV),
    Param::new("queueTypes", List, META).optional(),
    Param::new("buildId", Text, META_ENV)
        .optional()
        .deprecated("set `workerDeploymentName` and `workerDeploymentBuildId` instead"),
    Param::new("workerDeploymentName", Text, META_ENV).optional(),
    Param::new("workerDeploymentBuildId", Text, META_ENV).optional(),
    Param::new("selectAllActive", Boolean, META)
        .or("false")
        .deprecated("set `workerDeploymentName` and `workerDeploymentBuildId` instead"),
    Param::new("selectUnversioned", Boolean, META)
        .or("false")
        .deprecated("leave it out, or set `workerDeploymentName` instead"),
    Param::new("includeRunningWorkflowCount", Boolean, META).or("false"),
    Param::new("workflowTaskQueueForCount", Text, META_ENV).optional(),
    Param::new("apiKey", Text, AUTH_ENV).optional(),
    Param::new("minConnectTimeout", INTEGER, META).or("5"),
    Param::new("enableTLS", Boolean, META).or("true"),
    Param::new("unsafeSsl", Boolean, META).optional(),
    Param::new("cert", Text, AUTH).optional(),
    Param::new("key", Text, AUTH).optional(),
    Param::new("keyPassword", Text, AUTH).optional(),
    Param::new("ca", Text, AUTH).optional(),
    Param::new("tlsServerName", Text, META).optional(),
];
