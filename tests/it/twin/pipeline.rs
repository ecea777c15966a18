//! What a pipeline runs, as the documentation has it.

use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::probation::{Scene, busy, calm};
use super::workload::Workload;
use crate::rig::program::{Said, User, has_kubectl};

const DOCS: &str = include_str!("../../../docs/ci.md");
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verify-scaling.sh");

/// The script, as somebody with a license.
fn script(scene: &Scene, name: &str, timeout: &str) -> Command {
    // For the environment of a licensed user of the scene.
    let user = scene.command(&[]);
    let mut command = Command::new(SCRIPT);
    command.env_clear().args(["shop", name]);
    command.envs(
        user.get_envs()
            .filter_map(|(key, value)| Some((key, value?))),
    );
    command.env("INTERVAL", "10").env("TIMEOUT", timeout);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn ended(child: Child) -> Said {
    child.wait_with_output().unwrap().into()
}

#[test]
fn the_script_ends_as_the_changes_did() {
    if !has_kubectl() {
        return;
    }
    let bad = Workload {
        containers: vec![("app", 500, Some(500))],
        ..Workload::new("bad", 300, busy)
    };
    let scene = Scene::start(&[Workload::new("good", 300, calm), bad], 4);
    let lower = json!({ "min_replicas": { "from": 4, "to": 2 } });
    scene.recommend("good", &lower);
    scene.recommend(
        "bad",
        &json!({ "min_replicas": { "from": 4, "to": 2 },
        "max_replicas": { "from": 25, "to": 4 }, "target_cpu_pct": { "from": 70, "to": 95 } }),
    );
    let running = ["good", "bad"].map(|it| script(&scene, it, "10m").spawn().unwrap());
    while ["good", "bad"]
        .iter()
        .any(|it| scene.phase(it) != "applied")
    {
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    let open = Said::by(&mut script(&scene, "good", "1s"));
    assert_eq!(open.code, Some(7), "{}", open.stderr);
    assert!(
        open.stderr.contains("not proved within 1s: good"),
        "{}",
        open.stderr
    );

    scene.pass(50);
    let [good, bad] = running.map(ended);
    assert_eq!(good.code, Some(0), "{}", good.stderr);
    assert!(
        good.stdout.contains("applied → verified"),
        "{}",
        good.stdout
    );
    assert!(good.stdout.ends_with("verified: good\n"), "{}", good.stdout);
    assert_eq!(bad.code, Some(6), "{}", bad.stderr);
    assert!(
        bad.stderr.ends_with("did harm: bad; revert the merge\n"),
        "{}",
        bad.stderr
    );
    assert!(bad.stdout.contains("shop/bad"), "{}", bad.stdout);
}

#[test]
fn the_script_without_names_says_how_to_call_it() {
    for arguments in [&[][..], &["shop"]] {
        let said = Said::by(Command::new(SCRIPT).args(arguments));
        assert_ne!(said.code, Some(0));
        assert!(said.stderr.contains("NAMESPACE NAME..."), "{}", said.stderr);
    }
}

/// The YAML documents of a text in Markdown.
fn yaml(text: &str) -> Vec<Value> {
    let blocks = text.split("```").skip(1).step_by(2);
    let blocks = blocks.filter_map(|it| it.strip_prefix("yaml\n"));
    blocks
        .map(|it| stepscale::yaml::parse(it).unwrap())
        .collect()
}

/// Commands of ours in the steps of a job: what is below `run` and `script`.
fn commands(value: &Value, is_script: bool, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, it)| {
            commands(it, key == "run" || key == "script", found);
        }),
        Value::Array(items) => items.iter().for_each(|it| commands(it, is_script, found)),
        Value::String(text) if is_script => {
            let text = text.replace("\\\n", " ");
            let ours = text
                .lines()
                .filter_map(|it| it.trim().strip_prefix("kubectl stepscale "));
            found.extend(ours.map(|it| it.split(" > ").next().unwrap().to_owned()));
        }
        _ => {}
    }
}

#[test]
fn the_recipes_are_yaml_and_their_commands_are_ours() {
    let recipes = yaml(DOCS);
    assert!(recipes.len() >= 2, "GitHub and GitLab");
    let user = User::new();
    let kubeconfig = user.path("kubeconfig");
    // Nothing listens there: what is typed is understood, and the cluster is asked.
    let nowhere = json!({ "apiVersion": "v1", "kind": "Config", "current-context": "x",
        "clusters": [{ "name": "x", "cluster": { "server": "http://127.0.0.1:1" } }],
        "contexts": [{ "name": "x", "context": { "cluster": "x", "user": "x" } }],
        "users": [{ "name": "x", "user": {} }] });
    std::fs::write(&kubeconfig, nowhere.to_string()).unwrap();
    for recipe in recipes {
        let mut found = vec![];
        commands(&recipe, false, &mut found);
        assert!(!found.is_empty(), "{recipe}");
        for line in found {
            let words: Vec<&str> = line.split_whitespace().collect();
            let said = user.run(&kubeconfig, &words);
            // What reads files does not get as far, since the user has none.
            let (code, part) = match words.contains(&"-f") {
                true => (2, "k8s"),
                false => (4, "cannot reach the API server"),
            };
            assert_eq!(said.code, Some(code), "{line}: {}", said.stderr);
            assert!(said.stderr.contains(part), "{line}: {}", said.stderr);
        }
    }
}
