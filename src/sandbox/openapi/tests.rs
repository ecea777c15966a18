use super::*;
use crate::sandbox::kinds::{Rules, builtin};

fn kinds() -> Vec<Arc<Kind>> {
    builtin::all().into_iter().map(Arc::new).collect()
}

fn custom_kind(description: &str) -> Kind {
    let schema = json!({ "type": "object", "description": description, "properties": {
        "spec": { "type": "object", "properties": { "size": { "type": "integer" } } } } });
    let definition = "com.example.v1.Shop".to_owned();
    let definitions = Definitions::from_iter([(definition.clone(), schema)]);
    let version = Version {
        name: "v1".to_owned(),
        is_served: true,
        is_stored: true,
        definition,
        definitions: Arc::new(definitions),
        has_status: false,
        scale: None,
        columns: vec![],
        deprecation: None,
    };
    Kind {
        group: "example.com".to_owned(),
        versions: vec![version],
        kind: "Shop".to_owned(),
        list_kind: "ShopList".to_owned(),
        plural: "shops".to_owned(),
        singular: "shop".to_owned(),
        short_names: vec![],
        categories: vec![],
        is_namespaced: true,
        verbs: vec!["get", "list", "create", "patch", "delete"],
        has_generation: true,
        selectable: vec![],
        rules: Rules::default(),
    }
}

fn references<'a>(node: &'a Value, found: &mut Vec<&'a str>) {
    found.extend(node.get("$ref").and_then(Value::as_str));
    let list = node.as_array().into_iter().flatten();
    let object = node.as_object().into_iter().flat_map(Map::values);
    list.chain(object).for_each(|it| references(it, found));
}

#[test]
fn every_document_of_the_index_is_there_and_complete_in_itself() {
    let mut kinds = kinds();
    kinds.push(Arc::new(custom_kind("A shop.")));
    let index = index(&kinds);
    let paths = index["paths"].as_object().unwrap();
    assert!(paths.contains_key("api/v1") && paths.contains_key("apis/example.com/v1"));
    for path in paths.keys() {
        let mut words = path.split('/').skip(1).collect::<Vec<_>>();
        let version = words.pop().unwrap();
        let document = document(&kinds, words.first().unwrap_or(&""), version).unwrap();
        let mut found = Vec::new();
        references(&document, &mut found);
        for reference in found {
            let name = reference.strip_prefix(REFERENCE).unwrap();
            let schemas = document["components"]["schemas"].as_object().unwrap();
            assert!(schemas.contains_key(name), "{path}: {name}");
        }
    }
    assert_eq!(document(&kinds, "apps", "v9"), None);
}

#[test]
fn only_what_is_reached_is_published() {
    let document = document(&kinds(), "coordination.k8s.io", "v1").unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert!(schemas.contains_key("io.k8s.api.coordination.v1.LeaseList"));
    assert!(!schemas.contains_key("io.k8s.api.core.v1.Pod"));
}

#[test]
fn patches_can_be_validated_on_the_server_and_strategic_for_built_in_kinds_only() {
    let mut kinds = kinds();
    kinds.push(Arc::new(custom_kind("A shop.")));
    let patch = |group: &str, version: &str, path: &str| {
        let document = document(&kinds, group, version).unwrap();
        document["paths"][path]["patch"].clone()
    };
    let deployments = "/apis/apps/v1/namespaces/{namespace}/deployments/{name}";
    let built_in = patch("apps", "v1", deployments);
    let custom = patch(
        "example.com",
        "v1",
        "/apis/example.com/v1/namespaces/{namespace}/shops/{name}",
    );
    for operation in [&built_in, &custom] {
        let names = operation["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| &it["name"]);
        let names: Vec<&Value> = names.collect();
        assert_eq!(
            names,
            ["dryRun", "fieldManager", "fieldValidation", "force"]
        );
        assert_eq!(operation["x-kubernetes-action"], "patch");
    }
    let is = json!({ "group": "apps", "version": "v1", "kind": "Deployment" });
    assert_eq!(built_in["x-kubernetes-group-version-kind"], is);
    let strategic = "application/strategic-merge-patch+json";
    let types = |it: &Value| it["requestBody"]["content"].as_object().cloned().unwrap();
    assert!(types(&built_in).contains_key(strategic));
    assert!(!types(&custom).contains_key(strategic));
    let scale = patch("apps", "v1", &format!("{deployments}/scale"));
    assert_eq!(scale["x-kubernetes-group-version-kind"]["kind"], "Scale");
}

#[test]
fn a_custom_resource_is_published_with_what_every_object_has() {
    let kinds = [Arc::new(custom_kind("A shop."))];
    let document = document(&kinds, "example.com", "v1").unwrap();
    let shop = &document["components"]["schemas"]["com.example.v1.Shop"];
    let fields: Vec<&String> = shop["properties"].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["apiVersion", "kind", "metadata", "spec"]);
    let is = json!([{ "group": "example.com", "version": "v1", "kind": "Shop" }]);
    assert_eq!(shop[KINDS], is);
    let list = &document["components"]["schemas"]["com.example.v1.ShopList"];
    assert_eq!(list[KINDS][0]["kind"], "ShopList");
}

#[test]
fn only_verbs_that_the_kind_allows_have_operations() {
    let document = document(&kinds(), "authorization.k8s.io", "v1").unwrap();
    let path = &document["paths"]["/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"];
    let methods: Vec<&String> = path.as_object().unwrap().keys().collect();
    assert_eq!(methods, ["post"]);
    assert_eq!(document["paths"].as_object().unwrap().len(), 4);
}

#[test]
fn the_hash_changes_with_the_document_and_not_otherwise() {
    let hash = |description: &str| {
        let kinds = [Arc::new(custom_kind(description))];
        index(&kinds)["paths"]["apis/example.com/v1"]["serverRelativeURL"].clone()
    };
    assert_eq!(hash("A shop."), hash("A shop."));
    assert_ne!(hash("A shop."), hash("A store."));
}

#[test]
fn the_older_description_says_the_same_in_both_forms() {
    let (document, bytes) = (second(), second_binary());
    for field in ["title", "version"] {
        let word = document["info"][field].as_str().unwrap();
        let sized = [&[word.len() as u8], word.as_bytes()].concat();
        assert!(bytes.windows(sized.len()).any(|it| it == sized), "{word}");
    }
    let info = &bytes[5..];
    assert_eq!(&bytes[..5], b"\x0a\x032.0");
    assert_eq!((info[0], usize::from(info[1])), (0x12, info.len() - 2));
}
