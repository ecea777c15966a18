//! Types that ask Redis, of `redis_scaler.go` and `redis_streams_scaler.go`.

use crate::keda::trigger::problem::{Cause, Problem};
use crate::keda::trigger::rule::When::{All, Given, Not};
use crate::keda::trigger::rule::{Facts, Rule, When, exclusive, give_some, one_of, pass, shaped};
use crate::keda::trigger::shape::BOOLEAN;

const HAS_HOSTS: When = All(&[Given("host"), Given("port")]);

pub(super) const REDIS: &[Rule] = &[
    give_some(&["address", "host"]).when(Not(&HAS_HOSTS)),
    pass(addresses),
    exclusive(&["enableTLS", "tls"]),
    shaped("enableTLS", BOOLEAN),
    one_of("tls", &["enable", "disable"]),
];

/// As many ports as hosts, or else an address.
fn addresses(facts: &Facts<'_>) -> Option<Problem> {
    let list = |name| facts.values.list(name);
    let (hosts, ports) = (list("host"), list("port"));
    if facts.hold(HAS_HOSTS) {
        let is_even = hosts.len() == ports.len();
        return (!is_even).then(|| Problem::new("host+port", Cause::Uneven));
    }
    if facts.is_given("host") && !facts.is_given("address") {
        return Some(facts.missing("port"));
    }
    let first = list("address").into_iter().next();
    let is_empty = first.is_some_and(|it| it.is_empty());
    is_empty.then(|| facts.misshapen("address", "a list of addresses; write host:port,host:port"))
}
