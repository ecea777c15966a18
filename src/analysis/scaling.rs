//! Scaling events and flaps, read off a replica series.

/// A reversal within this time is a flap: the first move was not needed.
pub const FLAP_SECONDS: f64 = 1800.0;

/// A flap moves at least this share of the replicas. One pod of thirty is steering: it is what the
/// controller's tolerance of 10 % calls no change at all.
const FLAP_SHARE: f64 = 0.1;

/// A change of the replica count between two neighboring samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Move {
    /// The sample that shows it.
    pub at: usize,
    pub up: bool,
    /// The part of the smaller of both counts that came or went.
    pub share: f64,
}

/// The changes of `replicas` by at least one pod, in order of time; NaN is a gap, across which
/// nothing is said.
///
/// A series shows at most one change a step, however many there were.
pub fn moves(replicas: &[f64]) -> impl Iterator<Item = Move> + '_ {
    replicas
        .windows(2)
        .enumerate()
        .filter_map(|(before, pair)| {
            let change = pair[1] - pair[0];
            // Half a pod: counts may come as means of a step.
            (change.abs() >= 0.5).then_some(Move {
                at: before + 1,
                up: change > 0.0,
                share: change.abs() / pair[0].min(pair[1]).max(1.0),
            })
        })
}

/// The number of reversals of direction within [`FLAP_SECONDS`], small moves left out.
pub fn flaps(replicas: &[f64], step_seconds: f64) -> usize {
    let mut before: Option<Move> = None;
    let mut flaps = 0;
    for change in moves(replicas).filter(|it| it.share >= FLAP_SHARE) {
        let reversed = before.is_some_and(|it| {
            it.up != change.up && (change.at - it.at) as f64 * step_seconds <= FLAP_SECONDS
        });
        flaps += usize::from(reversed);
        before = Some(change);
    }
    flaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reversal_within_half_an_hour_is_a_flap() {
        let cases: [(&[f64], usize); 8] = [
            (&[3.0, 3.0, 3.0], 0),
            (&[3.0, 4.0, 5.0], 0),
            (&[3.0, 4.0, 3.0, 4.0], 2),
            (&[3.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 3.0], 1),
            (&[3.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 3.0], 0),
            (&[10.0, 11.0, 10.0], 1),
            (&[11.0, 12.0, 11.0], 0),
            (&[3.0, f64::NAN, 4.0, f64::NAN, 3.0], 0),
        ];
        for (replicas, expected) in cases {
            assert_eq!(flaps(replicas, 300.0), expected, "{replicas:?}");
        }
    }
}
