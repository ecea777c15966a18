//! How to reach a Prometheus, and whether to.

use std::path::{Path, PathBuf};

use super::Origin;
use crate::cli::args::PrometheusArgs;
use crate::config::{Metrics, values};
use crate::error::Error;
use crate::metrics::prometheus::Options;

/// Where the history of a live cluster comes from.
pub(super) fn metrics(args: &PrometheusArgs, origin: &Origin<'_>) -> Result<Metrics, Error> {
    let options = options(args, origin)?;
    let enabled = origin.or_file(None, "prometheus.enabled", values::boolean)?;
    // An address by flag or environment is a wish for this run and beats the file.
    let is_on = args.prometheus_url.is_some() || enabled.unwrap_or(true);
    Ok(if is_on && !args.no_prometheus {
        Metrics::Prometheus(Box::new(options))
    } else {
        Metrics::MetricsApi
    })
}

fn options(args: &PrometheusArgs, origin: &Origin<'_>) -> Result<Options, Error> {
    let credentials = credentials(args, origin)?;
    let (client_certificate, client_key) = client_pair(args, origin)?;
    let url = origin.or_file(args.prometheus_url.clone(), "prometheus.url", values::url)?;
    let ca_file = origin.or_file(args.prometheus_ca_file.clone(), "prometheus.caFile", path)?;
    let insecure = origin.or_file(
        args.prometheus_insecure,
        "prometheus.insecure",
        values::boolean,
    )?;
    let way = |it: &str| values::WAYS.parse(it);
    let compression = |it: &str| values::COMPRESSIONS.parse(it);
    let way = origin.or_file(args.prometheus_read, "prometheus.read", way)?;
    let compression = origin.or_file(
        args.prometheus_compression,
        "prometheus.compression",
        compression,
    )?;
    let concurrency = origin.or_file(
        args.prometheus_concurrency,
        "prometheus.concurrency",
        values::concurrency,
    )?;
    let timeout = origin.or_file(
        args.prometheus_timeout,
        "prometheus.timeout",
        values::positive_timeout,
    )?;
    let cpu = origin.or_file(
        args.promql_cpu.clone(),
        "metrics.promql.cpu",
        values::promql,
    )?;
    let replicas = args.promql_replicas.clone();
    let replicas = origin.or_file(replicas, "metrics.promql.replicas", values::promql)?;
    let defaults = Options::default();
    Ok(Options {
        url,
        bearer_token: credentials.bearer_token,
        bearer_token_file: credentials.bearer_token_file,
        basic_auth: credentials.basic_auth,
        client_certificate,
        client_key,
        ca_file,
        insecure: insecure.unwrap_or(false),
        headers: headers(args, origin)?,
        way: way.unwrap_or_default(),
        compression: compression.unwrap_or_default(),
        concurrency: concurrency.unwrap_or(defaults.concurrency),
        timeout: timeout.unwrap_or(defaults.timeout),
        promql_cpu: cpu,
        promql_replicas: replicas,
        observer: None,
    })
}

/// At most one of these is set.
#[derive(Debug, Default)]
struct Credentials {
    bearer_token: Option<String>,
    bearer_token_file: Option<PathBuf>,
    basic_auth: Option<(String, String)>,
}

const TOKEN: &str = "prometheus_bearer_token";
const TOKEN_FILE: &str = "prometheus_bearer_token_file";
const BASIC: &str = "prometheus_basic_auth";
const BASIC_FILE: &str = "prometheus_basic_auth_file";

