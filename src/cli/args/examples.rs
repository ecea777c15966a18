//! How subcommands are used: the groups in which help lists them, and examples at the end of each page.

/// A line to type, after the name of the program, and what it does.
type Example = (&'static str, &'static str);

/// Subcommands by what they are for. One that is in none is listed with the last.
pub(in crate::cli) const GROUPS: [(&str, &[&str]); 5] = [
    (
        "Advise",
        &["analyze", "explain", "simulate", "lint", "triggers"],
    ),
    (
        "Act",
        &[
            "approve", "reject", "apply", "verify", "revert", "pause", "resume",
        ],
    ),
    (
        "Operate",
        &[
            "watch",
            "status",
            "gather",
            "install",
            "uninstall",
            "license",
            "doctor",
        ],
    ),
    ("Try", &["demo"]),
    ("Other", &["config", "completion"]),
];

/// By the words of the subcommand; those of the whole program have none.
const EXAMPLES: &[(&str, &[Example])] = &[
    (
        "",
        &[
            ("doctor", "is everything there that is needed?"),
            ("analyze -A", "every autoscaler that you may see"),
            ("analyze hpa/web -n shop", "one of them"),
            ("analyze -A --fail-on warning", "for a pipeline"),
            ("explain hpa/web", "one of them on one screen"),
            (
                "analyze --from shop.jsonl.gz",
                "a snapshot, no cluster needed",
            ),
            (
                "simulate hpa/web --min 2 --cpu 65% --scale-down-window 10m",
                "",
            ),
            ("lint -f deploy/ -R", "manifests, without a cluster"),
            (
                "apply rec/web --wait",
                "put it in force, and wait for the verdict",
            ),
            ("watch -A --mode apply", "again and again, for months"),
            ("demo", "a cluster in memory, to try all this"),
        ],
    ),
    (
        "analyze",
        &[
            ("analyze", "the autoscalers of the context's namespace"),
            ("analyze -A -o wide", "of all namespaces, with more of each"),
            ("analyze hpa/web so/orders -n shop", "two of them"),
            (
                "analyze -A -l team=shop --only-raise",
                "what is too small, of one team",
            ),
            ("analyze -A --fail-on warning -o json", "for a pipeline"),
            (
                "analyze --from shop.jsonl.gz",
                "a snapshot, no cluster needed",
            ),
        ],
    ),
    (
        "explain",
        &[
            ("explain hpa/web", "what it does, and what to do about it"),
            (
                "explain hpa/web --at 2026-03-12T03:12Z",
                "who decided what at that time",
            ),
            ("explain so/orders --since 2h -n shop", "and lately"),
        ],
    ),
    (
        "simulate",
        &[
            (
                "simulate hpa/web --min 2 --cpu 65%",
                "with another minimum and target",
            ),
            (
                "simulate hpa/web --scale-down-window 10m --compare",
                "beside what was, and what is proposed",
            ),
            (
                "simulate -f hpa.yaml --load series.csv --pod-cpu-request 500m",
                "before it exists",
            ),
        ],
    ),
    (
        "gather",
        &[
            (
                "gather -A --history -o shop.jsonl.gz",
                "for `analyze --from`, elsewhere or later",
            ),
            ("gather -n shop -o -", "objects alone, on standard output"),
            (
                "gather -n shop -o shop.tar.gz",
                "a support bundle, without secrets",
            ),
        ],
    ),
    (
        "lint",
        &[
            ("lint -A", "what is in the cluster"),
            ("lint -f deploy/ -R", "manifests, without a cluster"),
            ("lint so/orders", "one ScaledObject"),
        ],
    ),
    (
        "approve",
        &[("approve rec/web -n shop", "may be applied from now on")],
    ),
    (
        "reject",
        &[(
            "reject rec/web --reason 'sale next week'",
            "is not proposed again",
        )],
    ),
    (
        "apply",
        &[
            ("apply rec/web --dry-run=server", "what would be written"),
            (
                "apply rec/web --wait",
                "put it in force, and wait for the verdict",
            ),
            ("apply rec/web -o patch", "for Git, in place of a write"),
        ],
    ),
    (
        "verify",
        &[
            ("verify -A", "everything on probation, once"),
            ("verify rec/web --wait", "stay until the verdict"),
        ],
    ),
    (
        "revert",
        &[(
            "revert rec/web --reason 'too slow at noon'",
            "what was there before",
        )],
    ),
    (
        "status",
        &[
            ("status -A", "all recommendations"),
            ("status rec/web --history", "the story of one"),
        ],
    ),
    (
        "triggers",
        &[
            ("triggers so/orders", "what its triggers measure now"),
            ("triggers -A -w", "of all, again and again"),
        ],
    ),
    (
        "pause",
        &[
            (
                "pause so/orders --for 2h --reason deploy",
                "hold it where it is",
            ),
            ("pause hpa/web --scale-in", "let it only grow"),
        ],
    ),
    (
        "resume",
        &[("resume so/orders", "as it was before the pause")],
    ),
    (
        "install",
        &[
            ("install --mode apply", "print what would be applied"),
            (
                "install --crd-only --apply",
                "recommendations as objects of the cluster",
            ),
        ],
    ),
    (
        "uninstall",
        &[("uninstall --dry-run", "what would be taken away")],
    ),
    (
        "watch",
        &[
            (
                "watch -A --once --fail-on warning",
                "one look, for a pipeline",
            ),
            (
                "watch rec/web -n shop --for verified --timeout 6h",
                "until what was applied is verified",
            ),
            ("watch -A --mode apply", "again and again, for months"),
        ],
    ),
    (
        "demo",
        &[
            ("demo", "stays up until interrupted"),
            (
                "demo --exec 'kubectl stepscale analyze -A'",
                "one command against it",
            ),
            (
                "demo --snapshot shop.jsonl.gz --speed 60",
                "a snapshot under load, an hour a minute",
            ),
        ],
    ),
    (
        "doctor",
        &[
            ("doctor", "what `analyze` needs in the context's namespace"),
            ("doctor -A --for apply,watch", "before `watch --mode apply`"),
            (
                "doctor -o json --prometheus-url http://localhost:9090",
                "for a pipeline",
            ),
        ],
    ),
    (
        "config",
        &[
            ("config view", "every setting, its value and its origin"),
            ("config path", "the file that is read"),
        ],
    ),
    (
        "config view",
        &[
            ("config view", "as a table"),
            ("config view --window-days 7 -o yaml", "as with that flag"),
        ],
    ),
    ("config path", &[("config path", "for an editor")]),
    (
        "completion",
        &[
            ("completion install", "for `kubectl stepscale`"),
            ("completion bash", "for `kubectl-stepscale` itself"),
        ],
    ),
    (
        "completion install",
        &[
            ("completion install --dry-run", "what would be done"),
            ("completion install --dir ~/bin", "into a folder of PATH"),
        ],
    ),
    (
        "license",
        &[
            ("license show", "the license that counts here"),
            ("license keygen --out-dir keys", "a key pair of your own"),
        ],
    ),
    (
        "license keygen",
        &[(
            "license keygen --out-dir keys",
            "two files that exist nowhere else",
        )],
    ),
    (
        "license issue",
        &[(
            "license issue --private-key k.key --customer me --plan team --days 365 --out license.json",
            "",
        )],
    ),
    (
        "license verify",
        &[(
            "license verify --license license.json --license-public-key k.pub",
            "",
        )],
    ),
    ("license show", &[("license show -o json", "for a program")]),
    (
        "license sign-artifact",
        &[(
            "license sign-artifact release.tar.gz --private-key k.key",
            "",
        )],
    ),
    (
        "license verify-artifact",
        &[(
            "license verify-artifact release.tar.gz --public-key k.pub",
            "",
        )],
    ),
];

