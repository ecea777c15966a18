//! How a fleet is divided into requests.
//!
//! The number of shards depends on how many workloads there are, never on their pods: a shard is
//! a set of whole namespaces, or a part of one that is too large by itself.

use std::collections::BTreeMap;

use crate::metrics::Wanted;

/// Workloads in one shard. A workload's history takes some 100 KB while it is summed (14 days at
/// 300 s, half a dozen columns of 16 KB), so three shards in flight stay under 40 MB.
const SHARD_SIZE: usize = 128;

/// So few names make a pattern that costs a server next to nothing to try on every pod, while the
/// rest of their namespaces may be much.
const FEW: usize = 16;

/// Points that a server returns for one series at most.
pub(super) const MAX_POINTS: usize = 11_000;

/// A part of the fleet that is read together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shard {
    /// Sorted.
    pub(super) namespaces: Vec<String>,
    /// Whether this is only a part of its one namespace, so that pods must be narrowed by name.
    pub(super) partial: bool,
    pub(super) wanted: Vec<Wanted>,
}

/// Divides the fleet. Every entry of `wanted` is in exactly one shard; entries with the same
/// target share a shard.
pub(super) fn shards(wanted: &[Wanted]) -> Vec<Shard> {
    let mut by_namespace: BTreeMap<&str, Vec<Wanted>> = BTreeMap::new();
    for it in wanted {
        by_namespace
            .entry(&it.target.namespace)
            .or_default()
            .push(it.clone());
    }
    let mut shards: Vec<Shard> = vec![];
    for (namespace, members) in by_namespace {
        if members.len() > SHARD_SIZE {
            shards.extend(parts_of(namespace, members));
        } else {
            add_whole(&mut shards, namespace, members);
        }
    }
    shards
}

/// Adds a namespace to the last shard that has room, so that shards follow the namespaces' order.
fn add_whole(shards: &mut Vec<Shard>, namespace: &str, members: Vec<Wanted>) {
    let room = shards
        .last_mut()
        .filter(|it| !it.partial && it.wanted.len() + members.len() <= SHARD_SIZE);
    match room {
        Some(shard) => {
            shard.namespaces.push(namespace.to_owned());
            shard.wanted.extend(members);
        }
        None => shards.push(Shard {
            namespaces: vec![namespace.to_owned()],
            partial: false,
            wanted: members,
        }),
    }
}

fn parts_of(namespace: &str, mut members: Vec<Wanted>) -> Vec<Shard> {
    members.sort_by(|a, b| a.target.cmp(&b.target));
    let mut parts: Vec<Vec<Wanted>> = vec![];
    for same_target in members.chunk_by(|a, b| a.target == b.target) {
        match parts.last_mut() {
            Some(part) if part.len() + same_target.len() <= SHARD_SIZE => {
                part.extend_from_slice(same_target);
            }
            _ => parts.push(same_target.to_vec()),
        }
    }
    let shard = |wanted| Shard {
        namespaces: vec![namespace.to_owned()],
        partial: true,
        wanted,
    };
    parts.into_iter().map(shard).collect()
}

impl Shard {
    /// A pattern for the names of the pods that this shard's targets make, for a shard that wants
    /// only a part of its namespaces.
    ///
    /// `None` where it wants most of them, as far as can be told, or a target is of a kind whose
    /// pods may be called anything.
    pub(super) fn pod_pattern(&self) -> Option<String> {
        let few = self.wanted.len() <= FEW;
        if !(self.partial || few)
            || self
                .wanted
                .iter()
                .any(|it| !names_its_pods(&it.target.kind))
        {
            return None;
        }
        let mut stems: Vec<String> = self
            .wanted
            .iter()
            .map(|it| super::selector::literal(stem(&it.target.name)))
            .collect();
        stems.dedup();
        Some(format!("(?:{}).*", stems.join("|")))
    }
}

fn names_its_pods(kind: &str) -> bool {
    matches!(
        kind,
        "Deployment" | "StatefulSet" | "ReplicaSet" | "Rollout"
    )
}

/// What every pod of the target `name` begins with.
///
/// The API server cuts a generated name's base to 58 bytes, and a ReplicaSet's name ends in up to
/// 11 bytes of its own (`-` and the template's hash), so no more than 47 are sure to survive.
fn stem(name: &str) -> &str {
    // Names are ASCII by the API's rules; a name that is not is kept whole.
    name.get(..47).unwrap_or(name)
}

/// Splits `len` samples into runs of at most [`MAX_POINTS`], as even as possible.
pub(super) fn runs(len: usize) -> Vec<std::ops::Range<usize>> {
    let count = len.div_ceil(MAX_POINTS).max(1);
    let bound = |index: usize| len * index / count;
    (0..count).map(|it| bound(it)..bound(it + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaler::target::TargetRef;

    fn wanted(namespace: &str, count: usize) -> Vec<Wanted> {
        let one = |index: usize| Wanted {
            subject: index,
            target: TargetRef {
                namespace: namespace.to_owned(),
                name: format!("{namespace}-{index:04}"),
                kind: "Deployment".to_owned(),
            },
            hpa: format!("{namespace}-{index:04}"),
            containers: vec![],
            native_sidecars: vec![],
            init_containers: vec![],
            memory: false,
            cpu_limited: false,
            triggers: None,
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn small_namespaces_share_a_shard_and_large_ones_are_cut() {
        let all = [
            wanted("a", 100),
            wanted("b", 20),
            wanted("c", 20),
            wanted("d", 300),
        ]
        .concat();
        let shards = shards(&all);
        let shape: Vec<_> = shards
            .iter()
            .map(|it| (it.namespaces.join("+"), it.partial, it.wanted.len()))
            .collect();
        let expected = [
            ("a+b".to_owned(), false, 120),
            ("c".to_owned(), false, 20),
            ("d".to_owned(), true, 128),
            ("d".to_owned(), true, 128),
            ("d".to_owned(), true, 44),
        ];
        assert_eq!(shape, expected);
    }

    #[test]
    fn pods_are_narrowed_by_name_for_few_targets_and_parts_of_a_namespace() {
        let all = [wanted("a", 2), wanted("b", 17), wanted("d", 129)].concat();
        let shards = shards(&all);
        assert_eq!(shards[0].pod_pattern(), None);
        let part = shards[1].pod_pattern().unwrap();
        assert!(part.starts_with("(?:d-0000|d-0001|"), "{part}");
        assert_eq!(shards[2].pod_pattern(), Some("(?:d-0128).*".to_owned()));
        let few = super::shards(&wanted("a", 2));
        let pattern = "(?:a-0000|a-0001).*".to_owned();
        assert_eq!(few[0].pod_pattern(), Some(pattern));
    }

    #[test]
    fn a_kind_that_names_pods_freely_is_not_narrowed() {
        let mut all = wanted("d", 129);
        all[128].target.kind = "GameServerSet".to_owned();
        assert_eq!(shards(&all)[1].pod_pattern(), None);
        assert!(shards(&all)[0].pod_pattern().is_some());
    }

    #[test]
    fn runs_cover_every_sample_once_and_respect_the_limit() {
        for len in [0, 1, 11_000, 11_001, 40_320] {
            let runs = runs(len);
            assert!(runs.iter().all(|it| it.len() <= MAX_POINTS), "{len}");
            assert_eq!(runs.iter().map(ExactSizeIterator::len).sum::<usize>(), len);
            assert!(runs.windows(2).all(|it| it[0].end == it[1].start));
        }
    }
}
