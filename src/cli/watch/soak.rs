//! Whole instances of `watch` side by side for thousands of ticks, among trouble: one process and
//! one thread, on a clock that moves as soon as nobody has anything to do.
//!
//! The instances are the real thing from the kubeconfig and the flags on; what is faked is below
//! the client, where requests go to a sandbox in memory. [`operator`] keeps approving changes,
//! [`trouble`] is what goes wrong, and here leaders are killed, cut off and told to end.
//! [`judge`] sees the writes that the sandbox makes, and nothing else.
//!
//! Kills, trouble and what is approved follow from a seed. The order in which tasks are woken at one
//! moment, and the jitter of the watches themselves, do not: what must hold holds for all of them.

mod judge;
mod line;
mod memory;
mod operator;
mod process;
mod random;
mod trouble;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep};

use crate::cli::runtime::STACK;
use crate::leader::Timing;
use crate::sandbox::{Faults, InMemory, Options};
use judge::{Figures, Judge};
use line::{Bomb, State};
use operator::{Operator, Proposal};
use process::{Place, Process};
use random::Random;

const INTERVAL: Duration = Duration::from_secs(30);
/// How often somebody looks after the instances.
const BEAT: Duration = Duration::from_secs(5);
/// How long everything may take to come to an end once nothing goes wrong any more.
const AFTERMATH: Duration = Duration::from_secs(4 * 3600);

/// What the clocks show first: a Wednesday.
fn start() -> Timestamp {
    "2026-03-04T09:00:00Z".parse().unwrap()
}

fn timing() -> Timing {
    Timing::of_interval(INTERVAL).unwrap()
}

/// What is to be done.
#[derive(Clone, Copy, Debug)]
struct Soak {
    instances: usize,
    ticks: u32,
    seed: u64,
    /// Flags of the last instance alone.
    last: &'static [&'static str],
}

/// What came of it.
#[derive(Debug, Default)]
struct Report {
    figures: Figures,
    violations: Vec<String>,
    /// Approved recommendations that have not ended.
    open: Vec<String>,
    /// How many recommendations of which kind ended in which phase.
    ended: BTreeMap<(Proposal, String), u64>,
    /// How often what was done to instances or happened to them.
    events: BTreeMap<String, u64>,
    orphaned: Option<Timestamp>,
}

/// An instance, or when it starts again.
enum Seat {
    Taken(Process),
    Free(Instant),
}

/// What will happen to a leader.
struct Strike {
    seat: usize,
    at: Instant,
    what: Blow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blow {
    Die,
    Heal,
}

struct Crew<'a> {
    soak: Soak,
    place: &'a Place,
    judge: &'a Mutex<Judge>,
    random: Random,
    seats: Vec<Seat>,
    rounds: u64,
    strike: Option<Strike>,
    /// When the next leader is struck, at the earliest.
    next: Instant,
    /// Since when all are there.
    whole: Option<Instant>,
    events: BTreeMap<String, u64>,
}

impl Soak {
    async fn run(self) -> Report {
        let judge = Arc::new(Mutex::new(Judge::default()));
        let told = Arc::clone(&judge);
        let options = Options {
            seed: operator::seed(start()),
            ..Options::at(start())
        };
        let cluster = InMemory::start(options, move |it| told.lock().unwrap().saw(&it)).unwrap();
        let place = Place::new(cluster);
        let local = LocalSet::new();
        local.run_until(self.watched(&place, &judge)).await
    }

    async fn watched(self, place: &Place, judge: &Mutex<Judge>) -> Report {
        let (begun, mut random) = (Instant::now(), Random::of(self.seed));
        let mut operator = Operator::new(random.next(), start());
        let mut crew = Crew::new(self, place, judge, random.next());
        let mut changes = begun;
        while begun.elapsed() < INTERVAL * self.ticks {
            if changes <= Instant::now() {
                changes += random.time(INTERVAL * 8..INTERVAL * 30);
                let trouble = trouble::next(&mut random);
                place.cluster.set_faults(trouble.plan);
                lock(judge).disturbed(trouble.disturbs_leases, place.cluster.now());
                crew.count(trouble.name);
            }
            operator.act(&place.cluster, true);
            crew.tend(true).await;
            sleep(BEAT).await;
        }
        place.cluster.set_faults(Faults::default());
        lock(judge).disturbed(false, place.cluster.now());
        let calm = Instant::now();
        loop {
            operator.act(&place.cluster, false);
            crew.tend(false).await;
            let is_led = crew.whole.is_some() && lock(judge).orphaned().is_none();
            let is_over = operator.open(&place.cluster).is_empty() && is_led;
            if is_over || calm.elapsed() > AFTERMATH {
                break;
            }
            sleep(BEAT).await;
        }
        let orphaned = lock(judge).orphaned();
        crew.dismiss().await;
        let open = operator.open(&place.cluster);
        let judge = lock(judge);
        Report {
            figures: judge.figures.clone(),
            violations: judge.violations.clone(),
            orphaned,
            open,
            ended: operator.ended,
            events: crew.events,
        }
    }
}

