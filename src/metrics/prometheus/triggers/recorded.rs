//! What KEDA's operator has told of triggers, in bulk: its own metric of their values.

use std::collections::{BTreeMap, BTreeSet};

use crate::autoscaler::AutoscalerKind;
use crate::metrics::prometheus::Way;
use crate::metrics::prometheus::bulk::{Fetch, Reading, Source};
use crate::metrics::prometheus::error::Error;
use crate::metrics::prometheus::labels::Labels;
use crate::metrics::prometheus::remote_read::MatchKind;
use crate::metrics::prometheus::selector::Selector;
use crate::metrics::prometheus::shard::Session;
use crate::metrics::prometheus::sums::Absorb;
use crate::series::{Grid, Series};

/// The operator's metric, the same from 2.9 to 2.20. Before 2.15 the metrics server told of the
/// same values while the HPA asked for them.
const VALUES: &str = "keda_scaler_metrics_value|keda_metrics_adapter_scaler_metrics_value";

/// A scrape keeps the metric's own label `namespace` under this name, since the target has one as
/// well, unless it honors the metric's labels.
const KEPT_NAMESPACE: &str = "exported_namespace";

/// What a formula makes of all triggers is told as one of them.
const COMPOSITE: &str = "composite-metric";

/// A trigger: namespace and name of its object, its kind where that was told, and its place.
type Key = (String, String, Option<AutoscalerKind>, u32);

/// Values of triggers as KEDA told them.
#[derive(Debug)]
pub(super) struct Recorded {
    grid: Grid,
    places: BTreeMap<Key, usize>,
    series: Vec<Series>,
}

impl Recorded {
    pub(super) fn none(grid: Grid) -> Self {
        Self {
            grid,
            places: BTreeMap::new(),
            series: vec![],
        }
    }

    /// Reads all triggers of the objects of these names in these namespaces, by range queries: a
    /// sample each few seconds would be many times what is wanted.
    pub(super) async fn read(
        session: &Session,
        namespaces: &BTreeSet<&str>,
        objects: &BTreeSet<&str>,
    ) -> Result<Self, Error> {
        if objects.is_empty() {
            return Ok(Self::none(session.grid));
        }
        let fetch = Fetch {
            source: Source::Series {
                selectors: selectors(namespaces, objects),
                reading: Reading::Last,
            },
            grid: session.grid,
        };
        let begin = || Self::none(session.grid);
        fetch.run(session, Way::PodRates, begin).await
    }

    /// The values of one trigger. KEDA 2.10 told no kind.
    pub(super) fn get(
        &self,
        namespace: &str,
        kind: AutoscalerKind,
        object: &str,
        index: u32,
    ) -> Option<&Series> {
        let of = |kind| {
            let key = (namespace.to_owned(), object.to_owned(), kind, index);
            self.places.get(&key).map(|it| &self.series[*it])
        };
        of(Some(kind)).or_else(|| of(None))
    }

    fn raise(&mut self, place: usize, index: usize, value: f64) {
        let series = &mut self.series[place];
        if series.get(index).is_none_or(|known| known < value) {
            series.set(index, value);
        }
    }

    fn place(&mut self, key: Key) -> usize {
        let next = self.series.len();
        let place = *self.places.entry(key).or_insert(next);
        if place == next {
            self.series.push(Series::gaps(self.grid));
        }
        place
    }
}

fn selectors(namespaces: &BTreeSet<&str>, objects: &BTreeSet<&str>) -> Vec<Selector> {
    let of = |label: &str| {
        let all = Selector::named(VALUES).one_of(label, namespaces.iter().copied());
        all.one_of("scaledObject", objects.iter().copied())
    };
    let honored = of("namespace").with(KEPT_NAMESPACE, MatchKind::Equal, "");
    vec![of(KEPT_NAMESPACE), honored]
}

fn key_of(labels: &Labels) -> Option<Key> {
    if labels.get("scaler") == Some(COMPOSITE) {
        return None;
    }
    let namespace = labels
        .get(KEPT_NAMESPACE)
        .or_else(|| labels.get("namespace"))?;
    let kind = match labels.get("type") {
        Some("scaledobject") => Some(AutoscalerKind::ScaledObject),
        Some("scaledjob") => Some(AutoscalerKind::ScaledJob),
        Some(_) | None => None,
    };
    // Until 2.13 the place was told as `scalerIndex`.
    let index = labels
        .get("triggerIndex")
        .or_else(|| labels.get("scalerIndex"))?;
    let object = labels.get("scaledObject")?.to_owned();
    Some((namespace.to_owned(), object, kind, index.parse().ok()?))
}

