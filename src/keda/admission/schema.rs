//! What the schemas of KEDA's CustomResourceDefinitions refuse, before the webhook is asked and
//! wherever it is not: an object can pass the one and fail at the other.
//!
//! The schemas are those of KEDA 2.20. Older ones had far fewer bounds and enums.

use std::fmt;

use serde_json::Value;

use crate::keda::objects::{
    AuthenticationKind, FallbackBehavior, FieldErrors, FieldPath, IdentityOwner,
    ModifiersMetricType, MultipleScalers, PodIdentityProvider, Propagation, RolloutStrategy,
    ScaledJob, ScaledObject, Strategy, TriggerAuthentication,
};

/// A field that the schema refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    pub path: FieldPath,
    pub keyword: Keyword,
    /// What is wrong; names the field.
    pub message: String,
}

/// The part of the schema that refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keyword {
    Type,
    Required,
    Minimum,
    MinItems,
    MinLength,
    Enum,
    /// A rule over several fields, in CEL.
    Rule,
}

impl Keyword {
    /// The keyword as schemas have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Required => "required",
            Self::Minimum => "minimum",
            Self::MinItems => "minItems",
            Self::MinLength => "minLength",
            Self::Enum => "enum",
            Self::Rule => "x-kubernetes-validations",
        }
    }
}

impl fmt::Display for Rejection {
    /// `spec.fallback.replicas: minimum`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.keyword.word())
    }
}

/// What the schema refuses of a ScaledObject.
pub fn scaled_object(object: &Value) -> Vec<Rejection> {
    let mut check = Check::of(object, ScaledObject::read(object).err());
    check.required("", &["spec"]);
    check.required("spec", &["scaleTargetRef", "triggers"]);
    check.required("spec.scaleTargetRef", &["name"]);
    check.filled("spec.scaleTargetRef.name");
    for (field, least) in [
        ("pollingInterval", 1),
        ("cooldownPeriod", 0),
        ("initialCooldownPeriod", 0),
        ("idleReplicaCount", 0),
        ("minReplicaCount", 0),
        ("maxReplicaCount", 1),
        ("fallback.failureThreshold", 0),
        ("fallback.replicas", 0),
    ] {
        check.minimum(&format!("spec.{field}"), least);
    }
    check.required("spec.fallback", &["failureThreshold", "replicas"]);
    check.word("spec.fallback.behavior", FallbackBehavior::KNOWN);
    let metric_type = "spec.advanced.scalingModifiers.metricType";
    check.word(metric_type, ModifiersMetricType::KNOWN);
    check.triggers();
    check.min_not_above_max();
    check.found
}

/// What the schema refuses of a ScaledJob.
pub fn scaled_job(object: &Value) -> Vec<Rejection> {
    let mut check = Check::of(object, ScaledJob::read(object).err());
    check.required("", &["spec"]);
    check.required("spec", &["jobTargetRef", "triggers"]);
    for (field, least) in [
        ("pollingInterval", 1),
        ("successfulJobsHistoryLimit", 0),
        ("failedJobsHistoryLimit", 0),
        ("minReplicaCount", 0),
        ("maxReplicaCount", 1),
    ] {
        check.minimum(&format!("spec.{field}"), least);
    }
    check.word("spec.rolloutStrategy", RolloutStrategy::KNOWN);
    check.word("spec.rollout.strategy", RolloutStrategy::KNOWN);
    check.word("spec.rollout.propagationPolicy", Propagation::KNOWN);
    check.word("spec.scalingStrategy.strategy", Strategy::KNOWN);
    let several = "spec.scalingStrategy.multipleScalersCalculation";
    check.word(several, MultipleScalers::KNOWN);
    check.triggers();
    check.found
}

/// What the schema refuses of a TriggerAuthentication or ClusterTriggerAuthentication.
pub fn authentication(object: &Value) -> Vec<Rejection> {
    let mut check = Check::of(object, TriggerAuthentication::read(object).err());
    check.required("", &["spec"]);
    for identity in [
        "spec.podIdentity",
        "spec.azureKeyVault.podIdentity",
        "spec.gcpSecretManager.podIdentity",
        "spec.awsSecretManager.podIdentity",
    ] {
        check.required(identity, &["provider"]);
        let provider = format!("{identity}.provider");
        check.word(&provider, PodIdentityProvider::KNOWN);
        let owner = format!("{identity}.identityOwner");
        check.word(&owner, IdentityOwner::KNOWN);
    }
    for (list, fields) in [
        ("secretTargetRef", &["parameter", "name", "key"][..]),
        ("configMapTargetRef", &["parameter", "name", "key"]),
        ("env", &["parameter", "name"]),
        ("hashiCorpVault.secrets", &["parameter", "path", "key"]),
        ("azureKeyVault.secrets", &["parameter", "name"]),
        ("gcpSecretManager.secrets", &["parameter", "id"]),
        ("awsSecretManager.secrets", &["parameter", "name"]),
        (
            "boundServiceAccountToken",
            &["parameter", "serviceAccountName"],
        ),
    ] {
        check.required_of_items(&format!("spec.{list}"), fields);
    }
    let vault = ["address", "authentication", "secrets"];
    check.required("spec.hashiCorpVault", &vault);
    check.required("spec.azureKeyVault", &["vaultUri", "secrets"]);
    check.required("spec.gcpSecretManager", &["secrets"]);
    check.required("spec.awsSecretManager", &["secrets"]);
    check.found
}

