//! Services.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use serde_json::{Value, json};

use super::place::Place;
use super::pod::port_number;
use super::{fields, items, metadata, names, set_default};
use crate::sandbox::kinds::Rules;
use crate::sandbox::status::{Fault, FieldError};

pub(super) const RULES: Rules = Rules {
    complete: Some(complete),
    check: Some(check),
    check_status: None,
    prepare: Some(prepare),
    convert: None,
};

const FIRST_NODE_PORT: u16 = 30_000;
const NODE_PORTS: u16 = 2768;

fn complete(service: &mut Value) {
    let Some(spec) = fields(service, &["spec"]) else {
        return;
    };
    set_default(spec, "sessionAffinity", json!("None"));
    if spec.get("type").is_none_or(|it| it == "") {
        spec.insert("type".to_owned(), json!("ClusterIP"));
    }
    for port in items(spec, "ports") {
        set_default(port, "protocol", json!("TCP"));
        let number = port.get("port").cloned().unwrap_or_default();
        if port.get("targetPort").is_none_or(|it| it == 0 || it == "") {
            port.insert("targetPort".to_owned(), number);
        }
    }
    let kind = spec["type"].as_str().unwrap_or("").to_owned();
    if kind != "ExternalName" {
        set_default(spec, "internalTrafficPolicy", json!("Cluster"));
    }
    if ["NodePort", "LoadBalancer"].contains(&kind.as_str()) {
        set_default(spec, "externalTrafficPolicy", json!("Cluster"));
    }
    if kind == "LoadBalancer" {
        set_default(spec, "allocateLoadBalancerNodePorts", json!(true));
    }
    if spec["sessionAffinity"] == "ClientIP" {
        let timeout = json!({ "clientIP": { "timeoutSeconds": 10_800 } });
        set_default(spec, "sessionAffinityConfig", timeout);
    }
}

/// A new service has no load balancer yet; one that is updated keeps the addresses that it does
/// not name.
fn prepare(service: &mut Value, old: Option<&Value>) {
    let Some(object) = service.as_object_mut() else {
        return;
    };
    let Some(old) = old else {
        object.insert("status".to_owned(), json!({ "loadBalancer": {} }));
        return;
    };
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else {
        return;
    };
    if spec.get("type") == Some(&json!("ExternalName")) || old["spec"]["type"] == "ExternalName" {
        return;
    }
    for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        let before = &old["spec"][field];
        if !before.is_null() && spec.get(field).is_none_or(|it| it.is_null() || it == "") {
            spec.insert(field.to_owned(), before.clone());
        }
    }
}

/// Gives a service the addresses and node ports that it asks for, apart from those of `others`.
///
/// The same service among the same others gets the same ones.
pub(crate) fn allocate<'a>(service: &mut Value, others: impl Iterator<Item = &'a Value>) {
    let (mut addresses, mut ports) = (BTreeSet::new(), BTreeSet::new());
    for other in others {
        let spec = Place::root(other).at("spec");
        addresses.insert(spec.at("clusterIP").text());
        let taken = spec.at("ports").items();
        ports.extend(taken.filter_map(|it| it.at("nodePort").integer()));
    }
    let meta = &service["metadata"];
    let seed = hash(&format!("{}/{}", meta["namespace"], meta["name"]));
    let Some(spec) = fields(service, &["spec"]) else {
        return;
    };
    let kind = spec.get("type").and_then(Value::as_str).unwrap_or("");
    if kind == "ExternalName" {
        return;
    }
    let is_exposed = ["NodePort", "LoadBalancer"].contains(&kind);
    if spec
        .get("clusterIP")
        .is_none_or(|it| it.is_null() || it == "")
    {
        spec.insert(
            "clusterIP".to_owned(),
            json!(free_address(seed, &addresses)),
        );
    }
    let address = spec["clusterIP"].clone();
    set_default(spec, "clusterIPs", json!([address]));
    set_default(spec, "ipFamilies", json!(["IPv4"]));
    set_default(spec, "ipFamilyPolicy", json!("SingleStack"));
    if is_exposed {
        expose(spec, seed, ports);
    }
}

