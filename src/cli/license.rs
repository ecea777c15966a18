//! `license`: make, check and show licenses; and the one way in which others come to theirs.

mod artifact;
mod files;
mod issue;

use jiff::{SignedDuration, Timestamp};

use super::context::Context;
use super::decide::beside;
use crate::cluster::{self, Cluster};
use crate::config::license::{
    Checked, Form, KeySource, License, LicenseConfig, SecretName, Source,
};
use crate::error::{self, Error, Exit};
use crate::license::keys::{KeyId, PublicKey};
use crate::license::{self, State, Trial};
use crate::lifecycle::guard;
use crate::output::license::{LicenseReport, write};
use files::LICENSE;

pub(super) async fn run(cx: Context, config: LicenseConfig) -> Result<Exit, Error> {
    match config {
        LicenseConfig::Keygen { private, public } => issue::keygen(&cx, &private, &public),
        LicenseConfig::Issue(config) => issue::issue(&cx, &config),
        LicenseConfig::Verify(config) => verify(&cx, &config).await,
        LicenseConfig::Show(config, form) => show(&cx, &config, form).await,
        LicenseConfig::SignArtifact(config) => artifact::sign(&cx, &config),
        LicenseConfig::VerifyArtifact(config) => artifact::verify(&cx, &config),
    }
}

/// What a license allows, and where it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    pub(crate) state: State,
    /// `license.json`, `secret/license in namespace ops`, `none named`.
    pub(crate) source: String,
    /// The key that it was checked with.
    pub(crate) key: Option<KeyId>,
}

impl Resolved {
    /// The same for the preconditions of `apply`.
    pub(crate) fn allowance(&self) -> guard::License {
        match &self.state {
            State::Licensed(_) => guard::License::Valid,
            State::Grace { days_left, .. } => guard::License::Grace {
                days_left: *days_left,
            },
            State::Unlicensed(why) => guard::License::None {
                why: why.to_string(),
            },
        }
    }

    /// What users must be told of a license that still counts.
    pub(crate) fn warning(&self) -> Option<String> {
        match &self.state {
            State::Grace { .. } => Some(format!("the license ({}) {}", self.source, self.state)),
            State::Licensed(_) | State::Unlicensed(_) => None,
        }
    }

    /// # Errors
    /// Where nothing may be applied.
    pub(crate) fn require(self) -> Result<Self, Error> {
        match self.state {
            State::Licensed(_) | State::Grace { .. } => Ok(self),
            State::Unlicensed(why) => Err(error::license::Error::Unlicensed {
                source_name: self.source,
                why: Box::new(why),
            }
            .into()),
        }
    }
}

/// What the license of `config` allows at `now`. A license that does not count is an answer.
///
/// # Errors
/// Where a file that is named, or the Secret, cannot be read; the Secret needs a cluster.
pub(crate) async fn resolve(
    cluster: Option<&Cluster>,
    config: &License,
    now: Timestamp,
) -> Result<Resolved, Error> {
    let papers = Papers::read(cluster, config).await?;
    Ok(papers.resolved(now, config.grace))
}

/// A trial license of a key that nobody keeps, for a demo.
///
/// # Errors
/// Where the system has no randomness.
pub(crate) fn trial(now: Timestamp) -> Result<Trial, Error> {
    Ok(license::trial(&*issue::seed()?, now))
}

/// A license, its signature and the public key as they were found, not yet checked.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Papers {
    payload: Option<Vec<u8>>,
    signature: Option<Vec<u8>>,
    source: Option<String>,
    key: Option<String>,
}

impl Papers {
    /// # Errors
    /// Where a file that is named, or the Secret, cannot be read; the Secret needs a cluster.
    pub(crate) async fn read(cluster: Option<&Cluster>, config: &License) -> Result<Self, Error> {
        let papers = match &config.source {
            None => Self::default(),
            Some(Source::Files { license, signature }) => {
                Self::of_files(license, signature.as_deref())?
            }
            Some(Source::Secret(secret)) => Self::of_secret(cluster, secret).await?,
        };
        let key = config.public_key.as_ref();
        let key = key.map(|it| key_text("--license-public-key", it));
        Ok(Self {
            key: key.transpose()?,
            ..papers
        })
    }

