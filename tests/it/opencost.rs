//! Prices that an OpenCost tells, from the flag to the report.

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use serde_json::Value;

use crate::rig::program::{SHOP, Said, User};
use crate::rig::serve::Server;

/// Two namespaces, of which one is in the example.
const ANSWER: &str = r#"{"code": 200, "data": [{
    "shop": {"cpuCoreHours": 100, "cpuCost": 4, "ramByteHours": 107374182400, "ramCost": 1},
    "batch": {"cpuCoreHours": 300, "cpuCost": 4, "ramByteHours": 322122547200, "ramCost": 1}}]}"#;

fn answering(answer: Result<&'static str, StatusCode>) -> Server {
    let route = get(move || std::future::ready(answer));
    Server::start(Router::new().route("/allocation/compute", route), None)
}

/// The report on the example, and its warnings.
fn report(flags: &[&str]) -> (Value, Vec<String>) {
    let all = [&["analyze", "--from", SHOP, "-o", "json"], flags].concat();
    let said = Said::by(&mut User::new().stepscale(&all));
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let report: Value = serde_json::from_str(&said.stdout).unwrap();
    let warnings = report["source"]["warnings"].as_array().cloned();
    let text = |it: Value| it.as_str().unwrap().to_owned();
    let warnings = warnings.unwrap_or_default().into_iter().map(text).collect();
    (report, warnings)
}

/// What an hour of CPU and memory together comes to in a month, by autoscaler.
fn costs(report: &Value) -> Vec<(String, Option<f64>)> {
    let items = report["items"].as_array().unwrap().iter();
    let cost = |it: &Value| {
        let name = format!("{}/{}", it["namespace"].as_str()?, it["name"].as_str()?);
        Some((name, it["cost"]["usdPerMonth"].as_f64()))
    };
    items.filter_map(cost).collect()
}

#[test]
fn costs_of_an_opencost_are_those_of_the_same_prices_by_hand() {
    let server = answering(Ok(ANSWER));
    let url = format!("http://me:hunter2@{}", server.address);
    let (told, warnings) = report(&["--opencost-url", &url]);
    let user = User::new();
    let file = user.path("prices.yaml");
    let prices = "{cpuHour: 0.02, memoryGibHour: 0.005, namespaces: {shop: {cpuHour: 0.04, memoryGibHour: 0.01}}}";
    std::fs::write(&file, prices).unwrap();
    let (by_hand, _) = report(&["--prices", file.to_str().unwrap()]);
    let expected = costs(&by_hand);
    assert!(expected.iter().any(|it| it.1.is_some_and(|it| it > 0.0)));
    for (told, expected) in costs(&told).into_iter().zip(expected) {
        assert_eq!(told.0, expected.0);
        let difference = told.1.unwrap_or_default() - expected.1.unwrap_or_default();
        assert!(difference.abs() < 1e-6, "{told:?}, {expected:?}");
        assert_eq!(told.1.is_some(), expected.1.is_some(), "{}", told.0);
    }
    let (plain, expected) = report(&[]);
    assert_eq!(warnings, expected);
    assert!(costs(&plain).iter().all(|it| it.1.is_none()));
}

#[test]
fn without_its_prices_the_report_is_the_same_but_for_one_warning() {
    let server = answering(Err(StatusCode::INTERNAL_SERVER_ERROR));
    let url = format!("http://me:hunter2@{}", server.address);
    let (mut told, warnings) = report(&["--opencost-url", &url]);
    let (mut plain, mut expected) = report(&[]);
    expected.push(format!(
        "no prices from OpenCost: http://{} answered HTTP 500",
        server.address
    ));
    assert_eq!(warnings, expected);
    for report in [&mut told, &mut plain] {
        report["source"]["warnings"] = Value::Null;
    }
    assert_eq!(told, plain);
}
