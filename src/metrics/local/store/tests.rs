use std::fs;
use std::sync::Arc;

use jiff::SignedDuration;

use super::*;
use crate::autoscaler::target::TargetRef;
use crate::history::{History, Metric};
use crate::metrics::{HistoryRequest, Wanted};
use crate::series::{Grid, Series};
use crate::units::Step;

const CLUSTER: &str = "https://10.0.0.1:6443";

fn start() -> Timestamp {
    "2026-03-02T00:00:00Z".parse().unwrap()
}

fn target(name: &str) -> TargetRef {
    TargetRef {
        namespace: "shop".to_owned(),
        name: name.to_owned(),
        kind: "Deployment".to_owned(),
    }
}

/// A sample of `web`, `seconds` after the start.
fn sample(seconds: i64, cpu: f64) -> LocalSample {
    LocalSample {
        at: start() + SignedDuration::from_secs(seconds),
        target: target("web"),
        cpu_usage_cores: Some(cpu),
        container_cpu_usage_cores: [("app".to_owned(), cpu / 2.0)].into(),
        memory_working_set_bytes: None,
        ready_replicas: Some(2),
        desired_replicas: None,
    }
}

fn store(folder: &tempfile::TempDir) -> Store {
    Store::open(folder.path(), CLUSTER).unwrap()
}

/// The CPU usage of the samples and the warnings.
fn usages(store: &Store) -> (Vec<f64>, usize) {
    let mut all = Vec::new();
    let warnings = store
        .each_sample(|it| all.extend(it.cpu_usage_cores))
        .unwrap();
    (all, warnings.len())
}

#[test]
fn samples_stand_in_the_step_they_fell_into_and_gaps_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    store
        .append(&[sample(-4000, 9.0), sample(1, 1.0), sample(299, 2.0)])
        .unwrap();
    store.append(&[sample(900, 3.0)]).unwrap();
    let grid = Grid::new(start(), Step::FIVE_MINUTES, 5);
    let wanted = ["web", "cart"]
        .iter()
        .enumerate()
        .map(|(subject, name)| Wanted {
            subject,
            target: target(name),
            hpa: (*name).to_owned(),
            containers: Vec::new(),
            native_sidecars: Vec::new(),
            init_containers: Vec::new(),
            memory: false,
            cpu_limited: false,
            triggers: None,
        });
    let request = HistoryRequest {
        grid,
        wanted: wanted.collect(),
        pod_owners: Arc::default(),
    };
    let mut delivered = Vec::new();
    store
        .deliver(&request, |it| delivered.push(it.history.unwrap()))
        .unwrap();
    let on_grid = |values: [Option<f64>; 5]| Series::from_values(grid, values);
    let mut web = History::default();
    web.insert(
        Metric::CpuUsage,
        on_grid([None, Some(2.0), None, Some(3.0), None]),
    );
    web.insert(
        Metric::ContainerCpuUsage("app".to_owned()),
        on_grid([None, Some(1.0), None, Some(1.5), None]),
    );
    web.insert(
        Metric::ReadyReplicas,
        on_grid([None, Some(2.0), None, Some(2.0), None]),
    );
    assert_eq!(delivered, [web, History::default()]);
}

#[test]
fn a_half_written_last_line_is_skipped_and_then_removed() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    store.append(&[sample(0, 1.0), sample(300, 2.0)]).unwrap();
    let whole = fs::read(store.path()).unwrap();
    fs::write(store.path(), &whole[..whole.len() - 9]).unwrap();
    assert_eq!(usages(&store), (vec![1.0], 1));
    store.append(&[sample(600, 3.0)]).unwrap();
    assert_eq!(usages(&store), (vec![1.0, 3.0], 0));
}

#[test]
fn a_file_cut_off_at_any_byte_can_be_read_and_appended_to() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    store.append(&[sample(0, 1.0)]).unwrap();
    let whole = fs::read(store.path()).unwrap();
    for end in 0..=whole.len() {
        fs::write(store.path(), &whole[..end]).unwrap();
        usages(&store);
        store.append(&[sample(300, 2.0)]).unwrap();
        let (usages, warnings) = usages(&store);
        assert_eq!((usages.last(), warnings), (Some(&2.0), 0), "{end}");
    }
}

#[test]
fn a_broken_line_elsewhere_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    store.append(&[sample(0, 1.0), sample(300, 2.0)]).unwrap();
    let text = fs::read_to_string(store.path()).unwrap();
    fs::write(store.path(), text.replacen("\"at\"", "\"when\"", 1)).unwrap();
    let error = store.each_sample(|_| {}).unwrap_err();
    assert!(matches!(error, Error::Line { line: 2, .. }), "{error}");
}

#[test]
fn what_is_older_than_thirty_days_goes() {
    const DAY: i64 = 86_400;
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    store
        .append(&[sample(0, 1.0), sample(3 * DAY, 2.0), sample(30 * DAY, 3.0)])
        .unwrap();
    store.append(&[sample(31 * DAY, 4.0)]).unwrap();
    assert_eq!(usages(&store).0, [1.0, 2.0, 3.0, 4.0], "not every day");
    store.append(&[sample(31 * DAY + 1, 5.0)]).unwrap();
    assert_eq!(usages(&store).0, [2.0, 3.0, 4.0, 5.0]);
    let names = fs::read_dir(folder.path().join("history")).unwrap();
    assert_eq!(names.count(), 2, "the history and its lock");
}

#[test]
fn other_versions_and_clusters_are_refused_by_readers_and_writers() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    store.append(&[sample(0, 1.0)]).unwrap();
    let text = fs::read_to_string(store.path()).unwrap();
    let refuses = |text: &str, expected: fn(&Error) -> bool| {
        fs::write(store.path(), text).unwrap();
        let errors = [
            store.each_sample(|_| {}).unwrap_err(),
            store.append(&[sample(300, 2.0)]).unwrap_err(),
        ];
        assert!(errors.iter().all(expected), "{errors:?}");
        assert_eq!(fs::read_to_string(store.path()).unwrap(), text);
    };
    refuses(&text.replace("v1alpha1", "v2"), |it| {
        matches!(it, Error::NotOurs { .. })
    });
    refuses("hello\n", |it| matches!(it, Error::NotOurs { .. }));
    refuses(&text.replace("10.0.0.1", "10.0.0.2"), |it| {
        matches!(it, Error::OtherCluster { .. })
    });
}

#[test]
fn runs_at_the_same_time_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for run in 0..8 {
            let folder = &folder;
            scope.spawn(move || {
                for second in 0..10 {
                    store(folder)
                        .append(&[
                            sample(second, f64::from(run)),
                            sample(second, f64::from(run)),
                        ])
                        .unwrap();
                }
            });
        }
    });
    let (usages, warnings) = usages(&store(&folder));
    assert_eq!((usages.len(), warnings), (160, 0));
    assert!(usages.chunks(2).all(|run| run[0] == run[1]));
}

#[test]
fn file_names_are_readable_and_never_the_same() {
    assert_eq!(file_name("kind-dev"), "kind-dev-98d235f3.jsonl");
    assert_ne!(file_name("a/b"), file_name("a_b"));
    assert!(file_name("../../etc/passwd").starts_with("______etc_passwd-"));
    assert!(file_name(&"long".repeat(99)).len() < 80);
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    store.append(&[sample(0, 1.0)]).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(store.path()), 0o600);
    assert_eq!(mode(&folder.path().join("history")), 0o700);
}
