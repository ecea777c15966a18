//! The data of a chart as the script reads it: whole numbers, few of them.
//!
//! Counts of replicas stay the same for long, so that they are written in runs: a value, then for
//! how many points. A load is written in thousandths of its highest value, which is finer than a
//! screen shows.

use serde::Serialize;

use crate::analysis::portrait::{Band, Lane, Load, Mark, MarkKind, Portrait, Unit};

/// What is drawn of one autoscaler.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Chart<'a> {
    /// When the first point begins, in Unix seconds.
    begin: i64,
    /// Seconds of a point.
    step: u32,
    count: usize,
    loads: Vec<OfLoad<'a>>,
    /// What is known of the replicas.
    replicas: Replicas,
    limits: Limits,
    /// From and to, in seconds since the first point began, by what held then.
    marks: Marks,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct OfLoad<'a> {
    name: &'a str,
    unit: &'static str,
    /// What a thousandth stands for.
    scale: f64,
    /// `null` is a gap.
    mean: Vec<Option<u16>>,
    /// By how much the highest within each point is above that, which takes fewer digits; absent
    /// where it nowhere is.
    #[serde(skip_serializing_if = "Option::is_none")]
    above: Option<Vec<u16>>,
}

/// In runs, the highest within each point.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Replicas {
    #[serde(skip_serializing_if = "Option::is_none")]
    needed: Option<Runs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ready: Option<Runs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    today: Option<Runs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proposed: Option<Runs>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Limits {
    today: [u32; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    proposed: Option<[u32; 2]>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
struct Marks {
    breach: Vec<[i64; 2]>,
    shortfall: Vec<[i64; 2]>,
    pinned: Vec<[i64; 2]>,
}

/// Values, each followed by how many points have it; `null` is a gap.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
struct Runs(Vec<Option<u32>>);

impl<'a> Chart<'a> {
    pub(super) fn of(portrait: &'a Portrait) -> Self {
        let step = portrait.step_seconds;
        let begin = portrait.start.as_second() - i64::from(step);
        Self {
            begin,
            step,
            count: portrait.points,
            loads: portrait.loads.iter().map(OfLoad::of).collect(),
            replicas: Replicas {
                needed: portrait.needed.as_ref().map(Runs::of),
                ready: portrait
                    .ready
                    .as_ref()
                    .or(portrait.desired.as_ref())
                    .map(Runs::of),
                today: portrait.today.as_ref().map(Runs::of),
                proposed: portrait.proposed.as_ref().map(Runs::of),
            },
            limits: Limits {
                today: band(portrait.bands.today),
                proposed: portrait.bands.proposed.map(band),
            },
            marks: Marks::of(&portrait.marks, begin),
        }
    }

    /// As JSON that can stand in a script element: nothing in it ends one or begins a comment.
    pub(super) fn json(&self) -> String {
        let text = serde_json::to_string(self).expect("a chart has text for keys");
        embeddable(&text)
    }
}

/// JSON without the letters that an HTML parser looks for within a script. They stand within strings
/// alone, where they may be escaped.
fn embeddable(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                text.push_str(&format!("\\u{:04x}", u32::from(letter)));
            }
            _ => text.push(letter),
        }
    }
    text
}

impl<'a> OfLoad<'a> {
    fn of(load: &'a Load) -> Self {
        let lane = &load.lane;
        let scale = lane.peak().filter(|it| *it > 0.0).unwrap_or(1.0) / 1000.0;
        let part = |it: Option<f64>| it.map(|it| (it / scale).round().clamp(0.0, 1000.0) as u16);
        let mean: Vec<_> = (0..lane.len()).map(|at| part(lane.mean(at))).collect();
        let above = mean.iter().enumerate().map(|(at, mean)| {
            let high = part(lane.high(at)).unwrap_or_default();
            high.saturating_sub(mean.unwrap_or_default())
        });
        let above: Vec<u16> = above.collect();
        Self {
            name: &load.metric,
            unit: unit(load.unit),
            scale: four_digits(scale),
            above: above.iter().any(|it| *it > 0).then_some(above),
            mean,
        }
    }
}

