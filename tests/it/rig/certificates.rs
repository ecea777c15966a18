//! An authority with certificates for this machine's loopback address.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{WantsServerCert, WebPkiClientVerifier};
use rustls::{ConfigBuilder, RootCertStore, ServerConfig};

/// An authority that signs what it is asked to.
pub(crate) struct Authority {
    /// Its certificate.
    pub(crate) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A signed certificate with its key, both in PEM.
pub(crate) struct Identity {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = parameters.self_signed(&key).expect("a certificate").pem();
        Self {
            pem,
            issuer: Issuer::new(parameters, key),
        }
    }

    /// For a server on this machine, or for a client.
    pub(crate) fn identity(&self) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        let parameters = CertificateParams::new(names).expect("names of this machine");
        let signed = parameters.signed_by(&key, &self.issuer);
        Identity {
            certificate: signed.expect("a signed certificate").pem(),
            key: key.serialize_pem(),
        }
    }

    /// How a server on this machine speaks TLS.
    pub(crate) fn server_config(&self) -> ServerConfig {
        self.with(ServerConfig::builder().with_no_client_auth())
    }

    /// The same for a server that lets in only whom `clients` has signed.
    pub(crate) fn server_config_for(&self, clients: &Self) -> ServerConfig {
        let certificate = CertificateDer::from_pem_slice(clients.pem.as_bytes());
        let mut roots = RootCertStore::empty();
        roots
            .add(certificate.expect("PEM of a certificate"))
            .expect("an authority");
        let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build();
        let builder = ServerConfig::builder();
        self.with(builder.with_client_cert_verifier(verifier.expect("a verifier")))
    }

    fn with(&self, builder: ConfigBuilder<ServerConfig, WantsServerCert>) -> ServerConfig {
        let identity = self.identity();
        let certificate = CertificateDer::from_pem_slice(identity.certificate.as_bytes());
        let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes());
        builder
            .with_single_cert(
                vec![certificate.expect("PEM of a certificate")],
                key.expect("PEM of a key"),
            )
            .expect("a certificate that fits its key")
    }
}
