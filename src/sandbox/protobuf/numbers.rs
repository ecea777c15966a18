//! Which field has which number.

use std::collections::HashMap;
use std::sync::OnceLock;

const TABLE: &str = include_str!("numbers.txt");

/// A field of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// `keeps_zero` where a zero is something else than nothing.
    Named {
        name: &'static str,
        keeps_zero: bool,
    },
    /// A message whose fields are fields of this one in JSON.
    Inlined(&'static Message),
}

/// A message: the package that it is in, and its fields in the order of their numbers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    package: &'static str,
    fields: Vec<&'static str>,
}

impl Message {
    /// That of a definition such as `io.k8s.api.apps.v1.Deployment`.
    pub(super) fn of(definition: &str) -> Option<&'static Self> {
        let mut parts = definition.rsplitn(4, '.');
        let (name, version) = (parts.next()?, parts.next()?);
        Self::named(&format!("{}.{version}", parts.next()?), name)
    }

    fn named(package: &str, name: &str) -> Option<&'static Self> {
        messages().get(package)?.get(name)
    }

    /// The field with this number, if it is known.
    pub(super) fn field(&self, number: u64) -> Option<Field> {
        let place = usize::try_from(number).ok()?.checked_sub(1)?;
        let word = *self.fields.get(place)?;
        if let Some(inlined) = word.strip_prefix('=') {
            return Self::named(self.package, inlined).map(Field::Inlined);
        }
        let name = word.strip_suffix('?');
        (word != "-").then_some(Field::Named {
            name: name.unwrap_or(word),
            keeps_zero: name.is_some(),
        })
    }
}

/// By package and name.
type Messages = HashMap<&'static str, HashMap<&'static str, Message>>;

fn messages() -> &'static Messages {
    static ALL: OnceLock<Messages> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut package = "";
        let mut all = Messages::new();
        for line in TABLE.lines() {
            if let Some(named) = line.strip_prefix("# ") {
                package = named;
                continue;
            }
            let mut words = line.split(' ');
            let name = words.next().unwrap_or_default();
            let fields = words.collect();
            let messages = all.entry(package).or_default();
            messages.insert(name, Message { package, fields });
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::schema::{Schema, builtin};

    /// A field that the schema has not is one of an earlier or later version.
    #[test]
    fn every_field_of_the_definitions_has_a_number() {
        let definitions = builtin::definitions();
        let mut checked = 0;
        for name in definitions.keys() {
            let Some(message) = Message::of(name) else {
                continue;
            };
            let schema = Schema::named(name, &definitions).unwrap();
            for (field, _) in schema.fields() {
                let of_the_envelope = ["apiVersion", "kind"].contains(&field);
                assert!(
                    of_the_envelope || names(message).contains(&field),
                    "{name}: {field} has no number"
                );
            }
            checked += 1;
        }
        assert!(checked > 200, "{checked}");
    }

    fn names(message: &Message) -> Vec<&'static str> {
        let fields = (1..=message.fields.len() as u64).filter_map(|it| message.field(it));
        fields
            .flat_map(|it| match it {
                Field::Named { name, .. } => vec![name],
                Field::Inlined(message) => names(message),
            })
            .collect()
    }

    #[test]
    fn fields_are_found_by_their_numbers() {
        let volume = Message::of("io.k8s.api.core.v1.Volume").unwrap();
        let named = |name, keeps_zero| Some(Field::Named { name, keeps_zero });
        assert_eq!(volume.field(1), named("name", false));
        let Some(Field::Inlined(source)) = volume.field(2) else {
            panic!("the sources of a volume are its fields");
        };
        assert_eq!(source.field(2), named("emptyDir", true));
        assert_eq!((volume.field(0), volume.field(3)), (None, None));
        assert!(Message::of("io.k8s.api.core.v1.Other").is_none());
        assert!(Message::of("x").is_none());
    }
}
