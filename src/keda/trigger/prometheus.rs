//! The `prometheus` trigger: the value of a query.

mod answer;
mod request;

use std::collections::BTreeMap;
use std::time::Duration;

pub use answer::{AnswerError, MAX_ANSWER_BYTES, answer};

use super::auth::{self, Auth};
use super::metric::metric_type;
use super::param::{AUTH, ENV, Kind, META, META_AUTH, Param};
use super::problem::{Cause, Problem, Problems};
use super::{HpaMetric, PodIdentity, Secret, Settings, Trigger, TriggerSource, Values, aws};
use crate::units::thousandths;

/// Settings of a `prometheus` trigger.
#[derive(Clone, Debug, PartialEq)]
pub struct Prometheus {
    /// The URL before `/api/v1/query`.
    pub server_address: String,
    pub query: String,
    /// What the HPA holds the value at.
    pub threshold: f64,
    /// The trigger is active strictly above it.
    pub activation_threshold: f64,
    /// For proxies that guard namespaces, such as OpenShift's; empty if there is none.
    pub namespace: String,
    /// More parameters of the query's URL; they may be credentials.
    pub query_parameters: BTreeMap<String, Secret>,
    /// More headers of the request; they may be credentials.
    pub custom_headers: BTreeMap<String, Secret>,
    /// Whether an answer without a number counts as 0; else it is an error.
    pub ignore_null_values: bool,
    /// Whether the server's certificate is left unchecked. Has no effect beside a certificate of
    /// the auth settings.
    pub unsafe_ssl: bool,
    /// KEDA's own, 3 s, if absent.
    pub timeout: Option<Duration>,
    pub auth: Auth,
    /// For a Prometheus that AWS manages; empty if there is none.
    pub aws_region: String,
    pub identity_owner: String,
}

const OWN: [Param; 18] = [
    Param::new("GoogleApplicationCredentials", Kind::Text, AUTH).optional(),
    Param::new("serverAddress", Kind::Text, META),
    Param::new("query", Kind::Text, META),
    Param::new("queryParameters", Kind::Map, META).optional(),
    Param::new("threshold", Kind::Float, META),
    Param::new("activationThreshold", Kind::Float, META).optional(),
    Param::new("namespace", Kind::Text, META).optional(),
    Param::new("customHeaders", Kind::Map, META).optional(),
    Param::new("ignoreNullValues", Kind::Boolean, META).or("true"),
    Param::new("unsafeSsl", Kind::Boolean, META).optional(),
    Param::new("awsRegion", Kind::Text, META_AUTH).optional(),
    Param::new("timeout", Kind::Duration, META).optional(),
    // Read by the clients of clouds that manage a Prometheus, when an identity is given.
    Param::new("cloud", Kind::Text, META).optional(),
    Param::new("azureManagedPrometheusResourceURL", Kind::Text, META).optional(),
    Param::new("credentials", Kind::Text, ENV).optional(),
    Param::new("credentialsFromEnvFile", Kind::Text, META).optional(),
    Param::ignored(
        "metricName",
        "the metric is called after the trigger's index since KEDA 2.12",
    ),
    Param::ignored(
        "cortexOrgID",
        "write `customHeaders: X-Scope-OrgID=<tenant>` instead",
    ),
];

/// The parameters.
pub const TABLE: &[Param] = &auth::joined::<17, 24, 41>(
    auth::PARAMS,
    // A Prometheus that AWS manages is asked with the key or the role of these.
    auth::joined::<6, 18, 24>(aws::PARAMS, OWN),
);

impl Prometheus {
    /// What a trigger asks its server, with nothing of how it proves who it is: the parameters that
    /// are credentials are not read.
    ///
    /// # Errors
    /// Every other parameter that is missing or cannot be read.
    pub fn without_login(source: &TriggerSource) -> Result<Self, Problems> {
        let values = Values::read(&OWN, source).map_err(|list| Problems::new(source, list))?;
        Ok(settings(&values, Auth::default()))
    }
}

