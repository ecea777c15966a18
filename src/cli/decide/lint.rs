//! What `lint` is to check.

use super::{Origin, connection};
use crate::cli::args::GlobalArgs;
use crate::cli::args::lint::LintArgs;
use crate::cluster::Namespaces;
use crate::config::lint::{Check, Files, Input, LintConfig};
use crate::error::Error;
use crate::lint::Severity;

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
    let has_files = !args.filenames.is_empty() || args.kustomize.is_some();
    let input = if has_files {
        Input::Files(files(args)?)
    } else {
        Input::Cluster {
            connection: connection(&global.connection, origin)?,
            namespaces: match (&global.namespace, args.all_namespaces) {
                (_, true) => Namespaces::All,
                (Some(namespace), false) => Namespaces::One(namespace.clone()),
                (None, false) => Namespaces::Current,
            },
        }
    };
    Ok(LintConfig::Check(Box::new(Check {
        input,
        namespace: global.namespace.clone(),
        disabled: args.disabled.iter().copied().collect(),
        form: args.form.unwrap_or_default(),
        fail_on: args.fail_on.unwrap_or(Some(Severity::Error)),
    })))
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
