//! Signals, and streams that end or break.

use std::fs::{self, File};
use std::process::Stdio;
use std::time::Duration;

use crate::rig::cluster::{Cluster, Options};
use crate::rig::faulty::{Fault, Faulty};
use crate::rig::fleet::{Fleet, Parameters};
use crate::rig::program::{SHOP, Said, User, interrupt};

#[test]
fn a_signal_ends_a_run_that_waits() {
    let server = Cluster::start(&Fleet::generate(&Parameters::tiny()), Options::default());
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

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for format in ["table", "wide", "json", "yaml", "name"] {
        let mut command = User::new().stepscale(&["analyze", "--from", SHOP, "-o", format]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut run = command.spawn().unwrap();
        drop(run.stdout.take());
        let said = Said::from(run.wait_with_output().unwrap());
        assert_eq!(
            (said.code, said.stderr.as_str()),
            (Some(0), ""),
            "-o {format}"
        );
    }
}

#[test]
fn a_full_disk_is_told() {
    let Ok(full) = File::options().write(true).open("/dev/full") else {
        return;
    };
    let mut command = User::new().stepscale(&["analyze", "--from", SHOP]);
    let run = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    let said = Said::from(run.wait_with_output().unwrap());
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    let parts = [
        "error: cannot write to standard output",
        "caused by: No space left",
        "hint: ",
    ];
    for part in parts {
        assert!(said.stderr.contains(part), "{part}: {}", said.stderr);
    }
}

#[test]
fn a_snapshot_may_come_from_a_pipe() {
    let user = User::new();
    let packed = fs::read(SHOP).unwrap();
    let mut plain = Vec::new();
    std::io::copy(
        &mut flate2::read::GzDecoder::new(packed.as_slice()),
        &mut plain,
    )
    .unwrap();
    let file = Said::by(&mut user.stepscale(&["analyze", "--from", SHOP, "-o", "json"]));
    for (name, bytes) in [("packed", packed), ("plain", plain)] {
        let path = user.path(name);
        fs::write(&path, bytes).unwrap();
        let mut command = user.stepscale(&["analyze", "--from", "-", "-o", "json"]);
        // `cat` makes a pipe of it, in which nobody can go back.
        let mut cat = std::process::Command::new("cat");
        let mut cat = cat.arg(&path).stdout(Stdio::piped()).spawn().unwrap();
        command.stdin(cat.stdout.take().unwrap());
        let piped = Said::by(&mut command);
        cat.wait().unwrap();
        assert_eq!(piped.report(0)["items"], file.report(0)["items"], "{name}");
    }
}
