//! The lag of a consumer group, read from its brokers.
//!
//! Here is how to ask; what the offsets mean is decided by [`crate::keda::trigger::kafka`]. The
//! brokers are asked for what KEDA asks for, in the same order: the topics of the group where the
//! trigger names none, their partitions, then committed and latest offsets. The client and the
//! broker agree on versions of the protocol by themselves: `version` is not needed. Nothing is
//! ever written, and no topic is created by asking for it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::keda::trigger::Reading;
use crate::keda::trigger::kafka::{Kafka, LagError, LagMemory, PartitionOffsets, read_lag};

#[cfg(feature = "kafka")]
mod advertised;
#[cfg(feature = "kafka")]
mod answer;
mod error;
#[cfg(feature = "kafka")]
mod key;
#[cfg(feature = "kafka")]
mod security;
#[cfg(feature = "kafka")]
mod session;
#[cfg(feature = "kafka")]
mod token;

pub use error::{Error, KeyError, Unsupported};

/// What the brokers say about a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offsets {
    /// Of each topic the partitions that the trigger looks at.
    pub topics: BTreeMap<String, BTreeMap<i32, PartitionOffsets>>,
    /// Why the committed offset of a partition is not known, by the name of the error code.
    pub failed_commits: BTreeMap<(String, i32), String>,
    /// Whether the trigger names no topic and the group has committed nothing: KEDA then looks
    /// at all topics of the cluster.
    pub is_whole_cluster: bool,
}

impl Offsets {
    /// The metric and the activity that KEDA makes of them.
    ///
    /// # Errors
    /// [`Error::Lag`] and [`Error::Commit`]; `memory` is then as far as the read went.
    pub fn reading(&self, settings: &Kafka, memory: &mut LagMemory) -> Result<Reading, Error> {
        read_lag(settings, &self.topics, memory).map_err(|error| self.explained(settings, error))
    }

    fn explained(&self, settings: &Kafka, error: LagError) -> Error {
        let code = match &error {
            LagError::NoCommit(topic, partition) => {
                self.failed_commits.get(&(topic.clone(), *partition))
            }
            LagError::UnknownTopic(_) | LagError::NoPartition(_) => None,
        };
        match (code, error) {
            (Some(code), LagError::NoCommit(topic, partition)) => Error::Commit {
                group: settings.consumer_group.to_string(),
                topic,
                partition,
                code: code.clone(),
            },
            (_, error) => Error::Lag(error),
        }
    }
}

/// Reads the lag of a trigger.
///
/// # Errors
/// See [`Error`]; after `limit` at the latest.
pub async fn read(
    settings: &Kafka,
    memory: &mut LagMemory,
    limit: Duration,
) -> Result<Reading, Error> {
    offsets(settings, limit).await?.reading(settings, memory)
}

/// Asks the brokers for the offsets that a trigger is about. All connections are closed at the
/// end.
///
/// # Errors
/// See [`Error`]; after `limit` at the latest.
#[cfg(feature = "kafka")]
pub async fn offsets(settings: &Kafka, limit: Duration) -> Result<Offsets, Error> {
    session::offsets(settings, limit).await
}

/// Says that this build cannot ask.
///
/// # Errors
/// Always.
#[cfg(not(feature = "kafka"))]
#[expect(clippy::unused_async, reason = "with Kafka it waits")]
pub async fn offsets(_: &Kafka, _: Duration) -> Result<Offsets, Error> {
    Err(Error::Unsupported(Unsupported::NotBuilt))
}

#[cfg(all(test, not(feature = "kafka")))]
mod tests {
    use super::*;
    use crate::keda::trigger::{self, Settings, TriggerSource};
    use crate::triggers::lag::{Brokers, Lags};

    #[tokio::test]
    async fn a_build_without_kafka_says_so() {
        let metadata = [
            ("bootstrapServers", "127.0.0.1:1"),
            ("consumerGroup", "g"),
            ("topic", "t"),
        ];
        let source = TriggerSource {
            kind: "kafka".to_owned(),
            metadata: metadata
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            ..TriggerSource::default()
        };
        let Settings::Kafka(settings) = trigger::read(&source).unwrap().settings else {
            panic!("a kafka trigger");
        };
        let error = Brokers.offsets(&settings, Duration::from_secs(1)).await;
        let Err(crate::triggers::Error::NotEvaluated(why)) = error else {
            panic!("{error:?}");
        };
        assert_eq!(why, "built without Kafka");
    }
}
