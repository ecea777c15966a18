//! What a Prometheus may demand of those who ask it: passwords, TLS, client certificates.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::certificates::Authority;

pub(crate) const USER: &str = "reader";
pub(crate) const PASSWORD: &str = "scrape-me";
/// bcrypt of [`PASSWORD`] at the lowest cost, for speed.
const HASH: &str = "$2b$05$abcdefghijklmnopqrstuuuThTKwrGjGDwr9keMpUmIYOfXrvmflO";

/// What is demanded.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Demands {
    /// [`USER`] and [`PASSWORD`].
    pub(crate) password: bool,
    pub(crate) tls: bool,
    /// Over TLS only.
    pub(crate) client_certificate: bool,
}

/// The files for it, deleted when dropped.
#[derive(Debug)]
pub(crate) struct Protection {
    /// PEM of the authority that signed the server and the client.
    pub(crate) authority: PathBuf,
    /// PEM of a client's certificate, and of its key.
    pub(crate) client: (PathBuf, PathBuf),
    directory: tempfile::TempDir,
}

impl Protection {
    pub(crate) fn new(demands: Demands) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = |name: &str, content: &str| {
            let path = directory.path().join(name);
            fs::write(&path, content).expect("a file in a temporary directory");
            path
        };
        let authority = Authority::new();
        let identity = |name: &str| {
            let identity = authority.identity();
            let certificate = file(&format!("{name}.pem"), &identity.certificate);
            (certificate, file(&format!("{name}.key"), &identity.key))
        };
        let server = identity("server");
        let client = identity("client");
        let authority = file("authority.pem", &authority.pem);
        let config = web_config(demands, &authority, &server);
        // JSON is YAML too.
        file("web.yml", &config.to_string());
        Self {
            authority,
            client,
            directory,
        }
    }

    /// The flag that makes a Prometheus demand it.
    pub(crate) fn flag(&self) -> String {
        let path = self.directory.path().join("web.yml");
        format!("--web.config.file={}", path.display())
    }
}

fn web_config(demands: Demands, authority: &PathBuf, server: &(PathBuf, PathBuf)) -> Value {
    let mut config = json!({});
    if demands.password {
        config["basic_auth_users"] = json!({ USER: HASH });
    }
    if demands.tls {
        config["tls_server_config"] = json!({ "cert_file": server.0, "key_file": server.1 });
    }
    if demands.client_certificate {
        config["tls_server_config"]["client_auth_type"] = json!("RequireAndVerifyClientCert");
        config["tls_server_config"]["client_ca_file"] = json!(authority);
    }
    config
}
