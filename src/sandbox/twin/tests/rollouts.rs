//! What becomes of workloads.

use serde_json::{Value, json};

use crate::sandbox::twin::fields::text;
use crate::sandbox::twin::testing::{Map, at, deployment, twin};
use crate::sandbox::twin::{Config, Name, Objects, Of};

fn counts(map: &Map, of: Of, name: &str) -> Value {
    let status = map.one(of, name)["status"].clone();
    let field = |field: &str| status.get(field).cloned().unwrap_or(json!(0));
    json!([
        field("replicas"),
        field("updatedReplicas"),
        field("readyReplicas"),
        field("availableReplicas"),
    ])
}

fn images(map: &Map) -> Vec<String> {
    let pods = map.list(Of::Pod);
    let image = |it: &std::sync::Arc<Value>| text(it, "/spec/containers/0/image").to_owned();
    pods.iter().map(image).collect()
}

fn condition(object: &Value, kind: &str) -> (String, String) {
    let all = object["status"]["conditions"].as_array().unwrap();
    let found = all.iter().find(|it| it["type"] == kind).unwrap();
    let field = |field: &str| text(found, &format!("/{field}")).to_owned();
    (field("status"), field("reason"))
}

#[test]
fn a_deployment_comes_up_and_tells_of_it() {
    let objects = [(Of::Deployment, deployment("web", 3, 100, None))];
    let (mut twin, map) = twin(&objects, Config::starting_at(at(0)));
    twin.advance(at(-3590));
    assert_eq!(counts(&map, Of::Deployment, "web"), json!([3, 3, 0, 0]));
    let web = map.one(Of::Deployment, "web");
    let not_yet = ("False".to_owned(), "MinimumReplicasUnavailable".to_owned());
    assert_eq!(condition(&web, "Available"), not_yet);
    twin.advance(at(-3570));
    assert_eq!(counts(&map, Of::Deployment, "web"), json!([3, 3, 3, 3]));
    let web = map.one(Of::Deployment, "web");
    let done = ("True".to_owned(), "NewReplicaSetAvailable".to_owned());
    assert_eq!(condition(&web, "Progressing"), done);
    assert_eq!(web["status"]["observedGeneration"], 1);
    assert_eq!(
        web["metadata"]["annotations"]["deployment.kubernetes.io/revision"],
        "1"
    );
    let pods = map.list(Of::Pod);
    let set = &map.list(Of::ReplicaSet)[0];
    let mut nodes: Vec<&str> = pods.iter().map(|it| text(it, "/spec/nodeName")).collect();
    nodes.sort_unstable();
    assert_eq!(nodes, ["node-1", "node-2", "node-3"]);
    for pod in &pods {
        let prefix = format!("{}-", text(set, "/metadata/name"));
        assert!(text(pod, "/metadata/name").starts_with(&prefix));
        assert_eq!(condition(pod, "Ready").0, "True");
        assert_eq!(pod["status"]["phase"], "Running");
        assert_eq!(pod["status"]["containerStatuses"][0]["ready"], true);
    }
}

#[test]
fn nothing_is_written_while_nothing_happens() {
    let objects = [(Of::Deployment, deployment("web", 3, 100, None))];
    let (mut twin, map) = twin(&objects, Config::starting_at(at(0)));
    twin.advance(at(-3000));
    let version = map.version();
    twin.advance(at(-10));
    assert_eq!(map.version(), version);
}

