//! What each code means, in a sentence, for forms that list rules beside what they have found.

use super::Code;

impl Code {
    /// What it means, in a sentence.
    pub fn about(self) -> &'static str {
        match self {
            Self::IdleWindow => "For hours on end the minimum keeps replicas that nothing uses.",
            Self::OverProvisioned => {
                "Pods use little of what they ask for because there are too many of them."
            }
            Self::ScaleLag => "Replicas come long after the load that needs them.",
            Self::Thrashing => {
                "The replica count moves back and forth faster than pods are worth starting."
            }
            Self::PinnedAtMax => "The load asks for more replicas than the autoscaler may give.",
            Self::FloorTooLow => {
                "Load jumps while the autoscaler rests at its minimum, and what stands there cannot \
                 serve it until more pods are up."
            }
            Self::MissingRequests => {
                "A utilization is a share of the request, so without one the controller cannot \
                 compute it and does not scale."
            }
            Self::RequestMismatch => {
                "Usage is never near the request, so that the target means nothing."
            }
            Self::SidecarSkew => {
                "The pod's utilization is not that of the container that does the work."
            }
            Self::NeverScales => "The autoscaler never changes the replica count.",
            Self::MetricGaps => {
                "Too much of the history is missing between its first and its last sample."
            }
            Self::UnableToScale => "The controller itself says that it cannot scale.",
            Self::TwoAutoscalersOneTarget => {
                "Two autoscalers scale the same target, and each undoes what the other decides."
            }
            Self::CooldownMisread => {
                "KEDA's `cooldownPeriod` is for the last step to zero alone, which this object never \
                 takes."
            }
            Self::NoFallback => {
                "While a source outside of the cluster's own metrics fails, KEDA scales nothing; a \
                 fallback says what then."
            }
            Self::ActivationFlapping => {
                "The workload goes to zero and wakes again before that was worth it."
            }
            Self::ThresholdUnreachable => {
                "A trigger measures something, and its thresholds are beyond all of it."
            }
            Self::MaxAbovePartitions => {
                "Consumers of a Kafka group beyond its partitions idle, so that KEDA does not ask for \
                 them."
            }
            Self::ScaleToZeroCandidate => {
                "For hours of most days nothing is there to do, and pods are kept all the same."
            }
            Self::PollingTooSlow => "What waits for KEDA's next poll waits longer than for a pod.",
            Self::HpaBesideScaledobject => {
                "An HPA scales the target of a ScaledObject, whose own HPA it fights with."
            }
            Self::PausedAndForgotten => {
                "An object of KEDA's is paused for longer than anybody can have meant."
            }
            Self::AuthUnusedOrMissing => {
                "A trigger refers to an authentication that does not exist, or nothing refers to one \
                 that does."
            }
        }
    }
}
