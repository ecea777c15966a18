//! From history and settings to findings and recommendations. Pure: the same history, settings
//! and time give the same answer, byte for byte.
//!
//! Start at [`assess`]. [`load`] turns history into demand, [`findings`] states what is seen in
//! it with what was [`needed`], [`scenario`] makes it ready for replays, whose [`fidelity`] is
//! measured, [`recommend`] chooses settings by them and [`risk`] says how sure that is; [`money`]
//! says what replicas cost. [`simulation`] replays settings that somebody asks for,
//! [`verification`] judges settings that somebody has applied, a [`portrait`] is the past as it can
//! be drawn, [`hindsight`] tells why it was so. A [`forecast`] is the coming week of a load, and an
//! [`opinion`] what a language model says of a recommendation.

pub mod assessment;
pub mod case;
pub mod fidelity;
pub mod findings;
pub mod forecast;
pub mod hindsight;
pub mod jobs;
pub mod load;
pub mod money;
pub mod needed;
pub mod opinion;
pub mod portrait;
pub mod prices;
pub mod prospect;
pub mod recommend;
pub mod review;
pub mod risk;
pub mod scaling;
pub mod scenario;
pub mod settings;
pub mod simulation;
pub mod sliding;
pub mod trend;
pub mod verification;

#[cfg(test)]
mod testing;

use jiff::{SignedDuration, Timestamp};

use crate::autoscaler::Autoscaler;
use crate::autoscaler::workload::Workload;
use crate::fleet::{NoWorkload, Subject};
use crate::history::History;
use crate::keda::objects::Pause;
use crate::sim::demand::Shape;
use crate::units::ReplicaHours;
use assessment::{Assessment, Days, Evidence, Outcome, Point, Proof};
use case::Case;
use fidelity::Fidelity;
use findings::Finding;
use forecast::Forecasting;
use load::Load;
use needed::Demand;
use portrait::{Assessed, Detail, Portrait};
use prices::PriceList;
use prospect::Prospect;
use review::Review;
use scenario::Scenario;
use settings::Settings;
use trend::Trend;

/// What an analysis is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct AnalysisSettings {
    /// How far back the history is looked at. 14 days: two of every weekday.
    pub window: SignedDuration,
    /// Less known history than this is not judged. 7 days: every weekday once.
    pub min_history: SignedDuration,
    /// The share by which the load may be higher for other settings to serve it as well as today's
    /// do. 0.1: the tolerance within which the controller does not act.
    pub headroom: f64,
    /// The share of replica-hours that a change must save to be worth making. 0.1.
    pub minimum_effect: f64,
    /// Whether a workload that keeps two replicas or more may go down to one. No.
    pub allow_single: bool,
    /// Shortfall of a day, on the mean, that is accepted where today's settings have less. None.
    pub shortfall_budget: SignedDuration,
    /// Which changes may be proposed. Any.
    pub course: Course,
    /// The share of the days, the last ones, on which settings are checked that were chosen on
    /// those before; 0 to 0.9. 0.3.
    pub holdout: f64,
    /// How the coming week is foretold.
    pub forecasting: Forecasting,
    pub prices: PriceList,
    /// How finely the past is to be drawn beside what is said of it; not at all where `None`.
    pub portrait: Option<Detail>,
}

/// Which changes may be proposed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Course {
    #[default]
    Any,
    /// Only those that can but add replicas: for a season in which nothing may be taken away.
    OnlyRaise,
    /// Only those that save, without any that can add replicas.
    OnlyLower,
}

/// What requested resources cost; without prices nothing is said of money.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prices {
    /// US dollars for one CPU for one hour.
    pub cpu_hour: Option<f64>,
    /// US dollars for one GiB of memory for one hour.
    pub gib_hour: Option<f64>,
}

impl Prices {
    /// These, each filled in with that of `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            cpu_hour: self.cpu_hour.or(other.cpu_hour),
            gib_hour: self.gib_hour.or(other.gib_hour),
        }
    }
}

impl Default for AnalysisSettings {
    fn default() -> Self {
        Self {
            window: SignedDuration::from_hours(14 * 24),
            min_history: SignedDuration::from_hours(7 * 24),
            headroom: 0.1,
            minimum_effect: 0.1,
            allow_single: false,
            shortfall_budget: SignedDuration::ZERO,
            course: Course::Any,
            holdout: 0.3,
            forecasting: Forecasting::default(),
            prices: PriceList::default(),
            portrait: None,
        }
    }
}

