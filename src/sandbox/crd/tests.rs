use jiff::Timestamp;

use super::*;
use crate::sandbox::kinds::Cell;
use crate::sandbox::rules::testing;
use crate::sandbox::schema::Shape;

#[test]
fn definitions_are_judged_as_by_the_real_server() {
    testing::run(include_str!("cases/definitions.json"));
}

fn definition(plural: &str, kind: &str, short: &str) -> Value {
    let schema = json!({ "type": "object", "properties": { "spec": { "type": "object",
        "properties": { "size": { "type": "integer" } } } } });
    let version = |name: &str, is_stored: bool| {
        json!({ "name": name, "served": true, "storage": is_stored, "deprecated": !is_stored,
            "schema": { "openAPIV3Schema": schema },
            "selectableFields": [{ "jsonPath": ".spec.size" }] })
    };
    let versions = ["v1alpha1", "v1beta2", "v1"].map(|it| version(it, it == "v1"));
    let mut crd = json!({ "metadata": { "name": format!("{plural}.example.com") },
        "spec": { "group": "example.com", "scope": "Cluster",
            "names": { "plural": plural, "kind": kind, "shortNames": [short] },
            "versions": versions } });
    complete(&mut crd);
    prepare(&mut crd, None);
    crd
}

#[test]
fn a_definition_makes_a_kind() {
    let kind = kind(&definition("boats", "Boat", "bo")).unwrap();
    let names: Vec<&str> = kind.versions.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["v1", "v1beta2", "v1alpha1"]);
    assert_eq!(
        (kind.list_kind.as_str(), kind.singular.as_str()),
        ("BoatList", "boat")
    );
    assert_eq!(kind.short_names, ["bo"]);
    assert!(!kind.is_namespaced && kind.verbs.contains(&"deletecollection"));
    assert_eq!(kind.selectable, ["spec.size"]);
    assert_eq!(kind.stored().name, "v1");
    assert_eq!(kind.stored().definition, "com.example.v1.Boat");
    assert_eq!(kind.stored().deprecation, None);
    let old = kind.served("v1beta2").unwrap().deprecation.as_deref();
    assert_eq!(old, Some("example.com/v1beta2 Boat is deprecated"));
    let column = &kind.stored().columns[0];
    assert_eq!(column.name, "Age");
    assert!(matches!(&column.cell, Cell::Path(it) if it == ".metadata.creationTimestamp"));
}

#[test]
fn the_schema_of_a_kind_has_what_every_object_has() {
    let kind = kind(&definition("boats", "Boat", "bo")).unwrap();
    let schema = kind.stored().schema();
    assert_eq!(schema.field("apiVersion").unwrap().shape(), Shape::String);
    let metadata = schema.field("metadata").unwrap().node();
    assert!(metadata.to_string().contains("v1.ObjectMeta\""));
    let gvk = json!([{ "group": "example.com", "version": "v1", "kind": "Boat" }]);
    assert_eq!(
        schema.keyword("x-kubernetes-group-version-kind"),
        Some(&gvk)
    );
}

#[test]
fn a_definition_is_established_once_its_names_are_free() {
    let at = |second| Timestamp::from_second(second).unwrap();
    let mut first = definition("boats", "Boat", "bo");
    first["status"] = status(&first, [].into_iter(), at(0));
    let since = "1970-01-01T00:00:00Z";
    let names = json!({ "plural": "boats", "singular": "boat", "kind": "Boat",
        "listKind": "BoatList", "shortNames": ["bo"] });
    let expected = json!({ "acceptedNames": names, "storedVersions": ["v1"], "conditions": [
        { "type": "NamesAccepted", "status": "True", "reason": "NoConflicts",
            "message": "no conflicts found", "lastTransitionTime": since },
        { "type": "Established", "status": "True", "reason": "InitialNamesAccepted",
            "message": "the initial names have been accepted", "lastTransitionTime": since }] });
    assert_eq!(first["status"], expected);
    // Nothing changes later, whoever comes.
    let second = definition("ships", "Boat", "bo");
    assert_eq!(
        status(&first, [&first, &second].into_iter(), at(60)),
        first["status"]
    );
}

#[test]
fn names_that_are_taken_are_not_accepted() {
    let now = Timestamp::from_second(0).unwrap();
    let mut first = definition("boats", "Boat", "bo");
    first["status"] = status(&first, [].into_iter(), now);
    let table = [
        (
            definition("ships", "Boat", "sh"),
            "ListKindConflict",
            "\"BoatList\" is already in use",
        ),
        (
            definition("ships", "Ship", "boat"),
            "ShortNamesConflict",
            "\"boat\" is already in use",
        ),
    ];
    for (second, reason, message) in table {
        let status = status(&second, [&first].into_iter(), now);
        assert_eq!(status["acceptedNames"]["plural"], "ships");
        assert_eq!(status["conditions"][0]["reason"], reason);
        assert_eq!(status["conditions"][0]["message"], message);
        assert_eq!(status["conditions"][1]["reason"], "NotAccepted");
        assert_eq!(status["conditions"][1]["status"], "False");
    }
}

