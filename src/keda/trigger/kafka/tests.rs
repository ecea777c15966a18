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