/// Says of one autoscaler what is wrong with it and which settings would be better.
///
/// Only samples within `settings.window` before `now` count. Findings are given only with enough
/// history, or where they need none: what the cluster itself says, and what is written.
pub fn assess(
    subject: &Subject,
    history: &History,
    settings: &AnalysisSettings,
    now: Timestamp,
) -> Assessment {
    if let Some(owner) = &subject.autoscaler.owner {
        let why = format!("owned by {owner}, which would undo a change");
        return unanalyzed(subject, Outcome::Skipped { why }, Vec::new());
    }
    if let Some(why) = not_replayed(&subject.autoscaler) {
        let findings = findings::without_load(subject, history, settings, now);
        return unanalyzed(subject, Outcome::Skipped { why }, findings);
    }
    match &subject.workload {
        Ok(workload) if subject.autoscaler.jobs.is_some() => {
            jobs::assess(subject, workload, history, settings, now)
        }
        Ok(workload) => assess_workload(subject, workload, history, settings, now),
        Err(reason) => {
            let why = unreadable(&subject.autoscaler, reason);
            let findings = findings::without_workload(subject, now);
            unanalyzed(subject, Outcome::Unreadable { why }, findings)
        }
    }
}

/// Why nothing can be said of a ScaledObject by what its triggers gave.
pub fn not_replayed(autoscaler: &Autoscaler) -> Option<String> {
    let scaled = autoscaler.keda.as_deref()?;
    match scaled.pause() {
        Pause::Full(_) => Some("paused: KEDA has taken its HPA away".to_owned()),
        Pause::Runs(_) => None,
    }
}

/// For an autoscaler whose history could not be read.
pub fn without_history(subject: &Subject, why: String, now: Timestamp) -> Assessment {
    let findings = findings::of_settings(subject, now);
    unanalyzed(subject, Outcome::Unreadable { why }, findings)
}

fn assess_workload(
    subject: &Subject,
    workload: &Workload,
    history: &History,
    settings: &AnalysisSettings,
    now: Timestamp,
) -> Assessment {
    let autoscaler = &subject.autoscaler;
    let load = Load::derive(autoscaler, workload, history, settings.window, now);
    let demand = Demand::of(autoscaler, workload, history, &load, settings.headroom);
    let evidence = evidence(&load, &demand);
    let today = Settings::of(autoscaler);
    let case = Case {
        subject,
        workload,
        history,
        load: &load,
        demand: &demand,
        today: &today,
        settings,
        now,
    };
    let have = load.judged();
    if have < settings.min_history || have.is_zero() {
        let judged = Judgement::of(Outcome::NotEnoughHistory {
            have: Days::from(have),
            need: Days::from(settings.min_history),
        });
        // What was at zero all the time has no load, and its triggers tell why.
        let findings = findings::without_load(subject, history, settings, now);
        return Assessment {
            evidence,
            portrait: judged.portrait(&case),
            trend: Trend::of_case(&case),
            ..unanalyzed(subject, judged.outcome, findings)
        };
    }
    let findings = findings::all(&case);
    let judged = judge(&case, &findings);
    let portrait = judged.portrait(&case);
    let Judgement {
        outcome,
        fidelity,
        left_out,
        prospect,
        review,
        ..
    } = judged;
    let mut missing = evidence.missing;
    let without = |it: &String| format!("{it}: nothing is known of this trigger");
    missing.extend(left_out.iter().map(without));
    missing.extend(unpriced(&case));
    Assessment {
        evidence: Evidence {
            fidelity,
            missing,
            ..evidence
        },
        prospect: prospect.map(Box::new),
        review: review.map(Box::new),
        portrait,
        trend: Trend::of_case(&case),
        ..unanalyzed(subject, outcome, findings)
    }
}

/// What the prices given do not cover of the pods.
fn unpriced(case: &Case<'_>) -> Vec<String> {
    if case.settings.prices.is_empty() {
        return Vec::new();
    }
    let prices = case.settings.prices.of(&case.autoscaler().id.namespace);
    let left_out = money::left_out(case.workload, &prices);
    left_out.iter().map(|it| format!("money: {it}")).collect()
}

/// What replays say.
struct Judgement {
    outcome: Outcome,
    fidelity: Option<Fidelity>,
    /// Triggers of a ScaledObject that took no part in them.
    left_out: Vec<String>,
    prospect: Option<Prospect>,
    /// Of the schedule that is in force.
    review: Option<Review>,
    /// The best of what was tried; empty unless it is to be drawn.
    frontier: Vec<Point>,
}

impl Judgement {
    fn of(outcome: Outcome) -> Self {
        Self {
            outcome,
            fidelity: None,
            left_out: Vec::new(),
            prospect: None,
            review: None,
            frontier: Vec::new(),
        }
    }

