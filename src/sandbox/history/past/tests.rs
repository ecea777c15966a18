//! What is told reads back as it was known, through the client that reads real histories.

use std::sync::Arc;

use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::*;
use crate::metrics::prometheus::{Options, Prometheus, Transport, WayChoice};
use crate::metrics::{HistoryRequest, Wanted};
use crate::sandbox::access::Policies;
use crate::sandbox::clock::Clock;
use crate::sandbox::history::{Question, answer};
use crate::sandbox::server::{Server, Settings};
use crate::units::Step;

const STEPS: usize = 576;

fn grid(step: Step) -> Grid {
    Grid::new(Timestamp::from_second(1_700_000_400).unwrap(), step, STEPS)
}

fn target(kind: &str, name: &str) -> TargetRef {
    TargetRef {
        namespace: "shop".to_owned(),
        name: name.to_owned(),
        kind: kind.to_owned(),
    }
}

/// Two days with waves, a gap of an hour, bursts, and pods that come and go.
fn history(grid: Grid) -> History {
    let wave = |step: usize| 1.0 + (step as f64 / 40.0).sin();
    let is_known = |step: &usize| !(100..112).contains(step);
    let of = |value: &dyn Fn(usize) -> f64| {
        let values = (0..grid.len()).map(|step| is_known(&step).then(|| value(step)));
        Series::from_values(grid, values)
    };
    let mut history = History::default();
    history.insert(Metric::CpuUsage, of(&|step| 0.2 + 3.0 * wave(step)));
    history.insert(Metric::MemoryWorkingSet, of(&|step| 1e9 + 1e8 * wave(step)));
    history.insert(
        Metric::ReadyReplicas,
        of(&|step| (2.0 + 3.0 * wave(step)).round()),
    );
    history.insert(
        Metric::DesiredReplicas,
        of(&|step| (2.5 + 3.0 * wave(step)).round()),
    );
    history.insert(
        Metric::CpuRequest,
        of(&|step| if step < 300 { 0.5 } else { 0.75 }),
    );
    history.insert(Metric::CpuBurst, of(&|step| 1.0 + (step % 5) as f64 / 4.0));
    history.insert(Metric::CpuThrottled, of(&|_| 0.25));
    history
}

fn subject(target: TargetRef, history: History) -> Subject {
    Subject {
        hpa: Some(target.name.clone()),
        replica_set: format!("{}-7d4b9c6f58", target.name),
        target,
        container: "app".to_owned(),
        history,
    }
}

/// A server that answers as Prometheus from what is known.
async fn serve(past: Past) -> Server {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let past = Arc::new(past);
    let settings = Settings {
        port: 0,
        tokens: Default::default(),
        policies: Arc::new(Arc::<Policies>::default),
        faults: Default::default(),
        clock: Clock::at(Timestamp::UNIX_EPOCH),
        log: Arc::default(),
        handler: Arc::new(move |request| {
            let past = Arc::clone(&past);
            async move {
                let question = Question {
                    method: request.method.as_str(),
                    path: &request.path,
                    query: &request.query,
                    body: &request.body,
                    now: Timestamp::UNIX_EPOCH,
                };
                answer(&*past, &question)
            }
            .boxed()
        }),
    };
    Server::start(settings).await.unwrap()
}

async fn read(server: &Server, targets: &[TargetRef], grid: Grid) -> (String, Vec<History>) {
    let options = Options {
        url: Some(server.plain_url()),
        way: WayChoice::Auto,
        ..Options::default()
    };
    let transport = Transport::direct(&server.plain_url(), &options).unwrap();
    let wanted = targets.iter().enumerate().map(|(subject, target)| Wanted {
        subject,
        target: target.clone(),
        hpa: target.name.clone(),
        containers: vec![],
        native_sidecars: vec![],
        init_containers: vec![],
        memory: true,
        cpu_limited: true,
        triggers: None,
    });
    let request = HistoryRequest {
        grid,
        wanted: wanted.collect(),
        pod_owners: Arc::from([]),
    };
    let (send, mut receive) = mpsc::channel(64);
    let reading = Prometheus::new(transport, &options)
        .history(&request, send)
        .await
        .unwrap();
    assert!(reading.warnings.is_empty(), "{:?}", reading.warnings);
    let mut histories = vec![];
    while let Some(delivery) = receive.recv().await {
        histories.push(delivery.history.unwrap());
    }
    (reading.way, histories)
}

/// Where the two differ by more than what 32 bits lose.
fn differences(expected: &Series, found: &Series, steps: Range<usize>) -> Vec<String> {
    let found = found.on(expected.grid());
    let differ = |step: &usize| match (expected.get(*step), found.get(*step)) {
        (Some(a), Some(b)) => (a - b).abs() > 1e-5 * a.abs().max(1e-3),
        (a, b) => a.is_some() != b.is_some(),
    };
    let told = |step| format!("{step}: {:?} {:?}", expected.get(step), found.get(step));
    steps.filter(differ).map(told).collect()
}

