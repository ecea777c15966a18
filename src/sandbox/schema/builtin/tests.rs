use serde_json::json;

use super::*;
use crate::sandbox::schema::{ListType, Schema, Shape, Strategy};

/// The place that a path such as `spec.containers` leads to, through the items of lists.
fn place(definition: &str, path: &str) -> Schema<'static> {
    let root = Schema::named(&format!("io.k8s.{definition}"), all()).unwrap();
    path.split('.').fold(root, |at, name| {
        let at = at.items().unwrap_or(at);
        at.field(name)
            .unwrap_or_else(|| panic!("{definition} has no {path}"))
    })
}

#[test]
fn every_line_of_the_tables_says_something_of_a_field_that_exists() {
    let mut definitions = generated();
    definitions.values_mut().for_each(shape);
    assert_eq!(overlay::lay(&mut definitions), Vec::<String>::new());
}

#[test]
fn lines_that_say_nothing_are_found() {
    let schema = || json!({ "required": ["a"], "properties": { "a": {} } });
    for line in [
        "b: set",
        "a: seet",
        "a: required",
        "b: optional",
        "a: default {",
        "a: items x",
        "a",
    ] {
        assert_eq!(overlay::lay_line(line, &mut schema()), None, "{line}");
    }
    assert_eq!(
        overlay::lay_line("a: optional, set", &mut schema()),
        Some(())
    );
}

#[test]
fn every_reference_leads_somewhere() {
    fn visit(node: &Value, path: &str) {
        if let Some(reference) = node.get("$ref").and_then(Value::as_str) {
            let name = reference.strip_prefix(REFERENCE).unwrap();
            assert!(all().contains_key(name), "{path}: {reference}");
            assert_eq!(
                node.as_object().unwrap().len(),
                1,
                "{path}: siblings of a reference"
            );
        }
        let list = node.as_array().into_iter().flatten();
        let object = node.as_object().into_iter().flat_map(Map::values);
        list.chain(object).for_each(|it| visit(it, path));
    }
    for (name, schema) in all().iter() {
        visit(schema, name);
    }
}

#[test]
fn lists_take_part_in_server_side_apply_as_on_a_real_server() {
    let map = |keys: &[&'static str]| ListType::Map(keys.to_vec());
    let pod = "api.core.v1.Pod";
    let cases = [
        (
            "api.autoscaling.v2.HorizontalPodAutoscaler",
            "spec.metrics",
            ListType::Atomic,
        ),
        (
            "api.autoscaling.v2.HorizontalPodAutoscaler",
            "spec.behavior.scaleUp.policies",
            ListType::Atomic,
        ),
        (
            "api.autoscaling.v2.HorizontalPodAutoscaler",
            "status.conditions",
            map(&["type"]),
        ),
        (pod, "spec.containers", map(&["name"])),
        (
            pod,
            "spec.containers.ports",
            map(&["containerPort", "protocol"]),
        ),
        (pod, "spec.containers.args", ListType::Atomic),
        (pod, "spec.tolerations", ListType::Atomic),
        (pod, "metadata.finalizers", ListType::Set),
        (pod, "metadata.ownerReferences", map(&["uid"])),
        (
            "api.core.v1.Service",
            "spec.ports",
            map(&["port", "protocol"]),
        ),
    ];
    for (definition, path, wanted) in cases {
        assert_eq!(
            place(definition, path).list_type(),
            wanted,
            "{definition} {path}"
        );
    }
    assert!(place("api.apps.v1.Deployment", "spec.selector").is_atomic());
}

#[test]
fn strategic_merge_patches_know_their_keys() {
    let merges = |key| Strategy {
        merges: true,
        key,
        ..Strategy::default()
    };
    let volumes = Strategy {
        retains_keys: true,
        ..merges(Some("name"))
    };
    let strategy = |definition, path| place(definition, path).strategy();
    assert_eq!(
        strategy("api.core.v1.PodSpec", "containers"),
        merges(Some("name"))
    );
    assert_eq!(strategy("api.core.v1.PodSpec", "volumes"), volumes);
    assert_eq!(
        strategy("api.core.v1.Pod", "metadata.finalizers"),
        merges(None)
    );
    assert_eq!(
        strategy("api.autoscaling.v2.HorizontalPodAutoscalerSpec", "metrics"),
        Strategy::default()
    );
    let retains = Strategy {
        retains_keys: true,
        ..Strategy::default()
    };
    assert_eq!(strategy("api.apps.v1.DeploymentSpec", "strategy"), retains);
}

#[test]
fn fields_have_their_types_and_defaults() {
    let surge = place("api.apps.v1.RollingUpdateDeployment", "maxSurge");
    assert_eq!(
        (surge.shape(), surge.keyword("default")),
        (Shape::IntOrString, Some(&json!("25%")))
    );
    let spec = place("api.autoscaling.v2.HorizontalPodAutoscaler", "spec");
    assert_eq!(spec.keyword("default"), Some(&json!({})));
    assert_eq!(spec.required(), ["maxReplicas", "scaleTargetRef"]);
    let policy = place("api.core.v1.PodSpec", "restartPolicy");
    assert_eq!(
        policy.keyword("enum"),
        Some(&json!(["Always", "Never", "OnFailure"]))
    );
    // What stands for a point in time has no zero value.
    assert_eq!(
        place("api.core.v1.Pod", "metadata.creationTimestamp").keyword("default"),
        None
    );
}

#[test]
fn objects_and_their_lists_say_of_which_kind_they_are() {
    let kinds = |name: &str| all()[name][KINDS].clone();
    let is = |group, version, kind| json!([{ "group": group, "version": version, "kind": kind }]);
    assert_eq!(kinds("io.k8s.api.core.v1.PodList"), is("", "v1", "PodList"));
    assert_eq!(
        kinds("io.k8s.api.apps.v1.Deployment"),
        is("apps", "v1", "Deployment")
    );
    assert_eq!(
        kinds("io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta"),
        Value::Null
    );
    let metrics = "io.k8s.metrics.pkg.apis.metrics.v1beta1.PodMetricsList";
    assert_eq!(
        kinds(metrics),
        is("metrics.k8s.io", "v1beta1", "PodMetricsList")
    );
}

#[test]
fn only_what_is_served_is_kept_in_memory() {
    let text: usize = all().values().map(|it| it.to_string().len()).sum();
    assert!(text < 700_000, "{text} bytes");
}
