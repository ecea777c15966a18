//! `watch` tells others of what it does, and takes up files that change.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::probation::{Scene, calm};
use super::workload::Workload;
use crate::rig::program::interrupt;
use crate::rig::serve::Server;

/// After which nothing comes any more.
const PATIENCE: Duration = Duration::from_secs(300);

/// Takes events: answers as told, then with 204; or never.
struct Hook {
    server: Server,
    received: Receiver<(HeaderMap, Value)>,
}

#[derive(Clone)]
struct Script {
    /// `None` to answer nothing.
    answers: Option<Arc<Mutex<Vec<u16>>>>,
    sender: mpsc::Sender<(HeaderMap, Value)>,
}

impl Hook {
    fn start(answers: Option<&[u16]>) -> Self {
        let (sender, received) = mpsc::channel();
        let answers = answers.map(|it| Arc::new(Mutex::new(it.iter().rev().copied().collect())));
        let router = Router::new().fallback(receive);
        let router = router.with_state(Script { answers, sender });
        Self {
            server: Server::start(router, None),
            received,
        }
    }

    fn url(&self) -> String {
        format!("http://{}/services/hunter2", self.server.address)
    }

    fn next(&self) -> (HeaderMap, Value) {
        self.received.recv_timeout(PATIENCE).unwrap()
    }

    /// What comes while the time of a scene goes on: a look in the midst of a change may find too
    /// little, which makes a probation longer.
    fn next_of(&self, scene: &Scene) -> (HeaderMap, Value) {
        const TIMES: u32 = 6;
        let mut passes = (0..TIMES).map(|_| {
            scene.pass(50);
            self.received.recv_timeout(PATIENCE / TIMES).ok()
        });
        passes.find_map(|it| it).expect("nothing was told")
    }
}

async fn receive(
    State(script): State<Script>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, [(&'static str, &'static str); 1]) {
    let body = serde_json::from_slice(&body).unwrap();
    let _ = script.sender.send((headers, body));
    let Some(answers) = script.answers else {
        return std::future::pending().await;
    };
    let status = answers.lock().unwrap().pop().unwrap_or(204);
    (
        StatusCode::from_u16(status).unwrap(),
        [("retry-after", "0")],
    )
}

/// A watch in the background, and what it says.
struct Watch {
    child: Child,
    told: Receiver<String>,
    log: Receiver<String>,
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}

impl Watch {
    fn start(command: &mut Command) -> Self {
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        Self {
            told: lines(child.stdout.take().unwrap()),
            log: lines(child.stderr.take().unwrap()),
            child,
        }
    }

    /// The next line of the log that has `part` in it.
    #[track_caller]
    fn logs(&self, part: &str) -> String {
        let mut before = vec![];
        loop {
            let line = self.log.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("no {part}: {}", before.join("\n")));
            if line.contains(part) {
                return line;
            }
            before.push(line);
        }
    }

    /// The next change of state.
    fn tells(&self) -> Value {
        serde_json::from_str(&self.told.recv_timeout(PATIENCE).unwrap()).unwrap()
    }

    /// Ends it; the rest of its log.
    fn end(self) -> String {
        let (said, _) = interrupt(self.child, "TERM");
        let rest: Vec<String> = self.log.into_iter().collect();
        assert_eq!(said.code, Some(0), "{}", rest.join("\n"));
        rest.join("\n")
    }
}

/// Files below a folder as Kubernetes mounts them: all are swapped at once.
struct Mounted {
    folder: PathBuf,
    generation: u32,
}

