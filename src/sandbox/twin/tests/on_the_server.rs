//! A twin on the sandbox's own API server.

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::history::{History, Metric};
use crate::sandbox::api::Api;
use crate::sandbox::clock::Clock;
use crate::sandbox::twin::testing::{at, deployment, hpa};
use crate::sandbox::twin::{Config, Name, Objects, Of, Trace, Twin, Workload};
use crate::series::{Grid, Series};
use crate::sim::demand::Shape;
use crate::units;

fn trace() -> Arc<Trace> {
    let grid = Grid::new(at(300), units::Step::FIVE_MINUTES, 288);
    let mut history = History::default();
    let values = (0..288).map(|it| Some(0.5 + f64::from(it % 96) / 24.0));
    history.insert(Metric::CpuUsage, Series::from_values(grid, values));
    Arc::new(Trace::of_history(&history, Shape::Linear).unwrap())
}

fn fleet(workloads: usize) -> (Twin, Api) {
    let clock = Clock::at(at(-3600));
    let api = Api::remembering(1_000, clock.clone(), 1);
    let make = |object| {
        Api::create(&api, "test", object).unwrap();
    };
    make(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop" } }));
    make(json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": "node-1" } }));
    let mut config = Config::starting_at(at(0));
    for place in 0..workloads {
        let name = format!("web-{place}");
        make(deployment(&name, 2, 500, Some(1000)));
        make(hpa(&name, 2, 12, 70, json!(null)));
        let workload = Workload {
            trace: Some(trace()),
            startup: Some(SignedDuration::from_secs(30)),
        };
        let target = (Of::Deployment, Name::new("shop", &name));
        config.workloads.insert(target, workload);
    }
    (Twin::new(Arc::new(api.clone()), clock, config), api)
}

#[test]
fn an_hpa_scales_a_deployment_of_the_server() {
    let (mut twin, api) = fleet(1);
    twin.advance(at(0));
    let web = Name::new("shop", "web-0");
    let of = |of| Objects::get(&api, of, &web).unwrap();
    assert_eq!(of(Of::Deployment)["status"]["readyReplicas"], 2);
    twin.advance(at(7 * 3600));
    let replicas = of(Of::Deployment)["status"]["readyReplicas"]
        .as_i64()
        .unwrap();
    assert!(replicas > 4, "{replicas}");
    let hpa = of(Of::Hpa);
    assert_eq!(hpa["status"]["currentReplicas"], replicas);
    assert_eq!(hpa["status"]["conditions"][1]["reason"], "ValidMetricFound");
    assert_eq!(Objects::list(&api, Of::Pod).len() as i64, replicas);
    assert_eq!(Objects::list(&api, Of::ReplicaSet).len(), 1);
}

#[test]
fn pods_that_finalizers_hold_stay_until_these_are_gone() {
    for (of, waits) in [(Of::Deployment, false), (Of::StatefulSet, true)] {
        let clock = Clock::at(at(-3600));
        let api = Api::remembering(10_000, clock.clone(), 1);
        let make = |object| Api::create(&api, "test", object).unwrap();
        make(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "shop" } }));
        make(json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": "node-1" } }));
        let mut web = deployment("web", 2, 500, None);
        web["kind"] = json!(of.kind());
        web["spec"]["template"]["metadata"]["finalizers"] = json!(["test/hold"]);
        make(web);
        let api_of_twin = Arc::new(api.clone());
        let mut twin = Twin::new(api_of_twin, clock, Config::starting_at(at(0)));
        twin.advance(at(0));
        let pods = || Objects::list(&api, Of::Pod);
        let held = || -> Vec<_> {
            let is_held = |it: &Arc<Value>| !it["metadata"]["deletionTimestamp"].is_null();
            pods().into_iter().filter(is_held).collect()
        };
        assert_eq!((pods().len(), held().len()), (2, 0));

        Objects::scale(&api, of, &Name::new("shop", "web"), 1).unwrap();
        twin.advance(at(60));
        assert_eq!((pods().len(), held().len()), (2, 1), "{of:?}");
        Objects::scale(&api, of, &Name::new("shop", "web"), 2).unwrap();
        twin.advance(at(120));
        // A StatefulSet has no other name for the new one.
        let expected = if waits { 2 } else { 3 };
        assert_eq!((pods().len(), held().len()), (expected, 1), "{of:?}");
        let version = Objects::version(&api);
        twin.advance(at(125));
        assert_eq!(Objects::version(&api), version, "{of:?}: nothing happens");

        let mut free = (*held()[0]).clone();
        free["metadata"]["finalizers"] = json!([]);
        Api::update(&api, "test", free).unwrap();
        twin.advance(at(180));
        assert_eq!((pods().len(), held().len()), (2, 0), "{of:?}");
    }
}
