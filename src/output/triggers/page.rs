//! The tables: for each object one line about it, a row for each trigger, and what KEDA says.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::super::Page;
use super::super::layout::{Cell, Column, Row as Line, Shrink, View};
use super::super::table::{HEADER, column};
use super::{FormulaRow, Item, JobsNow, Row, State, TriggersReport};

const GOOD: Style = AnsiColor::Green.on_default();
const CAREFUL: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const TITLE: Style = Style::new().bold();

const COLUMNS: [Column; 7] = [
    column("#", Shrink::Never),
    column("TYPE", Shrink::Last { least: 8 }),
    column("VALUE", Shrink::Never),
    column("THRESHOLD", Shrink::Never),
    column("ACTIVATION", Shrink::Never),
    column("ACTIVE", Shrink::Never),
    column("REPLICAS", Shrink::Never),
];

const MORE: [Column; 5] = [
    column("NAME", Shrink::Last { least: 8 }),
    column("METRIC", Shrink::First { least: 12 }),
    column("LATENCY", Shrink::Never),
    column("VIA", Shrink::Never),
    column("AUTHENTICATION", Shrink::Last { least: 14 }),
];

/// The headers of all columns.
pub(super) fn columns(is_wide: bool) -> Vec<&'static str> {
    let more = MORE.iter().filter(|_| is_wide);
    COLUMNS.iter().chain(more).map(|it| it.header).collect()
}

pub(super) fn write(
    out: &mut dyn Write,
    report: &TriggersReport,
    page: Page,
    (is_wide, view): (bool, &View),
) -> io::Result<()> {
    for (place, item) in report.items.iter().enumerate() {
        if place > 0 {
            writeln!(out)?;
        }
        write_item(out, item, page, (is_wide, view))?;
    }
    Ok(())
}

fn write_item(
    out: &mut dyn Write,
    item: &Item,
    page: Page,
    (is_wide, view): (bool, &View),
) -> io::Result<()> {
    if let Some(why) = &item.message {
        let name = named(item, page);
        return writeln!(out, "{TITLE}{name}{TITLE:#}: {BAD}{why}{BAD:#}");
    }
    writeln!(out, "{TITLE}{}{TITLE:#}", title(item, page))?;
    let mut columns = COLUMNS.to_vec();
    if is_wide {
        columns.extend(MORE);
    }
    let mut lines: Vec<Line> = item
        .triggers
        .iter()
        .map(|it| line(item, it, is_wide))
        .collect();
    lines.extend(item.formula.as_ref().map(|it| formula(item, it)));
    view.write(out, (columns, lines), page.width, HEADER)?;
    writeln!(out, "{}", closing(item))?;
    for told in said(item) {
        writeln!(out, "{told}")?;
    }
    for difference in item.differences.iter().chain(&item.unread) {
        writeln!(out, "{CAREFUL}! {difference}{CAREFUL:#}")?;
    }
    Ok(())
}

/// `scaledobject.keda.sh/orders -n shop`.
fn named(item: &Item, page: Page) -> String {
    let namespace = match page.with_namespace {
        true => format!(" -n {}", item.namespace),
        false => String::new(),
    };
    format!("{}/{}{namespace}", item.qualified, item.name)
}

/// `scaledobject.keda.sh/orders -n shop: Deployment/orders, 2 replicas, 0 to 20`.
fn title(item: &Item, page: Page) -> String {
    let now = item
        .current_replicas
        .map_or_else(String::new, |it| format!(", {it} replicas"));
    format!(
        "{}: {}{now}, {} to {}",
        named(item, page),
        item.target,
        item.min_replicas,
        item.max_replicas
    )
}

fn line(item: &Item, row: &Row, is_wide: bool) -> Line {
    let mark = match item.winner.as_deref() == Some(row.index.to_string().as_str()) {
        true => format!("{}*", row.index),
        false => row.index.to_string(),
    };
    let value = match row.state {
        State::Read => Cell::plain(number(row.value)),
        State::Failed => Cell::styled("failed", BAD),
        State::Refused => Cell::styled("refused", BAD),
        State::NotEvaluated => Cell::styled("not read", CAREFUL),
    };
    let mut cells = vec![
        Cell::plain(mark),
        Cell::plain(&row.kind),
        value,
        Cell::plain(number(row.threshold)),
        Cell::plain(number(row.activation_threshold)),
        active(row.active),
        Cell::plain(count(row.replicas)),
    ];
    if is_wide {
        let text = |it: Option<&str>| Cell::plain(it.unwrap_or("-"));
        let latency = row.latency_ms.map(|it| format!("{it}ms"));
        cells.extend([
            text(row.name.as_deref()),
            text(row.metric.as_deref()),
            text(latency.as_deref()),
            text(row.via),
            text(row.authentication.as_deref()),
        ]);
    }
    let message = row.message.iter().map(|it| match row.state {
        State::Read | State::NotEvaluated => Cell::plain(it),
        State::Failed | State::Refused => Cell::styled(it, BAD),
    });
    Line {
        cells,
        note: None,
        details: message.chain(row.notes.iter().map(Cell::plain)).collect(),
    }
}

