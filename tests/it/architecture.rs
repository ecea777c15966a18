//! The dependency rule: the core names nothing of the outside, adapters name no other adapter,
//! only `cli/` joins them, and the sandbox stands beside them as a cluster does. Read from the sources, so that nobody has to remember it.

use std::fs;
use std::path::{Path, PathBuf};

/// Modules that take values and the time, and give values; of a joint, the part that does.
const CORE: [&str; 18] = [
    "units",
    "series",
    "autoscaler",
    "cronjobs",
    "doctor",
    "fleet",
    "history",
    "install",
    "keda",
    "lifecycle",
    "lint",
    "schedule",
    "sim",
    "analysis",
    "validation",
    "redact",
    "license",
    "leader/election",
];

/// Modules that turn the outside into values of the core, and back.
const ADAPTERS: [&str; 9] = [
    "audit", "bundle", "cluster", "llm", "metrics", "opencost", "output", "signals", "triggers",
];

/// What joins everything.
const JOINTS: [&str; 6] = ["cli", "conduct", "config", "error", "leader", "store"];

/// What the sandbox has of modules outside of the core, and why. Everything else of them would
/// tie what answers to what asks.
const OF_THE_SANDBOX: [(&str, &str); 5] = [
    (
        "crate::cluster::convert",
        "it scales as those read who analyze",
    ),
    (
        "crate::cluster::selector",
        "an HPA selects pods as it does there",
    ),
    (
        "crate::cluster::offline",
        "a seed is a fleet as a snapshot is",
    ),
    ("crate::cluster::Scope", "a seed is read whole"),
    ("crate::yaml", "one way to read and write YAML"),
];

/// Who may use the sandbox, and why.
const USERS_OF_THE_SANDBOX: [(&str, &str); 2] = [
    ("cli", "it starts one for `demo`"),
    ("error", "it gives every error its hint and its exit code"),
];

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

