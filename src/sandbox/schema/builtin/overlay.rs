//! What the generated schemas do not say, from the tables `*.txt` beside this file.
//!
//! A table has a line for each definition (without `io.k8s.`) and below it, indented, one for each
//! field, or `.` for the definition itself: `name: note, note`. The notes:
//!
//! - `map KEY...`, `set`: how a list takes part in server-side apply; others are atomic
//! - `atomic`: a struct or a map is owned and replaced whole
//! - `merge KEY`, `merge`, `retainKeys`, `replace`: the patch strategy
//! - `enum WORD...`, `items WORD...`: the values of a field, or of each item of a list
//! - `required`, `optional`: where the generated schema is of an older version
//! - `default JSON`, `no default`

use serde_json::{Map, Value, json};

use super::{Definitions, REFERENCE};

const TABLES: [&str; 3] = [
    include_str!("core.txt"),
    include_str!("workloads.txt"),
    include_str!("other.txt"),
];

/// Adds the tables to the definitions. Returns the lines that say nothing, of which there must be
/// none: a test sees to it.
pub(super) fn lay(definitions: &mut Definitions) -> Vec<String> {
    for (name, schema) in definitions.iter_mut() {
        settle(name, schema);
    }
    let mut amiss = Vec::new();
    for table in TABLES {
        lay_table(table, definitions, &mut amiss);
    }
    definitions.values_mut().for_each(fill_in);
    amiss
}

fn lay_table(table: &str, definitions: &mut Definitions, amiss: &mut Vec<String>) {
    let mut at = String::new();
    for line in table.lines() {
        match line.strip_prefix("  ") {
            _ if line.is_empty() || line.starts_with('#') => {}
            None => at = format!("io.k8s.{line}"),
            Some(notes) => {
                let schema = definitions.get_mut(&at);
                if schema.and_then(|it| lay_line(notes, it)).is_none() {
                    amiss.push(format!("{at}: {notes}"));
                }
            }
        }
    }
}

/// `None` if the line names no field, or a note means nothing.
pub(super) fn lay_line(line: &str, schema: &mut Value) -> Option<()> {
    let (field, notes) = line.split_once(": ")?;
    for note in notes.split(", ") {
        let (word, rest) = note.split_once(' ').unwrap_or((note, ""));
        match word {
            "required" => require(schema, field, true)?,
            "optional" => require(schema, field, false)?,
            _ => annotate(place(schema, field)?, word, rest)?,
        }
    }
    Some(())
}

fn place<'a>(schema: &'a mut Value, field: &str) -> Option<&'a mut Map<String, Value>> {
    match field {
        "." => schema,
        field => schema.get_mut("properties")?.get_mut(field)?,
    }
    .as_object_mut()
}

fn annotate(place: &mut Map<String, Value>, word: &str, rest: &str) -> Option<()> {
    let words = || -> Value { rest.split(' ').map(unquoted).collect() };
    let mut set = |keyword: &str, value: Value| {
        place.insert(keyword.to_owned(), value);
    };
    match (word, rest) {
        ("set", "") => set(LIST_TYPE, json!("set")),
        ("map", _) => {
            set(LIST_TYPE, json!("map"));
            set("x-kubernetes-list-map-keys", words());
        }
        ("atomic", "") => set("x-kubernetes-map-type", json!("atomic")),
        ("merge" | "retainKeys" | "replace", _) => patch(place, word, rest),
        ("enum", _) => set("enum", words()),
        ("items", _) => {
            let items = place.get_mut("items")?.as_object_mut()?;
            items.insert("enum".to_owned(), words());
        }
        ("default", _) => set("default", serde_json::from_str(rest).ok()?),
        // A null is taken out again when the defaults are filled in.
        ("no", "default") => set("default", Value::Null),
        _ => return None,
    }
    Some(())
}

const LIST_TYPE: &str = "x-kubernetes-list-type";

fn unquoted(word: &str) -> &str {
    word.trim_matches('"')
}

