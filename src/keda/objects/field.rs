//! How fields are read: what is absent, what is of another type, and where.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde_json::Value;

use super::path::FieldPath;

/// A field holds something that it cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct FieldError {
    pub path: FieldPath,
    /// What is expected there, and what is there.
    pub message: String,
}

/// All fields of an object that hold what they cannot; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldErrors(pub Vec<FieldError>);

impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for FieldErrors {}

/// A field of an object, there or not, and where it is.
pub(crate) struct Node<'a> {
    /// `None` where the field is absent or null, which mean the same.
    value: Option<&'a Value>,
    path: FieldPath,
    errors: &'a RefCell<Vec<FieldError>>,
    unknown: &'a RefCell<Vec<UnknownField>>,
}

/// A field that an object does not have: the API server drops or refuses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownField {
    pub path: FieldPath,
    /// The keys that there are in its place.
    pub known: &'static [&'static str],
}

impl<'a> Node<'a> {
    /// The field `key`; absent in what is absent.
    pub(crate) fn get(&self, key: &str) -> Node<'a> {
        let value = self.value.and_then(|it| it.get(key));
        self.to(value, self.path.key(key))
    }

    /// What the field holds.
    pub(crate) fn read<T: Field>(&self) -> T {
        T::field(self)
    }

    fn to(&self, value: Option<&'a Value>, path: FieldPath) -> Node<'a> {
        Node {
            value: value.filter(|it| !it.is_null()),
            path,
            errors: self.errors,
            unknown: self.unknown,
        }
    }

    /// Notes the keys of an object that are not among `known`.
    pub(crate) fn knows(&self, value: &Value, known: &'static [&'static str]) {
        let keys = value.as_object().into_iter().flat_map(|it| it.keys());
        let unknown = keys.filter(|it| !known.contains(&it.as_str()));
        let unknown = unknown.map(|key| UnknownField {
            path: self.path.key(key),
            known,
        });
        self.unknown.borrow_mut().extend(unknown);
    }

    /// Notes that something else is expected here.
    fn unlike<T>(&self, expected: &str, found: &Value) -> Option<T> {
        self.refuse(format!("expected {expected}, found {}", told(found)))
    }

    /// Notes that what is here cannot be.
    pub(crate) fn refuse<T>(&self, message: String) -> Option<T> {
        let path = self.path.clone();
        self.errors.borrow_mut().push(FieldError { path, message });
        None
    }
}