/// The credentials of the strongest origin that gives any.
fn credentials(args: &PrometheusArgs, origin: &Origin<'_>) -> Result<Credentials, Error> {
    let any_typed = [TOKEN, TOKEN_FILE, BASIC, BASIC_FILE]
        .into_iter()
        .any(|id| origin.is_typed(id));
    // Of several flags typed only one got here; the environment's give way to it.
    let counts = |id| !any_typed || origin.is_typed(id);
    let token = args
        .prometheus_bearer_token
        .clone()
        .filter(|_| counts(TOKEN));
    let basic = args
        .prometheus_basic_auth
        .as_deref()
        .filter(|_| counts(BASIC));
    match (token, basic) {
        (Some(_), Some(_)) => Err(Error::Usage {
            message: "STEPSCALE_PROMETHEUS_BEARER_TOKEN and STEPSCALE_PROMETHEUS_BASIC_AUTH are \
                      both set"
                .to_owned(),
            hint: Some("unset the one that this Prometheus does not want".to_owned()),
        }),
        (Some(token), None) => Ok(Credentials {
            bearer_token: Some(token),
            ..Credentials::default()
        }),
        (None, Some(pair)) => Ok(Credentials {
            basic_auth: Some(basic_auth(pair)?),
            ..Credentials::default()
        }),
        (None, None) => credentials_in_files(args, origin),
    }
}

fn credentials_in_files(args: &PrometheusArgs, origin: &Origin<'_>) -> Result<Credentials, Error> {
    let typed_token = args.prometheus_bearer_token_file.clone();
    let typed_basic = args.prometheus_basic_auth_file.clone();
    let (token, basic) = if typed_token.is_some() || typed_basic.is_some() {
        (typed_token, typed_basic)
    } else {
        (
            origin.or_file(None, "prometheus.bearerTokenFile", path)?,
            origin.or_file(None, "prometheus.basicAuthFile", path)?,
        )
    };
    match (token, basic) {
        (Some(_), Some(_)) => Err(Error::usage(
            "the configuration file has both prometheus.bearerTokenFile and \
             prometheus.basicAuthFile",
        )),
        (token, basic) => Ok(Credentials {
            bearer_token: None,
            bearer_token_file: token,
            basic_auth: basic.as_deref().map(basic_auth_in).transpose()?,
        }),
    }
}

/// Not a parser of clap's, whose message would show the password.
fn basic_auth(pair: &str) -> Result<(String, String), Error> {
    values::basic_auth(pair)
        .map_err(|why| Error::usage(format!("invalid value for --prometheus-basic-auth: {why}")))
}

fn basic_auth_in(path: &Path) -> Result<(String, String), Error> {
    let flag = "--prometheus-basic-auth-file";
    let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
        flag,
        path: path.to_owned(),
        source,
    })?;
    values::basic_auth(text.trim_end_matches(['\r', '\n'])).map_err(|why| Error::Content {
        flag,
        path: path.to_owned(),
        why,
    })
}

/// Certificate and key: both or neither.
fn client_pair(
    args: &PrometheusArgs,
    origin: &Origin<'_>,
) -> Result<(Option<PathBuf>, Option<PathBuf>), Error> {
    let certificate = args.prometheus_client_certificate.clone();
    let certificate = origin.or_file(certificate, "prometheus.clientCertificate", path)?;
    let key = args.prometheus_client_key.clone();
    let key = origin.or_file(key, "prometheus.clientKey", path)?;
    match (&certificate, &key) {
        (Some(_), None) => Err(Error::usage(
            "--prometheus-client-certificate needs --prometheus-client-key",
        )),
        (None, Some(_)) => Err(Error::usage(
            "--prometheus-client-key needs --prometheus-client-certificate",
        )),
        (Some(_), Some(_)) | (None, None) => Ok((certificate, key)),
    }
}

/// Those of the flags, or those of the file if there are none. Not a parser of clap's, whose
/// message would show the value, which may be a secret.
fn headers(args: &PrometheusArgs, origin: &Origin<'_>) -> Result<Vec<(String, String)>, Error> {
    if args.prometheus_headers.is_empty() {
        return Ok(origin.file.list("prometheus.headers", values::header)?);
    }
    let all = args.prometheus_headers.iter();
    all.map(|it| values::header(it).map_err(|why| bad_header(it, &why)))
        .collect()
}

fn bad_header(header: &str, why: &str) -> Error {
    let name = header.split(':').next().unwrap_or_default();
    let shown = if header.contains(':') { name } else { "…" };
    Error::usage(format!(
        "invalid value `{shown}: …` for --prometheus-header: {why}"
    ))
}

