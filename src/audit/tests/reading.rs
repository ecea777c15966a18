//! What was written is read back.

use super::*;

#[test]
fn records_are_read_back_from_all_files_in_either_format() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE_NAME);
    let small = |max_bytes| file::Appender::of_size(path.clone(), max_bytes);
    let origin = origin();
    let mut expected = Vec::new();
    for index in 0..6 {
        let action = Action {
            recommendation: Some(ObjectRef::recommendation(
                "shop",
                format!("web{}", index % 2),
            )),
            ..Action::new(index.to_string(), at(index), Verb::Approve)
        };
        let kept = Policy::of(Level::Metadata).kept(&origin, &action).unwrap();
        let event = event::answered(&origin, &action, &done(), &kept);
        let line = match index % 3 {
            0 => legacy::line(&event),
            _ => serde_json::to_string(&event).unwrap(),
        };
        small(2_000)
            .append(format!("{line}\n").as_bytes(), at(index))
            .unwrap();
        expected.push(index.to_string());
    }
    let files = fs::read_dir(folder.path()).unwrap().count();
    assert!(files > 3, "rotated: {files}");
    let ids = |records: &mut dyn Iterator<Item = Result<Event, Damaged>>| {
        records.map(|it| it.unwrap().audit_id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&mut read(&path).unwrap()), expected);
    let objects = ["web1", "none", "web0"].map(|it| ObjectRef::recommendation("shop", it));
    let told = read(&path).unwrap().about_each(SERVER, &objects);
    let of_each = told.events.iter().map(|of| {
        let ids = of.iter().map(|it| it.audit_id.as_str());
        ids.collect::<Vec<_>>()
    });
    let of_each: Vec<_> = of_each.collect();
    assert_eq!(of_each, [vec!["1", "3", "5"], vec![], vec!["0", "2", "4"]]);
    assert_eq!(told.damaged, []);
    let elsewhere = read(&path).unwrap().about_each("https://other", &objects);
    assert_eq!(elsewhere.events, [vec![], vec![], vec![]]);
    assert_eq!(read(&folder.path().join("none/x.log")).unwrap().count(), 0);
}

#[test]
fn the_target_has_a_history_too_whatever_version_its_api_has() {
    let folder = tempfile::tempdir().unwrap();
    let log = log(folder.path(), Settings::default());
    let begun = log.begin(apply()).unwrap();
    log.end(&begun, &done()).unwrap();
    let count = |object: &ObjectRef| {
        let records = read(&folder.path().join(FILE_NAME)).unwrap();
        records
            .about_each(SERVER, std::slice::from_ref(object))
            .events[0]
            .len()
    };
    let old = ObjectRef {
        api_version: "v1".to_owned(),
        ..hpa("web")
    };
    assert_eq!((count(&hpa("web")), count(&old)), (2, 2));
    assert_eq!(count(&hpa("api")), 0);
}

#[test]
fn damage_is_told_and_read_past() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE_NAME);
    let whole = written(Settings::default(), apply(), &done());
    let other = whole
        .lines()
        .next()
        .unwrap()
        .replace("audit.k8s.io/v1", "v9");
    fs::write(
        &path,
        format!("{}\n\n{whole}\u{fffd}x\n{other}\n", &whole[..99]),
    )
    .unwrap();
    fs::write(
        folder.path().join("audit-2026-11-22T05-00-00.000.log.gz"),
        "no gzip",
    )
    .unwrap();
    let items: Vec<_> = read(&path).unwrap().collect();
    let lines: Vec<Option<u64>> = items
        .iter()
        .map(|it| it.as_ref().err().map(|it| it.line))
        .collect();
    assert_eq!(lines, [Some(1), Some(1), None, None, Some(5), Some(6)]);
    let told = items[5].as_ref().unwrap_err().to_string();
    assert!(
        told.ends_with("audit.log, line 6: it is Event of v9 and no audit event"),
        "{told}"
    );
}

#[test]
fn any_bytes_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE_NAME);
    let legacy = Settings {
        log_format: Format::Legacy,
        ..Settings::default()
    };
    for settings in [Settings::default(), legacy] {
        let whole = written(settings, apply(), &done());
        let first = whole.lines().next().unwrap();
        for end in (0..first.len()).filter(|it| first.is_char_boundary(*it)) {
            fs::write(&path, &first[..end]).unwrap();
            let items: Vec<_> = read(&path).unwrap().collect();
            assert!(items.iter().all(Result::is_err), "{end}: {items:?}");
        }
    }
}
