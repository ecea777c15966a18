//! Chooses other settings, or none.
//!
//! First what is broken is repaired: a maximum that load runs into, a minimum that jumps overrun,
//! a window too short to hold flapping. Then the cheapest settings are looked for among those
//! that have no more shortfall than was observed, by time and by amount.

mod because;
#[cfg(test)]
mod laws;
mod repair;

use super::assessment::{Cost, Recommendation, Settings};
use super::case::Case;
use super::findings::{Code, Finding, Severity};
use super::projection::{Outlook, Path, Projection};
use super::risk;
use crate::units::{ReplicaHours, Replicas};

/// Targets that may be proposed, in percent. Below 30 most of what is paid for idles; above 85 the
/// tolerance of 10 % leaves pods at 94 % of their request before anything is added.
const LOWEST_TARGET: u32 = 30;
const HIGHEST_TARGET: u32 = 85;
/// The highest target while bursts within a step are unknown: minutes 30 % above the mean of five
/// are common, and 70 % × 1.1 × 1.3 is the whole request.
const HIGHEST_TARGET_BLIND: u32 = 70;
const TARGET_STEP: usize = 5;

/// Targets from here on leave room that operators leave on purpose, for start-up and the loss of a
/// zone; without a replay they are not argued with.
const DELIBERATE_TARGET: u32 = 50;

/// Where more samples than this hide the demand, or fewer than [`ENOUGH_COVERAGE`] are known,
/// nothing is cut.
const MOST_CENSORED: f64 = 0.1;
const ENOUGH_COVERAGE: f64 = 0.8;

/// Fewer changed fields are preferred when they give away at most this share of the replica-hours.
const NEARLY_AS_GOOD: f64 = 0.02;

/// Windows that may replace a longer one, in seconds. Shorter differences vanish in the steps of
/// the history.
const SHORTER_WINDOWS: [u32; 2] = [300, 900];
const LONG_WINDOW: u32 = 1800;

/// Settings with what they would have done.
#[derive(Clone, Copy)]
struct Candidate {
    settings: Settings,
    outlook: Outlook,
}

/// The settings to change to, with their effect; `None` where today's are good enough, where
/// something else has to be repaired first, or where too little is known to tell.
pub fn recommend(case: &Case<'_>, findings: &[Finding]) -> Option<Recommendation> {
    if findings.iter().any(blocks) || !case.demand.is_known() {
        return None;
    }
    let projection = Projection::new(case.load, case.demand, case.today);
    let observed = projection.observed();
    let repaired = repair::repaired(case, findings, &projection);
    let base = candidate(&projection, repaired);
    let chosen = if may_cut(case, &projection) {
        cheapest(case, findings, &projection, base)
    } else {
        base
    };
    let settings = chosen.settings;
    // Each repair and each cut is checked by itself; this holds them to it together.
    let worse = !chosen.outlook.shortfall.within(&observed.shortfall);
    if settings == case.today || worse {
        return None;
    }
    let cost = Cost {
        observed: ReplicaHours::from_hours(observed.replica_hours),
        projected: ReplicaHours::from_hours(chosen.outlook.replica_hours),
        window_hours: projection.hours(),
    };
    Some(Recommendation {
        proposed: settings,
        cost,
        shortfall: super::assessment::ShortfallChange {
            observed: observed.shortfall,
            projected: chosen.outlook.shortfall,
        },
        risk: risk::of(case, settings, &cost),
        because: because::sentences(case, settings, &projection),
    })
}

/// Whether other settings change nothing until this is repaired.
fn blocks(finding: &Finding) -> bool {
    match finding.code {
        Code::MissingRequests | Code::TwoAutoscalersOneTarget => true,
        Code::UnableToScale => finding.severity != Severity::Warning,
        // A count that stands still while the load asks for more is not held by its settings.
        Code::NeverScales => finding.severity == Severity::Critical,
        Code::IdleWindow
        | Code::OverProvisioned
        | Code::ScaleLag
        | Code::Thrashing
        | Code::PinnedAtMax
        | Code::FloorTooLow
        | Code::RequestMismatch
        | Code::SidecarSkew
        | Code::MetricGaps => false,
    }
}

/// Whether fewer replicas may be proposed at all.
fn may_cut(case: &Case<'_>, projection: &Projection<'_>) -> bool {
    case.demand.unknown.is_empty()
        && case.load.censored_share() <= MOST_CENSORED
        && case.load.coverage.share >= ENOUGH_COVERAGE
        && projection.judged_share() >= 0.5
}

