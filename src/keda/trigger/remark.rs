//! What is written in a trigger, but has no effect or will not have it for long.

use std::fmt;

use super::param::{Param, Place, Standing};
use super::{Secret, TriggerSource, nearest, table};

/// Something to say about one key of a trigger that KEDA accepts in silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The key as it is written.
    pub key: String,
    /// `Metadata`, or `Auth` for a parameter of the TriggerAuthentication.
    pub place: Place,
    pub because: Because,
}

/// What is to be said about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// The type of trigger has no such parameter.
    Unknown {
        near: Option<&'static str>,
    },
    /// The parameter exists, but KEDA does not read it there.
    NotReadHere {
        places: &'static [Place],
    },
    /// It has no effect.
    Ignored {
        why: &'static str,
    },
    Deprecated {
        instead: &'static str,
    },
    /// The container has no such variable, or it is empty.
    NoVariable {
        variable: String,
    },
    /// The key without `FromEnv` is given too and wins.
    Overridden,
}

/// All remarks on a trigger, by place and key; none for a type that KEDA does not have.
pub fn remarks(source: &TriggerSource) -> Vec<Remark> {
    let Some(table) = table(&source.kind) else {
        return Vec::new();
    };
    // An external trigger hands all its metadata to its server.
    let is_open = source.kind.starts_with("external");
    let metadata = source.metadata.keys().filter_map(|key| {
        let because = in_metadata(table, source, key).filter(|it| !is_open || it.is_known())?;
        Some((key, Place::Metadata, because))
    });
    let given = |text: &Secret| !text.expose().trim().is_empty();
    let auth = source.auth.iter().filter_map(|(key, text)| {
        let because = in_auth(table, key).filter(|_| given(text))?;
        Some((key, Place::Auth, because))
    });
    let remark = |(key, place, because): (&String, Place, Because)| Remark {
        key: key.clone(),
        place,
        because,
    };
    metadata.chain(auth).map(remark).collect()
}

fn in_metadata(table: &'static [Param], source: &TriggerSource, key: &str) -> Option<Because> {
    if let Some(because) = by_name(table, key, Place::Metadata) {
        return because;
    }
    let Some(name) = key.strip_suffix("FromEnv") else {
        return Some(unknown(table, key));
    };
    match by_name(table, name, Place::Env) {
        None => Some(unknown(table, key)),
        Some(None) => from_env(table, source, key, name),
        Some(because) => because,
    }
}

fn in_auth(table: &'static [Param], key: &str) -> Option<Because> {
    by_name(table, key, Place::Auth).unwrap_or_else(|| Some(unknown(table, key)))
}

/// What is to be said of a parameter in a place; nothing if there is no parameter of that name.
fn by_name(table: &'static [Param], name: &str, place: Place) -> Option<Option<Because>> {
    let named = || table.iter().filter(|it| it.is_called(name));
    let first = named().next()?;
    let here = named().find(|it| it.places.contains(&place));
    Some(match here.map(|it| it.standing) {
        None => Some(Because::NotReadHere {
            places: first.places,
        }),
        // A removed key is refused, which says more than a remark.
        Some(Standing::Current | Standing::Removed(_)) => None,
        Some(Standing::Deprecated(instead)) => Some(Because::Deprecated { instead }),
        Some(Standing::Ignored(why)) => Some(Because::Ignored { why }),
    })
}

/// A key that names a variable: whether the variable is there and is used.
fn from_env(
    table: &'static [Param],
    source: &TriggerSource,
    key: &str,
    name: &str,
) -> Option<Because> {
    let variable = source.metadata.get(key)?;
    let value = source.env.get(variable).map_or("", Secret::expose);
    let direct = source.metadata.get(name).map_or("", |it| it.trim());
    let mut named = table.iter().filter(|it| it.is_called(name));
    let direct_wins = named.any(|it| it.places.first() == Some(&Place::Metadata));
    if !direct.is_empty() && direct_wins {
        Some(Because::Overridden)
    } else if value.trim().is_empty() {
        let variable = variable.clone();
        Some(Because::NoVariable { variable })
    } else {
        None
    }
}

