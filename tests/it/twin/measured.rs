//! The metrics of a `watch` that runs, as a Prometheus reads them and as alerts and dashboard use them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::json;

use super::probation::{Scene, calm};
use super::workload::Workload;
use crate::rig::program::interrupt;
use crate::rig::prometheus::is_available;
use crate::signals::page::{alerts, promtool};
use crate::signals::scrape::Scraped;
use crate::signals::{dashboard, page};

/// How often a page is read until it says what is waited for, twice a second.
const TRIES: usize = 600;

/// Labels that Prometheus gives, or that buckets have.
const NOT_OURS: [&str; 4] = ["namespace", "job", "instance", "le"];

/// A watch in the background with its page; ended when dropped.
struct Watching {
    child: Option<Child>,
    address: String,
    /// Keeps its log from filling up.
    log: Option<JoinHandle<String>>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Watching {
    fn start(scene: &Scene, arguments: &[&str]) -> Self {
        let mut command = scene.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let mut line = String::new();
            assert!(log.read_line(&mut line).unwrap() > 0, "{said}");
            said += &line;
            if let Some((_, rest)) = line.split_once("127.0.0.1:") {
                let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
                break format!("127.0.0.1:{port}");
            }
        };
        let log = thread::spawn(move || {
            let _ = log.read_to_string(&mut said);
            said
        });
        Self {
            child: Some(child),
            address,
            log: Some(log),
        }
    }

    fn page(&self) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let request = b"GET /metrics HTTP/1.1\r\nHost: watch\r\nAccept: text/plain\r\nConnection: close\r\n\r\n";
        stream.write_all(request).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(!head.to_ascii_lowercase().contains("chunked"), "{head}");
        body.to_owned()
    }

    /// The page once all of these series have a value above zero.
    #[track_caller]
    fn page_with(&self, series: &[&str]) -> String {
        let mut page = String::new();
        for _ in 0..TRIES {
            page = self.page();
            if series.iter().all(|it| value(&page, it) > Some(0.0)) {
                return page;
            }
            thread::sleep(Duration::from_millis(500));
        }
        let missing = series.iter().filter(|it| value(&page, it) <= Some(0.0));
        panic!("{:?}\n{page}", missing.collect::<Vec<_>>());
    }

    /// Its log, once it was told to end.
    #[track_caller]
    fn end(mut self) -> String {
        let (said, _) = interrupt(self.child.take().unwrap(), "TERM");
        let log = self.log.take().unwrap().join().unwrap();
        assert_eq!(said.code, Some(0), "{log}");
        log
    }
}

fn value(page: &str, series: &str) -> Option<f64> {
    let mut lines = page.lines().filter_map(|it| it.rsplit_once(' '));
    lines.find(|it| it.0 == series)?.1.parse().ok()
}

