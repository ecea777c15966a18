use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use clap::FromArgMatches;

use super::*;
use crate::cli::args::{Cli, Command};
use crate::config::license::{KeySource, License, Source};
use crate::license;
use crate::signals::metrics::{Form, page};

/// A `watch` with flags of its own on the file at `path`, as it begins.
fn begun(path: &Path, flags: &str) -> (Reload, WatchConfig) {
    let line = format!("x watch --config {} {flags}", path.display());
    let matches = crate::cli::command(OsStr::new("x"))
        .try_get_matches_from(line.split_whitespace())
        .unwrap();
    let cli = Cli::from_arg_matches(&matches).unwrap();
    let Command::Watch(args) = cli.command else {
        panic!("not watch");
    };
    let typed = matches.subcommand().unwrap().1.clone();
    let text = decide::config_text(Some(path)).unwrap();
    let file = text.parse().unwrap();
    let reload = Reload::new(cli.global, args, typed, (text, file));
    let config = reload.decided(&reload.file).unwrap();
    (reload, config)
}

/// Days of the window, with the keys that are news.
type Taken = (u32, Option<Vec<&'static str>>);

/// What a look finds, or what is wrong, and whether that is news.
fn found(reload: &mut Reload) -> Result<Taken, (String, bool)> {
    match reload.look() {
        Ok(good) => {
            let days = good.config.analysis.question.window.days;
            Ok((days, good.is_news.then_some(good.changed)))
        }
        Err(broken) => Err((broken.why, broken.is_news)),
    }
}

#[test]
fn what_stands_in_the_file_counts_at_the_next_look() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.yaml");
    fs::write(&path, "metrics: {windowDays: 7}\n").unwrap();
    let (mut reload, config) = begun(&path, "--min-history-days 3");
    assert_eq!(config.analysis.question.window.days, 7);
    assert_eq!(found(&mut reload), Ok((7, None)));
    let text = "metrics: {windowDays: 8}\nanalysis: {minHistoryDays: 1}\n";
    fs::write(&path, text).unwrap();
    let changed = vec!["metrics.windowDays", "analysis.minHistoryDays"];
    assert_eq!(found(&mut reload), Ok((8, Some(changed))));
    assert_eq!(found(&mut reload), Ok((8, None)));
    // A flag still beats the file.
    let Ok(good) = reload.look() else {
        panic!("it is good");
    };
    let least = good.config.analysis.analysis.min_history;
    assert_eq!(least, config.analysis.analysis.min_history);
}

#[test]
fn what_is_broken_is_news_once_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.yaml");
    fs::write(&path, "metrics: {windowDays: 7}\n").unwrap();
    let (mut reload, _) = begun(&path, "");
    for text in [
        "metrics: [",
        "metrics: {windowDay: 3}\n",
        "metrics: {windowDays: 0}\n",
    ] {
        fs::write(&path, text).unwrap();
        let (why, is_news) = found(&mut reload).unwrap_err();
        assert!(is_news, "{text}");
        assert!(why.starts_with("error: configuration file"), "{why}");
        assert!(why.contains("\nhint: "), "{why}");
        assert_eq!(found(&mut reload), Err((why, false)), "{text}");
    }
    // Another one that is wrong in the same way is another one.
    fs::write(&path, "# Mine.\nmetrics: {windowDays: 0}\n").unwrap();
    assert!(found(&mut reload).unwrap_err().1);
    fs::remove_file(&path).unwrap();
    let (why, is_news) = found(&mut reload).unwrap_err();
    assert!(
        why.contains("cannot read configuration file") && is_news,
        "{why}"
    );
    assert!(!found(&mut reload).unwrap_err().1);
    // It is told that it is good again, though nothing has changed since it last was.
    fs::write(&path, "metrics: {windowDays: 7}\n").unwrap();
    assert_eq!(found(&mut reload), Ok((7, Some(vec![]))));
}

