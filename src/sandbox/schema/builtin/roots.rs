//! The types from which all others are reached.

use k8s_openapi::api::{
    apps, authentication, authorization, autoscaling, batch, coordination, core, discovery, policy,
    rbac,
};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions;
use k8s_openapi::apimachinery::pkg::apis::meta;
use k8s_openapi::{ListableResource, Resource};
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use super::{API_VERSION, KIND, OBJECT_META, list};
use crate::sandbox::schema::{Definitions, REFERENCE};

/// A type that requests or answers carry.
pub(super) struct Root {
    pub(super) group: &'static str,
    pub(super) version: &'static str,
    /// Empty for a part of other types.
    pub(super) kind: &'static str,
    pub(super) list_kind: Option<&'static str>,
    /// The name of its definition.
    pub(super) name: fn() -> String,
    /// Adds it and all that it refers to.
    pub(super) generate: fn(&mut SchemaGenerator),
}

const fn listed<T: JsonSchema + ListableResource>() -> Root {
    Root {
        list_kind: Some(T::LIST_KIND),
        ..alone::<T>()
    }
}

/// One of which there are no lists.
const fn alone<T: JsonSchema + Resource>() -> Root {
    Root {
        group: T::GROUP,
        version: T::VERSION,
        kind: T::KIND,
        list_kind: None,
        name: || T::schema_name().into_owned(),
        generate: |generator| {
            generator.subschema_for::<T>();
        },
    }
}

/// One that is no object of its own: of every group.
const fn part<T: JsonSchema>(kind: &'static str) -> Root {
    Root {
        group: "",
        version: "v1",
        kind,
        list_kind: None,
        name: || T::schema_name().into_owned(),
        generate: |generator| {
            generator.subschema_for::<T>();
        },
    }
}

pub(super) const ROOTS: &[Root] = &[
    listed::<core::v1::ConfigMap>(),
    listed::<core::v1::Endpoints>(),
    listed::<core::v1::Event>(),
    listed::<core::v1::LimitRange>(),
    listed::<core::v1::Namespace>(),
    listed::<core::v1::Node>(),
    alone::<core::v1::PersistentVolumeClaim>(),
    listed::<core::v1::Pod>(),
    listed::<core::v1::ResourceQuota>(),
    listed::<core::v1::Secret>(),
    listed::<core::v1::Service>(),
    listed::<core::v1::ServiceAccount>(),
    listed::<apps::v1::ControllerRevision>(),
    listed::<apps::v1::DaemonSet>(),
    listed::<apps::v1::Deployment>(),
    listed::<apps::v1::ReplicaSet>(),
    listed::<apps::v1::StatefulSet>(),
    listed::<autoscaling::v1::HorizontalPodAutoscaler>(),
    listed::<autoscaling::v2::HorizontalPodAutoscaler>(),
    alone::<autoscaling::v1::Scale>(),
    listed::<batch::v1::CronJob>(),
    listed::<batch::v1::Job>(),
    listed::<coordination::v1::Lease>(),
    listed::<discovery::v1::EndpointSlice>(),
    listed::<policy::v1::PodDisruptionBudget>(),
    listed::<rbac::v1::ClusterRole>(),
    listed::<rbac::v1::ClusterRoleBinding>(),
    listed::<rbac::v1::Role>(),
    listed::<rbac::v1::RoleBinding>(),
    listed::<apiextensions::v1::CustomResourceDefinition>(),
    alone::<authentication::v1::SelfSubjectReview>(),
    alone::<authorization::v1::LocalSubjectAccessReview>(),
    alone::<authorization::v1::SelfSubjectAccessReview>(),
    alone::<authorization::v1::SelfSubjectRulesReview>(),
    alone::<authorization::v1::SubjectAccessReview>(),
    part::<meta::v1::DeleteOptions>("DeleteOptions"),
    part::<meta::v1::ListMeta>(""),
    part::<meta::v1::Status>("Status"),
];

/// The definitions of `metrics.k8s.io/v1beta1`, which is no part of Kubernetes itself.
pub(super) fn metrics() -> Definitions {
    let name = |kind: &str| format!("io.k8s.metrics.pkg.apis.metrics.v1beta1.{kind}");
    let usage = json!({
        "type": "object",
        "description": "What is used of each resource.",
        "additionalProperties": refer(QUANTITY),
    });
    let container = json!({
        "type": "object",
        "description": "What a container uses.",
        "required": ["name", "usage"],
        "properties": {
            "name": { "type": "string", "default": "", "description": "The name of the container." },
            "usage": usage,
        },
    });
    let containers = json!({
        "type": "array",
        "description": "What each container used in the window.",
        "items": refer(&name("ContainerMetrics")),
        "x-kubernetes-list-type": "atomic",
    });
    let node = measured("NodeMetrics", "usage", usage);
    let pod = measured("PodMetrics", "containers", containers);
    let of =
        |kind: &str| json!([{ "group": "metrics.k8s.io", "version": "v1beta1", "kind": kind }]);
    let mut definitions = Definitions::new();
    for (kind, mut schema) in [("NodeMetrics", node), ("PodMetrics", pod)] {
        let list_kind = format!("{kind}List");
        let mut list = list(&name(kind), &list_kind);
        list[super::KINDS] = of(&list_kind);
        schema[super::KINDS] = of(kind);
        definitions.insert(name(kind), schema);
        definitions.insert(name(&list_kind), list);
    }
    definitions.insert(name("ContainerMetrics"), container);
    definitions
}

/// An object with what was measured within a window.
fn measured(kind: &str, field: &str, schema: Value) -> Value {
    let about = |description: &str, name: &str| json!({ "description": description, "allOf": [refer(name)] });
    json!({
        "type": "object",
        "description": format!("{kind} is what was used within a window."),
        "required": ["timestamp", "window", field],
        "properties": {
            "apiVersion": { "type": "string", "description": API_VERSION },
            "kind": { "type": "string", "description": KIND },
            "metadata": {
                "description": "The name of what was measured.",
                "default": {},
                "allOf": [refer(OBJECT_META)],
            },
            "timestamp": about("The end of the window.", TIME),
            "window": {
                "type": "string",
                "description": "The length of the window, such as `30s`.",
            },
            field: schema,
        },
    })
}

fn refer(name: &str) -> Value {
    json!({ "$ref": format!("{REFERENCE}{name}") })
}

const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";
const TIME: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Time";
