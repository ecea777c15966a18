//! What `triggers` is to do.

use std::time::Duration;

use super::named::{self, Unknown};
use super::view::view;
use super::{Origin, connection};
use crate::cli::args::GlobalArgs;
use crate::cli::args::triggers::TriggersArgs;
use crate::cluster::Namespaces;
use crate::config::form::Choice;
use crate::config::triggers::{TriggersConfig, Watching};
use crate::error::Error;
use crate::output::triggers as output;

/// For one trigger: longer than the 3 s that KEDA itself waits.
const TIMEOUT: Duration = Duration::from_secs(5);

const NO_KIND: Unknown = Unknown {
    is: "no kind with triggers",
    hint: "name a ScaledObject or a ScaledJob, such as so/orders",
};

pub(in crate::cli) fn triggers(
    global: &GlobalArgs,
    args: &TriggersArgs,
    origin: &Origin<'_>,
) -> Result<TriggersConfig, Error> {
    let (only, names) = named::parse(&args.names, &NO_KIND)?;
    let namespaces = match (&global.namespace, args.all_namespaces) {
        (_, true) => Namespaces::All,
        (Some(namespace), false) => Namespaces::One(namespace.clone()),
        (None, false) => Namespaces::Current,
    };
    named::of_one_namespace(&names, &namespaces)?;
    let in_file = origin.format_in_file()?;
    let in_file = in_file.map(Choice::Form);
    let form = args.form.clone().or(in_file).unwrap_or_default();
    Ok(TriggersConfig {
        connection: connection(&global.connection, origin)?,
        namespaces,
        only,
        names,
        timeout: args.timeout.unwrap_or(TIMEOUT),
        keda_namespace: args.keda_namespace.clone(),
        view: view(
            &args.view,
            form.columns(output::columns),
            form.has_headers(),
        )?,
        form,
        watching: match args.watch {
            true => Watching::Every(args.interval),
            false => Watching::No,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Named;
    use crate::config::triggers::ScaledKind;

    fn parsed(line: &str) -> Result<Vec<Named<ScaledKind>>, Error> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Ok(named::parse(&arguments, &NO_KIND)?.1)
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
            let expected: Vec<Named<ScaledKind>> = expected
                .into_iter()
                .map(|(kind, name)| Named {
                    kind,
                    name: name.to_owned(),
                })
                .collect();
            assert_eq!(parsed(line).unwrap(), expected, "{line}");
        }
        assert_eq!(
            named::parse::<ScaledKind>(&["sj".to_owned()], &NO_KIND).unwrap(),
            (sj, vec![])
        );
        for (line, part) in [("hpa/web", "`hpa`"), ("so/", "`so/`"), ("Web", "`Web`")] {
            let refused = parsed(line).unwrap_err().to_string();
            assert!(refused.contains(part), "{line}: {refused}");
        }
    }
}