#[test]
fn a_file_that_the_file_names_is_read_again_too() {
    let folder = tempfile::tempdir().unwrap();
    let (path, secret) = (folder.path().join("config.yaml"), folder.path().join("s"));
    let text = format!("prometheus: {{basicAuthFile: {}}}\n", secret.display());
    fs::write(&path, text).unwrap();
    fs::write(&secret, "ann:one\n").unwrap();
    let (mut reload, first) = begun(&path, "");
    fs::write(&secret, "ann:two\n").unwrap();
    let Ok(good) = reload.look() else {
        panic!("it is good");
    };
    assert!(first.metrics != good.config.metrics && !good.is_news);
    assert!(first.metrics.has_history_of(&good.config.metrics));
    fs::remove_file(&secret).unwrap();
    assert!(found(&mut reload).unwrap_err().1);
    assert!(!found(&mut reload).unwrap_err().1);
    fs::write(&secret, "ann:two\n").unwrap();
    assert_eq!(found(&mut reload), Ok((14, Some(vec![]))));
}

#[test]
fn what_needs_a_new_start_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.yaml");
    fs::write(&path, "").unwrap();
    let (mut reload, config) = begun(&path, "");
    let fixed = Fixed::of(&config);
    assert!(fixed.differing(&config).is_empty());
    fs::write(
        &path,
        "cluster: {requestTimeout: 7s}\naudit: {logFile: a.log}\n",
    )
    .unwrap();
    let Ok(good) = reload.look() else {
        panic!("it is good");
    };
    let expected = ["cluster.requestTimeout", "audit"];
    assert_eq!(fixed.differing(&good.config), expected);
    // What a flag overrides has not changed.
    let (_, typed) = begun(&path, "--request-timeout 0 --audit-log b.log");
    fs::write(&path, "").unwrap();
    let (_, before) = begun(&path, "--request-timeout 0 --audit-log b.log");
    assert!(Fixed::of(&before).differing(&typed).is_empty());
}

fn counted(metrics: &Metrics, result: &str) -> u64 {
    let page = page(metrics, Form::Text);
    let name = format!("stepscale_config_reloads_total{{file=\"license\",result=\"{result}\"}} ");
    let line = page.lines().find_map(|it| it.strip_prefix(&name));
    line.unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_license_that_changes_is_counted_and_a_broken_one_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
    let trial = license::trial(&[7; 32], now);
    let config = License {
        source: Some(Source::Files {
            license: path("license"),
            signature: Some(path("signature")),
        }),
        public_key: Some(KeySource::Inline(trial.public_key.clone())),
        ..License::default()
    };
    let metrics = Metrics::new();
    let mut seen = LicenseSeen::default();
    let mut look = async |now: Timestamp| {
        let read = Papers::read(None, &config).await;
        let allowance = seen.judged(read, now, config.grace, &metrics);
        (allowance, seen.complaint.clone())
    };
    // The Secret is not there yet.
    let (allowance, complaint) = look(now).await;
    assert!(matches!(allowance, guard::License::None { .. }));
    assert!(complaint.unwrap().contains("--license"));

    fs::write(path("license"), &trial.payload).unwrap();
    fs::write(path("signature"), &trial.signature).unwrap();
    assert_eq!(look(now).await, (guard::License::Valid, None));
    assert_eq!(look(now).await, (guard::License::Valid, None));
    assert_eq!(
        (counted(&metrics, "success"), counted(&metrics, "failure")),
        (1, 0)
    );

    fs::write(path("license"), b"{}").unwrap();
    let (allowance, complaint) = look(now).await;
    assert!(matches!(allowance, guard::License::None { .. }));
    assert!(complaint.unwrap().contains("does not count: "));
    assert_eq!(
        (counted(&metrics, "success"), counted(&metrics, "failure")),
        (1, 1)
    );

    // What expires has not changed.
    fs::write(path("license"), &trial.payload).unwrap();
    look(now).await;
    let expired = now + SignedDuration::from_hours(31 * 24);
    let (allowance, complaint) = look(expired).await;
    assert_eq!(allowance, guard::License::Grace { days_left: 13 });
    assert!(complaint.unwrap().contains("the license ("));
    assert_eq!(
        (counted(&metrics, "success"), counted(&metrics, "failure")),
        (2, 1)
    );
}
