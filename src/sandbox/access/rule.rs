//! Whether one rule of a role covers what is asked for.

use serde_json::Value;

use super::Attributes;

/// Whether the rule allows it.
pub(super) fn allows(rule: &Value, asked: &Attributes) -> bool {
    if !has(rule, "verbs", |it| it == "*" || it == asked.verb) {
        return false;
    }
    match asked.resource.as_str() {
        "" => has(rule, "nonResourceURLs", |it| covers(it, &asked.path)),
        _ => covers_resource(rule, asked),
    }
}

fn covers_resource(rule: &Value, asked: &Attributes) -> bool {
    has(rule, "apiGroups", |it| it == "*" || it == asked.group)
        && has(rule, "resources", |it| is_resource(it, asked))
        && (texts(rule, "resourceNames").next().is_none()
            || has(rule, "resourceNames", |it| it == asked.name))
}

/// The rule as far as it is about resources, as a review of rules lists it.
pub(super) fn of_resources(rule: &Value) -> Option<Value> {
    texts(rule, "resources").next()?;
    Some(only(
        rule,
        &["verbs", "apiGroups", "resources", "resourceNames"],
    ))
}

/// The rule as far as it is about paths.
pub(super) fn of_paths(rule: &Value) -> Option<Value> {
    texts(rule, "nonResourceURLs").next()?;
    Some(only(rule, &["verbs", "nonResourceURLs"]))
}

fn only(rule: &Value, keys: &[&str]) -> Value {
    let fields = keys.iter().filter_map(|key| {
        let value = rule.get(*key)?;
        Some(((*key).to_owned(), value.clone()))
    });
    Value::Object(fields.collect())
}

/// `*` is everything, `*/scale` the subresource of every kind.
fn is_resource(written: &str, asked: &Attributes) -> bool {
    if asked.subresource.is_empty() {
        return written == "*" || written == asked.resource;
    }
    match written.split_once('/') {
        None => written == "*",
        Some((resource, sub)) => {
            sub == asked.subresource && (resource == "*" || resource == asked.resource)
        }
    }
}

/// `/healthz/*` is every path below, `*` is every path.
fn covers(written: &str, path: &str) -> bool {
    match written.strip_suffix('*') {
        Some(start) => path.starts_with(start.trim_end_matches('*')),
        None => written == path,
    }
}

fn has(rule: &Value, key: &str, fits: impl Fn(&str) -> bool) -> bool {
    texts(rule, key).any(fits)
}

fn texts<'a>(rule: &'a Value, key: &str) -> impl Iterator<Item = &'a str> {
    let all = rule[key].as_array().into_iter().flatten();
    all.filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(verb: &str, group: &str, resource: &str, name: &str) -> Attributes {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        Attributes {
            verb: verb.to_owned(),
            group: group.to_owned(),
            resource: resource.to_owned(),
            subresource: subresource.to_owned(),
            name: name.to_owned(),
            ..Attributes::default()
        }
    }

    #[test]
    fn resources_match_with_their_subresources() {
        let cases = [
            ("pods", "pods", true),
            ("pods", "pods/log", false),
            ("pods/log", "pods/log", true),
            ("pods/log", "pods", false),
            ("*", "pods/log", true),
            ("*/scale", "deployments/scale", true),
            ("*/scale", "deployments/status", false),
            ("*/scale", "deployments", false),
            ("pods/*", "pods/log", false),
        ];
        for (written, resource, expected) in cases {
            let rule = json!({ "verbs": ["get"], "apiGroups": [""], "resources": [written] });
            let found = allows(&rule, &asked("get", "", resource, ""));
            assert_eq!(found, expected, "{written} and {resource}");
        }
    }

    #[test]
    fn verbs_groups_and_names_all_have_to_match() {
        let rule = json!({ "verbs": ["get", "patch"], "apiGroups": ["apps"],
            "resources": ["deployments"], "resourceNames": ["web"] });
        let cases = [
            (asked("get", "apps", "deployments", "web"), true),
            (asked("list", "apps", "deployments", "web"), false),
            (asked("get", "", "deployments", "web"), false),
            (asked("get", "apps", "deployments", "api"), false),
            (asked("get", "apps", "deployments", ""), false),
        ];
        for (asked, expected) in cases {
            assert_eq!(allows(&rule, &asked), expected, "{asked:?}");
        }
    }

    #[test]
    fn a_star_ends_a_path() {
        let cases = [
            ("/healthz", "/healthz", true),
            ("/healthz", "/healthz/etcd", false),
            ("/healthz/*", "/healthz/etcd", true),
            ("/healthz/*", "/healthz", false),
            ("*", "/anything", true),
        ];
        for (written, path, expected) in cases {
            let rule = json!({ "verbs": ["get"], "nonResourceURLs": [written] });
            let asked = Attributes {
                verb: "get".to_owned(),
                path: path.to_owned(),
                ..Attributes::default()
            };
            assert_eq!(allows(&rule, &asked), expected, "{written} and {path}");
        }
    }

    #[test]
    fn a_rule_of_another_shape_allows_nothing() {
        for rule in [json!(null), json!([]), json!({ "verbs": "*" }), json!("*")] {
            assert!(!allows(&rule, &asked("get", "", "pods", "")), "{rule}");
        }
    }
}
