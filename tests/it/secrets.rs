//! Credentials, which no output may show, however much is logged.

use crate::rig::cluster::{Cluster, Options, SECRET, TOKEN};
use crate::rig::faulty::{Fault, Faulty};
use crate::rig::fleet::{Fleet, Parameters};
use crate::rig::program::{Said, User};

/// `me:hunter2` in base64, as a header carries it.
const ENCODED: &str = "bWU6aHVudGVyMg";

#[test]
fn logs_show_no_credentials() {
    let server = Cluster::start(&Fleet::generate(&Parameters::tiny()), Options::default());
    let user = User::new();
    let faulty = Faulty::start(Fault::Empty);
    let by_url = format!("--prometheus-url={}", faulty.url);
    let with_password = by_url.replace("//", "//me:hunter2@");
    let token = ("STEPSCALE_PROMETHEUS_BEARER_TOKEN", SECRET);
    let password = ("STEPSCALE_PROMETHEUS_BASIC_AUTH", "me:hunter2");
    let none = ("UNRELATED", "");
    let cases: [(&[&str], (&str, &str)); 5] = [
        (&[&by_url], token),
        (&[&by_url], password),
        (&[&by_url, "--prometheus-header=X-Api-Key: hunter2"], none),
        (&[&with_password], none),
        (&["--no-prometheus"], none),
    ];
    for (more, variable) in cases {
        let arguments = [&["analyze", "-A", "-vv", "--context=exec"], more].concat();
        let mut command = user.stepscale(&arguments);
        command
            .env("KUBECONFIG", server.kubeconfig())
            .env("RUST_LOG", "trace")
            .env(variable.0, variable.1);
        let said = Said::by(&mut command);
        assert!(said.stderr.len() > 1000, "no log: {}", said.stderr);
        for secret in [SECRET, ENCODED, TOKEN] {
            let shown = said.stderr.lines().chain(said.stdout.lines());
            let shown: Vec<&str> = shown.filter(|it| it.contains(secret)).collect();
            assert!(shown.is_empty(), "{more:?}: {shown:#?}");
        }
    }
}

/// Requests of both kinds, at the level that shows the most; nothing is left to RUST_LOG.
#[test]
fn requests_are_shown_without_what_is_secret() {
    let server = Cluster::start(&Fleet::generate(&Parameters::tiny()), Options::default());
    let user = User::new();
    let faulty = Faulty::start(Fault::Empty);
    let with_password = format!(
        "--prometheus-url={}",
        faulty.url.replace("//", "//me:hunter2@")
    );
    let header = "--prometheus-header=X-Scope-OrgID: hunter2";
    let said = |level: &str, more: &[&str]| {
        let all = [&["analyze", "-A", level, "--context=exec"], more].concat();
        let said = user.run(&server.kubeconfig(), &all);
        for secret in [SECRET, ENCODED, TOKEN] {
            let shown: Vec<&str> = said
                .stderr
                .lines()
                .filter(|it| it.contains(secret))
                .collect();
            assert!(shown.is_empty(), "{level}: {shown:#?}");
        }
        said.stderr
    };
    for level in ["-v=8", "-vvv"] {
        for more in [
            &[with_password.as_str()][..],
            &[header],
            &["--no-prometheus"],
        ] {
            let told = said(level, more);
            assert!(told.contains("GET https://127.0.0.1:"), "{told}");
            assert!(told.contains("content-type: application/json"), "{told}");
            assert!(told.contains("(hidden)"), "{told}");
        }
    }
    let lines = said("-vv", &[&with_password]);
    let hpas = lines
        .lines()
        .find(|it| it.contains("/horizontalpodautoscalers?"));
    assert!(hpas.is_some_and(|it| it.contains(" 200 in ")), "{lines}");
    assert!(lines.contains(" bytes"), "{lines}");
    let to_prometheus = lines.lines().find(|it| it.contains("/api/v1/read"));
    assert!(
        to_prometheus.is_some_and(|it| it.contains("POST http://")),
        "{lines}"
    );
    assert!(!lines.contains("content-type"), "{lines}");
    let little = said("-v=2", &["--no-prometheus"]);
    assert!(
        !little.contains("GET ") && little.contains("reading autoscalers"),
        "{little}"
    );
}
