//! `-o table`: one row per autoscaler within the width of the terminal, changes as `from→to`.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::Page;
use super::layout::{Cell, Column, Row, Shrink, View};
use super::report::{AnalysisReport, Change, Item, Outcome, Saving, UnreadRow};
use crate::analysis::assessment::RiskLevel;
use crate::units::window;

pub(super) const HEADER: Style = Style::new().bold();
const CHANGED: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const CAREFUL: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const ASIDE: Style = Style::new().dimmed();

/// Says that there is nothing to say, where an empty cell would look like a mistake.
pub(super) const NONE: &str = "-";

pub(super) const NAMESPACE: Column = column("NAMESPACE", Shrink::Last { least: 9 });
const FINDINGS: &str = "FINDINGS";
const COLUMNS: [Column; 7] = [
    column("NAME", Shrink::Last { least: 8 }),
    // `Rollout/` in one piece.
    column("TARGET", Shrink::First { least: 8 }),
    column("MIN", Shrink::Never),
    column("MAX", Shrink::Never),
    column("TARGET%", Shrink::Never),
    column("SAVING", Shrink::Never),
    column("RISK", Shrink::Never),
];

/// How the rows of a report are laid out.
#[derive(Clone, Copy)]
struct Form {
    page: Page,
    target: fn(&Item) -> String,
    findings: Findings,
}

/// Where the findings of a row stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Findings {
    InColumn,
    /// On a line of their own, since a code that is broken is one that nobody finds.
    Below,
}

pub(super) const fn column(header: &'static str, shrink: Shrink) -> Column {
    Column { header, shrink }
}

/// The headers of all columns.
pub(super) fn columns() -> Vec<&'static str> {
    let all = std::iter::once(&NAMESPACE).chain(&COLUMNS);
    all.map(|it| it.header).chain([FINDINGS]).collect()
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
    let mut table = fitted(report, page, view, Findings::InColumn);
    // Who names columns has them as they were named.
    if view.columns.is_empty() && !view.names(FINDINGS) && !view.is_whole(&table, page.width) {
        table = fitted(report, page, view, Findings::Below);
    }
    view.write(out, table, page.width, HEADER)
}

/// With the longest of three ways to write a target that the page has room for.
fn fitted(
    report: &AnalysisReport,
    page: Page,
    view: &View,
    findings: Findings,
) -> (Vec<Column>, Vec<Row>) {
    let table = |target| {
        let form = Form {
            page,
            target,
            findings,
        };
        self::table(report, form)
    };
    let mut fitted = table(full_target);
    for shorter in [short_target, shortest_target] {
        if view.is_comfortable(fitted.clone(), page.width) {
            break;
        }
        fitted = table(shorter);
    }
    fitted
}

fn table(report: &AnalysisReport, form: Form) -> (Vec<Column>, Vec<Row>) {
    let mut columns = COLUMNS.to_vec();
    if form.page.with_namespace {
        columns.insert(0, NAMESPACE);
    }
    if form.findings == Findings::InColumn {
        columns.push(findings_column(report));
    }
    let items = report.items.iter().map(|it| item_row(it, form));
    let unread = report.unread.iter().map(|it| unread_row(it, form.page));
    (columns, items.chain(unread).collect())
}

/// Every code in it is in one piece.
fn findings_column(report: &AnalysisReport) -> Column {
    let items = report.items.iter().filter(|it| note(it).is_none());
    let findings = items.flat_map(findings);
    let words = findings.flat_map(|it| it.split(' ').map(str::len).max());
    let least = words.max().unwrap_or(0);
    let comfortable = least.max(16);
    column(FINDINGS, Shrink::Text { comfortable, least })
}

fn item_row(item: &Item, form: Form) -> Row {
    let mut cells = Vec::new();
    if form.page.with_namespace {
        cells.push(Cell::plain(&item.namespace));
    }
    cells.push(Cell::plain(&item.name));
    cells.push(Cell::plain((form.target)(item)));
    cells.extend(settings(item));
    if let Some(note) = note(item) {
        let (note, details) = match form.findings {
            Findings::InColumn => (Some(note), Vec::new()),
            Findings::Below => (None, vec![note]),
        };
        return Row {
            cells,
            note,
            details,
        };
    }
    cells.push(saving(item.saving));
    cells.push(risk(item));
    let findings = findings(item);
    let mut details = Vec::new();
    match (form.findings, findings.is_empty()) {
        (Findings::InColumn, true) => cells.push(Cell::plain(NONE)),
        (Findings::InColumn, false) => cells.push(Cell::list(findings)),
        (Findings::Below, true) => {}
        (Findings::Below, false) => details.push(Cell::list(findings)),
    }
    Row {
        cells,
        details,
        ..Row::default()
    }
}