fn candidate(projection: &Projection<'_>, settings: Settings) -> Candidate {
    let path = projection.path(settings.target_cpu_pct, settings.scale_down_cooldown_s);
    Candidate {
        settings,
        outlook: projection.outlook(settings, &path),
    }
}

/// The cheapest settings that add no shortfall, or `base` where they save less than the minimum
/// effect.
fn cheapest(
    case: &Case<'_>,
    findings: &[Finding],
    projection: &Projection<'_>,
    base: Candidate,
) -> Candidate {
    let observed = projection.observed();
    let mut feasible = Vec::new();
    for course in courses(case, findings, base.settings) {
        if course.target_cpu_pct < base.settings.target_cpu_pct && reaches(&feasible, case) {
            continue;
        }
        let path = projection.path(course.target_cpu_pct, course.scale_down_cooldown_s);
        let fits = |settings: Settings| {
            let outlook = projection.outlook(settings, &path);
            let fits = outlook.shortfall.within(&observed.shortfall);
            fits.then_some(Candidate { settings, outlook })
        };
        if !keeps_calm(projection, case, course, &path) {
            continue;
        }
        feasible.extend(fits(course));
        feasible.extend(lowest_min(case, course, &fits));
    }
    let worth = base.outlook.replica_hours - case.settings.minimum_effect * observed.replica_hours;
    feasible.retain(|it| it.outlook.replica_hours <= worth);
    fewest_changes(case.today, &feasible, observed.replica_hours).unwrap_or(base)
}

/// Whether today's target allows the fewest replicas: then a lower one only costs more.
fn reaches(feasible: &[Candidate], case: &Case<'_>) -> bool {
    let lowest = feasible.iter().map(|it| it.settings.min_replicas.0).min();
    lowest.is_some_and(|it| it <= case.fewest())
}

/// A shorter window must not bring flapping.
fn keeps_calm(projection: &Projection<'_>, case: &Case<'_>, to: Settings, path: &Path) -> bool {
    let most = super::findings::thrashing::FLAPS_PER_DAY / 2.0 * case.days();
    to.scale_down_cooldown_s >= case.today.scale_down_cooldown_s
        || projection.flaps_of(path) as f64 <= most
}

/// The choices of target and window, `base` first, lower targets from the highest down; the limits
/// are those of `base`. What `base` repaired is not undone.
fn courses(case: &Case<'_>, findings: &[Finding], base: Settings) -> Vec<Settings> {
    let mut courses = vec![base];
    let meaningless = findings.iter().any(|it| it.code == Code::RequestMismatch);
    if let Some(target) = base.target_cpu_pct.filter(|_| !meaningless) {
        let targets = (LOWEST_TARGET..=highest_target(case, target)).step_by(TARGET_STEP);
        let (mut lower, higher): (Vec<u32>, Vec<u32>) = targets
            .filter(|it| *it != target)
            .partition(|it| *it < target);
        lower.reverse();
        courses.extend(higher.into_iter().chain(lower).map(|percent| Settings {
            target_cpu_pct: Some(percent),
            ..base
        }));
    }
    let window = base.scale_down_cooldown_s;
    if window >= LONG_WINDOW && window == case.today.scale_down_cooldown_s {
        courses.extend(SHORTER_WINDOWS.map(|seconds| Settings {
            scale_down_cooldown_s: seconds,
            ..base
        }));
    }
    courses
}

fn highest_target(case: &Case<'_>, base: u32) -> u32 {
    let untouched = case.today.target_cpu_pct == Some(base);
    match (
        untouched && base < DELIBERATE_TARGET,
        case.load.bursts_known,
    ) {
        (true, true) => HIGHEST_TARGET,
        (true, false) => HIGHEST_TARGET_BLIND,
        // Only lower ones: a lower minimum may need them.
        (false, _) => base.min(HIGHEST_TARGET),
    }
}

