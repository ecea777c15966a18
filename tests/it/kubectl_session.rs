//! A day with kubectl: every command that people type, by the real program, without complaint.
//!
//! Runs with the kubectl in `PATH` and those of `STEPSCALE_TEST_KUBECTL`, a list as `PATH` is one,
//! on the control plane that the environment chooses. `chapters` has what is typed.

mod chapters;
mod files;
mod step;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::rig::control_plane::{ControlPlane, unique};
use step::{On, Step};

/// How long a line of a watch may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
#[expect(clippy::print_stderr, reason = "says what was run and skipped")]
fn every_command_works() {
    let programs = programs();
    if programs.is_empty() {
        eprintln!("SKIPPED: not installed: kubectl (Debian: apt-get install kubernetes-client)");
        return;
    }
    let plane = ControlPlane::start();
    let mut failures = Vec::new();
    for program in &programs {
        let said = commands(&plane, program);
        let ran = said.iter().map(|it| it.ran).sum::<usize>();
        eprintln!("{}: {ran} commands", program.display());
        failures.extend(said.into_iter().flat_map(|it| it.failures));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_watch_shows_a_change_when_it_comes() {
    let plane = ControlPlane::start();
    for program in programs() {
        let user = User::new(&plane, &program);
        user.make_namespace();
        let created = user.run("create configmap watched --from-literal=a=1", &[]);
        assert_eq!(created.code, Some(0), "{created:?}");
        let shown = user.watched(
            "get configmap watched --watch --output=jsonpath={.data.a}{\"\\n\"}",
            "patch configmap watched --patch '{\"data\":{\"a\":\"2\"}}'",
        );
        user.drop_namespace();
        assert_eq!(shown, ["1", "2"]);
    }
}

/// Every kubectl that is found, each version once.
fn programs() -> Vec<PathBuf> {
    let listed = std::env::var_os("STEPSCALE_TEST_KUBECTL").unwrap_or_default();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).map(|it| it.join("kubectl"));
    let mut candidates: Vec<PathBuf> = in_path.filter(|it| it.is_file()).take(1).collect();
    candidates.extend(std::env::split_paths(&listed));
    // Where scripts/test.sh puts the newest.
    let installed = "target/tools/kubectl/bin/kubectl";
    candidates.push(Path::new(env!("CARGO_MANIFEST_DIR")).join(installed));
    let mut versions = BTreeSet::new();
    let is_new = |program: &PathBuf| {
        let asked = Command::new(program).args(["version", "--client"]).output();
        asked.is_ok_and(|it| it.status.success() && versions.insert(it.stdout))
    };
    candidates
        .into_iter()
        .filter(|it| it.is_file())
        .filter(is_new)
        .collect()
}

/// What came of a chapter.
#[derive(Debug, Default)]
struct Outcome {
    ran: usize,
    failures: Vec<String>,
}

/// All chapters, side by side.
fn commands(plane: &ControlPlane, program: &Path) -> Vec<Outcome> {
    thread::scope(|scope| {
        let chapters = chapters::all().into_iter();
        let running: Vec<_> = chapters
            .map(|(name, steps)| scope.spawn(move || chapter(plane, program, name, &steps)))
            .collect();
        let ended = running.into_iter().map(|it| it.join());
        ended
            .map(|it| it.expect("a chapter that does not panic"))
            .collect()
    })
}

fn chapter(plane: &ControlPlane, program: &Path, name: &str, steps: &[Step]) -> Outcome {
    let user = User::new(plane, program);
    user.make_namespace();
    let mut outcome = Outcome::default();
    for step in steps.iter().filter(|it| is_possible(plane, it.on)) {
        outcome.ran += 1;
        let wrong = user.perform(step);
        if !wrong.is_empty() {
            let (program, wrong) = (program.display(), wrong.join("\n  "));
            let line = &step.line;
            outcome
                .failures
                .push(format!("✗ {name}: {program} {line}\n  {wrong}\n"));
        }
    }
    user.drop_namespace();
    outcome
}

fn is_possible(plane: &ControlPlane, on: On) -> bool {
    match on {
        On::Every => true,
        On::Controllers => plane.runs_controllers(),
        On::Sandbox => plane.is_sandbox(),
        On::Real => !plane.is_sandbox(),
    }
}

/// Somebody who types, with a home and a namespace of their own.
struct User<'a> {
    plane: &'a ControlPlane,
    program: &'a Path,
    home: tempfile::TempDir,
    word: String,
}