#[tokio::test]
async fn the_client_reads_back_what_was_known() {
    let grid = grid(Step::FIVE_MINUTES);
    let known = history(grid);
    let targets = [
        target("Deployment", "web"),
        target("StatefulSet", "db"),
        target("Rollout", "api"),
    ];
    let subjects = targets.iter().map(|it| subject(it.clone(), known.clone()));
    let server = serve(Past::new(subjects)).await;
    let (way, histories) = read(&server, &targets, grid).await;
    assert!(way.starts_with("remote read"), "{way}");
    assert_eq!(histories.len(), 3);
    for (target, found) in targets.iter().zip(&histories) {
        for metric in [
            Metric::CpuUsage,
            Metric::MemoryWorkingSet,
            Metric::ReadyReplicas,
            Metric::DesiredReplicas,
        ] {
            let found = found
                .get(&metric)
                .unwrap_or_else(|| panic!("{target}: no {metric}"));
            let differences = differences(known.get(&metric).unwrap(), found, 0..STEPS);
            assert_eq!(differences, Vec::<String>::new(), "{target}: {metric}");
        }
        // Bursts are asked of the last day alone, requests every six hours.
        let burst = found.get(&Metric::CpuBurst).unwrap();
        let expected = known.get(&Metric::CpuBurst).unwrap();
        assert_eq!(
            differences(expected, burst, 288..STEPS),
            Vec::<String>::new(),
            "{target}"
        );
        let request = found.get(&Metric::CpuRequest).unwrap();
        assert_eq!(request.known().last(), Some(0.75), "{target}");
        let throttled = found.get(&Metric::CpuThrottled).unwrap();
        assert!(
            throttled.known().all(|it| (it - 0.25).abs() < 1e-3),
            "{target}: {throttled:?}"
        );
    }
}

#[tokio::test]
async fn steps_of_other_lengths_read_back_too() {
    for seconds in [60, 900, 3600] {
        let grid = grid(Step::from_seconds(seconds).unwrap());
        let known = history(grid);
        let targets = [target("Deployment", "web")];
        let server = serve(Past::new([subject(targets[0].clone(), known.clone())])).await;
        let (_, histories) = read(&server, &targets, grid).await;
        let usage = (known.cpu().unwrap(), histories[0].cpu().unwrap());
        assert_eq!(
            differences(usage.0, usage.1, 0..STEPS),
            Vec::<String>::new(),
            "{seconds}"
        );
    }
}

#[tokio::test]
async fn containers_keep_what_they_used() {
    let grid = grid(Step::FIVE_MINUTES);
    let mut known = history(grid);
    let parts = [("app", 0.75), ("proxy", 0.25)];
    for (container, share) in parts {
        let series = known.cpu().unwrap().map(|it| it * share);
        known.insert(Metric::ContainerCpuUsage(container.to_owned()), series);
    }
    let past = Past::new([subject(target("Deployment", "web"), known.clone())]);
    let matchers = [
        Matcher::new(
            "__name__",
            super::super::Test::Equal,
            "container_cpu_usage_seconds_total",
        )
        .unwrap(),
        Matcher::new("container", super::super::Test::Equal, "proxy").unwrap(),
    ];
    let step = grid.time(10).as_millisecond();
    let span = Span {
        first: step - 300_000,
        last: step,
    };
    let mut growth = 0.0;
    past.visit(&matchers, span, &mut |_, samples| {
        growth += samples.last().unwrap().1 - samples[0].1;
    });
    let expected = known.cpu().unwrap().get(10).unwrap() * 0.25 * 240.0;
    assert!((growth - expected).abs() < 1e-4, "{growth} {expected}");
}

#[test]
fn the_same_times_have_the_same_samples_whatever_span_is_asked_for() {
    let grid = grid(Step::FIVE_MINUTES);
    let past = Past::new([subject(target("Deployment", "web"), history(grid))]);
    let all = |first: usize, last: usize| {
        let span = Span {
            first: grid.time(first).as_millisecond(),
            last: grid.time(last).as_millisecond(),
        };
        let mut found = vec![];
        past.visit(&[], span, &mut |labels, samples| {
            let times = samples.windows(2).all(|it| it[0].0 < it[1].0);
            assert!(times, "{labels:?}");
            let bits = samples
                .iter()
                .map(|it| (labels.clone(), it.0, it.1.to_bits()));
            found.extend(bits);
        });
        found.sort();
        let once = found.len();
        found.dedup_by(|a, b| a.0 == b.0 && a.1 == b.1);
        assert_eq!(found.len(), once, "every series comes once");
        found
    };
    let (whole, part) = (all(0, STEPS - 1), all(90, 130));
    let middle = grid.time(90).as_millisecond()..=grid.time(130).as_millisecond();
    let expected: Vec<_> = whole
        .into_iter()
        .filter(|it| middle.contains(&it.1))
        .collect();
    assert_eq!(part, expected);
}

#[test]
fn a_subject_without_usage_tells_nothing() {
    let past = Past::new([subject(target("Deployment", "web"), History::default())]);
    let span = Span {
        first: i64::MIN,
        last: i64::MAX,
    };
    past.visit(&[], span, &mut |labels, _| panic!("{labels:?}"));
}