/// What begins a group of names of this crate.
const GROUP: &str = "crate::{";

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
            // The report names how the history was read and what went wrong, which are plain values of
            // the port.
            let text = text.replace("crate::metrics::{Reading, Warning}", "");
            let text = text.replace("crate::metrics::Reading", "");
            broken.extend(uses(&path, &text, &others));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_sandbox_uses_only_the_core_and_what_is_listed() {
    let modules = modules();
    let is_other = |it: &&str| !CORE.contains(it) && *it != "sandbox";
    let others: Vec<&str> = modules
        .iter()
        .map(String::as_str)
        .filter(is_other)
        .collect();
    let mut broken = Vec::new();
    let mut used = String::new();
    for (path, text) in sources("sandbox") {
        if !is_test(&path) {
            broken.extend(uses(&path, &without_listed(&text), &others));
            used += &text;
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    for (name, _) in OF_THE_SANDBOX {
        assert!(used.contains(name), "{name} is listed for nothing");
    }
}

#[test]
fn only_the_command_line_uses_the_sandbox() {
    let modules = modules();
    let may = |module: &str| USERS_OF_THE_SANDBOX.iter().any(|it| it.0 == module);
    let mut broken = Vec::new();
    for module in modules.iter().filter(|it| *it != "sandbox" && !may(it)) {
        for (path, text) in sources(module) {
            broken.extend(uses(&path, &text, &["sandbox"]));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn of_a_module_only_what_is_listed_is_allowed() {
    let path = Path::new("planted.rs");
    let cases = [
        ("use crate::cluster::convert;", 0),
        ("use crate::cluster::selector::Labels;", 0),
        ("use crate::cluster::Scope;", 0),
        ("use crate::cluster::Scopes;", 1),
        ("use crate::cluster::{Scope, connect};", 1),
        ("let it = crate::cluster::call();", 1),
        ("use crate::yaml;", 0),
    ];
    for (text, found) in cases {
        let text = without_listed(text);
        assert_eq!(
            uses(path, &text, &["cluster", "yaml"]).len(),
            found,
            "{text}"
        );
    }
}

#[test]
fn a_planted_violation_is_found() {
    let path = Path::new("planted.rs");
    for (needle, _) in OUTSIDE {
        let text = format!("fn f() {{\n    let _ = {needle}x;\n}}\n");
        assert_eq!(outside_of_core(path, &text).len(), 1, "{needle}");
    }
    let joined = [
        ("use crate::metrics::Series;", 1),
        ("use crate::{cluster, units};", 1),
        (
            "use crate::{\n    units::Step,\n    cluster::{self, Scope},\n};",
            1,
        ),
        (
            "use crate::{\n    units::{\n        Step,\n    },\n    // As a value.\n    output,\n};",
            1,
        ),
        (
            "use crate::{\n    units::Step,\n};\n\nuse crate::metrics;",
            1,
        ),
        ("use crate::{units::{cluster, Step}, clusters, series};", 0),
        (
            "use crate::{\n    units::Step,\n};\nfn output() {\n    cluster()\n}",
            0,
        ),
    ];
    for (text, found) in joined {
        assert_eq!(uses(path, text, &ADAPTERS).len(), found, "{text}");
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

/// The text without the names that the sandbox may use, each as a whole.
fn without_listed(text: &str) -> String {
    let mut text = text.to_owned();
    for (name, _) in OF_THE_SANDBOX {
        let parts: Vec<&str> = text.split(name).collect();
        let mut kept = parts[0].to_owned();
        for part in &parts[1..] {
            let goes_on = part.starts_with(|it: char| it.is_alphanumeric() || it == '_');
            kept += if goes_on { name } else { "" };
            kept += part;
        }
        text = kept;
    }
    text
}

/// Whether a file holds tests alone.
fn is_test(path: &Path) -> bool {
    let within = path
        .strip_prefix(env!("CARGO_MANIFEST_DIR"))
        .unwrap_or(path);
    let mut parts = within.iter().filter_map(|it| it.to_str());
    parts.any(|it| matches!(it, "tests" | "tests.rs" | "testing.rs"))
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
    for (number, line) in whole_groups(text) {
        for module in modules {
            if names_module(&line, module) {
                found.push(format!(
                    "{}:{number}: uses {module}: {line}",
                    path.display()
                ));
            }
        }
    }
    found
}

/// The lines with code in them; of those over which a group of names of this crate goes, one.
fn whole_groups(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut is_open = false;
    for (number, line) in code_lines(text) {
        match lines.last_mut().filter(|_| is_open) {
            Some((_, group)) => *group = format!("{group} {}", line.trim()),
            None => lines.push((number, line.to_owned())),
        }
        let group = lines.last().and_then(|it| it.1.split_once(GROUP));
        is_open = group.is_some_and(|(_, rest)| in_group(rest).len() == rest.len());
    }
    lines
}

/// What stands before the brace that closes a group; everything if there is none.
fn in_group(rest: &str) -> &str {
    let mut depth = 1;
    let end = rest.find(|it| {
        depth += depth_of(it);
        depth == 0
    });
    end.map_or(rest, |end| &rest[..end])
}

/// The modules that a group begins its names with.
fn of_group(group: &str) -> Vec<&str> {
    let mut depth = 0;
    let names = group.split(move |it| {
        depth += depth_of(it);
        it == ',' && depth == 0
    });
    names
        .filter_map(|it| it.trim().split(|it| !is_of_word(it)).next())
        .collect()
}

/// By how much a letter leads deeper into braces.
fn depth_of(it: char) -> i32 {
    match it {
        '{' => 1,
        '}' => -1,
        _ => 0,
    }
}

fn is_of_word(it: char) -> bool {
    it.is_alphanumeric() || it == '_'
}

fn names_module(line: &str, module: &str) -> bool {
    let grouped = line
        .split_once(GROUP)
        .is_some_and(|(_, rest)| of_group(in_group(rest)).contains(&module));
    let single = line
        .match_indices("crate::")
        .any(|(at, prefix)| starts_with_whole_word(&line[at + prefix.len()..], module));
    grouped || single
}

fn starts_with_whole_word(text: &str, word: &str) -> bool {
    text.strip_prefix(word).is_some_and(|rest| {
        let next = rest.chars().next();
        next.is_none_or(|it| !is_of_word(it))
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

/// The modules of the crate, by the files that they begin in.
fn modules() -> Vec<String> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = fs::read_dir(src).unwrap().map(|it| it.unwrap().path());
    let files = files.filter(|it| it.is_file());
    let stems = files.filter_map(|it| Some(it.file_stem()?.to_str()?.to_owned()));
    stems.filter(|it| it != "lib" && it != "main").collect()
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
