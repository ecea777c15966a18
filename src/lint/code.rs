//! Every code that a diagnostic can have, in one table: `lint --list`, `lint --explain` and
//! `docs/lint.md` are made of it. Codes are stable: pipelines disable them by name.

use super::Severity;

macro_rules! codes {
    ($($variant:ident = $word:literal, $severity:ident, $about:literal;)*) => {
        /// What is wrong, in one word.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $about] $variant,)*
        }

        impl Code {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// As it is written: `cooldown-misread`.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// How bad it is, as a rule.
            pub fn severity(self) -> Severity {
                match self {
                    $(Self::$variant => Severity::$severity,)*
                }
            }

            /// What it means, in a sentence.
            pub fn about(self) -> &'static str {
                match self {
                    $(Self::$variant => $about,)*
                }
            }
        }
    };
}

codes! {
    // Files.
    Syntax = "syntax", Error, "The text is neither YAML nor JSON.";
    Template = "template", Error, "The text is a template that is not rendered; render it first, for instance with `helm template`.";
    DuplicateKey = "duplicate-key", Error, "A key is there twice, and only one of the two values is used.";
    NotAnObject = "not-an-object", Error, "A document is not a Kubernetes object: it lacks `kind` or `metadata.name`.";
    DuplicateObject = "duplicate-object", Error, "Two objects have the same kind, namespace and name; the later one replaces the other.";
    UnknownCode = "unknown-code", Warning, "The annotation `stepscale.io/lint-ignore` names a code that does not exist.";
    // Schemas.
    RemovedApiVersion = "removed-api-version", Error, "The API version is not served any more.";
    UnknownField = "unknown-field", Warning, "The kind has no such field; the API server drops it, and kubectl refuses it.";
    UnquotedValue = "unquoted-value", Error, "A number or a boolean stands where a text has to, so that the API server refuses the object.";
    WrongType = "wrong-type", Error, "A field holds a value of another type.";
    MissingField = "missing-field", Error, "A required field is missing.";
    BelowMinimum = "below-minimum", Error, "A number is below what the schema allows.";
    EmptyField = "empty-field", Error, "A list or a text is empty that may not be.";
    UnknownWord = "unknown-word", Error, "A field holds a word that is not among those that it may.";
    // KEDA's admission webhook.
    NameTooLong = "name-too-long", Error, "The name of a ScaledObject becomes a label, of at most 63 characters.";
    HpaNameTooLong = "hpa-name-too-long", Error, "The name of the HPA that KEDA makes has more than 63 characters.";
    IncorrectReplicas = "incorrect-replicas", Error, "The idle count is not below the minimum, or the minimum is above the maximum.";
    IncorrectFallback = "incorrect-fallback", Error, "The fallback is negative, or no trigger can use it.";
    IncorrectTriggers = "incorrect-triggers", Error, "There are no triggers, two have the same name, or one caches metrics that cannot be.";
    OtherScaledObject = "other-scaled-object", Error, "Another ScaledObject scales the same workload.";
    OtherScaledObjectHpa = "other-scaled-object-hpa", Error, "Another ScaledObject has an HPA of the same name.";
    HpaBesideScaledObject = "hpa-beside-scaledobject", Error, "An HPA scales the workload of a ScaledObject, whose own HPA it fights with.";
    TransferOwnership = "transfer-ownership-missing-hpa-name", Error, "An HPA is to be taken over and is not named.";
    ScalingModifiers = "scaling-modifiers", Error, "The formula, its target or its type is refused.";
    ScalingModifiersFallback = "scaling-modifiers-fallback", Error, "The fallback is by formula, and there is none.";
    MissingRequests = "missing-requests", Error, "A container has no request of the resource that its utilization is relative to.";
    ScaleToZeroRequirements = "scale-to-zero-requirements-not-met", Error, "The minimum is 0, and cpu and memory alone never scale from or to zero.";
    UnknownKind = "unknown-kind", Error, "The cluster does not know the kind of the scale target.";
    TargetNotFound = "target-not-found", Error, "The scale target does not exist.";
    UnknownContainer = "unknown-container", Error, "The container that `envSourceContainerName` names does not exist, so that KEDA makes no trigger.";
    IncorrectAuthentication = "incorrect-authentication", Error, "The webhook refuses the authentication.";
    // Triggers.
    UnknownTriggerType = "unknown-trigger-type", Error, "KEDA has no trigger of this type; the webhook does not notice.";
    TriggerParameterMissing = "trigger-parameter-missing", Error, "A trigger lacks a parameter that it needs.";
    TriggerParameterInvalid = "trigger-parameter-invalid", Error, "A parameter of a trigger cannot be read or contradicts another.";
    MetricType = "metric-type", Error, "The `metricType` is not one of those that the trigger can have.";
    UnknownMetadataKey = "unknown-metadata-key", Warning, "KEDA does not know a key of the trigger's metadata and ignores it.";
    IgnoredMetadataKey = "ignored-metadata-key", Warning, "A key of the trigger's metadata has no effect, or none any more.";
    DeprecatedMetadataKey = "deprecated-metadata-key", Info, "A key of the trigger's metadata is on its way out.";
    BadSchedule = "bad-schedule", Error, "The start or end of a cron trigger is no schedule that KEDA reads: five fields, Sunday is 0.";
    BadTimeZone = "bad-time-zone", Error, "KEDA knows no time zone of that name, and the trigger fails at every poll.";
    CronNeverFires = "cron-never-fires", Warning, "A schedule never comes, so that the window never ends or never begins.";
    CronNotAlternating = "cron-not-alternating", Warning, "Start and end of a cron trigger do not alternate, and KEDA, which looks ahead only, takes the wrong side.";
    CronDaylightSaving = "cron-daylight-saving", Warning, "A schedule falls into an hour that the clock skips or shows twice when it changes.";
    CronAboveMax = "cron-above-max", Warning, "A cron trigger asks for more replicas than the maximum.";
    IgnoreNullValues = "ignore-null-values", Warning, "An empty answer of Prometheus counts as no load: the workload is scaled down, and no fallback comes in.";
    QueryWithoutAggregation = "query-without-aggregation", Warning, "A query that may answer with several series is an error to KEDA as soon as it does.";
    ThresholdNotPositive = "threshold-not-positive", Error, "The HPA API refuses a target that is not above 0.";
    OwnMetricsAtZero = "own-metrics-at-zero", Warning, "At zero replicas the workload has no metrics of its own, so that nothing starts it again.";
    KafkaPartitionLimitation = "kafka-partition-limitation", Warning, "`partitionLimitation` has no effect without a topic, or is a set of no partitions.";
    MaxAbovePartitions = "max-above-partitions", Warning, "The maximum is above the number of partitions, beyond which consumers of a group idle.";
    ActivationAboveThreshold = "activation-above-threshold", Warning, "A trigger wakes the workload only above a value at which it asks for more than one replica.";
    // ScaledObjects.
    NoFallback = "no-fallback", Info, "While the source of a trigger fails, nothing scales; a fallback says what then.";
    FallbackIneffective = "fallback-ineffective", Warning, "The fallback is configured so that KEDA does not use it.";
    FallbackZero = "fallback-zero", Warning, "A fallback to 0 replicas stops the workload when the source fails.";
    FallbackOutOfRange = "fallback-out-of-range", Warning, "The replicas of the fallback are not between the minimum and the maximum.";
    IdleAboveZero = "idle-above-zero", Warning, "Only an idle count of 0 works: the HPA raises any other to the minimum.";
    CooldownMisread = "cooldown-misread", Warning, "`cooldownPeriod` is for the step to zero only; scaling down from n to 1 is for the HPA's stabilization window.";
    PollingMisread = "polling-misread", Warning, "`pollingInterval` does not matter while the minimum is above 0; the HPA asks every 15 s.";
    NoInitialCooldown = "no-initial-cooldown", Info, "A new object goes to zero at its first poll without activity; `cooldownPeriod` does not count before the first.";
    MinEqualsMax = "min-equals-max", Warning, "The minimum is the maximum: nothing is scaled.";
    FormulaFloatPrefix = "formula-float-prefix", Warning, "A formula that begins with `float(` is not converted as a whole and may fail when it runs.";
    FormulaContainerMetric = "formula-container-metric", Warning, "With a formula KEDA drops metrics of single containers.";
    FormulaNegative = "formula-negative", Warning, "The formula is negative when all triggers are 0, and KEDA does not hold that at 0.";
    FormulaUnnamedTrigger = "formula-unnamed-trigger", Info, "A trigger without a name is not part of the formula, and its own metric is dropped.";
    // ScaledJobs.
    JobMetricType = "job-metric-type", Error, "A trigger of a ScaledJob may not have a `metricType`.";
    JobResourceTrigger = "job-resource-trigger", Warning, "A ScaledJob ignores triggers of type cpu and memory.";
    JobCachedMetrics = "job-cached-metrics", Warning, "A ScaledJob has no metrics to cache.";
    DuplicatePendingCondition = "duplicate-pending-condition", Warning, "With a condition twice no pod ever matches, and every unfinished job counts as pending.";
    CustomStrategyUnused = "custom-strategy-unused", Warning, "Settings of the custom strategy have no effect, or the strategy falls back to the default.";
    DeprecatedRollout = "deprecated-rollout", Info, "`rolloutStrategy` is deprecated, and beats `rollout.strategy`.";
    // Annotations.
    OddBoolean = "odd-boolean-annotation", Warning, "KEDA takes any text of a boolean annotation that it does not know, the empty one too, for true.";
    PausedBesideReplicas = "paused-false-beside-replicas", Warning, "`paused: false` does not resume an object that has `paused-replicas`.";
    PausedReplicasInvalid = "paused-replicas-invalid", Error, "`paused-replicas` is no whole number: nothing scales, and the HPA is gone.";
    PausedAndForgotten = "paused-and-forgotten", Warning, "An object is paused, and has been for long as far as it can be told.";
    // Authentications.
    AuthMissing = "auth-missing", Error, "A trigger refers to an authentication that does not exist.";
    AuthNotSeen = "auth-not-seen", Info, "A trigger refers to an authentication that is not in the files, and whose parameters are taken to be right.";
    AuthWrongKind = "auth-wrong-kind", Error, "An authentication of that name exists, of the other kind.";
    AuthUnused = "auth-unused", Warning, "No trigger refers to the authentication.";
    AuthParameterUnused = "auth-parameter-unused", Warning, "No trigger that uses the authentication reads a parameter that it gives.";
    AuthFilePath = "auth-file-path", Error, "`filePath` is for ClusterTriggerAuthentications only; KEDA fails to resolve it.";
    AuthEmpty = "auth-empty", Warning, "An authentication gives nothing.";
    // HPAs.
    HpaBounds = "hpa-bounds", Error, "The HPA API refuses the minimum or maximum.";
    HpaTarget = "hpa-target", Error, "The HPA API refuses the scale target.";
    HpaMetric = "hpa-metric", Error, "The HPA API refuses a metric.";
    HpaBehavior = "hpa-behavior", Error, "The HPA API refuses the behavior, which KEDA copies unchecked.";
    HpaNoMetrics = "hpa-no-metrics", Info, "An HPA without metrics gets one: 80 % CPU utilization.";
    HpaSameTarget = "hpa-same-target", Error, "Two HPAs scale the same workload and undo each other.";
    HpaScaleDownDisabled = "hpa-scale-down-disabled", Warning, "Scaling down is disabled, so that the replicas only ever grow.";
    ReplicasInManifest = "replicas-beside-autoscaler", Warning, "The manifest of a workload sets `replicas`, and every apply of it undoes what the autoscaler did.";
}

