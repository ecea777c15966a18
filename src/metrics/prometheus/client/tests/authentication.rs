//! Who we are, and headers that say for whom we ask.

use std::path::PathBuf;

use super::{Asked, at, recording};
use crate::metrics::prometheus::client::fake::{EMPTY_VECTOR, client_with, json, options, serve};
use crate::metrics::prometheus::{Error, Options, Transport};

/// The URL of a server, and what it was told in `header`.
async fn listening_to(header: &'static [&'static str]) -> (String, Asked) {
    let (router, asked) = recording(header, |_| json(EMPTY_VECTOR));
    (serve(router).await, asked)
}

/// The value of the header in every request.
fn heard(asked: &Asked) -> Vec<String> {
    let asked = asked.lock().unwrap();
    let values = asked.iter().map(|it| it.splitn(4, ' ').last().unwrap());
    values.map(str::to_owned).collect()
}

#[tokio::test]
async fn credentials_are_sent_however_they_are_given() {
    let bearer = |token: &str| Options {
        bearer_token: Some(token.to_owned()),
        ..options()
    };
    let basic = Options {
        basic_auth: Some(("me".to_owned(), "p:w".to_owned())),
        ..options()
    };
    let cases = [
        ("", options(), "-"),
        ("me:p%3Aw@", options(), "Basic bWU6cDp3"),
        ("", basic.clone(), "Basic bWU6cDp3"),
        ("other:user@", basic, "Basic bWU6cDp3"),
        ("", bearer("t0ken\n"), "Bearer t0ken"),
        ("me:pw@", bearer("t0ken"), "Bearer t0ken"),
    ];
    for (user, options, expected) in cases {
        let (url, asked) = listening_to(&["authorization"]).await;
        let url = url.replace("http://", &format!("http://{user}"));
        let client = client_with(&url, &options);
        client.instant("up", at(1)).await.unwrap();
        assert_eq!(heard(&asked), [expected]);
    }
}

#[tokio::test]
async fn a_token_file_is_read_for_every_request() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let (url, asked) = listening_to(&["authorization"]).await;
    let options = Options {
        bearer_token_file: Some(path.clone()),
        ..options()
    };
    let client = client_with(&url, &options);
    for token in ["one\n", "two"] {
        std::fs::write(&path, token).unwrap();
        client.instant("up", at(1)).await.unwrap();
    }
    assert_eq!(heard(&asked), ["Bearer one", "Bearer two"]);

    std::fs::write(&path, "\n").unwrap();
    let error = client.instant("up", at(1)).await.unwrap_err();
    let expected = format!(
        "Prometheus bearer token file {} is not valid: the token is empty",
        path.display()
    );
    assert_eq!(error.to_string(), expected);
    std::fs::remove_file(&path).unwrap();
    let error = client.instant("up", at(1)).await.unwrap_err();
    let expected = format!(
        "cannot read the Prometheus bearer token file {}",
        path.display()
    );
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn headers_are_sent_with_every_request() {
    let (url, asked) = listening_to(&["x-scope-orgid"]).await;
    let options = Options {
        headers: vec![("X-Scope-OrgID".to_owned(), " team-a ".to_owned())],
        ..options()
    };
    let client = client_with(&url, &options);
    client.instant("up", at(1)).await.unwrap();
    client.build_info().await.unwrap();
    assert_eq!(heard(&asked), ["team-a", "team-a"]);
}

#[test]
fn options_that_cannot_be_sent_are_named() {
    let header = |name: &str, value: &str| Options {
        headers: vec![(name.to_owned(), value.to_owned())],
        ..options()
    };
    let bearer = |token: &str| Options {
        bearer_token: Some(token.to_owned()),
        ..options()
    };
    let both = Options {
        bearer_token_file: Some(PathBuf::from("token")),
        ..bearer("t")
    };
    let cases = [
        (
            header("X Scope", "a"),
            "header \"X Scope\" for Prometheus is not valid: its name has characters that no header may have",
        ),
        (
            header("X-Scope", "s3c\nret"),
            "header \"X-Scope\" for Prometheus is not valid: its value has characters that no header may have",
        ),
        (
            bearer("s3c\nret"),
            "header \"authorization\" for Prometheus is not valid: the token has characters that no header may have",
        ),
        (
            both,
            "more than one way to authenticate to Prometheus: a bearer token and a bearer token file",
        ),
    ];
    for (options, expected) in cases {
        assert_eq!(refused(&options).to_string(), expected);
    }
}

fn refused(options: &Options) -> Error {
    match Transport::direct("http://p", options) {
        Ok(_) => panic!("accepted"),
        Err(error) => error,
    }
}
