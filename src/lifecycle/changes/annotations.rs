//! Annotations that are taken away.

use serde_json::{Value, json};

use super::pointer;

const PLACE: &str = "/metadata/annotations";

/// The operations of a JSON patch that take away what `live` has of `names`; with the last annotation
/// their map goes, which was not there before.
pub fn without(live: &Value, names: &[&str]) -> Vec<Value> {
    let annotations = live["metadata"]["annotations"].as_object();
    let there = |it: &&&str| annotations.is_some_and(|all| all.contains_key(**it));
    let gone: Vec<&&str> = names.iter().filter(there).collect();
    let removal = |path: String| json!({ "op": "remove", "path": path });
    match annotations {
        Some(all) if !all.is_empty() && all.len() == gone.len() => vec![removal(PLACE.to_owned())],
        Some(_) | None => {
            let removals = gone
                .into_iter()
                .map(|it| removal(pointer::child(PLACE, it)));
            removals.collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_ones_go_and_others_stay() {
        let paths = |annotations: Value| -> Vec<String> {
            let all = without(&json!({ "metadata": annotations }), &["a/b", "c"]);
            all.iter()
                .map(|it| it["path"].as_str().unwrap().to_owned())
                .collect()
        };
        let cases: [(Value, &[&str]); 6] = [
            (json!({}), &[]),
            (json!({ "annotations": {} }), &[]),
            (json!({ "annotations": { "d": "x" } }), &[]),
            (json!({ "annotations": { "c": "x" } }), &[PLACE]),
            (json!({ "annotations": { "c": "x", "a/b": "x" } }), &[PLACE]),
            (
                json!({ "annotations": { "c": "x", "a/b": "x", "d": "x" } }),
                &["/metadata/annotations/a~1b", "/metadata/annotations/c"],
            ),
        ];
        for (annotations, expected) in cases {
            assert_eq!(paths(annotations.clone()), expected, "{annotations}");
        }
    }
}
