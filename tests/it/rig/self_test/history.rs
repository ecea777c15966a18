//! The fleet, its way into Prometheus, and the expected values.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::expected::{self, Times, Values};
use super::super::fleet::workload::Workload;
use super::super::fleet::{Fleet, Parameters, samples};
use super::super::prometheus::{self, Prometheus};
use super::super::protection::{Demands, PASSWORD, Protection, USER};

/// Series by their labels, with the texts of their values.
type Read = BTreeMap<BTreeMap<String, String>, Vec<(i64, String)>>;

#[tokio::test]
async fn every_sample_written_is_read_back() {
    if !prometheus::is_available() {
        return;
    }
    let fleet = Fleet::generate(&Parameters::tiny());
    let server = Prometheus::start(&fleet, &[]);
    let mut written = Read::new();
    for workload in &fleet.workloads {
        samples::visit(&fleet, workload, &fleet.span(), &mut |series| {
            let mut labels: BTreeMap<String, String> = series
                .labels
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect();
            labels.insert("__name__".to_owned(), series.name.to_owned());
            let texts = series
                .samples
                .iter()
                .map(|(at, value)| (*at, value.to_string()));
            written.entry(labels).or_default().extend(texts);
        });
    }
    let end = fleet.parameters.end.to_string();
    let parameters = [("query", "{job!=\"\"}[6h]"), ("time", &end)];
    let answer = ask(&server, "query", &parameters).await;
    let mut read = Read::new();
    for series in answer["data"]["result"].as_array().unwrap() {
        let labels = serde_json::from_value(series["metric"].clone()).unwrap();
        let values = series["values"].as_array().unwrap().iter().map(|it| {
            let at = (it[0].as_f64().unwrap() * 1000.0).round() as i64;
            (at, it[1].as_str().unwrap().to_owned())
        });
        read.insert(labels, values.collect());
    }
    assert_eq!(written.len(), read.len());
    for (labels, samples) in &written {
        assert_eq!(Some(samples), read.get(labels), "{labels:?}");
    }
}

async fn ask(server: &Prometheus, path: &str, parameters: &[(&str, &str)]) -> Value {
    let url = format!("{}/api/v1/{path}", server.url);
    let answer = super::http(None)
        .post(url)
        .form(parameters)
        .send()
        .await
        .unwrap();
    let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(answer["status"], "success", "{answer}");
    answer
}

