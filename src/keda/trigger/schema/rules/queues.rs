//! Types that ask a message queue.

use crate::keda::trigger::problem::{Cause, Problem};
use crate::keda::trigger::rule::When::{All, Given, Is, Not};
use crate::keda::trigger::rule::{
    Facts, Rule, When, exclusive, give, give_some, not_negative, pass, positive, shaped, together,
    within,
};
use crate::keda::trigger::shape::{self, REQUEST_URI, Shape};
use crate::keda::trigger::{Secret, aws};

/// `activemq_scaler.go`.
pub(super) const ACTIVEMQ: &[Rule] = &[
    give(&["managementEndpoint", "destinationName", "brokerName"])
        .when(Not(&Given("restAPITemplate"))),
    shaped("restAPITemplate", ACTIVEMQ_TEMPLATE),
];

/// `artemis_scaler.go`.
pub(super) const ARTEMIS_QUEUE: &[Rule] = &[
    give(&[
        "managementEndpoint",
        "queueName",
        "brokerName",
        "brokerAddress",
    ])
    .when(Not(&Given("restApiTemplate"))),
    shaped("restApiTemplate", REQUEST_URI),
    together(&["cert", "key"]),
];

const MSK: When = Is("sasl", &["aws_msk_iam"]);

/// `apache_kafka_scaler.go`.
pub(super) const APACHE_KAFKA: &[Rule] = &[
    positive("lagThreshold"),
    not_negative("activationLagThreshold"),
    exclusive(&["allowIdleConsumers", "limitToPartitionsWithLag"]),
    give(&["topic"]).with("limitToPartitionsWithLag"),
    together(&["cert", "key"]).when(Is("tls", &["enable"])),
    give(&["username", "password"]).when(Is("sasl", &["plaintext"])),
    give(&["awsRegion"]).when(MSK),
    pass(|_| Some(Problem::new("sasl", Cause::RequiresTls)))
        .when(All(&[MSK, Not(&Is("tls", &["enable"]))])),
    pass(|facts| written_twice(facts, "sasl")),
    pass(|facts| written_twice(facts, "tls")),
    pass(|facts| aws::check(facts.source).err()).when(MSK),
    // The enum has it, the client does not.
    pass(|facts| Some(facts.misshapen("sasl", "a mechanism that this trigger has; use `kafka`")))
        .when(Is("sasl", &["gssapi"])),
];

/// `ibmmq_scaler.go`.
pub(super) const IBMMQ: &[Rule] = &[shaped("host", REQUEST_URI), together(&["cert", "key"])];

/// `nats_jetstream_scaler.go`.
pub(super) const NATS_JETSTREAM: &[Rule] = &[give_some(&["account", "accountID"])];

/// `nsq_scaler.go`.
pub(super) const NSQ: &[Rule] = &[
    positive("depthThreshold"),
    not_negative("activationDepthThreshold"),
];

/// `pulsar_scaler.go`.
pub(super) const PULSAR: &[Rule] = &[pass(pulsar_tls)];

/// `solace_dm_scaler.go`.
pub(super) const SOLACE_DIRECT_MESSAGING: &[Rule] = &[
    shaped("solaceSempBaseURL", SEMP_URLS),
    shaped("clientNamePattern", NO_STAR),
    within("queuedMessagesFactor", 1, 100),
    pass(|facts| {
        one_positive(
            facts,
            &[
                "aggregatedClientTxByteRateTarget",
                "aggregatedClientAverageTxByteRateTarget",
                "aggregatedClientTxMsgRateTarget",
                "aggregatedClientAverageTxMsgRateTarget",
            ],
        )
    }),
];

/// `solace_scaler.go`.
pub(super) const SOLACE_EVENT_QUEUE: &[Rule] = &[pass(|facts| {
    one_positive(
        facts,
        &[
            "messageCountTarget",
            "messageSpoolUsageTarget",
            "messageReceiveRateTarget",
        ],
    )
})];

/// The names are taken out of the template, between the first colon of its path and the next slash.
const ACTIVEMQ_TEMPLATE: Shape = Shape {
    wanted: "a URL of Jolokia that names the broker and the queue; write \
        http://HOST/api/jolokia/read/org.apache.activemq:type=Broker,brokerName=NAME,\
        destinationType=Queue,destinationName=QUEUE/QueueSize",
    has: |text| {
        let path = shape::path(text).unwrap_or_default();
        let names = path.split(':').nth(1).unwrap_or_default();
        let names = names.split('/').next().unwrap_or_default();
        let has = |name: &str| {
            let mut pairs = names.split([',', '&']).filter_map(|it| it.split_once('='));
            let value = pairs.find_map(|(key, value)| (key == name).then_some(value));
            value.is_some_and(|it| !it.is_empty())
        };
        has("destinationName") && has("brokerName")
    },
};

const SEMP_URLS: Shape = Shape {
    wanted: "a list of URLs; write http://host:8080,http://other:8080",
    has: |text| text.split(',').all(is_semp_url),
};

const NO_STAR: Shape = Shape {
    wanted: "a pattern without `*`; the trigger adds its own",
    has: |text| !text.contains('*'),
};

/// KEDA looks for a host of two letters or more anywhere behind `http://`.
fn is_semp_url(text: &str) -> bool {
    let hosts = ["http://", "https://"]
        .into_iter()
        .flat_map(|it| text.split(it).skip(1));
    let is_letter = |it: &u8| it.is_ascii_alphanumeric() || b"-_.".contains(it);
    let mut lengths = hosts.map(|it| it.bytes().take_while(is_letter).count());
    lengths.any(|it| it >= 2)
}

/// KEDA compares the texts as they are written.
fn written_twice(facts: &Facts<'_>, name: &'static str) -> Option<Problem> {
    let source = facts.source;
    let in_metadata = source.metadata.get(name).is_some_and(|it| !it.is_empty());
    let in_auth = source.auth.get(name).is_some_and(|it| !it.is_empty());
    (in_metadata && in_auth).then(|| Problem::new(name, Cause::GivenTwice))
}

fn one_positive(facts: &Facts<'_>, names: &'static [&'static str]) -> Option<Problem> {
    let has_one = names.iter().any(|it| facts.values.integer(it) > 0);
    (!has_one).then(|| Problem::new(names.join("+"), Cause::AtLeastOneOf))
}

/// Older manifests turn on TLS in the metadata, which then adds to the modes there.
fn pulsar_tls(facts: &Facts<'_>) -> Option<Problem> {
    let source = facts.source;
    let is_on = source.metadata.get("tls").is_some_and(|it| it == "enable");
    let given = |name: &str| !source.auth.get(name).is_none_or(Secret::is_empty);
    let (other, lacking) = match (given("cert"), given("key")) {
        (true, false) => ("cert", "key"),
        (false, true) => ("key", "cert"),
        _ => return None,
    };
    is_on.then(|| Problem::new(lacking, Cause::MissingWithOther { other }))
}
