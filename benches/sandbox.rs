//! What the sandbox costs: 1,000 workloads loaded and listed, and days of its twin.
//!
//! ```text
//! cargo bench --bench sandbox [-- load days]
//! ```
//!
//! Every measurement is a process of its own. A list is compared with the time that its own bytes
//! take over the same connection when nothing makes them. Needs Linux. `docs/performance.md` has
//! the results.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a program for developers that measures time"
)]

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stepscale::autoscaler::target::TargetRef;
use stepscale::history::{History, Metric};
use stepscale::sandbox::{Options, Sandbox, Seed};
use stepscale::series::{Grid, Series};
use stepscale::units::Step;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

#[path = "measured/process.rs"]
#[expect(dead_code, reason = "another bench measures itself by it")]
mod process;

const HPAS: &str = "/apis/autoscaling/v2/horizontalpodautoscalers";
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How often a list is asked for; the median counts.
const LISTS: usize = 51;

fn main() -> ExitCode {
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Cargo adds `--bench` to what was typed.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|it| it != "--bench")
        .collect();
    let texts: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match texts[..] {
        [] => {
            loads();
            days();
        }
        ["load"] => loads(),
        ["days"] => days(),
        ["child-load", count, namespaces, twin] => {
            in_runtime(load(number(count), number(namespaces), twin == "yes"));
        }
        ["child-day", count, speed] => in_runtime(day(number(count), number(speed) as u32)),
        _ => {
            eprintln!("usage: cargo bench --bench sandbox [-- load|days]");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}

fn in_runtime(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(work);
}

/// Runs this program once more; what it printed and the most memory that it held in MiB.
fn child(arguments: &[String]) -> (String, f64) {
    let program = std::env::current_exe().expect("the path of this program");
    let mut command = Command::new(program);
    command.args(arguments);
    let (cost, status, out) = process::run(&mut command).expect("this program can be run again");
    assert!(status.success(), "{command:?}: {status}");
    let out = String::from_utf8(out).expect("text");
    let peak = cost.peak_bytes as f64 / f64::from(1 << 20);
    (out.trim().to_owned(), peak)
}

fn loads() {
    println!(
        "| workloads | namespaces | twin | ready after s | list ms | its bytes alone ms | MB | peak MiB |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (count, namespaces, twin) in [
        (1_000, 20, "no"),
        (100, 20, "yes"),
        (1_000, 20, "yes"),
        (1_000, 1, "yes"),
    ] {
        let (count, namespaces) = (count.to_string(), namespaces.to_string());
        let words = ["child-load", &count, &namespaces, twin];
        let (row, peak) = child(&words.map(str::to_owned));
        println!("| {count} | {namespaces} | {twin} | {row} | {peak:.0} |");
    }
    println!();
}

fn days() {
    println!("| workloads | asked for | a day takes s | times as fast | peak MiB |");
    println!("|---|---|---|---|---|");
    for (count, speed) in [(13, 1_000), (20, 10_000), (13, 1_000_000), (100, 1_000_000)] {
        let words = ["child-day", &count.to_string(), &speed.to_string()];
        let (row, peak) = child(&words.map(str::to_owned));
        println!("| {count} | {speed} x | {row} | {peak:.0} |");
    }
    println!();
}

fn start() -> Timestamp {
    "2026-03-02T00:00:00Z".parse().expect("a time")
}

/// Workloads of a day each, whose load rises and falls at different hours.
fn seed(count: usize, namespaces: usize) -> Seed {
    let step = Step::FIVE_MINUTES;
    let grid = Grid::ending_at(start(), DAY, step);
    let mut seed = Seed::default();
    for at in 0..count {
        let target = TargetRef {
            namespace: format!("team-{:02}", at % namespaces),
            kind: "Deployment".to_owned(),
            name: format!("service-{at:04}"),
        };
        let wave = |step: usize| {
            let hours = (step + at * 37) as f64 / 12.0;
            Some(0.6 + 1.2 * (1.0 - (hours * std::f64::consts::TAU / 24.0).cos()))
        };
        let mut history = History::default();
        let load = Series::from_values(grid, (0..grid.len()).map(wave));
        history.insert(Metric::CpuUsage, load);
        history.insert(Metric::ReadyReplicas, Series::constant(grid, 3.0));
        seed.objects.extend(objects(&target));
        seed.histories.push((target, history));
    }
    seed
}

fn objects(target: &TargetRef) -> [Value; 2] {
    let name = &target.name;
    let metadata = json!({ "name": name, "namespace": target.namespace });
    let labels = json!({ "app": name });
    let container = json!({ "name": "app", "image": "registry.example/app:1",
        "resources": { "requests": { "cpu": "500m" } },
        "readinessProbe": { "httpGet": { "path": "/", "port": 80 } } });
    [
        json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
            "spec": { "replicas": 3, "selector": { "matchLabels": labels },
                "template": { "metadata": { "labels": labels },
                    "spec": { "containers": [container] } } } }),
        json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": metadata,
            "spec": { "minReplicas": 2, "maxReplicas": 12,
                "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": name },
                "metrics": [{ "type": "Resource", "resource": { "name": "cpu",
                    "target": { "type": "Utilization", "averageUtilization": 70 } } }] } }),
    ]
}

