//! A sandbox whose time passes, reached by HTTP alone.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use stepscale::sandbox::{Options, Sandbox};

/// The HPAs of all namespaces.
const HPAS: &str = "/apis/autoscaling/v2/horizontalpodautoscalers";

/// A running sandbox and a client of its administrator.
pub(super) struct Moved {
    pub(super) sandbox: Sandbox,
    client: reqwest::Client,
}

/// One decision of an HPA, as `simulate` lists them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    pub(super) at: Timestamp,
    pub(super) from: i64,
    pub(super) to: i64,
}

/// The statuses of HPAs as a watch tells them.
pub(super) struct Watched {
    answer: reqwest::Response,
    /// What has come of a line that has not ended.
    rest: Vec<u8>,
    /// The version up to which everything has come.
    version: u64,
    /// The last status of each HPA, and its changes.
    known: BTreeMap<String, Value>,
    pub(super) changes: BTreeMap<String, Vec<Change>>,
}

impl Moved {
    pub(super) async fn start(options: Options) -> Self {
        // Another test of this process may have done so.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sandbox = Sandbox::start(options).await.unwrap();
        Self {
            sandbox,
            client: reqwest::Client::new(),
        }
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> reqwest::Response {
        let request = request.bearer_auth(self.sandbox.token());
        let answer = request.send().await.unwrap();
        if !answer.status().is_success() {
            let status = answer.status();
            panic!("{status}: {}", answer.text().await.unwrap());
        }
        answer
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.plain_url())
    }

    pub(super) async fn text(&self, path: &str) -> String {
        let answer = self.answer(self.client.get(self.url(path))).await;
        answer.text().await.unwrap()
    }

    pub(super) async fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.text(path).await).unwrap()
    }

    /// Creates an object.
    pub(super) async fn post(&self, path: &str, object: &Value) {
        let request = self.client.post(self.url(path)).body(object.to_string());
        self.answer(request.header("content-type", "application/json"))
            .await;
    }

    /// Puts an object in the place of the one that is there, whatever became of it.
    pub(super) async fn replace(&self, path: &str, object: &Value) {
        let mut object = object.clone();
        object["metadata"]
            .as_object_mut()
            .unwrap()
            .remove("resourceVersion");
        let request = self.client.put(self.url(path)).body(object.to_string());
        self.answer(request.header("content-type", "application/json"))
            .await;
    }

    /// Changes a part of an object, by a merge patch.
    pub(super) async fn merge(&self, path: &str, patch: &Value) {
        let request = self.client.patch(self.url(path)).body(patch.to_string());
        self.answer(request.header("content-type", "application/merge-patch+json"))
            .await;
    }

    /// Deletes an object, or all of a collection.
    pub(super) async fn delete(&self, path: &str) {
        self.answer(self.client.delete(self.url(path))).await;
    }

    /// Applies a configuration server-side as the field manager `manager`, by force.
    pub(super) async fn apply(&self, path: &str, manager: &str, configuration: &Value) {
        let url = self.url(&format!("{path}?fieldManager={manager}&force=true"));
        let request = self.client.patch(url).body(configuration.to_string());
        let request = request.header("content-type", "application/apply-patch+yaml");
        self.answer(request).await;
    }

    /// Moves the time; what the clock shows then.
    pub(super) async fn pass(&self, seconds: i64) -> Timestamp {
        let body = json!({ "advanceSeconds": seconds }).to_string();
        let request = self.client.post(self.url("/twin/clock")).body(body);
        let clock = self.answer(request).await.text().await.unwrap();
        time(&serde_json::from_str::<Value>(&clock).unwrap()["now"])
    }

    pub(super) async fn now(&self) -> Timestamp {
        time(&self.json("/twin/clock").await["now"])
    }

    /// Follows the HPAs, with what their statuses tell of the last change before now.
    pub(super) async fn watch(&self) -> Watched {
        let list = self.json(HPAS).await;
        let version = &list["metadata"]["resourceVersion"];
        let version = version.as_str().unwrap();
        let path = format!("{HPAS}?watch=1&resourceVersion={version}");
        let mut watched = Watched {
            answer: self.answer(self.client.get(self.url(&path))).await,
            rest: Vec::new(),
            version: 0,
            known: BTreeMap::new(),
            changes: BTreeMap::new(),
        };
        for hpa in list["items"].as_array().unwrap() {
            watched.note(hpa);
        }
        watched.version = version.parse().unwrap();
        watched
    }

    /// Takes in what HPAs did up to now.
    pub(super) async fn follow(&self, watched: &mut Watched) {
        let list = self.json(HPAS).await;
        let all = list["items"].as_array().unwrap();
        let last = all.iter().map(version).max().unwrap();
        while watched.version < last {
            let part = watched.answer.chunk().await.unwrap();
            watched.take(&part.expect("a watch that goes on"));
        }
    }
}

impl Watched {
    fn take(&mut self, part: &[u8]) {
        self.rest.extend_from_slice(part);
        while let Some(end) = self.rest.iter().position(|it| *it == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let event: Value = serde_json::from_slice(&line).unwrap();
            assert_eq!(event["type"], "MODIFIED", "{event}");
            self.note(&event["object"]);
        }
    }

    fn note(&mut self, hpa: &Value) {
        self.version = version(hpa);
        let name = hpa["metadata"]["name"].as_str().unwrap().to_owned();
        let status = hpa["status"].clone();
        let count = |field: &str| status[field].as_i64().unwrap();
        let change = Change {
            at: status["lastScaleTime"]
                .as_str()
                .map_or(Timestamp::MIN, |_| time(&status["lastScaleTime"])),
            from: count("currentReplicas"),
            to: count("desiredReplicas"),
        };
        let before = self.known.insert(name.clone(), status);
        let is_new = change.at > Timestamp::MIN
            && before.is_none_or(|it| it["lastScaleTime"] != change.at.to_string());
        let changes = self.changes.entry(name).or_default();
        if is_new {
            changes.push(change);
        }
    }
}

fn version(object: &Value) -> u64 {
    let text = object["metadata"]["resourceVersion"].as_str().unwrap();
    text.parse().unwrap()
}

pub(super) fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}