/// The lowest minimum under which `course` still fits, unless the minimum was just raised. More
/// replicas at the minimum never add shortfall, so it is found by halving.
fn lowest_min(
    case: &Case<'_>,
    course: Settings,
    fits: &impl Fn(Settings) -> Option<Candidate>,
) -> Option<Candidate> {
    let with = |min: u32| Settings {
        min_replicas: Replicas(min),
        ..course
    };
    if course.min_replicas > case.today.min_replicas {
        return None;
    }
    let (mut low, mut high) = (case.fewest(), course.min_replicas.0);
    let mut best = None;
    while low < high {
        let middle = low + (high - low) / 2;
        match fits(with(middle)) {
            Some(found) => {
                best = Some(found);
                high = middle;
            }
            None => low = middle + 1,
        }
    }
    best
}

/// Of the candidates nearly as cheap as the cheapest, the one that changes least.
fn fewest_changes(today: Settings, all: &[Candidate], observed: f64) -> Option<Candidate> {
    let hours = |it: &Candidate| it.outlook.replica_hours;
    let cheapest = all.iter().map(hours).fold(f64::INFINITY, f64::min);
    all.iter()
        .filter(|it| hours(it) <= cheapest + NEARLY_AS_GOOD * observed)
        .min_by(|a, b| {
            let changes = changes(today, a.settings).cmp(&changes(today, b.settings));
            changes.then(hours(a).total_cmp(&hours(b)))
        })
        .copied()
}

/// The number of fields that differ.
fn changes(today: Settings, to: Settings) -> usize {
    [
        today.min_replicas != to.min_replicas,
        today.max_replicas != to.max_replicas,
        today.target_cpu_pct != to.target_cpu_pct,
        today.scale_down_cooldown_s != to.scale_down_cooldown_s,
    ]
    .into_iter()
    .filter(|it| *it)
    .count()
}

#[cfg(test)]
mod tests {
    use crate::analysis::assessment::RiskLevel;
    use crate::analysis::testing::{DAY, Scene, cpu, daily};
    use crate::autoscaler::{Metric as Spec, Target};
    use crate::history::Metric;

    fn proposed(scene: &Scene) -> Option<(u32, u32, Option<u32>, u32)> {
        scene.recommendation().map(|it| {
            let to = it.proposed;
            (
                to.min_replicas.0,
                to.max_replicas.0,
                to.target_cpu_pct,
                to.scale_down_cooldown_s,
            )
        })
    }

    /// A minimum of eight for a load of one to four replicas.
    fn high_min() -> Scene {
        Scene::followed(8, 10, |at| 0.4 + 0.8 * daily(at))
    }

    #[test]
    fn a_minimum_that_load_never_needs_is_lowered_as_far_as_its_jumps_allow() {
        let scene = high_min();
        assert_eq!(proposed(&scene), Some((2, 10, Some(70), 300)));
        let recommendation = scene.recommendation().unwrap();
        assert!(
            recommendation.cost.saving() > 0.5,
            "{:?}",
            recommendation.cost
        );
        assert_eq!(recommendation.cost.window_hours, 14.0 * 24.0);
        assert_eq!(recommendation.because.len(), 1);
    }

    #[test]
    fn two_replicas_become_one_only_when_allowed() {
        let mut scene = Scene::followed(2, 10, |at| 0.1 + 0.05 * daily(at));
        assert_eq!(proposed(&scene), None);
        scene.settings.allow_single = true;
        assert_eq!(proposed(&scene).map(|it| it.0), Some(1));
        let risk = scene.recommendation().unwrap().risk;
        assert_eq!(risk.level, RiskLevel::High);
    }

    #[test]
    fn a_saving_below_the_minimum_effect_is_not_proposed() {
        let mut scene = high_min();
        scene.settings.minimum_effect = 0.9;
        assert_eq!(proposed(&scene), None);
    }

    #[test]
    fn a_low_target_is_raised_as_far_as_bursts_are_known() {
        let usage = |at| 2.0 + 3.0 * daily(at);
        let ready = |at| (usage(at) / 0.125).ceil();
        let mut scene = Scene::new(usage, ready).limits(2, 60).target(25);
        let target = |scene: &Scene| proposed(scene).and_then(|it| it.2);
        assert_eq!(target(&scene), Some(85));
        scene.insert(Metric::CpuBurst, 0, |_| 1.0);
        assert_eq!(target(&scene), Some(70));
    }

    #[test]
    fn a_target_that_leaves_room_on_purpose_is_not_raised() {
        let usage = |at| 2.0 + 3.0 * daily(at);
        let scene = Scene::new(usage, |at| (usage(at) / 0.25).ceil()).limits(2, 40);
        assert_eq!(proposed(&scene.target(50)), None);
    }

