//! What a configuration file may say.

use super::*;
use crate::config::values;

fn parse(text: &str) -> Result<File, Error> {
    File::parse(Path::new("config.yaml"), text)
}

#[test]
fn values_are_found_by_group_and_key() {
    let file = parse(
        "prometheus:\n  url: http://a:9090\n  headers:\n  - 'X-Scope-OrgID: team'\n\
         metrics:\n  windowDays: 28\n  promql:\n    cpu: sum(x{ns=\"{ns}\",d=\"{deploy}\"})\n\
         analysis:\n",
    )
    .unwrap();
    let url = file.get("prometheus.url", values::url).unwrap();
    assert_eq!(url.as_deref(), Some("http://a:9090"));
    let days = file.get("metrics.windowDays", values::window_days).unwrap();
    assert_eq!(days, Some(28));
    assert!(
        file.get("metrics.promql.cpu", values::promql)
            .unwrap()
            .is_some()
    );
    assert_eq!(file.get("analysis.headroom", values::share).unwrap(), None);
    let headers = file.list("prometheus.headers", values::header).unwrap();
    assert_eq!(headers, [("X-Scope-OrgID".to_owned(), "team".to_owned())]);
}

#[test]
fn a_value_may_have_a_structure() {
    use crate::audit::policy::{Level, Policy};
    let file = parse("audit:\n  policy:\n    rules:\n    - level: Metadata\n").unwrap();
    let policy = file.structure::<Policy>("audit.policy").unwrap();
    assert_eq!(policy, Some(Policy::of(Level::Metadata)));
    let none = parse("audit: {policy: }\n").unwrap();
    assert_eq!(none.structure::<Policy>("audit.policy").unwrap(), None);
    let file = parse("audit: {policy: {rules: [{level: Some}]}}\n").unwrap();
    let refused = file.structure::<Policy>("audit.policy").unwrap_err();
    let refused = refused.to_string();
    assert!(
        refused.starts_with("configuration file config.yaml: audit.policy: invalid value")
            && refused.contains("unknown variant `Some`"),
        "{refused}"
    );
}

#[test]
fn an_unknown_key_is_an_error_with_the_likely_one() {
    let cases = [
        (
            "prometheus:\n  ulr: x\n",
            "prometheus.ulr",
            Some("prometheus.url"),
        ),
        (
            "metrics:\n  window_days: 3\n",
            "metrics.window_days",
            Some("metrics.windowDays"),
        ),
        ("windowDays: 3\n", "windowDays", Some("metrics.windowDays")),
        (
            "analysis: {headRoom: 1}\n",
            "analysis.headRoom",
            Some("analysis.headroom"),
        ),
        ("zzz: 1\n", "zzz", None),
        // `prometheus.read` begins alike, and that is all.
        ("prometheus: {adress: a}\n", "prometheus.adress", None),
    ];
    for (text, expected, suggestion) in cases {
        let Err(Error::UnknownKey { key, meant, .. }) = parse(text) else {
            panic!("{text} was accepted");
        };
        assert_eq!((key.as_str(), meant), (expected, suggestion));
    }
}

#[test]
fn a_refused_value_is_named_with_file_and_key() {
    let file = parse("metrics:\n  stepSeconds: often\n").unwrap();
    let refused = file.get("metrics.stepSeconds", values::step).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "configuration file config.yaml: metrics.stepSeconds: invalid value `often`: \
         expected a whole number of seconds from 15 to 3600"
    );
}

#[test]
fn the_wrong_shape_is_refused() {
    for text in ["- a\n", "prometheus: http://a\n", "metrics: [1]\n"] {
        assert!(matches!(parse(text), Err(Error::Value { .. })), "{text}");
    }
    let file = parse("prometheus:\n  url: [a]\n  headers: a\n").unwrap();
    assert!(file.get("prometheus.url", values::url).is_err());
    assert!(file.list("prometheus.headers", values::header).is_err());
    assert!(matches!(parse("a: [\n"), Err(Error::Syntax { .. })));
}

#[test]
fn only_a_file_that_was_asked_for_must_exist() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("config.yaml");
    assert!(matches!(File::read(&missing), Err(Error::Read { .. })));
    let absent = Text::read_if_present(&missing).unwrap();
    assert!(absent.parse().unwrap().values.is_empty());
    assert!(Text::read_if_present(folder.path()).is_err());
}

#[test]
fn a_change_is_told_by_its_keys() {
    let path = Path::new("config.yaml");
    let before = File::parse(path, "metrics: {windowDays: 7}\nsafety: {slos: [a]}\n").unwrap();
    let after =
        "# New.\nmetrics: {windowDays: 7}\nsafety: {slos: [a, b]}\nanalysis: {holdout: 0}\n";
    let after = File::parse(path, after).unwrap();
    let expected = ["analysis.holdout", "safety.slos"];
    assert_eq!(after.changed_since(&before), expected);
    assert_eq!(before.changed_since(&after), expected);
    assert!(before.changed_since(&before).is_empty());
}

#[test]
fn what_stands_in_a_file_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.yaml");
    std::fs::write(
        &path,
        "webhook: {url: 'https://hooks.example.com/hunter2'}\n",
    )
    .unwrap();
    let text = Text::read(&path).unwrap();
    assert!(!format!("{text:?}").contains("hunter2"));
    assert_eq!(text, Text::read(&path).unwrap());
    assert_eq!(text.path(), path);
    std::fs::write(&path, "").unwrap();
    assert_ne!(text, Text::read(&path).unwrap());
    assert_ne!(Text::read(&path).unwrap(), Text::nowhere());
}
