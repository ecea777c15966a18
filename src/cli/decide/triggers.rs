//! What `triggers` is to do.

use std::time::Duration;

use super::{Origin, connection};
use crate::cli::args::GlobalArgs;
use crate::cli::args::triggers::TriggersArgs;
use crate::cluster::Namespaces;
use crate::config::triggers::{ScaledKind, ScaledName, TriggersConfig, Watching};
use crate::config::values::{FORMATS, is_object_name};
use crate::error::Error;

/// For one trigger: longer than the 3 s that KEDA itself waits.
const TIMEOUT: Duration = Duration::from_secs(5);

pub(in crate::cli) fn triggers(
    global: &GlobalArgs,
    args: &TriggersArgs,
    origin: &Origin<'_>,
) -> Result<TriggersConfig, Error> {
    let (only, names) = names(&args.names)?;
    let namespaces = match (&global.namespace, args.all_namespaces) {
        (_, true) => Namespaces::All,
        (Some(namespace), false) => Namespaces::One(namespace.clone()),
        (None, false) => Namespaces::Current,
    };
    if let (Namespaces::All, Some(first)) = (&namespaces, names.first()) {
        return Err(Error::Usage {
            message: format!("`{}` cannot be looked up in all namespaces", first.name),
            hint: Some("pass -n NAMESPACE in place of -A".to_owned()),
        });
    }
    Ok(TriggersConfig {
        connection: connection(&global.connection, origin)?,
        namespaces,
        only,
        names,
        timeout: args.timeout.unwrap_or(TIMEOUT),
        keda_namespace: args.keda_namespace.clone(),
        form: origin
            .or_file(args.format, "output.format", |it| FORMATS.parse(it))?
            .unwrap_or_default(),
        watching: match args.watch {
            true => Watching::Every(args.interval),
            false => Watching::No,
        },
    })
}

/// `orders`, `so/orders`, and `so orders payments` as kubectl takes them; a kind alone is all of it.
fn names(arguments: &[String]) -> Result<(Option<ScaledKind>, Vec<ScaledName>), Error> {
    let (kind, plain) = match arguments.split_first() {
        Some((first, others)) if others.iter().all(|it| !it.contains('/')) => {
            match first.parse::<ScaledKind>() {
                Ok(kind) => (Some(kind), others),
                Err(()) => (None, arguments),
            }
        }
        Some(_) | None => (None, arguments),
    };
    let names: Result<Vec<_>, _> = plain.iter().map(|it| name(kind, it)).collect();
    Ok((kind, names?))
}

fn name(kind: Option<ScaledKind>, argument: &str) -> Result<ScaledName, Error> {
    let (kind, name) = match argument.split_once('/') {
        None => (kind, argument),
        Some((word, name)) => match word.parse() {
            Ok(kind) => (Some(kind), name),
            Err(()) => {
                return Err(Error::Usage {
                    message: format!("`{word}` in `{argument}` is no kind with triggers"),
                    hint: Some("name a ScaledObject or a ScaledJob, such as so/orders".to_owned()),
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
    Ok(ScaledName {
        kind,
        name: name.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Vec<ScaledName>, Error> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Ok(names(&arguments)?.1)
    }

    #[test]
    fn names_are_taken_in_all_of_kubectls_ways() {
        let (so, sj) = (Some(ScaledKind::ScaledObject), Some(ScaledKind::ScaledJob));
        let cases = [
            ("", vec![]),
            ("orders", vec![(None, "orders")]),
            ("so/orders sj/mail", vec![(so, "orders"), (sj, "mail")]),
            ("sj mail bills", vec![(sj, "mail"), (sj, "bills")]),
            ("so", vec![]),
        ];
        for (line, expected) in cases {
            let expected: Vec<ScaledName> = expected
                .into_iter()
                .map(|(kind, name)| ScaledName {
                    kind,
                    name: name.to_owned(),
                })
                .collect();
            assert_eq!(parsed(line).unwrap(), expected, "{line}");
        }
        assert_eq!(names(&["sj".to_owned()]).unwrap(), (sj, vec![]));
        for (line, part) in [("hpa/web", "`hpa`"), ("so/", "`so/`"), ("Web", "`Web`")] {
            let refused = parsed(line).unwrap_err().to_string();
            assert!(refused.contains(part), "{line}: {refused}");
        }
    }
}
