//! What one series says of each window: its last sample and its rate, the latter after the
//! documentation of Prometheus' `rate()`.

use std::ops::Range;

use super::Times;

/// The last sample in each window.
pub(super) fn lasts(samples: &[(i64, f64)], times: Times) -> Vec<Option<f64>> {
    let last = |window: &[(i64, f64)]| window.last().map(|it| it.1);
    windows(samples, times).map(last).collect()
}

/// The rate over each window.
pub(super) fn rates(samples: &[(i64, f64)], times: Times) -> Vec<Option<f64>> {
    let spans = (0..times.len).map(|it| times.window(it));
    let pairs = windows(samples, times).zip(spans);
    pairs.map(|(window, span)| rate(window, &span)).collect()
}

/// Samples in each window, NaN left out: it marks the end of a series.
fn windows(samples: &[(i64, f64)], times: Times) -> impl Iterator<Item = &[(i64, f64)]> {
    let known = match samples.last() {
        Some((_, value)) if value.is_nan() => &samples[..samples.len() - 1],
        _ => samples,
    };
    (0..times.len).map(move |index| {
        let window = times.window(index);
        let from = known.partition_point(|it| it.0 <= window.start);
        let until = known.partition_point(|it| it.0 <= window.end);
        &known[from..until]
    })
}

/// Increase per second, as Prometheus documents `rate()`: a decrease is a reset to zero; the
/// increase between the first and the last sample is drawn out to the borders of the window if
/// they are within 1.1 mean distances of samples, else by half such a distance; never to before
/// the counter was zero.
fn rate(samples: &[(i64, f64)], window: &Range<i64>) -> Option<f64> {
    let (first, last) = (samples.first()?, samples.last()?);
    if samples.len() < 2 {
        return None;
    }
    let resets = samples.windows(2).filter(|it| it[1].1 < it[0].1);
    let increase = last.1 - first.1 + resets.map(|it| it[0].1).sum::<f64>();
    let seconds = |from: i64, until: i64| (until - from) as f64 / 1000.0;
    let sampled = seconds(first.0, last.0);
    let distance = sampled / (samples.len() - 1) as f64;
    let mut to_start = seconds(window.start, first.0);
    let to_end = seconds(last.0, window.end);
    if increase > 0.0 && first.1 >= 0.0 {
        to_start = to_start.min(sampled * (first.1 / increase));
    }
    let drawn_out = |gap: f64| {
        if gap < distance * 1.1 {
            gap
        } else {
            distance / 2.0
        }
    };
    let covered = sampled + drawn_out(to_start) + drawn_out(to_end);
    Some(increase * (covered / sampled) / seconds(window.start, window.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked by hand from the text of the documentation.
    #[test]
    fn rates_are_drawn_out_as_documented() {
        let window = 0..300_000;
        // 30 s apart, 15 s from both borders: 1 a second throughout.
        let steady: Vec<_> = (0..10)
            .map(|it| (15_000 + it * 30_000, 100.0 + it as f64 * 30.0))
            .collect();
        assert_eq!(rate(&steady, &window), Some(1.0));
        // A reset from 160 to 10 after 30 s: 30 + 10 + 30 in 90 s; half a distance at both ends.
        let reset = [
            (100_000, 130.0),
            (130_000, 160.0),
            (160_000, 10.0),
            (190_000, 40.0),
        ];
        assert_eq!(rate(&reset, &window), Some(70.0 * (120.0 / 90.0) / 300.0));
        // A counter that was zero 10 s before its first sample is not drawn out beyond that.
        let young = [(20_000, 10.0), (50_000, 40.0), (80_000, 70.0)];
        assert_eq!(rate(&young, &window), Some(60.0 * (85.0 / 60.0) / 300.0));
        assert_eq!(rate(&steady[..1], &window), None);
    }
}
