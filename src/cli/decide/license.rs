//! Which license counts, and what the subcommands of `license` are to do.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{Origin, connection};
use crate::cli::args::GlobalArgs;
use crate::cli::args::license::{
    IssueArgs, KeygenArgs, LicenseArgs, LicenseCommand, SignArtifactArgs, VerifyArtifactArgs,
};
use crate::cli::conflicts::CONNECTION;
use crate::config::Format;
use crate::config::license::{
    self, Artifact, Checked, Ends, Form, Issue, License, LicenseConfig, SecretName, SignedArtifact,
    Source,
};
use crate::error::Error;

const PRIVATE_NAME: &str = "stepscale-license.key";
const PUBLIC_NAME: &str = "stepscale-license.pub";

pub(in crate::cli) fn license(
    global: &GlobalArgs,
    command: &LicenseCommand,
    origin: &Origin<'_>,
) -> Result<LicenseConfig, Error> {
    let checked = |args: &LicenseArgs, now| {
        let license = license_of(args, origin)?;
        if !matches!(license.source, Some(Source::Secret(_))) {
            refuse_connection(origin, "a license in a file asks no cluster")?;
        }
        refuse_namespace(origin)?;
        let connection = connection(&global.connection, origin)?;
        Ok::<_, Error>(Checked {
            license,
            connection,
            now,
        })
    };
    Ok(match command {
        LicenseCommand::Verify(args) => LicenseConfig::Verify(checked(&args.license, args.now)?),
        LicenseCommand::Show(args) => {
            LicenseConfig::Show(checked(&args.license, args.now)?, form(args.form, origin)?)
        }
        LicenseCommand::Keygen(args) => offline(origin).map(|()| keygen(args))?,
        LicenseCommand::Issue(args) => offline(origin).map(|()| issue(args))?,
        LicenseCommand::SignArtifact(args) => offline(origin).map(|()| sign_artifact(args))?,
        LicenseCommand::VerifyArtifact(args) => offline(origin).map(|()| verify_artifact(args))?,
    })
}

/// The license that flags, environment and configuration file name, the first of these that does.
///
/// # Errors
/// Where one of them names both a file and a Secret, or the file has a bad value.
pub(in crate::cli) fn license_of(
    args: &LicenseArgs,
    origin: &Origin<'_>,
) -> Result<License, Error> {
    let signature = args.license_signature.clone();
    let signature = origin.or_file(signature, "license.signature", license::path)?;
    let key = args.license_public_key.clone();
    let default = License::default();
    Ok(License {
        source: source(args, signature, origin)?,
        public_key: origin.or_file(key, "license.publicKey", license::key_source)?,
        grace: origin.or(
            args.license_grace,
            "license.graceDays",
            license::grace,
            default.grace,
        )?,
    })
}

fn source(
    args: &LicenseArgs,
    signature: Option<PathBuf>,
    origin: &Origin<'_>,
) -> Result<Option<Source>, Error> {
    let in_file = (
        origin.or_file(None, "license.file", license::path)?,
        origin.or_file(None, "license.secret", license::secret_name)?,
    );
    let named = match (
        origin.is_typed("license"),
        origin.is_typed("license_secret"),
    ) {
        (true, _) => (args.license.clone(), None),
        (false, true) => (None, args.license_secret.clone()),
        (false, false) => match (&args.license, &args.license_secret) {
            (None, None) => one_of(in_file, "license.file and license.secret")?,
            _ => one_of(
                (args.license.clone(), args.license_secret.clone()),
                "STEPSCALE_LICENSE and STEPSCALE_LICENSE_SECRET",
            )?,
        },
    };
    Ok(match named {
        (Some(license), _) => Some(Source::Files { license, signature }),
        (None, Some(secret)) => Some(Source::Secret(secret)),
        (None, None) => None,
    })
}

type Named = (Option<PathBuf>, Option<SecretName>);

fn one_of(named: Named, both: &str) -> Result<Named, Error> {
    if named.0.is_some() && named.1.is_some() {
        return Err(Error::Usage {
            message: format!("{both} are both set, and name two licenses"),
            hint: Some("leave one of them out, or pass --license or --license-secret".to_owned()),
        });
    }
    Ok(named)
}

