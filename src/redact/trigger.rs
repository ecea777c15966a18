//! Secrets in the metadata of KEDA's triggers: which keys may hold one is what KEDA's own tables say.

use serde_json::{Map, Value};

use super::manifest::is_redacted;
use super::names::is_secret_field;
use super::value::string;
use super::{REDACTED, Tally};
use crate::keda::trigger::{self, param::Kind};

const RULE: &str = "trigger-metadata";

/// What stands where pairs were, as pairs.
const PAIR: &str = "REDACTED=REDACTED";

/// Parameters that an authentication may give as well as the metadata, and that say where something is
/// or which, and not who may.
const PLAIN: [&str; 21] = [
    "awsRegion",
    "cloudID",
    "database",
    "dbName",
    "enableTLS",
    "index",
    "keyParamName",
    "organizationName",
    "port",
    "protocol",
    "query",
    "queryKey",
    "region",
    "sasl",
    "scheme",
    "searchTemplateName",
    "sentinelMaster",
    "sslmode",
    "tls",
    "valueLocation",
    "vhostName",
];

/// Leaves out what may be secret of the metadata of a trigger of type `kind`.
pub(super) fn metadata(kind: &str, metadata: &mut Map<String, Value>, tally: &mut Tally) {
    for (key, value) in metadata.iter_mut() {
        let Value::String(text) = value else {
            continue;
        };
        let shown = shown(kind, key, text, tally);
        *text = shown;
    }
}

fn shown(kind: &str, key: &str, text: &str, tally: &mut Tally) -> String {
    // The name of a variable, which is no secret itself.
    if key.ends_with("FromEnv") && is_variable(text)
        || text.is_empty()
        || is_redacted(text)
        || text == PAIR
    {
        return text.to_owned();
    }
    let mut params = trigger::table(kind).into_iter().flatten();
    let param = params.find(|it| it.names().any(|name| name == key));
    let is_hidden = match param {
        Some(it) if !it.may_be_secret() => false,
        Some(it) if is_count(it.kind) || PLAIN.contains(&key) => false,
        Some(_) => true,
        None => is_secret_field(key),
    };
    if !is_hidden {
        return string(text, tally);
    }
    if let Some(address) = addressed(text) {
        let shown = string(&address, tally);
        if shown != text {
            tally.count(RULE);
        }
        return shown;
    }
    tally.count(RULE);
    match param.map(|it| it.kind) {
        Some(Kind::Map | Kind::Query) => PAIR.to_owned(),
        _ => REDACTED.to_owned(),
    }
}

/// What can be no secret: numbers, durations, truth values.
fn is_count(kind: Kind) -> bool {
    match kind {
        Kind::Integer { .. }
        | Kind::Unsigned { .. }
        | Kind::Float
        | Kind::NullableFloat
        | Kind::Boolean
        | Kind::Duration
        | Kind::Integers { .. } => true,
        Kind::Text | Kind::List | Kind::Map | Kind::Query => false,
    }
}

/// Of a URL its scheme, host and port, without who asks and what is asked for; `None` for anything else.
fn addressed(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let is_scheme = |it: char| it.is_ascii_alphanumeric() || "+-.".contains(it);
    if scheme.is_empty() || !scheme.chars().all(is_scheme) {
        return None;
    }
    // Whatever a password may contain stands before the last `@`.
    let (user, host) = match rest.rsplit_once('@') {
        Some((_, host)) => ("REDACTED@", host),
        None => ("", rest),
    };
    let end = host.find(['/', '?', '#']).unwrap_or(host.len());
    let (host, more) = host.split_at(end);
    let more = if more.len() > 1 { "/REDACTED" } else { more };
    Some(format!("{scheme}://{user}{host}{more}"))
}

/// Whether a text is the name of an environment variable.
fn is_variable(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|it| it.is_ascii_alphanumeric() || "_-.".contains(it))
        && !text.starts_with(|it: char| it.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn left(kind: &str, given: Value) -> Value {
        let Value::Object(mut given) = given else {
            panic!("no object");
        };
        metadata(kind, &mut given, &mut Tally::default());
        Value::Object(given)
    }

    #[test]
    fn keda_s_tables_say_what_may_be_secret() {
        let rabbit = json!({ "host": "amqp://me:p@ss@rabbit:5672/vhost", "queueName": "orders",
            "mode": "QueueLength", "value": "20", "hostFromEnv": "RABBIT" });
        let expected = json!({ "host": "amqp://REDACTED@rabbit:5672/REDACTED", "queueName": "orders",
            "mode": "QueueLength", "value": "20", "hostFromEnv": "RABBIT" });
        assert_eq!(left("rabbitmq", rabbit), expected);
        let postgres = json!({ "connection": "host=db user=me password=x", "userName": "me",
            "port": "5432", "query": "SELECT 1" });
        let expected = json!({ "connection": REDACTED, "userName": REDACTED, "port": "5432",
            "query": "SELECT 1" });
        assert_eq!(left("postgresql", postgres), expected);
        let cron = json!({ "timezone": "UTC", "start": "0 8 * * *", "end": "0 18 * * *",
            "desiredReplicas": "5" });
        assert_eq!(left("cron", cron.clone()), cron);
    }

    #[test]
    fn of_types_that_nobody_knows_names_decide() {
        let given =
            json!({ "scalerAddress": "grpc:9090", "myToken": "x", "plain": "https://a:b@c/d" });
        let expected = json!({ "scalerAddress": "grpc:9090", "myToken": REDACTED, "plain": "https://REDACTED@c/d" });
        assert_eq!(left("of-my-own", given), expected);
    }
}
