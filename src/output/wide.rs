//! `-o wide`: every column, however long, and below each autoscaler what was found, why the
//! proposed settings have their values, and what to do.

use std::io::{self, Write};

use super::Page;
use super::layout::{Cell, Column, Row, Shrink, View};
use super::report::evidence::Evidence;
use super::report::{AnalysisReport, Item, Saving};
use super::table::{self, column};
use super::words::dollars;
use crate::analysis::assessment::{HeldBack, Interval, Proof};
use crate::analysis::fidelity::{Fidelity, Fit};
use crate::analysis::opinion::Opinion;
use crate::sim::score::Totals;

const COLUMNS: [Column; 11] = [
    column("NAME", Shrink::Never),
    column("KIND", Shrink::Never),
    column("TARGET", Shrink::Never),
    column("REPLICAS", Shrink::Never),
    column("MIN", Shrink::Never),
    column("MAX", Shrink::Never),
    column("TARGET%", Shrink::Never),
    column("COOLDOWN", Shrink::Never),
    column("HISTORY", Shrink::Never),
    column("SAVING", Shrink::Never),
    column("RISK", Shrink::Never),
];

/// The headers of all columns.
pub(super) fn columns() -> Vec<&'static str> {
    let all = std::iter::once(&table::NAMESPACE).chain(&COLUMNS);
    all.map(|it| it.header).collect()
}

pub(super) fn write(
    out: &mut dyn Write,
    report: &AnalysisReport,
    page: Page,
    view: &View,
) -> io::Result<()> {
    if report.items.is_empty() && report.unread.is_empty() {
        return Ok(());
    }
    let page = page.seen_by(view);
    let mut columns = COLUMNS.to_vec();
    if page.with_namespace {
        columns.insert(0, table::NAMESPACE);
    }
    let items = report.items.iter().map(|it| row(it, page));
    let unread = report.unread.iter().map(|it| {
        let mut row = table::unread_row(it, page);
        let check = it
            .permission
            .as_ref()
            .map(|it| format!("check: {}", it.check));
        row.details.extend(check.map(Cell::plain));
        row
    });
    let rows: Vec<Row> = items.chain(unread).collect();
    view.write(out, (columns, rows), usize::MAX, table::HEADER)
}

fn row(item: &Item, page: Page) -> Row {
    let mut cells = Vec::new();
    if page.with_namespace {
        cells.push(Cell::plain(&item.namespace));
    }
    cells.extend([
        Cell::plain(&item.name),
        Cell::plain(item.kind.short()),
        Cell::plain(format!("{}/{}", item.target.kind, item.target.name)),
        Cell::plain(replicas(item)),
    ]);
    cells.extend(table::settings(item));
    cells.push(Cell::plain(cooldown(item)));
    cells.push(Cell::plain(history(item)));
    let note = table::note(item);
    if note.is_none() {
        cells.push(table::saving(item.saving));
        cells.push(table::risk(item));
    }
    Row {
        cells,
        note,
        details: details(item).into_iter().map(Cell::plain).collect(),
    }
}

fn replicas(item: &Item) -> String {
    item.current_replicas
        .map_or_else(|| "-".to_owned(), |it| it.to_string())
}

fn cooldown(item: &Item) -> String {
    table::cooldown(item).unwrap_or_else(|| table::window(item.today.scale_down_cooldown_s))
}

/// How long the known history is and how much of it is known: `14 d, 98%`.
fn history(item: &Item) -> String {
    let days = crate::analysis::assessment::Days(item.evidence.days);
    // Rounded down, so that 100% has no gap.
    let coverage = (item.evidence.coverage * 100.0).floor();
    format!("{days} d, {coverage}%")
}

