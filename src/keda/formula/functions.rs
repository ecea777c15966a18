//! The functions of the language, as far as they make numbers.

/// How a function is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One number; gives a number of the same type.
    Same,
    /// One number; gives one with a fraction.
    Float,
    /// One number or text; gives the type named.
    ToInt,
    ToFloat,
    /// Anything; gives a text.
    ToText,
    /// Numbers or lists of them; gives what the first one is.
    Extreme,
    /// Numbers or lists of them; gives one with a fraction.
    Average,
    /// A list or text; gives a whole number.
    Length,
    /// A list, and what each item is worth if that is not itself.
    Sum,
    /// A list, and which items count.
    Count,
    /// A list and a question; gives an answer.
    Test,
    /// A list and a question; gives an item.
    Find,
    /// A list and a question; gives a place.
    FindIndex,
    Filter,
    Map,
    /// A list, how an item joins what came before, and what to begin with.
    Reduce,
    /// A list; gives one of its items.
    Pick,
    /// A list; gives a list of the same items.
    Order,
    /// Whole numbers, as many as told; gives one.
    Bits(usize),
}

/// A function, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
}

const fn function(name: &'static str, shape: Shape) -> Function {
    Function { name, shape }
}

const FUNCTIONS: [Function; 37] = [
    function("abs", Shape::Same),
    function("ceil", Shape::Float),
    function("floor", Shape::Float),
    function("round", Shape::Float),
    function("int", Shape::ToInt),
    function("float", Shape::ToFloat),
    function("string", Shape::ToText),
    function("max", Shape::Extreme),
    function("min", Shape::Extreme),
    function("mean", Shape::Average),
    function("median", Shape::Average),
    function("len", Shape::Length),
    function("sum", Shape::Sum),
    function("count", Shape::Count),
    function("all", Shape::Test),
    function("any", Shape::Test),
    function("one", Shape::Test),
    function("none", Shape::Test),
    function("find", Shape::Find),
    function("findLast", Shape::Find),
    function("findIndex", Shape::FindIndex),
    function("findLastIndex", Shape::FindIndex),
    function("filter", Shape::Filter),
    function("map", Shape::Map),
    function("reduce", Shape::Reduce),
    function("first", Shape::Pick),
    function("last", Shape::Pick),
    function("reverse", Shape::Order),
    function("sort", Shape::Order),
    function("bitand", Shape::Bits(2)),
    function("bitor", Shape::Bits(2)),
    function("bitxor", Shape::Bits(2)),
    function("bitnand", Shape::Bits(2)),
    function("bitnot", Shape::Bits(1)),
    function("bitshl", Shape::Bits(2)),
    function("bitshr", Shape::Bits(2)),
    function("bitushr", Shape::Bits(2)),
];

/// What the language has too: texts, maps, times. No use for the sum of a few metrics is known.
const OTHERS: [&str; 41] = [
    "trim",
    "trimPrefix",
    "trimSuffix",
    "upper",
    "lower",
    "split",
    "splitAfter",
    "replace",
    "repeat",
    "join",
    "indexOf",
    "lastIndexOf",
    "hasPrefix",
    "hasSuffix",
    "type",
    "get",
    "keys",
    "values",
    "toJSON",
    "fromJSON",
    "toBase64",
    "fromBase64",
    "toPairs",
    "fromPairs",
    "now",
    "date",
    "duration",
    "timezone",
    "take",
    "concat",
    "flatten",
    "uniq",
    "sortBy",
    "groupBy",
    "let",
    "if",
    "else",
    "contains",
    "matches",
    "startsWith",
    "endsWith",
];

/// The function of a name.
pub(super) fn named(name: &str) -> Option<Function> {
    FUNCTIONS.into_iter().find(|it| it.name == name)
}

/// Whether the language has a function or word of this name that is not reckoned with.
pub(super) fn is_elsewhere(name: &str) -> bool {
    OTHERS.contains(&name)
}

impl Shape {
    /// Whether it asks something of each item of its list.
    pub(super) fn has_predicate(self) -> bool {
        match self {
            Self::Sum | Self::Count | Self::Test | Self::Find | Self::FindIndex => true,
            Self::Filter | Self::Map | Self::Reduce => true,
            Self::Same | Self::Float | Self::ToInt | Self::ToFloat | Self::ToText => false,
            Self::Extreme => false,
            Self::Average | Self::Length | Self::Pick | Self::Order | Self::Bits(_) => false,
        }
    }

    /// Whether the predicate may be left out.
    pub(super) fn is_content_without(self) -> bool {
        matches!(self, Self::Sum | Self::Count)
    }
}