fn path(text: &str) -> Result<PathBuf, String> {
    values::text(text).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use clap::FromArgMatches;

    use super::*;
    use crate::cli::args::{Cli, Command};
    use crate::config::file::File;
    use crate::metrics::prometheus::{Compression, WayChoice};

    fn decided(arguments: &[&str], file: &str) -> Result<Options, Error> {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config.yaml");
        std::fs::write(&config, file).unwrap();
        let file = File::read(&config)?;
        let line = ["x", "analyze"].iter().chain(arguments);
        let matches = crate::cli::command(OsStr::new("x"))
            .try_get_matches_from(line)
            .unwrap();
        let Command::Analyze(args) = Cli::from_arg_matches(&matches).unwrap().command else {
            panic!("not analyze");
        };
        let typed = matches.subcommand().unwrap().1;
        options(&args.prometheus, &Origin::new(&file, typed))
    }

    #[test]
    fn everything_has_a_default() {
        let options = decided(&[], "").unwrap();
        assert_eq!(options.url, None);
        assert_eq!(options.way, WayChoice::Auto);
        assert_eq!(options.compression, Compression::Auto);
        assert_eq!(options.concurrency, Options::default().concurrency);
        assert_eq!(options.timeout, Options::default().timeout);
        assert!(!options.insecure && options.headers.is_empty());
    }

    #[test]
    fn the_file_fills_in_what_was_not_typed() {
        let file = "prometheus:\n  url: http://file\n  read: pods\n  insecure: true\n  \
                    headers: ['X-Scope-OrgID: file']\n  timeout: 30s\n";
        let typed = [
            "--prometheus-url",
            "http://flag",
            "--prometheus-insecure=false",
        ];
        let options = decided(&typed, file).unwrap();
        assert_eq!(options.url.as_deref(), Some("http://flag"));
        assert_eq!(options.way, WayChoice::PodRates);
        assert!(!options.insecure);
        assert_eq!(
            options.headers,
            [("X-Scope-OrgID".to_owned(), "file".to_owned())]
        );
        assert_eq!(options.timeout, std::time::Duration::from_secs(30));
    }

    #[test]
    fn a_credential_that_was_typed_beats_the_one_in_the_file() {
        let file = "prometheus: {bearerTokenFile: /token}\n";
        let options = decided(&["--prometheus-basic-auth", "me:pw"], file).unwrap();
        assert_eq!(options.basic_auth, Some(("me".to_owned(), "pw".to_owned())));
        assert_eq!(options.bearer_token_file, None);
        let options = decided(&[], file).unwrap();
        assert_eq!(options.bearer_token_file, Some(PathBuf::from("/token")));
    }

    #[test]
    fn basic_authentication_is_read_from_its_file_without_the_line_break() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, "me:a b:c\r\n").unwrap();
        let typed = ["--prometheus-basic-auth-file", secret.to_str().unwrap()];
        let options = decided(&typed, "").unwrap();
        assert_eq!(
            options.basic_auth,
            Some(("me".to_owned(), "a b:c".to_owned()))
        );
        std::fs::write(&secret, "no colon").unwrap();
        assert!(matches!(decided(&typed, ""), Err(Error::Content { .. })));
    }

    #[test]
    fn refusals_never_show_a_secret() {
        for typed in [
            ["--prometheus-basic-auth", "hunter2"],
            ["--prometheus-header", "Authorization: hunter2\u{7}"],
            ["--prometheus-header", "hunter2"],
        ] {
            let refused = decided(&typed, "").unwrap_err().render();
            assert!(!refused.contains("hunter2"), "{refused}");
            assert!(refused.contains(typed[0]), "{refused}");
        }
    }

    #[test]
    fn a_client_certificate_needs_its_key() {
        for flag in ["--prometheus-client-certificate", "--prometheus-client-key"] {
            assert!(matches!(
                decided(&[flag, "f"], ""),
                Err(Error::Usage { .. })
            ));
        }
    }
}