fn formula(item: &Item, row: &FormulaRow) -> Line {
    let mark = match item.winner.as_deref() {
        Some("formula") => "f*",
        Some(_) | None => "f",
    };
    let value = match row.message {
        Some(_) => Cell::styled("failed", BAD),
        None => Cell::plain(number(row.value)),
    };
    let told = [
        Some(Cell::plain(&row.formula)),
        row.message.as_ref().map(|it| Cell::styled(it, BAD)),
    ];
    Line {
        cells: vec![
            Cell::plain(mark),
            Cell::plain("formula"),
            value,
            Cell::plain(number(row.target)),
            Cell::plain(number(row.activation_target)),
            active(row.active),
            Cell::plain(count(row.replicas.map(i64::from))),
        ],
        note: None,
        details: told.into_iter().flatten().collect(),
    }
}

fn active(is_active: Option<bool>) -> Cell {
    match is_active {
        Some(true) => Cell::styled("yes", GOOD),
        Some(false) => Cell::plain("no"),
        None => Cell::plain("-"),
    }
}

fn count(count: Option<i64>) -> String {
    count.map_or_else(|| "-".to_owned(), |it| it.to_string())
}

/// With three decimals at most, as KEDA reports values.
fn number(value: Option<f64>) -> String {
    match value {
        Some(it) => format!("{}", (it * 1000.0).round() / 1000.0),
        None => "-".to_owned(),
    }
}

/// `active; trigger 0 asks for the most: 5 replicas (before the HPA's behavior)`.
fn closing(item: &Item) -> String {
    let active = match (item.active, item.at_rest) {
        (Some(true), _) => "active".to_owned(),
        (Some(false), Some(count)) => {
            format!("inactive: goes to {count} once the cooldown is over")
        }
        (Some(false), None) => "inactive: nothing goes below the minimum".to_owned(),
        (None, _) => "not known whether it is active".to_owned(),
    };
    if let Some(jobs) = &item.jobs {
        return format!("{active}; {}", of_jobs(jobs));
    }
    let most = match (&item.winner, item.desired_replicas) {
        (Some(winner), Some(count)) => {
            let who = match winner.as_str() {
                "formula" => "the formula".to_owned(),
                index => format!("trigger {index}"),
            };
            format!("; {who} asks for the most, {count} replicas within the bounds")
        }
        (Some(_) | None, _) => String::new(),
    };
    format!("{active}{most}")
}

/// `5 jobs are called for, 3 run, 1 of them pending: by strategy accurate 4 are created`.
fn of_jobs(jobs: &JobsNow) -> String {
    let JobsNow {
        strategy,
        wanted,
        running,
        pending,
        created,
    } = jobs;
    format!(
        "{wanted} jobs are called for, {running} run, {pending} of them pending: by strategy \
         {strategy} {created} are created"
    )
}

/// `KEDA: Ready True, Active False (ScalerNotActive)` and what its HPA sees.
fn said(item: &Item) -> Vec<String> {
    let mut all = Vec::new();
    let conditions = item.keda.conditions.iter().map(|it| {
        let reason = match it.status == "True" || it.reason.is_empty() {
            true => String::new(),
            false => format!(" ({})", it.reason),
        };
        format!("{} {}{reason}", it.kind, it.status)
    });
    let conditions: Vec<String> = conditions.collect();
    if !conditions.is_empty() {
        all.push(format!("KEDA: {}", conditions.join(", ")));
    }
    let failing = item.keda.failing.iter();
    all.extend(failing.map(|it| {
        let (metric, failures) = (&it.metric, it.failures);
        format!("KEDA: {metric} has failed {failures} times in a row")
    }));
    if let Some(hpa) = &item.hpa {
        let metrics = hpa.metrics.iter().map(|it| {
            let seen = match (it.utilization, it.average_value, it.value) {
                (Some(percent), _, _) => format!("{percent}%"),
                (None, Some(average), _) => format!("{} each", number(Some(average))),
                (None, None, value) => number(value),
            };
            format!("{} {seen}", it.name)
        });
        let mut parts = vec![match (hpa.current_replicas, hpa.desired_replicas) {
            (None, None) => "has not looked yet".to_owned(),
            (current, desired) => {
                let [current, desired] = [current, desired].map(|it| count(it.map(i64::from)));
                format!("{current} to {desired}")
            }
        }];
        parts.extend(metrics);
        all.push(format!("HPA {}: {}", hpa.name, parts.join(", ")));
    }
    all
}
