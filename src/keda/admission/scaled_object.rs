//! The webhook for ScaledObjects.

use super::surroundings::{Surroundings, TargetId};
use super::{Failure, Reason, Unchecked, Verdict, Warning, bounds, neighbors, resources, triggers};
use crate::keda::formula::{CompileError, Formula};
use crate::keda::objects::{
    FallbackBehavior, FieldPath, ModifiersMetricType, ScaledObject, ScaledObjectSpec,
    ScalingModifiers,
};
use crate::sim::numbers;

/// What the webhook is asked.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub operation: Operation<'a>,
    pub object: &'a ScaledObject,
    /// A dry run is not asked about containers and scale to zero.
    pub is_dry_run: bool,
}

/// What is to be done with the object.
#[derive(Clone, Copy, Debug)]
pub enum Operation<'a> {
    Create,
    Update { old: &'a ScaledObject },
}

/// The longest value that a label can have, which the name becomes.
const LONGEST_LABEL: usize = 63;

/// What the webhook says.
pub fn review(request: &Request<'_>, surroundings: &Surroundings) -> Verdict {
    if only_removes_finalizers(request) {
        return Verdict::default();
    }
    let object = request.object;
    let mut verdict = Verdict {
        warnings: warnings(&object.spec),
        ..Verdict::default()
    };
    verdict.failures.extend(names(object));
    verdict
        .failures
        .extend(bounds::replica_bounds(&object.spec));
    verdict.failures.extend(bounds::fallback(&object.spec));
    verdict
        .failures
        .extend(fallback_without_formula(&object.spec));
    verdict
        .failures
        .extend(triggers::check(&object.spec.triggers));
    modifiers(&object.spec, &mut verdict);
    // What is of a kind that nobody knows cannot be compared with what others scale.
    if !is_unknown(object, surroundings, &mut verdict) {
        neighbors::scaled_objects(object, surroundings, &mut verdict);
        neighbors::hpas(object, surroundings, &mut verdict);
        if !request.is_dry_run {
            resources::check(object, surroundings, &mut verdict);
        }
    }
    verdict
}

fn only_removes_finalizers(request: &Request<'_>) -> bool {
    match request.operation {
        Operation::Create => false,
        Operation::Update { old } => {
            let before = old.metadata.finalizers.len();
            let after = request.object.metadata.finalizers.len();
            after < before && request.object.spec == old.spec
        }
    }
}

/// Settings that have no effect on an object that the loop never scales down.
fn warnings(spec: &ScaledObjectSpec) -> Vec<Warning> {
    if spec.min_or_default() <= 0 || spec.idle_replica_count.is_some() {
        return Vec::new();
    }
    let is_cached = spec.triggers.iter().any(|it| it.use_cached_metrics);
    let polling = spec.polling_interval.is_some() && !is_cached;
    let cooldown = spec.cooldown_period.is_some();
    let all = [
        polling.then_some(Warning::PollingIntervalNotRelevant),
        cooldown.then_some(Warning::CooldownPeriodNotRelevant),
    ];
    all.into_iter().flatten().collect()
}

/// The names that become values of labels.
fn names(object: &ScaledObject) -> Vec<Failure> {
    let mut failures = Vec::new();
    let name = &object.metadata.name;
    if name.len() > LONGEST_LABEL {
        let path = FieldPath::of("metadata.name");
        failures.push(Failure {
            reason: Reason::NameTooLong,
            gist: "name-too-long",
            message: format!(
                "{path} has {} characters, more than the {LONGEST_LABEL} of a label's value",
                name.len()
            ),
            path,
            way_out: format!("choose a name of at most {LONGEST_LABEL} characters"),
        });
    }
    let hpa = object.hpa_name();
    if hpa.len() > LONGEST_LABEL {
        failures.push(hpa_name_too_long(object, &hpa));
    }
    failures
}

fn hpa_name_too_long(object: &ScaledObject, hpa: &str) -> Failure {
    let config = FieldPath::of("spec.advanced.horizontalPodAutoscalerConfig.name");
    let length = hpa.len();
    let is_given = object.spec.given_hpa_name().is_some();
    let (path, message) = if is_given {
        let message =
            format!("{config} has {length} characters, more than the {LONGEST_LABEL} of a label");
        (config, message)
    } else {
        let path = FieldPath::of("metadata.name");
        let message = format!(
            "{path} makes an HPA named {hpa}, which has {length} characters, more than the \
             {LONGEST_LABEL} of a label"
        );
        (path, message)
    };
    let way_out = if is_given {
        "choose a shorter name for the HPA"
    } else {
        "choose a name of at most 54 characters, or set \
         spec.advanced.horizontalPodAutoscalerConfig.name"
    };
    Failure {
        reason: Reason::HpaNameTooLong,
        gist: "hpa-name-too-long",
        path,
        message,
        way_out: way_out.to_owned(),
    }
}

