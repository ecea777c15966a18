//! Which settings are worth a replay. Findings say where to look; what a field is set to, replays
//! decide.

mod keda;

use crate::analysis::Course;
use crate::analysis::case::Case;
use crate::analysis::findings::{Code, Finding};
use crate::analysis::settings::Settings;
use crate::autoscaler::behavior::{Amount, DEFAULT_DOWN, DEFAULT_UP, Policies, Policy, Select};
use crate::units::Replicas;

/// Targets that may be proposed, in percent. Below 30 most of what is paid for idles; above 85 the
/// tolerance of 10 % leaves pods at 94 % of their request before anything is added.
pub(super) const LOWEST_TARGET: u32 = 30;
const HIGHEST_TARGET: u32 = 85;
/// The highest target while bursts within a step are unknown: minutes 30 % above the mean of five
/// are common, and 70 % × 1.1 × 1.3 is the whole request.
const HIGHEST_TARGET_BLIND: u32 = 70;
const TARGET_STEP: usize = 5;

/// Targets from here on leave room that operators leave on purpose, for the loss of a zone or a
/// slow dependency; no history of load argues with that.
const DELIBERATE_TARGET: u32 = 50;

/// Windows that may replace a longer one, in seconds.
const SHORTER_WINDOWS: [u32; 3] = [300, 600, 900];
/// Windows from here on may be shortened: the default is 300 s, and 900 s are a common caution.
const LONG_WINDOW: u32 = 1800;

/// Faster than the default, which doubles every 15 s: ten times as many pods in two syncs.
const FASTER: [Policy; 2] = [
    Policy {
        amount: Amount::Percent(300),
        period_seconds: 15,
    },
    Policy {
        amount: Amount::Pods(10),
        period_seconds: 15,
    },
];

/// What may be changed of one autoscaler.
pub(super) struct Moves<'a> {
    case: &'a Case<'a>,
    /// Whether fewer replicas may be proposed.
    may_cut: bool,
    /// Whether more replicas may be proposed.
    may_raise: bool,
    /// Whether today's settings leave load unserved.
    is_short: bool,
    meaningless_target: bool,
}

impl<'a> Moves<'a> {
    /// `is_short`: whether what is there leaves load unserved.
    pub(super) fn new(
        case: &'a Case<'a>,
        findings: &[Finding],
        is_short: bool,
        may_cut: bool,
    ) -> Self {
        let has = |code| findings.iter().any(|it| it.code == code);
        let course = case.settings.course;
        Self {
            case,
            may_cut: may_cut && course != Course::OnlyRaise,
            may_raise: course != Course::OnlyLower,
            is_short: is_short || has(Code::FloorTooLow) || has(Code::ScaleLag),
            meaningless_target: has(Code::RequestMismatch),
        }
    }

    /// `from` with one field changed so that more load may be served.
    pub(super) fn mending(&self, from: &Settings) -> Vec<Settings> {
        if !self.may_raise || !self.is_short {
            return Vec::new();
        }
        let mut all = faster_policies(from);
        all.extend(self.higher_mins(from));
        let lower = self.targets(from).into_iter();
        all.extend(lower.filter(|it| it.target_cpu_pct < from.target_cpu_pct));
        all.extend(keda::mending(self.case, from));
        all
    }

    /// `from` and what may cost less than it: every target with every window and pace of
    /// scaling down.
    pub(super) fn courses(&self, from: &Settings) -> Vec<Settings> {
        let mut all = vec![from.clone()];
        if !self.may_cut {
            return all;
        }
        let more: Vec<Settings> = all.iter().flat_map(|it| self.windows(it)).collect();
        all.extend(more);
        let more: Vec<Settings> = all.iter().flat_map(|it| self.faster_ends(it)).collect();
        all.extend(more);
        let more: Vec<Settings> = all
            .iter()
            .flat_map(|it| keda::cooldowns(self.case, it))
            .collect();
        all.extend(more);
        // One at a time: both say how much a pod is to do.
        let targets = all.iter().flat_map(|it| self.targets(it));
        let thresholds = all
            .iter()
            .flat_map(|it| keda::higher_thresholds(self.case, it));
        let more: Vec<Settings> = targets.chain(thresholds).collect();
        all.extend(more);
        all
    }

    /// `from` with less than it keeps for peaks: a lower minimum, a higher target, or both, as far as
    /// these may go.
    pub(super) fn bolder(&self, from: &Settings) -> Vec<Settings> {
        if !self.may_cut {
            return Vec::new();
        }
        let (min, lowest) = (from.min_replicas.0, self.lowest_min(from));
        let highest = from
            .target_cpu_pct
            .map(|it| self.highest_target(it).max(it));
        let target = highest.filter(|_| !self.meaningless_target);
        let target = target.or(from.target_cpu_pct);
        let pairs = [
            (min, target),
            (lowest + (min - lowest) / 2, from.target_cpu_pct),
            (lowest, from.target_cpu_pct),
            (lowest, target),
        ];
        let mut all: Vec<Settings> = Vec::new();
        for (min, target_cpu_pct) in pairs {
            let bolder = Settings {
                min_replicas: Replicas(min),
                target_cpu_pct,
                ..from.clone()
            };
            if bolder != *from && !all.contains(&bolder) {
                all.push(bolder);
            }
        }
        all
    }

    /// Whether replicas may be added at all.
    pub(super) fn may_raise(&self) -> bool {
        self.may_raise
    }

