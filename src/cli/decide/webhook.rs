//! Whom `watch` tells changes of state.

use std::env;
use std::path::PathBuf;

use super::Origin;
use crate::cli::args::webhook::WebhookArgs;
use crate::config::license::path;
use crate::config::values;
use crate::config::webhook::{FORMS, Secret, Webhook, source};
use crate::error::Error;
use crate::signals::webhook::{self, Form, TIMEOUT};

/// Has the key itself. There is no flag for it, which everybody on the machine could read.
const KEY: &str = "STEPSCALE_WEBHOOK_KEY";

/// What says nothing without a URL.
const OF_A_URL: [&str; 6] = [
    "webhook_form",
    "webhook_key_file",
    "webhook_source",
    "webhook_redact",
    "webhook_ca_file",
    "webhook_timeout",
];

/// The receiver that flags, environment and configuration file name; `None` where they name none.
pub(super) fn webhook(args: &WebhookArgs, origin: &Origin<'_>) -> Result<Option<Webhook>, Error> {
    decided(args, origin, env::var(KEY).ok())
}

fn decided(
    args: &WebhookArgs,
    origin: &Origin<'_>,
    key: Option<String>,
) -> Result<Option<Webhook>, Error> {
    let url = url(args, origin)?;
    let form = |it: &str| FORMS.parse(it);
    let redact = args.webhook_redact;
    let (ca_file, timeout) = (args.webhook_ca_file.clone(), args.webhook_timeout);
    // A bad value is told whether there is a URL or not.
    let webhook = Webhook {
        url: url.clone().unwrap_or(Secret::File(PathBuf::new())),
        key: self::key(args, origin, key)?,
        form: origin.or(args.webhook_form, "webhook.form", form, Form::CloudEvents)?,
        source: origin.or_file(args.webhook_source.clone(), "webhook.source", source)?,
        redact: origin.or(redact, "webhook.redact", values::boolean, false)?,
        ca_file: origin.or_file(ca_file, "webhook.caFile", path)?,
        timeout: origin.or(
            timeout,
            "webhook.timeout",
            values::positive_timeout,
            TIMEOUT,
        )?,
    };
    let idle = OF_A_URL.into_iter().find(|it| origin.is_typed(it));
    match (url, idle) {
        (Some(_), _) => Ok(Some(webhook)),
        (None, None) => Ok(None),
        (None, Some(flag)) => Err(Error::Usage {
            message: format!(
                "--{} has no effect without a URL to post to",
                flag.replace('_', "-")
            ),
            hint: Some("pass --webhook-url-file too, or leave it out".to_owned()),
        }),
    }
}

/// A URL that is given as it is may be wrong, and is not shown then. One that a file has is read
/// when it is needed.
fn url(args: &WebhookArgs, origin: &Origin<'_>) -> Result<Option<Secret>, Error> {
    let in_file = (
        origin.or_file(None, "webhook.url", values::text)?,
        origin.or_file(None, "webhook.urlFile", path)?,
    );
    // Of the flags one at most was typed; the environment gives way to it.
    let url = match (&args.webhook_url_file, &args.webhook_url, in_file) {
        (Some(file), _, _) => Some(Secret::File(file.clone())),
        (None, Some(url), _) => Some(Secret::Given(url.clone())),
        (None, None, (Some(_), Some(_))) => {
            return Err(Error::usage(
                "the configuration file has both webhook.url and webhook.urlFile",
            ));
        }
        (None, None, (Some(url), None)) => Some(Secret::Given(url)),
        (None, None, (None, file)) => file.map(Secret::File),
    };
    match &url {
        Some(Secret::Given(text)) if !webhook::is_url(text) => Err(webhook::Error::Url.into()),
        _ => Ok(url),
    }
}

fn key(
    args: &WebhookArgs,
    origin: &Origin<'_>,
    in_environment: Option<String>,
) -> Result<Option<Secret>, Error> {
    let in_file = origin.or_file(None, "webhook.keyFile", path)?;
    let given = in_environment.filter(|it| !it.is_empty());
    Ok(match (&args.webhook_key_file, given) {
        (Some(file), _) => Some(Secret::File(file.clone())),
        (None, Some(key)) => Some(Secret::Given(key)),
        (None, None) => in_file.map(Secret::File),
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::time::Duration;

    use clap::FromArgMatches;

    use super::*;
    use crate::cli::args::{Cli, Command};
    use crate::config::file::File;

    fn of(line: &str, file: &str, key: Option<&str>) -> Result<Option<Webhook>, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yaml");
        std::fs::write(&path, file).unwrap();
        let file = File::read(&path)?;
        let matches = crate::cli::command(OsStr::new("x"))
            .try_get_matches_from(line.split_whitespace())
            .unwrap();
        let cli = Cli::from_arg_matches(&matches).unwrap();
        let Command::Watch(args) = cli.command else {
            panic!("not watch");
        };
        let typed = matches.subcommand().unwrap().1;
        let origin = Origin::new(&file, typed);
        decided(&args.settings.webhook, &origin, key.map(str::to_owned))
    }

    const FILE: &str = "webhook:\n  urlFile: /run/url\n  keyFile: /run/key\n  form: slack\n  \
                        source: /clusters/prod\n  redact: true\n  caFile: /run/ca.pem\n  timeout: 3s\n";

    #[test]
    fn the_file_says_it_all() {
        let expected = Webhook {
            url: Secret::File("/run/url".into()),
            key: Some(Secret::File("/run/key".into())),
            form: Form::Slack,
            source: Some("/clusters/prod".to_owned()),
            redact: true,
            ca_file: Some("/run/ca.pem".into()),
            timeout: Duration::from_secs(3),
        };
        assert_eq!(of("x watch", FILE, None).unwrap(), Some(expected));
        assert_eq!(of("x watch", "", Some("key")).unwrap(), None);
    }

    #[test]
    fn flags_beat_the_environment_which_beats_the_file() {
        let line = "x watch --webhook-url https://a.example/x --webhook-form cloudevents \
                    --webhook-redact=false --webhook-timeout 1m";
        let typed = of(line, FILE, Some("hunter2")).unwrap().unwrap();
        let url = Secret::Given("https://a.example/x".to_owned());
        assert_eq!((typed.url, typed.form), (url, Form::CloudEvents));
        assert_eq!(typed.key, Some(Secret::Given("hunter2".to_owned())));
        assert!(!typed.redact);
        assert_eq!(typed.timeout, Duration::from_secs(60));
        let both = of("x watch --webhook-key-file k", FILE, Some("hunter2"));
        let key = both.unwrap().unwrap().key;
        assert_eq!(key, Some(Secret::File("k".into())));
        // A variable that is empty is as good as none.
        let key = of("x watch", FILE, Some("")).unwrap().unwrap().key;
        assert_eq!(key, Some(Secret::File("/run/key".into())));
    }

    #[test]
    fn what_cannot_be_is_refused_and_secrets_are_not_shown() {
        for (line, file) in [
            ("x watch --webhook-url hooks.example/hunter2", ""),
            ("x watch", "webhook: {url: ftp://hunter2/}\n"),
            ("x watch", "webhook: {url: http://a/, urlFile: a}\n"),
            ("x watch", "webhook: {form: xml}\n"),
            ("x watch", "webhook: {timeout: 0}\n"),
            ("x watch", "webhook: {source: 'a b'}\n"),
            ("x watch --webhook-form slack", ""),
            ("x watch --webhook-key-file k", ""),
        ] {
            let refused = of(line, file, None).unwrap_err();
            assert_eq!(refused.exit().code(), 2, "{line}: {file}");
            let text = refused.render();
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}