/// Kept short: the values have no more digits.
fn four_digits(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Cores => "cores",
        Unit::Bytes => "bytes",
        Unit::Value => "",
    }
}

fn band(band: Band) -> [u32; 2] {
    [band.min.0, band.max.0]
}

impl Runs {
    fn of(lane: &Lane) -> Self {
        let mut runs: Vec<(Option<u32>, u32)> = Vec::new();
        for at in 0..lane.len() {
            let value = lane
                .high(at)
                .map(|it| it.round().clamp(0.0, f64::from(u32::MAX)) as u32);
            match runs.last_mut() {
                Some((last, count)) if *last == value => *count += 1,
                Some(_) | None => runs.push((value, 1)),
            }
        }
        let pair = |(value, count)| [value, Some(count)];
        Self(runs.into_iter().flat_map(pair).collect())
    }
}

impl Marks {
    fn of(marks: &[Mark], begin: i64) -> Self {
        let mut all = Self::default();
        for mark in marks {
            let since = [mark.from, mark.to].map(|it| it.as_second() - begin);
            match mark.kind {
                MarkKind::Breach => all.breach.push(since),
                MarkKind::Shortfall => all.shortfall.push(since),
                MarkKind::Pinned => all.pinned.push(since),
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::analysis::portrait::Detail;
    use crate::output::report::made_up;

    #[test]
    fn counts_are_written_in_runs_and_gaps_stay_gaps() {
        let values = [Some(3.0), Some(3.0), None, None, Some(4.4), Some(3.0)];
        let runs = Runs::of(&Lane::of(values));
        let json = serde_json::to_string(&runs).unwrap();
        assert_eq!(json, "[3,2,null,2,4,1,3,1]");
        assert_eq!(Runs::of(&Lane::default()), Runs::default());
    }

    #[test]
    fn a_load_is_told_in_thousandths_of_its_peak() {
        let load = |values: &[Option<f64>]| Load {
            metric: "cpu".to_owned(),
            unit: Unit::Cores,
            is_scaled_by: true,
            per_replica: None,
            lane: Lane::of(values.iter().copied()),
        };
        let it = load(&[Some(2.5), None, Some(0.5), Some(0.0)]);
        let it = OfLoad::of(&it);
        assert_eq!(it.mean, [Some(1000), None, Some(200), Some(0)]);
        assert_eq!((it.scale, it.above), (0.0025, None));
        let idle = load(&[Some(0.0)]);
        assert_eq!(
            OfLoad::of(&idle).mean,
            [Some(0)],
            "no peak is no division by zero"
        );
    }

    #[test]
    fn a_name_can_neither_end_the_script_nor_open_a_comment() {
        let mut portrait = made_up::portrait(12);
        portrait.loads[0].metric = "</script><!--<script>\"&\u{2028}".to_owned();
        let json = Chart::of(&portrait).json();
        assert!(!json.contains(['<', '>', '&', '\u{2028}']), "{json}");
        let read: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["loads"][0]["name"], portrait.loads[0].metric.as_str());
    }

    #[test]
    fn a_reduced_past_is_small() {
        let portrait = made_up::portrait(4032).reduced(Detail::AtMost(super::super::MOST_POINTS));
        let chart = Chart::of(&portrait);
        assert!(chart.count <= super::super::MOST_POINTS, "{}", chart.count);
        let size = chart.json().len();
        assert!(size < 12_000, "{size} bytes");
    }

    #[test]
    fn marks_are_told_from_the_beginning() {
        let portrait = made_up::portrait(12);
        let mut marked = portrait.clone();
        marked.marks = vec![Mark {
            kind: MarkKind::Shortfall,
            from: portrait.start,
            to: portrait.time(2),
        }];
        let marks = Chart::of(&marked).marks;
        assert_eq!(marks.shortfall, [[300, 900]]);
        assert_eq!((marks.breach.len(), marks.pinned.len()), (0, 0));
    }
}
