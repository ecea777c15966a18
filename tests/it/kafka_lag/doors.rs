//! TLS and logins.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use rustls::ServerConfig;
use stepscale::triggers::kafka::{Error, KeyError, Unsupported};

use super::{PATIENCE, all_closed, read, trigger};
use crate::rig::certificates::{Authority, Identity};
use crate::rig::kafka::{Cluster, Door, Login, World};
use crate::rig::say;
use crate::rig::serve::Server;

const MECHANISMS: [(&str, &str); 3] = [
    ("plaintext", "PLAIN"),
    ("scram_sha256", "SCRAM-SHA-256"),
    ("scram_sha512", "SCRAM-SHA-512"),
];
const PASSWORD: &str = "correct horse, battery=staple";

fn world() -> World {
    let mut world = World::of("t", &[10]);
    world.commit("g", "t", &[4]);
    world
}

fn login(mechanism: &'static str) -> Option<Login> {
    Some(Login {
        mechanism,
        user: "shop,scaler".to_owned(),
        password: PASSWORD.to_owned(),
    })
}

fn tls(authority: &Authority) -> Option<Arc<ServerConfig>> {
    // The client brings its own provider; the server here takes that of the process.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Some(Arc::new(authority.server_config()))
}

/// What is read through `door` by a trigger with these settings.
async fn through(
    door: Door,
    metadata: &[(&str, &str)],
    auth: &[(&str, &str)],
) -> Result<(f64, bool), Error> {
    let cluster = Cluster::start(1, world(), door).await;
    let metadata = [metadata, &[("topic", "t")]].concat();
    let settings = trigger(&cluster.server(), &metadata, auth);
    let reading = read(&settings, PATIENCE).await;
    all_closed(&cluster).await;
    reading
}

