//! What the program says to clusters, metrics and files that it cannot use: each message names the
//! thing, the cause and what to do next, and nothing else is printed.

mod cluster;
mod files;
mod prometheus;

use std::fmt::Write as _;

use crate::rig::program::Said;

/// Marks of texts that are for programmers, or for nobody.
const NOT_FOR_USERS: [&str; 16] = [
    "panicked",
    "RUST_BACKTRACE",
    "stack backtrace",
    "Error {",
    "Custom {",
    "Os {",
    "Some(",
    "None",
    "Err(",
    "Ok(",
    "kind:",
    "source:",
    "hyper::",
    "reqwest::",
    "kube::",
    "\\\"",
];

/// What nobody may read in a message.
const SECRETS: [&str; 5] = [
    "good-token",
    "limited-token",
    "expired-token",
    "hunter2",
    "scrape-me",
];

/// Messages of several runs, for a snapshot.
#[derive(Default)]
struct Messages(String);

impl Messages {
    /// Adds a run and requires of it what holds for every bad input.
    #[track_caller]
    fn add(&mut self, title: &str, code: i32, said: &Said) {
        let Said { stdout, stderr, .. } = said;
        assert_eq!(said.code, Some(code), "{title}: {stderr}");
        assert_eq!(stdout, "", "{title}");
        assert!(stderr.starts_with("error: "), "{title}: {stderr}");
        assert!(tells_what_to_do(stderr), "{title}: {stderr}");
        for mark in NOT_FOR_USERS.iter().chain(&SECRETS) {
            assert!(!stderr.contains(mark), "{title}: `{mark}` in {stderr}");
        }
        let _ = write!(self.0, "# {title} (exit {code})\n{stderr}\n");
    }

    /// The messages with what differs from run to run made equal.
    fn assert_snapshot(&self, name: &str) {
        let filters = [
            (r"(127\.0\.0\.1|localhost):\d+", "$1:PORT"),
            (r"/[\w./-]*/\.tmp\w+", "/HOME"),
        ];
        insta::with_settings!({ filters => filters }, {
            insta::assert_snapshot!(name, self.0);
        });
    }
}

/// A hint of ours or clap's.
fn tells_what_to_do(stderr: &str) -> bool {
    let mut lines = stderr.lines().map(str::trim_start);
    lines.any(|it| {
        [
            "hint: ",
            "tip: ",
            "For more information, try '--help'",
            "Usage: ",
            "[possible values: ",
        ]
        .iter()
        .any(|start| it.starts_with(start))
    })
}
