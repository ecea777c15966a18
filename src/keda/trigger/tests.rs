use proptest::prelude::*;

use super::param::{Kind, Presence};
use super::*;

pub(super) fn source(kind: &str, metadata: &[(&str, &str)]) -> TriggerSource {
    let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    TriggerSource {
        kind: kind.to_owned(),
        metadata: metadata.iter().map(pair).collect(),
        ..TriggerSource::default()
    }
}

pub(super) fn words(problems: &[Problem]) -> Vec<&'static str> {
    problems.iter().map(|it| it.cause.word()).collect()
}

#[test]
fn an_unknown_type_is_refused_with_what_was_meant() {
    let said = |kind| read(&source(kind, &[])).unwrap_err().to_string();
    assert_eq!(
        said("prometeus"),
        "trigger 0 (prometeus): KEDA has no trigger of this type; `prometheus` was meant?"
    );
    assert!(said("object").contains("https://keda.sh/docs/latest/scalers"));
}

#[test]
fn every_type_has_a_table() {
    assert!(types().is_sorted());
    for kind in types() {
        let table = table(kind).unwrap_or_else(|| panic!("{kind} has no table"));
        assert!(!table.is_empty(), "{kind}");
        for param in table {
            assert!(!param.places.is_empty(), "{kind}: {}", param.name);
        }
    }
}

/// The defaults of the tables are texts, too: they must be readable as their kinds.
#[test]
fn every_default_is_what_its_parameter_takes() {
    for kind in types() {
        for param in table(kind).unwrap() {
            if let Presence::Default(_) = param.presence {
                let read = Values::read(std::slice::from_ref(param), &source(kind, &[]));
                assert!(read.is_ok(), "{kind}: {read:?}");
            }
        }
    }
}

#[test]
fn other_types_are_checked_key_by_key() {
    let metadata = [("queueURL", "https://sqs/1/q"), ("awsRegion", "eu-west-1")];
    let mut it = source("aws-sqs-queue", &metadata);
    it.pod_identity = PodIdentity::Aws;
    let Settings::Other(values) = read(&it).unwrap().settings else {
        panic!("not another type");
    };
    assert_eq!(values.get("queueLength"), Some(&Value::Integer(5)));
    it.metadata.insert("queueLength".into(), "five".into());
    assert_eq!(words(&read(&it).unwrap_err().list), ["not-an-integer"]);
    it.pod_identity = PodIdentity::None;
    it.metadata.remove("queueLength");
    assert_eq!(words(&read(&it).unwrap_err().list), ["missing"]);
}

#[test]
fn some_types_never_look_at_the_metric_type() {
    let pulsar = [
        ("adminURL", "http://p"),
        ("topic", "t"),
        ("subscription", "s"),
    ];
    for (mut it, is_accepted) in [
        (source("pulsar", &pulsar), true),
        (source("external-mock", &[]), true),
        (source("external", &[("scalerAddress", "a:1")]), false),
    ] {
        it.metric_type = Some("Utilization".to_owned());
        assert_eq!(read(&it).is_ok(), is_accepted, "{}", it.kind);
    }
    assert!(!types().any(|it| it == "external-mock"));
}

#[test]
fn parameters_that_clients_of_clouds_read_are_known() {
    let table = [
        ("prometheus", "awsRoleArn"),
        ("prometheus", "awsSessionToken"),
        ("prometheus", "GoogleApplicationCredentials"),
        ("apache-kafka", "awsSecretAccessKey"),
        ("openstack-metric", "authURL"),
        ("openstack-metric", "appCredentialSecret"),
    ];
    for (kind, param) in table {
        let mut it = source(kind, &[]);
        it.auth.insert(param.to_owned(), Secret::new("x"));
        assert_eq!(remarks(&it), [], "{kind}: {param}");
    }
}

