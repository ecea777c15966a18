//! What was scraped so far, and its text as OpenMetrics.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::io;
use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};

use super::Twin;
use super::samples::Labels;

/// A time in Unix milliseconds and the value there.
pub(crate) type Sample = (i64, f64);

/// One series that was recorded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series {
    pub(crate) labels: Vec<(&'static str, String)>,
    samples: VecDeque<Sample>,
}

impl Series {
    /// The samples at or between two times.
    pub(crate) fn within(&self, span: &RangeInclusive<i64>) -> impl Iterator<Item = Sample> {
        let first = self.samples.partition_point(|it| it.0 < *span.start());
        let end = *span.end();
        self.samples
            .range(first..)
            .copied()
            .take_while(move |it| it.0 <= end)
    }
}

/// Everything recorded, as far back as there is room.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// By name and by labels as text.
    series: BTreeMap<(&'static str, String), Series>,
    every: SignedDuration,
    /// Samples that are kept at most.
    most: usize,
    kept: usize,
    next: Option<Timestamp>,
}

impl Record {
    /// Scrapes `every` so often and keeps at most so many samples.
    pub(super) fn new(every: SignedDuration, most: usize) -> Self {
        Self {
            series: BTreeMap::new(),
            every,
            most,
            kept: 0,
            next: None,
        }
    }

    /// Whether a scrape is due.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.most > 0 && self.next.is_none_or(|it| it <= now)
    }

    pub(super) fn scraped(&mut self, now: Timestamp) {
        self.next = Some(crate::sim::numbers::after(now, self.every));
        if self.kept > self.most {
            self.shed();
        }
    }

    pub(super) fn add(&mut self, name: &'static str, labels: Labels<'_>, sample: Sample) {
        let key = (name, text_of(labels));
        let series = self.series.entry(key).or_insert_with(|| Series {
            labels: labels.iter().map(|it| (it.0, it.1.to_owned())).collect(),
            samples: VecDeque::new(),
        });
        series.samples.push_back(sample);
        self.kept += 1;
    }

    /// Drops the older quarter of the time that is recorded.
    fn shed(&mut self) {
        let all = || self.series.values();
        let first = all()
            .filter_map(|it| it.samples.front())
            .map(|it| it.0)
            .min();
        let last = all()
            .filter_map(|it| it.samples.back())
            .map(|it| it.0)
            .max();
        let (Some(first), Some(last)) = (first, last) else {
            return;
        };
        let border = first + (last - first) / 4 + 1;
        for series in self.series.values_mut() {
            let old = series.samples.partition_point(|it| it.0 < border);
            series.samples.drain(..old);
        }
        self.series.retain(|_, it| !it.samples.is_empty());
        self.kept = self.series.values().map(|it| it.samples.len()).sum();
    }

    /// Every series with its name, sorted.
    pub(crate) fn series(&self) -> impl Iterator<Item = (&'static str, &Series)> {
        self.series.iter().map(|(key, series)| (key.0, series))
    }

    /// Writes the samples at or between two times (Unix milliseconds) in the form of which
    /// `promtool tsdb create-blocks-from openmetrics` makes blocks; their number.
    ///
    /// # Errors
    /// When `out` refuses.
    pub(crate) fn backfill(
        &self,
        span: &RangeInclusive<i64>,
        out: &mut impl io::Write,
    ) -> io::Result<u64> {
        let (mut family, mut count) = ("", 0);
        for ((name, labels), series) in &self.series {
            let mut samples = series.within(span).peekable();
            if samples.peek().is_some() && *name != family {
                family = name;
                writeln!(out, "{}", kind(name))?;
            }
            for (at, value) in samples {
                let (seconds, milliseconds) = (at.div_euclid(1000), at.rem_euclid(1000));
                writeln!(out, "{name}{labels} {value} {seconds}.{milliseconds:03}")?;
                count += 1;
            }
        }
        out.write_all(b"# EOF\n")?;
        Ok(count)
    }
}

impl Twin {
    /// What a scrape of the twin answers now, as OpenMetrics text.
    pub(crate) fn expose(&self) -> String {
        let mut families: BTreeMap<&'static str, String> = BTreeMap::new();
        self.samples(&mut |name, labels, value| {
            let text = families.entry(name).or_default();
            // Writing to text does not fail.
            let _ = writeln!(text, "{name}{} {value}", text_of(labels));
        });
        let mut text = String::new();
        for (name, lines) in families {
            text.push_str(&kind(name));
            text.push('\n');
            text.push_str(&lines);
        }
        text.push_str("# EOF\n");
        text
    }

    /// What was recorded.
    pub(crate) fn record(&self) -> &Record {
        &self.record
    }
}

/// The line that tells the type of a family: the name of a counter's leaves out its suffix.
fn kind(name: &str) -> String {
    match name.strip_suffix("_total") {
        Some(family) => format!("# TYPE {family} counter"),
        None => format!("# TYPE {name} gauge"),
    }
}

/// Labels in braces, quoted.
fn text_of(labels: Labels<'_>) -> String {
    let mut text = String::from("{");
    for (place, (name, value)) in labels.iter().enumerate() {
        let comma = if place > 0 { "," } else { "" };
        let _ = write!(text, "{comma}{name}=\"");
        for letter in value.chars() {
            match letter {
                '\\' => text.push_str("\\\\"),
                '"' => text.push_str("\\\""),
                '\n' => text.push_str("\\n"),
                other => text.push(other),
            }
        }
        text.push('"');
    }
    text.push('}');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(most: usize, samples: i64) -> Record {
        let mut record = Record::new(SignedDuration::from_secs(60), most);
        for at in 0..samples {
            record.add("b_total", &[("a", "x\"y")], (at * 60_000, at as f64));
            record.add("a", &[], (at * 60_000 + 500, 0.5));
            record.scraped(Timestamp::UNIX_EPOCH);
        }
        record
    }

    #[test]
    fn families_are_written_one_after_the_other() {
        let mut out = Vec::new();
        let count = record(100, 3).backfill(&(60_000..=120_000), &mut out);
        let expected = "# TYPE a gauge\na{} 0.5 60.500\n# TYPE b counter\n\
                        b_total{a=\"x\\\"y\"} 1 60.000\nb_total{a=\"x\\\"y\"} 2 120.000\n# EOF\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        assert_eq!(count.unwrap(), 3);
    }

    #[test]
    fn the_oldest_samples_make_room() {
        let record = record(40, 100);
        assert!(record.kept <= 40, "{}", record.kept);
        let newest = record
            .series()
            .map(|it| it.1.samples.back().unwrap().0)
            .max();
        assert_eq!(newest, Some(99 * 60_000 + 500));
    }
}