fn expose(spec: &mut serde_json::Map<String, Value>, seed: u64, mut taken: BTreeSet<i64>) {
    for port in items(spec, "ports") {
        if port
            .get("nodePort")
            .is_none_or(|it| it.is_null() || it == 0)
        {
            let numbers = (0..u64::from(NODE_PORTS)).map(|it| {
                let offset = (seed.wrapping_add(it)) % u64::from(NODE_PORTS);
                i64::from(FIRST_NODE_PORT) + offset.cast_signed()
            });
            let free = numbers.into_iter().find(|it| !taken.contains(it));
            // With every port taken it has none, as before.
            if let Some(free) = free {
                taken.insert(free);
                port.insert("nodePort".to_owned(), json!(free));
            }
        }
    }
}

/// An address of 10.96.0.0/16, without the first ones, which are the cluster's own.
fn free_address(seed: u64, taken: &BTreeSet<&str>) -> String {
    const FIRST: u64 = 256;
    const LAST: u64 = 65_534;
    let room = LAST - FIRST + 1;
    let mut all = (0..room).map(|it| {
        let offset = FIRST + seed.wrapping_add(it) % room;
        let [.., high, low] = offset.to_be_bytes();
        Ipv4Addr::new(10, 96, high, low).to_string()
    });
    all.find(|it| !taken.contains(it.as_str()))
        .unwrap_or_default()
}

