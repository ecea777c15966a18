//! Of load, replicas and what controllers say of themselves.

use super::Explained;
use crate::analysis::findings::Severity::{Critical, Info, Warning};

pub(super) const IDLE_WINDOW: Explained = Explained {
    severities: &[Warning, Info],
    about: "For hours on end the minimum keeps replicas that nothing uses.",
    when: "Utilization stays below 20 % for 4 h or more, and the busiest of these hours needs fewer replicas than the minimum keeps. A warning where that happens on most days. Not told where nine tenths of the time are idle, nor where another metric has no history.",
    why: "The replicas above what is needed cost the same as busy ones.",
    evidence: &[
        ("longestHours", "length of the longest idle window, h"),
        ("longestFrom", "its begin"),
        ("longestTo", "its end"),
        ("windows", "idle windows of 4 h or more"),
        ("replicasNeeded", "what its busiest sample needed"),
        ("minReplicas", "today's minimum"),
        (
            "hoursOfDayUtc",
            "hours of the day that are usually idle, where there are any: `22:00-06:00`",
        ),
    ],
    fix: "Lower `minReplicas`, or lower it for these hours only.",
};

pub(super) const OVER_PROVISIONED: Explained = Explained {
    severities: &[Warning],
    about: "Pods use little of what they request because there are too many of them.",
    when: "The p95 of the utilization is below 40 %, and at a target of 60 %, or today's where that is higher, fewer replicas would have done half of the time. Where no number of replicas could help it is `request-mismatch`.",
    why: "More than half of what the pods request is paid for and never used, even when they are busy.",
    evidence: &[
        (
            "p95UtilizationPercent",
            "p95 of the utilization, % of the CPU request",
        ),
        ("medianReplicas", "median of the replicas that there were"),
        (
            "medianReplicasNeeded",
            "median of the replicas that would have done",
        ),
        ("minReplicas", "today's minimum"),
        ("targetPercent", "today's CPU target, where there is one"),
    ],
    fix: "Lower `minReplicas` where the autoscaler rests there; else raise the CPU target.",
};

pub(super) const SCALE_LAG: Explained = Explained {
    severities: &[Warning],
    about: "Replicas come long after the load that needs them.",
    when: "Once a day or more on the mean, usage is above target and tolerance for 3 min or longer (15 min from the minimum) while the maximum is not reached, and replicas rise within the hour.",
    why: "Until the replicas are there, those that serve are overloaded.",
    evidence: &[
        ("episodesPerDay", "such times a day"),
        ("minutesPerDay", "their length a day, min"),
        ("longestMinutes", "the longest, min"),
        (
            "highestUtilizationPercent",
            "highest utilization in them, %",
        ),
        ("targetPercent", "today's CPU target"),
    ],
    fix: "Let scaling up wait for nothing (`behavior.scaleUp`), lower the CPU target, or make pods start faster.",
};

pub(super) const THRASHING: Explained = Explained {
    severities: &[Warning],
    about: "The replica count moves back and forth faster than pods are worth starting.",
    when: "48 times a day or more the count reverses within half an hour, or in one hour a day or more it changes more than 10 times.",
    why: "Pods that end before they have served cost their start, and connections and caches with it.",
    evidence: &[
        ("scalingEventsPerDay", "changes of the count a day"),
        (
            "flapsPerDay",
            "changes a day that reverse one of the last half hour",
        ),
        ("mostEventsPerHour", "changes in the worst hour"),
        (
            "scaleDownWindowSeconds",
            "today's scale-down stabilization window, s",
        ),
    ],
    fix: "Lengthen `behavior.scaleDown.stabilizationWindowSeconds` until one window spans the swings of the load.",
};