    #[test]
    fn a_maximum_that_load_runs_into_is_raised_to_its_peak_with_headroom() {
        let scene = Scene::followed(2, 6, |at| 0.6 + 2.9 * daily(at));
        // 3.5 cores × 1.1 × 1.1 on 0.35 cores a pod: 12.1.
        assert_eq!(proposed(&scene), Some((2, 13, Some(70), 300)));
        let cost = scene.recommendation().unwrap().cost;
        assert!(cost.projected > cost.observed);
    }

    #[test]
    fn a_minimum_that_jumps_overrun_is_raised() {
        let jumped = |at: usize| at % DAY >= 264;
        let usage = |at| if jumped(at) { 1.9 } else { 0.5 };
        let scene = Scene::new(usage, |at| if jumped(at) { 6.0 } else { 2.0 });
        // 1.9 cores × 1.1 on half a core a pod: 4.2.
        assert_eq!(proposed(&scene), Some((5, 10, Some(70), 300)));
    }

    #[test]
    fn lag_that_leaves_load_unserved_lowers_the_target_until_half_is_served() {
        let busy = |at: usize| at % DAY >= 144;
        let usage = |at| if busy(at) { 2.8 } else { 1.4 };
        let ready = |at: usize| if busy(at.saturating_sub(1)) { 8.0 } else { 4.0 };
        let mut scene = Scene::new(usage, ready);
        assert_eq!(proposed(&scene), None, "four cores serve 2.8");
        // Without a limit nothing is promised beyond the request.
        scene.workload().containers[0].cpu_limit = None;
        // 1.4 cores on 0.275 a pod keep six, of 3.0 cores, before 2.8 × 1.1 arrive.
        assert_eq!(proposed(&scene), Some((2, 10, Some(50), 300)));
    }

    #[test]
    fn flapping_lengthens_the_window_as_little_as_helps() {
        // Three samples low, three high: held for two it still flaps, for three it does not.
        let scene = Scene::new(|_| 1.1, |at| 3.0 + (at / 3 % 2) as f64);
        assert_eq!(proposed(&scene), Some((2, 10, Some(70), 900)));
        let scene = Scene::new(|_| 1.1, |at| 3.0 + (at / 2 % 2) as f64);
        assert_eq!(proposed(&scene.window(30)), Some((2, 10, Some(70), 600)));
    }

    #[test]
    fn a_window_that_keeps_replicas_long_after_every_peak_is_shortened() {
        // A peak every two hours, after which replicas stay for one.
        let usage = |at: usize| 0.6 + 2.4 * daily(at * 12).powi(6);
        let needed = |at: usize| (usage(at) / 0.35).ceil();
        let ready = |at: usize| (at.saturating_sub(12)..=at).map(needed).fold(2.0, f64::max);
        let scene = Scene::new(usage, ready).window(3600);
        assert_eq!(proposed(&scene), Some((2, 10, Some(70), 300)));
    }

    #[test]
    fn nothing_is_cut_on_the_strength_of_hidden_demand_or_of_what_is_unknown() {
        let queue = Spec::External {
            name: "queue".to_owned(),
            target: Target::AverageValue("5".parse().unwrap()),
        };
        assert_eq!(proposed(&high_min().metrics(vec![cpu(70), queue])), None);
        let mut throttled = high_min();
        throttled.insert(Metric::CpuThrottled, 14 * DAY, |at| {
            if at % DAY < 36 { 0.5 } else { 0.0 }
        });
        assert_eq!(proposed(&throttled), None);
    }

    #[test]
    fn what_has_to_be_repaired_first_gets_no_other_settings() {
        let mut rivals = high_min();
        let rival = rivals.subject.autoscaler.id.clone();
        rivals.subject.rivals.push(rival);
        assert_eq!(proposed(&rivals), None);
        let mut bare = high_min();
        bare.workload().containers[0].cpu_request = None;
        assert_eq!(proposed(&bare), None);
    }

    #[test]
    fn memory_that_needs_the_replicas_keeps_them() {
        let memory = Spec::Resource {
            resource: crate::autoscaler::Resource::Memory,
            target: Target::Utilization(80),
        };
        let mut scene = high_min().metrics(vec![cpu(70), memory]);
        scene.insert(Metric::MemoryWorkingSet, 14 * DAY, |_| 6.0e9);
        assert_eq!(proposed(&scene), None);
    }
}
