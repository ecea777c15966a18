//! The lag of `kafka` triggers, over TCP from brokers that speak the protocol through another
//! codec than the client.

mod broken;
mod doors;
mod lag;

use std::collections::BTreeMap;
use std::time::Duration;

use stepscale::keda::trigger::kafka::{Kafka, LagMemory};
use stepscale::keda::trigger::{self, Secret, Settings, TriggerSource};
use stepscale::triggers::kafka::{self, Error, Offsets};
use tokio::time::timeout;

use crate::rig::kafka::{Cluster, Door, World};

/// No test waits for as long, however slow the machine is, unless the client hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// For what is answered never: long enough for a slow machine to get that far.
const SHORT: Duration = Duration::from_secs(3);

/// A trigger of group `g` at `servers`.
fn trigger(servers: &str, metadata: &[(&str, &str)], auth: &[(&str, &str)]) -> Kafka {
    let needed = [("bootstrapServers", servers), ("consumerGroup", "g")];
    let pairs = needed.iter().chain(metadata);
    let source = TriggerSource {
        kind: "kafka".to_owned(),
        metadata: pairs.map(|it| (it.0.to_owned(), it.1.to_owned())).collect(),
        auth: auth
            .iter()
            .map(|it| (it.0.to_owned(), Secret::new(it.1)))
            .collect(),
        ..TriggerSource::default()
    };
    match trigger::read(&source).unwrap().settings {
        Settings::Kafka(settings) => settings,
        other => panic!("not a kafka trigger: {other:?}"),
    }
}

/// The value and the activity that are read from a cluster of one broker.
async fn lag(world: World, metadata: &[(&str, &str)]) -> Result<(f64, bool), Error> {
    let cluster = Cluster::start(1, world, Door::default()).await;
    let reading = read(&trigger(&cluster.server(), metadata, &[]), PATIENCE).await;
    all_closed(&cluster).await;
    reading
}

async fn read(settings: &Kafka, limit: Duration) -> Result<(f64, bool), Error> {
    let mut memory = LagMemory::default();
    let reading = kafka::read(settings, &mut memory, limit);
    let reading = timeout(2 * PATIENCE, reading).await.expect("it ends");
    reading.map(|it| (it.value, it.is_active))
}

async fn offsets(settings: &Kafka) -> Result<Offsets, Error> {
    let offsets = kafka::offsets(settings, PATIENCE);
    timeout(2 * PATIENCE, offsets).await.expect("it ends")
}

/// Waits until the client has left; it hangs up when it is dropped, which takes a moment.
async fn all_closed(cluster: &Cluster) {
    let closed = async {
        while cluster.open() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, closed)
        .await
        .expect("no connection stays");
}

fn names(topics: &BTreeMap<String, impl Sized>) -> Vec<&str> {
    topics.keys().map(String::as_str).collect()
}
