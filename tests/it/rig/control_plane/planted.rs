//! The objects of a fleet in namespaces of their own, made through the API of any control plane.
//!
//! What runs is not made: there are neither pods nor what measures them, and everything scales from
//! no replicas, so that a real cluster has nothing to start. Names that are one for a whole cluster
//! have a word in them that no other run uses.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{ControlPlane, unique};
use crate::rig::cluster::{Denied, access, objects};
use crate::rig::fleet::Fleet;

/// How long a server may take with a request, and a new kind until it is served.
const PATIENCE: Duration = Duration::from_secs(30);

/// The kinds that are made; others are of what runs.
const KINDS: [&str; 6] = [
    "DaemonSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "Rollout",
    "StatefulSet",
];

/// A fleet on a control plane, taken away again when dropped.
pub(crate) struct Planted<'a> {
    plane: &'a ControlPlane,
    word: String,
    client: kube::Client,
    runtime: Runtime,
    /// What is to be taken away, the first last.
    made: Vec<Value>,
}

impl<'a> Planted<'a> {
    /// # Panics
    /// When the server refuses an object.
    pub(crate) fn new(plane: &'a ControlPlane, fleet: &Fleet) -> Self {
        // Another test of this process may have done so.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let client = runtime.block_on(client(&plane.kubeconfig()));
        let mut planted = Self {
            plane,
            word: unique(),
            client,
            runtime,
            made: vec![],
        };
        planted.plant(fleet);
        planted
    }

    /// What a namespace of the fleet is called here.
    pub(crate) fn namespace(&self, of_fleet: &str) -> String {
        format!("{of_fleet}-{}", self.word)
    }

    /// Whether a namespace is one of this fleet.
    pub(crate) fn has(&self, namespace: &str) -> bool {
        namespace.ends_with(&format!("-{}", self.word))
    }

    /// Writes a kubeconfig of `user` whose contexts are in a namespace of the fleet.
    pub(crate) fn kubeconfig_in(&self, user: Option<&str>, of_fleet: &str, to: &Path) -> PathBuf {
        let from = match user {
            Some(user) => self.plane.kubeconfig_of(user),
            None => self.plane.kubeconfig(),
        };
        let mut read = Kubeconfig::read_from(from).expect("a kubeconfig");
        let contexts = read.contexts.iter_mut();
        for context in contexts.filter_map(|it| it.context.as_mut()) {
            context.namespace = Some(self.namespace(of_fleet));
        }
        let text = serde_yaml::to_string(&read).expect("a kubeconfig in YAML");
        std::fs::write(to, text).expect("a kubeconfig");
        to.to_owned()
    }

    /// Gives `user` every right in the cluster but what is denied.
    pub(crate) fn grant_all_but(&mut self, user: &str, denied: &[Denied]) {
        let name = format!("limited-{}", self.word);
        for object in access::cluster_role(&name, user, denied) {
            self.create(self.renamed(object));
        }
    }

    fn plant(&mut self, fleet: &Fleet) {
        for namespace in &fleet.namespaces {
            let name = self.namespace(namespace);
            self.create(json!({ "apiVersion": "v1", "kind": "Namespace",
                "metadata": { "name": name } }));
        }
        self.create(self.renamed(objects::rollouts()));
        let all = objects::of(fleet, false).into_iter();
        let kept = all.filter(|it| KINDS.iter().any(|kind| it["kind"] == *kind));
        for object in kept {
            let object = self.prepared(object);
            self.create(object);
        }
    }

    /// The object with what a client may say of it alone.
    fn prepared(&self, mut object: Value) -> Value {
        let metadata = object["metadata"].take();
        object["metadata"] = json!({
            "name": metadata["name"],
            "namespace": self.namespace(metadata["namespace"].as_str().expect("a namespace")),
            "labels": metadata["labels"],
        });
        if object["spec"]["replicas"].is_number() {
            object["spec"]["replicas"] = json!(0);
        }
        self.renamed(object)
    }

    /// Kinds are of the whole cluster, so that the fleet's gets a group of its own.
    fn renamed(&self, object: Value) -> Value {
        let group = format!("{}.argoproj.io", self.word);
        let text = object.to_string().replace("argoproj.io", &group);
        serde_json::from_str(&text).expect("JSON with other texts")
    }

    fn create(&mut self, object: Value) {
        let api = api(&self.client, &object);
        let typed: DynamicObject = serde_json::from_value(object.clone()).expect("an object");
        let name = typed.metadata.name.clone().expect("a name");
        self.runtime.block_on(async {
            let how = PostParams::default();
            let asked = soon(|| api.create(&how, &typed));
            asked.await.unwrap_or_else(|err| panic!("{object}: {err}"));
            if object["kind"] == "Rollout" {
                // A client sets it by itself only.
                let patch = Patch::Merge(json!({ "status": object["status"] }));
                let how = PatchParams::default();
                let patched = api.patch_status(&name, &how, &patch);
                patched.await.expect("a status");
            }
            if object["kind"] == "CustomResourceDefinition" {
                self.wait_until_served(&object).await;
            }
        });
        if object["metadata"]["namespace"].is_null() {
            self.made.push(object);
        }
    }

    async fn wait_until_served(&self, definition: &Value) {
        let group = definition["spec"]["group"].as_str().expect("a group");
        let kind = definition["spec"]["names"]["kind"]
            .as_str()
            .expect("a kind");
        let object = json!({ "apiVersion": format!("{group}/v1alpha1"), "kind": kind });
        let api = api(&self.client, &object);
        let one = ListParams::default().limit(1);
        let listed = soon(|| api.list(&one));
        listed.await.expect("a kind that is served");
    }
}

impl Drop for Planted<'_> {
    fn drop(&mut self) {
        let made = std::mem::take(&mut self.made);
        for object in made.iter().rev() {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            let api = api(&self.client, object);
            // A server that is gone has nothing left.
            let _ = self
                .runtime
                .block_on(api.delete(name, &DeleteParams::default()));
        }
    }
}

async fn client(kubeconfig: &Path) -> kube::Client {
    let read = Kubeconfig::read_from(kubeconfig).expect("a kubeconfig");
    let options = KubeConfigOptions::default();
    let config = kube::Config::from_custom_kubeconfig(read, &options).await;
    kube::Client::try_from(config.expect("a usable kubeconfig")).expect("a client")
}

/// Where objects such as this one are.
fn api(client: &kube::Client, object: &Value) -> Api<DynamicObject> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
    let (group, version) = version.split_once('/').unwrap_or(("", &version));
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &kind));
    match object["metadata"]["namespace"].as_str() {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    }
}

/// Asks again as long as there is no such path: a kind that was just defined takes a moment.
async fn soon<T, F: Future<Output = kube::Result<T>>>(ask: impl Fn() -> F) -> kube::Result<T> {
    let asking = async {
        loop {
            match ask().await {
                Err(kube::Error::Api(status)) if status.code == 404 => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                other => return other,
            }
        }
    };
    let answered = tokio::time::timeout(PATIENCE, asking).await;
    answered.expect("an answer of the cluster in time")
}