impl<'a> Crew<'a> {
    fn new(soak: Soak, place: &'a Place, judge: &'a Mutex<Judge>, seed: u64) -> Self {
        let now = Instant::now();
        Self {
            soak,
            place,
            judge,
            random: Random::of(seed),
            seats: (0..soak.instances).map(|_| Seat::Free(now)).collect(),
            rounds: 0,
            strike: None,
            next: now,
            whole: None,
            events: BTreeMap::new(),
        }
    }

    fn count(&mut self, what: &str) {
        *self.events.entry(what.to_owned()).or_default() += 1;
    }

    /// Starts who is due, sees who is gone, and strikes the leader where it is time to.
    async fn tend(&mut self, strikes: bool) {
        for seat in 0..self.seats.len() {
            self.tend_to(seat).await;
        }
        self.carry_out();
        let is_whole = self
            .seats
            .iter()
            .all(|it| matches!(it, Seat::Taken(it) if it.is_up()));
        let since = self.whole.filter(|_| is_whole);
        self.whole = is_whole.then(|| since.unwrap_or_else(Instant::now));
        // Whoever is to follow must have seen the Lease for as long as it lasts.
        let is_settled = since.is_some_and(|it| it.elapsed() > timing().lease() + BEAT * 2);
        if strikes && is_settled && self.strike.is_none() && self.next <= Instant::now() {
            self.strike();
            self.next = Instant::now() + self.random.time(INTERVAL..INTERVAL * 15);
        }
    }

    async fn tend_to(&mut self, seat: usize) {
        match &mut self.seats[seat] {
            Seat::Free(until) if *until > Instant::now() => {}
            Seat::Free(_) => {
                self.rounds += 1;
                let is_last = seat + 1 == self.soak.instances;
                let flags = if is_last { self.soak.last } else { &[] };
                let process = Process::start(self.place, seat, self.rounds, flags);
                self.seats[seat] = Seat::Taken(process);
            }
            Seat::Taken(process) => {
                let Some(over) = process.over().await else {
                    return;
                };
                let State::Dead(at) = process.line.state() else {
                    unreachable!("whoever is over is dead");
                };
                let agent = process.line.agent.clone();
                let ago = SignedDuration::try_from(at.elapsed()).unwrap();
                let at = self.place.cluster.now().checked_sub(ago).unwrap();
                let what = match over {
                    Ok(exit) => format!("ended with {}", exit.code()),
                    Err(why) => first_line(&why),
                };
                lock(self.judge).gone(&agent, at);
                self.count(&what);
                let rest = self.random.time(Duration::ZERO..timing().lease() * 2);
                self.seats[seat] = Seat::Free(Instant::now() + rest);
            }
        }
    }

    /// Does to the leader what makes another one lead.
    fn strike(&mut self) {
        let Some(leader) = lock(self.judge).leader().map(str::to_owned) else {
            return;
        };
        let leads = |it: &Seat| matches!(it, Seat::Taken(it) if it.line.agent == leader);
        let Some(seat) = self.seats.iter().position(leads) else {
            return;
        };
        let Seat::Taken(process) = &self.seats[seat] else {
            return;
        };
        let now = Instant::now();
        let (at, what, told) = match self.random.within(0..10) {
            0 => {
                process.terminate();
                return self.count("told to end");
            }
            1 | 2 => {
                process.line.cut();
                let at = self.place.cluster.now();
                lock(self.judge).gone(&leader, at);
                let rest = self.random.time(INTERVAL..timing().lease() * 3);
                (now + rest, Blow::Heal, "cut off")
            }
            kind => {
                let only_deeds = kind % 2 == 0;
                process.line.arm(Bomb {
                    left: self.random.within(0..if only_deeds { 6 } else { 60 }),
                    only_deeds,
                    is_carried_out: self.random.is_one_of(2),
                });
                let rest = self.random.time(INTERVAL..INTERVAL * 6);
                (now + rest, Blow::Die, "to be killed")
            }
        };
        self.count(told);
        self.strike = Some(Strike { seat, at, what });
    }

