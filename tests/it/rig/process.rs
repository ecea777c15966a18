//! Programs of others that tests run.

use std::io::Write;
use std::net::TcpListener;
use std::process::{Child, Command};

/// What a test needs that may not be installed.
pub(crate) struct Needed<'a> {
    pub(crate) programs: &'a [&'a str],
    /// What each of them answers to, and does nothing.
    pub(crate) flag: &'a str,
    /// The variable that makes them a must with `1`, as `CI=true` does.
    pub(crate) variable: &'a str,
    /// The packages of Debian that have them.
    pub(crate) packages: &'a str,
}

impl Needed<'_> {
    /// Whether tests that need it can run. Says so loudly if not.
    ///
    /// # Panics
    /// Where they have to run.
    pub(crate) fn is_available(&self) -> bool {
        let is_missing = |it: &&&str| Command::new(it).arg(self.flag).output().is_err();
        let missing: Vec<&str> = self.programs.iter().filter(is_missing).copied().collect();
        if missing.is_empty() {
            return true;
        }
        let required = |name: &str, value: &str| std::env::var(name).is_ok_and(|it| it == value);
        let missing = missing.join(" and ");
        assert!(
            !required("CI", "true") && !required(self.variable, "1"),
            "not installed, though this run has to test with it: {missing}"
        );
        // Past the test runner, which swallows what passing tests print.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: not installed: {missing} (Debian: apt-get install {})",
            self.packages
        );
        false
    }
}

/// A program that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Running(pub(crate) Child);

impl Running {
    /// # Panics
    /// When it does not start.
    pub(crate) fn start(command: &mut Command) -> Self {
        let child = command.spawn();
        Self(child.unwrap_or_else(|err| panic!("{command:?} does not start: {err}")))
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("the state of a child").is_some()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}
