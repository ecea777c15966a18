//! What the user's own queries say of a change.

use super::Findings;
use crate::lifecycle::slo::{Outcome, Reading};

pub(in crate::analysis) fn check(readings: &[Reading], findings: &mut Findings) {
    for reading in readings {
        judge(reading, findings);
    }
}

fn judge(reading: &Reading, findings: &mut Findings) {
    let slo = &reading.slo;
    let name = &slo.name;
    let value = match &reading.value {
        Ok(value) => *value,
        Err(why) => {
            let error = format!("SLO {name} could not be measured: {why}");
            return findings.errors.push(error);
        }
    };
    match (slo.evaluate(value), value) {
        (Outcome::Met, _) => {}
        (Outcome::NotMet, Some(value)) => not_met(reading, value, findings),
        (Outcome::NoData | Outcome::NotMet, _) => {
            findings.doubts.push(format!("SLO {name} has no data"));
        }
    }
}

/// An objective that was missed before, and no less so, was not broken by the change; neither is
/// it the sign of a healthy one.
fn not_met(reading: &Reading, value: f64, findings: &mut Findings) {
    let slo = &reading.slo;
    let (name, comparison, limit) = (&slo.name, slo.comparison, slo.limit);
    let said = format!("SLO {name} is not met: {value} is not {comparison} {limit}");
    let missed = |it: &f64| slo.evaluate(Some(*it)) == Outcome::NotMet;
    match reading.before.filter(missed) {
        Some(before) if !slo.is_worse(value, before) => {
            let said = format!("{said}, nor was it before with {before}");
            findings.doubts.push(said);
        }
        Some(_) | None => findings.harm.push(said),
    }
}
