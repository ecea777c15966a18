//! Signals, and readers that go away.

use std::process::Stdio;
use std::time::Duration;

use crate::rig::apiserver::{ApiServer, Options};
use crate::rig::faulty::{Fault, Faulty};
use crate::rig::fleet::{Fleet, Parameters};
use crate::rig::program::{User, interrupt};

#[test]
fn a_signal_ends_a_run_that_waits() {
    let server = ApiServer::start(&Fleet::generate(&Parameters::tiny()), Options::default());
    let user = User::new();
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let slow = Faulty::start(Fault::Slow(60_000));
        let mut command =
            user.stepscale(&["analyze", "-A", "-o=json", "--prometheus-url", &slow.url]);
        command
            .env("KUBECONFIG", server.kubeconfig())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        slow.wait_for_a_request();
        let (said, after) = interrupt(child, signal);
        assert_eq!(said.code, Some(code), "{}", said.stderr);
        assert!(after < Duration::from_secs(2), "{signal}: {after:?}");
        assert_eq!(said.stdout, "", "{signal}");
        assert!(!said.stderr.contains("panicked"), "{}", said.stderr);
    }
}
