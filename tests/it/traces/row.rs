//! One case from the mis-set HPA to the effect of what is recommended for it.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use stepscale::analysis::assessment::{Assessment, Outcome};
use stepscale::analysis::{AnalysisSettings, assess};
use stepscale::autoscaler::Autoscaler;
use stepscale::fleet::Subject;
use stepscale::history::History;

use super::cases::Case;
use super::fault::{Field, changes};
use super::load::Load;
use super::served::{Effect, Sums, effect, history};

/// Shortfall beyond today's that samples of five minutes cannot exclude, in minutes and in
/// core-minutes of two weeks: a jump between two syncs, which any setting meets that keeps fewer
/// replicas than the wasteful one.
const MARGIN: f64 = 1.0;

/// What a recommendation saves of the replica-hours, or else relieves of the shortfall: half of what
/// has to be expected of it, since the true load is not the history.
const GAIN: f64 = 0.05;
const RELIEF: f64 = 0.25;

/// A fault costs at least this share of the replica-hours, or a minute of shortfall a day.
const COST: f64 = 0.1;
const HURT_MINUTES: f64 = 14.0;

/// What became of a case.
pub(super) struct Row {
    pub(super) case: &'static Case,
    /// Without the faults.
    tuned: Effect,
    today: Effect,
    /// What was recommended, and what it does.
    pub(super) changed: Option<(Vec<(Field, String)>, Effect)>,
}

impl Row {
    pub(super) fn of(case: &'static Case, load: &Load) -> Self {
        let steps: Vec<f64> = load.means().flatten().collect();
        let hpa = case.today(&steps);
        let (today, history) = history(case, load, &hpa);
        let changed = recommended(case, &hpa, &history).map(|better| {
            let effect = effect(case, load, &better);
            (changes(&hpa, &better), effect)
        });
        let tuned = if case.faults.is_empty() {
            today
        } else {
            effect(case, load, &case.tuned(&steps))
        };
        Self {
            case,
            tuned,
            today,
            changed,
        }
    }

    /// What is worse under the recommendation, if anything is.
    pub(super) fn worse(&self) -> Option<String> {
        let (_, after) = self.changed.as_ref()?;
        let whole = worse("all days", &self.today.all, &after.all);
        let late = worse("held-back days", &self.today.held_back, &after.held_back);
        let parts: Vec<String> = whole.into_iter().chain(late).collect();
        (!parts.is_empty()).then(|| format!("{}: {self}", parts.join("; ")))
    }

    /// What the recommendation costs, if it gains nothing.
    pub(super) fn pointless(&self) -> Option<String> {
        let (before, after) = (&self.today.all, &self.changed.as_ref()?.1.all);
        let saves = after.replica_hours <= (1.0 - GAIN) * before.replica_hours;
        let left = after.shortfall_minutes / before.shortfall_minutes;
        let serves = left <= 1.0 - RELIEF;
        (!saves && !serves).then(|| self.to_string())
    }

    /// What makes this case prove nothing.
    pub(super) fn harmless(&self) -> Option<String> {
        let (today, tuned) = (&self.today.all, &self.tuned.all);
        let lacks = |it: &Sums| it.shortfall_minutes >= HURT_MINUTES;
        let hurts = today.replica_hours > (1.0 + COST) * tuned.replica_hours
            || today.shortfall_minutes >= tuned.shortfall_minutes + HURT_MINUTES;
        match self.case.faults {
            [] => lacks(today).then(|| format!("lacks replicas: {self}")),
            [..] => (!hurts).then(|| format!("costs nothing: {self}")),
        }
    }

    fn touches(&self, fields: &[Field]) -> bool {
        let changed = self.changed.iter().flat_map(|(changes, _)| changes);
        changed.into_iter().any(|(field, _)| fields.contains(field))
    }
}

