//! The dependency rule: the core names nothing of the outside, adapters name no other adapter,
//! and only `cli/` joins them. Read from the sources, so that nobody has to remember it.

use std::fs;
use std::path::{Path, PathBuf};

/// Modules that take values and the time, and give values.
const CORE: [&str; 7] = [
    "units",
    "series",
    "autoscaler",
    "fleet",
    "history",
    "sim",
    "analysis",
];

/// Modules that turn the outside into values of the core, and back.
const ADAPTERS: [&str; 3] = ["cluster", "metrics", "output"];

/// What joins everything.
const JOINTS: [&str; 3] = ["cli", "config", "error"];

/// What the core may not name, and why.
const OUTSIDE: [(&str, &str); 24] = [
    ("kube::", "the Kubernetes client"),
    ("k8s_openapi", "types of the Kubernetes API"),
    ("reqwest", "HTTP"),
    ("http::", "HTTP"),
    ("tokio", "the runtime"),
    ("futures", "the runtime"),
    ("clap", "the command line"),
    ("anstream", "the terminal"),
    ("anstyle", "the terminal"),
    ("indicatif", "the terminal"),
    ("tracing", "logs"),
    ("println!", "the terminal"),
    ("std::io", "files and streams"),
    ("std::fs", "files"),
    ("std::path", "files"),
    ("std::net", "the network"),
    ("std::env", "the environment"),
    ("std::process", "processes"),
    ("std::thread", "threads"),
    ("SystemTime", "the clock"),
    ("Instant", "the clock"),
    ("Timestamp::now", "the clock"),
    ("Zoned::now", "the clock"),
    ("include_str!", "files"),
];

#[test]
fn the_core_names_nothing_of_the_outside() {
    let mut broken = Vec::new();
    for module in CORE {
        for (path, text) in sources(module) {
            broken.extend(outside_of_core(&path, &text));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_core_uses_only_the_core() {
    let mut broken = Vec::new();
    for module in CORE {
        for (path, text) in sources(module) {
            broken.extend(uses(&path, &text, &ADAPTERS));
            broken.extend(uses(&path, &text, &JOINTS));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn adapters_do_not_use_each_other() {
    let mut broken = Vec::new();
    for module in ADAPTERS {
        let others: Vec<&str> = ADAPTERS.into_iter().filter(|it| *it != module).collect();
        for (path, text) in sources(module) {
            // The report names how the history was read, which is a plain value of the port.
            let text = text.replace("crate::metrics::Reading", "");
            broken.extend(uses(&path, &text, &others));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_planted_violation_is_found() {
    let path = Path::new("planted.rs");
    for (needle, _) in OUTSIDE {
        let text = format!("fn f() {{\n    let _ = {needle}x;\n}}\n");
        assert_eq!(outside_of_core(path, &text).len(), 1, "{needle}");
    }
    let joined = [
        "use crate::metrics::Series;",
        "use crate::{cluster, units};",
    ];
    for text in joined {
        assert_eq!(uses(path, text, &ADAPTERS).len(), 1, "{text}");
    }
}

#[test]
fn comments_and_tests_may_name_anything() {
    let text = "//! Not `tokio`.\n/// Like `kube::Client`.\nfn f() {} // reqwest\n\
                #[cfg(test)]\nmod tests {\n    use std::fs;\n}\n";
    let found = outside_of_core(Path::new("planted.rs"), text);
    assert_eq!(found, Vec::<String>::new());
    assert_eq!(
        uses(
            Path::new("planted.rs"),
            "use crate::clusters;",
            &["cluster"]
        ),
        Vec::<String>::new()
    );
}

fn outside_of_core(path: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in code_lines(text) {
        for (needle, what) in OUTSIDE {
            if contains_word(line, needle) {
                let path = path.display();
                found.push(format!(
                    "{path}:{number}: the core may not name {what}: {line}"
                ));
            }
        }
    }
    found
}

/// Whether `needle` stands in `line` as a word of its own: `http::` is not in `xhttp::`.
fn contains_word(line: &str, needle: &str) -> bool {
    line.match_indices(needle).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|it| !it.is_alphanumeric() && it != '_')
    })
}

/// The lines on which `text` names one of `modules` of this crate.
fn uses(path: &Path, text: &str, modules: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in code_lines(text) {
        for module in modules {
            if names_module(line, module) {
                found.push(format!(
                    "{}:{number}: uses {module}: {line}",
                    path.display()
                ));
            }
        }
    }
    found
}

fn names_module(line: &str, module: &str) -> bool {
    let grouped = line
        .split_once("crate::{")
        .is_some_and(|(_, list)| contains_whole_word(list, module));
    let single = line
        .match_indices("crate::")
        .any(|(at, prefix)| starts_with_whole_word(&line[at + prefix.len()..], module));
    grouped || single
}

fn contains_whole_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|it| it == word)
}

fn starts_with_whole_word(text: &str, word: &str) -> bool {
    text.strip_prefix(word).is_some_and(|rest| {
        let next = rest.chars().next();
        next.is_none_or(|it| !it.is_alphanumeric() && it != '_')
    })
}

/// The lines with code in them, numbered from 1, up to the tests at the end of the file.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .take_while(|it| *it != "mod tests {")
        .enumerate()
        .map(|(index, line)| (index + 1, line.split("//").next().unwrap_or_default()))
        .filter(|(_, line)| !line.trim().is_empty())
}

/// Every source file of a module, `name.rs` and what is below `name/`.
fn sources(module: &str) -> Vec<(PathBuf, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = vec![src.join(format!("{module}.rs"))];
    collect(&src.join(module), &mut paths);
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap_or_else(|err| panic!("{path:?}: {err}"));
        (path, text)
    };
    paths.into_iter().map(read).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for path in entries.map(|it| it.unwrap().path()) {
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|it| it == "rs") {
            paths.push(path);
        }
    }
}
