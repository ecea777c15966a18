//! Of KEDA's objects.

use super::Explained;
use crate::analysis::findings::Severity::{Critical, Info, Warning};

pub(super) const COOLDOWN_MISREAD: Explained = Explained {
    severities: &[Info],
    about: "`cooldownPeriod` is set and never counts.",
    when: "`cooldownPeriod` is written, `minReplicaCount` is above 0 and there is no `idleReplicaCount`.",
    why: "It is for the last step to zero alone. Whoever set it to slow down scaling from n to 1 has changed nothing: that is the HPA's stabilization window.",
    evidence: &[
        ("cooldownPeriodSeconds", "what is written, s"),
        ("scaleDownWindowSeconds", "the window that counts, s"),
    ],
    fix: "Set `advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.stabilizationWindowSeconds`, and leave `cooldownPeriod` out.",
};

pub(super) const NO_FALLBACK: Explained = Explained {
    severities: &[Info],
    about: "The source of a trigger may fail, and there is no fallback.",
    when: "A trigger other than cron, cpu and memory, and no `fallback`.",
    why: "While a source cannot be read nothing scales: the replicas of a quiet hour meet the load of a busy one.",
    evidence: &[
        ("triggers", "triggers whose source may fail"),
        ("triggerTypes", "their types"),
    ],
    fix: "Set `fallback` with replicas that serve a busy hour, at most the maximum.",
};

pub(super) const ACTIVATION_FLAPPING: Explained = Explained {
    severities: &[Warning],
    about: "A ScaledObject goes to zero, or idle, and wakes again before that was worth it.",
    when: "It sleeps for less than 30 min 12 times a day or more on the mean, and half of its sleeps or more are so short; by the desired replicas, else by the triggers and `cooldownPeriod`.",
    why: "Each time what wakes it waits for a cold start, to save a pod for minutes: 30 min as for reversals, every two hours. Where most sleeps are long, zero is right, and the short ones are its price.",
    evidence: &[
        ("wakeUpsPerDay", "times a day that it wakes"),
        ("shortSleepsPerDay", "of these, within 30 min"),
        ("medianShortSleepMinutes", "median of the short sleeps, min"),
        ("sleptInShortSleepsHoursPerDay", "what they save, h a day"),
        ("cooldownPeriodSeconds", "today's `cooldownPeriod`, s"),
        ("startupSeconds", "how long a pod takes until it serves, s"),
    ],
    fix: "Raise `cooldownPeriod` to what spans nine in ten of these pauses, which the finding names, or keep one replica.",
};

pub(super) const THRESHOLD_UNREACHABLE: Explained = Explained {
    severities: &[Warning, Info],
    about: "A trigger measures something, and its thresholds are beyond all of it.",
    when: "At zero: no trigger was ever above its activation threshold (warning). Else, of an only trigger: it never asked for more than the minimum, while pods were at their limit or above their request for 2 % of the time (warning), or its highest value is below a tenth of what the minimum is for (info).",
    why: "Nothing is started, or nothing is added, whatever waits. Half an hour a day is a habit, as for `pinned-at-max`; what is within a factor of ten is a reserve for a bad day.",
    evidence: &[
        ("trigger", "its place in `spec.triggers`"),
        ("triggerType", "its type"),
        ("highestValue", "the highest value that it gave"),
        ("activationThreshold", "what wakes the target"),
        (
            "threshold",
            "what one replica is for, where nothing is added",
        ),
        ("replicasAskedFor", "the highest value by the threshold"),
        ("minReplicas", "today's minimum"),
        (
            "busyPercent",
            "share of the time in which pods were busy beyond their request, %",
        ),
    ],
    fix: "Set the activation threshold below what the trigger measures, or leave it out; set the threshold to what one pod does in a busy hour.",
};

pub(super) const MAX_ABOVE_PARTITIONS: Explained = Explained {
    severities: &[Info],
    about: "The maximum is above the number of partitions, beyond which KEDA asks for no replicas.",
    when: "`partitionLimitation` leaves fewer partitions than `maxReplicaCount`; or the lag that KEDA reports stops at a whole multiple of `lagThreshold`, at least three times, for an hour in all, and for as long as at all values within a threshold of it, and no more replicas were ever wanted.",
    why: "The maximum that is written is never reached, and what a bad day would need is not there: consumers of a group beyond its partitions idle.",
    evidence: &[
        ("partitions", "how many there are"),
        ("maxReplicaCount", "today's maximum"),
        (
            "lagThreshold",
            "today's threshold, where it is told by the lag",
        ),
        ("hoursAtBound", "time at the bound, h"),
        ("timesAtBound", "times that the lag came to it"),
    ],
    fix: "Set `maxReplicaCount` to the partitions, give the topic as many as pods are needed, or set `allowIdleConsumers`.",
};