#[test]
fn other_types_prove_who_they_are_in_the_same_modes() {
    let metadata = [
        ("serverAddress", "http://loki:3100"),
        ("query", "q"),
        ("threshold", "1"),
        ("authModes", "bearer"),
    ];
    let mut it = source("loki", &metadata);
    let problems = read(&it).unwrap_err().list;
    assert_eq!(words(&problems), ["missing-for-auth-mode"]);
    it.auth.insert("bearerToken".into(), Secret::new("t"));
    assert!(read(&it).is_ok());
}

#[test]
fn messages_show_what_was_written_unless_it_may_be_a_credential() {
    let said = |kind, key: &str, text: &str| {
        let list = read(&source(kind, &[(key, text)])).unwrap_err().list;
        let of_key = list.iter().find(|it| it.param == key).unwrap();
        of_key.to_string()
    };
    assert_eq!(
        said("kafka", "tls", "on"),
        "`tls`: `on` is not one of enable, disable"
    );
    assert_eq!(
        said("prometheus", "customHeaders", "X-Api-Key=abc="),
        "`customHeaders` is not a list of pairs; write key=value,key=value"
    );
    let mut it = source("cpu", &[("value", "60")]);
    let missing = "trigger 0 (cpu): `metricType` is missing beside `metadata`; set Utilization or \
        AverageValue";
    assert_eq!(read(&it).unwrap_err().to_string(), missing);
    it.metric_type = Some("Value".to_owned());
    let other = "trigger 0 (cpu): `metricType: Value` is not for this trigger; set Utilization or \
        AverageValue";
    assert_eq!(read(&it).unwrap_err().to_string(), other);
}

#[test]
fn problems_are_said_together_with_the_way_out() {
    let mut it = source("kafka", &[("lagThreshold", "1e2"), ("topic", "t")]);
    it.index = 2;
    let said = read(&it).unwrap_err().to_string();
    let expected = "trigger 2 (kafka): `bootstrapServers` is missing; give it in the metadata or as \
        `bootstrapServersFromEnv`, a variable that the container has and that is not empty; \
        `consumerGroup` is missing; give it in the metadata or as `consumerGroupFromEnv`, a \
        variable that the container has and that is not empty; `lagThreshold`: `1e2` is not a \
        whole number in range; write digits only, such as 10";
    assert_eq!(said, expected);
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[-+0-9.,=a-z ]{0,10}",
        prop::sample::select(vec![
            "true",
            "enable",
            "oauthbearer",
            "gssapi",
            "aws_msk_iam",
            "-1"
        ])
        .prop_map(str::to_owned),
    ]
}

proptest! {
    // Each case reads every parameter of a type, or of all of them.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_trigger_panics(
        kind in prop::sample::select(types().collect::<Vec<_>>()),
        texts in prop::collection::vec(any_text(), 50),
        metric_type in prop::option::of(prop::sample::select(vec!["", "Value", "AverageValue", "Utilization", "x"])),
    ) {
        let mut it = source(kind, &[]);
        it.metric_type = metric_type.map(str::to_owned);
        for (param, text) in table(kind).unwrap().iter().zip(&texts) {
            it.metadata.insert(param.name.to_owned(), text.clone());
            it.auth.insert(param.name.to_owned(), Secret::new(text.as_str()));
        }
        if let Err(problems) = read(&it) {
            prop_assert!(!problems.list.is_empty());
        }
        remarks(&it);
    }

    /// What is refused of a credential is not repeated.
    #[test]
    fn no_credential_is_ever_shown(number in 100_000_000_u64..) {
        let text = format!("x{number}x");
        for kind in types() {
            let mut it = source(kind, &[]);
            for param in table(kind).unwrap().iter().filter(|it| it.kind != Kind::Text) {
                it.auth.insert(param.name.to_owned(), Secret::new(text.as_str()));
            }
            if let Err(problems) = read(&it) {
                let said = format!("{problems} {problems:?}");
                prop_assert!(!said.contains(&text), "{}", said);
            }
            let shown = format!("{it:?}");
            prop_assert!(!shown.contains(&text));
        }
    }
}
