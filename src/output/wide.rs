//! `-o wide`: every column, however long, and below each autoscaler what was found, why the
//! proposed settings have their values, and what to do.

use std::io::{self, Write};

use super::Page;
use super::layout::{Cell, Column, Layout, Row, Shrink};
use super::report::{AnalysisReport, Item, Saving};
use super::table::{self, column};
use crate::analysis::assessment::ShortfallChange;
use crate::analysis::projection::Shortfall;

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

pub(super) fn write(out: &mut dyn Write, report: &AnalysisReport, page: Page) -> io::Result<()> {
    if report.items.is_empty() && report.unread.is_empty() {
        return Ok(());
    }
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
    Layout::new(&columns, &rows, usize::MAX).write(out, table::HEADER)
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
    lines.extend(item.saving.map(replica_hours));
    lines.extend(item.shortfall.and_then(shortfall));
    if let Some(risk) = item.risk.as_ref().filter(|it| !it.reasons.is_empty()) {
        lines.push(format!("risk {}: {}", risk.level, risk.reasons.join("; ")));
    }
    for finding in &item.findings {
        let (severity, code) = (finding.severity, finding.code);
        lines.push(format!("{severity} {code}: {}", finding.message));
        lines.extend(finding.fix.iter().map(|it| format!("  fix: {it}")));
    }
    let missing = item.evidence.missing.iter();
    lines.extend(missing.map(|it| format!("missing {it}")));
    lines
}

fn replica_hours(saving: Saving) -> String {
    let per_month = saving.replica_hours_per_month;
    let verb = if per_month < 0.0 { "more" } else { "less" };
    format!(
        "replica-hours: {:.1} observed, {:.1} projected, {:.0} {verb} a month",
        saving.observed_replica_hours,
        saving.projected_replica_hours,
        per_month.abs()
    )
}

/// `None` where there was no shortfall, and none is to come.
fn shortfall(change: ShortfallChange) -> Option<String> {
    if change == ShortfallChange::default() {
        return None;
    }
    let told = |it: Shortfall| format!("{:.0} min ({:.1} core-min)", it.minutes, it.core_minutes);
    let (observed, projected) = (told(change.observed), told(change.projected));
    Some(format!(
        "shortfall: {observed} observed, {projected} projected"
    ))
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
        write(&mut out, &made_up::report(), page).unwrap();
        let text: String = anstream::adapter::strip_bytes(&out)
            .into_vec()
            .try_into()
            .unwrap();
        insta::assert_snapshot!(text);
    }
}
