use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::carry::{self, Hpa, Move, Span, Target, World, span, step};
use super::peak::{IDLE_LOOKS, Utilization};
use super::*;
use crate::analysis::assessment::RiskLevel;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn plan(windows: &[(&str, u32, u32, &str)]) -> Plan {
    let window = |(start, minutes, min, zone): &(&str, u32, u32, &str)| {
        json!({ "startCron": start, "durationMinutes": minutes, "minReplicas": min,
            "timeZone": zone })
    };
    let windows: Vec<Value> = windows.iter().map(window).collect();
    serde_json::from_value(windows.into()).unwrap()
}

/// Eight replicas from nine to eleven of a working day in Berlin.
fn office() -> Plan {
    plan(&[("0 9 * * 1-5", 120, 8, "Europe/Berlin")])
}

fn floor(from: u32, to: u32) -> Floor {
    Floor {
        id: "f1".to_owned(),
        recommendation: "web".to_owned(),
        by: "watch".to_owned(),
        at: time("2026-03-02T08:00:00Z"),
        from,
        to,
        until: time("2026-03-02T10:00:00Z"),
    }
}

fn hpa(min: u32, held: Option<Floor>) -> Hpa {
    Hpa {
        min,
        max: 20,
        floor: held,
        has_schedule: true,
        is_held_still: false,
        writer: None,
    }
}

fn world(now: &str, hpa: Hpa) -> World {
    World {
        now: time(now),
        ahead: SignedDuration::from_mins(5),
        target: Target::Hpa(hpa),
        refusal: None,
        cpu: None,
    }
}

const BEFORE: &str = "2026-03-02T07:50:00Z";
const SOON: &str = "2026-03-02T07:56:00Z";
const OPEN: &str = "2026-03-02T09:00:00Z";
const OVER: &str = "2026-03-02T10:00:00Z";

fn raise(from: u32, to: u32) -> Move {
    let until = time(OVER);
    Move::Raise { from, to, until }
}

#[test]
fn a_floor_is_raised_before_it_opens_and_given_back_when_it_is_over() {
    let ours = || Some(floor(3, 8));
    let give_back = Move::GiveBack { from: 8, to: 3 };
    let capped = |min, held| Hpa {
        max: 6,
        ..hpa(min, held)
    };
    #[rustfmt::skip]
    let table = [
        ("too early", world(BEFORE, hpa(3, None)), Move::Nothing, State::Waiting),
        ("opens before the next look", world(SOON, hpa(3, None)), raise(3, 8), State::Open),
        ("open when the leader begins", world(OPEN, hpa(3, None)), raise(3, 8), State::Open),
        ("raised already", world(OPEN, hpa(8, ours())), Move::Nothing, State::Open),
        ("enough without it", world(OPEN, hpa(9, None)), Move::Nothing, State::Open),
        ("no more than the maximum", world(OPEN, capped(3, None)), raise(3, 6), State::Open),
        ("over", world(OVER, hpa(8, ours())), give_back.clone(), State::Waiting),
        ("over, and never raised", world(OVER, hpa(3, None)), Move::Nothing, State::Waiting),
        ("set by others", world(OPEN, hpa(5, ours())), Move::LetGo, State::Left),
        ("set by others, over", world(OVER, hpa(5, ours())), Move::LetGo, State::Waiting),
    ];
    for (name, world, deed, state) in table {
        let next = step(&Carried::begun(office(), None), &world);
        assert_eq!((next.deed, next.carried.state), (deed, state), "{name}");
    }
}

#[test]
fn what_must_not_be_raised_is_told_and_what_is_over_is_given_back() {
    let refused = |now, hpa| World {
        refusal: Some("managed by the Argo CD application shop".to_owned()),
        ..world(now, hpa)
    };
    let carried = Carried::begun(office(), None);
    let next = step(&carried, &refused(OPEN, hpa(3, None)));
    assert_eq!(
        (&next.deed, next.carried.state),
        (&Move::Nothing, State::Withheld)
    );
    let why = "8 replicas are not kept: managed by the Argo CD application shop";
    assert_eq!(next.carried.detail, why);
    // What is held stays for as long as it is meant to.
    let next = step(&carried, &refused(OPEN, hpa(8, Some(floor(3, 8)))));
    assert_eq!(
        (next.deed, next.carried.state),
        (Move::Nothing, State::Open)
    );
    let next = step(&carried, &refused(OVER, hpa(8, Some(floor(3, 8)))));
    assert_eq!(next.deed, Move::GiveBack { from: 8, to: 3 });
}

