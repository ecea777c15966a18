//! One rule after another.

use std::cell::RefCell;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::*;
use crate::autoscaler::target::TargetRef;
use crate::history::Metric;
use crate::metrics::{HistoryRequest, Reading};
use crate::series::Series;

const STEP: i64 = 300;
const LEN: usize = 288;

fn at(step: i64) -> Timestamp {
    Timestamp::from_second(1_700_006_400 + step * STEP).unwrap()
}

fn wanted(subject: usize, name: &str) -> Wanted {
    Wanted {
        subject,
        target: TargetRef {
            namespace: "shop".to_owned(),
            name: name.to_owned(),
            kind: "Deployment".to_owned(),
        },
        hpa: name.to_owned(),
        containers: vec![],
        native_sidecars: vec![],
        init_containers: vec![],
        memory: false,
        cpu_limited: false,
        triggers: None,
    }
}

fn asking(now: Timestamp, names: &[&str]) -> HistoryRequest {
    let window = SignedDuration::from_secs(STEP * LEN as i64);
    HistoryRequest {
        grid: Grid::ending_at(now, window, Step::FIVE_MINUTES),
        wanted: names
            .iter()
            .enumerate()
            .map(|(i, it)| wanted(i, it))
            .collect(),
        pod_owners: Arc::default(),
    }
}

/// CPU usage that tells its time: the number of its step.
fn told(grid: Grid) -> History {
    let mut history = History::default();
    history.insert(Metric::CpuUsage, numbers(grid));
    history
}

fn numbers(grid: Grid) -> Series {
    let step = |index| (grid.time(index).as_second() - at(0).as_second()) / STEP;
    Series::from_values(grid, (0..grid.len()).map(|it| Some(step(it) as f64)))
}

fn ok(subject: usize, history: History) -> Delivery {
    let history = Ok(history);
    Delivery { subject, history }
}

fn failed(subject: usize) -> Delivery {
    let history = Err("down".to_owned());
    Delivery { subject, history }
}

/// Extent, length and subjects of what is asked.
fn shape(asks: &[Ask]) -> Vec<(Extent, usize, Vec<usize>)> {
    let one = |it: &Ask| {
        assert_eq!(it.request.grid.end(), it.window.end());
        (it.extent, it.request.grid.len(), it.subjects().collect())
    };
    asks.iter().map(one).collect()
}

/// Asks at step `now` and answers everything.
fn tick(cache: &mut HistoryCache, now: i64, names: &[&str]) -> Vec<Ask> {
    let asks = cache.plan(&asking(at(now), names));
    for ask in &asks {
        for subject in ask.subjects() {
            let taken = cache.take(ask, ok(subject, told(ask.request.grid)));
            let expected = ok(subject, told(ask.window));
            assert_eq!(taken, fresh(expected), "step {now}");
        }
    }
    asks
}

fn increment(len: usize, subjects: &[usize]) -> (Extent, usize, Vec<usize>) {
    (Extent::Increment, len, subjects.to_vec())
}

fn whole(subjects: &[usize]) -> (Extent, usize, Vec<usize>) {
    (Extent::Whole, LEN, subjects.to_vec())
}

fn cache() -> HistoryCache {
    HistoryCache::new(Limits::default())
}

#[test]
fn only_what_is_new_is_asked_and_the_whole_is_given() {
    let cache = &mut cache();
    assert_eq!(shape(&tick(cache, 0, &["a", "b"])), [whole(&[0, 1])]);
    // One new step, three of the overlap, and one to judge them by.
    assert_eq!(shape(&tick(cache, 1, &["a", "b"])), [increment(5, &[0, 1])]);
    assert_eq!(shape(&tick(cache, 1, &["a", "b"])), [increment(4, &[0, 1])]);
    assert_eq!(
        shape(&tick(cache, 7, &["a", "b"])),
        [increment(10, &[0, 1])]
    );
    let asks = tick(cache, 8, &["b", "c", "a"]);
    assert_eq!(shape(&asks), [increment(5, &[0, 2]), whole(&[1])]);
    assert_eq!(asks[0].request.wanted[0].target.name, "b");
}