    /// What is left of a strike.
    fn carry_out(&mut self) {
        let Some(strike) = &self.strike else {
            return;
        };
        let (seat, what) = (strike.seat, strike.what);
        let is_due = strike.at <= Instant::now();
        match &self.seats[seat] {
            Seat::Free(_) => self.strike = None,
            Seat::Taken(process) if is_due => {
                match what {
                    Blow::Die => process.line.die(),
                    Blow::Heal => process.line.heal(),
                }
                self.strike = None;
            }
            Seat::Taken(_) => {}
        }
    }

    /// Tells all to end, and waits until they have.
    async fn dismiss(&mut self) {
        for seat in &mut self.seats {
            if let Seat::Taken(process) = seat {
                process.terminate();
            }
        }
        sleep(super::GRACE * 3).await;
        for seat in 0..self.seats.len() {
            self.tend_to(seat).await;
        }
    }
}

fn lock(judge: &Mutex<Judge>) -> MutexGuard<'_, Judge> {
    judge.lock().unwrap()
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.figures)?;
        writeln!(f, "ended: {:?}", self.ended)?;
        writeln!(f, "open: {:?}", self.open)?;
        writeln!(f, "events: {:#?}", self.events)?;
        writeln!(f, "violations: {:#?}", self.violations)
    }
}

/// How many ticks: as few as show everything, or as many as somebody wants.
fn ticks(usual: u32) -> u32 {
    let wanted = std::env::var("STEPSCALE_SOAK_TICKS").ok();
    wanted.map_or(usual, |it| it.parse().unwrap())
}

#[expect(clippy::print_stderr, reason = "figures for whoever runs it for long")]
fn soaked(instances: usize, ticks: u32) -> Report {
    let soak = Soak {
        instances,
        ticks,
        seed: 20_260_304 + instances as u64,
        last: &[],
    };
    let report = paused(move || soak.run());
    eprintln!("{instances} instances, {ticks} ticks\n{report}");
    report
}

/// What must hold, however long it went on.
fn hold(report: &Report) {
    assert!(report.violations.is_empty(), "{report}");
    assert!(report.open.is_empty(), "{report}");
    assert_eq!(report.orphaned, None, "{report}");
    // The last renewal is seen one look later at most, and among trouble a claim may fail again and
    // again.
    let seen = SignedDuration::try_from(timing().lease() + timing().longest_retry()).unwrap();
    for takeover in &report.figures.takeovers {
        let most = if takeover.is_disturbed {
            seen * 2
        } else {
            seen
        };
        assert!(takeover.took <= most, "{takeover:?}: {report}");
    }
    assert!(report.figures.terms > 1, "nobody was struck: {report}");
    let ended: Vec<(Proposal, &str)> = report.ended.keys().map(|it| (it.0, &*it.1)).collect();
    let expected = [
        (Proposal::Harmless, "verified"),
        (Proposal::Harmful, "rolledBack"),
        (Proposal::Outdated, "blocked"),
    ];
    for one in expected {
        assert!(ended.contains(&one), "{one:?}: {report}");
    }
}

/// Runs on a paused clock, with the stack that the program has.
fn paused<F: Future<Output = Report>>(work: impl FnOnce() -> F + Send + 'static) -> Report {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .thread_stack_size(STACK)
            .build();
        runtime.unwrap().block_on(work())
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(run);
    match thread.unwrap().join() {
        Ok(report) => report,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

#[test]
fn two_instances_write_one_at_a_time_and_everything_ends() {
    hold(&soaked(2, ticks(60)));
}

#[test]
fn five_instances_write_one_at_a_time_and_everything_ends() {
    hold(&soaked(5, ticks(36)));
}

#[test]
fn an_instance_that_writes_without_leading_is_caught() {
    let soak = Soak {
        instances: 2,
        ticks: 24,
        seed: 1,
        last: &["--enable-leader-election=false"],
    };
    let report = paused(move || soak.run());
    let found = |what: &str| report.violations.iter().any(|it| it.contains(what));
    assert!(found("leads: "), "{report}");
    assert!(found("in one term"), "{report}");
}