#[test]
fn a_pause_is_waited_for_in_both_directions() {
    let paused = |min, held| Hpa {
        is_held_still: true,
        ..hpa(min, held)
    };
    let carried = Carried::begun(office(), None);
    for (now, hpa) in [
        (OPEN, paused(3, None)),
        (OPEN, paused(5, Some(floor(3, 8)))),
        (OVER, paused(8, Some(floor(3, 8)))),
    ] {
        assert_eq!(
            step(&carried, &world(now, hpa.clone())).deed,
            Move::Nothing,
            "{hpa:?}"
        );
    }
    // Resumed, it has what it had.
    let next = step(&carried, &world(OVER, hpa(8, Some(floor(3, 8)))));
    assert_eq!(next.deed, Move::GiveBack { from: 8, to: 3 });
}

#[test]
fn what_others_set_stays_until_the_window_is_over() {
    let edited = Hpa {
        writer: Some("kubectl-edit".to_owned()),
        ..hpa(5, Some(floor(3, 8)))
    };
    let left = step(&Carried::begun(office(), None), &world(OPEN, edited)).carried;
    let said = "minReplicas was set to 5 by kubectl-edit while a window was open, and stays so: \
                nothing is written before its end, 2026-03-02T10:00:00Z";
    assert_eq!((left.state, left.detail.as_str()), (State::Left, said));
    let next = step(&left, &world("2026-03-02T09:55:00Z", hpa(5, None)));
    assert_eq!(
        (next.deed, next.carried.state),
        (Move::Nothing, State::Left)
    );
    let next = step(&next.carried, &world("2026-03-03T08:00:00Z", hpa(5, None)));
    let until = time("2026-03-03T10:00:00Z");
    assert_eq!(
        next.deed,
        Move::Raise {
            from: 5,
            to: 8,
            until
        }
    );
}

#[test]
fn of_windows_that_overlap_the_greatest_counts_and_the_base_is_kept() {
    let both = plan(&[
        ("0 8 * * *", 180, 6, "Etc/UTC"),
        ("0 9 * * *", 60, 10, "Etc/UTC"),
    ]);
    let carried = Carried::begun(both.clone(), None);
    let until = time("2026-03-02T11:00:00Z");
    let at = |now, min, held| step(&carried, &world(now, hpa(min, held))).deed;
    let raise = |to| Move::Raise { from: 3, to, until };
    assert_eq!(at("2026-03-02T08:30:00Z", 3, None), raise(6));
    assert_eq!(at("2026-03-02T09:10:00Z", 6, Some(floor(3, 6))), raise(10));
    assert_eq!(at("2026-03-02T10:10:00Z", 10, Some(floor(3, 10))), raise(6));
    // The inner window changes nothing for who has more.
    assert_eq!(
        at("2026-03-02T10:10:00Z", 10, Some(floor(7, 10))),
        Move::GiveBack { from: 10, to: 7 }
    );
    let ahead = SignedDuration::from_mins(5);
    let expected = Some(Span { floor: 10, until });
    assert_eq!(span(&both, time("2026-03-02T08:56:00Z"), ahead), expected);
}

#[test]
fn the_clock_of_the_zone_counts_on_both_sides_of_its_change() {
    let daily = plan(&[
        ("0 9 * * *", 120, 8, "Europe/Berlin"),
        ("30 23 * * *", 60, 6, "Europe/Berlin"),
    ]);
    let floors = [
        // The Saturday before, the Sunday on which 2:00 is 3:00, and the Monday after.
        ("2026-03-28T08:00:00Z", Some(8)),
        ("2026-03-28T07:00:00Z", None),
        ("2026-03-28T22:45:00Z", Some(6)),
        ("2026-03-28T23:20:00Z", Some(6)),
        ("2026-03-28T23:31:00Z", None),
        ("2026-03-29T07:00:00Z", Some(8)),
        ("2026-03-29T09:01:00Z", None),
        ("2026-03-30T07:00:00Z", Some(8)),
        ("2026-10-25T07:30:00Z", None),
        ("2026-10-25T08:00:00Z", Some(8)),
    ];
    for (now, expected) in floors {
        let span = span(&daily, time(now), SignedDuration::ZERO);
        assert_eq!(span.map(|it| it.floor), expected, "{now}");
    }
}

