use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::autoscaler::AutoscalerKind;
use crate::history::{History, Metric};
use crate::metrics::Wanted;
use crate::metrics::triggers::{Origin, Schedule, Trigger, Triggers};
use crate::series::{Grid, Series};
use crate::units::Step;

const HEADER: &str = concat!(
    r#"{"kind":"Snapshot","apiVersion":"stepscale.io/v1alpha1","#,
    r#""cluster":{"name":"shop","version":"v1.33.2"},"takenAt":"2026-03-02T00:00:00Z"}"#
);

fn taken_at() -> Timestamp {
    "2026-03-02T00:00:00Z".parse().unwrap()
}

fn header() -> Header {
    Header {
        cluster: ClusterName {
            name: "shop".to_owned(),
            version: Some("v1.33.2".to_owned()),
        },
        taken_at: taken_at(),
    }
}

fn target(name: &str) -> TargetRef {
    TargetRef {
        namespace: "shop".to_owned(),
        name: name.to_owned(),
        kind: "Deployment".to_owned(),
    }
}

fn request(targets: &[&str]) -> HistoryRequest {
    let wanted = targets.iter().enumerate().map(|(subject, name)| Wanted {
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
    HistoryRequest {
        grid: Grid::ending_at(
            taken_at(),
            SignedDuration::from_hours(1),
            Step::FIVE_MINUTES,
        ),
        wanted: wanted.collect(),
        pod_owners: Arc::default(),
    }
}

fn hour(values: &[Option<f64>]) -> Series {
    let grid = request(&[]).grid;
    Series::from_values(grid, values.iter().copied())
}

fn series_line(name: &str, metric: &str, start: i64, values: &str) -> String {
    format!(
        r#"{{"kind":"Series","target":{{"kind":"Deployment","namespace":"shop","name":"{name}"}},"metric":"{metric}","start":{start},"stepSeconds":300,"values":{values}}}"#
    )
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn holding(&self, lines: &[&str]) -> PathBuf {
        let path = self.path("cluster.jsonl");
        fs::write(&path, lines.join("\n")).unwrap();
        path
    }
}

fn open(path: &Path) -> Result<(Snapshot, Vec<(u64, serde_json::Value)>), Error> {
    let mut objects = Vec::new();
    let snapshot = Snapshot::open(path, |line, object| {
        objects.push((line, object));
        Ok(())
    })?;
    Ok((snapshot, objects))
}

fn deliveries(snapshot: &mut Snapshot, request: &HistoryRequest) -> Vec<(usize, History)> {
    let mut all = Vec::new();
    snapshot
        .deliver(request, |it| all.push((it.subject, it.history.unwrap())))
        .unwrap();
    all
}

/// The error's message without the folder, which differs from run to run.
fn message(folder: &Folder, error: &Error) -> String {
    let folder = format!("{}/", folder.0.path().display());
    error.to_string().replace(&folder, "")
}

fn error_of(lines: &[&str]) -> String {
    let folder = Folder::new();
    let error = open(&folder.holding(lines)).unwrap_err();
    message(&folder, &error)
}

#[test]
fn what_is_written_reads_back_in_every_packing() {
    let folder = Folder::new();
    let web = json!({"kind": "Deployment", "metadata": {"name": "wéb"}});
    let usage = hour(&[Some(1.25), None, Some(0.1), Some(3.0), Some(1e-9)]);
    let ready = hour(&[Some(2.0); 12]);
    for name in ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst"] {
        let path = folder.path(name);
        let mut writer = Writer::create(&path, &header()).unwrap();
        writer.object(&web).unwrap();
        writer
            .series(&target("web"), &Metric::CpuUsage, &usage)
            .unwrap();
        writer
            .series(&target("web"), &Metric::ReadyReplicas, &ready)
            .unwrap();
        assert!(!path.exists());
        writer.finish().unwrap();

        let (mut snapshot, objects) = open(&path).unwrap();
        assert_eq!(*snapshot.header(), header());
        assert_eq!(objects, [(2, web.clone())]);
        assert_eq!(snapshot.targets(), [&target("web")]);
        let delivered = deliveries(&mut snapshot, &request(&["web"]));
        let mut history = History::default();
        history.insert(Metric::CpuUsage, usage.clone());
        history.insert(Metric::ReadyReplicas, ready.clone());
        assert_eq!(delivered, [(0, history)], "{name}");
    }
}

#[test]
fn the_same_content_gives_the_same_bytes_and_compact_numbers() {
    let folder = Folder::new();
    let written = |name: &str| {
        let path = folder.path(name);
        let mut writer = Writer::create(&path, &header()).unwrap();
        let values = hour(&[Some(0.1), None, Some(3.0), Some(536_870_912.0)]);
        writer
            .series(&target("web"), &Metric::CpuUsage, &values)
            .unwrap();
        writer.finish().unwrap();
        fs::read(path).unwrap()
    };
    assert_eq!(written("a.gz"), written("b.gz"));
    let text = String::from_utf8(written("a.jsonl")).unwrap();
    let expected = format!(
        "{HEADER}\n{}\n",
        r#"{"kind":"Series","target":{"namespace":"shop","name":"web","kind":"Deployment"},"metric":"cpu_usage_cores","start":1772406300,"stepSeconds":300,"values":[0.1,null,3,536870900,null,null,null,null,null,null,null,null]}"#
    );
    assert_eq!(text, expected);
}

#[test]
fn lines_may_come_in_any_order_and_each_target_is_delivered_when_complete() {
    let start = request(&[]).grid.start().as_second();
    let line = |name: &str, metric: &str, start| series_line(name, metric, start, "[1,2]");
    let folder = Folder::new();
    let path = folder.holding(&[
        HEADER,
        &line("web", "cpu_usage_cores", start),
        &line("cart", "cpu_usage_cores", start),
        r#"{"kind":"Object","object":{"kind":"Pod"}}"#,
        &line("cart", "ready_replicas", start),
        &line("ignored", "cpu_usage_cores", start),
        &line("web", "cpu_usage_cores", start + 600),
    ]);
    let (mut snapshot, objects) = open(&path).unwrap();
    assert_eq!(objects, [(4, json!({"kind": "Pod"}))]);
    let delivered = deliveries(&mut snapshot, &request(&["web", "none", "cart", "web"]));
    let subjects: Vec<_> = delivered.iter().map(|(subject, _)| *subject).collect();
    assert_eq!(subjects, [2, 0, 3, 1]);
    assert!(delivered[3].1.is_empty());
    let web: Vec<_> = delivered[1].1.cpu().unwrap().known().collect();
    assert_eq!(web, [1.0, 2.0, 1.0, 2.0]);
    assert_eq!(delivered[1].1, delivered[2].1);
}

#[test]
fn a_broken_line_is_named_with_what_is_wrong() {
    let good = series_line("web", "cpu_usage_cores", 0, "[1]");
    let cases: [(&[&str], &str); 7] = [
        (
            &[HEADER, &good, "", "{\"kind\":"],
            "snapshot cluster.jsonl, line 4: the line ends in the middle of its JSON",
        ),
        (
            &[
                HEADER,
                &series_line("web", "cpu_usage_cores", 0, "[1,\"2\"]"),
            ],
            "snapshot cluster.jsonl, line 2: `values[1]` must be a number or null",
        ),
        (
            &[&good, HEADER],
            "snapshot cluster.jsonl, line 1: the first line must be the header, of kind Snapshot",
        ),
        (
            &["{\"kind\":\"List\",\"items\":[]}"],
            "snapshot cluster.jsonl, line 1: the first line must be the header, of kind Snapshot",
        ),
        (
            &[HEADER, &good, HEADER],
            "snapshot cluster.jsonl, line 3: a second header: one file holds one snapshot",
        ),
        (
            &[&HEADER.replace("v1alpha1", "v2")],
            "snapshot cluster.jsonl, line 1: apiVersion is stepscale.io/v2, \
             and this program reads stepscale.io/v1alpha1 only",
        ),
        (&["", "  "], "snapshot cluster.jsonl is empty"),
    ];
    for (lines, expected) in cases {
        assert_eq!(error_of(lines), expected);
    }
}

#[test]
fn an_object_that_is_refused_names_its_line() {
    let folder = Folder::new();
    let path = folder.holding(&[HEADER, r#"{"kind":"Object","object":{}}"#]);
    let error = Snapshot::open(&path, |_, _| Err("it has no name".into())).unwrap_err();
    assert_eq!(
        message(&folder, &error),
        "snapshot cluster.jsonl, line 2: the object cannot be used: it has no name"
    );
}

#[test]
fn lines_of_a_series_with_different_steps_are_an_error() {
    let start = request(&[]).grid.start().as_second();
    let folder = Folder::new();
    let first = series_line("web", "cpu_usage_cores", start, "[1]");
    let second = first.replace("\"stepSeconds\":300", "\"stepSeconds\":60");
    let path = folder.holding(&[HEADER, &first, &second]);
    let (mut snapshot, _) = open(&path).unwrap();
    let error = snapshot.deliver(&request(&["web"]), |_| {}).unwrap_err();
    assert_eq!(
        message(&folder, &error),
        "snapshot cluster.jsonl, line 3: cpu_usage_cores of Deployment/web in namespace shop \
         was given before with other times: the step is another one"
    );
}

#[test]
fn a_packed_file_that_is_cut_off_or_damaged_is_named() {
    let folder = Folder::new();
    for (name, packing) in [("a.gz", "gzip"), ("a.zst", "zstd")] {
        let path = folder.path(name);
        let mut writer = Writer::create(&path, &header()).unwrap();
        let values = hour(&[Some(0.25); 12]);
        writer
            .series(&target("web"), &Metric::CpuUsage, &values)
            .unwrap();
        writer.finish().unwrap();
        let whole = fs::read(&path).unwrap();

        fs::write(&path, &whole[..whole.len() - 3]).unwrap();
        let text = message(&folder, &open(&path).unwrap_err());
        let cut_off = format!("snapshot {name} is cut off: its {packing} data ends after line ");
        assert!(text.starts_with(&cut_off), "{text}");

        let mut damaged = whole;
        let middle = damaged.len() / 2;
        damaged[middle] ^= 0x55;
        fs::write(&path, damaged).unwrap();
        assert!(open(&path).is_err());
    }
}

#[test]
fn the_packing_is_told_by_the_first_bytes_and_not_by_the_name() {
    let folder = Folder::new();
    let packed = folder.path("a.gz");
    Writer::create(&packed, &header())
        .unwrap()
        .finish()
        .unwrap();
    let misnamed = folder.path("a.jsonl.zst");
    fs::rename(packed, &misnamed).unwrap();
    assert_eq!(*open(&misnamed).unwrap().0.header(), header());
}

#[test]
fn several_gzip_members_are_one_file() {
    let folder = Folder::new();
    let path = folder.path("joined.jsonl.gz");
    let mut joined = Vec::new();
    for line in [HEADER, r#"{"kind":"Object","object":{}}"#] {
        let member = Vec::new();
        let mut encoder = flate2::write::GzEncoder::new(member, flate2::Compression::fast());
        writeln!(encoder, "{line}").unwrap();
        joined.extend(encoder.finish().unwrap());
    }
    fs::write(&path, joined).unwrap();
    assert_eq!(open(&path).unwrap().1, [(2, json!({}))]);
}

#[test]
fn a_missing_file_and_a_folder_cannot_be_opened() {
    let folder = Folder::new();
    let missing = open(&folder.path("none")).unwrap_err();
    assert_eq!(message(&folder, &missing), "cannot open snapshot none");
    let error = open(folder.0.path()).unwrap_err();
    assert!(matches!(error, Error::Open { .. }), "{error}");
}

#[test]
fn an_abandoned_writer_leaves_nothing() {
    let folder = Folder::new();
    let writer = Writer::create(&folder.path("a.gz"), &header()).unwrap();
    drop(writer);
    assert_eq!(fs::read_dir(folder.0.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn a_device_is_written_to_and_not_replaced() {
    use std::os::unix::fs::FileTypeExt;
    let null = Path::new("/dev/null");
    Writer::create(null, &header()).unwrap().finish().unwrap();
    assert!(fs::metadata(null).unwrap().file_type().is_char_device());
}

proptest! {
    #[test]
    fn the_order_of_lines_does_not_matter(
        lines in Just((0..24).collect::<Vec<usize>>()).prop_shuffle()
    ) {
        let start = request(&[]).grid.start().as_second();
        // Four targets, three metrics, each in two parts.
        let line = |it: usize| {
            let metrics = ["cpu_usage_cores", "ready_replicas", "trigger/0"];
            let (name, part) = (format!("w{}", it % 4), it / 12);
            let values = format!("[{it},null,{part}.5]");
            let from = start + 900 * part as i64;
            series_line(&name, metrics[it / 4 % 3], from, &values)
        };
        let read = |order: &[usize]| {
            let folder = Folder::new();
            let lines: Vec<_> = order.iter().map(|it| line(*it)).collect();
            let lines: Vec<_> = [HEADER]
                .into_iter()
                .chain(lines.iter().map(String::as_str))
                .collect();
            let (mut snapshot, _) = open(&folder.holding(&lines)).unwrap();
            let mut all = deliveries(&mut snapshot, &request(&["w0", "w1", "w2", "w3"]));
            all.sort_by_key(|(subject, _)| *subject);
            all
        };
        let ordered: Vec<usize> = (0..24).collect();
        prop_assert_eq!(read(&lines), read(&ordered));
    }

    #[test]
    fn no_line_makes_the_parser_panic(line in ".*", cut in 0_usize..200) {
        let _ = record::parse(line.as_bytes());
        let series = series_line(&line, "cpu_usage_cores", 0, "[1.5,null,2e3]");
        let cut = cut.min(series.len());
        if let Ok(Record::Series(series)) = record::parse(&series.as_bytes()[..cut]) {
            let _ = series.values_into(&mut Vec::new());
        }
    }

    #[test]
    fn every_sample_reads_back_as_it_was(
        values in proptest::collection::vec(proptest::option::of(0.0..f32::MAX), 12)
    ) {
        let folder = Folder::new();
        let path = folder.path("a.jsonl");
        let values: Vec<_> = values.into_iter().map(|it| it.map(f64::from)).collect();
        let series = hour(&values);
        let mut writer = Writer::create(&path, &header()).unwrap();
        writer.series(&target("web"), &Metric::CpuUsage, &series).unwrap();
        writer.finish().unwrap();
        let (mut snapshot, _) = open(&path).unwrap();
        let delivered = deliveries(&mut snapshot, &request(&["web"]));
        prop_assert_eq!(delivered[0].1.cpu(), Some(&series));
    }
}

#[test]
fn triggers_belong_to_their_object_and_schedules_are_computed() {
    let folder = Folder::new();
    let path = folder.path("shop.jsonl");
    let mut writer = Writer::create(&path, &header()).unwrap();
    let (usage, lag) = (hour(&[Some(1.0); 12]), hour(&[Some(-1.0), Some(40.0)]));
    for (metric, series) in [(Metric::CpuUsage, &usage), (Metric::Trigger(1), &lag)] {
        writer.series(&target("web"), &metric, series).unwrap();
    }
    writer.finish().unwrap();
    let kafka = |index| Trigger {
        index,
        origin: Origin::Recorded {
            why: "kafka".to_owned(),
        },
    };
    let never_ending = Schedule {
        time_zone: "UTC".to_owned(),
        start: "0 0 31 2 *".to_owned(),
        end: "0 0 * * *".to_owned(),
        desired_replicas: 3,
    };
    let cron = Trigger {
        index: 0,
        origin: Origin::Schedule(never_ending),
    };
    let mut request = request(&["web", "web"]);
    request.wanted[1].triggers = Some(Triggers {
        kind: AutoscalerKind::ScaledObject,
        object: "orders".to_owned(),
        all: vec![cron, kafka(1), kafka(2)],
    });
    let (mut snapshot, _) = open(&path).unwrap();
    let histories = deliveries(&mut snapshot, &request);
    let mut plain = History::default();
    plain.insert(Metric::CpuUsage, usage);
    let mut scaled = plain.clone();
    scaled.insert(Metric::Trigger(0), hour(&[Some(3.0); 12]));
    scaled.insert(Metric::Trigger(1), lag);
    scaled.lack(
        Metric::Trigger(2),
        "the snapshot has nothing of it".to_owned(),
    );
    assert_eq!(histories, [(0, plain), (1, scaled)]);
}
