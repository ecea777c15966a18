//! `rabbitmq`, of `rabbitmq_scaler.go`.

use crate::keda::trigger::problem::Problem;
use crate::keda::trigger::rule::When::{All, Any, Given, HasScheme, Is, Not};
use crate::keda::trigger::rule::{
    Facts, Rule, When, exclusive, not_zero, one_of, pass, positive, refuse, together,
};

/// `auto` takes the protocol from the scheme of `host`.
const AMQP: When = Any(&[
    Is("protocol", &["amqp"]),
    All(&[
        Is("protocol", &["auto"]),
        HasScheme("host", &["amqp", "amqps"]),
    ]),
]);

/// A queue's length is the only thing that AMQP tells.
const HTTP_MODES: &[&str] = &[
    "MessageRate",
    "DeliverGetRate",
    "PublishedToDeliveredRatio",
    "ExpectedQueueConsumptionTime",
];

const HAS_OAUTH: When = Any(&[
    Given("oauthTokenURI"),
    Given("clientID"),
    Given("clientSecret"),
]);

const HAS_MODE: When = Not(&Is("mode", &["Unknown"]));

pub(super) const RABBITMQ: &[Rule] = &[
    one_of("protocol", &["amqp", "http", "auto"]),
    one_of("tls", &["enable", "disable"]),
    together(&["cert", "key"]),
    positive("pageSize"),
    together(&["username", "password"]),
    pass(scheme).when(Is("protocol", &["auto"])),
    refuse(&[
        "workloadIdentityResource",
        "useRegex",
        "excludeUnacknowledged",
    ])
    .when(AMQP),
    together(&["oauthTokenURI", "clientID", "clientSecret"]),
    refuse(&["oauthTokenURI", "clientID", "clientSecret"]).when(AMQP),
    refuse(&["username", "workloadIdentityResource"]).when(HAS_OAUTH),
    exclusive(&["queueLength", "value"]),
    refuse(&["queueLength"]).when(HAS_MODE),
    one_of(
        "mode",
        &[
            "Unknown",
            "QueueLength",
            "MessageRate",
            "DeliverGetRate",
            "PublishedToDeliveredRatio",
            "ExpectedQueueConsumptionTime",
        ],
    ),
    not_zero("value").when(All(&[HAS_MODE, Not(&Given("queueLength"))])),
    pass(|facts| Some(facts.missing("mode"))).when(All(&[
        Given("value"),
        Not(&Given("queueLength")),
        Not(&HAS_MODE),
    ])),
    refuse(&["mode"]).when(All(&[AMQP, Is("mode", HTTP_MODES)])),
    refuse(&["timeout"]).when(All(&[AMQP, Given("value")])),
];

/// The host must say which protocol `auto` is.
fn scheme(facts: &Facts<'_>) -> Option<Problem> {
    let known = HasScheme("host", &["amqp", "amqps", "http", "https"]);
    let wanted = "a URL of a known protocol; begin it with amqp://, amqps://, http:// or https://, \
        or set `protocol`";
    (!facts.hold(known)).then(|| facts.misshapen("host", wanted))
}