    /// What they allow at `now`.
    pub(crate) fn resolved(&self, now: Timestamp, grace: SignedDuration) -> Resolved {
        let (payload, signature) = (self.payload.as_deref(), self.signature.as_deref());
        let (key, source) = (self.key.as_deref(), self.source.clone());
        Resolved {
            state: license::state(payload, signature, key, now, grace),
            source: source.unwrap_or_else(|| "none named".to_owned()),
            key: key
                .and_then(|it| PublicKey::parse(it).ok())
                .map(|it| it.id()),
        }
    }

    fn of_files(
        license: &std::path::Path,
        signature: Option<&std::path::Path>,
    ) -> Result<Self, Error> {
        let payload = files::read("--license", license, LICENSE)?;
        let found = match signature {
            Some(path) => Some(files::read("--license-signature", path, LICENSE)?),
            None => files::read_if_present("--license-signature", &beside(license), LICENSE)?,
        };
        Ok(Self {
            payload: Some(payload),
            signature: found,
            source: Some(license.display().to_string()),
            key: None,
        })
    }

    async fn of_secret(cluster: Option<&Cluster>, secret: &SecretName) -> Result<Self, Error> {
        use error::license::Error::{NoCluster, NoSecret, NoSecretKey};
        let name = || secret.clone();
        let cluster = cluster.ok_or_else(|| NoCluster { secret: name() })?;
        let SecretName {
            namespace,
            name: of,
        } = secret;
        let found = cluster.secret(namespace, of).await?;
        let found = found.ok_or_else(|| NoSecret { secret: name() })?;
        let value = |key| {
            let value = found.get(key).ok_or_else(|| NoSecretKey {
                secret: name(),
                key,
            });
            value.map(|it| Some(it.to_vec()))
        };
        Ok(Self {
            payload: value("license")?,
            signature: value("signature")?,
            source: Some(format!("secret/{of} in namespace {namespace}")),
            key: None,
        })
    }
}

/// The text of a public key. What is wrong with it is not said here.
fn key_text(flag: &'static str, key: &KeySource) -> Result<String, Error> {
    match key {
        KeySource::Inline(text) => Ok(text.clone()),
        KeySource::File(path) => {
            let bytes = files::read(flag, path, LICENSE)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
    }
}

async fn verify(cx: &Context, config: &Checked) -> Result<Exit, Error> {
    let resolved = checked(cx, config).await?.0.require()?;
    if let Some(license) = resolved.state.license() {
        let (customer, plan) = (&license.customer, license.plan.word());
        let (source, expires) = (&resolved.source, license.expires_at);
        let state = resolved.state.word();
        cx.print(|out| {
            writeln!(
                out,
                "{state}: {customer}, plan {plan}, expires at {expires} ({source})"
            )
        })?;
    }
    warn(cx, &resolved);
    Ok(Exit::Clean)
}

async fn show(cx: &Context, config: &Checked, form: Form) -> Result<Exit, Error> {
    let (resolved, now) = checked(cx, config).await?;
    let report = LicenseReport::new(&resolved.state, &resolved.source, resolved.key, now);
    cx.print(|out| write(out, &report, form))?;
    warn(cx, &resolved);
    if let State::Unlicensed(why) = &resolved.state {
        cx.note(&format!("hint: {}", error::license::unlicensed_hint(why)));
    }
    Ok(Exit::Clean)
}

fn warn(cx: &Context, resolved: &Resolved) {
    if let Some(warning) = resolved.warning() {
        cx.note(&format!("warning: {warning}"));
    }
}

async fn checked(cx: &Context, config: &Checked) -> Result<(Resolved, Timestamp), Error> {
    let now = config.now.unwrap_or_else(|| cx.now());
    let cluster = match &config.license.source {
        Some(Source::Secret(_)) => Some(cluster::connect(&config.connection).await?),
        Some(Source::Files { .. }) | None => None,
    };
    Ok((resolve(cluster.as_ref(), &config.license, now).await?, now))
}
