//! Requests and limits of containers.

use serde_json::Value;

use super::names;
use super::place::Place;
use super::quantity::{read, shown};
use crate::units::Quantity;
use crate::validation::FieldError;

/// What a container may ask for without a domain.
const STANDARD: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

fn is_huge_pages(name: &str) -> bool {
    name.starts_with("hugepages-")
}

/// Whether it is a device or the like, which comes in whole units and cannot be overcommitted.
fn is_extended(name: &str) -> bool {
    name.contains('/') && !name.contains("kubernetes.io/") && !name.starts_with("requests.")
}

/// What is wrong with the name of a resource that a container uses.
pub(crate) fn container_name(place: &Place<'_>) -> Vec<FieldError> {
    name_faults(place.text())
        .into_iter()
        .map(|it| place.refuse(place.text(), it))
        .collect()
}

fn name_faults(name: &str) -> Vec<String> {
    let mut found = names::qualified(name);
    if !found.is_empty() {
        // A name that is none is not an extended one either.
        let text = "doesn't follow extended resource name standard";
        found.extend(name.contains('/').then(|| text.to_owned()));
        return found;
    }
    let is_standard = STANDARD.contains(&name) || is_huge_pages(name);
    if !name.contains('/') && !is_standard {
        found.push("must be a standard resource type or fully qualified".to_owned());
        found.push("must be a standard resource for containers".to_owned());
    } else if name.contains('/') && !is_extended(name) {
        found.push("doesn't follow extended resource name standard".to_owned());
    }
    found
}

/// What is wrong with the requests and limits of a container.
pub(crate) fn check(resources: &Place<'_>) -> Vec<FieldError> {
    let (requests, limits) = (resources.at("requests"), resources.at("limits"));
    let mut found = Vec::new();
    for (name, limit) in limits.entries() {
        found.extend(amount(name, &limit));
    }
    for (name, request) in requests.entries() {
        let limit = limits.value.get(name);
        found.extend(within(name, &requests, &limits, request.value, limit));
        found.extend(amount(name, &request));
    }
    found
}

fn amount(name: &str, place: &Place<'_>) -> Vec<FieldError> {
    let faults = name_faults(name).into_iter();
    let mut found: Vec<FieldError> = faults.map(|it| place.refuse(name, it)).collect();
    let Some(amount) = read(place.value) else {
        return found;
    };
    if amount < Quantity::default() {
        let detail = "must be greater than or equal to 0";
        found.push(place.refuse(shown(place.value), detail));
    }
    if is_extended(name) && amount.milli_value() % 1000 != 0 {
        found.push(place.refuse(shown(place.value), "must be an integer"));
    }
    found
}

fn within(
    name: &str,
    requests: &Place<'_>,
    limits: &Place<'_>,
    request: &Value,
    limit: Option<&Value>,
) -> Option<FieldError> {
    let must_match = is_extended(name) || is_huge_pages(name);
    let Some(limit) = limit else {
        let detail = "Limit must be set for non overcommitable resources";
        return must_match.then(|| limits.required(detail));
    };
    let (asked, most) = (read(request)?, read(limit)?);
    let text = shown(limit);
    let most_text = text.as_str().unwrap_or_default();
    let refuse = |how| {
        let detail = format!("must be {how} {name} limit of {most_text}");
        requests.refuse(shown(request), detail)
    };
    if must_match {
        return (asked != most).then(|| refuse("equal to"));
    }
    (asked > most).then(|| refuse("less than or equal to"))
}
