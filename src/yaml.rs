//! YAML as Kubernetes tools read and write it; no other module names a YAML library.
//!
//! Read with a YAML 1.2 reader into a value first, because only that refuses duplicate keys.
//! Written by another library, because kubectl reads YAML 1.1, in which a bare `yes` or `1_000`
//! is not the string that it looks like: the writer quotes them all.

pub mod edit;
pub mod located;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use serde_yaml::{Mapping, Value};

/// The text is not YAML.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ReadError {
    message: String,
}

/// The value cannot be written as YAML.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct WriteError {
    message: String,
}

/// The one document of `text`; [`Value::Null`] where there is none.
///
/// # Errors
/// If `text` is not YAML, has duplicate keys or several documents; the message names the line.
pub fn read(text: &str) -> Result<Value, ReadError> {
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    serde_yaml::from_str(text).map_err(|err| ReadError {
        message: err.to_string(),
    })
}

/// The one document of `text` as a `T`.
///
/// # Errors
/// As [`read`], and if the document is not a `T`.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, ReadError> {
    serde_yaml::from_value(read(text)?).map_err(|err| ReadError {
        message: err.to_string(),
    })
}

/// A value that was read as a `T`.
///
/// # Errors
/// If it is not one.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, ReadError> {
    serde_yaml::from_value(value).map_err(|err| ReadError {
        message: err.to_string(),
    })
}

/// Every document of `text` in its order, empty ones included, as [`Value::Null`].
///
/// # Errors
/// If `text` is not YAML or has duplicate keys; with the number of the document, from 1.
pub fn documents(text: &str) -> Result<Vec<Value>, (usize, ReadError)> {
    let documents = serde_yaml::Deserializer::from_str(text).enumerate();
    let values = documents.map(|(index, it)| {
        Value::deserialize(it).map_err(|err| {
            let message = err.to_string();
            (index + 1, ReadError { message })
        })
    });
    values.collect()
}

/// `value` as one document, with a line break at its end.
///
/// # Errors
/// If `value` has a map whose keys are not scalars.
pub fn write<T: Serialize>(value: &T) -> Result<String, WriteError> {
    let mut text = serde_saphyr::to_string(value).map_err(|err| WriteError {
        message: err.to_string(),
    })?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_yaml_1_1_takes_for_something_else_is_quoted() {
        for text in [
            "yes", "no", "on", "off", "y", "n", "1_000", "null", "1e3", "0x10",
        ] {
            let written = write(&BTreeMap::from([("key", text)])).unwrap();
            assert!(
                written.contains(&format!("'{text}'")) || written.contains(&format!("\"{text}\"")),
                "{written}"
            );
        }
    }

    #[test]
    fn duplicate_keys_are_refused() {
        let refused = read("a: 1\nb: 2\na: 3\n").unwrap_err().to_string();
        assert!(refused.contains("duplicate"), "{refused}");
    }

    #[test]
    fn documents_are_told_apart_and_counted() {
        let values = documents("---\na: 1\n---\n# nothing\n---\nb: on\n").unwrap();
        assert_eq!(values.len(), 3);
        assert_eq!(values[0]["a"], Value::from(1));
        assert_eq!(values[1], Value::Null);
        assert_eq!(values[2]["b"], Value::from("on"));
        assert!(documents("").unwrap().iter().all(Value::is_null));
        let (document, _) = documents("a: 1\n---\nb: [\n").unwrap_err();
        assert_eq!(document, 2);
        let (document, error) = documents("a: 1\na: 2\n").unwrap_err();
        assert_eq!(document, 1);
        assert!(error.to_string().contains("duplicate"), "{error}");
    }

    #[test]
    fn nothing_is_null() {
        for text in ["", "  \n", "# a comment\n"] {
            assert_eq!(read(text).unwrap(), Value::Null, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_text_reads_back(text in "\\PC*") {
            let written = write(&BTreeMap::from([("key", &text)])).unwrap();
            let value = read(&written).unwrap();
            prop_assert_eq!(value["key"].as_str(), Some(text.as_str()));
        }
    }
}
