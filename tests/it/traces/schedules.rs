//! Schedules for tuned HPAs on measured loads of four weeks, judged on days that nobody had seen.
//!
//! Pods take five minutes to start and may use what they ask for. What is recommended from the history
//! of four weeks at five minutes was chosen on the first twenty days; here it serves the true load
//! at 15 s, of which the last eight days are shown: under today's settings, under what is recommended
//! without forecasts, and with them.

use std::fmt;

use jiff::SignedDuration;
use stepscale::analysis::AnalysisSettings;
use stepscale::analysis::assessment::{Assessment, Outcome};
use stepscale::autoscaler::Autoscaler;

use super::cases::{Case, REQUEST, slow};
use super::folder::Folder;
use super::load::Load;
use super::row::assessed;
use super::served::{Sums, effect, history};
use crate::rig::say;

const DAYS: usize = 28;
/// Seconds until a pod serves.
const STARTUP: i64 = 300;
/// Shortfall that samples of five minutes cannot exclude, in minutes of eight days.
const MARGIN: f64 = 4.0;

const ALL: [Case; 20] = [
    slow("asd-1-m10", 20, STARTUP),
    slow("asd-7-m7", 20, STARTUP),
    slow("asd-9-m5", 24, STARTUP),
    slow("bank-calls", 24, STARTUP),
    slow("bitbrains-vm-378", 16, STARTUP),
    slow("bitbrains-vm-740", 16, STARTUP),
    slow("bitbrains-vm-997", 16, STARTUP),
    slow("mscloud-purchases-03", 24, STARTUP),
    slow("nab-nyc-taxi", 30, STARTUP),
    slow("nab-tweets-crm", 20, STARTUP),
    slow("nab-tweets-goog", 24, STARTUP),
    slow("nasa-http-requests", 20, STARTUP),
    slow("nycflights-jfk-departures", 20, STARTUP),
    slow("nycflights-jfk-waiting", 16, STARTUP),
    slow("smd-1-6-cpu-r", 20, STARTUP),
    slow("smd-1-6-passive-opens", 20, STARTUP),
    slow("smd-1-7-active-opens", 20, STARTUP),
    slow("smd-2-1-active-opens", 16, STARTUP),
    slow("smd-3-3-active-opens", 16, STARTUP),
    slow("surf-jobs-in-flight-a", 20, STARTUP),
];

/// What became of one load.
struct Row {
    trace: &'static str,
    /// The schedule, or why there is none.
    said: String,
    is_scheduled: bool,
    today: Sums,
    without: Sums,
    with: Sums,
}

#[test]
#[expect(clippy::print_stdout, reason = "asked for by --nocapture")]
fn schedules_serve_days_that_nobody_had_seen() {
    let folder = match Folder::open() {
        Ok(folder) => folder,
        Err(root) => {
            let root = root.display();
            say(&format!(
                "SKIPPED: schedules: no index.json in {root}; set STEPSCALE_TRACES_DIR"
            ));
            return;
        }
    };
    let rows = rows(&folder);
    println!("{}", table(&rows));
    let worse: Vec<String> = rows
        .iter()
        .filter(|it| it.with.shortfall_minutes > it.today.shortfall_minutes + MARGIN)
        .map(ToString::to_string)
        .collect();
    assert!(worse.is_empty(), "{}", worse.join("\n"));
    let scheduled: Vec<&Row> = rows.iter().filter(|it| it.is_scheduled).collect();
    assert!(!scheduled.is_empty());
    // What serves less than without has to cost less, too.
    let pointless: Vec<String> = scheduled
        .iter()
        .filter(|it| it.with.shortfall_minutes > it.without.shortfall_minutes + MARGIN)
        .filter(|it| it.with.replica_hours >= it.without.replica_hours)
        .map(ToString::to_string)
        .collect();
    assert!(pointless.is_empty(), "{}", pointless.join("\n"));
    let cost = |of: fn(&Row) -> Sums| -> f64 { scheduled.iter().map(|it| cost(&of(it))).sum() };
    assert!(cost(|it| it.with) < cost(|it| it.without));
}

