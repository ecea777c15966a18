//! A real Prometheus with the history of a fleet, on a free port of this machine.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::backfill;
use super::fleet::Fleet;
use super::process::{Needed, Running, free_port};

/// Whether tests that need Prometheus can run. Says so loudly if not.
///
/// # Panics
/// Where they have to run: with `CI=true` or `STEPSCALE_REQUIRE_PROMETHEUS=1`.
pub(crate) fn is_available() -> bool {
    let needed = Needed {
        programs: &["prometheus", "promtool"],
        flag: "--version",
        variable: "STEPSCALE_REQUIRE_PROMETHEUS",
        packages: "prometheus",
    };
    needed.is_available()
}

/// A running server, ended when dropped.
#[derive(Debug)]
pub(crate) struct Prometheus {
    /// `http://127.0.0.1:41234`.
    pub(crate) url: String,
    pub(crate) port: u16,
    child: Running,
    /// Holds the blocks, the configuration and the log.
    directory: tempfile::TempDir,
}

impl Prometheus {
    /// A server with the history of `fleet`, started with `flags` besides what it needs.
    ///
    /// # Panics
    /// When it does not become ready.
    pub(crate) fn start(fleet: &Fleet, flags: &[&str]) -> Self {
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let blocks = backfill::cached(fleet, cache).expect("the fleet's blocks");
        Self::on(&blocks, flags)
    }

    /// A server on a copy of the blocks in a directory.
    ///
    /// # Panics
    /// When it does not become ready.
    pub(crate) fn on(blocks: &Path, flags: &[&str]) -> Self {
        Self::configured(blocks, "scrape_configs: []\n", flags)
    }

    /// The same with a configuration of its own.
    ///
    /// # Panics
    /// When it does not become ready.
    pub(crate) fn configured(blocks: &Path, config: &str, flags: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let storage = directory.path().join("storage");
        copy(blocks, &storage).expect("a copy of the blocks");
        let file = directory.path().join("prometheus.yml");
        fs::write(file, config).expect("a configuration");
        // Another process may take the port before the server does.
        for _ in 0..5 {
            let port = free_port();
            let mut child = spawn(directory.path(), &storage, port, flags);
            if is_ready(&mut child, &log(directory.path())) {
                let url = format!("http://127.0.0.1:{port}");
                return Self {
                    url,
                    port,
                    child,
                    directory,
                };
            }
        }
        let said = fs::read_to_string(log(directory.path())).unwrap_or_default();
        panic!("prometheus did not become ready: {said}");
    }

    /// The same server by TLS, where [`super::protection`] makes it speak that.
    pub(crate) fn https_url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// What the server logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(log(self.directory.path())).unwrap_or_default()
    }

    /// Requests to its API that the server has answered, by its own count.
    pub(crate) fn requests(&self) -> u64 {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        let request = b"GET /metrics HTTP/1.0\r\nAccept: text/plain\r\n\r\n";
        stream.write_all(request).expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let counts = answer
            .lines()
            .filter(|it| it.starts_with("prometheus_http_requests_total{"))
            .filter(|it| it.contains("handler=\"/api/v1/"));
        let values = counts.filter_map(|it| it.rsplit_once(' ')?.1.parse::<f64>().ok());
        values.sum::<f64>() as u64
    }

    /// CPU seconds that the server has used, user and system.
    pub(crate) fn cpu_seconds(&self) -> Option<f64> {
        // Fields 14 and 15 of the whole, counted after the command in parentheses; in hundredths.
        let status = fs::read_to_string(format!("/proc/{}/stat", self.child.0.id())).ok()?;
        let (_, fields) = status.rsplit_once(')')?;
        let mut fields = fields.split_whitespace().skip(11);
        let mut ticks = || fields.next()?.parse::<f64>().ok();
        Some((ticks()? + ticks()?) / 100.0)
    }
}

fn log(directory: &Path) -> PathBuf {
    directory.join("log")
}

fn spawn(directory: &Path, storage: &Path, port: u16, flags: &[&str]) -> Running {
    let config = directory.join("prometheus.yml");
    let log = File::create(log(directory)).expect("a log file");
    let mut command = Command::new("prometheus");
    command
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.tsdb.path={}", storage.display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg("--storage.tsdb.retention.time=10y")
        // Blocks stay as they are: a test measures queries, not a compaction behind them.
        .arg("--storage.tsdb.max-block-duration=2h")
        .args(flags)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log);
    Running::start(&mut command)
}

/// Waits until the server says that it is ready, which works with TLS and passwords too; `false`
/// when it ended or took more than a minute.
fn is_ready(child: &mut Running, log: &Path) -> bool {
    for _ in 0..600 {
        let said = fs::read_to_string(log).unwrap_or_default();
        if said.contains("Server is ready to receive web requests") {
            return true;
        }
        if child.has_ended() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    false
}

/// Copies a directory; files by a hard link where that works, since blocks never change.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else if fs::hard_link(entry.path(), &target).is_err() {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
