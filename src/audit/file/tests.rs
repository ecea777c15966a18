use std::collections::BTreeSet;
use std::env;
use std::io::Read;
use std::process::{Child, Command, Stdio};

use flate2::read::MultiGzDecoder;
use jiff::SignedDuration;

use super::rotated::list;
use super::*;

const DAY: i64 = 86_400;

fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-11-22T05:00:00Z".parse().unwrap();
    start + SignedDuration::from_secs(seconds)
}

fn appender(path: &Path, max_bytes: u64, lifetime: Lifetime) -> Appender {
    Appender {
        max_bytes,
        ..Appender::new(path.to_owned(), lifetime)
    }
}

fn small(path: &Path, max_bytes: u64) -> Appender {
    Appender::of_size(path.to_owned(), max_bytes)
}

/// All that was ever logged and is still there, oldest first.
fn lines(path: &Path) -> Vec<String> {
    let mut text = String::new();
    for file in list(path).unwrap().into_values() {
        let packed = File::open(file.packed.expect("packed")).unwrap();
        assert_eq!(file.plain, None);
        MultiGzDecoder::new(packed)
            .read_to_string(&mut text)
            .unwrap();
    }
    text += &fs::read_to_string(path).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().file_name());
    let mut names: Vec<String> = names.map(|it| it.into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_is_rotated_before_it_grows_too_large() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let log = small(&path, 10);
    for (second, line) in [
        "one\n",
        "two\n",
        "three\n",
        "far too long a line\n",
        "five\n",
    ]
    .iter()
    .enumerate()
    {
        log.append(line.as_bytes(), at(second as i64)).unwrap();
    }
    assert_eq!(
        lines(&path),
        ["one", "two", "three", "far too long a line", "five"]
    );
    let expected = [
        "audit-2026-11-22T05-00-02.000.log.gz",
        "audit-2026-11-22T05-00-03.000.log.gz",
        "audit-2026-11-22T05-00-04.000.log.gz",
        "audit.log",
        "audit.log.lock",
    ];
    assert_eq!(names(folder.path()), expected);
}

#[test]
fn names_sort_as_records_were_written_even_when_the_clock_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let log = small(&path, 1);
    for (line, second) in [("a\n", 0), ("b\n", 9), ("c\n", 9), ("d\n", 2)] {
        log.append(line.as_bytes(), at(second)).unwrap();
    }
    assert_eq!(lines(&path), ["a", "b", "c", "d"]);
    let times: Vec<Timestamp> = list(&path).unwrap().into_keys().collect();
    let millisecond = SignedDuration::from_millis(1);
    assert_eq!(times, [at(9), at(9) + millisecond, at(9) + millisecond * 2]);
}

#[test]
fn files_go_when_there_are_too_many_or_they_are_too_old() {
    let lifetime = |max_age, max_backup| Lifetime {
        max_age,
        max_backup,
        max_size: 0,
    };
    let cases = [
        (lifetime(0, 0), vec!["a", "b", "c", "d", "e"]),
        (lifetime(0, 2), vec!["c", "d", "e"]),
        // Named by when they were rotated: after 1, 2, 3 and 4 days.
        (lifetime(2, 0), vec!["b", "c", "d", "e"]),
        (lifetime(1, 0), vec!["c", "d", "e"]),
        (lifetime(1, 1), vec!["d", "e"]),
    ];
    for (lifetime, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.log");
        let log = appender(&path, 1, lifetime);
        for (day, line) in ["a\n", "b\n", "c\n", "d\n", "e\n"].iter().enumerate() {
            log.append(line.as_bytes(), at(day as i64 * DAY)).unwrap();
        }
        assert_eq!(lines(&path), expected, "{lifetime:?}");
    }
}

#[test]
fn a_new_run_removes_what_has_grown_old_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let lifetime = Lifetime {
        max_age: 1,
        ..Lifetime::default()
    };
    let log = appender(&path, 1, lifetime);
    log.append(b"a\n", at(0)).unwrap();
    log.append(b"b\n", at(1)).unwrap();
    let log = appender(&path, 100, lifetime);
    log.append(b"c\n", at(DAY + 1)).unwrap();
    assert_eq!(lines(&path), ["a", "b", "c"]);
    let log = appender(&path, 100, lifetime);
    log.append(b"d\n", at(DAY + 2)).unwrap();
    assert_eq!(lines(&path), ["b", "c", "d"]);
}

#[test]
fn after_half_a_line_the_next_one_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    small(&path, 99).append(b"whole\n", at(0)).unwrap();
    for half in ["ha", "hal", "half\n"] {
        fs::write(&path, format!("whole\n{half}")).unwrap();
        small(&path, 99).append(b"next\n", at(1)).unwrap();
        assert_eq!(lines(&path), ["whole", half.trim_end(), "next"]);
    }
}

#[test]
fn what_a_crash_during_rotation_has_left_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let log = small(&path, 1);
    log.append(b"a\n", at(0)).unwrap();
    log.append(b"b\n", at(1)).unwrap();
    // Packed but not yet removed; renamed but not yet packed; half packed.
    let beside = |name: &str| folder.path().join(name);
    fs::write(beside("audit-2026-11-22T05-00-01.000.log"), "a\n").unwrap();
    fs::write(beside("audit-2026-11-22T05-00-02.000.log"), "x\n").unwrap();
    fs::write(beside(".audit-2026-11-22T05-00-02.000.log.gz.7-0.tmp"), "?").unwrap();
    small(&path, 99).append(b"c\n", at(3)).unwrap();
    assert_eq!(lines(&path), ["a", "x", "b", "c"]);
    assert_eq!(names(folder.path()).len(), 4, "{:?}", names(folder.path()));
}

