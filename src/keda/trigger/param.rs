//! What a type of trigger takes: one `Param` for each key.

/// Where KEDA looks for the value of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The trigger's metadata, under the parameter's name.
    Metadata,
    /// The parameters of its TriggerAuthentication, under the parameter's name.
    Auth,
    /// The environment of the target's container, under the name that the metadata give as
    /// `<parameter>FromEnv`.
    Env,
}

/// How the text of a parameter is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// A JSON number without a fraction or an exponent, of that many bits with a sign.
    Integer {
        bits: u32,
    },
    /// The same without a sign.
    Unsigned {
        bits: u32,
    },
    /// A JSON number.
    Float,
    /// A JSON number, or `null`, which is the same as leaving it out.
    NullableFloat,
    /// `true`, `false` and their short forms, as Go reads them: `1 t T TRUE True`, `0 f F FALSE False`.
    Boolean,
    /// A duration such as `1m30s`, or whole milliseconds; not negative.
    Duration,
    /// Texts with separators between, trimmed.
    List,
    /// Whole numbers with separators between; with `ranges` also `a-b`.
    Integers {
        ranges: bool,
    },
    /// `key=value` with separators between, trimmed.
    Map,
    /// A query string of a URL.
    Query,
}

/// What holds when a parameter is in none of its places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    Required,
    Optional,
    /// This text is read instead.
    Default(&'static str),
}

/// Where a parameter stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Current,
    /// It still works; the text says what to use instead.
    Deprecated(&'static str),
    /// Setting it is an error; the text says what to use instead.
    Removed(&'static str),
    /// It has no effect (any more); the text says why.
    Ignored(&'static str),
}

/// One parameter of a type of trigger.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Param {
    pub name: &'static str,
    /// Other names of it, tried in each place after `name`.
    pub aliases: &'static [&'static str],
    /// In the order in which they are tried.
    pub places: &'static [Place],
    pub kind: Kind,
    /// Between the elements of lists.
    pub separator: char,
    pub presence: Presence,
    /// What it may be; anything if empty. For lists, what each element may be.
    pub allowed: &'static [&'static str],
    /// Of these, a list may have one only.
    pub exclusive: &'static [&'static str],
    pub standing: Standing,
}

/// In the metadata only.
pub const META: &[Place] = &[Place::Metadata];
/// In the TriggerAuthentication only.
pub const AUTH: &[Place] = &[Place::Auth];
/// In the metadata, then in the environment.
pub const META_ENV: &[Place] = &[Place::Metadata, Place::Env];
/// In the metadata, then in the TriggerAuthentication.
pub const META_AUTH: &[Place] = &[Place::Metadata, Place::Auth];
/// In the environment only.
pub const ENV: &[Place] = &[Place::Env];
// The other orders that occur, named in their order.
pub const AUTH_META: &[Place] = &[Place::Auth, Place::Metadata];
pub const AUTH_ENV: &[Place] = &[Place::Auth, Place::Env];
pub const ENV_AUTH: &[Place] = &[Place::Env, Place::Auth];
pub const META_AUTH_ENV: &[Place] = &[Place::Metadata, Place::Auth, Place::Env];
pub const META_ENV_AUTH: &[Place] = &[Place::Metadata, Place::Env, Place::Auth];
pub const AUTH_META_ENV: &[Place] = &[Place::Auth, Place::Metadata, Place::Env];
pub const AUTH_ENV_META: &[Place] = &[Place::Auth, Place::Env, Place::Metadata];
pub const ENV_AUTH_META: &[Place] = &[Place::Env, Place::Auth, Place::Metadata];

/// 64 bits, the width of most whole numbers of KEDA.
pub const INTEGER: Kind = Kind::Integer { bits: 64 };

impl Param {
    /// A required parameter.
    pub const fn new(name: &'static str, kind: Kind, places: &'static [Place]) -> Self {
        Self {
            name,
            aliases: &[],
            places,
            kind,
            separator: ',',
            presence: Presence::Required,
            allowed: &[],
            exclusive: &[],
            standing: Standing::Current,
        }
    }

    /// A key of the metadata that KEDA does not look at, and why.
    pub const fn ignored(name: &'static str, why: &'static str) -> Self {
        Self {
            presence: Presence::Optional,
            standing: Standing::Ignored(why),
            ..Self::new(name, Kind::Text, META)
        }
    }

    /// The same, but it may be missing.
    pub const fn optional(self) -> Self {
        Self {
            presence: Presence::Optional,
            ..self
        }
    }

    /// The same with a default.
    pub const fn or(self, default: &'static str) -> Self {
        Self {
            presence: Presence::Default(default),
            ..self
        }
    }

    /// The same with other names.
    pub const fn alias(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// The same, but with this between the elements of its list.
    pub const fn separated_by(self, separator: char) -> Self {
        Self { separator, ..self }
    }

    /// The same, but only with one of these values.
    pub const fn one_of(self, allowed: &'static [&'static str]) -> Self {
        Self { allowed, ..self }
    }

    /// The same, but at most one of these elements.
    pub const fn exclusive(self, exclusive: &'static [&'static str]) -> Self {
        Self { exclusive, ..self }
    }

    /// The same, but on its way out.
    pub const fn deprecated(self, instead: &'static str) -> Self {
        Self {
            standing: Standing::Deprecated(instead),
            ..self
        }
    }

    /// The same, but refused.
    pub const fn removed(self, instead: &'static str) -> Self {
        Self {
            presence: Presence::Optional,
            standing: Standing::Removed(instead),
            ..self
        }
    }

    /// Its names, the first one first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    /// Whether it may hold a credential wherever it is found, so that its value is not to be shown:
    /// one that a TriggerAuthentication may give, but not a choice, and pairs such as headers.
    pub fn may_be_secret(&self) -> bool {
        let is_choice = !self.allowed.is_empty();
        let are_pairs = matches!(self.kind, Kind::Map | Kind::Query);
        are_pairs || self.places.contains(&Place::Auth) && !is_choice
    }
}
