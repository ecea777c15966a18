use std::io;

use super::*;

fn io_error(kind: io::ErrorKind) -> io::Error {
    io::Error::new(kind, "no such file")
}

#[test]
fn message_causes_and_hint_have_a_line_each_or_one_together() {
    let err = Error::Read {
        flag: "--prometheus-basic-auth-file",
        path: "secret".into(),
        source: io_error(io::ErrorKind::NotFound),
    };
    assert_eq!(
        err.render(),
        "error: cannot read secret given with --prometheus-basic-auth-file\n  \
         caused by: no such file\nhint: check the path and its permissions\n"
    );
    assert_eq!(
        err.line(),
        "cannot read secret given with --prometheus-basic-auth-file: no such file; check the \
         path and its permissions"
    );
}

#[test]
fn an_unknown_key_is_answered_with_the_likely_one() {
    let unknown = |meant| {
        Error::from(config::file::Error::UnknownKey {
            path: "c.yaml".into(),
            key: "a".to_owned(),
            meant,
        })
    };
    let hint = unknown(Some("prometheus.url")).hint();
    assert_eq!(hint.as_deref(), Some("did you mean `prometheus.url`?"));
    assert!(unknown(None).hint().unwrap().contains("metrics.windowDays"));
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let gone = Error::Output(io_error(io::ErrorKind::BrokenPipe));
    assert_eq!((gone.exit(), gone.is_silent()), (Exit::Clean, true));
    let full = Error::Output(io_error(io::ErrorKind::StorageFull));
    assert_eq!((full.exit(), full.is_silent()), (Exit::Usage, false));
}

#[test]
fn usage_errors_exit_2() {
    assert_eq!(Error::usage("x").exit().code(), 2);
}

#[test]
fn adapters_tell_what_happened_and_we_tell_what_to_do() {
    use crate::cluster;
    let endpoint = cluster::Endpoint {
        server: "https://10.0.0.1:6443".to_owned(),
        context: Some("kind".to_owned()),
    };
    let unreachable = Error::from(cluster::Error::Unreachable {
        endpoint,
        source: cluster::Unreachable::Refused,
    });
    assert_eq!(
        unreachable.render(),
        "error: cannot reach the API server https://10.0.0.1:6443 (context kind)\n  \
         caused by: connection refused\nhint: check that the cluster runs and the context is \
         right: `kubectl cluster-info`\n"
    );
    assert_eq!(unreachable.exit().code(), 4);
    let missing = Error::from(cluster::Error::NotFound {
        missing: vec!["hpa/web in namespace shop".to_owned()],
    });
    assert_eq!(missing.exit().code(), 3);
    assert!(missing.hint().is_some());
    let cut_off = Error::from(snapshot::Error::Empty {
        snapshot: "shop.jsonl".to_owned(),
    });
    assert_eq!(cut_off.exit().code(), 2);
}

#[test]
fn a_login_page_is_answered_with_where_it_leads() {
    let redirected = Error::from(prometheus::Error::Redirected {
        url: "http://a".to_owned(),
        to: "http://login".to_owned(),
    });
    assert!(redirected.hint().unwrap().contains("http://login"));
    assert_eq!(redirected.exit().code(), 4);
}
