use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::tests::{source, words};
use super::super::{Secret, TriggerSource};
use super::*;

const NEEDED: [(&str, &str); 2] = [("bootstrapServers", "b:9092"), ("consumerGroup", "g")];

fn with(metadata: &[(&str, &str)], auth: &[(&str, &str)]) -> TriggerSource {
    let mut source = source("kafka", &[&NEEDED[..], metadata].concat());
    let auth = auth
        .iter()
        .map(|(key, value)| ((*key).to_owned(), Secret::new(*value)));
    source.auth = auth.collect();
    source
}

fn kafka(metadata: &[(&str, &str)]) -> Kafka {
    match read(&with(metadata, &[])).unwrap().settings {
        Settings::Kafka(settings) => settings,
        other => panic!("not a kafka trigger: {other:?}"),
    }
}

fn refused(metadata: &[(&str, &str)], auth: &[(&str, &str)]) -> (&'static str, String) {
    let problems = read(&with(metadata, auth)).unwrap_err();
    (words(&problems)[0], problems[0].param.clone())
}

#[test]
fn settings_that_do_not_go_together_are_refused() {
    let topic = ("topic", "t");
    let (limit, even) = (
        "limitToPartitionsWithLag",
        "ensureEvenDistributionOfPartitions",
    );
    let idle = ("allowIdleConsumers", "true");
    let table = [
        (vec![topic, idle, (limit, "true")], "mutually-exclusive"),
        (vec![(limit, "true")], "requires-topic"),
        (vec![topic, (limit, "1"), (even, "1")], "mutually-exclusive"),
        (vec![(even, "true")], "requires-topic"),
        (vec![("fullMetadata", "false")], "requires-topic"),
        (vec![("lagThreshold", "0")], "must-be-positive"),
        (vec![("partitionLimitation", "x")], "bad-partition-list"),
        (vec![("version", "2.0")], "bad-version"),
    ];
    for (metadata, word) in table {
        assert_eq!(refused(&metadata, &[]).0, word, "{metadata:?}");
    }
}

#[test]
fn each_login_needs_its_parameters() {
    let login = [("username", "u"), ("password", "p")];
    let sasl =
        |mechanism, rest: &[(&'static str, &'static str)]| refused(&[("sasl", mechanism)], rest);
    let missing = |param: &str| ("missing-for-sasl", param.to_owned());
    assert_eq!(sasl("plaintext", &[]), missing("username"));
    assert_eq!(sasl("scram_sha256", &login[..1]), missing("password"));
    assert_eq!(
        sasl("oauthbearer", &login),
        missing("oauthTokenEndpointUri")
    );
    assert_eq!(sasl("gssapi", &login), missing("realm"));
    assert_eq!(sasl("gssapi", &login[..1]).0, "exactly-one-of");
    let aws = [
        ("sasl", "oauthbearer"),
        ("saslTokenProvider", "aws_msk_iam"),
    ];
    assert_eq!(refused(&aws, &[]).0, "requires-tls");
    let tls = [&aws[..], &[("tls", "enable")]].concat();
    assert_eq!(refused(&tls, &[]), missing("awsRegion"));
    let region = [&tls[..], &[("awsRegion", "eu-west-1")]].concat();
    assert_eq!(refused(&region, &[]).1, "awsAccessKeyID");
    assert!(read(&with(&region, &[("awsRoleArn", "arn")])).is_ok());
}

#[test]
fn a_certificate_needs_its_key_where_tls_is_on() {
    let cert = [("cert", "c")];
    assert!(read(&with(&[], &cert)).is_ok());
    let on = [("tls", "enable")];
    assert_eq!(
        refused(&on, &cert),
        ("missing-with-other", "key".to_owned())
    );
    assert_eq!(refused(&on, &[("key", "k")]).1, "cert");
}

fn at(committed: i64, latest: i64) -> PartitionOffsets {
    PartitionOffsets {
        committed: Committed::from_offset(committed),
        latest: Some(latest),
    }
}

fn lag_of(settings: &Kafka, offsets: &[PartitionOffsets]) -> Result<(f64, bool), LagError> {
    let partitions = (0..).zip(offsets.iter().copied()).collect();
    let topics = BTreeMap::from([("t".to_owned(), partitions)]);
    let reading = read_lag(settings, &topics, &mut LagMemory::default())?;
    Ok((reading.value, reading.is_active))
}

#[test]
fn the_metric_stays_within_the_partitions_by_whole_divisions() {
    let settings = kafka(&[("topic", "t")]);
    let of = |latest: &[i64]| {
        let offsets: Vec<_> = latest.iter().map(|it| at(0, *it)).collect();
        lag_of(&settings, &offsets).unwrap().0
    };
    assert_eq!(of(&[13, 13, 13]), 39.0);
    assert_eq!(of(&[20, 20, 20]), 30.0);
    let idle = kafka(&[("topic", "t"), ("allowIdleConsumers", "true")]);
    assert_eq!(lag_of(&idle, &[at(0, 500)]), Ok((500.0, true)));
}

#[test]
fn partitions_without_lag_get_no_replica_if_so_wanted() {
    let settings = kafka(&[("topic", "t"), ("limitToPartitionsWithLag", "true")]);
    assert_eq!(lag_of(&settings, &[at(0, 90), at(5, 5)]), Ok((10.0, true)));
    // Two commits ahead of the end: less than none.
    assert_eq!(lag_of(&settings, &[at(9, 5), at(5, 5)]), Ok((-4.0, false)));
}

