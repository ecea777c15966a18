//! What is wrong with a definition (`apiextensions/validation`, v1.36).

use serde_json::{Value, json};

use super::structural;
use crate::sandbox::rules::names;
use crate::sandbox::rules::place::Place;
use crate::sandbox::status::{Fault, FieldError};

const APPROVAL: &str = "api-approved.kubernetes.io";
const MOST_SELECTABLE: usize = 8;

pub(super) fn check(crd: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let root = Place::root(crd);
    let spec = root.at("spec");
    let mut found = group(&spec.at("group"));
    found.extend(spec.at("scope").choice(&["Cluster", "Namespaced"]));
    found.extend(versions(&spec));
    found.extend(all_names(&spec.at("names")));
    found.extend(shared_parts(&spec.at("versions")));
    found.extend(conversion(&spec.at("conversion")));
    if let Some(old) = old {
        found.extend(changes(&spec, old));
    }
    found.extend(stored(&root));
    found.extend(approval(&root));
    let preserve = spec.at("preserveUnknownFields");
    if preserve.flag() {
        found.push(preserve.invalid(
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in \
             spec.versions[*].schema instead",
        ));
    }
    found
}

fn group(group: &Place<'_>) -> Vec<FieldError> {
    let text = group.text();
    if text.is_empty() {
        return vec![group.required("")];
    }
    match names::subdomain(text) {
        faults if !faults.is_empty() => vec![group.invalid(faults.join(","))],
        _ if !text.contains('.') => vec![group.invalid("should be a domain with at least one dot")],
        _ => vec![],
    }
}

/// Parts of versions that the real server keeps once where all versions agree, with the places
/// that its messages name then.
const SHARED: [(&str, &str); 4] = [
    ("schema", "spec.validation"),
    ("subresources", "spec.subresources"),
    ("additionalPrinterColumns", "spec.additionalPrinterColumns"),
    ("selectableFields", "spec.selectableFields"),
];

fn versions(spec: &Place<'_>) -> Vec<FieldError> {
    let all = spec.at("versions");
    let mut found = Vec::new();
    for version in all.items() {
        let schema = version.at("schema.openAPIV3Schema");
        found.extend((!schema.is_set()).then(|| schema.required("")));
    }
    let (mut known, mut is_unique) = (Vec::new(), true);
    for version in all.items() {
        let name = version.at("name");
        is_unique &= !known.contains(&name.text());
        known.push(name.text());
        found.extend(word(&name));
        found.extend(deprecation(&version));
        for (part, _) in SHARED.iter().filter(|it| !is_shared(&all, it.0)) {
            found.extend(part_of_version(&version, part, &version.at(part)));
        }
    }
    found.extend(storage(&all, is_unique));
    if let Some(first) = all.items().next() {
        let first = Place::new("spec.version", first.at("name").value);
        found.extend(word(&first));
    }
    found
}

/// What is wrong with the parts in which all versions agree.
fn shared_parts(all: &Place<'_>) -> Vec<FieldError> {
    let mut found = Vec::new();
    if let Some(first) = all.items().next() {
        for (part, place) in SHARED.iter().filter(|it| is_shared(all, it.0)) {
            let place = Place::new(place, first.at(part).value);
            found.extend(part_of_version(&first, part, &place));
        }
    }
    found
}

fn is_shared(all: &Place<'_>, part: &str) -> bool {
    let mut parts = all.items().map(|it| it.at(part));
    let first = parts.next();
    first.is_some_and(|first| first.is_set() && parts.all(|it| it.value == first.value))
}

fn part_of_version(version: &Place<'_>, part: &str, place: &Place<'_>) -> Vec<FieldError> {
    match part {
        "schema" => structural::check(&place.at("openAPIV3Schema")),
        "subresources" => scale(&place.at("scale")),
        "additionalPrinterColumns" => place.items().flat_map(|it| column(&it)).collect(),
        _ => selectable(place, version.at("schema.openAPIV3Schema").value),
    }
}

/// A word of one kind of label, its faults in one message.
fn word(place: &Place<'_>) -> Option<FieldError> {
    let faults = names::old_label(place.text());
    (!faults.is_empty()).then(|| place.refuse(place.text(), faults.join(",")))
}

fn deprecation(version: &Place<'_>) -> Option<FieldError> {
    let warning = version.at("deprecationWarning");
    let text = warning.value.as_str()?;
    let fault = if !version.at("deprecated").flag() {
        "can only be set for deprecated versions"
    } else if text.is_empty() {
        "must not be an empty string"
    } else if text.len() > 256 {
        "must be <= 256 characters long"
    } else {
        return None;
    };
    Some(warning.invalid(fault))
}

