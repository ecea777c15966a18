//! The faulty Prometheus.

use super::super::faulty::{Fault, Faulty};

struct Answer {
    status: u16,
    content_type: String,
    /// `None` where the body broke off.
    body: Option<Vec<u8>>,
}

async fn ask(server: &Faulty, path: &str) -> Answer {
    let url = format!("{}{path}", server.url);
    let answer = super::http(None).get(url).send().await.unwrap();
    let content_type = answer.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    Answer {
        status: answer.status().as_u16(),
        content_type,
        body: answer.bytes().await.ok().map(Into::into),
    }
}

#[tokio::test]
async fn every_fault_is_what_it_is_called() {
    let range = "/api/v1/query_range?start=0&end=100&query=up";
    let cases = [
        (Fault::NotFound, range, 404, "text/plain", Some("not found")),
        (
            Fault::LoginPage,
            range,
            200,
            "text/html; charset=utf-8",
            Some("Sign in"),
        ),
        (
            Fault::Unauthorized,
            range,
            401,
            "text/plain",
            Some("Unauthorized"),
        ),
        (
            Fault::Empty,
            range,
            200,
            "application/json",
            Some("\"result\":[]"),
        ),
        (
            Fault::QueryError,
            range,
            422,
            "application/json",
            Some("bad_data"),
        ),
        (Fault::Truncated, range, 200, "application/json", None),
        (
            Fault::Slow(1),
            range,
            200,
            "application/json",
            Some("success"),
        ),
        (
            Fault::TooManySamples(99),
            range,
            422,
            "application/json",
            Some("too many samples"),
        ),
        (
            Fault::TooManySamples(100),
            range,
            200,
            "application/json",
            Some("success"),
        ),
        (
            Fault::WrongContentType,
            range,
            200,
            "image/png",
            Some("success"),
        ),
        (
            Fault::NoRemoteRead,
            "/api/v1/read",
            404,
            "text/plain",
            Some("not found"),
        ),
        (
            Fault::NoRemoteRead,
            range,
            200,
            "application/json",
            Some("success"),
        ),
    ];
    for (fault, path, status, content_type, body) in cases {
        let server = Faulty::start(fault);
        let answer = ask(&server, path).await;
        assert_eq!(answer.status, status, "{fault:?}");
        assert_eq!(answer.content_type, content_type, "{fault:?}");
        let text = answer.body.map(|it| String::from_utf8(it).unwrap());
        match body {
            None => assert_eq!(text, None, "{fault:?}"),
            // "too many samples" is the words of the real server with others between them.
            Some("too many samples") => assert!(text.unwrap().contains("load too many samples")),
            Some(part) => assert!(text.unwrap().contains(part), "{fault:?}"),
        }
        assert_eq!(server.requests(), [format!("GET {path}")]);
    }
}

#[tokio::test]
async fn a_busy_server_answers_in_the_end() {
    let server = Faulty::start(Fault::Busy(2));
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(ask(&server, "/api/v1/query?query=up").await.status);
    }
    assert_eq!(seen, [429, 429, 200]);
}

#[tokio::test]
async fn garbage_comes_as_chunks() {
    let server = Faulty::start(Fault::GarbageFrames);
    let answer = ask(&server, "/api/v1/read").await;
    assert!(
        answer
            .content_type
            .starts_with("application/x-streamed-protobuf")
    );
    assert_eq!(answer.body.unwrap()[0], 5);
}