#[test]
fn a_webhook_is_refused_with_the_reason() {
    let mut crd = definition("boats", "Boat", "bo");
    crd["spec"]["conversion"] = json!({ "strategy": "Webhook" });
    let found = kind(&crd).unwrap_err();
    assert_eq!(
        found[0].to_string(),
        "spec.conversion.strategy: Invalid value: \"Webhook\": this server calls no webhooks: \
         objects are converted by None only"
    );
}

#[test]
fn an_update_adds_its_storage_version_to_those_stored_before() {
    let old = definition("boats", "Boat", "bo");
    let mut new = old.clone();
    new["spec"]["versions"][2]["storage"] = json!(false);
    new["spec"]["versions"][1]["storage"] = json!(true);
    prepare(&mut new, Some(&old));
    assert_eq!(new["status"]["storedVersions"], json!(["v1", "v1beta2"]));
}

#[test]
fn a_definition_that_the_cluster_began_with_can_be_updated() {
    let mut old = definition("boats", "Boat", "bo");
    old["status"] = json!({ "acceptedNames": { "plural": "", "kind": "" } });
    let mut new = old.clone();
    prepare(&mut new, Some(&old));
    assert_eq!(new["status"]["storedVersions"], json!(["v1"]));
}

#[test]
fn the_kinds_of_keda_can_be_served() {
    let kinds: Vec<_> = keda::definitions()
        .iter()
        .map(|it| kind(it).unwrap())
        .collect();
    let names: Vec<_> = kinds
        .iter()
        .map(|it| {
            (
                it.plural.as_str(),
                it.short_names.join(","),
                it.is_namespaced,
            )
        })
        .collect();
    let expected = [
        ("scaledobjects", "so", true),
        ("scaledjobs", "sj", true),
        ("triggerauthentications", "ta,triggerauth", true),
        (
            "clustertriggerauthentications",
            "cta,clustertriggerauth",
            false,
        ),
    ];
    assert_eq!(names, expected.map(|it| (it.0, it.1.to_owned(), it.2)));
    assert!(kinds.iter().all(|it| it.stored().has_status));
    let columns: Vec<&str> = kinds[0]
        .stored()
        .columns
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(
        columns.join(" "),
        "ScaleTargetKind ScaleTargetName Min Max Ready Active Fallback Paused Triggers \
         Authentications Age"
    );
    let spec = kinds[0].stored().schema().field("spec").unwrap();
    assert!(spec.keyword("x-kubernetes-validations").is_some());
}

#[test]
fn a_recommendation_can_be_served() {
    let crd = json!({ "metadata": { "name": "scalingrecommendations.stepscale.io" }, "spec": {
        "group": "stepscale.io", "scope": "Namespaced",
        "names": { "plural": "scalingrecommendations", "kind": "ScalingRecommendation",
            "shortNames": ["scalerec"], "categories": ["stepscale"] },
        "versions": [{ "name": "v1alpha1", "served": true, "storage": true,
            "subresources": { "status": {}, "scale": { "specReplicasPath": ".spec.replicas",
                "statusReplicasPath": ".status.replicas",
                "labelSelectorPath": ".status.selector" } },
            "additionalPrinterColumns": [
                { "name": "Target", "type": "string", "jsonPath": ".spec.targetRef.name" },
                { "name": "Evidence", "type": "string", "jsonPath": ".spec.evidence",
                    "priority": 1 }],
            "schema": { "openAPIV3Schema": { "type": "object", "properties": {
                "spec": { "type": "object", "required": ["targetRef"], "properties": {
                    "targetRef": { "type": "object", "required": ["kind", "name"], "properties": {
                        "kind": { "type": "string" }, "name": { "type": "string" } } },
                    "approved": { "type": "boolean" },
                    "configDiff": { "type": "object", "additionalProperties": {
                        "type": "object", "properties": {
                            "from": { "x-kubernetes-preserve-unknown-fields": true },
                            "to": { "x-kubernetes-int-or-string": true } } } },
                    "schedule": { "type": "array", "x-kubernetes-list-type": "map",
                        "x-kubernetes-list-map-keys": ["startCron"], "items": {
                            "type": "object", "required": ["startCron"], "properties": {
                                "startCron": { "type": "string" } } } } } },
                "status": { "type": "object", "x-kubernetes-preserve-unknown-fields": true }
            } } } }] } });
    let kind = kind(&crd).unwrap();
    let version = kind.stored();
    let scale = version.scale.as_ref().unwrap();
    assert_eq!(scale.spec_replicas, "spec.replicas");
    assert_eq!(scale.selector.as_deref(), Some("status.selector"));
    let column = &version.columns[1];
    assert_eq!(column.priority, 1);
    assert_eq!(
        column.description,
        "Custom resource definition column (in JSONPath format): .spec.evidence"
    );
    assert_eq!(kind.categories, ["stepscale"]);
}
