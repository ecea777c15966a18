//! `auth-unused-or-missing`: a trigger refers to an authentication that does not exist, or nothing
//! refers to one that does.

use super::{Code, Finding, Severity};
use crate::fleet::{AuthenticationId, MissingAuthentication, Subject};

/// What a ScaledObject refers to and is not there.
pub fn find(subject: &Subject) -> Option<Finding> {
    let missing = &subject.missing_authentications;
    let first = missing.first()?;
    let names: Vec<String> = missing.iter().map(told).collect();
    let message = format!(
        "{}: KEDA reads the trigger without its parameters, which fails or asks as nobody",
        names.join("; ")
    );
    let finding = Finding::new(Code::AuthUnusedOrMissing, Severity::Critical, message)
        .count("missing", missing.len())
        .text("names", joined(missing.iter().map(|it| it.name.as_str())))
        .fix(fix(first));
    Some(finding)
}

/// Of all namespaces that were read, what no trigger refers to.
pub fn of_fleet(unused: &[AuthenticationId]) -> Option<Finding> {
    if unused.is_empty() {
        return None;
    }
    let names = joined(unused.iter().map(AuthenticationId::to_string));
    let message = format!("no trigger uses {names}");
    let finding = Finding::new(Code::AuthUnusedOrMissing, Severity::Info, message)
        .count("unused", unused.len())
        .text("names", names)
        .fix("delete it, and the secrets that are there for it alone");
    Some(finding)
}

fn told(missing: &MissingAuthentication) -> String {
    let MissingAuthentication {
        trigger,
        kind,
        name,
        other,
    } = missing;
    match other {
        Some(other) => format!("trigger {trigger} refers to {kind} {name}, which is a {other}"),
        None => format!("trigger {trigger} refers to {kind} {name}, which does not exist"),
    }
}

fn fix(missing: &MissingAuthentication) -> String {
    match &missing.other {
        Some(other) => format!("set authenticationRef.kind to {other}"),
        None => format!(
            "create {} {}, or correct the name",
            missing.kind, missing.name
        ),
    }
}

fn joined(names: impl Iterator<Item = impl ToString>) -> String {
    let names: Vec<String> = names.map(|it| it.to_string()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::analysis::testing::Scene;

    fn missing(kind: &str, other: Option<&str>) -> MissingAuthentication {
        MissingAuthentication {
            trigger: 1,
            kind: kind.to_owned(),
            name: "broker".to_owned(),
            other: other.map(str::to_owned),
        }
    }

    #[test]
    fn what_is_missing_is_critical_even_without_history() {
        let mut scene = Scene::triggered(json!({"minReplicaCount": 1}), |_| 20.0);
        assert_eq!(scene.find(Code::AuthUnusedOrMissing), None);
        let absent = missing("TriggerAuthentication", None);
        scene.subject.missing_authentications.push(absent);
        scene.history = crate::history::History::default();
        let found = scene.find(Code::AuthUnusedOrMissing).unwrap();
        assert_eq!(found.severity, Severity::Critical);
        assert_eq!(
            found.message,
            "trigger 1 refers to TriggerAuthentication broker, which does not exist: KEDA reads the \
             trigger without its parameters, which fails or asks as nobody"
        );
    }

    #[test]
    fn one_of_the_other_kind_is_probably_meant() {
        let mut scene = Scene::triggered(json!({}), |_| 20.0);
        let other = Some("ClusterTriggerAuthentication");
        let found = missing("TriggerAuthentication", other);
        scene.subject.missing_authentications.push(found);
        let found = scene.find(Code::AuthUnusedOrMissing).unwrap();
        let fix = "set authenticationRef.kind to ClusterTriggerAuthentication";
        assert_eq!(found.fix.as_deref(), Some(fix));
    }

    #[test]
    fn what_nobody_uses_is_told_of_the_fleet() {
        assert_eq!(of_fleet(&[]), None);
        let unused = |namespace: Option<&str>, name: &str| AuthenticationId {
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
        };
        let found = of_fleet(&[unused(None, "aws"), unused(Some("shop"), "old")]).unwrap();
        assert_eq!(
            found.message,
            "no trigger uses clustertriggerauthentication/aws, triggerauthentication/old in namespace \
             shop"
        );
    }
}
