//! Containers.

use crate::sandbox::rules::place::Place;
use crate::sandbox::rules::{names, resources};
use crate::sandbox::status::{Fault, FieldError};

/// What is wrong with all containers of a pod, those that run first included.
pub(super) fn check_all(spec: &Place<'_>, volumes: &[&str]) -> Vec<FieldError> {
    let (all, first) = (spec.at("containers"), spec.at("initContainers"));
    let mut found = Vec::new();
    if all.is_empty() {
        found.push(all.required(""));
    }
    let mut known = Vec::new();
    for container in all.items() {
        found.extend(named(&container, &known));
        known.push(container.at("name").text());
        found.extend(imaged(&container));
        found.extend(check(&container, volumes));
        found.extend(probes(&container));
    }
    // Images with white space are looked at in the end, in containers of every kind.
    let mut seen = known;
    for container in first.items() {
        found.extend(named(&container, &seen));
        seen.push(container.at("name").text());
        found.extend(imaged(&container));
        found.extend(check(&container, volumes));
        found.extend(without_probes(&container));
    }
    found.extend(all.items().filter_map(|it| trimmed(&it)));
    found.extend(first.items().filter_map(|it| trimmed(&it)));
    found
}

fn named(container: &Place<'_>, known: &[&str]) -> Vec<FieldError> {
    let name = container.at("name");
    match name.text() {
        "" => vec![name.required("")],
        text => match names::label(text) {
            faults if !faults.is_empty() => name.invalid_text(faults),
            _ if known.contains(&text) => vec![name.duplicate()],
            _ => vec![],
        },
    }
}

fn imaged(container: &Place<'_>) -> Option<FieldError> {
    let image = container.at("image");
    image.is_empty().then(|| image.required(""))
}

fn trimmed(container: &Place<'_>) -> Option<FieldError> {
    let image = container.at("image");
    let is_loose = image.text().trim() != image.text();
    is_loose.then(|| image.invalid("must not have leading or trailing whitespace"))
}

fn check(container: &Place<'_>, volumes: &[&str]) -> Vec<FieldError> {
    let mut found = Vec::new();
    let policy = container.at("terminationMessagePolicy");
    found.extend(policy.choice(&["File", "FallbackToLogsOnError"]));
    found.extend(ports(&container.at("ports")));
    found.extend(container.at("env").items().flat_map(|it| variable(&it)));
    found.extend(mounts(&container.at("volumeMounts"), volumes));
    let pull = container.at("imagePullPolicy");
    found.extend(pull.choice(&["Always", "IfNotPresent", "Never"]));
    found.extend(resources::check(&container.at("resources")));
    found
}

fn ports(ports: &Place<'_>) -> Vec<FieldError> {
    let (mut found, mut known) = (Vec::new(), Vec::new());
    for port in ports.items() {
        let (name, number) = (port.at("name"), port.at("containerPort"));
        if !name.is_empty() {
            let faults = names::port_name(name.text());
            if faults.is_empty() && known.contains(&name.text()) {
                found.push(name.duplicate());
            }
            found.extend(name.invalid_text(faults));
            known.push(name.text());
        }
        match number.integer() {
            None | Some(0) => found.push(number.required("")),
            Some(_) => found.extend(port_number(&number)),
        }
        let host = port.at("hostPort");
        found.extend(port_number(&host).filter(|_| host.integer() != Some(0)));
        found.extend(port.at("protocol").choice(&["SCTP", "TCP", "UDP"]));
    }
    found
}

/// That a port is one; a missing one is not looked at.
pub(in crate::sandbox::rules) fn port_number(port: &Place<'_>) -> Option<FieldError> {
    let is_one = port.integer().is_none_or(|it| (1..=65535).contains(&it));
    (!is_one).then(|| port.invalid("must be between 1 and 65535, inclusive"))
}

fn variable(variable: &Place<'_>) -> Vec<FieldError> {
    let (name, from) = (variable.at("name"), variable.at("valueFrom"));
    let mut found = match name.text() {
        "" => vec![name.required("")],
        text => name.invalid_text(names::variable(text)),
    };
    if from.is_set() {
        found.extend(sources(&from));
        if !variable.at("value").is_empty() {
            found.push(from.refuse("", "may not be specified when `value` is not empty"));
        }
    }
    found
}