fn unknown(table: &'static [Param], key: &str) -> Because {
    let near = nearest(key, table.iter().flat_map(Param::names));
    Because::Unknown { near }
}

impl Because {
    fn is_known(&self) -> bool {
        !matches!(self, Self::Unknown { .. })
    }
}

impl Param {
    /// Whether that is one of its names; a name such as `query.*` stands for many.
    fn is_called(&self, name: &str) -> bool {
        self.names().any(|it| match it.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => it == name,
        })
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        match &self.because {
            Because::Unknown { near: Some(near) } => {
                write!(f, "`{key}` is unknown and ignored; `{near}` was meant?")
            }
            Because::Unknown { near: None } => write!(f, "`{key}` is unknown and ignored"),
            Because::NotReadHere { places } => {
                let names: Vec<&str> = places.iter().map(|it| named(*it)).collect();
                write!(
                    f,
                    "`{key}` is ignored here; KEDA reads it from {}",
                    names.join(" or ")
                )
            }
            Because::Ignored { why } => write!(f, "`{key}` is ignored; {why}"),
            Because::Deprecated { instead } => write!(f, "`{key}` is deprecated; {instead}"),
            Because::NoVariable { variable } => write!(
                f,
                "`{key}` names `{variable}`, a variable that the container lacks or has empty"
            ),
            Because::Overridden => {
                write!(
                    f,
                    "`{key}` has no effect beside the same key without `FromEnv`"
                )
            }
        }
    }
}

fn named(place: Place) -> &'static str {
    match place {
        Place::Metadata => "the metadata",
        Place::Auth => "the TriggerAuthentication",
        Place::Env => "a variable of the container",
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::source;
    use super::*;

    fn said(source: &TriggerSource) -> Vec<String> {
        remarks(source).iter().map(Remark::to_string).collect()
    }

    #[test]
    fn keys_without_effect_are_named_with_the_reason() {
        let mut it = source(
            "kafka",
            &[
                ("bootstrapServers", "b:9092"),
                ("bootstrapServersFromEnv", "SERVERS"),
                ("consumerGroupFromEnv", "GROUP"),
                ("lagThresholdFromEnv", "LAG"),
                ("lagTreshold", "5"),
                ("password", "secret"),
                ("surprise", "x"),
            ],
        );
        it.auth.insert("username".into(), Secret::new("u"));
        it.auth.insert("user-name".into(), Secret::new("u"));
        let expected = [
            "`bootstrapServersFromEnv` has no effect beside the same key without `FromEnv`",
            "`consumerGroupFromEnv` names `GROUP`, a variable that the container lacks or has empty",
            "`lagThresholdFromEnv` is ignored here; KEDA reads it from the metadata",
            "`lagTreshold` is unknown and ignored; `lagThreshold` was meant?",
            "`password` is ignored here; KEDA reads it from the TriggerAuthentication",
            "`surprise` is unknown and ignored",
            "`user-name` is unknown and ignored; `username` was meant?",
        ];
        assert_eq!(said(&it), expected);
    }

    #[test]
    fn old_keys_say_what_took_their_place() {
        let it = source("prometheus", &[("metricName", "m"), ("query", "up")]);
        let expected = "`metricName` is ignored; the metric is called after the trigger's index since KEDA 2.12";
        assert_eq!(said(&it), [expected]);
        let it = source("temporal", &[("selectAllActive", "true")]);
        assert_eq!(remarks(&it).len(), 1);
    }

    #[test]
    fn servers_and_patterns_take_any_key() {
        assert!(
            said(&source(
                "external",
                &[("scalerAddress", "a:1"), ("any", "x")]
            ))
            .is_empty()
        );
        assert!(said(&source("sumologic", &[("query.a", "x")])).is_empty());
        assert!(said(&source("no-such-type", &[("any", "x")])).is_empty());
    }
}
