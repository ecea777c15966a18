//! The memory of one `watch` of a thousand autoscalers, tick after tick.
//!
//! The watch is in this process and the sandbox in another one, which is this test binary once more,
//! so that what the kernel counts here is the watch alone. This one goes by real time: threads that
//! judge a thousand histories would let a paused clock run ahead. So the interval is as short as the
//! ticks are, which no flag allows.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::stream;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::process::decided;
use crate::autoscaler::target::TargetRef;
use crate::cli::context::{Context, wall_clock};
use crate::cli::runtime;
use crate::cli::signals::Signals;
use crate::history::{History, Metric};
use crate::lifecycle::form;
use crate::sandbox::{Options, Sandbox, Seed};
use crate::series::{Grid, Series};
use crate::units::Step;

const AUTOSCALERS: usize = 1000;
const NAMESPACES: usize = 20;
/// About as long as a tick of an optimized build takes, and ten seconds of the sandbox.
const INTERVAL: Duration = Duration::from_millis(500);
const SPEED: u32 = 20;
/// Where the other process is told to leave its kubeconfig.
const KUBECONFIG: &str = "STEPSCALE_SOAK_KUBECONFIG";

fn seed() -> Seed {
    let now = Context::silent(wall_clock).now();
    let grid = Grid::ending_at(now, SignedDuration::from_hours(48), Step::ONE_MINUTE);
    let mut history = History::default();
    for (metric, value) in [
        (Metric::CpuUsage, 1.2),
        (Metric::CpuRequest, 1.0),
        (Metric::ReadyReplicas, 2.0),
    ] {
        history.insert(metric, Series::constant(grid, value));
    }
    let targets = (0..AUTOSCALERS).map(|it| TargetRef {
        namespace: format!("team-{}", it % NAMESPACES),
        kind: "Deployment".to_owned(),
        name: format!("web-{it}"),
    });
    let objects = targets.clone().flat_map(|it| objects(&it));
    Seed {
        objects: objects.chain([form::definition()]).collect(),
        histories: targets.map(|it| (it, history.clone())).collect(),
    }
}

fn objects(target: &TargetRef) -> [Value; 2] {
    let TargetRef {
        namespace, name, ..
    } = target;
    let labels = json!({ "app": name });
    let metadata = json!({ "name": name, "namespace": namespace, "labels": labels });
    [
        json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
            "spec": { "replicas": 2, "selector": { "matchLabels": labels },
                "template": { "metadata": { "labels": labels }, "spec": { "containers": [{
                    "name": "app", "image": "example.com/app:1",
                    "resources": { "requests": { "cpu": "1" } } }] } } } }),
        json!({ "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": metadata,
            "spec": { "minReplicas": 2, "maxReplicas": 10,
                "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": name },
                "metrics": [{ "type": "Resource", "resource": { "name": "cpu",
                    "target": { "type": "Utilization", "averageUtilization": 60 } } }] } }),
    ]
}

/// The other process: a sandbox until nobody listens any more.
#[test]
#[ignore = "a part of the test below"]
fn serves_a_large_fleet() {
    let Some(path) = std::env::var_os(KUBECONFIG) else {
        return;
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sandbox = runtime.block_on(async {
        Sandbox::start(Options {
            seed: seed(),
            speed: SPEED,
            memory: 1000,
            ..Options::at(Context::silent(wall_clock).now())
        })
        .await
        .unwrap()
    });
    let draft = PathBuf::from(&path).with_extension("draft");
    sandbox.write_kubeconfig(&draft).unwrap();
    std::fs::rename(draft, path).unwrap();
    // Ends with whoever has started it.
    let _ = std::io::stdin().read(&mut [0]);
}

struct Served(Child);

impl Served {
    fn start(kubeconfig: &Path) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "--nocapture"])
            .arg("cli::watch::soak::memory::serves_a_large_fleet")
            .env(KUBECONFIG, kubeconfig)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn();
        let mut served = Self(child.unwrap());
        while !kubeconfig.exists() {
            assert_eq!(served.0.try_wait().unwrap(), None, "it ended");
            std::thread::sleep(Duration::from_millis(100));
        }
        served
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The memory of this process, by the kernel's count.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

/// How many ticks the watch has made, by its own page; `None` where that is not there yet.
fn ticks(page: SocketAddr) -> Option<u32> {
    let mut stream = TcpStream::connect(page).ok()?;
    let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let mut lines = text.lines();
    let line = lines.find_map(|it| it.strip_prefix("stepscale_ticks_total "))?;
    Some(line.trim().parse::<f64>().ok()? as u32)
}

#[test]
#[ignore = "takes minutes: STEPSCALE_SOAK_TICKS=1000 cargo test --release --lib soak::memory -- --ignored --nocapture"]
#[expect(clippy::print_stderr, reason = "a measurement for whoever runs it")]
fn a_watch_of_a_thousand_autoscalers_does_not_grow() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let wanted = super::ticks(200);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.yaml"), "").unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    let _served = Served::start(&kubeconfig);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let page = free.local_addr().unwrap();
    drop(free);
    let line = format!(
        "x watch -A --config {folder}/config.yaml --mode apply --metrics-step-seconds 60 --window-days 1 \
         --analysis-budget-seconds 60 --max-ticks {wanted} --listen {page} --kubeconfig {} --audit-log {folder}/audit.log",
        kubeconfig.display(),
        folder = folder.path().display()
    );
    let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    let (config, reload) = decided(words, Some(INTERVAL));
    let watching = std::thread::spawn(move || {
        let cx = Context::silent(wall_clock);
        runtime::run_attended(&cx.clone(), |_| {
            let signals = Signals::of(stream::pending());
            crate::cli::watch::run(cx, config, reload, signals)
        })
    });
    let mut sizes: Vec<(u32, u64)> = vec![];
    while !watching.is_finished() {
        let last = sizes.last().map_or(0, |it| it.0);
        if let Some(tick) = ticks(page).filter(|it| *it > last) {
            sizes.push((tick, resident()));
            if tick % 50 == 0 {
                eprintln!("{tick}: {} MiB", resident() >> 20);
            }
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    watching.join().unwrap().unwrap();
    let (warm, end) = (
        mean(&sizes, wanted / 4..wanted / 2),
        mean(&sizes, wanted / 4 * 3..wanted),
    );
    let grown = 100.0 * (end - warm) / warm;
    eprintln!(
        "{wanted} ticks: {:.1} MiB in the second quarter, {:.1} MiB in the last, {grown:+.2} %",
        warm / 1_048_576.0,
        end / 1_048_576.0
    );
    assert!(grown < 2.0, "{grown} % more: {sizes:?}");
}

/// What it took on the mean in these ticks.
fn mean(sizes: &[(u32, u64)], ticks: std::ops::Range<u32>) -> f64 {
    let some = sizes.iter().filter(|it| ticks.contains(&it.0));
    let (count, sum) = some.fold((0.0, 0.0), |(count, sum), it| {
        (count + 1.0, sum + it.1 as f64)
    });
    assert!(count > 0.0, "nothing was measured in ticks {ticks:?}");
    sum / count
}
