//! Parts of pages that the program itself tells.

use std::fs;

use super::page::root;
use super::{configuration, reference};

const END: &str = "<!-- end of what is generated -->\n";

/// What begins a part, with the name of what it is.
fn begin(name: &str) -> String {
    format!("<!-- generated: {name}; STEPSCALE_RENEW_DOCS=1 cargo test --test it docs -->\n")
}

#[test]
fn the_reference_is_current() {
    assert_current("docs/reference.md", "commands", &reference::markdown());
}

#[test]
fn the_keys_of_the_configuration_file_are_current() {
    assert_current("docs/configuration.md", "keys", &configuration::keys());
    assert_current(
        "docs/configuration.md",
        "example",
        &configuration::example(),
    );
}

#[test]
fn the_findings_are_current() {
    let findings = stepscale::analysis::findings::explained::markdown();
    assert_current("docs/findings.md", "findings", &findings);
}

/// Compares a part of a page with what it has to be; puts that there where it is to be renewed.
#[track_caller]
fn assert_current(path: &str, name: &str, expected: &str) {
    let file = root().join(path);
    let text = fs::read_to_string(&file).unwrap();
    let begin = begin(name);
    let parts = text.split_once(&begin).and_then(|(before, rest)| {
        let (inside, after) = rest.split_once(END)?;
        Some((before, inside, after))
    });
    let Some((before, inside, after)) = parts else {
        panic!("{path} has to have the lines\n{begin}{END}");
    };
    let expected = format!("\n{}\n\n", expected.trim());
    if std::env::var_os("STEPSCALE_RENEW_DOCS").is_some() {
        fs::write(&file, format!("{before}{begin}{expected}{END}{after}")).unwrap();
        return;
    }
    let stale = inside.lines().zip(expected.lines()).find(|it| it.0 != it.1);
    assert!(
        inside == expected,
        "{path} is out of date, first in {stale:?}: STEPSCALE_RENEW_DOCS=1 cargo test --test it docs"
    );
}
