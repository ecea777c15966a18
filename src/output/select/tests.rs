use serde_json::json;

use super::*;

fn answer() -> Value {
    json!({
        "kind": "AnalysisReport",
        "items": [
            { "name": "web", "namespace": "shop", "risk": "low", "today": { "minReplicas": 6 },
              "config-diff": { "a.b/c": 1 }, "findings": [{ "code": "idle-window" }, { "code": "thrashing" }] },
            { "name": "mail", "namespace": "post", "today": { "minReplicas": 2 }, "findings": [] },
        ],
    })
}

fn written(text: &str) -> String {
    let selection = Selection::parse(text).unwrap().unwrap();
    let mut out = Vec::new();
    selection.write(&mut out, &answer(), true).unwrap();
    String::from_utf8(out).unwrap()
}

fn refused(text: &str) -> String {
    Selection::parse(text).unwrap().unwrap_err()
}

#[test]
fn templates_are_kubectls() {
    for (template, expected) in [
        ("{.items[*].name}", "web mail"),
        (".items[*].name", "web mail"),
        ("{.items[*].name}{\"\\n\"}", "web mail\n"),
        (
            "{$.kind}: {.items[0].today}",
            "AnalysisReport: {\"minReplicas\":6}",
        ),
        ("{.items[-1:].name}", "mail"),
        ("{.items[?(@.name==\"web\")].namespace}", "shop"),
        ("{.items[?(@.today.minReplicas>2)].name}", "web"),
        ("{.items[?(@.today.minReplicas<2.5)].name}", "mail"),
        ("{.items[?(@.risk)].name}", "web"),
        ("{..code}", "idle-window thrashing"),
        ("{.items[*]['name','namespace']}", "web mail shop post"),
        (
            "{range .items[*]}{.namespace}/{.name}{\"\\t\"}{.today.minReplicas}{'\\n'}{end}",
            "shop/web\t6\npost/mail\t2\n",
        ),
        (
            "{range .items[*]}{.name}:{range .findings[*]} {.code}{end};{end}",
            "web: idle-window thrashing;mail:;",
        ),
        (
            "{range .items[*]}{@.name} of {$.kind} {end}",
            "web of AnalysisReport mail of AnalysisReport ",
        ),
        ("{.items[0].config-diff['a.b/c']}", "1"),
        ("{.nothing}", ""),
        ("a{'}'}b", "a}b"),
    ] {
        assert_eq!(
            written(&format!("jsonpath={template}")),
            expected,
            "{template}"
        );
    }
}

#[test]
fn names_may_have_dots_and_hyphens() {
    let answer = json!({ "a-b": { "c.d": 1 }, "items": [{ "x-y": "z" }] });
    for (template, expected) in [
        ("{.a-b.c\\.d}", "1"),
        ("{.a-b['c.d']}", "1"),
        ("{.items[?(@.x-y==\"z\")].x-y}", "z"),
    ] {
        let template = Template::parse(template).unwrap();
        assert_eq!(template.filled(&answer), expected);
    }
}

#[test]
fn a_mistake_is_told_with_its_place() {
    for (text, expected) in [
        ("jsonpath=", "expected a template"),
        (
            "jsonpath={.items[*].name",
            "the brace at character 1 is not closed",
        ),
        (
            "jsonpath=a {\"b}",
            "the brace at character 3 has a quote without an end",
        ),
        ("jsonpath={}", "the braces at character 1 are empty"),
        ("jsonpath={end}", "the {end} at character 1 ends no range"),
        (
            "jsonpath={range .items[*]}{.name}",
            "the range at character 1 has no {end}",
        ),
        (
            "jsonpath=names: {.items[*}",
            "this is no JSONPath at character 16 in `.items[*`",
        ),
        (
            "jsonpath={.items[?(@.a==)]}",
            "at character 16 in `.items[?(@.a==)]`",
        ),
        (
            "jsonpath={'a' .b}",
            "` .b` after the text at character 1 is too much",
        ),
        (
            "custom-columns=NAME",
            "expected HEADER:PATH, such as NAME:.name, at character 1",
        ),
        ("custom-columns=A:.a,B:.b[", "at character 11 in `.b[`"),
        ("template={% for %}", "in line 1 of the template"),
        ("template=a\n{{ b", "in line 2 of the template"),
        ("go-template={{.items}}", "template=… takes Jinja's syntax"),
    ] {
        let why = refused(text);
        assert!(why.contains(expected), "{text}: {why}");
    }
    assert_eq!(Selection::parse("table"), None);
    assert_eq!(Selection::parse("xml=a"), None);
}

#[test]
fn columns_have_a_line_for_each_object() {
    assert_eq!(
        written(
            "custom-columns=NAME:.name,MIN:{.today.minReplicas},RISK:.risk,CODES:.findings[*].code"
        ),
        "NAME   MIN   RISK     CODES\n\
         web    6     low      idle-window,thrashing\n\
         mail   2     <none>   <none>\n"
    );
    let selection = Selection::parse("custom-columns=KIND:.kind")
        .unwrap()
        .unwrap();
    let mut out = Vec::new();
    selection
        .write(&mut out, &json!({ "kind": "Replay" }), false)
        .unwrap();
    assert_eq!(out, b"Replay\n");
}

#[test]
fn templates_may_be_jinjas() {
    assert_eq!(
        written(
            "template={% for it in items %}{{ it.name }}={{ it.today.minReplicas }};{% endfor %}"
        ),
        "web=6;mail=2;"
    );
    assert_eq!(
        written("template={{ items | length }} {{ items[0].nothing }}"),
        "2 "
    );
}
