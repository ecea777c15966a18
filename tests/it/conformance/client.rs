//! Plain requests to the API server of a kubeconfig, with nothing read into the answers.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use http::Request;
use http_body_util::BodyExt;
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::Value;

/// A client that gives every answer as it is, refusals included.
#[derive(Clone)]
pub(super) struct Client(kube::Client);

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) code: u16,
    /// Whether it is the events of a watch.
    is_stream: bool,
    pub(super) text: String,
    pub(super) warnings: Vec<String>,
    pub(super) headers: BTreeMap<String, String>,
}

/// What is sent.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
}

impl Client {
    pub(super) async fn of(kubeconfig: &Path) -> Self {
        // Another test of this process may have done so.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let read = Kubeconfig::read_from(kubeconfig).expect("a kubeconfig");
        let options = KubeConfigOptions::default();
        let config = kube::Config::from_custom_kubeconfig(read, &options).await;
        let mut config = config.expect("a usable kubeconfig");
        config.default_retry = false;
        let client = kube::Client::try_from(config);
        Self(client.expect("a client"))
    }

    /// # Errors
    /// When there is no answer, or none within half a minute.
    pub(super) async fn send(&self, sent: Sent) -> Result<Answer, String> {
        let mut request = Request::builder()
            .method(sent.method.as_str())
            .uri(&sent.path);
        for (name, value) in &sent.headers {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(sent.body.into_bytes()));
        let request = request.map_err(|it| format!("{}: {it}", sent.path))?;
        let answer = tokio::time::timeout(Duration::from_secs(30), self.answer(request));
        let mut answer = answer.await.map_err(|_| "no answer in time".to_owned())??;
        answer.is_stream = answer.code == 200 && sent.path.contains("watch=");
        Ok(answer)
    }

    async fn answer(&self, request: Request<Body>) -> Result<Answer, String> {
        let response = self.0.send(request).await.map_err(|it| it.to_string())?;
        let (head, body) = response.into_parts();
        let text = |it: &http::HeaderValue| String::from_utf8_lossy(it.as_bytes()).into_owned();
        let warnings = head.headers.get_all("warning").iter().map(text);
        let headers = head
            .headers
            .iter()
            .map(|(name, it)| (name.to_string(), text(it)));
        let body = body
            .collect()
            .await
            .map_err(|it| it.to_string())?
            .to_bytes();
        Ok(Answer {
            code: head.status.as_u16(),
            is_stream: false,
            text: String::from_utf8_lossy(&body).into_owned(),
            warnings: warnings.map(|it| warning(&it)).collect(),
            headers: headers.collect(),
        })
    }
}

impl Answer {
    /// The body: JSON, a list of the events of a watch, or else the text itself.
    pub(super) fn body(&self) -> Value {
        let text = || Value::String(self.text.clone());
        if self.is_stream {
            let lines = self.text.lines().map(serde_json::from_str);
            let events: Result<_, _> = lines.collect();
            return events.map_or_else(|_| text(), Value::Array);
        }
        serde_json::from_str(&self.text).unwrap_or_else(|_| text())
    }
}

/// The text of a header such as `299 - "unknown field"`.
fn warning(header: &str) -> String {
    let quoted = header.splitn(3, ' ').nth(2).unwrap_or(header);
    serde_json::from_str(quoted).unwrap_or_else(|_| quoted.to_owned())
}
