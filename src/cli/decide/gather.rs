//! What `gather` is to write.

use std::path::Path;
use std::time::Duration;

use clap::parser::ValueSource;

use super::{Origin, analysis, audit};
use crate::cli::args::analysis::PriceArgs;
use crate::cli::args::{AnalysisArgs, AuditArgs, GatherArgs, TimeLimit};
use crate::config::view::shown;
use crate::config::{self, Bundle, Destination, Output, Told, Window};
use crate::error::Error;
use crate::redact;

const SINCE: Duration = Duration::from_secs(24 * 3600);
const TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// Whether a file of this name is to be a bundle.
pub(in crate::cli) fn is_bundle(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    let name = name.to_string_lossy().to_ascii_lowercase();
    [".tar.gz", ".tgz"].iter().any(|it| name.ends_with(it))
}

pub(super) fn output(
    args: &GatherArgs,
    window: Window,
    origin: &Origin<'_>,
) -> Result<Output, Error> {
    if is_bundle(&args.out) {
        let TimeLimit(timeout) = args.timeout.unwrap_or(TimeLimit(Some(TIMEOUT)));
        return Ok(Output::Bundle(Box::new(Bundle {
            path: args.out.clone(),
            since: args.since.unwrap_or(SINCE),
            timeout,
            analysis: analysis::settings(&AnalysisArgs::default(), window, origin)?,
            opencost: analysis::opencost(&PriceArgs::default(), origin)?,
            audit: audit::settings(&AuditArgs { audit_log: None }, origin)?,
            told: told(origin),
        })));
    }
    let idle = [
        ("--since", args.since.is_some()),
        ("--timeout", args.timeout.is_some()),
    ];
    if let Some((flag, _)) = idle.iter().find(|it| it.1) {
        return Err(Error::Usage {
            message: format!("{flag} is for a support bundle, and -o names a snapshot"),
            hint: Some("name a file that ends in .tar.gz, or leave the flag out".to_owned()),
        });
    }
    Ok(Output::Snapshot(match args.out.to_str() {
        Some("-") => Destination::Stdout,
        Some(_) | None => Destination::File(args.out.clone()),
    }))
}

/// What was typed, what stands in the environment and what stands in the file, in this order.
fn told(origin: &Origin<'_>) -> Vec<Told> {
    let ids = origin.matches.ids();
    let mut typed: Vec<Told> = ids.filter_map(|id| typed(origin, id.as_str())).collect();
    typed.sort_by(|a, b| a.name.cmp(&b.name));
    let mut variables: Vec<(String, String)> = std::env::vars_os()
        .map(|(name, value)| (lossy(&name), lossy(&value)))
        .filter(|(name, _)| name.starts_with("STEPSCALE_"))
        .collect();
    variables.sort();
    let variables = variables
        .into_iter()
        .map(|(name, value)| of(name, config::Origin::Environment, &value));
    let file = origin.file.iter();
    let file = file.map(|(key, value)| of(key.to_owned(), config::Origin::File, &value));
    typed.into_iter().chain(variables).chain(file).collect()
}

fn typed(origin: &Origin<'_>, id: &str) -> Option<Told> {
    let matches = origin.matches;
    // Groups of flags have an id as well: the name of their struct.
    if id.starts_with(|it: char| it.is_ascii_uppercase()) {
        return None;
    }
    let source = matches.value_source(id)?;
    let raw = matches.try_get_raw(id).ok()??;
    let values: Vec<String> = raw.map(lossy).collect();
    (source == ValueSource::CommandLine).then(|| {
        of(
            id.replace('_', "-"),
            config::Origin::Flag,
            &values.join(","),
        )
    })
}

fn lossy(text: impl AsRef<std::ffi::OsStr>) -> String {
    text.as_ref().to_string_lossy().into_owned()
}

fn of(name: String, origin: config::Origin, value: &str) -> Told {
    Told {
        value: (!redact::is_telling_setting(&name))
            .then(|| redact::text(&shown(&name, value)).into_owned()),
        name,
        origin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_file_says_what_it_is_to_be() {
        for bundle in ["a.tar.gz", "b/A.TGZ", "x.y.tgz"] {
            assert!(is_bundle(Path::new(bundle)), "{bundle}");
        }
        for snapshot in ["a.jsonl.gz", "-", "a.tar", "tgz", ".tar.gz/a"] {
            assert!(!is_bundle(Path::new(snapshot)), "{snapshot}");
        }
    }

    #[test]
    fn secrets_are_only_told_as_set() {
        let file = config::Origin::File;
        for name in [
            "prometheus.headers",
            "STEPSCALE_PROMETHEUS_BEARER_TOKEN",
            "webhook.url",
            "license.secret",
            "prometheus-basic-auth",
        ] {
            assert_eq!(of(name.to_owned(), file, "hunter2").value, None, "{name}");
        }
        let url = of(
            "prometheus.url".to_owned(),
            file,
            "http://me:hunter2@host/x",
        );
        assert_eq!(url.value.as_deref(), Some("http://REDACTED@host/x"));
    }
}
