//! A row of the fleet's table.

use super::{Tag, Tone, id, link};
use crate::analysis::assessment::RiskLevel;
use crate::analysis::findings::Severity;
use crate::output::report::{Item, Outcome};
use crate::output::table;
use crate::output::words::percent;

/// One autoscaler in the table.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) link: String,
    pub(super) namespace: String,
    pub(super) name: String,
    /// `hpa · Deployment/web`
    pub(super) under: String,
    pub(super) has_chart: bool,
    /// What the row is filtered by: words with spaces between them.
    pub(super) outcome: String,
    pub(super) cells: Vec<Cell>,
    pub(super) tags: Vec<Tag>,
    /// By how much the findings matter, together.
    pub(super) weight: usize,
    pub(super) reason: String,
}

/// A figure that is sorted by a number.
pub(super) struct Cell {
    pub(super) label: &'static str,
    pub(super) text: String,
    /// What it is to be, if it is to change.
    pub(super) to: Option<String>,
    /// `None` comes last.
    pub(super) sort: Option<f64>,
    pub(super) tone: Tone,
}

impl Row {
    pub(super) fn of(item: &Item) -> Self {
        // Most are named as what they scale.
        let target = match item.target.name == item.name {
            true => item.target.kind.clone(),
            false => format!("{}/{}", item.target.kind, item.target.name),
        };
        let severities = item.findings.iter().map(|it| it.severity);
        Self {
            id: id(item),
            link: link(item),
            namespace: item.namespace.clone(),
            name: item.name.clone(),
            under: format!("{} · {target}", item.kind.short()),
            has_chart: item.portrait.is_some(),
            outcome: filters(item).join(" "),
            cells: cells(item),
            tags: tags(item),
            weight: severities.map(weight).sum(),
            reason: item.reason.clone().unwrap_or_default(),
        }
    }
}

/// The words that the table may be filtered by, with what is said of them.
pub(super) const FILTERS: [(&str, &str); 9] = [
    ("recommended", "Recommended"),
    ("critical", "With critical findings"),
    ("found", "With any finding"),
    ("no-change", "No change"),
    ("withheld", "Withheld"),
    ("little-history", "Too little history"),
    ("skipped", "Skipped"),
    ("unreadable", "Unreadable"),
    ("at-risk", "Medium or high risk"),
];

pub(super) fn filters(item: &Item) -> Vec<&'static str> {
    let mut words = vec![match item.outcome {
        Outcome::Recommended => "recommended",
        Outcome::NoChange => "no-change",
        Outcome::Withheld => "withheld",
        Outcome::NotEnoughHistory => "little-history",
        Outcome::Skipped => "skipped",
        Outcome::Unreadable => "unreadable",
    }];
    let mut add = |word, is_so: bool| words.extend(is_so.then_some(word));
    add("found", !item.findings.is_empty());
    let critical = |it: &crate::analysis::findings::Finding| it.severity == Severity::Critical;
    add("critical", item.findings.iter().any(critical));
    add("at-risk", item.risk.is_some_and(|it| it > RiskLevel::Low));
    words
}

fn cells(item: &Item) -> Vec<Cell> {
    let number = |label, today: Option<u32>, key: &str| {
        let to = item.config_diff.get(key).and_then(|it| it.to.as_u64());
        let unit = if key == "target_cpu_pct" { "%" } else { "" };
        let told = |it: u64| format!("{it}{unit}");
        Cell {
            label,
            text: today.map_or_else(none, |it| told(it.into())),
            to: to.map(told),
            sort: today.map(f64::from),
            tone: Tone::Plain,
        }
    };
    vec![
        number("Replicas", item.current_replicas.map(|it| it.0), ""),
        number("Min", Some(item.today.min_replicas.0), "min_replicas"),
        number("Max", Some(item.today.max_replicas.0), "max_replicas"),
        number("CPU target", item.today.target_cpu_pct, "target_cpu_pct"),
        saving(item),
        risk(item),
    ]
}

fn none() -> String {
    "–".to_owned()
}

fn saving(item: &Item) -> Cell {
    let share = item.saving.map(|it| it.share);
    let rounded = share.map_or(0.0, |it| (it * 100.0).round());
    Cell {
        label: "Saving",
        text: share.map_or_else(none, percent),
        to: None,
        sort: share,
        tone: match rounded {
            saves if saves > 0.0 => Tone::Good,
            costs if costs < 0.0 => Tone::Careful,
            _ => Tone::Plain,
        },
    }
}

fn risk(item: &Item) -> Cell {
    Cell {
        label: "Risk",
        text: item.risk.map_or_else(none, |it| it.to_string()),
        to: None,
        sort: item.risk.map(|it| f64::from(it as u8)),
        tone: item.risk.map_or(Tone::Plain, of_risk),
    }
}

pub(super) fn of_risk(level: RiskLevel) -> Tone {
    match level {
        RiskLevel::Low => Tone::Good,
        RiskLevel::Medium => Tone::Careful,
        RiskLevel::High => Tone::Bad,
    }
}

pub(super) fn of_severity(severity: Severity) -> Tone {
    match severity {
        Severity::Info => Tone::Plain,
        Severity::Warning => Tone::Careful,
        Severity::Critical => Tone::Bad,
    }
}

fn weight(severity: Severity) -> usize {
    match severity {
        Severity::Info => 1,
        Severity::Warning => 100,
        Severity::Critical => 10_000,
    }
}

/// What came of it, changes that have no column of their own, then the findings.
fn tags(item: &Item) -> Vec<Tag> {
    let window = table::cooldown(item).map(|it| format!("cooldown {it}"));
    let changes = window.into_iter().chain(table::policies(item));
    let changes = changes.map(|it| Tag::new(it, Tone::Accent));
    let findings = item.findings.iter();
    let findings = findings.map(|it| Tag::new(it.code.as_str(), of_severity(it.severity)));
    ended(item)
        .into_iter()
        .chain(changes)
        .chain(findings)
        .collect()
}

/// `None` where the rest of the row tells.
fn ended(item: &Item) -> Option<Tag> {
    match item.outcome {
        Outcome::Recommended | Outcome::NoChange => None,
        Outcome::Unreadable => Some(Tag::new("unreadable", Tone::Bad)),
        Outcome::Withheld | Outcome::NotEnoughHistory | Outcome::Skipped => Some(outcome(item)),
    }
}

/// Where its analysis ended.
pub(super) fn outcome(item: &Item) -> Tag {
    match item.outcome {
        Outcome::Recommended if item.is_refused => Tag::new("refused before", Tone::Plain),
        Outcome::Recommended => Tag::new("change recommended", Tone::Accent),
        Outcome::NoChange => Tag::new("no change", Tone::Good),
        Outcome::Withheld => Tag::new("withheld", Tone::Plain),
        Outcome::NotEnoughHistory => Tag::new("too little history", Tone::Plain),
        Outcome::Skipped => Tag::new("skipped", Tone::Plain),
        Outcome::Unreadable => Tag::new("unreadable", Tone::Bad),
    }
}
