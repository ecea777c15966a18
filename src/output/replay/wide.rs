//! `-o wide`: below the table, what decided how often, every day, the pods, and what is missing.

use std::io::{self, Write};

use super::figures::{Figures, amount};
use super::words::{self, header};
use super::{Column, Pod, Replay, table};
use crate::sim::score::{Limit, Totals};
use crate::units::Cores;

pub(super) fn write(out: &mut dyn Write, replay: &Replay, width: usize) -> io::Result<()> {
    table::write(out, replay, width)?;
    writeln!(out)?;
    decisions(replay).write(out, usize::MAX)?;
    writeln!(out)?;
    days(replay).write(out, usize::MAX)?;
    writeln!(out)?;
    for column in replay.shown() {
        writeln!(
            out,
            "pods {}: {}",
            words::column(column),
            pods(replay.pods[&column])
        )?;
    }
    for missing in &replay.missing {
        writeln!(out, "missing {missing}")?;
    }
    Ok(())
}

/// How many changes of the count each limit decided: up and down.
fn decisions(replay: &Replay) -> Figures {
    let columns = replay.shown();
    let told = |column: &Column, limit: Limit| {
        let all = replay.tracks[column].decisions.iter();
        let (up, down): (Vec<_>, Vec<_>) = all
            .filter(|it| it.because == limit)
            .partition(|it| it.to > it.from);
        format!("{} up, {} down", up.len(), down.len())
    };
    let decides = |limit: &Limit| {
        let mut all = columns.iter().flat_map(|it| &replay.tracks[it].decisions);
        all.any(|it| it.because == *limit)
    };
    let rows = Limit::ALL.into_iter().filter(decides).map(|limit| {
        let cells = columns.iter().map(|it| told(it, limit)).collect();
        (words::limit(limit).to_owned(), cells)
    });
    Figures {
        title: "DECIDED BY",
        headers: columns.iter().map(|it| header(*it)).collect(),
        rows: rows.collect(),
    }
}

/// A figure of every day.
struct Daily {
    name: &'static str,
    told: fn(&Totals) -> String,
}

const DAILY: [Daily; 3] = [
    Daily {
        name: "HOURS",
        told: |it| amount(it.replica_hours.hours()),
    },
    Daily {
        name: "SHORT MIN",
        told: |it| amount(it.shortfall_minutes),
    },
    Daily {
        name: "EVENTS",
        told: |it| it.scale_events.to_string(),
    },
];

fn days(replay: &Replay) -> Figures {
    let columns = replay.shown();
    let headers = DAILY.iter().flat_map(|Daily { name, .. }| {
        let headers = columns
            .iter()
            .map(move |it| format!("{name} {}", header(*it)));
        headers.collect::<Vec<String>>()
    });
    let rows = replay.days.iter().map(|day| {
        let cells = DAILY.iter().flat_map(|Daily { told, .. }| {
            let totals = columns.iter().map(|it| told(&day.totals[it]));
            totals.collect::<Vec<String>>()
        });
        (day.end.to_string(), cells.collect())
    });
    Figures {
        title: "DAY UNTIL",
        headers: headers.collect(),
        rows: rows.collect(),
    }
}

/// `request 500m, limit 1, ready after 20 s`
fn pods(pod: Pod) -> String {
    let amount = |it: Option<f64>| it.map_or_else(|| "none".to_owned(), |it| Cores(it).to_string());
    format!(
        "request {}, limit {}, ready after {} s",
        amount(pod.cpu_request_cores),
        amount(pod.cpu_limit_cores),
        pod.startup_seconds
    )
}