fn idle_looks(looks: &[(&str, Option<(u32, u32)>)]) -> Carried {
    let mut carried = Carried::begun(office(), None);
    for (now, cpu) in looks {
        let cpu = cpu.map(|(current, target)| Utilization { current, target });
        let mut world = world(now, hpa(8, Some(floor(3, 8))));
        world.cpu = cpu;
        carried = step(&carried, &world).carried;
    }
    carried
}

#[test]
fn a_schedule_is_retracted_after_six_looks_without_its_peak() {
    const MIDDLE: &str = "2026-03-02T09:00:00Z";
    let idle = (MIDDLE, Some((34, 70)));
    assert_eq!(idle_looks(&[idle; 5]).idle, 5);
    let retracted = idle_looks(&[idle; 6]);
    assert_eq!(retracted.state, State::Retracted);
    assert_eq!(IDLE_LOOKS, 6);
    // The peak, or what is no half, begins anew; what says nothing does not.
    assert_eq!(idle_looks(&[idle, idle, (MIDDLE, Some((35, 70)))]).idle, 0);
    assert_eq!(idle_looks(&[idle, idle, (MIDDLE, None)]).idle, 2);
    // The first and the last quarter say nothing of the peak.
    let edges = ["2026-03-02T08:20:00Z", "2026-03-02T09:40:00Z"];
    assert_eq!(idle_looks(&edges.map(|it| (it, Some((1, 70))))).idle, 0);
}

/// Between two looks there may be all of a window, or several.
#[test]
fn windows_shorter_than_the_time_between_two_looks_are_kept_from_one_to_the_next() {
    let hourly = plan(&[("55 * * * *", 15, 8, "Etc/UTC")]);
    let at = |now: &str, minutes: i64| {
        span(&hourly, time(now), SignedDuration::from_mins(minutes)).map(|it| (it.floor, it.until))
    };
    let until = |text: &str| Some((8, time(text)));
    // Every five minutes: at most five minutes early.
    assert_eq!(at("2026-03-02T07:49:00Z", 5), None);
    assert_eq!(at("2026-03-02T07:50:00Z", 5), until("2026-03-02T08:10:00Z"));
    assert_eq!(at("2026-03-02T08:10:00Z", 5), None);
    // Every half hour: all of it may be in between.
    assert_eq!(
        at("2026-03-02T07:41:00Z", 33),
        until("2026-03-02T08:10:00Z")
    );
    assert_eq!(at("2026-03-02T08:11:00Z", 33), None);
    // Every hour: one always opens before the next look.
    assert_eq!(
        at("2026-03-02T08:11:00Z", 66),
        until("2026-03-02T09:10:00Z")
    );
    let carried = Carried::begun(hourly.clone(), Some(floor(3, 8)));
    let over = step(
        &carried,
        &world("2026-03-02T08:12:00Z", hpa(8, Some(floor(3, 8)))),
    );
    assert_eq!(over.deed, Move::GiveBack { from: 8, to: 3 });
    assert_eq!(
        over.carried.detail,
        "the next window opens at 2026-03-02T08:55:00Z"
    );
}

/// A look at a quarter to may come before what begins at ten to.
#[test]
fn short_windows_are_not_judged_by_their_looks() {
    let look = |minutes: u32| {
        let mut carried = Carried::begun(plan(&[("45 * * * *", minutes, 8, "Etc/UTC")]), None);
        for hour in 8..16 {
            let mut world = world(
                &format!("2026-03-02T{hour:02}:55:00Z"),
                hpa(8, Some(floor(3, 8))),
            );
            world.cpu = Some(Utilization {
                current: 1,
                target: 70,
            });
            carried = step(&carried, &world).carried;
        }
        carried.state
    };
    assert_eq!((look(25), look(30)), (State::Open, State::Retracted));
}

#[test]
fn a_retraction_takes_everything_away_whatever_comes_in_between() {
    let mut carried = Carried::begun(office(), None);
    carried.state = State::Retracted;
    let of = |hpa: Hpa| step(&carried, &world(OPEN, hpa));
    assert_eq!(of(hpa(8, Some(floor(3, 8)))).deed, Move::Retract);
    assert_eq!(of(hpa(3, None)).deed, Move::Retract);
    let nothing = Hpa {
        has_schedule: false,
        ..hpa(3, None)
    };
    let next = of(nothing);
    assert_eq!(next.deed, Move::Nothing);
    assert!(next.carried.windows.is_empty());
}

