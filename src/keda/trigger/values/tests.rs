use proptest::prelude::*;

use super::*;
use crate::keda::trigger::param::{AUTH, INTEGER, META, META_AUTH, META_ENV};

fn source(metadata: &[(&str, &str)]) -> TriggerSource {
    let metadata = metadata
        .iter()
        .map(|(key, value)| ((*key).into(), (*value).into()));
    TriggerSource {
        metadata: metadata.collect(),
        auth: [("key".to_owned(), Secret::new(" from auth\n"))].into(),
        env: [("VARIABLE".to_owned(), Secret::new("from env"))].into(),
        ..TriggerSource::default()
    }
}

fn word(kind: Kind, text: &str) -> &'static str {
    value(kind, text, ',', Shown(None)).map_or_else(|cause| cause.word(), |_| "ok")
}

#[test]
fn places_are_tried_in_their_order() {
    let key = |places| Param::new("key", Kind::Text, places);
    let by = |param, metadata: &[(&str, &str)]| {
        find(&param, &source(metadata)).map(|(text, place)| (text.to_owned(), place))
    };
    let here = ("here".to_owned(), Place::Metadata);
    let auth = ("from auth".to_owned(), Place::Auth);
    let env = ("from env".to_owned(), Place::Env);
    assert_eq!(by(key(META_AUTH), &[("key", " here ")]), Some(here.clone()));
    assert_eq!(by(key(META_AUTH), &[("key", "  ")]), Some(auth.clone()));
    assert_eq!(by(key(AUTH), &[("key", "here")]), Some(auth));
    assert_eq!(by(key(META), &[("keyFromEnv", "VARIABLE")]), None);
    assert_eq!(by(key(META_ENV), &[("keyFromEnv", "VARIABLE")]), Some(env));
    assert_eq!(by(key(META_ENV), &[("keyFromEnv", "OTHER")]), None);
    let both = [("key", "here"), ("keyFromEnv", "VARIABLE")];
    assert_eq!(by(key(META_ENV), &both), Some(here.clone()));
    let alias = Param::new("other", Kind::Text, META).alias(&["key"]);
    assert_eq!(by(alias, &[("key", "here")]), Some(here));
}

#[test]
fn kinds_refuse_what_they_are_not() {
    let table = [
        (INTEGER, "9223372036854775807", "ok"),
        (INTEGER, "9223372036854775808", "not-an-integer"),
        (Kind::Integer { bits: 32 }, "2147483648", "not-an-integer"),
        (Kind::Unsigned { bits: 32 }, "-1", "not-an-integer"),
        (Kind::Unsigned { bits: 32 }, "0", "ok"),
        (Kind::Unsigned { bits: 32 }, "-0", "not-an-integer"),
        (Kind::Float, "1e3", "ok"),
        (Kind::Float, "null", "not-a-number"),
        (Kind::NullableFloat, "-1.5", "ok"),
        (Kind::NullableFloat, "NULL", "not-a-number"),
        (Kind::Float, "one", "not-a-number"),
        (Kind::Boolean, "yes", "not-a-boolean"),
        (Kind::Duration, "1500", "ok"),
        (Kind::Duration, "-1500", "negative-duration"),
        (Kind::Duration, "2.5", "not-a-duration"),
        (Kind::List, ",", "ok"),
        (Kind::Integers { ranges: true }, "1-4, 8", "ok"),
        (Kind::Integers { ranges: true }, "1 - 4", "ok"),
        (Kind::Integers { ranges: false }, "1-4", "not-an-integer"),
        (Kind::Map, "a=b, c = ", "ok"),
        (Kind::Map, "a=b=c", "not-key-value-list"),
        (Kind::Map, "a=b,", "not-key-value-list"),
        (Kind::Query, "a=b&c=%20", "ok"),
        (Kind::Query, "a=%2", "not-key-value-list"),
        (Kind::Query, "a;b", "not-key-value-list"),
    ];
    for (kind, text, expected) in table {
        assert_eq!(word(kind, text), expected, "{kind:?} {text}");
    }
}

#[test]
fn a_number_that_may_be_null_is_then_absent() {
    let param = Param::new("number", Kind::NullableFloat, META).optional();
    let by = |text| Values::read(&[param], &source(&[("number", text)]));
    assert_eq!(by("null"), Ok(Values::default()));
    assert_eq!(by("2").unwrap().get("number"), Some(&Value::Float(2.0)));
}

#[test]
fn a_list_is_chosen_element_by_element() {
    let modes = Param::new("modes", Kind::List, META)
        .one_of(&["a", "b", "c"])
        .exclusive(&["a", "b"]);
    let by = |text| Values::read(&[modes], &source(&[("modes", text)]));
    assert_eq!(by("a, c").unwrap().list("modes"), ["a", "c"]);
    let word = |text| by(text).unwrap_err()[0].cause.word();
    assert_eq!(word("a,d"), "not-in-enum");
    assert_eq!(word("a,"), "not-in-enum");
    assert_eq!(word("a,b"), "exclusive-values-combined");
}

#[test]
fn all_problems_are_reported_and_no_credential_is_shown() {
    let table = [
        Param::new("required", Kind::Text, META),
        Param::new("number", Kind::Float, META_ENV),
        Param::new("key", INTEGER, AUTH),
    ];
    let source = source(&[("numberFromEnv", "VARIABLE")]);
    let problems = Values::read(&table, &source).unwrap_err();
    let words: Vec<_> = problems.iter().map(|it| it.cause.word()).collect();
    assert_eq!(words, ["missing", "not-a-number", "not-an-integer"]);
    let said = format!("{problems:?}");
    assert!(
        !said.contains("from auth") && !said.contains("from env"),
        "{said}"
    );
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>(), bits in prop::sample::select(vec![8_u32, 32, 64])) {
        for kind in [
            Kind::Text, Kind::Integer { bits }, Kind::Unsigned { bits }, Kind::Float,
            Kind::NullableFloat, Kind::Boolean, Kind::Duration, Kind::List, Kind::Integers { ranges: true },
            Kind::Map, Kind::Query,
        ] {
            let _ = value(kind, &text, ',', Shown(None));
        }
    }
}
