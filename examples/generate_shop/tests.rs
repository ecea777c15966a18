use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;

use flate2::read::GzDecoder;

use super::*;

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop.jsonl.gz")
}

fn content(path: &Path) -> String {
    let mut text = String::new();
    GzDecoder::new(File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    text
}

/// The content and not the packed bytes, which another version of the library may pack
/// otherwise.
#[test]
fn the_committed_snapshot_is_what_the_generator_writes() {
    let folder = tempfile::tempdir().unwrap();
    let fresh = folder.path().join("shop.jsonl.gz");
    write(&fresh).unwrap();
    let (fresh, committed) = (content(&fresh), content(&committed()));
    for (line, (fresh, committed)) in fresh.lines().zip(committed.lines()).enumerate() {
        assert!(fresh == committed, "line {} differs", line + 1);
    }
    assert_eq!(fresh.len(), committed.len());
}

#[test]
fn it_is_small_enough_to_be_in_the_repository() {
    assert!(fs::metadata(committed()).unwrap().len() < 2_000_000);
}

#[test]
fn histories_are_consistent_in_themselves() {
    for service in shop::services() {
        let seen = simulation::observe(&service);
        let name = service.name;
        let (least, most) = (
            service.hpas.iter().map(|it| it.min).min(),
            service.hpas[0].max,
        );
        assert!(seen.ready.iter().all(|it| *it <= most), "{name}");
        assert!(seen.pods.len() >= least.unwrap(), "{name}");
        assert!(seen.burst.iter().all(|it| *it >= 1.0 - 1e-9), "{name}");
        let starts_later = seen.pods.iter().all(|it| it.ready > it.created);
        assert!(starts_later, "{name}");
        if let Some(limit) = service.main.limit {
            // Pods that end within a step have worked in it.
            let pods = seen.ready.windows(2).zip(seen.main.windows(2));
            for (ready, cores) in pods {
                let pods = ready[0].max(ready[1]) as f64;
                assert!(
                    cores[1] <= pods * limit + 1e-9,
                    "{name}: {cores:?} {ready:?}"
                );
            }
        }
    }
}

#[test]
fn every_line_reads_back() {
    use stepscale::metrics::snapshot::Snapshot;
    let mut autoscalers = 0;
    let mut uids = std::collections::HashSet::new();
    let snapshot = Snapshot::open(&committed(), |_, object| {
        autoscalers += usize::from(object["kind"] == "HorizontalPodAutoscaler");
        assert!(
            uids.insert(object["metadata"]["uid"].to_string()),
            "{object}"
        );
        Ok(())
    })
    .unwrap();
    assert_eq!(
        snapshot.header().taken_at.to_string(),
        "2026-03-02T00:00:00Z"
    );
    assert_eq!((autoscalers, snapshot.targets().len()), (15, 13));
}
