//! What `lint` is to check.

use super::named::{self, Unknown};
use super::view::view;
use super::{Origin, connection};
use crate::cli::args::GlobalArgs;
use crate::cli::args::lint::LintArgs;
use crate::cluster::Namespaces;
use crate::config::lint::{Check, Chosen, Files, Input, LintConfig};
use crate::error::Error;
use crate::lint::Severity;
use crate::output::lint as output;

const NO_KIND: Unknown = Unknown {
    is: "no kind that is checked",
    hint: "the kinds are hpa, so, sj, ta and cta, such as so/orders",
};

pub(in crate::cli) fn lint(
    global: &GlobalArgs,
    args: &LintArgs,
    origin: &Origin<'_>,
) -> Result<LintConfig, Error> {
    if args.list {
        return Ok(LintConfig::List);
    }
    if let Some(code) = args.explain {
        return Ok(LintConfig::Explain(code));
    }
    let form = args.form.clone().unwrap_or_default();
    let has_files = !args.filenames.is_empty() || args.kustomize.is_some();
    let input = if has_files {
        Input::Files(files(args)?)
    } else if let Some(path) = &args.from {
        let namespace = global.namespace.clone();
        let namespaces = namespace
            .clone()
            .map_or_else(Namespaces::default, Namespaces::One);
        Input::Bundle {
            path: path.clone(),
            namespace,
            chosen: chosen(args, &namespaces)?,
        }
    } else {
        let namespaces = match (&global.namespace, args.all_namespaces) {
            (_, true) => Namespaces::All,
            (Some(namespace), false) => Namespaces::One(namespace.clone()),
            (None, false) => Namespaces::Current,
        };
        Input::Cluster {
            connection: Box::new(connection(&global.connection, origin)?),
            chosen: chosen(args, &namespaces)?,
            namespaces,
        }
    };
    Ok(LintConfig::Check(Box::new(Check {
        input,
        namespace: global.namespace.clone(),
        disabled: args.disabled.iter().copied().collect(),
        view: view(
            &args.view,
            form.columns(output::columns),
            form.has_headers(),
        )?,
        form,
        fail_on: args.fail_on.unwrap_or(Some(Severity::Error)),
    })))
}

/// What is named or selected.
fn chosen(args: &LintArgs, namespaces: &Namespaces) -> Result<Chosen, Error> {
    let (only, names) = named::parse(&args.names, &NO_KIND)?;
    named::of_one_namespace(&names, namespaces)?;
    Ok(Chosen {
        only,
        names,
        selector: args.selector.clone(),
    })
}

fn files(args: &LintArgs) -> Result<Files, Error> {
    if args.all_namespaces {
        return Err(Error::Usage {
            message: "-A is for a cluster, and -f and -k are for files".to_owned(),
            hint: Some("leave -A out: files are read whole".to_owned()),
        });
    }
    let stdin = args.filenames.iter().filter(|it| it.as_os_str() == "-");
    if stdin.count() > 1 {
        return Err(Error::Usage {
            message: "standard input can be read once".to_owned(),
            hint: Some("pass `-f -` once".to_owned()),
        });
    }
    Ok(Files {
        paths: args.filenames.clone(),
        recursive: args.recursive,
        kustomize: args.kustomize.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Named;
    use crate::config::lint::LintKind;

    fn parsed(line: &str) -> Result<(Option<LintKind>, Vec<Named<LintKind>>), Error> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        named::parse(&arguments, &NO_KIND)
    }

    #[test]
    fn names_are_taken_in_all_of_kubectls_ways() {
        let so = Some(LintKind::ScaledObject);
        let cases = [
            ("", None, vec![]),
            ("orders", None, vec![(None, "orders")]),
            ("so", so, vec![]),
            ("so orders mail", so, vec![(so, "orders"), (so, "mail")]),
            (
                "so/orders hpa/web",
                None,
                vec![
                    (so, "orders"),
                    (Some(LintKind::HorizontalPodAutoscaler), "web"),
                ],
            ),
        ];
        for (line, only, expected) in cases {
            let expected = expected.into_iter().map(|(kind, name)| Named {
                kind,
                name: name.to_owned(),
            });
            assert_eq!(parsed(line).unwrap(), (only, expected.collect()), "{line}");
        }
        for (line, part) in [
            ("deploy/web", "`deploy`"),
            ("so/", "`so/`"),
            ("Web", "`Web`"),
        ] {
            let refused = parsed(line).unwrap_err().to_string();
            assert!(refused.contains(part), "{line}: {refused}");
        }
    }
}
