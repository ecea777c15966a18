//! Many elections on one Lease, with everything that goes wrong between them: requests that are
//! late, lost before or after they were carried out, or refused; processes that stand still or die;
//! clocks that are off, jump, and run at other speeds.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::*;

/// How much time passes from one step to the next.
const TICK: Duration = Duration::from_millis(100);

const TICKS: u64 = 10_000;

/// How many runs of each kind.
const SEEDS: u64 = 10;

/// A sequence of numbers that looks random: SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to just below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn fraction(&mut self) -> f64 {
        self.below(1 << 20) as f64 / (1 << 20) as f64
    }

    /// Whether something happens that does so once in `times`; never where that is 0.
    fn once_in(&mut self, times: u64) -> bool {
        times > 0 && self.below(times) == 0
    }
}

/// How often what goes wrong, as once in so many times; 0 is never.
#[derive(Clone, Copy)]
struct Faults {
    request: u64,
    slow: u64,
    pause: u64,
    kill: u64,
    clock: u64,
}

const ALL: Faults = Faults {
    request: 6,
    slow: 12,
    pause: 900,
    kill: 400,
    clock: 50,
};

/// Nothing but leaders that die.
const DEATHS: Faults = Faults {
    request: 0,
    slow: 0,
    pause: 0,
    kill: 300,
    clock: 50,
};

/// The Lease in an API server.
#[derive(Default)]
struct Store {
    lease: Option<Lease>,
    version: u64,
}

#[derive(Clone)]
enum Request {
    Look,
    Claim(Claim),
}

enum Answer {
    Saw(Option<Observed>),
    Wrote(String),
    Conflict,
    Failed,
}

/// What happens to a request on its way.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Fine,
    LostBefore,
    LostAfter,
    FailedBefore,
    FailedAfter,
    Conflict,
}

struct Packet {
    from: usize,
    serial: u64,
    request: Request,
    fate: Fate,
    arrives: u64,
    returns: u64,
    answer: Option<Answer>,
}

/// One process that wants to lead.
struct Instance {
    election: Election,
    /// What its clocks show at the beginning, and how fast they run.
    offset: Duration,
    rate: f64,
    skew: SignedDuration,
    awaits: Option<(u64, Request, Duration)>,
    stands_until: u64,
    /// By its own clock.
    writes_until: Duration,
}

struct World {
    random: Random,
    faults: Faults,
    timing: Timing,
    store: Store,
    network: Vec<Packet>,
    instances: Vec<Instance>,
    born: u64,
    serial: u64,
    /// What came of it.
    report: Report,
}

#[derive(Debug, Default)]
struct Report {
    /// Moments at which more than one could write, told by who they were.
    doubles: Vec<String>,
    /// Who has led in a term.
    terms: BTreeMap<u32, String>,
    led: u64,
    killed: u64,
    dead_since: Option<u64>,
    /// The ticks from the death of each leader to the next.
    takeovers: Vec<u64>,
}

impl Store {
    fn observed(&self) -> Option<Observed> {
        self.lease.clone().map(|lease| Observed {
            lease,
            version: self.version.to_string(),
        })
    }

    fn answer(&mut self, request: &Request) -> Answer {
        let Request::Claim(claim) = request else {
            return Answer::Saw(self.observed());
        };
        if claim.over != self.observed().map(|it| it.version) {
            return Answer::Conflict;
        }
        self.version += 1;
        self.lease = Some(claim.lease.clone());
        Answer::Wrote(self.version.to_string())
    }
}

impl Instance {
    /// What its steady clock shows.
    fn now(&self, tick: u64) -> Duration {
        self.offset + passed(tick).mul_f64(self.rate)
    }

    /// What its clock on the wall shows.
    fn clock(&self, tick: u64) -> Timestamp {
        let noon = Timestamp::from_second(1_772_452_800).unwrap();
        let shown = noon.checked_add(SignedDuration::try_from(passed(tick)).unwrap());
        shown.unwrap().checked_add(self.skew).unwrap()
    }

    fn may_write(&self, tick: u64) -> bool {
        let now = self.now(tick);
        self.election.is_leader(now) || now < self.writes_until
    }

