//! The server on real sockets, with an HTTP client and with a kube client.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use jiff::Timestamp;
use reqwest::{Certificate, Client, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::sandbox::access::User;
use crate::sandbox::api::Body;
use crate::sandbox::faults::Plan;
use crate::sandbox::kubeconfig::Kubeconfig;

/// Tells what it was asked; a watch gives an event every millisecond.
fn echo(request: Request) -> Response {
    let events = stream::unfold(0, |number| async move {
        tokio::time::sleep(Duration::from_millis(1)).await;
        Some((Bytes::from(format!("{{\"event\":{number}}}\n")), number + 1))
    });
    let told = json!({ "method": request.method.as_str(), "path": request.path,
        "query": request.query, "user": request.user.name, "agent": request.user_agent,
        "type": request.content_type, "accept": request.accept, "length": request.body.len() });
    Response {
        code: 200,
        content_type: "application/json".into(),
        warnings: vec!["it is \"old\"".to_owned()],
        headers: vec![("x-test", "yes".to_owned())],
        body: match request.query.as_str() {
            "watch=true" => Body::Stream(events.boxed()),
            _ => Body::Whole(told.to_string().into()),
        },
    }
}

async fn start(plan: &str) -> (Server, Arc<Faults>) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let plan: Plan = serde_json::from_str(plan).unwrap();
    let faults = Arc::new(Faults::of(plan, Timestamp::UNIX_EPOCH).unwrap());
    let settings = Settings {
        port: 0,
        tokens: Tokens::new([("t-eve".to_owned(), User::known("eve", vec![]))]),
        handler: Arc::new(|request| async move { echo(request) }.boxed()),
        policies: Arc::new(Arc::<Policies>::default),
        faults: Arc::clone(&faults),
        clock: Clock::at(Timestamp::UNIX_EPOCH),
        log: Arc::default(),
    };
    (Server::start(settings).await.unwrap(), faults)
}

fn client(server: &Server) -> Client {
    let authority = Certificate::from_pem(server.authority().as_bytes()).unwrap();
    Client::builder()
        .tls_certs_only([authority])
        .no_proxy()
        .build()
        .unwrap()
}

async fn told(response: reqwest::Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

#[tokio::test]
async fn both_ways_to_speak_reach_the_handler_with_all_that_was_said() {
    let (server, _) = start("{}").await;
    for url in [server.url(), server.plain_url()] {
        let request = client(&server).put(format!("{url}/api/v1/a%2Fb?x=1&y=%20"));
        let request = request.bearer_auth("t-eve").header("user-agent", "test/1");
        let request = request
            .header("accept", "application/json")
            .header("content-type", "a/b");
        let response = request.body("hello").send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("warning"), "299 - \"it is \\\"old\\\"\"");
        assert_eq!(header("x-test"), "yes");
        assert_eq!(header("date"), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(header("audit-id").len(), 36);
        let expected = json!({ "method": "PUT", "path": "/api/v1/a%2Fb", "query": "x=1&y=%20",
            "user": "eve", "agent": "test/1", "type": "a/b", "accept": "application/json",
            "length": 5 });
        assert_eq!(told(response).await, expected, "{url}");
    }
}

#[tokio::test]
async fn users_come_from_credentials() {
    let (server, _) = start("{}").await;
    let get = || client(&server).get(server.url());
    let nobody = get().send().await.unwrap();
    assert_eq!(told(nobody).await["user"], "system:anonymous");
    let unknown = get().bearer_auth("wrong").send().await.unwrap();
    assert_eq!(unknown.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(told(unknown).await["reason"], "Unauthorized");
    let other = get().bearer_auth("t-eve").header("impersonate-user", "bob");
    let other = other.send().await.unwrap();
    assert_eq!(other.status(), StatusCode::FORBIDDEN);
    assert_eq!(told(other).await["details"]["kind"], "users");
}

#[tokio::test]
async fn a_body_may_have_three_mebibytes() {
    let (server, _) = start("{}").await;
    let post = |length: usize| {
        client(&server)
            .post(server.plain_url())
            .body(vec![0; length])
    };
    let full = post(3 << 20).send().await.unwrap();
    assert_eq!(told(full).await["length"], 3 << 20);
    let over = post((3 << 20) + 1).send().await.unwrap();
    assert_eq!(over.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(
        told(over).await["message"],
        "Request entity too large: limit is 3145728"
    );
}

#[tokio::test]
async fn events_of_a_watch_arrive_one_by_one_and_end_with_the_server() {
    let (server, _) = start("{}").await;
    for url in [server.url(), server.plain_url()] {
        let watch = client(&server).get(format!("{url}/api/v1/pods?watch=true"));
        let mut events = watch.send().await.unwrap().bytes_stream();
        for number in 0..3 {
            let event = events.next().await.unwrap().unwrap();
            assert_eq!(event, format!("{{\"event\":{number}}}\n"));
        }
    }
    let watch = client(&server).get(format!("{}/api/v1/pods?watch=true", server.url()));
    let mut events = watch.send().await.unwrap().bytes_stream();
    events.next().await.unwrap().unwrap();
    let reader = tokio::spawn(async move { events.all(|it| std::future::ready(it.is_ok())).await });
    let address = server.address;
    drop(server);
    assert!(reader.await.unwrap(), "the end of the watch is no error");
    // The listener closes a moment later.
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_cut_breaks_a_watch_after_its_events() {
    let plan = r#"{ "rules": [{ "when": { "verbs": ["watch"] }, "cut": { "afterEvents": 3 } }] }"#;
    let (server, _) = start(plan).await;
    for url in [server.url(), server.plain_url()] {
        let watch = client(&server).get(format!("{url}/api/v1/pods?watch=true"));
        let mut events = watch.send().await.unwrap().bytes_stream();
        for _ in 0..3 {
            events.next().await.unwrap().unwrap();
        }
        assert!(events.next().await.unwrap().is_err(), "{url}");
    }
}

#[tokio::test]
async fn a_cut_breaks_a_watch_after_its_time() {
    let (server, _) = start(r#"{ "rules": [{ "cut": { "afterSeconds": 0 } }] }"#).await;
    let watch = client(&server).get(format!("{}/api/v1/pods?watch=true", server.url()));
    let events = watch.send().await.unwrap().bytes_stream();
    let last = events.collect::<Vec<_>>().await.pop().unwrap();
    assert!(last.is_err());
}

#[tokio::test]
async fn faults_answer_in_place_of_the_handler_and_can_change_meanwhile() {
    let (server, faults) = start("{}").await;
    let rule = |answer: &str| {
        format!(
            r#"{{ "clockSkew": "1h", "rules": [{{ "answer": "{answer}",
            "retryAfterSeconds": 7, "latency": {{ "least": "30ms" }} }}] }}"#
        )
    };
    let cases = [
        ("tooManyRequests", 429, "TooManyRequests", Some("7")),
        ("internalError", 500, "InternalError", None),
        ("unavailable", 503, "ServiceUnavailable", None),
        ("conflict", 409, "Conflict", None),
    ];
    for (answer, code, reason, retry_after) in cases {
        faults
            .set(
                serde_json::from_str(&rule(answer)).unwrap(),
                Timestamp::UNIX_EPOCH,
            )
            .unwrap();
        let url = format!("{}/api/v1/namespaces/a/pods/b", server.url());
        let response = client(&server).patch(url).send().await.unwrap();
        assert_eq!(response.status().as_u16(), code);
        let header = |name: &str| response.headers().get(name).map(|it| it.to_str().unwrap());
        assert_eq!(header("retry-after"), retry_after);
        assert_eq!(header("date"), Some("Thu, 01 Jan 1970 01:00:00 GMT"));
        assert_eq!(told(response).await["reason"], reason);
    }
}

