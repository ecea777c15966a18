use proptest::prelude::*;

use super::*;

fn parsed(text: &str) -> (String, String, Comparison, f64) {
    let slo: Slo = text.parse().unwrap_or_else(|it| panic!("{it}"));
    (slo.name, slo.query, slo.comparison, slo.limit)
}

#[test]
fn the_last_comparison_outside_of_everything_sets_the_limit() {
    use Comparison::{Above, AtLeast, AtMost, Below};
    let cases = [
        ("p99=rate(x[5m]) < 0.3", "p99", "rate(x[5m])", Below, 0.3),
        ("a=x<=1e3", "a", "x", AtMost, 1000.0),
        ("a.b-c_1 = x > -2", "a.b-c_1", "x", Above, -2.0),
        (
            " up = up{job=\"a\"} >= 1 ",
            "up",
            "up{job=\"a\"}",
            AtLeast,
            1.0,
        ),
        ("a=x > 5 < 9", "a", "x > 5", Below, 9.0),
        ("a=x == 5 < 9", "a", "x == 5", Below, 9.0),
        ("a=sum(x > 5) < 9", "a", "sum(x > 5)", Below, 9.0),
        ("a=x{l=\"<3\"} < 9", "a", "x{l=\"<3\"}", Below, 9.0),
        (
            "a=x{l=~'\\'<(', m!=\"\"} < 9",
            "a",
            "x{l=~'\\'<(', m!=\"\"}",
            Below,
            9.0,
        ),
        ("a=x{l=~`\\`} < 9", "a", "x{l=~`\\`}", Below, 9.0),
        ("a=x # > (1\n < 9", "a", "x # > (1", Below, 9.0),
        (
            "a=x{ns=\"{ns}\"} / {target} < 9",
            "a",
            "x{ns=\"{ns}\"} / {target}",
            Below,
            9.0,
        ),
        ("a=größe > 1", "a", "größe", Above, 1.0),
    ];
    for (text, name, query, comparison, limit) in cases {
        let expected = (name.to_owned(), query.to_owned(), comparison, limit);
        assert_eq!(parsed(text), expected, "{text}");
    }
}

#[test]
fn what_is_wrong_is_pointed_at() {
    let cases = [
        ("", 0, "it has no name: write NAME=QUERY < LIMIT"),
        ("rate(x) < 3", 0, "it has no name: write NAME=QUERY < LIMIT"),
        ("=x < 3", 0, "it has no name: write NAME=QUERY < LIMIT"),
        ("x == 3", 0, "it has no name: write NAME=QUERY < LIMIT"),
        ("a=x", 3, "it has no limit: write NAME=QUERY < LIMIT"),
        (
            "a=sum(x < 3)",
            12,
            "it has no limit: write NAME=QUERY < LIMIT",
        ),
        ("a= < 3", 2, "it has no query: write NAME=QUERY < LIMIT"),
        ("a=x == 3", 4, "an SLO is compared by <, <=, > or >="),
        ("a=x != 3", 4, "an SLO is compared by <, <=, > or >="),
        ("a=x =< 3", 4, "this compares nothing"),
        ("a=x < inf", 6, "the limit is not finite"),
        (
            "a=3 > x",
            6,
            "the limit after > is no number: write NAME=QUERY < LIMIT",
        ),
        (
            "a=x <",
            5,
            "the limit after < is no number: write NAME=QUERY < LIMIT",
        ),
        ("a=rate(x < 3", 6, "this is never closed"),
        ("a=x) < 3", 3, ") closes nothing"),
        ("a=(x] < 3", 4, "] where ) should be"),
        ("a=x{l=\"y} < 3", 6, "this quote is never closed"),
        (
            "a=x{deployment} < 3",
            3,
            "{deployment} stands for nothing; known are {namespace}, {name}, {target}, {ns}, {deploy}",
        ),
        ("a=ö) < 3", 3, ") closes nothing"),
    ];
    for (text, column, why) in cases {
        let wrong = text.parse::<Slo>().unwrap_err().to_string();
        let expected = format!("{why}\n{text}\n{}^", " ".repeat(column));
        assert_eq!(wrong, expected);
    }
}

