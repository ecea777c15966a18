//! Where samples are put as they arrive: sums for each scale target, each source counted once.
//!
//! Whichever way history is read, it arrives here as (labels of one series, index on the grid,
//! value), one series after another.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::labels::Labels;
use super::owners::{Assignment, Controller, Owners};
use crate::series::{Grid, Series};

/// Receives samples that stand on one grid.
pub(super) trait Absorb: Send {
    /// Where the samples of a series go.
    type Slot: Copy + Send;

    /// Decides on a series; what is not wanted is `None` and need not be decoded.
    fn open(&mut self, labels: &Labels) -> Option<Self::Slot>;

    fn add(&mut self, slot: Self::Slot, index: usize, value: f64);

    /// Takes over what another one received for other times.
    fn merge(&mut self, other: Self);
}

/// Sums of what containers used, for scale targets by their place among [`Owners::targets`].
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sums {
    /// By target and container name.
    pub(super) by_container: BTreeMap<(usize, String), Series>,
    /// In how many pods of the target something was seen; empty if pods were not told apart.
    pub(super) pods: BTreeMap<usize, Series>,
    pub(super) assignments: BTreeSet<Assignment>,
}

impl Sums {
    /// From sums of whole targets by place, containers and pods unknown.
    pub(super) fn of_totals(totals: Vec<Option<Series>>) -> Self {
        let known = totals.into_iter().enumerate();
        Self {
            by_container: known
                .filter_map(|(target, series)| Some(((target, String::new()), series?)))
                .collect(),
            ..Self::default()
        }
    }

    /// All containers of a target together.
    pub(super) fn total(&self, target: usize) -> Option<Series> {
        self.total_without(target, &[])
    }

    /// All containers of a target together but those with the given names.
    pub(super) fn total_without(&self, target: usize, names: &[String]) -> Option<Series> {
        let columns = self.columns(target);
        let mut counted = columns
            .filter(|(name, _)| !names.iter().any(|it| it == name))
            .map(|(_, series)| series);
        let first = counted.next()?.clone();
        Some(counted.fold(first, Series::plus))
    }

    /// Each container of a target with its sum.
    pub(super) fn columns(&self, target: usize) -> impl Iterator<Item = (&str, &Series)> {
        self.by_container
            .range((target, String::new())..)
            .take_while(move |((place, _), _)| *place == target)
            .map(|((_, container), series)| (container.as_str(), series))
    }
}

/// Reads series of containers, one for each container of each pod.
///
/// Series that differ only in who scraped them (`job`, `instance`, `prometheus_replica`) are one
/// source, of which the first sample at a time counts. Series that differ in `id`, the cgroup, are
/// a container before and after its restart, and both count.
#[derive(Debug)]
pub(super) struct PodSums {
    grid: Grid,
    owners: Arc<Owners>,
    columns: Columns,
    /// In how many pods something was seen, by place of the target.
    pods: Vec<Option<Series>>,
    seen: Vec<Seen>,
    sources: HashMap<String, usize>,
    assignments: BTreeSet<Assignment>,
}

/// A place in [`PodSums`].
#[derive(Clone, Copy, Debug)]
pub(super) struct PodSlot {
    target: usize,
    column: usize,
    /// Places of what was seen of the source and of its pod.
    source: usize,
    pod: usize,
}

impl PodSums {
    pub(super) fn new(grid: Grid, owners: Arc<Owners>) -> Self {
        Self {
            grid,
            columns: Columns::new(grid),
            pods: vec![None; owners.targets().len()],
            owners,
            seen: vec![],
            sources: HashMap::new(),
            assignments: BTreeSet::new(),
        }
    }

    pub(super) fn finish(self) -> Sums {
        let pods = self.pods.into_iter().enumerate();
        Sums {
            by_container: self.columns.finish(),
            pods: pods
                .filter_map(|(target, series)| Some((target, series?)))
                .collect(),
            assignments: self.assignments,
        }
    }

    fn place(&mut self, key: String) -> usize {
        let next = self.seen.len();
        let place = *self.sources.entry(key).or_insert(next);
        if place == next {
            self.seen.push(Seen::default());
        }
        place
    }
}

impl Absorb for PodSums {
    type Slot = PodSlot;

    fn open(&mut self, labels: &Labels) -> Option<PodSlot> {
        let (namespace, pod) = (labels.get("namespace")?, labels.get("pod")?);
        let container = labels.get("container")?;
        let (target, how) = self.owners.target_of(namespace, pod)?;
        self.assignments.insert(how);
        let id = labels.get("id").unwrap_or_default();
        Some(PodSlot {
            target,
            column: self.columns.place(target, container),
            source: self.place(format!("{namespace}/{pod}/{container}{id}")),
            pod: self.place(format!("{namespace}/{pod}")),
        })
    }

    fn add(&mut self, slot: PodSlot, index: usize, value: f64) {
        if !self.seen[slot.source].claim(index) {
            return;
        }
        self.columns.add(slot.column, index, value);
        if self.seen[slot.pod].claim(index) {
            let pods = &mut self.pods[slot.target];
            pods.get_or_insert_with(|| Series::gaps(self.grid))
                .add(index, 1.0);
        }
    }

