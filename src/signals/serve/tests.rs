use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::signals::metrics::Verdict;

const PATIENCE: Duration = Duration::from_secs(60);

fn anywhere() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

async fn started(health: &Health) -> Server {
    let server = Server::start(anywhere(), Metrics::new(), health.clone());
    server.await.unwrap()
}

/// What is answered to a text, until the connection ends.
async fn exchange(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Status, head and body of the answer to a GET.
async fn get(server: &Server, path: &str, headers: &str) -> (u16, String, String) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
    let answer = exchange(server, &request).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_lowercase(), body.to_owned())
}

#[tokio::test]
async fn metrics_come_in_the_form_that_is_wanted() {
    let metrics = Metrics::new();
    metrics.verified(Verdict::Healthy);
    let server = Server::start(anywhere(), metrics, Health::new(PATIENCE));
    let server = server.await.unwrap();
    let (status, head, body) = get(&server, "/metrics", "").await;
    assert_eq!(status, 200);
    assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"));
    assert!(
        body.contains("# TYPE stepscale_verifications_total counter\n"),
        "{body}"
    );
    assert!(
        body.contains("\nstepscale_verifications_total{verdict=\"healthy\"} 1\n"),
        "{body}"
    );
    let accept = "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n";
    let (_, head, body) = get(&server, "/metrics", accept).await;
    assert!(
        head.contains("content-type: application/openmetrics-text; version=1.0.0"),
        "{head}"
    );
    assert!(
        body.contains("# TYPE stepscale_verifications counter\n"),
        "{body}"
    );
    assert!(body.ends_with("# EOF\n"), "{body}");
}

#[tokio::test]
async fn it_is_ready_when_it_has_analyzed_and_the_api_answers() {
    let health = Health::new(PATIENCE);
    let server = started(&health).await;
    let (status, _, body) = get(&server, "/readyz", "").await;
    assert_eq!(status, 503);
    let expected = "[-]analysis failed: the first analysis is not done yet\n\
        [-]kubernetes-api failed: nothing has been asked of it yet\n\
        readyz check failed\n";
    assert_eq!(body, expected);
    health.analyzed();
    health.api(Err("connection refused".to_owned()));
    let (status, _, body) = get(&server, "/readyz?verbose", "").await;
    assert_eq!(status, 503);
    let expected = "[+]loop ok\n[+]analysis ok\n\
        [-]kubernetes-api failed: connection refused\n[+]shutdown ok\nreadyz check failed\n";
    assert_eq!(body, expected);
    health.api(Ok(()));
    let (status, _, body) = get(&server, "/readyz", "").await;
    assert_eq!((status, body.as_str()), (200, "ok"));
    let (_, _, body) = get(&server, "/readyz?x=1&verbose=true", "").await;
    let expected =
        "[+]loop ok\n[+]analysis ok\n[+]kubernetes-api ok\n[+]shutdown ok\nreadyz check passed\n";
    assert_eq!(body, expected);
    health.ends();
    assert_eq!(get(&server, "/readyz", "").await.0, 503);
    assert_eq!(get(&server, "/healthz", "").await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn a_loop_without_progress_is_not_alive() {
    let health = Health::new(PATIENCE);
    health.analyzed();
    health.api(Ok(()));
    let is_alive = || health.alive().iter().all(|it| it.problem.is_none());
    tokio::time::advance(PATIENCE).await;
    assert!(is_alive());
    tokio::time::advance(Duration::from_secs(1)).await;
    let problem = "no progress for 61 s, and at most 60 s are usual".to_owned();
    let check = Check {
        name: "loop",
        problem: Some(problem),
    };
    assert_eq!(health.alive(), std::slice::from_ref(&check));
    assert!(health.ready().contains(&check));
    health.progressed();
    assert!(is_alive());
}

#[tokio::test]
async fn what_is_not_there_says_what_is() {
    let server = started(&Health::new(PATIENCE)).await;
    let (status, _, body) = get(&server, "/", "").await;
    assert_eq!(status, 404);
    assert_eq!(body, "there is /metrics, /healthz and /readyz\n");
    let post =
        "POST /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    let answer = exchange(&server, post).await;
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    assert!(answer.contains("allow: GET, HEAD"), "{answer}");
    let head = "HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = exchange(&server, head).await;
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_with_a_way_out() {
    let server = started(&Health::new(PATIENCE)).await;
    let address = server.address();
    let second = Server::start(address, Metrics::new(), Health::new(PATIENCE)).await;
    let error = second.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen on {address}"));
    assert!(
        error
            .hint()
            .contains(&format!("has port {}", address.port())),
        "{}",
        error.hint()
    );
    let foreign = "192.0.2.1:9000".parse().unwrap();
    let error = Server::start(foreign, Metrics::new(), Health::new(PATIENCE)).await;
    let hint = error.unwrap_err().hint();
    assert!(
        hint.starts_with("this machine has no address 192.0.2.1"),
        "{hint}"
    );
}

#[tokio::test]
async fn heads_have_a_size() {
    let server = started(&Health::new(PATIENCE)).await;
    let long = format!("GET /metrics HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(20_000));
    let many = format!("GET /metrics HTTP/1.1\r\n{}\r\n", "X: x\r\n".repeat(100));
    for request in [long, many] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        // The server may have hung up before the end of it.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 431 "),
            "{answer}"
        );
    }
    assert_eq!(get(&server, "/healthz", "").await.0, 200);
}

#[tokio::test]
async fn slow_clients_do_not_pile_up() {
    let brief = Duration::from_millis(200);
    let limits = Limits {
        head: brief,
        age: PATIENCE,
        last: brief,
    };
    let health = Health::new(PATIENCE);
    let server = Server::with_limits(anywhere(), Metrics::new(), health, limits);
    let server = server.await.unwrap();
    let mut slow = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nHost:")
            .await
            .unwrap();
        slow.push(stream);
    }
    // All places are taken; this one waits until the first of them is given up.
    let answered = tokio::time::timeout(PATIENCE, get(&server, "/healthz", "")).await;
    assert_eq!(answered.unwrap().0, 200);
    for mut stream in slow {
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert!(!answer.starts_with(b"HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn a_connection_has_an_age() {
    let limits = Limits {
        head: PATIENCE,
        age: Duration::from_millis(100),
        last: Duration::from_secs(5),
    };
    let health = Health::new(PATIENCE);
    let server = Server::with_limits(anywhere(), Metrics::new(), health, limits);
    // It keeps the connection, and the server ends it.
    let answer = exchange(
        &server.await.unwrap(),
        "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn shutdown_ends_idle_connections_and_listens_no_more() {
    let server = started(&Health::new(PATIENCE)).await;
    let address = server.address();
    let mut idle = TcpStream::connect(address).await.unwrap();
    let request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    idle.write_all(request).await.unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    tokio::time::timeout(PATIENCE, server.shutdown(2 * PATIENCE))
        .await
        .unwrap();
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    assert!(rest.ends_with(b"ok"));
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn shutdown_does_not_wait_for_ever() {
    let server = started(&Health::new(PATIENCE)).await;
    let mut stuck = TcpStream::connect(server.address()).await.unwrap();
    stuck.write_all(b"GET /metrics HTTP/1.1\r\n").await.unwrap();
    let brief = server.shutdown(Duration::from_millis(50));
    tokio::time::timeout(PATIENCE, brief).await.unwrap();
}
