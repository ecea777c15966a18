//! Which scale target a pod of the past belongs to.
//!
//! Three sources, the best first for every pod: what kube-state-metrics recorded
//! (`kube_pod_owner`, `kube_replicaset_owner`), the live objects, and last the pattern of the
//! pod's name, which cannot tell `web` from a standalone pod that somebody called `web-5d8f7-abcde`.

use std::collections::HashMap;
use std::fmt;

use crate::autoscaler::target::TargetRef;
use crate::fleet::PodOwner;

/// The controller of an object, as a label pair gives it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Controller {
    pub(super) kind: String,
    pub(super) name: String,
}

/// Assigns pods to the scale targets of one shard.
#[derive(Debug)]
pub(super) struct Owners {
    /// Sorted and distinct; a target is known by its place here.
    targets: Vec<TargetRef>,
    /// (namespace, kind, name) of a target to its place.
    places: HashMap<(String, String, String), usize>,
    recorded_pods: HashMap<(String, String), Controller>,
    recorded_sets: HashMap<(String, String), Controller>,
    live: HashMap<(String, String), usize>,
    /// Controllers whose live pods belong to a target that does not control them itself: what an
    /// operator makes for its custom resource.
    adopted: HashMap<(String, Controller), usize>,
}

/// How a pod was assigned. Sorts from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Assignment {
    Recorded,
    Live,
    Name,
}

impl fmt::Display for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Recorded => "kube_pod_owner",
            Self::Live => "live objects",
            Self::Name => "name pattern",
        })
    }
}

impl Owners {
    /// Knows `targets` (sorted, distinct) and what the cluster says of pods that live now.
    pub(super) fn new(targets: Vec<TargetRef>, live: &[PodOwner]) -> Self {
        let key = |it: &TargetRef| (it.namespace.clone(), it.kind.clone(), it.name.clone());
        let places: HashMap<_, _> = targets
            .iter()
            .enumerate()
            .map(|(place, it)| (key(it), place))
            .collect();
        let live = live
            .iter()
            .filter_map(|it| {
                let place = places.get(&key(&it.target))?;
                Some(((it.target.namespace.clone(), it.pod.clone()), *place))
            })
            .collect();
        Self {
            targets,
            places,
            recorded_pods: HashMap::new(),
            recorded_sets: HashMap::new(),
            live,
            adopted: HashMap::new(),
        }
    }

    /// Learns from live pods which controllers work for a target. To be called after everything
    /// was recorded.
    pub(super) fn adopt(&mut self) {
        for (pod, place) in &self.live {
            let Some(controller) = self.recorded_pods.get(pod) else {
                continue;
            };
            if self.place_of(&pod.0, controller).is_none() {
                let key = (pod.0.clone(), controller.clone());
                self.adopted.insert(key, *place);
            }
        }
    }

    /// Learns one series of `kube_pod_owner`.
    pub(super) fn record_pod(&mut self, namespace: &str, pod: &str, controller: Controller) {
        let key = (namespace.to_owned(), pod.to_owned());
        self.recorded_pods.insert(key, controller);
    }

    /// Learns one series of `kube_replicaset_owner`.
    pub(super) fn record_set(&mut self, namespace: &str, set: &str, controller: Controller) {
        let key = (namespace.to_owned(), set.to_owned());
        self.recorded_sets.insert(key, controller);
    }

    pub(super) fn targets(&self) -> &[TargetRef] {
        &self.targets
    }

    /// Whether anything was recorded, without which the server cannot group by owner.
    pub(super) fn has_records(&self) -> bool {
        !self.recorded_pods.is_empty()
    }

    /// The place of the target that `pod` belongs to, and who says so.
    pub(super) fn target_of(&self, namespace: &str, pod: &str) -> Option<(usize, Assignment)> {
        let key = (namespace.to_owned(), pod.to_owned());
        if let Some(controller) = self.recorded_pods.get(&key) {
            let place = self.place_of(namespace, controller)?;
            return Some((place, Assignment::Recorded));
        }
        if let Some(place) = self.live.get(&key) {
            return Some((*place, Assignment::Live));
        }
        let place = self.by_name(namespace, pod)?;
        Some((place, Assignment::Name))
    }

    /// The place of the target that is `controller` or controls it.
    pub(super) fn place_of(&self, namespace: &str, controller: &Controller) -> Option<usize> {
        let place = |it: &Controller| {
            let key = (namespace.to_owned(), it.kind.clone(), it.name.clone());
            let adopted = (namespace.to_owned(), it.clone());
            let direct = self.places.get(&key);
            direct.or_else(|| self.adopted.get(&adopted)).copied()
        };
        if let Some(direct) = place(controller) {
            return Some(direct);
        }
        if controller.kind != "ReplicaSet" {
            return None;
        }
        let set = (namespace.to_owned(), controller.name.clone());
        match self.recorded_sets.get(&set) {
            Some(above) => place(above),
            // Its ReplicaSet was never recorded, but the name of one says whose it is.
            None => self.best_match(namespace, |target| {
                makes_sets(&target.kind) && is_set_of(&controller.name, &target.name)
            }),
        }
    }

    fn by_name(&self, namespace: &str, pod: &str) -> Option<usize> {
        self.best_match(namespace, |target| {
            is_pod_of(pod, &target.kind, &target.name)
        })
    }

