//! What a process costs: time, processor time and the most memory that it ever held.
//!
//! Read from `/proc`, so that a bench needs Linux; nothing here needs another crate.

use std::fs;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// What a process has cost so far.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Cost {
    pub(crate) wall_seconds: f64,
    /// User and system time of all threads.
    pub(crate) cpu_seconds: f64,
    /// The highest resident set (`VmHWM`).
    pub(crate) peak_bytes: u64,
}

/// How often a running process is looked at. Both counters only grow: what is missed is what
/// happens in its last moments.
const GLANCE: Duration = Duration::from_millis(2);

/// Of `/proc/PID/stat`, on every architecture that Linux has.
const TICKS_A_SECOND: f64 = 100.0;

/// Runs a command to its end; its standard output comes with what it cost.
pub(crate) fn run(command: &mut Command) -> std::io::Result<(Cost, ExitStatus, Vec<u8>)> {
    let began = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut out = child.stdout.take().expect("it was asked for");
    let reading = thread::spawn(move || {
        let mut all = vec![];
        out.read_to_end(&mut all).map(|_| all)
    });
    let (mut cost, status) = watch(&mut child)?;
    cost.wall_seconds = began.elapsed().as_secs_f64();
    let all = reading.join().expect("reading does not panic")?;
    Ok((cost, status, all))
}

fn watch(child: &mut Child) -> std::io::Result<(Cost, ExitStatus)> {
    let name = child.id().to_string();
    let mut cost = Cost::default();
    loop {
        if let Some(now) = so_far(&name) {
            cost = now;
        }
        if let Some(status) = child.try_wait()? {
            return Ok((cost, status));
        }
        thread::sleep(GLANCE);
    }
}

/// What this process has cost, without the time since it was started.
pub(crate) fn own() -> Cost {
    so_far("self").expect("a process can read its own status")
}

fn so_far(process: &str) -> Option<Cost> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let peak = status.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = peak.trim().strip_suffix(" kB")?.parse().ok()?;
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name of the program stands in parentheses and may hold anything; times follow it.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
    Some(Cost {
        wall_seconds: 0.0,
        cpu_seconds: (ticks(11)? + ticks(12)?) / TICKS_A_SECOND,
        peak_bytes: kibibytes * 1024,
    })
}
