//! A headless Chromium, told what to do by the W3C's WebDriver protocol, which is JSON over HTTP.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use super::process::{Needed, Running, free_port};

/// Whether tests that need a browser can run. Says so loudly if not.
///
/// # Panics
/// Where they have to run: with `CI=true` or `STEPSCALE_REQUIRE_CHROMIUM=1`.
pub(crate) fn is_available() -> bool {
    let needed = Needed {
        programs: &["chromium", "chromedriver"],
        flag: "--version",
        variable: "STEPSCALE_REQUIRE_CHROMIUM",
        packages: "chromium chromium-driver",
    };
    needed.is_available()
}

/// A browser with a window, ended when dropped.
pub(crate) struct Browser {
    runtime: Runtime,
    client: reqwest::Client,
    /// Of the session: `http://127.0.0.1:41234/session/…`.
    url: String,
    /// Chromium ends with its session, before this does: a driver that is killed would leave it behind.
    _driver: Running,
    /// The profile.
    _directory: tempfile::TempDir,
}

impl Browser {
    /// A window of 1280 by 900 points.
    ///
    /// # Panics
    /// When it does not start.
    pub(crate) fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let client = reqwest::Client::builder().no_proxy();
        let client = client.timeout(Duration::from_secs(120)).build();
        let client = client.expect("a client");
        let directory = tempfile::tempdir().expect("a temporary directory");
        let port = free_port();
        let mut driver = Command::new("chromedriver");
        driver.arg(format!("--port={port}")).stdin(Stdio::null());
        driver.stdout(Stdio::null()).stderr(Stdio::null());
        let mut browser = Self {
            _driver: Running::start(&mut driver),
            url: format!("http://127.0.0.1:{port}"),
            _directory: directory,
            runtime,
            client,
        };
        browser.open_session();
        browser
    }

    fn open_session(&mut self) {
        for _ in 0..200 {
            let status = self.client.get(format!("{}/status", self.url));
            if self.runtime.block_on(async { status.send().await }).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let profile = self._directory.path().display();
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,900",
            &format!("--user-data-dir={profile}"),
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"args": arguments},
        }}});
        let session = self.post("/session", &wanted);
        let id = session["sessionId"].as_str().expect("a session").to_owned();
        self.url = format!("{}/session/{id}", self.url);
    }

    /// Asks the driver for something; what it answers.
    ///
    /// # Panics
    /// When it refuses.
    #[track_caller]
    fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.client.post(format!("{}{path}", self.url));
        self.answer(request.body(body.to_string()))
    }

    #[track_caller]
    fn answer(&self, request: reqwest::RequestBuilder) -> Value {
        let answer = self
            .runtime
            .block_on(async { request.send().await?.bytes().await });
        let answer = answer.expect("an answer of the driver");
        let mut answer: Value = serde_json::from_slice(&answer).expect("JSON");
        let answer = answer["value"].take();
        assert!(answer.get("error").is_none(), "{answer}");
        answer
    }

    /// Opens a file of this machine, at a place within it: `#fleet`.
    #[track_caller]
    pub(crate) fn open(&self, file: &Path, place: &str) {
        let url = format!("file://{}{place}", file.display());
        self.post("/url", &json!({ "url": url }));
    }

    /// What the body of a function returns.
    #[track_caller]
    pub(crate) fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// The text that a script returns.
    #[track_caller]
    pub(crate) fn text(&self, script: &str) -> String {
        let value = self.run(script);
        let text = value.as_str();
        text.unwrap_or_else(|| panic!("no text: {value}"))
            .to_owned()
    }

    #[track_caller]
    fn element(&self, selector: &str) -> String {
        let wanted = json!({"using": "css selector", "value": selector});
        let element = self.post("/element", &wanted);
        let id = element.as_object().and_then(|it| it.values().next());
        id.and_then(Value::as_str).expect("an element").to_owned()
    }

    /// Clicks where a person would.
    #[track_caller]
    pub(crate) fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.post(&format!("/element/{element}/click"), &json!({}));
    }

    /// Types into a field.
    #[track_caller]
    pub(crate) fn type_into(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.post(
            &format!("/element/{element}/value"),
            &json!({ "text": text }),
        );
    }

    /// Moves the pointer to places of an element, given from its middle; with the button down
    /// after the first where `drags`.
    #[track_caller]
    pub(crate) fn point(&self, selector: &str, places: &[(i32, i32)], drags: bool) {
        let element = self.element(selector);
        let origin = json!({"element-6066-11e4-a52e-4f735466cecf": element});
        let mut actions = Vec::new();
        for (index, (x, y)) in places.iter().enumerate() {
            actions.push(json!({
                "type": "pointerMove", "duration": 50, "x": x, "y": y, "origin": origin,
            }));
            if drags && index == 0 {
                actions.push(json!({"type": "pointerDown", "button": 0}));
            }
        }
        if drags {
            actions.push(json!({"type": "pointerUp", "button": 0}));
        }
        self.post(
            "/actions",
            &json!({"actions": [{
                "type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"},
                "actions": actions,
            }]}),
        );
    }

    /// Asks Chromium itself, by the protocol of its developer tools.
    #[track_caller]
    pub(crate) fn chromium(&self, command: &str, parameters: &Value) {
        let body = json!({"cmd": command, "params": parameters});
        self.post("/goog/cdp/execute", &body);
    }

    /// What the page and Chromium itself have complained of since this was last asked.
    #[track_caller]
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = self.post("/se/log", &json!({"type": "browser"}));
        let entries = log.as_array().expect("a list of entries").iter();
        let bad = entries.filter(|it| matches!(it["level"].as_str(), Some("SEVERE" | "WARNING")));
        bad.map(|it| it["message"].to_string()).collect()
    }

    /// Writes what is to be seen to a file, where `STEPSCALE_SCREENSHOTS` names a folder for such.
    #[track_caller]
    pub(crate) fn picture(&self, name: &str) {
        let Some(folder) = std::env::var_os("STEPSCALE_SCREENSHOTS") else {
            return;
        };
        let shot = self.answer(self.client.get(format!("{}/screenshot", self.url)));
        let image = STANDARD.decode(shot.as_str().expect("a picture"));
        let file = Path::new(&folder).join(format!("{name}.png"));
        fs::write(file, image.expect("base64")).expect("a folder for pictures");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let ended = self.client.delete(&self.url);
        let _ = self.runtime.block_on(async { ended.send().await });
    }
}