fn form(typed: Option<Form>, origin: &Origin<'_>) -> Result<Form, Error> {
    Ok(typed.unwrap_or(match origin.format_in_file()? {
        Some(Format::Json) => Form::Json,
        Some(Format::Yaml) => Form::Yaml,
        // What reports are like otherwise, a license has no forms for.
        Some(Format::Table | Format::Wide | Format::Name) | None => Form::Table,
    }))
}

fn keygen(args: &KeygenArgs) -> LicenseConfig {
    let folder = args.out_dir.clone().unwrap_or_default();
    let private = args.private_key.clone();
    let public = args.public_key.clone();
    LicenseConfig::Keygen {
        private: private.unwrap_or_else(|| folder.join(PRIVATE_NAME)),
        public: public.unwrap_or_else(|| folder.join(PUBLIC_NAME)),
    }
}

fn issue(args: &IssueArgs) -> LicenseConfig {
    let ends = match (args.expires, args.days) {
        (Some(at), _) => Ends::At(at),
        (None, days) => Ends::After(days.unwrap_or_default()),
    };
    LicenseConfig::Issue(Issue {
        private_key: args.private_key.clone(),
        customer: args.customer.clone(),
        plan: args.plan,
        ends,
        max_clusters: args.max_clusters,
        features: args.features.clone(),
        license: args.out.clone(),
        signature: or_beside(args.signature.as_ref(), &args.out),
    })
}

fn sign_artifact(args: &SignArtifactArgs) -> LicenseConfig {
    LicenseConfig::SignArtifact(SignedArtifact {
        artifact: args.artifact.clone(),
        private_key: args.private_key.clone(),
        signature: or_beside(args.signature.as_ref(), &args.artifact),
    })
}

fn verify_artifact(args: &VerifyArtifactArgs) -> LicenseConfig {
    LicenseConfig::VerifyArtifact(Artifact {
        artifact: args.artifact.clone(),
        signature: or_beside(args.signature.as_ref(), &args.artifact),
        public_key: args.public_key.clone(),
    })
}

fn or_beside(given: Option<&PathBuf>, signed: &Path) -> PathBuf {
    given.cloned().unwrap_or_else(|| beside(signed))
}

/// Where the signature of a file is unless somebody says otherwise: `FILE.sig`.
pub(in crate::cli) fn beside(signed: &Path) -> PathBuf {
    let mut name = OsString::from(signed);
    name.push(".sig");
    name.into()
}

fn offline(origin: &Origin<'_>) -> Result<(), Error> {
    refuse_connection(origin, "this asks no cluster")?;
    refuse_namespace(origin)
}

fn refuse_connection(origin: &Origin<'_>, why: &str) -> Result<(), Error> {
    match CONNECTION.into_iter().find(|it| origin.is_typed(it)) {
        None => Ok(()),
        Some(flag) => Err(Error::Usage {
            message: format!("--{} has no effect: {why}", flag.replace('_', "-")),
            hint: Some("leave it out".to_owned()),
        }),
    }
}

