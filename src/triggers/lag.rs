//! Where a consumer group stands on its partitions: what a `kafka` trigger asks its brokers.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Error;
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

/// Brokers that nobody asks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unasked;

impl Lags for Unasked {
    async fn offsets(&self, _: &Kafka, _: Duration) -> Result<Offsets, Error> {
        Err(Error::OnlyKeda(
            "a Kafka client is no part of this build, and this trigger".to_owned(),
        ))
    }
}
