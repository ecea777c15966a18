//! What brokers that are well say, and what becomes of it.

use kafka_protocol::messages::ApiKey;
use stepscale::keda::trigger::kafka::{Committed, LagError, PartitionOffsets};

use super::{all_closed, lag, names, offsets, read, trigger};
use crate::kafka_lag::PATIENCE;
use crate::rig::kafka::{Age, Cluster, Commit, Door, World};
use stepscale::triggers::kafka::Error;

const T: (&str, &str) = ("topic", "t");
const IDLE: (&str, &str) = ("allowIdleConsumers", "true");

/// Topic `t` with these ends of its partitions, and what group `g` has committed there.
fn world(latest: &[i64], committed: &[i64]) -> World {
    let mut world = World::of("t", latest);
    world.commit("g", "t", committed);
    world
}

#[tokio::test]
async fn lag_is_what_the_group_has_not_read() {
    let table: [(&[i64], &[i64], f64, bool); 4] = [
        (&[10, 20, 30], &[4, 20, 23], 13.0, true),
        (&[7, 7], &[7, 7], 0.0, false),
        // Offsets that the partition does not have (any more).
        (&[5, 20], &[9, 10], 6.0, true),
        (&[5], &[9], 0.0, false),
    ];
    for (latest, committed, value, is_active) in table {
        let read = lag(world(latest, committed), &[T, IDLE]).await;
        let read = read.unwrap();
        assert_eq!(read.1, is_active, "{latest:?} {committed:?}");
        assert_eq!(read.0.max(0.0), value, "{latest:?} {committed:?}");
    }
}

#[tokio::test]
async fn old_brokers_are_understood() {
    for age in [Age::Old, Age::New] {
        let mut world = world(&[10, 20], &[4]);
        world.age = age;
        world.add_topic("u", &[100]);
        assert_eq!(lag(world.clone(), &[T]).await, Ok((7.0, true)), "{age:?}");
        // All topics of the group: only `t` is one.
        assert_eq!(lag(world.clone(), &[]).await, Ok((7.0, true)), "{age:?}");
        world.commit("g", "u", &[90]);
        assert_eq!(lag(world, &[]).await, Ok((17.0, true)), "{age:?}");
    }
}

#[tokio::test]
async fn a_group_without_offsets_counts_by_its_reset_policy() {
    let policy = |policy| ("offsetResetPolicy", policy);
    let zero = ("scaleToZeroOnInvalidOffset", "true");
    let table = [
        (vec![T, policy("latest")], (2.0, true)),
        (vec![T, policy("latest"), zero], (0.0, false)),
        (vec![T, IDLE, policy("earliest")], (300.0, true)),
        (vec![T, policy("earliest"), zero], (0.0, false)),
    ];
    for (metadata, expected) in table {
        let world = World::of("t", &[100, 200]);
        assert_eq!(lag(world, &metadata).await, Ok(expected), "{metadata:?}");
    }
}

#[tokio::test]
async fn consumers_are_held_to_the_partitions() {
    let world = world(&[500, 500, 0], &[0, 0, 0]);
    let limit = ("limitToPartitionsWithLag", "true");
    let table = [
        (vec![T], 30.0),
        (vec![T, limit], 20.0),
        (vec![T, IDLE], 1000.0),
        (vec![T, ("lagThreshold", "400")], 1000.0),
        (vec![T, IDLE, ("partitionLimitation", "1-2")], 500.0),
    ];
    for (metadata, value) in table {
        let read = lag(world.clone(), &metadata).await;
        assert_eq!(read, Ok((value, true)), "{metadata:?}");
    }
}

#[tokio::test]
async fn only_the_chosen_partitions_are_asked_for() {
    let mut world = world(&[10, 10, 10], &[1, 2, 3]);
    // What nobody looks at may be broken.
    world.partition("t", 0).leader = -1;
    let cluster = Cluster::start(1, world, Door::default()).await;
    let settings = trigger(&cluster.server(), &[T, ("partitionLimitation", "2")], &[]);
    let offsets = offsets(&settings).await.unwrap();
    let third = PartitionOffsets {
        committed: Committed::At(3),
        latest: Some(10),
    };
    assert_eq!(offsets.topics["t"], [(2, third)].into());
    let none = trigger(&cluster.server(), &[T, ("partitionLimitation", "7")], &[]);
    let error = Error::Lag(LagError::NoPartition("t".to_owned()));
    assert_eq!(read(&none, PATIENCE).await, Err(error));
}

