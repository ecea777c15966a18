//! What a schema says of a place for the sake of ownership: what stands there, and whether it is
//! owned whole.

use serde_json::Value;

use crate::sandbox::schema::{ListType, REFERENCE, Schema};

/// A place in an object.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'a> {
    Known {
        schema: Schema<'a>,
        /// Whether a place around it keeps unknown fields.
        keeps: bool,
    },
    /// Nobody says what it is: maps are owned key by key, lists whole.
    Open,
    /// Anything, owned whole.
    Whole,
}

/// What may stand at a place; several where the schema leaves it open.
#[derive(Debug, Default)]
pub(super) struct Rules<'a> {
    scalar: Option<Scalar>,
    list: Option<ListRule<'a>>,
    map: Option<MapRule<'a>>,
}

/// The rule that holds for a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule<'r, 'a> {
    Scalar(Scalar),
    List(&'r ListRule<'a>),
    Map(&'r MapRule<'a>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    Any,
    Boolean,
    Number,
    Text,
}

#[derive(Debug)]
pub(super) struct ListRule<'a> {
    /// What tells items apart: nothing where the list is owned whole, no keys in a set.
    pub(super) keys: Option<Vec<&'a str>>,
    pub(super) items: Place<'a>,
}

#[derive(Debug)]
pub(super) struct MapRule<'a> {
    pub(super) is_whole: bool,
    fields: Option<(Schema<'a>, bool)>,
    others: Option<Place<'a>>,
}

/// Written as text or as a number, although its schema says neither.
const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";
/// An object of any kind, owned whole.
const RAW: &str = "io.k8s.apimachinery.pkg.runtime.RawExtension";

impl<'a> Place<'a> {
    pub(super) fn root(schema: Schema<'a>) -> Self {
        Self::Known {
            schema,
            keeps: false,
        }
    }

    fn within(schema: Schema<'a>, keeps: bool) -> Self {
        let keeps = keeps && reference(&schema).is_none();
        Self::Known { schema, keeps }
    }

    /// The default that the place itself has.
    pub(super) fn default(&self) -> Option<&'a Value> {
        match self {
            Self::Known { schema, .. } => schema.node().get("default"),
            Self::Open | Self::Whole => None,
        }
    }

    pub(super) fn rules(&self) -> Rules<'a> {
        match self {
            Self::Known { schema, keeps } => match reference(schema) {
                Some(QUANTITY) => Rules::of_scalar(Scalar::Any),
                Some(RAW) => Self::Whole.rules(),
                _ => known(*schema, *keeps || schema.keeps_unknown()),
            },
            Self::Open => open(false, Self::Open),
            Self::Whole => open(true, Self::Whole),
        }
    }
}

fn open<'a>(is_whole: bool, others: Place<'a>) -> Rules<'a> {
    let list = ListRule {
        keys: None,
        items: Place::Whole,
    };
    let map = MapRule {
        is_whole,
        fields: None,
        others: Some(others),
    };
    Rules {
        scalar: Some(Scalar::Any),
        list: Some(list),
        map: Some(map),
    }
}

fn known<'a>(schema: Schema<'a>, keeps: bool) -> Rules<'a> {
    let text = |it: &str| schema.keyword(it).and_then(Value::as_str);
    match text("type") {
        Some("object") => Rules {
            map: Some(MapRule::of(schema, keeps)),
            ..Rules::default()
        },
        Some("array") => Rules {
            list: Some(ListRule::of(schema, keeps)),
            ..Rules::default()
        },
        Some("integer" | "number") => Rules::of_scalar(Scalar::Number),
        Some("boolean") => Rules::of_scalar(Scalar::Boolean),
        Some("string") => Rules::of_scalar(match text("format") {
            None | Some("" | "byte") => Scalar::Text,
            Some(_) => Scalar::Any,
        }),
        _ => Rules {
            scalar: Some(Scalar::Any),
            list: Some(ListRule::of(schema, keeps)),
            map: Some(MapRule::of(schema, keeps)),
        },
    }
}