#[test]
fn a_rollout_keeps_its_bounds_and_goes_back_to_an_old_template() {
    let objects = [(Of::Deployment, deployment("web", 8, 100, None))];
    let (mut twin, map) = twin(&objects, Config::starting_at(at(0)));
    twin.advance(at(0));
    let first = map.list(Of::ReplicaSet)[0].clone();
    let set_image = |image: &str| {
        map.edit(Of::Deployment, "web", |it| {
            it["spec"]["template"]["spec"]["containers"][0]["image"] = json!(image);
        });
    };
    set_image("app:2");
    for second in 0..300 {
        twin.advance(at(second));
        let pods = map.list(Of::Pod);
        let ready = pods.iter().filter(|it| condition(it, "Ready").0 == "True");
        assert!((6..=10).contains(&pods.len()), "{second}: {}", pods.len());
        assert!(ready.count() >= 6, "{second}");
    }
    assert_eq!(images(&map), vec!["app:2"; 8]);
    assert_eq!(counts(&map, Of::Deployment, "web"), json!([8, 8, 8, 8]));
    assert_eq!(map.list(Of::ReplicaSet).len(), 2);
    set_image("app:1");
    twin.advance(at(600));
    assert_eq!(images(&map), vec!["app:1"; 8]);
    let sets = map.list(Of::ReplicaSet);
    assert_eq!(sets.len(), 2, "the old one is used again");
    let name = Name::of(&first);
    let first = map.get(Of::ReplicaSet, &name).unwrap();
    assert_eq!(
        first["metadata"]["annotations"]["deployment.kubernetes.io/revision"],
        "3"
    );
    assert_eq!(first["status"]["readyReplicas"], 8);
}

#[test]
fn a_paused_deployment_scales_but_does_not_roll() {
    let objects = [(Of::Deployment, deployment("web", 2, 100, None))];
    let (mut twin, map) = twin(&objects, Config::starting_at(at(0)));
    twin.advance(at(0));
    map.edit(Of::Deployment, "web", |it| {
        it["spec"]["paused"] = json!(true);
        it["spec"]["replicas"] = json!(5);
        it["spec"]["template"]["spec"]["containers"][0]["image"] = json!("app:2");
    });
    twin.advance(at(100));
    assert_eq!(images(&map), vec!["app:1"; 5]);
    let web = map.one(Of::Deployment, "web");
    assert_eq!(condition(&web, "Progressing").1, "DeploymentPaused");
    map.edit(Of::Deployment, "web", |it| {
        it["spec"]["paused"] = json!(false)
    });
    twin.advance(at(300));
    assert_eq!(images(&map), vec!["app:2"; 5]);
}

#[test]
fn what_comes_in_the_middle_of_a_rollout_is_shared() {
    let objects = [(Of::Deployment, deployment("web", 2, 100, None))];
    let (mut twin, map) = twin(&objects, Config::starting_at(at(0)));
    twin.advance(at(0));
    map.edit(Of::Deployment, "web", |it| {
        it["spec"]["template"]["spec"]["containers"][0]["image"] = json!("app:2");
    });
    twin.advance(at(5));
    map.edit(Of::Deployment, "web", |it| {
        it["spec"]["replicas"] = json!(5)
    });
    twin.advance(at(6));
    let events = map.list(Of::Event);
    let is_told = |end: &str| events.iter().any(|it| text(it, "/message").ends_with(end));
    // Of seven that there may be, as two to one.
    assert!(
        is_told("from 2 to 5") && is_told("from 1 to 2"),
        "{events:?}"
    );
}

#[test]
fn old_templates_are_kept_as_far_as_the_history_goes() {
    let mut web = deployment("web", 1, 100, None);
    web["spec"]["revisionHistoryLimit"] = json!(2);
    web["spec"]["strategy"] = json!({ "type": "Recreate" });
    let (mut twin, map) = twin(&[(Of::Deployment, web)], Config::starting_at(at(0)));
    for round in 1..6 {
        map.edit(Of::Deployment, "web", |it| {
            it["spec"]["template"]["spec"]["containers"][0]["image"] = json!(format!("a:{round}"));
        });
        twin.advance(at(100 * round));
        assert_eq!(images(&map), [format!("a:{round}")]);
    }
    assert_eq!(map.list(Of::ReplicaSet).len(), 3);
}

