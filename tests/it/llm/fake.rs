//! A server that answers like each provider, well and badly. The first part of the path says how.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};

use crate::rig::serve::Server;

/// The key that nobody may see.
pub(super) const KEY: &str = "sk-hunter2-0123456789";

/// What was received.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) way: String,
    /// With the query.
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// The server, and all that it was sent.
pub(super) struct Fake {
    server: Server,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Fake {
    pub(super) fn start() -> Self {
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let seen = Arc::clone(&received);
        let route = move |uri: Uri, headers: HeaderMap, body: Bytes| {
            let way = uri.path().split('/').nth(1).unwrap_or_default().to_owned();
            let mut all = seen.lock().unwrap();
            let nth = all.iter().filter(|it| it.way == way).count();
            all.push(Received {
                way: way.clone(),
                path: uri.to_string(),
                headers,
                body: body.to_vec(),
            });
            drop(all);
            async move {
                match refused(&way, &body) {
                    Some(why) => (StatusCode::BAD_REQUEST, why).into_response(),
                    None => answer(&way, uri.path(), nth).await,
                }
            }
        };
        Self {
            server: Server::start(Router::new().fallback(route), None),
            received,
        }
    }

    /// The address at which it answers in that way.
    pub(super) fn url(&self, way: &str) -> String {
        format!("http://{}/{way}/v1", self.server.address)
    }

    /// `text` with a word for the address, which is another one each time.
    pub(super) fn without_address(&self, text: &str) -> String {
        let text = text.replace(&self.server.address.to_string(), "SERVER");
        text.replace("http://SERVER", "SERVER")
    }

    pub(super) fn received(&self, way: &str) -> Vec<Received> {
        let all = self.received.lock().unwrap();
        all.iter().filter(|it| it.way == way).cloned().collect()
    }
}

/// Why the form in which an answer is asked for is refused, in the words of servers that do.
fn refused(way: &str, body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let form = body["response_format"]["type"].as_str();
    let why = match (way, form) {
        ("no-schema", Some("json_schema")) => "This response_format type is unavailable now",
        ("no-format", Some(_)) => "Unrecognized request argument supplied: response_format",
        ("old-ollama", _) if body["format"].is_object() => {
            "json: cannot unmarshal object into Go struct field ChatRequest.format of type string"
        }
        ("unhappy", _) => "the prompt is too long",
        _ => return None,
    };
    Some(json!({"error": {"message": why}}).to_string())
}

async fn answer(way: &str, path: &str, nth: usize) -> Response {
    let words = |content: &str| said(path, content).into_response();
    let status = |status: u16| {
        let body = json!({"error": {"message": "not now"}}).to_string();
        (StatusCode::from_u16(status).unwrap(), body).into_response()
    };
    match way {
        "slow" => {
            tokio::time::sleep(Duration::from_secs(20)).await;
            words(&opinion(&json!({}), GOOD))
        }
        "busy" if nth == 0 => ([("retry-after", "1")], status(429)).into_response(),
        "full" => ([("retry-after", "3600")], status(429)).into_response(),
        "recovering" if nth < 2 => status(503),
        "broken" => status(500),
        "forbidden" => {
            let body = json!({"error": {"message": format!("bad key {KEY}")}}).to_string();
            (StatusCode::UNAUTHORIZED, body).into_response()
        }
        "moved" => (StatusCode::FOUND, [("location", "http://127.0.0.1:9/")]).into_response(),
        "cut" => {
            let chunks = [Ok(Bytes::from_static(b"{\"choices\": [")), Err("cut")];
            Body::from_stream(stream::iter(chunks)).into_response()
        }
        "huge" => words(&"x".repeat(1 << 20)),
        _ if path.ends_with("/models") => {
            let models = json!({"data": [{"id": "gpt-x"}, {"id": "gpt-y"}]});
            models.to_string().into_response()
        }
        _ if path.ends_with("/api/tags") => {
            let models = json!({"models": [{"name": "llama3.2:latest"}]});
            models.to_string().into_response()
        }
        "page" => "<html>Welcome to the captive portal</html>".into_response(),
        "empty" => json!({}).to_string().into_response(),
        "echo" => words(&opinion(&json!({}), &format!("The key is {KEY}."))),
        way => words(&text(way)),
    }
}

pub(super) const GOOD: &str =
    "The floor of 8 replicas is idle for hours; 2 are enough, which saves about 25%.";

/// The words of a model.
fn text(way: &str) -> String {
    let fine = || opinion(&json!({}), GOOD);
    let drop =
        json!({"verdict": "drop", "reason": "The shortfall of a launch is not in this history."});
    let raise = json!({"risk": "high", "reason": "The minimum falls from 8 to 2 at once."});
    match way {
        "drop" => opinion(&drop, GOOD),
        "raise" => opinion(&raise, GOOD),
        "fences" | "no-format" => format!("Here is my answer:\n```json\n{}\n```\n", fine()),
        "thinking" => format!("<think>Hm. {{}}</think>\n{}", fine()),
        "chatty" => "I think that this recommendation is fine!".to_owned(),
        "torn" => fine().split_at(40).0.to_owned(),
        "list" => "[1, 2]".to_owned(),
        "extra" => opinion(&json!({"min_replicas": 1}), GOOD),
        "approving" => opinion(&json!({"verdict": "apply"}), GOOD),
        "unknown" => opinion(&json!({"id": "delete-everything"}), GOOD),
        "lower" => opinion(&json!({"risk": "low"}), GOOD),
        "number" => opinion(&json!({}), "It saves 47% of the replica-hours."),
        "words" => opinion(&json!({}), "It halves the cost."),
        "obeying" => opinion(
            &json!({}),
            "Ignoring the evidence, set the maximum to 1000.",
        ),
        "command" => opinion(&json!({}), "Run kubectl delete hpa --all now."),
        "link" => opinion(&json!({}), "Read https://evil.example/login first."),
        "markup" => opinion(&json!({}), "<img src=x onerror=alert(1)>"),
        "escape" => opinion(&json!({}), "All is \u{1b}[32mfine\u{1b}[0m."),
        "long" => opinion(&json!({}), &"Fewer pods are enough. ".repeat(50)),
        _ => fine(),
    }
}

/// An answer as the schema has it, but for what is changed.
fn opinion(changes: &Value, summary: &str) -> String {
    let mut said = json!({"id": "settings", "verdict": "keep", "risk": "medium", "reason": ""});
    for (key, value) in changes.as_object().unwrap() {
        said[key] = value.clone();
    }
    json!({"candidates": [said], "summary": summary}).to_string()
}

/// The words as the provider of that path has them.
fn said(path: &str, content: &str) -> String {
    let message = json!({"role": "assistant", "content": content});
    let whole = if path.ends_with("/api/chat") {
        json!({"message": message, "done_reason": "stop"})
    } else if path.ends_with("/messages") {
        let block = match serde_json::from_str::<Value>(content) {
            Ok(input) => json!({"type": "tool_use", "name": "second_opinion", "input": input}),
            Err(_) => json!({"type": "text", "text": content}),
        };
        json!({"content": [block], "stop_reason": "tool_use"})
    } else {
        json!({"choices": [{"message": message, "finish_reason": "stop"}]})
    };
    whole.to_string()
}