/// What kubectl said.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl<'a> User<'a> {
    fn new(plane: &'a ControlPlane, program: &'a Path) -> Self {
        let user = Self {
            plane,
            program,
            home: tempfile::tempdir().expect("a temporary directory"),
            word: unique(),
        };
        for (name, text) in files::ALL {
            let text = user.filled(text);
            fs::write(user.home.path().join(name), text).expect("a manifest");
        }
        user
    }

    /// `{ns}` is the namespace, `{run}` a word that no other run uses.
    fn filled(&self, text: &str) -> String {
        let namespace = format!("session-{}", self.word);
        text.replace("{ns}", &namespace)
            .replace("{run}", &self.word)
    }

    fn make_namespace(&self) {
        let made = self.run("create namespace {ns}", &[]);
        assert_eq!(made.code, Some(0), "{made:?}");
        if self.plane.runs_controllers() && !self.plane.is_sandbox() {
            // Pods are refused until their service account is there.
            let wait = "wait --for=create serviceaccount/default --timeout=30s";
            let waited = self.run(wait, &[]);
            assert_eq!(waited.code, Some(0), "{waited:?}");
        }
    }

    fn drop_namespace(&self) {
        self.run("delete namespace {ns} --wait=false --ignore-not-found", &[]);
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(self.program);
        command
            .args(words(&self.filled(line)))
            .arg(format!("--namespace={}", self.filled("{ns}")))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("KUBECONFIG", self.plane.kubeconfig())
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        command
    }

    fn run(&self, line: &str, environment: &[(&str, &str)]) -> Said {
        let mut command = self.command(line);
        command.envs(environment.iter().copied());
        let output = command.output().expect("kubectl starts");
        let text = |it: Vec<u8>| String::from_utf8_lossy(&it).into_owned();
        Said {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    fn perform(&self, step: &Step) -> Vec<String> {
        let said = self.run(&step.line, &step.environment);
        step.wrong(&said, |text| self.filled(text))
    }

    /// The first two lines of a watch during which, after the first, another command runs.
    fn watched(&self, watch: &str, change: &str) -> Vec<String> {
        let mut command = self.command(watch);
        let spawned = command.stdout(Stdio::piped()).spawn();
        let mut child = spawned.expect("kubectl starts");
        let stdout = child.stdout.take().expect("its output");
        let (send, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = send.send(line);
            }
        });
        let mut shown: Vec<String> = lines.recv_timeout(PATIENCE).into_iter().collect();
        self.run(change, &[]);
        shown.extend(lines.recv_timeout(PATIENCE));
        let _ = child.kill();
        let _ = child.wait();
        shown
    }
}

/// A line as a shell splits it: by spaces, except between single quotes.
fn words(line: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    for (index, part) in line.split('\'').enumerate() {
        let mut pieces = match index % 2 {
            0 => part.split(' ').collect::<Vec<_>>(),
            _ => vec![part],
        }
        .into_iter();
        let last = all.last_mut().expect("a word");
        last.push_str(pieces.next().unwrap_or_default());
        all.extend(pieces.map(str::to_owned));
    }
    all.retain(|it| !it.is_empty());
    all
}

#[test]
fn lines_are_split_as_by_a_shell() {
    let line = "get pods -o 'jsonpath={.a b}' --x='1 2'y ";
    let expected = ["get", "pods", "-o", "jsonpath={.a b}", "--x=1 2y"];
    assert_eq!(words(line), expected);
}
