//! What trouble is asked for, as a file or a test says it.

use std::time::Duration;

use jiff::SignedDuration;
use serde::Deserialize;

use crate::sandbox::access::Attributes;

/// All the trouble of a run.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Plan {
    /// Another one makes other requests unlucky.
    pub(crate) seed: u64,
    /// Every rule that fits a request counts it and may strike; of several answers the first wins.
    pub(crate) rules: Vec<Rule>,
    /// How far the server's clock is ahead, such as `90s` or `-5m`.
    pub(crate) clock_skew: SignedDuration,
    pub(crate) metrics_gaps: Vec<Gap>,
    /// Times in which the sources of KEDA's triggers fail.
    pub(crate) trigger_failures: Vec<TriggerFailure>,
}

/// A time in which the sources of some triggers fail, counted as that of a [`Gap`]. An empty list
/// is all.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct TriggerFailure {
    #[serde(default)]
    pub(crate) namespaces: Vec<String>,
    /// Names of ScaledObjects and ScaledJobs.
    #[serde(default)]
    pub(crate) objects: Vec<String>,
    /// Places among the triggers of an object, from 0.
    #[serde(default)]
    pub(crate) triggers: Vec<usize>,
    pub(crate) after: SignedDuration,
    pub(crate) lasts: SignedDuration,
    #[serde(default)]
    pub(crate) every: Option<SignedDuration>,
}

/// Trouble for some requests. Without `share`, `every` and `nth` it strikes all that fit.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Rule {
    pub(crate) when: When,
    /// The share of requests to strike, from 0 to 1.
    pub(crate) share: Option<f64>,
    /// Strikes every so many requests: 3 is the third, the sixth and so on.
    pub(crate) every: Option<u32>,
    /// Strikes one alone: 3 is the third.
    pub(crate) nth: Option<u32>,
    /// Whether it strikes on the way back, when the request was carried out: its latency and its
    /// answer then are in the place of the good answer.
    pub(crate) carried_out: bool,
    pub(crate) latency: Option<Latency>,
    pub(crate) answer: Option<Answer>,
    /// Goes with `tooManyRequests`.
    pub(crate) retry_after_seconds: u32,
    pub(crate) cut: Option<Cut>,
}

/// Which requests. An empty list is all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct When {
    /// As RBAC has them: `get`, `list`, `watch`, `patch`.
    pub(crate) verbs: Vec<String>,
    /// `deployments`, or with its subresource `deployments/scale`.
    pub(crate) resources: Vec<String>,
    pub(crate) namespaces: Vec<String>,
    /// What the client's name contains.
    pub(crate) user_agent: String,
}

/// How long an answer takes, in real time: evenly spread from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Latency {
    pub(crate) least: SignedDuration,
    /// The same as the least if none is given.
    #[serde(default)]
    pub(crate) most: Option<SignedDuration>,
}

/// What a client gets instead of what it asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Answer {
    /// 429 with `Retry-After`.
    TooManyRequests,
    /// 500.
    InternalError,
    /// 503.
    Unavailable,
    /// None at all: the connection breaks.
    Dropped,
    /// 409, as if somebody else had just written; for updates and patches alone.
    Conflict,
    /// 410, as if a list had been forgotten between two of its pages; for pages after the first
    /// alone.
    Expired,
}

/// When a watch loses its connection, whichever comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Cut {
    pub(crate) after_events: Option<u64>,
    /// In real time.
    pub(crate) after_seconds: Option<u32>,
}

/// A time without metrics, counted in the sandbox's own time from its start, or from when the plan
/// was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Gap {
    pub(crate) after: SignedDuration,
    pub(crate) lasts: SignedDuration,
    /// Comes again so often; once if none is given.
    #[serde(default)]
    pub(crate) every: Option<SignedDuration>,
}

/// The longest latency of a rule. No client waits longer, and whoever asks for hours by a slip is
/// better told than kept waiting.
const LONGEST: SignedDuration = SignedDuration::from_mins(5);