#[test]
fn the_end_is_aligned_down_to_the_step() {
    let cache = &mut cache();
    tick(cache, 0, &["a"]);
    let mut request = asking(at(1), &["a"]);
    let late = at(1) + SignedDuration::from_secs(STEP - 1);
    request.grid = Grid::ending_with(late, Step::FIVE_MINUTES, LEN);
    let asks = cache.plan(&request);
    assert_eq!(shape(&asks), [increment(5, &[0])]);
    assert_eq!(asks[0].window.end(), at(1));
}

#[test]
fn whoever_wants_something_else_is_read_whole() {
    let cache = &mut cache();
    tick(cache, 0, &["a"]);
    let changes: [fn(&mut Wanted); 5] = [
        |it| it.containers = vec!["web".to_owned(), "proxy".to_owned()],
        |it| it.memory = true,
        |it| it.cpu_limited = true,
        |it| it.hpa = "other".to_owned(),
        |it| it.target.kind = "StatefulSet".to_owned(),
    ];
    for change in changes {
        let mut request = asking(at(1), &["a"]);
        change(&mut request.wanted[0]);
        assert_eq!(shape(&cache.plan(&request)), [whole(&[0])]);
    }
    let mut request = asking(at(1), &["a"]);
    request.wanted[0].subject = 7;
    assert_eq!(shape(&cache.plan(&request)), [increment(5, &[7])]);
}

#[test]
fn another_window_or_step_is_read_whole() {
    for (len, step) in [(LEN + 1, Step::FIVE_MINUTES), (LEN, Step::ONE_MINUTE)] {
        let cache = &mut cache();
        tick(cache, 0, &["a"]);
        let mut request = asking(at(1), &["a"]);
        request.grid = Grid::ending_with(at(1), step, len);
        let asks = cache.plan(&request);
        assert_eq!(shape(&asks), [(Extent::Whole, len, vec![0])]);
        assert_eq!((cache.len(), cache.bytes()), (0, 0));
    }
}

#[test]
fn what_ended_too_long_ago_is_read_whole_and_what_lags_by_itself() {
    let limits = Limits {
        catch_up: SignedDuration::from_hours(5),
        forget_after: SignedDuration::from_hours(100),
        ..Limits::default()
    };
    let cache = &mut HistoryCache::new(limits);
    tick(cache, 0, &["a", "b", "c"]);
    tick(cache, 30, &["a", "b"]);
    tick(cache, 60, &["a"]);
    let asks = tick(cache, 61, &["a", "b", "c"]);
    let expected = [increment(5, &[0]), increment(35, &[1]), whole(&[2])];
    assert_eq!(shape(&asks), expected);
    tick(cache, 61 + 60, &["a"]);
    assert_eq!(shape(&tick(cache, 61 + 121, &["a"])), [whole(&[0])]);
}

#[test]
fn a_clock_that_steps_back_a_little_finds_everything_and_else_all_is_read() {
    let cache = &mut cache();
    tick(cache, 100, &["a"]);
    tick(cache, 110, &["a"]);
    assert_eq!(shape(&tick(cache, 107, &["a"])), [increment(4, &[0])]);
    assert_eq!(shape(&tick(cache, 111, &["a"])), [increment(5, &[0])]);
    assert_eq!(shape(&tick(cache, 107, &["a"])), [whole(&[0])]);
}

