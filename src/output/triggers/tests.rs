use super::*;

fn row(index: usize, kind: &str, state: State) -> Row {
    Row {
        index,
        kind: kind.to_owned(),
        name: None,
        metric: Some(format!("s{index}-{kind}")),
        state,
        value: None,
        threshold: Some(10.0),
        metric_type: Some("AverageValue".to_owned()),
        activation_threshold: None,
        active: None,
        replicas: None,
        latency_ms: None,
        authentication: None,
        via: None,
        message: None,
        next_start: None,
        next_end: None,
        notes: vec![],
    }
}

pub(crate) fn report() -> TriggersReport {
    let prometheus = Row {
        name: Some("rate".to_owned()),
        value: Some(41.5),
        activation_threshold: Some(5.0),
        active: Some(true),
        replicas: Some(5),
        latency_ms: Some(12),
        authentication: Some("ta/orders (bearer)".to_owned()),
        via: Some("proxy"),
        ..row(0, "prometheus", State::Read)
    };
    let kafka = Row {
        message: Some("cannot reach kafka:9092: connection refused".to_owned()),
        ..row(1, "kafka", State::Failed)
    };
    let cron = Row {
        value: Some(0.0),
        active: Some(false),
        replicas: Some(0),
        notes: vec!["next start 2026-08-20T18:00:00Z".to_owned()],
        ..row(2, "cron", State::Read)
    };
    let item = Item {
        kind: "ScaledObject",
        qualified: "scaledobject.keda.sh",
        namespace: "shop".to_owned(),
        name: "orders".to_owned(),
        message: None,
        target: "Deployment/orders".to_owned(),
        current_replicas: Some(3),
        min_replicas: 0,
        max_replicas: 20,
        polling_interval: 30,
        triggers: vec![prometheus, kafka, cron],
        formula: None,
        winner: Some("0".to_owned()),
        desired_replicas: Some(5),
        active: Some(true),
        at_rest: Some(0),
        jobs: None,
        keda: KedaSays {
            conditions: vec![Says {
                kind: "Ready".to_owned(),
                status: "False".to_owned(),
                reason: "TriggerError".to_owned(),
                message: "m".to_owned(),
            }],
            failing: vec![],
        },
        hpa: Some(HpaSays {
            name: "keda-hpa-orders".to_owned(),
            current_replicas: Some(3),
            desired_replicas: Some(4),
            metrics: vec![HpaMetricSays {
                name: "s0-prometheus".to_owned(),
                value: None,
                average_value: Some(13.25),
                utilization: None,
            }],
        }),
        differences: vec!["the triggers ask for 5 replicas, the HPA for 4".to_owned()],
        unread: vec![],
    };
    TriggersReport::new(vec![item], "2026-08-20T08:00:00Z".parse().unwrap())
}

fn written(format: Format, width: usize) -> String {
    let page = Page {
        width,
        with_namespace: true,
    };
    let mut out = Vec::new();
    write(&mut out, &report(), format, page, &View::default()).unwrap();
    let text = String::from_utf8(out).unwrap();
    anstream::adapter::strip_str(&text).to_string()
}

#[test]
fn the_table_tells_all_and_fits_the_page() {
    let expected = "\
scaledobject.keda.sh/orders -n shop: Deployment/orders, 3 replicas, 0 to 20
#    TYPE         VALUE    THRESHOLD   ACTIVATION   ACTIVE   REPLICAS
0*   prometheus   41.5     10          5            yes      5
1    kafka        failed   10          -            -        -
  cannot reach kafka:9092: connection refused
2    cron         0        10          -            no       0
  next start 2026-08-20T18:00:00Z
active; trigger 0 asks for the most, 5 replicas within the bounds
KEDA: Ready False (TriggerError)
HPA keda-hpa-orders: 3 to 4, s0-prometheus 13.25 each
! the triggers ask for 5 replicas, the HPA for 4
";
    assert_eq!(written(Format::Table, 80), expected);
}

#[test]
fn the_wide_table_adds_way_and_authentication() {
    let wide = written(Format::Wide, 160);
    for part in [
        "LATENCY",
        "12ms",
        "proxy",
        "ta/orders (bearer)",
        "s1-kafka",
        "rate",
    ] {
        assert!(wide.contains(part), "{part}: {wide}");
    }
}

#[test]
fn json_and_yaml_hold_the_same_value() {
    let from_json: serde_json::Value = serde_json::from_str(&written(Format::Json, 80)).unwrap();
    let from_yaml = crate::yaml::read(&written(Format::Yaml, 80)).unwrap();
    assert_eq!(serde_json::to_value(from_yaml).unwrap(), from_json);
    let triggers = &from_json["items"][0]["triggers"];
    assert_eq!(triggers[0]["type"], "prometheus");
    assert_eq!(triggers[1]["state"], "failed");
    assert!(triggers[1].get("value").is_none());
    assert_eq!(written(Format::Name, 80), "scaledobject.keda.sh/orders\n");
}

#[test]
fn a_report_knows_the_states_of_its_rows() {
    let report = report();
    assert!(report.has(State::Failed) && !report.has(State::Refused));
}