#[test]
fn a_caret_stays_below_its_place_where_the_text_has_lines() {
    let wrong = "a=x\n\t) < 3".parse::<Slo>().unwrap_err();
    assert_eq!(wrong.pointed(), "a=x  ) < 3\n     ^");
}

#[test]
fn placeholders_are_filled_once() {
    let whose = Whose {
        namespace: "shop",
        name: "{target}",
        target: "web",
    };
    let cases = [
        (
            "a{n=\"{namespace}\",p=~\"{target}-.*\"}",
            "a{n=\"shop\",p=~\"web-.*\"}",
        ),
        (
            "a{n=\"{ns}\"} + b{p=\"{deploy}\"}",
            "a{n=\"shop\"} + b{p=\"web\"}",
        ),
        ("a{h=\"{name}\"}", "a{h=\"{target}\"}"),
        (
            "a{r=~\"[0-9]{3}\", p=\"{id}\"}",
            "a{r=~\"[0-9]{3}\", p=\"{id}\"}",
        ),
        ("a{{ns}", "a{shop"),
        ("{", "{"),
    ];
    for (query, expected) in cases {
        let slo = Slo {
            name: "a".to_owned(),
            query: query.to_owned(),
            comparison: Comparison::Below,
            limit: 1.0,
        };
        assert_eq!(slo.filled(&whose), expected);
    }
}

#[test]
fn an_answer_is_met_or_not_or_none() {
    use Outcome::{Met, NoData, NotMet};
    // Of 0.9, 1 and 1.1 against a limit of 1.
    let cases = [
        (Comparison::Below, [Met, NotMet, NotMet]),
        (Comparison::AtMost, [Met, Met, NotMet]),
        (Comparison::Above, [NotMet, NotMet, Met]),
        (Comparison::AtLeast, [NotMet, Met, Met]),
    ];
    for (comparison, expected) in cases {
        let slo = Slo {
            name: "a".to_owned(),
            query: "x".to_owned(),
            comparison,
            limit: 1.0,
        };
        let found = [0.9, 1.0, 1.1].map(|it| slo.evaluate(Some(it)));
        assert_eq!(found, expected, "{comparison}");
        assert_eq!(slo.evaluate(None), NoData);
        assert_eq!(slo.evaluate(Some(f64::NAN)), NoData);
        let endless = [f64::NEG_INFINITY, f64::INFINITY].map(|it| slo.evaluate(Some(it)));
        assert_eq!(endless, [expected[0], expected[2]]);
        let is_upper = matches!(comparison, Comparison::Below | Comparison::AtMost);
        assert_eq!(slo.is_worse(1.1, 1.0), is_upper);
        assert_eq!(slo.is_worse(0.9, 1.0), !is_upper);
        assert!(!slo.is_worse(1.0, 1.0));
    }
}

fn query() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("rate(x[5m])".to_owned()),
        Just("up{job=\"a<b\"}".to_owned()),
        Just("{namespace}".to_owned()),
        Just("y{z=~'>= (\\''}".to_owned()),
        "[a-z]{1,5}",
    ];
    prop::collection::vec(part, 1..4).prop_map(|it| it.join(" > "))
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*") {
        if let Err(wrong) = text.parse::<Slo>() {
            prop_assert!(wrong.to_string().ends_with('^'));
        }
    }

    #[test]
    fn text_of_the_signs_that_matter_is_read_or_refused(text in "(a=)?[ax<>=!(){}'\"`\\\\#\n 1.ö-]*") {
        if let Ok(slo) = text.parse::<Slo>() {
            prop_assert_eq!(slo.to_string().parse(), Ok(slo));
        }
    }

    #[test]
    fn what_is_printed_reads_back(
        name in "[a-zA-Z0-9._-]{1,9}",
        query in query(),
        kind in 0..4_usize,
        limit in prop::num::f64::NORMAL | prop::num::f64::ZERO,
    ) {
        let slo = Slo { name, query, comparison: Comparison::ALL[kind], limit };
        prop_assert_eq!(slo.to_string().parse(), Ok(slo));
    }
}