#[test]
fn a_failure_is_bridged_and_after_some_it_is_given() {
    let cache = &mut cache();
    tick(cache, 0, &["a"]);
    for now in 1..=5 {
        let asks = cache.plan(&asking(at(now), &["a"]));
        let taken = cache.take(&asks[0], failed(0));
        if now > 3 {
            assert_eq!(taken, fresh(failed(0)), "{now}");
            continue;
        }
        let age = SignedDuration::from_mins(5 * now);
        let why = "down".to_owned();
        assert_eq!(taken.stale, Some(Stale { age, why }));
        let history = taken.delivery.history.unwrap();
        let gaps = now as usize;
        let cpu: Vec<_> = history.cpu().unwrap().iter().collect();
        let (known, unknown) = cpu.split_at(LEN - gaps);
        assert!(unknown.iter().all(Option::is_none), "{now}");
        assert_eq!(known.last(), Some(&Some(0.0)));
        assert_eq!(history.grid(), Some(asks[0].window));
    }
    // Back again, it goes on where it was.
    assert_eq!(shape(&tick(cache, 6, &["a"])), [increment(10, &[0])]);
    assert_eq!(cache.counters().stale, 3);
    let asks = cache.plan(&asking(at(7), &["new"]));
    assert_eq!(cache.take(&asks[0], failed(0)), fresh(failed(0)));
}

#[test]
fn whoever_is_gone_is_forgotten_after_a_while() {
    let cache = &mut cache();
    tick(cache, 0, &["a", "b"]);
    let both = cache.bytes();
    tick(cache, 12, &["a"]);
    assert_eq!((cache.len(), cache.bytes()), (2, both));
    tick(cache, 13, &["a"]);
    assert_eq!((cache.len(), cache.bytes()), (2, both));
    tick(cache, 14, &["a"]);
    assert_eq!((cache.len(), cache.bytes()), (1, both / 2));
    assert_eq!(cache.counters().forgotten, 1);
}

#[test]
fn a_pause_between_requests_forgets_nobody() {
    let cache = &mut cache();
    tick(cache, 0, &["a", "b"]);
    assert_eq!(
        shape(&tick(cache, 120, &["a", "b"])),
        [increment(124, &[0, 1])]
    );
    tick(cache, 240, &["a"]);
    assert_eq!(cache.len(), 2);
    tick(cache, 360, &["a"]);
    assert_eq!(cache.len(), 1);
}

#[test]
fn beyond_the_memory_the_least_recently_used_go_and_new_ones_are_refused() {
    let mut all = cache();
    tick(&mut all, 0, &["a", "b"]);
    let limits = Limits {
        bytes: all.bytes(),
        ..Limits::default()
    };
    let cache = &mut HistoryCache::new(limits);
    tick(cache, 0, &["a"]);
    tick(cache, 1, &["b"]);
    tick(cache, 2, &["c"]);
    assert_eq!((cache.len(), cache.counters().evicted), (2, 1));
    // b was used last but c; a comes back whole and drives nobody out who is asked for now.
    let asks = tick(cache, 3, &["a", "b", "c"]);
    assert_eq!(shape(&asks), [increment(6, &[1, 2]), whole(&[0])]);
    let asks = tick(cache, 4, &["a", "b", "c"]);
    assert_eq!(shape(&asks), [increment(5, &[1, 2]), whole(&[0])]);
    assert_eq!((cache.len(), cache.counters().refused), (2, 2));
    assert!(cache.bytes() <= limits.bytes);
}

