//! Brokers that are not well. Nothing takes longer than it may, and every error says who it is
//! about and what to do.

use std::net::SocketAddr;

use kafka_protocol::messages::ApiKey;
use stepscale::triggers::kafka::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

use super::{PATIENCE, SHORT, all_closed, read, trigger};
use crate::rig::kafka::{Cluster, Door, World};

const T: (&str, &str) = ("topic", "t");

fn world() -> World {
    let mut world = World::of("t", &[10]);
    world.commit("g", "t", &[4]);
    world
}

/// Somebody who answers the first bytes with `answer`, or hangs up at once.
async fn stranger(answer: Option<&'static [u8]>) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let Some(answer) = answer else {
                continue;
            };
            tokio::spawn(async move {
                let mut first = [0; 64];
                let _ = stream.read(&mut first).await;
                let _ = stream.write_all(answer).await;
                // It stays, so that the client is not helped by an end.
                while stream.read(&mut first).await.is_ok_and(|it| it > 0) {}
            });
        }
    });
    (address, task)
}

/// A port on which nobody listens, for as long as the socket is kept.
fn closed_port() -> (SocketAddr, TcpSocket) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    (socket.local_addr().unwrap(), socket)
}

#[tokio::test]
async fn silence_ends_with_the_time_limit() {
    let questions = [
        ApiKey::ApiVersions,
        ApiKey::Metadata,
        ApiKey::DescribeTopicPartitions,
        ApiKey::FindCoordinator,
        ApiKey::OffsetFetch,
        ApiKey::ListOffsets,
    ];
    for key in questions {
        let mut world = world();
        world.silent_about.push(key);
        let cluster = Cluster::start(1, world, Door::default()).await;
        let settings = trigger(&cluster.server(), &[T], &[]);
        let error = read(&settings, PATIENCE).await.unwrap_err();
        cluster.calm_down();
        assert!(error.to_string().contains(&cluster.server()), "{error}");
        // Time runs ahead of the answers of others, too: which of them is missed varies.
        let is_told = matches!(
            error,
            Error::Unreachable { .. }
                | Error::Late { .. }
                | Error::Silent { .. }
                | Error::Advertised { .. }
        );
        assert!(is_told, "{key:?}: {error:?}");
        all_closed(&cluster).await;
    }
}

#[tokio::test]
async fn a_second_server_helps_where_the_first_one_does_not() {
    let (closing, _task) = stranger(None).await;
    let (closed, _socket) = closed_port();
    for first in [closing, closed] {
        let cluster = Cluster::start(1, world(), Door::default()).await;
        let servers = format!("{first},{}", cluster.server());
        let settings = trigger(&servers, &[T], &[]);
        assert_eq!(read(&settings, PATIENCE).await, Ok((6.0, true)));
    }
}

#[tokio::test]
async fn nobody_there_is_told_with_the_address() {
    let (closing, _task) = stranger(None).await;
    let (closed, _socket) = closed_port();
    for address in [closing, closed] {
        let servers = address.to_string();
        let error = read(&trigger(&servers, &[T], &[]), PATIENCE)
            .await
            .unwrap_err();
        let is_unreachable = matches!(error, Error::Unreachable { .. });
        assert!(is_unreachable, "{error:?}");
        assert!(error.to_string().contains(&servers), "{error}");
        assert!(error.hint().contains(&servers), "{}", error.hint());
    }
}

#[tokio::test]
async fn garbage_is_no_answer() {
    let answers: [&[u8]; 4] = [
        b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
        b"\0\0\0\x04\0\0\0\x07",
        b"\0\0\0\x10\0\0\0\0\0\0\0\0\x7f\xff\xff\xff\0\0\0\0",
        b"\xff\xff\xff\xff",
    ];
    for answer in answers {
        let (address, _task) = stranger(Some(answer)).await;
        let servers = address.to_string();
        let error = read(&trigger(&servers, &[T], &[]), SHORT)
            .await
            .unwrap_err();
        assert!(error.to_string().contains(&servers), "{error}");
        let is_told = matches!(
            error,
            Error::NotKafka { .. } | Error::Unreachable { .. } | Error::Late { .. }
        );
        assert!(is_told, "{error:?}");
    }
}

#[tokio::test]
async fn brokers_that_advertise_what_cannot_be_reached_are_told() {
    let mut world = world();
    let (nowhere, _socket) = closed_port();
    world.advertised.insert(1, nowhere);
    let cluster = Cluster::start(1, world, Door::default()).await;
    let settings = trigger(&cluster.server(), &[T], &[]);
    let error = read(&settings, PATIENCE).await.unwrap_err();
    assert!(matches!(error, Error::Advertised { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(&cluster.server()), "{text}");
    assert!(text.contains(&nowhere.to_string()), "{text}");
    assert!(error.hint().contains("advertised.listeners"));
    all_closed(&cluster).await;
}

#[tokio::test]
async fn servers_that_are_no_addresses_are_told() {
    for servers in ["kafka", "kafka:port", "kafka:99999"] {
        let error = read(&trigger(servers, &[T], &[]), PATIENCE)
            .await
            .unwrap_err();
        let text = error.to_string();
        assert!(text.contains(servers), "{text}");
    }
}

#[tokio::test]
async fn a_broker_that_is_down_hurts_only_where_it_is_needed() {
    let mut world = world();
    let (nowhere, _socket) = closed_port();
    world.advertised.insert(2, nowhere);
    let cluster = Cluster::start(2, world, Door::default()).await;
    let settings = trigger(&cluster.server(), &[T], &[]);
    assert_eq!(read(&settings, PATIENCE).await, Ok((6.0, true)));
    all_closed(&cluster).await;
}