#[test]
fn scaling_down_takes_the_pods_that_are_not_ready_then_the_newest() {
    let objects = [(Of::Deployment, deployment("web", 2, 100, None))];
    let (mut twin, map) = twin(&objects, Config::starting_at(at(0)));
    twin.advance(at(0));
    let names = |map: &Map| -> Vec<Name> {
        let pods = map.list(Of::Pod);
        pods.iter().map(|it| Name::of(it)).collect()
    };
    let oldest = names(&map);
    let scale = |replicas: i32| {
        map.edit(Of::Deployment, "web", |it| {
            it["spec"]["replicas"] = json!(replicas)
        });
    };
    scale(4);
    twin.advance(at(60));
    let four = names(&map);
    scale(6);
    twin.advance(at(70));
    scale(4);
    twin.advance(at(71));
    assert_eq!(names(&map), four);
    scale(2);
    twin.advance(at(72));
    assert_eq!(names(&map), oldest);
}

#[test]
fn a_pod_that_somebody_deletes_comes_back() {
    let objects = [(Of::Deployment, deployment("web", 2, 100, None))];
    let (mut twin, map) = twin(&objects, Config::starting_at(at(0)));
    twin.advance(at(0));
    let pod = Name::of(&map.list(Of::Pod)[0]);
    map.delete(Of::Pod, &pod).unwrap();
    twin.advance(at(1));
    assert_eq!(map.list(Of::Pod).len(), 2);
    assert!(map.get(Of::Pod, &pod).is_none());
}

#[test]
fn pods_wait_for_a_node_with_room() {
    let objects = [(Of::Deployment, deployment("web", 4, 1000, None))];
    let (mut twin, map) = twin(&objects, Config::starting_at(at(0)));
    let set_cores = |cores: &str| {
        for node in map.list(Of::Node) {
            let mut node = (*node).clone();
            node["status"] = json!({ "allocatable": { "cpu": cores } });
            map.update_status(Of::Node, node).unwrap();
        }
    };
    set_cores("1");
    twin.advance(at(0));
    let pods = map.list(Of::Pod);
    let pending = pods
        .iter()
        .find(|it| it["spec"]["nodeName"].is_null())
        .unwrap();
    let why = "0/3 nodes are available: 3 Insufficient cpu.";
    assert_eq!(pending["status"]["conditions"][0]["message"], why);
    set_cores("2");
    twin.advance(at(60));
    assert_eq!(counts(&map, Of::Deployment, "web"), json!([4, 4, 4, 4]));
}

#[test]
fn a_stateful_set_goes_in_order() {
    let mut db = deployment("db", 3, 100, None);
    db["kind"] = json!("StatefulSet");
    let (mut twin, map) = twin(&[(Of::StatefulSet, db)], Config::starting_at(at(0)));
    let names = |map: &Map| -> Vec<String> {
        let pods = map.list(Of::Pod);
        let name = |it: &std::sync::Arc<Value>| text(it, "/metadata/name").to_owned();
        pods.iter().map(name).collect()
    };
    twin.advance(at(-3590));
    assert_eq!(names(&map), ["db-0"]);
    twin.advance(at(-3560));
    assert_eq!(names(&map), ["db-0", "db-1"]);
    twin.advance(at(0));
    assert_eq!(counts(&map, Of::StatefulSet, "db"), json!([3, 3, 3, 3]));
    map.edit(Of::StatefulSet, "db", |it| {
        it["spec"]["template"]["spec"]["containers"][0]["image"] = json!("app:2");
    });
    twin.advance(at(1));
    assert_eq!(images(&map), ["app:1", "app:1", "app:2"]);
    twin.advance(at(300));
    assert_eq!(images(&map), ["app:2"; 3]);
    map.edit(Of::StatefulSet, "db", |it| {
        it["spec"]["replicas"] = json!(1)
    });
    twin.advance(at(301));
    assert_eq!(names(&map), ["db-0"]);
    let status = &map.one(Of::StatefulSet, "db")["status"];
    assert_eq!(status["currentRevision"], status["updateRevision"]);
}