/// By how much shortfall grows, if it does.
fn worse(days: &str, before: &Sums, after: &Sums) -> Option<String> {
    let minutes = after.shortfall_minutes - before.shortfall_minutes;
    let core_minutes = after.shortfall_core_minutes - before.shortfall_core_minutes;
    let is_worse = minutes > MARGIN || core_minutes > MARGIN;
    is_worse.then(|| format!("{days} {minutes:+.2} min, {core_minutes:+.2} core-min"))
}

/// The HPA as it would be after the recommendation; `None` without one.
fn recommended(case: &Case, hpa: &Autoscaler, history: &History) -> Option<Autoscaler> {
    let assessment = assessed(case, hpa, history, &AnalysisSettings::default());
    match assessment.outcome {
        Outcome::Recommended(it) => Some(it.proposed.apply(hpa)),
        Outcome::NoChange | Outcome::Withheld { .. } => None,
        Outcome::NotEnoughHistory { .. } | Outcome::Skipped { .. } | Outcome::Unreadable { .. } => {
            panic!("{}: not judged: {:?}", case.trace, assessment.outcome)
        }
    }
}

/// What is said of the HPA at the end of its history.
pub(super) fn assessed(
    case: &Case,
    hpa: &Autoscaler,
    history: &History,
    settings: &AnalysisSettings,
) -> Assessment {
    let subject = Subject {
        autoscaler: hpa.clone(),
        workload: Ok(case.workload()),
        rivals: Vec::new(),
        missing_authentications: Vec::new(),
    };
    let now = history.grid().map_or(Timestamp::UNIX_EPOCH, |it| it.end());
    assess(&subject, history, settings, now)
}

/// The rows as Markdown.
pub(super) fn table(rows: &[Row]) -> String {
    let mut lines = vec![
        "| trace | planted fault | recommended | replica-hours before → after (tuned) \
         | shortfall min before → after (tuned) | held-back before → after |"
            .to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    lines.extend(rows.iter().map(Row::to_string));
    lines.join("\n")
}

impl fmt::Display for Row {
    /// A line of the table.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, tuned) = (&self.today, &self.tuned.all);
        let (said, after) = match &self.changed {
            Some((changes, after)) => {
                let texts: Vec<&str> = changes.iter().map(|(_, text)| text.as_str()).collect();
                (texts.join(", "), after)
            }
            None => ("nothing".to_owned(), before),
        };
        let pair = |part: fn(&Effect) -> Sums, of: fn(&Sums) -> f64| {
            format!(
                "{} → {}",
                rounded(of(&part(before))),
                rounded(of(&part(after)))
            )
        };
        let hours = |it: &Sums| it.replica_hours;
        let short = |it: &Sums| it.shortfall_minutes;
        write!(
            f,
            "| {} | {} | {said} | {} ({}) | {} ({}) | {} h, {} min |",
            self.case.trace,
            self.case.planted(),
            pair(|it| it.all, hours),
            rounded(tuned.replica_hours),
            pair(|it| it.all, short),
            rounded(tuned.shortfall_minutes),
            pair(|it| it.held_back, hours),
            pair(|it| it.held_back, short),
        )
    }
}

fn rounded(value: f64) -> String {
    let digits = usize::from(value < 100.0 && value.fract() != 0.0);
    format!("{value:.digits$}")
}

/// How many of the faults of a kind were answered in the field that they are in.
pub(super) struct Share {
    kind: &'static str,
    pub(super) planted: usize,
    pub(super) touched: usize,
}

/// Of each kind; a case with several faults counts for each.
pub(super) fn shares(rows: &[Row]) -> Vec<Share> {
    let mut kinds: BTreeMap<&'static str, (usize, usize)> = BTreeMap::new();
    for row in rows {
        for fault in row.case.faults {
            let (planted, touched) = kinds.entry(fault.kind()).or_default();
            *planted += 1;
            *touched += usize::from(row.touches(fault.fields()));
        }
    }
    let share = |(kind, (planted, touched))| Share {
        kind,
        planted,
        touched,
    };
    kinds.into_iter().map(share).collect()
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            planted,
            touched,
        } = self;
        write!(f, "{kind}: touched in {touched} of {planted}")
    }
}