fn details(item: &Item) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(item.because.iter().map(|it| format!("because: {it}")));
    lines.extend(item.opinion.iter().map(Opinion::line));
    lines.extend(item.saving.map(|it| replica_hours(it, item)));
    lines.extend(item.evidence.proof.as_ref().and_then(shortfall));
    lines.extend(item.evidence.proof.as_ref().and_then(held_back));
    lines.extend(
        item.evidence
            .fidelity
            .filter(|it| matters(it, item))
            .map(|it| fidelity(it, "today's")),
    );
    lines.extend(risk(item));
    for finding in &item.findings {
        let (severity, code) = (finding.severity, finding.code);
        lines.push(format!("{severity} {code}: {}", finding.message));
        lines.extend(finding.fix.iter().map(|it| format!("  fix: {it}")));
    }
    let missing = item.evidence.missing.iter();
    lines.extend(missing.map(|it| format!("missing {it}")));
    lines
}

fn risk(item: &Item) -> Option<String> {
    let Evidence { risk_reasons, .. } = &item.evidence;
    let level = item.risk.filter(|_| !risk_reasons.is_empty())?;
    Some(format!("risk {level}: {}", risk_reasons.join("; ")))
}

fn replica_hours(saving: Saving, item: &Item) -> String {
    let per_month = saving.replica_hours_per_month;
    let verb = if per_month < 0.0 { "more" } else { "less" };
    let interval = item
        .evidence
        .proof
        .as_ref()
        .and_then(|it| it.saving_interval);
    let interval = interval.map_or_else(String::new, |it| format!(", {}", told(it)));
    let money = saving.usd_per_month.map_or_else(String::new, |usd| {
        format!(" ({} {verb}, projected)", dollars(usd.abs()))
    });
    format!(
        "replica-hours: {:.1} today, {:.1} proposed, {:.0} {verb} a month{money}{interval}",
        saving.today_replica_hours,
        saving.proposed_replica_hours,
        per_month.abs()
    )
}

fn told(interval: Interval) -> String {
    let [low, high, confidence] =
        [interval.low, interval.high, interval.confidence].map(|it| format!("{:.0}%", it * 100.0));
    match low == high {
        true => format!("saving {low} with {confidence} confidence"),
        false => format!("saving {low} to {high} with {confidence} confidence"),
    }
}

/// `None` where there was no shortfall, and none is to come.
fn shortfall(proof: &Proof) -> Option<String> {
    let (today, proposed) = (&proof.today, &proof.proposed);
    let any = today.shortfall_minutes + proposed.shortfall_minutes > 0.0;
    let told = |it: &Totals| {
        let (minutes, amount) = (it.shortfall_minutes, it.shortfall_core_minutes);
        format!("{minutes:.0} min ({amount:.1} core-min)")
    };
    any.then(|| {
        format!(
            "shortfall: {} today, {} proposed",
            told(today),
            told(proposed)
        )
    })
}

fn held_back(proof: &Proof) -> Option<String> {
    let HeldBack {
        days,
        today,
        proposed,
    } = proof.held_back.as_ref()?;
    let held = if *days == 1 {
        "1 day".to_owned()
    } else {
        format!("{days} days")
    };
    Some(format!(
        "held back: {held}, replica-hours {:.1} today, {:.1} proposed, shortfall {:.0} min and \
         {:.0} min",
        today.replica_hours.hours(),
        proposed.replica_hours.hours(),
        today.shortfall_minutes,
        proposed.shortfall_minutes
    ))
}

/// Whether the answer hangs on how well today's settings are repeated.
fn matters(fidelity: &Fidelity, item: &Item) -> bool {
    item.proposed.is_some() || fidelity.fit() != Fit::Good
}

/// How well a replay of the settings of `whose` repeats what was observed.
pub(super) fn fidelity(fidelity: Fidelity, whose: &str) -> String {
    format!(
        "fidelity: a replay of {whose} settings is within one replica {:.0}% of the time, {:.2} off \
         on the mean",
        (fidelity.within_one * 100.0).floor(),
        fidelity.mean_absolute_error
    )
}

#[cfg(test)]
mod tests {
    use super::super::report::made_up;
    use super::*;

    #[test]
    fn everything_is_told() {
        let page = Page {
            width: 80,
            with_namespace: true,
        };
        let mut out = Vec::new();
        write(&mut out, &made_up::report(), page, &View::default()).unwrap();
        let text: String = anstream::adapter::strip_bytes(&out)
            .into_vec()
            .try_into()
            .unwrap();
        insta::assert_snapshot!(text);
    }
}