fn storage(all: &Place<'_>, is_unique: bool) -> Vec<FieldError> {
    let mut found = Vec::new();
    if !is_unique {
        found.push(all.refuse(internal(all), "must contain unique version names"));
    }
    if all.items().filter(|it| it.at("storage").flag()).count() != 1 {
        let detail = "must have exactly one version marked as storage version";
        found.push(all.refuse(internal(all), detail));
    }
    found
}

/// Versions as the server's own type has them, without the parts that are shared.
fn internal(all: &Place<'_>) -> Value {
    let one = |it: Place<'_>| {
        json!({ "Name": it.at("name").text(), "Served": it.at("served").flag(),
            "Storage": it.at("storage").flag(), "Deprecated": it.at("deprecated").flag(),
            "DeprecationWarning": it.at("deprecationWarning").value, "Schema": null,
            "Subresources": null, "AdditionalPrinterColumns": null, "SelectableFields": null })
    };
    all.items().map(one).collect()
}

fn all_names(all: &Place<'_>) -> Vec<FieldError> {
    let single = ["plural", "singular", "kind", "listKind"].map(|it| all.at(it));
    let missing = single.iter().filter(|it| it.is_empty());
    let mut found: Vec<FieldError> = missing.map(|it| it.required("")).collect();
    for name in single.iter().filter(|it| !it.is_empty()) {
        let is_kind = name.path.to_lowercase().ends_with("kind");
        if !is_kind {
            found.extend(word(name));
            continue;
        }
        let faults = names::old_label(&name.text().to_lowercase());
        if !faults.is_empty() {
            let faults = faults.join(",");
            found.push(name.invalid(format!(
                "may have mixed case, but should otherwise match: {faults}"
            )));
        }
    }
    let short = all.at("shortNames").items();
    found.extend(short.filter_map(|it| word(&it)));
    let (kind, list) = (all.at("kind"), all.at("listKind"));
    if !kind.is_empty() && kind.text() == list.text() {
        found.push(list.invalid("kind and listKind may not be the same"));
    }
    let categories = all.at("categories").items();
    found.extend(categories.filter_map(|it| word(&it)));
    found
}

fn column(column: &Place<'_>) -> Vec<FieldError> {
    const FORMATS: [&str; 9] = [
        "byte",
        "date",
        "date-time",
        "double",
        "float",
        "int32",
        "int64",
        "password",
        "",
    ];
    const TYPES: [&str; 5] = ["boolean", "date", "integer", "number", "string"];
    let (name, kind, format) = (column.at("name"), column.at("type"), column.at("format"));
    let mut found = Vec::new();
    if name.is_empty() {
        found.push(name.required(""));
    }
    let detail = format!("must be one of {}", TYPES.join(","));
    match kind.text() {
        "" => found.push(kind.required(&detail)),
        text if TYPES.contains(&text) => {}
        _ => found.push(kind.invalid(detail)),
    }
    if !FORMATS.contains(&format.text()) {
        let list = FORMATS[..8].join(",");
        found.push(format.invalid(format!("must be one of {list}")));
    }
    // The real server names the field of an older version.
    let path = column.at("jsonPath");
    let path = Place::new(&format!("{}.JSONPath", column.path), path.value);
    found.extend(match path.text() {
        "" => Some(path.required("")),
        text => simple_path(&path, text),
    });
    found
}

fn simple_path(place: &Place<'_>, text: &str) -> Option<FieldError> {
    let is_simple = text.starts_with('.');
    (!is_simple).then(|| place.invalid("must be a simple json path starting with ."))
}