    fn take(&mut self, answer: Answer, request: Request, sent: Duration, now: Duration) {
        match (answer, request) {
            (Answer::Saw(observed), _) => self.election.saw(observed, now),
            (Answer::Wrote(version), Request::Claim(claim)) => {
                self.election.wrote(claim, version, sent, now);
            }
            (Answer::Conflict, _) => self.election.lost_race(now),
            (Answer::Failed | Answer::Wrote(_), _) => self.election.failed(now),
        }
    }
}

fn passed(tick: u64) -> Duration {
    TICK * u32::try_from(tick).unwrap()
}

impl World {
    fn new(instances: usize, seed: u64, faults: Faults, timing: Timing) -> Self {
        let mut world = Self {
            random: Random(seed),
            faults,
            timing,
            store: Store::default(),
            network: vec![],
            instances: vec![],
            born: 0,
            serial: 0,
            report: Report::default(),
        };
        for _ in 0..instances {
            let born = world.instance();
            world.instances.push(born);
        }
        world
    }

    fn instance(&mut self) -> Instance {
        self.born += 1;
        Instance {
            election: Election::new(format!("stepscale-{}", self.born), self.timing),
            offset: Duration::from_millis(self.random.below(3_600_000)),
            rate: 0.995 + 0.01 * self.random.fraction(),
            skew: SignedDuration::ZERO,
            awaits: None,
            stands_until: 0,
            writes_until: Duration::ZERO,
        }
    }

    fn run(mut self) -> Report {
        for tick in 0..TICKS {
            self.carry(tick);
            for index in 0..self.instances.len() {
                self.trouble(index, tick);
                if self.instances[index].stands_until <= tick {
                    self.act(index, tick);
                }
            }
            self.judge(tick);
        }
        self.report
    }

    /// Carries out what has arrived.
    fn carry(&mut self, tick: u64) {
        for packet in &mut self.network {
            if packet.arrives == tick {
                packet.answer = match packet.fate {
                    Fate::LostBefore => None,
                    Fate::FailedBefore => Some(Answer::Failed),
                    Fate::Conflict => Some(Answer::Conflict),
                    Fate::Fine => Some(self.store.answer(&packet.request)),
                    Fate::LostAfter => {
                        self.store.answer(&packet.request);
                        None
                    }
                    Fate::FailedAfter => {
                        self.store.answer(&packet.request);
                        Some(Answer::Failed)
                    }
                };
            }
        }
    }

    /// Lets clocks jump, processes stand still, and leaders die and others come.
    fn trouble(&mut self, index: usize, tick: u64) {
        let Faults {
            pause, kill, clock, ..
        } = self.faults;
        if self.random.once_in(clock) {
            let skew = self.random.below(10_001) as i64 - 5_000;
            self.instances[index].skew = SignedDuration::from_millis(skew);
        }
        if self.random.once_in(pause) {
            self.instances[index].stands_until = tick + 1 + self.random.below(300);
        }
        let leads = self.instances[index].may_write(tick);
        if leads && self.random.once_in(kill) {
            self.report.killed += 1;
            self.report.dead_since = Some(tick);
            let mut born = self.instance();
            born.stands_until = tick + self.random.below(100);
            self.instances[index] = born;
        }
    }

    fn act(&mut self, index: usize, tick: u64) {
        let now = self.instances[index].now(tick);
        match self.instances[index].awaits.take() {
            Some(awaited) => self.wait(index, tick, awaited),
            None => self.go_on(index, tick),
        }
        let instance = &mut self.instances[index];
        if let Some(held) = instance.election.held(now) {
            let deadline = held.since + self.timing.write_deadline();
            if self.random.once_in(20) {
                instance.writes_until = deadline;
            }
        }
    }

    fn wait(&mut self, index: usize, tick: u64, awaited: (u64, Request, Duration)) {
        let (serial, request, sent) = awaited;
        let now = self.instances[index].now(tick);
        let there = |it: &Packet| it.serial == serial && it.returns <= tick && it.answer.is_some();
        let packet = self.network.iter().position(there);
        let instance = &mut self.instances[index];
        match packet.map(|it| self.network.swap_remove(it)) {
            Some(packet) => {
                let answer = packet.answer.unwrap();
                assert_eq!(packet.from, index);
                instance.take(answer, request, sent, now);
                let jitter = self.timing.jitter(self.random.fraction());
                if !instance.election.is_leader(now) {
                    instance.election.delay(jitter);
                }
            }
            None if now >= sent + self.timing.request_timeout() => instance.election.failed(now),
            None => instance.awaits = Some((serial, request, sent)),
        }
    }

