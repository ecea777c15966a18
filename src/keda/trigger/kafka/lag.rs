//! From offsets to the metric of a `kafka` trigger.

use std::collections::BTreeMap;

use super::{Kafka, OffsetReset};
use crate::keda::trigger::metric::Reading;
use crate::units::thousandths;

/// What the group has committed on a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    /// The answer does not have the partition.
    Absent,
    /// The answer has an error for the partition.
    Failed,
    /// Nothing yet; brokers say -1.
    Nothing,
    At(i64),
}

impl Committed {
    /// The offset as brokers say it.
    pub fn from_offset(offset: i64) -> Self {
        if offset == -1 {
            Self::Nothing
        } else {
            Self::At(offset)
        }
    }
}

/// Where a partition stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionOffsets {
    pub committed: Committed,
    /// The end of the partition; absent if the answer does not have it.
    pub latest: Option<i64>,
}

/// How far the group is behind on a partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartitionLag {
    /// What counts for the metric; may be negative.
    pub lag: i64,
    /// What counts for activity: the same with lag that stands still.
    pub with_persistent: i64,
}

/// Why there is no lag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LagError {
    #[error("the broker does not know topic {0}")]
    UnknownTopic(String),
    #[error("`partitionLimitation` leaves no partition of topic {0}")]
    NoPartition(String),
    #[error("the broker gives no committed offset for partition {1} of topic {0}")]
    NoCommit(String, i32),
}

/// The committed offsets of the last read: a partition where they stand still has *persistent
/// lag*. One memory for each trigger; KEDA forgets it when it builds the trigger anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LagMemory(BTreeMap<String, BTreeMap<i32, i64>>);

/// The lag of one partition. `previous` is the committed offset that the last read saw there; it
/// is kept only if persistent lag is excluded. Nothing if the answer has no commit.
pub fn partition_lag(
    settings: &Kafka,
    offsets: PartitionOffsets,
    previous: &mut Option<i64>,
) -> Option<PartitionLag> {
    let same = |lag| PartitionLag {
        lag,
        with_persistent: lag,
    };
    let to_zero = settings.scale_to_zero_on_invalid_offset;
    let committed = match (offsets.committed, settings.offset_reset) {
        (Committed::Absent | Committed::Failed, _) => return None,
        (Committed::Nothing, _) if to_zero => return Some(same(0)),
        // One replica is needed for the group to commit anything.
        (Committed::Nothing, OffsetReset::Latest) => return Some(same(1)),
        (Committed::Nothing, OffsetReset::Earliest) => {
            return Some(same(offsets.latest.unwrap_or(0)));
        }
        // KEDA reckons with the -1 that brokers say.
        (Committed::Nothing, OffsetReset::Neither) => -1,
        (Committed::At(committed), _) => committed,
    };
    let Some(latest) = offsets.latest else {
        return Some(same(0));
    };
    let lag = latest.saturating_sub(committed);
    if settings.exclude_persistent_lag && previous.replace(committed) == Some(committed) {
        return Some(PartitionLag {
            lag: 0,
            with_persistent: lag,
        });
    }
    Some(same(lag))
}

/// What a read of the broker gives. `topics` are the trigger's, or all that the group has offsets
/// for if it names none, with all their partitions.
///
/// # Errors
/// See [`LagError`]; `memory` is then as far as the read went.
pub fn read(
    settings: &Kafka,
    topics: &BTreeMap<String, BTreeMap<i32, PartitionOffsets>>,
    memory: &mut LagMemory,
) -> Result<Reading, LagError> {
    if let Some(topic) = settings
        .topic
        .as_ref()
        .filter(|it| !topics.contains_key(*it))
    {
        return Err(LagError::UnknownTopic(topic.clone()));
    }
    let mut total = Total::default();
    let wanted = |topic: &String| settings.topic.as_ref().is_none_or(|it| it == topic);
    for (topic, partitions) in topics.iter().filter(|(topic, _)| wanted(topic)) {
        let previous = memory.0.entry(topic.clone()).or_default();
        total.add(settings, topic, partitions, previous)?;
    }
    let value = total.metric(settings) as f64;
    Ok(Reading {
        value,
        milli: thousandths::rounded(value),
        is_active: total.with_persistent > settings.activation_lag_threshold,
    })
}

/// Sums over partitions.
#[derive(Default)]
struct Total {
    lag: i64,
    with_persistent: i64,
    partitions: i64,
    partitions_with_lag: i64,
}

impl Total {
    fn add(
        &mut self,
        settings: &Kafka,
        topic: &str,
        partitions: &BTreeMap<i32, PartitionOffsets>,
        memory: &mut BTreeMap<i32, i64>,
    ) -> Result<(), LagError> {
        let is_chosen = |it: &i32| {
            settings
                .partitions
                .as_ref()
                .is_none_or(|all| all.contains(*it))
        };
        let chosen: Vec<_> = partitions.iter().filter(|(it, _)| is_chosen(it)).collect();
        if chosen.is_empty() {
            return Err(LagError::NoPartition(topic.to_owned()));
        }
        // What is not in the answer about latest offsets does not count as a partition.
        for (partition, offsets) in chosen.into_iter().filter(|(_, it)| it.latest.is_some()) {
            let mut previous = memory.get(partition).copied();
            let lag = partition_lag(settings, *offsets, &mut previous)
                .ok_or_else(|| LagError::NoCommit(topic.to_owned(), *partition))?;
            memory.extend(previous.map(|it| (*partition, it)));
            self.lag = self.lag.saturating_add(lag.lag);
            self.with_persistent = self.with_persistent.saturating_add(lag.with_persistent);
            self.partitions += 1;
            self.partitions_with_lag += i64::from(lag.lag > 0);
        }
        Ok(())
    }

    /// The lag, held back so that no replica goes without a partition.
    fn metric(&self, settings: &Kafka) -> i64 {
        let threshold = settings.lag_threshold.max(1);
        let limit = settings.limit_to_partitions_with_lag;
        if settings.allow_idle_consumers && !limit && !settings.even_distribution {
            return self.lag;
        }
        let bound = if limit {
            self.partitions_with_lag
        } else {
            self.partitions
        };
        let lag = if settings.even_distribution {
            even_consumers(self.lag, self.partitions, threshold).saturating_mul(threshold)
        } else {
            self.lag
        };
        // The division is by whole numbers: a lag just below one more threshold passes.
        if lag / threshold > bound {
            bound.saturating_mul(threshold)
        } else {
            lag
        }
    }
}

/// The fewest consumers that divide the partitions evenly and bring the lag of each down to the
/// threshold; all partitions, if none do.
pub fn even_consumers(lag: i64, partitions: i64, threshold: i64) -> i64 {
    let enough = |it: &i64| it.saturating_mul(threshold) >= lag;
    divisors(partitions)
        .into_iter()
        .find(enough)
        .unwrap_or(partitions)
}

/// All divisors of `number`, the smallest first; none below 1.
pub fn divisors(number: i64) -> Vec<i64> {
    let small: Vec<i64> = (1..)
        .take_while(|it: &i64| it.checked_mul(*it).is_some_and(|square| square <= number))
        .filter(|it| number % it == 0)
        .collect();
    let large: Vec<i64> = small.iter().rev().map(|it| number / it).collect();
    let mut all = small;
    all.extend(large);
    all.dedup();
    all
}