/// An object under its schema, and what was found so far.
struct Check<'a> {
    object: &'a Value,
    found: Vec<Rejection>,
}

impl<'a> Check<'a> {
    /// Begins with the fields that hold what they cannot.
    fn of(object: &'a Value, errors: Option<FieldErrors>) -> Self {
        let errors = errors.into_iter().flat_map(|it| it.0);
        let found = errors.map(|it| Rejection {
            message: it.to_string(),
            path: it.path,
            keyword: Keyword::Type,
        });
        Self {
            object,
            found: found.collect(),
        }
    }

    fn value(&self, path: &FieldPath) -> Option<&'a Value> {
        let found = self.object.pointer(&path.pointer());
        found.filter(|it| !it.is_null())
    }

    fn reject(&mut self, path: FieldPath, keyword: Keyword, what: &str) {
        self.found.push(Rejection {
            message: format!("{path} {what}"),
            path,
            keyword,
        });
    }

    /// Fields that an object needs where it is there.
    fn required(&mut self, parent: &str, fields: &[&str]) {
        self.required_at(&FieldPath::of(parent), fields);
    }

    fn required_at(&mut self, parent: &FieldPath, fields: &[&str]) {
        if !self.value(parent).is_some_and(Value::is_object) {
            return;
        }
        for field in fields {
            let path = parent.key(*field);
            if self.value(&path).is_none() {
                self.reject(path, Keyword::Required, "is missing");
            }
        }
    }

    fn required_of_items(&mut self, list: &str, fields: &[&str]) {
        let list = FieldPath::of(list);
        let items = self.value(&list).and_then(Value::as_array);
        for at in 0..items.map_or(0, Vec::len) {
            self.required_at(&list.index(at), fields);
        }
    }

    fn minimum(&mut self, path: &str, least: i64) {
        let path = FieldPath::of(path);
        let found = self.value(&path).and_then(Value::as_i64);
        if let Some(number) = found.filter(|it| *it < least) {
            let what = format!("is {number}, below {least}");
            self.reject(path, Keyword::Minimum, &what);
        }
    }

    fn word(&mut self, path: &str, known: &[&str]) {
        self.word_at(FieldPath::of(path), known);
    }

    fn word_at(&mut self, path: FieldPath, known: &[&str]) {
        let found = self.value(&path).and_then(Value::as_str);
        if let Some(word) = found.filter(|it| !known.contains(it)) {
            let what = format!("is {word:?}, none of {}", known.join(", "));
            self.reject(path, Keyword::Enum, &what);
        }
    }

    fn filled(&mut self, path: &str) {
        self.filled_at(FieldPath::of(path));
    }

    fn filled_at(&mut self, path: FieldPath) {
        if self.value(&path).and_then(Value::as_str) == Some("") {
            self.reject(path, Keyword::MinLength, "is empty");
        }
    }

    fn triggers(&mut self) {
        let list = FieldPath::of("spec.triggers");
        let Some(triggers) = self.value(&list).and_then(Value::as_array) else {
            return;
        };
        if triggers.is_empty() {
            self.reject(list.clone(), Keyword::MinItems, "is empty");
        }
        for at in 0..triggers.len() {
            let trigger = list.index(at);
            self.required_at(&trigger, &["type", "metadata"]);
            self.filled_at(trigger.key("type"));
            let authentication = trigger.key("authenticationRef");
            self.required_at(&authentication, &["name"]);
            let kind = authentication.key("kind");
            self.word_at(kind, AuthenticationKind::KNOWN);
        }
    }

    /// The only rule over two fields.
    fn min_not_above_max(&mut self) {
        let min = self.value(&FieldPath::of("spec.minReplicaCount"));
        let Some(min) = min.and_then(Value::as_i64) else {
            return;
        };
        let max = self.value(&FieldPath::of("spec.maxReplicaCount"));
        let default = i64::from(crate::keda::objects::ScaledObjectSpec::DEFAULT_MAX_REPLICA_COUNT);
        let max = max.and_then(Value::as_i64).unwrap_or(default);
        if min > max {
            let what = format!("has minReplicaCount {min}, above maxReplicaCount, {max}");
            self.reject(FieldPath::of("spec"), Keyword::Rule, &what);
        }
    }
}
