//! Recommendations for people: lists, one line each, and the story of one.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::Page;
use super::layout::{Cell, Column, Row, Shrink, View};
use super::table::{HEADER, NAMESPACE, column};
use crate::config::act::ListForm;
use crate::lifecycle::changes::Change;
use crate::lifecycle::diff::Setting;
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::Record;
use crate::units::Age;

const GOOD: Style = AnsiColor::Green.on_default();
const CAREFUL: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default();

const COLUMNS: [Column; 6] = [
    column("NAME", Shrink::Last { least: 8 }),
    column("PHASE", Shrink::Never),
    column("RISK", Shrink::Never),
    column("SAVING", Shrink::Never),
    column("AGE", Shrink::Never),
    column(
        "CHANGE",
        Shrink::Text {
            comfortable: 24,
            least: 12,
        },
    ),
];

/// The columns of a form; `None` where it has none.
pub fn columns_of(form: ListForm) -> Option<Vec<&'static str>> {
    let all = std::iter::once(&NAMESPACE).chain(&COLUMNS);
    match form {
        ListForm::Table => Some(all.map(|it| it.header).collect()),
        ListForm::Json | ListForm::Yaml | ListForm::Name => None,
    }
}

/// One row each, with the reason for the phase below it where there is one to tell.
///
/// # Errors
/// Where `out` takes no more.
pub fn write_table(
    out: &mut dyn Write,
    records: &[&Record],
    now: Timestamp,
    page: Page,
    view: &View,
) -> io::Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    let page = page.seen_by(view);
    let mut columns = COLUMNS.to_vec();
    if page.with_namespace {
        columns.insert(0, NAMESPACE);
    }
    let rows: Vec<Row> = records.iter().map(|it| row(it, now, page)).collect();
    view.write(out, (columns, rows), page.width, HEADER)
}

fn row(record: &Record, now: Timestamp, page: Page) -> Row {
    let (status, proposal) = (&record.status, &record.proposal);
    let mut cells = vec![];
    if page.with_namespace {
        cells.push(Cell::plain(&record.namespace));
    }
    cells.extend([
        Cell::plain(&record.name),
        Cell::styled(status.phase.to_string(), style(status.phase)),
        Cell::plain(proposal.risk.to_string()),
        Cell::plain(saving(record)),
        Cell::plain(
            status
                .since
                .map_or_else(|| "-".to_owned(), |it| age(now, it)),
        ),
        Cell::plain(proposal.one_line()),
    ]);
    let tells = match status.phase {
        Phase::Pending | Phase::Approved => false,
        Phase::Applied
        | Phase::Verified
        | Phase::Degraded
        | Phase::RolledBack
        | Phase::Blocked
        | Phase::Failed
        | Phase::Rejected
        | Phase::Superseded => !status.detail.is_empty(),
    };
    Row {
        cells,
        note: None,
        details: tells
            .then(|| Cell::plain(&status.detail))
            .into_iter()
            .collect(),
    }
}

fn style(phase: Phase) -> Style {
    match phase {
        Phase::Verified => GOOD,
        Phase::Applied | Phase::Approved => CAREFUL,
        Phase::Degraded | Phase::RolledBack | Phase::Blocked | Phase::Failed => BAD,
        Phase::Pending | Phase::Rejected | Phase::Superseded => Style::new(),
    }
}

/// `32%` of the replica-hours, `-10%` where more are needed, as in the table of an analysis.
pub(super) fn saving(record: &Record) -> String {
    match record.proposal.saving_share {
        Some(share) => format!("{}%", (share * 100.0).round() as i64),
        None => "-".to_owned(),
    }
}

/// `/spec/minReplicas: 6 → 2`.
pub fn change(change: &Change) -> String {
    let text = |it: &Option<Value>| match it {
        Some(value) => value.to_string(),
        None => "(nothing)".to_owned(),
    };
    let (from, to) = (text(&change.from), text(&change.to));
    format!("{}: {from} → {to}", change.path)
}

/// `rec/web in namespace shop is applied: healthy so far: …`, in one line.
pub fn standing(record: &Record) -> String {
    let (title, status) = (record.title(), &record.status);
    match status.detail.is_empty() {
        true => format!("{title} is {}", status.phase),
        false => format!("{title} is {}: {}", status.phase, status.detail),
    }
}

/// `min_replicas is to be 2, max_replicas is to be 12`.
pub fn still(diff: &[Setting]) -> String {
    let all = diff
        .iter()
        .map(|it| format!("{} is to be {}", it.key, it.to));
    all.collect::<Vec<_>>().join(", ")
}

/// The story of one, oldest first.
///
/// # Errors
/// Where `out` takes no more.
pub fn write_story(out: &mut dyn Write, record: &Record) -> io::Result<()> {
    writeln!(out, "{}: {}", record.title(), record.proposal.one_line())?;
    for entry in &record.status.story {
        let by = match entry.by.is_empty() {
            true => String::new(),
            false => format!(" ({})", entry.by),
        };
        writeln!(
            out,
            "  {}  {:<10}  {}{by}",
            entry.at, entry.phase, entry.detail
        )?;
    }
    Ok(())
}

/// How long ago `since` was; clocks of others may be ahead.
fn age(now: Timestamp, since: Timestamp) -> String {
    let passed = now.duration_since(since).max(SignedDuration::ZERO);
    Age(passed).to_string()
}

#[cfg(test)]
pub(crate) mod made_up {
    use super::*;
    use crate::analysis::assessment::RiskLevel;
    use crate::autoscaler::{AutoscalerId, AutoscalerKind};
    use crate::lifecycle::diff::{Key, Setting};
    use crate::lifecycle::record::Proposal;

    /// A minimum of six that might be two.
    pub(crate) fn record() -> Record {
        let id = AutoscalerId {
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
            kind: AutoscalerKind::HorizontalPodAutoscaler,
        };
        let proposal = Proposal {
            uid: Some("1".to_owned()),
            scales: None,
            analyzed_at: None,
            risk: RiskLevel::Low,
            summary: String::new(),
            saving_usd: None,
            saving_share: Some(0.316),
            diff: vec![Setting {
                key: Key::MinReplicas,
                from: 6.into(),
                to: 2.into(),
            }],
            schedule: vec![],
            schedule_before: vec![],
            losses: None,
            evidence: Value::Null,
            findings: Value::Null,
        };
        Record::propose(id, proposal, Timestamp::UNIX_EPOCH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(records: &[&Record]) -> String {
        let page = Page {
            width: 80,
            with_namespace: true,
        };
        let mut out = vec![];
        let now = Timestamp::from_second(7_300).unwrap();
        write_table(&mut out, records, now, page, &View::default()).unwrap();
        anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string()
    }

    #[test]
    fn a_table_tells_where_each_stands_and_why() {
        let pending = made_up::record();
        let mut blocked = made_up::record();
        blocked.status.phase = Phase::Blocked;
        blocked.status.detail = "unlicensed: no license".to_owned();
        insta::assert_snapshot!(table(&[&pending, &blocked]));
        assert_eq!(table(&[]), "");
    }

    #[test]
    fn a_story_has_a_line_for_each_step() {
        let mut out = vec![];
        write_story(&mut out, &made_up::record()).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap());
    }

    #[test]
    fn what_is_yet_to_come_is_now() {
        let later = Timestamp::from_second(9).unwrap();
        assert_eq!(age(Timestamp::UNIX_EPOCH, later), "0s");
        assert_eq!(age(later, Timestamp::UNIX_EPOCH), "9s");
    }
}