#[test]
fn the_page_of_a_watch_has_what_it_did_and_all_that_alerts_and_dashboard_ask_for() {
    let all = ["good", "other"].map(|it| Workload::new(it, 300, calm));
    let scene = Scene::start(&all, 4);
    let diff = json!({ "min_replicas": { "from": 4, "to": 2 } });
    let foretold = json!({ "projectedSavingsUsdMonthly": 60.0, "evidence": {
        "today": { "replicaHours": 96.0, "knownMinutes": 1440.0 },
        "proposed": { "replicaHours": 72.0, "knownMinutes": 1440.0 } } });
    scene.propose_with("good", &diff, true, &foretold);
    scene.propose_with("other", &diff, false, &foretold);
    let watching = Watching::start(
        &scene,
        &[
            "watch",
            "--mode=apply",
            "--interval=10",
            "--listen=127.0.0.1:0",
        ],
    );

    let first = watching.page_with(&[
        "stepscale_ticks_total",
        "stepscale_leader",
        r#"stepscale_writes_total{action="apply",outcome="succeeded"}"#,
        r#"stepscale_recommendations{phase="applied"}"#,
        r#"stepscale_license_state{state="licensed"}"#,
        r#"stepscale_autoscalers_watched{kind="HorizontalPodAutoscaler"}"#,
        r#"stepscale_kubernetes_requests_total{verb="get",resource="nonresource",code="200"}"#,
        r#"stepscale_kubernetes_requests_total{verb="list",resource="horizontalpodautoscalers.autoscaling",code="200"}"#,
        r#"stepscale_kubernetes_requests_total{verb="watch",resource="horizontalpodautoscalers.autoscaling",code="200"}"#,
        r#"stepscale_kubernetes_requests_total{verb="patch",resource="horizontalpodautoscalers.autoscaling",code="200"}"#,
        r#"stepscale_kubernetes_requests_total{verb="create",resource="services/proxy",code="200"}"#,
        r#"stepscale_kubernetes_request_duration_seconds_count{verb="list"}"#,
        "stepscale_prometheus_queries_total",
        "stepscale_prometheus_response_bytes_total",
        "stepscale_prometheus_query_duration_seconds_count",
        "stepscale_samples_read_total",
        "stepscale_history_coverage_ratio",
        r#"stepscale_probation_remaining_seconds{target_namespace="shop",recommendation="good"}"#,
    ]);
    // One of two waits: a replica less of a day's four, at its price.
    let of = |series: &str| value(&first, series);
    let projected = r#"{basis="projected"}"#;
    assert_eq!(
        of(&format!("stepscale_saving_replicas{projected}")),
        Some(1.0)
    );
    assert_eq!(
        of(&format!("stepscale_saving_usd_monthly{projected}")),
        Some(60.0)
    );
    let queries = of("stepscale_prometheus_queries_total");
    assert_eq!(
        of("stepscale_prometheus_query_duration_seconds_count"),
        queries
    );
    let coverage = of("stepscale_history_coverage_ratio").unwrap();
    // Two days of fourteen, at most.
    assert!(coverage < 0.2, "{coverage}");

    scene.pass(50);
    let page = watching.page_with(&[
        r#"stepscale_verifications_total{verdict="healthy"}"#,
        r#"stepscale_recommendations{phase="verified"}"#,
        r#"stepscale_saving_replicas{basis="measured"}"#,
        r#"stepscale_saving_usd_monthly{basis="measured"}"#,
    ]);
    assert_eq!(
        value(
            &page,
            r#"stepscale_writes_total{action="apply",outcome="succeeded"}"#
        ),
        Some(1.0)
    );
    let probation = "stepscale_probation_remaining_seconds{";
    assert!(!page.contains(probation), "{page}");
    let asked = alerts()
        .into_iter()
        .chain(dashboard::expressions(&dashboard::read()));
    // What is on probation is on the first page, what was measured on the second.
    let shown = Shown::of(&(first + &page));
    for (what, expression) in asked {
        shown.has_all_of(&what, &expression);
    }

    if is_available() {
        let (content, said) = promtool(&["check", "metrics"], &page, Path::new("."));
        assert!(content && said.is_empty(), "{said}\n{page}");
        read_by_a_prometheus(&watching.address);
    }
    let log = watching.end();
    for line in ["reconcile tick", "license=\"licensed\"", "leader=true"] {
        assert!(log.contains(line), "{line}: {log}");
    }
}

/// A real one scrapes it, loads the alerts, and answers.
fn read_by_a_prometheus(address: &str) {
    super::runtime().block_on(async {
        let scraped = Scraped::from(address).await;
        let target = scraped.target().await;
        assert_eq!(target["health"], "up", "{target}");
        for query in [
            "max(stepscale_leader) == 1",
            "sum(stepscale_ticks_total) > 1",
            "sum(stepscale_prometheus_queries_total) > 1",
            "sum by (verb) (stepscale_kubernetes_requests_total{code=\"200\"}) > 0",
            "histogram_quantile(0.9, sum by (le) (stepscale_kubernetes_request_duration_seconds_bucket)) > 0",
        ] {
            let answer = scraped.ask("query", &[("query", query)]).await;
            let found = answer["data"]["result"].as_array().map_or(0, Vec::len);
            assert!(found > 0, "{query}: {answer}");
        }
        let rules = scraped.ask("rules", &[]).await;
        let rules = rules["data"]["groups"][0]["rules"].as_array().unwrap().clone();
        assert_eq!(rules.len(), alerts().len());
        for rule in rules {
            let error = rule["lastError"].as_str().unwrap_or_default();
            assert_eq!(error, "", "{rule}");
        }
    });
}