/// MIN, MAX and TARGET%.
pub(super) fn settings(item: &Item) -> [Cell; 3] {
    let changes = |key, today: Option<u32>| {
        let today = today.map_or_else(|| NONE.to_owned(), |it| it.to_string());
        match item.config_diff.get(key).and_then(number) {
            Some(to) => Cell::styled(format!("{today}→{to}"), CHANGED),
            None => Cell::plain(today),
        }
    };
    [
        changes("min_replicas", Some(item.today.min_replicas.0)),
        changes("max_replicas", Some(item.today.max_replicas.0)),
        changes("target_cpu_pct", item.today.target_cpu_pct),
    ]
}

/// What a number is to be.
fn number(change: &Change) -> Option<u32> {
    change.to.as_u64()?.try_into().ok()
}

/// What stands in place of an answer, where there is none.
pub(super) fn note(item: &Item) -> Option<Cell> {
    let reason = item.reason.as_deref().unwrap_or_default();
    match item.outcome {
        Outcome::Recommended | Outcome::NoChange => None,
        Outcome::Withheld => Some(Cell::styled(format!("withheld: {reason}"), ASIDE)),
        Outcome::NotEnoughHistory => Some(Cell::styled(reason, ASIDE)),
        Outcome::Skipped => Some(Cell::styled(format!("skipped: {reason}"), ASIDE)),
        Outcome::Unreadable => Some(Cell::styled(format!("unreadable: {reason}"), BAD)),
    }
}

/// `32%` of the replica-hours is saved; `-14%` says that as much more is needed.
pub(super) fn saving(saving: Option<Saving>) -> Cell {
    let Some(saving) = saving else {
        return Cell::plain(NONE);
    };
    let percent = (saving.share * 100.0).round() as i64;
    let style = match percent.signum() {
        1 => GOOD,
        -1 => CAREFUL,
        _ => Style::new(),
    };
    Cell::styled(format!("{percent}%"), style)
}

pub(super) fn risk(item: &Item) -> Cell {
    let Some(level) = item.risk else {
        return Cell::plain(NONE);
    };
    let style = match level {
        RiskLevel::Low => Style::new(),
        RiskLevel::Medium => CAREFUL,
        RiskLevel::High => BAD,
    };
    Cell::styled(level.to_string(), style)
}

/// The codes, led by changes that have no column of their own.
fn findings(item: &Item) -> Vec<String> {
    let window = cooldown(item).map(|it| format!("cooldown {it}"));
    let codes = item.findings.iter().map(|it| it.code.to_string());
    let changes = window.into_iter().chain(policies(item));
    changes.chain(codes).collect()
}

/// The scale-down window if it is to change: `5m→10m`.
pub(super) fn cooldown(item: &Item) -> Option<String> {
    let to = number(item.config_diff.get("scale_down_cooldown_s")?)?;
    let today = window(item.today.scale_down_cooldown_s);
    Some(format!("{today}→{}", window(to)))
}

/// The policies, and settings of KEDA, that are to change; what they become is too long for a table.
pub(super) fn policies(item: &Item) -> impl Iterator<Item = String> + '_ {
    let names = [
        ("scale_up_policies", "scale-up policies"),
        ("scale_down_policies", "scale-down policies"),
        ("trigger_thresholds", "trigger thresholds"),
        ("cooldown_period_s", "cooldown period"),
        ("polling_interval_s", "polling interval"),
        ("fallback", "fallback"),
    ];
    let changed = names
        .into_iter()
        .filter(|it| item.config_diff.contains_key(it.0));
    let schedule = item.schedule().map(|_| "schedule");
    changed.map(|it| it.1).chain(schedule).map(str::to_owned)
}

/// A row for what may be there but was not to be seen.
pub(super) fn unread_row(unread: &UnreadRow, page: Page) -> Row {
    let namespace = unread
        .permission
        .as_ref()
        .and_then(|it| it.namespace.as_ref());
    let text = match &unread.permission {
        Some(missing) => format!("may not {} {}", missing.verb, missing.resource),
        None => format!("{}: {}", unread.what, unread.why),
    };
    let (cells, text) = match (page.with_namespace, namespace) {
        (true, Some(namespace)) => (vec![Cell::plain(namespace)], text),
        (true, None) if unread.permission.is_some() => (vec![Cell::plain("(all)")], text),
        (true, None) => (vec![Cell::plain(NONE)], text),
        (false, _) => (Vec::new(), text),
    };
    Row {
        cells,
        note: Some(Cell::styled(text, BAD)),
        ..Row::default()
    }
}

