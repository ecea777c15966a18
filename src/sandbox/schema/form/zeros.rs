//! What becomes of zero values, from the table `zeros.txt` beside this file.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::Value;

const TABLE: &str = include_str!("zeros.txt");

/// What the fields of one definition do with zero values.
#[derive(Debug, Default)]
pub(super) struct Zeros {
    fields: Vec<(&'static str, Option<Value>)>,
}

impl Zeros {
    #[cfg(test)]
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().map(|(name, _)| *name)
    }

    /// Whether a zero of this field is written.
    pub(super) fn keeps(&self, field: &str) -> bool {
        self.fields.iter().any(|(name, _)| *name == field)
    }

    /// The fields that are always written, with what they hold where nothing was given.
    pub(super) fn written(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        let fields = self.fields.iter();
        fields.filter_map(|(name, value)| value.as_ref().map(|it| (*name, it)))
    }
}

/// Those of a definition.
pub(super) fn of(definition: &str) -> &'static Zeros {
    static NONE: Zeros = Zeros { fields: Vec::new() };
    all().get(definition).unwrap_or(&NONE)
}

pub(super) fn all() -> &'static HashMap<String, Zeros> {
    static ALL: OnceLock<HashMap<String, Zeros>> = OnceLock::new();
    ALL.get_or_init(|| read(TABLE))
}

fn read(table: &'static str) -> HashMap<String, Zeros> {
    let mut all: HashMap<String, Zeros> = HashMap::new();
    let mut at = String::new();
    for line in table
        .lines()
        .filter(|it| !it.is_empty() && !it.starts_with('#'))
    {
        let (name, words) = line.split_once(':').unwrap_or(("", line));
        if !name.is_empty() {
            at = format!("io.k8s.{name}");
        }
        let fields = words.split_whitespace().map(field);
        all.entry(at.clone()).or_default().fields.extend(fields);
    }
    all
}

/// `name` or `name=JSON`.
fn field(word: &'static str) -> (&'static str, Option<Value>) {
    match word.split_once('=') {
        Some((name, value)) => (name, serde_json::from_str(value).ok()),
        None => (word, None),
    }
}
