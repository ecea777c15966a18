use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};

use super::event::tests::change;
use super::*;
use crate::signals::metrics::{Form as Page, page};

const PATIENCE: Duration = Duration::from_secs(60);

/// A status, and the value of `Retry-After` with it.
type Scripted = (u16, Option<&'static str>);

/// A request that a receiver had.
#[derive(Debug)]
struct Received {
    headers: HeaderMap,
    body: Bytes,
}

impl Received {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap().to_str().unwrap()
    }

    fn name(&self) -> String {
        self.json()["data"]["recommendation"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

/// Answers as told, then with 204; and not before it may.
#[derive(Clone)]
struct Script {
    answers: Arc<Mutex<VecDeque<Scripted>>>,
    open: Arc<Semaphore>,
    received: mpsc::UnboundedSender<Received>,
}

struct Receiver {
    address: SocketAddr,
    open: Arc<Semaphore>,
    received: mpsc::UnboundedReceiver<Received>,
}

impl Receiver {
    /// It answers so many requests; more after `open` was given permits.
    async fn start(answers: &[Scripted], open: usize) -> Self {
        let (sender, received) = mpsc::unbounded_channel();
        let open = Arc::new(Semaphore::new(open));
        let script = Script {
            answers: Arc::new(Mutex::new(answers.iter().copied().collect())),
            open: open.clone(),
            received: sender,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(receive).with_state(script);
        tokio::spawn(axum::serve(listener, router).into_future());
        Self {
            address,
            open,
            received,
        }
    }

    fn settings(&self) -> Settings {
        let url = format!("http://{}/services/secret?token=hunter2", self.address);
        Settings {
            backoff: Backoff {
                tries: 4,
                first: Duration::from_millis(1),
                longest: Duration::from_millis(5),
            },
            ..Settings::new(url, Form::CloudEvents, "/clusters/prod".to_owned())
        }
    }

    async fn next(&mut self) -> Received {
        let next = tokio::time::timeout(PATIENCE, self.received.recv()).await;
        next.unwrap().unwrap()
    }

    fn count(&mut self) -> usize {
        let mut count = 0;
        while self.received.try_recv().is_ok() {
            count += 1;
        }
        count
    }
}

async fn receive(
    State(script): State<Script>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, HeaderMap) {
    script.received.send(Received { headers, body }).unwrap();
    script.open.acquire().await.unwrap().forget();
    let (status, retry_after) = {
        let mut answers = script.answers.lock().unwrap();
        answers.pop_front().unwrap_or((204, None))
    };
    let mut headers = HeaderMap::new();
    if let Some(value) = retry_after {
        let name = HeaderName::from_static("retry-after");
        headers.insert(name, HeaderValue::from_static(value));
    }
    (StatusCode::from_u16(status).unwrap(), headers)
}

fn named(name: impl ToString) -> Change {
    Change {
        name: name.to_string(),
        ..change()
    }
}

fn counted(metrics: &Metrics, series: &str) -> u64 {
    let page = page(metrics, Page::Text);
    let mut lines = page.lines().filter_map(|it| it.rsplit_once(' '));
    let found = lines.find(|it| it.0 == format!("stepscale_webhook_{series}"));
    found.unwrap().1.parse().unwrap()
}

fn events(metrics: &Metrics, outcome: Delivery) -> u64 {
    let outcome = outcome.as_str();
    counted(metrics, &format!("events_total{{outcome=\"{outcome}\"}}"))
}

#[tokio::test]
async fn events_arrive_in_order_signed() {
    let mut receiver = Receiver::start(&[], 1000).await;
    let settings = Settings {
        key: Some(b"hunter2".to_vec()),
        ..receiver.settings()
    };
    let metrics = Metrics::new();
    let (webhook, deliveries) = Webhook::start(settings, metrics.clone()).unwrap();
    for it in 0..20 {
        webhook.tell(&named(it));
    }
    for it in 0..20 {
        let received = receiver.next().await;
        assert_eq!(received.name(), it.to_string());
        let signature = signature::hmac(b"hunter2", &received.body);
        assert_eq!(
            received.header("x-stepscale-signature-256"),
            format!("sha256={signature}")
        );
        let content_type = received.header("content-type");
        assert_eq!(content_type, "application/cloudevents+json; charset=utf-8");
    }
    assert_eq!(deliveries.shutdown(PATIENCE).await, 0);
    assert_eq!(events(&metrics, Delivery::Delivered), 20);
    assert_eq!(counted(&metrics, "queue_length"), 0);
}

#[tokio::test]
async fn trouble_is_tried_again_and_nothing_overtakes() {
    let answers = [(503, None), (429, Some("0")), (500, Some("86400"))];
    let mut receiver = Receiver::start(&answers, 1000).await;
    let metrics = Metrics::new();
    let (webhook, deliveries) = Webhook::start(receiver.settings(), metrics.clone()).unwrap();
    webhook.tell(&named("first"));
    webhook.tell(&named("second"));
    let mut ids = Vec::new();
    for expected in ["first", "first", "first", "first", "second"] {
        let received = receiver.next().await;
        assert_eq!(received.name(), expected);
        ids.push(received.json()["id"].clone());
    }
    assert!(
        ids[..4].iter().all(|it| *it == ids[0]) && ids[4] != ids[0],
        "{ids:?}"
    );
    assert_eq!(deliveries.shutdown(PATIENCE).await, 0);
    assert_eq!(events(&metrics, Delivery::Delivered), 2);
    assert_eq!(counted(&metrics, "retries_total"), 3);
}

#[tokio::test]
async fn what_is_refused_or_fails_too_often_does_not_hold_up_the_rest() {
    let answers = [
        (400, None),
        (301, None),
        (500, None),
        (500, None),
        (500, None),
        (500, None),
    ];
    let mut receiver = Receiver::start(&answers, 1000).await;
    let metrics = Metrics::new();
    let (webhook, deliveries) = Webhook::start(receiver.settings(), metrics.clone()).unwrap();
    for name in ["refused", "moved", "failing", "good"] {
        webhook.tell(&named(name));
    }
    assert_eq!(deliveries.shutdown(PATIENCE).await, 0);
    assert_eq!(receiver.count(), 1 + 1 + 4 + 1);
    assert_eq!(events(&metrics, Delivery::Rejected), 2);
    assert_eq!(events(&metrics, Delivery::Exhausted), 1);
    assert_eq!(events(&metrics, Delivery::Delivered), 1);
}

#[tokio::test]
async fn a_receiver_that_is_not_there_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let receiver = Receiver::start(&[], 0).await;
    let settings = Settings {
        url: format!("http://{address}/"),
        ..receiver.settings()
    };
    let metrics = Metrics::new();
    let (webhook, deliveries) = Webhook::start(settings, metrics.clone()).unwrap();
    webhook.tell(&change());
    assert_eq!(deliveries.shutdown(PATIENCE).await, 0);
    assert_eq!(counted(&metrics, "retries_total"), 3);
    assert_eq!(events(&metrics, Delivery::Exhausted), 1);
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_is_given_up() {
    let mut receiver = Receiver::start(&[], 0).await;
    let settings = Settings {
        timeout: Duration::from_millis(50),
        ..receiver.settings()
    };
    let metrics = Metrics::new();
    let (webhook, deliveries) = Webhook::start(settings, metrics.clone()).unwrap();
    webhook.tell(&change());
    assert_eq!(deliveries.shutdown(PATIENCE).await, 0);
    assert_eq!(receiver.count(), 4);
    assert_eq!(events(&metrics, Delivery::Exhausted), 1);
}

#[tokio::test]
async fn of_too_many_the_oldest_go_and_telling_never_waits() {
    let mut receiver = Receiver::start(&[], 0).await;
    let settings = Settings {
        queue: 3,
        ..receiver.settings()
    };
    let metrics = Metrics::new();
    let (webhook, deliveries) = Webhook::start(settings, metrics.clone()).unwrap();
    webhook.tell(&named("under way"));
    assert_eq!(receiver.next().await.name(), "under way");
    for it in 0..10 {
        webhook.tell(&named(it));
    }
    assert_eq!(events(&metrics, Delivery::Dropped), 7);
    assert_eq!(counted(&metrics, "queue_length"), 4);
    receiver.open.add_permits(1000);
    for expected in ["7", "8", "9"] {
        assert_eq!(receiver.next().await.name(), expected);
    }
    assert_eq!(deliveries.shutdown(PATIENCE).await, 0);
    assert_eq!(events(&metrics, Delivery::Delivered), 4);
}

#[tokio::test]
async fn the_end_of_the_process_waits_no_longer_than_it_may() {
    let mut receiver = Receiver::start(&[], 0).await;
    let metrics = Metrics::new();
    let (webhook, deliveries) = Webhook::start(receiver.settings(), metrics.clone()).unwrap();
    for it in 0..3 {
        webhook.tell(&named(it));
    }
    receiver.next().await;
    assert_eq!(deliveries.shutdown(Duration::from_millis(20)).await, 3);
    assert_eq!(events(&metrics, Delivery::Abandoned), 3);
    webhook.tell(&change());
    assert_eq!(events(&metrics, Delivery::Abandoned), 4);
    assert_eq!(counted(&metrics, "queue_length"), 0);
}

#[tokio::test]
async fn whoever_is_in_a_hurry_leaves_what_waits_and_counts_it() {
    let mut receiver = Receiver::start(&[], 0).await;
    let metrics = Metrics::new();
    let (webhook, deliveries) = Webhook::start(receiver.settings(), metrics.clone()).unwrap();
    for it in 0..3 {
        webhook.tell(&named(it));
    }
    receiver.next().await;
    let hurried = std::future::ready(());
    assert_eq!(deliveries.shutdown_unless(PATIENCE, hurried).await, 3);
    assert_eq!(events(&metrics, Delivery::Abandoned), 3);
    assert_eq!(counted(&metrics, "queue_length"), 0);
}

#[test]
fn a_webhook_that_cannot_be_says_why_without_its_secrets() {
    let of = |url: &str| Settings::new(url.to_owned(), Form::Slack, String::new());
    for url in ["", "hooks.slack.com/secret", "ftp://secret@example.com/"] {
        let error = Sender::new(&of(url)).err().unwrap();
        assert_eq!(
            error.to_string(),
            "the URL of the webhook is not one of http or https"
        );
    }
    let with_file = |path: &str| Settings {
        ca_file: Some(path.into()),
        ..of("https://hooks.example.com/secret")
    };
    let error = Sender::new(&with_file("/nowhere/ca.pem")).err().unwrap();
    assert!(matches!(error, Error::File { .. }) && error.to_string().contains("/nowhere/ca.pem"));
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let error = Sender::new(&with_file(manifest)).err().unwrap();
    assert!(matches!(error, Error::Certificate { .. }), "{error}");
}

#[tokio::test]
async fn errors_do_not_show_the_url() {
    let receiver = Receiver::start(&[], 0).await;
    let settings = Settings {
        timeout: Duration::from_millis(20),
        ..receiver.settings()
    };
    let sender = Sender::new(&settings).unwrap();
    let Answer::Later { why, .. } = sender.send(&Event::of(&change(), &settings)).await else {
        panic!("nobody answers");
    };
    assert!(
        !why.contains("hunter2") && !why.contains("/services"),
        "{why}"
    );
    assert_eq!(sender.name(), format!("http://{}", receiver.address));
}

#[tokio::test]
async fn what_waits_goes_where_it_is_to_go_now() {
    let mut old = Receiver::start(&[(503, Some("300"))], 1000).await;
    let mut new = Receiver::start(&[], 1000).await;
    let patient = Settings {
        backoff: Backoff {
            longest: PATIENCE * 10,
            ..old.settings().backoff
        },
        ..old.settings()
    };
    let metrics = Metrics::new();
    let (webhook, deliveries) = Webhook::start(patient, metrics.clone()).unwrap();
    webhook.tell(&named("first"));
    webhook.tell(&named("second"));
    assert_eq!(old.next().await.name(), "first");
    let broken = Settings {
        url: "nowhere".to_owned(),
        ..new.settings()
    };
    assert!(webhook.set(broken).is_err());
    let slack = Settings {
        form: Form::Slack,
        ..new.settings()
    };
    webhook.set(slack).unwrap();
    for expected in ["first", "second"] {
        let text = new.next().await.json()["text"].to_string();
        assert!(text.contains(expected), "{text}");
    }
    assert_eq!(deliveries.shutdown(PATIENCE).await, 0);
    assert_eq!(old.count(), 0);
    assert_eq!(events(&metrics, Delivery::Delivered), 2);
    assert_eq!(
        format!("{webhook:?}"),
        format!("Webhook({})", webhook.name())
    );
}
