//! The triggers of ScaledObjects and ScaledJobs: their metadata as KEDA reads it, and what is
//! worth saying of the sources that this program knows.

mod kinds;
mod resolve;

use std::collections::{BTreeMap, BTreeSet};

use super::code::Code;
use super::found::Findings;
use super::world::{Item, Parsed, World, trigger_path};
use crate::keda::admission::TargetId;
use crate::keda::objects::{AuthenticationKind, FieldPath, Trigger};
use crate::keda::trigger::param::Place;
use crate::keda::trigger::remark::Because;
use crate::keda::trigger::{self, Cause, Problem, Remark, TriggerSource};
use resolve::{Authentication, Resolved};

/// Which authentications are used, by index of the object, and which parameters of them are read.
pub(super) type Used = BTreeMap<usize, BTreeSet<String>>;

/// Checks every trigger of every object.
pub(super) fn check(world: &World<'_>, findings: &mut Findings) -> Used {
    let mut used = Used::new();
    for item in &world.items {
        let (triggers, target, has_formula) = match &item.parsed {
            Parsed::ScaledObject(it) => {
                let target = Some(TargetId::of(&it.spec.target));
                (
                    &it.spec.triggers,
                    target,
                    it.spec.used_modifiers().is_some(),
                )
            }
            Parsed::ScaledJob(it) => (&it.spec.triggers, None, false),
            _ => continue,
        };
        container(item, target.as_ref(), world, findings);
        for (at, trigger) in triggers.iter().enumerate() {
            // What has no type is told by the schema.
            if !trigger.kind.is_empty() {
                let one = One {
                    item,
                    at,
                    trigger,
                    has_formula,
                };
                one.check(target.as_ref(), world, &mut used, findings);
            }
        }
    }
    used
}

/// Without the container that is named, KEDA makes none of the triggers.
fn container(
    item: &Item<'_>,
    target: Option<&TargetId>,
    world: &World<'_>,
    findings: &mut Findings,
) {
    let Some(missing) = resolve::missing_container(item, target, world) else {
        return;
    };
    let root = FieldPath::of(match target {
        Some(_) => "spec.scaleTargetRef",
        None => "spec",
    });
    let path = root.key("envSourceContainerName");
    let message = format!("{path}: {missing}");
    let fix = "name one of them, or remove it, which means the first";
    findings.add(Code::UnknownContainer, item.index, path, message, fix);
}

/// One trigger with the object that has it.
struct One<'w, 'a> {
    item: &'w Item<'a>,
    at: usize,
    trigger: &'w Trigger,
    /// Whether the object has a formula, so that its triggers need no targets.
    has_formula: bool,
}

impl One<'_, '_> {
    fn check(
        &self,
        target: Option<&TargetId>,
        world: &World<'_>,
        used: &mut Used,
        findings: &mut Findings,
    ) {
        let authentication = self.authentication(world, used, findings);
        let index = match authentication {
            Authentication::Known(index, _) => Some(index),
            Authentication::None | Authentication::Unknown => None,
        };
        let environment = resolve::environment(self.item, target, world);
        let source = TriggerSource {
            kind: self.trigger.kind.clone(),
            metric_type: self.trigger.metric_type.clone(),
            metadata: self.trigger.metadata.clone(),
            is_metric_source: self.has_formula,
            index: self.at,
            ..TriggerSource::default()
        };
        let resolved = Resolved::of(source, authentication, &environment);
        for problem in resolved.problems() {
            self.refuse(&problem, findings);
        }
        let remarks = trigger::remarks(&resolved.source);
        for remark in remarks.iter().filter(|it| it.place != Place::Auth) {
            self.remark(remark, findings);
        }
        if let Some(index) = index {
            let params = resolved.source.auth.keys().cloned();
            let is_read = |param: &String| {
                let mut unread = remarks.iter().filter(|it| it.place == Place::Auth);
                !unread.any(|it| it.key == *param)
            };
            used.entry(index)
                .or_default()
                .extend(params.filter(is_read));
        }
        if let Ok(read) = &resolved.read {
            kinds::check(self.item, self.at, self.trigger, read, world, findings);
        }
    }

    fn path(&self) -> FieldPath {
        trigger_path(self.at)
    }