    fn go_on(&mut self, index: usize, tick: u64) {
        let instance = &self.instances[index];
        let now = instance.now(tick);
        let request = match instance.election.next(now, instance.clock(tick)) {
            Next::Wait(_) => return,
            Next::Look => Request::Look,
            Next::Claim(claim) => Request::Claim(claim),
        };
        self.serial += 1;
        let packet = self.packet(index, tick, request.clone());
        self.instances[index].awaits = Some((packet.serial, request, now));
        self.network.push(packet);
    }

    fn packet(&mut self, from: usize, tick: u64, request: Request) -> Packet {
        let fate = match self.random.once_in(self.faults.request) {
            false => Fate::Fine,
            true => match self.random.below(5) {
                0 => Fate::LostBefore,
                1 => Fate::LostAfter,
                2 => Fate::FailedBefore,
                3 => Fate::FailedAfter,
                _ => Fate::Conflict,
            },
        };
        // Longer than anybody waits, so that it is carried out after it was given up.
        let slow = match self.random.once_in(self.faults.slow) {
            true => self.random.below(120),
            false => 0,
        };
        let arrives = tick + 1 + self.random.below(2) + slow;
        Packet {
            from,
            serial: self.serial,
            request,
            fate,
            arrives,
            returns: arrives + self.random.below(2),
            answer: None,
        }
    }

    fn judge(&mut self, tick: u64) {
        let writers = self.instances.iter().filter(|it| it.may_write(tick));
        let names: Vec<&str> = writers.map(|it| it.election.identity.as_str()).collect();
        if names.len() > 1 {
            self.report
                .doubles
                .push(format!("{tick}: {}", names.join(", ")));
        }
        for it in &self.instances {
            let Some(held) = it.election.held(it.now(tick)) else {
                continue;
            };
            self.report.led += 1;
            let identity = held.term.identity.clone();
            let first = self.report.terms.entry(held.term.transitions);
            let first = first.or_insert_with(|| identity.clone());
            assert_eq!(*first, identity, "two have led in one term");
            if let Some(since) = self.report.dead_since.take() {
                self.report.takeovers.push(tick - since);
            }
        }
    }
}

fn timing() -> Timing {
    let second = Duration::from_secs(1);
    Timing::new(15 * second, 10 * second, 2 * second).unwrap()
}

fn ticks(it: Duration) -> u64 {
    u64::try_from(it.as_millis() / TICK.as_millis()).unwrap()
}

#[test]
fn never_do_two_lead_whatever_goes_wrong() {
    for instances in [2, 5] {
        for seed in 0..SEEDS {
            let report = World::new(instances, seed, ALL, timing()).run();
            assert_eq!(
                report.doubles,
                Vec::<String>::new(),
                "{instances}, seed {seed}"
            );
            // Much has happened, and yet somebody led most of the time.
            assert!(report.killed > 3, "{report:?}");
            assert!(report.terms.len() > 10, "{report:?}");
            assert!(report.led > TICKS / 4, "{report:?}");
        }
    }
}

#[test]
fn the_next_leads_within_a_lease_and_a_retry_of_a_death() {
    // Two requests, each there and back, from when the lease has run out.
    let answers = 2 * 5;
    let slowest = (timing().lease() + timing().longest_retry()).mul_f64(1.01);
    for instances in [2, 5] {
        for seed in 0..SEEDS {
            let report = World::new(instances, seed, DEATHS, timing()).run();
            let longest = report.takeovers.iter().max().unwrap();
            assert!(
                *longest <= ticks(slowest) + answers,
                "{instances}, seed {seed}: {longest}"
            );
            assert!(report.takeovers.len() > 5, "{report:?}");
            assert_eq!(report.doubles, Vec::<String>::new());
        }
    }
}

#[test]
fn a_leader_that_goes_on_too_long_is_found() {
    let second = Duration::from_secs(1);
    let timing = Timing::unchecked(15 * second, 16 * second, 2 * second);
    // Writes end where the lease does: what is found is the leader.
    let doubles = (0..SEEDS).map(|seed| World::new(5, seed, ALL, timing).run().doubles.len());
    assert!(doubles.sum::<usize>() > 0);
}
