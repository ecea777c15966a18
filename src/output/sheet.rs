//! What an autoscaler is set to and what came of it, in rows for the tables of documents.

use super::report::Item;
use super::words::{amount, minutes, percent};
use crate::analysis::assessment::{JobScores, share_saved};
use crate::analysis::settings::Settings;
use crate::analysis::settings::keda::{Fallback, KedaSettings};
use crate::sim::score::Totals;
use crate::units::window;

/// One setting, today and as it is proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SettingRow {
    pub(super) name: String,
    pub(super) today: String,
    /// `None` where it stays.
    pub(super) proposed: Option<String>,
}

/// One figure of replays, of today's settings and of the proposed ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Figure {
    pub(super) name: &'static str,
    /// What it says, in a few words.
    pub(super) about: &'static str,
    pub(super) today: String,
    pub(super) proposed: Option<String>,
    /// How much more or less that is.
    pub(super) change: Change,
}

/// What a proposal does to a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    None,
    Better(String),
    Worse(String),
}

impl Change {
    fn of(today: f64, proposed: f64) -> Self {
        // Hundredths are the noise of rounding.
        if (proposed - today).abs() < 0.01 {
            return Self::None;
        }
        let share = -share_saved(today, proposed);
        let text = match (today > 0.0, share > 9.99) {
            (false, _) => format!("+{}", amount(proposed)),
            (true, true) => format!("×{}", amount(proposed / today)),
            (true, false) if share > 0.0 => format!("+{}", percent(share)),
            (true, false) => percent(share),
        };
        if proposed < today {
            Self::Better(text)
        } else {
            Self::Worse(text)
        }
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Self::None => "",
            Self::Better(text) | Self::Worse(text) => text,
        }
    }
}

/// What is set, in the order of the settings; what is neither said nor proposed is left out.
pub(super) fn settings(item: &Item) -> Vec<SettingRow> {
    let today = named(&item.today);
    let proposed = item.proposed.as_ref().map(named).unwrap_or_default();
    let mut rows: Vec<SettingRow> = today
        .into_iter()
        .map(|(name, today)| {
            let next = proposed.iter().find(|it| it.0 == name);
            let next = next.map(|it| it.1.clone());
            SettingRow {
                proposed: next.filter(|it| *it != today),
                name,
                today,
            }
        })
        .collect();
    let is_silent =
        |it: &SettingRow| it.today == UNSAID || (&*it.name, &*it.today) == (SCHEDULE, NONE);
    rows.retain(|it| it.proposed.is_some() || !is_silent(it));
    rows
}

const SCHEDULE: &str = "Schedule";
const NONE: &str = "none";

/// What stands where the object says nothing, so that the controller's own rules hold.
const UNSAID: &str = "default";

/// Every setting that this kind has, with its value in words.
fn named(it: &Settings) -> Vec<(String, String)> {
    let mut all = vec![
        ("Minimum replicas".to_owned(), it.min_replicas.to_string()),
        ("Maximum replicas".to_owned(), it.max_replicas.to_string()),
    ];
    let mut add = |name: &str, value: String| all.push((name.to_owned(), value));
    if let Some(target) = it.target_cpu_pct {
        add("Target CPU utilization", format!("{target}%"));
    }
    if let Some(seconds) = it.polling_interval_s {
        add(
            "Scaling strategy",
            it.scaling_strategy
                .clone()
                .unwrap_or_else(|| UNSAID.to_owned()),
        );
        add("Polling interval", window(seconds));
        return all;
    }
    let policies = |it: &Option<_>| {
        it.as_ref()
            .map_or_else(|| UNSAID.to_owned(), ToString::to_string)
    };
    add("Scale-down window", window(it.scale_down_cooldown_s));
    add("Scale-up policies", policies(&it.scale_up));
    add("Scale-down policies", policies(&it.scale_down));
    if let Some(keda) = &it.keda {
        all.extend(of_keda(keda));
    }
    let schedule = match it.schedule.is_empty() {
        true => NONE.to_owned(),
        false => it.schedule.to_string(),
    };
    all.push((SCHEDULE.to_owned(), schedule));
    all
}