pub(super) const SCALE_TO_ZERO_CANDIDATE: Explained = Explained {
    severities: &[Info],
    about: "For hours of most days there is nothing to do, and pods are kept all the same.",
    when: "For 6 h a day, in pauses of an hour or more, on 5 days or more: no trigger is active and each pod uses at most 5 % of its request; of an HPA, all pods together use at most 5 % of one request, and requests per second and every other metric, where there are any, are zero. Never with a PodDisruptionBudget, nor where the only triggers read the pods' own metrics or a clock.",
    why: "Zero replicas would do then: a night without its edges; weekends alone are four of 14 days; 5 % is probes and garbage collection.",
    evidence: &[
        ("restingDays", "days with so many hours"),
        ("restingHoursPerDay", "hours on these days, on the mean"),
        (
            "restingPercentOfRequest",
            "usage up to which a pod rests, % of its request",
        ),
        ("minReplicas", "pods that are kept"),
        (
            "replicaHoursSavedPerDay",
            "what zero would save, replica-hours a day",
        ),
    ],
    fix: "Set `minReplicaCount` or `idleReplicaCount` to 0; an HPA becomes a ScaledObject with a metric of what waits for it. The first work after a pause waits for a poll and a pod.",
};

pub(super) const POLLING_TOO_SLOW: Explained = Explained {
    severities: &[Warning, Info],
    about: "What waits for KEDA's next poll waits longer than for a pod.",
    when: "`pollingInterval` is above 60 s and above twice the start-up time, and that matters every other day or more: it wakes from zero (info), or a cached metric calls for half as many replicas again within one interval (warning).",
    why: "From zero, only a poll sees that there is work, and with cached metrics the HPA sees no more than the polls. Above twice KEDA's default the poll is most of the wait.",
    evidence: &[
        ("pollingIntervalSeconds", "today's `pollingInterval`, s"),
        ("startupSeconds", "how long a pod takes until it serves, s"),
        ("wakeUpsPerDay", "times a day that it wakes from zero"),
        ("trigger", "place of the cached trigger"),
        (
            "risesPerDay",
            "times a day that it calls for half as many again",
        ),
    ],
    fix: "Lower `pollingInterval`, to what the finding names.",
};

pub(super) const HPA_BESIDE_SCALEDOBJECT: Explained = Explained {
    severities: &[Critical, Warning],
    about: "An HPA that KEDA has not made and a ScaledObject have one scale target.",
    when: "Both are there. A warning while the ScaledObject is paused, which has no HPA then.",
    why: "KEDA makes an HPA of the ScaledObject, and the two undo each other. Two of a kind are `two-autoscalers-one-target`.",
    evidence: &[("rivals", "how many others"), ("rivalNames", "which")],
    fix: "Delete the HPA, or let KEDA take it over by the annotation that the finding names.",
};

pub(super) const PAUSED_AND_FORGOTTEN: Explained = Explained {
    severities: &[Warning, Info],
    about: "An object of KEDA's is paused for longer than anybody can have meant.",
    when: "Paused by annotation for 24 h or more, or an hour beyond the end that `pause --for` gave; an info where nobody kept since when.",
    why: "Nothing scales meanwhile. A rollout or maintenance is over after a day; `watch` resumes within minutes.",
    evidence: &[
        ("annotation", "what pauses it"),
        ("since", "since when, where somebody kept that"),
        ("pausedHours", "how long, h"),
        ("until", "when it was to end"),
    ],
    fix: "Run `kubectl stepscale resume` once it is to scale again, or remove the annotation where somebody else has set it.",
};

pub(super) const AUTH_UNUSED_OR_MISSING: Explained = Explained {
    severities: &[Critical, Info],
    about: "A trigger refers to an authentication that does not exist, or nothing refers to one that does.",
    when: "A trigger names an authentication that does not exist, or one of the other kind (critical). Nothing names one that exists (info, of the fleet: `findings` beside `items` in JSON).",
    why: "KEDA reads the trigger without its parameters, which fails or asks as nobody. What nothing uses is a credential to lose.",
    evidence: &[
        ("missing", "how many are missing"),
        ("unused", "how many nothing uses"),
        ("names", "which"),
    ],
    fix: "Create it, or correct its name or `authenticationRef.kind`; delete what nothing uses, with the Secrets that are there for it alone.",
};
