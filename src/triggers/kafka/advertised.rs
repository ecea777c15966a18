//! Where brokers say that they are, and whether they can be reached there from here.
//!
//! The addresses that a trigger names are for the first question only. Everything else goes to
//! the addresses that brokers tell of each other, and these are often made for the cluster alone.

use std::time::Duration;

use futures_util::future::join_all;
use krafka::BrokerInfo;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// No error lists more of them.
const MOST: usize = 3;

/// The brokers as the first answer named them; nothing is asked.
pub(super) async fn brokers(kafka: &krafka::Kafka) -> Vec<BrokerInfo> {
    // Of all clients of the library this one tells what it knows. It joins no group.
    let consumer = kafka.consumer_without_group().metrics_push(false);
    let Ok(consumer) = consumer.build().await else {
        return Vec::new();
    };
    let known = consumer.fetch_metadata(None).await;
    let _ = consumer.close().await;
    known.map_or_else(|_| Vec::new(), |it| it.brokers)
}

/// The brokers with which no connection can be made within `patience`, each with the reason.
pub(super) async fn unreachable(brokers: &[BrokerInfo], patience: Duration) -> Vec<String> {
    let tried = brokers.iter().map(|broker| async move {
        let why = match timeout(patience, TcpStream::connect(broker.address())).await {
            Ok(Ok(_)) => return None,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer".to_owned(),
        };
        Some(format!(
            "broker {} at {}: {why}",
            broker.id(),
            broker.address()
        ))
    });
    join_all(tried).await.into_iter().flatten().collect()
}

/// A list that stays short.
pub(super) fn listed(unreachable: &[String]) -> String {
    let shown = unreachable[..unreachable.len().min(MOST)].join("; ");
    match unreachable.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut() {
        let all = ["a", "b", "c", "d", "e"].map(str::to_owned);
        assert_eq!(listed(&all), "a; b; c; and 2 more");
        assert_eq!(listed(&all[..3]), "a; b; c");
        assert_eq!(listed(&[]), "");
    }
}