#[test]
fn triggers_of_keda_are_looked_at_and_not_written() {
    let scaled = |has_triggers, refusal: Option<&str>, now| World {
        target: Target::ScaledObject { has_triggers },
        refusal: refusal.map(str::to_owned),
        ..world(now, hpa(1, None))
    };
    let carried = Carried::begun(office(), None);
    let table = [
        (scaled(true, None, SOON), State::Waiting),
        (scaled(true, None, OPEN), State::Open),
        (scaled(true, Some("paused"), OPEN), State::Withheld),
        (scaled(false, None, OPEN), State::Left),
        (scaled(true, None, OVER), State::Waiting),
    ];
    for (world, state) in table {
        let next = step(&carried, &world);
        assert_eq!(
            (next.deed, next.carried.state),
            (Move::Nothing, state),
            "{world:?}"
        );
    }
}

#[test]
fn utilization_is_that_of_the_first_cpu_metric() {
    let hpa = json!({
        "spec": { "metrics": [
            { "type": "Pods", "pods": { "metric": { "name": "x" } } },
            { "type": "ContainerResource", "containerResource": { "name": "cpu",
                "container": "app", "target": { "type": "Utilization",
                    "averageUtilization": 60 } } }] },
        "status": { "currentMetrics": [
            { "type": "ContainerResource", "containerResource": { "name": "cpu",
                "container": "app", "current": { "averageUtilization": 29 } } }] },
    });
    let seen = Utilization::of(&hpa).unwrap();
    assert_eq!(
        seen,
        Utilization {
            current: 29,
            target: 60
        }
    );
    assert!(seen.is_idle());
    let mut blind = hpa;
    blind["status"] = json!({});
    assert_eq!(Utilization::of(&blind), None);
}

fn scaled_object(triggers: &[Value]) -> Value {
    json!({ "spec": { "maxReplicaCount": 7, "triggers": triggers } })
}

#[test]
fn windows_become_marked_triggers_and_go_again() {
    let theirs = [
        json!({ "type": "cpu", "metricType": "Utilization", "metadata": { "value": "50" } }),
        json!({ "type": "cron", "name": "shop", "metadata": {} }),
    ];
    let night = plan(&[
        ("0 9 * * 1-5", 120, 8, "Europe/Berlin"),
        ("30 23 * * 0,5", 90, 4, "Etc/UTC"),
    ]);
    let object = scaled_object(&theirs);
    let all = triggers::with(&night, &object).unwrap();
    let ours = [
        json!({ "type": "cron", "name": "stepscale-window-1", "metadata": {
            "timezone": "Europe/Berlin", "start": "0 9 * * 1-5", "end": "0 11 * * 1-5",
            "desiredReplicas": "7" } }),
        json!({ "type": "cron", "name": "stepscale-window-2", "metadata": {
            "timezone": "Etc/UTC", "start": "30 23 * * 0,5", "end": "0 1 * * 1,6",
            "desiredReplicas": "4" } }),
    ];
    assert_eq!(all, Value::from([&theirs[..], &ours].concat()));
    let with = scaled_object(all.as_array().unwrap());
    assert_eq!(triggers::with(&night, &with).unwrap(), all);
    let shown = shown(&with, AutoscalerKind::ScaledObject, None);
    assert_eq!((shown.without, shown.operations.len()), (object.clone(), 1));
    assert_eq!(without(&object, AutoscalerKind::ScaledObject), object);

    let mut formula = object.clone();
    formula["spec"]["advanced"] = json!({ "scalingModifiers": { "formula": "a + b" } });
    assert_eq!(triggers::made(&night, &formula), Err(Unfit::Formula));
    for (start, minutes) in [("0 9 1 * 1", 60), ("0 * * * *", 60), ("0,30 * * * *", 10)] {
        let endless = plan(&[(start, minutes, 8, "Etc/UTC")]);
        let start = start.to_owned();
        assert_eq!(
            triggers::made(&endless, &object),
            Err(Unfit::NoEnd { start })
        );
    }
    let hourly = plan(&[
        ("55 * * * *", 15, 8, "Etc/UTC"),
        ("55 7-17 * * 1-5", 15, 8, "Etc/UTC"),
        ("0 8 28-31 * *", 600, 8, "Etc/UTC"),
    ]);
    let made = triggers::made(&hourly, &object).unwrap();
    let ends: Vec<&Value> = made.iter().map(|it| &it["metadata"]["end"]).collect();
    assert_eq!(ends, ["10 * * * *", "10 8-18 * * 1-5", "0 18 28-31 * *"]);
}

