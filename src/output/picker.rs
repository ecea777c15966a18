//! What whoever is asked gets to see: the recommendations to pick from in a line each, and what the
//! picked ones would change.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use super::records::saving;
use super::summary::counted;
use super::words::{dollars, printable};
use crate::analysis::assessment::RiskLevel;
use crate::lifecycle::diff::{Setting, in_words};
use crate::lifecycle::phase::Phase;
use crate::lifecycle::record::Record;

const TITLE: Style = Style::new().bold();
const LABEL: Style = Style::new().dimmed();
const OLD: Style = AnsiColor::Red.on_default();
const NEW: Style = AnsiColor::Green.on_default();
const CAREFUL: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// Between columns.
const GAP: &str = "  ";

/// As many lines of a summary are shown; the rest is in `analyze -o wide`.
const SUMMARY: usize = 3;

/// Text is not broken into lines shorter than this.
const NARROWEST: usize = 20;

/// Lines to pick from, in columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choices {
    pub header: String,
    pub lines: Vec<Choice>,
}

/// A recommendation in one line of `width` bytes at most, but for names that are longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Bytes and columns are the same in it, unless others gave settings values of their own.
    pub plain: String,
    pub styled: String,
}

/// The lines for all of `records`.
pub fn choices(records: &[&Record], width: usize) -> Choices {
    let names: Vec<String> = records.iter().map(|it| place(it)).collect();
    let savings: Vec<String> = records.iter().map(|it| both_savings(it)).collect();
    let longest = |all: &[String], header: &str| {
        let all = all.iter().map(String::len);
        all.chain([header.len()]).max().unwrap_or_default()
    };
    let (name, saving) = (longest(&names, "NAME"), longest(&savings, "SAVING"));
    let risk = "medium".len();
    let line = |cells: [&str; 4]| {
        let [first, second, third, last] = cells;
        let text = format!("{first:<name$}{GAP}{second:<risk$}{GAP}{third:>saving$}{GAP}{last}");
        text.trim_end().to_owned()
    };
    let left = width.saturating_sub(name + risk + saving + 3 * GAP.len());
    let each = records.iter().zip(names.iter().zip(&savings));
    let lines = each.map(|(record, (first, third))| {
        let level = record.proposal.risk;
        let change = refusal(record)
            .map_or_else(|| short(&record.proposal.diff, left), |why| cut(&why, left));
        let plain = line([first, &level.to_string(), third, &change]);
        let (before, after) = plain.split_at((name + GAP.len()).min(plain.len()));
        let word = level.to_string();
        let rest = after.strip_prefix(&word).unwrap_or_default();
        let style = style(level);
        let styled = format!("{before}{style}{word}{style:#}{rest}");
        Choice { plain, styled }
    });
    Choices {
        lines: lines.collect(),
        header: line(["NAME", "RISK", "SAVING", "CHANGE"]),
    }
}

/// Why it was not applied when somebody last tried; the same may happen again.
fn refusal(record: &Record) -> Option<String> {
    let status = &record.status;
    match status.phase {
        Phase::Blocked | Phase::Failed => {
            Some(format!("{}: {}", status.phase, printable(&status.detail)))
        }
        Phase::Pending
        | Phase::Approved
        | Phase::Applied
        | Phase::Verified
        | Phase::Degraded
        | Phase::RolledBack
        | Phase::Rejected
        | Phase::Superseded => None,
    }
}

/// As many words as `width` bytes have space for, and whether there are more.
fn cut(text: &str, width: usize) -> String {
    const MORE: &str = " ...";
    if text.len() <= width {
        return text.to_owned();
    }
    let ends = text.match_indices(' ').map(|(at, _)| at);
    let end = ends.take_while(|it| it + MORE.len() <= width).last();
    let first = text.find(' ').unwrap_or(text.len());
    format!("{}{MORE}", &text[..end.unwrap_or(first)])
}

fn place(record: &Record) -> String {
    format!("{}/{}", record.namespace, record.name)
}

fn style(level: RiskLevel) -> Style {
    match level {
        RiskLevel::Low => Style::new(),
        RiskLevel::Medium => CAREFUL,
        RiskLevel::High => BAD,
    }
}

/// `32%`, and `32% $12.30` a month where there are prices.
fn both_savings(record: &Record) -> String {
    let share = saving(record);
    match record.proposal.saving_usd {
        Some(usd) => format!("{share} {}", money(usd)),
        None => share,
    }
}

/// `$12.30`, `-$5.00`.
fn money(usd: f64) -> String {
    let sign = if usd < 0.0 { "-" } else { "" };
    format!("{sign}{}", dollars(usd.abs()))
}

