//! What must be asked of the source so that a request can be answered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::SignedDuration;

use super::entry::Entry;
use super::{HistoryCache, key};
use crate::metrics::{HistoryRequest, Wanted};
use crate::series::Grid;

/// A target with a metric that is not known from the window's beginning is not read whole more
/// often: there may be metrics that only a short request brings to light.
const BETWEEN_WHOLE: SignedDuration = SignedDuration::from_hours(1);

/// How much of the window is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    Whole,
    /// Its end, for targets whose past is known.
    Increment,
}

/// One request to the source. Its subjects are those of the request that it is a part of.
#[derive(Clone, Debug)]
pub struct Ask {
    pub request: HistoryRequest,
    pub extent: Extent,
    /// The times that the whole history is for.
    pub(super) window: Grid,
    /// Of each subject, its place among those wanted.
    places: BTreeMap<usize, usize>,
}

impl Ask {
    /// What was asked of `subject`.
    pub(super) fn wanted(&self, subject: usize) -> Option<&Wanted> {
        let place = self.places.get(&subject)?;
        self.request.wanted.get(*place)
    }

    /// Everyone who was asked about.
    pub(super) fn subjects(&self) -> impl Iterator<Item = usize> + '_ {
        self.places.keys().copied()
    }
}

/// Steps to ask for; `None` for all.
type Steps = Option<usize>;

impl HistoryCache {
    /// Divides `request` into what must be asked: increments first, since they are quick, and
    /// what must be read whole last. Everyone is in exactly one of them.
    ///
    /// A request for nobody is passed on as it is, for the source to say what it says then.
    pub fn plan(&mut self, request: &HistoryRequest) -> Vec<Ask> {
        let grid = request.grid;
        let window = Grid::ending_at(grid.end(), grid.length(), grid.step());
        self.begin(window);
        let due = self.due(request, window);
        let mut parts: BTreeMap<(bool, usize), Vec<Wanted>> = BTreeMap::new();
        let mut longest: BTreeMap<(bool, usize), usize> = BTreeMap::new();
        for wanted in &request.wanted {
            let steps = self.steps(&key(wanted), &due, window);
            let part = part_of(steps);
            parts.entry(part).or_default().push(wanted.clone());
            let longest = longest.entry(part).or_default();
            *longest = steps.unwrap_or(window.len()).max(*longest);
        }
        if parts.is_empty() {
            parts.insert(part_of(None), vec![]);
            longest.insert(part_of(None), window.len());
        }
        let ask = |(part, wanted)| {
            let len = longest.get(&part).copied().unwrap_or(window.len());
            ask(request, window, len, wanted)
        };
        parts.into_iter().map(ask).collect()
    }

    /// Begins the next request: forgets what does not fit it and who is gone.
    fn begin(&mut self, window: Grid) {
        let shape = Some((window.step(), window.len()));
        if self.shape != shape {
            self.shape = shape;
            self.entries.clear();
            self.bytes = 0;
        }
        self.request += 1;
        // A pause between two requests, however long, tells nothing of who is gone.
        let last = self.asked_at.replace(window.end());
        let last = last.map_or(window.end(), |it| it.min(window.end()));
        let limit = self.limits.forget_after;
        let gone = |it: &Entry| last.duration_since(it.asked_at) > limit;
        let gone = self.entries.iter().filter(|it| gone(it.1));
        let gone: Vec<Wanted> = gone.map(|it| it.0.clone()).collect();
        for key in gone {
            self.remove(&key);
            self.counters.forgotten += 1;
        }
    }

    /// Those whose turn it is to be read whole only to refresh them: whose last time is longest
    /// ago.
    fn due(&mut self, request: &HistoryRequest, window: Grid) -> BTreeSet<Wanted> {
        let now = window.end();
        let targets = request.wanted.len();
        let turns = self.refresh.turns(targets, self.limits.reread, now);
        if turns == 0 {
            return BTreeSet::new();
        }
        let known = request.wanted.iter().map(key);
        let mut oldest: Vec<_> = known
            .filter_map(|key| Some((self.entries.get(&key)?.whole_at, key)))
            .filter(|(whole_at, _)| now.duration_since(*whole_at) >= BETWEEN_WHOLE)
            .collect();
        oldest.sort();
        let due: BTreeSet<_> = oldest.into_iter().take(turns).map(|it| it.1).collect();
        self.counters.refreshed += due.len() as u64;
        due
    }

    /// How much to ask of a target, which is used from now on.
    fn steps(&mut self, key: &Wanted, due: &BTreeSet<Wanted>, window: Grid) -> Steps {
        let (overlap, catch_up) = (self.spare(window), self.limits.catch_up);
        let entry = self.entries.get_mut(key)?;
        entry.used = self.request;
        entry.asked_at = window.end();
        let missing = window.end().duration_since(entry.known_until);
        if due.contains(key) || needs_all(entry, window) || missing > catch_up {
            return None;
        }
        let step = i64::from(window.step().seconds());
        let ahead = missing.as_secs().div_euclid(step);
        if ahead < -(overlap as i64) {
            return None;
        }
        // The one before the overlap is only there for the next to be judged by.
        let steps = usize::try_from(ahead).unwrap_or(0) + overlap + 1;
        (steps < window.len()).then_some(steps)
    }
}

fn needs_all(entry: &Entry, window: Grid) -> bool {
    let since = window.end().duration_since(entry.whole_at);
    entry.is_partial && since >= BETWEEN_WHOLE
}

/// Targets that are asked for together: those that need about as many steps, within a factor of
/// two.
fn part_of(steps: Steps) -> (bool, usize) {
    match steps {
        Some(steps) => (false, steps.next_power_of_two()),
        None => (true, 0),
    }
}

fn ask(request: &HistoryRequest, window: Grid, len: usize, wanted: Vec<Wanted>) -> Ask {
    let extent = if len < window.len() {
        Extent::Increment
    } else {
        Extent::Whole
    };
    let places = wanted.iter().enumerate();
    Ask {
        places: places.map(|(place, it)| (it.subject, place)).collect(),
        request: HistoryRequest {
            grid: Grid::ending_with(window.end(), window.step(), len),
            wanted,
            pod_owners: Arc::clone(&request.pod_owners),
        },
        extent,
        window,
    }
}
