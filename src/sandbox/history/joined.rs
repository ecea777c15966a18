//! What was before and what was recorded since, as one.

use std::collections::BTreeMap;

use super::{Labels, Matcher, Sample, Samples, Span};

/// Two sources of which the later one goes on where the earlier one ends.
pub(crate) struct Joined<'a> {
    pub(crate) earlier: &'a dyn Samples,
    pub(crate) later: &'a dyn Samples,
    /// Where the later one begins if it has forgotten what was before. Then the earlier one is older
    /// than what is kept, and would leave a hole: nothing is told of it.
    pub(crate) since: Option<i64>,
}

impl Samples for Joined<'_> {
    /// Where both have a series, samples of the earlier one count up to the first of the later.
    fn visit(&self, matchers: &[Matcher], span: Span, each: &mut dyn FnMut(&Labels, &[Sample])) {
        let span = Span {
            first: self.since.map_or(span.first, |it| it.max(span.first)),
            ..span
        };
        let mut later: BTreeMap<Labels, Vec<Sample>> = BTreeMap::new();
        self.later.visit(matchers, span, &mut |labels, samples| {
            later.insert(labels.clone(), samples.to_vec());
        });
        let mut joined = vec![];
        self.earlier.visit(matchers, span, &mut |labels, samples| {
            let Some(more) = later.remove(labels) else {
                return each(labels, samples);
            };
            let first = more.first().map_or(i64::MAX, |it| it.0);
            joined.clear();
            joined.extend(samples.iter().copied().take_while(|it| it.0 < first));
            joined.extend(more);
            each(labels, &joined);
        });
        for (labels, samples) in &later {
            each(labels, samples);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(Vec<(&'static str, Vec<Sample>)>);

    impl Samples for Fixed {
        fn visit(&self, _: &[Matcher], span: Span, each: &mut dyn FnMut(&Labels, &[Sample])) {
            for (name, samples) in &self.0 {
                let inside = |it: &&Sample| (span.first..=span.last).contains(&it.0);
                let samples: Vec<Sample> = samples.iter().filter(inside).copied().collect();
                if !samples.is_empty() {
                    each(&Labels::new([("__name__", *name)]), &samples);
                }
            }
        }
    }

    #[test]
    fn the_later_source_goes_on_with_the_series_of_the_earlier() {
        let earlier = Fixed(vec![("a", vec![(1, 1.0), (5, 1.0)]), ("b", vec![(1, 2.0)])]);
        let later = Fixed(vec![("a", vec![(4, 3.0), (6, 3.0)]), ("c", vec![(4, 4.0)])]);
        let told = |since| {
            let joined = Joined {
                earlier: &earlier,
                later: &later,
                since,
            };
            let span = Span { first: 0, last: 9 };
            let mut found = vec![];
            joined.visit(&[], span, &mut |labels, samples| {
                found.push((labels.get("__name__").to_owned(), samples.to_vec()));
            });
            found.sort_by(|a, b| a.0.cmp(&b.0));
            found
        };
        let (a, b, c) = ("a".to_owned(), "b".to_owned(), "c".to_owned());
        let expected = [
            (a.clone(), vec![(1, 1.0), (4, 3.0), (6, 3.0)]),
            (b, vec![(1, 2.0)]),
            (c.clone(), vec![(4, 4.0)]),
        ];
        assert_eq!(told(None), expected);
        // What the later one had at 2 is gone, and what was before with it.
        let rest = [(a, vec![(4, 3.0), (6, 3.0)]), (c, vec![(4, 4.0)])];
        assert_eq!(told(Some(4)), rest);
    }
}