/// What a value is, in few words.
fn told(value: &Value) -> String {
    const LONGEST: usize = 40;
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(it) => format!("the boolean {it}"),
        Value::Number(it) => format!("the number {it}"),
        Value::String(it) if it.chars().count() <= LONGEST => format!("the text {it:?}"),
        Value::String(_) => "a text".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// Reads a whole object: the value that `read` makes of its root, or everything that is wrong.
pub(crate) fn read_whole<T>(
    root: &Value,
    read: impl FnOnce(&Node<'_>) -> T,
) -> Result<T, FieldErrors> {
    read_noting(root, read).0
}

/// The same, and the fields that nothing reads, in their order by place.
pub(crate) fn read_noting<T>(
    root: &Value,
    read: impl FnOnce(&Node<'_>) -> T,
) -> (Result<T, FieldErrors>, Vec<UnknownField>) {
    let errors = RefCell::new(Vec::new());
    let unknown = RefCell::new(Vec::new());
    let node = Node {
        value: Some(root),
        path: FieldPath::default(),
        errors: &errors,
        unknown: &unknown,
    };
    let found = match root {
        Value::Object(_) => Some(read(&node)),
        _ => node.unlike("an object", root),
    };
    let read = match found {
        Some(found) if errors.borrow().is_empty() => Ok(found),
        _ => Err(FieldErrors(errors.into_inner())),
    };
    let mut unknown = unknown.into_inner();
    unknown.sort_by(|a, b| a.path.cmp(&b.path));
    (read, unknown)
}

/// What a field can be read as, whether it is there or not.
pub(crate) trait Field: Sized {
    fn field(node: &Node<'_>) -> Self;
}

/// What a value that is there can be read as.
pub(crate) trait Present: Sized {
    /// `None`, with an error noted, where the value is something else.
    fn present(value: &Value, node: &Node<'_>) -> Option<Self>;
}

impl<T: Present> Field for Option<T> {
    fn field(node: &Node<'_>) -> Self {
        node.value.and_then(|it| T::present(it, node))
    }
}

impl<T: Present + Default> Field for T {
    fn field(node: &Node<'_>) -> Self {
        Option::<T>::field(node).unwrap_or_default()
    }
}

impl Present for String {
    fn present(value: &Value, node: &Node<'_>) -> Option<Self> {
        let text = value.as_str().map(str::to_owned);
        text.or_else(|| node.unlike("a text (quote it in YAML)", value))
    }
}

impl Present for bool {
    fn present(value: &Value, node: &Node<'_>) -> Option<Self> {
        let found = value.as_bool();
        found.or_else(|| node.unlike("true or false", value))
    }
}

impl Present for i32 {
    fn present(value: &Value, node: &Node<'_>) -> Option<Self> {
        let found = value.as_i64().and_then(|it| Self::try_from(it).ok());
        found.or_else(|| node.unlike("a whole number of 32 bits", value))
    }
}

impl Present for i64 {
    fn present(value: &Value, node: &Node<'_>) -> Option<Self> {
        let found = value.as_i64();
        found.or_else(|| node.unlike("a whole number", value))
    }
}

impl Present for Timestamp {
    fn present(value: &Value, node: &Node<'_>) -> Option<Self> {
        let found = value.as_str().and_then(|it| it.parse().ok());
        found.or_else(|| node.unlike("a time (RFC 3339)", value))
    }
}

impl Present for Value {
    fn present(value: &Value, _node: &Node<'_>) -> Option<Self> {
        Some(value.clone())
    }
}

impl<T: Present> Present for Vec<T> {
    /// Items that cannot be read are left out.
    fn present(value: &Value, node: &Node<'_>) -> Option<Self> {
        let Some(items) = value.as_array() else {
            return node.unlike("a list", value);
        };
        let read = |(at, item)| {
            let node = node.to(Some(item), node.path.index(at));
            match item {
                Value::Null => node.unlike("an item", item),
                _ => T::present(item, &node),
            }
        };
        Some(items.iter().enumerate().filter_map(read).collect())
    }
}

impl<T: Present> Present for BTreeMap<String, T> {
    /// Entries that cannot be read are left out.
    fn present(value: &Value, node: &Node<'_>) -> Option<Self> {
        let Some(entries) = value.as_object() else {
            return node.unlike("an object", value);
        };
        let read = |(key, entry): (&String, &Value)| {
            let node = node.to(Some(entry), node.path.key(key));
            Some((key.clone(), T::present(entry, &node)?))
        };
        Some(entries.iter().filter_map(read).collect())
    }
}

/// Checks that a value is an object before its fields are read.
pub(crate) fn expect_object(value: &Value, node: &Node<'_>) -> Option<()> {
    match value {
        Value::Object(_) => Some(()),
        _ => node.unlike("an object", value),
    }
}

/// Defines a struct together with how it is read: one line for each field with its key.
macro_rules! object {
    ($(#[$about:meta])* $name:ident {
        $($(#[$field_about:meta])* $field:ident: $type:ty = $key:literal,)*
    }) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $($(#[$field_about])* pub $field: $type,)*
        }

        impl $crate::keda::objects::Present for $name {
            fn present(
                value: &serde_json::Value,
                node: &$crate::keda::objects::Node<'_>,
            ) -> Option<Self> {
                $crate::keda::objects::expect_object(value, node)?;
                node.knows(value, &[$($key,)*]);
                Some(Self { $($field: node.get($key).read(),)* })
            }
        }
    };
}

/// Defines an enum of the words that a field may hold; other words are kept as they are.
macro_rules! words {
    ($(#[$about:meta])* $name:ident {
        $($(#[$word_about:meta])* $variant:ident = $word:literal,)*
    }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$word_about])* $variant,)*
            /// A word that is not known: newer than this program, or a mistake.
            Other(String),
        }

        impl $name {
            /// Every word that is known, as it is written.
            pub const KNOWN: &'static [&'static str] = &[$($word,)*];

            /// What the word means.
            pub fn of(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)*
                    _ => Self::Other(word.to_owned()),
                }
            }

            /// The word as it is written.
            pub fn word(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Other(word) => word,
                }
            }
        }

        impl $crate::keda::objects::Present for $name {
            fn present(
                value: &serde_json::Value,
                node: &$crate::keda::objects::Node<'_>,
            ) -> Option<Self> {
                let word = <String as $crate::keda::objects::Present>::present(value, node)?;
                Some(Self::of(&word))
            }
        }
    };
}

pub(crate) use {object, words};
