//! What is to be done for a schedule now: one step, from the plan and the autoscaler as it is.
//!
//! Nothing here remembers what was done before but [`Carried`] and the annotation of the autoscaler,
//! so that a step that was never made, or of whose end nobody knows, is made by the next look. It only
//! raises, never above the maximum; what it raised it gives back, and never more than that.

use jiff::{SignedDuration, Timestamp};

use super::floor::Floor;
use super::peak::{self, IDLE_LOOKS, Utilization};
use super::{Attempt, Carried, State, Write};
use crate::schedule::Plan;

/// How many turns of a plan are looked ahead for its next pause. More only follow one another
/// without one.
const MOST_TURNS: usize = 64;

/// An autoscaler as it is, and what may be written to it.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    pub now: Timestamp,
    /// A window that opens within this time counts as open: nobody may look before it does.
    pub ahead: SignedDuration,
    pub target: Target,
    /// Why nothing may be raised now. What was raised is given back all the same.
    pub refusal: Option<String>,
    /// `None` where it is not known.
    pub cpu: Option<Utilization>,
}

/// What the windows are kept on.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    Hpa(Hpa),
    /// KEDA keeps the times; whether our triggers are there.
    ScaledObject {
        has_triggers: bool,
    },
}

/// An HPA.
#[derive(Clone, Debug, PartialEq)]
pub struct Hpa {
    pub min: u32,
    pub max: u32,
    /// As its annotation has it.
    pub floor: Option<Floor>,
    /// Whether its journal tells of a schedule.
    pub has_schedule: bool,
    /// Whether a pause of ours has taken the place of its minimum and maximum.
    pub is_held_still: bool,
    /// Who last wrote the minimum, where that is known.
    pub writer: Option<String>,
}

/// What is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    Nothing,
    /// The minimum becomes `to`; `from` is what it is to be afterwards.
    Raise {
        from: u32,
        to: u32,
        until: Timestamp,
    },
    /// The minimum becomes what it was before.
    GiveBack {
        from: u32,
        to: u32,
    },
    /// The minimum stays as others have set it, and the annotation goes.
    LetGo,
    /// Everything of the schedule goes.
    Retract,
}

/// What follows from a look.
#[derive(Clone, Debug, PartialEq)]
pub struct Next {
    pub deed: Move,
    /// As it is once that is done.
    pub carried: Carried,
}

/// The floor that is wanted at a time, and until when any is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub floor: u32,
    pub until: Timestamp,
}

/// What of `plan` counts at `now`, and of what opens within `ahead`; the greatest floor of these.
pub fn span(plan: &Plan, now: Timestamp, ahead: SignedDuration) -> Option<Span> {
    let by = now.checked_add(ahead).unwrap_or(Timestamp::MAX);
    let (mut at, mut floor, mut open) = (now, plan.floor(now), now);
    while let Some(turn) = plan.next_turn(at).filter(|it| *it <= by) {
        let then = plan.floor(turn);
        if floor.is_none() && then.is_some() {
            open = turn;
        }
        (at, floor) = (turn, floor.max(then));
    }
    let floor = floor?.0;
    let until = closes(plan, open);
    Some(Span { floor, until })
}

/// When no window is open any more, where one is at `from`.
fn closes(plan: &Plan, from: Timestamp) -> Timestamp {
    let mut at = from;
    for _ in 0..MOST_TURNS {
        let Some(turn) = plan.next_turn(at) else {
            break;
        };
        at = turn;
        if plan.floor(at).is_none() {
            break;
        }
    }
    at
}

/// What a write has made of it.
pub fn done(carried: &mut Carried, what: Write, floor: Option<Floor>) {
    carried.floor = match what {
        Write::Raise => floor,
        Write::Restore | Write::Retract => None,
    };
    if what == Write::Retract {
        // There is nothing left to carry out.
        carried.windows = Plan::default();
    }
}

