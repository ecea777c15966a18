//! Days as blocks of 24 hours, counted back from the end.

use std::ops::Range;

/// Ranges of `steps` steps, each of `seconds`: the first one may be shorter.
///
/// A day of a step that does not divide it is as close to 24 hours as whole steps come.
pub(super) fn whole(steps: usize, seconds: i64) -> Vec<Range<usize>> {
    let seconds = seconds.max(1) as f64;
    let mut ends = vec![steps];
    for day in 1_u32.. {
        let back = (f64::from(day) * 86_400.0 / seconds).round() as usize;
        match steps.checked_sub(back).filter(|it| *it > 0) {
            Some(end) => ends.push(end),
            None => break,
        }
    }
    ends.push(0);
    ends.reverse();
    let days = ends.windows(2).map(|it| it[0]..it[1]);
    days.filter(|it| !it.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_the_end() {
        type Days = &'static [(usize, usize)];
        let cases: [(usize, i64, Days); 7] = [
            (0, 300, &[]),
            (100, 300, &[(0, 100)]),
            (288, 300, &[(0, 288)]),
            (300, 300, &[(0, 12), (12, 300)]),
            (576, 300, &[(0, 288), (288, 576)]),
            // 123.4 steps of 700 s.
            (247, 700, &[(0, 124), (124, 247)]),
            (2, 90_000, &[(0, 1), (1, 2)]),
        ];
        for (steps, seconds, expected) in cases {
            let found: Vec<_> = whole(steps, seconds)
                .iter()
                .map(|it| (it.start, it.end))
                .collect();
            assert_eq!(found, expected, "{steps} of {seconds} s");
        }
    }
}
