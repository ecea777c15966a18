//! What was scraped so far, and what a scrape answers as OpenMetrics.
//!
//! A record is bounded: what it takes is counted in bytes, and when that is too much, the oldest
//! quarter of its time goes, of all series alike. So what is kept is always whole from its first
//! scrape on, which [`Record::since`] tells.

mod runs;

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::ops::Range;

use jiff::{SignedDuration, Timestamp};

use super::Twin;
use super::samples::Labels;
use runs::Runs;

/// A time in Unix milliseconds and the value there.
pub(crate) type Sample = (i64, f64);

/// What a series takes beside its texts and its runs: the nodes and lists that hold it.
const OVERHEAD: usize = 160;

/// One series that was recorded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series {
    pub(crate) labels: Vec<(&'static str, String)>,
    runs: Runs,
}

/// Everything recorded, as far back as there is room.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// By name, then by labels as text.
    series: BTreeMap<&'static str, BTreeMap<String, Series>>,
    every: SignedDuration,
    /// Bytes that are taken at most, and those that are.
    most: usize,
    taken: usize,
    next: Option<Timestamp>,
    /// When each scrape was that is kept (Unix milliseconds), and how many older ones there were.
    times: VecDeque<i64>,
    dropped: u32,
}

impl Record {
    /// Scrapes `every` so often and takes at most so many bytes.
    pub(super) fn new(every: SignedDuration, most: usize) -> Self {
        Self {
            series: BTreeMap::new(),
            every,
            most,
            taken: 0,
            next: None,
            times: VecDeque::new(),
            dropped: 0,
        }
    }

    /// Whether a scrape is due.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.most > 0 && self.next.is_none_or(|it| it <= now)
    }

    /// Begins a scrape, whose samples are added next.
    pub(super) fn begin(&mut self, now: Timestamp) {
        self.next = Some(crate::sim::numbers::after(now, self.every));
        self.times.push_back(now.as_millisecond());
    }

    /// Adds a sample of this scrape; of several of one series the first counts.
    pub(super) fn add(&mut self, name: &'static str, labels: Labels<'_>, value: f64) {
        let Some(scrape) = self.scrapes().end.checked_sub(1) else {
            return;
        };
        let taken = &mut self.taken;
        let named = self.series.entry(name).or_default();
        let series = named.entry(text_of(labels)).or_insert_with_key(|key| {
            let series = Series {
                labels: labels.iter().map(|it| (it.0, it.1.to_owned())).collect(),
                runs: Runs::default(),
            };
            *taken += series.texts(key);
            series
        });
        let before = series.runs.bytes();
        series.runs.push(scrape, value);
        self.taken += series.runs.bytes() - before;
    }

    /// Ends a scrape, and lets go of what there is no room for.
    pub(super) fn end(&mut self) {
        while self.taken > self.most && self.times.len() > 1 {
            self.shed();
        }
    }

    /// Drops the older quarter of the time that is recorded.
    fn shed(&mut self) {
        let old = (self.times.len() / 4).max(1);
        self.times.drain(..old);
        self.dropped = self.dropped.saturating_add(old as u32);
        self.taken = 0;
        for named in self.series.values_mut() {
            named.retain(|key, series| {
                series.runs.drop_before(self.dropped);
                let is_kept = !series.runs.is_empty();
                if is_kept {
                    self.taken += series.texts(key) + series.runs.bytes();
                }
                is_kept
            });
        }
    }

    /// The numbers of the scrapes that are kept.
    fn scrapes(&self) -> Range<u32> {
        let kept = u32::try_from(self.times.len()).unwrap_or(u32::MAX);
        self.dropped..self.dropped.saturating_add(kept)
    }

    /// The time (Unix milliseconds) before which nothing is known any more; `None` as long as nothing
    /// had to go.
    pub(crate) fn since(&self) -> Option<i64> {
        let first = self.times.front().filter(|_| self.dropped > 0);
        first.copied()
    }

    /// The series of each name, sorted.
    pub(crate) fn named(
        &self,
    ) -> impl Iterator<Item = (&'static str, impl Iterator<Item = &Series>)> {
        self.series.iter().map(|(name, all)| (*name, all.values()))
    }

    /// The samples of a series from the first to the last of two times (Unix milliseconds).
    pub(crate) fn within(
        &self,
        series: &Series,
        first: i64,
        last: i64,
    ) -> impl Iterator<Item = Sample> {
        let number = |place: usize| {
            let place = u32::try_from(place).unwrap_or(u32::MAX);
            self.dropped.saturating_add(place)
        };
        let begin = number(self.times.partition_point(|it| *it < first));
        let end = number(self.times.partition_point(|it| *it <= last));
        series
            .runs
            .within(begin..end)
            .filter_map(|(scrape, value)| {
                let at = self.times.get((scrape - self.dropped) as usize)?;
                Some((*at, value))
            })
    }
}

