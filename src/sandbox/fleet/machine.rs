//! A machine of the cluster: a Node as its kubelet would tell of it, and the kubelet's Lease.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::sandbox::discovery::VERSION;

/// The conditions of a node that is well, in the order of the kubelet.
const CONDITIONS: [(&str, &str, &str, &str); 4] = [
    (
        "MemoryPressure",
        "False",
        "KubeletHasSufficientMemory",
        "kubelet has sufficient memory available",
    ),
    (
        "DiskPressure",
        "False",
        "KubeletHasNoDiskPressure",
        "kubelet has no disk pressure",
    ),
    (
        "PIDPressure",
        "False",
        "KubeletHasSufficientPID",
        "kubelet has sufficient PID available",
    ),
    (
        "Ready",
        "True",
        "KubeletReady",
        "kubelet is posting ready status",
    ),
];

/// The objects of the machine with this number, which is there since then.
pub(super) fn of(number: u64, since: Timestamp) -> [Value; 2] {
    let name = format!("node-{number}");
    let lease = json!({ "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": { "name": name, "namespace": "kube-node-lease" },
        "spec": { "holderIdentity": name, "leaseDurationSeconds": 40 } });
    [node(number, &name, since), lease]
}

fn node(number: u64, name: &str, since: Timestamp) -> Value {
    let room = json!({ "cpu": "64", "memory": "256Gi", "pods": "110" });
    let since = since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let conditions = CONDITIONS.map(|(kind, status, reason, message)| {
        json!({ "type": kind, "status": status, "reason": reason, "message": message,
            "lastHeartbeatTime": since, "lastTransitionTime": since })
    });
    json!({ "apiVersion": "v1", "kind": "Node",
        "metadata": { "name": name, "labels": {
            "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": name,
            "kubernetes.io/os": "linux",
        } },
        "status": {
            "capacity": room, "allocatable": room, "conditions": conditions,
            "addresses": [
                { "type": "InternalIP", "address": address(number) },
                { "type": "Hostname", "address": name },
            ],
            "nodeInfo": {
                "machineID": "", "systemUUID": "", "bootID": "", "kernelVersion": "sandbox",
                "osImage": "stepscale sandbox", "containerRuntimeVersion": "sandbox://0",
                "kubeletVersion": VERSION, "kubeProxyVersion": "",
                "operatingSystem": "linux", "architecture": "amd64",
            },
        } })
}

/// An address that no pod has.
fn address(number: u64) -> String {
    format!("10.0.{}.{}", number / 250, number % 250 + 1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_machine_has_an_address_of_its_own() {
        let addresses: BTreeSet<_> = (1..=5_000).map(address).collect();
        assert_eq!(addresses.len(), 5_000);
        let parsed = addresses.iter().map(|it| it.parse::<std::net::Ipv4Addr>());
        assert!(parsed.into_iter().all(|it| it.is_ok()));
    }

    #[test]
    fn a_node_comes_with_the_lease_of_its_kubelet() {
        let [node, lease] = of(3, Timestamp::UNIX_EPOCH);
        assert_eq!(node["metadata"]["name"], lease["metadata"]["name"]);
        assert_eq!(lease["spec"]["holderIdentity"], "node-3");
        let ready = &node["status"]["conditions"][3];
        assert_eq!(ready["lastTransitionTime"], "1970-01-01T00:00:00Z");
    }
}