pub(super) const PINNED_AT_MAX: Explained = Explained {
    severities: &[Critical, Warning],
    about: "The load asks for more replicas than the autoscaler may give.",
    when: "At the maximum while the metrics ask for more, for 2 % of the time or more (half an hour a day) and an hour in all. Critical where pods could not give what was asked of them then.",
    why: "At the maximum there is no autoscaling: the next peak is served by overloaded pods.",
    evidence: &[
        (
            "pinnedPercent",
            "share of the known time at the maximum with more asked for, %",
        ),
        ("pinnedHours", "the same, h"),
        (
            "shortfallHours",
            "of these, hours in which the load was above what the pods can give",
        ),
        ("highestUtilizationPercent", "highest utilization then, %"),
        (
            "replicasAskedFor",
            "most replicas that the metrics asked for",
        ),
        ("maxReplicas", "today's maximum"),
    ],
    fix: "Raise `maxReplicas`, if the cluster and what is behind the pods can take it.",
};

pub(super) const FLOOR_TOO_LOW: Explained = Explained {
    severities: &[Warning],
    about: "Load jumps while the autoscaler rests at its minimum, and what stands there cannot serve it.",
    when: "Every other day or more often, and three times at least, usage jumps from one sample to the next beyond 1.5 times the target and the whole request of the pods at the minimum, or beyond what they can give. The controller reacts at once; where it does not it is `scale-lag`.",
    why: "For as long as new pods take to start, the few that stand are overloaded.",
    evidence: &[
        ("jumpsPerDay", "such jumps a day"),
        (
            "highestUtilizationPercent",
            "usage after the worst, % of the request of the pods that stood",
        ),
        (
            "replicasAskedFor",
            "replicas that would have served it within their request",
        ),
        ("minReplicas", "today's minimum"),
    ],
    fix: "Raise `minReplicas`, so that what stands can serve the first minutes of a jump.",
};

pub(super) const RECURRING_PEAK: Explained = Explained {
    severities: &[Warning],
    about: "The load rises at the same time of the day again and again, and replicas come too late for it.",
    when: "The load recurs by day or by week (autocorrelation at one period and at two of `--periodicity-threshold` or more), and on at least half of the days, three at least, it rises by a quarter or more within the same hour of the wall clock while usage is above the target and its tolerance and replicas follow later. Not told where `scale-lag` or `floor-too-low` tells of the same minutes, nor with `--enable-forecasting=false`.",
    why: "The peak is known beforehand and met unprepared: for as long as replicas lag, pods are overloaded.",
    evidence: &[
        ("time", "begin of the rise by the wall clock, `09:00`"),
        (
            "timeZone",
            "whose clock that is, given by `--time-zone` or inferred",
        ),
        ("weekdays", "the days on which it comes"),
        ("rhythm", "`day` or `week`, whichever was found"),
        ("occurrences", "how often such a day was seen"),
        ("late", "how often replicas came too late"),
        (
            "timesBefore",
            "the load at its height by that of the hour before, in the middle of all times",
        ),
        (
            "minutesEach",
            "minutes above the target each time, on the mean",
        ),
        ("minutesPerDay", "the same over all days of the history"),
    ],
    fix: "Keep more replicas from shortly before the peak on: a schedule, or for want of one a higher `minReplicas`.",
};

pub(super) const MISSING_REQUESTS: Explained = Explained {
    severities: &[Critical],
    about: "A container has no request of the resource whose utilization is the target.",
    when: "A metric has a utilization target, and a container that it counts has no request of CPU or memory.",
    why: "A utilization is a share of the request: without one the controller cannot compute it, and does not scale.",
    evidence: &[
        ("containers", "the containers without a request"),
        ("resource", "`cpu` or `memory`"),
    ],
    fix: "Set `resources.requests` of these containers.",
};

