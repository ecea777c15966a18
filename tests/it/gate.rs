//! `--fail-on`, and the names that scripts read.

use crate::rig::program::{SHOP, Said, User};

fn analyze(arguments: &[&str]) -> Said {
    let all = [&["analyze", "--from", SHOP], arguments].concat();
    Said::by(&mut User::new().stepscale(&all))
}

#[test]
fn the_exit_code_says_what_was_found() {
    // `catalog` has a warning and a recommendation, `images` critical findings and none,
    // `payments` a warning alone, `cart` nothing.
    let cases: [(&[&str], [i32; 5]); 4] = [
        (&["-n=orders", "payments"], [0, 1, 1, 0, 0]),
        (&["-n=shop", "catalog"], [0, 1, 1, 0, 1]),
        (&["-n=shop", "cart"], [0, 0, 0, 0, 0]),
        (&["-n=media", "images"], [0, 1, 1, 1, 0]),
    ];
    let levels = ["never", "info", "warning", "critical", "recommendation"];
    for (scope, codes) in cases {
        for (level, code) in levels.iter().zip(codes) {
            let said = analyze(&[scope, &["--fail-on", level]].concat());
            assert_eq!(said.code, Some(code), "{scope:?} {level}: {}", said.stderr);
            assert!(!said.stdout.is_empty());
        }
    }
}

#[test]
fn a_skipped_autoscaler_fails_nothing() {
    let scope = ["-n=orders", "email-worker", "--fail-on=warning"];
    let said = analyze(&scope);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
}

#[test]
fn names_are_those_that_kubectl_takes() {
    let said = analyze(&["-n=shop", "-o=name"]);
    let (hpa, object) = (
        "horizontalpodautoscaler.autoscaling",
        "scaledobject.keda.sh",
    );
    let names = [
        (hpa, "cart"),
        (hpa, "catalog"),
        (object, "notifications"),
        (object, "quotes"),
        (hpa, "recommendations"),
        (hpa, "search"),
        (hpa, "sessions"),
        (hpa, "web"),
        (hpa, "web-legacy"),
    ];
    let expected: Vec<String> = names
        .iter()
        .map(|(kind, name)| format!("{kind}/{name}\n"))
        .collect();
    assert_eq!(said.stdout, expected.concat());
    // What was printed can be given back.
    let first = said.stdout.lines().next().unwrap();
    let again = analyze(&["-n=shop", "-o=name", first]);
    assert_eq!(again.stdout.trim_end(), first);
}
