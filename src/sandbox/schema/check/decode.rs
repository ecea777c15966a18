//! What keeps an object from being read into a built-in type at all.

use base64::Engine as _;
use jiff::Timestamp;
use serde_json::{Number, Value};

use super::{Schema, Shape, type_name};

/// Why the value cannot be read into its type, in the words in which the API server says so after
/// `Deployment in version "v1" cannot be handled as a Deployment: `. `None` if it can.
///
/// The answer is that of a `400 BadRequest`. Of several faults it is the first. For a custom
/// resource it holds for its `metadata`, with the schema of `ObjectMeta`.
pub(crate) fn decode_error(value: &Value, schema: Schema<'_>) -> Option<String> {
    let owner = schema.node().get("x-kubernetes-group-version-kind");
    let owner = owner.and_then(|it| it.get(0)?.get("kind")?.as_str());
    let place = Place {
        owner: owner.unwrap_or("ObjectMeta").to_owned(),
        path: String::new(),
    };
    read(value, schema, &place).err()
}

/// Where in a type a value is to go.
struct Place {
    /// The type that has the field, without its package.
    owner: String,
    /// The fields that lead here, each after a dot, without indices and keys.
    path: String,
}

impl Place {
    fn field(&self, name: &str, owner: &str) -> Self {
        Self {
            owner: owner.to_owned(),
            path: format!("{}.{name}", self.path),
        }
    }

    fn refuse(&self, found: &str, wanted: &str) -> String {
        let (owner, path) = (&self.owner, &self.path);
        format!(
            "json: cannot unmarshal {found} into Go struct field {owner}{path} of type {wanted}"
        )
    }
}

fn read(value: &Value, schema: Schema<'_>, place: &Place) -> Result<(), String> {
    if value.is_null() {
        return Ok(());
    }
    match definition(schema) {
        Some("Quantity") => return read_quantity(value),
        Some(it @ ("Time" | "MicroTime")) => return read_time(value, it, place),
        _ => {}
    }
    let wrong = || Err(place.refuse(go_kind(value), &go_type(schema)));
    match (schema.shape(), value) {
        (Shape::Any, _)
        | (Shape::Boolean, Value::Bool(_))
        | (Shape::IntOrString, Value::String(_))
        | (Shape::Number, Value::Number(_)) => Ok(()),
        (Shape::Integer | Shape::IntOrString, Value::Number(it)) => {
            let wanted = go_type(schema);
            let refused = || place.refuse(&format!("number {it}"), &wanted);
            if fits(it, &wanted) {
                Ok(())
            } else {
                Err(refused())
            }
        }
        (Shape::String, Value::String(it)) => read_text(it, schema),
        (Shape::List, Value::Array(items)) => match schema.items() {
            Some(schema) => items.iter().try_for_each(|it| read(it, schema, place)),
            None => Ok(()),
        },
        (Shape::Struct | Shape::Map, Value::Object(object)) => {
            let owner = definition(schema).unwrap_or(&place.owner);
            object
                .iter()
                .try_for_each(|(name, it)| match schema.own(name) {
                    Some(field) => read(it, field, &place.field(name, owner)),
                    None => schema
                        .values()
                        .map_or(Ok(()), |values| read(it, values, place)),
                })
        }
        _ => wrong(),
    }
}

/// The last word of the name of the definition that is referred to.
pub(super) fn definition<'a>(schema: Schema<'a>) -> Option<&'a str> {
    schema.definition()?.rsplit('.').next()
}