    /// The fewest replicas that `from` may be lowered to.
    pub(super) fn lowest_min(&self, from: &Settings) -> u32 {
        let raised = from.min_replicas > self.case.today.min_replicas;
        if self.may_cut && !raised {
            self.case.fewest().min(from.min_replicas.0)
        } else {
            from.min_replicas.0
        }
    }

    fn targets(&self, from: &Settings) -> Vec<Settings> {
        let Some(today) = from.target_cpu_pct.filter(|_| !self.meaningless_target) else {
            return Vec::new();
        };
        let highest = self.highest_target(today);
        let all = (LOWEST_TARGET..=HIGHEST_TARGET).step_by(TARGET_STEP);
        // A lower target costs more by itself; it may serve jumps, or allow a lower minimum.
        let lower = self.may_raise;
        let wanted = all.filter(|it| match it.cmp(&today) {
            std::cmp::Ordering::Less => lower,
            std::cmp::Ordering::Equal => false,
            std::cmp::Ordering::Greater => *it <= highest && self.may_cut,
        });
        let with = |percent| Settings {
            target_cpu_pct: Some(percent),
            ..from.clone()
        };
        wanted.map(with).collect()
    }

    fn highest_target(&self, from: u32) -> u32 {
        let untouched = self.case.today.target_cpu_pct.unwrap_or(from);
        match (untouched < DELIBERATE_TARGET, self.case.load.bursts_known) {
            (true, true) => HIGHEST_TARGET,
            (true, false) => HIGHEST_TARGET_BLIND,
            (false, _) => untouched,
        }
    }

    fn windows(&self, from: &Settings) -> Vec<Settings> {
        let today = self.case.today.scale_down_cooldown_s;
        let may = today >= LONG_WINDOW && from.scale_down_cooldown_s == today;
        let with = |seconds| Settings {
            scale_down_cooldown_s: seconds,
            ..from.clone()
        };
        let all = SHORTER_WINDOWS.into_iter().filter(|_| may);
        all.map(with).collect()
    }

    /// The default scale-down policy in place of what is written.
    fn faster_ends(&self, from: &Settings) -> Option<Settings> {
        let default = policies(&DEFAULT_DOWN);
        let written = from.scale_down.as_ref();
        // Who switched scaling down off did so on purpose.
        let other = written.filter(|it| **it != default && it.select != Select::Disabled);
        other.map(|_| Settings {
            scale_down: Some(default),
            ..from.clone()
        })
    }

    /// More replicas at the minimum, but fewer than at the maximum: an autoscaler without room is
    /// none.
    fn higher_mins(&self, from: &Settings) -> Vec<Settings> {
        let min = from.min_replicas.0;
        let most = from.max_replicas.0.saturating_sub(1);
        let by = [4, 5, 6, 8, 12, 16];
        let mut mins: Vec<u32> = by
            .iter()
            .map(|it| u32::try_from(u64::from(min.max(1)) * it / 4).unwrap_or(u32::MAX))
            .map(|it| it.max(min.saturating_add(1)).min(most))
            .filter(|it| *it > min)
            .collect();
        mins.dedup();
        let with = |it| Settings {
            min_replicas: Replicas(it),
            ..from.clone()
        };
        mins.into_iter().map(with).collect()
    }
}

/// The default scale-up policies in place of those of `from`, and something faster than these, as
/// far as they let more pods come than `from` does.
pub(super) fn faster_policies(from: &Settings) -> Vec<Settings> {
    let default = policies(&DEFAULT_UP);
    let today = from.scale_up.as_ref();
    // Who switched scaling up off did so on purpose.
    if today.is_some_and(|it| it.select == Select::Disabled) {
        return Vec::new();
    }
    // A controller without policies doubles as the default ones do.
    let usual = today.map(|_| default.clone());
    let all = usual.into_iter().chain([policies(&FASTER)]);
    let faster = all.filter(|it| is_faster(it, today.unwrap_or(&default)));
    let with = |policies| Settings {
        scale_up: Some(policies),
        ..from.clone()
    };
    faster.map(with).collect()
}

/// Whether `some` let no fewer pods come than `others` within any of a few lengths of time, from
/// few pods or many, and more at least once.
fn is_faster(some: &Policies, others: &Policies) -> bool {
    let starts = [1.0, 10.0, 100.0];
    let lengths = [15, 60, 300, 1800];
    let pairs = starts.iter().flat_map(|start| {
        let reach = move |of: &Policies, seconds| reach(of, *start, seconds);
        lengths.map(|it| (reach(some, it), reach(others, it)))
    });
    let pairs: Vec<(f64, f64)> = pairs.collect();
    pairs.iter().all(|(a, b)| a >= b) && pairs.iter().any(|(a, b)| a > b)
}

/// How many pods `policies` let there be after `seconds`, from `start` pods.
fn reach(policies: &Policies, start: f64, seconds: u32) -> f64 {
    let counts = policies.policies.iter().map(|it| {
        let periods = f64::from(seconds.div_ceil(it.period_seconds.max(1)));
        match it.amount {
            Amount::Pods(pods) => start + f64::from(pods) * periods,
            Amount::Percent(percent) => start * (1.0 + f64::from(percent) / 100.0).powf(periods),
        }
    });
    // Beyond this a difference means nothing, and powers stay finite.
    let counts = counts.map(|it| it.min(1e6));
    match policies.select {
        Select::Max => counts.fold(start, f64::max),
        Select::Min => counts.fold(f64::INFINITY, f64::min),
        Select::Disabled => start,
    }
}

fn policies(all: &[Policy]) -> Policies {
    Policies {
        select: Select::Max,
        policies: all.to_vec(),
    }
}
