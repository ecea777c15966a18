//! Kinds with few rules: Namespace, Node, Event, Endpoints, Lease, PodDisruptionBudget.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::place::Place;
use super::pod::port_number;
use super::workloads::{up_to_all, whole_or_percent};
use super::{fields, items, names, selector, set_default};
use crate::sandbox::kinds::Rules;
use crate::sandbox::status::{Fault, FieldError};

const NONE: Rules = Rules {
    complete: None,
    check: None,
    check_status: None,
    prepare: None,
    convert: None,
};

pub(super) const NAMESPACE: Rules = Rules {
    complete: Some(complete_namespace),
    check: Some(check_namespace),
    prepare: Some(prepare_namespace),
    ..NONE
};
pub(super) const NODE: Rules = Rules {
    check: Some(check_node),
    ..NONE
};
pub(super) const EVENT: Rules = Rules {
    check: Some(check_event),
    ..NONE
};
pub(super) const ENDPOINTS: Rules = Rules {
    complete: Some(complete_endpoints),
    check: Some(check_endpoints),
    ..NONE
};
pub(super) const LEASE: Rules = Rules {
    check: Some(check_lease),
    ..NONE
};
pub(super) const DISRUPTION_BUDGET: Rules = Rules {
    check: Some(check_budget),
    check_status: Some(check_budget_status),
    prepare: Some(super::clear_status),
    ..NONE
};

/// Every namespace can be selected by its name.
fn complete_namespace(namespace: &mut Value) {
    let Some(metadata) = fields(namespace, &["metadata"]) else {
        return;
    };
    let Some(name) = metadata.get("name").cloned() else {
        return;
    };
    set_default(metadata, "labels", json!({}));
    if let Some(labels) = metadata["labels"].as_object_mut() {
        labels.insert("kubernetes.io/metadata.name".to_owned(), name);
    }
}

fn prepare_namespace(namespace: &mut Value, old: Option<&Value>) {
    let Some(object) = namespace.as_object_mut() else {
        return;
    };
    match old {
        None => {
            object.insert("status".to_owned(), json!({ "phase": "Active" }));
            set_default(object, "spec", json!({}));
            if let Some(spec) = object["spec"].as_object_mut() {
                set_default(spec, "finalizers", json!([]));
                if let Some(all) = spec["finalizers"].as_array_mut()
                    && !all.contains(&json!("kubernetes"))
                {
                    all.push(json!("kubernetes"));
                }
            }
        }
        // Only the endpoint of that name changes finalizers.
        Some(old) => {
            object.insert("spec".to_owned(), old["spec"].clone());
        }
    }
}

fn check_namespace(namespace: &Value, _old: Option<&Value>) -> Vec<FieldError> {
    let place = Place::root(namespace).at("spec.finalizers");
    let mut found = Vec::new();
    for name in place.items() {
        let faults = names::qualified(name.text()).into_iter();
        found.extend(faults.map(|it| place.refuse(name.text(), it)));
        let is_known = ["kubernetes", "orphan", "foregroundDeletion"].contains(&name.text());
        if !is_known && !name.text().contains('/') {
            let detail = "name is neither a standard finalizer name nor is it fully qualified";
            found.push(place.refuse(name.text(), detail));
        }
    }
    found
}

fn check_node(node: &Value, old: Option<&Value>) -> Vec<FieldError> {
    // The real server says `metadata` where it means `spec`.
    let mut taints = Place::root(node).at("spec.taints");
    taints.path = "metadata.taints".to_owned();
    let (mut found, mut known) = (Vec::new(), Vec::new());
    for taint in taints.items() {
        let (key, effect) = (taint.at("key"), taint.at("effect"));
        found.extend(key.invalid_text(names::qualified(key.text())));
        found.extend(effect.choice(&["NoSchedule", "PreferNoSchedule", "NoExecute"]));
        let pair = (key.text(), effect.text());
        if known.contains(&pair) {
            let value = json!({ "Key": pair.0, "Value": taint.at("value").text(),
                "Effect": pair.1, "TimeAdded": null });
            let detail = "taints must be unique by key and effect pair";
            found.push(FieldError::new(
                &taint.path,
                Fault::Duplicate(value),
                detail,
            ));
        }
        known.push(pair);
    }
    let provider = Place::root(node).at("spec.providerID");
    let before = old.map(|it| &it["spec"]["providerID"]);
    let before = before.and_then(Value::as_str).unwrap_or("");
    if !before.is_empty() && before != provider.text() {
        let detail = "node updates may not change providerID except from \"\" to valid";
        found.push(provider.forbidden(detail));
    }
    found
}

/// An event lies in the namespace of what it is about; those about the cluster in `default`.
fn check_event(event: &Value, _old: Option<&Value>) -> Vec<FieldError> {
    let place = Place::root(event);
    let about = place.at("involvedObject.namespace");
    let lies = place.at("metadata.namespace");
    let fits = match about.text() {
        "" => ["default", "kube-system"].contains(&lies.text()),
        namespace => namespace == lies.text(),
    };
    let error = || about.refuse(about.text(), "does not match event.namespace");
    (!fits).then(error).into_iter().collect()
}