/// Whether what is to be scaled is of a kind that the cluster does not know.
fn is_unknown(object: &ScaledObject, surroundings: &Surroundings, verdict: &mut Verdict) -> bool {
    let target = TargetId::of(&object.spec.target);
    let path = FieldPath::of("spec.scaleTargetRef.kind");
    let known = surroundings.kinds.know(&target);
    match known {
        Some(true) => {}
        Some(false) => verdict.failures.push(unknown_kind(path, &target)),
        None => verdict.unchecked.push(Unchecked {
            reason: Reason::UnknownKind,
            path,
            why: "the kinds of the cluster are not known".to_owned(),
        }),
    }
    known == Some(false)
}

fn unknown_kind(path: FieldPath, target: &TargetId) -> Failure {
    let TargetId {
        kind, api_version, ..
    } = target;
    Failure {
        reason: Reason::UnknownKind,
        gist: "unknown-kind",
        message: format!("{path}: the cluster knows no kind {kind} of {api_version}"),
        path,
        way_out: "correct apiVersion and kind of scaleTargetRef, or install their \
                  CustomResourceDefinition"
            .to_owned(),
    }
}

/// A fallback by formula where there is none.
fn fallback_without_formula(spec: &ScaledObjectSpec) -> Option<Failure> {
    let fallback = spec.fallback.as_ref()?;
    let modifiers = spec.used_modifiers();
    let has_formula = modifiers.is_some_and(|it| it.given_formula().is_some());
    let is_by_formula = fallback.behavior_or_default() == FallbackBehavior::ScalingModifiers;
    if !is_by_formula || has_formula {
        return None;
    }
    let path = FieldPath::of("spec.fallback.behavior");
    Some(Failure {
        reason: Reason::ScalingModifiersFallback,
        gist: "no-formula",
        message: format!("{path} is scalingModifiers, and there is no formula"),
        path,
        way_out: "set spec.advanced.scalingModifiers.formula, or choose another behavior"
            .to_owned(),
    })
}

/// The formula with its target.
fn modifiers(spec: &ScaledObjectSpec, verdict: &mut Verdict) {
    let Some(modifiers) = spec.used_modifiers() else {
        return;
    };
    let root = FieldPath::of("spec.advanced.scalingModifiers");
    match modifiers.given_formula() {
        None => verdict.failures.push(modifiers_failure(
            "formula-missing",
            root.key("formula"),
            "is missing".to_owned(),
            "write a formula, or remove scalingModifiers",
        )),
        Some(formula) => match Formula::compile(formula, formula_names(spec)) {
            Ok(_) => {}
            Err(CompileError::Refused(why)) => verdict.failures.push(modifiers_failure(
                "formula-invalid",
                root.key("formula"),
                format!("is refused: {why}"),
                "correct the formula; it may use the names of triggers that are neither cpu nor \
                 memory",
            )),
            Err(CompileError::Unsupported(why)) => verdict.unchecked.push(Unchecked {
                reason: Reason::ScalingModifiers,
                path: root.key("formula"),
                why,
            }),
        },
    }
    verdict.failures.extend(target(modifiers, &root));
    verdict.failures.extend(metric_type(modifiers, &root));
}

/// The names that a formula may use.
pub(crate) fn formula_names(spec: &ScaledObjectSpec) -> Vec<&str> {
    let sources = spec.triggers.iter().filter(|it| !it.is_resource());
    sources.filter_map(|it| it.given_name()).collect()
}

fn target(modifiers: &ScalingModifiers, root: &FieldPath) -> Option<Failure> {
    let path = root.key("target");
    let Some(target) = modifiers.given_target() else {
        let way_out = "set the target of the formula, a number above 0";
        return Some(modifiers_failure(
            "target-missing",
            path,
            "is missing".to_owned(),
            way_out,
        ));
    };
    let parsed = numbers::float(target);
    // What is no number at all compares as false, and passes.
    if parsed.is_some_and(|it| it > 0.0 || it.is_nan()) {
        return None;
    }
    let message = format!("is {target:?}, which is no number above 0");
    Some(modifiers_failure(
        "target-invalid",
        path,
        message,
        "write a number above 0, in quotes",
    ))
}

fn metric_type(modifiers: &ScalingModifiers, root: &FieldPath) -> Option<Failure> {
    let ModifiersMetricType::Other(word) = modifiers.metric_type_or_default() else {
        return None;
    };
    // Any other word passes the webhook, and is refused by the schema.
    (word == "Utilization").then(|| {
        modifiers_failure(
            "metric-type-utilization",
            root.key("metricType"),
            "is Utilization, which a formula cannot have".to_owned(),
            "set it to AverageValue or Value",
        )
    })
}

fn modifiers_failure(gist: &'static str, path: FieldPath, what: String, way_out: &str) -> Failure {
    Failure {
        reason: Reason::ScalingModifiers,
        gist,
        message: format!("{path} {what}"),
        path,
        way_out: way_out.to_owned(),
    }
}