#[test]
fn an_even_distribution_keeps_one_replica() {
    let even = ("ensureEvenDistributionOfPartitions", "true");
    let settings = kafka(&[("topic", "t"), even]);
    assert_eq!(lag_of(&settings, &[at(5, 5), at(5, 5)]), Ok((10.0, false)));
    let six: Vec<_> = (0..6).map(|_| at(0, 6)).collect();
    assert_eq!(lag_of(&settings, &six), Ok((60.0, true)));
}

#[test]
fn what_the_broker_does_not_say_is_no_lag_or_an_error() {
    let settings = kafka(&[("topic", "t"), ("partitionLimitation", "0-1")]);
    let of = |committed, latest| lag_of(&settings, &[PartitionOffsets { committed, latest }]);
    assert_eq!(of(Committed::At(4), None), Ok((0.0, false)));
    assert_eq!(of(Committed::Nothing, Some(9)), Ok((1.0, true)));
    let none = Err(LagError::NoCommit("t".to_owned(), 0));
    assert_eq!(of(Committed::Absent, Some(9)), none);
    assert_eq!(of(Committed::Failed, Some(9)), none);
    assert_eq!(
        lag_of(&settings, &[]),
        Err(LagError::NoPartition("t".to_owned()))
    );
    let unknown = read_lag(&settings, &BTreeMap::new(), &mut LagMemory::default());
    assert_eq!(unknown, Err(LagError::UnknownTopic("t".to_owned())));
}

#[test]
fn a_list_of_both_policies_is_neither() {
    let both = [("topic", "t"), ("offsetResetPolicy", "latest,earliest")];
    let settings = kafka(&both);
    assert_eq!(settings.offset_reset, OffsetReset::Neither);
    let of = |settings: &Kafka, latest| {
        let committed = Committed::Nothing;
        lag_of(settings, &[PartitionOffsets { committed, latest }])
    };
    assert_eq!(of(&settings, Some(4)), Ok((5.0, true)));
    assert_eq!(of(&settings, None), Ok((0.0, false)));
    let to_zero = kafka(&[both[0], both[1], ("scaleToZeroOnInvalidOffset", "true")]);
    assert_eq!(of(&to_zero, Some(4)), Ok((0.0, false)));
}

#[test]
fn lag_that_stands_still_counts_for_activity_only() {
    let settings = kafka(&[("topic", "t"), ("excludePersistentLag", "true")]);
    let mut memory = LagMemory::default();
    let mut poll = |committed, latest| {
        let topics =
            BTreeMap::from([("t".to_owned(), BTreeMap::from([(0, at(committed, latest))]))]);
        let reading = read_lag(&settings, &topics, &mut memory).unwrap();
        (reading.value, reading.is_active)
    };
    assert_eq!(poll(4, 10), (6.0, true));
    assert_eq!(poll(4, 10), (0.0, true));
    assert_eq!(poll(-1, 10), (1.0, true));
    assert_eq!(poll(4, 10), (0.0, true));
    assert_eq!(poll(6, 10), (4.0, true));
}

#[test]
fn divisors_are_sorted_and_complete() {
    let table: [(i64, &[i64]); 6] = [
        (-3, &[]),
        (0, &[]),
        (1, &[1]),
        (12, &[1, 2, 3, 4, 6, 12]),
        (13, &[1, 13]),
        (25, &[1, 5, 25]),
    ];
    for (number, expected) in table {
        assert_eq!(divisors(number), expected, "{number}");
    }
}

fn offsets() -> impl Strategy<Value = PartitionOffsets> {
    let committed = prop_oneof![
        Just(Committed::Nothing),
        any::<i64>().prop_map(Committed::At),
        (0..1000_i64).prop_map(Committed::At),
    ];
    let latest = prop::option::of(prop_oneof![any::<i64>(), 0..1000_i64]);
    (committed, latest).prop_map(|(committed, latest)| PartitionOffsets { committed, latest })
}

proptest! {
    #[test]
    fn no_offsets_panic(
        offsets in prop::collection::vec(offsets(), 0..20),
        flags: [bool; 6],
        threshold in 1..i64::MAX,
    ) {
        let mut settings = kafka(&[("topic", "t")]);
        let [earliest, to_zero, exclude, idle, limit, even] = flags;
        settings.lag_threshold = threshold;
        settings.offset_reset = if earliest { OffsetReset::Earliest } else { OffsetReset::Latest };
        settings.scale_to_zero_on_invalid_offset = to_zero;
        settings.exclude_persistent_lag = exclude;
        settings.allow_idle_consumers = idle;
        settings.limit_to_partitions_with_lag = limit;
        settings.even_distribution = even;
        prop_assert_eq!(lag_of(&settings, &offsets).is_err(), offsets.is_empty());
    }

    /// The HPA never asks for more replicas than there are partitions, but for the part of a
    /// threshold that the whole division loses.
    #[test]
    fn replicas_do_not_exceed_partitions(
        latest in prop::collection::vec(0..10_000_i64, 1..20),
        threshold in 1..100_i64,
        even: bool,
    ) {
        let mut settings = kafka(&[("topic", "t")]);
        settings.lag_threshold = threshold;
        settings.even_distribution = even;
        let offsets: Vec<_> = latest.iter().map(|it| at(0, *it)).collect();
        let (value, _) = lag_of(&settings, &offsets).unwrap();
        prop_assert!(value < ((latest.len() as i64 + 1) * threshold) as f64);
    }

    #[test]
    fn even_consumers_divide_the_partitions(
        lag in 0..100_000_i64, partitions in 1..500_i64, threshold in 1..100_i64,
    ) {
        prop_assert_eq!(partitions % even_consumers(lag, partitions, threshold), 0);
    }
}
