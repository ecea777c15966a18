//! What is asked of the past of the triggers of a ScaledObject or ScaledJob.

use std::collections::BTreeMap;

use crate::autoscaler::Autoscaler;
use crate::keda::objects;
use crate::keda::trigger::{self, Prometheus, Secret, Settings, TriggerSource};
use crate::metrics::triggers::{Origin, Query, Question, Schedule, Trigger, Triggers};

/// Headers by which a server with the series of several tenants is told whose are meant. They are
/// names, not credentials.
const TENANT_HEADERS: [&str; 2] = ["x-scope-orgid", "thanos-tenant"];

/// Parameters of a query's URL that narrow what it finds, or say how it is evaluated.
const NARROWING: [&str; 8] = [
    "dedup",
    "engine",
    "extra_filters",
    "extra_filters[]",
    "extra_label",
    "lookback_delta",
    "max_source_resolution",
    "storeMatch[]",
];

/// Parameters that a full answer is the same without, and of which ours are others.
const HARMLESS: [&str; 4] = ["nocache", "partial_response", "stats", "timeout"];

/// The triggers of an autoscaler whose history is to be read; none for an HPA.
pub(super) fn of(autoscaler: &Autoscaler) -> Option<Triggers> {
    let of_object = autoscaler.keda.as_ref().map(|it| &it.spec.triggers);
    let of_jobs = autoscaler.jobs.as_ref().map(|it| &it.spec.triggers);
    let written = of_object.or(of_jobs)?;
    let external = (0..).zip(written).filter(|(_, it)| !it.is_resource());
    let all: Vec<Trigger> = external
        .map(|(index, it)| Trigger {
            index,
            origin: origin(index, it),
        })
        .collect();
    (!all.is_empty()).then(|| Triggers {
        kind: autoscaler.id.kind,
        object: autoscaler.id.name.clone(),
        all,
    })
}

fn origin(index: u32, written: &objects::Trigger) -> Origin {
    let source = TriggerSource {
        kind: written.kind.clone(),
        metric_type: written.metric_type.clone(),
        metadata: written.metadata.clone(),
        index: usize::try_from(index).unwrap_or(usize::MAX),
        ..TriggerSource::default()
    };
    let read = match written.kind.as_str() {
        "prometheus" => Prometheus::without_login(&source).map(|it| query(&it)),
        "cron" => trigger::read(&source).map(|it| scheduled(&it.settings)),
        kind => Ok(Err(format!("a {kind} trigger asks no Prometheus"))),
    };
    read.unwrap_or_else(|problems| Err(format!("KEDA refuses it: {problems}")))
        .unwrap_or_else(|why| Origin::Recorded { why })
}

fn scheduled(settings: &Settings) -> Result<Origin, String> {
    match settings {
        Settings::Cron(cron) => Ok(Origin::Schedule(Schedule::from(cron))),
        Settings::Prometheus(_)
        | Settings::Kafka(_)
        | Settings::Resource(_)
        | Settings::Other(_) => Err("it has no schedule".to_owned()),
    }
}

/// What the trigger asks, if nothing is needed for it that may be a credential.
fn query(settings: &Prometheus) -> Result<Origin, String> {
    let mut question = Question {
        promql: settings.query.clone(),
        parameters: parameters(&settings.query_parameters)?,
        headers: headers(&settings.custom_headers)?,
    };
    if !settings.namespace.is_empty() {
        let namespace = ("namespace".to_owned(), settings.namespace.clone());
        question.parameters.push(namespace);
    }
    Ok(Origin::Query(Query {
        question,
        server: without_credentials(&settings.server_address),
        ignores_null: settings.ignore_null_values,
    }))
}

fn parameters(all: &BTreeMap<String, Secret>) -> Result<Vec<(String, String)>, String> {
    let mut kept = vec![];
    for (name, value) in all {
        if NARROWING.contains(&name.as_str()) {
            kept.push((name.clone(), value.expose().to_owned()));
        } else if !HARMLESS.contains(&name.as_str()) {
            return Err(format!(
                "its query parameter {name} may be a credential, which is sent to its own server alone"
            ));
        }
    }
    Ok(kept)
}

fn headers(all: &BTreeMap<String, Secret>) -> Result<Vec<(String, String)>, String> {
    let mut kept = vec![];
    for (name, value) in all {
        if !TENANT_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(format!(
                "its header {name} may be a credential, which is sent to its own server alone"
            ));
        }
        kept.push((name.clone(), value.expose().to_owned()));
    }
    Ok(kept)
}