#[tokio::test]
async fn an_answer_can_be_lost_before_or_after_the_handler_was_there() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    for (carried_out, expected) in [(false, 0), (true, 2)] {
        let text = json!({ "rules": [{ "carriedOut": carried_out, "answer": "dropped" }] });
        let plan: Plan = serde_json::from_value(text).unwrap();
        let served = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&served);
        let settings = Settings {
            port: 0,
            tokens: Tokens::new([("t-eve".to_owned(), User::known("eve", vec![]))]),
            handler: Arc::new(move |request| {
                counter.fetch_add(1, Ordering::Relaxed);
                async move { echo(request) }.boxed()
            }),
            policies: Arc::new(Arc::<Policies>::default),
            faults: Arc::new(Faults::of(plan, Timestamp::UNIX_EPOCH).unwrap()),
            clock: Clock::at(Timestamp::UNIX_EPOCH),
            log: Arc::default(),
        };
        let server = Server::start(settings).await.unwrap();
        for url in [server.url(), server.plain_url()] {
            let sent = client(&server).get(url).bearer_auth("t-eve").send().await;
            let error = sent.unwrap_err();
            assert!(error.is_request(), "{error:?}");
        }
        assert_eq!(served.load(Ordering::Relaxed), expected);
    }
}

#[tokio::test]
async fn a_latency_holds_up_the_answer() {
    let plan = r#"{ "rules": [{ "latency": { "least": "5m" } }] }"#;
    let (server, faults) = start(plan).await;
    let ask = client(&server).get(server.url()).send();
    let waited = tokio::time::timeout(Duration::from_millis(300), ask).await;
    assert!(waited.is_err(), "no answer yet");
    faults.set(Plan::default(), Timestamp::UNIX_EPOCH).unwrap();
    assert!(client(&server).get(server.url()).send().await.is_ok());
}

#[tokio::test]
async fn a_kube_client_speaks_with_it_and_gets_over_refusals() {
    let plan = r#"{ "rules": [{ "every": 2, "answer": "tooManyRequests" }] }"#;
    let (server, _) = start(plan).await;
    let kubeconfig = Kubeconfig {
        name: "sandbox".to_owned(),
        server: server.url(),
        authority: server.authority().to_owned(),
        namespace: "default".to_owned(),
        users: vec![("eve".to_owned(), "t-eve".to_owned())],
    };
    let read = kube::config::Kubeconfig::from_yaml(&kubeconfig.to_yaml().unwrap()).unwrap();
    let options = kube::config::KubeConfigOptions::default();
    let config = kube::Config::from_custom_kubeconfig(read, &options);
    let client = kube::Client::try_from(config.await.unwrap()).unwrap();
    for _ in 0..4 {
        let request = http::Request::get("/api/v1/pods").body(vec![]).unwrap();
        let told: Value = client.request(request).await.unwrap();
        assert_eq!(told["user"], "eve");
    }
}

#[tokio::test]
async fn connections_that_say_nothing_or_nonsense_hold_up_nobody() {
    let (server, _) = start("{}").await;
    let mut silent = vec![];
    for opening in [
        b"".as_slice(),
        b"\x16",
        b"\x16\x03\x01\x02\x00\x01",
        b"\x00\xFF\r\n\r\n",
        b"GET",
    ] {
        let mut stream = tokio::net::TcpStream::connect(server.address)
            .await
            .unwrap();
        stream.write_all(opening).await.unwrap();
        silent.push(stream);
    }
    assert!(client(&server).get(server.url()).send().await.is_ok());
    let mut nonsense = silent.swap_remove(3);
    let mut answer = vec![];
    nonsense.read_to_end(&mut answer).await.unwrap();
    assert!(
        answer.starts_with(b"HTTP/1.1 400"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
}