/// As many settings as there is space for, without their values where not even one has it, and how
/// many there are besides.
fn short(diff: &[Setting], width: usize) -> String {
    let whole: Vec<String> = diff.iter().map(Setting::to_string).collect();
    let keys: Vec<String> = diff.iter().map(|it| it.key.to_string()).collect();
    let counts = || (1..=diff.len()).rev();
    let mut texts = counts()
        .map(|count| first_of(&whole, count))
        .chain(counts().map(|count| first_of(&keys, count)));
    let fitting = texts.find(|it| it.chars().count() <= width);
    fitting.unwrap_or_else(|| counted(diff.len(), "setting"))
}

/// `min 6→2, 1 more`.
fn first_of(all: &[String], count: usize) -> String {
    let shown = all[..count].join(", ");
    match all.len() - count {
        0 => shown,
        left => format!("{shown}, {left} more"),
    }
}

/// What one of them changes and what speaks for it, with a line break at its end.
pub fn details(record: &Record, width: usize) -> String {
    let rows = rows(record);
    let label = rows.iter().map(|it| it.label.len()).max().unwrap_or(0);
    let left = width.saturating_sub(label + 2 * GAP.len()).max(NARROWEST);
    let mut text = format!("{TITLE}{}{TITLE:#}\n", record.title());
    for row in rows {
        let mut name = row.label;
        for line in row.what.lines(left) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{GAP}{LABEL}{name:<label$}{LABEL:#}{GAP}{line}");
            name = "";
        }
    }
    text
}

struct Row<'a> {
    label: &'a str,
    what: What,
}

enum What {
    Change { from: String, to: String },
    Text { text: String, style: Style },
}

impl What {
    fn plain(text: String) -> Self {
        let style = Style::new();
        Self::Text { text, style }
    }

    /// Its lines, of `width` characters at most where words allow it.
    fn lines(&self, width: usize) -> Vec<String> {
        let styled = |text: &str, style: Style| -> Vec<String> {
            let lines = wrapped(text, width).into_iter();
            lines.map(|it| format!("{style}{it}{style:#}")).collect()
        };
        match self {
            Self::Text { text, style } => styled(text, *style),
            Self::Change { from, to } => {
                let together = format!("{from} → {to}");
                if together.chars().count() <= width {
                    return vec![format!("{OLD}{from}{OLD:#} → {NEW}{to}{NEW:#}")];
                }
                let (old, new) = (format!("- {from}"), format!("+ {to}"));
                [styled(&old, OLD), styled(&new, NEW)].concat()
            }
        }
    }
}

fn rows(record: &Record) -> Vec<Row<'_>> {
    let proposal = &record.proposal;
    let changes = proposal.diff.iter().map(|it| Row {
        label: it.key.as_str(),
        what: What::Change {
            from: in_words(&it.from),
            to: in_words(&it.to),
        },
    });
    let mut rows: Vec<Row<'_>> = changes.collect();
    let mut row = |label, what| rows.push(Row { label, what });
    if let Some(saving) = savings(record) {
        row("saving", What::plain(saving));
    }
    row("risk", risk(record));
    if let Some(why) = refusal(record) {
        let style = CAREFUL;
        row("last try", What::Text { text: why, style });
    }
    if let Some(known) = known(&proposal.evidence) {
        row("evidence", What::plain(known));
    }
    for (index, line) in summary(&proposal.summary).into_iter().enumerate() {
        row(if index == 0 { "why" } else { "" }, What::plain(line));
    }
    rows
}

fn savings(record: &Record) -> Option<String> {
    let proposal = &record.proposal;
    let share = proposal.saving_share.map(|_| {
        let share = saving(record);
        format!("{share} of the replica-hours")
    });
    let usd = proposal
        .saving_usd
        .map(|it| format!("{} a month", money(it)));
    let parts: Vec<String> = share.into_iter().chain(usd).collect();
    (!parts.is_empty()).then(|| format!("{}, projected", parts.join(", ")))
}

fn risk(record: &Record) -> What {
    let level = record.proposal.risk;
    let reasons = record.proposal.evidence["riskReasons"].as_array();
    let reasons: Vec<&str> = reasons
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let text = match reasons.is_empty() {
        true => level.to_string(),
        false => format!("{level}: {}", printable(&reasons.join("; "))),
    };
    let style = style(level);
    What::Text { text, style }
}

/// `14.0 days of history, 98% of it known`.
fn known(evidence: &Value) -> Option<String> {
    let days = evidence["days"].as_f64()?;
    let coverage = evidence["coverage"].as_f64()?;
    // What is not whole is not to be told as 100%.
    let percent = (coverage * 100.0).floor();
    Some(format!("{days:.1} days of history, {percent}% of it known"))
}