impl Code {
    /// The code of that word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.word() == word)
    }

    /// The code whose word is nearest to one that is none.
    pub fn nearest(word: &str) -> Option<Self> {
        let likeness = |it: &Self| strsim::jaro_winkler(word, it.word());
        let all = Self::ALL.iter().copied();
        let best = all.max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
        (likeness(&best) > 0.8).then_some(best)
    }
}

/// The table as Markdown, as `docs/lint.md` has it.
pub fn markdown() -> String {
    let mut text = String::from("| Code | Severity | Meaning |\n| --- | --- | --- |\n");
    for code in Code::ALL {
        let (word, severity, about) = (code.word(), code.severity().word(), code.about());
        text += &format!("| `{word}` | {severity} | {about} |\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_word_of_its_own_and_a_sentence() {
        for code in Code::ALL {
            let word = code.word();
            assert_eq!(Code::named(word), Some(*code), "{word}");
            let fits = |it: char| it.is_ascii_lowercase() || it == '-';
            assert!(word.chars().all(fits), "{word}");
            assert!(code.about().ends_with('.') && !code.about().contains('|'));
        }
        assert_eq!(
            Code::nearest("cooldown-missread"),
            Some(Code::CooldownMisread)
        );
        assert_eq!(Code::nearest("zzz"), None);
    }
}
