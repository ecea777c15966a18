//! Recommendations for mis-set HPAs on measured loads, judged on what the analysis never saw.
//!
//! Each case replays an HPA with a planted fault on two weeks of a public load trace at 15 s,
//! assesses the history of that at five minutes, as a metrics source would have given it, and
//! replays what is recommended on the true load: over all days, and over the last ones alone. The
//! folder of traces comes from `STEPSCALE_TRACES_DIR`, by default `../shared/traces` beside the
//! repository; without it these tests say so and pass. `--nocapture` prints the table.

mod cases;
mod fault;
pub(crate) mod folder;
mod load;
mod row;
mod schedules;
mod served;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use cases::{ALL, Case};
use folder::Folder;
use row::Row;

use crate::rig::say;

/// Computed once, for all tests; `None`, said loudly, without traces.
static ROWS: LazyLock<Option<Vec<Row>>> = LazyLock::new(|| match Folder::open() {
    Ok(folder) => Some(rows(&folder)),
    Err(root) => {
        let root = root.display();
        say(&format!(
            "SKIPPED: traces: no index.json in {root}; set STEPSCALE_TRACES_DIR"
        ));
        None
    }
});

#[test]
#[expect(clippy::print_stdout, reason = "asked for by --nocapture")]
fn no_recommendation_has_more_shortfall() {
    if let Some(rows) = &*ROWS {
        println!("{}", row::table(rows));
    }
    fail_on(Row::worse);
}

#[test]
fn tuned_autoscalers_are_left_alone() {
    fail_on(|row| (row.case.faults.is_empty() && row.changed.is_some()).then(|| row.to_string()));
}

#[test]
fn every_recommendation_gains_something() {
    fail_on(Row::pointless);
}

#[test]
#[expect(clippy::print_stdout, reason = "asked for by --nocapture")]
fn most_planted_faults_are_repaired_where_they_are() {
    let Some(rows) = &*ROWS else { return };
    let shares = row::shares(rows);
    let list: Vec<String> = shares.iter().map(ToString::to_string).collect();
    println!("{}", list.join("\n"));
    let missed = shares.iter().filter(|it| it.touched * 2 <= it.planted);
    let missed: Vec<String> = missed.map(ToString::to_string).collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// A fault that costs nothing would prove nothing, nor would a control that lacks replicas.
#[test]
fn faults_hurt_and_tuned_autoscalers_do_not() {
    fail_on(Row::harmless);
}

#[test]
fn cases_are_diverse_and_groups_are_on_one_side() {
    let Ok(folder) = Folder::open() else { return };
    let of = |is_tuned: bool| {
        let cases = ALL
            .iter()
            .filter(move |it| it.faults.is_empty() == is_tuned);
        cases.map(|it| folder.entry(it.trace))
    };
    let groups = |is_tuned| -> BTreeSet<_> { of(is_tuned).map(|it| &it.group).collect() };
    let shared: Vec<_> = groups(true).intersection(&groups(false)).copied().collect();
    assert_eq!(shared, [] as [&String; 0]);
    let traces: BTreeSet<_> = ALL.iter().map(|it| it.trace).collect();
    let kinds: BTreeSet<_> = of(true).chain(of(false)).map(|it| &it.kind).collect();
    assert!(
        traces.len() >= 24 && kinds.len() >= 6,
        "{traces:?} {kinds:?}"
    );
    assert!(of(true).count() >= 8);
}

/// Fails with every row of which `fault` says something.
fn fail_on(fault: impl Fn(&Row) -> Option<String>) {
    let Some(rows) = &*ROWS else { return };
    let found: Vec<String> = rows.iter().filter_map(fault).collect();
    let count = found.len();
    assert!(found.is_empty(), "{count}:\n{}", found.join("\n"));
}

/// The rows of all cases in their order, by as many threads as there are cores.
fn rows(folder: &Folder) -> Vec<Row> {
    let threads = std::thread::available_parallelism().map_or(1, |it| it.get());
    let part = |thread: usize| -> Vec<(usize, Row)> {
        let mine = ALL.iter().enumerate().skip(thread).step_by(threads);
        mine.map(|(at, case)| (at, row_of(folder, case))).collect()
    };
    let mut rows: Vec<(usize, Row)> = std::thread::scope(|scope| {
        let part = &part;
        let running: Vec<_> = (0..threads)
            .map(|it| scope.spawn(move || part(it)))
            .collect();
        running
            .into_iter()
            .flat_map(|it| it.join().unwrap())
            .collect()
    });
    rows.sort_by_key(|(at, _)| *at);
    rows.into_iter().map(|(_, row)| row).collect()
}

fn row_of(folder: &Folder, case: &'static Case) -> Row {
    let trace = folder.read(case.trace);
    Row::of(
        case,
        &load::Load::of(&trace, case.skip_days, case.peak(), case.seed()),
    )
}