/// Columns of a page of help without a terminal.
const WIDTH: usize = 100;

/// Those of a subcommand of a program called `name`; empty where there are none. What they do stands beside
/// them, or above where one of them leaves no room.
pub(super) fn of(path: &str, name: &str) -> String {
    let found = EXAMPLES.iter().find(|it| it.0 == path);
    let lines: Vec<(String, &str)> = found
        .into_iter()
        .flat_map(|it| it.1)
        .map(|(line, about)| (format!("{name} {line}"), *about))
        .collect();
    if lines.is_empty() {
        return String::new();
    }
    let described = lines.iter().filter(|it| !it.1.is_empty());
    let width = described.map(|it| it.0.len()).max().unwrap_or_default();
    let is_wide = lines.iter().any(|it| width + it.1.len() + 4 > WIDTH);
    let rows = lines.iter().map(|(line, about)| match *about {
        "" => format!("  {line}\n"),
        about if is_wide => format!("  # {about}\n  {line}\n"),
        about => format!("  {line:width$}  {about}\n"),
    });
    format!("Examples:\n{}\n", rows.collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    fn paths(command: &clap::Command, above: &str) -> Vec<String> {
        let mut all = vec![];
        for it in command.get_subcommands() {
            let path = format!("{above} {}", it.get_name()).trim().to_owned();
            all.extend(paths(it, &path));
            all.push(path);
        }
        all
    }

    /// Words as a shell divides them; quotes hold blanks together.
    fn words(line: &str) -> Vec<String> {
        let mut words = vec![];
        for (index, part) in line.split('\'').enumerate() {
            match index % 2 {
                0 => words.extend(part.split_whitespace().map(str::to_owned)),
                _ => words.push(part.to_owned()),
            }
        }
        words
    }

    #[test]
    fn every_example_can_be_typed() {
        for (path, examples) in EXAMPLES {
            for (line, _) in *examples {
                let typed = ["x".to_owned()].into_iter().chain(words(line));
                let command = crate::cli::command(OsStr::new("kubectl-stepscale"));
                let parsed = command.try_get_matches_from(typed);
                assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
                assert!(line.starts_with(path), "{line} is an example of {path}");
            }
        }
    }

    #[test]
    fn groups_have_subcommands_and_each_has_an_example() {
        let command = crate::cli::command(OsStr::new("kubectl-stepscale"));
        let all = paths(&command, "");
        let grouped: Vec<&str> = GROUPS.iter().flat_map(|it| it.1).copied().collect();
        for name in &grouped {
            assert!(all.iter().any(|it| it == name), "{name}");
            assert_eq!(grouped.iter().filter(|it| *it == name).count(), 1, "{name}");
            assert!(!of(name, "x").is_empty(), "{name}");
        }
        for (path, _) in EXAMPLES {
            assert!(path.is_empty() || all.iter().any(|it| it == path), "{path}");
        }
    }
}
