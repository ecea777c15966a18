//! Servers that are no Prometheus, or none that answers.

use std::fs;

use axum::Router;

use super::Messages;
use crate::rig::certificates::Authority;
use crate::rig::cluster::{Cluster, Denied, Options, Reach};
use crate::rig::faulty::{Fault, Faulty};
use crate::rig::fleet::{Fleet, Parameters};
use crate::rig::process::free_port;
use crate::rig::program::User;
use crate::rig::serve::Server;

fn cluster(options: Options) -> Cluster {
    Cluster::start(&Fleet::generate(&Parameters::tiny()), options)
}

#[test]
fn servers_that_go_wrong() {
    let server = cluster(Options::default());
    let config = server.kubeconfig();
    let user = User::new();
    let mut messages = Messages::default();
    let faults = [
        ("404", Fault::NotFound),
        ("a login page", Fault::LoginPage),
        ("401", Fault::Unauthorized),
        ("a redirect to a login page", Fault::Redirect),
        ("nothing in it", Fault::Empty),
        ("status: error", Fault::QueryError),
        ("a truncated answer", Fault::Truncated),
        ("too many samples for ever", Fault::TooManySamples(0)),
    ];
    for (title, fault) in faults {
        let faulty = Faulty::start(fault);
        let said = user.run(&config, &["analyze", "-A", "--prometheus-url", &faulty.url]);
        messages.add(title, 4, &said);
    }
    messages.assert_snapshot("servers");
}

#[test]
fn servers_that_cannot_be_reached() {
    let server = cluster(Options::default());
    let config = server.kubeconfig();
    let user = User::new();
    let faulty = Faulty::start(Fault::Slow(60_000));
    // The API server answers plain requests on the same port.
    let secured = Server::start(Router::new(), Some(Authority::new().server_config()));
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let token = user.path("token");
    fs::write(&token, "hunter2\nhunter2\n").unwrap();
    let token = token.display().to_string();
    let mut messages = Messages::default();
    let mut add = |title, code, url: &str, more: &[&str]| {
        let arguments = [&["analyze", "-A", "--prometheus-url", url], more].concat();
        messages.add(title, code, &user.run(&config, &arguments));
    };
    add("nobody listens", 4, &nobody, &[]);
    add(
        "a host that nobody knows",
        4,
        "http://prometheus.monitoring.svc.invalid:9090",
        &[],
    );
    add(
        "https to a server without TLS",
        4,
        &faulty.url.replace("http:", "https:"),
        &[],
    );
    add(
        "http to a server with TLS",
        4,
        &format!("http://{}", secured.address),
        &[],
    );
    add("a certificate of an unknown authority", 4, &server.url, &[]);
    add(
        "no answer in time",
        4,
        &faulty.url,
        &["--prometheus-timeout", "1s"],
    );
    add(
        "a password in the URL",
        4,
        &nobody.replace("//", "//me:hunter2@"),
        &[],
    );
    add(
        "a token file with two lines",
        2,
        &faulty.url,
        &["--prometheus-bearer-token-file", &token],
    );
    add(
        "a token file that is not there",
        2,
        &faulty.url,
        &["--prometheus-bearer-token-file", "nowhere"],
    );
    add(
        "a CA file that is none",
        2,
        &server.url,
        &["--prometheus-ca-file", &token],
    );
    messages.assert_snapshot("reach");
}

#[test]
fn services_that_lead_nowhere() {
    let denied = vec![
        Denied {
            verb: "get",
            resource: "services/proxy",
            reach: Reach::Everywhere,
        },
        Denied {
            verb: "create",
            resource: "services/proxy",
            reach: Reach::Everywhere,
        },
    ];
    let server = cluster(Options {
        denied,
        ..Options::default()
    });
    let config = server.kubeconfig();
    let user = User::new();
    let mut messages = Messages::default();
    let mut add = |title, code, arguments: &[&str]| {
        messages.add(title, code, &user.run(&config, arguments));
    };
    add("a service without pods", 4, &["analyze", "-A"]);
    add(
        "a service that may not be reached",
        4,
        &["analyze", "-A", "--context", "limited"],
    );
    add(
        "a token for a service behind the proxy",
        2,
        &["analyze", "-A", "--prometheus-bearer-token", "hunter2"],
    );
    messages.assert_snapshot("services");
}