fn complete_endpoints(endpoints: &mut Value) {
    let Some(object) = endpoints.as_object_mut() else {
        return;
    };
    for subset in items(object, "subsets") {
        for port in items(subset, "ports") {
            set_default(port, "protocol", json!("TCP"));
        }
    }
}

fn check_endpoints(endpoints: &Value, _old: Option<&Value>) -> Vec<FieldError> {
    let subsets = Place::root(endpoints).at("subsets");
    subsets.items().flat_map(|it| subset(&it)).collect()
}

fn subset(subset: &Place<'_>) -> Vec<FieldError> {
    let (ready, other) = (subset.at("addresses"), subset.at("notReadyAddresses"));
    let mut found = Vec::new();
    if ready.is_empty() && other.is_empty() {
        let detail = "must specify `addresses` or `notReadyAddresses`";
        found.push(subset.required(detail));
    }
    for address in ready.items().chain(other.items()) {
        found.extend(address_faults(&address.at("ip")));
    }
    let ports = subset.at("ports");
    let is_single = ports.items().count() == 1;
    for port in ports.items() {
        let name = port.at("name");
        match name.text() {
            "" if is_single => {}
            "" => found.push(name.required("")),
            text => found.extend(name.invalid_text(names::label(text))),
        }
        found.extend(port_number(&port.at("port")));
        found.extend(port.at("protocol").choice(&["SCTP", "TCP", "UDP"]));
    }
    found
}

fn address_faults(ip: &Place<'_>) -> Vec<FieldError> {
    let Ok(address) = ip.text().parse::<IpAddr>() else {
        let text = "must be a valid IP address";
        let example = format!("{text}, (e.g. 10.9.8.7 or 2001:db8::ffff)");
        return vec![ip.refuse(ip.text(), example), ip.refuse(ip.text(), text)];
    };
    let detail = if address.is_unspecified() {
        format!("may not be unspecified ({address})")
    } else if address.is_loopback() {
        "may not be in the loopback range (127.0.0.0/8, ::1/128)".to_owned()
    } else {
        return Vec::new();
    };
    vec![ip.refuse(ip.text(), detail)]
}

fn check_lease(lease: &Value, _old: Option<&Value>) -> Vec<FieldError> {
    let spec = Place::root(lease).at("spec");
    let mut found = Vec::new();
    let duration = spec.at("leaseDurationSeconds");
    if duration.integer().is_some_and(|it| it <= 0) {
        found.push(duration.invalid("must be greater than 0"));
    }
    found.extend(spec.at("leaseTransitions").nonnegative());
    found
}

fn check_budget(budget: &Value, _old: Option<&Value>) -> Vec<FieldError> {
    let spec = Place::root(budget).at("spec");
    let (least, most) = (spec.at("minAvailable"), spec.at("maxUnavailable"));
    let mut found = Vec::new();
    let policy = spec.at("unhealthyPodEvictionPolicy");
    if least.is_set() && most.is_set() {
        let value = json!({ "MinAvailable": least.value, "MaxUnavailable": most.value,
            "Selector": spec.at("selector").value,
            "UnhealthyPodEvictionPolicy": policy.value });
        let whole = Place::new(&spec.path, &value);
        let detail = "minAvailable and maxUnavailable cannot be both set";
        found.push(whole.invalid_struct(&BUDGET, detail));
    }
    for share in [&least, &most] {
        found.extend(whole_or_percent(share));
        found.extend(up_to_all(share));
    }
    found.extend(selector::check(&spec.at("selector")));
    if policy.is_set() && !["AlwaysAllow", "IfHealthyBudget"].contains(&policy.text()) {
        found.push(policy.unsupported(&["AlwaysAllow", "IfHealthyBudget"]));
    }
    found
}

/// The fields of a budget, in the order in which messages show them.
const BUDGET: [&str; 6] = [
    "MinAvailable",
    "Selector",
    "MaxUnavailable",
    "UnhealthyPodEvictionPolicy",
    "matchLabels",
    "matchExpressions",
];

fn check_budget_status(budget: &Value, _old: Option<&Value>) -> Vec<FieldError> {
    let status = Place::root(budget).at("status");
    [
        "disruptionsAllowed",
        "currentHealthy",
        "desiredHealthy",
        "expectedPods",
    ]
    .into_iter()
    .filter_map(|it| status.at(it).nonnegative())
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::rules::testing;

    #[test]
    fn other_kinds_are_judged_as_by_the_real_server() {
        testing::run(include_str!("cases/others.json"));
    }

    #[test]
    fn a_namespace_carries_its_name_and_is_active() {
        let mut namespace = json!({ "metadata": { "name": "shop" } });
        complete_namespace(&mut namespace);
        prepare_namespace(&mut namespace, None);
        let expected = json!({ "metadata": { "name": "shop",
                "labels": { "kubernetes.io/metadata.name": "shop" } },
            "spec": { "finalizers": ["kubernetes"] }, "status": { "phase": "Active" } });
        assert_eq!(namespace, expected);
        let mut changed = namespace.clone();
        changed["spec"]["finalizers"] = json!([]);
        prepare_namespace(&mut changed, Some(&namespace));
        assert_eq!(changed, namespace);
    }
}