fn of_keda(it: &KedaSettings) -> Vec<(String, String)> {
    let thresholds = it.trigger_thresholds.iter();
    let mut all: Vec<_> = thresholds
        .map(|(index, text)| (format!("Threshold of trigger {index}"), text.clone()))
        .collect();
    all.extend([
        ("Cooldown period".to_owned(), window(it.cooldown_period_s)),
        ("Polling interval".to_owned(), window(it.polling_interval_s)),
        ("Fallback".to_owned(), fallback(it.fallback.as_ref())),
    ]);
    all
}

fn fallback(it: Option<&Fallback>) -> String {
    let Some(it) = it else {
        return NONE.to_owned();
    };
    let behavior = it.behavior.iter().map(|it| format!(", {it}"));
    format!(
        "{} replicas after {} failures{}",
        it.replicas,
        it.failure_threshold,
        behavior.collect::<String>()
    )
}

/// What replays came to; empty where nothing was replayed.
pub(super) fn figures(item: &Item) -> Vec<Figure> {
    let Some((today, proposed)) = scores(item) else {
        return Vec::new();
    };
    let jobs = item
        .evidence
        .proof
        .as_ref()
        .and_then(|it| it.jobs.as_deref());
    if let Some(jobs) = jobs {
        return of_jobs(&jobs.today, &jobs.proposed);
    }
    let mut all = of_totals(today, proposed);
    // What is nothing in both needs no row, but for what it costs and whether it serves.
    all.retain(|it| {
        let is_nothing = |text: &str| matches!(text, "0" | "0 min");
        let both = is_nothing(&it.today) && it.proposed.as_deref().is_none_or(is_nothing);
        !both || matches!(it.name, "Replica-hours" | "Shortfall")
    });
    all
}

/// The scores over the whole window, of today's settings and of the proposed ones.
pub(super) fn scores(item: &Item) -> Option<(&Totals, Option<&Totals>)> {
    let proof = item.evidence.proof.as_ref();
    if let Some(proof) = proof {
        return Some((&proof.today, Some(&proof.proposed)));
    }
    let figures = item.portrait.as_ref()?.figures.as_ref()?;
    Some((&figures.today, figures.proposed.as_ref()))
}

type Row<T> = (&'static str, &'static str, fn(&T) -> f64, fn(f64) -> String);

const OF_TOTALS: [Row<Totals>; 10] = [
    (
        "Replica-hours",
        "what it costs",
        |it| it.replica_hours.hours(),
        amount,
    ),
    (
        "Shortfall",
        "the pods could give less than was asked for",
        |it| it.shortfall_minutes,
        minutes,
    ),
    (
        "Missing capacity",
        "core-minutes that were asked for and not there",
        |it| it.shortfall_core_minutes,
        amount,
    ),
    (
        "Above request",
        "the load was more than the pods request",
        |it| it.borrowed_minutes,
        minutes,
    ),
    (
        "Above target",
        "usage was above its target by more than a fifth",
        |it| it.breach_minutes,
        minutes,
    ),
    (
        "Pinned at maximum",
        "the metrics asked for more than the maximum",
        |it| it.max_pinned_minutes,
        minutes,
    ),
    (
        "Headroom",
        "core-hours of capacity that nobody used",
        |it| it.headroom_core_hours,
        amount,
    ),
    (
        "Scale events",
        "changes of the replica count",
        |it| f64::from(it.scale_events),
        amount,
    ),
    (
        "Flaps",
        "changes taken back within half an hour",
        |it| f64::from(it.flaps),
        amount,
    ),
    (
        "Fewer than called for",
        "fewer pods served than the triggers called for",
        needed,
        minutes,
    ),
];