#[test]
fn everyone_is_read_whole_now_and_then_a_few_at_once() {
    let limits = Limits {
        reread: SignedDuration::from_hours(4),
        ..Limits::default()
    };
    let cache = &mut HistoryCache::new(limits);
    let names: Vec<String> = (0..8).map(|it| format!("t{it}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    tick(cache, 0, &names);
    let mut seen = vec![0; names.len()];
    for now in 1..=48 {
        for ask in tick(cache, now, &names) {
            if ask.extent == Extent::Whole {
                assert_eq!(ask.subjects().count(), 2, "{now}");
                ask.subjects().for_each(|it| seen[it] += 1);
            }
        }
    }
    assert_eq!(seen, [1; 8]);
    assert_eq!(
        (cache.counters().whole, cache.counters().refreshed),
        (16, 8)
    );
}

#[test]
fn a_metric_that_was_not_there_before_is_given_and_read_whole_later() {
    let cache = &mut cache();
    tick(cache, 0, &["a"]);
    let with_more = |grid: Grid| {
        let mut history = told(grid);
        let slow = grid.tail(grid.length(), Step::SIX_HOURS);
        history.insert(Metric::CpuRequest, Series::constant(slow, 0.5));
        history.insert(Metric::ReadyReplicas, numbers(grid));
        history
    };
    for now in 1..12 {
        let asks = cache.plan(&asking(at(now), &["a"]));
        assert_eq!(shape(&asks), [increment(5, &[0])]);
        let taken = cache.take(&asks[0], ok(0, with_more(asks[0].request.grid)));
        let history = taken.delivery.history.unwrap();
        let ready = history.get(&Metric::ReadyReplicas).unwrap();
        assert_eq!(ready.grid(), asks[0].window);
        assert_eq!(ready.at(at(now)), Some(now as f64));
        assert_eq!(ready.known().count(), 4 + now as usize);
        let request = history.get(&Metric::CpuRequest).unwrap();
        assert_eq!((request.len(), request.at(at(now))), (1, Some(0.5)));
    }
    let asks = cache.plan(&asking(at(12), &["a"]));
    assert_eq!(shape(&asks), [whole(&[0])]);
    let expected = with_more(asks[0].window);
    let taken = cache.take(&asks[0], ok(0, expected.clone()));
    assert_eq!(taken, fresh(ok(0, expected)));
    let asks = cache.plan(&asking(at(13), &["a"]));
    assert_eq!(shape(&asks), [increment(5, &[0])]);
    let taken = cache.take(&asks[0], ok(0, with_more(asks[0].request.grid)));
    assert_eq!(taken, fresh(ok(0, with_more(asks[0].window))));
}

#[test]
fn what_was_not_asked_for_is_left_out() {
    let cache = &mut cache();
    let asks = cache.plan(&asking(at(0), &["a"]));
    let mut more = told(asks[0].window);
    more.insert(Metric::MemoryWorkingSet, numbers(asks[0].window));
    more.insert(Metric::CpuThrottled, numbers(asks[0].window));
    let taken = cache.take(&asks[0], ok(0, more));
    assert_eq!(taken, fresh(ok(0, told(asks[0].window))));
}

#[test]
fn an_answer_that_nobody_asked_for_is_given_on_as_it_is() {
    let cache = &mut cache();
    let asks = cache.plan(&asking(at(0), &["a"]));
    assert_eq!(cache.take(&asks[0], failed(9)), fresh(failed(9)));
    assert!(cache.is_empty());
}

#[test]
fn equal_subjects_share_what_is_kept() {
    let cache = &mut cache();
    tick(cache, 0, &["a", "a"]);
    assert_eq!(shape(&tick(cache, 1, &["a", "a"])), [increment(5, &[0, 1])]);
    assert_eq!(cache.len(), 1);
}

/// What a source answers to one request after another.
#[derive(Clone, Copy)]
enum Answer {
    All,
    /// No answer for anyone.
    Down,
    /// Empty histories and an error, as a source that has no usage of anybody.
    Nothing,
    /// Everyone but the first, without a word on it.
    ButFirst,
}

async fn answered(
    answer: Answer,
    request: HistoryRequest,
    deliver: mpsc::Sender<Delivery>,
) -> Result<Reading, String> {
    let skipped = match answer {
        Answer::Down => return Err("connection refused".to_owned()),
        Answer::All | Answer::Nothing => 0,
        Answer::ButFirst => 1,
    };
    for wanted in &request.wanted[skipped..] {
        let history = match answer {
            Answer::Nothing => History::default(),
            Answer::All | Answer::Down | Answer::ButFirst => told(request.grid),
        };
        if deliver.send(ok(wanted.subject, history)).await.is_err() {
            break;
        }
    }
    if matches!(answer, Answer::Nothing) {
        return Err("no usage of anyone".to_owned());
    }
    Ok(Reading {
        source: "made up".to_owned(),
        way: "at once".to_owned(),
        queries: 2,
        bytes: request.grid.len() as u64,
        samples: 3,
        warnings: vec!["slow".to_owned()],
        beside: vec![],
    })
}

/// Reads at step `now` from a source that gives these answers one after the other.
fn read(
    cache: &mut HistoryCache,
    now: i64,
    names: &[&str],
    answers: &[Answer],
) -> (Result<Reading, String>, Vec<Delivery>) {
    let left = RefCell::new(answers.iter().copied());
    let source = |request, deliver| {
        let answer = left.borrow_mut().next().expect("one request less");
        answered(answer, request, deliver)
    };
    let (sender, mut receiver) = mpsc::channel(1);
    let request = asking(at(now), names);
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let read = runtime.unwrap().block_on(async {
        let collect = async {
            let mut all = vec![];
            while let Some(delivery) = receiver.recv().await {
                all.push(delivery);
            }
            all
        };
        tokio::join!(cache.read(source, &request, sender), collect)
    });
    assert!(left.borrow_mut().next().is_none(), "one request more");
    read
}

#[test]
fn a_reading_sums_what_its_parts_cost() {
    let cache = &mut cache();
    read(cache, 0, &["a"], &[Answer::All]).0.unwrap();
    let (reading, all) = read(cache, 1, &["a", "b"], &[Answer::All, Answer::All]);
    let reading = reading.unwrap();
    assert_eq!((reading.queries, reading.bytes), (4, 5 + LEN as u64));
    assert_eq!(reading.source, "made up");
    assert_eq!(reading.warnings, ["slow"]);
    let window = asking(at(1), &[]).grid;
    assert_eq!(all, [ok(0, told(window)), ok(1, told(window))]);
}

#[test]
fn a_source_that_is_down_is_bridged_with_a_warning_and_then_an_error() {
    let cache = &mut cache();
    let (reading, all) = read(cache, 0, &["a", "b"], &[Answer::Down]);
    assert_eq!(reading, Err("connection refused".to_owned()));
    assert!(all.len() == 2 && all.iter().all(|it| it.history.is_err()));
    read(cache, 1, &["a", "b"], &[Answer::All]).0.unwrap();
    for now in 2..5 {
        let (reading, all) = read(cache, now, &["a", "b"], &[Answer::Down]);
        let reading = reading.unwrap();
        let minutes = 5 * (now - 1);
        let warning = format!("history of 2 targets ends {minutes} min ago: connection refused");
        assert_eq!(reading.warnings, [warning]);
        assert_eq!((reading.source.as_str(), reading.queries), ("made up", 0));
        assert!(all.len() == 2 && all.iter().all(|it| it.history.is_ok()));
    }
    let (reading, all) = read(cache, 5, &["a", "b"], &[Answer::Down]);
    assert_eq!(reading, Err("connection refused".to_owned()));
    assert!(all.len() == 2 && all.iter().all(|it| it.history.is_err()));
}

#[test]
fn one_part_that_fails_leaves_the_others() {
    let cache = &mut cache();
    read(cache, 0, &["a"], &[Answer::All]).0.unwrap();
    let (reading, all) = read(cache, 1, &["a", "b"], &[Answer::All, Answer::Down]);
    assert_eq!(reading.unwrap().queries, 2);
    assert_eq!(all[0], ok(0, told(asking(at(1), &[]).grid)));
    let why = "connection refused".to_owned();
    assert_eq!(all[1].history, Err(why));
    // A target without any usage, read by itself, is no failure of the reading.
    let (reading, all) = read(cache, 2, &["a", "c"], &[Answer::All, Answer::Nothing]);
    assert_eq!(reading.unwrap().warnings, ["slow"]);
    assert_eq!(all[1], ok(1, History::default()));
}

#[test]
fn nobody_with_usage_is_the_error_of_the_source() {
    let cache = &mut cache();
    for now in 0..3 {
        let (reading, all) = read(cache, now, &["a"], &[Answer::Nothing]);
        assert_eq!(reading, Err("no usage of anyone".to_owned()));
        assert_eq!(all, [ok(0, History::default())]);
    }
}

#[test]
fn whoever_is_passed_over_is_told_so() {
    let cache = &mut cache();
    let (reading, all) = read(cache, 0, &["a", "b"], &[Answer::ButFirst]);
    assert!(reading.is_ok());
    let why = "the source gave no answer for it".to_owned();
    assert_eq!((all[1].subject, all[1].history.clone()), (0, Err(why)));
}

#[test]
fn a_request_for_nobody_reaches_the_source() {
    let (reading, all) = read(&mut cache(), 0, &[], &[Answer::All]);
    assert_eq!(reading.unwrap().source, "made up");
    assert!(all.is_empty());
}

#[tokio::test]
async fn a_reading_that_nobody_listens_to_ends_and_loses_nothing() {
    let cache = &mut cache();
    tick(cache, 0, &["a"]);
    let (sender, receiver) = mpsc::channel(1);
    drop(receiver);
    let request = asking(at(1), &["a", "b"]);
    let source = |request, deliver| answered(Answer::All, request, deliver);
    cache.read(source, &request, sender).await.unwrap();
    assert_eq!(cache.counters().stale, 0);
    let asks = tick(cache, 2, &["a", "b"]);
    assert_eq!(shape(&asks), [increment(5, &[0]), whole(&[1])]);
}

#[test]
fn what_could_not_be_read_for_a_while_is_read_whole_once_it_is_back() {
    let cache = &mut cache();
    let trigger = Metric::Trigger(0);
    let answer = |cache: &mut HistoryCache, now: i64, is_known: bool| {
        let asks = cache.plan(&asking(at(now), &["a"]));
        let grid = asks[0].request.grid;
        let mut history = told(grid);
        match is_known {
            true => history.insert(trigger.clone(), numbers(grid)),
            false => history.lack(trigger.clone(), "too slow".to_owned()),
        }
        let taken = cache
            .take(&asks[0], ok(0, history))
            .delivery
            .history
            .unwrap();
        (asks[0].extent, taken)
    };
    answer(cache, 0, true);
    let (_, failing) = answer(cache, 6, false);
    let series = failing.get(&trigger).unwrap();
    assert_eq!((series.at(at(0)), series.at(at(6))), (Some(0.0), None));
    assert_eq!(failing.why_missing(&trigger), None, "its past is known");
    answer(cache, 12, false);
    let (extent, back) = answer(cache, 18, true);
    assert_eq!(extent, Extent::Increment);
    assert_eq!(back.get(&trigger).unwrap().at(at(7)), None);
    let (extent, whole) = answer(cache, 19, true);
    assert_eq!(extent, Extent::Whole);
    assert_eq!(
        whole.get(&trigger),
        Some(&numbers(asking(at(19), &[]).grid))
    );
    assert_eq!(answer(cache, 20, true).0, Extent::Increment);
}

#[test]
fn why_something_is_not_known_is_told_with_every_answer() {
    let cache = &mut cache();
    let trigger = Metric::Trigger(0);
    for (now, why) in [(0, "not scraped"), (1, "not scraped"), (2, "too slow")] {
        let asks = cache.plan(&asking(at(now), &["a"]));
        let mut history = told(asks[0].request.grid);
        history.lack(trigger.clone(), why.to_owned());
        let taken = cache
            .take(&asks[0], ok(0, history))
            .delivery
            .history
            .unwrap();
        assert_eq!(taken.why_missing(&trigger), Some(why));
        assert_eq!(taken.cpu(), Some(&numbers(asks[0].window)));
    }
}
