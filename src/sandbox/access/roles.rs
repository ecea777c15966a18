//! The rules of a role, those it gathers from others included.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::text;

/// The rules of the cluster role `name`.
///
/// One that aggregates has the rules of all roles that its selectors find, and none of its own.
///
/// # Errors
/// What to say when there is none.
pub(super) fn cluster_role<'a>(
    all: &'a [Arc<Value>],
    name: &str,
) -> Result<Vec<&'a Value>, String> {
    let role = all.iter().find(|it| text(it, "name") == name);
    let role =
        role.ok_or_else(|| format!("clusterrole.rbac.authorization.k8s.io \"{name}\" not found"))?;
    Ok(gathered(role, all))
}

/// The rules of a role of the namespace.
///
/// # Errors
/// What to say when there is none.
pub(super) fn role<'a>(
    all: &'a [Arc<Value>],
    namespace: &str,
    name: &str,
) -> Result<Vec<&'a Value>, String> {
    let mut here = all.iter().filter(|it| text(it, "namespace") == namespace);
    let role = here.find(|it| text(it, "name") == name);
    let role =
        role.ok_or_else(|| format!("role.rbac.authorization.k8s.io \"{name}\" not found"))?;
    Ok(own(role).collect())
}

/// The rules of a cluster role among all of them, once each.
pub(super) fn gathered<'a>(role: &'a Value, all: &'a [Arc<Value>]) -> Vec<&'a Value> {
    let (mut seen, mut open, mut rules) = (BTreeSet::new(), vec![role], vec![]);
    while let Some(role) = open.pop() {
        if !seen.insert(text(role, "name")) {
            continue;
        }
        match role["aggregationRule"]["clusterRoleSelectors"].as_array() {
            None => rules.extend(own(role)),
            Some(selectors) => {
                let others = all.iter().map(Arc::as_ref);
                open.extend(others.filter(|it| selectors.iter().any(|by| selects(by, it))));
            }
        }
    }
    let mut once: Vec<&Value> = vec![];
    for rule in rules {
        if !once.contains(&rule) {
            once.push(rule);
        }
    }
    once
}

fn own(role: &Value) -> impl Iterator<Item = &Value> {
    role["rules"].as_array().into_iter().flatten()
}

/// Whether a label selector selects the object. One that asks for nothing selects everything.
fn selects(selector: &Value, object: &Value) -> bool {
    let labels = &object["metadata"]["labels"];
    let exact = selector["matchLabels"].as_object().into_iter().flatten();
    let wishes = selector["matchExpressions"].as_array();
    exact
        .into_iter()
        .all(|(key, value)| labels.get(key) == Some(value))
        && wishes.into_iter().flatten().all(|it| fulfills(labels, it))
}

fn fulfills(labels: &Value, wish: &Value) -> bool {
    let label = labels.get(wish["key"].as_str().unwrap_or_default());
    let values = wish["values"].as_array();
    let is_among = label.is_some_and(|label| values.is_some_and(|it| it.contains(label)));
    match wish["operator"].as_str().unwrap_or_default() {
        "In" => is_among,
        "NotIn" => !is_among,
        "Exists" => label.is_some(),
        "DoesNotExist" => label.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn role(name: &str, label: &str, more: Value) -> Arc<Value> {
        let mut role = json!({ "metadata": { "name": name, "labels": { "to": label } } });
        for (key, value) in more.as_object().unwrap() {
            role[key] = value.clone();
        }
        Arc::new(role)
    }

    fn gathers(label: &str) -> Value {
        json!({ "aggregationRule": { "clusterRoleSelectors": [{ "matchLabels": { "to": label } }] },
            "rules": [{ "verbs": ["ignored"] }] })
    }

    #[test]
    fn a_role_gathers_from_roles_that_gather() {
        let all = [
            role("admin", "", gathers("admin")),
            role("edit", "admin", gathers("edit")),
            role(
                "write",
                "edit",
                json!({ "rules": [{ "verbs": ["update"] }] }),
            ),
            role("own", "admin", json!({ "rules": [{ "verbs": ["own"] }] })),
            role("twin", "admin", json!({ "rules": [{ "verbs": ["own"] }] })),
            role("other", "view", json!({ "rules": [{ "verbs": ["get"] }] })),
        ];
        let mut verbs: Vec<&Value> = cluster_role(&all, "admin").unwrap();
        verbs.sort_by_key(|it| it.to_string());
        assert_eq!(
            verbs,
            [
                &json!({ "verbs": ["own"] }),
                &json!({ "verbs": ["update"] })
            ]
        );
    }

    #[test]
    fn roles_that_gather_each_other_come_to_an_end() {
        let all = [role("a", "b", gathers("a")), role("b", "a", gathers("b"))];
        assert_eq!(cluster_role(&all, "a").unwrap(), Vec::<&Value>::new());
    }

    #[test]
    fn expressions_select_by_key_and_values() {
        let object = json!({ "metadata": { "labels": { "tier": "web" } } });
        let cases = [
            (
                json!({ "key": "tier", "operator": "In", "values": ["web"] }),
                true,
            ),
            (
                json!({ "key": "tier", "operator": "NotIn", "values": ["web"] }),
                false,
            ),
            (
                json!({ "key": "zone", "operator": "NotIn", "values": ["a"] }),
                true,
            ),
            (json!({ "key": "tier", "operator": "Exists" }), true),
            (json!({ "key": "tier", "operator": "DoesNotExist" }), false),
            (json!({ "key": "tier", "operator": "Like" }), false),
        ];
        for (wish, expected) in cases {
            let selector = json!({ "matchExpressions": [wish] });
            assert_eq!(selects(&selector, &object), expected, "{wish}");
        }
    }
}