impl Mounted {
    fn new(folder: PathBuf, files: &[(&str, &[u8])]) -> Self {
        fs::create_dir(&folder).unwrap();
        let mut mounted = Self {
            folder,
            generation: 0,
        };
        mounted.swap(files);
        mounted
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn swap(&mut self, files: &[(&str, &[u8])]) {
        self.generation += 1;
        let behind = format!("..{}", self.generation);
        fs::create_dir(self.path(&behind)).unwrap();
        for (name, text) in files {
            fs::write(self.path(&behind).join(name), text).unwrap();
            let link = self.path(name);
            if fs::symlink_metadata(&link).is_err() {
                std::os::unix::fs::symlink(Path::new("..data").join(name), link).unwrap();
            }
        }
        let draft = self.path("..data_tmp");
        std::os::unix::fs::symlink(behind, &draft).unwrap();
        fs::rename(draft, self.path("..data")).unwrap();
    }
}

fn scene() -> Scene {
    let scene = Scene::start(&[Workload::new("good", 300, calm)], 4);
    scene.recommend("good", &json!({ "min_replicas": { "from": 4, "to": 2 } }));
    scene
}

fn managers(object: &Value) -> Vec<&str> {
    let all = object["metadata"]["managedFields"].as_array().unwrap();
    all.iter()
        .map(|it| it["manager"].as_str().unwrap())
        .collect()
}

#[test]
fn the_leader_tells_a_receiver_and_the_next_one_tells_it_again_as_the_same() {
    let scene = scene();
    let hook = Hook::start(Some(&[503, 429]));
    let secrets = [("url", hook.url()), ("key", "swordfish\n".to_owned())];
    let secrets = secrets.each_ref().map(|(name, it)| (*name, it.as_bytes()));
    let mounted = Mounted::new(scene.home("webhook"), &secrets);
    let [url, key] = ["url", "key"].map(|it| mounted.path(it));
    let shared = [
        "watch",
        "--mode=apply",
        "--interval=10",
        "--lease-namespace=shop",
        "-ojsonl",
        "--webhook-source=/clusters/twin",
    ];
    let command = || {
        let mut command = scene.command(&shared);
        command.arg("--webhook-url-file").arg(&url);
        command.arg("--webhook-key-file").arg(&key);
        Watch::start(&mut command)
    };
    let first = command();
    assert_eq!(first.tells()["phase"], "applied");
    let tries = [(); 3].map(|()| hook.next());
    let lease = "/apis/coordination.k8s.io/v1/namespaces/shop/leases/stepscale-autoscaler-leader";
    let holder = scene.object(lease)["spec"]["holderIdentity"].clone();
    let log = first.end();
    assert!(
        !log.contains("hunter2") && !log.contains("swordfish"),
        "{log}"
    );
    // Whatever was wrong with the receiver, it is one event.
    let (headers, event) = &tries[2];
    assert!(tries.iter().all(|it| it.1 == *event), "{tries:?}");
    assert_eq!(event["type"], "io.stepscale.recommendation.applied");
    assert_eq!(event["source"], "/clusters/twin");
    assert_eq!(event["subject"], "shop/good");
    let diff = json!({ "min_replicas": { "from": 4, "to": 2 } });
    assert_eq!(event["data"]["configDiff"], diff);
    let signature = headers["x-stepscale-signature-256"].to_str().unwrap();
    assert!(signature.starts_with("sha256="), "{signature}");

    // Whoever leads next cannot know that it arrived.
    let second = command();
    let (_, again) = hook.next();
    assert_eq!(again["id"], event["id"]);
    assert_eq!(again["time"], event["time"]);
    second.end();
    assert!(hook.received.try_recv().is_err());

    // What was written says that it was a watch, and which.
    let hpa = scene.hpa("good");
    assert!(managers(&hpa).contains(&"stepscale-watch"), "{hpa}");
    let path = "/apis/stepscale.io/v1alpha1/namespaces/shop/scalingrecommendations/good";
    let record = scene.object(path);
    assert!(managers(&record).contains(&"stepscale-watch"), "{record}");
    let events = scene.object("/api/v1/namespaces/shop/events");
    let events = events["items"].as_array().unwrap().iter();
    let ours: Vec<&Value> = events
        .filter(|it| it["source"]["component"] == "stepscale-watch")
        .collect();
    assert!(!ours.is_empty());
    for event in ours {
        assert_eq!(event["reportingComponent"], "stepscale-watch");
        assert_eq!(event["reportingInstance"], holder, "{event}");
        assert_eq!(managers(event), ["stepscale-watch"]);
    }
}

#[test]
fn a_receiver_that_never_answers_holds_up_nothing() {
    let scene = scene();
    let hook = Hook::start(None);
    let arguments = ["watch", "--mode=apply", "--once", "--webhook-form=slack"];
    let mut command = scene.command(&arguments);
    command.env("STEPSCALE_WEBHOOK_URL", hook.url());
    let said = crate::rig::program::Said::by(&mut command);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert_eq!(scene.phase("good"), "applied");
    let text = hook.next().1["text"].to_string();
    assert!(text.contains("*shop/good*"), "{text}");
    let left = "events were not delivered";
    assert!(said.stderr.contains(left), "{}", said.stderr);
    assert!(!said.stderr.contains("hunter2"), "{}", said.stderr);
}

#[test]
fn files_that_change_count_without_a_new_start() {
    let scene = scene();
    let hook = Hook::start(Some(&[]));
    let read = |name: &str| fs::read(scene.home(name)).unwrap();
    let (license, signature) = (read("license.json"), read("license.json.sig"));
    let mut licenses = Mounted::new(scene.home("license"), &[("license", b"{}")]);
    let config = |more: &str| {
        let [license, signature] = ["license", "signature"].map(|it| licenses.path(it));
        let (license, signature) = (license.display(), signature.display());
        format!("license:\n  file: {license}\n  signature: {signature}\n{more}")
    };
    let (plain, broken) = (config(""), config("metrics: {windowDays: 0}\n"));
    let with_hook = config(&format!("webhook: {{url: '{}'}}\n", hook.url()));
    let mut mounted = Mounted::new(scene.home("mounted"), &[("config.yaml", plain.as_bytes())]);
    let command = |more: &[&str]| {
        let mut command = scene.command(&[&["watch", "--mode=apply", "-ojsonl"], more].concat());
        command.env_remove("STEPSCALE_LICENSE");
        command.arg("--config").arg(mounted.path("config.yaml"));
        command
    };
    let (mut begin, mut once) = (command(&["--interval=10"]), command(&["--once"]));
    let watch = Watch::start(&mut begin);
    watch.logs("given with --license-signature");
    assert_eq!(watch.tells()["phase"], "blocked");

    licenses.swap(&[("license", &license), ("signature", &signature)]);
    watch.logs("license read again");
    let applied = watch.tells();
    assert_eq!(applied["phase"], "applied", "{applied}");

    mounted.swap(&[("config.yaml", broken.as_bytes())]);
    let told = watch.logs("configuration not taken");
    let said = crate::rig::program::Said::by(&mut once);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    let at_start = said.stderr.lines().next().unwrap();
    assert!(told.contains(at_start), "{told} has not {at_start}");

    mounted.swap(&[("config.yaml", with_hook.as_bytes())]);
    watch.logs("configuration read again");
    watch.logs("events are sent");
    let (_, event) = hook.next_of(&scene);
    assert_eq!(event["data"]["before"], "applied", "{event}");
    let rest = watch.end();
    assert!(!rest.contains("configuration not taken"), "{rest}");
}