/// The name of the definition that a place refers to, directly or as the only one of `allOf`.
fn reference<'a>(schema: &Schema<'a>) -> Option<&'a str> {
    let node = schema.node();
    let only = || match node.get("allOf")?.as_array()?.as_slice() {
        [only] => only.get("$ref"),
        _ => None,
    };
    let reference = node.get("$ref").or_else(only)?.as_str()?;
    reference.strip_prefix(REFERENCE)
}

impl<'a> Rules<'a> {
    fn of_scalar(scalar: Scalar) -> Self {
        Self {
            scalar: Some(scalar),
            ..Self::default()
        }
    }

    /// The rule for `value`; of those that do not fit it, or fit null, the first one.
    pub(super) fn of(&self, value: Option<&Value>) -> Rule<'_, 'a> {
        let fitting = match value {
            None | Some(Value::Null) => None,
            Some(Value::Array(_)) => self.list.as_ref().map(Rule::List),
            Some(Value::Object(_)) => self.map.as_ref().map(Rule::Map),
            Some(_) => self.scalar.map(Rule::Scalar),
        };
        fitting.unwrap_or_else(|| self.first())
    }

    fn first(&self) -> Rule<'_, 'a> {
        let map = self.map.as_ref().map(Rule::Map);
        let scalar = || self.scalar.map(Rule::Scalar);
        let list = || self.list.as_ref().map(Rule::List);
        let found = map.or_else(scalar).or_else(list);
        found.unwrap_or(Rule::Scalar(Scalar::Any))
    }
}

impl Rule<'_, '_> {
    /// Whether both are of the same form, for rules of one place.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl<'a> ListRule<'a> {
    fn of(schema: Schema<'a>, keeps: bool) -> Self {
        let items = schema.items();
        Self {
            keys: keys(&schema),
            items: items.map_or(Place::Whole, |it| Place::within(it, keeps)),
        }
    }
}

fn keys<'a>(schema: &Schema<'a>) -> Option<Vec<&'a str>> {
    let strategy = schema.strategy();
    match schema.list_type() {
        ListType::Set => Some(vec![]),
        ListType::Map(keys) => Some(keys),
        ListType::Atomic if schema.keyword("x-kubernetes-list-type").is_some() => None,
        // Older schemas say it only by the way in which patches are merged.
        ListType::Atomic => strategy.merges.then(|| strategy.key.into_iter().collect()),
    }
}

impl<'a> MapRule<'a> {
    fn of(schema: Schema<'a>, keeps: bool) -> Self {
        let fields = schema.keyword("properties").and_then(Value::as_object);
        let has_fields = fields.is_some_and(|it| !it.is_empty());
        let others = match schema.keyword("additionalProperties") {
            None => (keeps || !has_fields).then_some(Place::Open),
            Some(Value::Bool(is_open)) => is_open.then_some(Place::Open),
            Some(_) => schema.values().map(|it| Place::within(it, keeps)),
        };
        Self {
            is_whole: schema.is_atomic(),
            fields: has_fields.then_some((schema, keeps)),
            others,
        }
    }

    /// The field `name` that the schema has by that name.
    pub(super) fn named(&self, name: &str) -> Option<Place<'a>> {
        let (schema, keeps) = self.fields?;
        schema.keyword("properties")?.get(name)?;
        let field = schema.field(name)?;
        Some(Place::within(field, keeps))
    }

    /// The field `name`, or the value at a key; `None` if the schema allows neither.
    pub(super) fn declared(&self, name: &str) -> Option<Place<'a>> {
        self.named(name).or(self.others)
    }

    /// As [`Self::declared`], with what is not declared left open.
    pub(super) fn at(&self, name: &str) -> Place<'a> {
        self.declared(name).unwrap_or(Place::Open)
    }

    /// Whether nothing at all is known of what it contains.
    pub(super) fn is_open(&self) -> bool {
        self.fields.is_none() && matches!(self.others, Some(Place::Open))
    }
}
