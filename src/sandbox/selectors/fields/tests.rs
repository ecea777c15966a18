use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::sandbox::kinds::Rules;

fn kind(name: &str, is_namespaced: bool, selectable: &[&str]) -> Kind {
    Kind {
        group: String::new(),
        versions: vec![],
        kind: name.to_owned(),
        list_kind: format!("{name}List"),
        plural: format!("{}s", name.to_lowercase()),
        singular: name.to_lowercase(),
        short_names: vec![],
        categories: vec![],
        is_namespaced,
        verbs: vec![],
        has_generation: false,
        selectable: selectable.iter().map(|it| (*it).to_owned()).collect(),
        rules: Rules::default(),
    }
}

fn pods() -> Kind {
    kind("Pod", true, &["status.phase", "spec.hostNetwork"])
}

#[test]
fn objects_are_selected_by_their_fields() {
    let pod = json!({ "metadata": { "name": "a,b", "namespace": "n" }, "status": { "phase": "Running" } });
    for (text, expected) in [
        ("", true),
        (",", true),
        ("metadata.name=a\\,b", true),
        ("metadata.name==a\\,b,metadata.namespace=n", true),
        ("metadata.name!=a\\,b", false),
        ("status.phase!=Running", false),
        ("status.phase=Running,", true),
        ("status.phase=", false),
        ("spec.hostNetwork=false", true),
        ("spec.hostNetwork!=true", true),
    ] {
        let selector = FieldSelector::parse(text, &pods()).unwrap();
        assert_eq!(selector.matches(&pod), expected, "{text}");
    }
}

#[test]
fn events_are_selected_by_either_source() {
    let events = kind("Event", true, &["source", "reportingComponent"]);
    let old = json!({ "source": { "component": "kubelet" } });
    let new = json!({ "reportingComponent": "kubelet" });
    let selector = FieldSelector::parse("source=kubelet", &events).unwrap();
    assert!(selector.matches(&old) && selector.matches(&new));
    let selector = FieldSelector::parse("reportingComponent=kubelet", &events).unwrap();
    assert!(!selector.matches(&old) && selector.matches(&new));
}

#[test]
fn what_is_no_selector_is_refused_in_the_words_of_the_server() {
    let job = kind("Job", true, &["status.successful"]);
    let node = kind("Node", false, &["spec.unschedulable"]);
    let plain = kind("Lease", true, &[]);
    for (text, kind, expected) in [
        (
            "metadata.name=x,foo",
            &plain,
            "invalid selector: 'metadata.name=x,foo'; can't understand 'foo'",
        ),
        (
            "metadata.name=a=b",
            &plain,
            "invalid field selector: unescaped character in value: 61",
        ),
        (
            "metadata.name=a\\x",
            &plain,
            "invalid field selector: invalid escape sequence: \\x",
        ),
        (
            "metadata.name=a\\",
            &plain,
            "invalid field selector: invalid escape sequence: \\",
        ),
        (
            "metadata.name = x",
            &plain,
            "\"metadata.name \" is not a known field selector: only \"metadata.name\", \
             \"metadata.namespace\"",
        ),
        ("x=y", &pods(), "field label not supported: x"),
        ("x=y", &job, "field label \"x\" not supported for Job"),
        (
            "metadata.namespace=x",
            &node,
            "field label not supported: metadata.namespace",
        ),
    ] {
        let refusal = FieldSelector::parse(text, kind).unwrap_err();
        assert_eq!((refusal.code, refusal.message.as_str()), (400, expected));
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in ".{0,40}|[a=!,\\\\]{0,12}") {
        if let Ok(selector) = FieldSelector::parse(&text, &pods()) {
            selector.matches(&Value::Null);
        }
    }
}
