//! `license keygen` and `license issue`.

use std::path::Path;

use jiff::Timestamp;

use super::files::{self, New, Readers};
use crate::cli::context::Context;
use crate::config::license::{Ends, Issue};
use crate::error::{self, Error, Exit};
use crate::license::keys::{Erased, PrivateKey};
use crate::license::payload::License;

pub(super) fn keygen(cx: &Context, private: &Path, public: &Path) -> Result<Exit, Error> {
    let key = PrivateKey::from_seed(&*seed()?);
    let (pem, public_pem) = (key.to_pem(), key.public().to_pem());
    let private_file = New {
        flag: "--private-key",
        path: private,
        readers: Readers::Owner,
        bytes: pem.as_bytes(),
    };
    let public_file = New {
        flag: "--public-key",
        path: public,
        readers: Readers::Everybody,
        bytes: public_pem.as_bytes(),
    };
    files::write_both(&private_file, &public_file)?;
    let (id, private, public) = (key.public().id(), private.display(), public.display());
    cx.print(|out| {
        writeln!(out, "key {id}")?;
        writeln!(out, "  private: {private}  signs; keep it to yourself")?;
        writeln!(
            out,
            "  public:  {public}  checks; give it to whoever is to trust it"
        )
    })?;
    Ok(Exit::Clean)
}

/// What a new key is made of.
pub(super) fn seed() -> Result<Erased<[u8; 32]>, Error> {
    let mut seed = Erased::new([0; 32]);
    getrandom::fill(&mut *seed).map_err(|it| error::license::Error::NoRandomness {
        why: it.to_string(),
    })?;
    Ok(seed)
}

pub(super) fn issue(cx: &Context, config: &Issue) -> Result<Exit, Error> {
    let license = license(config, cx.now())?;
    let key = private_key(cx, &config.private_key)?;
    let payload = license.to_bytes();
    let signature = key.sign(&payload).to_text();
    let license_file = New {
        flag: "--out",
        path: &config.license,
        readers: Readers::Everybody,
        bytes: &payload,
    };
    let signature_file = New {
        flag: "--signature",
        path: &config.signature,
        readers: Readers::Everybody,
        bytes: signature.as_bytes(),
    };
    files::write_both(&license_file, &signature_file)?;
    let (file, signature) = (config.license.display(), config.signature.display());
    let (id, expires) = (key.public().id(), license.expires_at);
    cx.print(|out| {
        writeln!(
            out,
            "{file} expires at {expires}, signed by key {id} in {signature}"
        )
    })?;
    Ok(Exit::Clean)
}

/// The key in a file; tells if others may read it too.
pub(super) fn private_key(cx: &Context, path: &Path) -> Result<PrivateKey, Error> {
    let (key, is_open) = files::read_private_key(path)?;
    if is_open {
        let path = path.display();
        cx.note(&format!(
            "warning: the private key {path} can be read by others; `chmod 600 {path}`"
        ));
    }
    Ok(key)
}

fn license(config: &Issue, now: Timestamp) -> Result<License, Error> {
    let too_early = || Error::from(error::license::Error::EndsBeforeItBegins);
    // Nobody needs to read nanoseconds.
    let issued_at = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let expires_at = match config.ends {
        Ends::At(time) => time,
        Ends::After(length) => issued_at.checked_add(length).map_err(|_| too_early())?,
    };
    if expires_at <= now {
        return Err(too_early());
    }
    Ok(License {
        customer: config.customer.clone(),
        plan: config.plan,
        issued_at,
        expires_at,
        max_clusters: config.max_clusters,
        features: config.features.clone(),
    })
}