/// Names of metrics with the values that their labels have, as a page shows them.
struct Shown(BTreeMap<String, BTreeMap<String, BTreeSet<String>>>);

impl Shown {
    fn of(page: &str) -> Self {
        let mut shown = BTreeMap::<_, BTreeMap<String, BTreeSet<String>>>::new();
        for line in page.lines().filter(|it| !it.starts_with('#')) {
            let name = line.split(['{', ' ']).next().unwrap_or_default();
            let labels = shown.entry(name.to_owned()).or_default();
            let inner = line.split_once('{').and_then(|it| it.1.rsplit_once('}'));
            for (label, value) in matchers(inner.map_or("", |it| it.0)) {
                labels.entry(label).or_default().insert(value);
            }
        }
        Self(shown)
    }

    /// Whether there are all metrics of an expression, with the labels by which it selects and groups,
    /// and where these are words of the program, with their values.
    #[track_caller]
    fn has_all_of(&self, what: &str, expression: &str) {
        let mut grouped = BTreeSet::new();
        for name in page::names(expression) {
            let labels = self.0.get(&name);
            let labels = labels.unwrap_or_else(|| panic!("{what}: {name}"));
            grouped.extend(labels.keys().cloned());
            for after in expression.split(name.as_str()).skip(1) {
                let selector = after.strip_prefix('{').and_then(|it| it.split_once('}'));
                for (label, wanted) in matchers(selector.map_or("", |it| it.0)) {
                    if NOT_OURS.contains(&label.as_str()) {
                        continue;
                    }
                    let values = labels.get(&label);
                    let values = values.unwrap_or_else(|| panic!("{what}: {name} has no {label}"));
                    // Which codes there are depends on what happens.
                    if label != "code" && !wanted.starts_with('$') {
                        let has = |it: &str| values.contains(it);
                        assert!(wanted.split('|').all(has), "{what}: {label}={wanted}");
                    }
                }
            }
        }
        for list in ["by (", "on ("]
            .iter()
            .flat_map(|it| expression.split(it).skip(1))
        {
            let names = list.split(')').next().unwrap_or_default().split(',');
            for label in names.map(str::trim) {
                let is_known = grouped.contains(label) || NOT_OURS.contains(&label);
                assert!(is_known, "{what}: by {label}");
            }
        }
    }
}

/// Labels with their values, of a series or of a selector: `a="b", c=~"d|e"`.
fn matchers(text: &str) -> Vec<(String, String)> {
    let mut found = vec![];
    let mut rest = text;
    while let Some((label, after)) = rest.split_once('=') {
        let label = label.trim_matches([' ', ',', '!']);
        let Some((_, after)) = after.split_once('"') else {
            break;
        };
        let Some((value, after)) = after.split_once('"') else {
            break;
        };
        found.push((label.to_owned(), value.to_owned()));
        rest = after;
    }
    found
}

#[test]
fn selectors_are_read_as_they_are_written() {
    let pairs = |text: &str| {
        let found = matchers(text).into_iter();
        found
            .map(|(label, value)| format!("{label}={value}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(pairs(r#"a="b", c=~"d|e",f!="g""#), ["a=b", "c=d|e", "f=g"]);
    assert_eq!(pairs(""), Vec::<String>::new());
    let shown = Shown::of("# TYPE a counter\nstepscale_a{x=\"1\"} 3\n");
    shown.has_all_of("it", r#"sum by (x, job) (stepscale_a{x="1", job="j"})"#);
    for wrong in [
        "stepscale_b",
        r#"stepscale_a{x="2"}"#,
        r#"stepscale_a{y="1"}"#,
        "sum by (z) (stepscale_a)",
    ] {
        let found = std::panic::catch_unwind(|| shown.has_all_of("it", wrong));
        assert!(found.is_err(), "{wrong}");
    }
}
