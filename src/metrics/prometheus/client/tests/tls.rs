//! Servers and clients with certificates.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tempfile::TempDir;

use super::{at, numbered};
use crate::metrics::prometheus::client::fake::{
    EMPTY_VECTOR, client_with, json, options, serve, serve_tls,
};
use crate::metrics::prometheus::{Error, Options, TlsProblem, Transport};

/// An authority, a server whose certificate it signed, and a client's.
struct Keys {
    folder: TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Keys {
    fn new() -> Self {
        Self::of("our authority")
    }

    fn of(name: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let authority = CertifiedIssuer::self_signed(params, key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        Self { folder, authority }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn signed(&self, params: CertificateParams) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.authority).unwrap();
        (certificate, key)
    }

    /// Writes `client.pem` and `client-key.pem`.
    fn write_client(&self) {
        let params = CertificateParams::new(["client".to_owned()]).unwrap();
        let (certificate, key) = self.signed(params);
        std::fs::write(self.path("client.pem"), certificate.pem()).unwrap();
        std::fs::write(self.path("client-key.pem"), key.serialize_pem()).unwrap();
    }

    fn server(&self, name: &str) -> ServerConfig {
        self.server_of(CertificateParams::new([name.to_owned()]).unwrap(), false)
    }

    fn server_of(&self, params: CertificateParams, asks_client: bool) -> ServerConfig {
        let (certificate, key) = self.signed(params);
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let builder = ServerConfig::builder();
        let builder = if asks_client {
            let mut roots = RootCertStore::empty();
            roots.add(self.authority.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder(Arc::new(roots));
            builder.with_client_cert_verifier(verifier.build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let chain = vec![certificate.der().clone()];
        builder.with_single_cert(chain, key).unwrap()
    }

    fn trusting(&self) -> Options {
        Options {
            ca_file: Some(self.path("ca.pem")),
            ..options()
        }
    }
}

async fn ask(config: ServerConfig, options: &Options) -> Result<(), Error> {
    let url = serve_tls(config, numbered(|_| json(EMPTY_VECTOR))).await;
    let client = client_with(&url, options);
    client.instant("up", at(1)).await.map(|_| ())
}

fn problem(outcome: Result<(), Error>) -> TlsProblem {
    match outcome {
        Err(Error::Tls { problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_is_trusted_by_the_authority_that_is_given() {
    let keys = Keys::new();
    ask(keys.server("localhost"), &keys.trusting())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_server_of_an_unknown_authority_is_not_trusted_unless_all_are() {
    let keys = Keys::new();
    for other in ["our authority", "another authority"] {
        let outcome = ask(keys.server("localhost"), &Keys::of(other).trusting()).await;
        assert_eq!(problem(outcome), TlsProblem::UnknownAuthority);
    }
    let insecure = Options {
        insecure: true,
        ..options()
    };
    ask(keys.server("localhost"), &insecure).await.unwrap();
}

#[tokio::test]
async fn a_certificate_for_another_name_or_time_is_not_trusted() {
    let keys = Keys::new();
    let outcome = ask(keys.server("example.com"), &keys.trusting()).await;
    assert_eq!(problem(outcome), TlsProblem::WrongName);
    let mut old = CertificateParams::new(["localhost".to_owned()]).unwrap();
    old.not_after = rcgen::date_time_ymd(2001, 1, 1);
    let outcome = ask(keys.server_of(old, false), &keys.trusting()).await;
    assert_eq!(problem(outcome), TlsProblem::Expired);
}

#[tokio::test]
async fn a_server_without_tls_is_told() {
    let url = serve(numbered(|_| json(EMPTY_VECTOR))).await;
    let url = url.replace("http:", "https:");
    let keys = Keys::new();
    let client = client_with(&url, &keys.trusting());
    let outcome = client.instant("up", at(1)).await.map(|_| ());
    assert_eq!(problem(outcome), TlsProblem::NotTls);
    assert_eq!(client.traffic().requests, 1);
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_one_is_wanted() {
    let keys = Keys::new();
    keys.write_client();
    let server = || {
        keys.server_of(
            CertificateParams::new(["localhost".to_owned()]).unwrap(),
            true,
        )
    };
    let outcome = ask(server(), &keys.trusting()).await;
    assert_eq!(problem(outcome), TlsProblem::ClientCertificate);

    let with_key = Options {
        client_certificate: Some(keys.path("client.pem")),
        client_key: Some(keys.path("client-key.pem")),
        ..keys.trusting()
    };
    ask(server(), &with_key).await.unwrap();

    let both = [keys.path("client.pem"), keys.path("client-key.pem")]
        .map(|it| std::fs::read_to_string(it).unwrap());
    std::fs::write(keys.path("both.pem"), both.concat()).unwrap();
    let in_one = Options {
        client_certificate: Some(keys.path("both.pem")),
        ..keys.trusting()
    };
    ask(server(), &in_one).await.unwrap();
}

#[test]
fn files_without_certificates_are_named() {
    let keys = Keys::new();
    keys.write_client();
    std::fs::write(keys.path("text"), "hello").unwrap();
    let shown = |path: &Path| path.display().to_string();
    let authority = |name: &str| Options {
        ca_file: Some(keys.path(name)),
        ..options()
    };
    let client = |certificate: Option<&str>, key: Option<&str>| Options {
        client_certificate: certificate.map(|it| keys.path(it)),
        client_key: key.map(|it| keys.path(it)),
        ..options()
    };
    let cases = [
        (
            authority("none"),
            "cannot read the Prometheus CA file DIR/none",
        ),
        (
            authority("text"),
            "Prometheus CA file DIR/text is not valid: it holds no PEM certificate",
        ),
        (
            client(Some("text"), Some("client-key.pem")),
            "Prometheus client certificate DIR/text is not valid: it holds no PEM certificate",
        ),
        (
            client(Some("client.pem"), Some("text")),
            "Prometheus client key DIR/text is not valid: it holds no PEM key",
        ),
        (
            client(Some("client.pem"), None),
            "Prometheus client certificate DIR/client.pem is not valid: it holds no PEM key, and no file with the key is given",
        ),
        (
            client(None, Some("client-key.pem")),
            "Prometheus client key DIR/client-key.pem is not valid: it is of no use without the client certificate",
        ),
    ];
    for (options, expected) in cases {
        let error = Transport::direct("https://p", &options).err().unwrap();
        let message = error.to_string().replace(&shown(keys.folder.path()), "DIR");
        assert_eq!(message, expected);
    }
}

/// Run by the test below in an environment without certificates.
#[tokio::test]
#[ignore = "for a machine without CA certificates: run by a_machine_without_certificates"]
async fn without_certificates() {
    let url = serve(numbered(|_| json(EMPTY_VECTOR))).await;
    let plain = client_with(&url, &options());
    assert_eq!(plain.instant("up", at(1)).await.unwrap(), []);
    let error = Transport::direct("https://p", &options()).err().unwrap();
    assert!(matches!(error, Error::NoCertificates { .. }), "{error:?}");
    let keys = Keys::new();
    ask(keys.server("localhost"), &keys.trusting())
        .await
        .unwrap();
}

#[test]
fn a_machine_without_certificates_can_ask_what_needs_none() {
    let module = module_path!().split_once("::").unwrap().1;
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            &format!("{module}::without_certificates"),
        ])
        .env("SSL_CERT_FILE", "/nonexistent")
        .env("SSL_CERT_DIR", "/nonexistent")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("1 passed"), "{told}");
}
