//! `apply` without names at a terminal: what it asks, and what comes of the answers.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::json;

use crate::lifecycle::bench::Bench;

/// A pseudo terminal with a run of `apply` in it.
struct Terminal {
    script: Child,
    keys: ChildStdin,
    screen: ChildStdout,
    shown: String,
}

impl Terminal {
    /// `None` where there is nothing to make a terminal with.
    fn with(bench: &Bench, arguments: &[&str]) -> Option<Self> {
        let run = bench.stepscale(&[&["apply"], arguments].concat());
        let mut line = format!(
            "stty cols 80 rows 30; exec '{}'",
            run.get_program().display()
        );
        for argument in run.get_args() {
            line += &format!(" '{}'", argument.display());
        }
        let mut script = Command::new("script");
        let surroundings = run.get_envs().filter_map(|(name, it)| Some((name, it?)));
        script.env_clear().envs(surroundings).env("TERM", "xterm");
        script.args(["-qec", &line, "/dev/null"]);
        script.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut script = script.spawn().ok()?;
        Some(Self {
            keys: script.stdin.take()?,
            screen: script.stdout.take()?,
            shown: String::new(),
            script,
        })
    }

    /// Waits until something is shown that was not before.
    #[track_caller]
    fn wait_for(&mut self, text: &str) {
        while !self.shown.contains(text) {
            let mut bytes = [0; 1024];
            let count = self.screen.read(&mut bytes).unwrap();
            assert_ne!(count, 0, "{text} is not shown: {}", self.shown);
            self.shown += &String::from_utf8_lossy(&bytes[..count]);
        }
    }

    fn press(&mut self, keys: &str) {
        self.shown.clear();
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// How it ended, and what was shown since the last keys.
    fn end(mut self) -> (Option<i32>, String) {
        let mut rest = vec![];
        self.screen.read_to_end(&mut rest).unwrap();
        self.shown += &String::from_utf8_lossy(&rest);
        (self.script.wait().unwrap().code(), self.shown)
    }
}

/// Three autoscalers; one recommendation of them is of high risk.
#[expect(clippy::print_stderr, reason = "a test that was skipped says so")]
fn bench() -> Option<Bench> {
    let version = Command::new("script").arg("--version").output();
    if !version.is_ok_and(|it| String::from_utf8_lossy(&it.stdout).contains("util-linux")) {
        eprintln!("SKIPPED: not installed: script (Debian: apt-get install bsdutils)");
        return None;
    }
    let bench = Bench::start()?;
    for name in ["api", "cart", "web"] {
        bench.hpa(name, &json!({ "minReplicas": 6 }), &json!({}));
        bench.recommend(name, &json!({ "min_replicas": { "from": 6, "to": 2 } }));
    }
    let risky = r#"{"spec":{"riskLevel":"high"}}"#;
    bench.kubectl(&["patch", "scalerec", "web", "--type=merge", "-p", risky]);
    Some(bench)
}

const QUESTION: &str = "esc: leave";
const HIDE: &str = "\u{1b}[?25l";
const SHOW: &str = "\u{1b}[?25h";

#[test]
fn what_is_picked_and_confirmed_is_applied() {
    let Some(bench) = bench() else { return };
    let Some(mut terminal) = Terminal::with(&bench, &[]) else {
        return;
    };
    terminal.wait_for("/web ");
    assert!(terminal.shown.contains(QUESTION), "{}", terminal.shown);
    // The first and the last.
    terminal.press(" jj ");
    terminal.wait_for("> [x]");
    terminal.press("\r");
    terminal.wait_for("Apply 2 recommendations? [y/N]");
    for part in [
        "rec/api in namespace",
        "rec/web in namespace",
        "min_replicas",
        "→",
    ] {
        assert!(terminal.shown.contains(part), "{part}: {}", terminal.shown);
    }
    terminal.press("y");
    terminal.wait_for("is of high risk. Type web to apply it");
    terminal.press("web\r");
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    for (name, phase) in [("api", "applied"), ("cart", "pending"), ("web", "applied")] {
        assert_eq!(bench.phase(name), phase, "{name}: {shown}");
    }
}

#[test]
fn whoever_leaves_changes_nothing() {
    let Some(bench) = bench() else { return };
    // The keys, and what they are pressed at.
    let ways: [(&[(&str, &str)], i32); 6] = [
        (&[(QUESTION, "\u{1b}")], 0),
        (&[(QUESTION, "\r")], 0),
        (&[(QUESTION, "a\u{3}")], 130),
        (&[(QUESTION, "a\r"), ("[y/N]", "n")], 0),
        (&[(QUESTION, "a\r"), ("[y/N]", "\u{3}")], 130),
        (
            &[(QUESTION, "a\r"), ("[y/N]", "y"), ("Type web", "\u{3}")],
            130,
        ),
    ];
    for (keys, wanted) in ways {
        let Some(mut terminal) = Terminal::with(&bench, &[]) else {
            return;
        };
        for (place, keys) in keys {
            terminal.wait_for(place);
            terminal.press(keys);
        }
        let (code, shown) = terminal.end();
        assert_eq!(code, Some(wanted), "{keys:?}: {shown}");
        assert!(shown.contains("nothing was applied"), "{keys:?}: {shown}");
        let last = shown
            .rfind(SHOW)
            .unwrap_or_else(|| panic!("{keys:?}: {shown}"));
        assert!(shown.rfind(HIDE) < Some(last), "{keys:?}: {shown}");
    }
    // A name that is not typed leaves out only its own.
    let Some(mut terminal) = Terminal::with(&bench, &[]) else {
        return;
    };
    for (place, keys) in [(QUESTION, "a\r"), ("[y/N]", "y"), ("Type web", "cart\r")] {
        terminal.wait_for(place);
        terminal.press(keys);
    }
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(
        shown.contains("is left out: its name was not typed"),
        "{shown}"
    );
    for (name, phase) in [("api", "applied"), ("cart", "applied"), ("web", "pending")] {
        assert_eq!(bench.phase(name), phase, "{name}: {shown}");
    }
}
