use super::*;
use crate::cluster::TlsProblem;
use axum::Router;
use axum::http::HeaderMap;
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

/// A kubeconfig in a folder that lives as long as the test.
struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// One context `test` with a cluster and a user of these properties.
    fn options(&self, cluster: serde_json::Value, user: serde_json::Value) -> Options {
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "contexts": [{"name": "test", "context":
                {"cluster": "here", "user": "jane", "namespace": "shop"}}],
            "clusters": [{"name": "here", "cluster": cluster}],
            "users": [{"name": "jane", "user": user}],
        });
        Options {
            kubeconfig: Some(self.write("config", &kubeconfig.to_string())),
            ..Options::default()
        }
    }
}

async fn error_of(options: &Options) -> Error {
    connect(options).await.map(|it| it.endpoint).unwrap_err()
}

/// Serves the version to those with the right token, in plain text; gives the URL.
async fn serve() -> String {
    let router = Router::new().fallback(|headers: HeaderMap| async move {
        let impersonated = headers.get("impersonate-user").is_some();
        match headers.get("authorization").map(|it| it.as_bytes()) {
            _ if impersonated => (http::StatusCode::FORBIDDEN, "{}".to_owned()),
            Some(b"Bearer good") => {
                let version = json!({"gitVersion": "v1.36.0"});
                (http::StatusCode::OK, version.to_string())
            }
            _ => {
                let status = json!({"kind": "Status", "message": "token has expired"});
                (http::StatusCode::UNAUTHORIZED, status.to_string())
            }
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[tokio::test]
async fn a_connection_knows_its_names_and_version() {
    let home = Home::new();
    let server = serve().await;
    let options = home.options(json!({"server": server}), json!({"token": "good"}));
    let cluster = connect(&options).await.unwrap();
    assert_eq!(cluster.namespace(), "shop");
    assert_eq!(cluster.name().name, "test");
    assert_eq!(cluster.name().version.as_deref(), Some("v1.36.0"));
    assert_eq!(
        cluster.endpoint().to_string(),
        format!("{server} (context test)")
    );
}

#[tokio::test]
async fn an_observer_is_told_of_answers_and_of_servers_that_are_not_there() {
    let home = Home::new();
    let told = Arc::new(std::sync::Mutex::new(vec![]));
    let log = Arc::clone(&told);
    let observer = Observer::new(move |it| {
        let asked = format!("{:?} {}", it.verb, it.resource);
        log.lock().unwrap().push((asked, it.answer));
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for (server, token) in [
        (serve().await, "good"),
        (serve().await, "old"),
        (nobody, "good"),
    ] {
        let options = home.options(json!({"server": server}), json!({"token": token}));
        let options = Options {
            observer: Some(observer.clone()),
            ..options
        };
        let _ = connect(&options).await;
    }
    let asked = || "Get nonresource".to_owned();
    let expected = [
        (asked(), Ok(http::StatusCode::OK)),
        (asked(), Ok(http::StatusCode::UNAUTHORIZED)),
        (asked(), Err(crate::cluster::Unanswered::Connection)),
    ];
    assert_eq!(*told.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_forbidden_version_is_unknown_and_impersonation_is_sent() {
    let home = Home::new();
    let server = serve().await;
    let mut options = home.options(json!({"server": server}), json!({"token": "good"}));
    options.impersonate = Some("ops".to_owned());
    options.impersonate_groups = vec!["admins".to_owned()];
    let cluster = connect(&options).await.unwrap();
    assert_eq!(cluster.name().version, None);
    options.impersonate = None;
    assert!(matches!(error_of(&options).await, Error::GroupsWithoutUser));
}

#[tokio::test]
async fn an_expired_token_is_told_with_the_context() {
    let home = Home::new();
    let server = serve().await;
    let options = home.options(json!({"server": server}), json!({"token": "old"}));
    assert_eq!(
        error_of(&options).await.to_string(),
        format!(
            "the API server {server} (context test) does not accept the credentials: \
             token has expired"
        )
    );
}

#[test]
fn the_first_file_wins_and_paths_are_relative_to_their_own_file() {
    let home = Home::new();
    let first = home.write(
        "a/config",
        r#"{"current-context": "", "clusters": [{"name": "x", "cluster": {"server": "first"}}]}"#,
    );
    let second = home.write(
        "b/config",
        r#"{"current-context": "two", "clusters": [
            {"name": "x", "cluster": {"server": "second"}},
            {"name": "y", "cluster": {"server": "y", "certificate-authority": "ca.crt"}}]}"#,
    );
    let absent = home.folder.path().join("absent");
    let merged = read_all(&[absent, first, second.clone()]).unwrap();
    assert_eq!(merged.current_context.as_deref(), Some("two"));
    let cluster = |index: usize| merged.clusters[index].cluster.clone().unwrap();
    assert_eq!(cluster(0).server.as_deref(), Some("first"));
    let authority = second.with_file_name("ca.crt");
    assert_eq!(
        cluster(1).certificate_authority.as_deref(),
        authority.to_str()
    );
}

#[tokio::test]
async fn names_that_the_kubeconfig_lacks_are_told_with_those_it_has() {
    let home = Home::new();
    let options = home.options(json!({"server": "http://127.0.0.1:9"}), json!({}));
    let wrong = Some("wrong".to_owned());
    let cases = [
        (
            Options {
                context: wrong.clone(),
                ..options.clone()
            },
            "the kubeconfig has no context `wrong`; it has test",
        ),
        (
            Options {
                cluster: wrong.clone(),
                ..options.clone()
            },
            "the kubeconfig has no cluster `wrong`; it has here",
        ),
        (
            Options {
                user: wrong,
                ..options
            },
            "the kubeconfig has no user `wrong`; it has jane",
        ),
    ];
    for (options, message) in cases {
        assert_eq!(error_of(&options).await.to_string(), message);
    }
}

#[tokio::test]
async fn kubeconfigs_that_cannot_be_read_are_named() {
    let home = Home::new();
    let mut options = Options::default();
    for path in [
        home.folder.path().join("absent"),
        home.write("broken", "{]"),
    ] {
        options.kubeconfig = Some(path.clone());
        let message = format!("cannot read kubeconfig {}", path.display());
        assert_eq!(error_of(&options).await.to_string(), message);
    }
    let contexts = r#"{"contexts": [{"name": "a", "context": {"cluster": "x"}}]}"#;
    options.kubeconfig = Some(home.write("unset", contexts));
    assert_eq!(
        error_of(&options).await.to_string(),
        "the kubeconfig sets no current context; it has a"
    );
}

#[tokio::test]
async fn a_credential_plugin_that_fails_is_named_with_its_words() {
    let home = Home::new();
    let exec = |command: &str, args: serde_json::Value| {
        json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": command,
            "args": args, "interactiveMode": "Never", "installHint": "get it there"}})
    };
    let server = json!({"server": "http://127.0.0.1:9"});
    let cases = [
        (
            exec("no-such-plugin", json!([])),
            "credential plugin `no-such-plugin` of http://127.0.0.1:9 (context test) failed: \
             No such file or directory (os error 2)",
        ),
        (
            exec("sh", json!(["-c", "echo log in first >&2; exit 3"])),
            "credential plugin `sh` of http://127.0.0.1:9 (context test) failed: \
             exit status: 3: log in first",
        ),
        (
            exec("echo", json!(["["])),
            "credential plugin `echo` of http://127.0.0.1:9 (context test) failed: \
             its output is no ExecCredential",
        ),
    ];
    for (user, message) in cases {
        let error = error_of(&home.options(server.clone(), user)).await;
        assert_eq!(error.to_string(), message);
        let Error::Plugin { install_hint, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(install_hint.as_deref(), Some("get it there"));
    }
}

#[tokio::test]
async fn a_credential_plugin_gives_the_token() {
    let home = Home::new();
    let credential = json!({"apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential", "status": {"token": "good"}});
    let user = json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1",
        "command": "echo", "args": [credential.to_string()], "interactiveMode": "Never"}});
    let options = home.options(json!({"server": serve().await}), user);
    assert!(connect(&options).await.is_ok());
}

#[tokio::test]
async fn a_token_file_that_is_missing_is_a_credential_problem() {
    let home = Home::new();
    let options = home.options(
        json!({"server": "http://127.0.0.1:9"}),
        json!({"tokenFile": "absent"}),
    );
    assert!(matches!(
        error_of(&options).await,
        Error::Credentials { .. }
    ));
}

fn cause(error: &Error) -> String {
    std::error::Error::source(error).unwrap().to_string()
}

#[tokio::test]
async fn why_a_server_cannot_be_reached_is_told() {
    let home = Home::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut options = home.options(json!({"server": format!("http://{address}")}), json!({}));
    options.request_timeout = Some(Duration::from_millis(50));
    let silent = error_of(&options).await;
    assert_eq!(cause(&silent), "no answer within 0.05 s");
    drop(listener);
    let refused = error_of(&options).await;
    assert_eq!(
        refused.to_string(),
        format!("cannot reach the API server http://{address} (context test)")
    );
    assert_eq!(cause(&refused), "connection refused");
}

/// A TLS server for `name`, and the PEM of the authority that signed it.
async fn serve_tls(name: &str, expired: bool) -> (u16, String) {
    let mut authority = CertificateParams::new([]).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut leaf = CertificateParams::new([name.to_owned()]).unwrap();
    if expired {
        leaf.not_after = rcgen::date_time_ymd(2020, 1, 1);
    }
    let leaf = leaf.signed_by(&key, &authority).unwrap();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            rustls::pki_types::PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    (port, authority.pem())
}

#[tokio::test]
async fn certificates_that_are_not_trusted_are_told_apart() {
    let home = Home::new();
    let other = serve_tls("127.0.0.1", false).await.1;
    let cases = [
        ("127.0.0.1", false, Some(&other), "UnknownAuthority"),
        ("127.0.0.1", true, None, "Expired"),
        ("example.com", false, None, "OtherName"),
    ];
    for (name, expired, authority, expected) in cases {
        let (port, own) = serve_tls(name, expired).await;
        home.write("ca.crt", authority.unwrap_or(&own));
        let server = format!("https://127.0.0.1:{port}");
        let cluster = json!({"server": server, "certificate-authority": "ca.crt"});
        let error = error_of(&home.options(cluster, json!({}))).await;
        let Error::Tls { source, .. } = error else {
            panic!("{error:?}");
        };
        let told = match source {
            TlsProblem::UnknownAuthority => "UnknownAuthority",
            TlsProblem::Expired => "Expired",
            TlsProblem::OtherName => "OtherName",
            TlsProblem::NoRoots(_) | TlsProblem::Other(_) => "another",
        };
        assert_eq!(told, expected);
    }
}
