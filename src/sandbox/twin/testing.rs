//! An API server in miniature for the twin's tests: a map of objects with versions.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::fields::{self, stamp, text};
use super::{Config, Name, Objects, Of, Twin};
use crate::sandbox::clock::Clock;
use crate::sandbox::faults::plan::Gap;
use crate::sandbox::faults::{Faults, Plan};
use crate::sandbox::status::{Named, Refusal};

pub(super) const START: i64 = 1_700_006_400;

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(START + seconds).unwrap()
}

#[derive(Default)]
struct Kept {
    version: u64,
    objects: BTreeMap<(Of, Name), Arc<Value>>,
}

/// Objects with versions, generations and uids.
pub(super) struct Map {
    kept: Mutex<Kept>,
    clock: Clock,
}

impl Map {
    pub(super) fn new(clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            kept: Mutex::default(),
            clock,
        })
    }

    /// A change by somebody else.
    pub(super) fn edit(&self, of: Of, name: &str, change: impl FnOnce(&mut Value)) {
        let mut object = (*self.get(of, &Name::new("shop", name)).unwrap()).clone();
        change(&mut object);
        self.update(of, object).unwrap();
    }

    pub(super) fn one(&self, of: Of, name: &str) -> Value {
        (*self.get(of, &Name::new("shop", name)).unwrap()).clone()
    }

    fn put(&self, of: Of, name: Name, mut object: Value) -> Arc<Value> {
        let mut kept = self.kept.lock().unwrap();
        kept.version += 1;
        object["metadata"]["resourceVersion"] = json!(kept.version.to_string());
        let object = Arc::new(object);
        kept.objects.insert((of, name), Arc::clone(&object));
        object
    }

    fn check(&self, of: Of, object: &Value) -> Result<Arc<Value>, Refusal> {
        let name = Name::of(object);
        let named = Named {
            group: of.group(),
            kind: of.kind(),
            plural: of.plural(),
        };
        let missing = || Refusal::not_found(named, &name.name);
        let known = self.get(of, &name).ok_or_else(missing)?;
        let version = text(object, "/metadata/resourceVersion");
        match version.is_empty() || version == text(&known, "/metadata/resourceVersion") {
            true => Ok(known),
            false => Err(Refusal::modified(named, &name.name)),
        }
    }
}

impl Objects for Map {
    fn version(&self) -> u64 {
        self.kept.lock().unwrap().version
    }

    fn list(&self, of: Of) -> Vec<Arc<Value>> {
        let kept = self.kept.lock().unwrap();
        let all = kept.objects.iter().filter(|it| it.0.0 == of);
        all.map(|it| Arc::clone(it.1)).collect()
    }

    fn get(&self, of: Of, name: &Name) -> Option<Arc<Value>> {
        let kept = self.kept.lock().unwrap();
        kept.objects.get(&(of, name.clone())).cloned()
    }

    fn create(&self, of: Of, mut object: Value) -> Result<Arc<Value>, Refusal> {
        let name = Name::of(&object);
        assert!(self.get(of, &name).is_none(), "{name:?} is there already");
        let metadata = &mut object["metadata"];
        metadata["uid"] = json!(format!("uid-{}", self.version() + 1));
        metadata["creationTimestamp"] = stamp(self.clock.now());
        metadata["generation"] = json!(1);
        Ok(self.put(of, name, object))
    }

    fn update(&self, of: Of, mut object: Value) -> Result<Arc<Value>, Refusal> {
        let known = self.check(of, &object)?;
        if known.get("spec") != object.get("spec") {
            let generation = fields::count(&known, "/metadata/generation").unwrap_or(0);
            object["metadata"]["generation"] = json!(generation + 1);
        }
        if of != Of::Event {
            object["status"] = known["status"].clone();
        }
        match object == *known {
            true => Ok(known),
            false => Ok(self.put(of, Name::of(&object), object)),
        }
    }

    fn update_status(&self, of: Of, object: Value) -> Result<Arc<Value>, Refusal> {
        let known = self.check(of, &object)?;
        let mut changed = (*known).clone();
        changed["status"] = object["status"].clone();
        Ok(self.put(of, Name::of(&object), changed))
    }

    fn scale(&self, of: Of, name: &Name, replicas: i32) -> Result<Arc<Value>, Refusal> {
        let mut object = (*self.get(of, name).unwrap()).clone();
        object["spec"]["replicas"] = json!(replicas);
        self.update(of, object)
    }

    /// Finalizers are for the tests on the server.
    fn delete(&self, of: Of, name: &Name) -> Result<Option<Arc<Value>>, Refusal> {
        let mut kept = self.kept.lock().unwrap();
        kept.version += 1;
        kept.objects.remove(&(of, name.clone()));
        Ok(None)
    }
}

/// A twin with three nodes and the given objects, an hour before its start.
pub(super) fn twin(objects: &[(Of, Value)], config: Config) -> (Twin, Arc<Map>) {
    let clock = Clock::at(config.start - SignedDuration::from_hours(1));
    let map = Map::new(clock.clone());
    for node in ["node-1", "node-2", "node-3"] {
        let object = json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": node } });
        map.create(Of::Node, object).unwrap();
    }
    for (of, object) in objects {
        map.create(*of, object.clone()).unwrap();
    }
    let api: Arc<dyn Objects> = Arc::clone(&map) as _;
    (Twin::new(api, clock, config), map)
}

/// Deployment `name` in namespace `shop` with pods of that many millicores.
pub(super) fn deployment(name: &str, replicas: i32, request: i64, limit: Option<i64>) -> Value {
    let mut resources = json!({ "requests": { "cpu": format!("{request}m") } });
    if let Some(limit) = limit {
        resources["limits"] = json!({ "cpu": format!("{limit}m") });
    }
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": name, "namespace": "shop" },
        "spec": {
            "replicas": replicas, "selector": { "matchLabels": { "app": name } },
            "template": {
                "metadata": { "labels": { "app": name } },
                "spec": { "containers": [
                    { "name": "app", "image": "app:1", "resources": resources }] },
            },
        },
    })
}

/// An HPA for the Deployment of that name, by CPU utilization.
pub(super) fn hpa(name: &str, min: i32, max: i32, percent: i32, behavior: Value) -> Value {
    json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": { "name": name, "namespace": "shop" },
        "spec": {
            "minReplicas": min, "maxReplicas": max, "behavior": behavior,
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": name },
            "metrics": [{ "type": "Resource", "resource": { "name": "cpu",
                "target": { "type": "Utilization", "averageUtilization": percent } } }],
        },
    })
}

/// Trouble of one gap in the metrics, in seconds after the start.
pub(super) fn gap(after: i64, lasts: i64) -> Arc<Faults> {
    let gap = Gap {
        after: SignedDuration::from_secs(after),
        lasts: SignedDuration::from_secs(lasts),
        every: None,
    };
    let plan = Plan {
        metrics_gaps: vec![gap],
        ..Plan::default()
    };
    Arc::new(Faults::of(plan, at(0)).unwrap())
}
