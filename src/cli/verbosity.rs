//! How much is logged, as people who know kubectl type it: `-v 6`, `-v=6`, `--v=6` beside our own `-vv`.

use std::ffi::OsString;

use crate::output::progress;
use crate::wire;

/// What each number of kubectl shows is what so many of our `v` show: from 6 on the requests, from 7 on
/// their headers, from 8 on bodies.
fn counted(number: u32) -> usize {
    match number {
        0 => 0,
        1..=5 => 1,
        6 => 2,
        7.. => 3,
    }
}

/// The arguments of the process, with each number of kubectl's in the place of our own spelling. A number
/// that stands alone after `-v` is one too; an autoscaler that is called so is `hpa/6`.
pub(super) fn spelled(arguments: &[OsString]) -> Vec<OsString> {
    let mut spelled = Vec::with_capacity(arguments.len());
    let mut rest = arguments.iter().peekable();
    while let Some(argument) = rest.next() {
        let Some(text) = argument.to_str() else {
            spelled.push(argument.clone());
            continue;
        };
        if text == "--" {
            spelled.push(argument.clone());
            spelled.extend(rest.cloned());
            break;
        }
        let next = rest.peek().and_then(|it| it.to_str());
        let (number, takes_next) = match (number_of(text), text) {
            (Some(number), _) => (Some(number), false),
            (None, "-v" | "--v") => (next.and_then(number), true),
            (None, _) => (None, false),
        };
        match number {
            Some(number) => {
                spelled.extend(std::iter::repeat_n(OsString::from("-v"), counted(number)));
                if takes_next {
                    rest.next();
                }
            }
            None => spelled.push(argument.clone()),
        }
    }
    spelled
}

/// The number in `-v=6`, `-v6`, `--v=6`, `--verbose=6`.
fn number_of(text: &str) -> Option<u32> {
    let prefixes = ["--verbose=", "--v=", "-v=", "-v"];
    let rest = prefixes.iter().find_map(|it| text.strip_prefix(it))?;
    number(rest)
}

/// One or two digits, as all of kubectl's.
fn number(text: &str) -> Option<u32> {
    let is_number = (1..=2).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// What is let through where `RUST_LOG` says nothing else. Libraries tell too much, and not in words that
/// we have looked through for secrets.
pub(super) fn filter(verbose: u8) -> String {
    let (progress, requests) = (progress::TARGET, wire::TARGET);
    match verbose {
        0 => "stepscale=warn".to_owned(),
        1 => format!("stepscale=debug,{progress}=debug"),
        2 => format!("stepscale=debug,{progress}=debug,{requests}=debug"),
        3.. => format!("stepscale=trace,{progress}=debug,{requests}=trace"),
    }
}

/// What a process that runs for long logs beside its own lines.
pub(super) fn requests(verbose: u8) -> Option<String> {
    let requests = wire::TARGET;
    match verbose {
        0 | 1 => None,
        2 => Some(format!("{requests}=debug")),
        3.. => Some(format!("{requests}=trace")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_kubectl_are_counted() {
        let cases = [
            ("x analyze -v", "x analyze -v"),
            ("x analyze -vv", "x analyze -vv"),
            ("x -v=0 analyze", "x analyze"),
            ("x analyze -v=4", "x analyze -v"),
            ("x analyze -v 6 web", "x analyze -v -v web"),
            ("x analyze -v 9", "x analyze -v -v -v"),
            ("x analyze --v=7 -A", "x analyze -v -v -v -A"),
            ("x analyze --v 8", "x analyze -v -v -v"),
            ("x analyze -v10", "x analyze -v -v -v"),
            ("x analyze --verbose=6", "x analyze -v -v"),
            ("x analyze -v web", "x analyze -v web"),
            ("x analyze -v=loud", "x analyze -v=loud"),
            ("x demo -- -v=6", "x demo -- -v=6"),
            ("x analyze --version", "x analyze --version"),
            ("x analyze -v 123", "x analyze -v 123"),
        ];
        for (line, expected) in cases {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let spelled = spelled(&arguments);
            let spelled: Vec<&str> = spelled.iter().map(|it| it.to_str().unwrap()).collect();
            assert_eq!(spelled.join(" "), expected, "{line}");
        }
    }

    #[test]
    fn every_level_can_be_read_as_a_filter() {
        for verbose in 0..5 {
            let filter = filter(verbose);
            assert!(
                tracing_subscriber::EnvFilter::try_new(&filter).is_ok(),
                "{filter}"
            );
            // The log of a long-running process lets everything of ours through.
            assert!(!crate::signals::logging::DEFAULT.contains(wire::TARGET));
        }
        assert_eq!(requests(1), None);
    }
}
