//! The highest value within a sliding window, in time linear in the number of values.

use std::collections::VecDeque;

/// For each index `i` the highest of the values at `i - before ..= i + after`.
///
/// NaN is a gap and is passed over; a window of nothing but gaps is a gap.
pub fn window_max(values: &[f64], before: usize, after: usize) -> Vec<f64> {
    // Indices of values that fall from front to back: the front is the highest still in reach.
    let mut falling: VecDeque<usize> = VecDeque::new();
    let mut next = 0;
    (0..values.len())
        .map(|center| {
            let end = center.saturating_add(after).min(values.len() - 1);
            while next <= end {
                push(&mut falling, values, next);
                next += 1;
            }
            while falling
                .front()
                .is_some_and(|it| it.saturating_add(before) < center)
            {
                falling.pop_front();
            }
            falling.front().map_or(f64::NAN, |it| values[*it])
        })
        .collect()
}

fn push(falling: &mut VecDeque<usize>, values: &[f64], index: usize) {
    if values[index].is_nan() {
        return;
    }
    while falling
        .back()
        .is_some_and(|it| values[*it] <= values[index])
    {
        falling.pop_back();
    }
    falling.push_back(index);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn by_definition(values: &[f64], before: usize, after: usize) -> Vec<f64> {
        (0..values.len())
            .map(|it| {
                let end = (it + after).min(values.len() - 1);
                values[it.saturating_sub(before)..=end]
                    .iter()
                    .copied()
                    .fold(f64::NAN, f64::max)
            })
            .collect()
    }

    #[test]
    fn a_window_of_gaps_is_a_gap() {
        let max = window_max(&[1.0, f64::NAN, f64::NAN, 2.0], 0, 1);
        assert_eq!(max[0], 1.0);
        assert!(max[1].is_nan());
        assert_eq!(max[2..], [2.0, 2.0]);
        assert_eq!(window_max(&[], 3, 3), Vec::<f64>::new());
    }

    proptest! {
        #[test]
        fn equals_its_definition(
            values in prop::collection::vec(prop_oneof![Just(f64::NAN), 0.0..9.0], 0..60),
            before in 0_usize..70,
            after in 0_usize..70,
        ) {
            let bits = |all: Vec<f64>| all.into_iter().map(f64::to_bits).collect::<Vec<_>>();
            let fast = window_max(&values, before, after);
            prop_assert_eq!(bits(fast), bits(by_definition(&values, before, after)));
        }
    }
}