/// In replica-hours, of which one that load waited for weighs as much as ten.
fn cost(of: &Sums) -> f64 {
    of.replica_hours + 10.0 * of.shortfall_core_minutes * 1000.0 / 60.0 / REQUEST as f64
}

fn rows(folder: &Folder) -> Vec<Row> {
    let threads = std::thread::available_parallelism().map_or(1, |it| it.get());
    let part = |thread: usize| -> Vec<(usize, Row)> {
        let mine = ALL.iter().enumerate().skip(thread).step_by(threads);
        mine.map(|(at, case)| (at, row(folder, case))).collect()
    };
    let mut rows: Vec<(usize, Row)> = std::thread::scope(|scope| {
        let part = &part;
        let running: Vec<_> = (0..threads)
            .map(|it| scope.spawn(move || part(it)))
            .collect();
        let all = running.into_iter().flat_map(|it| it.join().unwrap());
        all.collect()
    });
    rows.sort_by_key(|it| it.0);
    rows.into_iter().map(|it| it.1).collect()
}

fn row(folder: &Folder, case: &Case) -> Row {
    let load = Load::of_days(DAYS, &folder.read(case.trace), 0, case.peak(), case.seed());
    let steps: Vec<f64> = load.means().flatten().collect();
    let hpa = case.today(&steps);
    let (today, history) = history(case, &load, &hpa);
    let window = SignedDuration::from_hours(24 * DAYS as i64);
    let settings = AnalysisSettings {
        window,
        ..AnalysisSettings::default()
    };
    let mut plain = settings.clone();
    plain.forecasting.enabled = false;
    let held_back = |it: &Autoscaler| effect(case, &load, it).held_back;
    let with = assessed(case, &hpa, &history, &settings);
    let better = changed(&with, &hpa);
    let is_scheduled = !better.schedule.is_empty();
    let without = match is_scheduled {
        true => changed(&assessed(case, &hpa, &history, &plain), &hpa),
        false => better.clone(),
    };
    Row {
        trace: case.trace,
        said: said(&with, &hpa, &better),
        is_scheduled,
        today: today.held_back,
        without: held_back(&without),
        with: held_back(&better),
    }
}

/// The HPA with what is recommended, if anything is.
fn changed(assessment: &Assessment, hpa: &Autoscaler) -> Autoscaler {
    match &assessment.outcome {
        Outcome::Recommended(it) => it.proposed.apply(hpa),
        Outcome::NoChange
        | Outcome::Withheld { .. }
        | Outcome::NotEnoughHistory { .. }
        | Outcome::Skipped { .. }
        | Outcome::Unreadable { .. } => hpa.clone(),
    }
}

fn said(assessment: &Assessment, hpa: &Autoscaler, better: &Autoscaler) -> String {
    if better.schedule.is_empty() {
        let prospect = assessment.prospect.as_ref();
        let why = prospect.and_then(|it| it.why_none());
        return format!("none: {}", why.unwrap_or_default());
    }
    let more = match (
        better.min < hpa.min,
        better.cpu_target() != hpa.cpu_target(),
    ) {
        (false, false) => "",
        (true, false) => " with a lower minimum",
        (false, true) => " with another target",
        (true, true) => " with a lower minimum and another target",
    };
    format!("{}{more}", better.schedule)
}

fn table(rows: &[Row]) -> String {
    let mut lines = vec![
        "| trace | shortfall, core-min: today · without forecasts · with | replica-hours: today · \
         without forecasts · with | schedule |"
            .to_owned(),
        "|---|---|---|---|".to_owned(),
    ];
    lines.extend(rows.iter().map(Row::to_string));
    lines.join("\n")
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [&self.today, &self.without, &self.with];
        let short = all.map(|it| format!("{:.1}", it.shortfall_core_minutes));
        let hours = all.map(|it| format!("{:.0}", it.replica_hours));
        let (short, hours) = (short.join(" · "), hours.join(" · "));
        write!(f, "| {} | {short} | {hours} | {} |", self.trace, self.said)
    }
}