/// `Deployment/web`
pub(super) fn full_target(item: &Item) -> String {
    format!("{}/{}", item.target.kind, item.target.name)
}

/// `deploy/web`
fn short_target(item: &Item) -> String {
    format!("{}/{}", short_kind(item), item.target.name)
}

/// `deploy` for a target that is named as its autoscaler is, as most are.
pub(super) fn shortest_target(item: &Item) -> String {
    if item.target.name == item.name {
        short_kind(item).to_owned()
    } else {
        short_target(item)
    }
}

/// kubectl's short names.
fn short_kind(item: &Item) -> &str {
    match item.target.kind.as_str() {
        "Deployment" => "deploy",
        "StatefulSet" => "sts",
        "ReplicaSet" => "rs",
        "ReplicationController" => "rc",
        kind => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::made_up;
    use super::*;

    fn printed(width: usize, with_namespace: bool) -> String {
        let page = Page {
            width,
            with_namespace,
        };
        let mut out = Vec::new();
        write(&mut out, &made_up::report(), page, &View::default()).unwrap();
        anstream::adapter::strip_bytes(&out)
            .into_vec()
            .try_into()
            .unwrap()
    }

    #[test]
    fn the_table_fits_80_columns() {
        insta::assert_snapshot!(printed(80, true));
    }

    #[test]
    fn one_namespace_needs_no_column() {
        insta::assert_snapshot!(printed(80, false));
    }

    #[test]
    fn a_hundred_columns_have_space_for_more() {
        insta::assert_snapshot!(printed(100, true));
    }

    #[test]
    fn a_wide_terminal_shows_names_whole() {
        insta::assert_snapshot!(printed(160, true));
    }

    #[test]
    fn a_negative_saving_is_a_cost() {
        let cell = |share| {
            let mut item = made_up::report().items[1].clone();
            item.saving = item.saving.map(|it| Saving { share, ..it });
            saving(item.saving)
        };
        assert_eq!(cell(0.382), Cell::styled("38%", GOOD));
        assert_eq!(cell(-0.124), Cell::styled("-12%", CAREFUL));
        assert_eq!(cell(-0.004), Cell::plain("0%"));
        assert_eq!(saving(None), Cell::plain("-"));
    }

    #[test]
    fn a_change_of_the_window_alone_is_told() {
        let mut item = made_up::report().items[4].clone();
        item.config_diff
            .retain(|key, _| *key == "scale_down_cooldown_s");
        item.findings.clear();
        assert_eq!(findings(&item), ["cooldown 5m→10m"]);
    }

    #[test]
    fn no_line_is_longer_than_the_terminal() {
        for (width, with_namespace) in [(80, true), (80, false), (100, true), (132, true)] {
            let text = printed(width, with_namespace);
            let longest = text.lines().map(|it| it.chars().count()).max();
            assert!(longest <= Some(width), "{longest:?} of {width}:\n{text}");
        }
    }

    #[test]
    fn no_code_is_torn() {
        let report = made_up::report();
        let all = report.items.iter().filter(|it| note(it).is_none());
        let codes: Vec<&str> = all
            .flat_map(|it| it.findings.iter().map(|it| it.code.as_str()))
            .collect();
        assert!(codes.contains(&"two-autoscalers-one-target"), "{codes:?}");
        for width in [60, 80, 90, 100, 132, 160] {
            let text = printed(width, true);
            for code in &codes {
                assert!(text.contains(code), "{code} at {width}:\n{text}");
            }
        }
    }

    #[test]
    fn every_autoscaler_has_exactly_one_row() {
        let text = printed(240, true);
        assert_eq!(text.lines().count(), 1 + 8 + 1, "{text}");
    }

    #[test]
    fn an_empty_report_prints_nothing() {
        let mut report = made_up::report();
        report.items.clear();
        report.unread.clear();
        let page = Page {
            width: 80,
            with_namespace: true,
        };
        let mut out = Vec::new();
        write(&mut out, &report, page, &View::default()).unwrap();
        assert!(out.is_empty());
    }
}