pub(super) fn read(source: &TriggerSource) -> Result<Trigger, Vec<Problem>> {
    let metric_type = metric_type(source).map_err(|problem| vec![problem])?;
    let values = Values::read(TABLE, source)?;
    let auth = Auth::read(&values).map_err(|problem| vec![problem])?;
    if !auth.modes.is_empty() && source.pod_identity != PodIdentity::None {
        let problem = Problem::new("authModes+podIdentity", Cause::MutuallyExclusive);
        return Err(vec![problem]);
    }
    let settings = settings(&values, auth);
    let threshold = thousandths::rounded(settings.threshold);
    Ok(Trigger {
        settings: Settings::Prometheus(settings),
        metric: Some(HpaMetric::external(
            source,
            metric_type,
            "prometheus",
            threshold,
        )),
    })
}

fn settings(values: &Values, auth: Auth) -> Prometheus {
    Prometheus {
        server_address: values.text("serverAddress"),
        query: values.text("query"),
        threshold: values.float("threshold"),
        activation_threshold: values.float("activationThreshold"),
        namespace: values.text("namespace"),
        query_parameters: values.map("queryParameters"),
        custom_headers: values.map("customHeaders"),
        ignore_null_values: values.boolean("ignoreNullValues"),
        unsafe_ssl: values.boolean("unsafeSsl"),
        timeout: values.duration("timeout").filter(|it| !it.is_zero()),
        auth,
        aws_region: values.text("awsRegion"),
        identity_owner: values.text("identityOwner"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{source, words};
    use super::*;

    const NEEDED: [(&str, &str); 3] = [
        ("serverAddress", "http://prometheus:9090"),
        ("query", "sum(up)"),
        ("threshold", "2.5"),
    ];

    fn with(metadata: &[(&str, &str)], auth: &[(&str, &str)]) -> TriggerSource {
        let mut source = source("prometheus", &[&NEEDED[..], metadata].concat());
        let auth = auth
            .iter()
            .map(|(key, value)| ((*key).to_owned(), Secret::new(*value)));
        source.auth = auth.collect();
        source
    }

    #[test]
    fn what_is_not_given_has_its_default() {
        let trigger = read(&with(&[], &[])).unwrap();
        let Settings::Prometheus(settings) = trigger.settings else {
            panic!("not a prometheus trigger");
        };
        assert!(settings.ignore_null_values && !settings.unsafe_ssl);
        assert_eq!(
            (settings.timeout, settings.activation_threshold),
            (None, 0.0)
        );
        assert_eq!(settings.auth, Auth::default());
    }

    #[test]
    fn each_auth_mode_needs_its_parameters() {
        let table = [
            ("bearer", "bearerToken"),
            ("basic", "username"),
            ("tls", "cert+key"),
            ("oauth", "oauthTokenURI+clientID"),
            ("custom", "customAuthHeader+customAuthValue"),
            ("apiKey", "apiKey"),
        ];
        for (mode, params) in table {
            let problems = read(&with(&[("authModes", mode)], &[])).unwrap_err();
            assert_eq!(problems[0].param, params);
            assert_eq!(words(&problems), ["missing-for-auth-mode"]);
        }
        assert!(read(&with(&[("authMode", "bearer")], &[("token", "t")])).is_ok());
        assert!(read(&with(&[], &[("authModes", "basic"), ("username", "u")])).is_ok());
    }

    #[test]
    fn what_is_asked_can_be_read_without_the_login() {
        let login = with(&[("authModes", "bearer"), ("namespace", "shop")], &[]);
        assert!(read(&login).is_err(), "the token is not known");
        let settings = Prometheus::without_login(&login).unwrap();
        assert_eq!(
            (settings.query.as_str(), settings.namespace.as_str()),
            ("sum(up)", "shop")
        );
        assert_eq!(settings.auth, Auth::default());
        let mut none = login;
        none.metadata.remove("query");
        assert!(Prometheus::without_login(&none).is_err());
    }

    #[test]
    fn one_login_at_most_and_none_beside_an_identity() {
        let two = read(&with(&[("authModes", "basic,bearer")], &[])).unwrap_err();
        assert_eq!(words(&two), ["exclusive-values-combined"]);
        let mut both = with(&[("authModes", "basic")], &[("username", "u")]);
        both.pod_identity = PodIdentity::Gcp;
        assert_eq!(words(&read(&both).unwrap_err()), ["mutually-exclusive"]);
        let mut alone = with(&[], &[]);
        for identity in [PodIdentity::Gcp, PodIdentity::Other] {
            alone.pod_identity = identity;
            assert!(read(&alone).is_ok());
            both.pod_identity = identity;
            assert!(read(&both).is_err());
        }
    }
}