/// The first lines of a summary, without what marks them as a list.
fn summary(text: &str) -> Vec<String> {
    let all: Vec<&str> = text
        .lines()
        .map(|it| it.trim().trim_start_matches("- "))
        .filter(|it| !it.is_empty())
        .collect();
    let mut shown: Vec<String> = all.iter().take(SUMMARY).map(|it| printable(it)).collect();
    match all.len().saturating_sub(SUMMARY) {
        0 => {}
        left => shown.push(format!("({left} more)")),
    }
    shown
}

/// `text` in lines that are broken between words.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![];
    let mut line = String::new();
    for word in text.split(' ') {
        let joined = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && joined > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::lifecycle::diff::Key;
    use crate::output::records::made_up;

    fn setting(key: Key, from: Value, to: Value) -> Setting {
        Setting { key, from, to }
    }

    fn risky() -> Record {
        let pods = json!({ "type": "Pods", "value": 4, "periodSeconds": 15 });
        let share = json!({ "type": "Percent", "value": 100, "periodSeconds": 15 });
        let policies = |select: &str| json!({ "selectPolicy": select, "policies": [pods, share] });
        let mut record = made_up::record();
        record.name = "recommendations".to_owned();
        let proposal = &mut record.proposal;
        proposal.risk = RiskLevel::High;
        proposal.saving_share = Some(-0.104);
        proposal.saving_usd = Some(-5.0);
        proposal.diff.extend([
            setting(Key::TargetCpuPct, json!(40), json!(65)),
            setting(Key::ScaleUpPolicies, policies("Min"), policies("Max")),
        ]);
        proposal.evidence = json!({ "days": 13.96, "coverage": 0.9899,
            "riskReasons": ["the load grew by 31% in the last days", "2 days are missing"] });
        proposal.summary =
            "- a minimum of 2 was enough at every moment of the last fourteen days, \
                            also at night\n- the CPU target of 40% left more than half of what is \
                            paid for unused\n\n- \u{1b}[31mthree\n- four\n- five\n"
                .to_owned();
        record
    }

    fn shown(width: usize) -> String {
        let (low, high) = (made_up::record(), risky());
        let choices = choices(&[&low, &high], width - 7);
        let mut text = format!("      {}\n", choices.header);
        for line in &choices.lines {
            assert_eq!(
                anstream::adapter::strip_str(&line.styled).to_string(),
                line.plain
            );
            let _ = writeln!(text, "> [ ] {}", line.plain);
        }
        text += &details(&high, width);
        text += &details(&low, width);
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn eighty_columns_show_what_counts() {
        insta::assert_snapshot!(shown(80));
    }

    #[test]
    fn a_wide_terminal_shows_everything_in_a_line() {
        insta::assert_snapshot!(shown(160));
    }

    #[test]
    fn high_risk_and_both_values_stand_out() {
        let high = risky();
        let line = &choices(&[&high], 73).lines[0];
        assert!(
            line.styled.contains(&format!("{BAD}high{BAD:#}")),
            "{}",
            line.styled
        );
        let details = details(&high, 80);
        for part in [
            format!("{OLD}6{OLD:#} → {NEW}2{NEW:#}"),
            format!("{BAD}high: "),
        ] {
            assert!(details.contains(&part), "{details}");
        }
    }

    #[test]
    fn what_is_blocked_says_so_and_why() {
        let mut blocked = made_up::record();
        blocked.status.phase = Phase::Blocked;
        blocked.status.detail = "Argo CD tracks the object: change it in Git".to_owned();
        let whole = &choices(&[&blocked], 150).lines[0].plain;
        assert!(
            whole.ends_with("blocked: Argo CD tracks the object: change it in Git"),
            "{whole}"
        );
        let short = &choices(&[&blocked], 60).lines[0].plain;
        assert!(short.contains("  blocked: Argo"), "{short}");
        assert!(short.ends_with(" ...") && short.len() <= 60, "{short}");
        assert!(details(&blocked, 80).contains("change it in Git"));
        assert_eq!(cut("one two three", 12), "one two ...");
        assert_eq!(cut("one two three", 1), "one ...");
        assert_eq!(cut("one", 1), "one ...");
    }

    proptest! {
        #[test]
        fn no_line_is_longer_than_the_terminal(width in 60_usize..200) {
            for line in shown(width).lines() {
                prop_assert!(line.chars().count() <= width, "{line}");
            }
        }
    }
}
