//! `-o wide`: every column, however long, and below each autoscaler what was found, why the
//! proposed settings have their values, and what to do.

use std::io::{self, Write};

use super::Page;
use super::layout::{Cell, Column, Row, Shrink, View};
use super::report::evidence::Evidence;
use super::report::{AnalysisReport, Item, Saving};
use super::spark;
use super::summary::counted;
use super::table::{self, column};
use super::words::dollars;
use crate::analysis::assessment::{HeldBack, Interval, Proof};
use crate::analysis::fidelity::{Fidelity, Fit};
use crate::analysis::opinion::Opinion;
use crate::sim::score::Totals;
use crate::units::window;

const COLUMNS: [Column; 12] = [
    column("NAME", Shrink::Last { least: 8 }),
    column("KIND", Shrink::Never),
    // `StatefulSet/` in one piece.
    column("TARGET", Shrink::First { least: 12 }),
    column("REPLICAS", Shrink::Never),
    column("MIN", Shrink::Never),
    column("MAX", Shrink::Never),
    column("TARGET%", Shrink::Never),
    column("COOLDOWN", Shrink::Never),
    column("HISTORY", Shrink::Never),
    column("LOAD", Shrink::Never),
    column("SAVING", Shrink::Never),
    column("RISK", Shrink::Never),
];

/// Columns that are told below the row where a page has no room for them, the first one first.
const GIVING_WAY: [&str; 5] = ["LOAD", "HISTORY", "COOLDOWN", "REPLICAS", "KIND"];

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
    let mut below = Vec::new();
    let mut table = self::table(report, page, &below);
    // Who names columns has them where they were wished for.
    let movable = GIVING_WAY.iter().filter(|it| !view.names(it));
    for name in movable.filter(|_| view.columns.is_empty()) {
        if view.is_comfortable(table.clone(), page.width) {
            break;
        }
        below.push(*name);
        table = self::table(report, page, &below);
    }
    view.write(out, table, page.width, table::HEADER)
}

/// All but the columns that are told `below` the rows.
fn table(report: &AnalysisReport, page: Page, below: &[&str]) -> (Vec<Column>, Vec<Row>) {
    let namespace = page.with_namespace.then_some(&table::NAMESPACE);
    let columns = namespace.into_iter().chain(&COLUMNS);
    let columns = columns.filter(|it| !below.contains(&it.header)).copied();
    let items = report.items.iter().map(|it| row(it, page, below));
    let unread = report.unread.iter().map(|it| {
        let mut row = table::unread_row(it, page);
        let check = it
            .permission
            .as_ref()
            .map(|it| format!("check: {}", it.check));
        row.details.extend(check.map(Cell::plain));
        row
    });
    (columns.collect(), items.chain(unread).collect())
}

fn row(item: &Item, page: Page, below: &[&str]) -> Row {
    let target = match below.is_empty() {
        true => table::full_target(item),
        false => table::shortest_target(item),
    };
    let [min, max, percent] = table::settings(item);
    let cells = [
        ("NAME", Cell::plain(&item.name)),
        ("KIND", Cell::plain(item.kind.short())),
        ("TARGET", Cell::plain(target)),
        ("REPLICAS", Cell::plain(or_none(replicas(item)))),
        ("MIN", min),
        ("MAX", max),
        ("TARGET%", percent),
        ("COOLDOWN", Cell::plain(cooldown(item))),
        ("HISTORY", Cell::plain(history(item))),
        ("LOAD", Cell::plain(or_none(load(item)))),
    ];
    let namespace = page.with_namespace.then(|| Cell::plain(&item.namespace));
    let cells = cells.into_iter().filter(|it| !below.contains(&it.0));
    let mut cells: Vec<Cell> = namespace.into_iter().chain(cells.map(|it| it.1)).collect();
    let mut note = table::note(item);
    if note.is_none() {
        cells.push(table::saving(item.saving));
        cells.push(table::risk(item));
    }
    let told = told_below(item, below).into_iter().chain(details(item));
    let told = told.map(Cell::plain);
    // A narrow page has no room for a note beside the cells.
    let is_narrow = !below.is_empty();
    let first = note.take_if(|_| is_narrow);
    Row {
        cells,
        note,
        details: first.into_iter().chain(told).collect(),
    }
}

/// `hpa; 4 replicas; cooldown 5m; history 14 d, 98%; load ▁▂▁▂▂▃▂▄▃▅▄▇▄█`
fn told_below(item: &Item, below: &[&str]) -> Option<String> {
    let all = [
        ("KIND", Some(item.kind.short().to_owned())),
        ("REPLICAS", replicas(item).map(|it| counted(it, "replica"))),
        ("COOLDOWN", Some(format!("cooldown {}", cooldown(item)))),
        ("HISTORY", Some(format!("history {}", history(item)))),
        ("LOAD", load(item).map(|it| format!("load {it}"))),
    ];
    let all = all.into_iter().filter(|it| below.contains(&it.0));
    let told: Vec<String> = all.filter_map(|it| it.1).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

fn or_none(told: Option<impl ToString>) -> String {
    told.map_or_else(|| table::NONE.to_owned(), |it| it.to_string())
}

fn replicas(item: &Item) -> Option<usize> {
    Some(item.current_replicas?.0 as usize)
}

/// The load of the last days, two bars for each.
fn load(item: &Item) -> Option<String> {
    Some(spark::line(item.trend?.parts()))
}

fn cooldown(item: &Item) -> String {
    table::cooldown(item).unwrap_or_else(|| window(item.today.scale_down_cooldown_s))
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
    use super::super::lines::ENDLESS;
    use super::super::report::made_up;
    use super::*;

    fn printed(width: usize, columns: &[&str]) -> String {
        let page = Page {
            width,
            with_namespace: true,
        };
        let view = View {
            columns: columns.iter().map(|&it| it.to_owned()).collect(),
            ..View::default()
        };
        let mut out = Vec::new();
        write(&mut out, &made_up::report(), page, &view).unwrap();
        anstream::adapter::strip_bytes(&out)
            .into_vec()
            .try_into()
            .unwrap()
    }

    #[test]
    fn everything_is_told() {
        insta::assert_snapshot!(printed(ENDLESS, &[]));
    }

    #[test]
    fn a_narrow_page_has_the_same_on_more_lines() {
        insta::assert_snapshot!(printed(80, &[]));
        for width in [80, 100, 132, 160, 200] {
            let text = printed(width, &[]);
            let lines = text.lines().filter(|it| !it.contains("kubectl "));
            let longest = lines.map(|it| it.chars().count()).max();
            assert!(longest <= Some(width), "{longest:?} of {width}:\n{text}");
            assert!(
                text.contains("▁▂▁▂▂▃▂▄▃▅▄▇▄█▁▂▁▂▂▃▂▄▃▅▄▇▄█"),
                "{width}:\n{text}"
            );
        }
    }

    #[test]
    fn the_load_is_a_column_that_can_be_asked_for() {
        let text = printed(60, &["name", "load"]);
        let cart = text.lines().find(|it| it.starts_with("cart")).unwrap();
        assert!(cart.ends_with(" ▁▂▁▂▂▃▂▄▃▅▄▇▄█▁▂▁▂▂▃▂▄▃▅▄▇▄█"), "{cart}");
        let web = text.lines().find(|it| it.starts_with("web")).unwrap();
        assert!(web.ends_with(" -"), "{web}");
    }
}