    /// The target with the longest name among those that match: `web-api` before `web`.
    fn best_match(&self, namespace: &str, matches: impl Fn(&TargetRef) -> bool) -> Option<usize> {
        let first = self
            .targets
            .partition_point(|it| it.namespace.as_str() < namespace);
        self.targets[first..]
            .iter()
            .enumerate()
            .take_while(|(_, it)| it.namespace == namespace)
            .filter(|(_, it)| matches(it))
            .max_by_key(|(_, it)| it.name.len())
            .map(|(offset, _)| first + offset)
    }
}

fn makes_sets(kind: &str) -> bool {
    matches!(kind, "Deployment" | "Rollout")
}

fn is_set_of(set: &str, target: &str) -> bool {
    strip(set, target).is_some_and(|hash| is_suffix(hash, 1..=11))
}

/// Whether `pod` is named as a target of this kind names its pods.
fn is_pod_of(pod: &str, kind: &str, target: &str) -> bool {
    let Some(rest) = strip(pod, target) else {
        return false;
    };
    match kind {
        "Deployment" | "Rollout" => rest
            .split_once('-')
            .is_some_and(|(hash, own)| is_suffix(hash, 1..=11) && is_suffix(own, 5..=5)),
        "ReplicaSet" => is_suffix(rest, 5..=5),
        "StatefulSet" => !rest.is_empty() && rest.bytes().all(|it| it.is_ascii_digit()),
        _ => !rest.is_empty(),
    }
}

fn strip<'a>(name: &'a str, target: &str) -> Option<&'a str> {
    name.strip_prefix(target)?.strip_prefix('-')
}

/// Whether `text` is made of the letters that Kubernetes makes suffixes of: no vowels, and no
/// digits that look like one (`k8s.io/apimachinery/pkg/util/rand`, v1.36).
fn is_suffix(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&text.len())
        && text
            .chars()
            .all(|c| "bcdfghjklmnpqrstvwxz2456789".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(kind: &str, name: &str) -> TargetRef {
        TargetRef {
            namespace: "shop".to_owned(),
            name: name.to_owned(),
            kind: kind.to_owned(),
        }
    }

    fn controller(kind: &str, name: &str) -> Controller {
        Controller {
            kind: kind.to_owned(),
            name: name.to_owned(),
        }
    }

    fn owners() -> Owners {
        let mut targets = vec![
            target("Deployment", "web"),
            target("Deployment", "web-api"),
            target("StatefulSet", "db"),
        ];
        targets.sort();
        let live = [PodOwner {
            pod: "odd".to_owned(),
            target: target("StatefulSet", "db"),
        }];
        Owners::new(targets, &live)
    }

    fn name_of(owners: &Owners, pod: &str) -> Option<(String, Assignment)> {
        let (place, how) = owners.target_of("shop", pod)?;
        Some((owners.targets()[place].name.clone(), how))
    }

    fn by(how: Assignment, name: &str) -> Option<(String, Assignment)> {
        Some((name.to_owned(), how))
    }

    #[test]
    fn what_was_recorded_beats_live_objects_and_names() {
        let mut owners = owners();
        owners.record_pod("shop", "odd", controller("ReplicaSet", "web-5d8f7c"));
        owners.record_set("shop", "web-5d8f7c", controller("Deployment", "web"));
        assert_eq!(name_of(&owners, "odd"), by(Assignment::Recorded, "web"));
    }

    #[test]
    fn a_pod_recorded_for_somebody_else_is_not_taken_by_its_name() {
        let mut owners = owners();
        owners.record_pod("shop", "web-5d8f7c-zzzzz", controller("Job", "web-5d8f7c"));
        assert_eq!(name_of(&owners, "web-5d8f7c-zzzzz"), None);
    }

    #[test]
    fn without_records_live_objects_speak_and_then_names() {
        let owners = owners();
        assert_eq!(name_of(&owners, "odd"), by(Assignment::Live, "db"));
        let table = [
            ("web-5d8f7c-bcdfg", Some("web")),
            ("web-api-5d8f7c-bcdfg", Some("web-api")),
            ("db-12", Some("db")),
            ("db-x", None),
            ("web", None),
            ("web-aeiou-bcdfg", None),
            ("website-5d8f7c-bcdfg", None),
        ];
        for (pod, expected) in table {
            let expected = expected.and_then(|it| by(Assignment::Name, it));
            assert_eq!(name_of(&owners, pod), expected, "{pod}");
        }
    }

    #[test]
    fn a_set_without_a_record_of_its_own_is_known_by_its_name() {
        let mut owners = owners();
        owners.record_pod("shop", "p", controller("ReplicaSet", "web-api-5d8f7c"));
        assert_eq!(name_of(&owners, "p"), by(Assignment::Recorded, "web-api"));
    }

    #[test]
    fn what_works_for_a_custom_resource_is_known_by_its_live_pods() {
        let mut owners = owners();
        owners.record_pod("shop", "odd", controller("StatefulSet", "db-shard-1"));
        owners.record_pod("shop", "past", controller("StatefulSet", "db-shard-1"));
        assert_eq!(name_of(&owners, "past"), None);
        owners.adopt();
        assert_eq!(name_of(&owners, "odd"), by(Assignment::Recorded, "db"));
        assert_eq!(name_of(&owners, "past"), by(Assignment::Recorded, "db"));
    }

    #[test]
    fn other_namespaces_are_not_searched() {
        assert_eq!(owners().target_of("other", "db-1"), None);
    }
}
