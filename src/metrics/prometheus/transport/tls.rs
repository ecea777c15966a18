//! The TLS side of a direct connection: whom to trust and who we are.

use std::path::Path;

use reqwest::{Certificate, ClientBuilder, Identity};

use super::address::Address;
use crate::metrics::prometheus::Options;
use crate::metrics::prometheus::error::{Error, File};
use crate::web;

/// Builds the HTTP client with the certificates that `options` name.
///
/// Where this machine has no CA certificates at all, a client for http URLs is built without
/// any, since it will never need them.
pub(super) fn build(
    address: &Address,
    options: &Options,
    builder: impl Fn() -> ClientBuilder,
) -> Result<reqwest::Client, Error> {
    web::install_cryptography();
    let identity = identity(options)?;
    let authorities = authorities(options)?;
    let trusting = |authorities: Option<Vec<Certificate>>| {
        let builder = builder().tls_danger_accept_invalid_certs(options.insecure);
        let builder = identity
            .iter()
            .fold(builder, |it, identity| it.identity(identity.clone()));
        match authorities {
            Some(only) => builder.tls_certs_only(only),
            None => builder,
        }
        .build()
    };
    let given = authorities.is_some() || options.insecure;
    match trusting(authorities) {
        Ok(client) => Ok(client),
        Err(_) if !given && !address.is_https() => {
            trusting(Some(Vec::new())).map_err(|source| setup_error(address, given, source))
        }
        Err(source) => Err(setup_error(address, given, source)),
    }
}

fn setup_error(address: &Address, given: bool, source: reqwest::Error) -> Error {
    let url = address.shown();
    let source = Box::new(source.without_url());
    if given {
        Error::Setup { url, source }
    } else {
        Error::NoCertificates { url, source }
    }
}

fn authorities(options: &Options) -> Result<Option<Vec<Certificate>>, Error> {
    let Some(path) = &options.ca_file else {
        return Ok(None);
    };
    let file = File::CertificateAuthority;
    let pem = read(file, path)?;
    let certificates = Certificate::from_pem_bundle(&pem)
        .map_err(|_| invalid(file, path, "it is not a PEM certificate"))?;
    if certificates.is_empty() {
        return Err(invalid(file, path, "it holds no PEM certificate"));
    }
    Ok(Some(certificates))
}

/// The client certificate; its key may stand in the same file.
fn identity(options: &Options) -> Result<Option<Identity>, Error> {
    let (certificate, key) = match (&options.client_certificate, &options.client_key) {
        (Some(certificate), key) => (certificate, key.as_deref()),
        (None, Some(key)) => {
            let problem = "it is of no use without the client certificate";
            return Err(invalid(File::ClientKey, key, problem));
        }
        (None, None) => return Ok(None),
    };
    let mut pem = read(File::ClientCertificate, certificate)?;
    if let Some(key) = key {
        pem.push(b'\n');
        pem.extend(read(File::ClientKey, key)?);
    }
    // The parser does not say which of the two it misses.
    let has = |label: &str| pem.windows(label.len()).any(|it| it == label.as_bytes());
    if !has("CERTIFICATE-----") {
        let problem = "it holds no PEM certificate";
        return Err(invalid(File::ClientCertificate, certificate, problem));
    }
    Identity::from_pem(&pem).map(Some).map_err(|_| match key {
        Some(key) => invalid(File::ClientKey, key, "it holds no PEM key"),
        None => {
            let problem = "it holds no PEM key, and no file with the key is given";
            invalid(File::ClientCertificate, certificate, problem)
        }
    })
}

fn read(file: File, path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::File {
        file,
        path: path.to_owned(),
        source,
    })
}

fn invalid(file: File, path: &Path, problem: &str) -> Error {
    Error::InvalidFile {
        file,
        path: path.to_owned(),
        problem: problem.to_owned(),
    }
}
