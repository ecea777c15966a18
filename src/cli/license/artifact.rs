//! `license sign-artifact` and `license verify-artifact`.

use super::files::{self, ARTIFACT, LICENSE, New, Readers};
use super::issue::private_key;
use super::key_text;
use crate::cli::context::Context;
use crate::config::license::{Artifact, KeySource, SignedArtifact};
use crate::error::license::Error as Refusal;
use crate::error::{Error, Exit};
use crate::license::keys::PublicKey;
use crate::license::payload::License;
use crate::license::signature::Signature;

pub(super) fn sign(cx: &Context, config: &SignedArtifact) -> Result<Exit, Error> {
    let artifact = files::read("FILE", &config.artifact, ARTIFACT)?;
    // Its signature would make it valid, whoever wrote it.
    if License::parse(&artifact).is_ok() {
        return Err(Refusal::ArtifactIsLicense {
            artifact: config.artifact.clone(),
        }
        .into());
    }
    let key = private_key(cx, &config.private_key)?;
    let text = key.sign(&artifact).to_text();
    let signature = New {
        flag: "--signature",
        path: &config.signature,
        readers: Readers::Everybody,
        bytes: text.as_bytes(),
    };
    signature.write()?;
    let (file, signature) = (config.artifact.display(), config.signature.display());
    let id = key.public().id();
    cx.print(|out| writeln!(out, "{file} signed by key {id} in {signature}"))?;
    Ok(Exit::Clean)
}

pub(super) fn verify(cx: &Context, config: &Artifact) -> Result<Exit, Error> {
    let key = public_key(&config.public_key)?;
    let signature = files::read("--signature", &config.signature, LICENSE)?;
    let signature = Signature::parse(&signature).map_err(|source| Refusal::Signature {
        path: config.signature.clone(),
        source,
    })?;
    let artifact = files::read("FILE", &config.artifact, ARTIFACT)?;
    key.check(&artifact, &signature)
        .map_err(|why| Refusal::Artifact {
            artifact: config.artifact.clone(),
            why,
        })?;
    let (file, id) = (config.artifact.display(), key.id());
    cx.print(|out| writeln!(out, "{file} is as key {id} signed it"))?;
    Ok(Exit::Clean)
}

fn public_key(key: &KeySource) -> Result<PublicKey, Error> {
    let place = match key {
        KeySource::Inline(_) => "--public-key".to_owned(),
        KeySource::File(path) => path.display().to_string(),
    };
    let text = key_text("--public-key", key)?;
    PublicKey::parse(&text).map_err(|source| Refusal::Key { place, source }.into())
}
