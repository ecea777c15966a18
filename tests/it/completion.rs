//! Completion as shells and kubectl ask for it, and man pages as man reads them.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};

use crate::rig::cluster::{Cluster, Options};
use crate::rig::fleet::{Fleet, Parameters};
use crate::rig::program::{Said, User, has_kubectl};
use crate::rig::say;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const COMPLETER: &str = "kubectl_complete-stepscale";

/// What `completion` takes, and the file that packages have of it.
const SCRIPTS: [(&str, &str); 4] = [
    ("bash", "kubectl-stepscale.bash"),
    ("zsh", "_kubectl-stepscale"),
    ("fish", "kubectl-stepscale.fish"),
    ("powershell", "kubectl-stepscale.ps1"),
];

fn committed(file: &str) -> PathBuf {
    Path::new(ROOT).join("completions").join(file)
}

/// A program of the system as the user runs it, with ours in a folder of `PATH`.
fn with_plugin(user: &User, program: &str, arguments: &[&str]) -> Command {
    let folder = user.path("bin");
    if !folder.exists() {
        fs::create_dir(&folder).unwrap();
        symlink(
            cargo_bin("kubectl-stepscale"),
            folder.join("kubectl-stepscale"),
        )
        .unwrap();
    }
    let others = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(folder).chain(std::env::split_paths(&others));
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::join_paths(path).unwrap())
        .env("HOME", user.home())
        .env("XDG_STATE_HOME", user.path("state"));
    command
}

/// Whether a program that can check ours is here. Says so if not.
fn has(program: &str) -> bool {
    let is_here = Command::new(program).arg("--version").output().is_ok();
    if !is_here {
        say(&format!("SKIPPED: not installed: {program}"));
    }
    is_here
}

#[track_caller]
fn succeeds(command: &mut Command) -> Said {
    let said = Said::by(command);
    assert_eq!(said.code, Some(0), "{command:?}: {}", said.stderr);
    said
}

/// Every kubectl that is found.
fn kubectls() -> Vec<String> {
    let newest = format!("{ROOT}/target/tools/kubectl/bin/kubectl");
    let newest = Some(newest).filter(|it| Path::new(it).exists());
    std::iter::once("kubectl".to_owned())
        .chain(newest)
        .collect()
}

#[test]
fn the_committed_scripts_are_those_that_are_printed() {
    for (shell, file) in SCRIPTS {
        let said = succeeds(&mut User::new().stepscale(&["completion", shell]));
        assert_eq!(
            said.stdout,
            fs::read_to_string(committed(file)).unwrap(),
            "{file}"
        );
        assert_eq!(said.stderr, "");
    }
    let mode = fs::metadata(committed(COMPLETER)).unwrap().permissions();
    assert_eq!(mode.mode() & 0o111, 0o111, "{COMPLETER} is no program");
}

#[test]
fn every_shell_that_is_here_reads_its_script() {
    for (shell, file) in &SCRIPTS[..3] {
        if has(shell) {
            let file = committed(file);
            let mut command = Command::new(shell);
            succeeds(command.arg("-n").arg(file));
        }
    }
    succeeds(Command::new("sh").arg("-n").arg(committed(COMPLETER)));
}