    /// The past as it can be drawn, where somebody asked for it.
    fn portrait(&self, case: &Case<'_>) -> Option<Box<Portrait>> {
        let detail = case.settings.portrait?;
        let assessed = Assessed {
            outcome: &self.outcome,
            fidelity: self.fidelity,
            frontier: self.frontier.clone(),
        };
        portrait::of(case, assessed, detail).map(Box::new)
    }
}

/// Replays today's settings to see whether they explain the history, then looks for better ones.
fn judge(case: &Case<'_>, findings: &[Finding]) -> Judgement {
    if findings.iter().any(recommend::blocks) {
        return Judgement::of(Outcome::NoChange);
    }
    let autoscaler = case.autoscaler();
    let headroom = case.settings.headroom;
    let scenario = match Scenario::of(autoscaler, case.workload, case.history, case.load, headroom)
    {
        Ok(scenario) => scenario,
        Err(why) => {
            let why = why.to_string();
            return Judgement::of(Outcome::Withheld { why });
        }
    };
    let today = scenario.engine(autoscaler);
    let shapes = shapes(case.load);
    let fidelity = Fidelity::best(&scenario, &today, shapes);
    let triggers = autoscaler
        .keda
        .as_ref()
        .map(|_| scenario.left_out().to_vec());
    let left_out = triggers.unwrap_or_default();
    let Some(fidelity) = fidelity else {
        let why = "no replica count was observed that a replay could be compared with";
        let why = why.to_owned();
        return Judgement {
            left_out,
            ..Judgement::of(Outcome::Withheld { why })
        };
    };
    let mut trials = recommend::trials(case, &scenario, &fidelity);
    let advice = recommend::recommend(case, findings, &mut trials, &fidelity);
    let tried = case.settings.portrait.map(|_| trials);
    let frontier = tried.map(|it| it.frontier(case.today, advice.outcome.proposed()));
    Judgement {
        outcome: advice.outcome,
        fidelity: Some(fidelity),
        left_out,
        prospect: advice.prospect,
        review: advice.review,
        frontier: frontier.unwrap_or_default(),
    }
}

/// How the load may have run within a step, as far as the history tells; what is likelier first.
pub fn shapes(load: &Load) -> &'static [Shape] {
    if load.bursts_known {
        &[Shape::Burst, Shape::Linear, Shape::Held]
    } else {
        &[Shape::Linear, Shape::Held]
    }
}

/// What a month of the known time would save, in replica-hours; negative where more is needed.
pub fn saved_per_month(proof: &Proof) -> ReplicaHours {
    let (before, after) = (&proof.today, &proof.proposed);
    let saved = before.replica_hours.hours() - after.replica_hours.hours();
    let known = SignedDuration::from_secs((before.known_minutes * 60.0) as i64);
    money::per_month(ReplicaHours::from_hours(saved), known).unwrap_or_default()
}

fn unanalyzed(subject: &Subject, outcome: Outcome, findings: Vec<Finding>) -> Assessment {
    let autoscaler = &subject.autoscaler;
    Assessment {
        autoscaler: autoscaler.id.clone(),
        target: autoscaler.target.clone(),
        today: Settings::of(autoscaler),
        outcome,
        findings,
        evidence: Evidence::default(),
        prospect: None,
        review: None,
        portrait: None,
        opinion: None,
        trend: None,
    }
}

/// Why nothing can be said of an autoscaler whose target could not be read.
pub fn unreadable(autoscaler: &Autoscaler, reason: &NoWorkload) -> String {
    let target = &autoscaler.target;
    match reason {
        NoWorkload::Missing => format!("{target} does not exist"),
        NoWorkload::NotScalable { why } => format!("{target} cannot be scaled: {why}"),
        NoWorkload::Forbidden(permission) => permission.to_string(),
        NoWorkload::Failed { why } => format!("reading {target} failed: {why}"),
    }
}

