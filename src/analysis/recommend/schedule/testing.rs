//! Windows as tests of how they are made read them.

use super::windows::Making;
use crate::analysis::forecast::RestDays;
use crate::schedule::Plan;

impl Making<'_> {
    /// From bins of an hour, with Saturday and Sunday for days of rest.
    pub(super) fn in_berlin(lead_minutes: u32, slack_minutes: u32) -> Self {
        Self {
            zone: "Europe/Berlin",
            bin_minutes: 60,
            lead_minutes,
            slack_minutes,
            rest: RestDays::WEEKEND,
        }
    }
}

/// `55 7-16 * * 1-5 15 6` of each window: when it begins, minutes, replicas.
pub(super) fn written(plan: &Plan) -> Vec<String> {
    let windows = plan.windows().iter().map(|it| it.written());
    let written = windows.map(|it| {
        let (start, minutes) = (&it.start_cron, it.duration_minutes);
        format!("{start} {minutes} {}", it.min_replicas)
    });
    written.collect()
}