/// Whether a write that was begun was made, which the target alone tells, and what is known then. A
/// minimum that only happens to be the floor may be that of a user.
pub fn found(carried: &Carried, attempt: &Attempt, target: &Target) -> (bool, Carried) {
    let (is_made, floor) = match target {
        Target::Hpa(hpa) => {
            let is_made = match (attempt.what, &hpa.floor) {
                (Write::Raise, floor) => floor.as_ref().is_some_and(|it| it.id == attempt.id),
                (Write::Restore, floor) => floor.is_none(),
                (Write::Retract, floor) => floor.is_none() && !hpa.has_schedule,
            };
            (is_made, hpa.floor.clone())
        }
        Target::ScaledObject { has_triggers } => (!has_triggers, None),
    };
    let mut found = Carried {
        attempt: None,
        ..carried.clone()
    };
    if is_made {
        done(&mut found, attempt.what, floor);
    }
    (is_made, found)
}

/// What is to be done now.
pub fn step(carried: &Carried, world: &World) -> Next {
    let mut look = Look {
        carried: carried.clone(),
        world,
        span: span(&carried.windows, world.now, world.ahead),
    };
    let deed = look.decide();
    Next {
        deed,
        carried: look.carried,
    }
}

struct Look<'a> {
    carried: Carried,
    world: &'a World,
    span: Option<Span>,
}