/// Values of a range query by namespace and `label`, summed.
async fn range(
    server: &Prometheus,
    query: &str,
    label: &str,
    times: Times,
) -> BTreeMap<(String, String), Values> {
    let (start, step) = (times.start.to_string(), times.step.to_string());
    let end = (times.start + times.step * (times.len as i64 - 1)).to_string();
    let parameters = [
        ("query", query),
        ("start", &start),
        ("end", &end),
        ("step", &step),
    ];
    let answer = ask(server, "query_range", &parameters).await;
    let mut all: BTreeMap<_, Values> = BTreeMap::new();
    for series in answer["data"]["result"].as_array().unwrap() {
        let text = |name: &str| {
            series["metric"][name]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let key = (text("namespace"), text(label));
        let sums = all.entry(key).or_insert_with(|| vec![None; times.len]);
        for value in series["values"].as_array().unwrap() {
            let at = value[0].as_f64().unwrap() as i64;
            let sum = &mut sums[((at - times.start) / times.step) as usize];
            let value: f64 = value[1].as_str().unwrap().parse().unwrap();
            *sum = Some(sum.unwrap_or(0.0) + value);
        }
    }
    all
}

/// Sums over the pods that the model gives to `workload`.
fn of_pods(all: &BTreeMap<(String, String), Values>, workload: &Workload, len: usize) -> Values {
    let mut sums: Values = vec![None; len];
    let names: BTreeSet<&str> = workload.pods.iter().map(|it| it.name.as_str()).collect();
    for name in names {
        let key = (workload.namespace.clone(), name.to_owned());
        for (sum, value) in sums.iter_mut().zip(all.get(&key).into_iter().flatten()) {
            if let Some(value) = value {
                *sum = Some(sum.unwrap_or(0.0) + value);
            }
        }
    }
    sums
}

fn assert_close(what: &str, expected: &Values, actual: &Values, which: &[bool]) {
    let mut compared = 0;
    for (index, (expected, actual)) in expected.iter().zip(actual).enumerate() {
        if !which[index] {
            continue;
        }
        let close = match (expected, actual) {
            (Some(expected), Some(actual)) => {
                (expected - actual).abs() <= 1e-9 * expected.abs().max(1.0)
            }
            (expected, actual) => expected == actual,
        };
        assert!(
            close,
            "{what}, step {index}: expected {expected:?}, Prometheus says {actual:?}"
        );
        compared += usize::from(expected.is_some());
    }
    assert!(
        compared * 2 > expected.len(),
        "{what}: only {compared} values to compare"
    );
}

/// The expected values are computed by hand; on what Prometheus can say too, both must agree.
#[tokio::test]
async fn prometheus_agrees_with_the_expected_values() {
    if !prometheus::is_available() {
        return;
    }
    let fleet = Fleet::generate(&Parameters::small());
    let server = Prometheus::start(&fleet, &[]);
    let times = Times::of(&fleet, 300);
    let counted = r#"container!="",container!="POD",job="kubelet",prometheus_replica="""#;
    let cpu = format!(
        "sum by (namespace, pod) (rate(container_cpu_usage_seconds_total{{{counted}}}[5m]))"
    );
    let cpu = range(&server, &cpu, "pod", times).await;
    let memory = format!("container_memory_working_set_bytes{{{counted}}}");
    let memory = range(&server, &memory, "pod", times).await;
    let ready = "max by (namespace, deployment) (kube_deployment_status_replicas_ready)";
    let ready = range(&server, ready, "deployment", times).await;
    let desired = "kube_horizontalpodautoscaler_status_desired_replicas";
    let desired = format!("max by (namespace, horizontalpodautoscaler) ({desired})");
    let desired = range(&server, &desired, "horizontalpodautoscaler", times).await;
    for workload in fleet.scaled() {
        let expected = expected::of(&fleet, workload, times);
        let name = format!("{}/{}", workload.namespace, workload.name);
        let complete = &expected.complete;
        // A node that is down makes a sum smaller for everybody; only NaN is in dispute.
        let cpu = of_pods(&cpu, workload, times.len);
        let known: Vec<bool> = match workload.nan_at_end {
            true => complete.clone(),
            false => vec![true; times.len],
        };
        assert_close(&format!("cpu of {name}"), &expected.cpu, &cpu, &known);
        let memory = of_pods(&memory, workload, times.len);
        assert_close(
            &format!("memory of {name}"),
            &expected.memory,
            &memory,
            &known,
        );
        let key = |name: &str| (workload.namespace.clone(), name.to_owned());
        if let Some(ready) = ready
            .get(&key(&workload.name))
            .filter(|_| workload.kind.name() == "Deployment")
        {
            // Between the last sample of one kube-state-metrics and the first of the next, both
            // are seen, and the higher one counts.
            let steady = steady(&fleet, times);
            assert_close(&format!("ready of {name}"), &expected.ready, ready, &steady);
        }
        let desired = &desired[&key(workload.autoscaler.as_ref().unwrap())];
        let steady = steady(&fleet, times);
        assert_close(
            &format!("desired of {name}"),
            &expected.desired,
            desired,
            &steady,
        );
    }
}

/// Steps in which only one kube-state-metrics is seen.
fn steady(fleet: &Fleet, times: Times) -> Vec<bool> {
    let middle = (fleet.span().start + fleet.span().end) / 2000;
    let at = |index: usize| times.start + times.step * index as i64;
    (0..times.len)
        .map(|it| !(middle..middle + 300).contains(&at(it)))
        .collect()
}

#[tokio::test]
async fn a_protected_prometheus_answers_only_those_who_may_ask() {
    if !prometheus::is_available() {
        return;
    }
    let protection = Protection::new(Demands {
        password: true,
        tls: true,
        client_certificate: true,
    });
    let fleet = Fleet::generate(&Parameters::tiny());
    let server = Prometheus::start(&fleet, &[&protection.flag()]);
    let url = format!("{}/api/v1/query?query=1", server.https_url());
    let authority = std::fs::read_to_string(&protection.authority).unwrap();
    let stranger = super::http(Some(&authority));
    assert!(
        stranger
            .get(&url)
            .basic_auth(USER, Some(PASSWORD))
            .send()
            .await
            .is_err()
    );
    let (certificate, key) = &protection.client;
    let identity = [
        std::fs::read(certificate).unwrap(),
        std::fs::read(key).unwrap(),
    ]
    .concat();
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([reqwest::Certificate::from_pem(authority.as_bytes()).unwrap()])
        .identity(reqwest::Identity::from_pem(&identity).unwrap())
        .build()
        .unwrap();
    for (password, status) in [("wrong", 401), (PASSWORD, 200)] {
        let answer = client
            .get(&url)
            .basic_auth(USER, Some(password))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), status);
    }
}