impl Series {
    /// The value of a label; empty where it has none.
    pub(crate) fn label(&self, name: &str) -> &str {
        let label = self.labels.iter().find(|it| it.0 == name);
        label.map_or("", |it| &it.1)
    }

    /// The bytes that it takes beside its runs, with its labels as text.
    fn texts(&self, key: &str) -> usize {
        let labels = self.labels.iter();
        let labels = labels.map(|it| size_of_val(it) + it.1.len());
        OVERHEAD + key.len() + labels.sum::<usize>()
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
    use proptest::prelude::*;

    use super::*;

    fn at(scrape: i64) -> Timestamp {
        Timestamp::from_millisecond(scrape * 60_000 + 500).unwrap()
    }

    /// Scrapes of some series, with the value of each if it is there.
    fn record(most: usize, scrapes: &[Vec<Option<f64>>]) -> Record {
        let names = ["a", "b_total", "c"];
        let mut record = Record::new(SignedDuration::from_secs(60), most);
        for (scrape, values) in scrapes.iter().enumerate() {
            record.begin(at(scrape as i64));
            for (name, value) in names.into_iter().zip(values) {
                if let Some(value) = value {
                    record.add(name, &[("a", "x\"y")], *value);
                }
            }
            record.end();
        }
        record
    }

    fn all(record: &Record) -> Vec<(&'static str, Vec<Sample>)> {
        let samples = |it| record.within(it, i64::MIN, i64::MAX).collect();
        let named = record.named();
        named
            .flat_map(|(name, all)| all.map(move |it| (name, samples(it))))
            .collect()
    }

    #[test]
    fn what_does_not_change_takes_no_room() {
        let quiet = record(usize::MAX, &[vec![Some(1.0), Some(60.0)]]);
        let scrapes = (1..=10_000).map(|it| vec![Some(1.0), Some(f64::from(it) * 60.0)]);
        let long = record(usize::MAX, &scrapes.collect::<Vec<_>>());
        assert_eq!(long.taken, quiet.taken);
        assert_eq!(long.since(), None);
        let found = all(&long);
        assert_eq!(found.len(), 2);
        assert_eq!(found[1].1.len(), 10_000);
        assert_eq!(found[1].1[9_999], (9_999 * 60_000 + 500, 600_000.0));
    }

    #[test]
    fn the_oldest_time_makes_room_in_all_series() {
        let value = |it: i64| (it * it % 97) as f64;
        let scrapes = (0..1_000).map(|it| vec![Some(value(it)), None, Some(2.0)]);
        let record = record(4_000, &scrapes.collect::<Vec<_>>());
        assert!(record.taken <= 4_000, "{}", record.taken);
        let since = record.since().unwrap();
        let first = (since - 500) / 60_000;
        assert!((500..999).contains(&first), "{first}");
        for (name, samples) in all(&record) {
            let times: Vec<i64> = samples.iter().map(|it| it.0).collect();
            let whole: Vec<i64> = (first..1_000).map(|it| it * 60_000 + 500).collect();
            assert_eq!(times, whole, "{name}");
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_is_what_was_added(
            scrapes in prop::collection::vec(
                prop::collection::vec(prop::option::of(prop_oneof![
                    Just(0.0), Just(1.0), Just(-0.0), Just(f64::NAN), Just(f64::INFINITY),
                    (0..50_i32).prop_map(|it| f64::from(it) / 7.0), any::<f64>(),
                ]), 3), 1..60),
            most in 500..3_000_usize,
        ) {
            let record = record(most, &scrapes);
            let found = all(&record);
            let first = scrapes.len() - record.times.len();
            for (place, name) in ["a", "b_total", "c"].into_iter().enumerate() {
                let samples = found.iter().find(|it| it.0 == name);
                let samples = samples.map(|it| it.1.as_slice()).unwrap_or_default();
                let samples: Vec<_> = samples.iter().map(|it| (it.0, it.1.to_bits())).collect();
                let added = scrapes.iter().enumerate().skip(first);
                let added = added.filter_map(|(scrape, values)| {
                    let time = at(scrape as i64).as_millisecond();
                    Some((time, values[place]?.to_bits()))
                });
                prop_assert_eq!(samples, added.collect::<Vec<_>>(), "{}", name);
            }
        }
    }
}
