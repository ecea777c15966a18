//! What the API server refuses of objects beyond their schema, as rules over their JSON.
//!
//! Messages, fields and their order are those of Kubernetes v1.36. Objects are expected to have
//! passed their schema: what has the wrong type is passed over and never a panic. Here are the
//! rules that more than the sandbox asks for; those of other kinds are `sandbox/rules`.

pub(crate) mod hpa;
pub(crate) mod names;
pub(crate) mod place;
pub(crate) mod quantity;
pub(crate) mod resources;

use serde_json::Value;

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FieldError {
    /// A path such as `spec.metrics[0].type`.
    pub(crate) field: String,
    pub(crate) fault: Fault,
    /// What the message adds; may be empty.
    pub(crate) detail: String,
}

/// How a field is wrong. The values are those found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fault {
    Required,
    Invalid(Value),
    /// The same, with the value as the message shows it: a struct has an order of its own.
    InvalidStruct(String),
    /// Not among these.
    NotSupported(Value, Vec<String>),
    Duplicate(Value),
    Forbidden,
    NotFound(Value),
    TooLong,
    /// More items than this.
    TooMany {
        found: usize,
        most: usize,
    },
    /// Of another type than the schema says.
    TypeInvalid(Value),
}

impl FieldError {
    pub(crate) fn new(field: impl Into<String>, fault: Fault, detail: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            fault,
            detail: detail.into(),
        }
    }

    /// The message without the field.
    pub(crate) fn body(&self) -> String {
        let head = self.fault.head();
        let detail = match &self.fault {
            Fault::NotSupported(_, choices) => supported(choices),
            Fault::TooMany { most: 1, .. } => "must have at most 1 item".to_owned(),
            Fault::TooMany { most, .. } => format!("must have at most {most} items"),
            _ => self.detail.clone(),
        };
        match detail.as_str() {
            "" => head,
            detail => format!("{head}: {detail}"),
        }
    }
}

impl std::fmt::Display for FieldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.body())
    }
}

impl Fault {
    /// The word of the cause in a refusal.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Required => "FieldValueRequired",
            Self::Invalid(_) | Self::InvalidStruct(_) => "FieldValueInvalid",
            Self::NotSupported(..) => "FieldValueNotSupported",
            Self::Duplicate(_) => "FieldValueDuplicate",
            Self::Forbidden => "FieldValueForbidden",
            Self::NotFound(_) => "FieldValueNotFound",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany { .. } => "FieldValueTooMany",
            Self::TypeInvalid(_) => "FieldValueTypeInvalid",
        }
    }

    fn head(&self) -> String {
        match self {
            Self::Required => "Required value".to_owned(),
            Self::Invalid(value) => format!("Invalid value: {}", shown(value)),
            Self::InvalidStruct(text) => format!("Invalid value: {text}"),
            Self::NotSupported(value, _) => format!("Unsupported value: {}", shown(value)),
            Self::Duplicate(value) => format!("Duplicate value: {}", shown(value)),
            Self::Forbidden => "Forbidden".to_owned(),
            Self::NotFound(value) => format!("Not found: {}", shown(value)),
            Self::TooLong => "Too long".to_owned(),
            Self::TooMany { found, .. } => format!("Too many: {found}"),
            Self::TypeInvalid(value) => format!("Invalid value: {}", shown(value)),
        }
    }
}

/// A value as field errors print it: text in quotes, the rest as JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        value => value.to_string(),
    }
}

fn supported(choices: &[String]) -> String {
    let quoted: Vec<String> = choices.iter().map(|it| format!("\"{it}\"")).collect();
    format!("supported values: {}", quoted.join(", "))
}
