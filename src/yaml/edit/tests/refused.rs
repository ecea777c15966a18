//! Texts that are not edited, and what is told of them.

use super::*;

#[test]
fn what_cannot_be_edited_is_told_with_its_line() {
    let shared = "HorizontalPodAutoscaler shop/web, line 8: /spec/a is shared with other places by an anchor, an alias or a merge key";
    let cases = [
        ("x: &x 1\nspec:\n  a: *x\n", shared.replace("line 8", "line 9")),
        ("spec:\n  a: &x 1\n  b: *x\n", shared.to_owned()),
        ("spec: &x\n  a: 1\nother: *x\n", shared.to_owned()),
        ("spec: &x\n  a: 1\nother:\n  <<: *x\n", shared.to_owned()),
        ("x: &x {a: 1}\nspec:\n  <<: *x\n", shared.replace("line 8", "line 9")),
        ("spec:\n  a: {b: &x 1}\n  c: *x\n", shared.to_owned()),
        ("spec:\n  a: {{ .Values.a }}\n", "line 8 is a template, which has its values elsewhere: a: {{ .Values.a }}".to_owned()),
        ("spec:\n  b: 1\n{{- if .Values.a }}\n  a: 1\n{{- end }}\n", "line 9 is a template, which has its values elsewhere: {{- if .Values.a }}".to_owned()),
        ("spec:\n  a: \"{{ .a }}\"\n", "line 8 is a template, which has its values elsewhere: {{ .a }}".to_owned()),
        ("spec:\n  a: ${MIN}\n", "line 8 is a template, which has its values elsewhere: ${MIN}".to_owned()),
        ("spec:\n  b: 1\n\ta: 1\n", "line 9 is indented with a tab, which YAML does not allow".to_owned()),
        ("spec:\n  a: !!int \"1\"\n", "HorizontalPodAutoscaler shop/web, line 8: /spec/a cannot be set: its value has an anchor or a tag".to_owned()),
        ("spec: 1\n", "HorizontalPodAutoscaler shop/web, line 2: /spec/a cannot be set: there is no such place".to_owned()),
        ("spec:\n  ? a\n  : 1\n  ? b\n  : 2\n", String::new()),
    ];
    for (spec, wanted) in cases {
        let told = with(spec, "/spec/a", json!(7)).map_err(|it| it.to_string());
        if wanted.is_empty() {
            assert_eq!(told.as_deref(), Ok("spec:\n  ? a\n  : 7\n  ? b\n  : 2\n"));
        } else {
            assert_eq!(told, Err(wanted), "{spec}");
        }
    }
}

#[test]
fn syntax_is_told_with_its_line() {
    for (spec, wanted) in [
        ("spec:\n  a: 1\n  a: 2\n", 7),
        ("spec:\n  a: [1\nb: 2\n", 9),
        ("spec: 'a\n", 7),
    ] {
        let told = with(spec, "/spec/a", json!(1));
        let Err(Error::Syntax { line, message }) = told else {
            panic!("{told:?}");
        };
        assert!(
            line >= wanted && !message.is_empty(),
            "{spec} line {line} {message}"
        );
    }
}

#[test]
fn what_is_not_there_is_told() {
    let told = set("a: 1\n", &web(), &[])
        .and(find("a: 1\n", &web()))
        .unwrap_err();
    assert_eq!(
        told.to_string(),
        "no document is HorizontalPodAutoscaler shop/web"
    );
    let templated = HEAD.replace("name: web ", "name: {{ .Release.Name }} ");
    assert!(matches!(
        find(&templated, &web()),
        Err(Error::Template { line: 5, .. })
    ));
    for path in [
        "/spec/l/1",
        "/spec/l/x",
        "/spec/l/-",
        "/spec/l/00",
        "spec",
        "/spec/l/0/a",
    ] {
        let told = with("spec:\n  l: [1]\n", path, json!(1));
        assert!(matches!(told, Err(Error::Unfit { .. })), "{path} {told:?}");
    }
}