/// Prints how long a fleet takes until it is served, and a list of its HPAs.
async fn load(count: usize, namespaces: usize, twin: bool) {
    let seed = seed(count, namespaces);
    let began = Instant::now();
    let sandbox = Sandbox::start(Options {
        seed,
        speed: 0,
        twin,
        ..Options::at(start())
    });
    let sandbox = sandbox.await.expect("a sandbox");
    let ready = began.elapsed();
    let client = reqwest::Client::new();
    let url = format!("{}{HPAS}", sandbox.plain_url());
    let get = || client.get(&url).bearer_auth(sandbox.token());
    let (list, body) = median(get).await;
    let found = serde_json::from_slice::<Value>(&body).expect("JSON")["items"]
        .as_array()
        .map_or(0, Vec::len);
    assert_eq!(found, count, "HPAs in the list");
    let plain = served(body.clone()).await;
    let (alone, _) = median(|| client.get(&plain)).await;
    println!(
        "{:.2} | {:.1} | {:.1} | {:.1}",
        ready.as_secs_f64(),
        list.as_secs_f64() * 1e3,
        alone.as_secs_f64() * 1e3,
        body.len() as f64 / 1e6
    );
}

/// The median time of a request, and the last answer.
async fn median(request: impl Fn() -> reqwest::RequestBuilder) -> (Duration, Vec<u8>) {
    let (mut times, mut body) = (vec![], vec![]);
    for _ in 0..LISTS {
        let began = Instant::now();
        let answer = request().send().await.expect("an answer");
        assert!(answer.status().is_success(), "{answer:?}");
        body = answer.bytes().await.expect("a body").to_vec();
        times.push(began.elapsed());
    }
    times.sort_unstable();
    (times[times.len() / 2], body)
}

/// The URL of a server that answers everything with the same bytes.
async fn served(body: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
    let answer = [head.into_bytes(), body].concat();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let (mut seen, mut buffer) = (vec![], [0; 4096]);
                while let Ok(len @ 1..) = stream.read(&mut buffer).await {
                    seen.extend_from_slice(&buffer[..len]);
                    if seen.ends_with(b"\r\n\r\n") {
                        seen.clear();
                        if stream.write_all(&answer).await.is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
    format!("http://{address}/")
}

/// Prints how long a day of a sandbox takes whose time passes by itself.
async fn day(count: usize, speed: u32) {
    let sandbox = Sandbox::start(Options {
        seed: seed(count, 4),
        speed,
        ..Options::at(start())
    });
    let sandbox = sandbox.await.expect("a sandbox");
    let client = reqwest::Client::new();
    let url = format!("{}/twin/clock", sandbox.plain_url());
    let now = || async {
        let answer = client.get(&url).bearer_auth(sandbox.token()).send().await;
        let text = answer.expect("an answer").text().await.expect("a body");
        let clock: Value = serde_json::from_str(&text).expect("JSON");
        let now = clock["now"].as_str().and_then(|it| it.parse().ok());
        now.expect("a time")
    };
    let (began, first): (_, Timestamp) = (Instant::now(), now().await);
    while now().await < first + DAY {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (took, passed) = (began.elapsed().as_secs_f64(), now().await - first);
    let passed = passed.total(jiff::Unit::Second).expect("seconds");
    println!("{:.1} | {:.0}", took * 86_400.0 / passed, passed / took);
}
