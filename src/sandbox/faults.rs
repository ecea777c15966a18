//! Trouble on purpose: slow, refused and cut requests, a clock that is off, metrics that are missing.
//!
//! What happens to a request follows from the plan, the seed and how many requests came before it,
//! so that the same run meets the same trouble. The clock and the metrics are the twin's to ask for.

pub(crate) mod plan;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::access::Attributes;
use super::query::Query;
use super::status::{Named, Refusal};
pub use plan::Plan;
pub(crate) use plan::{Answer, Cut, PlanError, Rule};

/// The trouble of a server. It can be changed while the server runs.
#[derive(Debug, Default)]
pub(crate) struct Faults(RwLock<Arc<Active>>);

/// A plan and how often each of its rules was asked.
#[derive(Debug, Default)]
struct Active {
    plan: Plan,
    /// When it came into force, which its gaps are counted from.
    since: Timestamp,
    asked: Vec<AtomicU64>,
}

/// What happens to one request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Trouble {
    /// On its way to the API: what ends here was not carried out.
    pub(crate) before: Hindrance,
    /// On the way back: it was carried out, and its answer is lost.
    pub(crate) after: Hindrance,
    /// When its watch ends, if it is one.
    pub(crate) cut: Option<Cut>,
}

/// What a request meets on one way.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Hindrance {
    pub(crate) delay: Duration,
    pub(crate) ending: Option<Ending>,
}

/// What comes instead of the answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ending {
    Refused(Refusal),
    /// Nothing: the connection breaks.
    Dropped,
}

impl Faults {
    /// A plan whose times count from `since`.
    ///
    /// # Errors
    /// When the plan makes no sense.
    pub(crate) fn of(plan: Plan, since: Timestamp) -> Result<Self, PlanError> {
        let faults = Self::default();
        faults.set(plan, since)?;
        Ok(faults)
    }

    /// Follows another plan from `now` on: requests count from zero, and times from `now`.
    ///
    /// # Errors
    /// When the plan makes no sense; the one before stays.
    pub(crate) fn set(&self, plan: Plan, now: Timestamp) -> Result<(), PlanError> {
        plan.check()?;
        let asked = plan.rules.iter().map(|_| AtomicU64::new(0)).collect();
        let active = Arc::new(Active {
            plan,
            since: now,
            asked,
        });
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = active;
        Ok(())
    }

    /// What happens to a request, of which `query` is what follows the question mark; counts it.
    pub(crate) fn judge(&self, asked: &Attributes, query: &str, user_agent: &str) -> Trouble {
        let active = self.active();
        let mut trouble = Trouble::default();
        for (index, rule) in active.plan.rules.iter().enumerate() {
            if rule.when.fits(asked, user_agent)
                && let Some(chance) = active.strikes(index, rule)
            {
                trouble.add(rule, asked, query, chance);
            }
        }
        trouble
    }

    /// How far the server's clock is ahead of the time.
    pub(crate) fn clock_skew(&self) -> SignedDuration {
        self.active().plan.clock_skew
    }

    /// Whether the metrics API has anything to say at `now`.
    pub(crate) fn has_metrics(&self, now: Timestamp) -> bool {
        let active = self.active();
        let passed = now.duration_since(active.since);
        let mut gaps = active.plan.metrics_gaps.iter();
        !gaps.any(|it| it.holds(passed))
    }

    /// Whether the source of a trigger of KEDA's fails at `now`.
    pub(crate) fn fails(
        &self,
        namespace: &str,
        object: &str,
        trigger: usize,
        now: Timestamp,
    ) -> bool {
        let active = self.active();
        let passed = now.duration_since(active.since);
        let mut failures = active.plan.trigger_failures.iter();
        failures.any(|it| it.strikes(namespace, object, trigger, passed))
    }

    fn active(&self) -> Arc<Active> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Active {
    /// Counts a request that fits the rule. Where the rule strikes, gives a number for further
    /// choices.
    fn strikes(&self, index: usize, rule: &Rule) -> Option<u64> {
        let number = self.asked.get(index)?.fetch_add(1, Ordering::Relaxed);
        let chance = mixed(self.plan.seed ^ mixed(index as u64) ^ number);
        let is_its_turn = rule.every.is_none_or(|every| {
            let every = u64::from(every).max(1);
            number % every == every - 1
        });
        let is_meant = rule.nth.is_none_or(|nth| number + 1 == u64::from(nth));
        let is_unlucky = rule.share.is_none_or(|share| fraction(chance) < share);
        (is_its_turn && is_meant && is_unlucky).then(|| mixed(chance))
    }
}

impl Trouble {
    fn add(&mut self, rule: &Rule, asked: &Attributes, query: &str, chance: u64) {
        let way = match rule.carried_out {
            true => &mut self.after,
            false => &mut self.before,
        };
        if let Some(latency) = rule.latency {
            way.delay = way.delay.saturating_add(latency.at(fraction(chance)));
        }
        if way.ending.is_none()
            && let Some(answer) = rule.answer
        {
            way.ending = ending(answer, rule.retry_after_seconds, asked, query);
        }
        if self.cut.is_none() && asked.verb == "watch" {
            self.cut = rule.cut;
        }
    }
}

/// What the client gets; nothing where there cannot be such an answer.
fn ending(answer: Answer, retry_after: u32, asked: &Attributes, query: &str) -> Option<Ending> {
    let refusal = match answer {
        Answer::Dropped => return Some(Ending::Dropped),
        Answer::TooManyRequests => Some(Refusal::too_many_requests(retry_after)),
        Answer::InternalError => Some(Refusal::internal("this fault was asked for")),
        Answer::Unavailable => Some(Refusal::unavailable()),
        Answer::Conflict => conflict(asked),
        Answer::Expired => (asked.verb == "list" && goes_on(query)).then(|| {
            let message = "The provided continue parameter is too old to display a consistent \
                           list result. You can start a new list without the continue parameter.";
            Refusal::expired(message)
        }),
    };
    refusal.map(Ending::Refused)
}

fn conflict(asked: &Attributes) -> Option<Refusal> {
    matches!(asked.verb.as_str(), "update" | "patch").then(|| {
        let named = Named {
            group: &asked.group,
            kind: "",
            plural: &asked.resource,
        };
        Refusal::modified(named, &asked.name)
    })
}

/// Whether a list is asked for from a certain place on.
fn goes_on(query: &str) -> bool {
    !Query::parse(query).text("continue").is_empty()
}

/// A number that looks random, the same for the same seed: one step of SplitMix64.
fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// From 0 to just below 1.
fn fraction(number: u64) -> f64 {
    (number >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests;
