//! Whom a binding is about.

use serde_json::Value;

use super::User;

const SERVICE_ACCOUNT: &str = "system:serviceaccount:";

/// The first subject of a binding that is the user or one of their groups.
pub(super) fn naming<'a>(binding: &'a Value, user: &User, namespace: &str) -> Option<&'a Value> {
    let subjects = binding["subjects"].as_array()?;
    subjects.iter().find(|it| is(it, user, namespace))
}

fn is(subject: &Value, user: &User, namespace: &str) -> bool {
    let name = word(subject, "name");
    match word(subject, "kind") {
        "User" => user.name == name,
        "Group" => user.groups.iter().any(|it| it == name),
        "ServiceAccount" => match home(subject, namespace) {
            "" => false,
            home => service_account(&user.name) == Some((home, name)),
        },
        _ => false,
    }
}

/// As reasons name it: `User "eve"`, or `ServiceAccount "name/namespace"`.
pub(super) fn described(subject: &Value, namespace: &str) -> String {
    let (kind, name) = (word(subject, "kind"), word(subject, "name"));
    match kind {
        "ServiceAccount" => format!("{kind} \"{name}/{}\"", home(subject, namespace)),
        _ => format!("{kind} \"{name}\""),
    }
}

/// The groups that a service account is in because of its name; none for others.
pub(super) fn service_account_groups(user: &str) -> Vec<String> {
    match service_account(user) {
        Some((namespace, _)) => vec![
            "system:serviceaccounts".to_owned(),
            format!("system:serviceaccounts:{namespace}"),
        ],
        None => vec![],
    }
}

/// The namespace and name of a service account in a user's name.
pub(super) fn service_account(user: &str) -> Option<(&str, &str)> {
    let parts = user.strip_prefix(SERVICE_ACCOUNT)?.split_once(':');
    parts.filter(|it| !it.1.contains(':'))
}

/// The namespace of a service account, which is the binding's if the subject does not say.
fn home<'a>(subject: &'a Value, namespace: &'a str) -> &'a str {
    match word(subject, "namespace") {
        "" => namespace,
        own => own,
    }
}

fn word<'a>(subject: &'a Value, key: &str) -> &'a str {
    subject[key].as_str().unwrap_or_default()
}
