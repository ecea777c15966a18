//! Writes the example snapshot: a small web shop with 14 days of history and planted faults.
//!
//! `cargo run --example generate_shop -- examples/shop.jsonl.gz`. The same program always writes
//! the same content, on every platform: own random numbers, no clock, no transcendental function.

pub(crate) mod load;
mod objects;
mod random;
pub(crate) mod shop;
pub(crate) mod simulation;

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use stepscale::autoscaler::target::TargetRef;
use stepscale::fleet::ClusterName;
use stepscale::history::Metric;
use stepscale::metrics::snapshot::{Error, Header, Writer};
use stepscale::series::{Grid, Series};
use stepscale::units::Step;

use load::{DAY, HOUR};
use shop::Service;
use simulation::{DAYS, Observed, STEP};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os()
        .nth(1)
        .ok_or("usage: generate_shop FILE.jsonl.gz")?;
    Ok(write(Path::new(&path))?)
}

/// Writes the snapshot to `path`.
fn write(path: &Path) -> Result<(), Error> {
    let header = Header {
        cluster: ClusterName {
            name: "shop-production".to_owned(),
            version: Some("v1.33.4".to_owned()),
        },
        taken_at: moment(DAYS * DAY),
    };
    let mut writer = Writer::create(path, &header)?;
    for service in shop::services() {
        let observed = simulation::observe(&service);
        write_service(&mut writer, &service, &observed)?;
    }
    for object in objects::keda_worker() {
        writer.object(&object)?;
    }
    writer.finish()
}

/// Writes a service's objects and its history.
pub(crate) fn write_service(
    writer: &mut Writer,
    service: &Service,
    observed: &Observed,
) -> Result<(), Error> {
    for object in objects::of(service, observed) {
        writer.object(&object)?;
    }
    write_history(writer, service, observed)
}

/// A time given in seconds after the start of the history, Monday 2026-02-16, midnight UTC.
pub(crate) fn moment(second: i64) -> Timestamp {
    const START: Timestamp = Timestamp::constant(1_771_200_000, 0);
    START + SignedDuration::from_secs(second)
}

fn write_history(writer: &mut Writer, service: &Service, observed: &Observed) -> Result<(), Error> {
    let target = TargetRef {
        namespace: service.namespace.to_owned(),
        name: service.name.to_owned(),
        kind: service.kind.to_owned(),
    };
    for (metric, series) in history(service, observed) {
        writer.series(&target, &metric, &series)?;
    }
    Ok(())
}

fn history(service: &Service, seen: &Observed) -> Vec<(Metric, Series)> {
    let both = seen.main.iter().zip(&seen.sidecar);
    let total: Vec<f64> = both.map(|(main, sidecar)| main + sidecar).collect();
    let ready: Vec<f64> = seen.ready.iter().map(|it| *it as f64).collect();
    let mut all = vec![
        (Metric::CpuUsage, usage(service, &total)),
        (Metric::ReadyReplicas, by_step(&ready)),
        (Metric::CpuBurst, burst(&seen.burst)),
    ];
    if seen.startup.iter().any(Option::is_some) {
        all.push((Metric::Startup, startup(&seen.startup)));
    }
    if let Some(sidecar) = &service.sidecar {
        for (name, cores) in [
            (service.main.name, &seen.main),
            (sidecar.container.name, &seen.sidecar),
        ] {
            let metric = Metric::ContainerCpuUsage(name.to_owned());
            all.push((metric, usage(service, cores)));
        }
    }
    if let Some(request) = service.request() {
        let desired: Vec<f64> = seen.desired.iter().map(|it| *it as f64).collect();
        all.push((Metric::DesiredReplicas, by_step(&desired)));
        all.push((Metric::CpuRequest, constant(request)));
    }
    if let Some(limit) = service.limit() {
        all.push((Metric::CpuLimit, constant(limit)));
        all.push((Metric::CpuThrottled, by_step(&seen.throttled)));
    }
    if service.records_memory {
        all.push((Metric::MemoryWorkingSet, memory(&total, &ready)));
    }
    if let Some(scaled) = &service.scaled {
        let rates: Vec<f64> = total.iter().map(|it| (it * scaled.rate).round()).collect();
        all.push((Metric::Trigger(1), usage(service, &rates)));
    }
    all
}

/// Every step of the history.
fn grid() -> Grid {
    Grid::new(
        moment(STEP),
        Step::FIVE_MINUTES,
        (DAYS * DAY / STEP) as usize,
    )
}

fn by_step(values: &[f64]) -> Series {
    Series::from_values(grid(), values.iter().map(|it| Some(*it)))
}

fn constant(value: f64) -> Series {
    Series::constant(grid(), rounded(value, 1000.0))
}

/// Cores, with gaps where nothing was scraped.
fn usage(service: &Service, cores: &[f64]) -> Series {
    let is_known = |index: usize| {
        let second = (index as i64 + 1) * STEP;
        let mut gaps = service.unscraped.iter();
        !gaps.any(|(from, until)| (from * HOUR + 1..=until * HOUR).contains(&second))
    };
    let values = cores.iter().enumerate();
    Series::from_values(
        grid(),
        values.map(|(index, it)| is_known(index).then(|| rounded(*it, 10_000.0))),
    )
}

/// The last two days, as a source would ask for them.
fn burst(ratios: &[f64]) -> Series {
    let len = (2 * DAY / STEP) as usize;
    let first = ratios.len() - len;
    let start = grid().time(first);
    Series::from_values(
        Grid::new(start, Step::FIVE_MINUTES, len),
        ratios[first..].iter().map(|it| Some(rounded(*it, 1000.0))),
    )
}

fn startup(by_day: &[Option<f64>]) -> Series {
    let day = Step::from_seconds(DAY as u32).expect("a day is longer than nothing");
    let grid = Grid::new(moment(DAY), day, by_day.len());
    Series::from_values(grid, by_day.iter().copied())
}

/// 180 MiB a pod, and 40 MiB for each core in use.
fn memory(cores: &[f64], ready: &[f64]) -> Series {
    const MIB: f64 = (1 << 20) as f64;
    let both = cores.iter().zip(ready);
    Series::from_values(
        grid(),
        both.map(|(cores, ready)| Some((180.0 * ready + 40.0 * cores).round() * MIB)),
    )
}

fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}

#[cfg(test)]
mod tests;