    fn merge(&mut self, other: Self) {
        self.columns.merge(other.columns);
        self.assignments.extend(other.assignments);
        for (mine, theirs) in self.pods.iter_mut().zip(other.pods) {
            *mine = match (mine.take(), theirs) {
                (Some(mine), Some(theirs)) => Some(mine.plus(&theirs)),
                (mine, theirs) => mine.or(theirs),
            };
        }
    }
}

/// Reads series that the server summed by the pods' controller.
#[derive(Debug)]
pub(super) struct OwnerSums {
    owners: Arc<Owners>,
    columns: Columns,
}

impl OwnerSums {
    pub(super) fn new(grid: Grid, owners: Arc<Owners>) -> Self {
        Self {
            owners,
            columns: Columns::new(grid),
        }
    }

    pub(super) fn finish(self) -> Sums {
        Sums {
            by_container: self.columns.finish(),
            pods: BTreeMap::new(),
            assignments: BTreeSet::from([Assignment::Recorded]),
        }
    }
}

impl Absorb for OwnerSums {
    type Slot = usize;

    fn open(&mut self, labels: &Labels) -> Option<usize> {
        let controller = Controller {
            kind: labels.get("owner_kind")?.to_owned(),
            name: labels.get("owner_name")?.to_owned(),
        };
        let target = self
            .owners
            .place_of(labels.get("namespace")?, &controller)?;
        Some(self.columns.place(target, labels.get("container")?))
    }

    fn add(&mut self, slot: usize, index: usize, value: f64) {
        self.columns.add(slot, index, value);
    }

    fn merge(&mut self, other: Self) {
        self.columns.merge(other.columns);
    }
}

/// Sums by target and container name.
#[derive(Debug)]
struct Columns {
    grid: Grid,
    places: BTreeMap<(usize, String), usize>,
    series: Vec<Series>,
}

impl Columns {
    fn new(grid: Grid) -> Self {
        Self {
            grid,
            places: BTreeMap::new(),
            series: vec![],
        }
    }

    fn place(&mut self, target: usize, container: &str) -> usize {
        let next = self.series.len();
        let key = (target, container.to_owned());
        let place = *self.places.entry(key).or_insert(next);
        if place == next {
            self.series.push(Series::gaps(self.grid));
        }
        place
    }

    fn add(&mut self, column: usize, index: usize, value: f64) {
        self.series[column].add(index, value);
    }

    fn merge(&mut self, mut other: Self) {
        for ((target, container), theirs) in std::mem::take(&mut other.places) {
            let mine = self.place(target, &container);
            let sum = self.take(mine).plus(&other.series[theirs]);
            self.series[mine] = sum;
        }
    }

    fn finish(mut self) -> BTreeMap<(usize, String), Series> {
        std::mem::take(&mut self.places)
            .into_iter()
            .map(|(key, place)| (key, self.take(place)))
            .collect()
    }

    fn take(&mut self, place: usize) -> Series {
        let nothing = Series::gaps(self.grid.part(0..0));
        std::mem::replace(&mut self.series[place], nothing)
    }
}

/// The samples in which something was seen, as runs: a pod has one or two in its life, so that
/// pods that come and go by the thousand take little memory.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// Sorted; neither touching nor overlapping.
    runs: Vec<Range<u32>>,
}