/// Why a plan makes no sense.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum PlanError {
    #[error("share {share} of fault rule {rule} is not between 0 and 1")]
    Share { rule: usize, share: f64 },
    #[error("fault rule {rule} strikes every 0 requests, which is never")]
    EveryZero { rule: usize },
    #[error("fault rule {rule} strikes the request number 0, and they are counted from 1")]
    NthZero { rule: usize },
    #[error("latency of fault rule {rule} is negative, or its most is less than its least")]
    Latency { rule: usize },
    #[error("latency of fault rule {rule} is {latency:#}, longer than {LONGEST:#}")]
    TooLong {
        rule: usize,
        latency: SignedDuration,
    },
    #[error("fault rule {rule} does nothing: give it a latency, an answer or a cut")]
    Idle { rule: usize },
    #[error("trigger failure {failure} does not last, or comes again before it is over")]
    TriggerFailure { failure: usize },
    #[error("metrics gap {gap} does not last, or comes again before it is over")]
    Gap { gap: usize },
}

impl Plan {
    /// # Errors
    /// What is wrong first; rules and gaps are counted from 1.
    pub(super) fn check(&self) -> Result<(), PlanError> {
        for (rule, it) in (1..).zip(&self.rules) {
            it.check(rule)?;
        }
        let broken = self.metrics_gaps.iter().position(|it| !it.is_sound());
        if let Some(index) = broken {
            return Err(PlanError::Gap { gap: index + 1 });
        }
        let mut failures = self.trigger_failures.iter();
        let broken = failures.position(|it| !it.gap().is_sound());
        broken.map_or(Ok(()), |index| {
            Err(PlanError::TriggerFailure { failure: index + 1 })
        })
    }
}

impl Rule {
    fn check(&self, rule: usize) -> Result<(), PlanError> {
        match (self.share, self.every, self.latency) {
            (Some(share), _, _) if !(0.0..=1.0).contains(&share) => {
                Err(PlanError::Share { rule, share })
            }
            (_, Some(0), _) => Err(PlanError::EveryZero { rule }),
            _ if self.nth == Some(0) => Err(PlanError::NthZero { rule }),
            (_, _, Some(latency)) if !latency.is_sound() => Err(PlanError::Latency { rule }),
            (_, _, Some(latency)) if latency.longest() > LONGEST => Err(PlanError::TooLong {
                rule,
                latency: latency.longest(),
            }),
            (_, _, None) if self.answer.is_none() && self.cut.is_none() => {
                Err(PlanError::Idle { rule })
            }
            _ => Ok(()),
        }
    }
}

impl When {
    pub(super) fn fits(&self, asked: &Attributes, user_agent: &str) -> bool {
        let resource = match asked.subresource.as_str() {
            "" => asked.resource.clone(),
            sub => format!("{}/{sub}", asked.resource),
        };
        has(&self.verbs, &asked.verb)
            && has(&self.resources, &resource)
            && has(&self.namespaces, &asked.namespace)
            && user_agent.contains(&self.user_agent)
    }
}

fn has(wanted: &[String], word: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|it| it == word)
}

impl Latency {
    fn is_sound(self) -> bool {
        !self.least.is_negative() && self.most.is_none_or(|most| most >= self.least)
    }

    fn longest(self) -> SignedDuration {
        self.most.unwrap_or(self.least)
    }

    /// The latency at `fraction` of the way from the least to the most.
    pub(super) fn at(self, fraction: f64) -> Duration {
        let least = Duration::try_from(self.least).unwrap_or_default();
        let most = self.most.and_then(|it| Duration::try_from(it).ok());
        let spread = most.unwrap_or(least).saturating_sub(least);
        let more = Duration::try_from_secs_f64(spread.as_secs_f64() * fraction);
        least.saturating_add(more.unwrap_or_default())
    }
}

impl TriggerFailure {
    fn gap(&self) -> Gap {
        Gap {
            after: self.after,
            lasts: self.lasts,
            every: self.every,
        }
    }

    /// Whether it strikes a trigger of an object so long after the plan was set.
    pub(super) fn strikes(
        &self,
        namespace: &str,
        object: &str,
        trigger: usize,
        passed: SignedDuration,
    ) -> bool {
        has(&self.namespaces, namespace)
            && has(&self.objects, object)
            && (self.triggers.is_empty() || self.triggers.contains(&trigger))
            && self.gap().holds(passed)
    }
}

impl Gap {
    fn is_sound(self) -> bool {
        self.lasts.is_positive() && self.every.is_none_or(|every| every > self.lasts)
    }

    pub(super) fn holds(self, passed: SignedDuration) -> bool {
        let since = passed.as_nanos().saturating_sub(self.after.as_nanos());
        let since = match self.every.map(|it| it.as_nanos()) {
            Some(every) if every > 0 && since >= 0 => since % every,
            _ => since,
        };
        (0..self.lasts.as_nanos()).contains(&since)
    }
}
