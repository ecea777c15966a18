//! What is kept of one target, and how an answer is merged into it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::track::Track;
use crate::history::{History, Metric};
use crate::metrics::Wanted;
use crate::series::{Grid, Series};

/// The history of one target as far as it is known.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    tracks: BTreeMap<Metric, Track>,
    /// What the last answer told that it lacks, and why.
    missing: BTreeMap<Metric, String>,
    /// Slots beside the window's.
    spare: usize,
    /// The last step that an answer spoke of.
    pub(super) known_until: Timestamp,
    /// The end of the window when it was last read whole.
    pub(super) whole_at: Timestamp,
    /// The end of the window when it was last asked for.
    pub(super) asked_at: Timestamp,
    /// The number of the request that asked for it last.
    pub(super) used: u64,
    /// Answers since the last good one that were failures.
    pub(super) failures: u32,
    /// Whether an increment told of a metric whose past was never read.
    pub(super) is_partial: bool,
}

/// Besides its samples, what a series takes: its place in the map and the name of a container.
const SERIES_BYTES: usize = size_of::<(Metric, Track)>() + 32;

/// Besides its series, what a target takes: its place in the map, and some ten names.
const ENTRY_BYTES: usize = size_of::<(Wanted, Entry)>() + 512;

impl Entry {
    /// Keeps an answer for all of `window`.
    pub(super) fn of(history: &History, window: Grid, spare: usize, used: u64) -> Self {
        let track = |(metric, series): (&Metric, &Series)| {
            let track = Track::of(series, spare);
            (metric.clone(), track)
        };
        Self {
            tracks: history.iter().map(track).collect(),
            missing: missing(history),
            spare,
            known_until: window.end(),
            whole_at: window.end(),
            asked_at: window.end(),
            used,
            failures: 0,
            is_partial: false,
        }
    }

    /// Merges an answer for `times`, the end of `window`.
    pub(super) fn merge(&mut self, history: &History, times: Grid, window: Grid) {
        self.extend(history, times);
        // What could not be read for a while has gaps that only a whole answer fills.
        let is_back = |it: &Metric| history.get(it).is_some();
        self.is_partial |= self.missing.keys().any(is_back);
        self.missing = missing(history);
        for (metric, series) in history.iter() {
            if !self.tracks.contains_key(metric) {
                self.begin(metric.clone(), series, window);
            }
        }
        self.known_until = self.known_until.max(times.end());
        self.failures = 0;
    }

    /// Extends every series that is known.
    ///
    /// The first sample of an answer is left out: whether all pods were seen in a step is judged
    /// by how many were ready at the end of the one before, which the first step does not have. What
    /// could not be read this time leaves what is known as it is.
    fn extend(&mut self, history: &History, times: Grid) {
        for (metric, track) in &mut self.tracks {
            let series = history.get(metric);
            if history.why_missing(metric).is_some() {
                track.advance(times.end());
            } else if track.step() == times.step() {
                track.replace(times, series, times.start());
            } else if let Some(series) = series {
                track.add(series, self.known_until);
            } else {
                track.advance(times.end());
            }
        }
    }

    /// Keeps a metric that the last whole answer did not have. On the request's times its past is
    /// known to be gaps; how far others reach back only a whole answer says.
    fn begin(&mut self, metric: Metric, series: &Series, window: Grid) {
        let track = if series.grid().step() == window.step() {
            Track::of(&series.on(window), self.spare)
        } else {
            Track::of(series, self.spare)
        };
        self.tracks.insert(metric, track);
        self.is_partial = true;
    }

    /// The history for `window`, with gaps where nothing is known.
    pub(super) fn history(&self, window: Grid) -> History {
        let mut history = History::default();
        for (metric, why) in &self.missing {
            history.lack(metric.clone(), why.clone());
        }
        for (metric, track) in &self.tracks {
            if let Some(series) = track.series(window.end()) {
                history.insert(metric.clone(), series);
            }
        }
        history
    }

    /// What it takes in memory: for every series four bytes for each sample of its window and for
    /// each spare one, and a fixed part.
    pub(super) fn bytes(&self) -> usize {
        let tracks = self.tracks.values();
        let series = tracks.map(|it| it.bytes() + SERIES_BYTES);
        let reasons = self.missing.values();
        let reasons = reasons.map(|it| it.len() + size_of::<(Metric, String)>());
        ENTRY_BYTES + series.sum::<usize>() + reasons.sum::<usize>()
    }
}

fn missing(history: &History) -> BTreeMap<Metric, String> {
    let all = history.missing();
    all.map(|(metric, why)| (metric.clone(), why.to_owned()))
        .collect()
}

/// Drops what was not asked for: a source that reads many targets at once may say more of some
/// than they need, depending on which others are read with them.
pub(super) fn only_wanted(history: History, wanted: &Wanted) -> History {
    let is_wanted = |metric: &Metric| match metric {
        Metric::MemoryWorkingSet => wanted.memory,
        Metric::CpuThrottled => wanted.cpu_limited,
        Metric::CpuUsage
        | Metric::ContainerCpuUsage(_)
        | Metric::ReadyReplicas
        | Metric::DesiredReplicas
        | Metric::CpuRequest
        | Metric::CpuLimit
        | Metric::CpuBurst
        | Metric::Startup
        | Metric::RequestsPerSecond
        | Metric::JobDuration
        | Metric::FailedJobs
        | Metric::Trigger(_) => true,
    };
    history.only(is_wanted)
}