/// Adds to the patch strategy, which is a list of words.
fn patch(place: &mut Map<String, Value>, word: &str, key: &str) {
    const STRATEGY: &str = "x-kubernetes-patch-strategy";
    let strategy = match place.get(STRATEGY).and_then(Value::as_str) {
        Some(others) => format!("{others},{word}"),
        None => word.to_owned(),
    };
    place.insert(STRATEGY.to_owned(), json!(strategy));
    if !key.is_empty() {
        place.insert("x-kubernetes-patch-merge-key".to_owned(), json!(key));
    }
}

/// `None` if it is so already, or there is no such field.
fn require(schema: &mut Value, field: &str, is_required: bool) -> Option<()> {
    schema.get("properties")?.get(field)?;
    let required = schema.as_object_mut()?.entry("required");
    let all = required.or_insert_with(|| json!([])).as_array_mut()?;
    let before = all.len();
    all.retain(|it| it != field);
    if is_required == (all.len() < before) {
        return None;
    }
    if is_required {
        all.push(json!(field));
    }
    Some(())
}

/// Corrects what the generated schemas say of all kinds alike.
fn settle(name: &str, schema: &mut Value) {
    let Some(node) = schema.as_object_mut() else {
        return;
    };
    if let Some(required) = node.get_mut("required").and_then(Value::as_array_mut) {
        // An object without metadata is one without a name, which is refused for that.
        required.retain(|it| it != "metadata");
    }
    let mut one_of = |types: [&str; 2]| {
        node.remove("x-kubernetes-int-or-string");
        let types = types.map(|it| json!({ "type": it }));
        node.insert("oneOf".to_owned(), json!(types));
    };
    match name.rsplit('.').next() {
        Some("Quantity") => one_of(["string", "number"]),
        Some("IntOrString") => {
            one_of(["integer", "string"]);
            node.insert("format".to_owned(), json!("int-or-string"));
        }
        // Any JSON at all, or a schema in one of two forms, of which no more is said.
        Some("JSON") => drop(node.remove("type")),
        Some(it) if it.starts_with("JSONSchemaPropsOr") => drop(node.remove("oneOf")),
        _ => {}
    }
}

/// Gives every field that is always written its zero value as default, as the types of the API
/// server have it, unless a table says otherwise.
fn fill_in(schema: &mut Value) {
    let Some(node) = schema.as_object_mut() else {
        return;
    };
    if node.get("required") == Some(&json!([])) {
        node.remove("required");
    }
    let required = node.get("required").cloned().unwrap_or_default();
    let is_required = |name: &str| {
        required
            .as_array()
            .is_some_and(|it| it.contains(&json!(name)))
    };
    let fields = node.get_mut("properties").and_then(Value::as_object_mut);
    for (name, field) in fields.into_iter().flatten() {
        let always = matches!(name.as_str(), "metadata" | "spec" | "status");
        let Some(field) = field.as_object_mut() else {
            continue;
        };
        match field.get("default") {
            Some(Value::Null) => {
                field.remove("default");
            }
            Some(_) => {}
            None => {
                let zero = zero(field).filter(|it| is_required(name) || always && it.is_object());
                field.extend(zero.map(|it| ("default".to_owned(), it)));
            }
        }
    }
}

/// `None` for types that have no zero value in JSON, such as points in time.
fn zero(field: &Map<String, Value>) -> Option<Value> {
    const WITHOUT: [&str; 7] = [
        ".IntOrString",
        ".Quantity",
        ".Time",
        ".MicroTime",
        ".JSON",
        ".RawExtension",
        ".FieldsV1",
    ];
    let of_text = |it: &str| match it {
        "string" if field.contains_key("format") => None,
        "string" => Some(json!("")),
        "integer" | "number" => Some(json!(0)),
        "boolean" => Some(json!(false)),
        _ => None,
    };
    if let Some(text) = field.get("type").and_then(Value::as_str) {
        return of_text(text);
    }
    let referred = field.get("allOf")?.get(0)?.get("$ref")?.as_str()?;
    let has_zero = !WITHOUT.iter().any(|it| referred.ends_with(it));
    (has_zero && referred.starts_with(REFERENCE)).then(|| json!({}))
}
