//! Runs scenarios and gathers everything that differs.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::client::{Answer, Client, Sent};
use super::data::{self, Need, Scenario, Server, Step, Suite};
use super::matching::{differences, shortened};
use super::variables::{Variables, with_base};
use crate::rig::control_plane::{ControlPlane, STRANGER, USERS, unique};

/// How long an answer may take to come about, and how long to wait between two requests for it.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(200);
/// Scenarios at the same time.
const AT_ONCE: usize = 6;

/// What came of all scenarios.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Checks that hold.
    pub(super) passed: usize,
    pub(super) failures: Vec<String>,
    /// Scenarios that this server cannot be asked, with the reason.
    skipped: Vec<String>,
}

impl Report {
    pub(super) fn summary(&self) -> String {
        let (passed, failed) = (self.passed, self.failures.len());
        let mut text = format!("{passed} checks hold, {failed} fail");
        for one in &self.skipped {
            text += &format!("\nskipped {one}");
        }
        text
    }

    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failures.extend(other.failures);
        self.skipped.extend(other.skipped);
    }
}

/// Runs every scenario whose file or name contains `chosen`.
pub(super) fn all(plane: &ControlPlane, suites: &[Suite], chosen: &str) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let clients = clients(plane).await;
        let each = suites.iter().flat_map(|suite| {
            let of = suite.scenarios();
            of.map(move |scenario| (suite, scenario))
        });
        let each =
            each.filter(|(suite, it)| suite.file.contains(chosen) || it.name.contains(chosen));
        let runs = each.map(|(suite, scenario)| run(plane, &clients, suite, scenario));
        let mut report = Report::default();
        let mut ended = stream::iter(runs).buffered(AT_ONCE);
        while let Some(one) = ended.next().await {
            report.add(one);
        }
        report
    })
}

async fn clients(plane: &ControlPlane) -> BTreeMap<String, Client> {
    let mut all = BTreeMap::new();
    all.insert(String::new(), Client::of(&plane.kubeconfig()).await);
    for user in USERS.into_iter().chain([STRANGER]) {
        let client = Client::of(&plane.kubeconfig_of(user)).await;
        all.insert(user.to_owned(), client);
    }
    all
}

/// Why a scenario cannot run on this server.
fn hindrance(plane: &ControlPlane, scenario: &Scenario) -> Option<&'static str> {
    match scenario.only.as_ref().map(|it| it.on) {
        Some(Server::Sandbox) if !plane.is_sandbox() => return Some("only on the sandbox"),
        Some(Server::Real) if plane.is_sandbox() => return Some("only on a real server"),
        Some(Server::Sandbox | Server::Real) | None => {}
    }
    let lacks = scenario.needs.contains(&Need::Controllers) && !plane.runs_controllers();
    lacks.then_some("no controllers run")
}

async fn run(
    plane: &ControlPlane,
    clients: &BTreeMap<String, Client>,
    suite: &Suite,
    scenario: &Scenario,
) -> Report {
    let mut report = Report::default();
    let name = format!("{} / {}", suite.file, scenario.name);
    if let Some(why) = hindrance(plane, scenario) {
        report.skipped.push(format!("{name}: {why}"));
        return report;
    }
    let mut session = Session::start(plane, clients, suite).await;
    for step in &scenario.steps {
        let step = if plane.is_sandbox() {
            step.on_sandbox()
        } else {
            Some(step.clone())
        };
        let Some(step) = step else {
            continue;
        };
        let label = step.check.clone().unwrap_or_else(|| step.request.clone());
        match session.perform(&step).await {
            Ok(()) => report.passed += usize::from(step.check.is_some()),
            Err(why) => report.failures.push(format!("✗ {name} / {label}\n{why}\n")),
        }
    }
    session.end(&scenario.cleanup).await;
    report
}

/// A scenario under way.
struct Session<'a> {
    clients: &'a BTreeMap<String, Client>,
    suite: &'a Suite,
    variables: Variables,
}

impl<'a> Session<'a> {
    async fn start(
        plane: &ControlPlane,
        clients: &'a BTreeMap<String, Client>,
        suite: &'a Suite,
    ) -> Self {
        let mut variables = Variables::default();
        let word = unique();
        for (name, value) in &suite.variables {
            variables.set(name, json!(value));
        }
        variables.set("run", json!(word));
        variables.set("ns", json!(format!("conformance-{word}")));
        let session = Self {
            clients,
            suite,
            variables,
        };
        session.make_namespace(plane).await;
        session
    }