fn evidence(load: &Load, demand: &Demand) -> Evidence {
    let mut missing = load.missing.clone();
    missing.extend(demand.missing());
    Evidence {
        days: Days::from(load.coverage.span).0,
        coverage: load.coverage.share,
        censored: load.censored_share(),
        missing,
        fidelity: None,
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{DAY, Scene, daily};
    use super::*;
    use crate::autoscaler::{Condition, Holds};
    use crate::fleet::Permission;

    fn well_tuned() -> Scene {
        Scene::followed(2, 10, |at| 0.6 + 2.0 * daily(at))
    }

    #[test]
    fn a_well_tuned_autoscaler_gets_nothing() {
        let assessment = well_tuned().assess();
        assert_eq!(assessment.findings, []);
        assert_eq!(assessment.outcome, Outcome::NoChange);
    }

    #[test]
    fn a_controller_at_work_under_noise_gets_nothing() {
        for (limits, target, noise) in [
            ((2, 12), 70, 0.05),
            ((2, 12), 70, 0.1),
            ((2, 12), 80, 0.05),
            ((3, 16), 60, 0.08),
        ] {
            for seed in 1..4 {
                let usage = |at| 1.0 + 2.5 * daily(at);
                let scene = testing::controlled(limits, target, usage, noise, seed);
                let assessment = scene.assess();
                assert_eq!(
                    assessment.findings,
                    [],
                    "{limits:?} {target} {noise} {seed}"
                );
                assert_eq!(assessment.outcome, Outcome::NoChange);
            }
        }
    }

    #[test]
    fn a_controller_with_faulty_settings_is_found_out() {
        use findings::Code;
        let cases = [
            ((8, 12), 70, Code::IdleWindow),
            ((2, 5), 70, Code::PinnedAtMax),
            ((2, 30), 25, Code::OverProvisioned),
        ];
        for (limits, target, code) in cases {
            let usage = |at| 0.4 + 2.4 * daily(at);
            let scene = testing::controlled(limits, target, usage, 0.05, 7);
            assert!(scene.find(code).is_some(), "{code}");
            assert!(scene.recommendation().is_some(), "{code}");
        }
    }

    #[test]
    fn an_owned_autoscaler_is_skipped() {
        let mut scene = well_tuned().limits(9, 10);
        scene.subject.autoscaler.owner = Some("ScaledObject/orders".to_owned());
        let assessment = scene.assess();
        let why = "owned by ScaledObject/orders, which would undo a change".to_owned();
        assert_eq!(assessment.outcome, Outcome::Skipped { why });
        assert_eq!(assessment.findings, []);
    }

    #[test]
    fn an_unreadable_target_says_why() {
        let forbidden = Permission {
            verb: "get".to_owned(),
            resource: "deployments.apps/scale".to_owned(),
            namespace: Some("shop".to_owned()),
        };
        let cases = [
            (NoWorkload::Missing, "Deployment/web does not exist"),
            (
                NoWorkload::Forbidden(forbidden),
                "may not get deployments.apps/scale in namespace shop",
            ),
        ];
        for (reason, expected) in cases {
            let mut scene = well_tuned();
            scene.subject.workload = Err(reason);
            scene.subject.autoscaler.status.conditions = vec![Condition {
                kind: "AbleToScale".to_owned(),
                holds: Holds::No,
                reason: "FailedGetScale".to_owned(),
                message: "not found".to_owned(),
                since: None,
            }];
            let assessment = scene.assess();
            let why = expected.to_owned();
            assert_eq!(assessment.outcome, Outcome::Unreadable { why });
            assert_eq!(assessment.findings.len(), 1);
        }
    }

    #[test]
    fn too_little_history_gets_its_length_and_nothing_else() {
        let days = |outcome| match outcome {
            Outcome::NotEnoughHistory { have, need } => Some((have.to_string(), need.to_string())),
            _ => None,
        };
        // A minimum that would be a finding with more history.
        for (len, expected) in [(0, "0"), (3 * DAY, "3"), (7 * DAY - 1, "6.9")] {
            let scene = Scene::of_length(len, |_| 0.1, |_| 9.0).limits(9, 10);
            let assessment = scene.assess();
            let expected = Some((expected.to_owned(), "7".to_owned()));
            assert_eq!(days(assessment.outcome), expected);
            assert_eq!(assessment.findings, []);
        }
        let enough = Scene::of_length(7 * DAY, |_| 0.1, |_| 9.0);
        assert_eq!(days(enough.assess().outcome), None);
        let off = Scene::new(|_| 0.1, |_| 0.0).assess();
        assert_eq!(days(off.outcome), Some(("0".to_owned(), "7".to_owned())));
    }

    #[test]
    fn a_workload_of_working_hours_is_judged() {
        let open = |at: usize| (96..192).contains(&(at % DAY)) && at / DAY % 7 < 5;
        let scene = Scene::new(|_| 1.0, |at| if open(at) { 3.0 } else { 0.0 });
        assert_eq!(scene.assess().outcome, Outcome::NoChange);
    }

    #[test]
    fn samples_before_the_window_do_not_count() {
        let mut scene = well_tuned();
        scene.settings.window = SignedDuration::from_hours(8 * 24);
        assert_eq!(scene.assess().evidence.days, 8.0);
    }
}
