//! Which pods have a label, so that who looks for some need not look at all.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::objects::Name;
use super::pod::Pod;

/// Pods by their labels.
#[derive(Debug, Default)]
pub(super) struct Labeled {
    namespaces: HashMap<Arc<str>, Namespace>,
    /// Counts changes.
    changes: u64,
}

#[derive(Debug, Default)]
struct Namespace {
    all: Pods,
    by_label: HashMap<String, HashMap<String, Pods>>,
}

/// Pods that have something in common.
#[derive(Debug, Default)]
pub(super) struct Pods {
    /// Which change of all was the last here; 0 where no pod is.
    pub(super) edition: u64,
    pub(super) names: BTreeSet<Name>,
}

/// Where no pod is.
static NONE: Pods = Pods {
    edition: 0,
    names: BTreeSet::new(),
};

impl Labeled {
    pub(super) fn add(&mut self, pod: &Pod) {
        self.change(pod, |pods, name| {
            pods.names.insert(name.clone());
        });
    }

    pub(super) fn remove(&mut self, pod: &Pod) {
        self.change(pod, |pods, name| {
            pods.names.remove(name);
        });
    }

    /// The pods among which are all that a selector with these labels finds: those that have the
    /// rarest of them. Their edition is another one whenever any of them came, went or changed its
    /// labels.
    pub(super) fn candidates(&self, namespace: &str, labels: Option<&Map<String, Value>>) -> &Pods {
        let Some(namespace) = self.namespaces.get(namespace) else {
            return &NONE;
        };
        let of_label = |(key, value): (&String, &Value)| {
            let pods = namespace.by_label.get(key)?.get(value.as_str()?);
            pods.filter(|it| !it.names.is_empty())
        };
        let labels = labels.into_iter().flatten();
        let pods = labels.map(|it| of_label(it).unwrap_or(&NONE));
        let rarest = pods.min_by_key(|it| it.names.len());
        rarest.unwrap_or(&namespace.all)
    }

    fn change(&mut self, pod: &Pod, change: impl Fn(&mut Pods, &Name)) {
        self.changes += 1;
        let home = Arc::clone(&pod.name.namespace);
        let namespace = self.namespaces.entry(home).or_default();
        let note = |pods: &mut Pods| {
            change(pods, &pod.name);
            pods.edition = self.changes;
        };
        note(&mut namespace.all);
        for (key, value) in &*pod.labels {
            if !namespace.by_label.contains_key(key) {
                namespace.by_label.insert(key.clone(), HashMap::new());
            }
            let Some(values) = namespace.by_label.get_mut(key) else {
                continue;
            };
            note(values.entry(value.clone()).or_default());
            // Every template has a hash of its own.
            if values.get(value).is_some_and(|it| it.names.is_empty()) {
                values.remove(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(number: usize, labels: &Value) -> Pod {
        let name = format!("pod-{number}");
        let metadata = json!({ "namespace": "shop", "name": name, "labels": labels });
        Pod::of(Arc::new(json!({ "metadata": metadata })), None)
    }

    fn candidates<'a>(labeled: &'a Labeled, labels: &Value) -> &'a Pods {
        labeled.candidates("shop", labels.as_object())
    }

    #[test]
    fn a_selector_looks_at_few_of_many() {
        let mut labeled = Labeled::default();
        for number in 0..1_000 {
            let app = format!("web-{}", number / 2);
            labeled.add(&pod(number, &json!({ "app": app, "team": "shop" })));
        }
        let found = |labels: Value| candidates(&labeled, &labels).names.len();
        assert_eq!(found(json!({ "app": "web-7", "team": "shop" })), 2);
        assert_eq!(found(json!({ "app": "web-7", "team": "other" })), 0);
        assert_eq!(found(json!({})), 1_000);
        assert_eq!(labeled.candidates("other", None).names.len(), 0);
    }

    #[test]
    fn an_edition_changes_with_pods_of_the_selector_alone() {
        let mut labeled = Labeled::default();
        let (web, other) = (json!({ "app": "web" }), json!({ "app": "other" }));
        let edition = |labeled: &Labeled| candidates(labeled, &web).edition;
        assert_eq!(edition(&labeled), 0);
        labeled.add(&pod(1, &web));
        let first = edition(&labeled);
        labeled.add(&pod(2, &other));
        assert_eq!(edition(&labeled), first);
        labeled.add(&pod(3, &web));
        assert_ne!(edition(&labeled), first);
        labeled.remove(&pod(1, &web));
        labeled.remove(&pod(3, &web));
        assert_eq!(edition(&labeled), 0);
        assert_eq!(labeled.namespaces["shop"].by_label["app"].len(), 1);
        labeled.add(&pod(1, &web));
        assert!(![0, first].contains(&edition(&labeled)));
    }
}
