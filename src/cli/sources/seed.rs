//! What a demo cluster starts with.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::task;

use super::finished;
use crate::autoscaler::target::TargetRef;
use crate::config;
use crate::error::Error;
use crate::history::History;
use crate::metrics::snapshot::{self, ObjectResult, Snapshot};
use crate::metrics::{HistoryRequest, Wanted};
use crate::sandbox::Seed;
use crate::series::Grid;
use crate::units::Step;

/// The example that comes with the program.
const EXAMPLE: &[u8] = include_bytes!("../../../examples/shop.jsonl.gz");

/// The past that a demo cluster may have. Its load repeats itself by whole weeks.
const LONGEST: SignedDuration = SignedDuration::from_hours(8 * 7 * 24);

/// Targets whose past cannot be read, and why.
pub(in crate::cli) type Unread = Vec<(TargetRef, String)>;

/// Reads the fleet of a snapshot, or the example's, with its past moved to `now`.
pub(in crate::cli) async fn seed(
    from: Option<&config::Snapshot>,
    now: Timestamp,
) -> Result<(Seed, Unread), Error> {
    let from = from.cloned();
    let read = move || read(from.as_ref()).map(|(seed, unread)| (seed.moved_to(now), unread));
    Ok(finished(task::spawn_blocking(read).await)?)
}

fn read(from: Option<&config::Snapshot>) -> Result<(Seed, Unread), snapshot::Error> {
    let mut objects = Vec::new();
    let keep = |_: u64, object| -> ObjectResult {
        objects.push(object);
        Ok(())
    };
    let mut snapshot = match from {
        None => Snapshot::from_bytes("of the example", EXAMPLE, keep)?,
        Some(config::Snapshot::Stdin) => Snapshot::open(&PathBuf::from("-"), keep)?,
        Some(config::Snapshot::File(path)) => Snapshot::open(path, keep)?,
    };
    let (histories, unread) = histories(&mut snapshot)?;
    Ok((Seed { objects, histories }, unread))
}

type Histories = Vec<(TargetRef, History)>;

fn histories(snapshot: &mut Snapshot) -> Result<(Histories, Unread), snapshot::Error> {
    let targets: Vec<TargetRef> = snapshot.targets().into_iter().cloned().collect();
    let wanted = targets.iter().enumerate().map(|(subject, target)| Wanted {
        subject,
        target: target.clone(),
        // A snapshot knows what it has by the target alone.
        hpa: String::new(),
        containers: vec![],
        native_sidecars: vec![],
        init_containers: vec![],
        memory: false,
        cpu_limited: false,
        triggers: None,
    });
    let request = HistoryRequest {
        grid: Grid::ending_at(snapshot.header().taken_at, LONGEST, Step::FIVE_MINUTES),
        wanted: wanted.collect(),
        pod_owners: Arc::default(),
    };
    let (mut histories, mut unread) = (Vec::new(), Vec::new());
    snapshot.deliver(&request, |it| {
        let target = targets[it.subject].clone();
        match it.history {
            Ok(history) if history.iter().next().is_none() => {
                let why = "it has nothing of the 8 weeks before the snapshot".to_owned();
                unread.push((target, why));
            }
            Ok(history) => histories.push((target, history)),
            Err(why) => unread.push((target, why)),
        }
    })?;
    Ok((histories, unread))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_comes_with_its_objects_and_its_past() {
        let (seed, unread) = read(None).unwrap();
        assert_eq!(unread, []);
        let kind = |kind: &'static str| seed.objects.iter().filter(move |it| it["kind"] == kind);
        for hpa in kind("HorizontalPodAutoscaler") {
            let scaled = &hpa["spec"]["scaleTargetRef"]["name"];
            let is_known = seed.histories.iter().any(|it| *scaled == it.0.name);
            // KEDA's may scale a workload by a queue of which the example knows nothing.
            let is_owned = hpa["metadata"]["ownerReferences"].is_array();
            assert!(is_known || is_owned, "{hpa}");
        }
        for (target, history) in &seed.histories {
            assert!(history.cpu().is_some(), "{target}");
        }
    }
}