    /// What the reference leads to; says if it leads nowhere.
    fn authentication<'w>(
        &self,
        world: &'w World<'_>,
        used: &mut Used,
        findings: &mut Findings,
    ) -> Authentication<'w> {
        let Some(reference) = &self.trigger.authentication else {
            return Authentication::None;
        };
        if reference.name.is_empty() {
            return Authentication::Unknown;
        }
        let kind = reference.kind_or_default();
        let namespace = &self.item.id.namespace;
        if let Some((item, found)) = world.authentication(&kind, namespace, &reference.name) {
            used.entry(item.index).or_default();
            return Authentication::Known(item.index, found);
        }
        let path = self.path().key("authenticationRef").key("name");
        let other = match kind {
            AuthenticationKind::ClusterTriggerAuthentication => {
                AuthenticationKind::TriggerAuthentication
            }
            AuthenticationKind::TriggerAuthentication | AuthenticationKind::Other(_) => {
                AuthenticationKind::ClusterTriggerAuthentication
            }
        };
        let name = &reference.name;
        let told = format!("{path} is {} {name}", kind.word());
        let index = self.item.index;
        if let Some((item, meant)) = world.authentication(&other, namespace, name) {
            let given = resolve::parameters(&meant.spec);
            used.entry(item.index).or_default().extend(given);
            let message = format!("{told}, and {name} is a {}", other.word());
            let fix = format!("set authenticationRef.kind to {}", other.word());
            findings.add(Code::AuthWrongKind, index, path, message, fix);
        } else if world.setting.seen.authentications {
            let message = format!("{told}, which does not exist");
            findings.add(
                Code::AuthMissing,
                index,
                path,
                message,
                "create it, or correct the name",
            );
        } else {
            let message =
                format!("{told}, which is not among the files; its parameters are not checked");
            let fix = "pass the file that has it too";
            findings.add(Code::AuthNotSeen, index, path, message, fix);
        }
        Authentication::Unknown
    }

    fn refuse(&self, problem: &Problem, findings: &mut Findings) {
        let (code, path) = self.place(problem);
        let text = problem.to_string();
        let (message, fix) = match text.split_once("; ") {
            Some((message, fix)) => (message.to_owned(), fix.to_owned()),
            None => (text, fix_of(&problem.cause)),
        };
        let message = format!("trigger {} ({}): {message}", self.at, self.trigger.kind);
        findings.add(code, self.item.index, path, message, fix);
    }

    fn place(&self, problem: &Problem) -> (Code, FieldPath) {
        let code = code_of(&problem.cause);
        let path = self.path();
        match problem.param.as_str() {
            "type" if code == Code::UnknownTriggerType => return (code, path.key("type")),
            "metricType" => {
                let is_set = self.trigger.metric_type.is_some();
                return (code, if is_set { path.key("metricType") } else { path });
            }
            _ => {}
        }
        let metadata = path.key("metadata");
        let names = problem.param.split('+').flat_map(|it| self.written(it));
        match names.into_iter().next() {
            Some(key) => (code, metadata.key(key)),
            None => (code, metadata),
        }
    }

    /// The key that a parameter is written under, if it is.
    fn written(&self, param: &str) -> Option<String> {
        let table = trigger::table(&self.trigger.kind).unwrap_or_default();
        let params = table.iter().filter(|it| it.name == param);
        let names = params.flat_map(|it| it.names().map(str::to_owned).collect::<Vec<_>>());
        let keys = names.flat_map(|it| [format!("{it}FromEnv"), it]);
        let mut written = keys.filter(|it| self.trigger.metadata.contains_key(it));
        written.next()
    }

    fn remark(&self, remark: &Remark, findings: &mut Findings) {
        let code = match remark.because {
            Because::Unknown { .. } => Code::UnknownMetadataKey,
            Because::NotReadHere { .. }
            | Because::Ignored { .. }
            | Because::Overridden
            | Because::NoVariable { .. } => Code::IgnoredMetadataKey,
            Because::Deprecated { .. } => Code::DeprecatedMetadataKey,
        };
        let text = remark.to_string();
        let (message, fix) = text.split_once("; ").unwrap_or((&text, "remove it"));
        let message = format!("trigger {} ({}): {message}", self.at, self.trigger.kind);
        let path = self.path().key("metadata").key(&remark.key);
        findings.add(code, self.item.index, path, message, fix);
    }
}

fn code_of(cause: &Cause) -> Code {
    match cause {
        Cause::UnknownType { .. } => Code::UnknownTriggerType,
        Cause::Missing { .. }
        | Cause::MissingWithOther { .. }
        | Cause::MissingForSasl { .. }
        | Cause::MissingForAuthMode { .. }
        | Cause::AtLeastOneOf => Code::TriggerParameterMissing,
        Cause::BadCronExpression { .. } | Cause::StartEqualsEnd => Code::BadSchedule,
        Cause::MetricTypeNotAllowed { .. } => Code::MetricType,
        Cause::NotInEnum { .. }
        | Cause::NotABoolean { .. }
        | Cause::NotANumber { .. }
        | Cause::NotAnInteger { .. }
        | Cause::NotADuration { .. }
        | Cause::NegativeDuration { .. }
        | Cause::NotKeyValueList { .. }
        | Cause::NotAQuantity { .. }
        | Cause::MustBePositive
        | Cause::MustNotBeNegative
        | Cause::MustNotBeZero
        | Cause::BadVersion { .. }
        | Cause::BadPartitionList { .. }
        | Cause::MutuallyExclusive
        | Cause::ExclusiveValuesCombined { .. }
        | Cause::ExactlyOneOf
        | Cause::Uneven
        | Cause::GivenTwice
        | Cause::NotAllowedHere
        | Cause::NotWithin { .. }
        | Cause::Misshapen { .. }
        | Cause::IdentityNotTaken { .. }
        | Cause::RequiresTopic
        | Cause::RequiresTls
        | Cause::RemovedSetting { .. } => Code::TriggerParameterInvalid,
    }
}

/// For messages that do not say it themselves.
fn fix_of(cause: &Cause) -> String {
    match cause {
        Cause::NotInEnum { allowed, .. } => format!("write one of {}", allowed.join(", ")),
        Cause::NotABoolean { .. } => "write \"true\" or \"false\"".to_owned(),
        Cause::MissingForSasl { .. } | Cause::MissingForAuthMode { .. } => {
            "give it by a TriggerAuthentication that authenticationRef names".to_owned()
        }
        _ => "correct it".to_owned(),
    }
}
