//! The conditions of an HPA's status, as the controller keeps them.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use crate::autoscaler::Holds;

/// Makes an enum of names, which are as the API spells them.
macro_rules! names {
    ($(#[$meta:meta])* $name:ident { $($variant:ident),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($variant),* }

        impl $name {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// As the API spells it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant)),* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                let mut all = Self::ALL.iter().copied();
                all.find(|it| it.name() == text).ok_or(())
            }
        }
    };
}

names! {
    /// The types of conditions.
    Kind { AbleToScale, ScalingActive, ScalingLimited, ScaledToZero }
}

names! {
    /// Why a condition is as it is.
    Reason {
        SucceededGetScale,
        FailedGetScale,
        ReadyForNewScale,
        ScaleDownStabilized,
        ScaleUpStabilized,
        SucceededRescale,
        FailedUpdateScale,
        ValidMetricFound,
        ScalingDisabled,
        InvalidSelector,
        AmbiguousSelector,
        FailedGetResourceMetric,
        FailedGetContainerResourceMetric,
        FailedGetPodsMetric,
        FailedGetObjectMetric,
        FailedGetExternalMetric,
        InvalidMetricSourceType,
        DesiredWithinRange,
        TooFewReplicas,
        TooManyReplicas,
        ScaleUpLimit,
        ScaleDownLimit,
        ScaledToZero,
        NotScaledToZero,
    }
}

/// One condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    pub kind: Kind,
    pub holds: Holds,
    pub reason: Reason,
    /// When `holds` last changed; a new reason alone does not change it.
    pub since: Timestamp,
}

/// The conditions in the order in which they first appeared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions(pub Vec<Condition>);

impl Conditions {
    pub fn get(&self, kind: Kind) -> Option<&Condition> {
        self.0.iter().find(|it| it.kind == kind)
    }

    /// Sets a condition, at the end of the list if it is new.
    pub fn set(&mut self, kind: Kind, holds: bool, reason: Reason, now: Timestamp) {
        let holds = if holds { Holds::Yes } else { Holds::No };
        match self.0.iter_mut().find(|it| it.kind == kind) {
            Some(known) => {
                if known.holds != holds {
                    known.since = now;
                }
                known.holds = holds;
                known.reason = reason;
            }
            None => self.0.push(Condition {
                kind,
                holds,
                reason,
                since: now,
            }),
        }
    }

    pub fn remove(&mut self, kind: Kind) {
        self.0.retain(|it| it.kind != kind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_keeps_its_place_and_its_time_until_it_turns() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut conditions = Conditions::default();
        conditions.set(Kind::AbleToScale, true, Reason::SucceededGetScale, at(1));
        conditions.set(Kind::ScalingActive, true, Reason::ValidMetricFound, at(1));
        conditions.set(Kind::AbleToScale, true, Reason::ReadyForNewScale, at(2));
        conditions.set(Kind::ScalingActive, false, Reason::ScalingDisabled, at(2));
        let able = Condition {
            kind: Kind::AbleToScale,
            holds: Holds::Yes,
            reason: Reason::ReadyForNewScale,
            since: at(1),
        };
        let active = Condition {
            kind: Kind::ScalingActive,
            holds: Holds::No,
            reason: Reason::ScalingDisabled,
            since: at(2),
        };
        assert_eq!(conditions.0, [able, active]);
        conditions.remove(Kind::AbleToScale);
        assert_eq!(conditions.0, [active]);
    }

    #[test]
    fn every_name_reads_back() {
        for reason in Reason::ALL {
            assert_eq!(reason.name().parse(), Ok(*reason));
        }
        assert_eq!("Other".parse::<Kind>(), Err(()));
    }
}