/// An address without user, password, and what follows its path.
fn without_credentials(address: &str) -> String {
    let address = address.trim();
    let (scheme, rest) = match address.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), address),
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}{host}{}", path.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::autoscaler::AutoscalerKind;
    use crate::cluster::convert;

    fn of_triggers(triggers: &Value) -> Option<Triggers> {
        let object = json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
            "metadata": { "name": "orders", "namespace": "shop" },
            "spec": { "scaleTargetRef": { "name": "web" }, "triggers": triggers } });
        of(&convert::scaled_object(&object).unwrap())
    }

    fn prometheus(more: Value) -> Origin {
        let mut metadata = json!({ "serverAddress": "https://me:secret@thanos:9092/x/?token=secret",
            "query": "sum(up)", "threshold": "5", "authModes": "bearer" });
        metadata
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let triggers = of_triggers(&json!([{ "type": "prometheus", "metadata": metadata }]));
        triggers.unwrap().all.remove(0).origin
    }

    #[test]
    fn every_trigger_but_those_on_resources_is_asked_for_by_its_place() {
        let triggers = json!([
            { "type": "cpu", "metricType": "Utilization", "metadata": { "value": "80" } },
            { "type": "kafka", "metadata": { "topic": "t" } },
            { "type": "cron", "metadata": { "timezone": "Europe/Berlin", "start": "0 8 * * *",
                "end": "0 18 * * *", "desiredReplicas": "5" } },
            { "type": "cron", "metadata": { "timezone": "Europe/Berlin", "start": "never" } },
        ]);
        let triggers = of_triggers(&triggers).unwrap();
        assert_eq!(
            (triggers.kind, triggers.object.as_str()),
            (AutoscalerKind::ScaledObject, "orders")
        );
        let places: Vec<u32> = triggers.all.iter().map(|it| it.index).collect();
        assert_eq!(places, [1, 2, 3]);
        let kafka = Origin::Recorded {
            why: "a kafka trigger asks no Prometheus".to_owned(),
        };
        assert_eq!(triggers.all[0].origin, kafka);
        let schedule = Schedule {
            time_zone: "Europe/Berlin".to_owned(),
            start: "0 8 * * *".to_owned(),
            end: "0 18 * * *".to_owned(),
            desired_replicas: 5,
        };
        assert_eq!(triggers.all[1].origin, Origin::Schedule(schedule));
        let Origin::Recorded { why } = &triggers.all[2].origin else {
            panic!("{:?}", triggers.all[2]);
        };
        assert!(why.starts_with("KEDA refuses it: "), "{why}");
    }

    #[test]
    fn those_of_a_scaled_job_are_asked_for_too() {
        let object = json!({ "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledJob",
            "metadata": { "name": "mail", "namespace": "jobs" },
            "spec": { "jobTargetRef": { "template": { "spec": { "containers": [] } } },
                "triggers": [{ "type": "rabbitmq", "metadata": { "queueName": "mail" } }] } });
        let triggers = of(&convert::scaled_job(&object).unwrap()).unwrap();
        assert_eq!(
            (triggers.kind, triggers.object.as_str(), triggers.all.len()),
            (AutoscalerKind::ScaledJob, "mail", 1)
        );
    }

    #[test]
    fn an_object_on_resources_alone_has_none() {
        let cpu = json!([{ "type": "cpu", "metadata": { "value": "80" } }]);
        assert_eq!(of_triggers(&cpu), None);
    }

    #[test]
    fn a_query_is_taken_without_its_login() {
        let expected = |question| {
            Origin::Query(Query {
                question,
                server: "https://thanos:9092/x".to_owned(),
                ignores_null: false,
            })
        };
        let plain = Question {
            promql: "sum(up)".to_owned(),
            ..Question::default()
        };
        let more = json!({ "ignoreNullValues": "false", "customHeaders": "X-Scope-OrgID=shop",
            "namespace": "shop", "queryParameters": "dedup=true,partial_response=true" });
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let narrowed = Question {
            parameters: vec![pair("dedup", "true"), pair("namespace", "shop")],
            headers: vec![pair("X-Scope-OrgID", "shop")],
            ..plain.clone()
        };
        assert_eq!(
            prometheus(json!({ "ignoreNullValues": "false" })),
            expected(plain)
        );
        assert_eq!(prometheus(more), expected(narrowed));
    }

    #[test]
    fn what_may_be_a_credential_is_not_taken_anywhere() {
        for more in [
            json!({ "customHeaders": "X-Api-Key=secret" }),
            json!({ "queryParameters": "apikey=secret" }),
        ] {
            let Origin::Recorded { why } = prometheus(more) else {
                panic!("it would be asked");
            };
            assert!(
                why.contains("may be a credential") && !why.contains("secret"),
                "{why}"
            );
        }
    }

    #[test]
    fn addresses_are_cleaned_in_any_form() {
        let table = [
            ("http://p:9090", "http://p:9090"),
            (" http://p:9090// ", "http://p:9090"),
            (
                "http://a:b@p/select/0/prometheus/",
                "http://p/select/0/prometheus",
            ),
            ("http://a@b@p?x=@y", "http://p"),
            ("p:9090", "p:9090"),
            ("a:b@p", "p"),
            ("", ""),
        ];
        for (address, expected) in table {
            assert_eq!(without_credentials(address), expected, "{address}");
        }
    }
}
