//! What an analysis keeps beside records that it cannot use.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::rig::program::{Said, User, has_kubectl};

/// Analyzes in a demo that keeps recommendations in files, spoils two of the files that were kept, and analyzes again.
const SPOILED: &str = r#"
set -e
kubectl delete crd scalingrecommendations.stepscale.io > /dev/null
kubectl-stepscale analyze -A > /dev/null 2> $HOME/first
cd $XDG_STATE_HOME/stepscale/recommendations/*/
find . -name '*.json' | sort > $HOME/files
broken=$(sed -n 1p $HOME/files)
echo '{' > $broken
other=$(sed -n 2p $HOME/files)
sed 's/"HorizontalPodAutoscaler"/"OtherAutoscaler"/' $other > $HOME/other
cp $HOME/other $other
rm $(sed -n 3p $HOME/files)
kubectl-stepscale analyze -A > /dev/null 2> $HOME/second
find . -name '*.json' | sort > $HOME/files-after
cmp $other $HOME/other
"#;

#[test]
fn what_cannot_be_read_or_is_anothers_keeps_nothing_else_from_being_saved() {
    if !has_kubectl() {
        return;
    }
    let user = User::new();
    let said = Said::by(&mut user.stepscale(&["demo", "--exec", SPOILED]));
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
    let read = |name: &str| fs::read_to_string(user.path(name)).unwrap();
    let lines = |name: &str| -> Vec<PathBuf> { read(name).lines().map(PathBuf::from).collect() };
    let files = lines("files");
    assert!(files.len() >= 5, "{files:?}: {}", read("first"));
    assert!(!read("first").contains("left out"), "{}", read("first"));

    let second = read("second");
    let broken = files[0].file_name().unwrap().to_str().unwrap();
    assert!(
        second.contains(&format!("{broken} is no recommendation")),
        "{second}"
    );
    let other = files[1].file_stem().unwrap().to_str().unwrap();
    assert!(
        second.contains(&format!("warning: left out rec/{other} in namespace")),
        "{second}"
    );
    // The one that was taken away came again, and the one of another kind has one of ours beside it.
    let beside = files[1].with_file_name(format!("{other}-hpa.json"));
    let mut expected = files.clone();
    expected.push(beside);
    expected.sort();
    let mut after = lines("files-after");
    after.sort();
    assert_eq!(after, expected, "{second}");
    let waiting = format!("{} recommendations saved", files.len() - 1);
    assert!(second.contains(&waiting), "{second}");
}

/// The first thing to do of a namespace of the demo, before and after somebody has said no to it.
const REFUSED_FIRST: &str = r#"
kubectl-stepscale analyze -n orders -o json > before.json
name=$(kubectl-stepscale analyze -n orders -o 'jsonpath={.overview.first.name}' 2> /dev/null)
kubectl-stepscale reject "rec/$name" -n orders --reason 'not now' || exit 1
kubectl-stepscale analyze -n orders -o json > after.json
"#;

#[test]
fn what_somebody_has_said_no_to_is_not_the_first_thing_to_do() {
    let user = User::new();
    let mut demo = user.stepscale(&["demo", "--exec", REFUSED_FIRST]);
    let said = Said::by(demo.current_dir(user.home()));
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let report = |name: &str| -> Value {
        let text = fs::read_to_string(user.path(name)).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let (before, after) = (report("before.json"), report("after.json"));
    let first = &before["overview"]["first"];
    let command = first["command"].as_str().unwrap();
    assert!(command.starts_with("kubectl stepscale apply "), "{first}");
    assert_ne!(after["overview"]["first"], *first);
    // It is recommended all the same: the report tells what is so.
    let items = after["items"].as_array().unwrap();
    let item = items.iter().find(|it| it["name"] == first["name"]).unwrap();
    assert_eq!(item["outcome"], "recommended");
}