/// A type as Go names it.
pub(super) fn go_type(schema: Schema<'_>) -> String {
    if let Some((package, kind)) = schema.definition().and_then(|it| it.rsplit_once('.'))
        && schema.shape() != Shape::IntOrString
    {
        let package = package.rsplit('.').next().unwrap_or(package);
        return format!("{package}.{kind}");
    }
    let of = |it: Option<Schema<'_>>| it.map_or_else(|| "interface {}".to_owned(), go_type);
    match (schema.shape(), schema.text("format")) {
        (Shape::String, Some("byte")) => "[]uint8".to_owned(),
        (Shape::Boolean, _) => "bool".to_owned(),
        (Shape::Integer | Shape::Number, Some(format)) => format.to_owned(),
        (Shape::Integer, None) => "int64".to_owned(),
        (Shape::Number, None) => "float64".to_owned(),
        (Shape::IntOrString, _) => "int32".to_owned(),
        (Shape::List, _) => format!("[]{}", of(schema.items())),
        (Shape::Map, _) => format!("map[string]{}", of(schema.values())),
        (Shape::String | Shape::Any | Shape::Struct, _) => "string".to_owned(),
    }
}

fn go_kind(value: &Value) -> &'static str {
    match type_name(value) {
        "boolean" => "bool",
        "integer" => "number",
        other => other,
    }
}

fn fits(number: &Number, go_type: &str) -> bool {
    match number.as_i64() {
        Some(it) if go_type == "int32" => i32::try_from(it).is_ok(),
        Some(_) => true,
        None => false,
    }
}

fn read_text(text: &str, schema: Schema<'_>) -> Result<(), String> {
    let decoder = base64::engine::general_purpose::STANDARD;
    match schema.text("format") {
        Some("byte") => decoder.decode(text).map(|_| ()).map_err(|error| {
            let at = match error {
                base64::DecodeError::InvalidByte(at, _)
                | base64::DecodeError::InvalidLastSymbol(at, _) => at,
                base64::DecodeError::InvalidLength(_) | base64::DecodeError::InvalidPadding => {
                    text.len()
                }
            };
            format!("illegal base64 data at input byte {at}")
        }),
        _ => Ok(()),
    }
}

fn read_time(value: &Value, kind: &str, place: &Place) -> Result<(), String> {
    let Value::String(text) = value else {
        return Err(place.refuse(go_kind(value), "string"));
    };
    read_time_text(text, kind)
}

pub(super) fn read_time_text(text: &str, kind: &str) -> Result<(), String> {
    let layout = match kind {
        "MicroTime" => "2006-01-02T15:04:05.000000Z07:00",
        _ => "2006-01-02T15:04:05Z07:00",
    };
    match text.parse::<Timestamp>() {
        Ok(_) => Ok(()),
        Err(_) => Err(format!(
            "parsing time \"{text}\" as \"{layout}\": cannot parse \"{text}\" as \"2006\""
        )),
    }
}

pub(super) fn read_quantity(value: &Value) -> Result<(), String> {
    const FORM: &str = "quantities must match the regular expression \
                        '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
    let text = match value {
        Value::Number(_) => return Ok(()),
        Value::String(text) => text.as_str(),
        _ => return Err(FORM.to_owned()),
    };
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let suffix = unsigned.trim_start_matches(|it: char| it.is_ascii_digit() || it == '.');
    let number = unsigned.strip_suffix(suffix).unwrap_or(unsigned);
    let letters = suffix.trim_end_matches(|it: char| it.is_ascii_digit());
    let letters = letters.strip_suffix(['+', '-']).unwrap_or(letters);
    if !number.contains(|it: char| it.is_ascii_digit())
        || number.matches('.').count() > 1
        || !letters.chars().all(|it| "eEinumkKMGTP".contains(it))
    {
        return Err(FORM.to_owned());
    }
    if is_suffix(suffix) {
        Ok(())
    } else {
        Err("unable to parse quantity's suffix".to_owned())
    }
}

fn is_suffix(suffix: &str) -> bool {
    const SUFFIXES: [&str; 16] = [
        "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei",
    ];
    let exponent = suffix.strip_prefix(['e', 'E']);
    SUFFIXES.contains(&suffix) || exponent.is_some_and(|it| it.parse::<i32>().is_ok())
}