#[tokio::test]
async fn a_group_without_a_topic_or_offsets_gets_all_topics() {
    let mut world = World::of("t", &[5, 5]);
    world.add_topic("u", &[9]);
    let cluster = Cluster::start(1, world.clone(), Door::default()).await;
    let of_nothing = offsets(&trigger(&cluster.server(), &[], &[]))
        .await
        .unwrap();
    assert!(of_nothing.is_whole_cluster);
    assert_eq!(names(&of_nothing.topics), ["t", "u"]);
    assert_eq!(lag(world.clone(), &[]).await, Ok((3.0, true)));
    world.commit("g", "u", &[9]);
    let cluster = Cluster::start(1, world, Door::default()).await;
    let of_one = offsets(&trigger(&cluster.server(), &[], &[]))
        .await
        .unwrap();
    assert!(!of_one.is_whole_cluster);
    assert_eq!(names(&of_one.topics), ["u"]);
}

#[tokio::test]
async fn every_broker_is_asked_for_what_is_its_own() {
    let mut world = world(&[10, 20, 30], &[1, 2, 3]);
    world.group("g").coordinator = 3;
    world.partition("t", 1).leader = 2;
    world.partition("t", 2).leader = 3;
    let cluster = Cluster::start(3, world, Door::default()).await;
    let settings = trigger(&cluster.server(), &[T, IDLE], &[]);
    assert_eq!(read(&settings, PATIENCE).await, Ok((54.0, true)));
    all_closed(&cluster).await;
    let asked = cluster.asked();
    let who = |key| {
        let of_key = asked.iter().filter(|it| it.1 == key);
        let mut who: Vec<i32> = of_key.map(|it| it.0).collect();
        who.sort_unstable();
        who
    };
    assert_eq!(who(ApiKey::OffsetFetch), [3]);
    assert_eq!(who(ApiKey::ListOffsets), [1, 2, 3]);
}

#[tokio::test]
async fn nothing_but_questions_is_sent() {
    let cluster = Cluster::start(1, World::of("t", &[5]), Door::default()).await;
    let missing = trigger(&cluster.server(), &[("topic", "missing")], &[]);
    let error = Error::Lag(LagError::UnknownTopic("missing".to_owned()));
    assert_eq!(read(&missing, PATIENCE).await, Err(error));
    let settings = trigger(&cluster.server(), &[], &[]);
    assert_eq!(read(&settings, PATIENCE).await, Ok((1.0, true)));
    let questions = [
        ApiKey::ApiVersions,
        ApiKey::Metadata,
        ApiKey::DescribeTopicPartitions,
        ApiKey::FindCoordinator,
        ApiKey::OffsetFetch,
        ApiKey::ListOffsets,
    ];
    for (_, key) in cluster.asked() {
        assert!(questions.contains(&key), "{key:?}");
    }
}

#[tokio::test]
async fn errors_of_a_partition_are_kept() {
    let set = |commit| {
        let mut world = world(&[10, 10], &[1, 2]);
        let at = ("t".to_owned(), 1);
        world.group("g").commits.insert(at, commit);
        world
    };
    // TOPIC_AUTHORIZATION_FAILED
    let refused = Error::Commit {
        group: "g".to_owned(),
        topic: "t".to_owned(),
        partition: 1,
        code: "TopicAuthorizationFailed".to_owned(),
    };
    assert_eq!(lag(set(Commit::Error(29)), &[T]).await, Err(refused));
    let missing = Error::Lag(LagError::NoCommit("t".to_owned(), 1));
    assert_eq!(lag(set(Commit::LeftOut), &[T]).await, Err(missing));
}

#[tokio::test]
async fn a_latest_offset_may_be_missing_but_not_wrong() {
    let mut lost = world(&[10, 10], &[1, 2]);
    lost.partition("t", 1).is_left_out = true;
    assert_eq!(lag(lost, &[T]).await, Ok((9.0, true)));
    let mut refused = world(&[10, 10], &[1, 2]);
    refused.partition("t", 1).error = 29;
    let error = Error::Latest {
        topic: "t".to_owned(),
        partition: 1,
        code: "TopicAuthorizationFailed".to_owned(),
    };
    assert_eq!(lag(refused, &[T]).await, Err(error));
    let mut headless = world(&[10, 10], &[1, 2]);
    headless.partition("t", 1).leader = -1;
    let error = Error::NoLeader {
        topic: "t".to_owned(),
        partition: 1,
    };
    assert_eq!(lag(headless, &[T]).await, Err(error));
}

#[tokio::test]
async fn a_topic_of_the_group_that_is_gone_fails_the_read() {
    let mut world = world(&[10], &[1]);
    world.commit("g", "gone", &[5]);
    let error = lag(world, &[]).await.unwrap_err();
    assert!(error.to_string().contains("topic gone"), "{error}");
}

#[tokio::test]
async fn a_group_that_is_not_ours_to_see_says_so() {
    let mut world = world(&[10], &[1]);
    // GROUP_AUTHORIZATION_FAILED
    world.group("g").error = 30;
    let error = lag(world, &[T]).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("group g") && text.contains("GroupAuthorizationFailed"),
        "{text}"
    );
    assert!(error.hint().contains("ACL"), "{}", error.hint());
}
