use proptest::prelude::*;

use super::*;

#[test]
fn labels_are_selected_as_the_text_says() {
    let labels = json!({ "app": "web", "tier": "2", "empty": "" });
    for (text, expected) in [
        ("", true),
        ("app", true),
        ("!app", false),
        ("! other", true),
        ("app=web", true),
        ("app == web", true),
        ("app=api", false),
        ("app!=web", false),
        ("other!=web", true),
        ("app in (api, web)", true),
        ("app in (api)", false),
        ("other in ()", false),
        ("empty in ()", true),
        ("empty in (a,)", true),
        ("empty=", true),
        ("empty=,app=web", true),
        ("app notin (api)", true),
        ("other notin (api)", true),
        ("app notin (web)", false),
        ("tier>1,tier<3", true),
        ("tier>2", false),
        ("app>1", false),
        ("app=web,!app", false),
        ("in=x", false),
        ("notin", false),
        ("app in (in)", false),
    ] {
        let selector = LabelSelector::parse(text).unwrap();
        assert_eq!(selector.matches(&labels), expected, "{text}");
    }
}

#[test]
fn a_selector_is_written_back_in_order() {
    for (text, expected) in [
        ("b=1,a!=2,!c", "a!=2,b=1,!c"),
        (
            "b==1, a in (z,y) ,c notin (x)",
            "a in (y,z),b==1,c notin (x)",
        ),
        ("n>1,m<2,x", "m<2,n>1,x"),
    ] {
        assert_eq!(LabelSelector::parse(text).unwrap().to_string(), expected);
    }
}

#[test]
fn what_is_no_selector_is_refused_in_the_words_of_the_server() {
    for (text, expected) in [
        (
            "a in",
            "unable to parse requirement: found '' expected: '('",
        ),
        (
            "a in b",
            "unable to parse requirement: found 'b' expected: '('",
        ),
        (
            "a in (b",
            "unable to parse requirement: found '', expected: ',' or ')'",
        ),
        (
            "a in (b c)",
            "unable to parse requirement: found 'c', expected: ',' or ')'",
        ),
        ("a=b c", "found 'c', expected: ',' or 'end of string'"),
        ("a=b=c", "found '=', expected: ',' or 'end of string'"),
        ("!a=b", "found '=', expected: ',' or 'end of string'"),
        (
            "=b",
            "found '=', expected: !, identifier, or 'end of string'",
        ),
        (
            "==b",
            "found '==', expected: !, identifier, or 'end of string'",
        ),
        (
            ",a",
            "found ',', expected: !, identifier, or 'end of string'",
        ),
        ("a,,b", "found ',', expected: identifier after ','"),
        ("a,", "found '', expected: identifier after ','"),
        (
            "!",
            "unable to parse requirement: found '', expected: identifier",
        ),
        (
            "!!a",
            "unable to parse requirement: found '!', expected: identifier",
        ),
        (
            "a===b",
            "unable to parse requirement: found '=', expected: identifier",
        ),
        (
            "a<=3",
            "unable to parse requirement: found '=', expected: identifier",
        ),
        (
            "a=(b)",
            "unable to parse requirement: found '(', expected: identifier",
        ),
        (
            "a b",
            "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
        ),
        (
            "a(b)",
            "unable to parse requirement: found '(', expected: in, notin, =, ==, !=, gt, lt",
        ),
        (
            "a > 1.5",
            "unable to parse requirement: values[0]: Invalid value: \"1.5\": for 'Gt', 'Lt' \
             operators, the value must be an integer",
        ),
        (
            "/a=1",
            "unable to parse requirement: <nil>: Invalid value: \"/a\": prefix part must be \
             non-empty",
        ),
    ] {
        let refusal = LabelSelector::parse(text).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.message.as_str()),
            (400, expected),
            "{text}"
        );
    }
}

#[test]
fn keys_and_values_are_those_of_labels() {
    let long = "x".repeat(64);
    for (text, expected) in [
        (
            "-a=b".to_owned(),
            "<nil>: Invalid value: \"-a\": name part must consist of",
        ),
        (
            "\"a\"=b".to_owned(),
            "<nil>: Invalid value: \"\\\"a\\\"\": name part must",
        ),
        (
            "a/=b".to_owned(),
            "\"a/\": name part must be non-empty; name part must consist",
        ),
        (
            "A/b=1".to_owned(),
            "\"A/b\": prefix part a lowercase RFC 1123 subdomain must",
        ),
        (
            "x/y/z=1".to_owned(),
            "\"x/y/z\": a valid label key must consist of alphanumeric",
        ),
        (
            format!("{long}=1"),
            "\": name part must be no more than 63 bytes",
        ),
        (format!("a={long}"), "values[0][a]: Invalid value: \"xxxx"),
        (
            "h>-1".to_owned(),
            "values[0][h]: Invalid value: \"-1\": a valid label must be an empty",
        ),
        ("ä=1".to_owned(), "\"ä\": name part must consist"),
        (
            format!("{}/a", "x".repeat(254)),
            "\": prefix part must be no more than 253 bytes",
        ),
    ] {
        let message = LabelSelector::parse(&text).unwrap_err().message;
        assert!(message.contains(expected), "{text}: {message}");
    }
}

#[test]
fn objects_select_too() {
    let object = json!({
        "matchLabels": { "app": "web" },
        "matchExpressions": [
            { "key": "tier", "operator": "In", "values": ["b", "a"] },
            { "key": "track", "operator": "NotIn", "values": ["canary"] },
            { "key": "zone", "operator": "Exists" },
            { "key": "old", "operator": "DoesNotExist" },
        ],
    });
    let selector = LabelSelector::of(&object).unwrap();
    assert_eq!(
        selector.to_string(),
        "app=web,!old,tier in (a,b),track notin (canary),zone"
    );
    assert!(selector.matches(&json!({ "app": "web", "tier": "a", "zone": "" })));
    assert!(!selector.matches(&json!({ "app": "web", "tier": "c", "zone": "" })));
    assert!(LabelSelector::of(&json!({})).unwrap().matches(&Value::Null));
    assert!(
        !LabelSelector::of(&Value::Null)
            .unwrap()
            .matches(&Value::Null)
    );
}

#[test]
fn objects_that_make_no_selector_say_why() {
    let expression = |operator: &str, values: Value| json!({ "matchExpressions": [{ "key": "a", "operator": operator, "values": values }] });
    for (object, expected) in [
        (
            expression("Near", json!([])),
            "\"Near\" is not a valid label selector operator",
        ),
        (
            expression("In", json!([])),
            "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty",
        ),
        (
            expression("Exists", json!(["x"])),
            "values: Invalid value: [\"x\"]: values set must be empty for exists and does not exist",
        ),
    ] {
        assert_eq!(LabelSelector::of(&object), Err(expected.to_owned()));
    }
}

proptest! {
    #[test]
    fn what_is_written_back_selects_the_same(text in "[ab!=<>,() 1-]{0,12}|(a|!b|c=1|d in \\(x,y\\)|e>1)(,(a|f!=2))?") {
        if let Ok(selector) = LabelSelector::parse(&text) {
            prop_assert_eq!(LabelSelector::parse(&selector.to_string()), Ok(selector));
        }
    }

    #[test]
    fn no_text_panics(text in ".{0,40}") {
        let _ = LabelSelector::parse(&text);
    }
}