impl Seen {
    /// Notes a sample and tells whether it is new.
    fn claim(&mut self, index: usize) -> bool {
        let Ok(index) = u32::try_from(index) else {
            return false;
        };
        let after = match self.runs.last() {
            // Samples come in order of time: this is where nearly all of them end.
            Some(last) if last.end <= index => self.runs.len(),
            _ => self.runs.partition_point(|it| it.start <= index),
        };
        if after > 0 && self.runs[after - 1].contains(&index) {
            return false;
        }
        let extends = after > 0 && self.runs[after - 1].end == index;
        let meets = self.runs.get(after).is_some_and(|it| it.start == index + 1);
        match (extends, meets) {
            (true, true) => {
                let next = self.runs.remove(after);
                self.runs[after - 1].end = next.end;
            }
            (true, false) => self.runs[after - 1].end += 1,
            (false, true) => self.runs[after].start = index,
            (false, false) => self.runs.insert(after, index..index + 1),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaler::target::TargetRef;
    use crate::units::Step;
    use jiff::Timestamp;

    fn grid() -> Grid {
        Grid::new(Timestamp::UNIX_EPOCH, Step::FIVE_MINUTES, 4)
    }

    fn owners() -> Arc<Owners> {
        let web = TargetRef {
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
            kind: "Deployment".to_owned(),
        };
        Arc::new(Owners::new(vec![web], &[]))
    }

    fn labels(pod: &str, container: &str, more: &[(&str, &str)]) -> Labels {
        let fixed = [
            ("namespace", "shop"),
            ("pod", pod),
            ("container", container),
        ];
        fixed.iter().chain(more).copied().collect()
    }

    fn feed(sums: &mut PodSums, labels: &Labels, samples: &[(usize, f64)]) {
        let slot = sums.open(labels).unwrap();
        for (index, value) in samples {
            sums.add(slot, *index, *value);
        }
    }

    const POD: &str = "web-5d8f7c-bcdfg";
    const OTHER_POD: &str = "web-5d8f7c-zzzzz";

    fn values(series: &Series) -> Vec<Option<f64>> {
        series.iter().collect()
    }

    #[test]
    fn a_source_scraped_twice_counts_once_and_fills_gaps_of_the_other() {
        let mut sums = PodSums::new(grid(), owners());
        feed(
            &mut sums,
            &labels(POD, "app", &[("job", "a")]),
            &[(0, 1.0), (2, 1.0)],
        );
        feed(
            &mut sums,
            &labels(POD, "app", &[("job", "b")]),
            &[(0, 1.1), (1, 2.0)],
        );
        let sums = sums.finish();
        let expected = [Some(1.0), Some(2.0), Some(1.0), None];
        assert_eq!(values(&sums.total(0).unwrap()), expected);
        let pods = [Some(1.0), Some(1.0), Some(1.0), None];
        assert_eq!(values(&sums.pods[&0]), pods);
    }

    #[test]
    fn a_sample_is_new_once_in_whatever_order_samples_come() {
        let mut seen = Seen::default();
        let order = [5, 6, 9, 7, 7, 0, 8, 5, 9, 1, 4, 3, 2, 0];
        let new: Vec<usize> = order.into_iter().filter(|it| seen.claim(*it)).collect();
        assert_eq!(new, [5, 6, 9, 7, 0, 8, 1, 4, 3, 2]);
        assert_eq!((seen.runs.len(), seen.runs[0].clone()), (1, 0..10));
    }

    #[test]
    fn a_restarted_container_counts_before_and_after() {
        let mut sums = PodSums::new(grid(), owners());
        feed(
            &mut sums,
            &labels(POD, "app", &[("id", "/a")]),
            &[(0, 1.0), (1, 0.5)],
        );
        feed(
            &mut sums,
            &labels(POD, "app", &[("id", "/b")]),
            &[(1, 0.25), (2, 1.0)],
        );
        let expected = [Some(1.0), Some(0.75), Some(1.0), None];
        assert_eq!(values(&sums.finish().total(0).unwrap()), expected);
    }

    #[test]
    fn containers_are_told_apart_and_summed() {
        let mut sums = PodSums::new(grid(), owners());
        feed(&mut sums, &labels(POD, "app", &[]), &[(0, 1.0)]);
        feed(&mut sums, &labels(POD, "proxy", &[]), &[(0, 0.5), (1, 0.5)]);
        feed(&mut sums, &labels(OTHER_POD, "app", &[]), &[(0, 2.0)]);
        let sums = sums.finish();
        let names: Vec<_> = sums.columns(0).map(|(name, _)| name).collect();
        assert_eq!(names, ["app", "proxy"]);
        let expected = [Some(3.5), Some(0.5), None, None];
        assert_eq!(values(&sums.total(0).unwrap()), expected);
        let app = sums.total_without(0, &["proxy".to_owned()]);
        assert_eq!(values(&app.unwrap()), [Some(3.0), None, None, None]);
        assert_eq!(values(&sums.pods[&0]), [Some(2.0), Some(1.0), None, None]);
    }

    #[test]
    fn merging_two_runs_equals_one() {
        let (app, proxy) = (labels(POD, "app", &[]), labels(OTHER_POD, "proxy", &[]));
        let mut whole = PodSums::new(grid(), owners());
        feed(&mut whole, &app, &[(0, 1.0), (3, 2.0)]);
        feed(&mut whole, &proxy, &[(2, 4.0)]);
        let mut first = PodSums::new(grid(), owners());
        feed(&mut first, &app, &[(0, 1.0)]);
        let mut second = PodSums::new(grid(), owners());
        feed(&mut second, &proxy, &[(2, 4.0)]);
        feed(&mut second, &app, &[(3, 2.0)]);
        first.merge(second);
        let (first, whole) = (first.finish(), whole.finish());
        assert_eq!(
            first.total(0).map(|it| values(&it)),
            whole.total(0).map(|it| values(&it))
        );
    }

    #[test]
    fn owners_of_rollouts_are_summed_into_their_deployment() {
        let mut sums = OwnerSums::new(grid(), owners());
        for (set, value) in [("web-5d8f7c", 1.0), ("web-6d8f7c", 2.0)] {
            let labels = Labels::from_iter([
                ("namespace", "shop"),
                ("container", "app"),
                ("owner_kind", "ReplicaSet"),
                ("owner_name", set),
            ]);
            let slot = sums.open(&labels).unwrap();
            sums.add(slot, 1, value);
        }
        let expected = [None, Some(3.0), None, None];
        assert_eq!(values(&sums.finish().total(0).unwrap()), expected);
    }
}
