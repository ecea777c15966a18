//! Changes of state, a line each.

mod schedules;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::json;

use crate::analysis::review::Standing;
use crate::config::watch::Form;
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::Record;
use crate::lifecycle::schedule::State;
use crate::output::exchange::annotation::{Annotation, Level};
pub(super) use schedules::{Reviewed, Turn};

/// What was told last, by namespace and name.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    phases: BTreeMap<(String, String), Phase>,
    schedules: BTreeMap<(String, String), State>,
    reviews: BTreeMap<(String, String), Standing>,
}

/// A record whose phase has changed.
#[derive(Clone, Debug)]
pub(super) struct Change<'a> {
    pub(super) record: &'a Record,
    /// `None` for a new one.
    pub(super) before: Option<Phase>,
}

impl Told {
    /// Takes all records as they are now; those whose phase is another than before.
    pub(super) fn changes<'a>(&mut self, records: &'a [Record]) -> Vec<Change<'a>> {
        let phases = records.iter().map(|it| {
            let name = (it.namespace.clone(), it.name.clone());
            (name, it.status.phase)
        });
        let before = std::mem::replace(&mut self.phases, phases.collect());
        let change = |record: &'a Record| {
            let name = (record.namespace.clone(), record.name.clone());
            let before = before.get(&name).copied();
            (before != Some(record.status.phase)).then_some(Change { record, before })
        };
        records.iter().filter_map(change).collect()
    }
}

impl Change<'_> {
    /// The line in one of the forms.
    pub(super) fn line(&self, form: Form, now: Timestamp) -> String {
        match form {
            Form::Text => self.text(now),
            Form::Jsonl => self.json(now),
            Form::Github => self.annotation(),
        }
    }

    /// `2026-11-22T09:00:00Z shop/web pending → approved: approved by ann`.
    fn text(&self, now: Timestamp) -> String {
        let Record {
            namespace,
            name,
            status,
            ..
        } = self.record;
        let before = self.before.map_or(String::new(), |it| format!("{it} → "));
        format!(
            "{now} {namespace}/{name} {before}{}: {}",
            status.phase, status.detail
        )
    }

    fn json(&self, now: Timestamp) -> String {
        let Record {
            namespace,
            name,
            status,
            proposal,
            ..
        } = self.record;
        json!({
            "time": now,
            "namespace": namespace,
            "name": name,
            "target": self.record.autoscaler.to_string(),
            "before": self.before.map(|it| it.to_string()),
            "phase": status.phase.to_string(),
            "detail": status.detail,
            "change": proposal.one_line(),
            "probationUntil": status.probation_until,
            "measured": status.measured,
        })
        .to_string()
    }

    /// `::notice title=shop/web is verified::healthy after probation`, as workflow commands have it.
    fn annotation(&self) -> String {
        let status = &self.record.status;
        let level = match status.phase {
            Phase::Degraded | Phase::RolledBack | Phase::Failed => Level::Error,
            Phase::Blocked => Level::Warning,
            Phase::Pending
            | Phase::Approved
            | Phase::Applied
            | Phase::Verified
            | Phase::Rejected
            | Phase::Superseded => Level::Note,
        };
        let title = format!(
            "{}/{} is {}",
            self.record.namespace, self.record.name, status.phase
        );
        let detail = match status.detail.is_empty() {
            true => self.record.proposal.one_line(),
            false => format!("{}: {}", self.record.proposal.one_line(), status.detail),
        };
        Annotation {
            level,
            title: &title,
            message: &detail,
            place: None,
        }
        .to_string()
    }
}

/// A table of all records in Markdown, for the summary of a workflow; `None` where they could not be
/// read.
pub(super) fn summary(records: Option<&[Record]>) -> String {
    let mut text = "### Recommendations of stepscale\n\n".to_owned();
    let records = match records {
        None => {
            text.push_str("They could not be read.\n");
            return text;
        }
        Some([]) => {
            text.push_str("None.\n");
            return text;
        }
        Some(records) => records,
    };
    text.push_str("| Recommendation | Phase | Change | Detail |\n| --- | --- | --- | --- |\n");
    for record in records {
        let cell = |it: &str| it.replace('|', "\\|").replace(['\r', '\n'], " ");
        let _ = writeln!(
            text,
            "| {}/{} | {} | {} | {} |",
            record.namespace,
            record.name,
            record.status.phase,
            cell(&record.proposal.one_line()),
            cell(&record.status.detail)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::records::made_up;

    fn record(phase: Phase, detail: &str) -> Record {
        let mut record = made_up::record();
        record.status.phase = phase;
        record.status.detail = detail.to_owned();
        record
    }

    #[test]
    fn each_change_is_told_once() {
        let mut told = Told::default();
        let pending = [record(Phase::Pending, "")];
        assert_eq!(told.changes(&pending).len(), 1);
        assert!(told.changes(&pending).is_empty());
        let applied = [record(Phase::Applied, "patched HPA")];
        let changes = told.changes(&applied);
        assert_eq!(changes[0].before, Some(Phase::Pending));
        let line = changes[0].line(Form::Text, Timestamp::UNIX_EPOCH);
        assert_eq!(
            line,
            "1970-01-01T00:00:00Z shop/web pending → applied: patched HPA"
        );
        let line = changes[0].line(Form::Jsonl, Timestamp::UNIX_EPOCH);
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&line["before"], &line["phase"]),
            (&json!("pending"), &json!("applied"))
        );
        // One that is gone and comes back is new.
        assert!(told.changes(&[]).is_empty());
        assert_eq!(told.changes(&applied)[0].before, None);
    }

    #[test]
    fn annotations_are_workflow_commands() {
        let bad = record(Phase::RolledBack, "SLO p99: 1 %\nworse");
        let line = Told::default().changes(std::slice::from_ref(&bad))[0]
            .line(Form::Github, Timestamp::UNIX_EPOCH);
        let expected = "::error title=shop/web is rolledBack::min 6→2: \
                        SLO p99: 1 %25%0Aworse";
        assert_eq!(line, expected);
    }

    #[test]
    fn a_summary_is_a_table() {
        assert!(summary(None).ends_with("They could not be read.\n"));
        assert!(summary(Some(&[])).ends_with("None.\n"));
        let text = summary(Some(&[record(Phase::Applied, "a | b\nc")]));
        assert!(text.ends_with("| shop/web | applied | min 6→2 | a \\| b c |\n"));
    }
}
