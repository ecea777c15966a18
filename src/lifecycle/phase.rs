//! Where a recommendation stands.

use std::fmt;
use std::str::FromStr;

/// `status.phase` of a ScalingRecommendation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Written, waiting for a yes.
    #[default]
    Pending,
    /// Somebody said yes; nothing is written to the target, or it is not known yet that it is.
    Approved,
    /// The target has the change and is on probation.
    Applied,
    /// Healthy after its probation.
    Verified,
    /// Unhealthy while nothing may take the change back by itself; judged again.
    Degraded,
    /// The change was taken back.
    RolledBack,
    /// Approved but not allowed; `detail` says why.
    Blocked,
    /// A write failed; tried again while approved.
    Failed,
    /// Somebody said no.
    Rejected,
    /// Another proposal, or none, has taken its place.
    Superseded,
}

impl Phase {
    pub const ALL: [Self; 10] = [
        Self::Pending,
        Self::Approved,
        Self::Applied,
        Self::Verified,
        Self::Degraded,
        Self::RolledBack,
        Self::Blocked,
        Self::Failed,
        Self::Rejected,
        Self::Superseded,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Applied => "applied",
            Self::Verified => "verified",
            Self::Degraded => "degraded",
            Self::RolledBack => "rolledBack",
            Self::Blocked => "blocked",
            Self::Failed => "failed",
            Self::Rejected => "rejected",
            Self::Superseded => "superseded",
        }
    }

    /// Whether the target has the change, as far as is known.
    pub fn is_in_force(self) -> bool {
        match self {
            Self::Applied | Self::Verified | Self::Degraded => true,
            Self::Pending
            | Self::Approved
            | Self::RolledBack
            | Self::Blocked
            | Self::Failed
            | Self::Rejected
            | Self::Superseded => false,
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Phase {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL
            .into_iter()
            .find(|it| it.as_str() == text)
            .ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_read_back() {
        for phase in Phase::ALL {
            assert_eq!(phase.as_str().parse(), Ok(phase));
        }
        assert_eq!("rolledback".parse::<Phase>(), Err(()));
    }
}
