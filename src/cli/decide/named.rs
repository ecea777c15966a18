//! Names of objects as kubectl takes them, for the kinds that a command knows.

use std::str::FromStr;

use crate::cluster::Namespaces;
use crate::config::Named;
use crate::config::values::is_object_name;
use crate::error::Error;

/// What is said of a kind that the command does not know.
pub(super) struct Unknown {
    /// What it is not, as in "`hpa` in `hpa/web` is ...".
    pub(super) is: &'static str,
    pub(super) hint: &'static str,
}

/// `orders`, `so/orders`, and `so orders payments`; a kind alone is all of it.
///
/// # Errors
/// If a kind is not of this command, or a name cannot be one.
pub(super) fn parse<K: FromStr + Copy>(
    arguments: &[String],
    unknown: &Unknown,
) -> Result<(Option<K>, Vec<Named<K>>), Error> {
    let (kind, plain) = match arguments.split_first() {
        Some((first, others)) if others.iter().all(|it| !it.contains('/')) => {
            match first.parse::<K>() {
                Ok(kind) => (Some(kind), others),
                Err(_) => (None, arguments),
            }
        }
        Some(_) | None => (None, arguments),
    };
    let names: Result<Vec<_>, _> = plain.iter().map(|it| single(kind, it, unknown)).collect();
    Ok((kind, names?))
}

fn single<K: FromStr>(
    kind: Option<K>,
    argument: &str,
    unknown: &Unknown,
) -> Result<Named<K>, Error> {
    let (kind, name) = match argument.split_once('/') {
        None => (kind, argument),
        Some((word, name)) => match word.parse() {
            Ok(kind) => (Some(kind), name),
            Err(_) => {
                return Err(Error::Usage {
                    message: format!("`{word}` in `{argument}` is {}", unknown.is),
                    hint: Some(unknown.hint.to_owned()),
                });
            }
        },
    };
    if !is_object_name(name) {
        return Err(Error::Usage {
            message: format!("`{argument}` cannot be the name of an object"),
            hint: Some("expected lower-case letters, digits, `-` and `.`".to_owned()),
        });
    }
    Ok(Named {
        kind,
        name: name.to_owned(),
    })
}

/// A name is of one namespace.
///
/// # Errors
/// If something is named and all namespaces are meant.
pub(super) fn of_one_namespace<K>(
    names: &[Named<K>],
    namespaces: &Namespaces,
) -> Result<(), Error> {
    match (namespaces, names.first()) {
        (Namespaces::All, Some(first)) => Err(Error::Usage {
            message: format!("`{}` cannot be looked up in all namespaces", first.name),
            hint: Some("pass -n NAMESPACE in place of -A".to_owned()),
        }),
        (_, _) => Ok(()),
    }
}
