//! One command and what it must say.

use regex_lite::Regex;

use super::Said;

/// What some versions say since every command names a namespace.
pub(super) const CLUSTER_WIDE: &str =
    "^Warning: deleting cluster-scoped resources, not scoped to the provided namespace$";

/// Where a command can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum On {
    Every,
    /// Where ReplicaSets and Pods are made from Deployments.
    Controllers,
    /// Where pods run and have metrics.
    Sandbox,
    Real,
}

/// A command; by default it must succeed and say nothing on stderr.
#[derive(Debug)]
pub(super) struct Step {
    /// What follows `kubectl`.
    pub(super) line: String,
    pub(super) on: On,
    pub(super) environment: Vec<(&'static str, &'static str)>,
    code: i32,
    /// Regular expressions that standard output must match.
    stdout: Vec<&'static str>,
    /// One that stderr must match; empty if there must be none.
    stderr: &'static str,
    /// Whether stderr may be empty all the same.
    may_be_calm: bool,
}

/// A command that must succeed.
pub(super) fn run(line: &str) -> Step {
    Step {
        line: line.to_owned(),
        on: On::Every,
        environment: Vec::new(),
        code: 0,
        stdout: Vec::new(),
        stderr: "",
        may_be_calm: false,
    }
}

impl Step {
    /// Adds a regular expression that standard output must match.
    pub(super) fn says(mut self, pattern: &'static str) -> Self {
        self.stdout.push(pattern);
        self
    }

    /// The command must end with `code` and this on stderr.
    pub(super) fn fails(mut self, code: i32, pattern: &'static str) -> Self {
        (self.code, self.stderr) = (code, pattern);
        self
    }

    /// The command must succeed with this on stderr.
    pub(super) fn warns(mut self, pattern: &'static str) -> Self {
        self.stderr = pattern;
        self
    }

    /// The command may have this on stderr, or nothing: it depends on the version of kubectl, or on
    /// how far the cluster is.
    pub(super) fn may_warn(mut self, pattern: &'static str) -> Self {
        (self.stderr, self.may_be_calm) = (pattern, true);
        self
    }

    pub(super) fn on(mut self, on: On) -> Self {
        self.on = on;
        self
    }

    pub(super) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.environment.push((name, value));
        self
    }

    /// What is wrong with what was said; `filled` puts names into patterns.
    pub(super) fn wrong(&self, said: &Said, filled: impl Fn(&str) -> String) -> Vec<String> {
        let mut wrong = Vec::new();
        if said.code != Some(self.code) {
            wrong.push(format!("exit code {:?}, not {}", said.code, self.code));
        }
        for pattern in &self.stdout {
            if !is_match(&filled(pattern), &said.stdout) {
                wrong.push(format!("stdout does not match {pattern:?}"));
            }
        }
        let is_calm = match self.stderr {
            "" => said.stderr.is_empty(),
            _ if said.stderr.is_empty() => self.may_be_calm,
            pattern => is_match(&filled(pattern), &said.stderr),
        };
        if !is_calm {
            wrong.push(format!("stderr does not match {:?}", self.stderr));
        }
        if !wrong.is_empty() {
            let (stdout, stderr) = (said.stdout.trim(), said.stderr.trim());
            wrong.push(format!("stdout: {stdout}\n  stderr: {stderr}"));
        }
        wrong
    }
}

/// `^` and `$` are the ends of lines, `.` is any character but a line's end.
fn is_match(pattern: &str, text: &str) -> bool {
    let pattern = Regex::new(&format!("(?m){pattern}"));
    pattern.expect("a regular expression").is_match(text)
}