/// FNV-1a: short, and the same on every machine.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn check(service: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let spec = Place::root(service).at("spec");
    let (kind, address) = (spec.at("type"), spec.at("clusterIP"));
    let mut found = Vec::new();
    let (ports, is_headless) = (spec.at("ports"), address.text() == "None");
    if ports.is_empty() && !is_headless && kind.text() != "ExternalName" {
        found.push(ports.required(""));
    }
    let addresses = Place::new("spec.clusterIPs[0]", address.value);
    if kind.text() == "LoadBalancer" && is_headless {
        let detail = "may not be set to 'None' for LoadBalancer services";
        found.push(addresses.invalid(detail));
    }
    if kind.text() == "ExternalName" {
        found.extend(external_name(&spec));
    }
    found.extend(port_faults(&ports));
    found.extend(metadata::labels(&spec.at("selector")));
    found.extend(spec.at("sessionAffinity").choice(&["ClientIP", "None"]));
    found.extend(kind.choice(&["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]));
    let is_address = is_headless || address.text().parse::<IpAddr>().is_ok();
    if !address.is_empty() && !is_address {
        let detail = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
        found.push(addresses.invalid(detail));
    }
    found.extend(unexposed(&kind, &ports));
    found.extend(same_ports(&ports));
    found.extend(old.and_then(|old| moved(&spec, old)));
    found
}

fn external_name(spec: &Place<'_>) -> Vec<FieldError> {
    let name = spec.at("externalName");
    match name.text() {
        "" => vec![name.required("")],
        text => name.invalid_text(names::subdomain(text)),
    }
}

fn port_faults(ports: &Place<'_>) -> Vec<FieldError> {
    let (mut found, mut known) = (Vec::new(), Vec::new());
    let is_single = ports.items().count() == 1;
    for port in ports.items() {
        let (name, target) = (port.at("name"), port.at("targetPort"));
        match name.text() {
            "" if is_single => {}
            "" => found.push(name.required("")),
            text => {
                found.extend(name.invalid_text(names::label(text)));
                if known.contains(&text) {
                    found.push(name.duplicate());
                }
                known.push(text);
            }
        }
        found.extend(port_number(&port.at("port")));
        found.extend(port.at("protocol").choice(&["SCTP", "TCP", "UDP"]));
        found.extend(port_number(&target));
        if target.value.is_string() {
            found.extend(target.invalid_text(names::port_name(target.text())));
        }
    }
    found
}

fn unexposed(kind: &Place<'_>, ports: &Place<'_>) -> Vec<FieldError> {
    if kind.text() != "ClusterIP" {
        return Vec::new();
    }
    let set = ports.items().map(|it| it.at("nodePort"));
    set.filter(|it| it.integer().is_some_and(|it| it != 0))
        .map(|it| it.forbidden("may not be used when `type` is 'ClusterIP'"))
        .collect()
}

fn same_ports(ports: &Place<'_>) -> Vec<FieldError> {
    let (mut found, mut known) = (Vec::new(), Vec::new());
    for port in ports.items() {
        let (protocol, number) = (port.at("protocol").text(), port.at("port").integer());
        if known.contains(&(protocol, number)) {
            let value = json!({ "Name": "", "Protocol": protocol, "AppProtocol": null,
                "Port": number, "TargetPort": 0, "NodePort": 0 });
            found.push(FieldError::new(&port.path, Fault::Duplicate(value), ""));
        }
        known.push((protocol, number));
    }
    found
}

fn moved(spec: &Place<'_>, old: &Value) -> Option<FieldError> {
    let before = Place::root(old).at("spec");
    let is_kept = |spec: &Place<'_>| spec.at("type").text() != "ExternalName";
    let (new, old) = (spec.at("clusterIPs"), before.at("clusterIPs"));
    let is_moved = !old.is_empty() && !new.is_empty() && new.value != old.value;
    (is_kept(spec) && is_kept(&before) && is_moved).then(|| {
        let first = Place::new("spec.clusterIPs[0]", new.value);
        first.invalid("may not change once set")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(name: &str, kind: &str) -> Value {
        let mut service = json!({ "metadata": { "namespace": "a", "name": name },
            "spec": { "type": kind, "ports": [{ "port": 80 }] } });
        complete(&mut service);
        service
    }

    #[test]
    fn addresses_depend_on_the_name_and_are_given_once() {
        let (mut first, mut second) = (service("web", "NodePort"), service("web", "NodePort"));
        allocate(&mut first, [].into_iter());
        allocate(&mut second, [].into_iter());
        assert_eq!(first, second);
        let mut third = service("web", "NodePort");
        allocate(&mut third, [&first].into_iter());
        assert_ne!(first["spec"]["clusterIP"], third["spec"]["clusterIP"]);
        let port = |it: &Value| it["spec"]["ports"][0]["nodePort"].as_i64();
        assert_ne!(port(&first), port(&third));
        assert!(port(&first).is_some_and(|it| (30_000..=32_767).contains(&it)));
    }

    #[test]
    fn headless_and_external_services_get_no_address() {
        let mut headless = service("a", "ClusterIP");
        headless["spec"]["clusterIP"] = json!("None");
        allocate(&mut headless, [].into_iter());
        assert_eq!(headless["spec"]["clusterIPs"], json!(["None"]));
        let mut external = service("a", "ExternalName");
        allocate(&mut external, [].into_iter());
        assert!(external["spec"].get("clusterIP").is_none());
    }

    #[test]
    fn an_update_keeps_the_address() {
        let mut old = service("a", "ClusterIP");
        allocate(&mut old, [].into_iter());
        let mut new = service("a", "ClusterIP");
        prepare(&mut new, Some(&old));
        assert_eq!(new["spec"]["clusterIP"], old["spec"]["clusterIP"]);
        assert_eq!(check(&new, Some(&old)), vec![]);
        new["spec"]["clusterIPs"] = json!(["10.0.0.1"]);
        let found = check(&new, Some(&old));
        assert_eq!(
            found[0].to_string(),
            "spec.clusterIPs[0]: Invalid value: [\"10.0.0.1\"]: may not change once set"
        );
    }
}