#[test]
fn what_cannot_be_written_is_an_error_that_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let is_directory = small(folder.path(), 9).append(b"a\n", at(0)).unwrap_err();
    assert!(matches!(is_directory, Error::NotAFile { path } if path == folder.path()));
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let below_file = small(&file.join("audit.log"), 9).check().unwrap_err();
    assert!(matches!(below_file, Error::CreateFolder { path, .. } if path == file));
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_any_of_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/audit.log");
    let log = small(&path, 1);
    log.append(b"a\n", at(0)).unwrap();
    log.append(b"b\n", at(1)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("a")), 0o700);
    assert_eq!(mode(&folder.path().join("a/b")), 0o700);
    let names = names(&folder.path().join("a/b"));
    assert_eq!(names.len(), 3);
    for name in names {
        assert_eq!(mode(&path.with_file_name(&name)), 0o600, "{name}");
    }
}

/// What writers append, told apart by their names: long enough to be torn if it could be.
fn write_many(path: &Path, writer: &str, count: usize) {
    let log = small(path, 4_000);
    for index in 0..count {
        let filler = "x".repeat(index * 37 % 900);
        let line = format!("{writer} {index} {filler} end\n");
        log.append(line.as_bytes(), at(index as i64)).unwrap();
    }
}

/// Every line once, those of each writer in order.
fn assert_whole(path: &Path, writers: &[String], count: usize) {
    let lines = lines(path);
    assert_eq!(lines.len(), writers.len() * count);
    for writer in writers {
        let prefix = format!("{writer} ");
        let theirs = lines.iter().filter_map(|it| it.strip_prefix(&prefix));
        let indices: Vec<usize> = theirs
            .map(|it| {
                it.strip_suffix(" end")
                    .expect("whole")
                    .split(' ')
                    .next()
                    .unwrap()
            })
            .map(|it| it.parse().unwrap())
            .collect();
        assert_eq!(indices, (0..count).collect::<Vec<_>>(), "{writer}");
    }
    let longest = list(path).unwrap().len();
    assert!(longest > 10, "rotated only {longest} times");
}

#[test]
fn threads_lose_and_tear_no_line_across_rotations() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let writers: Vec<String> = (0..8).map(|it| format!("thread{it}")).collect();
    std::thread::scope(|scope| {
        for writer in &writers {
            scope.spawn(|| write_many(&path, writer, 40));
        }
    });
    assert_whole(&path, &writers, 40);
}

/// This test again, in a process of its own.
fn again(test: &str, folder: &Path, shell: &str) -> Child {
    let module = module_path!().split_once("::").unwrap().1;
    Command::new("sh")
        .args([
            "-c",
            &format!("{shell} exec \"$0\" --exact \"$1\" --nocapture"),
        ])
        .arg(env::current_exe().unwrap())
        .arg(format!("{module}::{test}"))
        .env(CHILD, folder)
        // A limit to the size of files is one to a file that ours goes to, too.
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// Set in processes that [`again`] starts.
const CHILD: &str = "STEPSCALE_TEST_AUDIT_FOLDER";

#[cfg(unix)]
#[test]
fn processes_lose_and_tear_no_line_across_rotations() {
    if let Ok(folder) = env::var(CHILD) {
        let writer = format!("process{}", std::process::id());
        write_many(&Path::new(&folder).join("audit.log"), &writer, 60);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let name = "processes_lose_and_tear_no_line_across_rotations";
    let children: Vec<Child> = (0..3).map(|_| again(name, folder.path(), "")).collect();
    let writers: Vec<String> = children
        .iter()
        .map(|it| format!("process{}", it.id()))
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_whole(&folder.path().join("audit.log"), &writers, 60);
}

/// A limit on the size of files cuts writes off as a full disk does.
#[cfg(unix)]
#[test]
fn on_a_full_disk_the_record_is_refused_and_no_half_of_it_stays() {
    if let Ok(folder) = env::var(CHILD) {
        let log = small(&Path::new(&folder).join("audit.log"), 1 << 20);
        log.append(b"first\n", at(0)).unwrap();
        let long = format!("{}\n", "x".repeat(1 << 16));
        let error = log.append(long.as_bytes(), at(1)).unwrap_err();
        assert!(matches!(error, Error::Write { .. }), "{error}");
        log.append(b"last\n", at(2)).unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let name = "on_a_full_disk_the_record_is_refused_and_no_half_of_it_stays";
    let mut child = again(name, folder.path(), "trap '' XFSZ; ulimit -f 8;");
    assert!(child.wait().unwrap().success());
    let path = folder.path().join("audit.log");
    assert_eq!(lines(&path), ["first", "last"]);
}

#[test]
fn a_rotation_by_somebody_else_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let logs = [small(&path, 12), small(&path, 12)];
    let mut expected = BTreeSet::new();
    for index in 0..20 {
        let line = format!("line{index:02}");
        logs[index % 2]
            .append(format!("{line}\n").as_bytes(), at(0))
            .unwrap();
        expected.insert(line);
    }
    // And one by another program, such as logrotate.
    fs::rename(&path, folder.path().join("taken")).unwrap();
    logs[0].append(b"after\n", at(0)).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "after\n");
    fs::rename(folder.path().join("taken"), &path).unwrap();
    assert_eq!(lines(&path).into_iter().collect::<BTreeSet<_>>(), expected);
}
