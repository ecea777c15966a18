//! Runs the blocks of commands, page by page and in order. A page has a demo cluster of its own, and a
//! folder with the examples in it; its commands end as it says. What a `console` shows is compared with
//! what was said, but for blocks of the word `varies`; a line `…` stands for any lines.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;

use super::page::{Block, Page, pages, root};
use crate::rig::program::{Said, User, has_kubectl};
use crate::rig::say;

/// A block that takes longer hangs.
const LIMIT: &str = "100";

/// How fast its time passes: KEDA looks every 30 s, for which nobody waits here.
const SPEED: &str = "20";

/// Pages at once: most of the time of each is computing.
const WORKERS: usize = 2;

#[test]
fn every_block_does_what_its_page_says() {
    let has_kubectl = has_kubectl();
    let wanted = std::env::var("STEPSCALE_DOCS_PAGE").unwrap_or_default();
    let mut left = pages();
    left.retain(|it| it.path.contains(&wanted));
    assert!(
        !left.is_empty(),
        "STEPSCALE_DOCS_PAGE={wanted} names no page"
    );
    let (left, wrong) = (Mutex::new(left), Mutex::new(Vec::new()));
    let next = || left.lock().unwrap().pop();
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(page) = next() {
                    let found = troubles(&page, has_kubectl);
                    wrong.lock().unwrap().extend(found);
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What the blocks of a page do other than it says.
fn troubles(page: &Page, has_kubectl: bool) -> Vec<String> {
    let blocks = page.scripts().map(|it| it.1);
    let run: Vec<&Block> = blocks.filter(|it| it.word("no-run").is_none()).collect();
    let mut wrong = Vec::new();
    if run.is_empty() {
        return wrong;
    }
    let demo = Demo::start(has_kubectl);
    let folder = demo.folder();
    for block in run {
        let place = page.place(block.line);
        if !has_kubectl && asks_kubectl(&block.script()) {
            say(&format!("SKIPPED: {place} needs kubectl"));
        } else if let Err(why) = checked(&demo, &folder, block) {
            wrong.push(format!("{place}: {why}"));
        }
    }
    wrong
}

/// Whether a script asks kubectl for more than its plugin.
fn asks_kubectl(script: &str) -> bool {
    let mut after = script.split("kubectl ").skip(1);
    after.any(|it| !it.starts_with("stepscale"))
}

fn checked(demo: &Demo, folder: &Path, block: &Block) -> Result<(), String> {
    let is_compared = block.language == "console" && block.word("varies").is_none();
    // What is compared may fail in between, as at a terminal, where both streams are seen.
    let head = match is_compared {
        true => "exec 2>&1",
        false => "set -euo pipefail",
    };
    let script = block.script();
    let said = demo.run(folder, &format!("{head}\n{script}"));
    let expected = block.word("exit").map_or(Ok(0), str::parse);
    let expected: i32 = expected.map_err(|it| format!("exit: {it}"))?;
    if said.code != Some(expected) {
        let (out, err) = (&said.stdout, &said.stderr);
        return Err(format!(
            "exit {:?}, expected {expected}\n{script}{out}{err}",
            said.code
        ));
    }
    if is_compared && !fits(&block.said(), &said.stdout) {
        return Err(format!("says\n{}", said.stdout));
    }
    Ok(())
}

/// Whether `said` is `shown`, in which a line `…` stands for any lines.
fn fits(shown: &str, said: &str) -> bool {
    let shown: Vec<&str> = shown.lines().map(str::trim_end).collect();
    let said: Vec<&str> = said.lines().map(str::trim_end).collect();
    fits_from(&shown, &said)
}

fn fits_from(shown: &[&str], said: &[&str]) -> bool {
    match (shown, said) {
        (["…", shown @ ..], _) => (0..=said.len()).any(|it| fits_from(shown, &said[it..])),
        ([line, shown @ ..], [other, said @ ..]) => line == other && fits_from(shown, said),
        ([], said) => said.is_empty(),
        (_, []) => false,
    }
}

/// A demo cluster that runs until it is dropped, and a user of it.
struct Demo {
    user: User,
    child: Child,
    /// What the demo tells a shell of its own.
    variables: Vec<(String, String)>,
    /// For scripts: that of kubectl, or of what stands for it.
    path: String,
}

impl Demo {
    fn start(has_kubectl: bool) -> Self {
        let user = User::new();
        // It ends with its input.
        let shell = "env; echo; cat";
        let mut command = user.stepscale(&["demo", "--speed", SPEED, "--exec", shell]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let lines = lines.map(Result::unwrap).take_while(|it| !it.is_empty());
        let told = lines.filter_map(|it| {
            let (name, value) = it.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        });
        let is_meant =
            |it: &(String, String)| it.0 == "KUBECONFIG" || it.0.starts_with("STEPSCALE_");
        let variables: Vec<_> = told.filter(is_meant).collect();
        assert_eq!(variables.len(), 3, "{variables:?}");
        let path = search_path(&user, has_kubectl);
        Self {
            user,
            child,
            variables,
            path,
        }
    }

    /// Runs a script, which is not asked anything.
    fn run(&self, folder: &Path, script: &str) -> Said {
        let program = self.user.stepscale(&[]);
        let surroundings = program
            .get_envs()
            .filter_map(|(name, it)| Some((name, it?)));
        let mut shell = Command::new("timeout");
        shell.args([LIMIT, "bash", "-c", script]);
        shell.env_clear().envs(surroundings);
        shell.envs(self.variables.iter().cloned());
        shell.env("PATH", &self.path).env_remove("RUST_BACKTRACE");
        // What is shown is what a terminal of that width shows.
        shell.env("COLUMNS", "80");
        Said::by(shell.current_dir(folder).stdin(Stdio::null()))
    }

    /// What a reader has around him: the examples, and what the page has made before.
    fn folder(&self) -> PathBuf {
        let folder = self.user.path("work");
        fs::create_dir_all(&folder).unwrap();
        for name in ["examples", "docs"] {
            std::os::unix::fs::symlink(root().join(name), folder.join(name)).unwrap();
        }
        folder
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// `PATH` with the program; where there is no kubectl, with something in its place that runs it.
fn search_path(user: &User, has_kubectl: bool) -> String {
    let command = user.stepscale(&[]);
    let path = command
        .get_envs()
        .find(|it| it.0 == "PATH")
        .and_then(|it| it.1);
    let path = path.unwrap().to_str().unwrap().to_owned();
    if has_kubectl {
        return path;
    }
    let folder = user.path("bin");
    fs::create_dir_all(&folder).unwrap();
    let kubectl = folder.join("kubectl");
    let program = command.get_program().to_str().unwrap();
    fs::write(
        &kubectl,
        format!("#!/bin/sh\nshift\nexec '{program}' \"$@\"\n"),
    )
    .unwrap();
    fs::set_permissions(&kubectl, fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{path}", folder.display())
}

#[test]
fn what_a_page_shows_is_compared_with_what_is_said() {
    assert!(fits("a\nb\n", "a  \nb\n"));
    assert!(!fits("a\n", "a\nb\n"));
    assert!(!fits("a\nb\n", "a\n"));
    assert!(fits("a\n…\nd\n", "a\nb\nc\nd\n"));
    assert!(!fits("a\n…\nd\n", "a\nb\n"));
}

#[test]
fn only_blocks_that_ask_kubectl_itself_need_it() {
    assert!(!asks_kubectl(
        "kubectl stepscale analyze\nkubectl stepscale status\n"
    ));
    assert!(asks_kubectl("kubectl stepscale analyze\nkubectl get hpa\n"));
}
