//! Where a consumer group stands on its partitions: what a `kafka` trigger asks its brokers.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Error, kafka};
use crate::keda::trigger::Kafka;
use crate::keda::trigger::kafka::PartitionOffsets;

/// By topic and partition, as [`crate::keda::trigger::kafka::read_lag`] takes them.
pub type Offsets = BTreeMap<String, BTreeMap<i32, PartitionOffsets>>;

/// A client that asks brokers for offsets. How it secures its connection and who it is are in the
/// settings.
pub trait Lags: Send + Sync {
    /// All partitions of the trigger's topic, or of all topics that the group has offsets for.
    ///
    /// # Errors
    /// Where the brokers do not answer within `limit`, or refuse.
    fn offsets(
        &self,
        settings: &Kafka,
        limit: Duration,
    ) -> impl Future<Output = Result<Offsets, Error>> + Send;
}

/// The brokers of the trigger, asked from here.
#[derive(Clone, Copy, Debug, Default)]
pub struct Brokers;

impl Lags for Brokers {
    async fn offsets(&self, settings: &Kafka, limit: Duration) -> Result<Offsets, Error> {
        match kafka::offsets(settings, limit).await {
            Ok(offsets) => Ok(offsets.topics),
            Err(kafka::Error::Unsupported(why)) => Err(Error::NotEvaluated(why.to_string())),
            Err(error) => Err(Error::Kafka(error.to_string())),
        }
    }
}
