//! Schemas as Kubernetes publishes them: OpenAPI in JSON, with its `x-kubernetes-` extensions.
//!
//! One form serves everything that asks about fields: validation, defaults, pruning, strategic
//! merge, server-side apply and `kubectl explain`. [`Schema`] is a place in it.

pub(crate) mod builtin;
pub(crate) mod check;
pub(crate) mod defaults;
pub(crate) mod form;
pub(crate) mod unknown;

use serde_json::{Map, Value};

/// Definitions by name, such as `io.k8s.api.apps.v1.Deployment`.
pub(crate) type Definitions = Map<String, Value>;

/// Where definitions are referred to.
pub(crate) const REFERENCE: &str = "#/components/schemas/";

/// What the schema says of one place in an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema<'a> {
    node: &'a Value,
    definitions: &'a Definitions,
}

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Anything: the schema does not say, or leaves it open.
    Any,
    Boolean,
    Integer,
    Number,
    String,
    /// An integer, or a string such as `25%`.
    IntOrString,
    /// Named fields.
    Struct,
    /// Keys of the user's own, as labels are.
    Map,
    List,
}

/// How a list takes part in server-side apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ListType<'a> {
    /// Replaced whole, owned whole.
    Atomic,
    /// Scalars, each at most once and owned by itself.
    Set,
    /// Objects, told apart by these fields.
    Map(Vec<&'a str>),
}

/// How a strategic merge patch changes a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Strategy<'a> {
    /// Merged instead of replaced; lists only, as everything else is merged anyway.
    pub(crate) merges: bool,
    /// Fields that the patch does not name are dropped (`retainKeys`).
    pub(crate) retains_keys: bool,
    /// What tells the items of a merged list apart; `None` for a list of scalars.
    pub(crate) key: Option<&'a str>,
}

impl<'a> Schema<'a> {
    /// The definition called `name`.
    pub(crate) fn named(name: &str, definitions: &'a Definitions) -> Option<Self> {
        let node = definitions.get(name)?;
        Some(Self { node, definitions })
    }

    /// A schema that refers to `definitions`, or to none, as those of custom resources do.
    pub(crate) fn of(node: &'a Value, definitions: &'a Definitions) -> Self {
        Self { node, definitions }
    }