pub(super) const REQUEST_MISMATCH: Explained = Explained {
    severities: &[Warning],
    about: "Usage is never near the request, so that the target means nothing.",
    when: "Even with the fewest replicas allowed, the p99 of the utilization would be below 20 %; or the median, below the maximum, is above 150 %.",
    why: "The autoscaler compares usage with the request. With a request far from what a busy pod uses it rests at a bound whatever the load is, and nodes are reserved, or overcommitted, by the difference.",
    evidence: &[
        (
            "busiestAtFewestPercent",
            "p99 of the utilization that the fewest replicas would have, where the request is too large, %",
        ),
        ("medianUtilizationPercent", "median utilization, %"),
        ("p99UtilizationPercent", "p99 of it, %"),
        (
            "p99UsagePerPodMillicores",
            "p99 of what one pod uses, millicores",
        ),
        (
            "requestMillicores",
            "today's CPU request of a pod, millicores",
        ),
    ],
    fix: "Set the CPU request to what a busy pod uses, then choose the target anew.",
};

pub(super) const SIDECAR_SKEW: Explained = Explained {
    severities: &[Warning],
    about: "The pod's utilization is not that of the container that does the work.",
    when: "The metric counts whole pods of several containers, and the p95 of the busiest main container differs from that of the pod by 15 percentage points or more.",
    why: "A sidecar that idles hides a main container that is overloaded, so that replicas come too late; one that is busy brings them too early.",
    evidence: &[
        ("container", "the main container that uses most"),
        ("containerP95Percent", "p95 of its utilization, %"),
        ("podP95Percent", "p95 of the pod's, %"),
        ("containerRequestMillicores", "its CPU request, millicores"),
    ],
    fix: "Use a `ContainerResource` metric for that container.",
};

pub(super) const NEVER_SCALES: Explained = Explained {
    severities: &[Critical, Warning, Info],
    about: "The autoscaler never changed the replica count.",
    when: "Minimum and maximum are the same (warning), or the count was the same for the whole window: critical where the load asked for more for 5 % of the time or more, a warning where it asked for less all the time and the minimum allows it, else an info.",
    why: "Somebody believes that this workload scales. Something else may set its replicas, or `behavior` may forbid it.",
    evidence: &[
        ("days", "length of what is known, days"),
        ("minReplicas", "today's minimum"),
        ("maxReplicas", "today's maximum"),
        (
            "mostReplicasNeeded",
            "most that the load needed, where that is known",
        ),
    ],
    fix: "Find out who else sets the replicas and what `behavior` forbids; with equal bounds, change one of them or delete the autoscaler.",
};

pub(super) const METRIC_GAPS: Explained = Explained {
    severities: &[Warning, Info],
    about: "Too much of the history is missing.",
    when: "Less than 95 % of the samples between the first and the last are known, or a gap is longer than an hour. A warning below 80 %.",
    why: "A gap may hide the peak that settings have to serve, so that advice is more careful or withheld.",
    evidence: &[
        ("coveragePercent", "share of the samples that are known, %"),
        ("longestGapHours", "the longest gap, h"),
        ("missingSamples", "samples that are missing"),
    ],
    fix: "Check the scrape of cAdvisor and kube-state-metrics for these pods, and the retention of the metrics source.",
};

pub(super) const UNABLE_TO_SCALE: Explained = Explained {
    severities: &[Critical, Info],
    about: "The controller itself says that it cannot scale.",
    when: "The condition `AbleToScale` or `ScalingActive` is False. An info where the target was scaled to zero, which pauses an HPA.",
    why: "The replicas stay as they are, whatever the load does.",
    evidence: &[
        ("condition", "the condition's type"),
        ("reason", "its reason: `FailedGetResourceMetric`"),
        ("message", "what the controller says"),
        ("since", "since when, where the object has it"),
    ],
    fix: "The finding names what to check for its reason: metrics-server and requests, an adapter, the target, its selector.",
};

pub(super) const TWO_AUTOSCALERS_ONE_TARGET: Explained = Explained {
    severities: &[Critical],
    about: "Two autoscalers of a kind scale the same target.",
    when: "Another autoscaler of the same kind has the same scale target. An HPA and a ScaledObject are `hpa-beside-scaledobject`.",
    why: "Each undoes what the other decides.",
    evidence: &[("rivals", "how many others"), ("rivalNames", "which")],
    fix: "Keep one; it may have several metrics, of which the highest wins.",
};