impl Look<'_> {
    fn decide(&mut self) -> Move {
        if self.carried.state == State::Retracted {
            return self.retracting();
        }
        let deed = match &self.world.target {
            Target::Hpa(hpa) => self.of_hpa(hpa),
            Target::ScaledObject { has_triggers } => self.of_triggers(*has_triggers),
        };
        match self.is_without_peak() {
            true => {
                let detail = format!(
                    "the peak did not come: in {IDLE_LOOKS} looks in a row, in the middle of its \
                     windows, CPU was below half of its target"
                );
                self.enter(State::Retracted, detail);
                self.retracting()
            }
            false => deed,
        }
    }

    /// What is left of a schedule that is not kept any more.
    fn retracting(&mut self) -> Move {
        let is_left = match &self.world.target {
            // It is looked at again once the pause is over.
            Target::Hpa(hpa) if hpa.is_held_still => return Move::Nothing,
            Target::Hpa(hpa) => hpa.floor.is_some() || hpa.has_schedule || self.lost_floor(hpa),
            Target::ScaledObject { has_triggers } => *has_triggers,
        };
        self.carried.floor = None;
        if is_left {
            return Move::Retract;
        }
        self.carried.windows = Plan::default();
        Move::Nothing
    }

    /// Whether a floor is held that only the record still tells of.
    fn lost_floor(&self, hpa: &Hpa) -> bool {
        let floor = self.carried.floor.as_ref();
        floor.is_some_and(|it| it.to == hpa.min)
    }

    fn is_without_peak(&mut self) -> bool {
        let is_counted = self.carried.state == State::Open;
        let windows = &self.carried.windows;
        let is_expected = is_counted && peak::is_expected(windows, self.world.now);
        self.carried.idle = peak::counted(self.carried.idle, is_expected, self.world.cpu);
        is_counted && self.carried.idle >= IDLE_LOOKS
    }

    fn of_triggers(&mut self, has_triggers: bool) -> Move {
        match (self.span_now(), &self.world.refusal, has_triggers) {
            (None, _, _) => self.wait(),
            (Some(_), _, false) => {
                let detail = "others have taken its cron triggers away".to_owned();
                self.enter(State::Left, detail);
            }
            (Some(span), Some(refusal), true) => {
                let detail = format!("{} replicas are not kept: {refusal}", span.floor);
                self.enter(State::Withheld, detail);
            }
            (Some(Span { floor, until }), None, true) => {
                let detail = format!("KEDA keeps at least {floor} replicas until {until}");
                self.enter(State::Open, detail);
            }
        }
        Move::Nothing
    }

    /// Where somebody else keeps the times, nothing is open early.
    fn span_now(&self) -> Option<Span> {
        span(&self.carried.windows, self.world.now, SignedDuration::ZERO)
    }

    fn of_hpa(&mut self, hpa: &Hpa) -> Move {
        match self.held(hpa) {
            Some(floor) if floor.to != hpa.min => self.not_ours(hpa),
            held => {
                self.carried.floor = held.clone();
                self.hold(hpa, held)
            }
        }
    }

    /// What is held, by the annotation; where somebody has taken that away, by the record, unless the
    /// minimum is what it was before.
    fn held(&self, hpa: &Hpa) -> Option<Floor> {
        let known = self.carried.floor.as_ref();
        let known = known.filter(|it| it.from != hpa.min);
        hpa.floor.as_ref().or(known).cloned()
    }

    /// Somebody has set another minimum than was written.
    fn not_ours(&mut self, hpa: &Hpa) -> Move {
        if hpa.is_held_still {
            self.withhold("a pause has taken the place of its minimum");
            return Move::Nothing;
        }
        let by = match &hpa.writer {
            Some(writer) => format!(" by {writer}"),
            None => String::new(),
        };
        self.carried.left_until = self.span.map(|it| it.until);
        self.carried.floor = None;
        match self.span {
            Some(Span { until, .. }) => {
                let min = hpa.min;
                let detail = format!(
                    "minReplicas was set to {min}{by} while a window was open, and stays so: \
                     nothing is written before its end, {until}"
                );
                self.enter(State::Left, detail);
            }
            None => self.wait(),
        }
        match hpa.floor {
            Some(_) => Move::LetGo,
            None => Move::Nothing,
        }
    }

    /// The minimum is as it was written, or was never written.
    fn hold(&mut self, hpa: &Hpa, held: Option<Floor>) -> Move {
        let base = held.as_ref().map_or(hpa.min, |it| it.from);
        let Some(Span { floor, until }) = self.span else {
            self.wait();
            return self.give_back(hpa, held);
        };
        if self
            .carried
            .left_until
            .is_some_and(|it| self.world.now < it)
        {
            return Move::Nothing;
        }
        self.carried.left_until = None;
        let wanted = floor.min(hpa.max).max(base);
        if wanted > hpa.min && (self.world.refusal.is_some() || hpa.is_held_still) {
            let refusal = self.world.refusal.as_deref();
            self.withhold(refusal.unwrap_or("a pause has taken the place of its minimum"));
            return Move::Nothing;
        }
        self.enter(State::Open, kept(floor, wanted, base, until));
        match wanted {
            _ if wanted == hpa.min => Move::Nothing,
            _ if wanted == base => self.give_back(hpa, held),
            to => Move::Raise {
                from: base,
                to,
                until,
            },
        }
    }

    fn give_back(&mut self, hpa: &Hpa, held: Option<Floor>) -> Move {
        match held {
            // The pause would be broken, and gives back what it found.
            Some(_) if hpa.is_held_still => Move::Nothing,
            Some(floor) => {
                self.carried.floor = None;
                Move::GiveBack {
                    from: floor.to,
                    to: floor.from,
                }
            }
            None => Move::Nothing,
        }
    }

    fn wait(&mut self) {
        let next = self.carried.windows.next_turn(self.world.now);
        let detail = match next {
            Some(next) => format!("the next window opens at {next}"),
            None => "no window opens any more".to_owned(),
        };
        self.carried.left_until = None;
        self.enter(State::Waiting, detail);
    }

    fn withhold(&mut self, why: &str) {
        let detail = match self.span {
            Some(span) => format!("{} replicas are not kept: {why}", span.floor),
            None => why.to_owned(),
        };
        self.enter(State::Withheld, detail);
    }

    fn enter(&mut self, state: State, detail: String) {
        if self.carried.state != state || self.carried.since.is_none() {
            self.carried.since = Some(self.world.now);
        }
        (self.carried.state, self.carried.detail) = (state, detail);
    }
}

fn kept(floor: u32, wanted: u32, base: u32, until: Timestamp) -> String {
    match wanted {
        _ if wanted == base && base >= floor => {
            format!("minReplicas is {base}, which is enough for {floor} until {until}")
        }
        _ if wanted < floor => format!(
            "minReplicas is {wanted}, the maximum, and not {floor}, instead of {base} until {until}"
        ),
        _ => format!("minReplicas is {wanted} instead of {base} until {until}"),
    }
}