fn refuse_namespace(origin: &Origin<'_>) -> Result<(), Error> {
    if !origin.is_typed("namespace") {
        return Ok(());
    }
    Err(Error::Usage {
        message: "--namespace has no effect: no license belongs to a namespace".to_owned(),
        hint: Some("a Secret is named with its own: --license-secret NAMESPACE/NAME".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use clap::FromArgMatches;
    use jiff::SignedDuration;

    use super::*;
    use crate::cli::args::{Cli, Command};
    use crate::config::file::File;
    use crate::config::license::KeySource;

    fn decided(line: &str, file: &str) -> Result<LicenseConfig, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yaml");
        std::fs::write(&path, file).unwrap();
        let file = File::read(&path)?;
        let command = crate::cli::command(OsStr::new("kubectl-stepscale"));
        let matches = command
            .try_get_matches_from(line.split_whitespace())
            .unwrap();
        let cli = Cli::from_arg_matches(&matches).unwrap();
        let Command::License(command) = cli.command else {
            panic!("{line} is not license");
        };
        let typed = crate::cli::conflicts::innermost(&matches).1;
        license(&cli.global, &command, &Origin::new(&file, typed))
    }

    fn shown(line: &str, file: &str) -> License {
        match decided(line, file) {
            Ok(LicenseConfig::Show(checked, _) | LicenseConfig::Verify(checked)) => checked.license,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn files(license: &str, signature: Option<&str>) -> Option<Source> {
        Some(Source::Files {
            license: license.into(),
            signature: signature.map(PathBuf::from),
        })
    }

    #[test]
    fn a_license_that_was_typed_beats_the_one_of_the_file() {
        let file = "license: {secret: ops/license, publicKey: a.pub, graceDays: 3}\n";
        let secret = |name: &str| {
            Some(Source::Secret(SecretName {
                namespace: "ops".to_owned(),
                name: name.to_owned(),
            }))
        };
        let in_file = License {
            source: secret("license"),
            public_key: Some(KeySource::File("a.pub".into())),
            grace: SignedDuration::from_hours(72),
        };
        assert_eq!(shown("x license show", file), in_file);
        let typed = shown("x license verify --license l --license-grace-days 0", file);
        let expected = License {
            source: files("l", None),
            grace: SignedDuration::ZERO,
            ..in_file
        };
        assert_eq!(typed, expected);
        let other = shown(
            "x license show --license-secret ops/b",
            "license: {file: l}\n",
        );
        assert_eq!(other.source, secret("b"));
        let both = shown("x license show", "license: {file: l, signature: s}\n");
        assert_eq!(both.source, files("l", Some("s")));
        assert_eq!(shown("x license show", ""), License::default());
    }

    #[test]
    fn a_configuration_names_one_license() {
        let two = decided("x license show", "license: {file: l, secret: a/b}\n");
        assert!(matches!(two, Err(Error::Usage { .. })), "{two:?}");
        let bad = decided("x license show --license l", "license: {secret: a}\n");
        assert!(matches!(bad, Err(Error::ConfigFile(_))), "{bad:?}");
    }

    #[test]
    fn connections_without_a_cluster_to_ask_are_refused() {
        let refused = [
            "x license keygen --out-dir d --context c",
            "x license show --license l --kubeconfig k",
            "x license show --license-secret a/b -n a",
        ];
        for line in refused {
            let said = decided(line, "");
            assert!(matches!(said, Err(Error::Usage { .. })), "{line}: {said:?}");
        }
        let LicenseConfig::Show(checked, _) =
            decided("x license show --license-secret a/b --context c", "").unwrap()
        else {
            panic!("not show");
        };
        assert_eq!(checked.connection.context.as_deref(), Some("c"));
    }

    #[test]
    fn signatures_are_beside_what_they_sign() {
        let config = decided("x license sign-artifact a.tar.gz --private-key k", "").unwrap();
        let LicenseConfig::SignArtifact(config) = config else {
            panic!("not sign-artifact");
        };
        assert_eq!(config.signature, PathBuf::from("a.tar.gz.sig"));
        let LicenseConfig::Keygen { private, public } =
            decided("x license keygen --out-dir d", "").unwrap()
        else {
            panic!("not keygen");
        };
        assert_eq!(private, PathBuf::from("d/stepscale-license.key"));
        assert_eq!(public, PathBuf::from("d/stepscale-license.pub"));
    }

    #[test]
    fn the_form_of_other_reports_is_kept_where_a_license_has_it() {
        let form = |line: &str, file: &str| match decided(line, file) {
            Ok(LicenseConfig::Show(_, form)) => form,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            form("x license show", "output: {format: yaml}\n"),
            Form::Yaml
        );
        assert_eq!(
            form("x license show", "output: {format: wide}\n"),
            Form::Table
        );
        assert_eq!(
            form("x license show", "output: {format: html}\n"),
            Form::Table
        );
        assert_eq!(
            form("x license show -o json", "output: {format: yaml}\n"),
            Form::Json
        );
    }
}
