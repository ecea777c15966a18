//! Triggers of all types against the rules of their scalers: what is refused, and for what.

use std::collections::BTreeMap;

use serde::Deserialize;

use stepscale::keda::trigger::{PodIdentity, Secret, TriggerSource, read};

/// A trigger and what is wrong with it: for each problem its word and its parameters; nothing for
/// what KEDA accepts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    what: String,
    #[serde(rename = "type")]
    kind: String,
    metadata: BTreeMap<String, String>,
    #[serde(default)]
    auth: BTreeMap<String, String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    metric_type: Option<String>,
    #[serde(default)]
    identity: String,
    #[serde(default)]
    is_metric_source: bool,
    refused: Vec<String>,
}

impl Case {
    fn source(&self) -> TriggerSource {
        let secrets = |texts: &BTreeMap<String, String>| {
            let pairs = texts.iter();
            pairs
                .map(|(key, text)| (key.clone(), Secret::new(text.as_str())))
                .collect()
        };
        TriggerSource {
            kind: self.kind.clone(),
            metric_type: self.metric_type.clone(),
            metadata: self.metadata.clone(),
            auth: secrets(&self.auth),
            env: secrets(&self.env),
            pod_identity: PodIdentity::named(&self.identity).unwrap_or(PodIdentity::Other),
            is_metric_source: self.is_metric_source,
            index: 0,
        }
    }

    fn refusals(&self) -> Vec<String> {
        let Err(problems) = read(&self.source()) else {
            return Vec::new();
        };
        let said = problems.list.iter();
        said.map(|it| format!("{} {}", it.cause.word(), it.param))
            .collect()
    }
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../fixtures/keda/refused.json")).unwrap()
}

#[test]
fn triggers_are_refused_for_what_keda_refuses_them_for() {
    let differs = |it: &Case| {
        let found = it.refusals();
        (found != it.refused).then(|| format!("{} | {}: {found:?}", it.kind, it.what))
    };
    let differences: Vec<String> = cases().iter().filter_map(differs).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