/// Several series of one trigger are those of an operator before and after its restart: their
/// highest counts while both stand.
impl Absorb for Recorded {
    type Slot = usize;

    fn open(&mut self, labels: &Labels) -> Option<usize> {
        key_of(labels).map(|key| self.place(key))
    }

    fn add(&mut self, slot: usize, index: usize, value: f64) {
        self.raise(slot, index, value);
    }

    fn merge(&mut self, other: Self) {
        for (key, theirs) in other.places {
            let mine = self.place(key);
            for (index, value) in other.series[theirs].iter().enumerate() {
                if let Some(value) = value {
                    self.raise(mine, index, value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::units::Step;

    fn recorded(series: &[(&[(&str, &str)], f64)]) -> Recorded {
        let grid = Grid::new(Timestamp::UNIX_EPOCH, Step::ONE_MINUTE, 1);
        let mut recorded = Recorded::none(grid);
        for (labels, value) in series {
            if let Some(slot) = recorded.open(&labels.iter().copied().collect()) {
                recorded.add(slot, 0, *value);
            }
        }
        recorded
    }

    fn value(recorded: &Recorded, kind: AutoscalerKind, index: u32) -> Option<f64> {
        recorded.get("shop", kind, "orders", index)?.get(0)
    }

    #[test]
    fn labels_of_every_version_name_a_trigger() {
        let (object, job) = (AutoscalerKind::ScaledObject, AutoscalerKind::ScaledJob);
        let today = recorded(&[
            (
                &[
                    ("namespace", "keda"),
                    ("exported_namespace", "shop"),
                    ("scaledObject", "orders"),
                    ("triggerIndex", "1"),
                    ("type", "scaledobject"),
                    ("scaler", "kafkaScaler"),
                ],
                7.0,
            ),
            (
                &[
                    ("namespace", "shop"),
                    ("scaledObject", "orders"),
                    ("triggerIndex", "1"),
                    ("type", "scaledjob"),
                    ("scaler", "kafkaScaler"),
                ],
                8.0,
            ),
            (
                &[
                    ("namespace", "shop"),
                    ("scaledObject", "orders"),
                    ("triggerIndex", "0"),
                    ("type", "scaledobject"),
                    ("scaler", "composite-metric"),
                ],
                9.0,
            ),
            (
                &[
                    ("namespace", "shop"),
                    ("scaledObject", "orders"),
                    ("triggerIndex", "x"),
                ],
                1.0,
            ),
            (&[("scaledObject", "orders"), ("triggerIndex", "0")], 1.0),
        ]);
        assert_eq!(value(&today, object, 1), Some(7.0));
        assert_eq!(value(&today, job, 1), Some(8.0));
        assert_eq!(value(&today, object, 0), None);
        let before = recorded(&[(
            &[
                ("namespace", "shop"),
                ("scaledObject", "orders"),
                ("scalerIndex", "0"),
            ],
            3.0,
        )]);
        assert_eq!(value(&before, object, 0), Some(3.0));
        assert_eq!(value(&before, job, 0), Some(3.0));
    }

    #[test]
    fn of_an_operator_before_and_after_its_restart_the_highest_counts() {
        let of = |pod: &'static str, value| {
            recorded(&[(
                &[
                    ("namespace", "shop"),
                    ("scaledObject", "orders"),
                    ("triggerIndex", "0"),
                    ("pod", pod),
                ],
                value,
            )])
        };
        let mut both = of("a", 3.0);
        both.merge(of("b", 5.0));
        both.merge(of("c", 4.0));
        assert_eq!(value(&both, AutoscalerKind::ScaledObject, 0), Some(5.0));
    }

    #[test]
    fn one_query_asks_for_all_objects_of_all_namespaces() {
        let selectors = selectors(&["data", "shop"].into(), &["a.b", "orders"].into());
        let text: Vec<String> = selectors.iter().map(ToString::to_string).collect();
        let name =
            "__name__=~\"keda_scaler_metrics_value|keda_metrics_adapter_scaler_metrics_value\"";
        let objects = "scaledObject=~\"a\\\\.b|orders\"";
        let expected = [
            format!("{{{name},exported_namespace=~\"data|shop\",{objects}}}"),
            format!("{{{name},namespace=~\"data|shop\",{objects},exported_namespace=\"\"}}"),
        ];
        assert_eq!(text, expected);
    }
}
