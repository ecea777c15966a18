//! Roles and their bindings.

use serde_json::{Value, json};

use super::place::Place;
use super::{names, selector};
use crate::sandbox::kinds::Rules;
use crate::sandbox::status::FieldError;

const GROUP: &str = "rbac.authorization.k8s.io";

pub(super) const ROLE: Rules = Rules {
    complete: None,
    check: Some(check_role),
    check_status: None,
    prepare: None,
    convert: None,
};

pub(super) const BINDING: Rules = Rules {
    complete: Some(complete_binding),
    check: Some(check_binding),
    check_status: None,
    prepare: None,
    convert: None,
};

fn is_cluster_wide(object: &Value) -> bool {
    object["metadata"]["namespace"]
        .as_str()
        .unwrap_or("")
        .is_empty()
}

fn check_role(role: &Value, _old: Option<&Value>) -> Vec<FieldError> {
    let place = Place::root(role);
    let is_namespaced = !is_cluster_wide(role);
    let rules = place.at("rules").items();
    let mut found: Vec<FieldError> = rules.flat_map(|it| rule(&it, is_namespaced)).collect();
    let aggregation = place.at("aggregationRule");
    if aggregation.is_set() {
        let selectors = aggregation.at("clusterRoleSelectors");
        if selectors.is_empty() {
            let detail = "at least one clusterRoleSelector required if aggregationRule is non-nil";
            found.push(selectors.required(detail));
        }
        for wanted in selectors.items() {
            let faults = selector::check(&wanted);
            if !faults.is_empty() {
                found.extend(faults);
                found.push(wanted.refuse(Value::Null, "invalid label selector."));
            }
        }
    }
    found
}

fn rule(rule: &Place<'_>, is_namespaced: bool) -> Vec<FieldError> {
    let mut found = Vec::new();
    let (verbs, urls) = (rule.at("verbs"), rule.at("nonResourceURLs"));
    let (groups, resources) = (rule.at("apiGroups"), rule.at("resources"));
    if verbs.is_empty() {
        found.push(verbs.required("verbs must contain at least one value"));
    }
    if !urls.is_empty() {
        if is_namespaced {
            let detail = "namespaced rules cannot apply to non-resource URLs";
            found.push(urls.invalid(detail));
        }
        let parts = [&groups, &resources, &rule.at("resourceNames")];
        if parts.iter().any(|it| !it.is_empty()) {
            let detail = "rules cannot apply to both regular resources and non-resource URLs";
            found.push(urls.invalid(detail));
        }
        return found;
    }
    if groups.is_empty() {
        let detail = "resource rules must supply at least one api group";
        found.push(groups.required(detail));
    }
    if resources.is_empty() {
        let detail = "resource rules must supply at least one resource";
        found.push(resources.required(detail));
    }
    found
}

fn complete_binding(binding: &mut Value) {
    let fill = |part: &mut Value, group: &str| {
        if let Some(fields) = part.as_object_mut()
            && fields
                .get("apiGroup")
                .is_none_or(|it| it.is_null() || it == "")
        {
            fields.insert("apiGroup".to_owned(), json!(group));
        }
    };
    if let Some(reference) = binding.get_mut("roleRef") {
        fill(reference, GROUP);
    }
    let subjects = binding.get_mut("subjects").and_then(Value::as_array_mut);
    for subject in subjects.into_iter().flatten() {
        if subject["kind"] == "User" || subject["kind"] == "Group" {
            fill(subject, GROUP);
        }
    }
}

fn check_binding(binding: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let place = Place::root(binding);
    let reference = place.at("roleRef");
    let is_cluster_wide = is_cluster_wide(binding);
    let mut found = Vec::new();
    let group = reference.at("apiGroup");
    if group.text() != GROUP {
        found.push(group.unsupported(&[GROUP]));
    }
    let (kind, kinds) = (reference.at("kind"), ["Role", "ClusterRole"]);
    let kinds = if is_cluster_wide { &kinds[1..] } else { &kinds };
    if !kinds.contains(&kind.text()) {
        found.push(kind.unsupported(kinds));
    }
    let name = reference.at("name");
    match name.text() {
        "" => found.push(name.required("")),
        text => found.extend(name.invalid_text(names::path_segment(text))),
    }
    let subjects = place.at("subjects").items();
    found.extend(subjects.flat_map(|it| subject(&it, !is_cluster_wide)));
    if old.is_some_and(|it| it["roleRef"] != binding["roleRef"]) {
        let value = json!({ "APIGroup": group.text(), "Kind": kind.text(), "Name": name.text() });
        found.push(reference.refuse(value, "cannot change roleRef"));
    }
    found
}

fn subject(subject: &Place<'_>, is_namespaced: bool) -> Vec<FieldError> {
    let (name, kind, group) = (
        subject.at("name"),
        subject.at("kind"),
        subject.at("apiGroup"),
    );
    let mut found = Vec::new();
    if name.is_empty() {
        found.push(name.required(""));
    }
    match kind.text() {
        "ServiceAccount" => {
            if !name.is_empty() {
                found.extend(name.invalid_text(names::subdomain(name.text())));
            }
            if !group.is_empty() {
                found.push(group.unsupported(&[""]));
            }
            if !is_namespaced && subject.at("namespace").is_empty() {
                found.push(subject.at("namespace").required(""));
            }
        }
        "User" | "Group" if group.text() != GROUP => found.push(group.unsupported(&[GROUP])),
        "User" | "Group" => {}
        _ => found.push(kind.unsupported(&["ServiceAccount", "User", "Group"])),
    }
    found
}