fn scale(scale: &Place<'_>) -> Vec<FieldError> {
    if !scale.is_set() {
        return Vec::new();
    }
    let under = |name: &str, roots: &[&str], words: &str| {
        let path = scale.at(name);
        let text = path.text();
        if text.is_empty() {
            return Some(path.required(""));
        }
        simple_path(&path, text).or_else(|| {
            let is_under = roots.iter().any(|it| text.starts_with(it));
            (!is_under).then(|| path.invalid(format!("should be a json path under {words}")))
        })
    };
    let selector = scale.at("labelSelectorPath");
    let selector = (!selector.is_empty()).then(|| {
        let roots = [".spec.", ".status."];
        under("labelSelectorPath", &roots, "either .spec or .status")
    });
    [
        under("specReplicasPath", &[".spec."], ".spec"),
        under("statusReplicasPath", &[".status."], ".status"),
        selector.flatten(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn selectable(fields: &Place<'_>, schema: &Value) -> Vec<FieldError> {
    let (mut found, mut known) = (Vec::new(), Vec::new());
    for field in fields.items() {
        let path = field.at("jsonPath");
        let text = path.text();
        if text.is_empty() {
            found.push(path.required(""));
            continue;
        }
        let place = match at_path(schema, text) {
            Ok(place) => place,
            Err(fault) => {
                found.push(path.invalid(format!("is an invalid path: {fault}")));
                continue;
            }
        };
        let kind = place["type"].as_str().unwrap_or("");
        if !["string", "boolean", "integer"].contains(&kind) {
            found.push(path.invalid(
                "must point to a field of type string, boolean or integer. Enum string fields \
                 and strings with formats are allowed.",
            ));
        }
        match known.contains(&text) {
            true => found.push(path.duplicate()),
            false => known.push(text),
        }
    }
    if known.len() > MOST_SELECTABLE {
        let fault = Fault::TooMany {
            found: known.len(),
            most: MOST_SELECTABLE,
        };
        found.push(FieldError::new(&fields.path, fault, ""));
    }
    found
}

fn at_path<'a>(schema: &'a Value, path: &str) -> Result<&'a Value, String> {
    let Some(steps) = path.strip_prefix('.') else {
        let first = path.split('.').next().unwrap_or("");
        return Err(format!("expected [ or . but got: {first}"));
    };
    let mut steps = steps.split('.');
    steps
        .try_fold(schema, |place, step| place["properties"].get(step))
        .ok_or_else(|| "does not refer to a valid field".to_owned())
}

fn conversion(conversion: &Place<'_>) -> Vec<FieldError> {
    let (strategy, webhook) = (conversion.at("strategy"), conversion.at("webhook"));
    if strategy.text() == "Webhook" {
        let detail = "this server calls no webhooks: objects are converted by None only";
        return vec![strategy.invalid(detail)];
    }
    let mut found: Vec<FieldError> = strategy.choice(&["None", "Webhook"]).into_iter().collect();
    let detail = "should not be set when strategy is not set to Webhook";
    for (field, told) in [
        ("clientConfig", "webhookClientConfig"),
        ("conversionReviewVersions", "conversionReviewVersions"),
    ] {
        if !webhook.at(field).is_empty() {
            found.push(conversion.at(told).forbidden(detail));
        }
    }
    found
}

fn changes(spec: &Place<'_>, old: &Value) -> Vec<FieldError> {
    let before = Place::root(old).at("spec");
    let conditions = Place::root(old).at("status.conditions");
    let is_established = conditions
        .items()
        .any(|it| it.at("type").text() == "Established" && it.at("status").text() == "True");
    let fixed: &[&str] = match is_established {
        true => &["scope", "names.kind", "group", "names.plural"],
        false => &["group", "names.plural"],
    };
    fixed
        .iter()
        .filter_map(|it| spec.at(it).unchanged(&before.at(it)))
        .collect()
}

fn stored(root: &Place<'_>) -> Vec<FieldError> {
    let (stored, versions) = (root.at("status.storedVersions"), root.at("spec.versions"));
    if stored.is_empty() {
        let detail = "must have at least one stored version";
        return vec![stored.refuse(Value::Null, detail)];
    }
    let mut found = Vec::new();
    let has = |list: &Place<'_>, name: &str| list.items().any(|it| it.text() == name);
    for version in versions.items().filter(|it| it.at("storage").flag()) {
        let name = version.at("name").text();
        if !has(&stored, name) {
            found.push(stored.invalid(format!("must have the storage version {name}")));
        }
    }
    for version in stored.items() {
        let name = version.text();
        if !versions.items().any(|it| it.at("name").text() == name) {
            found.push(version.invalid(format!(
                "missing from spec.versions; {name} was previously a storage version, and must \
                 remain in spec.versions until a storage migration ensures no data remains \
                 persisted in {name} and removes {name} from status.storedVersions"
            )));
        }
    }
    found
}

/// Groups of Kubernetes need a note of who approved them.
fn approval(root: &Place<'_>) -> Option<FieldError> {
    let group = root.at("spec.group").text();
    let is_within = |domain: &str| {
        let rest = group.strip_suffix(domain);
        rest.is_some_and(|it| it.is_empty() || it.ends_with('.'))
    };
    let note = root.at("metadata.annotations").key(APPROVAL);
    let is_missing = (is_within("k8s.io") || is_within("kubernetes.io")) && note.is_empty();
    is_missing.then(|| {
        note.required(&format!(
            "protected groups must have approval annotation \"{APPROVAL}\", see \
             https://github.com/kubernetes/enhancements/pull/1111"
        ))
    })
}
