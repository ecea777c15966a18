//! Samples as a file from which `promtool tsdb create-blocks-from openmetrics` makes blocks.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Labels, Matcher, Samples, Span, Test};

/// The end of every file.
pub(crate) const END: &str = "# EOF\n";

/// The names of all metrics that have samples in `span`, sorted.
pub(crate) fn names(samples: &dyn Samples, span: Span) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    samples.visit(&[], span, &mut |labels, _| {
        names.insert(labels.get("__name__").to_owned());
    });
    names
}

/// The part of the file that is about the metric `name`.
pub(crate) fn family(samples: &dyn Samples, name: &str, span: Span) -> String {
    let Ok(matcher) = Matcher::new("__name__", Test::Equal, name) else {
        return String::new();
    };
    let mut text = match name.strip_suffix("_total") {
        Some(family) => format!("# TYPE {family} counter\n"),
        None => format!("# TYPE {name} gauge\n"),
    };
    samples.visit(&[matcher], span, &mut |labels, samples| {
        let labels = text_of(labels);
        // The mark of a series that ended has no form in the text; its samples just end.
        for (at, value) in samples.iter().filter(|it| !it.1.is_nan()) {
            let (seconds, milliseconds) = (at.div_euclid(1000), at.rem_euclid(1000));
            // Writing to text does not fail.
            let _ = writeln!(text, "{name}{labels} {value} {seconds}.{milliseconds:03}");
        }
    });
    text
}

/// Labels in braces, quoted, without the name.
fn text_of(labels: &Labels) -> String {
    let quoted = |value: &str| {
        value
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
    };
    let others = labels.iter().filter(|it| it.0 != "__name__");
    let all: Vec<String> = others
        .map(|(name, value)| format!("{name}=\"{}\"", quoted(value)))
        .collect();
    format!("{{{}}}", all.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::history::Sample;

    struct Two;

    impl Samples for Two {
        fn visit(&self, matchers: &[Matcher], _: Span, each: &mut dyn FnMut(&Labels, &[Sample])) {
            let all = [
                (
                    Labels::new([("__name__", "b_total"), ("pod", "x\"1")]),
                    [(1_500, 2.0)],
                ),
                (Labels::new([("__name__", "a")]), [(1_000, 0.5)]),
            ];
            for (labels, samples) in all.iter().filter(|it| it.0.matches(matchers)) {
                each(labels, samples);
            }
        }
    }

    #[test]
    fn families_follow_each_other_with_their_types() {
        let span = Span {
            first: 0,
            last: 9_000,
        };
        let text: String = names(&Two, span)
            .iter()
            .map(|it| family(&Two, it, span))
            .collect();
        let expected = "# TYPE a gauge\na{} 0.5 1.000\n\
                        # TYPE b counter\nb_total{pod=\"x\\\"1\"} 2 1.500\n";
        assert_eq!(text, expected);
    }
}