#[tokio::test]
async fn who_knows_the_password_is_let_in() {
    for (sasl, mechanism) in MECHANISMS {
        let door = Door {
            tls: None,
            login: login(mechanism),
        };
        let known = [("username", "shop,scaler"), ("password", PASSWORD)];
        let read = through(door, &[("sasl", sasl)], &known).await;
        assert_eq!(read, Ok((6.0, true)), "{sasl}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_but_not_shown() {
    for (sasl, mechanism) in MECHANISMS {
        let door = Door {
            tls: None,
            login: login(mechanism),
        };
        let wrong = [("username", "shop,scaler"), ("password", "hunter2")];
        let error = through(door, &[("sasl", sasl)], &wrong).await.unwrap_err();
        let is_login = matches!(&error, Error::Login { mechanism, .. } if *mechanism == sasl);
        assert!(is_login, "{error:?}");
        assert!(
            !format!("{error} {error:?}").contains("hunter2"),
            "{error:?}"
        );
        assert!(error.hint().contains("password"), "{}", error.hint());
    }
}

#[tokio::test]
async fn a_login_of_another_kind_is_told() {
    let door = Door {
        tls: None,
        login: login("SCRAM-SHA-512"),
    };
    let known = [("username", "shop,scaler"), ("password", PASSWORD)];
    let error = through(door, &[("sasl", "plaintext")], &known).await;
    assert!(matches!(error, Err(Error::Login { .. })), "{error:?}");
}

#[tokio::test]
async fn tls_trusts_the_given_authority_and_no_other() {
    let authority = Authority::new();
    let other = Authority::new();
    let door = || Door {
        tls: tls(&authority),
        login: None,
    };
    let on = ("tls", "enable");
    let read = through(door(), &[on], &[("ca", &authority.pem)]).await;
    assert_eq!(read, Ok((6.0, true)));
    for auth in [vec![("ca", other.pem.as_str())], vec![]] {
        let error = through(door(), &[on], &auth).await;
        assert!(matches!(error, Err(Error::Tls { .. })), "{error:?}");
    }
    let unchecked = [on, ("unsafeSsl", "true")];
    assert_eq!(through(door(), &unchecked, &[]).await, Ok((6.0, true)));
    let broken = through(door(), &[on], &[("ca", "no certificate")]).await;
    assert!(matches!(broken, Err(Error::Settings { .. })), "{broken:?}");
}

/// Trusts `ca` and shows a certificate.
fn auth_of<'a>(ca: &'a str, identity: &'a Identity) -> [(&'a str, &'a str); 3] {
    let Identity { certificate, key } = identity;
    [("ca", ca), ("cert", certificate), ("key", key)]
}

#[tokio::test]
async fn a_listener_that_wants_a_certificate_takes_the_one_of_its_clients() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let _ = rustls::crypto::ring::default_provider().install_default();
    let door = || Door {
        tls: Some(Arc::new(authority.server_config_for(&clients))),
        login: None,
    };
    let (known, stranger) = (clients.identity(), authority.identity());
    let ca = authority.pem.as_str();
    let on = [("tls", "enable")];
    let read = through(door(), &on, &auth_of(ca, &known)).await;
    assert_eq!(read, Ok((6.0, true)));
    for auth in [&auth_of(ca, &stranger)[..], &[("ca", ca)]] {
        let error = through(door(), &on, auth).await.unwrap_err();
        let hint = error.hint();
        assert!(
            hint.contains("`tls") || hint.contains("`cert`"),
            "{error} {hint}"
        );
        assert!(
            !format!("{error} {error:?}").contains("PRIVATE"),
            "{error:?}"
        );
    }
    // The key of another certificate fails before anything is sent.
    let mixed = [
        auth_of(ca, &known)[..2].to_vec(),
        vec![("key", &stranger.key)],
    ]
    .concat();
    let error = through(door(), &on, &mixed).await;
    assert!(
        matches!(error, Err(Error::Settings { .. } | Error::Tls { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn logins_work_within_tls() {
    let authority = Authority::new();
    for (sasl, mechanism) in MECHANISMS {
        let door = Door {
            tls: tls(&authority),
            login: login(mechanism),
        };
        let auth = [
            ("username", "shop,scaler"),
            ("password", PASSWORD),
            ("ca", &authority.pem),
        ];
        let read = through(door, &[("tls", "enable"), ("sasl", sasl)], &auth).await;
        assert_eq!(read, Ok((6.0, true)), "{sasl}");
    }
}

#[tokio::test]
async fn tls_and_no_tls_do_not_meet() {
    let authority = Authority::new();
    let door = Door {
        tls: tls(&authority),
        login: None,
    };
    let error = through(door, &[], &[]).await.unwrap_err();
    assert!(error.hint().contains("`tls"), "{error} {}", error.hint());
    let error = through(Door::default(), &[("tls", "enable")], &[]).await;
    let error = error.unwrap_err();
    assert!(error.hint().contains("`tls"), "{error} {}", error.hint());
}

/// `key` under the password `hunter2`, by openssl with these arguments; `None` where there is none.
fn encrypted(key: &str, arguments: &[&str]) -> Option<String> {
    let mut openssl = Command::new("openssl");
    openssl.args(arguments).args(["-passout", "pass:hunter2"]);
    openssl.stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut run) = openssl.stderr(Stdio::null()).spawn() else {
        say("there is no openssl: keys that it encrypts were not read");
        return None;
    };
    run.stdin.take().unwrap().write_all(key.as_bytes()).unwrap();
    let output = run.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn a_key_that_openssl_encrypted_is_opened_by_its_password() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let _ = rustls::crypto::ring::default_provider().install_default();
    let door = || Door {
        tls: Some(Arc::new(authority.server_config_for(&clients))),
        login: None,
    };
    let Identity { certificate, key } = clients.identity();
    let Some(pkcs8) = encrypted(&key, &["pkcs8", "-topk8", "-v2", "aes-256-cbc"]) else {
        return;
    };
    let auth = |key, password| {
        let (ca, cert) = (authority.pem.as_str(), certificate.as_str());
        [
            ("ca", ca),
            ("cert", cert),
            ("key", key),
            ("keyPassword", password),
        ]
    };
    let on = [("tls", "enable")];
    let read = through(door(), &on, &auth(&pkcs8, "hunter2")).await;
    assert_eq!(read, Ok((6.0, true)));
    let wrong = through(door(), &on, &auth(&pkcs8, "hunter3")).await;
    assert_eq!(wrong, Err(Error::Key(KeyError::Password)));
    let legacy = encrypted(&key, &["ec", "-aes128"]).unwrap();
    let refused = through(door(), &on, &auth(&legacy, "hunter2")).await;
    assert_eq!(refused, Err(Error::Key(KeyError::Legacy)));
}

#[tokio::test]
async fn what_the_client_cannot_do_is_not_tried() {
    let cluster = Cluster::start(1, world(), Door::default()).await;
    let gssapi = [
        ("username", "u"),
        ("password", "hunter2"),
        ("realm", "R"),
        ("kerberosConfig", "c"),
    ];
    let aws = [("awsAccessKeyID", "k"), ("awsSecretAccessKey", "hunter2")];
    let msk = [
        ("tls", "enable"),
        ("sasl", "oauthbearer"),
        ("saslTokenProvider", "aws_msk_iam"),
        ("awsRegion", "eu-west-1"),
    ];
    let table: [(&[_], &[_], _); 2] = [
        (&[("sasl", "gssapi")], &gssapi, Unsupported::Kerberos),
        (&msk, &aws, Unsupported::AwsMskIam),
    ];
    for (metadata, auth, why) in table {
        let settings = trigger(&cluster.server(), metadata, auth);
        let error = read(&settings, PATIENCE).await;
        assert_eq!(error, Err(Error::Unsupported(why)));
    }
    assert!(cluster.asked().is_empty(), "{:?}", cluster.asked());
}

/// An OAuth server that takes the name and the password in the header, or in the form.
fn tokens(in_header: bool) -> Server {
    let grant = move |headers: HeaderMap, form: String| async move {
        let basic = headers
            .get("authorization")
            .map(|it| it.as_bytes().to_vec());
        // `me` and `p:w`, as RFC 6749 writes them.
        let is_known = match in_header {
            true => basic.as_deref() == Some(b"Basic bWU6cCUzQXc="),
            false => basic.is_none() && form.ends_with("&client_id=me&client_secret=p%3Aw"),
        };
        let is_asked = form.starts_with("grant_type=client_credentials&scope=read+write");
        match is_known && is_asked {
            true => (
                StatusCode::OK,
                r#"{"access_token":"a.b.c","token_type":"bearer"}"#,
            ),
            false => (StatusCode::UNAUTHORIZED, r#"{"error":"p:w is wrong"}"#),
        }
    };
    Server::start(Router::new().route("/token", post(grant)), None)
}

#[tokio::test]
async fn a_token_is_fetched_and_shown() {
    for in_header in [true, false] {
        let server = tokens(in_header);
        let endpoint = format!("http://{}/token", server.address);
        let door = || Door {
            tls: None,
            login: Some(Login {
                mechanism: "OAUTHBEARER",
                user: "logicalCluster=lkc-1".to_owned(),
                password: "a.b.c".to_owned(),
            }),
        };
        let auth = |password| {
            [
                ("username", "me"),
                ("password", password),
                ("scopes", "read,write"),
                ("oauthTokenEndpointUri", endpoint.as_str()),
                ("oauthExtensions", "logicalCluster=lkc-1"),
            ]
        };
        let sasl = [("sasl", "oauthbearer")];
        let read = through(door(), &sasl, &auth("p:w")).await;
        assert_eq!(read, Ok((6.0, true)), "in the header: {in_header}");
        let error = through(door(), &sasl, &auth("hunter2")).await.unwrap_err();
        assert!(matches!(error, Error::Token { .. }), "{error:?}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        assert!(!error.to_string().contains(&endpoint), "{error}");
    }
}