/// What bash offers where its words are `words`, the last of which is under the cursor.
fn offered_by_bash(user: &User, words: &[&str]) -> Vec<String> {
    let script = committed("kubectl-stepscale.bash");
    let quoted: Vec<String> = words.iter().map(|it| format!("'{it}'")).collect();
    let line = format!(
        "source '{}'; COMP_WORDS=({}); COMP_CWORD={}; \
         __kubectl_stepscale kubectl-stepscale {}; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        script.display(),
        quoted.join(" "),
        words.len() - 1,
        quoted.last().unwrap(),
    );
    let said = succeeds(&mut with_plugin(user, "bash", &["-c", &line]));
    assert_eq!(said.stderr, "", "{line}");
    said.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_what_it_has_divided_itself() {
    let user = User::new();
    let cases: [(&[&str], &[&str]); 5] = [
        (&["kubectl-stepscale", "an"], &["analyze"]),
        (&["kubectl-stepscale", "analyze", "-o", "w"], &["wide"]),
        (
            &["kubectl-stepscale", "analyze", "--output", "=", "w"],
            &["wide"],
        ),
        (
            &["kubectl-stepscale", "analyze", "--output", "="],
            &["table", "wide", "json", "yaml", "name"],
        ),
        (&["kubectl-stepscale", "lint", "-f", ""], &[""]),
    ];
    for (words, expected) in cases {
        let offered = offered_by_bash(&user, words);
        assert!(
            expected
                .iter()
                .all(|it| offered.contains(&(*it).to_owned())),
            "{words:?}: {offered:?}"
        );
        let is_one = expected.len() == 1;
        assert!(!is_one || offered.len() == 1, "{words:?}: {offered:?}");
    }
}

#[test]
fn zsh_and_fish_complete_by_the_scripts() {
    let user = User::new();
    if has("fish") {
        let line = format!(
            "source '{}'; complete -C 'kubectl-stepscale completion po'",
            committed("kubectl-stepscale.fish").display()
        );
        let said = succeeds(&mut with_plugin(
            &user,
            "fish",
            &["--no-config", "-c", &line],
        ));
        assert_eq!(said.stdout, "powershell\tPrint the script for PowerShell\n");
    }
    if has("zsh") {
        // What would be shown is told instead.
        let line = format!(
            "compdef() {{ registered=($@) }}; _describe() {{ print -l -- ${{(P)@[-1]}} }}; \
             source '{}'; print $registered; words=(kubectl-stepscale completion po); \
             CURRENT=3 PREFIX=po; _kubectl-stepscale; \
             words=(kubectl-stepscale an); CURRENT=2 PREFIX=an; _kubectl-stepscale",
            committed("_kubectl-stepscale").display()
        );
        let said = succeeds(&mut with_plugin(&user, "zsh", &["-f", "-c", &line]));
        let expected = "_kubectl-stepscale kubectl-stepscale stepscale\n\
             powershell:Print the script for PowerShell\n\
             analyze:Recommend changes to autoscaler settings\n";
        assert_eq!(said.stdout, expected, "{}", said.stderr);
    }
}

/// What kubectl's own completion says of `kubectl stepscale WORDS`, and how the shell goes on.
fn completed(
    user: &User,
    kubectl: &str,
    kubeconfig: &Path,
    words: &[&str],
) -> (Vec<String>, String) {
    let all = [&["__complete", "stepscale"], words].concat();
    let mut command = with_plugin(user, kubectl, &all);
    let said = succeeds(command.env("KUBECONFIG", kubeconfig));
    let mut lines: Vec<String> = said.stdout.lines().map(str::to_owned).collect();
    // kubectl tells people how it goes on there; anything else would be ours.
    let ours = said.stderr.lines().filter(|it| !it.is_empty());
    let mut ours =
        ours.filter(|it| !it.starts_with("[Debug]") && !it.contains("ShellCompDirective"));
    assert_eq!(ours.next(), None, "{words:?}");
    let directive = lines.pop().unwrap();
    (lines, directive)
}

#[test]
fn kubectl_completes_objects_namespaces_and_what_the_kubeconfig_has() {
    if !has_kubectl() {
        return;
    }
    let fleet = Fleet::generate(&Parameters::tiny());
    let server = Cluster::start(&fleet, Options::default());
    let user = User::new();
    succeeds(&mut with_plugin(
        &user,
        "kubectl-stepscale",
        &["completion", "install"],
    ));
    let config = server.kubeconfig();
    let namespace = &fleet.scaled().next().unwrap().namespace;
    let scaled = fleet.scaled().filter(|it| it.namespace == *namespace);
    let names = scaled.filter_map(|it| it.autoscaler.as_ref());
    let mut hpas: Vec<String> = names.map(|it| format!("hpa/{it}")).collect();
    hpas.sort();
    for kubectl in kubectls() {
        let ask = |words: &[&str]| completed(&user, &kubectl, &config, words);
        assert_eq!(
            ask(&["analyze", "-n", namespace, "hpa/"]),
            (hpas.clone(), ":4".to_owned())
        );
        let (all, _) = ask(&["analyze", "-n", namespace, ""]);
        assert!(hpas.iter().all(|it| all.contains(it)), "{all:?}");
        let (namespaces, _) = ask(&["analyze", "--namespace", ""]);
        assert!(
            fleet.namespaces.iter().all(|it| namespaces.contains(it)),
            "{namespaces:?}"
        );
        let (contexts, _) = ask(&["--context", "ex"]);
        assert_eq!(contexts, ["exec", "expired"]);
        assert_eq!(ask(&["analyze", "--cluster=wr"]).0, ["--cluster=wrong-ca"]);
        assert_eq!(ask(&["--user", "li"]).0, ["limited"]);
        assert_eq!(ask(&["lint", "-f", ""]), (vec![], ":0".to_owned()));
        let (found, _) = ask(&["an"]);
        assert_eq!(found, ["analyze\tRecommend changes to autoscaler settings"]);
    }
}

#[test]
fn clusters_that_do_not_answer_are_no_candidates_and_no_noise() {
    let server = Cluster::start(&Fleet::generate(&Parameters::tiny()), Options::default());
    let user = User::new();
    for context in ["unreachable", "wrong-ca", "expired", "nowhere"] {
        let words = ["__complete", "analyze", "--context", context, ""];
        let said = user.run(&server.kubeconfig(), &words);
        let said = (said.code, said.stdout.as_str(), said.stderr.as_str());
        assert_eq!(said, (Some(0), ":4\n", ""), "{context}");
    }
}

/// One that would ask its user, complain, and take its time.
fn nosy(user: &User) -> PathBuf {
    let plugin = user.path("nosy.sh");
    fs::write(
        &plugin,
        "echo 'Password:' >&2\nread -r password\nsleep 20\n",
    )
    .unwrap();
    let exec = json!({ "apiVersion": "client.authentication.k8s.io/v1", "command": "sh",
        "args": [plugin], "interactiveMode": "IfAvailable" });
    let config: Value = json!({ "apiVersion": "v1", "kind": "Config", "current-context": "nosy",
        "clusters": [{ "name": "nosy", "cluster": { "server": "http://127.0.0.1:9" } }],
        "users": [{ "name": "nosy", "user": { "exec": exec } }],
        "contexts": [{ "name": "nosy", "context": { "cluster": "nosy", "user": "nosy",
            "namespace": "shop" } }] });
    let path = user.path("kubeconfig");
    fs::write(&path, config.to_string()).unwrap();
    path
}

#[test]
#[expect(clippy::disallowed_methods, reason = "measures another process")]
fn a_credential_plugin_is_neither_seen_nor_waited_for() {
    let user = User::new();
    let config = nosy(&user);
    let begun = Instant::now();
    let said = user.run(&config, &["__complete", "analyze", "-n", ""]);
    let said = (said.stdout.as_str(), said.stderr.as_str());
    assert_eq!(said, ("shop\n:4\n", ""), "the namespaces of the kubeconfig");
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn what_kubectl_asks_is_put_beside_the_plugin_and_taken_away() {
    let user = User::new();
    let link = user.path("bin").join(COMPLETER);
    let run = |arguments: &[&str]| {
        let all = [&["completion", "install"], arguments].concat();
        succeeds(&mut with_plugin(&user, "kubectl-stepscale", &all))
    };
    let place = link.display();
    assert_eq!(
        run(&["--dry-run"]).stdout,
        format!("{place} installed (dry run)\n")
    );
    assert!(!link.exists());
    let said = run(&[]);
    assert_eq!(said.stdout, format!("{place} installed\n"));
    assert!(
        said.stderr.contains("source <(kubectl completion bash)"),
        "{}",
        said.stderr
    );
    assert_eq!(
        fs::read_link(&link).unwrap(),
        Path::new("kubectl-stepscale")
    );
    assert_eq!(run(&[]).stdout, format!("{place} already there\n"));
    assert_eq!(run(&["--uninstall"]).stdout, format!("{place} removed\n"));
    assert_eq!(run(&["--uninstall"]).stdout, format!("{place} not there\n"));
    // One that led to a version that is gone is made anew.
    symlink("/gone/kubectl-stepscale", &link).unwrap();
    assert_eq!(run(&[]).stdout, format!("{place} installed\n"));
    assert_eq!(
        fs::read_link(&link).unwrap(),
        Path::new("kubectl-stepscale")
    );
}

#[test]
fn elsewhere_it_is_a_link_to_the_whole_path_and_a_warning() {
    let user = User::new();
    let folder = user.path("elsewhere");
    fs::create_dir(&folder).unwrap();
    let arguments = ["completion", "install", "--dir", folder.to_str().unwrap()];
    let said = succeeds(&mut with_plugin(&user, "kubectl-stepscale", &arguments));
    assert!(said.stderr.contains("is not in PATH"), "{}", said.stderr);
    let target = fs::read_link(folder.join(COMPLETER)).unwrap();
    assert_eq!(target, user.path("bin/kubectl-stepscale"));
}

#[test]
fn what_is_somebody_elses_stays() {
    let user = User::new();
    let mut command = with_plugin(&user, "kubectl-stepscale", &["completion", "install"]);
    let path = user.path("bin").join(COMPLETER);
    fs::write(&path, "#!/bin/sh\necho mine\n").unwrap();
    for arguments in [&[][..], &["--uninstall"]] {
        let said = Said::by(command.args(arguments));
        assert_eq!(said.code, Some(5), "{}", said.stderr);
        assert!(
            said.stderr.contains("is somebody else's"),
            "{}",
            said.stderr
        );
        assert!(
            said.stderr.contains("hint: move it away"),
            "{}",
            said.stderr
        );
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "#!/bin/sh\necho mine\n");
}

#[test]
fn the_script_of_a_package_will_do_and_is_left_to_the_package() {
    let user = User::new();
    let mut command = with_plugin(&user, "kubectl-stepscale", &["completion", "install"]);
    let path = user.path("bin").join(COMPLETER);
    fs::copy(committed(COMPLETER), &path).unwrap();
    let asked = succeeds(&mut with_plugin(&user, COMPLETER, &["an"]));
    assert!(asked.stdout.starts_with("analyze\t"), "{}", asked.stdout);
    let said = succeeds(&mut command);
    assert_eq!(said.stdout, format!("{} already there\n", path.display()));
    let said = Said::by(command.arg("--uninstall"));
    assert_eq!(said.code, Some(5), "{}", said.stderr);
    assert!(path.is_file());
}

#[test]
fn man_pages_are_ones_that_man_reads() {
    let user = User::new();
    let folder = user.path("share/man/man1");
    let arguments = ["man", "--out-dir", folder.to_str().unwrap()];
    succeeds(&mut user.stepscale(&arguments));
    let pages = fs::read_dir(&folder).unwrap().map(|it| it.unwrap().path());
    let pages: Vec<PathBuf> = pages.collect();
    assert!(pages.len() > 25, "{}", pages.len());
    if has("mandoc") {
        let mut lint = Command::new("mandoc");
        succeeds(lint.args(["-T", "lint", "-W", "error"]).args(&pages));
    }
    if has("man") {
        let mut man = Command::new("man");
        let said = succeeds(
            man.env("MANPATH", user.path("share/man"))
                .env("MANWIDTH", "80")
                .env("PAGER", "cat")
                .arg("kubectl-stepscale-completion-install"),
        );
        assert!(
            said.stdout.contains("kubectl stepscale completion install"),
            "{}",
            said.stdout
        );
    }
}
