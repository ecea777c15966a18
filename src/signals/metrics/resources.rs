//! What the process itself uses, under the names that every Prometheus client gives it.
//!
//! From `/proc`, so that elsewhere than on Linux there is nothing of it.

use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// Read anew for each page.
#[derive(Debug)]
pub(super) struct Resources;

impl Collector for Resources {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        if let Some(bytes) = resident_bytes() {
            let (name, metric) = ("process_resident_memory", ConstGauge::new(bytes));
            let meaning = "Memory that the process has in use.";
            let kind = metric.metric_type();
            let encoder = encoder.encode_descriptor(name, meaning, Some(&Unit::Bytes), kind)?;
            metric.encode(encoder)?;
        }
        if let Some(seconds) = cpu_seconds() {
            let (name, metric) = ("process_cpu", ConstCounter::new(seconds));
            let meaning = "CPU time of the process, user and system.";
            let kind = metric.metric_type();
            let encoder = encoder.encode_descriptor(name, meaning, Some(&Unit::Seconds), kind)?;
            metric.encode(encoder)?;
        }
        Ok(())
    }
}

fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

fn cpu_seconds() -> Option<f64> {
    // Fields 14 and 15 of the whole, counted after the command in parentheses; in hundredths of a
    // second on every Linux that runs containers.
    let status = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = status.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / 100.0)
}
