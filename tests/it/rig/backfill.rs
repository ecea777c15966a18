//! Makes Prometheus blocks of a fleet with promtool, once for each set of parameters.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

use super::fleet::Fleet;
use super::openmetrics;

/// How blocks are made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Of one text file and of one block. promtool makes blocks of 2, 6, 18, 54… hours and reads
    /// the whole text once for each block in it, so that one block a text is cheapest.
    pub(crate) slice_hours: i64,
    /// Slices under way at once.
    pub(crate) processes: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            slice_hours: 54,
            processes: 2,
        }
    }
}

/// The directory with the blocks of `fleet`, below `cache`; made if it is not there yet.
///
/// Several processes may ask at once: one of them makes it, the others wait.
///
/// # Errors
/// When promtool fails or a file cannot be written.
pub(crate) fn cached(fleet: &Fleet, cache: &Path) -> io::Result<PathBuf> {
    fs::create_dir_all(cache)?;
    let blocks = cache.join(format!("fleet-{}", fleet.parameters.key()));
    let lock = File::create(blocks.with_extension("lock"))?;
    lock.lock()?;
    if !blocks.exists() {
        let unfinished = blocks.with_extension("unfinished");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished)?;
        }
        write(fleet, Plan::default(), &unfinished, |_| {})?;
        fs::rename(&unfinished, &blocks)?;
    }
    Ok(blocks)
}

/// Writes the blocks of `fleet` into the new directory `blocks` and returns the number of samples;
/// `done` is told of every slice.
///
/// # Errors
/// When promtool fails or a file cannot be written.
pub(crate) fn write(
    fleet: &Fleet,
    plan: Plan,
    blocks: &Path,
    done: impl Fn(u64) + Sync,
) -> io::Result<u64> {
    fs::create_dir_all(blocks)?;
    let left = Mutex::new(slices(fleet.span(), plan.slice_hours * 3_600_000));
    let next = || left.lock().ok().and_then(|mut it| it.pop());
    let worker = || {
        let mut count = 0;
        while let Some(span) = next() {
            let samples = write_slice(fleet, &span, plan.slice_hours, blocks)?;
            done(samples);
            count += samples;
        }
        io::Result::Ok(count)
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..plan.processes).map(|_| scope.spawn(worker)).collect();
        let counts = workers.into_iter().map(|it| match it.join() {
            Ok(count) => count,
            Err(_) => Err(io::Error::other("a thread that writes blocks panicked")),
        });
        counts.sum()
    })
}

/// `span` cut at the multiples of `length`, at which promtool cuts blocks; the latest one first.
fn slices(span: Range<i64>, length: i64) -> Vec<Range<i64>> {
    let first = span.start.div_euclid(length);
    let last = (span.end - 1).div_euclid(length);
    let slice = |it: i64| (it * length).max(span.start)..((it + 1) * length).min(span.end);
    (first..=last).rev().map(slice).collect()
}

fn write_slice(fleet: &Fleet, span: &Range<i64>, hours: i64, blocks: &Path) -> io::Result<u64> {
    let text = blocks.join(format!("slice-{}.om", span.start));
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&text)?);
    let count = openmetrics::write(fleet, span, &mut out)?;
    out.flush()?;
    drop(out);
    create_blocks(&text, hours, blocks)?;
    fs::remove_file(&text)?;
    Ok(count)
}

/// Makes blocks in a directory of a text in the OpenMetrics format.
///
/// # Errors
/// When promtool finds the text bad, or cannot be run.
pub(crate) fn create_blocks(text: &Path, hours: i64, blocks: &Path) -> io::Result<()> {
    let output = Command::new("promtool")
        .args(["tsdb", "create-blocks-from", "--quiet", "openmetrics"])
        .arg(format!("--max-block-duration={hours}h"))
        .args([text, blocks])
        .stdin(Stdio::null())
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!(
        "promtool on {}: {said}",
        text.display()
    )))
}