fn sources(from: &Place<'_>) -> Vec<FieldError> {
    let mut found = Vec::new();
    let field = from.at("fieldRef");
    if field.is_set() {
        found.extend(field_reference(&field));
    }
    for name in ["configMapKeyRef", "secretKeyRef"] {
        if from.at(name).is_set() {
            found.extend(key_reference(&from.at(name)));
        }
    }
    let all = [
        "fieldRef",
        "resourceFieldRef",
        "configMapKeyRef",
        "secretKeyRef",
        "fileKeyRef",
    ];
    match all.iter().filter(|it| from.at(it).is_set()).count() {
        0 => found.push(from.refuse(
            "",
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, \
             `secretKeyRef` or `fileKeyRef`",
        )),
        1 => {}
        _ => found.push(from.refuse("", "may not have more than one field specified at a time")),
    }
    found
}

fn field_reference(field: &Place<'_>) -> Option<FieldError> {
    const PATHS: [&str; 10] = [
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "spec.nodeName",
        "spec.serviceAccountName",
        "status.hostIP",
        "status.hostIPs",
        "status.podIP",
        "status.podIPs",
        "metadata.labels",
    ];
    let path = field.at("fieldPath");
    let text = path.text();
    if text.is_empty() {
        return Some(path.required(""));
    }
    let is_key = ["metadata.labels['", "metadata.annotations['"]
        .iter()
        .any(|it| text.starts_with(it));
    if is_key || PATHS[..9].contains(&text) {
        return None;
    }
    let detail = format!("error converting fieldPath: field label not supported: {text}");
    Some(path.refuse(text, detail))
}

fn key_reference(reference: &Place<'_>) -> Vec<FieldError> {
    let (name, key) = (reference.at("name"), reference.at("key"));
    let faults = names::subdomain(name.text()).into_iter();
    let mut found: Vec<FieldError> = faults.map(|it| name.refuse(name.text(), it)).collect();
    match key.text() {
        "" => found.push(key.required("")),
        text => found.extend(key.invalid_text(names::config_key(text))),
    }
    found
}

fn mounts(mounts: &Place<'_>, volumes: &[&str]) -> Vec<FieldError> {
    let (mut found, mut known) = (Vec::new(), Vec::new());
    for mount in mounts.items() {
        let (name, path) = (mount.at("name"), mount.at("mountPath"));
        if name.is_empty() {
            found.push(name.required(""));
        }
        if !volumes.contains(&name.text()) {
            let fault = Fault::NotFound(name.text().into());
            found.push(FieldError::new(&name.path, fault, ""));
        }
        if path.is_empty() {
            found.push(path.required(""));
        }
        if known.contains(&path.text()) {
            found.push(path.invalid("must be unique"));
        }
        known.push(path.text());
    }
    found
}

const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];

fn probes(container: &Place<'_>) -> Vec<FieldError> {
    let all = PROBES.iter().map(|it| container.at(it));
    all.filter(Place::is_set)
        .flat_map(|it| probe(&it))
        .collect()
}

fn probe(probe: &Place<'_>) -> Vec<FieldError> {
    let mut found = Vec::new();
    let given: Vec<Place<'_>> = ["exec", "httpGet", "tcpSocket", "grpc"]
        .iter()
        .map(|it| probe.at(it))
        .filter(Place::is_set)
        .collect();
    match given.first() {
        None => found.push(probe.required("must specify a handler type")),
        Some(handler) => {
            let port = handler.at("port");
            found.extend(port_number(&port));
            if port.value.is_string() {
                found.extend(port.invalid_text(names::port_name(port.text())));
            }
            let command = handler.at("command");
            if handler.path.ends_with("exec") && command.is_empty() {
                found.push(command.required(""));
            }
        }
    }
    let detail = "may not specify more than 1 handler type";
    found.extend(given.iter().skip(1).map(|it| it.forbidden(detail)));
    for field in [
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ] {
        found.extend(probe.at(field).nonnegative());
    }
    let threshold = probe.at("successThreshold");
    let is_readiness = probe.path.ends_with("readinessProbe");
    if !is_readiness && threshold.integer().is_some_and(|it| it != 1) {
        found.push(threshold.invalid("must be 1"));
    }
    found
}

fn without_probes(container: &Place<'_>) -> Vec<FieldError> {
    if container.at("restartPolicy").text() == "Always" {
        return probes(container);
    }
    let detail = "may not be set for init containers without restartPolicy=Always";
    let all = PROBES.iter().map(|it| container.at(it));
    all.filter(Place::is_set)
        .map(|it| it.forbidden(detail))
        .collect()
}
