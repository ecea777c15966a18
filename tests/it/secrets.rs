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