    /// What is written at this place, before references are followed.
    pub(crate) fn node(&self) -> &'a Value {
        self.node
    }

    /// The keyword at this place or, where this place has none, in the definition referred to.
    pub(crate) fn keyword(&self, keyword: &str) -> Option<&'a Value> {
        let here = self.node.get(keyword);
        here.or_else(|| self.referred()?.keyword(keyword))
    }

    /// The definition that this place refers to.
    fn referred(&self) -> Option<Self> {
        Self::named(self.definition()?, self.definitions)
    }

    /// The name of the definition that this place refers to, directly or as the only one of
    /// `allOf`.
    pub(crate) fn definition(&self) -> Option<&'a str> {
        let only = || match self.node.get("allOf")?.as_array()?.as_slice() {
            [only] => only.get("$ref"),
            _ => None,
        };
        let reference = self.node.get("$ref").or_else(only)?;
        reference.as_str()?.strip_prefix(REFERENCE)
    }

    pub(crate) fn shape(&self) -> Shape {
        if self.is_set("x-kubernetes-int-or-string") || self.text("format") == Some("int-or-string")
        {
            return Shape::IntOrString;
        }
        match self.text("type") {
            Some("boolean") => Shape::Boolean,
            Some("integer") => Shape::Integer,
            Some("number") => Shape::Number,
            Some("string") => Shape::String,
            Some("array") => Shape::List,
            Some("object") if self.keyword("properties").is_some() => Shape::Struct,
            Some("object") if self.values().is_some() => Shape::Map,
            _ => Shape::Any,
        }
    }

    /// The field `name` of a struct, or the value at a key of a map.
    pub(crate) fn field(&self, name: &str) -> Option<Self> {
        self.own(name).or_else(|| self.values())
    }

    /// The field `name` of a struct.
    pub(crate) fn own(&self, name: &str) -> Option<Self> {
        let own = self.keyword("properties").and_then(|it| it.get(name));
        own.map(|it| self.at(it))
    }

    /// The named fields of a struct, in alphabetical order.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'a str, Self)> {
        let place = *self;
        let fields = self.keyword("properties").and_then(Value::as_object);
        fields
            .into_iter()
            .flatten()
            .map(move |(name, it)| (name.as_str(), place.at(it)))
    }

    /// What every value of a map is like.
    pub(crate) fn values(&self) -> Option<Self> {
        let values = self.keyword("additionalProperties")?;
        values.is_object().then(|| self.at(values))
    }

    /// What every item of a list is like.
    pub(crate) fn items(&self) -> Option<Self> {
        self.keyword("items").map(|it| self.at(it))
    }

    pub(crate) fn list_type(&self) -> ListType<'a> {
        match self.text("x-kubernetes-list-type") {
            Some("set") => ListType::Set,
            Some("map") => ListType::Map(self.texts("x-kubernetes-list-map-keys")),
            _ => ListType::Atomic,
        }
    }

    /// Whether a struct or a map is owned and replaced whole in server-side apply.
    pub(crate) fn is_atomic(&self) -> bool {
        self.text("x-kubernetes-map-type") == Some("atomic")
    }

    pub(crate) fn strategy(&self) -> Strategy<'a> {
        // Not of the definition referred to: the strategy belongs to the field.
        let text = |it: &str| self.node.get(it).and_then(Value::as_str);
        let words = text("x-kubernetes-patch-strategy").unwrap_or("").split(',');
        let has = |word: &str| words.clone().any(|it| it == word);
        Strategy {
            merges: has("merge"),
            retains_keys: has("retainKeys"),
            key: text("x-kubernetes-patch-merge-key"),
        }
    }

    /// Whether fields that the schema does not name are kept.
    pub(crate) fn keeps_unknown(&self) -> bool {
        self.is_set("x-kubernetes-preserve-unknown-fields")
    }

    /// Whether a null stands for something else than for what was left out.
    pub(crate) fn is_nullable(&self) -> bool {
        self.is_set("nullable")
    }

    /// The names of fields that must be there.
    pub(crate) fn required(&self) -> Vec<&'a str> {
        self.texts("required")
    }

    fn at(&self, node: &'a Value) -> Self {
        Self { node, ..*self }
    }

    fn text(&self, keyword: &str) -> Option<&'a str> {
        self.keyword(keyword).and_then(Value::as_str)
    }

    fn texts(&self, keyword: &str) -> Vec<&'a str> {
        let all = self.keyword(keyword).and_then(Value::as_array);
        all.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }

    fn is_set(&self, keyword: &str) -> bool {
        self.keyword(keyword)
            .and_then(Value::as_bool)
            .unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_place_has_what_its_definition_says_and_what_stands_beside_the_reference() {
        let definitions = json!({
            "Pod": { "type": "object", "properties": {
                "ports": { "type": "array", "items": { "$ref": "#/components/schemas/Port" },
                    "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port", "protocol"],
                    "x-kubernetes-patch-strategy": "merge,retainKeys",
                    "x-kubernetes-patch-merge-key": "port" },
                "labels": { "type": "object", "additionalProperties": { "type": "string" } },
                "selector": { "allOf": [{ "$ref": "#/components/schemas/Selector" }], "default": {} },
            } },
            "Port": { "type": "object", "properties": { "port": { "type": "integer" } }, "required": ["port"] },
            "Selector": { "type": "object", "properties": {}, "x-kubernetes-map-type": "atomic" },
        });
        let definitions = definitions.as_object().unwrap();
        let pod = Schema::named("Pod", definitions).unwrap();
        let ports = pod.field("ports").unwrap();
        assert_eq!(ports.list_type(), ListType::Map(vec!["port", "protocol"]));
        let strategy = Strategy {
            merges: true,
            retains_keys: true,
            key: Some("port"),
        };
        assert_eq!(ports.strategy(), strategy);
        let port = ports.items().unwrap();
        assert_eq!(
            (port.shape(), port.required()),
            (Shape::Struct, vec!["port"])
        );
        assert_eq!(port.strategy(), Strategy::default());
        assert_eq!(
            pod.field("labels").unwrap().field("any").unwrap().shape(),
            Shape::String
        );
        let selector = pod.field("selector").unwrap();
        assert!(selector.is_atomic());
        assert_eq!(selector.keyword("default"), Some(&json!({})));
        assert!(pod.field("other").is_none());
    }
}