#[test]
fn a_floor_is_no_setting_while_it_holds() {
    let held = floor(3, 8);
    let annotated = |min: u32| {
        json!({ "metadata": { "annotations": { floor::ANNOTATION: held.to_text() } },
            "spec": { "minReplicas": min, "maxReplicas": 9 } })
    };
    let kind = AutoscalerKind::HorizontalPodAutoscaler;
    assert_eq!(Floor::of(&annotated(8)), Ok(Some(held.clone())));
    assert_eq!(without(&annotated(8), kind)["spec"]["minReplicas"], 3);
    assert_eq!(without(&annotated(5), kind)["spec"]["minReplicas"], 5);
    let text = held.to_text();
    assert_eq!(floor::minimum_below(Some(&text), 8), 3);
    assert_eq!(floor::minimum_below(Some(&text), 5), 5);
    assert_eq!(floor::minimum_below(Some("{"), 8), 8);
    let newer = text.replace("\"version\":1", "\"version\":2");
    let why = Floor::from_text(&newer).unwrap_err().why;
    assert_eq!(
        why,
        "its version is 2, and this program knows 1; use a newer one"
    );
}

#[test]
fn a_proposal_says_its_windows_and_what_is_wrong_with_them() {
    let window = json!({ "startCron": "45 7 * * 1-5", "durationMinutes": 120, "minReplicas": 8 });
    let mut proposal = Proposal {
        uid: None,
        scales: None,
        analyzed_at: None,
        risk: RiskLevel::Low,
        summary: String::new(),
        saving_usd: None,
        saving_share: None,
        diff: vec![],
        schedule: vec![window],
        schedule_before: vec![],
        losses: None,
        evidence: Value::Null,
        findings: Value::Null,
    };
    let said = "at least 8 replicas from `45 7 * * 1-5` (Etc/UTC) for 120 min";
    assert_eq!(proposal.one_line(), said);
    assert_eq!(proposal.plan().unwrap().windows().len(), 1);
    let job = check(&proposal, AutoscalerKind::ScaledJob, &json!({}));
    assert_eq!(job, Err(Unfit::NoReplicas));
    proposal
        .schedule
        .push(json!({ "startCron": "noon", "durationMinutes": 1, "minReplicas": 1 }));
    let unfit = proposal.plan().unwrap_err().to_string();
    assert!(
        unfit.starts_with("window 1 of its schedule cannot be read: "),
        "{unfit}"
    );
}

/// An HPA, the record of it, and what somebody who may die does to both.
#[derive(Clone, Debug)]
struct Scene {
    now: Timestamp,
    min: u32,
    floor: Option<Floor>,
    /// What users have set.
    base: u32,
    carried: Carried,
    ids: u32,
}

const MAX: u32 = 9;

#[derive(Clone, Copy, Debug)]
enum Deed {
    Pass(i64),
    Look(Crash),
    /// Somebody looks who may raise nothing.
    LookRefused,
    SetMinimum(u32),
}

/// Where whoever looks dies.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Crash {
    Never,
    BeforeBegin,
    BeforeWrite,
    BeforeSave,
}

impl Scene {
    fn hpa(&self) -> Hpa {
        Hpa {
            min: self.min,
            max: MAX,
            floor: self.floor.clone(),
            has_schedule: true,
            is_held_still: false,
            writer: None,
        }
    }

    fn look(&mut self, crash: Crash, refusal: Option<&str>) {
        if let Some(attempt) = self.carried.attempt.clone() {
            let target = Target::Hpa(self.hpa());
            self.carried = carry::found(&self.carried, &attempt, &target).1;
        }
        let world = World {
            now: self.now,
            ahead: SignedDuration::from_mins(10),
            target: Target::Hpa(self.hpa()),
            refusal: refusal.map(str::to_owned),
            cpu: None,
        };
        let next = step(&self.carried, &world);
        assert!(
            refusal.is_none() || !raises(&next.deed, self.min),
            "{:?}",
            next.deed
        );
        let what = match next.deed {
            Move::Nothing => return self.carried = next.carried,
            Move::Raise { .. } => Write::Raise,
            Move::GiveBack { .. } | Move::LetGo => Write::Restore,
            Move::Retract => Write::Retract,
        };
        if crash == Crash::BeforeBegin {
            return;
        }
        self.ids += 1;
        let attempt = Attempt {
            id: self.ids.to_string(),
            what,
            by: "watch".to_owned(),
            at: self.now,
        };
        let floor = self.written(&next.deed);
        self.carried.attempt = Some(attempt);
        if crash == Crash::BeforeWrite {
            return;
        }
        self.write(&next.deed, floor.clone());
        if crash == Crash::BeforeSave {
            return;
        }
        self.carried = next.carried;
        carry::done(&mut self.carried, what, floor);
    }

