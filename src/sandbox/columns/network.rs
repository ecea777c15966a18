//! Services and what they lead to.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::cells::{AGE, NAME, Row, count, first, labels, list, text, text_or};

pub(super) const SERVICES: &[Row] = &[
    NAME,
    Row(
        "Type",
        "string",
        0,
        "How the service is exposed.",
        |it, _| json!(text(it, "/spec/type")),
    ),
    Row(
        "Cluster-IP",
        "string",
        0,
        "Its address within the cluster.",
        |it, _| json!(text_or(it, "/spec/clusterIPs/0", "<none>")),
    ),
    Row(
        "External-IP",
        "string",
        0,
        "Its addresses outside.",
        |it, _| json!(external(it)),
    ),
    Row("Port(s)", "string", 0, "What it listens on.", |it, _| {
        json!(ports(it))
    }),
    AGE,
    Row(
        "Selector",
        "string",
        1,
        "The labels of the pods behind it.",
        |it, _| json!(labels(&it["spec"]["selector"])),
    ),
];

pub(super) const ENDPOINTS: &[Row] = &[
    NAME,
    Row("Endpoints", "string", 0, "Addresses and ports.", |it, _| {
        json!(endpoints(it))
    }),
    AGE,
];

pub(super) const SLICES: &[Row] = &[
    NAME,
    Row(
        "AddressType",
        "string",
        0,
        "What the addresses are.",
        |it, _| json!(text(it, "/addressType")),
    ),
    Row(
        "Ports",
        "string",
        0,
        "The ports of all endpoints.",
        |it, _| {
            let port = |it: &Value| match &it["port"] {
                Value::Number(port) => port.to_string(),
                _ => it["name"].as_str().unwrap_or("*").to_owned(),
            };
            let ports: Vec<String> = list(it, "/ports").iter().map(port).collect();
            json!(or_unset(first(&ports, 3, ",")))
        },
    ),
    Row("Endpoints", "string", 0, "Their addresses.", |it, _| {
        let all = list(it, "/endpoints").iter();
        let all: Vec<String> = all.flat_map(|it| texts(it, "/addresses")).collect();
        json!(or_unset(first(&all, 3, ",")))
    }),
    AGE,
];

fn or_unset(text: String) -> String {
    match text.is_empty() {
        true => "<unset>".to_owned(),
        false => text,
    }
}

fn texts(value: &Value, pointer: &str) -> Vec<String> {
    let all = list(value, pointer).iter();
    all.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn external(service: &Value) -> String {
    let outside = texts(service, "/spec/externalIPs");
    let (all, missing) = match text(service, "/spec/type") {
        "ClusterIP" | "NodePort" => (outside, "<none>"),
        "LoadBalancer" => {
            let all = balancers(service).into_iter().chain(outside);
            (all.collect(), "<pending>")
        }
        "ExternalName" => return text(service, "/spec/externalName").to_owned(),
        _ => return "<unknown>".to_owned(),
    };
    match all.is_empty() {
        true => missing.to_owned(),
        false => all.join(","),
    }
}

fn balancers(service: &Value) -> BTreeSet<String> {
    let all = list(service, "/status/loadBalancer/ingress").iter();
    let all = all.map(|it| text_or(it, "/ip", text(it, "/hostname")));
    all.filter(|it| !it.is_empty()).map(str::to_owned).collect()
}

fn ports(service: &Value) -> String {
    let all = list(service, "/spec/ports").iter().map(|it| {
        let (port, protocol) = (count(it, "/port"), text(it, "/protocol"));
        match count(it, "/nodePort") {
            ..=0 => format!("{port}/{protocol}"),
            node => format!("{port}:{node}/{protocol}"),
        }
    });
    let all: Vec<String> = all.collect();
    match all.is_empty() {
        true => "<none>".to_owned(),
        false => all.join(","),
    }
}

fn endpoints(endpoints: &Value) -> String {
    let subsets = list(endpoints, "/subsets");
    if subsets.is_empty() {
        return "<none>".to_owned();
    }
    let all: Vec<String> = subsets.iter().flat_map(subset).collect();
    first(&all, 3, ",")
}

/// Every address with every port, or alone where there are no ports.
fn subset(subset: &Value) -> Vec<String> {
    let addresses = || {
        let all = list(subset, "/addresses").iter();
        all.map(|it| text(it, "/ip").to_owned())
    };
    let ports = list(subset, "/ports");
    if ports.is_empty() {
        return addresses().collect();
    }
    let with = |port: &Value| {
        let port = count(port, "/port");
        addresses().map(move |it| match it.contains(':') {
            true => format!("[{it}]:{port}"),
            false => format!("{it}:{port}"),
        })
    };
    ports.iter().flat_map(with).collect()
}