fn needed(it: &Totals) -> f64 {
    it.need.map_or(0.0, |it| it.shortfall_minutes)
}

fn of_totals(today: &Totals, proposed: Option<&Totals>) -> Vec<Figure> {
    OF_TOTALS
        .iter()
        .map(|row| figure(row, today, proposed))
        .collect()
}

fn figure<T>((name, about, of, told): &Row<T>, today: &T, proposed: Option<&T>) -> Figure {
    let before = of(today);
    let after = proposed.map(of);
    Figure {
        name,
        about,
        today: told(before),
        proposed: after.map(told),
        change: after.map_or(Change::None, |after| Change::of(before, after)),
    }
}

const OF_JOBS: [Row<JobScores>; 6] = [
    (
        "Job-hours",
        "what it costs, from creation to end",
        |it| it.job_hours,
        amount,
    ),
    (
        "Wait, p95",
        "one item in twenty waited longer",
        |it| it.p95_wait_seconds / 60.0,
        minutes,
    ),
    (
        "Wait, mean",
        "how long an item waited",
        |it| it.mean_wait_seconds / 60.0,
        minutes,
    ),
    ("Backlog", "items waited", |it| it.backlog_minutes, minutes),
    (
        "Longest queue",
        "items that waited at once",
        |it| it.longest_queue as f64,
        amount,
    ),
    (
        "Jobs in vain",
        "jobs that found nothing to do",
        |it| it.jobs_in_vain as f64,
        amount,
    ),
];

fn of_jobs(today: &JobScores, proposed: &JobScores) -> Vec<Figure> {
    OF_JOBS
        .iter()
        .map(|row| figure(row, today, Some(proposed)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::report::made_up;
    use super::*;

    fn item(name: &str) -> Item {
        let items = made_up::report().items.into_iter();
        items.into_iter().find(|it| it.name == name).unwrap()
    }

    #[test]
    fn what_stays_has_no_proposal_and_what_is_unsaid_no_row() {
        let row = |name: &str, today: &str, proposed: Option<&str>| SettingRow {
            name: name.to_owned(),
            today: today.to_owned(),
            proposed: proposed.map(str::to_owned),
        };
        let expected = [
            row("Minimum replicas", "2", None),
            row("Maximum replicas", "8", Some("14")),
            row("Target CPU utilization", "80%", Some("65%")),
            row("Scale-down window", "5m", Some("10m")),
            row(
                "Scale-up policies",
                "default",
                Some("the most of 4 pods/15s, 100%/15s"),
            ),
        ];
        assert_eq!(settings(&item("recommendations")), expected);
    }

    #[test]
    fn figures_say_whether_they_become_better() {
        let all = figures(&item("recommendations"));
        let of = |name: &str| {
            let figure = all.iter().find(|it| it.name == name).unwrap();
            let texts = [figure.today.as_str(), figure.proposed.as_deref().unwrap()];
            (texts, figure.change.clone())
        };
        let worse = Change::Worse("+14%".to_owned());
        assert_eq!(of("Replica-hours"), (["2,352", "2,688"], worse));
        let better = Change::Better("−96%".to_owned());
        assert_eq!(of("Shortfall"), (["2 h 15 min", "5 min"], better));
        assert_eq!(of("Flaps"), (["2", "2"], Change::None));
        assert!(
            all.iter().all(|it| it.name != "Above target"),
            "nothing in both"
        );
    }

    #[test]
    fn a_change_from_nothing_has_no_percentage() {
        assert_eq!(Change::of(0.0, 3.0), Change::Worse("+3".to_owned()));
        assert_eq!(Change::of(1.0, 30.0), Change::Worse("×30".to_owned()));
        assert_eq!(Change::of(4.0, 1.0), Change::Better("−75%".to_owned()));
        assert_eq!(Change::of(4.0, 4.004), Change::None);
    }

    #[test]
    fn nothing_replayed_gives_no_figures() {
        assert_eq!(figures(&item("import")), []);
    }
}
