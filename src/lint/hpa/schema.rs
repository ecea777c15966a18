//! The schema of HPAs: which fields there are, of which type, and which are required. What else
//! their API refuses is for `validation::hpa`.

use serde_json::Value;

use crate::keda::objects::FieldPath;
use crate::lint::code::Code;
use crate::lint::found::Findings;
use crate::lint::schema::{nearest, unquoted};
use crate::lint::world::Item;
use crate::validation::quantity;

/// What a field holds.
#[derive(Clone, Copy)]
enum Type {
    Text,
    Integer,
    Quantity,
    Object(&'static [Field]),
    List(&'static [Field]),
    /// Looked at elsewhere, or by nobody.
    Any,
}

/// One field of an object.
#[derive(Clone, Copy)]
struct Field {
    key: &'static str,
    holds: Type,
    is_required: bool,
}

const fn field(key: &'static str, holds: Type) -> Field {
    Field {
        key,
        holds,
        is_required: false,
    }
}

const fn required(key: &'static str, holds: Type) -> Field {
    Field {
        key,
        holds,
        is_required: true,
    }
}

const ROOT_V1: &[Field] = &[
    field("apiVersion", Type::Text),
    field("kind", Type::Text),
    field("metadata", Type::Any),
    required("spec", Type::Object(SPEC_V1)),
    field("status", Type::Any),
];
const ROOT_V2: &[Field] = &[
    field("apiVersion", Type::Text),
    field("kind", Type::Text),
    field("metadata", Type::Any),
    required("spec", Type::Object(SPEC_V2)),
    field("status", Type::Any),
];
const SPEC_V1: &[Field] = &[
    required("scaleTargetRef", Type::Object(REFERENCE)),
    field("minReplicas", Type::Integer),
    required("maxReplicas", Type::Integer),
    field("targetCPUUtilizationPercentage", Type::Integer),
];
const SPEC_V2: &[Field] = &[
    required("scaleTargetRef", Type::Object(REFERENCE)),
    field("minReplicas", Type::Integer),
    required("maxReplicas", Type::Integer),
    field("metrics", Type::List(METRIC)),
    field("behavior", Type::Object(BEHAVIOR)),
];
const REFERENCE: &[Field] = &[
    field("apiVersion", Type::Text),
    required("kind", Type::Text),
    required("name", Type::Text),
];
const METRIC: &[Field] = &[
    required("type", Type::Text),
    field("resource", Type::Object(RESOURCE)),
    field("containerResource", Type::Object(CONTAINER)),
    field("pods", Type::Object(PODS)),
    field("object", Type::Object(OBJECT)),
    field("external", Type::Object(PODS)),
];
const RESOURCE: &[Field] = &[
    required("name", Type::Text),
    required("target", Type::Object(TARGET)),
];
const CONTAINER: &[Field] = &[
    required("name", Type::Text),
    required("container", Type::Text),
    required("target", Type::Object(TARGET)),
];
const PODS: &[Field] = &[
    required("metric", Type::Object(IDENTIFIER)),
    required("target", Type::Object(TARGET)),
];
const OBJECT: &[Field] = &[
    required("describedObject", Type::Object(REFERENCE)),
    required("metric", Type::Object(IDENTIFIER)),
    required("target", Type::Object(TARGET)),
];
const IDENTIFIER: &[Field] = &[required("name", Type::Text), field("selector", Type::Any)];
const TARGET: &[Field] = &[
    required("type", Type::Text),
    field("averageUtilization", Type::Integer),
    field("averageValue", Type::Quantity),
    field("value", Type::Quantity),
];
const BEHAVIOR: &[Field] = &[
    field("scaleUp", Type::Object(RULES)),
    field("scaleDown", Type::Object(RULES)),
];
const RULES: &[Field] = &[
    field("stabilizationWindowSeconds", Type::Integer),
    field("selectPolicy", Type::Text),
    field("policies", Type::List(POLICY)),
    field("tolerance", Type::Quantity),
];
const POLICY: &[Field] = &[
    required("type", Type::Text),
    required("value", Type::Integer),
    required("periodSeconds", Type::Integer),
];

/// Checks a whole HPA of either version.
pub(in crate::lint) fn check(item: &Item<'_>, findings: &mut Findings) {
    let version = item.text("/apiVersion");
    let fields = match version {
        "autoscaling/v1" => ROOT_V1,
        "autoscaling/v2" => ROOT_V2,
        _ => {
            let path = FieldPath::of("apiVersion");
            let message = format!("{path} is {version}, which Kubernetes does not serve any more");
            let fix = "write autoscaling/v2; metrics have their targets below `target` there";
            findings.add(Code::RemovedApiVersion, item.index, path, message, fix);
            return;
        }
    };
    unquoted(item, findings);
    object(item, &FieldPath::default(), &item.quoted, fields, findings);
}

/// Checks a behavior within another object.
pub(in crate::lint) fn behavior(item: &Item<'_>, at: &FieldPath, findings: &mut Findings) {
    if let Some(value) = item.quoted.pointer(&at.pointer()) {
        one(item, at, value, Type::Object(BEHAVIOR), findings);
    }
}

fn object(
    item: &Item<'_>,
    at: &FieldPath,
    value: &Value,
    fields: &'static [Field],
    findings: &mut Findings,
) {
    let Some(entries) = value.as_object() else {
        return;
    };
    for key in entries.keys() {
        if !fields.iter().any(|it| it.key == key) {
            unknown(item, at, key, fields, findings);
        }
    }
    for field in fields {
        let path = at.key(field.key);
        match entries.get(field.key).filter(|it| !it.is_null()) {
            Some(value) => one(item, &path, value, field.holds, findings),
            None if field.is_required => {
                let message = format!("{path} is missing");
                findings.add(Code::MissingField, item.index, path, message, "add it");
            }
            None => {}
        }
    }
}

fn one(item: &Item<'_>, path: &FieldPath, value: &Value, holds: Type, findings: &mut Findings) {
    let expected = match holds {
        Type::Any => return,
        Type::Text if value.is_string() => return,
        Type::Text => "a text",
        Type::Integer if value.as_i64().is_some_and(|it| i32::try_from(it).is_ok()) => return,
        Type::Integer => "a whole number of 32 bits",
        Type::Quantity if quantity::read(value).is_some() => return,
        Type::Quantity => "a quantity, such as 500m",
        Type::Object(fields) if value.is_object() => {
            return object(item, path, value, fields, findings);
        }
        Type::Object(_) => "an object",
        Type::List(fields) => match value.as_array() {
            Some(items) => {
                for (at, value) in items.iter().enumerate() {
                    one(item, &path.index(at), value, Type::Object(fields), findings);
                }
                return;
            }
            None => "a list",
        },
    };
    let found = match value {
        Value::Object(_) => "an object".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        other => other.to_string(),
    };
    let message = format!("{path} is {found}, and has to be {expected}");
    let fix = format!("write {expected}");
    findings.add(Code::WrongType, item.index, path.clone(), message, fix);
}

fn unknown(
    item: &Item<'_>,
    at: &FieldPath,
    key: &str,
    fields: &'static [Field],
    findings: &mut Findings,
) {
    let known: Vec<&'static str> = fields.iter().map(|it| it.key).collect();
    let fix = match nearest(key, &known) {
        Some(near) => format!("`{near}` was meant?"),
        None => format!("remove it; there are {}", known.join(", ")),
    };
    let path = at.key(key);
    let message = format!("{path} is no field of {}", item.id.kind);
    findings.add(Code::UnknownField, item.index, path, message, fix);
}
