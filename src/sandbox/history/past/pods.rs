//! Which pods a history had.

use std::ops::Range;

use super::Subject;
use crate::series::Series;

/// No workload has more; a count beyond is a mistake that must not cost all memory.
const MOST: f64 = 5_000.0;

/// Letters and digits that Kubernetes makes names of, so that no words come out.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// A pod and the steps in which it ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pod {
    pub(super) name: String,
    pub(super) runs: Vec<Range<usize>>,
}

/// How many pods there are in each step: as many as were ready, as before where that is not known,
/// and one at least where something was used.
pub(super) fn counts(usage: &Series, ready: Option<&Series>) -> Vec<u32> {
    let mut last = 0.0;
    let count = |step| {
        if let Some(ready) = ready.and_then(|it| it.get(step)) {
            last = ready;
        }
        let least = if usage.get(step).is_some() { 1.0 } else { 0.0 };
        // A cast saturates; the clamp leaves nothing to it.
        f64::round(last).clamp(least, MOST) as u32
    };
    (0..usage.len()).map(count).collect()
}

/// The pods of a workload with so many of them in each step. Those that came last go first.
pub(super) fn of(subject: &Subject, counts: &[u32]) -> Vec<Pod> {
    let mut places: Vec<Vec<Range<usize>>> = vec![];
    let mut open = 0;
    for (step, &count) in counts.iter().enumerate() {
        let count = count as usize;
        for place in count..open {
            if let Some(run) = places.get_mut(place).and_then(|it| it.last_mut()) {
                run.end = step;
            }
        }
        for place in open..count {
            if place == places.len() {
                places.push(vec![]);
            }
            if let Some(runs) = places.get_mut(place) {
                runs.push(step..counts.len());
            }
        }
        open = count;
    }
    named(subject, places)
}

/// Pods of a StatefulSet come back under their name, others never.
fn named(subject: &Subject, places: Vec<Vec<Range<usize>>>) -> Vec<Pod> {
    let target = &subject.target;
    let keeps_names = target.kind == "StatefulSet";
    let stem = match has_replica_sets(&target.kind) {
        true => &subject.replica_set,
        false => &target.name,
    };
    if keeps_names {
        let pod = |(place, runs)| Pod {
            name: format!("{stem}-{place}"),
            runs,
        };
        return places.into_iter().enumerate().map(pod).collect();
    }
    let pod = |(number, run)| Pod {
        name: format!("{stem}-{}", suffix(number)),
        runs: vec![run],
    };
    places.into_iter().flatten().enumerate().map(pod).collect()
}

/// Whether pods of this kind belong to its ReplicaSets.
pub(super) fn has_replica_sets(kind: &str) -> bool {
    matches!(kind, "Deployment" | "Rollout")
}

/// Five characters, another five for each number below 27 to the fifth.
fn suffix(number: usize) -> String {
    // Odd and no multiple of three, so that no two numbers meet.
    let mixed = number.wrapping_mul(5_882_353).wrapping_add(1_234_567);
    let digit = |place: u32| {
        let digit = mixed / 27_usize.pow(place) % ALPHABET.len();
        char::from(ALPHABET.get(digit).copied().unwrap_or(b'b'))
    };
    (0..5).map(digit).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::autoscaler::target::TargetRef;
    use crate::history::History;
    use crate::series::Grid;
    use crate::units::Step;

    fn subject(kind: &str) -> Subject {
        Subject {
            target: TargetRef {
                namespace: "shop".to_owned(),
                name: "web".to_owned(),
                kind: kind.to_owned(),
            },
            hpa: None,
            replica_set: "web-7d4b".to_owned(),
            container: "app".to_owned(),
            history: History::default(),
        }
    }

    #[test]
    fn pods_come_and_go_with_the_count() {
        let pods = of(&subject("Deployment"), &[1, 3, 2, 3, 0]);
        let runs: Vec<Range<usize>> = pods.iter().flat_map(|it| it.runs.clone()).collect();
        assert_eq!(runs, [0..4, 1..4, 1..2, 3..4]);
        let names: BTreeSet<&str> = pods.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names.len(), 4);
        assert!(
            names
                .iter()
                .all(|it| it.starts_with("web-7d4b-") && it.len() == 14),
            "{names:?}"
        );
    }

    #[test]
    fn pods_of_a_stateful_set_keep_their_names() {
        let pods = of(&subject("StatefulSet"), &[2, 1, 2]);
        let pod = |name: &str, runs: &[Range<usize>]| Pod {
            name: name.to_owned(),
            runs: runs.to_vec(),
        };
        let whole = std::slice::from_ref(&(0..3));
        assert_eq!(pods, [pod("web-0", whole), pod("web-1", &[0..1, 2..3])]);
    }

    #[test]
    fn suffixes_differ() {
        let all: BTreeSet<String> = (0..100_000).map(suffix).collect();
        assert_eq!(all.len(), 100_000);
    }

    #[test]
    fn counts_follow_what_was_ready_and_what_was_used() {
        let grid = Grid::new(jiff::Timestamp::UNIX_EPOCH, Step::FIVE_MINUTES, 6);
        let of = |all: [Option<f64>; 6]| Series::from_values(grid, all);
        let usage = of([Some(1.0), Some(1.0), Some(1.0), None, None, Some(0.0)]);
        let ready = of([None, Some(3.0), None, None, Some(0.0), Some(1e12)]);
        assert_eq!(counts(&usage, Some(&ready)), [1, 3, 3, 3, 0, 5_000]);
        assert_eq!(counts(&usage, None), [1, 1, 1, 0, 0, 1]);
    }
}