    fn written(&self, deed: &Move) -> Option<Floor> {
        match deed {
            Move::Raise { from, to, until } => Some(Floor {
                id: self.ids.to_string(),
                until: *until,
                ..floor(*from, *to)
            }),
            Move::Nothing | Move::GiveBack { .. } | Move::LetGo | Move::Retract => None,
        }
    }

    fn write(&mut self, deed: &Move, floor: Option<Floor>) {
        match deed {
            Move::Raise { to, .. } => self.min = *to,
            Move::GiveBack { from, to } => {
                assert_eq!(self.min, *from);
                self.min = *to;
            }
            Move::LetGo | Move::Retract | Move::Nothing => {}
        }
        self.floor = floor;
        assert!(self.min <= MAX, "never above the maximum");
        assert!(self.min >= self.base, "never below what users have set");
    }

    fn is_held_at(&self, min: u32) -> bool {
        self.floor.as_ref().is_some_and(|it| it.to == min)
    }

    fn act(&mut self, deed: Deed) {
        match deed {
            Deed::Pass(minutes) => self.now += SignedDuration::from_mins(minutes),
            Deed::Look(crash) => self.look(crash, None),
            Deed::LookRefused => self.look(Crash::Never, Some("unlicensed")),
            // What is held already says nothing of who wants it.
            Deed::SetMinimum(min) if min == self.min || self.is_held_at(min) => {}
            Deed::SetMinimum(min) => (self.min, self.base) = (min, min),
        }
    }
}

fn raises(deed: &Move, min: u32) -> bool {
    matches!(deed, Move::Raise { to, .. } if *to > min)
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let crash = select(vec![
        Crash::Never,
        Crash::BeforeBegin,
        Crash::BeforeWrite,
        Crash::BeforeSave,
    ]);
    let one = prop_oneof![
        6 => (1..180_i64).prop_map(Deed::Pass),
        6 => crash.prop_map(Deed::Look),
        1 => Just(Deed::LookRefused),
        1 => (1..=MAX).prop_map(Deed::SetMinimum),
    ];
    proptest::collection::vec(one, 0..60)
}

proptest! {
    /// Whoever dies wherever: nothing is ever above the maximum or below what users have set, an
    /// open window has its floor after a look, and afterwards all is as users have set it.
    #[test]
    fn whatever_happens_what_was_raised_is_given_back(deeds in deeds()) {
        let windows = plan(&[
            ("0 9 * * *", 120, 8, "Europe/Berlin"),
            ("30 10 * * *", 90, 12, "Europe/Berlin"),
            ("30 23 * * 5,6", 90, 4, "Europe/Berlin"),
        ]);
        let mut scene = Scene {
            now: time("2026-03-27T06:00:00Z"),
            min: 3,
            floor: None,
            base: 3,
            carried: Carried::begun(windows.clone(), None),
            ids: 0,
        };
        for deed in deeds {
            scene.act(deed);
        }
        scene.look(Crash::Never, None);
        let wanted = span(&windows, scene.now, SignedDuration::ZERO);
        if let Some(Span { floor, .. }) = wanted
            && scene.carried.state != State::Left
        {
            prop_assert!(scene.min >= floor.min(MAX), "{scene:?}");
        }
        // A time at which no window is open, nor opens soon.
        scene.now = time("2026-09-01T03:00:00Z");
        scene.look(Crash::Never, None);
        prop_assert_eq!(scene.min, scene.base);
        prop_assert_eq!(&scene.floor, &None);
        prop_assert_eq!(&scene.carried.floor, &None);
        prop_assert_eq!(&scene.carried.attempt, &None);
        prop_assert_eq!(scene.carried.state, State::Waiting);
        // Looked at again, nothing is left to do.
        let before = scene.carried.clone();
        scene.look(Crash::Never, None);
        prop_assert_eq!(scene.carried, before);
    }
}