    async fn make_namespace(&self, plane: &ControlPlane) {
        let create = Step {
            request: "POST /api/v1/namespaces".to_owned(),
            body: Some(json!({ "metadata": { "name": "${ns}" } })),
            code: 201,
            ..Step::default()
        };
        self.attempt(&create).await.expect("a namespace");
        // Pods are refused until their service account is there.
        let account = Step {
            request: "GET /api/v1/namespaces/${ns}/serviceaccounts/default".to_owned(),
            code: 200,
            eventually: true,
            ..Step::default()
        };
        if plane.runs_controllers() && !plane.is_sandbox() {
            self.repeat(&account).await.expect("its service account");
        }
    }

    async fn perform(&mut self, step: &Step) -> Result<(), String> {
        let answer = match step.eventually {
            true => self.repeat(step).await?,
            false => self.attempt(step).await?,
        };
        let body = answer.body();
        for (name, pointer) in &step.save {
            let value = body.pointer(pointer);
            let value = value.ok_or(format!("  the answer has no {pointer}"))?;
            self.variables.set(name, value.clone());
        }
        Ok(())
    }

    async fn repeat(&self, step: &Step) -> Result<Answer, String> {
        let mut last = Err("  no answer in time".to_owned());
        let repeated = async {
            loop {
                last = self.attempt(step).await;
                if last.is_ok() {
                    return;
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        // What came last says what is wrong.
        let _ = tokio::time::timeout(PATIENCE, repeated).await;
        last
    }

    async fn attempt(&self, step: &Step) -> Result<Answer, String> {
        let answer = match &step.meanwhile {
            None => self.send(step).await?,
            Some(other) => {
                let later = async {
                    tokio::time::sleep(PAUSE).await;
                    self.send(other).await
                };
                let (answer, other) = tokio::join!(self.send(step), later);
                other?;
                answer?
            }
        };
        let wrong = self.wrong(step, &answer)?;
        if wrong.is_empty() {
            return Ok(answer);
        }
        let body = shortened(&answer.body());
        Err(format!("  {}\n  answer: {body}", wrong.join("\n  ")))
    }

    async fn send(&self, step: &Step) -> Result<Answer, String> {
        let client = &self.clients[step.user.as_deref().unwrap_or_default()];
        let sent = self.sent(step)?;
        client.send(sent).await.map_err(|it| format!("  {it}"))
    }

    fn sent(&self, step: &Step) -> Result<Sent, String> {
        let request = self.variables.request(&step.request)?;
        let (method, path) = request.split_once(' ').ok_or("no method")?;
        let body = match (&step.body, &step.text) {
            (Some(body), _) => {
                let body = with_base(body, &self.suite.bases);
                self.variables.value(&body)?.to_string()
            }
            (None, Some(text)) => self.variables.text(text)?,
            (None, None) => String::new(),
        };
        let mut headers = step.headers.clone();
        let accept = data::accepted(step.accept.as_deref().unwrap_or("application/json"));
        headers
            .entry("accept".to_owned())
            .or_insert(accept.to_owned());
        let kind = data::content_type(step.content_type.as_deref().unwrap_or("application/json"));
        headers
            .entry("content-type".to_owned())
            .or_insert(kind.to_owned());
        // The manager of fields is named after the program, where a request names none.
        let agent = headers.entry("user-agent".to_owned());
        agent.or_insert("conformance/1.0".to_owned());
        Ok(Sent {
            method: method.to_owned(),
            path: path.to_owned(),
            headers,
            body,
        })
    }

    fn wrong(&self, step: &Step, answer: &Answer) -> Result<Vec<String>, String> {
        let mut wrong = Vec::new();
        if answer.code != step.code {
            wrong.push(format!("code is {}, not {}", answer.code, step.code));
        }
        if let Some(expect) = &step.expect {
            let expected = self.variables.value(expect)?;
            wrong.extend(differences(&answer.body(), &expected));
        }
        if let Some(text) = &step.says
            && answer.text != *text
        {
            wrong.push(format!("body is {:?}, not {text:?}", answer.text));
        }
        if let Some(warnings) = &step.warnings {
            let found = json!(answer.warnings);
            let of = differences(&found, &self.variables.value(&json!(warnings))?);
            wrong.extend(of.into_iter().map(|it| format!("warnings: {it}")));
        }
        for (name, expected) in &step.sends {
            let found = answer.headers.get(name).map_or(Value::Null, |it| json!(it));
            let of = differences(&found, &self.variables.value(expected)?);
            wrong.extend(of.into_iter().map(|it| format!("header {name}: {it}")));
        }
        Ok(wrong)
    }

    /// Leaves nothing behind; what is gone already is fine.
    async fn end(&self, cleanup: &[String]) {
        let namespace = "/api/v1/namespaces/${ns}".to_owned();
        for path in cleanup.iter().chain([&namespace]) {
            let delete = Step {
                request: format!("DELETE {path}"),
                ..Step::default()
            };
            let _ = self.send(&delete).await;
        }
    }
}
