//! Bodies of requests: JSON, YAML and protobuf as values.

use std::cell::RefCell;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::syntax;
use crate::sandbox::protobuf;
use crate::sandbox::status::Refusal;
use crate::yaml;

/// What the API server takes at most.
const LARGEST: usize = 3 * 1024 * 1024;

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Json,
    Yaml,
    Protobuf,
}

/// A body that was read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Decoded {
    pub(super) value: Value,
    /// The paths of fields that stand there twice; the last one counts.
    pub(super) duplicates: Vec<String>,
}

impl Language {
    /// That of a media type, which is JSON where there is none.
    ///
    /// # Errors
    /// When the API server does not read it.
    pub(super) fn of(content_type: &str) -> Result<Self, Refusal> {
        match media_type(content_type).as_str() {
            "" | "application/json" => Ok(Self::Json),
            "application/yaml" => Ok(Self::Yaml),
            protobuf::MEDIA_TYPE => Ok(Self::Protobuf),
            _ => {
                let message = "the body of the request was in an unknown format - accepted media types \
                               include: application/json, application/yaml, \
                               application/vnd.kubernetes.protobuf";
                Err(Refusal::plain(415, "UnsupportedMediaType", message))
            }
        }
    }
}

/// A media type without its parameters.
pub(super) fn media_type(content_type: &str) -> String {
    let name = content_type.split(';').next().unwrap_or("");
    name.trim().to_ascii_lowercase()
}

/// # Errors
/// When a body is larger than the API server takes.
pub(super) fn check_size(body: &[u8]) -> Result<(), Refusal> {
    if body.len() <= LARGEST {
        return Ok(());
    }
    let message = format!("Request entity too large: limit is {LARGEST}");
    Err(Refusal::plain(413, "RequestEntityTooLarge", message))
}

/// Reads a body; the error says what is wrong with it, as Go would where that is simple.
pub(super) fn decode(body: &[u8], language: Language) -> Result<Decoded, String> {
    match language {
        Language::Json => json(body),
        Language::Yaml => from_yaml(body),
        Language::Protobuf => from_protobuf(body),
    }
}

fn json(body: &[u8]) -> Result<Decoded, String> {
    let duplicates = RefCell::new(vec![]);
    let root = Place {
        path: String::new(),
        duplicates: &duplicates,
    };
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = root.deserialize(&mut reader);
    let value = value.and_then(|it| reader.end().map(|()| it));
    let value = value.map_err(|error| syntax::fault(body).unwrap_or_else(|| error.to_string()))?;
    let duplicates = duplicates.into_inner();
    Ok(Decoded { value, duplicates })
}

fn from_yaml(body: &[u8]) -> Result<Decoded, String> {
    let text = std::str::from_utf8(body).map_err(|it| it.to_string())?;
    let wrong = |it: String| format!("error converting YAML to JSON: yaml: {it}");
    let value = yaml::read(text).map_err(|it| wrong(it.to_string()))?;
    let value = serde_json::to_value(value).map_err(|it| wrong(it.to_string()))?;
    let duplicates = vec![];
    Ok(Decoded { value, duplicates })
}

fn from_protobuf(body: &[u8]) -> Result<Decoded, String> {
    let value = protobuf::decode(body)?;
    let duplicates = vec![];
    Ok(Decoded { value, duplicates })
}

/// A place in JSON that is being read.
struct Place<'a> {
    path: String,
    duplicates: &'a RefCell<Vec<String>>,
}

impl Place<'_> {
    fn field(&self, name: &str) -> Self {
        let path = match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        };
        self.at(path)
    }

    fn item(&self, index: usize) -> Self {
        self.at(format!("{}[{index}]", self.path))
    }

    fn at(&self, path: String) -> Self {
        let duplicates = self.duplicates;
        Self { path, duplicates }
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = vec![];
        while let Some(item) = items.next_element_seed(self.item(all.len()))? {
            all.push(item);
        }
        Ok(all.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let place = self.field(&name);
            let path = place.path.clone();
            let value = fields.next_value_seed(place)?;
            if all.insert(name, value).is_some() {
                self.duplicates.borrow_mut().push(path);
            }
        }
        Ok(all.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_of_duplicates_counts_and_each_is_named() {
        let text = br#"{"a":1,"b":[{"c":1,"c":2}],"a":{"d":1.5,"d":null}}"#;
        let found = decode(text, Language::Json).unwrap();
        assert_eq!(
            found.value,
            json!({ "a": { "d": null }, "b": [{ "c": 2 }] })
        );
        assert_eq!(found.duplicates, ["b[0].c", "a.d", "a"]);
    }

    #[test]
    fn what_is_neither_is_refused() {
        assert_eq!(
            decode(b"{\"a\"", Language::Json).unwrap_err(),
            "unexpected end of JSON input"
        );
        assert!(decode(b"a: 1: 2", Language::Yaml).is_err());
        assert!(decode(b"a: 1\na: 2", Language::Yaml).is_err());
        assert!(decode(b"\xff", Language::Yaml).is_err());
        let deep = "[".repeat(100_000);
        assert!(decode(deep.as_bytes(), Language::Json).is_err());
        assert!(decode(deep.as_bytes(), Language::Yaml).is_err());
        assert_eq!(Language::of("text/html").unwrap_err().code, 415);
        assert_eq!(
            Language::of("Application/JSON; charset=utf-8"),
            Ok(Language::Json)
        );
        assert_eq!(check_size(&vec![b' '; LARGEST + 1]).unwrap_err().code, 413);
    }

    proptest! {
        #[test]
        fn json_reads_as_serde_reads_it(text in "[\\[\\]{}\":,a0.\\- ]{0,40}") {
            let found = decode(text.as_bytes(), Language::Json).ok().map(|it| it.value);
            prop_assert_eq!(found, serde_json::from_str::<Value>(&text).ok());
        }
    }
}
